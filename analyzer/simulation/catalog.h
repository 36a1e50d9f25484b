#ifndef PLIMSOLL_ANALYZER_SIMULATION_CATALOG_H_
#define PLIMSOLL_ANALYZER_SIMULATION_CATALOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/boxed.h"
#include "analyzer/shared_vector.h"
#include "analyzer/simulation/timeline.h"
#include "analyzer/syntax/action.h"
#include "analyzer/thin_vector.h"

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

// Something that is no column of the same relation and that a part of a relation, a type or a
// routine stands on: with the one the other goes, or it cannot go (pg_depend). Domains are kType,
// routines of every kind kFunction, and relations that an expression names kSequence.
struct Dependence {
  ObjectKind on = ObjectKind::kFunction;
  Name object;  // with a schema where the text or the catalog told it

  friend bool operator==(const Dependence&, const Dependence&) = default;
};
// Most have none: then it is null. Shared by the versions of a relation.
using Dependences = std::shared_ptr<const std::vector<Dependence>>;

// Options and the like, sorted by space and name, without those that say what holds anyway. Shared
// as Dependences are; null: none.
using Parameters = std::shared_ptr<const std::vector<Parameter>>;

struct TableColumn {
  std::string name;
  std::shared_ptr<const TypeName> type;  // null where no statement names it
  bool not_null = false;
  Generated generated = Generated::kNo;
  bool always = false;  // of an identity column: GENERATED ALWAYS
  bool has_default = false;
  OptionalExpression default_value;        // null where there is none, or it is not known
  ThinVector<std::string> generated_from;  // columns that a generated column computes from
  Dependences stands_on;                   // of its default, or of what generates it
  // It came from a parent, and the table does not declare it itself: it goes with the parent's
  // (pg_attribute.attislocal). A partition's columns always do.
  bool only_inherited = false;
  OptionalExpression expression;  // that generates it
  // 1 + the moment of the statement that makes it what it is; 0: no file says it.
  Moment defined = 0;
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
  RelationId index = 0;  // that backs a unique, primary key or exclusion constraint
  ReferentialAction on_delete = ReferentialAction::kNoAction;  // of a foreign key
  ReferentialAction on_update = ReferentialAction::kNoAction;  // likewise
  RelationId referenced = 0;                                   // of a foreign key
  ThinVector<std::string> referenced_columns;                  // empty: the primary key
  ThinVector<std::string> set_columns;                         // see Constraint
  bool match_full = false;                                     // likewise
  bool overlaps = false;                                       // likewise
  Dependences stands_on;                                       // of a check
  Moment defined = 0;                                          // see TableColumn
};

// Whether the column is known to be of that type, whatever its schema.
bool IsOfType(const TableColumn& column, absl::string_view type);

// Which columns of which relation a view reads.
struct ViewUse {
  RelationId relation = 0;
  std::vector<std::string> columns;
  bool by_key = false;      // grouped by its primary key, it shows more: it needs that constraint
  bool only = false;        // FROM ONLY
  bool row_locked = false;  // FOR UPDATE
};

struct Trigger {
  std::string name;
  std::string function;              // without its schema
  bool constraint = false;           // CREATE CONSTRAINT TRIGGER
  std::vector<std::string> columns;  // of UPDATE OF and WHEN
  bool each_row = true;
  bool before = false;  // BEFORE: it may change the row, or take it away
  bool on_insert = false;
  bool on_update = false;
  bool on_delete = false;
  bool has_when = false;
  bool disabled = false;
  Dependences stands_on;
  Moment defined = 0;  // see TableColumn
};

struct RowPolicy {
  std::string name;
  std::vector<std::string> columns;  // that its expressions mention
  std::vector<RelationId> reads;     // other relations
  Dependences stands_on;
  Moment defined = 0;  // see TableColumn
  // The same of each ALTER POLICY since, in their order; null: none.
  std::shared_ptr<const std::vector<Moment>> altered;
};

struct RewriteRule {
  std::string name;
  std::string event;                 // select, insert, update, delete
  bool instead = false;              // DO INSTEAD
  std::vector<std::string> columns;  // of OLD and NEW
  std::vector<RelationId> reads;     // and writes: other relations
  std::vector<RelationId> writes;
  Dependences stands_on;
  Moment defined = 0;  // see TableColumn
};

// A table's place in a publication.
struct Publishing {
  std::string publication;
  std::vector<std::string> columns;  // of its list and of its row filter
  std::vector<std::string> filter;   // of the latter alone
};

