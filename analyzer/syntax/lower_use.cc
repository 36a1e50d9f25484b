// The objects that statements about objects name besides: functions behind operators, wrappers
// behind servers, roles, languages; and the names of objects that have none of their own.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "analyzer/syntax/command_tag.h"
#include "analyzer/syntax/lower_expression.h"
#include "analyzer/syntax/lower_parts.h"

namespace plimsoll::tree {
namespace {

std::string Spelled(const Node& type) {
  const Node body = type["TypeName"];
  return LowerSignature({body ? body : type});
}

// Gathers the uses of one statement.
class Uses {
 public:
  std::vector<ObjectUse> found;

  void Add(ObjectKind kind, Name name) {
    if (!name.name.empty()) found.push_back({.kind = kind, .name = std::move(name)});
  }
  void Add(ObjectKind kind, absl::string_view name) { Add(kind, Name{.name = std::string(name)}); }
  void AddType(const Node& type) {
    const Node body = type["TypeName"];
    if (body || type["names"]) Add(ObjectKind::kType, LowerType(body ? body : type).name);
  }
  void AddFunction(const Node& strings) { Add(ObjectKind::kFunction, QualifiedName(strings)); }
  // An ObjectWithArgs.
  void AddRoutine(const Node& routine) {
    if (!routine) return;
    for (const Node& type : routine.Items("objargs")) AddType(type);
    found.push_back({.kind = ObjectKind::kFunction,
                     .name = QualifiedName(routine["objname"]),
                     .signature = LowerArguments(routine)});
  }
  void AddRoles(const Node& roles) {
    for (std::string& role : RoleNames(roles)) {
      if (role != "public") Add(ObjectKind::kRole, Name{.name = std::move(role)});
    }
  }
};

// A name as the value of an option: a bare one is parsed as a type.
Name OptionName(const Node& value) {
  if (value["TypeName"]) return QualifiedName(value["TypeName"]["names"]);
  if (value["List"]) return QualifiedName(value["List"]["items"]);
  return {.name = std::string(value["String"].Text("sval"))};
}

struct OptionUse {
  const char* name;
  ObjectKind kind;
};

// The options of CREATE OPERATOR, AGGREGATE, TEXT SEARCH … and COLLATION that name something.
constexpr OptionUse kOfOperator[] = {{"function", ObjectKind::kFunction},
                                     {"procedure", ObjectKind::kFunction},
                                     {"leftarg", ObjectKind::kType},
                                     {"rightarg", ObjectKind::kType}};
constexpr OptionUse kOfAggregate[] = {
    {"sfunc", ObjectKind::kFunction},       {"finalfunc", ObjectKind::kFunction},
    {"combinefunc", ObjectKind::kFunction}, {"serialfunc", ObjectKind::kFunction},
    {"msfunc", ObjectKind::kFunction},      {"minvfunc", ObjectKind::kFunction},
    {"stype", ObjectKind::kType},           {"mstype", ObjectKind::kType}};
constexpr OptionUse kOfParser[] = {{"start", ObjectKind::kFunction},
                                   {"gettoken", ObjectKind::kFunction},
                                   {"end", ObjectKind::kFunction},
                                   {"lextypes", ObjectKind::kFunction}};
constexpr OptionUse kOfTemplate[] = {{"lexize", ObjectKind::kFunction},
                                     {"init", ObjectKind::kFunction}};
constexpr OptionUse kOfDictionary[] = {{"template", ObjectKind::kTextSearchTemplate}};
constexpr OptionUse kOfConfiguration[] = {{"parser", ObjectKind::kTextSearchParser},
                                          {"copy", ObjectKind::kTextSearchConfiguration}};
constexpr OptionUse kOfCollation[] = {{"from", ObjectKind::kCollation}};

absl::Span<const OptionUse> OptionsOf(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kOperator:
      return kOfOperator;
    case ObjectKind::kAggregate:
      return kOfAggregate;
    case ObjectKind::kTextSearchParser:
      return kOfParser;
    case ObjectKind::kTextSearchTemplate:
      return kOfTemplate;
    case ObjectKind::kTextSearchDictionary:
      return kOfDictionary;
    case ObjectKind::kTextSearchConfiguration:
      return kOfConfiguration;
    case ObjectKind::kCollation:
      return kOfCollation;
    default:
      return {};
  }
}

void AddDefined(const Node& body, Uses& uses) {
  for (const Node& list : body.Items("args")) {
    for (const Node& parameter : list["List"].Items("items")) {
      uses.AddType(parameter["FunctionParameter"]["argType"]);
    }
  }
  const absl::Span<const OptionUse> options = OptionsOf(LowerObjectKind(body.Text("kind")));
  for (const Node& item : body.Items("definition")) {
    const Node element = item["DefElem"];
    for (const OptionUse& option : options) {
      if (element.Text("defname") != option.name) continue;
      if (option.kind == ObjectKind::kType) {
        uses.AddType(element["arg"]);
      } else {
        uses.Add(option.kind, OptionName(element["arg"]));
      }
    }
  }
}

void AddOperatorClass(const Node& body, Uses& uses) {
  const absl::string_view method = body.Text("amname");
  uses.Add(ObjectKind::kAccessMethod, method);
  uses.AddType(body["datatype"]);
  if (body["opfamilyname"]) {
    uses.Add(ObjectKind::kOperatorFamily, OfMethod(QualifiedName(body["opfamilyname"]), method));
  }
  for (const Node& item : body.Items("items")) {
    const Node one = item["CreateOpClassItem"];
    uses.AddType(one["storedtype"]);
    // OPCLASS_ITEM_FUNCTION (nodes/parsenodes.h)
    if (one.Number("itemtype") == 2) uses.AddRoutine(one["name"]);
  }
}

void AddRoleOptions(const Node& body, Uses& uses) {
  for (const Node& item : body.Items("options")) {
    const Node element = item["DefElem"];
    const absl::string_view name = element.Text("defname");
    if (name == "addroleto" || name == "rolemembers" || name == "adminmembers") {
      uses.AddRoles(element["arg"]["List"]["items"]);
    }
  }
}

void AddDefaultPrivileges(const Node& body, Uses& uses) {
  for (const Node& item : body.Items("options")) {
    const Node element = item["DefElem"];
    if (element.Text("defname") == "roles") uses.AddRoles(element["arg"]["List"]["items"]);
    if (element.Text("defname") != "schemas") continue;
    for (const std::string& schema : Strings(element["arg"]["List"]["items"])) {
      uses.Add(ObjectKind::kSchema, schema);
    }
  }
  uses.AddRoles(body["action"]["grantees"]);
}

// Statements of which single fields name something.
struct FieldUse {
  const char* node;
  Key field;
  ObjectKind kind;
};

constexpr FieldUse kFields[] = {
    {"CreatePLangStmt", "plhandler", ObjectKind::kFunction},
    {"CreatePLangStmt", "plinline", ObjectKind::kFunction},
    {"CreatePLangStmt", "plvalidator", ObjectKind::kFunction},
    {"CreateAmStmt", "handler_name", ObjectKind::kFunction},
    {"CreateConversionStmt", "func_name", ObjectKind::kFunction},
    {"CreateEventTrigStmt", "funcname", ObjectKind::kFunction},
    {"CreateForeignServerStmt", "fdwname", ObjectKind::kForeignDataWrapper},
    {"ImportForeignSchemaStmt", "server_name", ObjectKind::kServer},
    {"ImportForeignSchemaStmt", "local_schema", ObjectKind::kSchema},
    {"CreateUserMappingStmt", "servername", ObjectKind::kServer},
    {"AlterUserMappingStmt", "servername", ObjectKind::kServer},
    {"DropUserMappingStmt", "servername", ObjectKind::kServer},
    {"CreateTransformStmt", "lang", ObjectKind::kLanguage},
    {"CreateOpFamilyStmt", "amname", ObjectKind::kAccessMethod},
    {"AlterOpFamilyStmt", "amname", ObjectKind::kAccessMethod},
    {"AlterRoleSetStmt", "database", ObjectKind::kDatabase},
};

}  // namespace

