#include "analyzer/syntax/lower_expression.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/syntax/lower_mistake.h"
#include "analyzer/syntax/lower_predicate.h"

namespace plimsoll::tree {
namespace {

std::string StringValue(const Node& node) { return std::string(node["String"].Text("sval")); }

void AddOnce(std::vector<std::string>& values, absl::string_view value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.emplace_back(value);
}

void AddCall(std::vector<FunctionCall>& calls, const Node& body) {
  FunctionCall call = {.function = QualifiedName(body["funcname"]),
                       .arguments = static_cast<uint32_t>(body.Items("args").size())};
  // Of an ordered-set aggregate, what it orders by is one (parse_func.c:ParseFuncOrColumn).
  if (body.Flag("agg_within_group")) {
    call.arguments += static_cast<uint32_t>(body.Items("agg_order").size());
  }
  call.of_name = call.arguments == 1 && call.function.schema.empty() &&
                 body.Items("args")[0]["ColumnRef"].Items("fields").size() == 1;
  const bool again = std::any_of(calls.begin(), calls.end(), [&](const FunctionCall& other) {
    return other.function == call.function && other.arguments == call.arguments &&
           other.of_name == call.of_name;
  });
  if (!again) calls.push_back(std::move(call));
}

// `'a'::e`, `e 'a'` and `x::e`.
void AddCast(const Node& cast, ThinVector<Name>& types, ThinVector<TypedText>& texts) {
  const TypeName type = LowerType(cast["typeName"]);
  if (std::find(types.begin(), types.end(), type.name) == types.end()) types.push_back(type.name);
  const Node text = cast["arg"]["A_Const"]["sval"];
  if (text && !type.array) {
    texts.push_back({.type = type.name, .text = std::string(text.Text("sval"))});
  }
}

// `c = 'a'`, `c IN ('a', 'b')`: the constants get the type of the column, if there is but one.
void AddCompared(const Node& comparison, ThinVector<TypedText>& texts) {
  Node column = comparison["lexpr"];
  Node other = comparison["rexpr"];
  if (column.Tag() != "ColumnRef") std::swap(column, other);
  if (column.Tag() != "ColumnRef") return;
  const std::string name(ColumnRefName(column.Body()));
  const auto add = [&](const Node& value) {
    const Node text = value["A_Const"]["sval"];
    if (text) texts.push_back({.column = name, .text = std::string(text.Text("sval"))});
  };
  add(other);
  for (const Node& item : other["List"].Items("items")) add(item);
}

void AddSequence(ThinVector<SequenceUse>& sequences, const Node& call) {
  std::optional<SequenceUse> use = LowerSequenceUse(call);
  if (use && std::find(sequences.begin(), sequences.end(), *use) == sequences.end()) {
    sequences.push_back(std::move(*use));
  }
}

// A string right below a cast to regclass, or below a function that takes one.
void AddRelationConstants(Expression& expression) {
  const std::vector<Operation>& operations = expression.operations;
  const auto add = [&](const Operation& constant) {
    if (constant.kind != OperationKind::kConstant || constant.name.name != "unknown") return;
    const Name name = ParseName(constant.text);
    if (!name.name.empty()) expression.depends_on.push_back(name);
  };
  for (size_t i = 1; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    const bool casts = operation.kind == OperationKind::kCast &&
                       operation.type->name.name == "regclass" && !operation.type->array;
    const bool takes = operation.kind == OperationKind::kCall && operation.operands == 1 &&
                       (operation.name.name == "nextval" || operation.name.name == "currval");
    if (casts || takes) add(operations[i - 1]);
  }
}

// The constant under any number of casts.
Node Uncast(Node node) {
  while (node.Tag() == "TypeCast") node = node.Body()["arg"];
  return node;
}

}  // namespace

absl::string_view ColumnRefName(const Node& column_ref) {
  const NodeList fields = column_ref.Items("fields");
  return fields.empty() ? absl::string_view() : fields.back()["String"].Text("sval");
}

Name RangeVarName(const Node& range_var) {
  return {.schema = std::string(range_var.Text("schemaname")),
          .name = std::string(range_var.Text("relname"))};
}

std::vector<std::string> Strings(const Node& strings) {
  std::vector<std::string> values;
  for (const Node& item : strings.Items()) values.push_back(StringValue(item));
  return values;
}

Name QualifiedName(const Node& strings) {
  Name name;
  for (const Node& item : strings.Items()) {
    name.schema = std::move(name.name);
    name.name = StringValue(item);
  }
  return name;
}

TypeName LowerType(const Node& type_name) {
  TypeName type;
  type.name = QualifiedName(type_name["names"]);
  if (type.name.schema == "pg_catalog") type.name.schema.clear();
  for (const Node& modifier : type_name.Items("typmods")) {
    const Node constant = modifier.As("A_Const");
    // A zero is {"ival":{}}; a modifier that is no number (PostGIS) is kept as a place holder.
    type.modifiers.push_back(
        constant["ival"] ? static_cast<int32_t>(constant["ival"].Number("ival")) : -1);
  }
  type.array = type_name["arrayBounds"].present();
  return type;
}

Expression LowerExpression(const Node& node) {
  Expression expression;
  const Node constant = Uncast(node);
  expression.is_constant = constant.Tag() == "A_Const";
  if (const Node text = node["A_Const"]["sval"]) {
    expression.text = std::string(text.Text("sval"));
  }
  expression.is_null = expression.is_constant && constant.Body().Flag("isnull");
  Walk(node, [&](absl::string_view tag, const Node& body) {
    if (tag == "FuncCall") {
      AddCall(expression.calls, body);
      AddSequence(expression.sequences, body);
      expression.has_window = expression.has_window || body["over"];
    } else if (tag == "ColumnRef") {
      const absl::string_view column = ColumnRefName(body);
      if (!column.empty()) AddOnce(expression.columns, column);
    } else if (tag == "TypeCast") {
      AddCast(body, expression.types, expression.texts);
    } else if (tag == "A_Expr") {
      AddCompared(body, expression.texts);
    } else if (tag == "SubLink") {
      expression.has_subquery = true;
    }
  });
  expression.operations = LowerOperations(node);
  AddRelationConstants(expression);
  return expression;
}

OptionalExpression LowerOptional(const Node& expression) {
  if (!expression) return nullptr;
  return std::make_shared<const Expression>(LowerExpression(expression));
}

std::string LowerSignature(const std::vector<Node>& types) {
  std::vector<std::string> spelled;
  for (const Node& item : types) {
    const Node body = item["TypeName"];
    const TypeName type = LowerType(body ? body : item);
    spelled.push_back(absl::StrCat(type.name.schema, type.name.schema.empty() ? "" : ".",
                                   type.name.name, type.array ? "[]" : ""));
  }
  return absl::StrJoin(spelled, ", ");
}

Target LowerTarget(const Node& range_var, ObjectKind kind) {
  return {.name = RangeVarName(range_var), .kind = kind, .only = !range_var.Flag("inh")};
}

std::vector<Name> NamedRelations(const Node& statement) {
  std::vector<Name> relations;
  const auto add = [&](const Node& range_var) {
    if (range_var.Text("relname").empty()) return;
    Name name = RangeVarName(range_var);
    if (std::find(relations.begin(), relations.end(), name) == relations.end()) {
      relations.push_back(std::move(name));
    }
  };
  Walk(statement, [&](absl::string_view, const Node& body) {
    add(body);
    // Fields of the type RangeVar bear no tag.
    for (const tree::Key field : tree::Keys{"relation", "name", "rel", "view"}) add(body[field]);
  });
  return relations;
}

namespace {

std::optional<action::DataVerb> WriteVerb(absl::string_view tag) {
  if (tag == "InsertStmt") return action::DataVerb::kInsert;
  if (tag == "UpdateStmt") return action::DataVerb::kUpdate;
  if (tag == "DeleteStmt") return action::DataVerb::kDelete;
  if (tag == "MergeStmt") return action::DataVerb::kMerge;
  return std::nullopt;
}

// A condition that looks at no column holds for all rows or for none: `WHERE true`.
bool Chooses(const Node& condition) {
  if (!condition) return false;
  const Expression expression = LowerExpression(condition);
  return !expression.columns.empty() || expression.has_subquery;
}

// One row of VALUES.
void AddRow(const NodeList& values, action::Write& insert) {
  std::vector<BoundValue> row;
  for (size_t i = 0; i < values.size(); ++i) {
    row.push_back(LowerBoundValue(values[i]));
    const bool defaulted = values[i].Tag() == "SetToDefault";
    const auto place = static_cast<uint32_t>(i);
    const ThinVector<uint32_t>& at = insert.defaulted_at;
    if (insert.columns.empty() && defaulted && std::find(at.begin(), at.end(), place) == at.end()) {
      insert.defaulted_at.push_back(place);
    }
    if (i >= insert.columns.size()) continue;
    const std::string& column = insert.columns[i];
    const Node text = values[i]["A_Const"]["sval"];
    if (text) insert.texts.push_back({.column = column, .text = std::string(text.Text("sval"))});
    if (defaulted) AddOnce(insert.defaulted, column);
  }
  if (insert.rows.size() <= action::kMaxRoutedRows) insert.rows.push_back(std::move(row));
}

std::optional<action::OnConflict> LowerConflict(const Node& clause) {
  if (!clause) return std::nullopt;
  const Node target = clause["infer"];
  action::OnConflict conflict = {.constraint = std::string(target.Text("conname")),
                                 .expressions = target["whereClause"].present()};
  conflict.inferred = target.present();
  for (const Node& item : target.Items("indexElems")) {
    const Node element = item["IndexElem"];
    conflict.expressions =
        conflict.expressions || element["expr"] || element["opclass"] || element["collation"];
    conflict.columns.emplace_back(element.Text("name"));
  }
  return conflict;
}

// A column, or a part of it, that gets a value.
void NotePlace(const Node& target, action::Write& write) {
  if (target["indirection"]) {
    write.assigns_parts = true;
    write.parts.push_back(static_cast<uint32_t>(write.columns.size()));
  }
  write.columns.emplace_back(target.Text("name"));
}

// What INSERT INTO t (a, b) puts where: rows by their places.
void LowerInserted(const Node& body, action::Write& insert) {
  for (const Node& target : body.Items("cols")) {
    NotePlace(target["ResTarget"], insert);
  }
  if (!body["selectStmt"]) insert.width = 0;
  const Node select = body["selectStmt"]["SelectStmt"];
  const NodeList rows = select.Items("valuesLists");
  for (const Node& row : rows) AddRow(row["List"].Items("items"), insert);
  if (!rows.empty()) {
    insert.width = static_cast<uint32_t>(rows[0]["List"].Items("items").size());
  }
  if (insert.rows.size() > action::kMaxRoutedRows) insert.rows.clear();
  const absl::string_view overriding = body.Text("override");
  insert.overrides = !overriding.empty() && overriding != "OVERRIDING_NOT_SET";
  insert.conflict = LowerConflict(body["onConflictClause"]);
  insert.has_where = body["onConflictClause"].present();
  if (!insert.assigns_parts) return;
  // What a part gets is no value of its column.
  insert.rows.clear();
  insert.texts.clear();
}

action::Write LowerWrite(const Node& body, const Target& table, action::DataVerb verb) {
  action::Write write = {.verb = verb, .table = table, .has_where = Chooses(body["whereClause"])};
  if (verb == action::DataVerb::kInsert) LowerInserted(body, write);
  if (verb != action::DataVerb::kUpdate) return write;
  write.rows.emplace_back();
  for (const Node& target : body.Items("targetList")) {
    const Node assignment = target["ResTarget"];
    write.rows[0].push_back(LowerBoundValue(assignment["val"]));
    NotePlace(assignment, write);
    const Node text = assignment["val"]["A_Const"]["sval"];
    if (text) {
      write.texts.push_back(
          {.column = write.columns.back(), .text = std::string(text.Text("sval"))});
    }
    if (assignment["val"].Tag() == "SetToDefault") write.defaulted.push_back(write.columns.back());
  }
  return write;
}

void AddWrites(const Node& body, action::DataVerb verb, std::vector<action::Write>& writes) {
  const Target table = LowerTarget(body["relation"]);
  writes.push_back(LowerWrite(body, table, verb));
  for (const Node& item : body.Items("mergeWhenClauses")) {
    const Node clause = item["MergeWhenClause"];
    const absl::string_view command = clause.Text("commandType");
    if (command == "CMD_NOTHING") continue;
    writes.push_back(LowerWrite(clause, table,
                                command == "CMD_INSERT"   ? action::DataVerb::kInsert
                                : command == "CMD_UPDATE" ? action::DataVerb::kUpdate
                                                          : action::DataVerb::kDelete));
    // The rows are those that the join finds; for a row that it does not find, the condition's.
    const bool beyond = clause.Text("matchKind") == "MERGE_WHEN_NOT_MATCHED_BY_SOURCE";
    writes.back().by_source = beyond;
    writes.back().has_where = Chooses(beyond ? clause["condition"] : body["joinCondition"]);
  }
}

// Empty where this is no expression whose name is certain.
absl::string_view OutputColumn(const Node& target) {
  if (!target.Text("name").empty()) return target.Text("name");
  Node value = target["val"];
  while (value.Tag() == "TypeCast") value = value.Body()["arg"];
  const Node body = value.Body();
  if (value.Tag() == "ColumnRef") return ColumnRefName(body);
  if (value.Tag() != "FuncCall") return {};
  const NodeList names = body.Items("funcname");
  return names.empty() ? absl::string_view() : names.back()["String"].Text("sval");
}

}  // namespace

std::vector<std::string> OutputColumns(const Node& query) {
  // UNION and its kin take the names of their first arm.
  Node select = query["SelectStmt"];
  while (select["larg"]) select = select["larg"];
  std::vector<std::string> columns;
  for (const Node& target : select.Items("targetList")) {
    const absl::string_view name = OutputColumn(target["ResTarget"]);
    if (name.empty()) return {};
    columns.emplace_back(name);
  }
  return columns;
}

namespace {

bool CallsAggregate(const Node& expression) {
  bool found = false;
  Walk(expression, [&](absl::string_view tag, const Node& body) {
    if (tag != "FuncCall") return;
    const std::string name = QualifiedName(body["funcname"]).name;
    for (const absl::string_view aggregate : {"count", "sum", "min", "max", "avg", "array_agg",
                                              "string_agg", "bool_and", "bool_or", "every"}) {
      found = found || name == aggregate;
    }
  });
  return found;
}

// Window functions too.
bool ShowsAggregate(const Node& select) {
  for (const Node& target : select.Items("targetList")) {
    const Node value = target["ResTarget"]["val"];
    if (value["FuncCall"]["over"] || CallsAggregate(value)) return true;
  }
  return false;
}

// An outer join below which rows may be missing.
bool IsOuter(const Node& from) {
  const Node join = from["JoinExpr"];
  if (!join) return false;
  return join.Text("jointype") != "JOIN_INNER" || IsOuter(join["larg"]) || IsOuter(join["rarg"]);
}

}  // namespace

bool IsDerived(const Node& query) {
  const Node select = query["SelectStmt"];
  for (const tree::Key clause :
       tree::Keys{"groupClause", "havingClause", "distinctClause", "limitCount", "limitOffset",
                  "withClause", "larg", "valuesLists"}) {
    if (select[clause]) return true;
  }
  const NodeList from = select.Items("fromClause");
  if (from.size() != 1 || from[0].Tag() != "RangeVar") return true;
  return ShowsAggregate(select);
}

bool LocksDerived(const Node& query) {
  const Node select = query["SelectStmt"];
  const NodeList locks = select.Items("lockingClause");
  if (locks.empty()) return false;
  for (const tree::Key clause :
       tree::Keys{"groupClause", "havingClause", "distinctClause", "larg", "valuesLists"}) {
    if (select[clause]) return true;
  }
  if (ShowsAggregate(select)) return true;
  bool all = false;
  for (const Node& lock : locks) {
    all = all || lock["LockingClause"].Items("lockedRels").empty();
  }
  bool outer = false;
  for (const Node& from : select.Items("fromClause")) outer = outer || IsOuter(from);
  return all && outer;
}

bool IsPlain(const Node& query) {
  const Node select = query["SelectStmt"];
  for (const tree::Key clause :
       tree::Keys{"whereClause", "groupClause", "havingClause", "distinctClause", "limitCount",
                  "limitOffset", "withClause", "larg", "valuesLists"}) {
    if (select[clause]) return false;
  }
  const NodeList from = select.Items("fromClause");
  if (from.size() != 1 || from[0].Tag() != "RangeVar") return false;
  for (const Node& target : select.Items("targetList")) {
    if (target["ResTarget"]["val"].Tag() != "ColumnRef") return false;
  }
  return true;
}

bool IsStar(const Node& query) {
  const NodeList targets = query["SelectStmt"].Items("targetList");
  const Node reference = targets[0]["ResTarget"]["val"]["ColumnRef"];
  return targets.size() == 1 && reference.Items("fields").back().Tag() == "A_Star";
}

// Names that a query may give to columns of its own, by alias or by what computes them
// (parse_target.c:FigureColname): a column of such a name need not be a relation's.
class GivenNames {
 public:
  void See(absl::string_view tag, const Node& body) {
    if (tag == "ResTarget") Add(body.Text("name"));
    if (tag == "FuncCall") Add(QualifiedName(body["funcname"]).name);
    if (tag == "TypeCast") Add(LowerType(body["typeName"]).name.name);
    if (tag == "RangeFunction") Add(body["alias"].Text("aliasname"));
    const bool takes_alias =
        absl::StartsWith(tag, "Range") || tag == "JoinExpr" || tag == "JsonTable";
    if (takes_alias) AddAll(body["alias"]["colnames"]);
    if (tag == "CommonTableExpr") AddAll(body["aliascolnames"]);
    // Those of XMLTABLE, of JSON_TABLE, of a function's own list.
    opaque_ = opaque_ || tag == "RangeTableFunc" || tag == "JsonTable" || tag == "ColumnDef";
  }
  bool MayBe(const std::string& name) const {
    static constexpr absl::string_view kComputed[] = {
        "array", "case",   "coalesce", "exists",       "greatest",     "grouping",
        "least", "nullif", "row",      "current_date", "current_time", "current_user"};
    const bool computed =
        std::find(std::begin(kComputed), std::end(kComputed), name) != std::end(kComputed);
    return opaque_ || computed || absl::StartsWith(name, "column") || names_.contains(name);
  }

