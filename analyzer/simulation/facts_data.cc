// Queries, and what they do to rows.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/implication.h"
#include "analyzer/simulation/value_text.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

using action::DataVerb;

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Null: the row gets the column's default.
const BoundValue* ValueOf(const Relation& table, const action::Write& insert,
                          const std::vector<BoundValue>& row, const std::string& column) {
  size_t place = 0;
  if (insert.columns.empty()) {
    while (place < table.columns.size() && table.columns[place].name != column) ++place;
  } else {
    const auto named = std::find(insert.columns.begin(), insert.columns.end(), column);
    place = static_cast<size_t>(named - insert.columns.begin());
  }
  return place < row.size() ? &row[place] : nullptr;
}

// The row triggers of a view are INSTEAD OF.
bool IsInstead(const Relation& view, DataVerb verb) {
  return std::any_of(view.triggers.begin(), view.triggers.end(), [&](const Trigger& trigger) {
    return trigger.each_row && (verb == DataVerb::kInsert   ? trigger.on_insert
                                : verb == DataVerb::kUpdate ? trigger.on_update
                                                            : trigger.on_delete);
  });
}

// What a row of INSERT … VALUES or of UPDATE is known to satisfy.
Predicate RowPredicate(const Relation& table, const action::Write& write,
                       const std::vector<BoundValue>& row) {
  const bool inserts = write.verb == DataVerb::kInsert;
  std::vector<Predicate> parts;
  for (const TableColumn& column : table.columns) {
    const BoundValue* value = ValueOf(table, write, row, column.name);
    Predicate part;
    part.term.column = column.name;
    if (value == nullptr) {
      // A column without a default is NULL where nothing is said of it.
      const bool null = inserts && !column.has_default && column.generated == Generated::kNo;
      if (!null) continue;
      part.kind = PredicateKind::kIsNull;
    } else if (value->kind != BoundKind::kConstant) {
      continue;
    } else if (value->literal.kind == LiteralKind::kNull) {
      part.kind = PredicateKind::kIsNull;
    } else {
      part.kind = PredicateKind::kCompare;
      part.literal = value->literal;
    }
    parts.push_back(std::move(part));
  }
  return Join(PredicateKind::kAnd, std::move(parts));
}

// Whether a column gets a value that it was given already; parts may be set one by one.
bool IsAssignedAgain(const action::Write& write, size_t place) {
  const auto is_part = [&](size_t at) {
    return std::find(write.parts.begin(), write.parts.end(), at) != write.parts.end();
  };
  const bool part = is_part(place);
  for (size_t i = 0; i < place; ++i) {
    if (write.columns[i] == write.columns[place] && !(part && is_part(i))) return true;
  }
  return false;
}

}  // namespace

void Inspector::NoteSequences(const std::vector<SequenceUse>& uses) {
  for (const SequenceUse& use : uses) {
    const Relation* named = Find(use.name);
    if (named == nullptr) {
      // Its name is a constant of the type regclass.
      if (use.column.empty()) FailMissing(use.name);
      continue;
    }
    const bool gives = named->assumed || named->kind == RelationKind::kSequence;
    if (use.column.empty() && !gives) {
      Fail("42809", absl::StrCat("\"", named->name, "\" is not a sequence"));
    }
    if (use.column.empty() && named->kind == RelationKind::kSequence) {
      Add(Role::kUsedSequence, *named);
    }
    if (use.column.empty() || !named->IsTable()) continue;
    for (const Relation* sequence : view_.SequencesOf(*named)) {
      if (sequence->owner_column == use.column) Add(Role::kUsedSequence, *sequence);
    }
  }
}

// parse_func.c:ParseFuncOrColumn
void Inspector::NoteCallsIn(const action::ModifyData& modify) {
  std::vector<FunctionCall> calls;
  for (const FunctionCall& call : modify.calls) {
    const std::string& name = call.function.name;
    const bool column =
        call.of_name && view_.FindRoutine(call.function, situation_.search_path) == nullptr &&
        !IsBuiltinFunctionName(name) &&
        std::any_of(modify.reads.begin(), modify.reads.end(), [&](const Name& read) {
          const Relation* relation = Find(read);
          return relation != nullptr && relation->FindColumn(name) != nullptr;
        });
    if (!column) calls.push_back(call);
  }
  NoteCalls(calls, /*bodies_run=*/true);
}

