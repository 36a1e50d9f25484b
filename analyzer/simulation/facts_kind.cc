// Which kinds of relation each action is for: what PostgreSQL refuses with "is not a table" and the
// like. Measured, action by kind, on PostgreSQL 12 to 18.

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/effects_table.h"
#include "analyzer/simulation/facts.h"

namespace plimsoll {
namespace {

using namespace action;  // NOLINT(google-build-using-namespace): the table is about actions

constexpr uint32_t Bit(RelationKind kind) { return 1U << static_cast<uint32_t>(kind); }

// One letter a kind, so that a row reads as a set.
constexpr uint32_t T = Bit(RelationKind::kTable);
constexpr uint32_t P = Bit(RelationKind::kPartitionedTable);
constexpr uint32_t I = Bit(RelationKind::kIndex);
constexpr uint32_t X = Bit(RelationKind::kPartitionedIndex);
constexpr uint32_t S = Bit(RelationKind::kSequence);
constexpr uint32_t V = Bit(RelationKind::kView);
constexpr uint32_t M = Bit(RelationKind::kMaterializedView);
constexpr uint32_t F = Bit(RelationKind::kForeignTable);
constexpr uint32_t kAll = T | P | I | X | S | V | M | F;

struct KindRow {
  Form form;
  uint32_t kinds;
  int since = EffectRow::kEver;
  int until = EffectRow::kStill;
};

// tablecmds.c:ATPrepCmd and ATSimplePermissions, unless said otherwise.
constexpr KindRow kKinds[] = {
    {Of<AddColumn>(), T | P | F},
    {Of<DropColumn>(), T | P | F},
    {Of<SetNotNull>(), T | P | F},
    {Of<DropNotNull>(), T | P | F},
    {Of<SetDefault>(), T | P | V | F},
    {Of<DropDefault>(), T | P | V | F},
    {Of<AlterColumnType>(), T | P | F},
    {Of<AddConstraint>(), T | P | F},
    {Of<DropConstraint>(), T | P | F},
    {Of<ValidateConstraint>(), T | P | F},
    {Of<AlterConstraint>(), T | P},
    {Of<RenameColumn>(), kAll & ~S},      // renameatt_check
    {Of<RenameConstraint>(), kAll & ~S},  // likewise
    {Of<SetSchema>(), kAll & ~(I | X)},   // RangeVarCallbackForAlterRelation
    {Of<SetRowSecurity>(), T | P},
    {Of(Alteration::kSetStatistics), kAll & ~(S | V)},
    {Of(Alteration::kSetColumnOptions), T | P | M | F | I, EffectRow::kEver, 12},
    {Of(Alteration::kSetColumnOptions), T | P | M | F, 13},
    {Of(Alteration::kSetStorage), T | P | M | F},
    {Of(Alteration::kSetCompression), T | P | M},
    {Of(Alteration::kSetColumnForeignOptions), F},
    {Of(Alteration::kAddIdentity), T | P | V | F},
    {Of(Alteration::kSetIdentity), T | P | V | F},
    {Of(Alteration::kDropIdentity), T | P | V | F},
    {Of(Alteration::kSetExpression), T | P | F},
    {Of(Alteration::kDropExpression), T | P | F},
    {Of(Alteration::kSetOptions), T | P | V | M | I},
    {Of(Alteration::kSetLogged), T | P, EffectRow::kEver, 14},
    {Of(Alteration::kSetLogged), T | P | S, 15, 17},
    {Of(Alteration::kSetLogged), T | S, 18},
    {Of(Alteration::kSetUnlogged), T | P, EffectRow::kEver, 14},
    {Of(Alteration::kSetUnlogged), T | P | S, 15, 17},
    {Of(Alteration::kSetUnlogged), T | S, 18},
    {Of(Alteration::kSetTablespace), T | P | M | I | X},
    {Of(Alteration::kSetAccessMethod), T | M, EffectRow::kEver, 16},
    {Of(Alteration::kSetAccessMethod), T | P | M, 17},
    {Of(Alteration::kClusterOn), T | P | M},
    {Of(Alteration::kSetWithoutCluster), T | P | M},
    {Of(Alteration::kSetWithoutOids), T | P | F},
    {Of(Alteration::kReplicaIdentity), T | P | M},
    {Of(Alteration::kEnableTrigger), T | P | F},
    {Of(Alteration::kDisableTrigger), T | P | F},
    {Of(Alteration::kSwitchRule), T | P},
    {Of(Alteration::kInherit), T | F},  // a whole: ATPrepAddInherit
    {Of(Alteration::kNoInherit), T | P | F},
    {Of(Alteration::kOfType), T | P},
    {Of(Alteration::kNotOfType), T | P},
    {Of(Alteration::kOwner), kAll & ~X},  // ATExecChangeOwner
    {Of(Alteration::kSetForeignOptions), F},
    {Of<AlterSequence>(), S},                       // sequence.c:init_sequence
    {Of<CreateIndex>(), T | P | M},                 // indexcmds.c:DefineIndex
    {Of<CreatePolicy>(), T | P},                    // policy.c:RangeVarCallbackForPolicy
    {Of<CreateRule>(), T | P | V | M},              // rewriteDefine.c:DefineQueryRewrite
    {Of<CreateStatistics>(), T | P | M | F},        // statscmds.c:CreateStatistics
    {Of<Truncate>(), T | P, EffectRow::kEver, 13},  // tablecmds.c:truncate_check_rel
    {Of<Truncate>(), T | P | F, 14},
    {Of<LockTable>(), T | P | V},  // lockcmds.c:RangeVarCallbackForLockTable
    // cluster.c:cluster, indexcmds.c:RangeVarCallbackForReindexIndex, ReindexTable
    {Of(Upkeep::kCluster), T | P | M},
    {Of(Upkeep::kRepack), T | P | M},
    {Of(Upkeep::kReindexIndex), I | X},
    {Of(Upkeep::kReindexTable), T | P | M},
    {Of(Upkeep::kRefresh), T | P | M},  // a table is refused in other words
    // parse_relation.c, execMain.c:CheckValidResultRel
    {Of<ModifyData>(), T | P | V | F | S},
};

uint32_t KindsFor(const Action& action, int server_version) {
  Form form = {.action = action.kind.index()};
  if (const auto* alter = std::get_if<AlterRelation>(&action.kind)) {
    form.which = static_cast<int>(alter->alteration);
  } else if (const auto* maintain = std::get_if<Maintain>(&action.kind)) {
    form.which = static_cast<int>(maintain->upkeep);
  }
  for (const KindRow& row : kKinds) {
    if (row.form == form && row.since <= server_version && server_version <= row.until) {
      return row.kinds;
    }
  }
  return kAll;
}

// The kinds that a word after ALTER, COMMENT ON or GRANT ON stands for (objectaddress.c:
// get_relation_by_qualified_name).
uint32_t KindsOfWord(ObjectKind word) {
  switch (word) {
    case ObjectKind::kTable:
      return T | P;
    case ObjectKind::kIndex:
      return I | X;
    case ObjectKind::kView:
      return V;
    case ObjectKind::kMaterializedView:
      return M;
    case ObjectKind::kSequence:
      return S;
    case ObjectKind::kForeignTable:
      return F;
    default:
      return kAll;
  }
}

// Of ALTER, where TABLE is said of every kind (tablecmds.c:RangeVarCallbackForAlterRelation).
uint32_t KindsOfTarget(const Action& action, ObjectKind word) {
  if (std::holds_alternative<RenameColumn>(action.kind) ||
      std::holds_alternative<RenameConstraint>(action.kind) || word == ObjectKind::kTable) {
    return kAll;
  }
  const bool rename = std::holds_alternative<RenameRelation>(action.kind);
  return rename && word == ObjectKind::kIndex ? kAll : KindsOfWord(word);
}

// trigger.c:CreateTriggerFiringOn
uint32_t KindsFor(const CreateTrigger& create, int server_version) {
  if (create.timing == TriggerTiming::kInsteadOf) return V;
  uint32_t kinds = T | P;
  const bool before_row = create.each_row && create.timing == TriggerTiming::kBefore;
  if (before_row && server_version < 13) kinds = T;
  if (create.constraint || create.transition) return kinds;
  if (!create.on_truncate || server_version >= 16) kinds |= F;
  return create.each_row || create.on_truncate ? kinds : kinds | V;
}

// What is said of a part of a relation (objectaddress.c:get_object_address_attribute,
// get_object_address_relobject): COMMENT speaks of columns of what can have them, and looks for
// other parts wherever there is a relation with rows or rules.
uint32_t KindsForPart(ObjectKind part) {
  return part == ObjectKind::kColumn ? kAll & ~(I | X | S) : kAll & ~(I | X);
}

// trigger.c:RangeVarCallbackForRenameTrigger, policy.c, rewriteDefine.c
uint32_t KindsForPart(const AlterPart& alter) {
  if (alter.depends_on_extension) return kAll;
  if (alter.kind == ObjectKind::kTrigger) return T | P | V | F;
  return alter.kind == ObjectKind::kRule ? T | P | V : T | P;
}

// A relation that an action names, and what it may be.
struct Demand {
  const Name* name;
  uint32_t kinds;
};

uint32_t KindsForGrant(ObjectKind word) {
  return word == ObjectKind::kSequence ? S : kAll & ~(I | X);
}

std::vector<Demand> DemandsOf(const Annotate& annotate) {
  const bool part = ObjectKind::kColumn <= annotate.kind && annotate.kind <= ObjectKind::kRule;
  if (part) return {{&annotate.on_table, KindsForPart(annotate.kind)}};
  if (annotate.kind > ObjectKind::kForeignTable) return {};
  return {{&annotate.object, KindsOfWord(annotate.kind)}};
}

// tablecmds.c:ATAddForeignKeyConstraint
void AddReferenced(absl::Span<const Constraint> constraints, std::vector<Demand>& demands) {
  for (const Constraint& constraint : constraints) {
    if (constraint.kind == ConstraintKind::kForeignKey) {
      demands.push_back({&constraint.referenced, T | P});
    }
  }
}

// tablecmds.c:MergeAttributes, parse_utilcmd.c:transformTableLikeClause
std::vector<Demand> DemandsOf(const CreateTable& create) {
  std::vector<Demand> demands;
  for (const Name& name : create.inherits) demands.push_back({&name, T | F});
  for (const Name& name : create.like) demands.push_back({&name, kAll & ~(I | X | S)});
  for (const Name& name : create.reads) demands.push_back({&name, kAll & ~(I | X)});
  AddReferenced(create.constraints, demands);
  for (const Column& column : create.columns) AddReferenced(column.constraints, demands);
  return demands;
}

// copyto.c:BeginCopyTo, copyfrom.c:CopyFrom
uint32_t KindsForCopy(const ModifyData& modify, int server_version) {
  if (modify.copies_in) return T | P | V | F;
  if (server_version >= 19) return T | P | M;  // the rows of all partitions
  return server_version >= 18 ? T | M : T;
}

std::vector<Demand> DemandsOf(const ModifyData& modify, uint32_t kinds, int server_version) {
  std::vector<Demand> demands;
  if (modify.copies_in || modify.copies_out) {
    kinds = KindsForCopy(modify, server_version);
    for (const Name& name : modify.reads) demands.push_back({&name, kinds});
    for (const Write& write : modify.writes) demands.push_back({&write.table.name, kinds});
    return demands;
  }
  for (const Write& write : modify.writes) demands.push_back({&write.table.name, kinds});
  for (const Name& name : modify.reads) demands.push_back({&name, kAll & ~(I | X)});
  return demands;
}

std::vector<Demand> DemandsOf(const Action& action, int server_version) {
  const uint32_t kinds = KindsFor(action, server_version);
  std::vector<Demand> demands;
  std::visit(
      [&](const auto& act) {
        using Act = std::decay_t<decltype(act)>;
        const auto target = [&](const Target& named) {
          demands.push_back({&named.name, kinds & KindsOfTarget(action, named.kind)});
        };
        if constexpr (std::is_same_v<Act, CreateTrigger>) {
          demands.push_back({&act.table, KindsFor(act, server_version)});
        } else if constexpr (std::is_same_v<Act, AlterPart>) {
          demands.push_back({&act.table, KindsForPart(act)});
        } else if constexpr (std::is_same_v<Act, Annotate>) {
          demands = DemandsOf(act);
        } else if constexpr (std::is_same_v<Act, Grant>) {
          const bool relations = act.kind <= ObjectKind::kForeignTable && !act.all_in_schema;
          for (const Name& name : act.objects) {
            if (relations) demands.push_back({&name, KindsForGrant(act.kind)});
          }
        } else if constexpr (std::is_same_v<Act, CreateTable>) {
          demands = DemandsOf(act);
        } else if constexpr (std::is_same_v<Act, ModifyData>) {
          demands = DemandsOf(act, kinds, server_version);
        } else if constexpr (std::is_same_v<Act, Maintain>) {
          for (const Target& named : act.relations) demands.push_back({&named.name, kinds});
        } else if constexpr (std::is_same_v<Act, AlterSequence>) {
          target(act.sequence);
        } else if constexpr (std::is_same_v<Act, CreateIndex> || std::is_same_v<Act, CreateRule> ||
                             std::is_same_v<Act, CreatePolicy> ||
                             std::is_same_v<Act, CreateStatistics>) {
          demands.push_back({&act.table, kinds});
        } else if constexpr (std::is_same_v<Act, Truncate> || std::is_same_v<Act, LockTable>) {
          for (const Target& table : act.tables) target(table);
        } else if constexpr (requires { act.relation.if_exists; }) {
          target(act.relation);
        } else if constexpr (requires { act.table.if_exists; }) {
          target(act.table);
        }
        if constexpr (std::is_same_v<Act, AddConstraint>) {
          AddReferenced(absl::MakeConstSpan(&act.constraint, 1), demands);
        } else if constexpr (std::is_same_v<Act, AddColumn>) {
          AddReferenced(act.column.constraints, demands);
        }
      },
      action.kind);
  return demands;
}

}  // namespace

namespace {

// The catalogs that are met in files; what else begins with pg_ may be anybody's.
bool IsSystemTable(const Name& name) {
  static constexpr absl::string_view kTables[] = {
      "pg_am",         "pg_attrdef",     "pg_attribute",   "pg_authid",      "pg_auth_members",
      "pg_cast",       "pg_class",       "pg_collation",   "pg_constraint",  "pg_database",
      "pg_depend",     "pg_description", "pg_enum",        "pg_extension",   "pg_index",
      "pg_inherits",   "pg_language",    "pg_largeobject", "pg_namespace",   "pg_opclass",
      "pg_operator",   "pg_policy",      "pg_proc",        "pg_publication", "pg_range",
      "pg_rewrite",    "pg_sequence",    "pg_shdepend",    "pg_statistic",   "pg_subscription",
      "pg_tablespace", "pg_trigger",     "pg_type",
  };
  return (name.schema.empty() || name.schema == "pg_catalog") &&
         std::find(std::begin(kTables), std::end(kTables), name.name) != std::end(kTables);
}

// Who changes a table, rather than its rows, is asked (tablecmds.c:RangeVarCallbackForAlterRelation
// and its kin).
bool ChangesTable(const Action& action) {
  return std::visit(
      [](const auto& act) {
        using Act = std::decay_t<decltype(act)>;
        if constexpr (std::is_same_v<Act, LockTable> || std::is_same_v<Act, ModifyData> ||
                      std::is_same_v<Act, Annotate> || std::is_same_v<Act, Grant> ||
                      std::is_same_v<Act, Maintain> || std::is_same_v<Act, CreateTable> ||
                      std::is_same_v<Act, CreateStatistics> || std::is_same_v<Act, AlterSequence>) {
          return false;
        }
        return true;
      },
      action.kind);
}

}  // namespace

void Inspector::CheckSystemTables(const Action& action) {
  if (situation_.changes_system || !ChangesTable(action)) return;
  const auto check = [&](const Name& name) {
    if (!IsSystemTable(name) || Find(name) != nullptr) return;
    Fail("42501", absl::StrCat("permission denied: \"", name.name, "\" is a system catalog"));
  };
  if (const auto* drop = std::get_if<action::Drop>(&action.kind)) {
    if (drop->kind != ObjectKind::kTable) return;
    for (const Name& name : drop->objects) check(name);
    return;
  }
  for (const Demand& demand : DemandsOf(action, situation_.server_version)) check(*demand.name);
}

bool Inspector::SuitsKinds(const Action& action) {
  const auto* create = std::get_if<CreateTable>(&action.kind);
  if (create != nullptr && create->if_not_exists && Find(create->table) != nullptr) return true;
  for (const Demand& demand : DemandsOf(action, situation_.server_version)) {
    const Relation* relation = Find(*demand.name);
    // What no file creates may be of any kind.
    if (relation == nullptr || relation->assumed) continue;
    if ((demand.kinds & Bit(relation->kind)) != 0) continue;
    Fail("42809", absl::StrCat("\"", relation->name, "\" is not of a kind that this is for"));
    return false;
  }
  return true;
}

}  // namespace plimsoll
