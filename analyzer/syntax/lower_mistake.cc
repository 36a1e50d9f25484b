#include "analyzer/syntax/lower_mistake.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/syntax/lower_expression.h"

namespace plimsoll::tree {

void QueryMistakes::Refuse(absl::string_view sqlstate, absl::string_view message) {
  if (mistake_) return;
  mistake_ = Mistake{.sqlstate = std::string(sqlstate), .message = std::string(message)};
}

void QueryMistakes::See(absl::string_view tag, const Node& body) {
  if (tag == "SelectStmt") {
    SeeSelect(body);
  } else if (tag == "FuncCall") {
    if (body["over"]) SeeWindow(body["over"]);
  } else if (tag == "InsertStmt") {
    // analyze.c:transformOnConflictArbiter
    const Node conflict = body["onConflictClause"];
    if (conflict.Text("action") == "ONCONFLICT_UPDATE" && !conflict["infer"]) {
      Refuse("42601", "ON CONFLICT DO UPDATE requires inference specification or constraint name");
    }
  } else if (tag == "MultiAssignRef") {
    SeeAssigned(body);
  } else if (tag == "MergeStmt") {
    SeeMerge(body);
  } else if (tag == "CommonTableExpr") {
    SeeNamed(body);
  }
}

void QueryMistakes::SeeRead(absl::string_view name) {
  if (!silent_.empty()) read_.emplace(name);
}

// parse_cte.c, parse_relation.c:addRangeTableEntryForCTE
Boxed<Mistake> QueryMistakes::Find() const {
  for (const auto& [name, silent] : silent_) {
    if (!silent || !read_.contains(name) || mistake_) continue;
    return Mistake{
        .sqlstate = "0A000",
        .message = absl::StrCat("WITH query \"", name, "\" does not have a RETURNING clause")};
  }
  return mistake_;
}

// analyze.c:transformValuesClause, parse_clause.c:transformWindowDefinitions
void QueryMistakes::SeeSelect(const Node& select) {
  const NodeList rows = select.Items("valuesLists");
  size_t width = 0;
  for (const Node& row : rows) {
    const size_t values = row["List"].Items("items").size();
    if (width != 0 && values != width) {
      Refuse("42601", "VALUES lists must all be the same length");
    }
    width = values;
  }
  absl::flat_hash_set<absl::string_view> own;
  for (const Node& item : select.Items("windowClause")) {
    const Node window = item["WindowDef"];
    const absl::string_view other = window.Text("refname");
    if (!other.empty() && !own.contains(other)) {
      Refuse("42704", absl::StrCat("window \"", other, "\" does not exist"));
    }
    if (!own.insert(window.Text("name")).second) {
      Refuse("42P20", absl::StrCat("window \"", window.Text("name"), "\" is already defined"));
    }
    windows_.emplace(window.Text("name"));
  }
}

// parse_agg.c:transformWindowFuncCall. Which query's windows they are is not looked at.
void QueryMistakes::SeeWindow(const Node& over) {
  for (const tree::Key field : tree::Keys{"name", "refname"}) {
    const absl::string_view name = over.Text(field);
    if (name.empty() || windows_.contains(name)) continue;
    Refuse("42704", absl::StrCat("window \"", name, "\" does not exist"));
  }
}

// parse_expr.c:transformMultiAssignRef
void QueryMistakes::SeeAssigned(const Node& assigned) {
  const Node source = assigned["source"];
  const auto wanted = static_cast<size_t>(assigned.Number("ncolumns"));
  size_t given = wanted;
  if (const Node row = source["RowExpr"]) {
    given = row.Items("args").size();
  } else if (const Node link = source["SubLink"]) {
    const Node select = link["subselect"]["SelectStmt"];
    const NodeList targets = select.Items("targetList");
    for (const Node& target : targets) {
      const Node last = target["ResTarget"]["val"]["ColumnRef"].Items("fields").back();
      // A star shows any number.
      if (last.Tag() == "A_Star" || target["ResTarget"]["val"]["A_Indirection"]) return;
    }
    if (!targets.empty()) given = targets.size();
  } else {
    return Refuse("0A000",
                  "source for a multiple-column UPDATE item must be a sub-SELECT or ROW()");
  }
  if (given != wanted) Refuse("42601", "number of columns does not match number of values");
}

// parse_merge.c:transformMergeStmt
void QueryMistakes::SeeMerge(const Node& merge) {
  absl::flat_hash_set<absl::string_view> final;
  for (const Node& item : merge.Items("mergeWhenClauses")) {
    const Node clause = item["MergeWhenClause"];
    const absl::string_view kind = clause.Text("matchKind");
    if (final.contains(kind)) {
      Refuse("42601", "unreachable WHEN clause specified after unconditional WHEN clause");
    }
    if (!clause["condition"]) final.insert(kind);
  }
}

// A name that is given twice, in queries within each other, tells nothing.
void QueryMistakes::SeeNamed(const Node& named) {
  const Node query = named["ctequery"];
  const Node body = query.Body();
  const bool returns = body["returningClause"] || !body.Items("returningList").empty();
  const bool silent = query.Tag() != "SelectStmt" && !returns;
  const auto [entry, added] = silent_.try_emplace(std::string(named.Text("ctename")), silent);
  if (!added) entry->second = false;
}

// ---- routines --------------------------------------------------------------------------------

namespace {

bool IsArrayLike(const Node& type) {
  const std::string name = QualifiedName(type["names"]).name;
  return type["arrayBounds"].present() || name == "anyarray" || name == "any" ||
         name == "anycompatiblearray" || (!name.empty() && name[0] == '_');
}

bool IsPolymorphic(const Node& type) {
  const std::string name = QualifiedName(type["names"]).name;
  for (const absl::string_view known :
       {"anyelement", "anyarray", "anynonarray", "anyenum", "anyrange", "anymultirange"}) {
    if (name == known) return true;
  }
  return absl::StartsWith(name, "anycompatible");
}

// Reads the arguments in their order (functioncmds.c:interpret_function_parameter_list).
class ParameterMistakes {
 public:
  explicit ParameterMistakes(bool procedure) : procedure_(procedure) {}