void Inspector::NoteRead(const Relation& read, Role role, const OptionalPredicate& where,
                         bool only) {
  Add(role, read);
  facts_.calls_unknown = facts_.calls_unknown || read.calls_unknown;
  if (only) return;
  if (read.kind == RelationKind::kPartitionedTable) {
    for (const Relation* part : ReachedBy(read, where, view_)) Add(role, *part);
  } else if (read.kind == RelationKind::kTable) {
    // Children by inheritance are read with their parent.
    for (const Relation* child : view_.DescendantsOf(read)) Add(role, *child);
  }
  if (read.kind != RelationKind::kView) return;
  for (const ViewUse& use : read.uses) {
    const Relation* shown = view_.Find(use.relation);
    const Role as = use.row_locked ? Role::kRowLocked : role;
    if (shown != nullptr) NoteRead(*shown, as, nullptr, use.only);
  }
}

// execMain.c:InitPlan, by way of relation_open of a scan that runs.
bool Inspector::CheckPopulated(const Relation& read) {
  const bool populated = read.kind != RelationKind::kMaterializedView || read.assumed ||
                         read.maybe_has_rows || MayHaveFallen(read.created);
  if (!populated) {
    Fail("55000", absl::StrCat("materialized view \"", read.name, "\" has not been populated"));
  }
  return populated;
}

// execMain.c:CheckValidRowMarkRel; a view's relations are locked with it.
bool Inspector::CheckRowLocked(const Relation& read) {
  const bool kept =
      read.kind == RelationKind::kMaterializedView || read.kind == RelationKind::kSequence;
  if (kept && !read.assumed) {
    Fail("42809", absl::StrCat("cannot lock rows in \"", read.name, "\""));
    return false;
  }
  if (read.kind != RelationKind::kView) return true;
  return std::all_of(read.uses.begin(), read.uses.end(), [&](const ViewUse& use) {
    const Relation* shown = view_.Find(use.relation);
    return shown == nullptr || CheckRowLocked(*shown);
  });
}

void Inspector::NoteReadAll(const Relation& read, bool only) {
  NoteRead(read, Role::kRead, nullptr, only);
  if (only) return Scan(Heaps(read, true), Cause::kQuery);
  std::vector<const Relation*> shown = {&read};
  for (size_t next = 0; next < shown.size(); ++next) {
    Scan(Heaps(*shown[next], false), Cause::kQuery);
    if (shown[next]->kind != RelationKind::kView) continue;
    for (const ViewUse& use : shown[next]->uses) {
      if (const Relation* under = view_.Find(use.relation)) shown.push_back(under);
    }
  }
}

// ---- changing rows -----------------------------------------------------------------------------

// Writing rows has the foreign keys looked up (ri_triggers.c): the key of a row that refers, and
// the rows that refer to a key which goes away.
void Inspector::NoteLookups(const Relation& table, const action::Write& write) {
  const auto touches = [&](const std::vector<std::string>& columns) {
    return write.verb != DataVerb::kUpdate ||
           std::any_of(columns.begin(), columns.end(),
                       [&](const std::string& column) { return Holds(write.columns, column); });
  };
  if (write.verb == DataVerb::kMerge || !situation_.fires_triggers) return;
  for (const TableConstraint& constraint : table.constraints) {
    const Relation* referenced = view_.Find(constraint.referenced);
    const bool looked_up = referenced != nullptr && constraint.enforced &&
                           write.verb != DataVerb::kDelete && touches(constraint.columns);
    if (looked_up) Add(Role::kReferenced, *referenced);
  }
  if (write.verb == DataVerb::kInsert) return;
  for (const Relation* child : view_.ReferencingTables(table)) {
    for (const TableConstraint& constraint : child->constraints) {
      if (constraint.referenced != table.id || !constraint.enforced) continue;
      if (!touches(constraint.referenced_columns)) continue;
      const bool writes =
          Writes(write.verb == DataVerb::kUpdate ? constraint.on_update : constraint.on_delete);
      Add(writes ? Role::kWritten : Role::kRowLocked, *child);
    }
  }
}