// The numbers of a sequence (pg_sequence).
struct SequenceNumbers {
  bool known = false;  // else the rest means nothing
  std::string type = "int8";
  int64_t start = 1;
  int64_t increment = 1;
  int64_t minimum = 1;
  int64_t maximum = INT64_MAX;
  int64_t cache = 1;
  bool cycle = false;
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
  uint32_t truncated = 0;       // 1 + the transaction that emptied it last and wrote nothing since
  Moment created = 0;
  Moment defined = 0;            // see TableColumn; of a view that was replaced, since then
  bool if_not_exists = false;    // created with that clause: it may have been there before
  bool drops_at_commit = false;  // a temporary table with ON COMMIT DROP

  // Tables.
  SharedVector<TableColumn> columns;
  SharedVector<TableConstraint> constraints;
  std::vector<RelationId> parents;  // inheritance and partitioning
  std::vector<RelationId> children;
  bool is_default_partition = false;
  ThinVector<std::string> partition_keys;     // columns; empty: an expression
  ThinVector<Term> partition_terms;           // the same keys, expressions too
  ThinVector<std::string> partition_columns;  // that expressions among them mention
  PartitionStrategy partition_strategy = PartitionStrategy::kNone;
  bool is_partition = false;
  OptionalBound bound;  // of a partition; null also where no file says it
  ThinVector<Trigger> triggers;
  ThinVector<RowPolicy> policies;
  ThinVector<RewriteRule> rules;
  ThinVector<Publishing> publications;
  ThinVector<Name> statistics;       // objects of CREATE STATISTICS
  std::string clustered_on;          // an index, by name
  RelationId replica_identity = 0;   // the index of REPLICA IDENTITY USING INDEX
  bool replica_full = false;         // REPLICA IDENTITY FULL
  bool replica_nothing = false;      // REPLICA IDENTITY NOTHING
  bool row_security = false;         // ENABLE ROW LEVEL SECURITY
  bool forces_row_security = false;  // FORCE ROW LEVEL SECURITY
  std::string tablespace;            // empty: the database's own
  std::string access_method;         // empty: the default one
  Boxed<Name> of_type;               // CREATE TABLE … OF
  std::string owned_by_role;         // empty: whoever runs the migrations
  Parameters options;                // WITH (…)
  // Of the whole: what an index or a view calls, the type of a typed table, the server of a foreign
  // one, the extension that it is a member of.
  Dependences stands_on;

  // Indexes.
  RelationId table = 0;
  std::string method;
  bool unique = false;
  bool valid = true;
  bool has_expression = false;
  bool has_predicate = false;
  bool nulls_not_distinct = false;
  OptionalPredicate predicate;
  ThinVector<action::IndexColumn> keys;
  ThinVector<std::string> include;
  std::string name_hint;             // see CreateIndex: how partitions name theirs
  ThinVector<std::string> mentions;  // every column it depends on, keys too

  // Sequences: the table and column that own them, as serial and identity columns do.
  RelationId owner = 0;
  std::string owner_column;
  Boxed<SequenceNumbers> numbers;

  // Views.
  ThinVector<ViewUse> uses;
  bool derived = false;    // see CreateView
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
  const TableConstraint* PrimaryKey() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // The constraint behind NOT NULL on a column; before 18 there is none.
  TableConstraint* FindNotNull(absl::string_view column) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const TableConstraint* FindNotNull(absl::string_view column) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // `name`, or `schema.name` where the schema is not `public`.
  std::string DisplayName() const;
};

struct EnumLabel {
  std::string name;
  std::optional<uint32_t> transaction;  // that added it to a type; nothing: the type came with it
};

struct Attribute {
  std::string name;
  TypeName type;
};

struct DomainConstraint {
  std::string name;
  bool not_null = false;  // else a check
  bool validated = true;
  OptionalPredicate predicate;  // of a check
  Dependences stands_on;
  Moment defined = 0;  // see TableColumn
};

struct UserType {
  action::TypeKind kind = action::TypeKind::kEnum;
  std::optional<TypeName> base;      // of a domain; a range's subtype
  bool constrained = false;          // a domain with NOT NULL or a check, its own or its base's
  bool not_null = false;             // a domain with NOT NULL, likewise
  bool has_default = false;          // of a domain
  OptionalExpression default_value;  // of a domain, its own or its base's; null: none, or unknown
  uint32_t migration = 0;            // that created it
  uint32_t transaction = 0;          // likewise
  Moment created = 0;
  std::vector<EnumLabel> labels;
  std::vector<Attribute> attributes;          // of a composite type
  std::vector<DomainConstraint> constraints;  // its own
  Dependences stands_on;                      // its base, its attributes' types, its default
  Moment comment = 0;                         // see CatalogView::CommentOn
};

// One of the routines that share a name.
struct Overload {
  std::string signature;                 // see CreateFunction
  std::string returns;                   // likewise
  std::vector<std::string> input_names;  // likewise
  std::vector<TypeName> inputs;          // likewise
  uint32_t defaults = 0;                 // likewise
  bool variadic = false;                 // likewise
  bool procedure = false;
  Dependences stands_on;  // the types of its arguments and of what it returns
  Moment defined = 0;     // see TableColumn
  Parameters traits;      // see CreateFunction, and what ALTER FUNCTION made of them
  Moment comment = 0;     // see CatalogView::CommentOn

