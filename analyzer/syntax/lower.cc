#include "analyzer/syntax/lower.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/command_tag.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/lexer.h"
#include "analyzer/syntax/lower_expression.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {
namespace {

using tree::Node;

// ---- columns and constraints -----------------------------------------------------------------

std::optional<ConstraintKind> LowerConstraintKind(absl::string_view type) {
  if (type == "CONSTR_NOTNULL") return ConstraintKind::kNotNull;
  if (type == "CONSTR_NULL") return ConstraintKind::kNull;
  if (type == "CONSTR_CHECK") return ConstraintKind::kCheck;
  if (type == "CONSTR_UNIQUE") return ConstraintKind::kUnique;
  if (type == "CONSTR_PRIMARY") return ConstraintKind::kPrimaryKey;
  if (type == "CONSTR_FOREIGN") return ConstraintKind::kForeignKey;
  if (type == "CONSTR_EXCLUSION") return ConstraintKind::kExclusion;
  return std::nullopt;
}

Constraint LowerConstraint(const Node& body, ConstraintKind kind) {
  const bool foreign = kind == ConstraintKind::kForeignKey;
  Constraint constraint = {
      .kind = kind,
      .name = std::string(body.Text("conname")),
      .columns = tree::Strings(body[foreign ? "fk_attrs" : "keys"]),
      .include = tree::Strings(body["including"]),
      .referenced = tree::RangeVarName(body["pktable"]),
      .referenced_columns = tree::Strings(body["pk_attrs"]),
      .using_index = std::string(body.Text("indexname")),
      .not_valid = body.Flag("skip_validation"),
      .no_inherit = body.Flag("is_no_inherit"),
      .deferrable = body.Flag("deferrable"),
      .deletes_write = body.Text("fk_del_action") == "c" || body.Text("fk_del_action") == "n" ||
                       body.Text("fk_del_action") == "d",
      .updates_write = body.Text("fk_upd_action") == "c" || body.Text("fk_upd_action") == "n" ||
                       body.Text("fk_upd_action") == "d",
  };
  constraint.expression = tree::LowerOptional(body["raw_expr"]);
  // The grammar says `is_enforced` of checks and foreign keys only, and only since 18.
  const bool says_enforced =
      GrammarServerVersion() >= 18 && (foreign || kind == ConstraintKind::kCheck);
  constraint.not_enforced = says_enforced && !body.Flag("is_enforced");
  for (const Node& element : body.Items("exclusions")) {
    const tree::NodeList parts = element["List"].Items("items");
    if (!parts.empty()) constraint.columns.emplace_back(parts[0]["IndexElem"].Text("name"));
  }
  return constraint;
}

// serial and its kin are no types: the parser makes an integer, a sequence and a default of them.
void LowerSerial(Column& column) {
  static constexpr std::pair<const char*, const char*> kSerials[] = {
      {"smallserial", "int2"}, {"serial2", "int2"},   {"serial", "int4"},
      {"serial4", "int4"},     {"bigserial", "int8"}, {"serial8", "int8"}};
  for (const auto& [serial, integer] : kSerials) {
    if (column.type.name.schema.empty() && column.type.name.name == serial) {
      column.type.name.name = integer;
      column.serial = true;
      return;
    }
  }
}

void LowerColumnConstraint(const Node& body, Column& column) {
  const absl::string_view type = body.Text("contype");
  if (const std::optional<ConstraintKind> kind = LowerConstraintKind(type)) {
    Constraint constraint = LowerConstraint(body, *kind);
    if (constraint.columns.empty() && *kind != ConstraintKind::kCheck) {
      constraint.columns = {column.name};
    }
    column.constraints.push_back(std::move(constraint));
  } else if (type == "CONSTR_DEFAULT") {
    column.default_value = tree::LowerOptional(body["raw_expr"]);
  } else if (type == "CONSTR_IDENTITY") {
    column.generated = Generated::kIdentity;
  } else if (type == "CONSTR_GENERATED") {
    // Before 18 every generated column is stored; since 18 the word VIRTUAL is the default.
    const bool is_virtual = body.Text("generated_kind") == "v";
    column.generated = is_virtual ? Generated::kVirtual : Generated::kStored;
    column.generated_from = tree::LowerOptional(body["raw_expr"]);
  }
  // DEFERRABLE and its kin stand after the constraint they speak of.
  if (type == "CONSTR_ATTR_DEFERRABLE" && !column.constraints.empty()) {
    column.constraints.back().deferrable = true;
  }
  if (type == "CONSTR_ATTR_NOT_ENFORCED" && !column.constraints.empty()) {
    column.constraints.back().not_enforced = true;
  }
}

Column LowerColumn(const Node& body) {
  Column column = {.name = std::string(body.Text("colname")),
                   .type = tree::LowerType(body["typeName"])};
  const std::vector<std::string> collation = tree::Strings(body["collClause"]["collname"]);
  column.type.collation = absl::StrJoin(collation, ".");
  LowerSerial(column);
  for (const Node& constraint : body.Items("constraints")) {
    LowerColumnConstraint(constraint["Constraint"], column);
  }
  return column;
}

Persistence LowerPersistence(const Node& range_var) {
  const absl::string_view letter = range_var.Text("relpersistence");
  if (letter == "t" || range_var.Text("schemaname") == "pg_temp") return Persistence::kTemporary;
  return letter == "u" ? Persistence::kUnlogged : Persistence::kPermanent;
}

// ---- statements of one action ----------------------------------------------------------------

action::CreateTable LowerCreateTable(const Node& body) {
  action::CreateTable create = {.table = tree::RangeVarName(body["relation"]),
                                .if_not_exists = body.Flag("if_not_exists"),
                                .persistence = LowerPersistence(body["relation"]),
                                .partitioned = body["partspec"].present(),
                                .drops_at_commit = body.Text("oncommit") == "ONCOMMIT_DROP"};
  for (const Node& element : body.Items("tableElts")) {
    const absl::string_view tag = element.Tag();
    if (tag == "ColumnDef") {
      create.columns.push_back(LowerColumn(element.Body()));
    } else if (tag == "TableLikeClause") {
      create.like.push_back(tree::RangeVarName(element.Body()["relation"]));
      // CREATE_TABLE_LIKE_INDEXES (nodes/parsenodes.h)
      create.like_indexes |= (element.Body().Number("options") & (1 << 6)) != 0;
    } else if (tag == "Constraint") {
      const auto kind = LowerConstraintKind(element.Body().Text("contype"));
      if (kind) create.constraints.push_back(LowerConstraint(element.Body(), *kind));
    }
  }
  for (const Node& key : body["partspec"].Items("partParams")) {
    create.partition_keys.emplace_back(key["PartitionElem"].Text("name"));
  }
  std::vector<Name> parents;
  for (const Node& parent : body.Items("inhRelations")) {
    parents.push_back(tree::RangeVarName(parent["RangeVar"]));
  }
  if (body["partbound"] && !parents.empty()) {
    create.partition_of = parents[0];
    create.default_partition = body["partbound"].Flag("is_default");
  } else {
    create.inherits = std::move(parents);
  }
  return create;
}

action::CreateTable LowerCreateTableAs(const Node& into, const Node& query, bool if_not_exists) {
  tree::Query lowered = tree::LowerQuery(query);
  return {.table = tree::RangeVarName(into["rel"]),
          .if_not_exists = if_not_exists,
          .persistence = LowerPersistence(into["rel"]),
          .drops_at_commit = into.Text("onCommit") == "ONCOMMIT_DROP",
          .as_query = true,
          .with_data = !into.Flag("skipData"),
          .reads = std::move(lowered.reads),
          .calls = std::move(lowered.calls),
          .executes = query.Tag() == "ExecuteStmt"};
}

action::CreateView LowerMaterializedView(const Node& body) {
  tree::Query query = tree::LowerQuery(body["query"]);
  const Node into = body["into"];
  return {.view = tree::RangeVarName(into["rel"]),
          .materialized = true,
          .if_not_exists = body.Flag("if_not_exists"),
          .with_data = !into.Flag("skipData"),
          .persistence = LowerPersistence(into["rel"]),
          .reads = std::move(query.reads),
          .columns_used = std::move(query.columns),
          .has_subquery = query.has_subquery,
          .calls = std::move(query.calls)};
}

// `CREATE VIEW v (a, b)` renames the first columns of its query.
std::vector<std::string> ViewColumns(const Node& aliases, const Node& query) {
  std::vector<std::string> columns = tree::OutputColumns(query);
  std::vector<std::string> given = tree::Strings(aliases);
  if (given.size() > columns.size()) return {};
  std::move(given.begin(), given.end(), columns.begin());
  return columns;
}

action::CreateView LowerCreateView(const Node& body) {
  tree::Query query = tree::LowerQuery(body["query"]);
  return {.view = tree::RangeVarName(body["view"]),
          .or_replace = body.Flag("replace"),
          .persistence = LowerPersistence(body["view"]),
          .reads = std::move(query.reads),
          .columns_used = std::move(query.columns),
          .has_subquery = query.has_subquery,
          .plain = tree::IsPlain(body["query"]),
          .star = tree::IsStar(body["query"]),
          .calls = std::move(query.calls),
          .columns = ViewColumns(body["aliases"], body["query"])};
}

// The column part of the name PostgreSQL gives an index (parser/parse_target.c:FigureIndexColname):
// a column's name, a function's name, a cast's type, else `expr`.
absl::string_view IndexColumnHint(const Node& element) {
  if (!element.Text("name").empty()) return element.Text("name");
  Node expression = element["expr"];
  while (expression.Tag() == "TypeCast" || expression.Tag() == "CollateClause") {
    const Node argument = expression.Body()["arg"];
    if (expression.Tag() == "TypeCast" && argument.Tag() == "A_Const") break;
    expression = argument;
  }
  const Node body = expression.Body();
  const tree::NodeList names = body.Items(expression.Tag() == "FuncCall" ? "funcname" : "fields");
  const absl::string_view last = names.empty() ? "" : names.back()["String"].Text("sval");
  return last.empty() ? "expr" : last;
}

void AddMentions(std::vector<std::string>& mentions, const Expression& expression) {
  mentions.insert(mentions.end(), expression.columns.begin(), expression.columns.end());
}

action::CreateIndex LowerCreateIndex(const Node& body) {
  action::CreateIndex create = {.name = std::string(body.Text("idxname")),
                                .table = tree::RangeVarName(body["relation"]),
                                .only = !body["relation"].Flag("inh"),
                                .concurrently = body.Flag("concurrent"),
                                .if_not_exists = body.Flag("if_not_exists"),
                                .unique = body.Flag("unique"),
                                .method = std::string(body.Text("accessMethod"))};
  if (create.method.empty()) create.method = "btree";
  std::vector<std::string> hints;
  for (const Node& parameter : body.Items("indexParams")) {
    const Node element = parameter["IndexElem"];
    create.columns.push_back(
        {.column = std::string(element.Text("name")),
         .collation = absl::StrJoin(tree::Strings(element["collation"]), "."),
         .operator_class = absl::StrJoin(tree::Strings(element["opclass"]), ".")});
    hints.emplace_back(IndexColumnHint(element));
    if (element["expr"]) {
      create.has_expression = true;
      AddMentions(create.mentions, tree::LowerExpression(element["expr"]));
    }
  }
  for (const Node& parameter : body.Items("indexIncludingParams")) {
    create.include.emplace_back(parameter["IndexElem"].Text("name"));
    hints.push_back(create.include.back());
  }
  create.name_hint = absl::StrJoin(hints, "_");
  if (body["whereClause"]) {
    create.has_predicate = true;
    AddMentions(create.mentions, tree::LowerExpression(body["whereClause"]));
  }
  return create;
}

// `select 1;`, `return 1`, `'x'`: a body whose one statement is one constant.
bool IsConstantBody(absl::string_view body) {
  body = absl::StripAsciiWhitespace(body);
  body = absl::StripAsciiWhitespace(absl::StripSuffix(body, ";"));
  if (!absl::StartsWithIgnoreCase(body, "select ")) return false;
  body = absl::StripAsciiWhitespace(body.substr(7));
  Lexer lexer(body);
  Token token;
  uint32_t constants = 0;
  while (lexer.Next(&token)) {
    if (token.kind == TokenKind::kNumber || token.kind == TokenKind::kString) {
      ++constants;
    } else if (token.kind != TokenKind::kComment) {
      return false;
    }
  }
  return constants == 1;
}

action::CreateFunction LowerCreateFunction(const Node& body) {
  action::CreateFunction create = {
      .function = tree::QualifiedName(body["funcname"]),
      .or_replace = body.Flag("replace"),
      .procedure = body.Flag("is_procedure"),
      .arguments = static_cast<uint32_t>(body.Items("parameters").size())};
  std::string text;
  for (const Node& option : body.Items("options")) {
    const Node element = option["DefElem"];
    const absl::string_view name = element.Text("defname");
    const absl::string_view value = element["arg"]["String"].Text("sval");
    if (name == "language") {
      create.language = absl::AsciiStrToLower(value);
    } else if (name == "volatility") {
      create.volatility = value == "immutable" ? action::Volatility::kImmutable
                          : value == "stable"  ? action::Volatility::kStable
                                               : action::Volatility::kVolatile;
    } else if (name == "as") {
      text = absl::StrJoin(tree::Strings(element["arg"]["List"]["items"]), "\n");
    }
  }
  create.constant_body = create.language == "sql" && IsConstantBody(text);
  return create;
}

action::CreatePolicy LowerCreatePolicy(const Node& body) {
  action::CreatePolicy create = {.name = std::string(body.Text("policy_name")),
                                 .table = tree::RangeVarName(body["table"]),
                                 .restrictive = !body.Flag("permissive")};
  for (const absl::string_view clause : {"qual", "with_check"}) {
    for (Name& name : tree::LowerQuery(body[clause]).reads) create.reads.push_back(std::move(name));
  }
  return create;
}

action::CreateType LowerCreateDomain(const Node& body) {
  action::CreateType create = {.type = tree::QualifiedName(body["domainname"]),
                               .kind = action::TypeKind::kDomain,
                               .base = tree::LowerType(body["typeName"])};
  for (const Node& element : body.Items("constraints")) {
    const Node constraint = element["Constraint"];
    if (constraint.Text("contype") == "CONSTR_DEFAULT") {
      create.default_value = tree::LowerOptional(constraint["raw_expr"]);
    } else if (const auto kind = LowerConstraintKind(constraint.Text("contype"))) {
      create.constraints.push_back(LowerConstraint(constraint, *kind));
    }
  }
  return create;
}

// DROP TABLE lists names in lists, DROP FUNCTION in ObjectWithArgs, DROP TYPE in TypeName.
Name LowerDropName(const Node& object) {
  const absl::string_view tag = object.Tag();
  if (tag == "List") return tree::QualifiedName(object.Body()["items"]);
  if (tag == "ObjectWithArgs") return tree::QualifiedName(object.Body()["objname"]);
  if (tag == "TypeName") return tree::LowerType(object.Body()).name;
  return {.name = std::string(object["String"].Text("sval"))};
}

action::Drop LowerDrop(const Node& body) {
  action::Drop drop = {.kind = tree::LowerObjectKind(body.Text("removeType")),
                       .if_exists = body.Flag("missing_ok"),
                       .cascade = body.Text("behavior") == "DROP_CASCADE",
                       .concurrently = body.Flag("concurrent")};
  const bool on_table = drop.kind == ObjectKind::kTrigger || drop.kind == ObjectKind::kPolicy ||
                        drop.kind == ObjectKind::kRule;
  for (const Node& object : body.Items("objects")) {
    if (!on_table) {
      drop.objects.push_back(LowerDropName(object));
      continue;
    }
    // schema, table, trigger in one list
    std::vector<std::string> parts = tree::Strings(object["List"]["items"]);
    if (parts.empty()) continue;
    drop.objects.push_back({.name = parts.back()});
    parts.pop_back();
    if (!parts.empty()) drop.on_table.name = parts.back();
    if (parts.size() > 1) drop.on_table.schema = parts[parts.size() - 2];
  }
  return drop;
}

action::SetParameter LowerSet(const Node& body) {
  action::SetParameter set = {.name = std::string(body.Text("name")),
                              .local = body.Flag("is_local")};
  for (const Node& argument : body.Items("args")) {
    const Node constant = argument["A_Const"];
    if (constant["sval"]) {
      set.values.emplace_back(constant["sval"].Text("sval"));
    } else if (constant["fval"]) {
      set.values.emplace_back(constant["fval"].Text("fval"));
    } else if (constant["ival"]) {
      set.values.push_back(absl::StrCat(constant["ival"].Number("ival")));
    } else {
      // SET TIME ZONE INTERVAL …: known to be set, to something that is not looked at.
      set.values.emplace_back("");
    }
  }
  return set;
}

action::ModifyData LowerModify(const Node& statement) {
  const Node select = statement.Body()["selectStmt"];
  tree::Query query = tree::LowerQuery(statement);
  return {.writes = std::move(query.writes),
          .locks_rows = statement["SelectStmt"]["lockingClause"].present(),
          .reads = std::move(query.reads),
          .reads_all = statement.Tag() == "InsertStmt" && select.Tag() == "SelectStmt" &&
                       !select.Body()["whereClause"] && !select.Body()["limitCount"],
          .calls = std::move(query.calls),
          .sequences = std::move(query.sequences)};
}

// SELECT set_config('lock_timeout', '2s', true) sets a parameter as SET LOCAL does.
std::optional<action::SetParameter> LowerSetConfig(const Node& select) {
  const tree::NodeList targets = select.Items("targetList");
  if (targets.size() != 1 || select["fromClause"]) return std::nullopt;
  const Node call = targets[0]["ResTarget"]["val"]["FuncCall"];
  const tree::NodeList arguments = call.Items("args");
  if (tree::QualifiedName(call["funcname"]).name != "set_config" || arguments.size() != 3) {
    return std::nullopt;
  }
  const Node name = arguments[0]["A_Const"]["sval"];
  const Node value = arguments[1]["A_Const"]["sval"];
  if (!name || !value) return std::nullopt;
  return action::SetParameter{.name = absl::AsciiStrToLower(name.Text("sval")),
                              .values = {std::string(value.Text("sval"))},
                              .local = arguments[2]["A_Const"]["boolval"].Flag("boolval")};
}

ActionKind LowerSelect(const Node& statement) {
  const Node body = statement.Body();
  if (body["intoClause"]) return LowerCreateTableAs(body["intoClause"], body, false);
  if (std::optional<action::SetParameter> set = LowerSetConfig(body)) return *std::move(set);
  return LowerModify(statement);
}

ActionKind LowerTransaction(const Node& body) {
  const absl::string_view kind = body.Text("kind");
  const std::string savepoint(body.Text("savepoint_name"));
  if (kind == "TRANS_STMT_BEGIN" || kind == "TRANS_STMT_START") return action::Begin{};
  if (kind == "TRANS_STMT_COMMIT") return action::Commit{.chain = body.Flag("chain")};
  if (kind == "TRANS_STMT_ROLLBACK") return action::Rollback{.chain = body.Flag("chain")};
  if (kind == "TRANS_STMT_SAVEPOINT") return action::Savepoint{.name = savepoint};
  if (kind == "TRANS_STMT_ROLLBACK_TO") return action::RollbackTo{.name = savepoint};
  if (kind == "TRANS_STMT_RELEASE") return action::Release{.name = savepoint};
  return action::Other{.what = "two-phase commit",
                       .outside_transactions = kind != "TRANS_STMT_PREPARE"};
}

ActionKind LowerRename(const Node& body, const std::string& tag) {
  const absl::string_view type = body.Text("renameType");
  Target target = tree::LowerTarget(
      body["relation"],
      tree::LowerObjectKind(type == "OBJECT_COLUMN" ? body.Text("relationType") : type));
  target.if_exists = body.Flag("missing_ok");
  const std::string from(body.Text("subname"));
  const std::string to(body.Text("newname"));
  if (type == "OBJECT_COLUMN")
    return action::RenameColumn{.table = target, .column = from, .to = to};
  if (type == "OBJECT_TABCONSTRAINT") {
    return action::RenameConstraint{.table = target, .constraint = from, .to = to};
  }
  if (type == "OBJECT_TABLE" || type == "OBJECT_INDEX" || type == "OBJECT_VIEW" ||
      type == "OBJECT_MATVIEW" || type == "OBJECT_SEQUENCE" || type == "OBJECT_FOREIGN_TABLE") {
    return action::RenameRelation{.relation = target, .to = to};
  }
  if (type == "OBJECT_TYPE" || type == "OBJECT_DOMAIN") {
    return action::RenameType{.type = tree::QualifiedName(body["object"]["List"]["items"]),
                              .to = to};
  }
  if (type == "OBJECT_SCHEMA") return action::RenameSchema{.schema = from, .to = to};
  return action::Other{.what = absl::StrCat(tag, " RENAME"),
                       .relations = tree::NamedRelations(body["relation"])};
}

std::optional<ActionKind> LowerSetSchema(const Node& body) {
  const ObjectKind kind = tree::LowerObjectKind(body.Text("objectType"));
  if (!body["relation"]) return std::nullopt;
  Target target = tree::LowerTarget(body["relation"], kind);
  target.if_exists = body.Flag("missing_ok");
  return action::SetSchema{.relation = std::move(target),
                           .schema = std::string(body.Text("newschema"))};
}

action::Truncate LowerTruncate(const Node& body) {
  action::Truncate truncate = {.cascade = body.Text("behavior") == "DROP_CASCADE",
                               .restart_identity = body.Flag("restart_seqs")};
  for (const Node& relation : body.Items("relations")) {
    truncate.tables.push_back(tree::LowerTarget(relation["RangeVar"]));
  }
  return truncate;
}

action::LockTable LowerLock(const Node& body) {
  // By number (storage/lockdefs.h).
  static constexpr const char* kModes[] = {
      "ACCESS SHARE", "ROW SHARE",           "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE",
      "SHARE",        "SHARE ROW EXCLUSIVE", "EXCLUSIVE",     "ACCESS EXCLUSIVE"};
  action::LockTable lock;
  const int64_t mode = body.Number("mode");
  if (mode >= 1 && mode <= 8) lock.mode = kModes[mode - 1];
  for (const Node& relation : body.Items("relations")) {
    lock.tables.push_back(tree::LowerTarget(relation["RangeVar"]));
  }
  return lock;
}

action::CreateType LowerCreateType(const Node& body, action::TypeKind kind) {
  // A composite type's name is that of a relation.
  action::CreateType create = {.type = body["typevar"] ? tree::RangeVarName(body["typevar"])
                                                       : tree::QualifiedName(body["typeName"]),
                               .kind = kind,
                               .labels = tree::Strings(body["vals"])};
  return create;
}

std::optional<ActionKind> LowerCreate(absl::string_view type, const Node& body) {
  if (type == "CreateStmt") return LowerCreateTable(body);
  if (type == "IndexStmt") return LowerCreateIndex(body);
  if (type == "ViewStmt") return LowerCreateView(body);
  if (type == "CreateFunctionStmt") return LowerCreateFunction(body);
  if (type == "CreatePolicyStmt") return LowerCreatePolicy(body);
  if (type == "CreateDomainStmt") return LowerCreateDomain(body);
  if (type == "CreateEnumStmt") return LowerCreateType(body, action::TypeKind::kEnum);
  if (type == "CreateRangeStmt") return LowerCreateType(body, action::TypeKind::kRange);
  if (type == "CompositeTypeStmt") return LowerCreateType(body, action::TypeKind::kComposite);
  if (type == "CreateTableAsStmt") {
    if (body.Text("objtype") == "OBJECT_MATVIEW") return LowerMaterializedView(body);
    return LowerCreateTableAs(body["into"], body["query"], body.Flag("if_not_exists"));
  }
  if (type == "CreateSchemaStmt") {
    std::string name(body.Text("schemaname"));
    // AUTHORIZATION alone names the schema too.
    if (name.empty()) name = std::string(body["authrole"].Text("rolename"));
    return action::CreateSchema{.name = std::move(name),
                                .if_not_exists = body.Flag("if_not_exists")};
  }
  if (type == "CreateSeqStmt") {
    action::CreateSequence create = {.sequence = tree::RangeVarName(body["sequence"]),
                                     .if_not_exists = body.Flag("if_not_exists"),
                                     .persistence = LowerPersistence(body["sequence"])};
    for (const Node& option : body.Items("options")) {
      if (option["DefElem"].Text("defname") != "owned_by") continue;
      // schema.table.column, or the one word NONE
      std::vector<std::string> owner = tree::Strings(option["DefElem"]["arg"]["List"]["items"]);
      if (owner.size() < 2) continue;
      create.owned_by = Name{.name = owner[owner.size() - 2]};
      if (owner.size() > 2) create.owned_by->schema = owner[owner.size() - 3];
    }
    return create;
  }
  if (type == "CreateTrigStmt") {
    action::CreateTrigger create = {.name = std::string(body.Text("trigname")),
                                    .table = tree::RangeVarName(body["relation"]),
                                    .or_replace = body.Flag("replace"),
                                    .function = tree::QualifiedName(body["funcname"])};
    if (body["constrrel"]) create.from = tree::RangeVarName(body["constrrel"]);
    return create;
  }
  if (type == "CreateExtensionStmt") {
    return action::CreateExtension{.name = std::string(body.Text("extname")),
                                   .if_not_exists = body.Flag("if_not_exists")};
  }
  return std::nullopt;
}

bool HasOption(const Node& body, absl::string_view list, absl::string_view name) {
  for (const Node& option : body.Items(list)) {
    if (option["DefElem"].Text("defname") == name) return true;
  }
  return false;
}

// What PreventInTransactionBlock refuses among the statements that are not modelled, as far as the
// text alone shows it (access/transam/xact.c and its callers in tcop/utility.c).
bool RunsOutsideTransactions(absl::string_view type, const Node& body) {
  if (type == "CreatedbStmt" || type == "DropdbStmt" || type == "CreateTableSpaceStmt" ||
      type == "DropTableSpaceStmt" || type == "AlterSystemStmt") {
    return true;
  }
  if (type == "VacuumStmt") return body.Flag("is_vacuumcmd");
  if (type == "ClusterStmt") return !body["relation"];
  if (type == "DiscardStmt") return body.Text("target") == "DISCARD_ALL";
  if (type == "ReindexStmt") {
    const absl::string_view kind = body.Text("kind");
    return HasOption(body, "params", "concurrently") || kind == "REINDEX_OBJECT_SCHEMA" ||
           kind == "REINDEX_OBJECT_SYSTEM" || kind == "REINDEX_OBJECT_DATABASE";
  }
  return type == "CreateSubscriptionStmt" && !HasOption(body, "options", "connect") &&
         !HasOption(body, "options", "create_slot");
}

// COPY … FROM puts rows in as INSERT does; COPY … TO reads them.
action::ModifyData LowerCopy(const Node& body) {
  if (body["query"]) return LowerModify(body["query"]);
  if (body.Flag("is_from")) {
    return {.writes = {
                {.verb = action::DataVerb::kInsert, .table = tree::LowerTarget(body["relation"])}}};
  }
  return {.reads = {tree::RangeVarName(body["relation"])}};
}

// Words that tell apart, under one command tag, what differs in what it does to others.
std::string OtherWhat(absl::string_view type, const Node& body, const std::string& tag) {
  if (type == "VacuumStmt" && HasOption(body, "options", "full")) return tag + " FULL";
  if (type == "ExplainStmt" && HasOption(body, "options", "analyze")) return tag + " ANALYZE";
  if (type == "AlterEnumStmt") return tag + (body["oldVal"] ? " RENAME VALUE" : " ADD VALUE");
  if (type == "AlterSeqStmt" && body.Items("options").size() == 1) {
    if (HasOption(body, "options", "owned_by")) return tag + " OWNED BY";
    if (HasOption(body, "options", "cache")) return tag + " CACHE";
  }
  if (type == "AlterOwnerStmt") return tag + " OWNER";
  if (type == "AlterObjectSchemaStmt") return tag + " SET SCHEMA";
  return tag;
}

ActionKind LowerSingle(const Node& statement, const std::string& tag) {
  const absl::string_view type = statement.Tag();
  const Node body = statement.Body();
  if (std::optional<ActionKind> create = LowerCreate(type, body)) return *std::move(create);
  if (type == "TransactionStmt") return LowerTransaction(body);
  if (type == "VariableSetStmt") return LowerSet(body);
  if (type == "RenameStmt") return LowerRename(body, tag);
  if (type == "AlterObjectSchemaStmt") {
    if (std::optional<ActionKind> set = LowerSetSchema(body)) return *std::move(set);
  }
  if (type == "DropStmt") {
    action::Drop drop = LowerDrop(body);
    if (drop.kind != ObjectKind::kOther) return drop;
  }
  if (type == "TruncateStmt") return LowerTruncate(body);
  if (type == "LockStmt") return LowerLock(body);
  if (type == "SelectStmt") return LowerSelect(statement);
  if (type == "InsertStmt" || type == "UpdateStmt" || type == "DeleteStmt" || type == "MergeStmt") {
    return LowerModify(statement);
  }
  // COPY … PROGRAM runs a command of the server's machine.
  if (type == "CopyStmt" && !body.Flag("is_program")) return LowerCopy(body);
  return action::Other{.what = OtherWhat(type, body, tag),
                       .relations = tree::NamedRelations(statement),
                       .outside_transactions = RunsOutsideTransactions(type, body)};
}

// ---- CREATE SCHEMA with its elements ---------------------------------------------------------

// Its elements stand in the new schema unless they say so themselves
// (parser/parse_utilcmd.c:transformCreateSchemaStmtElements).
class SchemaPlacer {
 public:
  explicit SchemaPlacer(std::string schema) : schema_(std::move(schema)) {}

