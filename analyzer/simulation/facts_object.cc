// The facts of statements about types, sequences and what is attached to tables: rules, comments,
// privileges, publications.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"

namespace plimsoll {
namespace {

bool IsRelation(ObjectKind kind) { return kind <= ObjectKind::kForeignTable; }

bool IsPart(ObjectKind kind) { return ObjectKind::kColumn <= kind && kind <= ObjectKind::kRule; }

}  // namespace

// ---- types, domains, sequences ---------------------------------------------------------------

void Inspector::Look(const action::AlterType&) { facts_.modelled = false; }

void Inspector::Look(const action::AlterDomain&) { facts_.modelled = false; }

void Inspector::Look(const action::AlterSequence& alter) {
  if (alter.only_ownership) facts_.conditions |= kOwnership;
  const Relation* sequence = NameTarget(alter.sequence, false);
  if (sequence == nullptr || !alter.owned_by || alter.owned_by->name.empty()) return;
  const Relation* owner = Find(*alter.owned_by);
  if (owner == nullptr) return FailMissing(*alter.owned_by);
  Add(Role::kOwner, *owner);
}

// ---- rules, statistics, triggers, policies ---------------------------------------------------

void Inspector::Look(const action::CreateRule& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) return FailMissing(create.table);
  const bool exists =
      std::find(table->rules.begin(), table->rules.end(), create.name) != table->rules.end();
  if (exists && !create.or_replace) {
    return Fail("42710", absl::StrCat("rule \"", create.name, "\" for relation \"", table->name,
                                      "\" already exists"));
  }
  Add(Role::kTable, *table);
  for (const Name& name : create.reads) {
    if (const Relation* read = Find(name)) Add(Role::kRead, *read);
  }
}

void Inspector::Look(const action::CreateStatistics& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) return FailMissing(create.table);
  for (const std::string& column : create.columns) {
    if (!HasColumn(*table, column)) return;
  }
  Add(Role::kTable, *table);
}

void Inspector::Look(const action::AlterPart& alter) {
  const Relation* table = Find(alter.table);
  if (table == nullptr) return FailMissing(alter.table);
  if (alter.depends_on_extension) return Add(Role::kRead, *table);
  Add(Role::kTable, *table);
  for (const Name& name : alter.reads) {
    if (const Relation* read = Find(name)) Add(Role::kRead, *read);
  }
  const bool recurses = alter.kind == ObjectKind::kTrigger && situation_.server_version >= 15 &&
                        table->kind == RelationKind::kPartitionedTable;
  if (!recurses) return;
  for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
}

// ---- comments, privileges, publications ------------------------------------------------------

void Inspector::Look(const action::Annotate& annotate) {
  if (annotate.label && annotate.provider.empty()) {
    return Fail("22023", "no security label providers have been loaded");
  }
  const bool part = IsPart(annotate.kind);
  if (!part && !IsRelation(annotate.kind)) return;
  const Name& name = part ? annotate.on_table : annotate.object;
  const Relation* relation = Find(name);
  if (relation == nullptr) return FailMissing(name);
  const bool whole = !part || annotate.kind == ObjectKind::kColumn;
  if (annotate.kind == ObjectKind::kColumn && !HasColumn(*relation, annotate.object.name)) return;
  // comment.c locks what it speaks of; of a part, that is the part, and its table is only read.
  Add(whole ? Role::kTable : Role::kRead, *relation);
}

// Since 18 GRANT and REVOKE lock the relation (aclchk.c:ExecGrant_Relation).
void Inspector::Look(const action::Grant& grant) {
  if (!IsRelation(grant.kind)) return;
  for (const Name& name : grant.objects) {
    if (grant.all_in_schema) {
      for (const Relation* member : view_.RelationsIn(name.name)) {
        const bool sequence = member->kind == RelationKind::kSequence;
        if (!member->IsIndex() && sequence == (grant.kind == ObjectKind::kSequence)) {
          Add(Role::kTable, *member);
        }
      }
      continue;
    }
    const Relation* relation = Find(name);
    if (relation == nullptr) return FailMissing(name);
    Add(Role::kTable, *relation);
  }
}

void Inspector::Look(const action::AlterPublication& alter) {
  for (const action::PublishedTable& published : alter.tables) {
    const Relation* table = Find(published.table.name);
    if (table == nullptr) return FailMissing(published.table.name);
    Add(Role::kTable, *table);
    if (published.table.only) continue;
    for (const Relation* child : view_.DescendantsOf(*table)) {
      // Partitions are published with their whole, and not looked at.
      if (!child->is_partition) Add(Role::kDescendant, *child);
    }
  }
}

// ---- the rest --------------------------------------------------------------------------------

void Inspector::Look(const action::ChangeOwned&) { facts_.modelled = false; }

void Inspector::Look(const action::ChangeObject& change) {
  using action::ObjectChange;
  // An extension's script may do anything.
  const bool script =
      change.kind == ObjectKind::kExtension && change.change == ObjectChange::kAlter;
  facts_.calls_unknown = script;
  facts_.modelled = !script;
  const bool moves =
      change.change == ObjectChange::kRename || change.change == ObjectChange::kSetSchema;
  if (moves) {
    facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                             .relation = {.name = change.object.name, .live = true}});
  }
}

void Inspector::Look(const action::AlterExtension& alter) {
  if (!IsRelation(alter.kind)) return;
  if (const Relation* member = Find(alter.member)) Add(Role::kTable, *member);
}

}  // namespace plimsoll
