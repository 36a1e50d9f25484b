// The facts of DROP, TRUNCATE and statements about rows.

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

bool Contains(const std::vector<RelationId>& ids, RelationId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

absl::string_view KindWord(ObjectKind kind) {
  if (kind == ObjectKind::kIndex) return "index";
  if (kind == ObjectKind::kSequence) return "sequence";
  if (kind == ObjectKind::kView) return "view";
  if (kind == ObjectKind::kMaterializedView) return "materialized view";
  return kind == ObjectKind::kForeignTable ? "foreign table" : "table";
}

// tablecmds.c:RangeVarCallbackForDropRelation
bool IsOfKind(const Relation& relation, ObjectKind kind) {
  if (kind == ObjectKind::kIndex) return relation.IsIndex();
  if (kind == ObjectKind::kSequence) return relation.kind == RelationKind::kSequence;
  if (kind == ObjectKind::kView) return relation.kind == RelationKind::kView;
  if (kind == ObjectKind::kMaterializedView) {
    return relation.kind == RelationKind::kMaterializedView;
  }
  if (kind == ObjectKind::kForeignTable) return relation.kind == RelationKind::kForeignTable;
  return relation.kind == RelationKind::kTable || relation.kind == RelationKind::kPartitionedTable;
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
  const std::vector<const Relation*> sequences = view_.SequencesOf(table);
  std::vector<RelationId> going;
  if (!sequences.empty()) {
    going = dropped;
    going.push_back(table.id);
    for (const Relation* child : view_.DescendantsOf(table)) going.push_back(child->id);
  }
  for (const Relation* sequence : sequences) {
    Add(Role::kSequence, *sequence);
    NoteStandingOn(*sequence, drop.cascade, going);
  }
  for (const TableConstraint& constraint : table.constraints) {
    const Relation* referenced = view_.Find(constraint.referenced);
    // A partition's part of its whole's key has no triggers on the other table.
    const bool own = !(table.is_partition && constraint.inherited);
    if (referenced != nullptr && referenced->id != table.id && own) {
      const bool whole = referenced->kind == RelationKind::kPartitionedTable;
      // Until 14 the triggers were those of the parts alone.
      if (!whole || situation_.server_version >= 15) Add(Role::kPartner, *referenced);
      for (const Relation* part : view_.DescendantsOf(*referenced)) {
        if (whole) Add(Role::kPartner, *part);
      }
    }
  }
  for (const Relation* child : view_.ReferencingTables(table)) {
    if (Contains(dropped, child->id)) continue;
    if (!drop.cascade) return Fail("2BP01", Depends(table));
    Add(Role::kPartner, *child);
  }
  // A foreign key to the whole depends on every part of it (tablecmds.c:addFkRecurseReferenced).
  for (const Relation* part = &table; part->is_partition && !part->parents.empty();) {
    part = view_.Find(part->parents[0]);
    if (part == nullptr || Contains(dropped, part->id)) break;
    std::vector<const Relation*> referencing = view_.ReferencingTables(*part);
    std::erase_if(referencing, [&](const Relation* child) { return Contains(dropped, child->id); });
    if (referencing.empty()) continue;
    if (!drop.cascade) return Fail("2BP01", Depends(table));
    for (const Relation* child : referencing) Add(Role::kPartner, *child);
    Add(Role::kPartner, *part);
    for (const Relation* other : view_.DescendantsOf(*part)) Add(Role::kPartner, *other);
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
  if (drop.concurrently && index.kind == RelationKind::kPartitionedIndex) {
    return Fail("0A000",
                absl::StrCat("cannot drop partitioned index \"", index.name, "\" concurrently"));
  }
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
  for (const Relation* child : view_.ReferencingTables(*table)) {
    for (const TableConstraint& foreign : child->constraints) {
      if (foreign.referenced != table->id || !ReliesOn(foreign, index, *table, view_)) continue;
      if (!drop.cascade) return Fail("2BP01", Depends(index));
      Add(Role::kPartner, *child);
    }
  }
  Add(Role::kTable, *table);
  if (index.kind != RelationKind::kPartitionedIndex) return;
  // All parts of the table are locked, attached index or not (tablecmds.c:RemoveRelations).
  for (const Relation* part : view_.DescendantsOf(*table)) Add(Role::kTable, *part);
  for (const Relation* part : view_.DescendantsOf(index)) Add(Role::kDroppedIndex, *part);
}

// With the views above it, which CASCADE takes along.
void Inspector::NoteDroppedView(const Relation& dropped) {
  std::vector<const Relation*> views = {&dropped};
  for (size_t next = 0; next < views.size(); ++next) {
    const Relation& view = *views[next];
    Add(Role::kView, view);
    for (const Relation* index : view_.IndexesOf(view)) Add(Role::kDroppedIndex, *index);
    for (const Relation* above : view_.ViewsOn(view)) {
      if (std::find(views.begin(), views.end(), above) == views.end()) views.push_back(above);
    }
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
    NoteDroppedView(*view);
  }
  if (!drop.cascade && IsUsedByRoutine(relation, nullptr)) return Fail("2BP01", Depends(relation));
  if (relation.IsTable()) {
    NoteDroppedTable(relation, drop, dropped);
    facts_.losses.push_back({.kind = LossKind::kTable, .relation = Describe(relation)});
  } else {
    for (const Relation* index : view_.IndexesOf(relation)) Add(Role::kDroppedIndex, *index);
  }
  const Relation* owner = view_.Find(relation.owner);
  const TableColumn* identity =
      owner == nullptr ? nullptr : owner->FindColumn(relation.owner_column);
  // The sequence of an identity column goes with that alone.
  if (identity != nullptr && identity->generated == Generated::kIdentity &&
      !Contains(dropped, owner->id)) {
    return Fail("2BP01", Depends(relation));
  }
  NoteStandingOn(relation, drop.cascade, dropped);
  facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                           .relation = Describe(relation),
                           .detail = std::string(KindWord(relation.kind))});
}