  void Place(ActionKind& kind) {
    std::visit([this](auto& action) { PlaceIn(action); }, kind);
  }

 private:
  void PlaceIn(action::CreateTable& create) {
    PlaceName(create.table);
    made_.push_back(create.table);
    for (Constraint& constraint : create.constraints) PlaceReference(constraint);
    for (Column& column : create.columns) {
      for (Constraint& constraint : column.constraints) PlaceReference(constraint);
    }
  }
  void PlaceIn(action::CreateView& create) {
    PlaceName(create.view);
    for (Name& name : create.reads) PlaceUse(name);
    for (action::ColumnUse& use : create.columns_used) {
      if (use.relation) PlaceUse(*use.relation);
    }
    made_.push_back(create.view);
  }
  void PlaceIn(action::CreateSequence& create) { PlaceName(create.sequence); }
  void PlaceIn(action::CreateIndex& create) { PlaceName(create.table); }
  void PlaceIn(action::CreateTrigger& create) { PlaceName(create.table); }
  template <typename T>
  void PlaceIn(T&) {}

  void PlaceName(Name& name) const {
    if (name.schema.empty()) name.schema = schema_;
  }
  // A name that the statement itself made means that one.
  void PlaceUse(Name& name) const {
    for (const Name& made : made_) {
      if (name.schema.empty() && made.name == name.name) name.schema = made.schema;
    }
  }
  void PlaceReference(Constraint& constraint) const {
    if (constraint.kind == ConstraintKind::kForeignKey) PlaceUse(constraint.referenced);
  }

