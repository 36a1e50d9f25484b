// What columns a query shows, of which relations.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/lower_expression.h"
#include "analyzer/syntax/lower_parts.h"

namespace plimsoll::tree {
namespace {

// A name that a column gets by its value, and how much it counts: below 2, what stands around it
// may have a better one (parse_target.c:FigureColnameInternal).
struct Figured {
  std::string name;
  int strength = 0;
};

Figured FigureName(const Node& value);

// `a::t`: the column's name or, of what has none, the type's.
Figured FigureCast(const Node& cast) {
  Figured argument = FigureName(cast["arg"]);
  if (argument.strength > 1) return argument;
  return {.name = QualifiedName(cast["typeName"]["names"]).name, .strength = 1};
}

Figured FigureCase(const Node& body) {
  Figured otherwise = FigureName(body["defresult"]);
  if (otherwise.strength > 1) return otherwise;
  return {.name = "case", .strength = 1};
}

// `(a).b[1]` has the name of the field, `a[1]` that of the array.
Figured FigureField(const Node& body) {
  const std::vector<std::string> fields = Strings(body["indirection"]);
  const auto last = std::find_if(fields.rbegin(), fields.rend(),
                                 [](const std::string& field) { return !field.empty(); });
  if (last == fields.rend()) return FigureName(body["arg"]);
  return {.name = *last, .strength = 2};
}

Figured FigureName(const Node& value) {
  const absl::string_view tag = value.Tag();
  const Node body = value.Body();
  if (tag == "ColumnRef") return {.name = std::string(ColumnRefName(body)), .strength = 2};
  if (tag == "FuncCall") return {.name = QualifiedName(body["funcname"]).name, .strength = 2};
  if (tag == "TypeCast") return FigureCast(body);
  if (tag == "CollateClause") return FigureName(body["arg"]);
  if (tag == "A_Indirection") return FigureField(body);
  if (tag == "CaseExpr") return FigureCase(body);
  if (tag == "A_ArrayExpr") return {.name = "array", .strength = 2};
  if (tag == "RowExpr") return {.name = "row", .strength = 2};
  if (tag == "CoalesceExpr") return {.name = "coalesce", .strength = 2};
  if (tag == "MinMaxExpr") {
    return {.name = body.Text("op") == "IS_LEAST" ? "least" : "greatest", .strength = 2};
  }
  if (tag == "A_Expr" && body.Text("kind") == "AEXPR_NULLIF") {
    return {.name = "nullif", .strength = 2};
  }
  if (tag == "SQLValueFunction") {
    absl::string_view name = body.Text("op");
    absl::ConsumePrefix(&name, "SVFOP_");
    absl::ConsumeSuffix(&name, "_N");
    return {.name = absl::AsciiStrToLower(name), .strength = 2};
  }
  // The rest of those with names of their own: fields, subqueries, XML and JSON.
  const bool nameless = tag == "A_Const" || tag == "A_Expr" || tag == "BoolExpr" ||
                        tag == "NullTest" || tag == "BooleanTest" || tag.empty();
  return {.name = nameless ? "?column?" : ""};
}

// Subqueries in each other's FROM that are followed.
constexpr int kMaxSubqueries = 8;
// Arms of a UNION, names of a WITH.
constexpr size_t kMaxParts = 64;

class SelectionReader {
 public:
  explicit SelectionReader(int depth = 0) : depth_(depth) {}

  // Of INSERT, UPDATE, DELETE and MERGE.
  OptionalSelection ReadWrite(const Node& write) {
    if (!AddNames(write) || !AddSource("RangeVar", write["relation"])) return nullptr;
    const Node merged = write["sourceRelation"];
    if (merged && !AddSource(merged.Tag(), merged.Body())) return nullptr;
    for (const tree::Key others : tree::Keys{"fromClause", "usingClause"}) {
      for (const Node& item : write.Items(others)) {
        if (!AddSource(item.Tag(), item.Body())) return nullptr;
      }
    }
    AddAssigned(write.Items("targetList"));
    if (write["whereClause"]) AddCondition(write["whereClause"]);
    if (write["joinCondition"]) AddCondition(write["joinCondition"]);
    for (const Node& item : write.Items("mergeWhenClauses")) {
      const Node clause = item["MergeWhenClause"];
      if (clause["condition"]) AddCondition(clause["condition"]);
      if (clause.Text("commandType") == "CMD_UPDATE") AddAssigned(clause.Items("targetList"));
      for (const Node& value : clause.Items("values")) {
        read_.assigned.push_back({.value = Take(value)});
      }
    }
    // 18 has a clause, those before it a list.
    const bool clause = write["returningClause"].present();
    for (const Node& target :
         clause ? write["returningClause"].Items("exprs") : write.Items("returningList")) {
      AddColumn(target["ResTarget"]);
    }
    return std::make_shared<const Selection>(std::move(read_));
  }