// A partition has the triggers of its whole (trigger.c:CreateTriggerFiringOn).
bool Inspector::ComesFromParent(const Relation& partition, const std::string& trigger) const {
  return partition.is_partition &&
         std::any_of(partition.parents.begin(), partition.parents.end(), [&](RelationId id) {
           const Relation* parent = view_.Find(id);
           return parent != nullptr && std::any_of(parent->triggers.begin(), parent->triggers.end(),
                                                   [&](const Trigger& other) {
                                                     return other.name == trigger && other.each_row;
                                                   });
         });
}

// DROP TRIGGER, POLICY and RULE, which name the table that theirs is on.
void Inspector::NoteDroppedPart(const action::Drop& drop) {
  const Relation* table = Find(drop.on_table);
  if (table == nullptr) {
    if (!drop.if_exists) FailMissing(drop.on_table);
    return;
  }
  const bool trigger = drop.kind == ObjectKind::kTrigger;
  bool rows = false;  // a trigger that partitions have too
  for (const Name& name : drop.objects) {
    const bool view =
        table->kind == RelationKind::kView || table->kind == RelationKind::kMaterializedView;
    if (drop.kind == ObjectKind::kRule && view && name.name == "_RETURN") {
      return Fail("2BP01", absl::StrCat("cannot drop rule _RETURN because view ", table->name,
                                        " requires it"));
    }
    const auto own = std::find_if(table->triggers.begin(), table->triggers.end(),
                                  [&](const Trigger& other) { return other.name == name.name; });
    rows = rows || own == table->triggers.end() || own->each_row;
    const bool known =
        trigger ? own != table->triggers.end()
        : drop.kind == ObjectKind::kRule
            ? std::any_of(table->rules.begin(), table->rules.end(),
                          [&](const RewriteRule& other) { return other.name == name.name; })
            : std::any_of(table->policies.begin(), table->policies.end(),
                          [&](const RowPolicy& other) { return other.name == name.name; });
    if (known && trigger && ComesFromParent(*table, name.name)) {
      return Fail("2BP01", absl::StrCat("cannot drop trigger ", name.name, " on table ",
                                        table->name, " because its parent's requires it"));
    }
    if (known || !KnowsAll(*table)) continue;
    // What is looked for in vain locks nothing (objectaddress.c:get_object_address).
    if (drop.if_exists) return;
    const absl::string_view word = trigger                          ? "trigger"
                                   : drop.kind == ObjectKind::kRule ? "rule"
                                                                    : "policy";
    return Fail("42704", absl::StrCat(word, " \"", name.name, "\" for table \"", table->name,
                                      "\" does not exist"));
  }
  Add(Role::kTable, *table);
  const auto remains = [&](const RowPolicy& policy) {
    return std::none_of(drop.objects.begin(), drop.objects.end(),
                        [&](const Name& name) { return name.name == policy.name; });
  };
  const bool hides = drop.kind == ObjectKind::kPolicy &&
                     std::none_of(table->policies.begin(), table->policies.end(), remains);
  if (hides) {
    facts_.breaks.push_back({.kind = BreakKind::kHiddenRows, .relation = Describe(*table)});
  }
  if (!trigger || !rows) return;
  for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
}

