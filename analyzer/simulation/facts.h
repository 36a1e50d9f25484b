#ifndef PLIMSOLL_ANALYZER_SIMULATION_FACTS_H_
#define PLIMSOLL_ANALYZER_SIMULATION_FACTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/dependence.h"
#include "analyzer/simulation/effects.h"
#include "analyzer/simulation/implication.h"
#include "analyzer/simulation/query_columns.h"
#include "analyzer/simulation/types.h"
#include "analyzer/syntax/action.h"

// What the catalog says about one action: which relations play which part in it, and whether it
// can succeed. effects.cc then reads the price from its table. Relations that the action makes are
// not here: apply.cc makes them, and names them. Private to analyzer/simulation.

namespace plimsoll {

enum class Role : uint8_t {
  kTable,             // the relation that the action names
  kDescendant,        // its partitions and children, where the action recurses
  kRead,              // read by a query
  kRowLocked,         // read by SELECT … FOR UPDATE and its kin
  kWritten,           // written by a query's WITH list
  kReferenced,        // the other table of a foreign key that is made, validated or fed
  kPartner,           // the other table of a foreign key that goes away or is made anew
  kParent,            // of a partition that comes or goes
  kDefaultPartition,  // beside it
  kInherited,         // a parent by INHERITS
  kLike,              // of CREATE TABLE (LIKE …)
  kLocked,            // by LOCK TABLE
  kUsedIndex,         // of ADD CONSTRAINT … USING INDEX, RENAME CONSTRAINT
  kDroppedIndex,      // an index that goes away with something else
  kRecreatedIndex,    // dropped and made again by ALTER COLUMN TYPE, over its old file or a new one
  kIdentitySequence,  // of an identity column that gets other options
  kUsedSequence,      // that nextval, currval or setval is called for
  kSequence,          // an owned sequence that goes away or restarts
  kOwner,             // of a sequence that is made
  kView,              // a view that goes away with something else, or is replaced
  kReferencing,       // a table with a foreign key to the named one
  kScanned,           // every row is read
  kMatched,           // the other table of a foreign key, likewise
  kRewritten,         // every row is copied
  kCopied,            // its file is copied, block by block
  kBuiltIndex,        // built again
  kMadeIndex,         // that the action makes: facts know none, see AddCreated
  kAttached,          // a partition, or the index of one, that comes or goes
  kAttachedPart,      // a partition of that
  kIndexUnder,        // an index of a relation that is worked upon
  kAnalysed,          // the table of statistics that go
};

// Conditions under which a row of the table holds; bits.
enum Condition : uint32_t {
  kConcurrently = 1U << 0U,
  kForeignKey = 1U << 1U,
  kBuildsIndex = 1U << 2U,   // a unique, primary key or exclusion constraint
  kNamedAsIndex = 1U << 3U,  // ALTER INDEX, not ALTER TABLE
  kNoInherit = 1U << 4U,
  kAddsNotNull = 1U << 5U,   // a primary key over columns that were nullable
  kStrongOption = 1U << 6U,  // a storage parameter that needs ACCESS EXCLUSIVE
  kFinalize = 1U << 7U,
  kOfIndex = 1U << 8U,     // ALTER INDEX … ATTACH PARTITION
  kOwnership = 1U << 9U,   // ALTER SEQUENCE … OWNED BY and nothing else
  kCopiesOut = 1U << 10U,  // COPY … TO
  kValidates = 1U << 11U,  // ALTER DOMAIN … VALIDATE CONSTRAINT
};

inline constexpr int kEveryForm = -1;

// When ALTER TABLE comes to a subcommand, whatever their order in the text
// (tablecmds.c:AlterTablePass): it drops first, then changes types, then adds columns.
enum class Pass : uint8_t { kDrop, kType, kLast };

struct Actor {
  Role role = Role::kTable;
  Affected relation;
  Cause cause = Cause::kQuery;  // of work
  std::string index;            // display name, of kBuiltIndex
  bool possible = false;        // see Work
};

struct Facts {
  std::vector<Actor> actors;
  uint32_t conditions = 0;
  int form = kEveryForm;  // of an action that has many, such as AlterRelation
  std::vector<Loss> losses;
  std::vector<Break> breaks;
  bool forbidden_in_transaction = false;
  std::optional<Failure> failure;
  bool modelled = true;
  bool inert = false;                      // see Effects
  bool calls_unknown = false;              // see Effects
  LockMode mode = LockMode::kAccessShare;  // of Role::kLocked
};

// Collects the facts of one action. One Inspector a call; see ComputeEffects for the arguments.
class Inspector {
 public:
  Inspector(absl::Span<const Action> with, const CatalogView& view, const Situation& situation)
      : with_(with), view_(view), situation_(situation) {}

  Facts Inspect(const Action& action) &&;

