// The facts of what stands guard over a relation: triggers, rules, policies.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/builtins.h"
#include "analyzer/simulation/dependence.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

template <typename Part>
const Part* FindPart(const ThinVector<Part>& parts, const std::string& name) {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

absl::string_view WordFor(ObjectKind kind) {
  return kind == ObjectKind::kTrigger ? "trigger" : kind == ObjectKind::kRule ? "rule" : "policy";
}

bool HasPart(ObjectKind kind, const Relation& table, const std::string& name) {
  switch (kind) {
    case ObjectKind::kTrigger:
      return FindPart(table.triggers, name) != nullptr;
    case ObjectKind::kRule: {
      const bool view =
          table.kind == RelationKind::kView || table.kind == RelationKind::kMaterializedView;
      return FindPart(table.rules, name) != nullptr || (view && name == "_RETURN");
    }
    case ObjectKind::kPolicy:
      return FindPart(table.policies, name) != nullptr;
    default:
      return true;
  }
}

}  // namespace

bool Inspector::CheckPartName(ObjectKind kind, const Relation& table, const std::string& name) {
  if (!KnowsAll(table) || HasPart(kind, table, name)) return true;
  Fail("42704", absl::StrCat(WordFor(kind), " \"", name, "\" for table \"", table.name,
                             "\" does not exist"));
  return false;
}

// ---- triggers --------------------------------------------------------------------------------

// What the text and the table rule out (trigger.c:CreateTriggerFiringOn).
void Inspector::CheckNewTrigger(const action::CreateTrigger& create, const Relation& table) {
  using action::TriggerTiming;
  const int events = create.on_insert + create.on_update + create.on_delete + create.on_truncate;
  const bool instead = create.timing == TriggerTiming::kInsteadOf;
  if (create.on_truncate && create.each_row) {
    return Fail("0A000", "TRUNCATE FOR EACH ROW triggers are not supported");
  }
  if (instead && (!create.each_row || create.when != nullptr || !create.columns.empty())) {
    return Fail("0A000", "INSTEAD OF triggers are FOR EACH ROW, without WHEN and columns");
  }
  if (!create.transition) return;
  if (create.timing != TriggerTiming::kAfter || create.on_truncate) {
    return Fail("42P17", "transition tables are for AFTER triggers");
  }
  const bool part = create.each_row && (table.is_partition || !table.parents.empty() ||
                                        table.kind == RelationKind::kPartitionedTable);
  if (part || events > 1 || !create.columns.empty()) {
    return Fail("0A000", "transition tables do not go with this trigger");
  }
  if ((create.old_table && create.on_insert) || (create.new_table && create.on_delete)) {
    Fail("42P17", "the event has no rows of that transition table");
  }
}

// trigger.c:CreateTriggerFiringOn, of the function.
void Inspector::CheckTriggerFunction(const action::CreateTrigger& create) {
  const Name& function = create.function;
  if (FailIfGone(ObjectKind::kFunction, function)) return;
  const auto no_trigger = [&] {
    Fail("42P17", absl::StrCat("function ", function.name, " must return type trigger"));
  };
  const Routine* routine = view_.FindRoutine(function, situation_.search_path);
  if (routine == nullptr) {
    const BuiltinSupport* support = FindBuiltinSupport(function.name, situation_.server_version);
    const bool own = IsBuiltinFunction(function) && (support == nullptr || support->returns != 't');
    if (!own || !situation_.closed || situation_.extended) return;
    const auto rows = FindBuiltinFunctions(function.name, situation_.server_version);
    const bool takes_none = std::any_of(rows.begin(), rows.end(), [&](const BuiltinFunction& row) {
      return IsIn(row, situation_.server_version) && row.Takes(0);
    });
    if (takes_none) return no_trigger();
    return Fail("42883", absl::StrCat("function ", function.name, "() does not exist"));
  }
  if (MayHaveFallen(routine->created)) return;
  for (const Overload& overload : routine->overloads) {
    if (!overload.signature.empty()) continue;
    if (!overload.returns.empty() && overload.returns != "trigger") no_trigger();
    return;
  }
  if (situation_.closed && !situation_.extended) {
    Fail("42883", absl::StrCat("function ", function.name, "() does not exist"));
  }
}

