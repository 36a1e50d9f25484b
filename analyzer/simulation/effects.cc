#include "analyzer/simulation/effects.h"

#include <algorithm>
#include <array>
#include <utility>

#include "analyzer/check.h"
#include "analyzer/simulation/effects_table.h"
#include "analyzer/simulation/facts.h"

namespace plimsoll {
namespace {

using enum LockMode;
using enum Role;
using namespace action;  // NOLINT(google-build-using-namespace): the table is about actions

constexpr size_t kAnyAction = std::variant_size_v<ActionKind>;
constexpr Form kAny = {.action = kAnyAction};
constexpr int kEver = EffectRow::kEver;

// The knowledge. Sources: AGLL is tablecmds.c:AlterTableGetLockLevel; every row was measured on
// PostgreSQL 12 to 18 (tests/oracle_test.cc repeats the measurement).
constexpr EffectRow kRows[] = {
    // A rewrite builds every index of the table again, a type change those on its column.
    {kAny, kRecreatedIndex, kAccessExclusive},
    {kAny, kDroppedIndex, kAccessExclusive},  // index.c:index_drop
    {kAny, kRead, kAccessShare, 0, kCopiesOut},
    {kAny, kRead, kAccessShare, kCopiesOut, 0, 13},  // 12 gave the lock back at once (copy.c)
    {kAny, kRowLocked, kRowShare},
    {kAny, kWritten, kRowExclusive},
    {kAny, kSequence, kAccessExclusive},
    {kAny, kUsedSequence, kRowExclusive},  // sequence.c:lock_and_open_sequence
    {kAny, kView, kAccessExclusive},

    // AGLL: AT_AddColumn
    {Of<AddColumn>(), kTable, kAccessExclusive},
    {Of<AddColumn>(), kDescendant, kAccessExclusive},
    {Of<AddColumn>(), kReferenced, kShareRowExclusive},  // ATAddForeignKeyConstraint
    // AGLL: AT_DropColumn; dropping a foreign key's triggers locks its other table
    // (trigger.c:RemoveTriggerById)
    {Of<DropColumn>(), kTable, kAccessExclusive},
    {Of<DropColumn>(), kDescendant, kAccessExclusive},
    {Of<DropColumn>(), kPartner, kAccessExclusive},
    // AGLL: AT_SetNotNull, AT_DropNotNull, AT_ColumnDefault, AT_AlterColumnType
    {Of<SetNotNull>(), kTable, kAccessExclusive},
    {Of<SetNotNull>(), kDescendant, kAccessExclusive},
    {Of<DropNotNull>(), kTable, kAccessExclusive},
    {Of<DropNotNull>(), kDescendant, kAccessExclusive},
    {Of<SetDefault>(), kTable, kAccessExclusive},
    {Of<SetDefault>(), kDescendant, kAccessExclusive},
    {Of<DropDefault>(), kTable, kAccessExclusive},
    {Of<DropDefault>(), kDescendant, kAccessExclusive},
    {Of<AlterColumnType>(), kTable, kAccessExclusive},
    {Of<AlterColumnType>(), kDescendant, kAccessExclusive},
    {Of<AlterColumnType>(), kPartner, kAccessExclusive},
    // sequence.c:AlterSequence
    {Of<AlterColumnType>(), kUsedSequence, kShareRowExclusive},
    // AGLL: AT_AddConstraint, with CONSTR_FOREIGN the exception
    {Of<AddConstraint>(), kTable, kAccessExclusive, 0, kForeignKey},
    {Of<AddConstraint>(), kTable, kShareRowExclusive, kForeignKey},
    {Of<AddConstraint>(), kReferenced, kShareRowExclusive},
    {Of<AddConstraint>(), kDescendant, kShareRowExclusive, kForeignKey},
    {Of<AddConstraint>(), kDescendant, kAccessExclusive, 0,
     kForeignKey | kBuildsIndex | kNoInherit},
    {Of<AddConstraint>(), kDescendant, kAccessExclusive, kNoInherit, 0, 18},
    // Partitions get their index as CREATE INDEX would give it; 18 adds NOT NULL constraints first.
    {Of<AddConstraint>(), kDescendant, kShare, kBuildsIndex, 0, kEver, 17},
    {Of<AddConstraint>(), kDescendant, kAccessExclusive, kAddsNotNull},
    {Of<AddConstraint>(), kDescendant, kAccessExclusive, kBuildsIndex, 0, 18},
    {Of<AddConstraint>(), kUsedIndex, kShareUpdateExclusive},  // ATExecAddIndexConstraint
    // The triggers of a partition's foreign key go where the whole's takes it over.
    {Of<AddConstraint>(), kPartner, kAccessExclusive},
    // AGLL: AT_DropConstraint
    {Of<DropConstraint>(), kTable, kAccessExclusive},
    {Of<DropConstraint>(), kDescendant, kAccessExclusive},
    {Of<DropConstraint>(), kPartner, kAccessExclusive},
    // AGLL: AT_ValidateConstraint; QueueFKConstraintValidation opens the other table
    {Of<ValidateConstraint>(), kTable, kShareUpdateExclusive},
    {Of<ValidateConstraint>(), kDescendant, kShareUpdateExclusive},
    {Of<ValidateConstraint>(), kReferenced, kRowShare},
    // renameatt, RenameConstraint, RenameRelation: only ALTER INDEX is weaker, since 12
    {Of<RenameColumn>(), kTable, kAccessExclusive},
    {Of<RenameColumn>(), kDescendant, kAccessExclusive},
    {Of<RenameType>(), kTable, kAccessExclusive},
    {Of<RenameConstraint>(), kTable, kAccessExclusive},
    {Of<RenameConstraint>(), kDescendant, kAccessExclusive},
    {Of<RenameConstraint>(), kUsedIndex, kShareUpdateExclusive},
    {Of<RenameRelation>(), kTable, kAccessExclusive, 0, kNamedAsIndex},
    {Of<RenameRelation>(), kTable, kShareUpdateExclusive, kNamedAsIndex},
    {Of<SetSchema>(), kTable, kAccessExclusive},  // tablecmds.c:AlterTableNamespace
    // AGLL: AT_EnableRowSecurity and its kin
    {Of<SetRowSecurity>(), kTable, kAccessExclusive},

    // AGLL, subcommand by subcommand
    {Of(Alteration::kSetStatistics), kTable, kShareUpdateExclusive},
    {Of(Alteration::kSetStatistics), kDescendant, kShareUpdateExclusive},
    {Of(Alteration::kSetColumnOptions), kTable, kShareUpdateExclusive},
    {Of(Alteration::kSetStorage), kTable, kAccessExclusive},
    {Of(Alteration::kSetStorage), kDescendant, kAccessExclusive},
    {Of(Alteration::kSetCompression), kTable, kAccessExclusive},
    {Of(Alteration::kSetColumnForeignOptions), kTable, kAccessExclusive},
    {Of(Alteration::kAddIdentity), kTable, kAccessExclusive},
    {Of(Alteration::kAddIdentity), kDescendant, kAccessExclusive},
    {Of(Alteration::kSetIdentity), kTable, kAccessExclusive},
    {Of(Alteration::kSetIdentity), kDescendant, kAccessExclusive},
    {Of(Alteration::kSetIdentity), kIdentitySequence, kShareRowExclusive},  // AlterSequence
    {Of(Alteration::kDropIdentity), kTable, kAccessExclusive},
    {Of(Alteration::kDropIdentity), kDescendant, kAccessExclusive},
    {Of(Alteration::kSetExpression), kTable, kAccessExclusive},
    {Of(Alteration::kSetExpression), kDescendant, kAccessExclusive},
    {Of(Alteration::kDropExpression), kTable, kAccessExclusive},
    {Of(Alteration::kDropExpression), kDescendant, kAccessExclusive},
    {Of(Alteration::kSetOptions), kTable, kShareUpdateExclusive, 0, kStrongOption},
    {Of(Alteration::kSetOptions), kTable, kAccessExclusive, kStrongOption},
    {Of(Alteration::kSetLogged), kTable, kAccessExclusive},
    {Of(Alteration::kSetUnlogged), kTable, kAccessExclusive},
    {Of(Alteration::kSetTablespace), kTable, kAccessExclusive},
    {Of(Alteration::kSetAccessMethod), kTable, kAccessExclusive},
    {Of(Alteration::kClusterOn), kTable, kShareUpdateExclusive},
    {Of(Alteration::kClusterOn), kUsedIndex, kShareUpdateExclusive},
    {Of(Alteration::kSetWithoutCluster), kTable, kShareUpdateExclusive},
    {Of(Alteration::kSetWithoutOids), kTable, kAccessExclusive},
    {Of(Alteration::kReplicaIdentity), kTable, kAccessExclusive},
    {Of(Alteration::kReplicaIdentity), kUsedIndex, kShare},  // ATExecReplicaIdentity
    {Of(Alteration::kEnableTrigger), kTable, kShareRowExclusive},
    {Of(Alteration::kEnableTrigger), kDescendant, kShareRowExclusive},
    {Of(Alteration::kDisableTrigger), kTable, kShareRowExclusive},
    {Of(Alteration::kDisableTrigger), kDescendant, kShareRowExclusive},
    {Of(Alteration::kSwitchRule), kTable, kAccessExclusive},
    {Of(Alteration::kInherit), kTable, kAccessExclusive},
    {Of(Alteration::kInherit), kInherited, kShareUpdateExclusive},  // ATExecAddInherit
    {Of(Alteration::kNoInherit), kTable, kAccessExclusive},
    {Of(Alteration::kNoInherit), kInherited, kAccessShare},  // ATExecDropInherit
    {Of(Alteration::kOfType), kTable, kAccessExclusive},
    {Of(Alteration::kOfType), kLike, kAccessShare},
    {Of(Alteration::kNotOfType), kTable, kAccessExclusive},
    {Of(Alteration::kOwner), kTable, kAccessExclusive},
    {Of(Alteration::kOwner), kIndexUnder, kAccessExclusive},  // ATExecChangeOwner
    {Of(Alteration::kSetForeignOptions), kTable, kAccessExclusive},
    {Of(Alteration::kDependsOnExtension), kTable, kAccessExclusive},  // alter.c
    // AGLL: AT_AlterConstraint
    {Of<AlterConstraint>(), kTable, kAccessExclusive},
    {Of<AlterConstraint>(), kDescendant, kAccessExclusive},
    {Of<AlterConstraint>(), kPartner, kAccessExclusive},
    {Of<AlterConstraint>(), kReferenced, kShareRowExclusive},
    // AGLL: AT_AttachPartition; ATExecAttachPartition, CloneForeignKeyConstraints
    {Of<AttachPartition>(), kTable, kShareUpdateExclusive},
    {Of<AttachPartition>(), kAttached, kAccessExclusive},
    {Of<AttachPartition>(), kAttachedPart, kAccessExclusive},
    {Of<AttachPartition>(), kDefaultPartition, kAccessExclusive},
    {Of<AttachPartition>(), kIndexUnder, kShareUpdateExclusive},
    {Of<AttachPartition>(), kReferenced, kShareRowExclusive},
    {Of<AttachPartition>(), kPartner, kAccessExclusive},
    {Of<AttachPartition>(), kReferencing, kAccessShare, 0, 0, kEver, 14},
    {Of<AttachPartition>(), kReferencing, kShareRowExclusive, 0, 0, 15},
    // AGLL: AT_DetachPartition, AT_DetachPartitionFinalize; ATExecDetachPartition
    {Of<DetachPartition>(), kTable, kAccessExclusive, 0, kConcurrently | kFinalize},
    {Of<DetachPartition>(), kTable, kShareUpdateExclusive, kConcurrently},
    {Of<DetachPartition>(), kTable, kShareUpdateExclusive, kFinalize},
    {Of<DetachPartition>(), kAttached, kShareUpdateExclusive, 0, 0, kEver, 13},
    {Of<DetachPartition>(), kAttached, kAccessExclusive, 0, 0, 14},
    {Of<DetachPartition>(), kAttachedPart, kAccessExclusive},
    {Of<DetachPartition>(), kDefaultPartition, kAccessExclusive},
    {Of<DetachPartition>(), kReferenced, kShareRowExclusive},
    {Of<DetachPartition>(), kPartner, kAccessExclusive},
    {Of<DetachPartition>(), kReferencing, kAccessExclusive},
    {Of<DetachPartition>(), kIndexUnder, kAccessExclusive},
    // Release notes of 19: the copies are made while nobody else sees the whole.
    {Of<RearrangePartitions>(), kTable, kAccessExclusive},
    {Of<RearrangePartitions>(), kAttached, kAccessExclusive},

    // DefineRelation
    {Of<CreateTable>(), kReferenced, kShareRowExclusive},
    {Of<CreateTable>(), kReferencing, kAccessShare, 0, 0, kEver, 14},  // CloneFkReferenced
    {Of<CreateTable>(), kReferencing, kShareRowExclusive, 0, 0, 15},
    {Of<CreateTable>(), kParent, kAccessExclusive},
    {Of<CreateTable>(), kDefaultPartition, kAccessExclusive},
    {Of<CreateTable>(), kInherited, kShareUpdateExclusive},
    {Of<CreateTable>(), kLike, kAccessShare},
    // indexcmds.c:DefineIndex
    {Of<CreateIndex>(), kTable, kShare, 0, kConcurrently},
    {Of<CreateIndex>(), kTable, kShareUpdateExclusive, kConcurrently},
    {Of<CreateIndex>(), kDescendant, kShare},
    {Of<CreateSequence>(), kOwner, kAccessShare},       // sequence.c:process_owned_by
    {Of<CreateTrigger>(), kTable, kShareRowExclusive},  // trigger.c:CreateTriggerFiringOn
    {Of<CreateTrigger>(), kDescendant, kShareRowExclusive},
    {Of<CreatePolicy>(), kTable, kAccessExclusive},           // policy.c:CreatePolicy
    {Of<CreateRule>(), kTable, kAccessExclusive},             // rewriteDefine.c:DefineQueryRewrite
    {Of<CreateStatistics>(), kTable, kShareUpdateExclusive},  // statscmds.c:CreateStatistics
    // policy.c:AlterPolicy, trigger.c:renametrig, rewriteDefine.c:RenameRewriteRule
    {Of<AlterPart>(), kTable, kAccessExclusive},
    {Of<AlterPart>(), kDescendant, kAccessExclusive},
    // typecmds.c:get_rels_with_domain, for every constraint that rows have to meet
    {Of<AlterDomain>(), kTable, kShare, 0, kValidates},
    {Of<AlterDomain>(), kTable, kShare, kValidates, 0, kEver, 18},
    {Of<AlterDomain>(), kTable, kShareUpdateExclusive, kValidates, 0, 19},
    // tablecmds.c:ATTypedTableRecursion
    {Of<AlterType>(), kDescendant, kAccessExclusive},
    {Of<AlterType>(), kPartner, kAccessExclusive},
    {Of<AlterSequence>(), kTable, kShareRowExclusive},  // sequence.c:AlterSequence
    {Of<AlterSequence>(), kOwner, kAccessShare},
    {Of<Annotate>(), kTable, kShareUpdateExclusive},          // comment.c:CommentObject
    {Of<Grant>(), kTable, kAccessShare, 0, 0, 18},            // aclchk.c:ExecGrant_Relation
    {Of<AlterPublication>(), kTable, kShareUpdateExclusive},  // publicationcmds.c:OpenTableList
    {Of<AlterPublication>(), kDescendant, kShareUpdateExclusive},
    // REASSIGN OWNED and DROP OWNED
    {Of<ChangeOwned>(), kTable, kAccessExclusive},
    {Of<ChangeOwned>(), kIndexUnder, kAccessExclusive},
    {Of<ChangeOwned>(), kPartner, kAccessExclusive},
    {Of<ChangeOwned>(), kParent, kAccessExclusive},
    {Of<ChangeOwned>(), kDefaultPartition, kAccessExclusive},
    {Of<AlterExtension>(), kTable, kShareUpdateExclusive},  // objectaddress.c, extension.c

    // vacuum.c, analyze.c, cluster.c, matview.c, indexcmds.c:ReindexTable
    {Of(Upkeep::kVacuum), kTable, kShareUpdateExclusive},
    {Of(Upkeep::kVacuum), kDescendant, kShareUpdateExclusive},
    {Of(Upkeep::kVacuumFull), kTable, kAccessExclusive},
    {Of(Upkeep::kVacuumFull), kDescendant, kAccessExclusive},
    {Of(Upkeep::kAnalyze), kTable, kShareUpdateExclusive},
    {Of(Upkeep::kAnalyze), kDescendant, kShareUpdateExclusive},
    {Of(Upkeep::kCluster), kTable, kAccessExclusive},
    {Of(Upkeep::kCluster), kDescendant, kAccessExclusive},
    {Of(Upkeep::kRepack), kTable, kAccessExclusive},
    {Of(Upkeep::kRepack), kDescendant, kAccessExclusive},
    {Of(Upkeep::kReindexIndex), kTable, kShare, 0, kConcurrently},
    {Of(Upkeep::kReindexIndex), kTable, kShareUpdateExclusive, kConcurrently},
    {Of(Upkeep::kReindexTable), kTable, kShare, 0, kConcurrently},
    {Of(Upkeep::kReindexTable), kTable, kShareUpdateExclusive, kConcurrently},
    {Of(Upkeep::kReindexSchema), kTable, kShare, 0, kConcurrently},
    {Of(Upkeep::kReindexSchema), kTable, kShareUpdateExclusive, kConcurrently},
    {Of(Upkeep::kReindexDatabase), kTable, kShare, 0, kConcurrently},
    {Of(Upkeep::kReindexDatabase), kTable, kShareUpdateExclusive, kConcurrently},
    {Of(Upkeep::kRefresh), kTable, kAccessExclusive, 0, kConcurrently},
    {Of(Upkeep::kRefresh), kTable, kExclusive, kConcurrently},

    {Of<Execute>(), kTable, kRowExclusive},
    {Of<Execute>(), kDescendant, kRowExclusive},
    {Of<Execute>(), kReferenced, kRowShare},
    {Of<MoveAll>(), kTable, kAccessExclusive},  // tablecmds.c:AlterTableMoveAll

    // tablecmds.c:RemoveRelations, RangeVarCallbackForDropRelation; DROP INDEX locks its table so
    {Of<Drop>(), kTable, kAccessExclusive, 0, kConcurrently},
    {Of<Drop>(), kTable, kShareUpdateExclusive, kConcurrently},
    {Of<Drop>(), kDescendant, kAccessExclusive},
    {Of<Drop>(), kAnalysed, kShareUpdateExclusive},  // statscmds.c:RemoveStatisticsById
    {Of<Drop>(), kPartner, kAccessExclusive},
    {Of<Drop>(), kParent, kAccessExclusive},
    {Of<Drop>(), kDefaultPartition, kAccessExclusive},
    // tablecmds.c:ExecuteTruncate; the indexes get new files as the table does
    {Of<Truncate>(), kTable, kAccessExclusive},
    {Of<Truncate>(), kParent, kAccessShare, 0, 0, kEver, 13},
    // parse_clause.c:setTargetTable; ri_triggers.c looks the key up with FOR KEY SHARE
    {Of<ModifyData>(), kTable, kRowExclusive},
    {Of<ModifyData>(), kDescendant, kRowExclusive},
    {Of<ModifyData>(), kReferenced, kRowShare},
};

// The work, and why it is done. What a row says of every action holds of any that does such a
// thing. Sources: a rewrite and the checks of new columns and constraints are
// tablecmds.c:ATRewriteTable, the building of indexes after it cluster.c:finish_heap_swap.
constexpr WorkRow kWorkRows[] = {
    // index.c:index_build
    {kAny, kMadeIndex, Cause::kIndex},
    {kAny, kMadeIndex, Cause::kUnique},
    {kAny, kMadeIndex, Cause::kPrimaryKey},
    {kAny, kMadeIndex, Cause::kExclusion},
    // ATColumnChangeRequiresRewrite, of a column or of an attribute that typed tables have;
    // ATPostAlterTypeCleanup makes what stands on it again.
    {kAny, kRewritten, Cause::kTypeChange},
    {kAny, kRecreatedIndex, Cause::kTypeChange},
    {kAny, kBuiltIndex, Cause::kTypeChange},
    {kAny, kScanned, Cause::kTypeChange},

    // Rows get a value that differs from row to row, or has to be checked in each.
    {Of<AddColumn>(), kRewritten, Cause::kVolatileDefault},
    {Of<AddColumn>(), kBuiltIndex, Cause::kVolatileDefault},
    {Of<AddColumn>(), kRewritten, Cause::kStoredGenerated},
    {Of<AddColumn>(), kBuiltIndex, Cause::kStoredGenerated},
    {Of<AddColumn>(), kRewritten, Cause::kIdentity},
    {Of<AddColumn>(), kBuiltIndex, Cause::kIdentity},
    {Of<AddColumn>(), kRewritten, Cause::kConstrainedDomain},
    {Of<AddColumn>(), kBuiltIndex, Cause::kConstrainedDomain},
    {Of<AddColumn>(), kScanned, Cause::kNotNull},
    {Of<AddColumn>(), kScanned, Cause::kCheck},
    {Of<AddColumn>(), kScanned, Cause::kUnique},
    {Of<AddColumn>(), kScanned, Cause::kPrimaryKey},
    {Of<AddColumn>(), kScanned, Cause::kForeignKey},  // ri_triggers.c:RI_Initial_Check
    {Of<AddColumn>(), kMatched, Cause::kForeignKey},
    {Of<SetNotNull>(), kScanned, Cause::kNotNull},
    {Of<AlterColumnType>(), kScanned, Cause::kCheck},
    {Of<AlterColumnType>(), kMatched, Cause::kForeignKey},
    {Of<AddConstraint>(), kScanned, Cause::kNotNull},
    {Of<AddConstraint>(), kScanned, Cause::kCheck},
    {Of<AddConstraint>(), kScanned, Cause::kUnique},
    {Of<AddConstraint>(), kScanned, Cause::kPrimaryKey},
    {Of<AddConstraint>(), kScanned, Cause::kExclusion},
    {Of<AddConstraint>(), kScanned, Cause::kForeignKey},
    {Of<AddConstraint>(), kMatched, Cause::kForeignKey},
    {Of<ValidateConstraint>(), kScanned, Cause::kNotNull},
    {Of<ValidateConstraint>(), kScanned, Cause::kCheck},
    {Of<ValidateConstraint>(), kScanned, Cause::kForeignKey},
    {Of<ValidateConstraint>(), kMatched, Cause::kForeignKey},
    // NO INHERIT is taken away; the key is enforced from now on
    {Of<AlterConstraint>(), kScanned, Cause::kNotNull},
    {Of<AlterConstraint>(), kScanned, Cause::kForeignKey},
    {Of<AlterConstraint>(), kMatched, Cause::kForeignKey},

    {Of(Alteration::kSetExpression), kRewritten, Cause::kStoredGenerated},
    {Of(Alteration::kSetExpression), kBuiltIndex, Cause::kStoredGenerated},
    {Of(Alteration::kSetExpression), kScanned, Cause::kNotNull},
    {Of(Alteration::kSetLogged), kRewritten, Cause::kStorage},
    {Of(Alteration::kSetLogged), kBuiltIndex, Cause::kStorage},
    {Of(Alteration::kSetUnlogged), kRewritten, Cause::kStorage},
    {Of(Alteration::kSetUnlogged), kBuiltIndex, Cause::kStorage},
    {Of(Alteration::kSetAccessMethod), kRewritten, Cause::kStorage},
    {Of(Alteration::kSetAccessMethod), kBuiltIndex, Cause::kStorage},
    {Of(Alteration::kSetTablespace), kCopied, Cause::kStorage},  // ATExecSetTableSpace
    {Of<MoveAll>(), kCopied, Cause::kStorage},

    // QueuePartitionConstraintValidation, AttachPartitionEnsureIndexes
    // Release notes of 19.
    {Of<RearrangePartitions>(), kRewritten, Cause::kPartition},
    {Of<AttachPartition>(), kScanned, Cause::kPartition},
    {Of<AttachPartition>(), kScanned, Cause::kIndex},
    {Of<AttachPartition>(), kScanned, Cause::kForeignKey},
    {Of<AttachPartition>(), kMatched, Cause::kForeignKey},
    {Of<DetachPartition>(), kMatched, Cause::kForeignKey},  // RI_PartitionRemove_Check

    {Of<CreateTable>(), kScanned, Cause::kPartition},  // check_default_partition_contents
    {Of<CreateTable>(), kScanned, Cause::kQuery},
    {Of<CreateView>(), kScanned, Cause::kQuery},
    {Of<CreateIndex>(), kScanned, Cause::kIndex},
    {Of<AlterType>(), kScanned, Cause::kCheck},
    {Of<AlterType>(), kMatched, Cause::kForeignKey},
    // typecmds.c:validateDomainNotNullConstraint, validateDomainCheckConstraint
    {Of<AlterDomain>(), kScanned, Cause::kNotNull},
    {Of<AlterDomain>(), kScanned, Cause::kCheck},

    // cluster.c:cluster_rel, index.c:reindex_index, matview.c:ExecRefreshMatView
    {Of(Upkeep::kVacuumFull), kRewritten, Cause::kMaintenance},
    {Of(Upkeep::kVacuumFull), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kVacuumFull), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kCluster), kRewritten, Cause::kMaintenance},
    {Of(Upkeep::kCluster), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kCluster), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kRepack), kRewritten, Cause::kMaintenance},
    {Of(Upkeep::kRepack), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kRepack), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kReindexIndex), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kReindexIndex), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kReindexTable), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kReindexTable), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kReindexSchema), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kReindexSchema), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kReindexDatabase), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kReindexDatabase), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kRefresh), kRewritten, Cause::kMaintenance},
    {Of(Upkeep::kRefresh), kBuiltIndex, Cause::kMaintenance},
    {Of(Upkeep::kRefresh), kScanned, Cause::kMaintenance},
    {Of(Upkeep::kRefresh), kScanned, Cause::kQuery},

    {Of<Execute>(), kScanned, Cause::kQuery},
    {Of<ModifyData>(), kScanned, Cause::kQuery},
};

