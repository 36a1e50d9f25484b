// Statements about objects other than tables, and those that keep, name or guard a table.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/syntax/command_tag.h"
#include "analyzer/syntax/lower_expression.h"
#include "analyzer/syntax/lower_parts.h"

namespace plimsoll::tree {

// DROP TABLE lists names in lists, DROP FUNCTION in ObjectWithArgs, DROP TYPE in TypeName.
Name LowerObjectName(const Node& object, ObjectKind kind) {
  const absl::string_view tag = object.Tag();
  const Node body = object.Body();
  if (kind == ObjectKind::kOperator || kind == ObjectKind::kAggregate) {
    std::vector<Node> types;
    for (const Node& type : body.Items("objargs")) types.push_back(type);
    return OperatorName(QualifiedName(body["objname"]), types);
  }
  if (tag == "List" && kind == ObjectKind::kCast) {
    const NodeList types = body.Items("items");
    return types.size() == 2 ? CastName(types[0], types[1]) : Name();
  }
  if (tag == "List" &&
      (kind == ObjectKind::kOperatorClass || kind == ObjectKind::kOperatorFamily)) {
    // The access method comes first.
    const std::vector<std::string> parts = Strings(body["items"]);
    if (parts.size() < 2) return {};
    const Name name = {.schema = parts.size() > 2 ? parts[1] : "", .name = parts.back()};
    return OfMethod(name, parts[0]);
  }
  if (tag == "List") return tree::QualifiedName(body["items"]);
  if (tag == "ObjectWithArgs") return tree::QualifiedName(object.Body()["objname"]);
  if (tag == "TypeName") return tree::LowerType(object.Body()).name;
  return {.name = std::string(object["String"].Text("sval"))};
}

std::optional<std::string> LowerArguments(const Node& routine) {
  if (!routine || routine.Flag("args_unspecified")) return std::nullopt;
  std::vector<Node> types;
  for (const Node& type : routine.Items("objargs")) types.push_back(type);
  return LowerSignature(types);
}

namespace {

// The value of an option that says no: `analyze false`, `connect = off` (commands/define.c:
// defGetBoolean).
bool IsOff(const Node& value) {
  const absl::string_view word = value["String"].Text("sval");
  return word == "false" || word == "off" || word == "0" || word == "no" ||
         (value["Boolean"].present() && !value["Boolean"].Flag("boolval")) ||
         (value["Integer"].present() && value["Integer"].Number("ival") == 0);
}

// The text of a value, as commands/define.c:defGetString gives it; a bare word is parsed as a type.
std::string ParameterValue(const Node& value) {
  if (value["String"]) return std::string(value["String"].Text("sval"));
  if (value["Integer"]) return absl::StrCat(value["Integer"].Number("ival"));
  if (value["Float"]) return std::string(value["Float"].Text("fval"));
  if (value["Boolean"]) return value["Boolean"].Flag("boolval") ? "true" : "false";
  if (value["TypeName"]) return LowerType(value["TypeName"]).name.name;
  return "";
}

}  // namespace

bool HasOption(const Node& body, Key list, absl::string_view name) {
  for (const Node& option : body.Items(list)) {
    const Node element = option["DefElem"];
    if (element.Text("defname") == name) return !IsOff(element["arg"]);
  }
  return false;
}

std::vector<Parameter> LowerParameters(const Node& body, Key list) {
  std::vector<Parameter> parameters;
  for (const Node& option : body.Items(list)) {
    const Node element = option["DefElem"];
    parameters.push_back({.space = std::string(element.Text("defnamespace")),
                          .name = std::string(element.Text("defname")),
                          .value = ParameterValue(element["arg"])});
  }
  return parameters;
}

// As SQL, each constant in its quotes: a bare word may be a keyword.
static std::string SettingValue(const Node& set) {
  if (set.Text("kind") == "VAR_SET_CURRENT") return "from current";
  std::vector<std::string> values;
  for (const Node& argument : set.Items("args")) {
    const Node constant = argument["A_Const"];
    if (constant["sval"]) {
      values.push_back(absl::StrCat(
          "'", absl::StrReplaceAll(constant["sval"].Text("sval"), {{"'", "''"}}), "'"));
    } else if (constant["fval"]) {
      values.emplace_back(constant["fval"].Text("fval"));
    } else {
      values.push_back(absl::StrCat(constant["ival"].Number("ival")));
    }
  }
  return absl::StrJoin(values, ", ");
}

std::vector<Parameter> LowerTraits(const NodeList& options) {
  static constexpr absl::string_view kTraits[] = {"volatility", "strict",   "security", "leakproof",
                                                  "parallel",   "cost",     "rows",     "support",
                                                  "window",     "transform"};
  std::vector<Parameter> traits;
  for (const Node& item : options) {
    const Node option = item["DefElem"];
    const absl::string_view name = option.Text("defname");
    if (const Node set = option["arg"]["VariableSetStmt"]) {
      traits.push_back(
          {.space = "set", .name = std::string(set.Text("name")), .value = SettingValue(set)});
    } else if (std::find(std::begin(kTraits), std::end(kTraits), name) != std::end(kTraits)) {
      const Node list = option["arg"]["List"];
      traits.push_back({.name = std::string(name),
                        .value = list ? absl::StrJoin(Strings(list["items"]), ".")
                                      : ParameterValue(option["arg"])});
    }
  }
  return traits;
}

std::vector<std::string> RoleNames(const Node& roles) {
  std::vector<std::string> names;
  for (const Node& role : roles.Items()) {
    const Node spec = role["RoleSpec"];
    // CURRENT_USER and its kin have no name either.
    const bool everybody = spec.Text("roletype") == "ROLESPEC_PUBLIC";
    names.emplace_back(everybody ? "public" : spec.Text("rolename"));
  }
  return names;
}

namespace {

using action::ChangeObject;
using action::ObjectChange;

// ---- types and domains -----------------------------------------------------------------------

ActionKind LowerAlterEnum(const Node& body) {
  const bool renames = body["oldVal"].present();
  return action::AlterType{
      .type = QualifiedName(body["typeName"]),
      .change = renames ? action::TypeChangeKind::kRenameValue : action::TypeChangeKind::kAddValue,
      .part = std::string(renames ? body.Text("oldVal") : body.Text("newVal")),
      .to = renames ? std::string(body.Text("newVal")) : "",
      .neighbour = std::string(body.Text("newValNeighbor")),
      .before = !body.Text("newValNeighbor").empty() && !body.Flag("newValIsAfter"),
      .if_exists = body.Flag("skipIfNewValExists")};
}

ActionKind LowerAlterDomain(const Node& body) {
  using Kind = action::DomainChangeKind;
  action::AlterDomain alter = {.domain = QualifiedName(body["typeName"]),
                               .if_exists = body.Flag("missing_ok"),
                               .cascade = body.Text("behavior") == "DROP_CASCADE"};
  // The letters of parsenodes.h:AlterDomainStmt.
  const absl::string_view letter = body.Text("subtype");
  if (letter == "T") {
    alter.change = body["def"] ? Kind::kSetDefault : Kind::kDropDefault;
    alter.default_value = LowerOptional(body["def"]);
  } else if (letter == "N") {
    alter.change = Kind::kDropNotNull;
  } else if (letter == "O") {
    alter.change = Kind::kSetNotNull;
  } else if (letter == "X") {
    alter.change = Kind::kDropConstraint;
  } else if (letter == "V") {
    alter.change = Kind::kValidateConstraint;
  }
  const Node definition = body["def"]["Constraint"];
  const auto kind = LowerConstraintKind(definition.Text("contype"));
  if (letter == "C" && kind) alter.constraint = LowerConstraint(definition, *kind);
  if (!body.Text("name").empty()) alter.constraint.name = std::string(body.Text("name"));
  return alter;
}

// ---- sequences, statistics, rules, policies --------------------------------------------------

ActionKind LowerAlterSequence(const Node& body) {
  action::AlterSequence alter = {.sequence = LowerTarget(body["sequence"], ObjectKind::kSequence)};
  alter.sequence.if_exists = body.Flag("missing_ok");
  const NodeList options = body.Items("options");
  alter.options = LowerSequenceOptions(options);
  for (const Node& option : options) {
    if (option["DefElem"].Text("defname") != "owned_by") continue;
    // schema.table.column, or the one word NONE
    std::vector<std::string> owner = Strings(option["DefElem"]["arg"]["List"]["items"]);
    alter.owned_by = Name();
    alter.only_ownership = options.size() == 1;
    if (owner.size() < 2) continue;
    alter.owned_column = owner.back();
    alter.owned_by->name = owner[owner.size() - 2];
    if (owner.size() > 2) alter.owned_by->schema = owner[owner.size() - 3];
  }
  return alter;
}

ActionKind LowerCreateStatistics(const Node& body) {
  action::CreateStatistics create = {.statistics = QualifiedName(body["defnames"]),
                                     .if_not_exists = body.Flag("if_not_exists")};
  const NodeList relations = body.Items("relations");
  if (!relations.empty()) create.table = RangeVarName(relations[0]["RangeVar"]);
  create.from_many = relations.size() > 1;
  create.types = Strings(body["stat_types"]);
  for (const Node& item : body.Items("exprs")) {
    const Node element = item["StatsElem"];
    // statscmds.c:ChooseExtendedStatisticNameAddition
    absl::StrAppend(&create.name_hint, create.name_hint.empty() ? "" : "_",
                    element.Text("name").empty() ? "expr" : element.Text("name"));
    if (!element.Text("name").empty()) {
      create.columns.emplace_back(element.Text("name"));
      create.keys.emplace_back(element.Text("name"));
      continue;
    }
    ++create.expressions;
    for (std::string& column : LowerExpression(element["expr"]).columns) {
      create.columns.push_back(std::move(column));
    }
  }
  return create;
}

ActionKind LowerCreateRule(const Node& body) {
  const absl::string_view event = body.Text("event");
  action::CreateRule create = {.name = std::string(body.Text("rulename")),
                               .table = RangeVarName(body["relation"]),
                               .or_replace = body.Flag("replace"),
                               .event = event == "CMD_SELECT"   ? "select"
                                        : event == "CMD_INSERT" ? "insert"
                                        : event == "CMD_UPDATE" ? "update"
                                                                : "delete",
                               .instead = body.Flag("instead")};
  for (const Node& statement : body.Items("actions")) {
    Query query = LowerQuery(statement);
    for (const action::Write& write : query.writes) create.writes.push_back(write.table.name);
    create.reads.insert(create.reads.end(), query.reads.begin(), query.reads.end());
    create.calls.insert(create.calls.end(), query.calls.begin(), query.calls.end());
  }
  for (Name& name : LowerQuery(body["whereClause"]).reads) create.reads.push_back(std::move(name));
  Walk(body, [&](absl::string_view tag, const Node& reference) {
    const std::vector<std::string> fields =
        tag == "ColumnRef" ? Strings(reference["fields"]) : std::vector<std::string>();
    const bool of_row = fields.size() == 2 && (fields[0] == "old" || fields[0] == "new");
    if (of_row) (fields[0] == "old" ? create.uses_old : create.uses_new) = true;
    if (of_row && !fields[1].empty()) create.columns.push_back(fields[1]);
  });
  // OLD and NEW stand for the row, and the table itself is named already.
  erase_if(create.reads, [&](const Name& name) {
    return name == create.table ||
           (name.schema.empty() && (name.name == "old" || name.name == "new"));
  });
  return create;
}

ActionKind LowerAlterPolicy(const Node& body) {
  action::AlterPart alter = {.kind = ObjectKind::kPolicy,
                             .name = std::string(body.Text("policy_name")),
                             .table = RangeVarName(body["table"]),
                             .roles = RoleNames(body["roles"]),
                             .has_using = body["qual"].present(),
                             .has_check = body["with_check"].present()};
  for (const tree::Key clause : tree::Keys{"qual", "with_check"}) {
    for (Name& name : LowerQuery(body[clause]).reads) alter.reads.push_back(std::move(name));
    if (!body[clause]) continue;
    alter.expressions.push_back(LowerExpression(body[clause]));
    const std::vector<std::string>& columns = alter.expressions.back().columns;
    alter.columns.insert(alter.columns.end(), columns.begin(), columns.end());
  }
  return alter;
}

// ---- comments, privileges, ownership ---------------------------------------------------------

// Parts of a table are named by a list: the table's name, then their own.
bool IsPart(ObjectKind kind) {
  return kind == ObjectKind::kColumn || kind == ObjectKind::kTableConstraint ||
         kind == ObjectKind::kTrigger || kind == ObjectKind::kPolicy || kind == ObjectKind::kRule;
}

ActionKind LowerAnnotation(const Node& body, bool label) {
  action::Annotate annotate = {.kind = LowerObjectKind(body.Text("objtype")),
                               .label = label,
                               .provider = std::string(body.Text("provider"))};
  if (body["comment"]) annotate.text = std::string(body.Text("comment"));
  if (annotate.kind == ObjectKind::kDomainConstraint) {
    const NodeList items = body["object"]["List"].Items("items");
    if (items.size() < 2) return annotate;
    annotate.on_table = LowerType(items[0]["TypeName"]).name;
    annotate.object.name = std::string(items[1]["String"].Text("sval"));
    return annotate;
  }
  if (!IsPart(annotate.kind)) {
    annotate.object = LowerObjectName(body["object"], annotate.kind);
    annotate.signature = LowerArguments(body["object"]["ObjectWithArgs"]);
    return annotate;
  }
  std::vector<std::string> parts = Strings(body["object"]["List"]["items"]);
  if (parts.empty()) return annotate;
  annotate.object.name = parts.back();
  parts.pop_back();
  if (!parts.empty()) annotate.on_table.name = parts.back();
  if (parts.size() > 1) annotate.on_table.schema = parts[parts.size() - 2];
  return annotate;
}

ActionKind LowerGrant(const Node& body) {
  action::Grant grant = {.grant = body.Flag("is_grant"),
                         .kind = LowerObjectKind(body.Text("objtype")),
                         .all_in_schema = body.Text("targtype") == "ACL_TARGET_ALL_IN_SCHEMA",
                         .with_option = body.Flag("grant_option"),
                         .grantees = RoleNames(body["grantees"]),
                         .cascade = body.Text("behavior") == "DROP_CASCADE"};
  for (const Node& object : body.Items("objects")) {
    const Node table = object["RangeVar"];
    grant.objects.push_back(table ? RangeVarName(table) : LowerObjectName(object, grant.kind));
    grant.signatures.push_back(LowerArguments(object["ObjectWithArgs"]));
  }
  for (const Node& privilege : body.Items("privileges")) {
    grant.privileges.emplace_back(privilege["AccessPriv"].Text("priv_name"));
    grant.columns.push_back(Strings(privilege["AccessPriv"]["cols"]));
  }
  return grant;
}

ActionKind LowerPublication(const Node& body, bool create) {
  action::AlterPublication alter = {.publication = std::string(body.Text("pubname")),
                                    .create = create,
                                    .all_tables = body.Flag("for_all_tables"),
                                    .drops = body.Text("action") == "AP_DropObjects",
                                    .sets = body.Text("action") == "AP_SetObjects",
                                    .options = LowerParameters(body, "options")};
  for (const Node& item : body.Items("pubobjects")) {
    const Node object = item["PublicationObjSpec"];
    const Node table = object["pubtable"];
    if (table) {
      alter.tables.push_back({.table = LowerTarget(table["relation"]),
                              .filter = LowerOptional(table["whereClause"]),
                              .columns = Strings(table["columns"])});
    } else if (!object.Text("name").empty()) {
      alter.schemas.emplace_back(object.Text("name"));
    }
  }
  // Debian's grammar of 15 lists tables on their own.
  for (const Node& table : body.Items("tables")) {
    alter.tables.push_back({.table = LowerTarget(table["RangeVar"])});
  }
  return alter;
}

// ---- upkeep ----------------------------------------------------------------------------------

ActionKind LowerVacuum(const Node& body) {
  action::Maintain maintain = {.upkeep = !body.Flag("is_vacuumcmd") ? action::Upkeep::kAnalyze
                                         : HasOption(body, "options", "full")
                                             ? action::Upkeep::kVacuumFull
                                             : action::Upkeep::kVacuum};
  maintain.analyzes =
      maintain.upkeep == action::Upkeep::kAnalyze || HasOption(body, "options", "analyze");
  maintain.parallel = HasOption(body, "options", "parallel");
  for (const Node& relation : body.Items("rels")) {
    maintain.columns.push_back(Strings(relation["VacuumRelation"]["va_cols"]));
    maintain.relations.push_back(LowerTarget(relation["VacuumRelation"]["relation"]));
  }
  return maintain;
}

ActionKind LowerCluster(const Node& body) {
  action::Maintain maintain = {.upkeep = action::Upkeep::kCluster,
                               .object = std::string(body.Text("indexname"))};
  if (body["relation"]) maintain.relations.push_back(LowerTarget(body["relation"]));
  return maintain;
}

ActionKind LowerReindex(const Node& body) {
  using action::Upkeep;
  const absl::string_view kind = body.Text("kind");
  const bool index = kind == "REINDEX_OBJECT_INDEX";
  action::Maintain maintain = {.upkeep = index                             ? Upkeep::kReindexIndex
                                         : kind == "REINDEX_OBJECT_SCHEMA" ? Upkeep::kReindexSchema
                                         : kind == "REINDEX_OBJECT_DATABASE"
                                             ? Upkeep::kReindexDatabase
                                         : kind == "REINDEX_OBJECT_SYSTEM" ? Upkeep::kReindexSystem
                                                                           : Upkeep::kReindexTable,
                               .object = std::string(body.Text("name")),
                               .concurrently = HasOption(body, "params", "concurrently")};
  if (body["relation"]) {
    maintain.relations.push_back(
        LowerTarget(body["relation"], index ? ObjectKind::kIndex : ObjectKind::kTable));
  }
  return maintain;
}

ActionKind LowerRefresh(const Node& body) {
  return action::Maintain{
      .upkeep = action::Upkeep::kRefresh,
      .relations = {LowerTarget(body["relation"], ObjectKind::kMaterializedView)},
      .concurrently = body.Flag("concurrent"),
      .with_data = !body.Flag("skipData")};
}

// ---- objects of which no more is known than their names --------------------------------------

// A node type that speaks of one kind of object, in one way.
struct Plain {
  const char* node;
  ObjectChange change;
  ObjectKind kind;
  Key name;                           // the field that names it; empty where none does as one name
  bool outside_transactions = false;  // tcop/utility.c: PreventInTransactionBlock
};

constexpr Plain kPlain[] = {
    {"AlterCollationStmt", ObjectChange::kAlter, ObjectKind::kCollation, "collname"},
    {"AlterDatabaseRefreshCollStmt", ObjectChange::kAlter, ObjectKind::kDatabase, "dbname"},
    {"AlterDatabaseSetStmt", ObjectChange::kAlter, ObjectKind::kDatabase, "dbname"},
    {"AlterDefaultPrivilegesStmt", ObjectChange::kAlter, ObjectKind::kDefaultPrivileges, ""},
    {"AlterEventTrigStmt", ObjectChange::kAlter, ObjectKind::kEventTrigger, "trigname"},
    {"AlterExtensionStmt", ObjectChange::kAlter, ObjectKind::kExtension, "extname"},
    {"AlterFdwStmt", ObjectChange::kAlter, ObjectKind::kForeignDataWrapper, "fdwname"},
    {"AlterForeignServerStmt", ObjectChange::kAlter, ObjectKind::kServer, "servername"},
    {"AlterOpFamilyStmt", ObjectChange::kAlter, ObjectKind::kOperatorFamily, "opfamilyname"},
    {"AlterOperatorStmt", ObjectChange::kAlter, ObjectKind::kOperator, ""},
    {"AlterRoleSetStmt", ObjectChange::kAlter, ObjectKind::kRole, ""},
    {"AlterRoleStmt", ObjectChange::kAlter, ObjectKind::kRole, ""},
    {"AlterStatsStmt", ObjectChange::kAlter, ObjectKind::kStatistics, "defnames"},
    {"AlterSystemStmt", ObjectChange::kAlter, ObjectKind::kSystem, "", true},
    {"AlterTSConfigurationStmt", ObjectChange::kAlter, ObjectKind::kTextSearchConfiguration,
     "cfgname"},
    {"AlterTSDictionaryStmt", ObjectChange::kAlter, ObjectKind::kTextSearchDictionary, "dictname"},
    {"AlterTableSpaceOptionsStmt", ObjectChange::kAlter, ObjectKind::kTablespace, "tablespacename"},
    {"AlterTypeStmt", ObjectChange::kAlter, ObjectKind::kType, "typeName"},
    {"AlterUserMappingStmt", ObjectChange::kAlter, ObjectKind::kUserMapping, ""},
    {"CreateAmStmt", ObjectChange::kCreate, ObjectKind::kAccessMethod, "amname"},
    {"CreateCastStmt", ObjectChange::kCreate, ObjectKind::kCast, ""},
    {"CreateConversionStmt", ObjectChange::kCreate, ObjectKind::kConversion, "conversion_name"},
    {"CreateEventTrigStmt", ObjectChange::kCreate, ObjectKind::kEventTrigger, "trigname"},
    {"CreateFdwStmt", ObjectChange::kCreate, ObjectKind::kForeignDataWrapper, "fdwname"},
    {"CreateForeignServerStmt", ObjectChange::kCreate, ObjectKind::kServer, "servername"},
    {"CreateOpClassStmt", ObjectChange::kCreate, ObjectKind::kOperatorClass, "opclassname"},
    {"CreateOpFamilyStmt", ObjectChange::kCreate, ObjectKind::kOperatorFamily, "opfamilyname"},
    {"CreatePLangStmt", ObjectChange::kCreate, ObjectKind::kLanguage, "plname"},
    {"CreateRoleStmt", ObjectChange::kCreate, ObjectKind::kRole, "role"},
    {"CreateTableSpaceStmt", ObjectChange::kCreate, ObjectKind::kTablespace, "tablespacename",
     true},
    {"CreateTransformStmt", ObjectChange::kCreate, ObjectKind::kTransform, ""},
    {"CreateUserMappingStmt", ObjectChange::kCreate, ObjectKind::kUserMapping, ""},
    {"CreatedbStmt", ObjectChange::kCreate, ObjectKind::kDatabase, "dbname", true},
    {"GrantRoleStmt", ObjectChange::kAlter, ObjectKind::kRole, ""},
    {"ImportForeignSchemaStmt", ObjectChange::kCreate, ObjectKind::kForeignTable, ""},
};

Name PlainName(const Node& field) {
  if (!field.Text().empty()) return {.name = std::string(field.Text())};
  return QualifiedName(field);
}

// Commands that leave the catalog and the tables alone, and whether they are refused in a
// transaction block.
constexpr const char* kSessionCommands[] = {
    "CheckPointStmt", "ClosePortalStmt", "DeallocateStmt", "DiscardStmt",  "FetchStmt",
    "ListenStmt",     "LoadStmt",        "NotifyStmt",     "UnlistenStmt", "VariableShowStmt"};

// ALTER DATABASE … SET TABLESPACE moves files; the other options are settings.
ActionKind LowerAlterDatabase(const Node& body) {
  return ChangeObject{.change = ObjectChange::kAlter,
                      .kind = ObjectKind::kDatabase,
                      .object = {.name = std::string(body.Text("dbname"))},
                      .outside_transactions = HasOption(body, "options", "tablespace"),
                      .options = LowerParameters(body, "options")};
}

bool IsSwitchedOff(const Node& body, absl::string_view name) {
  for (const Node& option : body.Items("options")) {
    if (option["DefElem"].Text("defname") == name) return IsOff(option["DefElem"]["arg"]);
  }
  return false;
}

// subscriptioncmds.c: what talks to the publisher cannot be rolled back.
ActionKind LowerSubscription(absl::string_view type, const Node& body) {
  const absl::string_view kind = body.Text("kind");
  const bool create = type == "CreateSubscriptionStmt";
  const bool publications = kind == "ALTER_SUBSCRIPTION_SET_PUBLICATION" ||
                            kind == "ALTER_SUBSCRIPTION_ADD_PUBLICATION" ||
                            kind == "ALTER_SUBSCRIPTION_DROP_PUBLICATION";
  const bool outside = create
                           ? !IsSwitchedOff(body, "connect") && !IsSwitchedOff(body, "create_slot")
                           : kind == "ALTER_SUBSCRIPTION_REFRESH" ||
                                 kind == "ALTER_SUBSCRIPTION_REFRESH_PUBLICATION" ||
                                 (publications && !IsSwitchedOff(body, "refresh"));
  return ChangeObject{.change = create ? ObjectChange::kCreate : ObjectChange::kAlter,
                      .kind = ObjectKind::kSubscription,
                      .object = {.name = std::string(body.Text("subname"))},
                      .outside_transactions = outside,
                      .options = LowerParameters(body, "options")};
}

ActionKind LowerDefine(const Node& body) {
  const ObjectKind kind = LowerObjectKind(body.Text("kind"));
  if (kind == ObjectKind::kType) {
    return action::CreateType{.type = QualifiedName(body["defnames"]),
                              .kind = action::TypeKind::kBase};
  }
  Name name = QualifiedName(body["defnames"]);
  std::vector<Node> types;
  if (kind == ObjectKind::kOperator) {
    for (const absl::string_view side : {"leftarg", "rightarg"}) {
      types.emplace_back();
      for (const Node& option : body.Items("definition")) {
        const Node element = option["DefElem"];
        if (element.Text("defname") == side) types.back() = element["arg"]["TypeName"];
      }
    }
    name = OperatorName(std::move(name), types);
  } else if (kind == ObjectKind::kAggregate) {
    for (const Node& list : body.Items("args")) {
      for (const Node& item : list["List"].Items("items")) {
        types.push_back(item["FunctionParameter"]["argType"]);
      }
    }
    name = OperatorName(std::move(name), types);
  }
  return ChangeObject{.change = ObjectChange::kCreate,
                      .kind = kind,
                      .object = std::move(name),
                      .forgiving = body.Flag("if_not_exists") || body.Flag("replace"),
                      .uses = LowerUses("DefineStmt", body),
                      .options = LowerParameters(body, "definition")};
}

ActionKind LowerAlterFunction(const Node& body) {
  ChangeObject alter = {.change = ObjectChange::kAlter,
                        .kind = LowerObjectKind(body.Text("objtype")),
                        .object = QualifiedName(body["func"]["objname"]),
                        .signature = LowerArguments(body["func"]),
                        .traits = LowerTraits(body.Items("actions"))};
  for (const Node& item : body.Items("actions")) {
    const Node option = item["DefElem"];
    const absl::string_view name = option.Text("defname");
    if (name == "security") {
      alter.options.push_back({.name = "security", .value = ParameterValue(option["arg"])});
    } else if (name == "set") {
      const Node set = option["arg"]["VariableSetStmt"];
      const bool resets = set.Text("kind") == "VAR_RESET" || set.Text("kind") == "VAR_RESET_ALL";
      alter.options.push_back(
          {.name = resets ? "reset" : "set", .value = std::string(set.Text("name"))});
    }
    if (name != "volatility") continue;
    const absl::string_view word = option["arg"]["String"].Text("sval");
    alter.volatility = word == "immutable" ? action::Volatility::kImmutable
                       : word == "stable"  ? action::Volatility::kStable
                                           : action::Volatility::kVolatile;
  }
  return alter;
}

ActionKind LowerAlterOwner(const Node& body) {
  const ObjectKind kind = LowerObjectKind(body.Text("objectType"));
  return ChangeObject{.change = ObjectChange::kOwner,
                      .kind = kind,
                      .object = LowerObjectName(body["object"], kind),
                      .to = std::string(body["newowner"].Text("rolename")),
                      .signature = LowerArguments(body["object"]["ObjectWithArgs"])};
}

ActionKind LowerSetSchema(const Node& body) {
  const ObjectKind kind = LowerObjectKind(body.Text("objectType"));
  const std::string schema(body.Text("newschema"));
  if (!body["relation"]) {
    return ChangeObject{.change = ObjectChange::kSetSchema,
                        .kind = kind,
                        .object = LowerObjectName(body["object"], kind),
                        .to = schema,
                        .forgiving = body.Flag("missing_ok"),
                        .signature = LowerArguments(body["object"]["ObjectWithArgs"])};
  }
  Target target = LowerTarget(body["relation"], kind);
  target.if_exists = body.Flag("missing_ok");
  return action::SetSchema{.relation = std::move(target), .schema = schema};
}

ActionKind LowerDepends(const Node& body) {
  const ObjectKind kind = LowerObjectKind(body.Text("objectType"));
  if (kind == ObjectKind::kTrigger) {
    const std::vector<std::string> name = Strings(body["object"]["List"]["items"]);
    return action::AlterPart{.kind = kind,
                             .name = name.empty() ? "" : name.back(),
                             .table = RangeVarName(body["relation"]),
                             .depends_on_extension = true,
                             .extension = std::string(body["extname"].Text("sval"))};
  }
  if (!body["relation"]) {
    return ChangeObject{.change = ObjectChange::kAlter,
                        .kind = kind,
                        .object = LowerObjectName(body["object"], kind),
                        .signature = LowerArguments(body["object"]["ObjectWithArgs"]),
                        .uses = LowerUses("AlterObjectDependsStmt", body)};
  }
  return action::AlterRelation{.relation = LowerTarget(body["relation"], kind),
                               .alteration = action::Alteration::kDependsOnExtension,
                               .object = std::string(body["extname"].Text("sval"))};
}

// DROP of what has a statement of its own.
std::optional<ActionKind> LowerOwnDrop(absl::string_view type, const Node& body) {
  struct OwnDrop {
    const char* node;
    ObjectKind kind;
    Key name;
  };
  static constexpr OwnDrop kDrops[] = {
      {"DropRoleStmt", ObjectKind::kRole, ""},
      {"DropSubscriptionStmt", ObjectKind::kSubscription, "subname"},
      {"DropTableSpaceStmt", ObjectKind::kTablespace, "tablespacename"},
      {"DropUserMappingStmt", ObjectKind::kUserMapping, ""},
      {"DropdbStmt", ObjectKind::kDatabase, "dbname"},
  };
  for (const OwnDrop& drop : kDrops) {
    if (type != drop.node) continue;
    action::Drop lowered = {.kind = drop.kind,
                            .if_exists = body.Flag("missing_ok"),
                            .cascade = body.Text("behavior") == "DROP_CASCADE"};
    for (std::string& role : RoleNames(body["roles"])) {
      lowered.objects.push_back({.name = std::move(role)});
    }
    const absl::string_view name = body.Text(drop.name);
    if (!name.empty()) lowered.objects.push_back({.name = std::string(name)});
    if (drop.kind == ObjectKind::kUserMapping) {
      lowered.objects.push_back(MappingName(body["user"], body.Text("servername")));
      lowered.server = std::string(body.Text("servername"));
    }
    return lowered;
  }
  return std::nullopt;
}

std::optional<ActionKind> LowerOwned(absl::string_view type, const Node& body) {
  if (type == "DropOwnedStmt" || type == "ReassignOwnedStmt") {
    return action::ChangeOwned{.roles = RoleNames(body["roles"]),
                               .to = std::string(body["newrole"].Text("rolename")),
                               .cascade = body.Text("behavior") == "DROP_CASCADE"};
  }
  return std::nullopt;
}

std::optional<ActionKind> LowerUpkeep(absl::string_view type, const Node& body) {
  if (type == "VacuumStmt") return LowerVacuum(body);
  if (type == "ClusterStmt") return LowerCluster(body);
  if (type == "ReindexStmt") return LowerReindex(body);
  if (type == "RefreshMatViewStmt") return LowerRefresh(body);
  return std::nullopt;
}

std::optional<ActionKind> LowerPlain(absl::string_view type, const Node& body) {
  const auto found =
      std::lower_bound(std::begin(kPlain), std::end(kPlain), type,
                       [](const Plain& a, absl::string_view b) { return a.node < b; });
  if (found == std::end(kPlain) || type != found->node) return std::nullopt;
  ChangeObject lowered = {.change = found->change,
                          .kind = found->kind,
                          .outside_transactions = found->outside_transactions};
  if (const Node name = body[found->name]) lowered.object = PlainName(name);
  if (lowered.kind == ObjectKind::kOperatorClass || lowered.kind == ObjectKind::kOperatorFamily) {
    lowered.object = OfMethod(std::move(lowered.object), body.Text("amname"));
  } else if (lowered.kind == ObjectKind::kOperator) {
    std::vector<Node> types;
    for (const Node& argument : body["opername"].Items("objargs")) types.push_back(argument);
    lowered.object = OperatorName(QualifiedName(body["opername"]["objname"]), types);
  } else if (lowered.kind == ObjectKind::kCast) {
    lowered.object = CastName(body["sourcetype"], body["targettype"]);
  } else if (lowered.kind == ObjectKind::kUserMapping) {
    lowered.object = MappingName(body["user"], body.Text("servername"));
  } else if (type == "CreateTableSpaceStmt") {
    lowered.options = {{.name = "location", .value = std::string(body.Text("location"))}};
  } else if (type == "CreateEventTrigStmt") {
    for (const Node& item : body.Items("whenclause")) {
      const Node filter = item["DefElem"];
      for (std::string& value : Strings(filter["arg"]["List"]["items"])) {
        lowered.options.push_back(
            {.name = std::string(filter.Text("defname")), .value = std::move(value)});
      }
    }
    lowered.options.push_back({.name = "event", .value = std::string(body.Text("eventname"))});
  } else if (type == "CreateFdwStmt") {
    lowered.options = LowerParameters(body, "func_options");
  } else if (type == "CreateRoleStmt" || type == "AlterRoleStmt") {
    lowered.options = LowerParameters(body, "options");
  } else if (type == "CreateAmStmt") {
    lowered.options = {{.name = "type", .value = std::string(body.Text("amtype"))}};
  } else if (type == "CreateConversionStmt") {
    for (const tree::Key field : tree::Keys{"for_encoding_name", "to_encoding_name"}) {
      lowered.options.push_back({.name = "encoding", .value = std::string(body.Text(field))});
    }
  }
  if (type == "AlterDefaultPrivilegesStmt") {
    const Node grant = body["action"];
    lowered.grants = grant.Flag("is_grant");
    lowered.grantees = RoleNames(grant["grantees"]);
    lowered.privileges_on = LowerObjectKind(grant.Text("objtype"));
    for (const Node& privilege : grant.Items("privileges")) {
      lowered.privileges.emplace_back(privilege["AccessPriv"].Text("priv_name"));
    }
  }
  lowered.uses = LowerUses(type, body);
  lowered.forgiving = body.Flag("if_not_exists") || body.Flag("replace") || body.Flag("missing_ok");
  if (lowered.kind == ObjectKind::kServer && !body.Text("fdwname").empty()) {
    lowered.stands_on = Name{.name = std::string(body.Text("fdwname"))};
  } else if (lowered.kind == ObjectKind::kEventTrigger && body["funcname"]) {
    lowered.stands_on = QualifiedName(body["funcname"]);
  }
  return lowered;
}

}  // namespace

std::optional<ActionKind> LowerObject(absl::string_view type, const Node& body,
                                      const std::string& tag) {
  if (auto plain = LowerPlain(type, body)) return plain;
  if (auto upkeep = LowerUpkeep(type, body)) return upkeep;
  if (auto drop = LowerOwnDrop(type, body)) return drop;
  if (auto owned = LowerOwned(type, body)) return owned;
  if (type == "CommentStmt") return LowerAnnotation(body, false);
  if (type == "SecLabelStmt") return LowerAnnotation(body, true);
  if (type == "GrantStmt") return LowerGrant(body);
  if (type == "AlterEnumStmt") return LowerAlterEnum(body);
  if (type == "AlterDomainStmt") return LowerAlterDomain(body);
  if (type == "AlterSeqStmt") return LowerAlterSequence(body);
  if (type == "CreateStatsStmt") return LowerCreateStatistics(body);
  if (type == "RuleStmt") return LowerCreateRule(body);
  if (type == "AlterPolicyStmt") return LowerAlterPolicy(body);
  if (type == "CreatePublicationStmt") return LowerPublication(body, true);
  if (type == "AlterPublicationStmt") return LowerPublication(body, false);
  if (type == "CreateSubscriptionStmt" || type == "AlterSubscriptionStmt") {
    return LowerSubscription(type, body);
  }
  if (type == "AlterDatabaseStmt") return LowerAlterDatabase(body);
  if (type == "DefineStmt") return LowerDefine(body);
  if (type == "AlterFunctionStmt") return LowerAlterFunction(body);
  if (type == "AlterOwnerStmt") return LowerAlterOwner(body);
  if (type == "AlterObjectSchemaStmt") return LowerSetSchema(body);
  if (type == "AlterObjectDependsStmt") return LowerDepends(body);
  if (type == "AlterExtensionContentsStmt") {
    return action::AlterExtension{
        .extension = std::string(body.Text("extname")),
        .add = body.Number("action") > 0,
        .kind = LowerObjectKind(body.Text("objtype")),
        .member = LowerObjectName(body["object"], LowerObjectKind(body.Text("objtype")))};
  }
  if (type == "ConstraintsSetStmt") {
    action::SetConstraints set = {.deferred = body.Flag("deferred")};
    for (const Node& item : body.Items("constraints")) {
      set.constraints.push_back(RangeVarName(item["RangeVar"]));
    }
    return set;
  }
  if (type == "AlterTableMoveAllStmt") {
    action::MoveAll move = {.kind = LowerObjectKind(body.Text("objtype")),
                            .from = std::string(body.Text("orig_tablespacename")),
                            .to = std::string(body.Text("new_tablespacename"))};
    for (const Node& role : body.Items("roles")) {
      move.roles.emplace_back(role["RoleSpec"].Text("rolename"));
    }
    return move;
  }
  const bool session = std::find(std::begin(kSessionCommands), std::end(kSessionCommands), type) !=
                       std::end(kSessionCommands);
  if (session) {
    const absl::string_view portal = body.Text("portalname");
    return action::SessionCommand{.what = tag,
                                  .name = std::string(portal.empty() ? body.Text("name") : portal),
                                  .outside_transactions = body.Text("target") == "DISCARD_ALL"};
  }
  return std::nullopt;
}

ActionKind LowerRename(const Node& body) {
  const absl::string_view type = body.Text("renameType");
  const ObjectKind kind = LowerObjectKind(type);
  const std::string from(body.Text("subname"));
  const std::string to(body.Text("newname"));
  Target target =
      LowerTarget(body["relation"],
                  kind == ObjectKind::kColumn ? LowerObjectKind(body.Text("relationType")) : kind);
  target.if_exists = body.Flag("missing_ok");
  switch (kind) {
    case ObjectKind::kColumn:
      return action::RenameColumn{.table = target, .column = from, .to = to};
    case ObjectKind::kTableConstraint:
      return action::RenameConstraint{.table = target, .constraint = from, .to = to};
    case ObjectKind::kTable:
    case ObjectKind::kIndex:
    case ObjectKind::kView:
    case ObjectKind::kMaterializedView:
    case ObjectKind::kSequence:
    case ObjectKind::kForeignTable:
      return action::RenameRelation{.relation = target, .to = to};
    case ObjectKind::kType:
    case ObjectKind::kDomain:
      return action::RenameType{.type = QualifiedName(body["object"]["List"]["items"]), .to = to};
    case ObjectKind::kSchema:
      return action::RenameSchema{.schema = from, .to = to};
    case ObjectKind::kTrigger:
    case ObjectKind::kPolicy:
    case ObjectKind::kRule:
      return action::AlterPart{.kind = kind, .name = from, .table = target.name, .to = to};
    case ObjectKind::kDomainConstraint:
      return action::AlterDomain{.domain = QualifiedName(body["object"]["List"]["items"]),
                                 .change = action::DomainChangeKind::kRenameConstraint,
                                 .constraint = {.name = from},
                                 .to = to};
    default:
      break;
  }
  if (type == "OBJECT_ATTRIBUTE") {
    return action::AlterType{.type = RangeVarName(body["relation"]),
                             .change = action::TypeChangeKind::kRenameAttribute,
                             .part = from,
                             .to = to,
                             .cascade = body.Text("behavior") == "DROP_CASCADE"};
  }
  return action::ChangeObject{
      .change = action::ObjectChange::kRename,
      .kind = kind,
      .object = from.empty() ? LowerObjectName(body["object"], kind) : Name{.name = from},
      .to = to,
      .forgiving = body.Flag("missing_ok"),
      .signature = LowerArguments(body["object"]["ObjectWithArgs"])};
}

}  // namespace plimsoll::tree
