// Columns and constraints, of CREATE TABLE, ALTER TABLE and domains.

#include <utility>

#include "absl/strings/str_join.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/lower_expression.h"
#include "analyzer/syntax/lower_parts.h"
#include "analyzer/syntax/lower_predicate.h"

namespace plimsoll::tree {

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
      .columns = Strings(body[foreign ? "fk_attrs" : "keys"]),
      .include = Strings(body["including"]),
      .referenced = RangeVarName(body["pktable"]),
      .referenced_columns = Strings(body["pk_attrs"]),
      .using_index = std::string(body.Text("indexname")),
      .not_valid = body.Flag("skip_validation"),
      .no_inherit = body.Flag("is_no_inherit"),
      .deferrable = body.Flag("deferrable"),
      .initially_deferred = body.Flag("initdeferred"),
      .deletes_write = body.Text("fk_del_action") == "c" || body.Text("fk_del_action") == "n" ||
                       body.Text("fk_del_action") == "d",
      .updates_write = body.Text("fk_upd_action") == "c" || body.Text("fk_upd_action") == "n" ||
                       body.Text("fk_upd_action") == "d",
  };
  if (body["raw_expr"]) {
    Expression expression = LowerExpression(body["raw_expr"]);
    if (kind == ConstraintKind::kCheck) {
      expression.predicate = LowerPredicate(body["raw_expr"]);
    }
    constraint.expression = std::make_shared<const Expression>(std::move(expression));
  }
  // The grammar says `is_enforced` of checks and foreign keys only, and only since 18.
  const bool says_enforced =
      GrammarServerVersion() >= 18 && (foreign || kind == ConstraintKind::kCheck);
  constraint.not_enforced = says_enforced && !body.Flag("is_enforced");
  for (const Node& element : body.Items("exclusions")) {
    const NodeList parts = element["List"].Items("items");
    if (!parts.empty()) constraint.columns.emplace_back(parts[0]["IndexElem"].Text("name"));
  }
  return constraint;
}

namespace {

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
    column.default_value = LowerOptional(body["raw_expr"]);
  } else if (type == "CONSTR_IDENTITY") {
    column.generated = Generated::kIdentity;
    column.always = body.Text("generated_when") == "a";
  } else if (type == "CONSTR_GENERATED") {
    // Before 18 every generated column is stored; since 18 the word VIRTUAL is the default.
    const bool is_virtual = body.Text("generated_kind") == "v";
    column.generated = is_virtual ? Generated::kVirtual : Generated::kStored;
    column.generated_from = LowerOptional(body["raw_expr"]);
  }
  // DEFERRABLE and its kin stand after the constraint they speak of.
  if (type == "CONSTR_ATTR_DEFERRABLE" && !column.constraints.empty()) {
    column.constraints.back().deferrable = true;
  }
  if (type == "CONSTR_ATTR_DEFERRED" && !column.constraints.empty()) {
    column.constraints.back().deferrable = true;
    column.constraints.back().initially_deferred = true;
  }
  if (type == "CONSTR_ATTR_NOT_ENFORCED" && !column.constraints.empty()) {
    column.constraints.back().not_enforced = true;
  }
}

}  // namespace

Column LowerColumn(const Node& body) {
  Column column = {.name = std::string(body.Text("colname")), .type = LowerType(body["typeName"])};
  const std::vector<std::string> collation = Strings(body["collClause"]["collname"]);
  column.type.collation = absl::StrJoin(collation, ".");
  LowerSerial(column);
  for (const Node& constraint : body.Items("constraints")) {
    LowerColumnConstraint(constraint["Constraint"], column);
  }
  return column;
}

}  // namespace plimsoll::tree