// Rows by action, so that an action reads only its own.
struct RowRange {
  size_t begin = 0;
  size_t end = 0;
};
using RowRanges = std::array<RowRange, kAnyAction + 1>;

template <typename Row>
constexpr RowRanges RangesOf(absl::Span<const Row> rows) {
  RowRanges ranges{};
  for (size_t row = 0; row < rows.size(); ++row) {
    RowRange& range = ranges[rows[row].form.action];
    if (range.end == 0) range.begin = row;
    range.end = row + 1;
  }
  return ranges;
}

template <typename Row>
constexpr bool RowsAreGrouped(absl::Span<const Row> rows) {
  const RowRanges ranges = RangesOf(rows);
  for (size_t action = 0; action < ranges.size(); ++action) {
    for (size_t row = ranges[action].begin; row < ranges[action].end; ++row) {
      if (rows[row].form.action != action) return false;
    }
  }
  return true;
}

}  // namespace

struct EffectTable {
  constexpr EffectTable(absl::Span<const EffectRow> locks, absl::Span<const WorkRow> works)
      : rows(locks), ranges(RangesOf(locks)), work(works), work_ranges(RangesOf(works)) {}

  constexpr bool IsGrouped() const { return RowsAreGrouped(rows) && RowsAreGrouped(work); }