 private:
  // facts_alter.cc
  void Look(const action::AddColumn& add);
  void Look(const action::DropColumn& drop);
  void Look(const action::SetNotNull& set);
  void Look(const action::DropNotNull& drop);
  void Look(const action::SetDefault& set);
  void Look(const action::DropDefault& drop);
  void Look(const action::AlterColumnType& alter);
  void Look(const action::RenameColumn& rename);
  void Look(const action::RenameType& rename);
  void Look(const action::RenameRelation& rename);
  void Look(const action::SetSchema& set);
  void Look(const action::RenameSchema& rename);
  void Look(const action::SetRowSecurity& set);
  // facts_constraint.cc
  void Look(const action::AddConstraint& add);
  void Look(const action::AlterConstraint& alter);
  void Look(const action::DropConstraint& drop);
  void Look(const action::RenameConstraint& rename);
  void Look(const action::ValidateConstraint& validate);
  // facts_relation.cc
  void Look(const action::AlterRelation& alter);
  void Look(const action::Maintain& maintain);
  // facts_partition.cc
  void Look(const action::AttachPartition& attach);
  void Look(const action::DetachPartition& detach);
  void Look(const action::RearrangePartitions& rearrange);
  // facts_object.cc
  void Look(const action::AlterType& alter);
  void Look(const action::AlterDomain& alter);
  void Look(const action::AlterSequence& alter);
  void Look(const action::CreateRule& create);
  void Look(const action::CreateStatistics& create);
  void Look(const action::AlterPart& alter);
  void Look(const action::Annotate& annotate);
  void Look(const action::Grant& grant);
  void Look(const action::AlterPublication& alter);
  void Look(const action::ChangeOwned& change);
  void Look(const action::ChangeObject& change);
  void Look(const action::AlterExtension& alter);
  // facts_create.cc
  void Look(const action::CreateTable& create);
  void Look(const action::CreateIndex& create);
  void Look(const action::CreateSchema& create);
  void Look(const action::CreateSequence& create);
  void Look(const action::CreateView& create);
  void Look(const action::CreateFunction& create);
  void Look(const action::CreateTrigger& create);
  void Look(const action::CreatePolicy& create);
  void Look(const action::CreateType& create);
  void Look(const action::CreateExtension& create);
  // facts_drop.cc
  void Look(const action::Drop& drop);
  void Look(const action::Truncate& truncate);
  void Look(const action::LockTable& lock);
  // facts_data.cc
  void Look(const action::ModifyData& modify);
  // facts_session.cc
  void Look(const action::SetParameter& set);
  void Look(const action::SessionCommand& command);
  void Look(const action::SetConstraints& set);
  void CheckTransactionModes(const Action& action);
  void Look(const action::Execute& execute);
  void Look(const action::RaiseError& raise);
  // facts_storage.cc
  void Look(const action::MoveAll& move);
  // facts.cc
  void Look(const action::Begin&) {}
  bool InOwnBlock() const;
  void Look(const action::Commit& commit);
  void Look(const action::Rollback& rollback);
  void Look(const action::Savepoint&);
  void Look(const action::RollbackTo&);
  void Look(const action::Release&);
  void Look(const action::PrepareTransaction&) {}
  void Look(const action::DoBlock&);
  void Look(const action::Other&);

  // facts_name.cc
  // Created by this history, and gone; or made by nobody, where the start is empty.
  bool IsGone(ObjectKind kind, const Name& name) const;
  // With PostgreSQL's SQLSTATE for what does not exist.
  bool FailIfGone(ObjectKind kind, const Name& name);
  // The name says a schema that does not exist.
  bool IsPlaceless(const Name& name) const;
  // Certainly there.
  bool HasSchema(const std::string& name) const;
  ABSL_ATTRIBUTE_COLD void FailGlobal();
  void CheckPlace(const Name& name);
  // Of a relation.
  void CheckRelationPlace(const Name& name);
  // The types that the name of an operator, aggregate or cast is made of.
  bool FailIfTypesGone(ObjectKind kind, const Name& name);
  bool ExistsAlready(ObjectKind kind, const Name& place) const;
  // Whether the routine or other object is there, of the kind that is said; notes the failure.
  bool CheckRoutine(ObjectKind kind, const Name& name, const std::optional<std::string>& signature);
  bool CheckObject(ObjectKind kind, const Name& name, const std::optional<std::string>& signature);
  bool CheckUses(absl::Span<const ObjectUse> uses);
  void CheckType(const TypeName& type);
  void CheckTypesOf(const Expression& expression);
  void CheckTypesOf(const OptionalExpression& expression);
  void CheckTypesOf(const Column& column);
  // The types and collations that the action names.
  void CheckTypes(const action::AddColumn& add);
  void CheckTypes(const action::CreateTable& create);
  void CheckTypes(const action::AlterColumnType& alter);
  void CheckTypes(const action::CreateIndex& create);
  void CheckTypes(const action::CreateType& create);
  void CheckTypes(const action::CreateFunction& create);
  void CheckTypes(const action::SetDefault& set) { CheckTypesOf(set.value); }
  void CheckTypes(const action::AddConstraint& add) { CheckTypesOf(add.constraint.expression); }
  void CheckTypes(const action::AlterDomain& alter) { CheckTypesOf(alter.constraint.expression); }
  void CheckTypes(const action::AlterType& alter) {
    if (!alter.attribute_type.name.name.empty()) CheckType(alter.attribute_type);
  }
  void CheckTypes(const action::CreateTrigger& create) { CheckTypesOf(create.when); }
  void CheckTypes(const action::CreatePolicy& create) {
    for (const Expression& expression : create.expressions) CheckTypesOf(expression);
  }
  template <typename T>
  void CheckTypes(const T& action) {
    if constexpr (requires { action.types[0].schema; }) {
      for (const Name& type : action.types) FailIfGone(ObjectKind::kType, type);
    }
  }

