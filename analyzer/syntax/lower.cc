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
#include "analyzer/syntax/index_name.h"
#include "analyzer/syntax/lexer.h"
#include "analyzer/syntax/lower_expression.h"
#include "analyzer/syntax/lower_mistake.h"
#include "analyzer/syntax/lower_parts.h"
#include "analyzer/syntax/lower_predicate.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {
namespace {

using tree::LowerColumn;
using tree::LowerConstraint;
using tree::LowerConstraintKind;
using tree::Node;

Persistence LowerPersistence(const Node& range_var) {
  const absl::string_view letter = range_var.Text("relpersistence");
  if (letter == "t" || range_var.Text("schemaname") == "pg_temp") return Persistence::kTemporary;
  return letter == "u" ? Persistence::kUnlogged : Persistence::kPermanent;
}

// ---- statements of one action ----------------------------------------------------------------

bool SaysOnCommit(absl::string_view on_commit) {
  return !on_commit.empty() && on_commit != "ONCOMMIT_NOOP";
}

action::CreateTable LowerCreateTable(const Node& body) {
  action::CreateTable create = {.table = tree::RangeVarName(body["relation"]),
                                .if_not_exists = body.Flag("if_not_exists"),
                                .persistence = LowerPersistence(body["relation"]),
                                .partitioned = body["partspec"].present(),
                                .drops_at_commit = body.Text("oncommit") == "ONCOMMIT_DROP",
                                .tablespace = std::string(body.Text("tablespacename")),
                                .access_method = std::string(body.Text("accessMethod")),
                                .parameters = tree::LowerParameters(body, "options"),
                                .says_on_commit = SaysOnCommit(body.Text("oncommit"))};
  for (const Node& element : body.Items("tableElts")) {
    const absl::string_view tag = element.Tag();
    if (tag == "ColumnDef") {
      create.columns.push_back(LowerColumn(element.Body()));
    } else if (tag == "TableLikeClause") {
      create.like.push_back(tree::RangeVarName(element.Body()["relation"]));
      // What is beyond the bits that we know is of no table: ALL is all of them.
      create.like_options.push_back(static_cast<uint32_t>(element.Body().Number("options")));
    } else if (tag == "Constraint") {
      const auto kind = LowerConstraintKind(element.Body().Text("contype"));
      if (kind) create.constraints.push_back(LowerConstraint(element.Body(), *kind));
    }
  }
  for (const Node& key : body["partspec"].Items("partParams")) {
    const Node element = key["PartitionElem"];
    create.partition_keys.emplace_back(element.Text("name"));
    create.partition_expressions.push_back(tree::LowerOptional(element["expr"]));
    if (!element["expr"]) continue;
    const std::vector<std::string>& columns = create.partition_expressions.back()->columns;
    create.partition_columns.insert(create.partition_columns.end(), columns.begin(), columns.end());
  }
  create.partition_terms = tree::LowerPartitionTerms(body["partspec"]);
  create.partition_strategy = tree::LowerPartitionStrategy(body["partspec"]);
  std::vector<Name> parents;
  for (const Node& parent : body.Items("inhRelations")) {
    parents.push_back(tree::RangeVarName(parent["RangeVar"]));
  }
  if (body["ofTypename"]) create.of_type = tree::LowerType(body["ofTypename"]).name;
  if (body["partbound"] && !parents.empty()) {
    create.partition_of = parents[0];
    create.bound =
        std::make_shared<const PartitionBound>(tree::LowerPartitionBound(body["partbound"]));
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
          .executes = std::string(query["ExecuteStmt"].Text("name")),
          .selection = tree::LowerSelection(query),
          .column_names = tree::Strings(into["colNames"]),
          .parameters = tree::LowerParameters(into, "options"),
          .says_on_commit = SaysOnCommit(into.Text("onCommit")),
          .reads_only = std::move(lowered.reads_only),
          .refused = std::move(lowered.refused)};
}

// A view's query must not write.
Boxed<Mistake> RefusedAsView(tree::Query& query, const char* message) {
  if (query.writes.empty()) return std::move(query.refused);
  return Mistake{.sqlstate = "0A000", .message = message};
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
          .calls = std::move(query.calls),
          .types = std::move(query.types),
          .selection = tree::LowerSelection(body["query"]),
          .column_names = tree::Strings(into["colNames"]),
          .locks_rows = query.locks_rows,
          .row_locked = std::move(query.row_locked),
          .reads_only = std::move(query.reads_only),
          .refused = RefusedAsView(query, "materialized views must not change data in WITH")};
}