  absl::Span<const EffectRow> rows;
  RowRanges ranges;
  absl::Span<const WorkRow> work;
  RowRanges work_ranges;
};

namespace {

constexpr EffectTable kTrueTable(kRows, kWorkRows);
static_assert(kTrueTable.IsGrouped(), "the rows of one action stand together");
constinit const EffectTable* table_in_use = &kTrueTable;
constinit thread_local size_t unlisted_work = 0;

void TakeLock(const Affected& relation, LockMode mode, bool possible, std::vector<Lock>& locks) {
  for (Lock& lock : locks) {
    // Relations that are only now made have no id yet.
    const bool same = relation.id != 0
                          ? lock.relation.id == relation.id
                          : lock.relation.id == 0 && lock.relation.name == relation.name;
    if (!same) continue;
    lock.possible = lock.possible && possible;
    lock.mode = std::max(lock.mode, mode);
    return;
  }
  locks.push_back({.relation = relation, .mode = mode, .possible = possible});
}

void ReadRows(size_t action, const Actor& actor, const Facts& facts, int version,
              std::vector<Lock>& locks) {
  const EffectTable& table = *table_in_use;
  for (size_t i = table.ranges[action].begin; i < table.ranges[action].end; ++i) {
    const EffectRow& row = table.rows[i];
    const bool speaks = row.form.which == kEveryForm || row.form.which == facts.form;
    const bool holds = speaks && row.role == actor.role && (row.when & ~facts.conditions) == 0 &&
                       (row.unless & facts.conditions) == 0 && row.since <= version &&
                       version <= row.until;
    if (holds) TakeLock(actor.relation, row.lock, actor.possible, locks);
  }
}

std::optional<WorkKind> WorkOf(Role role) {
  if (role == kScanned || role == kMatched) return WorkKind::kScan;
  if (role == kRewritten) return WorkKind::kRewrite;
  if (role == kBuiltIndex) return WorkKind::kIndexBuild;
  if (role == kCopied) return WorkKind::kCopy;
  return std::nullopt;
}

// Whether the table has the work that the action does to whoever plays `role`.
bool IsDone(size_t action, int form, Role role, Cause cause) {
  const EffectTable& table = *table_in_use;
  for (const size_t of : {action, kAnyAction}) {
    for (size_t i = table.work_ranges[of].begin; i < table.work_ranges[of].end; ++i) {
      const WorkRow& row = table.work[i];
      const bool speaks = row.form.which == kEveryForm || row.form.which == form;
      if (speaks && row.role == role && row.cause == cause) return true;
    }
  }
  return false;
}

void AddWork(size_t action, int form, const Actor& actor, std::vector<Work>& work) {
  const std::optional<WorkKind> kind = WorkOf(actor.role);
  if (!kind) return;
  if (!IsDone(action, form, actor.role, actor.cause)) {
    if (table_in_use != &kTrueTable) return;
    ++unlisted_work;
  }
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
                  .possible = actor.possible,
                  .shell = actor.relation.emptied,
                  .again = *kind == WorkKind::kIndexBuild});
}