// rewriteHandler.c:rewriteTargetListIU
bool Inspector::CheckAssigned(const Relation& table, const action::Write& write) {
  const bool insert = write.verb == DataVerb::kInsert;
  std::vector<std::string> assigned = write.columns;
  // Without a list the values fill the columns in their order.
  for (size_t i = 0; insert && write.columns.empty() && i < table.columns.size(); ++i) {
    if (i < write.width.value_or(0)) assigned.push_back(table.columns[i].name);
  }
  for (const std::string& column : assigned) {
    const TableColumn* known = table.FindColumn(column);
    if (known == nullptr || Holds(write.defaulted, column)) continue;
    const bool computed =
        known->generated == Generated::kStored || known->generated == Generated::kVirtual;
    const bool identity = known->generated == Generated::kIdentity && known->always;
    if (!computed && (!identity || write.overrides)) continue;
    // DEFAULT among the rows of an INSERT without a list is not looked for.
    const bool may_default =
        insert && write.columns.empty() &&
        std::any_of(write.rows.begin(), write.rows.end(), [&](const std::vector<BoundValue>& row) {
          const BoundValue* value = ValueOf(table, write, row, column);
          return value == nullptr || value->kind != BoundKind::kConstant;
        });
    if (may_default || (write.columns.empty() && write.rows.empty())) continue;
    Fail(situation_.server_version >= 14 || identity ? "428C9" : "42601",
         absl::StrCat("column \"", column, "\" is generated always"));
    return false;
  }
  return true;
}

// analyze.c:transformInsertRow, parse_target.c:checkInsertTargets
bool Inspector::CheckWritten(const Relation& table, const action::Write& write) {
  const bool insert = write.verb == DataVerb::kInsert;
  for (auto column = write.columns.begin(); column != write.columns.end(); ++column) {
    if (!HasColumn(table, *column)) return false;
    if (!IsAssignedAgain(write, static_cast<size_t>(column - write.columns.begin()))) continue;
    if (insert) {
      Fail("42701", absl::StrCat("column \"", *column, "\" specified more than once"));
      return false;
    }
    Fail("42601", absl::StrCat("multiple assignments to same column \"", *column, "\""));
    return false;
  }
  if (table.kind == RelationKind::kView && !CheckUpdatable(table, write)) return false;
  if (!CheckAssigned(table, write) || !CheckValues(table, write)) return false;
  if (write.conflict && !CheckConflict(table, *write.conflict)) return false;
  if (!insert || !write.width || *write.width == 0) return true;
  return CheckWidth(table, write, *write.width);
}

// analyze.c:transformInsertRow
bool Inspector::CheckWidth(const Relation& table, const action::Write& insert, size_t values) {
  const bool knows = !insert.columns.empty() || (KnowsAll(table) && table.IsTable());
  const size_t columns = insert.columns.empty() ? table.columns.size() : insert.columns.size();
  if (knows && values > columns) {
    Fail("42601", "INSERT has more expressions than target columns");
  } else if (values < insert.columns.size()) {
    Fail("42601", "INSERT has more target columns than expressions");
  }
  return !facts_.failure;
}

// plancat.c:infer_arbiter_indexes
bool Inspector::CheckConflict(const Relation& table, const action::OnConflict& conflict) {
  if (!conflict.inferred || !KnowsAll(table) || !table.IsTable()) return true;
  if (!conflict.constraint.empty()) {
    if (table.FindConstraint(conflict.constraint) != nullptr) return true;
    Fail("42704", absl::StrCat("constraint \"", conflict.constraint, "\" for table \"", table.name,
                               "\" does not exist"));
    return false;
  }
  for (const std::string& column : conflict.columns) {
    if (!column.empty() && !HasColumn(table, column)) return false;
  }
  if (conflict.expressions) return true;
  const auto decides = [&](const Relation* index) {
    if (!index->unique || !index->valid || index->has_predicate) return false;
    std::vector<std::string> keys;
    for (const action::IndexColumn& key : index->keys) keys.push_back(key.column);
    std::vector<std::string> wanted = conflict.columns;
    std::sort(keys.begin(), keys.end());
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    return keys == wanted;
  };
  const std::vector<const Relation*> indexes = view_.IndexesOf(table);
  if (std::any_of(indexes.begin(), indexes.end(), decides)) return true;
  Fail("42P10",
       "there is no unique or exclusion constraint matching the ON CONFLICT specification");
  return false;
}

// rewriteHandler.c:rewriteTargetView
bool Inspector::CheckUpdatable(const Relation& view, const action::Write& write) {
  if (write.verb == DataVerb::kMerge) {
    if (situation_.server_version >= 17) return true;
    Fail("0A000", absl::StrCat("cannot execute MERGE on relation \"", view.name, "\""));
    return false;
  }
  // A view of a view changes what is below both.
  const Relation* target = &view;
  while (target != nullptr && target->kind == RelationKind::kView) {
    if (IsInstead(*target, write.verb) || !target->rules.empty()) return true;
    if (target->derived) {
      Fail("55000", absl::StrCat("cannot change rows of view \"", target->name, "\""));
      return false;
    }
    target = target->uses.size() == 1 ? view_.Find(target->uses[0].relation) : nullptr;
  }
  return true;
}