// `CREATE VIEW v (a, b)` renames the first columns of its query.
std::vector<std::string> ViewColumns(const Node& aliases, const Node& query) {
  std::vector<std::string> columns = tree::OutputColumns(query);
  std::vector<std::string> given = tree::Strings(aliases);
  if (given.size() > columns.size()) return {};
  std::move(given.begin(), given.end(), columns.begin());
  return columns;
}

// WITH CHECK OPTION is the same as a parameter.
std::vector<Parameter> ViewParameters(const Node& body) {
  std::vector<Parameter> parameters = tree::LowerParameters(body, "options");
  const absl::string_view option = body.Text("withCheckOption");
  if (option == "LOCAL_CHECK_OPTION" || option == "CASCADED_CHECK_OPTION") {
    parameters.push_back(
        {.name = "check_option", .value = option == "LOCAL_CHECK_OPTION" ? "local" : "cascaded"});
  }
  return parameters;
}

action::CreateView LowerCreateView(const Node& body) {
  tree::Query query = tree::LowerQuery(body["query"]);
  std::vector<Parameter> parameters = ViewParameters(body);
  const bool checks = std::any_of(parameters.begin(), parameters.end(), [](const auto& parameter) {
    return parameter.name == "check_option";
  });
  return {
      .view = tree::RangeVarName(body["view"]),
      .or_replace = body.Flag("replace"),
      .persistence = LowerPersistence(body["view"]),
      .reads = std::move(query.reads),
      .columns_used = std::move(query.columns),
      .has_subquery = query.has_subquery,
      .plain = tree::IsPlain(body["query"]),
      .star = tree::IsStar(body["query"]),
      .derived = tree::IsDerived(body["query"]),
      .calls = std::move(query.calls),
      .types = std::move(query.types),
      .columns = ViewColumns(body["aliases"], body["query"]),
      .selection = tree::LowerSelection(body["query"]),
      .column_names = tree::Strings(body["aliases"]),
      .checks = checks,
      .security_invoker = tree::HasOption(body, "options", "security_invoker"),
      .parameters = std::move(parameters),
      .locks_rows = query.locks_rows,
      .row_locked = std::move(query.row_locked),
      .reads_only = std::move(query.reads_only),
      .refused = RefusedAsView(query, "views must not contain data-modifying statements in WITH")};
}

// The column part of the name PostgreSQL gives an index
// (commands/indexcmds.c:ChooseIndexColumnNames).
std::string IndexColumnHint(const Node& element) {
  if (!element.Text("name").empty()) return std::string(element.Text("name"));
  std::string name = tree::ColumnNameOf(element["expr"]);
  if (name.empty()) name = "expr";
  return name;
}

void AddMentions(ThinVector<std::string>& mentions, const Expression& expression) {
  mentions.insert(mentions.end(), expression.columns.begin(), expression.columns.end());
}

// NULLS LAST goes with ASC, NULLS FIRST with DESC.
bool IsReordered(const Node& element) {
  return element.Text("ordering") == "SORTBY_DESC" ||
         element.Text("nulls_ordering") == "SORTBY_NULLS_FIRST";
}