  // facts_guard.cc
  void CheckNewTrigger(const action::CreateTrigger& create, const Relation& table);
  void CheckTriggerFunction(const action::CreateTrigger& create);
  void CheckTriggerColumns(const action::CreateTrigger& create, const Relation& table);
  bool CheckPartName(ObjectKind kind, const Relation& table, const std::string& name);
  void CheckRenamedPart(const action::AlterPart& alter, const Relation& table);
  void CheckPolicy(const std::vector<std::string>& roles, const std::vector<Name>& reads);

  // facts_object.cc
  void CheckCreated(const action::ChangeObject& change);
  void CheckMoved(const action::ChangeObject& change);
  void CheckSubscription(const action::ChangeObject& change);
  void CheckNewSubscription(const action::ChangeObject& change);
  void CheckEncodings(const action::ChangeObject& change);
  void CheckEventTrigger(const action::ChangeObject& change);
  void CheckHandler(const action::ChangeObject& change);
  void CheckOperator(const action::ChangeObject& change);
  void CheckPrivileges(const action::Grant& grant);
  bool CheckGrantedColumns(const action::Grant& grant, const Relation& relation);
  void CheckStatistics(const action::CreateStatistics& create, const Relation& table);
  void LookAtDomainConstraint(const action::Annotate& annotate);
  void NoteLoss(const Name& name);
  void NoteChanged(const action::ChangeObject& change);
  void LookAtImport(const action::ChangeObject& change);
  void CheckLocation(const action::ChangeObject& change);
  // Rows of a foreign table that nobody can read.
  void CheckForeign(const Relation& table);
  void CheckAnnotatedPart(const action::Annotate& annotate, const Relation& relation);
  void LookAtComposite(const action::Annotate& annotate, const UserType& row);
  // Whether a statement that is refused in transactions is looked at before it is refused, and
  // found to be allowed, or wrong.
  bool IsAllowedAfterAll(const Action& action);
  // No handler reads the tables of the server.
  bool HasNoHandler(const Name& server) const;
  // facts_value.cc
  // Notes the failure where the type certainly cannot be a column's.
  bool CheckColumnType(const TypeName& type, RelationId of = 0);
  bool CheckModifiers(const TypeName& type);
  // What the text of a column contradicts, and its default. `made_of_rows`: rows get it at once.
  bool CheckNewColumn(const Column& column, bool made_of_rows);
  bool CheckDefault(const Expression& value, const TypeName* type);
  // Whether an expression can be had over the columns; notes the failure.
  bool CheckCalls(absl::Span<const FunctionCall> calls);
  bool CheckExpression(const Expression& expression, absl::Span<const TableColumn> columns);
  // `where` is the clause that it stands in; only a policy's may hold a query.
  bool CheckCondition(const Expression& condition, absl::Span<const TableColumn> columns,
                      absl::string_view where = "CHECK");
  // What the keys of an index or a partition are computed of.
  bool CheckComputedKey(const Expression& expression, absl::Span<const TableColumn> columns,
                        absl::string_view where);
  bool CheckTruth(const Expression& condition, absl::Span<const TableColumn> columns,
                  absl::string_view where);
  // The index behind a constraint of a new column or table can have the columns as they are.
  void CheckKeyTypes(const Constraint& constraint, const Relation& table,
                     const std::string& inline_column);
  bool CheckDomainCondition(const Expression& condition, const TypeName& base);
  void CheckStoredDefault(const Expression& value, const TypeName& type);
  bool CheckIdentity(const TypeName& type, const SequenceOptions& options);
  void CheckSequence(const SequenceOptions& options, const Relation& sequence);
  void CheckIdentityOf(const action::AlterRelation& alter, const Relation& table);
  // What a query shows; the failure noted where PostgreSQL refuses it.
  QueryColumns CheckSelection(const OptionalSelection& selection,
                              std::optional<absl::Span<const std::string>> names,
                              absl::Span<const std::string> variables = {});
  bool CheckReplacedColumns(const Relation& view, const QueryColumns& query);

  // facts_syntax.cc
  void CheckSyntax(const Action& action);

  // facts_kind.cc
  // A table of PostgreSQL's own that the action would change.
  void CheckSystemTables(const Action& action);
  // Whether each relation that the action names is of a kind that it is for; notes the failure.
  bool SuitsKinds(const Action& action);
  // facts_storage.cc
  void CheckParameters(const std::vector<Parameter>& parameters, const Relation& relation,
                       bool resets);
  void CheckColumnParameters(const std::vector<Parameter>& parameters);
  void CheckAccessMethod(const std::string& name);
  void CheckMethod(const action::CreateIndex& create);
  void CheckIndexed(const action::CreateIndex& create, const Relation& table);
  // Whether the index method takes the column as it is.
  bool CheckKeyType(const TableColumn& column, absl::string_view method);
  bool CheckIndexKey(const action::IndexColumn& key, const TableColumn& column,
                     absl::string_view method);
  void CheckColumnStorage(const action::AlterRelation& alter, const Relation& table);
  void CheckReplicaIdentity(const Relation& index, const Relation& table);
  void CheckClusterOn(const Relation& index, const Relation& table);
  // Whether PostgreSQL's own index methods and the like are all there are.
  bool IsPlain() const {
    return situation_.closed && !situation_.extended && situation_.trusted_since == 0;
  }