  std::string schema_;
  std::vector<Name> made_;
};

std::vector<Action> LowerCreateSchema(const Node& statement, const std::string& tag) {
  std::vector<Action> actions;
  actions.push_back({.kind = LowerSingle(statement, tag)});
  SchemaPlacer placer(std::get<action::CreateSchema>(actions[0].kind).name);
  for (const Node& element : statement.Body().Items("schemaElts")) {
    actions.push_back({.kind = LowerSingle(element, tree::CommandTag(element))});
    placer.Place(actions.back().kind);
  }
  return actions;
}

// ---- ALTER TABLE -----------------------------------------------------------------------------

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
        .table = table, .column = name, .value = tree::LowerExpression(command["def"])};
  }
  if (type == "AT_AlterColumnType") {
    const Node definition = command["def"]["ColumnDef"];
    action::AlterColumnType alter = {
        .table = table, .column = name, .type = LowerColumn(definition).type};
    alter.using_expression = tree::LowerOptional(definition["raw_default"]);
    return alter;
  }
  if (type == "AT_AddConstraint") {
    const Node definition = command["def"]["Constraint"];
    if (const auto kind = LowerConstraintKind(definition.Text("contype"))) {
      return action::AddConstraint{.table = table,
                                   .constraint = LowerConstraint(definition, *kind)};
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
  const bool detaches_concurrently =
      type == "AT_DetachPartition" && command["def"]["PartitionCmd"].Flag("concurrent");
  std::vector<Name> relations = tree::NamedRelations(command);
  relations.insert(relations.begin(), table.name);
  return action::Other{.what = absl::StrCat(tag, " ", absl::StripPrefix(type, "AT_")),
                       .relations = std::move(relations),
                       .outside_transactions = detaches_concurrently};
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

std::vector<Action> LowerAlterTable(const Node& body, const std::string& tag,
                                    absl::string_view statement, uint32_t location,
                                    uint32_t offset) {
  Target table = tree::LowerTarget(body["relation"], tree::LowerObjectKind(body.Text("objtype")));
  table.if_exists = body.Flag("missing_ok");
  const bool relation = table.kind != ObjectKind::kOther && table.kind != ObjectKind::kType;
  const tree::NodeList commands = body.Items("cmds");
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
    action.kind = relation ? LowerSubcommand(command, table, tag) : action::Other{.what = tag};
    actions.push_back(std::move(action));
  }
  return actions;
}

// The parser keeps its buffers from call to call; one a thread, as the grammar has.
simdjson::dom::parser& Parser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

// The tree's root. An expression of 50,000 terms is nested some 150,000 levels deep, far beyond
// what simdjson allows unasked; asking costs memory, so only such a text pays for it.
std::optional<Node> ParseTree(absl::string_view json) {
  constexpr size_t kDeepest = 8'000'000;
  simdjson::dom::element root;
  simdjson::error_code error = Parser().parse(json.data(), json.size(), false).get(root);
  if (error == simdjson::DEPTH_ERROR) {
    thread_local simdjson::dom::parser deep_parser;
    error = deep_parser.allocate(json.size(), kDeepest);
    if (error == simdjson::SUCCESS) {
      error = deep_parser.parse(json.data(), json.size(), false).get(root);
    }
  }
  if (error != simdjson::SUCCESS) return std::nullopt;
  return Node(root);
}

}  // namespace