action::CreateIndex LowerCreateIndex(const Node& body) {
  action::CreateIndex create = {.name = std::string(body.Text("idxname")),
                                .table = tree::RangeVarName(body["relation"]),
                                .only = !body["relation"].Flag("inh"),
                                .concurrently = body.Flag("concurrent"),
                                .if_not_exists = body.Flag("if_not_exists"),
                                .unique = body.Flag("unique"),
                                .method = std::string(body.Text("accessMethod")),
                                .nulls_not_distinct = body.Flag("nulls_not_distinct"),
                                .tablespace = std::string(body.Text("tableSpace")),
                                .parameters = tree::LowerParameters(body, "options")};
  if (create.method.empty()) create.method = "btree";
  std::vector<std::string> hints;
  for (const Node& parameter : body.Items("indexParams")) {
    const Node element = parameter["IndexElem"];
    create.columns.push_back(
        {.column = std::string(element.Text("name")),
         .collation = absl::StrJoin(tree::Strings(element["collation"]), "."),
         .operator_class = absl::StrJoin(tree::Strings(element["opclass"]), "."),
         .reordered = IsReordered(element)});
    hints.push_back(IndexColumnHint(element));
    if (element["expr"]) {
      create.has_expression = true;
      create.columns.back().expression = tree::LowerTerm(element["expr"]);
      create.expressions.push_back(tree::LowerOptional(element["expr"]));
      AddMentions(create.mentions, *create.expressions.back());
    }
  }
  for (const Node& parameter : body.Items("indexIncludingParams")) {
    create.include.emplace_back(parameter["IndexElem"].Text("name"));
    hints.push_back(create.include.back());
  }
  create.name_hint = JoinIndexColumns(hints);
  // WHERE true is none (makefuncs.c:make_ands_implicit).
  const bool always = body["whereClause"]["A_Const"]["boolval"].Flag("boolval");
  if (body["whereClause"] && !always) {
    create.has_predicate = true;
    create.predicate = tree::LowerPredicate(body["whereClause"]);
    create.expressions.push_back(tree::LowerOptional(body["whereClause"]));
    AddMentions(create.mentions, *create.expressions.back());
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

// What runs whenever the query does: whole columns of a SELECT without conditions, and the function
// that it selects from.
void MarkCertainCalls(const Node& select, std::vector<FunctionCall>& calls) {
  const tree::NodeList from = select.Items("fromClause");
  for (const tree::Key clause :
       tree::Keys{"whereClause", "groupClause", "havingClause", "limitCount", "limitOffset", "larg",
                  "withClause", "valuesLists"}) {
    if (select[clause]) return;
  }
  const auto mark = [&calls](const Node& call) {
    const Name name = tree::QualifiedName(call["funcname"]);
    for (FunctionCall& known : calls) {
      known.certain = known.certain || (call && known.function == name &&
                                        known.arguments == call.Items("args").size());
    }
  };
  if (from.empty()) {
    for (const Node& target : select.Items("targetList"))
      mark(target["ResTarget"]["val"]["FuncCall"]);
  } else if (from.size() == 1) {
    for (const Node& function : from[0]["RangeFunction"].Items("functions")) {
      mark(function["List"].Items("items")[0]["FuncCall"]);
    }
  }
}

// The condition of a SELECT, UPDATE or DELETE over one relation and no other.
OptionalPredicate LowerWhere(const Node& statement, const tree::Query& query) {
  const absl::string_view tag = statement.Tag();
  const Node body = statement.Body();
  if (query.has_subquery || body["withClause"] || body["usingClause"]) return nullptr;
  const bool from_one = body.Items("fromClause").size() == 1 && query.reads.size() == 1;
  if (tag == "SelectStmt" ? !from_one : tag == "InsertStmt" || body["fromClause"]) return nullptr;
  return tree::LowerPredicate(body["whereClause"]);
}

action::ModifyData LowerModify(const Node& statement) {
  const Node select = statement.Body()["selectStmt"];
  tree::Query query = tree::LowerQuery(statement);
  if (statement.Tag() == "SelectStmt") MarkCertainCalls(statement.Body(), query.calls);
  OptionalPredicate where = LowerWhere(statement, query);
  return {.writes = std::move(query.writes),
          .own_write = statement.Tag() != "SelectStmt",
          .locks_rows = query.locks_rows,
          .row_locked = std::move(query.row_locked),
          .reads = std::move(query.reads),
          .reads_only = std::move(query.reads_only),
          .reads_all = statement.Tag() == "InsertStmt" && select.Tag() == "SelectStmt" &&
                       !select.Body()["whereClause"] && !select.Body()["limitCount"],
          .locks_derived = tree::LocksDerived(statement),
          .refused = std::move(query.refused),
          .where = std::move(where),
          .columns_used = std::move(query.columns),
          .selection = tree::LowerComputed(statement),
          .returning =
              statement.Tag() == "InsertStmt" ? tree::LowerReturning(statement.Body()) : nullptr,
          .has_subquery = query.has_subquery,
          .calls = std::move(query.calls),
          .types = std::move(query.types),
          .sequences = std::move(query.sequences)};
}

// CALL. Its arguments may call functions, which run too.
action::ModifyData LowerCall(const Node& statement) {
  action::ModifyData call = LowerModify(statement);
  const Node procedure = statement.Body()["funccall"];
  call.calls.push_back({.function = tree::QualifiedName(procedure["funcname"]),
                        .arguments = static_cast<uint32_t>(procedure.Items("args").size()),
                        .certain = true});
  call.calls_procedure = true;
  auto arguments = std::make_shared<Selection>();
  for (const Node& argument : procedure.Items("args")) {
    arguments->columns.push_back({.value = tree::LowerOptional(argument)});
  }
  call.selection = std::move(arguments);
  return call;
}

// What tells a routine from its overloads and from what replaces it.
void LowerParameters(const Node& body, action::CreateFunction& create) {
  std::vector<Node> inputs;
  const auto name_type = [&create](const Node& type) {
    if (!type.Flag("pct_type")) return create.types.push_back(tree::LowerType(type).name);
    std::vector<std::string> parts = tree::Strings(type["names"]);
    if (parts.size() < 2) return;
    action::ColumnUse use = {.relation = Name{.name = parts[parts.size() - 2]},
                             .column = parts.back()};
    if (parts.size() > 2) use.relation->schema = parts[parts.size() - 3];
    create.column_types.push_back(std::move(use));
  };
  for (const Node& parameter : body.Items("parameters")) {
    const Node one = parameter["FunctionParameter"];
    const absl::string_view mode = one.Text("mode");
    name_type(one["argType"]);
    const bool output = mode == "FUNC_PARAM_OUT" || mode == "FUNC_PARAM_TABLE";
    if (output || mode == "FUNC_PARAM_INOUT") {
      create.outputs.push_back(tree::LowerType(one["argType"]));
    }
    create.returns_set = create.returns_set || mode == "FUNC_PARAM_TABLE";
    if (output) continue;
    inputs.push_back(one["argType"]);
    create.inputs.push_back(tree::LowerType(one["argType"]));
    create.variadic = mode == "FUNC_PARAM_VARIADIC";
    create.defaults += one["defexpr"].present() ? 1U : 0U;
    if (one["defexpr"]) create.default_values.push_back(tree::LowerOptional(one["defexpr"]));
    create.input_names.emplace_back(one.Text("name"));
  }
  create.signature = tree::LowerSignature(inputs);
  const Node returned = body["returnType"];
  if (!returned) return;
  const TypeName type = tree::LowerType(returned);
  name_type(returned);
  create.returns_set = create.returns_set || returned.Flag("setof");
  if (!create.outputs.empty()) return;
  create.result = type;
  create.returns =
      absl::StrCat(returned.Flag("setof") ? "setof " : "", type.name.schema,
                   type.name.schema.empty() ? "" : ".", type.name.name, type.array ? "[]" : "");
}

// BEGIN ATOMIC … END, or RETURN: trees, in which nothing says where they stand.
std::shared_ptr<const Body> LowerAtomicBody(const Node& sql_body) {
  Body body = {.atomic = true};
  const auto add = [&body](const Node& statement) {
    action::ModifyData modify = LowerModify(statement);
    modify.selection = modify.returning = nullptr;
    body.has_subquery = body.has_subquery || modify.has_subquery;
    body.columns_used.insert(body.columns_used.end(), modify.columns_used.begin(),
                             modify.columns_used.end());
    if (modify.reads.empty() && modify.writes.empty() && modify.calls.empty()) return;
    BodyStatement lowered = {.tag = tree::CommandTag(statement)};
    lowered.actions.push_back({.kind = std::move(modify)});
    body.statements.push_back(std::move(lowered));
  };
  if (sql_body["ReturnStmt"]) add(sql_body);
  for (const Node& item : sql_body["List"].Items("items")) {
    for (const Node& statement : item["List"].Items("items")) add(statement);
  }
  return std::make_shared<const Body>(std::move(body));
}

// One of SET TRANSACTION, BEGIN and the like: `transaction_isolation serializable`.
std::string LowerMode(const Node& mode) {
  const Node value = mode["arg"]["A_Const"];
  std::string lowered = absl::StrCat(mode.Text("defname"), " ", value["sval"].Text("sval"));
  if (value["ival"]) absl::StrAppend(&lowered, value["ival"].Number("ival"));
  return lowered;
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
    } else if (argument["DefElem"]) {
      set.values.push_back(LowerMode(argument["DefElem"]));
    } else {
      // SET TIME ZONE INTERVAL …: known to be set, to something that is not looked at.
      set.values.emplace_back("");
    }
  }
  return set;
}