  // facts_relation.cc
  void LookAtColumn(const action::AlterRelation& alter, const Relation& table);
  void LookAtNumbered(const action::AlterRelation& alter, const Relation& relation);
  void LookAtWhole(const action::AlterRelation& alter, const Relation& relation);
  void NoteNewExpression(const action::AlterRelation& alter, const Relation& table,
                         Generated generated);
  void NotePersistence(const Relation& relation, Persistence wanted);
  void NoteNamedIndex(const action::AlterRelation& alter, const Relation& table);
  void NoteInheritance(const action::AlterRelation& alter, const Relation& table);
  void CheckMerges(const Relation& parent, const Relation& child);
  // The columns that LIKE brings beside others.
  bool CheckLikeColumns(const action::CreateTable& create);
  // A check of the new table of the name of one that it inherits.
  bool CheckInheritedChecks(const action::CreateTable& create, const Relation& parent);
  bool CheckGeneratedFrom(const Expression& expression, const action::CreateTable& create);
  ABSL_ATTRIBUTE_COLD void FailSystemIndex();
  void CheckKeysOfParts(const action::CreateIndex& create, const Relation& table);
  bool CheckUsing(const action::AlterColumnType& alter, const Relation& table);
  void CheckTriggerCondition(const action::CreateTrigger& create, const Relation& table);
  bool CheckGeneratedPlaces(const Relation& table, const action::Write& insert, size_t values);
  void CheckPrepared(const action::ModifyData& modify);
  bool CheckArguments(const action::Execute& execute, const action::ModifyData& prepared);
  bool IsReadOnly() const {
    return situation_.state != nullptr && situation_.state->modes.read_only;
  }
  void CheckReadOnly(const action::ModifyData& modify);
  bool CheckRoutineForm(const action::CreateFunction& create);
  // A relation that a query names which is rewritten and not planned, with what a view shows.
  void NoteRewritten(const Relation& read, Role role = Role::kRead);
  void CheckReturns(const action::CreateFunction& create);
  void CheckInheritedDefaults(const action::CreateTable& create);
  // Whether the defaults of two columns are certainly not the same.
  bool AreOtherDefaults(const Relation& a, const TableColumn& in_a, const Relation& b,
                        const TableColumn& in_b) const;
  // Whether a table of that persistence may have the parent.
  bool CheckParent(const Relation& parent, const action::CreateTable& create);
  std::vector<const Relation*> UpkeepTargets(const action::Maintain& maintain);
  bool CheckComputedColumn(const Column& column, const Relation& table);
  bool CheckProcedure(const action::ModifyData& modify, const QueryColumns& arguments);
  bool CheckComputed(const action::ModifyData& modify);
  bool CheckSelectedTypes(const action::ModifyData& modify, const QueryColumns& query);
  const TypeName* TypeOfPlace(const Relation& table, const action::Write& write,
                              size_t place) const;
  bool CheckAssignable(const Type& from, const TypeName& column);
  bool CheckValue(const Literal& literal, const TypeName& column);
  bool CheckValues(const Relation& table, const action::Write& write);
  bool CheckIdentified(const Relation& table, const action::Write& write);
  void NoteInstead(const Relation& view, const action::Write& write);
  void CheckUpkeepOptions(const action::Maintain& maintain);
  bool CheckAnalyzed(const Relation& relation, const std::vector<std::string>& columns);
  void NoteUpkeep(const action::Maintain& maintain, const Relation& relation, bool only);
  void NoteVacuum(const action::Maintain& maintain, const Relation& relation, bool only);
  void NoteCluster(const action::Maintain& maintain, const Relation& relation);
  void NoteRepack(const action::Maintain& maintain, const Relation& relation);
  void NoteWrittenAnew(const Relation& relation, const std::string* index);
  bool CheckClustering(const Relation& relation, const std::string& index);
  bool CheckRunsAlone(absl::string_view command);
  void NoteReindex(const action::Maintain& maintain, const Relation& relation);
  void NoteRebuilt(const Relation& index, const Relation& table);
  void NoteRefresh(const action::Maintain& maintain, const Relation& relation);

  // facts_partition.cc
  bool CheckPartitioned(const Relation& whole, absl::string_view verb);
  bool Refuse(std::optional<Failure> failure);
  bool CheckBoundValues(const Relation& whole, const PartitionBound& bound);
  void NoteReferencingTables(const Relation& whole, const Relation* part);
  void NoteDefaultPartition(const Relation& whole, const PartitionBound& bound, bool attaches);
  void NoteWholesAbove(const Relation& whole);
  void CheckAttached(const Relation& whole, const Relation& part);
  void NotePartIndexes(const Relation& whole, const Relation& part);
  void NotePartKeys(const Relation& whole, const Relation& part);
  void LookAtIndexPart(const action::AttachPartition& attach);
  void CheckIndexPart(const Relation& whole, const Relation& part);
  void NoteDetached(const Relation& part);
  void NoteDetachedKeys(const Relation& whole, const Relation& part);

