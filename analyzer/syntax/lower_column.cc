// Columns and constraints, of CREATE TABLE, ALTER TABLE and domains.

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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

// parsenodes.h: FKCONSTR_ACTION_…
static ReferentialAction LowerReferentialAction(absl::string_view letter) {
  if (letter == "r") return ReferentialAction::kRestrict;
  if (letter == "c") return ReferentialAction::kCascade;
  if (letter == "n") return ReferentialAction::kSetNull;
  if (letter == "d") return ReferentialAction::kSetDefault;
  return ReferentialAction::kNoAction;
}

// A constraint has a few of the fields that its node may have, and looking for one costs a walk
// over those that are there: each kind asks for its own.
static void LowerForeignKey(const Node& body, Constraint& constraint) {
  constraint.columns = Strings(body["fk_attrs"]);
  constraint.referenced = RangeVarName(body["pktable"]);
  constraint.referenced_columns = Strings(body["pk_attrs"]);
  constraint.on_delete = LowerReferentialAction(body.Text("fk_del_action"));
  constraint.on_update = LowerReferentialAction(body.Text("fk_upd_action"));
  if (Sets(constraint.on_delete)) constraint.set_columns = Strings(body["fk_del_set_cols"]);
  constraint.overlaps = body.Flag("fk_with_period");
  constraint.match_full = body.Text("fk_matchtype") == "f";
}

static void LowerIndexed(const Node& body, ConstraintKind kind, Constraint& constraint) {
  constraint.include = Strings(body["including"]);
  constraint.using_index = std::string(body.Text("indexname"));
  constraint.overlaps = body.Flag("without_overlaps");
  constraint.nulls_not_distinct = body.Flag("nulls_not_distinct");
  if (kind != ConstraintKind::kExclusion) return;
  constraint.method = std::string(body.Text("access_method"));
  constraint.predicate = LowerOptional(body["where_clause"]);
  for (const Node& element : body.Items("exclusions")) {
    const NodeList parts = element["List"].Items("items");
    if (parts.empty()) continue;
    const Node key = parts[0]["IndexElem"];
    constraint.columns.emplace_back(key.Text("name"));
    constraint.terms.push_back(key["expr"] ? LowerTerm(key["expr"]) : Term());
  }
}

Constraint LowerConstraint(const Node& body, ConstraintKind kind) {
  const bool foreign = kind == ConstraintKind::kForeignKey;
  const bool check = kind == ConstraintKind::kCheck;
  Constraint constraint = {.kind = kind, .name = std::string(body.Text("conname"))};
  if (foreign) {
    LowerForeignKey(body, constraint);
  } else if (!check) {
    constraint.columns = Strings(body["keys"]);
  }
  const bool indexed = kind == ConstraintKind::kUnique || kind == ConstraintKind::kPrimaryKey ||
                       kind == ConstraintKind::kExclusion;
  if (indexed) LowerIndexed(body, kind, constraint);
  constraint.not_valid = body.Flag("skip_validation");
  constraint.no_inherit = body.Flag("is_no_inherit");
  constraint.deferrable = body.Flag("deferrable");
  constraint.initially_deferred = body.Flag("initdeferred");
  if (check && body["raw_expr"]) {
    Expression expression = LowerExpression(body["raw_expr"]);
    expression.predicate = LowerPredicate(body["raw_expr"]);
    constraint.expression = std::make_shared<const Expression>(std::move(expression));
  }
  // The grammar says `is_enforced` of checks and foreign keys only, and only since 18.
  const bool says_enforced = GrammarServerVersion() >= 18 && (foreign || check);
  constraint.not_enforced = says_enforced && !body.Flag("is_enforced");
  return constraint;
}

namespace {

// serial and its kin are no types: the parser makes an integer, a sequence and a default of them.
void LowerSerial(Column& column) {
  static constexpr std::pair<absl::string_view, absl::string_view> kSerials[] = {
      {"smallserial", "int2"}, {"serial2", "int2"},   {"serial", "int4"},
      {"serial4", "int4"},     {"bigserial", "int8"}, {"serial8", "int8"}};
  const Name& name = column.type.name;
  for (const auto& [serial, integer] : kSerials) {
    if (name.name == serial && name.schema.empty()) {
      column.type.name.name = std::string(integer);
      column.serial = true;
      return;
    }
  }
}

// What a column says of itself so far, and whether it contradicts itself
// (parse_utilcmd.c:transformColumnDefinition, transformConstraintAttrs).
class ColumnClauses {
 public:
  explicit ColumnClauses(const Column& column) : has_default_(column.serial) {
    if (column.serial) nullability_ = Nullability::kNotNull;
  }