void Inspector::NoteDroppedSchema(const std::string& schema, const action::Drop& drop) {
  if (!drop.if_exists && FailIfGone(ObjectKind::kSchema, {.name = schema})) return;
  const std::vector<const Relation*> members = view_.RelationsIn(schema);
  std::vector<FallenObject> objects;
  for (Dependence& object : view_.ObjectsIn(schema)) {
    objects.push_back({.object = std::move(object)});
  }
  const bool filled = !members.empty() || !objects.empty();
  if (filled && !drop.cascade && situation_.trusted_since == 0) {
    return Fail("2BP01",
                absl::StrCat("cannot drop schema ", schema, " because other objects depend on it"));
  }
  std::vector<RelationId> dropped;
  for (const Relation* member : members) dropped.push_back(member->id);
  for (const Relation* member : members) {
    if (!member->IsIndex() && member->owner == 0) NoteDroppedRelation(*member, drop, dropped);
  }
  const TypeScope scope = Scope();
  NoteFall(FallOf(std::move(objects), scope), drop.cascade, dropped, "");
  if (drop.cascade) {
    facts_.losses.push_back({.kind = LossKind::kOther, .relation = {.name = schema}});
  }
}

void Inspector::Look(const action::Drop& drop) {
  // tablecmds.c:RemoveRelations
  if (drop.concurrently && (drop.cascade || drop.objects.size() > 1)) {
    return Fail("0A000", drop.cascade ? "DROP INDEX CONCURRENTLY does not support CASCADE"
                                      : "DROP INDEX CONCURRENTLY drops one index at a time");
  }
  if (drop.kind == ObjectKind::kTrigger || drop.kind == ObjectKind::kPolicy ||
      drop.kind == ObjectKind::kRule) {
    return NoteDroppedPart(drop);
  }
  if (drop.kind == ObjectKind::kSchema) {
    for (const Name& name : drop.objects) NoteDroppedSchema(name.name, drop);
    return;
  }
  if (!DropsRelation(drop.kind)) return NoteDroppedObjects(drop);
  // All are looked up before any goes.
  std::vector<RelationId> dropped;
  for (const Name& name : drop.objects) {
    const Relation* relation = Find(name);
    if (relation != nullptr && !relation->assumed && !IsOfKind(*relation, drop.kind)) {
      return Fail("42809", absl::StrCat("\"", name.name, "\" is not a ", KindWord(drop.kind)));
    }
    if (relation != nullptr) {
      dropped.push_back(relation->id);
    } else if (!drop.if_exists) {
      if (drop.kind != ObjectKind::kIndex || IsPlaceless(name)) return FailMissing(name);
      return Fail("42704", absl::StrCat("index \"", name.name, "\" does not exist"));
    }
  }
  for (const RelationId id : dropped) {
    const Relation& relation = *view_.Find(id);
    if (!CheckNotInUse(relation)) return;
    NoteDroppedRelation(relation, drop, dropped);
  }
}