void Inspector::NoteDrawn(const Relation& table, const action::Write& write) {
  if (write.verb != DataVerb::kInsert || !table.IsTable()) return;
  if (!write.width && write.columns.empty()) return;
  for (size_t place = 0; place < table.columns.size(); ++place) {
    const TableColumn& column = table.columns[place];
    const bool said =
        write.columns.empty() ? place < *write.width : Holds(write.columns, column.name);
    const bool defaulted = write.columns.empty()
                               ? std::find(write.defaulted_at.begin(), write.defaulted_at.end(),
                                           place) != write.defaulted_at.end()
                               : Holds(write.defaulted, column.name);
    if (said && !defaulted) continue;
    const bool draws = column.generated == Generated::kIdentity || column.has_default;
    if (!draws) continue;
    if (column.default_value != nullptr) NoteSequences(column.default_value->sequences);
    for (const Relation* sequence : view_.SequencesOf(table)) {
      // A default that is known says itself what it draws from.
      const bool own = sequence->owner_column == column.name && column.default_value == nullptr;
      if (own) Add(Role::kUsedSequence, *sequence, Cause::kQuery, /*possible=*/!write.width);
    }
  }
}

// execPartition.c:ExecFindPartition; an UPDATE of a key takes its rows to another partition
// (nodeModifyTable.c:ExecCrossPartitionUpdate).
void Inspector::NoteRouted(const Relation& table, const action::Write& write) {
  const bool insert = write.verb == DataVerb::kInsert;
  const bool moves =
      write.verb == DataVerb::kUpdate &&
      std::any_of(write.columns.begin(), write.columns.end(),
                  [&](const std::string& column) { return Holds(table.partition_keys, column); });
  if (table.kind != RelationKind::kPartitionedTable || (!insert && !moves)) return;
  for (const std::vector<BoundValue>& row : write.rows) {
    const Routing routing = RouteOf(table, RowPredicate(table, write, row), view_);
    for (const Relation* part : routing.partitions) Add(Role::kDescendant, *part);
    const bool found = !routing.partitions.empty() &&
                       routing.partitions.back()->kind != RelationKind::kPartitionedTable;
    if (insert && routing.known && !found && KnowsAll(table)) {
      return Fail("23514",
                  absl::StrCat("no partition of relation \"", table.name, "\" found for row"));
    }
  }
}

// rewriteHandler.c:fireRules; what the rules of their targets do is not followed.
bool Inspector::NoteRules(const Relation& table, const action::Write& write) {
  const absl::string_view event = write.verb == DataVerb::kInsert   ? "insert"
                                  : write.verb == DataVerb::kUpdate ? "update"
                                  : write.verb == DataVerb::kDelete ? "delete"
                                                                    : "";
  bool instead = false;
  for (const RewriteRule& rule : table.rules) {
    if (rule.event != event) continue;
    instead = instead || rule.instead;
    for (const RelationId id : rule.writes) {
      if (const Relation* written = view_.Find(id)) Add(Role::kWritten, *written);
    }
    for (const RelationId id : rule.reads) {
      if (const Relation* read = view_.Find(id)) Add(Role::kRead, *read);
    }
  }
  return instead;
}

void Inspector::NoteWrite(const action::Write& write, const OptionalPredicate& where) {
  const Relation* table = Find(write.table.name);
  if (table == nullptr) return FailMissing(write.table.name, /*in_query=*/true);
  CheckForeign(*table);
  if (!CheckWritten(*table, write)) return;
  if (NoteRules(*table, write)) return Add(Role::kTable, *table);
  NoteWriteOn(*table, write, where);
  // The bound of a part is read from its wholes (partcache.c:generate_partition_qual); since 14
  // nobody asks for it to delete rows.
  const bool bound = situation_.server_version < 14 || write.verb == DataVerb::kInsert ||
                     write.verb == DataVerb::kUpdate;
  const Relation* part = bound && !facts_.failure ? table : nullptr;
  while (part != nullptr && part->is_partition && !part->parents.empty()) {
    part = view_.Find(part->parents[0]);
    if (part != nullptr) Add(Role::kRead, *part);
  }
  // A simple view passes the write on (rewriteHandler.c:rewriteTargetView).
  for (int depth = 0; depth < 32 && table->kind == RelationKind::kView; ++depth) {
    if (IsInstead(*table, write.verb)) return NoteInstead(*table, write);
    const bool only = table->uses.size() == 1 && table->uses[0].only;
    table = table->uses.size() == 1 ? view_.Find(table->uses[0].relation) : nullptr;
    if (table == nullptr) return;
    if (NoteRules(*table, write)) return Add(Role::kTable, *table);
    action::Write passed = write;
    passed.table.only = write.table.only || only;
    NoteWriteOn(*table, passed, nullptr);
  }
}