// SET of a routine, of one value.
std::vector<Parameter> LowerSettings(const tree::NodeList& options) {
  std::vector<Parameter> settings;
  for (const Node& option : options) {
    const Node set = option["DefElem"]["arg"]["VariableSetStmt"];
    if (set.Text("kind") != "VAR_SET_VALUE") continue;
    action::SetParameter lowered = LowerSet(set);
    if (lowered.values.size() != 1) continue;
    settings.push_back({.name = lowered.name, .value = std::move(lowered.values[0])});
  }
  return settings;
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
    } else if (name == "security") {
      create.security_definer = element["arg"]["Boolean"].Flag("boolval");
    } else if (name == "set") {
      const Node set = element["arg"]["VariableSetStmt"];
      create.pins_search_path |=
          set.Text("name") == "search_path" && set.Text("kind") != "VAR_SET_DEFAULT";
    } else if (name == "as") {
      text = absl::StrJoin(tree::Strings(element["arg"]["List"]["items"]), "\n");
    }
  }
  create.settings = LowerSettings(body.Items("options"));
  create.traits = tree::LowerTraits(body.Items("options"));
  create.refused = tree::FindRoutineMistake(body);
  create.constant_body = create.language == "sql" && IsConstantBody(text);
  LowerParameters(body, create);
  if (body["sql_body"]) {
    create.language = "sql";
    create.body = LowerAtomicBody(body["sql_body"]);
  }
  return create;
}

