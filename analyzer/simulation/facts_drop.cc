// The facts of DROP, TRUNCATE and statements about rows.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"

namespace plimsoll {
namespace {

bool Contains(const std::vector<RelationId>& ids, RelationId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

absl::string_view KindWord(RelationKind kind) {
  switch (kind) {
    case RelationKind::kTable:
    case RelationKind::kPartitionedTable:
      return "table";
    case RelationKind::kIndex:
    case RelationKind::kPartitionedIndex:
      return "index";
    case RelationKind::kSequence:
      return "sequence";
    case RelationKind::kView:
      return "view";
    case RelationKind::kMaterializedView:
      return "materialized view";
    case RelationKind::kForeignTable:
      return "foreign table";
  }
  return "relation";
}

bool DropsRelation(ObjectKind kind) {
  return kind == ObjectKind::kTable || kind == ObjectKind::kIndex || kind == ObjectKind::kView ||
         kind == ObjectKind::kMaterializedView || kind == ObjectKind::kSequence ||
         kind == ObjectKind::kForeignTable;
}

std::string Depends(const Relation& relation) {
  return absl::StrCat("cannot drop ", KindWord(relation.kind), " ", relation.name,
                      " because other objects depend on it");
}

}  // namespace

void Inspector::NoteDroppedTable(const Relation& table, const action::Drop& drop,
                                 const std::vector<RelationId>& dropped) {
  for (const Relation* index : view_.IndexesOf(table)) Add(Role::kDroppedIndex, *index);
  for (const Relation* sequence : view_.SequencesOf(table)) Add(Role::kSequence, *sequence);
  for (const TableConstraint& constraint : table.constraints) {
    const Relation* referenced = view_.Find(constraint.referenced);
    if (referenced != nullptr && referenced->id != table.id) Add(Role::kPartner, *referenced);
  }
  for (const Relation* child : view_.ReferencingTables(table)) {
    if (Contains(dropped, child->id)) continue;
    if (!drop.cascade) return Fail("2BP01", Depends(table));
    Add(Role::kPartner, *child);
  }
  for (const RelationId id : table.children) {
    const Relation* child = view_.Find(id);
    if (child == nullptr || Contains(dropped, id)) continue;
    // Partitions go with their table; children by inheritance have a life of their own.
    if (!child->is_partition && !drop.cascade) return Fail("2BP01", Depends(table));
    Add(Role::kTable, *child);
    NoteDroppedTable(*child, drop, dropped);
  }
  if (!table.is_partition) return;
  for (const RelationId id : table.parents) {
    const Relation* parent = view_.Find(id);
    if (parent == nullptr || Contains(dropped, id)) continue;
    Add(Role::kParent, *parent);
    for (const RelationId sibling_id : parent->children) {
      const Relation* sibling = view_.Find(sibling_id);
      if (sibling != nullptr && sibling->is_default_partition && sibling->id != table.id) {
        Add(Role::kDefaultPartition, *sibling);
      }
    }
  }
}

void Inspector::NoteDroppedIndex(const Relation& index, const action::Drop& drop) {
  const Relation* table = view_.Find(index.table);
  if (drop.concurrently) facts_.conditions |= kConcurrently;
  if (table == nullptr) return;
  for (const TableConstraint& constraint : table->constraints) {
    if (constraint.index == index.id) {
      return Fail("2BP01",
                  absl::StrCat("cannot drop index ", index.name, " because constraint ",
                               constraint.name, " on table ", table->name, " requires it"));
    }
  }
  for (const RelationId id : index.parents) {
    if (const Relation* parent = view_.Find(id)) {
      return Fail("2BP01", absl::StrCat("cannot drop index ", index.name, " because index ",
                                        parent->name, " requires it"));
    }
  }
  // A foreign key may rely on a plain unique index (tablecmds.c:transformFkeyCheckAttrs).
  for (const Relation* child : view_.ReferencingTables(*table)) {
    for (const TableConstraint& foreign : child->constraints) {
      std::vector<std::string> keys;
      for (const action::IndexColumn& key : index.keys) keys.push_back(key.column);
      if (index.unique && foreign.referenced == table->id && foreign.referenced_columns == keys &&
          !drop.cascade) {
        return Fail("2BP01", Depends(index));
      }
    }
  }
  Add(Role::kTable, *table);
  for (const RelationId id : index.children) {
    const Relation* part = view_.Find(id);
    if (part == nullptr) continue;
    Add(Role::kDroppedIndex, *part);
    if (const Relation* on = view_.Find(part->table)) Add(Role::kTable, *on);
  }
}

void Inspector::NoteDroppedRelation(const Relation& relation, const action::Drop& drop,
                                    const std::vector<RelationId>& dropped) {
  if (relation.IsIndex()) {
    Add(Role::kDroppedIndex, relation);
    NoteDroppedIndex(relation, drop);
    return;
  }
  Add(relation.IsTable() ? Role::kTable : Role::kView, relation);
  for (const Relation* view : view_.ViewsOn(relation)) {
    if (Contains(dropped, view->id)) continue;
    if (!drop.cascade) return Fail("2BP01", Depends(relation));
    Add(Role::kView, *view);
    for (const Relation* index : view_.IndexesOf(*view)) Add(Role::kDroppedIndex, *index);
    for (const Relation* above : view_.ViewsOn(*view)) Add(Role::kView, *above);
  }
  if (relation.IsTable()) {
    NoteDroppedTable(relation, drop, dropped);
    facts_.losses.push_back({.kind = LossKind::kTable, .relation = Describe(relation)});
  } else {
    for (const Relation* index : view_.IndexesOf(relation)) Add(Role::kDroppedIndex, *index);
  }
  const Relation* owner = view_.Find(relation.owner);
  if (owner != nullptr && !drop.cascade) return Fail("2BP01", Depends(relation));
  if (owner != nullptr) Add(Role::kTable, *owner);
  facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                           .relation = Describe(relation),
                           .detail = std::string(KindWord(relation.kind))});
}