// The rows for the triggers are those that the view shows.
void Inspector::NoteInstead(const Relation& view, const action::Write& write) {
  if (write.verb != DataVerb::kUpdate && write.verb != DataVerb::kDelete) return;
  for (const ViewUse& use : view.uses) {
    const Relation* under = view_.Find(use.relation);
    if (under == nullptr) continue;
    NoteRead(*under);
    if (view.derived || !write.has_where) NoteReadAll(*under);
  }
}

void Inspector::NoteWriteOn(const Relation& table, const action::Write& write,
                            const OptionalPredicate& where) {
  Add(Role::kTable, table);
  NoteRouted(table, write);
  const bool insert = write.verb == DataVerb::kInsert;
  if (insert || write.table.only) {
    // Its own rows alone.
  } else if (table.kind == RelationKind::kPartitionedTable) {
    for (const Relation* child : ReachedBy(table, where, view_)) Add(Role::kDescendant, *child);
  } else {
    for (const Relation* child : view_.DescendantsOf(table)) Add(Role::kDescendant, *child);
  }
  NoteLookups(table, write);
  const bool all =
      (write.verb == DataVerb::kUpdate || write.verb == DataVerb::kDelete) && !write.has_where;
  if (!all) return;
  Scan(Heaps(table, write.table.only), Cause::kQuery);
  if (write.verb == DataVerb::kDelete) {
    facts_.losses.push_back({.kind = LossKind::kRows, .relation = Describe(table)});
  }
}

// sequence.c:currval_oid, lastval
void Inspector::CheckDrawn(const action::ModifyData& modify) {
  const SessionState* state = situation_.state;
  if (state == nullptr || state->called || situation_.in_body || modify.has_subquery) return;
  const bool asks = std::any_of(
      modify.calls.begin(), modify.calls.end(),
      [](const FunctionCall& call) { return call.function.name == "currval" && call.certain; });
  if (!asks || modify.calls.size() != 1) return;
  for (const SequenceUse& use : modify.sequences) {
    const Relation* sequence = use.column.empty() ? Find(use.name) : nullptr;
    if (sequence == nullptr || sequence->assumed || state->drawn.contains(sequence->id)) continue;
    return Fail("55000", absl::StrCat("currval of sequence \"", sequence->name,
                                      "\" is not yet defined in this session"));
  }
}

// The type of the column that gets a row's value; null where it is not known.
const TypeName* Inspector::TypeOfPlace(const Relation& table, const action::Write& write,
                                       size_t place) const {
  const TableColumn* column = nullptr;
  if (!write.columns.empty()) {
    column = place < write.columns.size() ? table.FindColumn(write.columns[place]) : nullptr;
  } else if (table.columns_known && place < table.columns.size()) {
    column = &table.columns[place];
  }
  return column == nullptr ? nullptr : column->type.get();
}

bool Inspector::CheckAssignable(const Type& from, const TypeName& column) {
  const TypeScope scope = Scope();
  const Type to = ResolveType(column, scope);
  const bool known =
      from.type_class != TypeClass::kUnknown && to.type_class != TypeClass::kUnknown && IsPlain();
  if (!known || FindConversion(from, to, CastContext::kAssignment, scope).path != CastPath::kNone) {
    return true;
  }
  Fail("42804",
       absl::StrCat("a column of type ", to.name, " gets an expression of type ", from.name));
  return false;
}