  // facts_constraint.cc
  // Of a view, an index or a sequence there are no constraints to change.
  bool CheckHasConstraints(const Relation& relation);
  bool CheckNewConstraint(const Relation& table, const action::AddConstraint& add);
  void NoteNewCheck(const Relation& table, const action::AddConstraint& add);
  bool MergesCheck(const Relation& child, const Constraint& constraint);
  void NoteNewNotNull(const Relation& table, const action::AddConstraint& add);
  void NoteNewForeignKey(const Relation& table, const action::AddConstraint& add);
  bool CheckKeyColumns(const Relation& table, const Relation& referenced,
                       const Constraint& constraint, const Column* added);
  bool AreIncomparable(const TypeName& own, const TypeName& referenced) const;
  bool CheckKeyActions(const Relation& table, const Constraint& constraint);
  void CheckKeysOfType(const Relation& heap, const action::AlterColumnType& alter);
  // Whether a foreign key may lead from tables of the one persistence to those of the other.
  bool CheckReach(const Relation& table, const Relation& referenced);
  // No system column but tableoid is in a check or computes a column.
  bool CheckSystemUse(const OptionalExpression& expression, absl::string_view where);
  // No other constraint of the name is added before it by the same statement.
  bool CheckNamedOnce(const action::AddConstraint& add);
  bool CheckOwnKeys(const action::CreateTable& create, const Relation& made);
  bool CheckPartitioning(const action::CreateTable& create, const Relation& made);
  bool CheckOwnConstraints(const action::CreateTable& create, const Relation& made,
                           const std::vector<const Constraint*>& constraints);
  bool CheckSelfReference(const Relation& made, const Constraint& constraint,
                          const std::vector<std::string>& columns,
                          const std::vector<std::vector<std::string>>& keys);
  Relation Sketch(const action::CreateTable& create);
  bool CheckReferenced(const Relation& referenced, const Constraint& constraint);
  bool CheckUsedIndex(const Relation& table, const Relation& index, const Constraint& constraint);
  bool CheckIndexed(const Relation& table, const Constraint& constraint,
                    const std::string& inline_column);
  bool CheckPrimaryKey(const Relation& table, const std::vector<std::string>& columns,
                       const std::string& inline_column);
  // It came from a parent, and can change only with it.
  bool ComesFromParent(const Relation& table, const TableConstraint& constraint) const;
  bool FailMissingConstraint(const Relation& table, const std::string& name);
  bool IsDroppedBefore(const action::DropConstraint& drop) const;
  bool CheckDroppedConstraint(const Relation& table, const TableConstraint& constraint, bool only);
  bool CheckNullable(const Relation& table, const std::string& column);
  void CheckNotNullOfParts(const Relation& table, const std::string& column);
  void CheckDroppedNotNull(const Relation& table, const action::DropNotNull& drop);