void Inspector::NoteDroppedType(const Name& name, const action::Drop& drop) {
  for (const Relation* user : view_.UsersOfType(name.name)) {
    if (!drop.cascade) {
      return Fail("2BP01", absl::StrCat("cannot drop type ", name.name,
                                        " because other objects depend on it"));
    }
    Add(Role::kTable, *user);
    for (const TableColumn& column : user->columns) {
      if (column.type.name.name != name.name) continue;
      facts_.losses.push_back(
          {.kind = LossKind::kColumn, .relation = Describe(*user), .column = column.name});
    }
  }
}

void Inspector::Look(const action::Drop& drop) {
  if (drop.kind == ObjectKind::kTrigger || drop.kind == ObjectKind::kPolicy ||
      drop.kind == ObjectKind::kRule) {
    const Relation* table = Find(drop.on_table);
    if (table == nullptr) {
      if (!drop.if_exists) {
        FailMissing(drop.on_table);
      }
      return;
    }
    Add(Role::kTable, *table);
    if (drop.kind != ObjectKind::kTrigger) return;
    for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
    return;
  }
  if (drop.kind == ObjectKind::kSchema) {
    for (const Name& name : drop.objects) {
      const std::vector<const Relation*> members = view_.RelationsIn(name.name);
      if (!members.empty() && !drop.cascade) {
        return Fail("2BP01", absl::StrCat("cannot drop schema ", name.name,
                                          " because other objects depend on it"));
      }
      std::vector<RelationId> dropped;
      for (const Relation* member : members) dropped.push_back(member->id);
      for (const Relation* member : members) {
        if (!member->IsIndex() && member->owner == 0) NoteDroppedRelation(*member, drop, dropped);
      }
      if (drop.cascade) {
        facts_.losses.push_back({.kind = LossKind::kOther, .relation = {.name = name.name}});
      }
    }
    return;
  }
  if (!DropsRelation(drop.kind)) {
    for (const Name& name : drop.objects) {
      if (drop.kind == ObjectKind::kType || drop.kind == ObjectKind::kDomain) {
        NoteDroppedType(name, drop);
      }
      facts_.breaks.push_back(
          {.kind = BreakKind::kDroppedObject, .relation = {.name = name.name, .live = true}});
    }
    return;
  }
  std::vector<RelationId> dropped;
  for (const Name& name : drop.objects) {
    if (const Relation* relation = Find(name)) dropped.push_back(relation->id);
  }
  for (const Name& name : drop.objects) {
    const Relation* relation = Find(name);
    if (relation != nullptr) {
      NoteDroppedRelation(*relation, drop, dropped);
    } else if (!drop.if_exists) {
      if (drop.kind != ObjectKind::kIndex) return FailMissing(name);
      return Fail("42704", absl::StrCat("index \"", name.name, "\" does not exist"));
    }
  }
}