// rewriteHandler.c:rewriteTargetListIU, of INSERT … SELECT without a list of columns.
bool Inspector::CheckGeneratedPlaces(const Relation& table, const action::Write& insert,
                                     size_t values) {
  if (!insert.columns.empty() || !KnowsAll(table)) return true;
  for (size_t i = 0; i < values && i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    const bool computed =
        column.generated == Generated::kStored || column.generated == Generated::kVirtual;
    const bool identity =
        column.generated == Generated::kIdentity && column.always && !insert.overrides;
    if (!computed && !identity) continue;
    Fail(situation_.server_version >= 14 || identity ? "428C9" : "42601",
         absl::StrCat("column \"", column.name, "\" is generated always"));
    return false;
  }
  return true;
}

// analyze.c:transformInsertRow, by way of parse_target.c:transformAssignedExpr
bool Inspector::CheckSelectedTypes(const action::ModifyData& modify, const QueryColumns& query) {
  const Relation* table = Find(modify.writes[0].table.name);
  if (table == nullptr || !query.known) return true;
  // What is not there is said before their number.
  for (const std::string& column : modify.writes[0].columns) {
    if (!HasColumn(*table, column)) return false;
  }
  if (!CheckWidth(*table, modify.writes[0], query.columns.size())) return false;
  if (!CheckGeneratedPlaces(*table, modify.writes[0], query.columns.size())) return false;
  if (modify.writes[0].assigns_parts) return true;
  for (size_t i = 0; i < query.columns.size(); ++i) {
    const TypeName* column = TypeOfPlace(*table, modify.writes[0], i);
    if (column == nullptr || query.columns[i].type == nullptr) continue;
    if (!CheckAssignable(ResolveType(*query.columns[i].type, Scope()), *column)) return false;
  }
  for (const QueryColumns::Untyped& untyped : query.untyped) {
    const TypeName* column = TypeOfPlace(*table, modify.writes[0], untyped.place);
    const bool text = column != nullptr && untyped.text.has_value();
    const Literal literal = {.kind = LiteralKind::kString, .text = untyped.text.value_or("")};
    if (text && !CheckValue(literal, *column)) return false;
  }
  return true;
}

// What a literal cannot be read as, or does not fit into.
bool Inspector::CheckValue(const Literal& literal, const TypeName& column) {
  if (!literal.type.empty() || literal.kind == LiteralKind::kNull) return true;
  const TypeScope scope = Scope();
  const bool string = literal.kind == LiteralKind::kString;
  if (column.array && !string) return true;
  if (!string) {
    const bool whole = literal.text.find_first_of(".eE") == std::string::npos;
    const absl::string_view type = literal.kind == LiteralKind::kBool ? "bool"
                                   : whole                            ? "int4"
                                                                      : "numeric";
    if (!CheckAssignable(BuiltinNamed(type, scope), column)) return false;
  }
  const Type to = ResolveType(column, scope);
  absl::string_view bad = string ? JudgeText(literal.text, to, scope) : "";
  if (bad.empty() && literal.kind != LiteralKind::kBool) {
    bad = JudgeFit(literal.text, string, BaseOf(to, scope));
  }
  if (!bad.empty()) {
    Fail(bad, absl::StrCat("\"", literal.text, "\" is no value of type ", to.name));
    return false;
  }
  if (string && !column.array) CheckLabel(column.name, literal.text);
  return !facts_.failure;
}

// The constants of INSERT … VALUES and of UPDATE.
bool Inspector::CheckValues(const Relation& table, const action::Write& write) {
  for (const std::vector<BoundValue>& row : write.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const TypeName* column = write.assigns_parts ? nullptr : TypeOfPlace(table, write, i);
      const bool constant = column != nullptr && row[i].kind == BoundKind::kConstant;
      if (constant && !CheckValue(row[i].literal, *column)) return false;
    }
  }
  return true;
}

// parse_func.c:ParseFuncOrColumn, of CALL.
bool Inspector::CheckProcedure(const action::ModifyData& modify, const QueryColumns& arguments) {
  const Name& name = modify.calls.back().function;
  if (IsPlain() && FailIfGone(ObjectKind::kProcedure, name)) return false;
  const Routine* routine = view_.FindRoutine(name, situation_.search_path);
  if (routine == nullptr || MayHaveFallen(routine->created)) return true;
  const bool one = routine->overloads.size() == 1;
  if (one && !routine->procedure) {
    Fail("42809", absl::StrCat(name.name, " is not a procedure"));
    return false;
  }
  const absl::string_view signature = one ? routine->overloads[0].signature : absl::string_view();
  const std::vector<absl::string_view> types = absl::StrSplit(signature, ", ", absl::SkipEmpty());
  const TypeScope scope = Scope();
  for (size_t i = 0; one && i < arguments.columns.size() && i < types.size(); ++i) {
    const auto& given = arguments.columns[i].type;
    if (given == nullptr || !IsBuiltinType({.name = std::string(types[i])})) continue;
    const Type from = ResolveType(*given, scope);
    const Type to = BuiltinNamed(types[i], scope);
    const bool known = from.type_class == TypeClass::kScalar && to.type_class == TypeClass::kScalar;
    if (!known || FindConversion(from, to, CastContext::kImplicit, scope).path != CastPath::kNone) {
      continue;
    }
    Fail("42883", absl::StrCat("procedure ", name.name, " takes no ", from.name));
    return false;
  }
  return true;
}