  friend bool operator==(const Overload&, const Overload&) = default;
};

struct Routine {
  // Overloads share a name here: of the most volatile of them and of the least.
  action::Volatility volatility = action::Volatility::kVolatile;
  action::Volatility least_volatility = action::Volatility::kVolatile;
  bool constant_body = false;
  bool procedure = false;
  Moment created = 0;
  std::vector<Overload> overloads;   // that this history created
  std::vector<ViewUse> uses;         // of BEGIN ATOMIC: what it depends on
  std::shared_ptr<const Body> body;  // null where it is not known, or overloads share the name
};

// An object that is neither relation, type nor routine: a role, an extension, a server, …
struct NamedObject {
  Moment created = 0;
  Dependences stands_on;  // a server's wrapper, an event trigger's function
  // Of statistics.
  RelationId table = 0;
  std::vector<std::string> columns;
  bool has_handler = false;  // of a foreign-data wrapper
  bool all_tables = false;   // of a publication
  std::string publishes;     // likewise: its option `publish`; empty: all there is
  bool enabled = false;      // of a subscription
  bool has_slot = false;     // likewise
  Moment comment = 0;        // see CatalogView::CommentOn
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
  // The named object, null where this history did not make it or dropped it. `kind` is none of a
  // relation, type or routine.
  const NamedObject* FindObject(ObjectKind kind, const Name& name,
                                absl::Span<const std::string> search_path) const;
  // This history had the type, routine, schema or other object, and has it no more.
  bool IsObjectMissing(ObjectKind kind, const Name& name,
                       absl::Span<const std::string> search_path) const;
  // The name with the schema under which this history has it; as it is where it has none.
  Name Resolve(ObjectKind kind, const Name& name, absl::Span<const std::string> search_path) const;
  // A name in `schema` that is free: `base`, or with a number after it where it is taken, cut to
  // 63 bytes as PostgreSQL cuts (commands/indexcmds.c:ChooseRelationName).
  std::string ChooseName(const std::string& schema, absl::string_view table,
                         absl::string_view columns, absl::string_view label) const;
  // Likewise for a constraint: free among the constraints of the schema
  // (pg_constraint.c:ChooseConstraintName) and, where it brings an index, among its relations.
  std::string ChooseConstraintName(const std::string& schema, absl::string_view table,
                                   absl::string_view columns, absl::string_view label,
                                   bool has_index) const;
  // Of a relation, or of its part of that kind and name: 1 + the moment of the COMMENT that holds;
  // 0: there is none.
  Moment CommentOn(RelationId relation, ObjectKind part = ObjectKind::kTable,
                   const std::string& name = "") const;
  // Created by this history, and still there.
  bool HasSchema(absl::string_view schema) const;
  // Where a new object without a schema goes: the first of the path that is there, or may be; where
  // none is, the first. `closed`: what no file creates does not exist. Empty for an empty path.
  absl::string_view CreationSchema(absl::Span<const std::string> search_path, bool closed) const;
  // In order of creation, the tables of the schema with a constraint of that name.
  std::vector<const Relation*> ConstrainedIn(absl::string_view schema,
                                             const std::string& constraint) const;
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
  // Relations that may have a part which stands on the object, whatever its schema; and the types,
  // routines and others, by the key of kind and place. Who reads them has to look (dependence.h).
  std::vector<const Relation*> DependentsOn(ObjectKind on, const std::string& name) const;
  std::vector<Dependence> ObjectsOn(ObjectKind on, const std::string& name) const;
  // Tables with a policy or a rule that reads or writes the relation.
  std::vector<const Relation*> GuardedWith(const Relation& relation) const;
  // The types, routines and other objects in a schema.
  std::vector<Dependence> ObjectsIn(absl::string_view schema) const;
  // Tables with a trigger that calls the function, whatever its schema.
  std::vector<const Relation*> TriggeredBy(const std::string& function) const;
  // Tables with a foreign key to `table`.
  std::vector<const Relation*> ReferencingTables(const Relation& table) const;

 private:
  const std::vector<RelationId>* Candidates(RelationId on) const;

  const Catalog* catalog_;
  Moment moment_;
};

// What was changed since a moment, each once, in the order in which it first was.
struct Changes {
  std::vector<RelationId> relations;
  std::vector<Name> types;  // domains too
  std::vector<Name> routines;
  std::vector<std::string> schemas;
  std::vector<Dependence> objects;  // of all other kinds
};

// The timeline of everything. The mutating functions are for apply.cc alone.
class Catalog {
 public:
  CatalogView At(Moment moment) const { return CatalogView(this, moment); }