// Those of UPDATE OF and of WHEN.
void Inspector::CheckTriggerColumns(const action::CreateTrigger& create, const Relation& table) {
  for (const action::ColumnUse& use : create.row_columns) {
    const bool old = use.relation->name == "old";
    if (!old && use.relation->name != "new") continue;
    const bool lacks = old ? create.on_insert : create.on_delete;
    if (!create.each_row || lacks) {
      return Fail("42P17", absl::StrCat("WHEN cannot reference ", old ? "OLD" : "NEW", " values"));
    }
    if (!use.column.empty() && !IsSystemColumn(use.column) && !HasColumn(table, use.column)) return;
  }
  for (size_t i = 0; i < create.columns.size(); ++i) {
    if (!HasColumn(table, create.columns[i])) return;
    const auto end = create.columns.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(create.columns.begin(), end, create.columns[i]) != end) {
      return Fail("42701", absl::StrCat("column \"", create.columns[i], "\" appears twice"));
    }
  }
}

// trigger.c:CreateTriggerFiringOn, by way of transformWhereClause
void Inspector::CheckTriggerCondition(const action::CreateTrigger& create, const Relation& table) {
  if (facts_.failure || !IsPlain() || !KnowsAll(table)) return;
  if (create.when->has_subquery)
    return Fail("0A000", "cannot use subquery in trigger WHEN condition");
  std::vector<TableColumn> columns;
  for (const absl::string_view row : {"old", "new"}) {
    for (const TableColumn& column : table.columns) {
      columns.push_back(column);
      columns.back().name = QualifiedColumn(row, column.name);
    }
  }
  if (CheckExpression(*create.when, columns)) CheckTruth(*create.when, columns, "WHEN");
}

void Inspector::Look(const action::CreateTrigger& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) return FailMissing(create.table);
  CheckNewTrigger(create, *table);
  CheckTriggerColumns(create, *table);
  if (create.when) CheckTriggerCondition(create, *table);
  CheckTriggerFunction(create);
  if (facts_.failure) return;
  Add(Role::kTable, *table);
  const Relation* from = create.from ? Find(*create.from) : nullptr;
  if (create.from && from == nullptr) return FailMissing(*create.from);
  if (from != nullptr) Add(Role::kRead, *from);
  std::vector<const Relation*> tables = {table};
  // A statement fires what its own table has.
  if (table->kind == RelationKind::kPartitionedTable && create.each_row) {
    for (const Relation* child : view_.DescendantsOf(*table)) {
      Add(Role::kDescendant, *child);
      tables.push_back(child);
    }
  }
  for (const Relation* one : tables) {
    const Trigger* known = FindPart(one->triggers, create.name);
    if (known == nullptr || MayHaveFallen(one->created)) continue;
    if (create.or_replace && !known->constraint && !create.constraint) continue;
    return Fail("42710", absl::StrCat("trigger \"", create.name, "\" for relation \"", one->name,
                                      "\" already exists"));
  }
}

// ---- rules -----------------------------------------------------------------------------------

// rewriteDefine.c:DefineQueryRewrite
void Inspector::Look(const action::CreateRule& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) return FailMissing(create.table);
  if (table->kind == RelationKind::kMaterializedView) {
    return Fail("0A000", "rules on materialized views are not supported");
  }
  const bool select = create.event == "select";
  if (select && !table->assumed && table->kind != RelationKind::kView) {
    // Until 15 it made a view of an empty table.
    if (situation_.server_version < 16) {
      if (create.name != "_RETURN") return Fail("42P17", "a view's rule is named \"_RETURN\"");
    } else {
      return Fail("42809", absl::StrCat("relation \"", table->name, "\" cannot have SELECT rules"));
    }
  } else if (!select && create.name == "_RETURN") {
    return Fail("42P17", "non-view rule cannot be named \"_RETURN\"");
  }
  for (const std::string& column : create.columns) {
    if (!IsSystemColumn(column) && !HasColumn(*table, column)) return;
  }
  for (const std::vector<Name>* names : {&create.reads, &create.writes}) {
    for (const Name& name : *names) {
      const Relation* other = FindRead(name);
      if (other == nullptr) continue;
      Add(names == &create.reads ? Role::kRead : Role::kWritten, *other);
    }
  }
  if (FindPart(table->rules, create.name) != nullptr && !create.or_replace) {
    return Fail("42710", absl::StrCat("rule \"", create.name, "\" for relation \"", table->name,
                                      "\" already exists"));
  }
  Add(Role::kTable, *table);
  NoteBehaviour(*table, absl::StrCat("rule `", create.name, "` rewrites what is done to `",
                                     table->name, "`"));
}

// ---- policies --------------------------------------------------------------------------------

void Inspector::CheckPolicy(const std::vector<std::string>& roles, const std::vector<Name>& reads) {
  for (const std::string& role : roles) {
    if (role != "public" && FailIfGone(ObjectKind::kRole, {.name = role})) return;
  }
  for (const Name& name : reads) {
    if (const Relation* read = FindRead(name)) Add(Role::kRead, *read);
  }
}