void Inspector::Look(const action::Truncate& truncate) {
  std::vector<const Relation*> tables;
  std::vector<RelationId> ids;
  for (const Name& name : truncate.tables) {
    const Relation* table = Find(name);
    if (table == nullptr) {
      return FailMissing(name);
    }
    tables.push_back(table);
    ids.push_back(table->id);
    for (const Relation* child : view_.DescendantsOf(*table)) {
      tables.push_back(child);
      ids.push_back(child->id);
    }
  }
  for (size_t next = 0; next < tables.size(); ++next) {
    const Relation* table = tables[next];
    Add(Role::kTable, *table);
    for (const RelationId id : table->parents) {
      const Relation* parent = view_.Find(id);
      if (parent != nullptr && !Contains(ids, id)) Add(Role::kParent, *parent);
    }
    for (const Relation* index : view_.IndexesOf(*table)) Add(Role::kDroppedIndex, *index);
    if (truncate.restart_identity) {
      for (const Relation* sequence : view_.SequencesOf(*table)) Add(Role::kSequence, *sequence);
    }
    facts_.losses.push_back({.kind = LossKind::kRows, .relation = Describe(*table)});
    for (const Relation* child : view_.ReferencingTables(*table)) {
      if (Contains(ids, child->id)) continue;
      if (!truncate.cascade) {
        return Fail("0A000", "cannot truncate a table referenced in a foreign key constraint");
      }
      tables.push_back(child);
      ids.push_back(child->id);
    }
  }
}

void Inspector::Look(const action::ModifyData& modify) {
  for (const Name& name : modify.reads) {
    const Relation* read = Find(name);
    if (read == nullptr) continue;
    Add(modify.locks_rows ? Role::kRowLocked : Role::kRead, *read);
  }
  for (const Name& name : modify.writes) {
    if (const Relation* written = Find(name)) Add(Role::kWritten, *written);
  }
  if (!modify.table) return;
  const Relation* table = Find(*modify.table);
  if (table == nullptr) {
    return FailMissing(*modify.table);
  }
  Add(Role::kTable, *table);
  if (table->kind == RelationKind::kPartitionedTable && modify.verb != action::DataVerb::kInsert) {
    for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
  }
  if (modify.verb == action::DataVerb::kInsert) {
    for (const TableConstraint& constraint : table->constraints) {
      const Relation* referenced = view_.Find(constraint.referenced);
      if (referenced != nullptr && constraint.enforced) Add(Role::kReferenced, *referenced);
    }
  }
  if (modify.verb == action::DataVerb::kDelete) {
    // The rows that refer to a deleted one are looked for, and perhaps deleted or changed with it.
    for (const Relation* child : view_.ReferencingTables(*table)) {
      for (const TableConstraint& constraint : child->constraints) {
        if (constraint.referenced != table->id || !constraint.enforced) continue;
        Add(constraint.deletes_write ? Role::kWritten : Role::kRowLocked, *child);
      }
    }
  }
  const bool all =
      (modify.verb == action::DataVerb::kUpdate || modify.verb == action::DataVerb::kDelete) &&
      !modify.has_where;
  if (!all) return;
  Scan(Heaps(*table, false), Cause::kQuery);
  if (modify.verb == action::DataVerb::kDelete) {
    facts_.losses.push_back({.kind = LossKind::kRows, .relation = Describe(*table)});
  }
}

}  // namespace plimsoll