  // ---- shared
  TypeScope Scope() const { return {view_, situation_.search_path, situation_.server_version}; }
  const Relation* Find(const Name& name) const { return view_.Find(name, situation_.search_path); }
  // The relation that an ALTER names, with its part and its descendants' noted. Null where it does
  // not exist; the failure is then noted unless IF EXISTS forgives it.
  const Relation* NameTarget(const Target& target, bool recurses);
  // A relation that a query names; null, with the failure noted, where it does not exist.
  const Relation* FindRead(const Name& name);
  Affected Describe(const Relation& relation) const;
  void Add(Role role, const Relation& relation, Cause cause = Cause::kQuery, bool possible = false);
  void AddBuild(const Relation& table, const std::string& index, Cause cause);
  // Cold, as its callers: the compiler puts what leads here out of the way of statements that work.
  ABSL_ATTRIBUTE_COLD void Fail(absl::string_view sqlstate, std::string message);
  // 3F000 where the schema is missing; a query asks for the relation alone, and gives 42P01.
  ABSL_ATTRIBUTE_COLD void FailMissing(const Name& name, bool in_query = false);
  ABSL_ATTRIBUTE_COLD void FailInBody();
  // By a body of BEGIN ATOMIC.
  bool IsUsedByRoutine(const Relation& relation, const std::string* column) const;
  void CheckBody(const Body* body);
  // The types that a body declares variables of.
  void CheckDeclarations(const Body& body);
  // Of a body in SQL, which is analysed when it is created.
  bool CheckSqlBody(const action::CreateFunction& create);
  bool CheckSqlStatement(const action::ModifyData& modify, const BodyStatement& statement,
                         absl::Span<const std::string> names);
  void CheckReturned(const action::CreateFunction& create, const QueryColumns& shown);
  void CheckTakesDefault(const Relation& table, const std::string& name);
  // Whether the named column can be used in that pass; notes the failure where it certainly does
  // not exist.
  bool HasColumn(const Relation& table, const std::string& column, Pass pass = Pass::kLast);
  // The statement changes columns too: what the catalog says of their types is not the last word.
  bool IsWithAdded() const {
    return Sibling<action::AddColumn>([](const auto&) { return true; }) ||
           Sibling<action::AlterColumnType>([](const auto&) { return true; });
  }
  // Notes the failure where the table is one of a composite type, whose columns are the type's.
  bool CheckUntyped(const Relation& table, absl::string_view what);
  // The composite type of that name, null where this history made none.
  const UserType* FindComposite(const Name& name) const;
  void CheckOfType(const Name& type, const Relation& table);
  void CheckRowOf(const Name& type);
  // A composite type has a relation of its own, which is locked as others are.
  void AddTypeRelation(Role role, const Name& type);
  void NoteOwnedSequences(const Relation& table, const std::string& column, bool cascade);
  // Whether what the catalog does not know of the table is certainly not there.
  bool KnowsAll(const Relation& table) const {
    return table.columns_known && table.created >= situation_.trusted_since;
  }
  // The statement also holds a `T` for which `matches` holds.
  template <typename T, typename Matches>
  bool Sibling(Matches matches) const {
    for (const Action& action : with_) {
      const T* other = std::get_if<T>(&action.kind);
      if (other != nullptr && matches(*other)) return true;
    }
    return false;
  }
  // The table and, unless ONLY, its descendants: those of them that hold rows.
  std::vector<const Relation*> Heaps(const Relation& table, bool only) const;
  void Scan(const std::vector<const Relation*>& heaps, Cause cause);
  void Match(const std::vector<const Relation*>& heaps);
  void Rewrite(const std::vector<const Relation*>& heaps, Cause cause, bool possible);
  Proof ProvenNotNull(const Relation& table, const std::string& column) const;
  void NoteNotNull(const Relation& table, bool only, const std::string& column, Cause cause);
  // `added`: the column that the same action adds, null where there is none.
  void NoteForeignKey(const Relation* table, const Constraint& constraint, bool scans,
                      const Column* added = nullptr);
  void NoteIndexConstraint(const Relation& table, bool only, const Constraint& constraint,
                           const std::string& inline_column);
  void NoteGroupedBy(const Relation& table, bool cascade);
  void NoteDroppedConstraint(const Relation& table, const TableConstraint& constraint,
                             bool cascade);
  void NoteReferencing(const Relation& referenced, const std::string& column, bool rewrites);
  bool CheckComparisons(const Relation& heap, const action::AlterColumnType& alter,
                        const TypeName& from);
  void NoteTypeChangeOn(const Relation& heap, const action::AlterColumnType& alter);
  bool RefusesType(const Relation& heap, const action::AlterColumnType& alter,
                   const TypeName& from);
  void NoteSequences(const std::vector<SequenceUse>& uses);
  bool CheckGenerated(const action::CreateTable& create);
  // Whether the table has what the expression speaks of; notes the failure.
  bool HasColumns(const OptionalExpression& expression, const Relation& table);
  // Notes the failure where this server version certainly lacks a function that is called.
  bool HasFunctions(const OptionalExpression& expression);
  // Notes the failure where the expression, which must be immutable, certainly is not.
  bool CheckImmutable(const Expression& expression, absl::Span<const TableColumn> columns,
                      absl::string_view where);
  void NoteIndexesOfType(const Relation& heap, const action::AlterColumnType& alter,
                         const TypeName* from);
  void NoteDroppedRelation(const Relation& relation, const action::Drop& drop,
                           const std::vector<RelationId>& dropped);
  void NoteDroppedTable(const Relation& table, const action::Drop& drop,
                        const std::vector<RelationId>& dropped);
  void NoteDroppedIndex(const Relation& index, const action::Drop& drop);
  void NoteDroppedView(const Relation& dropped);
  void NoteDroppedObjects(const action::Drop& drop);
  bool CheckDroppedRoutine(const Name& name, const std::optional<std::string>& signature,
                           const action::Drop& drop);
  bool CheckDroppedType(const Name& name, const action::Drop& drop);
  bool IsOfOthers(ObjectKind kind, const Name& name) const;
  bool IsMissing(const action::Drop& drop, const Name& name,
                 const std::optional<std::string>& signature) const;
  void CheckFixed(ObjectKind kind, const Name& name);
  void NoteDroppedStatistics(ObjectKind kind, const Name& name);
  // facts_fall.cc
  // What stands on objects that go: the failure, or what CASCADE takes. Relations in `dropped` go
  // anyway.
  void NoteFall(const Fall& fall, bool cascade, absl::Span<const RelationId> dropped,
                const std::string& what);
  bool GoesSilently(const Fall& fall, const FallenPart& part, const Relation& relation) const;
  void NoteFallenPart(const FallenPart& part, const Relation& relation);
  void NoteFallenColumn(const Relation& table, const std::string& column);
  // What stands on a relation besides relations: columns of its row type, defaults that name it,
  // policies and rules of other tables.
  void NoteStandingOn(const Relation& relation, bool cascade, absl::Span<const RelationId> dropped);
  // A trigger, policy, rule or publication that uses the column.
  void NoteGuards(const Relation& table, const std::string& column, bool cascade);
  // Values of the row type are stored elsewhere (tablecmds.c:find_composite_type_dependencies).
  bool IsStoredAsRow(const Name& type, bool arrays_only = false) const;
  void CheckOverload(const action::CreateFunction& create);
  void CheckLabels(absl::Span<const TypedText> texts, const Relation* table);
  void CheckLabel(const Name& type, const std::string& label);
  bool NameType(const Name& name, action::TypeKind kind, const UserType*& type);
  void LookAtLabel(const action::AlterType& alter, const UserType& type);
  void LookAtAttribute(const action::AlterType& alter, const UserType& type);
  bool CheckDomainConstraint(const action::AlterDomain& alter, const UserType& domain);
  std::vector<const Relation*> HeapsOfDomain(const Name& domain);
  bool MayHaveFallen(Moment created) const { return created < situation_.trusted_since; }
  void NoteDroppedPart(const action::Drop& drop);
  bool ComesFromParent(const Relation& partition, const std::string& trigger) const;
  void NoteDroppedSchema(const std::string& schema, const action::Drop& drop);
  // The indexes, sequences and generated columns that go with a column.
  absl::string_view UserOf(const Relation& table, const std::string& column) const;
  bool NoteReaders(const Relation& table, const std::string& column, bool cascade);
  void NoteColumnGone(const Relation& table, const std::string& column);
  void NoteCalls(absl::Span<const FunctionCall> calls, bool bodies_run = false);
  // The same, but for those that are columns of what is read.
  void NoteCallsIn(const action::ModifyData& modify);
  // A relation that a query reads, with what a view shows.
  void NoteRead(const Relation& read, Role role = Role::kRead,
                const OptionalPredicate& where = nullptr, bool only = false);
  // A materialized view without data can be refreshed, and not be read.
  bool CheckPopulated(const Relation& read);
  // The same as NoteRead, where every row of it is read.
  void NoteReadAll(const Relation& read, bool only = false);
  // What changes for those who use the relation, as a sentence.
  void NoteBehaviour(const Relation& relation, std::string what);
  // Notes the failure where the transaction itself keeps the relation from being changed.
  bool CheckNotInUse(const Relation& relation);
  bool CheckNewTable(const action::CreateTable& create);
  bool CheckFormOf(const action::CreateTable& create);
  ABSL_ATTRIBUTE_COLD void FailNewName(const action::CreateTable& create);
  bool IsUpkeepOf(const action::Maintain& maintain, const Relation& relation);
  void NoteWrite(const action::Write& write, const OptionalPredicate& where);
  void NoteWriteOn(const Relation& table, const action::Write& write,
                   const OptionalPredicate& where);
  bool CheckWritten(const Relation& table, const action::Write& write);
  bool CheckConflict(const Relation& table, const action::OnConflict& conflict);
  // How many values a row of the INSERT has; notes the failure where they are too many or too few.
  bool CheckWidth(const Relation& table, const action::Write& insert, size_t values);
  // Whether FOR UPDATE can be said of it.
  bool CheckRowLocked(const Relation& read);
  // Whether no row of INSERT … VALUES lacks what a column needs.
  void CheckNulls(const Relation& table, const action::Write& insert);
  bool HasDefault(const TableColumn& column) const;
  bool CheckAssigned(const Relation& table, const action::Write& write);
  // Whether rows can be changed through a view, by the triggers or the relation behind it.
  bool CheckUpdatable(const Relation& view, const action::Write& write);
  // The sequences that give a row its values: those of the columns that are not said.
  void NoteDrawn(const Relation& table, const action::Write& write);
  void NoteRouted(const Relation& table, const action::Write& write);
  // Returns whether a rule does something else instead.
  bool NoteRules(const Relation& table, const action::Write& write);
  void CheckDrawn(const action::ModifyData& modify);
  // Of no query that is prepared under that name; null, with the failure noted, where it certainly
  // is not.
  const action::ModifyData* FindPrepared(const std::string& name);
  // Where CREATE puts an object of that name.
  Name PlaceFor(const Name& name, bool temporary = false) const;
  // Whether the type is one that others use.
  bool IsLiveType(const Name& name) const;
  void NoteLookups(const Relation& table, const action::Write& write);
  void NotePartition(const action::CreateTable& create);
  void NoteParent(const Name& name, const action::CreateTable& create);
  void CheckPartitionKey(const std::vector<std::string>& keys, const Constraint& constraint,
                         const std::string& inline_column);
  void CheckReplacement(const Relation& view, const action::CreateView& create,
                        const QueryColumns& query);
  bool CheckNewDomain(const action::CreateType& create);
  Cause CauseOfRewrite(const Column& column, bool& possible) const;
  const Expression* DefaultOf(const Column& column) const;
  bool IsRequired(const Column& column) const;
  bool HasValue(const Column& column, Cause rewrite) const;
  ABSL_ATTRIBUTE_COLD void FailNull(const Relation& table, const std::string& column);
  bool IsInherited(const Relation& table, const std::string& column) const;
  // Whether a descendant of `table` has the column from elsewhere as well; notes the failure.
  bool FailSharedColumn(const Relation& table, const std::string& column, absl::string_view verb);
  // The descendants that get a new column, but for those below one that has it.
  void NoteAddedBelow(const Relation& table, const Column& column);
  // A partition is partitioned by the column; notes the failure.
  bool FailLowerKey(const Relation& table, const std::string& column, absl::string_view verb);
  bool MayBeNotNull(const Relation& table) const;
  // The keys that the same ALTER TABLE gives to `table`: it comes to foreign keys after them.
  struct NewKey {
    bool primary = false;
    std::vector<std::string> columns;
  };
  std::vector<NewKey> KeysBeside(const Relation& table) const;
  // What a foreign key refers to: without columns it means the primary key.
  std::vector<std::string> ReferencedColumns(const Relation& referenced,
                                             const Constraint& constraint) const;
  // The statement holds a `T` before this one for which `matches` holds.
  template <typename T, typename Matches>
  bool DoneBefore(const T& action, Matches matches) const {
    for (const Action& other : with_) {
      const T* earlier = std::get_if<T>(&other.kind);
      if (earlier == &action) return false;
      if (earlier != nullptr && matches(*earlier)) return true;
    }
    return false;
  }
  // The same ALTER TABLE drops the constraint, or a column of it.
  bool IsDroppedBeside(const TableConstraint& constraint) const;
  static bool AddsNotNull(const Relation& table, const Constraint& constraint);