// DO speaks PL/pgSQL unless it says otherwise (commands/functioncmds.c:ExecuteDoStmt).
action::DoBlock LowerDo(const Node& body) {
  action::DoBlock block = {.language = "plpgsql"};
  for (const Node& option : body.Items("args")) {
    const Node element = option["DefElem"];
    if (element.Text("defname") == "language") {
      block.language = absl::AsciiStrToLower(element["arg"]["String"].Text("sval"));
    }
  }
  return block;
}

action::CreatePolicy LowerCreatePolicy(const Node& body) {
  action::CreatePolicy create = {.name = std::string(body.Text("policy_name")),
                                 .table = tree::RangeVarName(body["table"]),
                                 .restrictive = !body.Flag("permissive"),
                                 .command = std::string(body.Text("cmd_name")),
                                 .roles = tree::RoleNames(body["roles"]),
                                 .has_using = body["qual"].present(),
                                 .has_check = body["with_check"].present()};
  for (const tree::Key clause : tree::Keys{"qual", "with_check"}) {
    for (Name& name : tree::LowerQuery(body[clause]).reads) create.reads.push_back(std::move(name));
    if (body[clause]) create.expressions.push_back(tree::LowerExpression(body[clause]));
  }
  return create;
}

action::CreateType LowerCreateDomain(const Node& body) {
  action::CreateType create = {.type = tree::QualifiedName(body["domainname"]),
                               .kind = action::TypeKind::kDomain,
                               .base = tree::LowerType(body["typeName"])};
  create.base->collation = absl::StrJoin(tree::Strings(body["collClause"]["collname"]), ".");
  bool null = false;
  bool not_null = false;
  bool clash = false;
  for (const Node& element : body.Items("constraints")) {
    const Node constraint = element["Constraint"];
    null = null || constraint.Text("contype") == "CONSTR_NULL";
    not_null = not_null || constraint.Text("contype") == "CONSTR_NOTNULL";
    if (constraint.Text("contype") == "CONSTR_DEFAULT") {
      clash = clash || create.default_value != nullptr;
      create.default_value = tree::LowerOptional(constraint["raw_expr"]);
    } else if (const auto kind = LowerConstraintKind(constraint.Text("contype"))) {
      create.constraints.push_back(LowerConstraint(constraint, *kind));
    }
  }
  create.base->collation = absl::StrJoin(tree::Strings(body["collClause"]["collname"]), ".");
  if (clash || (null && not_null)) create.clash = "clauses of the domain contradict each other";
  return create;
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
      drop.objects.push_back(tree::LowerObjectName(object, drop.kind));
      if (const Node routine = object["ObjectWithArgs"]) {
        drop.signatures.push_back(tree::LowerArguments(routine));
      }
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

ActionKind LowerTransaction(const Node& body, const std::string& tag) {
  const absl::string_view kind = body.Text("kind");
  const std::string savepoint(body.Text("savepoint_name"));
  if (kind == "TRANS_STMT_BEGIN" || kind == "TRANS_STMT_START") {
    action::Begin begin;
    for (const Node& option : body.Items("options")) {
      begin.modes.push_back(LowerMode(option["DefElem"]));
    }
    return begin;
  }
  if (kind == "TRANS_STMT_COMMIT") return action::Commit{.chain = body.Flag("chain")};
  if (kind == "TRANS_STMT_ROLLBACK") return action::Rollback{.chain = body.Flag("chain")};
  if (kind == "TRANS_STMT_SAVEPOINT") return action::Savepoint{.name = savepoint};
  if (kind == "TRANS_STMT_ROLLBACK_TO") return action::RollbackTo{.name = savepoint};
  if (kind == "TRANS_STMT_RELEASE") return action::Release{.name = savepoint};
  if (kind == "TRANS_STMT_PREPARE") {
    return action::PrepareTransaction{.id = std::string(body.Text("gid"))};
  }
  return action::SessionCommand{
      .what = tag, .name = std::string(body.Text("gid")), .outside_transactions = true};
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
  for (const Node& attribute : body.Items("coldeflist")) {
    create.attributes.push_back(LowerColumn(attribute["ColumnDef"]));
  }
  for (const Node& option : body.Items("params")) {
    const Node element = option["DefElem"];
    if (element.Text("defname") == "subtype") {
      create.base = tree::LowerType(element["arg"]["TypeName"]);
    }
  }
  return create;
}

std::optional<ActionKind> LowerCreate(absl::string_view type, const Node& body) {
  if (type == "CreateStmt") return LowerCreateTable(body);
  if (type == "CreateForeignTableStmt") {
    action::CreateTable create = LowerCreateTable(body["base"]);
    create.foreign = true;
    create.server = std::string(body.Text("servername"));
    return create;
  }
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
                                .if_not_exists = body.Flag("if_not_exists"),
                                .owner = std::string(body["authrole"].Text("rolename"))};
  }
  if (type == "CreateSeqStmt") {
    action::CreateSequence create = {.sequence = tree::RangeVarName(body["sequence"]),
                                     .if_not_exists = body.Flag("if_not_exists"),
                                     .persistence = LowerPersistence(body["sequence"]),
                                     .options = tree::LowerSequenceOptions(body.Items("options"))};
    for (const Node& option : body.Items("options")) {
      if (option["DefElem"].Text("defname") != "owned_by") continue;
      // schema.table.column, or the one word NONE
      std::vector<std::string> owner = tree::Strings(option["DefElem"]["arg"]["List"]["items"]);
      if (owner.size() < 2) continue;
      create.owned_column = owner.back();
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
    // TRIGGER_TYPE_BEFORE, _INSTEAD and _TRUNCATE (catalog/pg_trigger.h)
    const auto timing = body.Number("timing");
    create.timing = (timing & 2) != 0    ? action::TriggerTiming::kBefore
                    : (timing & 64) != 0 ? action::TriggerTiming::kInsteadOf
                                         : action::TriggerTiming::kAfter;
    create.each_row = body.Flag("row");
    create.constraint = body.Flag("isconstraint");
    // TRIGGER_TYPE_INSERT, _DELETE, _UPDATE and _TRUNCATE (catalog/pg_trigger.h)
    const int64_t events = body.Number("events");
    create.on_insert = (events & 4) != 0;
    create.on_delete = (events & 8) != 0;
    create.on_update = (events & 16) != 0;
    create.on_truncate = (events & 32) != 0;
    for (const Node& relation : body.Items("transitionRels")) {
      const bool is_new = relation["TriggerTransition"].Flag("isNew");
      create.transition = true;
      (is_new ? create.new_table : create.old_table) = true;
    }
    if (body["constrrel"]) create.from = tree::RangeVarName(body["constrrel"]);
    create.columns = tree::Strings(body["columns"]);
    create.arguments = tree::Strings(body["args"]);
    create.when = tree::LowerOptional(body["whenClause"]);
    tree::Walk(body["whenClause"], [&](absl::string_view tag, const Node& reference) {
      if (tag != "ColumnRef") return;
      const std::vector<std::string> fields = tree::Strings(reference["fields"]);
      if (fields.size() != 2) return;
      create.row_columns.push_back({.relation = Name{.name = fields[0]}, .column = fields[1]});
    });
    return create;
  }
  if (type == "CreateExtensionStmt") {
    action::CreateExtension create = {.name = std::string(body.Text("extname")),
                                      .if_not_exists = body.Flag("if_not_exists")};
    for (const Parameter& option : tree::LowerParameters(body, "options")) {
      if (option.name == "schema") create.schema = option.value;
    }
    return create;
  }
  return std::nullopt;
}