  void Add(absl::string_view type) {
    if (type == "CONSTR_NULL") Claim(Nullability::kNull);
    if (type == "CONSTR_NOTNULL") Claim(Nullability::kNotNull);
    if (type == "CONSTR_DEFAULT") Once(has_default_);
    if (type == "CONSTR_GENERATED") Once(is_generated_);
    if (type == "CONSTR_IDENTITY") {
      Once(is_identity_);
      Claim(Nullability::kNotNull);
    }
    if (has_default_ + is_generated_ + is_identity_ > 1) clash_ = true;
    if (absl::StartsWith(type, "CONSTR_ATTR_")) {
      AddAttribute(type);
    } else {
      last_ = std::string(type);
      deferrability_ = initially_ = false;
    }
  }
  bool Clash() const { return clash_; }

 private:
  enum class Nullability : uint8_t { kUnsaid, kNull, kNotNull };

  void Once(bool& said) {
    clash_ = clash_ || said;
    said = true;
  }
  void Claim(Nullability wanted) {
    clash_ = clash_ || (nullability_ != Nullability::kUnsaid && nullability_ != wanted);
    nullability_ = wanted;
  }
  void AddAttribute(absl::string_view type) {
    const bool enforced = absl::EndsWith(type, "ENFORCED");
    const bool foreign = last_ == "CONSTR_FOREIGN";
    const bool index =
        last_ == "CONSTR_UNIQUE" || last_ == "CONSTR_PRIMARY" || last_ == "CONSTR_EXCLUSION";
    const bool suits = foreign || (enforced ? last_ == "CONSTR_CHECK" : index);
    clash_ = clash_ || !suits;
    if (!enforced) Once(absl::EndsWith(type, "DEFERRABLE") ? deferrability_ : initially_);
  }

  bool has_default_ = false;
  bool is_generated_ = false;
  bool is_identity_ = false;
  Nullability nullability_ = Nullability::kUnsaid;
  std::string last_;  // the constraint that attributes speak of
  bool deferrability_ = false;
  bool initially_ = false;
  bool clash_ = false;
};

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
    column.numbers = LowerSequenceOptions(body.Items("options"));
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

// The number of an option, where it has one that 64 bits hold.
std::optional<int64_t> NumberOf(const Node& option) {
  const Node argument = option["arg"];
  if (argument["Integer"]) return argument["Integer"].Number("ival");
  int64_t value = 0;
  if (absl::SimpleAtoi(argument["Float"].Text("fval"), &value)) return value;
  return std::nullopt;
}

}  // namespace

SequenceOptions LowerSequenceOptions(const NodeList& options) {
  SequenceOptions lowered;
  std::vector<std::string> said;
  for (const Node& item : options) {
    const Node option = item["DefElem"];
    const std::string name(option.Text("defname"));
    const std::optional<int64_t> number = NumberOf(option);
    lowered.clash = lowered.clash || std::find(said.begin(), said.end(), name) != said.end();
    said.push_back(name);
    lowered.any = lowered.any || (name != "owned_by" && name != "generated");
    const std::vector<std::string> words = Strings(option["arg"]["List"]["items"]);
    if (name == "owned_by" && words.size() == 1 && words[0] != "none") lowered.clash = true;
    if (name == "sequence_name" && !words.empty()) lowered.name = words.back();
    if (name == "as") lowered.type = LowerType(option["arg"]["TypeName"]).name;
    if (name == "start") lowered.start = number;
    if (name == "increment") lowered.increment = number;
    if (name == "cache") lowered.cache = number;
    if (name == "restart") lowered.restart = number;
    if (name == "cycle") lowered.cycle = option["arg"]["Boolean"].Flag("boolval");
    lowered.restarts = lowered.restarts || name == "restart";
    if (name == "minvalue") lowered.minimum = number;
    if (name == "maxvalue") lowered.maximum = number;
    lowered.no_minimum = lowered.no_minimum || (name == "minvalue" && !option["arg"]);
    lowered.no_maximum = lowered.no_maximum || (name == "maxvalue" && !option["arg"]);
  }
  return lowered;
}

Column LowerColumn(const Node& body) {
  Column column = {.name = std::string(body.Text("colname")),
                   .type = LowerType(body["typeName"]),
                   .set_of = body["typeName"].Flag("setof")};
  if (const Node collation = body["collClause"]) {
    column.type.collation = absl::StrJoin(Strings(collation["collname"]), ".");
  }
  LowerSerial(column);
  ColumnClauses clauses(column);
  for (const Node& constraint : body.Items("constraints")) {
    clauses.Add(constraint["Constraint"].Text("contype"));
    LowerColumnConstraint(constraint["Constraint"], column);
  }
  if (clauses.Clash()) {
    column.clash = absl::StrCat("clauses of column \"", column.name, "\" contradict each other");
  }
  return column;
}

}  // namespace plimsoll::tree
