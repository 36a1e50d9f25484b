// ALTER TABLE, and ALTER of other relations and of composite types, subcommand by subcommand.

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/command_tag.h"
#include "analyzer/syntax/lexer.h"
#include "analyzer/syntax/lower_expression.h"
#include "analyzer/syntax/lower_parts.h"
#include "analyzer/syntax/lower_predicate.h"

namespace plimsoll::tree {
namespace {

using action::Alteration;

struct AlterationRow {
  const char* subtype;  // without AT_
  Alteration alteration;
};

// Subcommands whose whole meaning is an Alteration, with what they name in `name`.
constexpr AlterationRow kAlterations[] = {
    {"SetStatistics", Alteration::kSetStatistics},
    {"SetOptions", Alteration::kSetColumnOptions},
    {"ResetOptions", Alteration::kSetColumnOptions},
    {"SetStorage", Alteration::kSetStorage},
    {"SetCompression", Alteration::kSetCompression},
    {"AlterColumnGenericOptions", Alteration::kSetColumnForeignOptions},
    {"AddIdentity", Alteration::kAddIdentity},
    {"SetIdentity", Alteration::kSetIdentity},
    {"DropIdentity", Alteration::kDropIdentity},
    {"SetExpression", Alteration::kSetExpression},
    {"DropExpression", Alteration::kDropExpression},
    {"SetRelOptions", Alteration::kSetOptions},
    {"ResetRelOptions", Alteration::kSetOptions},
    {"ReplaceRelOptions", Alteration::kSetOptions},
    {"SetLogged", Alteration::kSetLogged},
    {"SetUnLogged", Alteration::kSetUnlogged},
    {"SetTableSpace", Alteration::kSetTablespace},
    {"SetAccessMethod", Alteration::kSetAccessMethod},
    {"ClusterOn", Alteration::kClusterOn},
    {"DropCluster", Alteration::kSetWithoutCluster},
    {"DropOids", Alteration::kSetWithoutOids},
    {"ReplicaIdentity", Alteration::kReplicaIdentity},
    {"EnableTrig", Alteration::kEnableTrigger},
    {"EnableAlwaysTrig", Alteration::kEnableTrigger},
    {"EnableReplicaTrig", Alteration::kEnableTrigger},
    {"EnableTrigAll", Alteration::kEnableTrigger},
    {"EnableTrigUser", Alteration::kEnableTrigger},
    {"DisableTrig", Alteration::kDisableTrigger},
    {"DisableTrigAll", Alteration::kDisableTrigger},
    {"DisableTrigUser", Alteration::kDisableTrigger},
    {"EnableRule", Alteration::kSwitchRule},
    {"EnableAlwaysRule", Alteration::kSwitchRule},
    {"EnableReplicaRule", Alteration::kSwitchRule},
    {"DisableRule", Alteration::kSwitchRule},
    {"AddInherit", Alteration::kInherit},
    {"DropInherit", Alteration::kNoInherit},
    {"AddOf", Alteration::kOfType},
    {"DropOf", Alteration::kNotOfType},
    {"ChangeOwner", Alteration::kOwner},
    {"GenericOptions", Alteration::kSetForeignOptions},
};

std::optional<action::AlterRelation> LowerAlteration(const Node& command, const Target& target) {
  const absl::string_view subtype = absl::StripPrefix(command.Text("subtype"), "AT_");
  const AlterationRow* row = nullptr;
  for (const AlterationRow& candidate : kAlterations) {
    if (subtype == candidate.subtype) row = &candidate;
  }
  if (row == nullptr) return std::nullopt;
  action::AlterRelation alter = {
      .relation = target, .alteration = row->alteration, .if_exists = command.Flag("missing_ok")};
  const std::string name(command.Text("name"));
  // A column may be given by its number, of an index: it has no name then.
  (action::IsOfColumn(row->alteration) ? alter.column : alter.object) = name;
  const Node definition = command["def"];
  alter.number = static_cast<int32_t>(command.Number("num"));
  alter.options = LowerParameters(definition["List"], "items");
  alter.resets = subtype == "ResetRelOptions" || subtype == "ResetOptions";
  if (definition["String"]) alter.object = std::string(definition["String"].Text("sval"));
  if (definition["RangeVar"]) alter.other = RangeVarName(definition["RangeVar"]);
  if (definition["TypeName"]) alter.other = LowerType(definition["TypeName"]).name;
  if (row->alteration == Alteration::kAddIdentity) {
    alter.always = definition["Constraint"].Text("generated_when") == "a";
  }
  if (row->alteration == Alteration::kSetIdentity) {
    for (const Node& item : definition["List"].Items("items")) {
      const Node option = item["DefElem"];
      constexpr int64_t kAlways = 'a';  // ATTRIBUTE_IDENTITY_ALWAYS
      if (option.Text("defname") != "generated") continue;
      alter.always = option["arg"]["Integer"].Number("ival") == kAlways;
    }
  }
  if (row->alteration == Alteration::kSetExpression) alter.expression = LowerOptional(definition);
  if (row->alteration == Alteration::kSetIdentity) {
    alter.numbers = LowerSequenceOptions(definition["List"].Items("items"));
  }
  if (row->alteration == Alteration::kAddIdentity) {
    alter.numbers = LowerSequenceOptions(definition["Constraint"].Items("options"));
  }
  if (row->alteration == Alteration::kReplicaIdentity) {
    const Node identity = definition["ReplicaIdentityStmt"];
    alter.object = std::string(identity.Text("name"));
    // catalog/pg_class.h: REPLICA_IDENTITY_FULL, REPLICA_IDENTITY_NOTHING
    if (identity.Text("identity_type") == "f") alter.options = {{.name = "full"}};
    if (identity.Text("identity_type") == "n") alter.options = {{.name = "nothing"}};
  }
  if (row->alteration == Alteration::kOwner) {
    alter.object = std::string(command["newowner"].Text("rolename"));
  }
  const bool all = absl::EndsWith(subtype, "TrigAll") || absl::EndsWith(subtype, "TrigUser");
  if (all) alter.object = absl::EndsWith(subtype, "All") ? "ALL" : "USER";
  return alter;
}

// ALTER TYPE of a composite type speaks of attributes as ALTER TABLE does of columns.
ActionKind LowerAttribute(const Node& command, const Name& type) {
  using Kind = action::TypeChangeKind;
  const absl::string_view subtype = command.Text("subtype");
  action::AlterType alter = {.type = type,
                             .change = subtype == "AT_AddColumn"    ? Kind::kAddAttribute
                                       : subtype == "AT_DropColumn" ? Kind::kDropAttribute
                                                                    : Kind::kAlterAttribute,
                             .part = std::string(command.Text("name")),
                             .if_exists = command.Flag("missing_ok"),
                             .cascade = command.Text("behavior") == "DROP_CASCADE"};
  if (const Node column = command["def"]["ColumnDef"]) {
    alter.attribute_type = LowerType(column["typeName"]);
    if (alter.part.empty()) alter.part = std::string(column.Text("colname"));
  }
  return alter;
}

// CONSTRAINT … DEFERRABLE, [NOT] ENFORCED, [NO] INHERIT. Before 18 there was but the first.
action::AlterConstraint LowerAlterConstraint(const Node& definition, const Target& table) {
  const Node alter = definition["ATAlterConstraint"];
  const Node body = alter ? alter : definition["Constraint"];
  action::AlterConstraint lowered = {.table = table,
                                     .constraint = std::string(body.Text("conname")),
                                     .deferrability = !alter || alter.Flag("alterDeferrability"),
                                     .deferrable = body.Flag("deferrable"),
                                     .initially_deferred = body.Flag("initdeferred")};
  if (alter.Flag("alterEnforceability")) lowered.enforced = alter.Flag("is_enforced");
  if (alter.Flag("alterInheritability")) lowered.no_inherit = alter.Flag("noinherit");
  return lowered;
}

ActionKind LowerPartitionCommand(const Node& command, const Target& whole) {
  const Node partition = command["def"]["PartitionCmd"];
  const Name part = RangeVarName(partition["name"]);
  if (command.Text("subtype") != "AT_AttachPartition") {
    return action::DetachPartition{
        .whole = whole,
        .part = part,
        .concurrently = partition.Flag("concurrent"),
        .finalize = command.Text("subtype") == "AT_DetachPartitionFinalize"};
  }
  action::AttachPartition attach = {.whole = whole, .part = part};
  if (partition["bound"]) {
    attach.bound = std::make_shared<const PartitionBound>(LowerPartitionBound(partition["bound"]));
  }
  return attach;
}

ActionKind LowerSubcommand(const Node& command, const Target& table, const std::string& tag) {
  const absl::string_view type = command.Text("subtype");
  const std::string name(command.Text("name"));
  const bool missing_ok = command.Flag("missing_ok");
  const bool cascade = command.Text("behavior") == "DROP_CASCADE";
  if (type == "AT_AddColumn") {
    return action::AddColumn{.table = table,
                             .column = LowerColumn(command["def"]["ColumnDef"]),
                             .if_not_exists = missing_ok};
  }
  if (type == "AT_DropColumn") {
    return action::DropColumn{
        .table = table, .column = name, .if_exists = missing_ok, .cascade = cascade};
  }
  if (type == "AT_SetNotNull") return action::SetNotNull{.table = table, .column = name};
  if (type == "AT_DropNotNull") return action::DropNotNull{.table = table, .column = name};
  if (type == "AT_ColumnDefault") {
    if (!command["def"]) return action::DropDefault{.table = table, .column = name};
    return action::SetDefault{
        .table = table, .column = name, .value = LowerExpression(command["def"])};
  }
  if (type == "AT_AlterColumnType") {
    const Node definition = command["def"]["ColumnDef"];
    const Column column = LowerColumn(definition);
    action::AlterColumnType alter = {.table = table, .column = name, .type = column.type};
    // There serial is no type.
    if (column.serial) alter.type.name = QualifiedName(definition["typeName"]["names"]);
    alter.using_expression = LowerOptional(definition["raw_default"]);
    return alter;
  }
  if (type == "AT_AddConstraint") {
    const Node definition = command["def"]["Constraint"];
    if (const auto kind = LowerConstraintKind(definition.Text("contype"))) {
      action::AddConstraint add = {.table = table,
                                   .constraint = LowerConstraint(definition, *kind)};
      add.constraint.only = table.only;
      return add;
    }
  }
  if (type == "AT_DropConstraint") {
    return action::DropConstraint{
        .table = table, .constraint = name, .if_exists = missing_ok, .cascade = cascade};
  }
  if (type == "AT_ValidateConstraint") {
    return action::ValidateConstraint{.table = table, .constraint = name};
  }
  static constexpr std::pair<const char*, action::RowSecurity> kRowSecurity[] = {
      {"AT_EnableRowSecurity", action::RowSecurity::kEnable},
      {"AT_DisableRowSecurity", action::RowSecurity::kDisable},
      {"AT_ForceRowSecurity", action::RowSecurity::kForce},
      {"AT_NoForceRowSecurity", action::RowSecurity::kNoForce}};
  for (const auto& [subtype, security] : kRowSecurity) {
    if (type == subtype) return action::SetRowSecurity{.table = table, .security = security};
  }
  if (absl::EndsWith(type, "Partition") || type == "AT_DetachPartitionFinalize") {
    return LowerPartitionCommand(command, table);
  }
  if (type == "AT_AlterConstraint") return LowerAlterConstraint(command["def"], table);
  if (auto alteration = LowerAlteration(command, table)) return *std::move(alteration);
  return action::Other{.what = absl::StrCat(tag, " ", absl::StripPrefix(type, "AT_")),
                       .relations = {table.name}};
}

// The words of each subcommand: what stands between top-level commas after the table's name, which
// starts at byte `name_at` of `text`. Empty where that does not give `count` pieces.
std::vector<Span> SubcommandSpans(absl::string_view text, uint32_t name_at, size_t count) {
  std::vector<Span> spans;
  Lexer lexer(text.substr(name_at));
  Token token;
  bool in_name = true;      // the name, its dots, the `)` of ONLY (t), the `*` after it
  bool name_ended = false;  // a part of the name was read and no dot follows it yet
  int depth = 0;
  Span piece;
  while (lexer.Next(&token)) {
    if (token.kind == TokenKind::kComment) continue;
    const absl::string_view word = text.substr(name_at + token.span.begin, token.span.size());
    if (in_name) {
      if (word == "." || word == "*" || word == ")") {
        name_ended = word != ".";
        continue;
      }
      if (!name_ended) {
        name_ended = true;
        continue;
      }
      in_name = false;
    }
    if (word == "(" || word == "[") ++depth;
    if (word == ")" || word == "]") --depth;
    if (word == "," && depth == 0) {
      spans.push_back(piece);
      piece = {};
      continue;
    }
    if (piece.empty()) piece.begin = name_at + token.span.begin;
    piece.end = name_at + token.span.end;
  }
  spans.push_back(piece);
  if (spans.size() != count) spans.clear();
  return spans;
}

}  // namespace

std::vector<Action> LowerAlterTable(const Node& body, const std::string& tag,
                                    absl::string_view statement, uint32_t location,
                                    uint32_t offset) {
  Target table = LowerTarget(body["relation"], LowerObjectKind(body.Text("objtype")));
  table.if_exists = body.Flag("missing_ok");
  const bool composite = table.kind == ObjectKind::kType;
  const NodeList commands = body.Items("cmds");
  const auto name_at = static_cast<uint32_t>(body["relation"].Number("location"));
  std::vector<Span> spans;
  if (name_at >= location) spans = SubcommandSpans(statement, name_at - location, commands.size());
  std::vector<Action> actions;
  actions.reserve(commands.size());
  for (const Node& item : commands) {
    const Node command = item["AlterTableCmd"];
    Action action;
    if (!spans.empty()) {
      const Span& span = spans[actions.size()];
      action.span = {span.begin + location + offset, span.end + location + offset};
    }
    action.kind =
        composite ? LowerAttribute(command, table.name) : LowerSubcommand(command, table, tag);
    actions.push_back(std::move(action));
  }
  return actions;
}

}  // namespace plimsoll::tree
