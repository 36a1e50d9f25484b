#include "analyzer/simulation/effects.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyzer/check.h"
#include "analyzer/simulation/effects_table.h"
#include "analyzer/simulation/facts.h"

namespace plimsoll {
namespace {

// The place of an action's type in ActionKind.
template <typename T, size_t index = 0>
constexpr size_t IndexOf() {
  static_assert(index < std::variant_size_v<ActionKind>);
  if constexpr (std::is_same_v<std::variant_alternative_t<index, ActionKind>, T>) {
    return index;
  } else {
    return IndexOf<T, index + 1>();
  }
}

constexpr size_t kAnyAction = std::variant_size_v<ActionKind>;
constexpr int kEver = EffectRow::kEver;

using enum LockMode;
using enum Role;
using namespace action;  // NOLINT(google-build-using-namespace): the table is about actions

// The knowledge. Sources: AGLL is tablecmds.c:AlterTableGetLockLevel; every row was measured on
// PostgreSQL 12 to 18 (tests/oracle_test.cc repeats the measurement).
constexpr EffectRow kRows[] = {
    // A rewrite builds every index of the table again, a type change those on its column.
    {kAnyAction, kRecreatedIndex, kAccessExclusive},
    {kAnyAction, kDroppedIndex, kAccessExclusive},  // index.c:index_drop
    {kAnyAction, kRead, kAccessShare},
    {kAnyAction, kRowLocked, kRowShare},
    {kAnyAction, kWritten, kRowExclusive},
    {kAnyAction, kSequence, kAccessExclusive},
    {kAnyAction, kView, kAccessExclusive},

    // AGLL: AT_AddColumn
    {IndexOf<AddColumn>(), kTable, kAccessExclusive},
    {IndexOf<AddColumn>(), kDescendant, kAccessExclusive},
    {IndexOf<AddColumn>(), kReferenced, kShareRowExclusive},  // ATAddForeignKeyConstraint
    // AGLL: AT_DropColumn; dropping a foreign key's triggers locks its other table
    // (trigger.c:RemoveTriggerById)
    {IndexOf<DropColumn>(), kTable, kAccessExclusive},
    {IndexOf<DropColumn>(), kDescendant, kAccessExclusive},
    {IndexOf<DropColumn>(), kPartner, kAccessExclusive},
    // AGLL: AT_SetNotNull, AT_DropNotNull, AT_ColumnDefault, AT_AlterColumnType
    {IndexOf<SetNotNull>(), kTable, kAccessExclusive},
    {IndexOf<SetNotNull>(), kDescendant, kAccessExclusive},
    {IndexOf<DropNotNull>(), kTable, kAccessExclusive},
    {IndexOf<DropNotNull>(), kDescendant, kAccessExclusive},
    {IndexOf<SetDefault>(), kTable, kAccessExclusive},
    {IndexOf<SetDefault>(), kDescendant, kAccessExclusive},
    {IndexOf<DropDefault>(), kTable, kAccessExclusive},
    {IndexOf<DropDefault>(), kDescendant, kAccessExclusive},
    {IndexOf<AlterColumnType>(), kTable, kAccessExclusive},
    {IndexOf<AlterColumnType>(), kDescendant, kAccessExclusive},
    {IndexOf<AlterColumnType>(), kPartner, kAccessExclusive},
    // AGLL: AT_AddConstraint, with CONSTR_FOREIGN the exception
    {IndexOf<AddConstraint>(), kTable, kAccessExclusive, 0, kForeignKey},
    {IndexOf<AddConstraint>(), kTable, kShareRowExclusive, kForeignKey},
    {IndexOf<AddConstraint>(), kReferenced, kShareRowExclusive},
    {IndexOf<AddConstraint>(), kDescendant, kShareRowExclusive, kForeignKey},
    {IndexOf<AddConstraint>(), kDescendant, kAccessExclusive, 0,
     kForeignKey | kBuildsIndex | kNoInherit},
    {IndexOf<AddConstraint>(), kDescendant, kAccessExclusive, kNoInherit, 0, 18},
    // Partitions get their index as CREATE INDEX would give it; 18 adds NOT NULL constraints first.
    {IndexOf<AddConstraint>(), kDescendant, kShare, kBuildsIndex, 0, kEver, 17},
    {IndexOf<AddConstraint>(), kDescendant, kAccessExclusive, kAddsNotNull},
    {IndexOf<AddConstraint>(), kDescendant, kAccessExclusive, kBuildsIndex, 0, 18},
    {IndexOf<AddConstraint>(), kUsedIndex, kShareUpdateExclusive},  // ATExecAddIndexConstraint
    // AGLL: AT_DropConstraint
    {IndexOf<DropConstraint>(), kTable, kAccessExclusive},
    {IndexOf<DropConstraint>(), kDescendant, kAccessExclusive},
    {IndexOf<DropConstraint>(), kPartner, kAccessExclusive},
    // AGLL: AT_ValidateConstraint; QueueFKConstraintValidation opens the other table
    {IndexOf<ValidateConstraint>(), kTable, kShareUpdateExclusive},
    {IndexOf<ValidateConstraint>(), kDescendant, kShareUpdateExclusive},
    {IndexOf<ValidateConstraint>(), kReferenced, kRowShare},
    // renameatt, RenameConstraint, RenameRelation: only ALTER INDEX is weaker, since 12
    {IndexOf<RenameColumn>(), kTable, kAccessExclusive},
    {IndexOf<RenameColumn>(), kDescendant, kAccessExclusive},
    {IndexOf<RenameConstraint>(), kTable, kAccessExclusive},
    {IndexOf<RenameConstraint>(), kUsedIndex, kShareUpdateExclusive},
    {IndexOf<RenameRelation>(), kTable, kAccessExclusive, 0, kNamedAsIndex},
    {IndexOf<RenameRelation>(), kTable, kShareUpdateExclusive, kNamedAsIndex},
    {IndexOf<SetSchema>(), kTable, kAccessExclusive},  // tablecmds.c:AlterTableNamespace
    // AGLL: AT_EnableRowSecurity and its kin
    {IndexOf<SetRowSecurity>(), kTable, kAccessExclusive},

    // DefineRelation
    {IndexOf<CreateTable>(), kReferenced, kShareRowExclusive},
    {IndexOf<CreateTable>(), kParent, kAccessExclusive},
    {IndexOf<CreateTable>(), kDefaultPartition, kAccessExclusive},
    {IndexOf<CreateTable>(), kInherited, kShareUpdateExclusive},
    {IndexOf<CreateTable>(), kLike, kAccessShare},
    // indexcmds.c:DefineIndex
    {IndexOf<CreateIndex>(), kTable, kShare, 0, kConcurrently},
    {IndexOf<CreateIndex>(), kTable, kShareUpdateExclusive, kConcurrently},
    {IndexOf<CreateIndex>(), kDescendant, kShare},
    {IndexOf<CreateSequence>(), kOwner, kAccessShare},       // sequence.c:process_owned_by
    {IndexOf<CreateTrigger>(), kTable, kShareRowExclusive},  // trigger.c:CreateTriggerFiringOn
    {IndexOf<CreateTrigger>(), kDescendant, kShareRowExclusive},
    {IndexOf<CreatePolicy>(), kTable, kAccessExclusive},  // policy.c:CreatePolicy

    // tablecmds.c:RemoveRelations, RangeVarCallbackForDropRelation; DROP INDEX locks its table so
    {IndexOf<Drop>(), kTable, kAccessExclusive, 0, kConcurrently},
    {IndexOf<Drop>(), kTable, kShareUpdateExclusive, kConcurrently},
    {IndexOf<Drop>(), kDescendant, kAccessExclusive},
    {IndexOf<Drop>(), kPartner, kAccessExclusive},
    {IndexOf<Drop>(), kParent, kAccessExclusive},
    {IndexOf<Drop>(), kDefaultPartition, kAccessExclusive},
    // tablecmds.c:ExecuteTruncate; the indexes get new files as the table does
    {IndexOf<Truncate>(), kTable, kAccessExclusive},
    {IndexOf<Truncate>(), kParent, kAccessShare, 0, 0, kEver, 13},
    // parse_clause.c:setTargetTable; ri_triggers.c looks the key up with FOR KEY SHARE
    {IndexOf<ModifyData>(), kTable, kRowExclusive},
    {IndexOf<ModifyData>(), kDescendant, kRowExclusive},
    {IndexOf<ModifyData>(), kReferenced, kRowShare},
};

// Rows by action, so that an action reads only its own.
struct RowRange {
  size_t begin = 0;
  size_t end = 0;
};
using RowRanges = std::array<RowRange, kAnyAction + 1>;

constexpr RowRanges RangesOf(absl::Span<const EffectRow> rows) {
  RowRanges ranges{};
  for (size_t row = 0; row < rows.size(); ++row) {
    RowRange& range = ranges[rows[row].action];
    if (range.end == 0) range.begin = row;
    range.end = row + 1;
  }
  return ranges;
}

constexpr bool RowsAreGrouped(absl::Span<const EffectRow> rows) {
  const RowRanges ranges = RangesOf(rows);
  for (size_t action = 0; action < ranges.size(); ++action) {
    for (size_t row = ranges[action].begin; row < ranges[action].end; ++row) {
      if (rows[row].action != action) return false;
    }
  }
  return true;
}
static_assert(RowsAreGrouped(kRows), "the rows of one action stand together");

}  // namespace

struct EffectTable {
  absl::Span<const EffectRow> rows;
  RowRanges ranges;
};

namespace {

constexpr EffectTable kTrueTable = {.rows = kRows, .ranges = RangesOf(kRows)};
constinit const EffectTable* table_in_use = &kTrueTable;

void TakeLock(const Affected& relation, LockMode mode, std::vector<Lock>& locks) {
  for (Lock& lock : locks) {
    // Relations that are only now made have no id yet.
    const bool same = relation.id != 0
                          ? lock.relation.id == relation.id
                          : lock.relation.id == 0 && lock.relation.name == relation.name;
    if (!same) continue;
    lock.mode = std::max(lock.mode, mode);
    return;
  }
  locks.push_back({.relation = relation, .mode = mode});
}

void ReadRows(size_t action, const Actor& actor, uint32_t conditions, int version,
              std::vector<Lock>& locks) {
  const EffectTable& table = *table_in_use;
  for (size_t i = table.ranges[action].begin; i < table.ranges[action].end; ++i) {
    const EffectRow& row = table.rows[i];
    const bool holds = row.role == actor.role && (row.when & ~conditions) == 0 &&
                       (row.unless & conditions) == 0 && row.since <= version &&
                       version <= row.until;
    if (holds) TakeLock(actor.relation, row.lock, locks);
  }
}

std::optional<WorkKind> WorkOf(Role role) {
  if (role == kScanned) return WorkKind::kScan;
  if (role == kRewritten) return WorkKind::kRewrite;
  if (role == kBuiltIndex) return WorkKind::kIndexBuild;
  return std::nullopt;
}

void AddWork(const Actor& actor, std::vector<Work>& work) {
  const std::optional<WorkKind> kind = WorkOf(actor.role);
  if (!kind) return;
  for (const Work& other : work) {
    // One pass over a table checks everything the statement asks (ATRewriteTable).
    if (other.kind == *kind && other.relation.id == actor.relation.id &&
        other.index == actor.index) {
      return;
    }
  }
  work.push_back({.kind = *kind,
                  .relation = actor.relation,
                  .index = actor.index,
                  .cause = actor.cause,
                  .possible = actor.possible});
}

}  // namespace

absl::Span<const EffectRow> EffectRows() { return table_in_use->rows; }

ScopedEffectRows::ScopedEffectRows(absl::Span<const EffectRow> rows)
    : table_(new EffectTable{.rows = rows, .ranges = RangesOf(rows)}) {
  PLIMSOLL_CHECK(table_in_use == &kTrueTable && RowsAreGrouped(rows));
  table_in_use = table_.get();
}

ScopedEffectRows::~ScopedEffectRows() { table_in_use = &kTrueTable; }

bool IsForbiddenInTransaction(const Action& action) {
  if (const auto* create = std::get_if<CreateIndex>(&action.kind)) return create->concurrently;
  if (const auto* drop = std::get_if<Drop>(&action.kind)) return drop->concurrently;
  const auto* other = std::get_if<Other>(&action.kind);
  return other != nullptr && other->outside_transactions;
}

Affected DescribeRelation(const Relation& relation, const Situation& situation) {
  const bool temporary = relation.persistence == Persistence::kTemporary;
  const bool same_migration = !relation.assumed && relation.migration == situation.migration;
  const bool same_transaction = !relation.assumed && relation.transaction == situation.transaction;
  return {
      .id = relation.id,
      .name = relation.DisplayName(),
      .kind = relation.kind,
      .live = !temporary && !same_migration,
      .perhaps_older = !temporary && same_migration && relation.if_not_exists,
      .created_here = same_transaction || (same_migration && situation.one_transaction_migration)};
}

void AddCreated(const Relation& created, const CatalogView& after, const Situation& situation,
                Effects& effects) {
  // heap.c:heap_create_with_catalog, index.c:index_create
  TakeLock(DescribeRelation(created, situation), kAccessExclusive, effects.locks);
  const Relation* table = created.IsIndex() ? after.Find(created.table) : nullptr;
  if (table == nullptr) return;
  // A table that no file creates has partitions that no file creates either.
  const bool shell =
      created.kind == RelationKind::kPartitionedIndex && (!table->assumed || !created.valid);
  Cause cause = Cause::kIndex;
  for (const TableConstraint& constraint : table->constraints) {
    if (constraint.index != created.id) continue;
    cause = constraint.kind == ConstraintKind::kPrimaryKey  ? Cause::kPrimaryKey
            : constraint.kind == ConstraintKind::kExclusion ? Cause::kExclusion
                                                            : Cause::kUnique;
  }
  effects.work.push_back({.kind = WorkKind::kIndexBuild,
                          .relation = DescribeRelation(*table, situation),
                          .index = created.DisplayName(),
                          .cause = cause,
                          .shell = shell});
}

const Lock* Effects::LockOn(RelationId relation) const {
  for (const Lock& lock : locks) {
    if (lock.relation.id == relation) return &lock;
  }
  return nullptr;
}

namespace {

bool IsIndex(const Affected& relation) {
  return relation.kind == RelationKind::kIndex || relation.kind == RelationKind::kPartitionedIndex;
}

}  // namespace

const Work* Effects::LiveWork(WorkKind kind, std::optional<Cause> cause) const {
  for (const Work& item : work) {
    if (item.kind == kind && item.relation.live && !item.shell && (!cause || item.cause == *cause))
      return &item;
  }
  return nullptr;
}

const Lock* Effects::StrongestLiveLock() const {
  const Lock* strongest = nullptr;
  for (const Lock& lock : locks) {
    if (!lock.relation.live) continue;
    const bool stronger =
        strongest == nullptr || lock.mode > strongest->mode ||
        // Queries wait for a table; that its index is locked as well tells nobody anything.
        (lock.mode == strongest->mode && IsIndex(strongest->relation) && !IsIndex(lock.relation));
    if (stronger) strongest = &lock;
  }
  return strongest;
}

Effects ComputeEffects(const Action& action, absl::Span<const Action> with,
                       const CatalogView& before, const Situation& situation) {
  Facts facts = Inspector(with, before, situation).Inspect(action);
  Effects effects = {.losses = std::move(facts.losses),
                     .breaks = std::move(facts.breaks),
                     .forbidden_in_transaction = facts.forbidden_in_transaction,
                     .failure = std::move(facts.failure),
                     .modelled = facts.modelled,
                     .inert = facts.inert,
                     .calls_unknown = facts.calls_unknown};
  // What fails takes nothing with it: its locks go with its transaction, its work is undone.
  if (effects.failure) {
    effects.losses.clear();
    return effects;
  }
  for (const Actor& actor : facts.actors) {
    if (actor.role == kLocked) TakeLock(actor.relation, facts.mode, effects.locks);
    ReadRows(action.kind.index(), actor, facts.conditions, situation.server_version, effects.locks);
    ReadRows(kAnyAction, actor, facts.conditions, situation.server_version, effects.locks);
    AddWork(actor, effects.work);
  }
  return effects;
}

}  // namespace plimsoll
