// The facts of CREATE.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"

namespace plimsoll {
namespace {

std::string Exists(absl::string_view what, absl::string_view name) {
  return absl::StrCat(what, " \"", name, "\" already exists");
}

std::vector<std::string> KeyNames(const std::vector<action::IndexColumn>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const action::IndexColumn& column : columns) names.push_back(column.column);
  return names;
}

}  // namespace

// indexcmds.c:DefineIndex takes an index of a partition over where CompareIndexInfo finds no
// difference.
const Relation* FindMatchingIndex(const Relation& table, const action::CreateIndex& create,
                                  const CatalogView& view) {
  if (create.has_expression || create.has_predicate) return nullptr;
  for (const Relation* index : view.IndexesOf(table)) {
    if (index->valid && !index->has_expression && !index->has_predicate &&
        index->unique == create.unique && index->method == create.method &&
        KeyNames(index->keys) == KeyNames(create.columns)) {
      return index;
    }
  }
  return nullptr;
}

void Inspector::NotePartition(const action::CreateTable& create) {
  const Relation* parent = Find(*create.partition_of);
  if (parent == nullptr) {
    return FailMissing(*create.partition_of);
  }
  Add(Role::kParent, *parent);
  for (const RelationId id : parent->children) {
    const Relation* sibling = view_.Find(id);
    if (sibling == nullptr || !sibling->is_default_partition) continue;
    Add(Role::kDefaultPartition, *sibling);
    // Its rows may belong to the new partition. A check may prove that they do not; bounds are not
    // compared, so a check that speaks of the key at all is taken to.
    const bool guarded = std::any_of(
        sibling->constraints.begin(), sibling->constraints.end(), [](const TableConstraint& c) {
          return c.kind == ConstraintKind::kCheck && c.validated && c.enforced;
        });
    Scan(Heaps(*sibling, false), Cause::kPartition);
    if (guarded) facts_.actors.back().possible = true;
  }
  for (const TableConstraint& constraint : parent->constraints) {
    const Relation* referenced = view_.Find(constraint.referenced);
    if (referenced != nullptr) Add(Role::kReferenced, *referenced);
  }
}

void Inspector::Look(const action::CreateTable& create) {
  const Relation* existing = Find(create.table);
  const bool temporary = create.persistence == Persistence::kTemporary;
  if (existing != nullptr && !existing->assumed &&
      temporary == (existing->persistence == Persistence::kTemporary)) {
    if (!create.if_not_exists) Fail("42P07", Exists("relation", create.table.name));
    return;
  }
  if (create.partition_of) NotePartition(create);
  for (const Name& name : create.inherits) {
    if (const Relation* parent = Find(name)) Add(Role::kInherited, *parent);
  }
  for (const Name& name : create.like) {
    if (const Relation* like = Find(name)) Add(Role::kLike, *like);
  }
  for (const Name& name : create.reads) {
    const Relation* read = Find(name);
    if (read == nullptr) continue;
    Add(Role::kRead, *read);
    if (create.with_data) Scan(Heaps(*read, false), Cause::kQuery);
  }
  const auto reference = [&](const Constraint& constraint) {
    // A table that references itself is not there yet.
    const bool self = constraint.referenced.name == create.table.name;
    if (constraint.kind == ConstraintKind::kForeignKey && !self) {
      NoteForeignKey(nullptr, constraint, false);
    }
  };
  for (const Constraint& constraint : create.constraints) reference(constraint);
  for (const Column& column : create.columns) {
    for (const Constraint& constraint : column.constraints) reference(constraint);
  }
}

void Inspector::Look(const action::CreateIndex& create) {
  const Relation* table = Find(create.table);
  if (create.concurrently) facts_.conditions |= kConcurrently;
  if (table == nullptr) {
    return FailMissing(create.table);
  }
  if (table->kind == RelationKind::kView) {
    return Fail("42809", absl::StrCat("cannot create index on relation \"", table->name, "\""));
  }
  const bool partitioned = table->kind == RelationKind::kPartitionedTable;
  if (partitioned && create.concurrently) {
    return Fail("0A000", absl::StrCat("cannot create index on partitioned table \"", table->name,
                                      "\" concurrently"));
  }
  for (const action::IndexColumn& column : create.columns) {
    if (!column.column.empty() && !HasColumn(*table, column.column)) return;
  }
  Add(Role::kTable, *table);
  const bool recurses = partitioned && !create.only;
  if (recurses) {
    for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
  }
  if (!create.name.empty()) {
    const Relation* existing = Find({.schema = table->schema, .name = create.name});
    if (existing != nullptr) {
      if (!create.if_not_exists) Fail("42P07", Exists("relation", create.name));
      return;
    }
  }
  Scan(partitioned ? std::vector<const Relation*>() : Heaps(*table, true), Cause::kIndex);
  if (!recurses) return;
  for (const Relation* child : view_.DescendantsOf(*table)) {
    if (FindMatchingIndex(*child, create, view_) == nullptr) {
      Scan(Heaps(*child, true), Cause::kIndex);
    }
  }
}

void Inspector::Look(const action::CreateSchema& create) {
  if (view_.HasSchema(create.name) && !create.if_not_exists) {
    Fail("42P06", Exists("schema", create.name));
  }
}

void Inspector::Look(const action::CreateSequence& create) {
  const Relation* existing = Find(create.sequence);
  if (existing != nullptr && !existing->assumed) {
    if (!create.if_not_exists) Fail("42P07", Exists("relation", create.sequence.name));
    return;
  }
  if (create.owned_by) {
    if (const Relation* owner = Find(*create.owned_by)) Add(Role::kOwner, *owner);
  }
}

void Inspector::Look(const action::CreateView& create) {
  const Relation* existing = Find(create.view);
  if (existing != nullptr && !existing->assumed) {
    if (create.if_not_exists) return;
    if (!create.or_replace) return Fail("42P07", Exists("relation", create.view.name));
    if (existing->kind != RelationKind::kView) {
      return Fail("42809", absl::StrCat("\"", create.view.name, "\" is not a view"));
    }
    Add(Role::kView, *existing);
  } else if (existing != nullptr && create.or_replace) {
    Add(Role::kView, *existing);
  }
  for (const Name& name : create.reads) {
    const Relation* read = Find(name);
    if (read == nullptr) continue;
    Add(Role::kRead, *read);
    if (create.materialized && create.with_data) Scan(Heaps(*read, false), Cause::kQuery);
  }
}

void Inspector::Look(const action::CreateFunction&) {}

void Inspector::Look(const action::CreateTrigger& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) {
    return FailMissing(create.table);
  }
  Add(Role::kTable, *table);
  const Relation* from = create.from ? Find(*create.from) : nullptr;
  if (from != nullptr) Add(Role::kRead, *from);
  if (table->kind != RelationKind::kPartitionedTable) return;
  for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
}

void Inspector::Look(const action::CreatePolicy& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) {
    return FailMissing(create.table);
  }
  Add(Role::kTable, *table);
  for (const Name& name : create.reads) {
    if (const Relation* read = Find(name)) Add(Role::kRead, *read);
  }
}

void Inspector::Look(const action::CreateType& create) {
  if (view_.FindType(create.type, situation_.search_path) != nullptr) {
    Fail("42710", Exists("type", create.type.name));
  }
}

void Inspector::Look(const action::CreateExtension&) {}

}  // namespace plimsoll