// The names and types in the query, as far as they can be told.
bool Inspector::CheckComputed(const action::ModifyData& modify) {
  if (modify.copies_out) {
    const Relation* copied = modify.reads.empty() ? nullptr : Find(modify.reads[0]);
    for (const action::ColumnUse& use : modify.columns_used) {
      if (copied != nullptr && !HasColumn(*copied, use.column)) return false;
    }
    return true;
  }
  if (situation_.in_body) return true;
  if (modify.returning) CheckSelection(modify.returning, std::nullopt);
  if (modify.selection == nullptr || facts_.failure) return !facts_.failure;
  const QueryColumns query = CheckSelection(modify.selection, std::nullopt);
  if (modify.calls_procedure && !facts_.failure && !CheckProcedure(modify, query)) return false;
  if (facts_.failure || modify.writes.empty()) return !facts_.failure;
  if (!modify.own_write) return true;
  const Relation* table = Find(modify.writes[0].table.name);
  for (const TableColumn& assigned :
       table == nullptr ? std::vector<TableColumn>() : query.assigned) {
    const TableColumn* column = table->FindColumn(assigned.name);
    const bool known = column != nullptr && column->type && assigned.type;
    if (known && !CheckAssignable(ResolveType(*assigned.type, Scope()), *column->type)) {
      return false;
    }
  }
  const bool inserts = modify.writes[0].verb == DataVerb::kInsert;
  return !inserts || CheckSelectedTypes(modify, query);
}

bool Inspector::HasDefault(const TableColumn& column) const {
  if (column.has_default || column.generated != Generated::kNo || column.type == nullptr) {
    return true;
  }
  const UserType* type = view_.FindType(column.type->name, situation_.search_path);
  return type != nullptr ? type->has_default : !IsBuiltinType(column.type->name);
}

// execMain.c:ExecConstraints. A trigger may mend the row before it is looked at; that of a SELECT
// may not be there.
void Inspector::CheckNulls(const Relation& table, const action::Write& insert) {
  const bool mends =
      std::any_of(table.triggers.begin(), table.triggers.end(), [](const Trigger& trigger) {
        return trigger.on_insert && trigger.before && trigger.each_row;
      });
  const bool plain = insert.verb == DataVerb::kInsert && insert.width && table.IsTable();
  if (!plain || mends || !table.rules.empty() || !KnowsAll(table)) return;
  for (size_t place = 0; place < table.columns.size(); ++place) {
    const TableColumn& column = table.columns[place];
    if (!column.not_null) continue;
    const bool said =
        insert.columns.empty() ? place < *insert.width : Holds(insert.columns, column.name);
    const auto is_null = [&](const std::vector<BoundValue>& row) {
      const BoundValue* value = ValueOf(table, insert, row, column.name);
      return value != nullptr && value->kind == BoundKind::kConstant &&
             value->literal.kind == LiteralKind::kNull;
    };
    const bool defaulted = Holds(insert.defaulted, column.name) && insert.rows.size() == 1;
    const bool null = said && !defaulted
                          ? std::any_of(insert.rows.begin(), insert.rows.end(), is_null)
                          : !HasDefault(column);
    if (!null) continue;
    return Fail("23502", absl::StrCat("null value in column \"", column.name, "\" of relation \"",
                                      table.name, "\" violates not-null constraint"));
  }
}