  // Null where the query is of another kind.
  OptionalSelection Read(const Node& select) {
    if (select["valuesLists"] || !AddNames(select)) return nullptr;
    if (select["larg"]) return ReadArms(select);
    read_.into = select["intoClause"].present();
    for (const Node& item : select.Items("fromClause")) {
      if (!AddSource(item.Tag(), item.Body())) return nullptr;
    }
    for (const Node& target : select.Items("targetList")) AddColumn(target["ResTarget"]);
    if (select["whereClause"]) AddCondition(select["whereClause"]);
    if (select["havingClause"]) read_.having = Take(select["havingClause"]);
    AddCount(select["limitCount"]);
    AddCount(select["limitOffset"]);
    for (const Node& item : select.Items("groupClause")) AddGroup(item);
    AddOrder(select);
    AddDistinct(select.Items("distinctClause"));
    return std::make_shared<const Selection>(std::move(read_));
  }

 private:
  OptionalSelection ReadArms(const Node& select) {
    std::vector<Node> open = {select};
    while (!open.empty()) {
      const Node one = open.back();
      open.pop_back();
      if (one["larg"]) {
        open.push_back(one["rarg"]);
        open.push_back(one["larg"]);
        continue;
      }
      if (read_.arms.size() >= kMaxParts) return nullptr;
      SelectionReader arm(depth_ + 1);
      arm.with_ = with_;
      read_.arms.push_back(one["targetList"] ? arm.Read(one) : nullptr);
      if (read_.arms.back() == nullptr) return nullptr;
    }
    AddOrder(select);
    return std::make_shared<const Selection>(std::move(read_));
  }

  // Those of WITH; false where they are too many, or speak of each other.
  bool AddNames(const Node& statement) {
    const Node clause = statement["withClause"];
    const NodeList named = clause.Items("ctes");
    if (clause.Flag("recursive") || with_.size() + named.size() > kMaxParts) return false;
    for (const Node& item : named) {
      const Node one = item["CommonTableExpr"];
      with_.push_back(Derived(one["ctequery"], one.Text("ctename"), one["aliascolnames"]));
    }
    return true;
  }

  // LIMIT and OFFSET take a bigint; a string has to be one.
  void AddCount(const Node& count) {
    if (!count["A_Const"]["sval"]) return;
    Expression cast = LowerExpression(count);
    const TypeName bigint = {.name = {.name = "int8"}};
    cast.operations.push_back({.kind = OperationKind::kCast,
                               .operands = 1,
                               .type = std::make_shared<const TypeName>(bigint)});
    read_.assigned.push_back({.value = std::make_shared<const Expression>(std::move(cast))});
  }

  void AddAssigned(const NodeList& targets) {
    for (const Node& item : targets) {
      const Node target = item["ResTarget"];
      const bool part = target["indirection"].present();
      read_.assigned.push_back(
          {.name = part ? "" : std::string(target.Text("name")), .value = Take(target["val"])});
    }
  }

  // A constant is the place of a shown column (parse_clause.c:findTargetlistEntrySQL92).
  void AddPlace(const Node& constant) {
    if (constant["ival"]) {
      read_.places.push_back(constant["ival"].Number("ival"));
    } else if (!constant["boolval"]) {
      // TRUE and FALSE are casts before 15.
      read_.placed_by_others = true;
    }
  }

  void AddOrder(const Node& select) {
    for (const Node& item : select.Items("sortClause")) {
      const Node value = item["SortBy"]["node"];
      if (value.Tag() == "ColumnRef") {
        read_.sorted_by.push_back(MentionOf(value.Body()));
      } else if (value.Tag() == "A_Const") {
        AddPlace(value.Body());
      } else {
        read_.sorted_by_values.push_back(Take(value));
      }
    }
  }

  void AddDistinct(const NodeList& clause) {
    // DISTINCT without ON is a list of one that says nothing.
    read_.distinct = clause.size() == 1 && clause[0].Tag().empty();
    for (const Node& item : clause) {
      if (item.Tag() == "A_Const") AddPlace(item.Body());
    }
  }

  // With the queries within it.
  OptionalExpression Take(const Node& value) {
    OptionalExpression expression = LowerOptional(value);
    if (expression == nullptr || !expression->has_subquery) return expression;
    std::vector<Node> open = {value};
    while (!open.empty()) {
      const Node node = open.back();
      open.pop_back();
      if (const Node link = node["SubLink"]) {
        AddSubquery(link["subselect"]["SelectStmt"]);
        open.push_back(link["testexpr"]);
      } else {
        for (const Value& part : node.Parts()) open.push_back(Node(&part));
      }
    }
    return expression;
  }

  void AddSubquery(const Node& select) {
    if (!select || depth_ >= kMaxSubqueries || read_.subqueries.size() >= kMaxParts) return;
    SelectionReader inner(depth_ + 1);
    inner.with_ = with_;
    OptionalSelection query = inner.Read(select);
    if (query != nullptr) read_.subqueries.push_back(std::move(query));
  }

  static Selection::Mention MentionOf(const Node& column_ref) {
    const NodeList fields = column_ref.Items("fields");
    Selection::Mention mention = {.column = std::string(ColumnRefName(column_ref))};
    if (fields.size() > 1) {
      mention.qualifier = std::string(fields[fields.size() - 2]["String"].Text("sval"));
    }
    return mention;
  }