  absl::Span<const Action> with_;
  const CatalogView& view_;
  const Situation& situation_;
  Facts facts_;
};

// The descendants of `table` that lose the column when it does: those that neither declare it
// themselves nor have it from elsewhere (tablecmds.c:ATExecDropColumn).
std::vector<const Relation*> LosersOfColumn(const Relation& table, const std::string& column,
                                            const CatalogView& view);
// A foreign key relies on a unique index over exactly the referenced columns.
bool HasUniqueOver(const Relation& table, const std::vector<std::string>& columns,
                   const CatalogView& view);
// Whether the foreign key to `table` relies on this index: it took the first unique one over its
// columns that was there when it was made (tablecmds.c:transformFkeyCheckAttrs). The index may be
// gone from `view` already.
bool ReliesOn(const TableConstraint& foreign, const Relation& index, const Relation& table,
              const CatalogView& view);
// Whether an index of `table` is what the statement would make (index.c:CompareIndexInfo).
bool IsSameIndex(const Relation& index, const action::CreateIndex& create, const Relation& table);
// An index on a partition that an index on its parent takes over instead of building one; behind a
// constraint stands one with a constraint of that kind. An index that is part of another one counts
// where that is of a partition of `whole`.
const Relation* FindMatchingIndex(const Relation& table, const action::CreateIndex& create,
                                  const TableConstraint* constraint, const CatalogView& view,
                                  const Relation* whole = nullptr);
// The foreign key of a partition that its parent's takes over (tryAttachPartitionForeignKey).
const TableConstraint* FindSameKey(const Relation& part, const TableConstraint& whole,
                                   int server_version);
bool IsIndexConstraint(ConstraintKind kind);
// Whether two conditions are certainly no equal trees, whatever the types of their constants.
bool AreOtherConditions(const OptionalPredicate& one, const OptionalPredicate& other);
bool MayHoldRows(const std::vector<const Relation*>& heaps);
// Why a new constraint of that kind looks at rows.
Cause CauseOf(ConstraintKind kind);
// The relations that ALTER … ALL IN TABLESPACE moves (tablecmds.c:AlterTableMoveAll).
std::vector<const Relation*> MovedBy(const action::MoveAll& move, const CatalogView& view);
bool SameType(const TypeName& a, const TypeName& b);
// The tables that refer to the table, or to one that it is a partition of.
std::vector<const Relation*> ReferencingPartly(const Relation& table, const CatalogView& view);
// The tables that TRUNCATE empties where `named` are those that it names, with the descendants of
// all that do not say ONLY; CASCADE adds those that refer to any of them.
std::vector<const Relation*> EmptiedBy(const action::Truncate& truncate,
                                       std::vector<const Relation*> named, const CatalogView& view);
// A constraint that CREATE TABLE or ADD COLUMN makes, and the name that its text gives it. Of key
// constraints of one such list that ask for the same index the primary key alone is made, or else
// the first, and takes the name of the next where it has none
// (parse_utilcmd.c:transformIndexConstraints).
struct MadeConstraint {
  const Constraint* asked;
  absl::string_view name;
};
// All but NOT NULL, those of the columns first.
std::vector<MadeConstraint> MadeBy(const action::CreateTable& create);
std::vector<MadeConstraint> MadeBy(const Column& column);
// The constraint under the name that it gets: what was asked, or `renamed`, which then holds it.
const Constraint& AsMade(const MadeConstraint& made, Constraint& renamed);
// What CREATE INDEX would have to say for another index like that one, on another table.
action::CreateIndex LikeIndex(const Relation& index);

// The types of its arguments are known only where it is called: its body is not analysed before
// (pg_proc.c:fmgr_sql_validator).
bool IsGeneric(const action::CreateFunction& create);

// Nothing is known of what the action did: what it made or took away escapes the catalog.
bool IsOpaque(const Action& action, const Effects& effects);

// Whether an option of CREATE or ALTER SUBSCRIPTION is on; `otherwise` where it is not said.
bool IsSwitchedOn(absl::Span<const Parameter> options, absl::string_view name, bool otherwise);

// A name that every table's system columns have (catalog/heap.c).
bool IsSystemColumn(absl::string_view column);

// The indexes that hold `column` in a key, an expression or a predicate.
bool Mentions(const Relation& index, const std::string& column);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_FACTS_H_
