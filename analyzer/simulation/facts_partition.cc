// The facts of partitions that come and go: ATTACH, DETACH and PARTITION OF (commands/tablecmds.c).

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/implication.h"
#include "analyzer/simulation/partition_bound.h"
#include "analyzer/simulation/value_text.h"

namespace plimsoll {
namespace {

bool Contains(const std::vector<RelationId>& ids, RelationId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

const TableConstraint* ConstraintOf(const Relation& table, RelationId index) {
  for (const TableConstraint& constraint : table.constraints) {
    if (constraint.index == index) return &constraint;
  }
  return nullptr;
}

}  // namespace

// ---- what both ways of adding a partition ask ------------------------------------------------

// Whether the named whole has partitions at all, which ATTACH and DETACH ask first.
bool Inspector::CheckPartitioned(const Relation& whole, absl::string_view verb) {
  if (whole.kind == RelationKind::kPartitionedTable || whole.assumed) return true;
  if (whole.kind == RelationKind::kTable && situation_.server_version < 18) {
    Fail("42P17", absl::StrCat("table \"", whole.name, "\" is not partitioned"));
  } else {
    Fail("42809", absl::StrCat("ALTER action ", verb, " cannot be performed on relation \"",
                               whole.name, "\""));
  }
  return false;
}

bool Inspector::Refuse(std::optional<Failure> failure) {
  if (!failure) return false;
  Fail(failure->sqlstate, std::move(failure->message));
  return true;
}

// Tables that point at the whole get triggers for the new part (CloneFkReferenced).
void Inspector::NoteReferencingTables(const Relation& whole, const Relation* part) {
  for (const Relation* top = &whole; top != nullptr;) {
    for (const Relation* child : view_.ReferencingTables(*top)) {
      if (part == nullptr || child->id != part->id) Add(Role::kReferencing, *child);
    }
    top = top->is_partition && !top->parents.empty() ? view_.Find(top->parents[0]) : nullptr;
  }
}

// None of the default partition's rows may be the new partition's.
void Inspector::NoteDefaultPartition(const Relation& whole, const PartitionBound& bound,
                                     bool attaches) {
  const Relation* fallback = DefaultPartitionOf(whole, view_);
  if (fallback == nullptr || bound.is_default) return;
  Add(Role::kDefaultPartition, *fallback);
  for (const BoundScan& scan : ScansOfDefault(whole, bound, attaches, view_)) {
    if (scan.reads) Add(Role::kScanned, *scan.heap, Cause::kPartition, scan.possible);
    // The partitions of a default partition are opened where it does not prove it by itself.
    if (scan.heap->id != fallback->id) Add(Role::kDefaultPartition, *scan.heap);
  }
}

// partbounds.c by way of parse_utilcmd.c:transformPartitionBoundValue
bool Inspector::CheckBoundValues(const Relation& whole, const PartitionBound& bound) {
  const auto check = [&](const BoundValue& value, size_t place) {
    const TableColumn* key = place < whole.partition_keys.size()
                                 ? whole.FindColumn(whole.partition_keys[place])
                                 : nullptr;
    const bool text = value.kind == BoundKind::kConstant && value.literal.type.empty() &&
                      value.literal.kind == LiteralKind::kString;
    if (!text || key == nullptr || key->type == nullptr) return;
    const TypeScope scope = Scope();
    const Type type = ResolveType(*key->type, scope);
    const absl::string_view bad = JudgeText(value.literal.text, type, scope);
    if (!bad.empty()) Fail(bad, absl::StrCat("\"", value.literal.text, "\" is no ", type.name));
  };
  for (const BoundValue& value : bound.values) check(value, 0);
  for (size_t i = 0; i < bound.lower.size(); ++i) check(bound.lower[i], i);
  for (size_t i = 0; i < bound.upper.size(); ++i) check(bound.upper[i], i);
  return !facts_.failure;
}

void Inspector::NotePartition(const action::CreateTable& create) {
  const Relation* parent = Find(*create.partition_of);
  if (parent == nullptr) {
    return FailMissing(*create.partition_of);
  }
  if (!parent->IsTable()) {
    return Fail("42809", absl::StrCat("inherited relation \"", parent->name,
                                      "\" is not a table or foreign table"));
  }
  if (parent->kind != RelationKind::kPartitionedTable && !parent->assumed) {
    return Fail("42P17", absl::StrCat("\"", parent->name, "\" is not partitioned"));
  }
  // tablecmds.c:MergeAttributes
  const bool temporary = parent->persistence == Persistence::kTemporary;
  if (!parent->assumed && temporary != (create.persistence == Persistence::kTemporary)) {
    return Fail("42809", absl::StrCat("a partition of \"", parent->name, "\" is ",
                                      temporary ? "temporary" : "permanent", " too"));
  }
  for (const Column& column : create.columns) {
    if (parent->FindColumn(column.name) != nullptr || !KnowsAll(*parent)) continue;
    return Fail("42703", absl::StrCat("column \"", column.name, "\" does not exist"));
  }
  // Without a bound the text is no statement of PostgreSQL's.
  const PartitionBound bound = create.bound == nullptr ? PartitionBound() : *create.bound;
  if (!CheckBoundValues(*parent, bound)) return;
  if (Refuse(MisfitOf(*parent, bound)) || Refuse(ConflictOf(*parent, bound, view_))) return;
  // Its own key is looked for in the whole's columns (tablecmds.c:ComputePartitionAttrs).
  for (const std::string& key : create.partition_keys) {
    const bool there = key.empty() || parent->FindColumn(key) != nullptr || !KnowsAll(*parent);
    if (there) continue;
    return Fail("42703",
                absl::StrCat("column \"", key, "\" named in partition key does not exist"));
  }
  // indexcmds.c:DefineIndex, of the whole's unique indexes.
  for (const Relation* index : view_.IndexesOf(*parent)) {
    Constraint unique = {.kind = ConstraintKind::kUnique};
    for (const action::IndexColumn& key : index->keys) unique.columns.push_back(key.column);
    if (index->unique) CheckPartitionKey(create.partition_keys, unique, "");
  }
  Add(Role::kParent, *parent);
  NoteDefaultPartition(*parent, bound, /*attaches=*/false);
  NoteReferencingTables(*parent, nullptr);
  for (const TableConstraint& constraint : parent->constraints) {
    const Relation* referenced = view_.Find(constraint.referenced);
    if (referenced != nullptr) Add(Role::kReferenced, *referenced);
  }
}

// ---- ATTACH ----------------------------------------------------------------------------------

void Inspector::Look(const action::AttachPartition& attach) {
  if (attach.whole.kind == ObjectKind::kIndex) return LookAtIndexPart(attach);
  const Relation* whole = NameTarget(attach.whole, false);
  if (whole == nullptr || !CheckPartitioned(*whole, "ATTACH PARTITION")) return;
  const PartitionBound bound = attach.bound == nullptr ? PartitionBound() : *attach.bound;
  if (Refuse(MisfitOf(*whole, bound)) || !CheckBoundValues(*whole, bound)) return;
  const Relation* part = Find(attach.part);
  if (part == nullptr) return FailMissing(attach.part);
  CheckAttached(*whole, *part);
  if (Refuse(ConflictOf(*whole, bound, view_))) return;
  CheckMerges(*whole, *part);
  Add(Role::kAttached, *part);
  for (const Relation* below : view_.DescendantsOf(*part)) Add(Role::kAttachedPart, *below);
  NoteReferencingTables(*whole, part);
  NoteWholesAbove(*whole);
  for (const BoundScan& scan : ScansOfAttached(*whole, *part, bound, view_)) {
    if (scan.reads) Add(Role::kScanned, *scan.heap, Cause::kPartition, scan.possible);
  }
  NoteDefaultPartition(*whole, bound, /*attaches=*/true);
  NotePartIndexes(*whole, *part);
  NotePartKeys(*whole, *part);
}

// The constraint of a partition's partition holds those of all above (generate_partition_qual).
void Inspector::NoteWholesAbove(const Relation& whole) {
  for (const Relation* part = &whole; part != nullptr && part->is_partition;) {
    part = part->parents.empty() ? nullptr : view_.Find(part->parents[0]);
    if (part != nullptr) Add(Role::kRead, *part);
  }
}

// What cannot become a partition at all (ATExecAttachPartition, before it looks at the bound).
void Inspector::CheckAttached(const Relation& whole, const Relation& part) {
  const auto refuse = [&](absl::string_view why) {
    Fail("42809", absl::StrCat("cannot attach \"", part.name, "\" as partition: ", why));
  };
  if (!part.IsTable()) return refuse("it is no table");
  if (part.is_partition) return refuse("it is a partition already");
  if (part.of_type) return refuse("it is a typed table");
  if (!part.parents.empty()) return refuse("it is an inheritance child");
  if (part.kind != RelationKind::kPartitionedTable && !part.children.empty()) {
    return refuse("it is an inheritance parent");
  }
  const bool temporary = part.persistence == Persistence::kTemporary;
  if (temporary != (whole.persistence == Persistence::kTemporary)) {
    return refuse("one of the two is temporary");
  }
  bool circular = part.id == whole.id;
  for (const Relation* above = &whole; above != nullptr && !above->parents.empty();) {
    above = view_.Find(above->parents[0]);
    circular = circular || (above != nullptr && above->id == part.id);
  }
  if (circular) return Fail("42P07", "circular inheritance not allowed");
  if (!KnowsAll(whole)) return;
  for (const TableColumn& column : part.columns) {
    if (column.generated == Generated::kIdentity && situation_.server_version >= 17) {
      return Fail("55000", absl::StrCat("table \"", part.name,
                                        "\" being attached contains an identity column \"",
                                        column.name, "\""));
    }
    if (whole.FindColumn(column.name) != nullptr) continue;
    return Fail("42804", absl::StrCat("table \"", part.name, "\" contains column \"", column.name,
                                      "\" not found in parent \"", whole.name, "\""));
  }
}

// AttachPartitionEnsureIndexes builds what the part lacks.
void Inspector::NotePartIndexes(const Relation& whole, const Relation& part) {
  for (const Relation* index : view_.IndexesOf(whole)) {
    Add(Role::kIndexUnder, *index);
    const action::CreateIndex wanted = LikeIndex(*index);
    const TableConstraint* behind = ConstraintOf(whole, index->id);
    // A partitioned part takes its own over as a whole; else each of its parts is asked.
    if (FindMatchingIndex(part, wanted, behind, view_) != nullptr) continue;
    for (const Relation* heap : Heaps(part, false)) {
      if (FindMatchingIndex(*heap, wanted, behind, view_) == nullptr) {
        Add(Role::kScanned, *heap, Cause::kIndex);
      }
    }
  }
}

// The whole's foreign keys become the part's: one that it has already is merged
// (tryAttachPartitionForeignKey).
void Inspector::NotePartKeys(const Relation& whole, const Relation& part) {
  for (const TableConstraint& constraint : whole.constraints) {
    const Relation* referenced = view_.Find(constraint.referenced);
    if (referenced == nullptr) continue;
    const TableConstraint* own = FindSameKey(part, constraint, situation_.server_version);
    Add(own != nullptr ? Role::kPartner : Role::kReferenced, *referenced);
    const bool holds = own != nullptr && (own->validated || !constraint.validated);
    if (holds || !constraint.enforced || !constraint.validated) continue;
    const std::vector<const Relation*> heaps = Heaps(part, false);
    Scan(heaps, Cause::kForeignKey);
    const bool rows = std::any_of(heaps.begin(), heaps.end(),
                                  [](const Relation* heap) { return heap->maybe_has_rows; });
    if (rows) Match(Heaps(*referenced, false));
  }
}

// ALTER INDEX … ATTACH PARTITION (ATExecAttachPartitionIdx).
void Inspector::LookAtIndexPart(const action::AttachPartition& attach) {
  facts_.conditions |= kOfIndex;
  const Relation* whole = NameTarget(attach.whole, false);
  const Relation* part = Find(attach.part);
  if (whole == nullptr) return;
  const Relation* table = view_.Find(whole->table);
  // What no file creates may be partitioned.
  if (whole->kind == RelationKind::kIndex && table != nullptr && !table->assumed) {
    return Fail("42809", absl::StrCat("ALTER action ATTACH PARTITION cannot be performed on "
                                      "relation \"",
                                      whole->name, "\""));
  }
  if (part == nullptr) return FailMissing(attach.part);
  if (!part->IsIndex() && !part->assumed) {
    return Fail("42809", absl::StrCat("\"", part->name, "\" is not an index"));
  }
  Add(Role::kAttached, *part);
  for (const Relation* index : {whole, part}) {
    if (const Relation* under = view_.Find(index->table)) Add(Role::kRead, *under);
  }
  if (!Contains(part->parents, whole->id)) CheckIndexPart(*whole, *part);
}

void Inspector::CheckIndexPart(const Relation& whole, const Relation& part) {
  const Relation* table = view_.Find(whole.table);
  const Relation* part_table = view_.Find(part.table);
  if (table == nullptr || part_table == nullptr) return;
  const auto refuse = [&](absl::string_view sqlstate, absl::string_view why) {
    Fail(sqlstate, absl::StrCat("cannot attach index \"", part.name,
                                "\" as a partition of index \"", whole.name, "\": ", why));
  };
  if (!part.parents.empty()) return refuse("55000", "it is attached to another index");
  for (const RelationId id : whole.children) {
    const Relation* other = view_.Find(id);
    if (other != nullptr && other->table == part.table) {
      return refuse("55000", "another index is attached for its table");
    }
  }
  if (!Contains(part_table->parents, table->id) && KnowsAll(*part_table)) {
    return refuse("55000", "it is not an index on any partition of the table");
  }
  if (!IsSameIndex(part, LikeIndex(whole), *part_table)) {
    return refuse("42P17", "the definitions do not match");
  }
  if (ConstraintOf(*table, whole.id) != nullptr && ConstraintOf(*part_table, part.id) == nullptr) {
    return refuse("42P17", "it backs no constraint");
  }
}

// ---- DETACH ----------------------------------------------------------------------------------

void Inspector::Look(const action::DetachPartition& detach) {
  if (detach.concurrently) facts_.conditions |= kConcurrently;
  if (detach.finalize) facts_.conditions |= kFinalize;
  const Relation* whole = NameTarget(detach.whole, false);
  if (whole == nullptr || !CheckPartitioned(*whole, "DETACH PARTITION")) return;
  const Relation* part = Find(detach.part);
  if (part == nullptr) return FailMissing(detach.part);
  if (!Contains(part->parents, whole->id) && KnowsAll(*whole) && KnowsAll(*part)) {
    return Fail("42P01", absl::StrCat("relation \"", part->name,
                                      "\" is not a partition of relation \"", whole->name, "\""));
  }
  // Only one that was interrupted can be finished, which nothing here is.
  if (detach.finalize && KnowsAll(*whole) && KnowsAll(*part)) {
    return Fail("55000", absl::StrCat("cannot complete detaching partition \"", part->name, "\""));
  }
  const Relation* fallback = detach.finalize ? nullptr : DefaultPartitionOf(*whole, view_);
  if (fallback != nullptr && detach.concurrently) {
    return Fail("55000", "cannot detach partitions concurrently when a default partition exists");
  }
  Add(Role::kAttached, *part);
  NoteBehaviour(*whole,
                absl::StrCat("the rows of `", part->name, "` are gone from `", whole->name, "`"));
  if (fallback != nullptr) Add(Role::kDefaultPartition, *fallback);
  NoteDetached(*part);
  // CONCURRENTLY does so too, in the second of its transactions (DetachPartitionFinalize).
  if (!detach.finalize) NoteDetachedKeys(*whole, *part);
}

// ---- SPLIT, MERGE ----------------------------------------------------------------------------

// As the release notes of 19 and alter_table.sgml say: every row of the old partitions is copied,
// and indexes are built over the copies.
void Inspector::Look(const action::RearrangePartitions& rearrange) {
  const bool splits = rearrange.from.size() == 1;
  const Relation* whole = NameTarget(rearrange.whole, false);
  const absl::string_view verb = splits ? "SPLIT PARTITION" : "MERGE PARTITIONS";
  if (whole == nullptr || !CheckPartitioned(*whole, verb)) return;
  std::vector<RelationId> old;
  for (const Name& name : rearrange.from) {
    const Relation* part = Find(name);
    if (part == nullptr) return FailMissing(name);
    if (!Contains(part->parents, whole->id) && KnowsAll(*whole) && KnowsAll(*part)) {
      return Fail("42P01", absl::StrCat("relation \"", part->name,
                                        "\" is not a partition of relation \"", whole->name, "\""));
    }
    if (!CheckNotInUse(*part)) return;
    old.push_back(part->id);
    Add(Role::kAttached, *part);
    for (const Relation* heap : Heaps(*part, false)) {
      Add(Role::kRewritten, *heap, Cause::kPartition);
      for (const Relation* index : view_.IndexesOf(*heap)) Add(Role::kDroppedIndex, *index);
    }
  }
  for (const action::NewPartition& made : rearrange.into) {
    const Relation* there = Find(made.name);
    if (there == nullptr || there->assumed || Contains(old, there->id)) continue;
    return Fail("42P07", absl::StrCat("relation \"", there->name, "\" already exists"));
  }
}

// What hangs on a partition leaves with it (DetachPartitionFinalize).
void Inspector::NoteDetached(const Relation& part) {
  for (const Relation* below : view_.DescendantsOf(part)) Add(Role::kAttachedPart, *below);
  for (const Relation* index : view_.IndexesOf(part)) {
    if (!index->parents.empty()) Add(Role::kIndexUnder, *index);
  }
}

void Inspector::NoteDetachedKeys(const Relation& whole, const Relation& part) {
  for (const TableConstraint& constraint : part.constraints) {
    if (const Relation* referenced = view_.Find(constraint.referenced)) {
      Add(Role::kReferenced, *referenced);
    }
  }
  // Keys that lead to a whole above this one lead to the part too.
  std::vector<const Relation*> referencing = view_.ReferencingTables(whole);
  for (const Relation* top = &whole; top->is_partition && !top->parents.empty();) {
    top = view_.Find(top->parents[0]);
    if (top == nullptr) break;
    const std::vector<const Relation*> above = view_.ReferencingTables(*top);
    if (!above.empty()) Add(Role::kRead, *top);
    referencing.insert(referencing.end(), above.begin(), above.end());
  }
  for (const Relation* child : referencing) {
    Add(Role::kReferencing, *child);
    // The rows that point into the part are looked for (ri_triggers.c:RI_PartitionRemove_Check).
    Match(Heaps(*child, false));
    Add(Role::kPartner, part);
  }
}

}  // namespace plimsoll
