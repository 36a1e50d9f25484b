#ifndef PLIMSOLL_ANALYZER_SIMULATION_CATALOG_H_
#define PLIMSOLL_ANALYZER_SIMULATION_CATALOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/simulation/timeline.h"
#include "analyzer/syntax/action.h"

// What exists, at every moment of a history. The catalog only remembers: what a statement changes
// stands in apply.cc, what it costs in effects.cc.

namespace plimsoll {

// Stays with a relation through renames, as an OID does.
using RelationId = uint32_t;

enum class RelationKind {
  kTable,
  kPartitionedTable,
  kIndex,
  kPartitionedIndex,
  kSequence,
  kView,
  kMaterializedView,
  kForeignTable,
};

struct TableColumn {
  std::string name;
  std::shared_ptr<const TypeName> type;  // null where no statement names it
  bool not_null = false;
  Generated generated = Generated::kNo;
  bool has_default = false;
  OptionalExpression default_value;         // null where there is none, or it is not known
  std::vector<RelationId> default_uses;     // sequences, mostly: they cannot go without the default
  std::vector<std::string> generated_from;  // columns that a generated column computes from
};

struct TableConstraint {
  std::string name;
  ConstraintKind kind = ConstraintKind::kCheck;
  std::vector<std::string> columns;  // of a check: those its expression mentions
  OptionalPredicate predicate;       // of a check; null where it is not known
  bool validated = true;
  bool enforced = true;
  bool inherited = false;   // it came from a parent and from nowhere else
  bool no_inherit = false;  // children do not get it
  bool deferrable = false;
  bool initially_deferred = false;
  RelationId index = 0;        // that backs a unique, primary key or exclusion constraint
  bool deletes_write = false;  // of a foreign key: ON DELETE CASCADE, SET NULL or SET DEFAULT
  bool updates_write = false;  // likewise ON UPDATE
  RelationId referenced = 0;   // of a foreign key
  std::vector<std::string> referenced_columns;  // empty: the primary key
};

// Whether the column is known to be of that type, whatever its schema.
bool IsOfType(const TableColumn& column, absl::string_view type);

// Which columns of which relation a view reads.
struct ViewUse {
  RelationId relation = 0;
  std::vector<std::string> columns;
};

struct Trigger {
  std::string name;
  std::string function;  // without its schema
};

struct RowPolicy {
  std::string name;
  std::vector<std::string> columns;  // that its expressions mention
};

// A part of a relation that stands on something that is no relation: with the one the other goes,
// or it cannot go (pg_depend).
struct Dependence {
  enum class Part : uint8_t { kWhole, kColumn, kDefault, kConstraint, kTrigger, kPolicy, kRule };

  ObjectKind on = ObjectKind::kFunction;
  Name object;  // as the text names it
  Part part = Part::kWhole;
  std::string name;  // of the part
};

struct Relation {
  RelationId id = 0;
  std::string schema;
  std::string name;
  RelationKind kind = RelationKind::kTable;
  Persistence persistence = Persistence::kPermanent;
  // No file creates it: it is taken to exist, with rows, and its columns are known only as far as
  // statements have named them.
  bool assumed = false;
  bool columns_known = true;    // all of them, and the constraints; not so where a query made them
  bool maybe_has_rows = false;  // something may have put rows into it
  uint32_t migration = 0;       // that created it
  uint32_t transaction = 0;     // that created it
  Moment created = 0;
  bool if_not_exists = false;    // created with that clause: it may have been there before
  bool drops_at_commit = false;  // a temporary table with ON COMMIT DROP

  // Tables.
  std::vector<TableColumn> columns;
  std::vector<TableConstraint> constraints;
  std::vector<RelationId> parents;  // inheritance and partitioning
  std::vector<RelationId> children;
  bool is_default_partition = false;
  std::vector<std::string> partition_keys;  // columns; empty: an expression
  std::vector<Term> partition_terms;        // the same keys, expressions too
  PartitionStrategy partition_strategy = PartitionStrategy::kNone;
  bool is_partition = false;
  OptionalBound bound;  // of a partition; null also where no file says it
  std::vector<Trigger> triggers;
  std::vector<RowPolicy> policies;
  std::vector<std::string> rules;
  std::string clustered_on;     // an index, by name
  std::string tablespace;       // empty: the database's own
  std::string access_method;    // empty: the default one
  std::optional<Name> of_type;  // CREATE TABLE … OF
  std::string owned_by_role;    // empty: whoever runs the migrations
  std::vector<Dependence> dependences;