// Who refers to a partitioned table refers to each of its partitions
// (tablecmds.c:addFkRecurseReferenced).
std::vector<const Relation*> ReferencingPartly(const Relation& table, const CatalogView& view) {
  std::vector<const Relation*> referencing = view.ReferencingTables(table);
  const Relation* whole = &table;
  while (whole != nullptr && whole->is_partition && whole->parents.size() == 1) {
    whole = view.Find(whole->parents[0]);
    if (whole == nullptr) break;
    for (const Relation* child : view.ReferencingTables(*whole)) referencing.push_back(child);
  }
  return referencing;
}

// tablecmds.c:ExecuteTruncate, heap.c:heap_truncate_find_FKs
std::vector<const Relation*> EmptiedBy(const action::Truncate& truncate,
                                       std::vector<const Relation*> named,
                                       const CatalogView& view) {
  absl::flat_hash_set<RelationId> met;
  for (const Relation* table : named) met.insert(table->id);
  if (!truncate.cascade) return named;
  for (size_t next = 0; next < named.size(); ++next) {
    for (const Relation* child : ReferencingPartly(*named[next], view)) {
      if (met.insert(child->id).second) named.push_back(child);
    }
  }
  return named;
}

void Inspector::Look(const action::Truncate& truncate) {
  std::vector<const Relation*> named;
  for (const Target& target : truncate.tables) {
    const Relation* table = Find(target.name);
    if (table == nullptr) {
      return FailMissing(target.name);
    }
    if (target.only && table->kind == RelationKind::kPartitionedTable) {
      return Fail("42809", "cannot truncate only a partitioned table");
    }
    named.push_back(table);
    if (target.only) continue;
    for (const Relation* child : view_.DescendantsOf(*table)) named.push_back(child);
  }
  const std::vector<const Relation*> tables = EmptiedBy(truncate, named, view_);
  absl::flat_hash_set<RelationId> ids;
  for (const Relation* table : tables) ids.insert(table->id);
  for (const Relation* table : tables) {
    if (!CheckNotInUse(*table)) return;
    Add(Role::kTable, *table);
    for (const RelationId id : table->parents) {
      const Relation* parent = view_.Find(id);
      if (parent != nullptr && !ids.contains(id)) Add(Role::kParent, *parent);
    }
    for (const Relation* index : view_.IndexesOf(*table)) {
      // One without a file has nothing to truncate.
      if (index->kind == RelationKind::kIndex) Add(Role::kDroppedIndex, *index);
    }
    if (truncate.restart_identity) {
      for (const Relation* sequence : view_.SequencesOf(*table)) Add(Role::kSequence, *sequence);
    }
    facts_.losses.push_back({.kind = LossKind::kRows, .relation = Describe(*table)});
    for (const Relation* child : ReferencingPartly(*table, view_)) {
      if (ids.contains(child->id)) continue;
      return Fail("0A000", "cannot truncate a table referenced in a foreign key constraint");
    }
  }
}

void Inspector::Look(const action::LockTable& lock) {
  for (const LockMode mode : kAllLockModes) {
    if (LockModeName(mode) == lock.mode) facts_.mode = mode;
  }
  std::vector<const Relation*> locked;
  for (const Target& target : lock.tables) {
    const Relation* relation = Find(target.name);
    if (relation == nullptr) return FailMissing(target.name);
    locked.push_back(relation);
    if (target.only) continue;
    for (const Relation* child : view_.DescendantsOf(*relation)) locked.push_back(child);
  }
  // A view is locked with all that it reads (lockcmds.c:LockViewRecurse).
  for (size_t next = 0; next < locked.size(); ++next) {
    Add(Role::kLocked, *locked[next]);
    for (const ViewUse& use : locked[next]->uses) {
      const Relation* read = view_.Find(use.relation);
      const bool again = std::find(locked.begin(), locked.end(), read) != locked.end();
      if (read != nullptr && !again) locked.push_back(read);
    }
  }
}

}  // namespace plimsoll