// execReplication.c:CheckCmdReplicaIdentity; what FOR ALL TABLES and schemas publish is not looked
// at.
bool Inspector::CheckIdentified(const Relation& table, const action::Write& write) {
  const bool deletes = write.verb == DataVerb::kDelete;
  const bool changes = deletes || write.verb == DataVerb::kUpdate;
  if (!changes || !table.IsTable() || !KnowsAll(table) || table.replica_full) return true;
  const TableConstraint* key = table.PrimaryKey();
  const Relation* index = view_.Find(table.replica_identity != 0 ? table.replica_identity
                                     : key != nullptr            ? key->index
                                                                 : 0);
  for (const Publishing& place : table.publications) {
    const NamedObject* publication =
        view_.FindObject(ObjectKind::kPublication, {.name = place.publication}, {});
    const bool publishes =
        publication != nullptr &&
        (publication->publishes.empty() ||
         absl::StrContains(publication->publishes, deletes ? "delete" : "update"));
    if (!publishes) continue;
    if (index == nullptr || table.replica_nothing) {
      Fail("55000", absl::StrCat("cannot change rows of \"", table.name,
                                 "\" because it has no replica identity and is published"));
      return false;
    }
    for (const std::string& column : place.filter) {
      const bool identifies =
          std::any_of(index->keys.begin(), index->keys.end(),
                      [&](const action::IndexColumn& by) { return by.column == column; });
      if (identifies) continue;
      Fail("42P10", absl::StrCat("column \"", column,
                                 "\" of the publication's WHERE is not part of the replica "
                                 "identity"));
      return false;
    }
  }
  return true;
}

void Inspector::Look(const action::ModifyData& modify) {
  NoteCallsIn(modify);
  if (modify.runs_program) facts_.calls_unknown = true;
  if (modify.copies_out) facts_.conditions |= kCopiesOut;
  const Relation* filled = modify.copies_in ? Find(modify.writes[0].table.name) : nullptr;
  if (filled != nullptr && filled->kind == RelationKind::kView &&
      !IsInstead(*filled, DataVerb::kInsert)) {
    return Fail("42809", absl::StrCat("cannot copy to view \"", filled->name, "\""));
  }
  if (!modify.planned_only) {
    CheckDrawn(modify);
    NoteSequences(modify.sequences);
  }
  for (const Name& name : modify.reads) {
    const Relation* read = FindRead(name);
    if (read == nullptr) continue;
    const auto& named = modify.row_locked;
    const bool row_locked =
        modify.locks_rows || std::find(named.begin(), named.end(), name) != named.end();
    if (row_locked && !CheckRowLocked(*read)) return;
    if (!modify.planned_only) CheckForeign(*read);
    if (!modify.planned_only && !CheckPopulated(*read)) return;
    const bool only = std::find(modify.reads_only.begin(), modify.reads_only.end(), name) !=
                      modify.reads_only.end();
    NoteRead(*read, row_locked ? Role::kRowLocked : Role::kRead, modify.where, only);
    if (modify.reads_all) NoteReadAll(*read, only);
  }
  const bool targets =
      std::all_of(modify.writes.begin(), modify.writes.end(),
                  [&](const action::Write& write) { return Find(write.table.name) != nullptr; });
  if (modify.refused && targets) return Fail(modify.refused->sqlstate, modify.refused->message);
  if (!CheckComputed(modify)) {
    facts_.calls_unknown = false;
    return;
  }
  if (modify.locks_derived) Fail("0A000", "FOR UPDATE is not allowed with these rows");
  // SELECT f() is said for what f does.
  facts_.modelled = !facts_.calls_unknown || !modify.writes.empty() || modify.runs_program;
  for (const action::Write& write : modify.writes) {
    NoteWrite(write, modify.where);
    const Relation* table = modify.planned_only ? nullptr : Find(write.table.name);
    if (table == nullptr) continue;
    NoteDrawn(*table, write);
    if (!CheckIdentified(*table, write)) return;
  }
  // EXPLAIN and PREPARE read and lose nothing.
  if (modify.planned_only) {
    facts_.losses.clear();
    facts_.actors.erase(
        std::remove_if(facts_.actors.begin(), facts_.actors.end(),
                       [](const Actor& actor) { return actor.role == Role::kScanned; }),
        facts_.actors.end());
  }
  CheckPrepared(modify);
  CheckReadOnly(modify);
  if (facts_.failure) return;
  CheckLabels(modify.texts, nullptr);
  for (const action::Write& write : modify.writes) {
    const Relation* table = Find(write.table.name);
    CheckLabels(write.texts, table);
    const bool runs = table != nullptr && !modify.planned_only && !facts_.failure;
    if (runs && modify.writes.size() == 1) CheckNulls(*table, write);
  }
}

}  // namespace plimsoll