  // Indexes.
  RelationId table = 0;
  std::string method;
  bool unique = false;
  bool valid = true;
  bool has_expression = false;
  bool has_predicate = false;
  OptionalPredicate predicate;
  std::vector<action::IndexColumn> keys;
  std::vector<std::string> include;
  std::string name_hint;              // see CreateIndex: how partitions name theirs
  std::vector<std::string> mentions;  // every column it depends on, keys too

  // Sequences: the table and column that own them, as serial and identity columns do.
  RelationId owner = 0;
  std::string owner_column;

  // Views.
  std::vector<ViewUse> uses;
  bool stands_in = false;  // it shows the rows and columns of the one relation it reads, no others
  bool calls_unknown = false;  // reading it calls a function of which nothing is known

  bool IsTable() const {
    return kind == RelationKind::kTable || kind == RelationKind::kPartitionedTable ||
           kind == RelationKind::kForeignTable;
  }
  bool IsIndex() const {
    return kind == RelationKind::kIndex || kind == RelationKind::kPartitionedIndex;
  }
  const TableColumn* FindColumn(absl::string_view column) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  TableColumn* FindColumn(absl::string_view column) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const TableConstraint* FindConstraint(absl::string_view constraint) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // The constraint behind NOT NULL on a column; before 18 there is none.
  TableConstraint* FindNotNull(absl::string_view column) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const TableConstraint* FindNotNull(absl::string_view column) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // `name`, or `schema.name` where the schema is not `public`.
  std::string DisplayName() const;
};

struct UserType {
  action::TypeKind kind = action::TypeKind::kEnum;
  std::optional<TypeName> base;  // of a domain
  bool constrained = false;      // a domain with NOT NULL or a check, its own or its base's
  bool not_null = false;         // a domain with NOT NULL, likewise
  bool has_default = false;      // of a domain
  uint32_t migration = 0;        // that created it
};

struct Routine {
  // Overloads share a name here: of the most volatile of them and of the least.
  action::Volatility volatility = action::Volatility::kVolatile;
  action::Volatility least_volatility = action::Volatility::kVolatile;
  bool constant_body = false;
  bool procedure = false;
  std::string signature;             // see CreateFunction
  std::vector<ViewUse> uses;         // of BEGIN ATOMIC: what it depends on
  std::shared_ptr<const Body> body;  // null where it is not known, or overloads share the name
};

// Whether an atomic routine depends on the relation, or on that column of it.
bool DependsOn(const Routine& routine, RelationId relation, const std::string* column);

// The catalog at one moment. Cheap to copy; lives no longer than its catalog.
class Catalog;
class CatalogView {
 public:
  CatalogView(const Catalog* catalog, Moment moment) : catalog_(catalog), moment_(moment) {}

  // The relation that `name` means under `search_path`. Null: not known to this history, which for
  // a table means "taken to exist" unless `WasDropped`.
  const Relation* Find(const Name& name, absl::Span<const std::string> search_path) const;
  const Relation* Find(RelationId id) const;
  // This history had `name` and dropped, renamed or rolled it back, so it does not exist now.
  bool IsKnownMissing(const Name& name, absl::Span<const std::string> search_path) const;
  // When that happened; 0 where it did not.
  Moment MissingSince(const Name& name, absl::Span<const std::string> search_path) const;

  const UserType* FindType(const Name& name, absl::Span<const std::string> search_path) const;
  const Routine* FindRoutine(const Name& name, absl::Span<const std::string> search_path) const;
  // A name in `schema` that is free: `base`, or with a number after it where it is taken, cut to
  // 63 bytes as PostgreSQL cuts (commands/indexcmds.c:ChooseRelationName).
  std::string ChooseName(const std::string& schema, absl::string_view table,
                         absl::string_view columns, absl::string_view label) const;
  // Likewise for a constraint: free among the constraints of the schema
  // (pg_constraint.c:ChooseConstraintName) and, where it brings an index, among its relations.
  std::string ChooseConstraintName(const std::string& schema, absl::string_view table,
                                   absl::string_view columns, absl::string_view label,
                                   bool has_index) const;
  // Created by this history, and still there.
  bool HasSchema(absl::string_view schema) const;
  std::vector<const Relation*> RelationsIn(absl::string_view schema) const;
  // All of them, in order of creation.
  std::vector<const Relation*> AllRelations() const;