std::vector<LoweredStatement> Lower(absl::string_view json, absl::string_view text,
                                    uint32_t offset) {
  std::vector<LoweredStatement> statements;
  const std::optional<Node> root = ParseTree(json);
  if (!root) return statements;
  for (const Node& raw : root->Items("stmts")) {
    const Node node = raw["stmt"];
    LoweredStatement statement = {.location = static_cast<uint32_t>(raw.Number("stmt_location")),
                                  .length = static_cast<uint32_t>(raw.Number("stmt_len")),
                                  .tag = tree::CommandTag(node)};
    const absl::string_view words = statement.length == 0
                                        ? text.substr(statement.location)
                                        : text.substr(statement.location, statement.length);
    if (node.Tag() == "AlterTableStmt") {
      statement.actions =
          LowerAlterTable(node.Body(), statement.tag, words, statement.location, offset);
    } else if (node.Tag() == "CreateSchemaStmt") {
      statement.actions = LowerCreateSchema(node, statement.tag);
    } else {
      statement.actions.push_back({.kind = LowerSingle(node, statement.tag)});
    }
    const Node copy = node["CopyStmt"];
    statement.copies_from_stdin =
        copy.Flag("is_from") && copy.Text("filename").empty() && !copy.Flag("is_program");
    statements.push_back(std::move(statement));
  }
  return statements;
}

}  // namespace plimsoll