 private:
  void Add(absl::string_view name) {
    if (!name.empty()) names_.insert(std::string(name));
  }
  void AddAll(const Node& names) {
    for (const Node& name : names.Items()) Add(name["String"].Text("sval"));
  }

  absl::flat_hash_set<std::string> names_;
  bool opaque_ = false;
};

// Those that are read with ONLY wherever they are.
static std::vector<Name> ReadOnly(const std::deque<Name>& found, const std::vector<bool>& only) {
  const auto key = [&](size_t i) { return found[i].schema + '\0' + found[i].name; };
  absl::flat_hash_set<std::string> whole;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!only[i]) whole.insert(key(i));
  }
  std::vector<Name> names;
  for (size_t i = 0; i < found.size(); ++i) {
    if (only[i] && whole.insert(key(i)).second) names.push_back(found[i]);
  }
  return names;
}

Query LowerQuery(const Node& node) {
  Query query;
  GivenNames given;
  absl::flat_hash_set<std::string> own;  // names of the WITH list
  absl::flat_hash_set<std::string> seen;
  // Qualifier -> relation; null where two relations share it.
  absl::flat_hash_map<std::string, const Name*> qualifiers;
  std::deque<Name> found;
  std::vector<Node> column_refs;
  uint32_t selects = 0;
  std::vector<std::string> locked;  // qualifiers after FOR UPDATE OF
  size_t not_read = 0;              // as many of the RangeVars to come are such qualifiers
  QueryMistakes mistakes;
  std::vector<bool> only;  // of each of `found`: ONLY is said of it
  Walk(node, [&](absl::string_view tag, const Node& body) {
    given.See(tag, body);
    mistakes.See(tag, body);
    if (tag == "RangeVar" && not_read > 0) {
      --not_read;
      locked.emplace_back(body.Text("relname"));
    } else if (tag == "LockingClause") {
      not_read = body.Items("lockedRels").size();
      query.locks_rows = query.locks_rows || not_read == 0;
    } else if (tag == "RangeVar") {
      found.push_back(RangeVarName(body));
      only.push_back(!body.Flag("inh"));
      const absl::string_view alias = body["alias"].Text("aliasname");
      const std::string qualifier(alias.empty() ? body.Text("relname") : alias);
      const auto [entry, added] = qualifiers.try_emplace(qualifier, &found.back());
      if (!added && (entry->second == nullptr || !(*entry->second == found.back()))) {
        entry->second = nullptr;
      }
    } else if (tag == "CommonTableExpr") {
      own.insert(std::string(body.Text("ctename")));
    } else if (const std::optional<action::DataVerb> verb = WriteVerb(tag)) {
      AddWrites(body, *verb, query.writes);
    } else if (tag == "SelectStmt") {
      ++selects;
    } else if (tag == "FuncCall") {
      AddCall(query.calls, body);
      AddSequence(query.sequences, body);
    } else if (tag == "TypeCast") {
      AddCast(body, query.types, query.texts);
    } else if (tag == "ColumnRef") {
      column_refs.push_back(body);
    }
  });
  query.has_subquery = selects > 1;
  for (const Node& reference : column_refs) {
    const std::vector<std::string> fields = Strings(reference["fields"]);
    action::ColumnUse use = {.column = fields.empty() ? "" : fields.back()};
    if (fields.size() > 1) {
      const auto relation = qualifiers.find(fields[fields.size() - 2]);
      // A name of a subquery, or one that stands for two relations: nothing is certain.
      if (relation == qualifiers.end() || relation->second == nullptr) continue;
      use.relation = *relation->second;
    } else {
      use.read = !use.column.empty() && !given.MayBe(use.column);
    }
    query.columns.push_back(std::move(use));
  }
  for (const std::string& qualifier : locked) {
    const auto relation = qualifiers.find(qualifier);
    if (relation == qualifiers.end() || relation->second == nullptr) continue;
    query.row_locked.push_back(*relation->second);
  }
  if (std::find(only.begin(), only.end(), true) != only.end()) {
    query.reads_only = ReadOnly(found, only);
  }
  for (Name& name : found) {
    if (name.schema.empty() && own.contains(name.name)) {
      mistakes.SeeRead(name.name);
      continue;
    }
    if (seen.insert(name.schema + '\0' + name.name).second) query.reads.push_back(std::move(name));
  }
  query.refused = mistakes.Find();
  return query;
}

}  // namespace plimsoll::tree