// COPY … FROM puts rows in as INSERT does; COPY … TO reads them.
action::ModifyData LowerCopy(const Node& body) {
  action::ModifyData copy;
  if (body["query"]) {
    copy = LowerModify(body["query"]);
  } else if (body.Flag("is_from")) {
    copy.writes = {{.verb = action::DataVerb::kInsert,
                    .table = tree::LowerTarget(body["relation"]),
                    .columns = tree::Strings(body["attlist"])}};
    copy.copies_in = true;
  } else {
    copy.reads = {tree::RangeVarName(body["relation"])};
    copy.copies_out = true;
    for (std::string& column : tree::Strings(body["attlist"])) {
      copy.columns_used.push_back({.relation = copy.reads[0], .column = std::move(column)});
    }
  }
  copy.runs_program = body.Flag("is_program");
  return copy;
}

// The calls in the arguments of EXECUTE.
action::Execute LowerExecute(const Node& statement) {
  action::Execute execute = {.name = std::string(statement.Body().Text("name")),
                             .calls = tree::LowerQuery(statement).calls};
  for (const Node& argument : statement.Body().Items("params")) {
    execute.arguments.push_back(tree::LowerBoundValue(argument));
  }
  return execute;
}

// EXPLAIN plans, which locks as running does; ANALYZE runs.
ActionKind LowerExplain(const Node& body) {
  const Node query = body["query"];
  const bool runs = tree::HasOption(body, "options", "analyze");
  if (query.Tag() == "ExecuteStmt") {
    action::Execute execute = LowerExecute(query);
    execute.planned_only = !runs;
    return execute;
  }
  const bool creates = query.Tag() == "CreateTableAsStmt";
  if (creates && runs) return *LowerCreate(query.Tag(), query.Body());
  action::ModifyData modify = LowerModify(creates ? query.Body()["query"] : query);
  modify.planned_only = !runs;
  return modify;
}