  // Gives `relation` an id and a place; its name must be free at `moment`.
  RelationId Create(Moment moment, Relation relation);
  // A relation that no file creates: it exists, with rows, from before everything.
  RelationId Assume(Relation relation);
  // Has `change` change the relation with that id, which must exist; its schema and name are for
  // Move. Pointers to the relation as it is at `moment` see the change.
  void Change(Moment moment, RelationId id, absl::FunctionRef<void(Relation&)> change);
  // Gives it one more constraint, under which these columns are NOT NULL. Change() does so too, and
  // has to look at all that the relation has.
  void AddConstraint(Moment moment, RelationId id, TableConstraint constraint,
                     absl::Span<const std::string> not_null);
  // Gives it another place or name, which must be free at `moment`.
  void Move(Moment moment, RelationId id, const Name& place);
  void Drop(Moment moment, RelationId id);
  // The relation has a constraint of that name now. Change and Create see the new ones themselves,
  // not those that are renamed.
  void NoteConstraint(RelationId id, const std::string& name);

  void SetType(Moment moment, const std::string& schema, const std::string& name,
               std::optional<UserType> type);
  void SetRoutine(Moment moment, const std::string& schema, const std::string& name,
                  std::optional<Routine> routine);
  // See CatalogView::CommentOn. Comments have a timeline of their own: a table whose every column
  // has one would otherwise have as many versions.
  void SetComment(Moment moment, RelationId relation, ObjectKind part, const std::string& name,
                  Moment comment);
  // The part has another name or, where `to` is empty, is no more.
  void MoveComment(Moment moment, RelationId relation, ObjectKind part, const std::string& from,
                   const std::string& to);
  void SetObject(Moment moment, ObjectKind kind, const Name& name,
                 std::optional<NamedObject> object);
  // The routines on a relation go with it.
  void DropRoutinesOn(Moment moment, const Relation& relation, const std::string* column);
  void ChangeRoutinesOn(Moment moment, const Relation& relation,
                        absl::FunctionRef<void(Routine&)> change);
  void SetSchema(Moment moment, const std::string& schema, bool exists);

  // Appends a version of everything changed since `past`, as it was then (ROLLBACK).
  void Restore(Moment past, Moment moment);
  // Forgets everything after `moment`.
  void Truncate(Moment moment);
  // The relation that was made or assumed last; 0: none was.
  RelationId last_id() const { return last_id_; }
  // Forgets also the relations that were assumed after that one, which nothing may have changed.
  void ForgetAssumed(RelationId last);
  Changes ChangedSince(Moment past) const;

 private:
  friend class CatalogView;

  Timeline<RelationId, Relation> relations_;
  Timeline<std::string, RelationId> names_;  // "schema\0name" -> id
  Timeline<std::string, UserType> types_;
  Timeline<std::string, Routine> routines_;
  Timeline<std::string, bool> schemas_;
  Timeline<std::string, NamedObject> objects_;                     // "kind\0schema\0name"
  Timeline<std::pair<RelationId, std::string>, Moment> comments_;  // "kind\0name" of the part
  // Who was ever attached to a relation: a superset, filtered by what they say at a moment.
  // It only grows, so it needs no timeline of its own.
  absl::flat_hash_map<RelationId, std::vector<RelationId>> dependents_;
  absl::flat_hash_set<uint64_t> noted_;                                // the pairs in dependents_
  absl::flat_hash_map<std::string, std::vector<RelationId>> members_;  // of a schema, likewise
  // By what they stand on, "kind\0name": relations, and types, routines and others.
  absl::flat_hash_map<std::string, std::vector<RelationId>> standing_;
  absl::flat_hash_map<std::string, std::vector<Dependence>> objects_on_;
  absl::flat_hash_map<std::string, std::vector<Dependence>> objects_in_;   // a schema, likewise
  absl::flat_hash_map<RelationId, std::vector<RelationId>> indexes_;       // of a table, likewise
  absl::flat_hash_map<RelationId, std::vector<std::string>> routines_on_;  // keys of routines_
  RelationId last_id_ = 0;

  // Relations that ever had a constraint of that name, likewise. By the name's hash: that two names
  // share one only widens the choice.
  absl::flat_hash_map<uint64_t, absl::InlinedVector<RelationId, 2>> constrained_;

  void NoteDependent(RelationId on, RelationId dependent);
  void NoteDependencies(const Relation& relation);  // but for those of its columns
  void NoteDependencies(RelationId id, const TableColumn& column);
  void NoteStanding(ObjectKind on, const std::string& name, RelationId dependent);
  void NoteStanding(const Dependences& on, RelationId dependent);
  void NoteObject(const Dependence& object, const Dependences& on);
};

// A type of PostgreSQL itself, in the grammar's spelling; tables and types of that name are found
// only with their schema.
bool IsBuiltinType(const Name& name);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_CATALOG_H_