Name OperatorName(Name name, const std::vector<Node>& types) {
  absl::StrAppend(&name.name, "(", LowerSignature(types), ")");
  return name;
}

Name OfMethod(Name name, absl::string_view method) {
  absl::StrAppend(&name.name, " USING ", method);
  return name;
}

Name CastName(const Node& from, const Node& to) {
  return {.name = absl::StrCat("(", Spelled(from), " AS ", Spelled(to), ")")};
}

Name MappingName(const Node& user, absl::string_view server) {
  const absl::string_view kind = user.Text("roletype");
  const absl::string_view name = kind == "ROLESPEC_PUBLIC"    ? "public"
                                 : kind == "ROLESPEC_CSTRING" ? user.Text("rolename")
                                                              : "";
  // CURRENT_USER has no name here.
  if (name.empty()) return {};
  return {.name = absl::StrCat(name, " SERVER ", server)};
}

std::vector<ObjectUse> LowerUses(absl::string_view type, const Node& body) {
  Uses uses;
  for (const FieldUse& use : kFields) {
    if (type != use.node || !body[use.field]) continue;
    const absl::string_view word = body.Text(use.field);
    uses.Add(use.kind,
             word.empty() ? QualifiedName(body[use.field]) : Name{.name = std::string(word)});
  }
  if (type == "DefineStmt") AddDefined(body, uses);
  if (type == "CreateOpClassStmt") AddOperatorClass(body, uses);
  if (type == "CreateRoleStmt") AddRoleOptions(body, uses);
  if (type == "AlterDefaultPrivilegesStmt") AddDefaultPrivileges(body, uses);
  if (type == "CreateCastStmt") {
    uses.AddType(body["sourcetype"]);
    uses.AddType(body["targettype"]);
    uses.AddRoutine(body["func"]);
  } else if (type == "CreateTransformStmt") {
    uses.AddType(body["type_name"]);
    uses.AddRoutine(body["fromsql"]);
    uses.AddRoutine(body["tosql"]);
  } else if (type == "CreateFdwStmt" || type == "AlterFdwStmt") {
    for (const Node& option : body.Items("func_options")) {
      uses.AddFunction(option["DefElem"]["arg"]["List"]["items"]);
    }
  } else if (type == "GrantRoleStmt") {
    for (const Node& role : body.Items("granted_roles")) {
      uses.Add(ObjectKind::kRole, role["AccessPriv"].Text("priv_name"));
    }
    uses.AddRoles(body["grantee_roles"]);
  } else if (type == "AlterTSConfigurationStmt") {
    for (const Node& name : body.Items("dicts")) {
      uses.Add(ObjectKind::kTextSearchDictionary, QualifiedName(name["List"]["items"]));
    }
  } else if (type == "AlterRoleStmt" || type == "AlterRoleSetStmt") {
    const Node role = body["role"];
    uses.Add(ObjectKind::kRole, role.Text("rolename"));
  } else if (type == "AlterObjectDependsStmt") {
    uses.Add(ObjectKind::kExtension, body["extname"].Text("sval"));
  }
  return std::move(uses.found);
}

}  // namespace plimsoll::tree