action::ModifyData LowerPrepare(const Node& body) {
  action::ModifyData prepared = LowerModify(body["query"]);
  prepared.planned_only = true;
  prepared.prepares = std::string(body.Text("name"));
  for (const Node& type : body.Items("argtypes")) {
    prepared.parameter_types.push_back(tree::LowerType(type["TypeName"]));
  }
  prepared.parameters = static_cast<uint32_t>(prepared.parameter_types.size());
  tree::Walk(body["query"], [&](absl::string_view tag, const Node& parameter) {
    if (tag != "ParamRef") return;
    prepared.parameters =
        std::max(prepared.parameters, static_cast<uint32_t>(parameter.Number("number")));
  });
  return prepared;
}

ActionKind LowerSingle(const Node& statement, const std::string& tag) {
  const absl::string_view type = statement.Tag();
  const Node body = statement.Body();
  if (std::optional<ActionKind> create = LowerCreate(type, body)) return *std::move(create);
  if (type == "TransactionStmt") return LowerTransaction(body, tag);
  if (type == "VariableSetStmt") return LowerSet(body);
  if (type == "RenameStmt") return tree::LowerRename(body);
  if (type == "DropStmt") return LowerDrop(body);
  if (type == "TruncateStmt") return LowerTruncate(body);
  if (type == "LockStmt") return LowerLock(body);
  if (type == "SelectStmt") return LowerSelect(statement);
  if (type == "DoStmt") return LowerDo(body);
  if (type == "CallStmt") return LowerCall(statement);
  if (type == "InsertStmt" || type == "UpdateStmt" || type == "DeleteStmt" || type == "MergeStmt") {
    return LowerModify(statement);
  }
  if (type == "CopyStmt") return LowerCopy(body);
  if (type == "ExecuteStmt") return LowerExecute(statement);
  if (type == "ExplainStmt") return LowerExplain(body);
  if (type == "DeclareCursorStmt") {
    action::ModifyData cursor = LowerModify(body["query"]);
    // CURSOR_OPT_HOLD (nodes/parsenodes.h)
    cursor.holds = (body.Number("options") & 32) != 0;
    cursor.cursor = std::string(body.Text("portalname"));
    if (!cursor.writes.empty()) {
      cursor.refused = Mistake{.sqlstate = "0A000",
                               .message =
                                   "DECLARE CURSOR must not contain data-modifying "
                                   "statements in WITH"};
    }
    return cursor;
  }
  if (type == "PrepareStmt") return LowerPrepare(body);
  if (auto object = tree::LowerObject(type, body, tag)) return *std::move(object);
  return action::Other{.what = tag, .relations = tree::NamedRelations(statement)};
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
    if (create.selection != nullptr) {
      Selection placed = *create.selection;
      for (Selection::Source& source : placed.sources) PlaceUse(source.relation);
      create.selection = std::make_shared<const Selection>(std::move(placed));
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

// PostgreSQL makes the elements of a schema in this order of their kinds, whatever the text's.
int RankAsElement(const ActionKind& kind) {
  return std::holds_alternative<action::CreateSequence>(kind)  ? 0
         : std::holds_alternative<action::CreateTable>(kind)   ? 1
         : std::holds_alternative<action::CreateView>(kind)    ? 2
         : std::holds_alternative<action::CreateIndex>(kind)   ? 3
         : std::holds_alternative<action::CreateTrigger>(kind) ? 4
                                                               : 5;
}

std::vector<Action> LowerCreateSchema(const Node& statement, const std::string& tag) {
  std::vector<Action> actions;
  actions.push_back({.kind = LowerSingle(statement, tag)});
  SchemaPlacer placer(std::get<action::CreateSchema>(actions[0].kind).name);
  for (const Node& element : statement.Body().Items("schemaElts")) {
    actions.push_back({.kind = LowerSingle(element, tree::CommandTag(element))});
  }
  std::stable_sort(actions.begin() + 1, actions.end(), [](const Action& a, const Action& b) {
    return RankAsElement(a.kind) < RankAsElement(b.kind);
  });
  for (size_t i = 1; i < actions.size(); ++i) placer.Place(actions[i].kind);
  return actions;
}

// ---- bodies ----------------------------------------------------------------------------------

// Whether SET gives the function another search_path, or has its body not looked at. In `public`
// alone names mean what they mean to most sessions.
bool LooksElsewhere(const tree::NodeList& options) {
  static constexpr absl::string_view kUsual[] = {"", "public", "pg_catalog", "pg_temp", "$user"};
  for (const Node& option : options) {
    const Node set = option["DefElem"]["arg"]["VariableSetStmt"];
    if (set.Text("name") == "check_function_bodies") return true;
    if (set.Text("name") != "search_path") continue;
    for (const Node& item : set.Items("args")) {
      const absl::string_view schema = item["A_Const"]["sval"].Text("sval");
      if (std::find(std::begin(kUsual), std::end(kUsual), schema) == std::end(kUsual)) return true;
    }
  }
  return false;
}

std::string DefinitionText(const tree::NodeList& options) {
  for (const Node& option : options) {
    const Node element = option["DefElem"];
    if (element.Text("defname") != "as") continue;
    // CREATE FUNCTION has a list of one string, DO the string itself.
    if (element["arg"]["String"]) return std::string(element["arg"]["String"].Text("sval"));
    return absl::StrJoin(tree::Strings(element["arg"]["List"]["items"]), "\n");
  }
  return "";
}

// Reads the body that a statement of these words, which stand at `at`, defines by `options`.
std::shared_ptr<const Body> ReadDefinition(const tree::NodeList& options, absl::string_view words,
                                           uint32_t at, absl::string_view language,
                                           BodyContext* context) {
  BodyContext fresh = context == nullptr ? BodyContext() : *context;
  BodyContext& own = fresh.nesting == 0 ? fresh : *context;
  const std::string definition = DefinitionText(options);
  std::shared_ptr<const Body> read =
      ReadBody({.statement = words, .at = at, .language = language, .body = definition}, own);
  if (!LooksElsewhere(options)) return read;
  // Its names mean something else than they do outside.
  Body unknown = *read;
  unknown.unknown = true;
  return std::make_shared<const Body>(std::move(unknown));
}

// The options of VACUUM, ANALYZE, CLUSTER and REINDEX that stand in parentheses: the grammar gives
// `REINDEX TABLE CONCURRENTLY t` the same tree as `REINDEX (CONCURRENTLY) TABLE t`. `words` are
// those of the statement, from `at` in the text.
void NoteOptions(const Node& body, absl::string_view words, uint32_t at,
                 action::Maintain& maintain) {
  const size_t closed = words.rfind(')');
  if (closed == absl::string_view::npos) return;
  for (const tree::Key list : tree::Keys{"options", "params"}) {
    for (const Node& item : body.Items(list)) {
      const Node option = item["DefElem"];
      const auto place = static_cast<size_t>(option.Number("location"));
      if (place < at + closed) maintain.options.emplace_back(option.Text("defname"));
    }
  }
}

}  // namespace

std::vector<LoweredStatement> Lower(const tree::Tree& parsed, absl::string_view text,
                                    uint32_t offset, BodyContext* context) {
  std::vector<LoweredStatement> statements;
  for (const Node& raw : parsed.root().Items("stmts")) {
    const Node node = raw["stmt"];
    LoweredStatement statement = {.location = static_cast<uint32_t>(raw.Number("stmt_location")),
                                  .length = static_cast<uint32_t>(raw.Number("stmt_len")),
                                  .tag = tree::CommandTag(node)};
    const absl::string_view words = statement.length == 0
                                        ? text.substr(statement.location)
                                        : text.substr(statement.location, statement.length);
    if (node.Tag() == "AlterTableStmt") {
      statement.actions =
          tree::LowerAlterTable(node.Body(), statement.tag, words, statement.location, offset);
    } else if (node.Tag() == "CreateSchemaStmt") {
      statement.actions = LowerCreateSchema(node, statement.tag);
    } else {
      statement.actions.push_back({.kind = LowerSingle(node, statement.tag)});
    }
    const Node copy = node["CopyStmt"];
    statement.copies_from_stdin =
        copy.Flag("is_from") && copy.Text("filename").empty() && !copy.Flag("is_program");
    ActionKind* first = statement.actions.empty() ? nullptr : &statement.actions[0].kind;
    if (auto* maintain = std::get_if<action::Maintain>(first)) {
      NoteOptions(node.Body(), words, statement.location, *maintain);
    }
    if (auto* create = std::get_if<action::CreateFunction>(first)) {
      if (create->body == nullptr) {
        create->body = ReadDefinition(node.Body().Items("options"), words,
                                      offset + statement.location, create->language, context);
      }
    } else if (auto* block = std::get_if<action::DoBlock>(first)) {
      block->body = ReadDefinition(node.Body().Items("args"), words, offset + statement.location,
                                   block->language, context);
    }
    statements.push_back(std::move(statement));
  }
  return statements;
}

}  // namespace plimsoll