// policy.c:CreatePolicy
void Inspector::Look(const action::CreatePolicy& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) return FailMissing(create.table);
  if (create.has_check && (create.command == "select" || create.command == "delete")) {
    return Fail("42601", "WITH CHECK cannot be applied to SELECT or DELETE");
  }
  if (create.has_using && create.command == "insert") {
    return Fail("42601", "only WITH CHECK expression allowed for INSERT");
  }
  CheckPolicy(create.roles, create.reads);
  for (const Expression& expression : create.expressions) {
    if (!facts_.failure && KnowsAll(*table)) CheckCondition(expression, table->columns, "POLICY");
    // A subquery has columns of its own.
    if (!create.reads.empty() || expression.has_subquery) continue;
    for (const std::string& column : expression.columns) {
      if (!IsSystemColumn(column) && column != table->name && !HasColumn(*table, column)) return;
    }
    for (const FunctionCall& call : expression.calls) {
      if (FailIfGone(ObjectKind::kFunction, call.function)) return;
    }
  }
  if (FindPart(table->policies, create.name) != nullptr) {
    return Fail("42710", absl::StrCat("policy \"", create.name, "\" for table \"", table->name,
                                      "\" already exists"));
  }
  Add(Role::kTable, *table);
  if (create.restrictive) {
    facts_.breaks.push_back({.kind = BreakKind::kHiddenRows, .relation = Describe(*table)});
  }
}

// ---- ALTER of one of them --------------------------------------------------------------------

// trigger.c:renametrig, rewriteDefine.c:RenameRewriteRule, policy.c:rename_policy
void Inspector::CheckRenamedPart(const action::AlterPart& alter, const Relation& table) {
  const bool recurses = situation_.server_version >= 15;
  const bool trigger = alter.kind == ObjectKind::kTrigger;
  if (trigger && recurses && ComesFromParent(table, alter.name)) {
    // A minor release gave it a code of its own in 18.
    return Fail(situation_.server_version >= 18 ? "0A000" : "XX000",
                absl::StrCat("cannot rename trigger \"", alter.name, "\" of a partition"));
  }
  if (alter.kind == ObjectKind::kRule && alter.name == "_RETURN") {
    return Fail("42P17", "renaming an ON SELECT rule is not allowed");
  }
  const bool same = trigger && recurses && alter.to == alter.name;
  std::vector<const Relation*> tables = {&table};
  const Trigger* known = trigger ? FindPart(table.triggers, alter.name) : nullptr;
  const bool parts = recurses && known != nullptr && known->each_row &&
                     table.kind == RelationKind::kPartitionedTable;
  if (parts) tables = view_.DescendantsOf(table);
  if (parts) tables.push_back(&table);
  for (const Relation* one : tables) {
    if (same || !HasPart(alter.kind, *one, alter.to)) continue;
    return Fail("42710", absl::StrCat(WordFor(alter.kind), " \"", alter.to, "\" for relation \"",
                                      one->name, "\" already exists"));
  }
}

void Inspector::Look(const action::AlterPart& alter) {
  const Relation* table = Find(alter.table);
  if (table == nullptr) return FailMissing(alter.table);
  if (!CheckPartName(alter.kind, *table, alter.name)) return;
  if (alter.depends_on_extension) {
    if (FailIfGone(ObjectKind::kExtension, {.name = alter.extension})) return;
    return Add(Role::kRead, *table);
  }
  if (!alter.to.empty()) CheckRenamedPart(alter, *table);
  Add(Role::kTable, *table);
  CheckPolicy(alter.roles, alter.reads);
  for (const std::string& column : alter.columns) {
    if (!alter.reads.empty() || IsSystemColumn(column) || column == table->name) continue;
    if (!HasColumn(*table, column)) return;
  }
  for (const Expression& expression : alter.expressions) {
    if (!facts_.failure && KnowsAll(*table)) CheckCondition(expression, table->columns, "POLICY");
  }
  if (alter.kind == ObjectKind::kPolicy && alter.to.empty()) {
    NoteBehaviour(*table, absl::StrCat("policy `", alter.name, "` of `", table->name,
                                       "` lets other rows through"));
  }
  const bool recurses = alter.kind == ObjectKind::kTrigger && situation_.server_version >= 15 &&
                        table->kind == RelationKind::kPartitionedTable;
  if (!recurses) return;
  for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
}

}  // namespace plimsoll