  // In order of creation.
  std::vector<const Relation*> IndexesOf(const Relation& table) const;
  std::vector<const Relation*> SequencesOf(const Relation& table) const;
  std::vector<const Relation*> ViewsOn(const Relation& relation) const;
  // Functions that were parsed when they were created and name the relation.
  std::vector<const Routine*> RoutinesOn(const Relation& relation) const;
  // Every descendant by inheritance or partitioning, parents first.
  std::vector<const Relation*> DescendantsOf(const Relation& table) const;
  // Tables with a column of that type or domain, whatever its schema.
  std::vector<const Relation*> UsersOfType(const std::string& type) const;
  // Tables with a trigger that calls the function, whatever its schema.
  std::vector<const Relation*> TriggeredBy(const std::string& function) const;
  // Tables with a column whose default uses `relation`.
  std::vector<const Relation*> DefaultsUsing(const Relation& relation) const;
  // Tables with a foreign key to `table`.
  std::vector<const Relation*> ReferencingTables(const Relation& table) const;

 private:
  const std::vector<RelationId>* Candidates(RelationId on) const;
  bool HasConstraint(absl::string_view schema, const std::string& name) const;

  const Catalog* catalog_;
  Moment moment_;
};

// The timeline of everything. The mutating functions are for apply.cc alone.
class Catalog {
 public:
  CatalogView At(Moment moment) const { return CatalogView(this, moment); }

  // Gives `relation` an id and a place; its name must be free at `moment`.
  RelationId Create(Moment moment, Relation relation);
  // A relation that no file creates: it exists, with rows, from before everything.
  RelationId Assume(Relation relation);
  // Has `change` change the relation with that id, which must exist; a changed schema or name is a
  // rename. Pointers to the relation as it is at `moment` see the change.
  void Change(Moment moment, RelationId id, absl::FunctionRef<void(Relation&)> change);
  void Drop(Moment moment, RelationId id);
  // The relation has a constraint of that name now. Change and Create see the new ones themselves,
  // not those that are renamed.
  void NoteConstraint(RelationId id, const std::string& name);

  void SetType(Moment moment, const std::string& schema, const std::string& name,
               std::optional<UserType> type);
  void SetRoutine(Moment moment, const std::string& schema, const std::string& name,
                  std::optional<Routine> routine);
  // The routines on a relation go with it.
  void DropRoutinesOn(Moment moment, const Relation& relation, const std::string* column);
  void SetSchema(Moment moment, const std::string& schema, bool exists);

  // Appends a version of everything changed since `past`, as it was then (ROLLBACK).
  void Restore(Moment past, Moment moment);
  // Forgets everything after `moment`.
  void Truncate(Moment moment);

 private:
  friend class CatalogView;

  Timeline<RelationId, Relation> relations_;
  Timeline<std::string, RelationId> names_;  // "schema\0name" -> id
  Timeline<std::string, UserType> types_;
  Timeline<std::string, Routine> routines_;
  Timeline<std::string, bool> schemas_;
  // Who was ever attached to a relation: a superset, filtered by what they say at a moment.
  // It only grows, so it needs no timeline of its own.
  absl::flat_hash_map<RelationId, std::vector<RelationId>> dependents_;
  absl::flat_hash_set<uint64_t> noted_;                                // the pairs in dependents_
  absl::flat_hash_map<std::string, std::vector<RelationId>> members_;  // of a schema, likewise
  absl::flat_hash_map<std::string, std::vector<RelationId>> type_users_;   // of a created type
  absl::flat_hash_map<RelationId, std::vector<RelationId>> indexes_;       // of a table, likewise
  absl::flat_hash_map<RelationId, std::vector<std::string>> routines_on_;  // keys of routines_
  absl::flat_hash_map<std::string, std::vector<RelationId>> triggered_;  // by a function, likewise
  RelationId last_id_ = 0;

  // Relations that ever had a constraint of that name, likewise.
  absl::flat_hash_map<std::string, std::vector<RelationId>> constrained_;

  void NoteDependent(RelationId on, RelationId dependent);
  void NoteDependencies(const Relation& relation);
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_CATALOG_H_