// What is made anew and not built anew stands on its old file (tablecmds.c:TryReuseIndex).
void AddKept(size_t action, int form, const Actor& actor, Effects& effects) {
  if (actor.role != kRecreatedIndex || !IsDone(action, form, actor.role, actor.cause)) return;
  for (const Work& work : effects.work) {
    if (work.kind == WorkKind::kIndexBuild && work.index == actor.relation.name) return;
  }
  effects.kept_indexes.push_back(actor.relation);
}

}  // namespace

namespace {

bool RunsOutside(const Maintain& maintain) {
  switch (maintain.upkeep) {
    case Upkeep::kVacuum:
    case Upkeep::kVacuumFull:
    case Upkeep::kReindexSchema:
    case Upkeep::kReindexDatabase:
    case Upkeep::kReindexSystem:
      return true;
    case Upkeep::kCluster:
      return maintain.relations.empty();
    case Upkeep::kRepack:
      return maintain.relations.empty() || maintain.concurrently || maintain.analyzes;
    case Upkeep::kReindexIndex:
    case Upkeep::kReindexTable:
      return maintain.concurrently;
    case Upkeep::kAnalyze:
    case Upkeep::kRefresh:
      return false;
  }
  return false;
}

}  // namespace

absl::Span<const EffectRow> EffectRows() { return table_in_use->rows; }

