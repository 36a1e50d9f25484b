#include "analyzer/simulation/facts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/apply.h"
#include "analyzer/simulation/volatility.h"
#include "analyzer/syntax/body.h"

namespace plimsoll {
namespace {

bool HoldsRows(const Relation& relation) {
  return relation.kind == RelationKind::kTable || relation.kind == RelationKind::kMaterializedView;
}

}  // namespace

std::vector<const Relation*> LosersOfColumn(const Relation& table, const std::string& column,
                                            const CatalogView& view) {
  std::vector<const Relation*> losers = {&table};
  for (const Relation* child : view.DescendantsOf(table)) {
    const TableColumn* own = child->FindColumn(column);
    if (own != nullptr && !own->only_inherited && !child->is_partition) continue;
    const bool kept = std::any_of(child->parents.begin(), child->parents.end(), [&](RelationId id) {
      const Relation* parent = view.Find(id);
      return parent != nullptr && parent->FindColumn(column) != nullptr &&
             std::find(losers.begin(), losers.end(), parent) == losers.end();
    });
    if (!kept) losers.push_back(child);
  }
  losers.erase(losers.begin());
  return losers;
}

bool HasUniqueOver(const Relation& table, const std::vector<std::string>& columns,
                   const CatalogView& view) {
  std::vector<std::string> wanted = columns;
  std::sort(wanted.begin(), wanted.end());
  for (const Relation* index : view.IndexesOf(table)) {
    if (!index->unique || index->has_expression || index->has_predicate) continue;
    std::vector<std::string> keys;
    for (const action::IndexColumn& key : index->keys) keys.push_back(key.column);
    std::sort(keys.begin(), keys.end());
    if (keys == wanted) return true;
  }
  return false;
}

bool ReliesOn(const TableConstraint& foreign, const Relation& index, const Relation& table,
              const CatalogView& view) {
  const auto fits = [&](const Relation& one) {
    const std::vector<std::string>& columns = foreign.referenced_columns;
    std::vector<std::string> keys;
    for (const action::IndexColumn& key : one.keys) keys.push_back(key.column);
    return one.unique && !one.has_predicate &&
           std::is_permutation(columns.begin(), columns.end(), keys.begin(), keys.end());
  };
  const bool later = foreign.defined != 0 && foreign.defined <= index.created;
  if (later || !fits(index)) return false;
  const std::vector<const Relation*> all = view.IndexesOf(table);
  return std::none_of(all.begin(), all.end(),
                      [&](const Relation* other) { return other->id < index.id && fits(*other); });
}

bool IsOpaque(const Action& action, const Effects& effects) {
  const auto* other = std::get_if<action::Other>(&action.kind);
  // Whoever writes to the system's catalogs changes what no statement says.
  const auto* modify = std::get_if<action::ModifyData>(&action.kind);
  const bool by_hand =
      modify != nullptr && !modify->planned_only &&
      std::any_of(modify->writes.begin(), modify->writes.end(),
                  [](const action::Write& write) { return IsSystemName(write.table.name); });
  if (by_hand) return true;
  return !effects.modelled && !effects.inert && (other == nullptr || other->relations.empty());
}

bool IsSystemColumn(absl::string_view column) {
  return column == "ctid" || column == "xmin" || column == "cmin" || column == "xmax" ||
         column == "cmax" || column == "tableoid";
}

bool Mentions(const Relation& index, const std::string& column) {
  return std::find(index.mentions.begin(), index.mentions.end(), column) != index.mentions.end();
}

// postgres.c:IsTransactionExitStmt
static bool ExitsTransaction(const Action& action) {
  return std::holds_alternative<action::Commit>(action.kind) ||
         std::holds_alternative<action::Rollback>(action.kind) ||
         std::holds_alternative<action::RollbackTo>(action.kind) ||
         std::holds_alternative<action::PrepareTransaction>(action.kind);
}

// utility.c:ClassifyUtilityCommandAsReadOnly; queries are looked at when they run.
static bool IsRefusedReadOnly(const Action& action) {
  const auto* maintain = std::get_if<action::Maintain>(&action.kind);
  const bool refreshes = maintain != nullptr && maintain->upkeep == action::Upkeep::kRefresh;
  return refreshes || std::visit(
                          [](const auto& kind) {
                            using Kind = std::decay_t<decltype(kind)>;
                            return !(std::is_same_v<Kind, action::Begin> ||
                                     std::is_same_v<Kind, action::Commit> ||
                                     std::is_same_v<Kind, action::Rollback> ||
                                     std::is_same_v<Kind, action::Savepoint> ||
                                     std::is_same_v<Kind, action::RollbackTo> ||
                                     std::is_same_v<Kind, action::Release> ||
                                     std::is_same_v<Kind, action::SetParameter> ||
                                     std::is_same_v<Kind, action::SessionCommand> ||
                                     std::is_same_v<Kind, action::SetConstraints> ||
                                     std::is_same_v<Kind, action::Execute> ||
                                     std::is_same_v<Kind, action::RaiseError> ||
                                     std::is_same_v<Kind, action::PrepareTransaction> ||
                                     std::is_same_v<Kind, action::Maintain> ||
                                     std::is_same_v<Kind, action::LockTable> ||
                                     std::is_same_v<Kind, action::ModifyData> ||
                                     std::is_same_v<Kind, action::DoBlock> ||
                                     std::is_same_v<Kind, action::Other>);
                          },
                          action.kind);
}

Facts Inspector::Inspect(const Action& action) && {
  CheckSyntax(action);
  // postgres.c:exec_simple_query
  if (situation_.stopped || (situation_.aborted && !ExitsTransaction(action))) {
    Fail("25P02", situation_.stopped
                      ? "not run: another statement of the file fails"
                      : "current transaction is aborted, commands ignored until end of "
                        "transaction block");
    return std::move(facts_);
  }
  if (const auto* maintain = std::get_if<action::Maintain>(&action.kind)) {
    CheckUpkeepOptions(*maintain);
  }
  facts_.forbidden_in_transaction =
      !facts_.failure && IsForbiddenInTransaction(action) && !IsAllowedAfterAll(action);
  if (facts_.forbidden_in_transaction && situation_.in_transaction_block) {
    Fail("25001", situation_.in_body ? "cannot be executed from a function"
                                     : "cannot run inside a transaction block");
  }
  if (IsReadOnly() && IsRefusedReadOnly(action)) {
    Fail("25006", "cannot be executed in a read-only transaction");
  }
  CheckTransactionModes(action);
  CheckSystemTables(action);
  const bool suits = SuitsKinds(action);
  std::visit(
      [&](const auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (requires { kind.persistence; }) {
          const bool placed = kind.persistence != Persistence::kTemporary;
          if constexpr (std::is_same_v<Kind, action::CreateTable>) {
            if (placed) CheckRelationPlace(kind.table);
          } else if constexpr (std::is_same_v<Kind, action::CreateView>) {
            if (placed) CheckRelationPlace(kind.view);
          } else if (placed) {
            CheckRelationPlace(kind.sequence);
          }
        }
        if constexpr (std::is_same_v<Kind, action::CreateFunction>) CheckPlace(kind.function);
        if constexpr (std::is_same_v<Kind, action::CreateType>) CheckPlace(kind.type);
        if (suits) Look(kind);
        if (!facts_.failure) CheckTypes(kind);
      },
      action.kind);
  return std::move(facts_);
}

void Inspector::Fail(absl::string_view sqlstate, std::string message) {
  if (!facts_.failure) {
    facts_.failure = Failure{.sqlstate = std::string(sqlstate), .message = std::move(message)};
  }
}

// 42P01, unless the name is one of PostgreSQL's own, which no file creates, or may have come back.
void Inspector::FailMissing(const Name& name, bool in_query) {
  if (FindComposite(name) != nullptr) {
    return Fail("42809", absl::StrCat("\"", name.name, "\" is a composite type"));
  }
  if (IsSystemName(name)) return;
  if (!in_query && IsPlaceless(name)) {
    return Fail("3F000", absl::StrCat("schema \"", name.schema, "\" does not exist"));
  }
  const Moment since = view_.MissingSince(name, situation_.search_path);
  if (situation_.trusted_since > 0 && since < situation_.trusted_since) return;
  Fail("42P01", absl::StrCat("relation \"", name.name, "\" does not exist"));
}

const Relation* Inspector::FindRead(const Name& name) {
  const Relation* read = Find(name);
  if (read == nullptr) FailMissing(name, /*in_query=*/true);
  return read;
}

Affected Inspector::Describe(const Relation& relation) const {
  return DescribeRelation(relation, situation_);
}

void Inspector::Add(Role role, const Relation& relation, Cause cause, bool possible) {
  facts_.actors.push_back(
      {.role = role, .relation = Describe(relation), .cause = cause, .possible = possible});
}

void Inspector::AddBuild(const Relation& table, const std::string& index, Cause cause) {
  facts_.actors.push_back(
      {.role = Role::kBuiltIndex, .relation = Describe(table), .cause = cause, .index = index});
}

const Relation* Inspector::NameTarget(const Target& target, bool recurses) {
  const Relation* relation = Find(target.name);
  if (relation == nullptr) {
    if (!target.if_exists) {
      FailMissing(target.name);
    }
    return nullptr;
  }
  if (!CheckNotInUse(*relation)) return nullptr;
  Add(Role::kTable, *relation);
  if (recurses && !target.only) {
    for (const Relation* child : view_.DescendantsOf(*relation)) Add(Role::kDescendant, *child);
  }
  return relation;
}

bool Inspector::HasColumn(const Relation& table, const std::string& column, Pass pass) {
  // A check may speak of tableoid.
  if (column == "tableoid") return true;
  if (IsSystemColumn(column)) {
    Fail("0A000", absl::StrCat("cannot alter system column \"", column, "\""));
    return false;
  }
  const bool added = pass == Pass::kLast && Sibling<action::AddColumn>([&](const auto& add) {
                       return add.column.name == column;
                     });
  const bool dropped = pass != Pass::kDrop && Sibling<action::DropColumn>([&](const auto& drop) {
                         return drop.column == column;
                       });
  if (added || (!dropped && table.FindColumn(column) != nullptr)) return true;
  // The columns of a table that no file creates, or of many a query, are not known.
  const bool queried =
      table.kind == RelationKind::kView || table.kind == RelationKind::kMaterializedView;
  if (!dropped && (!KnowsAll(table) || !(table.IsTable() || queried))) return true;
  Fail("42703",
       absl::StrCat("column \"", column, "\" of relation \"", table.name, "\" does not exist"));
  return false;
}

bool Inspector::IsInherited(const Relation& table, const std::string& column) const {
  return std::any_of(table.parents.begin(), table.parents.end(), [&](RelationId id) {
    const Relation* parent = view_.Find(id);
    return parent != nullptr && parent->FindColumn(column) != nullptr;
  });
}

// tablecmds.c:renameatt_internal, ATPrepAlterColumnType
bool Inspector::FailSharedColumn(const Relation& table, const std::string& column,
                                 absl::string_view verb) {
  const std::vector<const Relation*> family = view_.DescendantsOf(table);
  for (const Relation* child : family) {
    for (const RelationId id : child->parents) {
      const Relation* parent = view_.Find(id);
      const bool inside =
          parent == &table || std::find(family.begin(), family.end(), parent) != family.end();
      if (inside || parent == nullptr || parent->FindColumn(column) == nullptr) continue;
      Fail("42P16", absl::StrCat("cannot ", verb, " inherited column \"", column,
                                 "\" of relation \"", child->name, "\""));
      return true;
    }
  }
  return false;
}

void Inspector::NoteCalls(absl::Span<const FunctionCall> calls, bool bodies_run) {
  facts_.calls_unknown = facts_.calls_unknown || CallsUnknown(calls, Scope(), bodies_run);
}

bool Inspector::HasColumns(const OptionalExpression& expression, const Relation& table) {
  return expression == nullptr ||
         std::all_of(expression->columns.begin(), expression->columns.end(),
                     // A table's own name stands for its whole row.
                     [&](const std::string& column) {
                       return column == table.name || HasColumn(table, column);
                     });
}

bool Inspector::HasFunctions(const OptionalExpression& expression) {
  if (!expression) return true;
  const FunctionCall* missing = FindMissingCall(expression->calls, Scope());
  if (missing == nullptr) return true;
  Fail("42883", absl::StrCat("function ", missing->function.name, " does not exist"));
  return false;
}

// Whether it is in a language that is never inlined: its name is what such routines stand on.
static bool IsProcedural(const Routine& routine) {
  return std::all_of(
      routine.overloads.begin(), routine.overloads.end(), [](const Overload& overload) {
        return overload.stands_on != nullptr &&
               std::any_of(overload.stands_on->begin(), overload.stands_on->end(),
                           [](const Dependence& one) { return one.on == ObjectKind::kLanguage; });
      });
}

bool Inspector::CheckImmutable(const Expression& expression, absl::Span<const TableColumn> columns,
                               absl::string_view where) {
  if (!JudgeVolatility(expression, columns, Scope()).IsMutable()) return true;
  // The planner inlines a function in SQL first, and judges what it finds
  // (clauses.c:inline_function): nothing is certain of one whose body is a query.
  const bool own =
      std::any_of(expression.calls.begin(), expression.calls.end(), [&](const FunctionCall& call) {
        const Routine* routine = view_.FindRoutine(call.function, situation_.search_path);
        return routine != nullptr && !IsProcedural(*routine);
      });
  if (own) return true;
  Fail("42P17", absl::StrCat("what is in a ", where, " must be immutable"));
  return false;
}

void Inspector::NoteBehaviour(const Relation& relation, std::string what) {
  facts_.breaks.push_back(
      {.kind = BreakKind::kBehaviour, .relation = Describe(relation), .detail = std::move(what)});
}

// tablecmds.c:CheckTableNotInUse
bool Inspector::CheckNotInUse(const Relation& relation) {
  const auto& used = situation_.in_use;
  if (std::find(used.begin(), used.end(), relation.id) == used.end()) return true;
  Fail("55006", absl::StrCat("relation \"", relation.name,
                             "\" has pending trigger events or is read by a cursor"));
  return false;
}

Name Inspector::PlaceFor(const Name& name, bool temporary) const {
  if (temporary) return {.schema = "pg_temp", .name = name.name};
  if (!name.schema.empty() || situation_.search_path.empty()) return name;
  const absl::string_view schema = view_.CreationSchema(situation_.search_path, situation_.closed);
  return {.schema = std::string(schema), .name = name.name};
}

bool Inspector::IsLiveType(const Name& name) const {
  const UserType* type = view_.FindType(name, situation_.search_path);
  return type == nullptr || type->migration != situation_.migration;
}

std::vector<const Relation*> Inspector::Heaps(const Relation& table, bool only) const {
  std::vector<const Relation*> heaps;
  if (HoldsRows(table)) heaps.push_back(&table);
  if (only) return heaps;
  for (const Relation* child : view_.DescendantsOf(table)) {
    if (HoldsRows(*child)) heaps.push_back(child);
  }
  return heaps;
}

void Inspector::Scan(const std::vector<const Relation*>& heaps, Cause cause) {
  for (const Relation* heap : heaps) Add(Role::kScanned, *heap, cause);
}

// The rows of the other table of a foreign key.
void Inspector::Match(const std::vector<const Relation*>& heaps) {
  for (const Relation* heap : heaps) Add(Role::kMatched, *heap, Cause::kForeignKey);
}

void Inspector::Rewrite(const std::vector<const Relation*>& heaps, Cause cause, bool possible) {
  for (const Relation* heap : heaps) {
    Add(Role::kRewritten, *heap, cause, possible);
    for (const Relation* index : view_.IndexesOf(*heap)) {
      Add(Role::kRecreatedIndex, *index, cause);
      AddBuild(*heap, index->DisplayName(), cause);
    }
  }
}

// A check that the same statement drops is gone before it could prove anything (ALTER TABLE drops
// first).
Proof Inspector::ProvenNotNull(const Relation& table, const std::string& column) const {
  const TableColumn* known = table.FindColumn(column);
  if (known != nullptr && known->not_null) return Proof::kYes;
  // One that is not valid is validated, by looking at every row, whatever the checks say
  // (tablecmds.c:ATExecSetNotNull of 18).
  const bool invalid = std::any_of(
      table.constraints.begin(), table.constraints.end(), [&](const TableConstraint& constraint) {
        return constraint.kind == ConstraintKind::kNotNull && !constraint.validated &&
               constraint.columns == std::vector<std::string>{column};
      });
  if (invalid) return Proof::kNo;
  // IS NOT NULL of a row asks for each of its fields, NOT NULL for the row itself.
  if (known != nullptr && known->type != nullptr) {
    const UserType* type = view_.FindType(known->type->name, situation_.search_path);
    if (type != nullptr && type->kind == action::TypeKind::kComposite && !known->type->array) {
      return Proof::kNo;
    }
  }
  const KnownRows rows(table, [&](const TableConstraint& check) {
    return Sibling<action::DropConstraint>(
        [&](const action::DropConstraint& drop) { return drop.constraint == check.name; });
  });
  return rows.ProveNotNull(column);
}

bool Inspector::IsUsedByRoutine(const Relation& relation, const std::string* column) const {
  const std::vector<const Routine*> routines = view_.RoutinesOn(relation);
  return std::any_of(routines.begin(), routines.end(), [&](const Routine* routine) {
    return DependsOn(*routine, relation.id, column);
  });
}

// pl_exec.c:exec_stmt_execsql, executor/functions.c:init_execution_state
void Inspector::FailInBody() { Fail("0A000", "unsupported transaction command in a routine"); }

// xact.c:DefineSavepoint and its kin refuse the implicit block of a message too.
bool Inspector::InOwnBlock() const {
  return situation_.in_transaction_block && !situation_.implicit_block;
}

void Inspector::Look(const action::Commit& commit) {
  // xact.c:EndTransactionBlock
  if (commit.chain && !situation_.in_body && !InOwnBlock()) {
    Fail("25P01", "COMMIT AND CHAIN can only be used in transaction blocks");
  }
}

void Inspector::Look(const action::Rollback& rollback) {
  // xact.c:UserAbortTransactionBlock
  if (rollback.chain && !situation_.in_body && !InOwnBlock()) {
    Fail("25P01", "ROLLBACK AND CHAIN can only be used in transaction blocks");
  }
}

void Inspector::Look(const action::Savepoint&) {
  if (situation_.in_body) return FailInBody();
  if (!InOwnBlock()) {
    Fail("25P01", "SAVEPOINT can only be used in transaction blocks");
  }
}

void Inspector::Look(const action::RollbackTo& rollback) {
  if (situation_.in_body) return FailInBody();
  if (!InOwnBlock()) {
    Fail("25P01", "ROLLBACK TO SAVEPOINT can only be used in transaction blocks");
  } else if (!situation_.savepoint_known) {
    Fail("3B001", absl::StrCat("savepoint \"", rollback.name, "\" does not exist"));
  }
}

void Inspector::Look(const action::Release& release) {
  if (situation_.in_body) return FailInBody();
  if (!InOwnBlock()) {
    Fail("25P01", "RELEASE SAVEPOINT can only be used in transaction blocks");
  } else if (!situation_.savepoint_known) {
    Fail("3B001", absl::StrCat("savepoint \"", release.name, "\" does not exist"));
  }
}

// Its statements are steps of their own.
void Inspector::Look(const action::DoBlock& block) {
  // commands/functioncmds.c:ExecuteDoStmt
  if (block.language == "sql") {
    Fail("0A000", "language \"sql\" does not support inline code execution");
  }
  if (FailIfGone(ObjectKind::kLanguage, {.name = block.language})) return;
  CheckBody(block.body.get());
  const bool read = block.body != nullptr && !block.body->unknown;
  facts_.modelled = read || facts_.failure.has_value();
}

void Inspector::CheckBody(const Body* body) {
  if (body == nullptr) return;
  if (body->refusal) Fail(body->refusal->sqlstate, body->refusal->message);
  CheckDeclarations(*body);
}

// pl_comp.c:plpgsql_parse_cwordtype, plpgsql_parse_wordrowtype; 17 tells what is missing, before it
// the words no longer mean anything.
void Inspector::CheckDeclarations(const Body& body) {
  const auto is_gone = [&](const Name& table) {
    return situation_.closed || view_.IsKnownMissing(table, situation_.search_path);
  };
  for (const Name& type : body.types) {
    if (FailIfGone(ObjectKind::kType, type)) return;
  }
  for (const Name& table : body.row_types) {
    if (Find(table) != nullptr || FindComposite(table) != nullptr) continue;
    if (is_gone(table)) FailMissing(table);
  }
  for (const action::ColumnUse& use : body.column_types) {
    const Relation* table = Find(*use.relation);
    const bool missing = table == nullptr || table->FindColumn(use.column) == nullptr;
    const bool known = table == nullptr ? is_gone(*use.relation) && situation_.trusted_since == 0
                                        : KnowsAll(*table) && !table->assumed;
    if (!missing || !known || IsSystemName(*use.relation)) continue;
    if (FindComposite(*use.relation) != nullptr) continue;
    const absl::string_view told = table == nullptr ? "42P01" : "42703";
    Fail(situation_.server_version >= 17 ? told : "42601",
         absl::StrCat("nothing is there for ", use.relation->name, ".", use.column, "%TYPE"));
  }
}

void Inspector::Look(const action::Other& other) {
  facts_.modelled = false;
  // What happens to relations that nobody else uses yet hurts nobody.
  const bool unused =
      !other.relations.empty() &&
      std::all_of(other.relations.begin(), other.relations.end(), [&](const Name& name) {
        const Relation* relation = Find(name);
        return relation != nullptr && !Describe(*relation).live;
      });
  facts_.inert = unused;
}

}  // namespace plimsoll