  void AddCondition(const Node& condition) { read_.conditions.push_back(Take(condition)); }

  bool AddSource(absl::string_view tag, const Node& body) {
    if (tag == "RangeSubselect" && !body.Flag("lateral") && depth_ < kMaxSubqueries) {
      read_.sources.push_back(
          Derived(body["subquery"], body["alias"].Text("aliasname"), body["alias"]["colnames"]));
      return true;
    }
    if (tag == "RangeVar") {
      if (body["alias"]["colnames"]) return false;
      if (AddNamed(body)) return true;
      const absl::string_view alias = body["alias"].Text("aliasname");
      read_.sources.push_back({.relation = RangeVarName(body),
                               .alias = std::string(alias.empty() ? body.Text("relname") : alias)});
      return true;
    }
    if (tag != "JoinExpr" || body["alias"]) return false;
    read_.joins_by_name =
        read_.joins_by_name || body.Flag("isNatural") || body["usingClause"].present();
    read_.natural = read_.natural || body.Flag("isNatural");
    if (body["quals"]) AddCondition(body["quals"]);
    const size_t first = read_.sources.size();
    if (!AddSource(body["larg"].Tag(), body["larg"].Body())) return false;
    const size_t middle = read_.sources.size();
    if (!AddSource(body["rarg"].Tag(), body["rarg"].Body())) return false;
    if (body["usingClause"]) {
      read_.joints.push_back({.first = first,
                              .middle = middle,
                              .last = read_.sources.size(),
                              .columns = Strings(body["usingClause"])});
    }
    return true;
  }

  // Whether the name is one of WITH's.
  bool AddNamed(const Node& range) {
    const auto named = std::find_if(with_.begin(), with_.end(), [&](const Selection::Source& one) {
      return range.Text("schemaname").empty() && one.alias == range.Text("relname");
    });
    if (named == with_.end()) return false;
    read_.sources.push_back(*named);
    const absl::string_view alias = range["alias"].Text("aliasname");
    if (!alias.empty()) read_.sources.back().alias = std::string(alias);
    return true;
  }

  Selection::Source Derived(const Node& query, absl::string_view alias, const Node& names) const {
    SelectionReader inner(depth_ + 1);
    inner.with_ = with_;
    const Node select = query["SelectStmt"];
    const bool reads = select["targetList"] || select["larg"];
    return {.alias = std::string(alias),
            .derived = true,
            .query = depth_ >= kMaxSubqueries ? nullptr
                     : reads                  ? inner.Read(select)
                     : select                 ? nullptr
                                              : inner.ReadWrite(query.Body()),
            .names = Strings(names)};
  }

  void AddColumn(const Node& target) {
    const Node value = target["val"];
    const NodeList fields = value["ColumnRef"].Items("fields");
    if (fields.back().Tag() == "A_Star") {
      const bool qualified = fields.size() > 1;
      read_.columns.push_back(
          {.name = qualified ? std::string(fields[fields.size() - 2]["String"].Text("sval")) : ""});
      return;
    }
    std::string name(target.Text("name"));
    if (name.empty()) name = FigureName(value).name;
    read_.columns.push_back({.name = std::move(name), .value = Take(value)});
  }

  void AddGroup(const Node& item) {
    read_.grouped = true;
    if (item.Tag() == "A_Const") AddPlace(item.Body());
    if (item.Tag() != "ColumnRef") {
      read_.grouped_by_others = true;
      const bool set = item.Tag() == "GroupingSet" || item.Tag() == "A_Const";
      if (!set) read_.grouped_by_values.push_back(Take(item));
      return;
    }
    read_.grouped_by.push_back(MentionOf(item.Body()));
    read_.sorted_by.push_back(read_.grouped_by.back());
  }

  Selection read_;
  int depth_;
  std::vector<Selection::Source> with_;
};

}  // namespace

OptionalSelection LowerSelection(const Node& query) {
  // SELECT … INTO gives the statement itself.
  const Node select = query["SelectStmt"] ? query["SelectStmt"] : query;
  if (!select["targetList"] && !select["larg"]) return nullptr;
  return SelectionReader().Read(select);
}

OptionalSelection LowerComputed(const Node& statement) {
  const absl::string_view tag = statement.Tag();
  const Node body = statement.Body();
  if (tag == "SelectStmt") return LowerSelection(body);
  if (tag == "InsertStmt") {
    return body["withClause"] ? nullptr : LowerSelection(body["selectStmt"]);
  }
  const bool writes = tag == "UpdateStmt" || tag == "DeleteStmt" || tag == "MergeStmt";
  return writes ? SelectionReader().ReadWrite(body) : nullptr;
}

OptionalSelection LowerReturning(const Node& insert) {
  const bool returns = insert["returningClause"] || insert["returningList"];
  return returns ? SelectionReader().ReadWrite(insert) : nullptr;
}

std::string ColumnNameOf(const Node& expression) {
  Figured figured = FigureName(expression);
  if (figured.name == "?column?") figured.name.clear();
  return std::move(figured.name);
}

}  // namespace plimsoll::tree