absl::Span<const WorkRow> WorkRows() { return table_in_use->work; }

size_t UnlistedWork() { return unlisted_work; }

ScopedEffectRows::ScopedEffectRows(absl::Span<const EffectRow> rows)
    : table_(new EffectTable(rows, kWorkRows)) {
  Use(*table_);
}

ScopedEffectRows::ScopedEffectRows(absl::Span<const WorkRow> rows)
    : table_(new EffectTable(kRows, rows)) {
  Use(*table_);
}

void ScopedEffectRows::Use(const EffectTable& table) {
  PLIMSOLL_CHECK(table_in_use == &kTrueTable && table.IsGrouped());
  table_in_use = &table;
}

ScopedEffectRows::~ScopedEffectRows() { table_in_use = &kTrueTable; }

bool IsForbiddenInTransaction(const Action& action) {
  if (const auto* maintain = std::get_if<Maintain>(&action.kind)) return RunsOutside(*maintain);
  if (const auto* detach = std::get_if<DetachPartition>(&action.kind)) return detach->concurrently;
  if (const auto* change = std::get_if<ChangeObject>(&action.kind)) {
    return change->outside_transactions;
  }
  if (const auto* command = std::get_if<SessionCommand>(&action.kind)) {
    return command->outside_transactions;
  }
  if (const auto* create = std::get_if<CreateIndex>(&action.kind)) return create->concurrently;
  const auto* drop = std::get_if<Drop>(&action.kind);
  return drop != nullptr &&
         (drop->concurrently || drop->kind == ObjectKind::kDatabase ||
          drop->kind == ObjectKind::kTablespace || drop->kind == ObjectKind::kSubscription);
}