  // Empty where nothing is wrong.
  std::string See(const Node& parameter) {
    const absl::string_view mode = parameter.Text("mode");
    const Node type = parameter["argType"];
    const bool output = mode == "FUNC_PARAM_OUT" || mode == "FUNC_PARAM_TABLE";
    const bool both = mode == "FUNC_PARAM_INOUT";
    if (type.Flag("setof")) return "routines cannot accept set arguments";
    if (!output && variadic_) return "VARIADIC parameter must be the last input parameter";
    if (mode == "FUNC_PARAM_VARIADIC") {
      variadic_ = true;
      if (!IsArrayLike(type)) return "VARIADIC parameter must be an array";
    }
    const std::string name(parameter.Text("name"));
    if (!name.empty()) {
      const bool again = ((!output || both) && !inputs_.insert(name).second) ||
                         ((output || both) && !outputs_.insert(name).second);
      if (again) return absl::StrCat("parameter name \"", name, "\" used more than once");
    }
    if (output) {
      shows_ = true;
      return parameter["defexpr"] ? "only input parameters can have default values" : "";
    }
    polymorphic_ = polymorphic_ || IsPolymorphic(type);
    shows_ = shows_ || both;
    const bool lacks = defaulted_ && !parameter["defexpr"];
    if (lacks) return "input parameters after one with a default value must also have defaults";
    defaulted_ = defaulted_ || parameter["defexpr"].present();
    return "";
  }

  std::string SeeResult(const Node& result) const {
    if (procedure_) return "";
    if (!result) return shows_ ? "" : "function result type must be specified";
    return IsPolymorphic(result) && !polymorphic_ ? "cannot determine result data type" : "";
  }

 private:
  bool procedure_;
  bool variadic_ = false;
  bool defaulted_ = false;
  bool polymorphic_ = false;
  bool shows_ = false;  // it has OUT or INOUT arguments
  absl::flat_hash_set<std::string> inputs_;
  absl::flat_hash_set<std::string> outputs_;
};

// functioncmds.c:compute_function_attributes
Boxed<Mistake> FindOptionMistake(const Node& body) {
  absl::flat_hash_set<absl::string_view> seen;
  for (const Node& item : body.Items("options")) {
    const Node option = item["DefElem"];
    const absl::string_view name = option.Text("defname");
    if (name != "set" && !seen.insert(name).second) {
      return Mistake{.sqlstate = "42601", .message = "conflicting or redundant options"};
    }
    const bool counts = name == "cost" || name == "rows";
    const Node number = option["arg"];
    const bool none = number["Integer"] && number["Integer"].Number("ival") <= 0;
    if (counts && none) {
      return Mistake{.sqlstate = "22023",
                     .message = absl::StrCat(absl::AsciiStrToUpper(name), " must be positive")};
    }
  }
  if (!seen.contains("as") && !body["sql_body"]) {
    return Mistake{.sqlstate = "42P13", .message = "no function body specified"};
  }
  if (!seen.contains("language") && !body["sql_body"]) {
    return Mistake{.sqlstate = "42P13", .message = "no language specified"};
  }
  return {};
}

}  // namespace

Boxed<Mistake> FindRoutineMistake(const Node& body) {
  if (Boxed<Mistake> mistake = FindOptionMistake(body)) return mistake;
  ParameterMistakes parameters(body.Flag("is_procedure"));
  const auto wrong = [](std::string message) {
    return Mistake{.sqlstate = "42P13", .message = std::move(message)};
  };
  for (const Node& parameter : body.Items("parameters")) {
    std::string message = parameters.See(parameter["FunctionParameter"]);
    if (!message.empty()) return wrong(std::move(message));
  }
  std::string message = parameters.SeeResult(body["returnType"]);
  if (message.empty()) return {};
  return wrong(std::move(message));
}

}  // namespace plimsoll::tree