bool Extends(const Action& action) {
  if (std::holds_alternative<CreateExtension>(action.kind)) return true;
  const auto* change = std::get_if<ChangeObject>(&action.kind);
  return change != nullptr &&
         (change->kind == ObjectKind::kAccessMethod || change->kind == ObjectKind::kOperatorClass ||
          change->kind == ObjectKind::kExtension);
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
      .emptied = relation.truncated == situation.transaction + 1,
      .created_here = same_transaction || (same_migration && situation.one_transaction_migration)};
}

void AddCreated(const Relation& created, const CatalogView& before, const CatalogView& after,
                const Situation& situation, Effects& effects) {
  // heap.c:heap_create_with_catalog, index.c:index_create
  TakeLock(DescribeRelation(created, situation), kAccessExclusive, false, effects.locks);
  const Relation* table = created.IsIndex() ? after.Find(created.table) : nullptr;
  if (table == nullptr) return;
  // A table that no file creates has partitions that no file creates either.
  const Affected affected = DescribeRelation(*table, situation);
  const bool partitioned =
      created.kind == RelationKind::kPartitionedIndex && (!table->assumed || !created.valid);
  Cause cause = Cause::kIndex;
  for (const TableConstraint& constraint : table->constraints) {
    if (constraint.index != created.id) continue;
    cause = constraint.kind == ConstraintKind::kPrimaryKey  ? Cause::kPrimaryKey
            : constraint.kind == ConstraintKind::kExclusion ? Cause::kExclusion
                                                            : Cause::kUnique;
  }
  if (!IsDone(kAnyAction, kEveryForm, kMadeIndex, cause)) return;
  // The same statement dropped one of that name.
  const Relation* old = before.Find({.schema = created.schema, .name = created.name}, {});
  effects.work.push_back({.kind = WorkKind::kIndexBuild,
                          .relation = affected,
                          .index = created.DisplayName(),
                          .cause = cause,
                          .shell = partitioned || affected.emptied,
                          .again = old != nullptr && old->table == created.table});
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

int PassOf(const Action& action) {
  if (std::holds_alternative<action::DropColumn>(action.kind) ||
      std::holds_alternative<action::DropConstraint>(action.kind)) {
    return 0;
  }
  if (std::holds_alternative<action::AlterColumnType>(action.kind)) return 1;
  if (std::holds_alternative<action::AddColumn>(action.kind)) return 2;
  if (const auto* add = std::get_if<action::AddConstraint>(&action.kind)) {
    return add->constraint.kind == ConstraintKind::kForeignKey ? 4 : 3;
  }
  return 5;
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
  const size_t kind = action.kind.index();
  for (const Actor& actor : facts.actors) {
    if (actor.role == kLocked) TakeLock(actor.relation, facts.mode, false, effects.locks);
    ReadRows(kind, actor, facts, situation.server_version, effects.locks);
    ReadRows(kAnyAction, actor, facts, situation.server_version, effects.locks);
    AddWork(kind, facts.form, actor, effects.work);
  }
  for (const Actor& actor : facts.actors) AddKept(kind, facts.form, actor, effects);
  return effects;
}

}  // namespace plimsoll
