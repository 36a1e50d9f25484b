#include "analyzer/simulation/query_columns.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/value_text.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

using Mention = Selection::Mention;

// access/htup_details.h:MaxTupleAttributeNumber
constexpr size_t kMostColumns = 1664;

class QueryReader {
 public:
  // What was read of each query: several may name it.
  using Known = absl::flat_hash_map<const Selection*, QueryColumns>;

  // What is the same for a query and all within it.
  struct Context {
    const TypeScope& scope;
    bool plain;
    absl::FunctionRef<bool(const Relation&)> knows_all;
    absl::Span<const std::string> variables;
    Known& known;
  };

  // `outer`: of the query in whose expressions this one stands; null: none.
  QueryReader(const Selection& selection, const Context& context, const QueryReader* outer)
      : selection_(selection), context_(context), scope_(context.scope), outer_(outer) {
    const TypeScope& scope = scope_;
    for (const Selection::Source& source : selection.sources) {
      if (source.derived) {
        AddDerived(source);
        continue;
      }
      const Relation* relation = scope.view.Find(source.relation, scope.search_path);
      const bool readable =
          relation != nullptr && !relation->IsIndex() && relation->kind != RelationKind::kSequence;
      const bool open = !readable || !relation->columns_known || relation->assumed;
      sources_.push_back({.alias = source.alias,
                          .relation = readable ? relation : nullptr,
                          .open = open,
                          .certain = !open && context.knows_all(*relation)});
    }
    for (const Source& source : sources_) {
      if (source.relation == nullptr) continue;
      for (const TableColumn& column : source.relation->columns) ++holders_[column.name];
    }
    for (const Source& source : sources_) AddVisible(source);
  }

  QueryColumns Read(std::optional<absl::Span<const std::string>> names) {
    QueryColumns query = {.known = true};
    stores_ = names.has_value();
    if (!selection_.arms.empty()) return ReadArms(names);
    for (const ShownColumn& assigned : selection_.assigned) {
      query.assigned.push_back({.name = assigned.name, .type = TypeNameOf(*assigned.value)});
    }
    for (const ShownColumn& shown : selection_.columns) Show(shown, query);
    CheckAliases();
    CheckJoints();
    CheckNames();
    CheckPlaces(query);
    if (context_.plain) CheckComparisons(query);
    CheckSubqueries();
    // An aggregate may be one of the query around.
    if (!failure_ && outer_ == nullptr) CheckGrouping(query);
    if (!failure_ && context_.plain) CheckTypes();
    if (names) GiveNames(*names, query);
    query.failure = std::move(failure_);
    return query;
  }

 private:
  struct Source {
    std::string alias;
    const Relation* relation = nullptr;
    bool open = true;      // its columns are not all known
    bool certain = false;  // what is not known is not there
  };

  QueryColumns ReadOther(const Selection& other) {
    const auto found = context_.known.find(&other);
    if (found != context_.known.end()) return found->second;
    QueryColumns query = QueryReader(other, context_, outer_).Read(std::nullopt);
    context_.known[&other] = query;
    return query;
  }

  // UNION and its kin: the names of the first, and the types that all have.
  QueryColumns ReadArms(std::optional<absl::Span<const std::string>> names) {
    QueryColumns all;
    bool first = true;
    for (const auto& arm : selection_.arms) {
      const QueryColumns one = ReadOther(*arm);
      if (one.failure && !failure_) failure_ = one.failure;
      if (first) {
        all = one;
        first = false;
        continue;
      }
      all.known = all.known && one.known;
      if (!all.known) continue;
      if (one.columns.size() != all.columns.size()) {
        Fail("42601", "each UNION query must have the same number of columns");
        break;
      }
      Unite(one, all);
    }
    all.keys.clear();
    if (!failure_) CheckOrderOfArms(all);
    if (names && !failure_) GiveNames(*names, all);
    all.failure = std::move(failure_);
    return all;
  }

  // parse_coerce.c:select_common_type
  void Unite(const QueryColumns& one, QueryColumns& all) {
    const auto find = [](const QueryColumns& query, size_t place) {
      return std::find_if(
          query.untyped.begin(), query.untyped.end(),
          [&](const QueryColumns::Untyped& column) { return column.place == place; });
    };
    for (size_t i = 0; i < all.columns.size(); ++i) {
      auto& type = all.columns[i].type;
      const auto& other = one.columns[i].type;
      const auto mine = find(all, i);
      const auto theirs = find(one, i);
      const bool mine_untyped = mine != all.untyped.end();
      const bool theirs_untyped = theirs != one.untyped.end();
      if (type != nullptr && theirs_untyped) {
        CheckText(theirs->text, *type);
        continue;
      }
      if (other != nullptr && mine_untyped) {
        CheckText(mine->text, *other);
        type = other;
        all.untyped.erase(mine);
        continue;
      }
      // Two without a type become text, or wait for a third, as the parentheses are.
      if (mine_untyped) all.untyped.erase(mine);
      const bool same = type != nullptr && other != nullptr && *type == *other;
      if (!same && type != nullptr && other != nullptr) CheckCategories(*type, *other);
      if (!same) type = nullptr;
    }
  }

  void CheckText(const std::optional<std::string>& text, const TypeName& type) {
    if (!text || !context_.plain) return;
    const absl::string_view bad = JudgeText(*text, ResolveType(type, scope_), scope_);
    if (!bad.empty()) Fail(bad, absl::StrCat("\"", *text, "\" is no ", type.name.name));
  }

  void CheckCategories(const TypeName& one, const TypeName& other) {
    const char category = BaseOf(ResolveType(one, scope_), scope_).Category();
    const char wanted = BaseOf(ResolveType(other, scope_), scope_).Category();
    if (!context_.plain || category == 0 || wanted == 0 || category == wanted) return;
    Fail("42804", absl::StrCat("UNION types ", one.name.name, " and ", other.name.name,
                               " cannot be matched"));
  }

  // Only what is shown can be named (parse_clause.c, analyze.c:transformSetOperationStmt).
  void CheckOrderOfArms(const QueryColumns& all) {
    CheckPlaces(all);
    if (!all.known) return;
    for (const Mention& mention : selection_.sorted_by) {
      const bool shown =
          std::any_of(all.columns.begin(), all.columns.end(),
                      [&](const TableColumn& column) { return column.name == mention.column; });
      if (!shown && mention.qualifier.empty()) {
        return Fail("42703", absl::StrCat("column \"", mention.column, "\" does not exist"));
      }
    }
    if (!selection_.sorted_by_values.empty()) {
      Fail("0A000", "only result column names can be used in ORDER BY of a UNION");
    }
  }

  // parse_relation.c:checkNameSpaceConflicts
  void CheckAliases() {
    absl::flat_hash_set<absl::string_view> seen;
    for (size_t i = 0; i < selection_.sources.size() && selection_.sources.size() > 1; ++i) {
      const Selection::Source& source = selection_.sources[i];
      if (source.alias.empty() || seen.insert(source.alias).second) continue;
      // Two relations of one name, in two schemas, may stand beside each other.
      if (!source.derived && !source.relation.schema.empty()) continue;
      const auto same =
          std::find_if(selection_.sources.begin(), selection_.sources.end(),
                       [&](const Selection::Source& other) { return other.alias == source.alias; });
      if (!same->derived && !same->relation.schema.empty()) continue;
      return Fail("42712",
                  absl::StrCat("table name \"", source.alias, "\" specified more than once"));
    }
  }

  // parse_clause.c:transformFromClauseItem
  void CheckJoints() {
    for (const Selection::Joint& joint : selection_.joints) {
      for (const std::string& column : joint.columns) {
        CheckJoined(joint.first, joint.middle, column);
        CheckJoined(joint.middle, joint.last, column);
      }
    }
  }

  // On one side of the join.
  void CheckJoined(size_t from, size_t to, const std::string& column) {
    bool certain = true;
    size_t having = 0;
    // What another join made one is not followed.
    const bool alone = selection_.joints.size() == 1 && !selection_.natural;
    for (size_t i = from; i < to && i < sources_.size(); ++i) {
      certain = certain && sources_[i].certain;
      const Relation* relation = sources_[i].relation;
      if (relation != nullptr && relation->FindColumn(column) != nullptr) ++having;
    }
    if (having == 0 && certain) {
      Fail("42703", absl::StrCat("column \"", column, "\" of USING does not exist"));
    } else if (having > 1 && alone) {
      Fail("42702", absl::StrCat("common column name \"", column, "\" appears more than once"));
    }
  }

  // DISTINCT, GROUP BY and ORDER BY compare values (parse_oper.c:get_sort_group_operators).
  void CheckComparisons(const QueryColumns& query) {
    const auto check = [&](const std::shared_ptr<const TypeName>& type) {
      const bool compared =
          type == nullptr || type->array || !type->name.schema.empty() ||
          (type->name.name != "json" && type->name.name != "xml" && type->name.name != "point");
      if (!compared) {
        Fail("42883", absl::StrCat("there is no equality operator for type ", type->name.name));
      }
    };
    if (selection_.distinct) {
      for (const TableColumn& column : query.columns) check(column.type);
    }
    // GROUP BY's names are among those of `sorted_by`.
    for (const Mention& mention : selection_.sorted_by) {
      const auto shown =
          std::find_if(query.columns.begin(), query.columns.end(),
                       [&](const TableColumn& column) { return column.name == mention.column; });
      // ORDER BY means what is shown by that name.
      if (mention.qualifier.empty() && shown != query.columns.end()) {
        check(shown->type);
        continue;
      }
      const Source* source = SourceOf(mention);
      if (source != nullptr) check(source->relation->FindColumn(mention.column)->type);
    }
  }

  // parse_clause.c:findTargetlistEntrySQL92
  void CheckPlaces(const QueryColumns& query) {
    if (selection_.placed_by_others) {
      Fail("42601", "a constant in ORDER BY or GROUP BY has to be an integer");
    }
    if (!query.known) return;
    for (const int64_t place : selection_.places) {
      if (place >= 1 && static_cast<size_t>(place) <= query.columns.size()) continue;
      Fail("42P10", absl::StrCat("position ", place, " is not in select list"));
    }
  }

  void CheckSubqueries() {
    for (const auto& subquery : selection_.subqueries) {
      if (failure_) return;
      failure_ = QueryReader(*subquery, context_, this).Read(std::nullopt).failure;
    }
  }

  // A subquery is a relation of its own, for as long as the reader lives.
  void AddDerived(const Selection::Source& source) {
    auto shown = std::make_unique<Relation>();
    shown->kind = RelationKind::kView;
    QueryColumns query;
    if (source.query != nullptr) {
      query = ReadOther(*source.query);
      if (query.failure && !failure_) failure_ = query.failure;
    }
    for (size_t i = 0; i < query.columns.size() && i < source.names.size(); ++i) {
      query.columns[i].name = source.names[i];
    }
    shown->columns = query.known ? std::move(query.columns) : std::vector<TableColumn>();
    sources_.push_back({.alias = source.alias,
                        .relation = shown.get(),
                        .open = !query.known,
                        .certain = query.known});
    derived_.push_back(std::move(shown));
  }

  void Fail(absl::string_view sqlstate, std::string message) {
    if (!failure_) failure_ = {.sqlstate = std::string(sqlstate), .message = std::move(message)};
  }

  // Under its own name and with its qualifier: the first of a name counts, see TypeOf.
  void AddVisible(const Source& source) {
    if (source.relation == nullptr) return;
    for (const TableColumn& column : source.relation->columns) {
      TableColumn visible = column;
      const bool again = Sharing(column.name) > 1;
      if (!again) visible_.push_back(visible);
      visible.name = QualifiedColumn(source.alias, column.name);
      visible_.push_back(std::move(visible));
    }
  }

  size_t Sharing(const std::string& column) const {
    const auto found = holders_.find(column);
    return found == holders_.end() ? 0 : found->second;
  }

  const Source* FindSource(absl::string_view alias) const {
    const auto found = std::find_if(sources_.begin(), sources_.end(),
                                    [&](const Source& source) { return source.alias == alias; });
    return found == sources_.end() ? nullptr : &*found;
  }

  // Null where it is no column that is known for certain.
  const Source* SourceOf(const Mention& mention) const {
    if (!mention.qualifier.empty()) {
      const Source* source = FindSource(mention.qualifier);
      const bool has = source != nullptr && source->relation != nullptr &&
                       source->relation->FindColumn(mention.column) != nullptr;
      return has ? source : nullptr;
    }
    for (const Source& source : sources_) {
      if (source.relation != nullptr && source.relation->FindColumn(mention.column) != nullptr) {
        return &source;
      }
    }
    return nullptr;
  }

  // ---- what is shown

  void ShowAll(const std::string& qualifier, QueryColumns& query) {
    // What is joined by name is shown once, and first.
    if (selection_.joins_by_name && qualifier.empty()) query.known = false;
    // `p.*` of a routine's argument, or of a query around.
    if (!qualifier.empty() && FindSource(qualifier) == nullptr) query.known = false;
    for (const Source& source : sources_) {
      if (!qualifier.empty() && source.alias != qualifier) continue;
      if (source.open) query.known = false;
      if (source.relation == nullptr) continue;
      // Stars over stars would grow without end.
      if (query.columns.size() + source.relation->columns.size() > kMostColumns) {
        query.known = false;
        return Fail("54011", "target lists can have at most 1664 entries");
      }
      for (const TableColumn& column : source.relation->columns) {
        query.columns.push_back({.name = column.name, .type = column.type});
      }
    }
  }

  void Show(const ShownColumn& shown, QueryColumns& query) {
    if (shown.value == nullptr) return ShowAll(shown.name, query);
    if (shown.name.empty()) query.known = false;
    query.columns.push_back({.name = shown.name, .type = TypeNameOf(*shown.value)});
    if (query.columns.back().type != nullptr) return;
    const Expression& value = *shown.value;
    const bool null = value.is_null && value.operations.size() == 1;
    if (!null && !value.text) return;
    query.untyped.push_back({.place = query.columns.size() - 1, .text = value.text});
  }

  // Null where the type is not certain.
  std::shared_ptr<const TypeName> TypeNameOf(const Expression& value) const {
    if (value.operations.empty()) return nullptr;
    const Operation& last = value.operations.back();
    if (last.kind == OperationKind::kOther && !last.name.name.empty()) {
      return std::make_shared<const TypeName>(TypeName{.name = last.name});
    }
    if (last.kind == OperationKind::kCast) return last.type;
    if (last.kind == OperationKind::kColumn && value.operations.size() == 1) {
      const Source* source = SourceOf({.qualifier = last.name.name, .column = last.text});
      return source == nullptr ? nullptr : source->relation->FindColumn(last.text)->type;
    }
    const ExpressionType type = TypeOf(value, visible_, scope_);
    // What only shows it, or converts it, has it as it is.
    if (type.untyped && !stores_) return nullptr;
    if (type.untyped) return std::make_shared<const TypeName>(TypeName{.name = {.name = "text"}});
    if (!type.IsKnown() || type.type.builtin == nullptr) return nullptr;
    return std::make_shared<const TypeName>(TypeName{.name = {.name = type.type.name},
                                                     .modifiers = type.type.modifiers,
                                                     .array = type.type.array});
  }

  // ---- what is mentioned

  void CheckNames() {
    for (const ShownColumn& shown : selection_.columns) {
      if (shown.value != nullptr) {
        CheckMentions(*shown.value);
      } else if (!shown.name.empty() && !IsQualifier(shown.name)) {
        Fail("42P01", absl::StrCat("missing FROM-clause entry for table \"", shown.name, "\""));
      }
    }
    for (const ShownColumn& assigned : selection_.assigned) CheckMentions(*assigned.value);
    for (const OptionalExpression& condition : selection_.conditions) CheckMentions(*condition);
    if (selection_.having) CheckMentions(*selection_.having);
    for (const OptionalExpression& value : selection_.sorted_by_values) CheckMentions(*value);
    for (const OptionalExpression& value : selection_.grouped_by_values) CheckMentions(*value);
    for (const Mention& mention : selection_.sorted_by) {
      const bool shown = mention.qualifier.empty() && IsShown(mention.column);
      if (!shown) CheckMention(mention);
    }
  }

  bool IsShown(const std::string& name) const {
    return std::any_of(selection_.columns.begin(), selection_.columns.end(),
                       [&](const ShownColumn& shown) { return shown.name == name; });
  }

  void CheckMentions(const Expression& expression) {
    for (const Operation& operation : expression.operations) {
      if (operation.kind != OperationKind::kColumn) continue;
      CheckMention({.qualifier = operation.name.name, .column = operation.text});
    }
  }

  bool IsVariable(const std::string& name) const {
    return std::find(context_.variables.begin(), context_.variables.end(), name) !=
           context_.variables.end();
  }

  // Of this query, or of one around.
  bool IsQualifier(const std::string& name) const {
    if (FindSource(name) != nullptr) return true;
    return outer_ == nullptr ? IsVariable(name) : outer_->IsQualifier(name);
  }

  void CheckMention(const Mention& mention) {
    if (failure_ || mention.column.empty()) return;
    failure_ = mention.qualifier.empty() ? JudgeBare(mention.column) : JudgeQualified(mention);
  }

  static Failure Missing(const std::string& column) {
    return {.sqlstate = "42703", .message = absl::StrCat("column \"", column, "\" does not exist")};
  }

  // parse_expr.c:transformColumnRef
  std::optional<Failure> JudgeQualified(const Mention& mention) const {
    const std::string& name = mention.column;
    const Source* source = FindSource(mention.qualifier);
    if (source == nullptr && outer_ != nullptr) return outer_->JudgeQualified(mention);
    if (source == nullptr) {
      // RETURNING old.a, new.a
      const bool version = mention.qualifier == "old" || mention.qualifier == "new";
      if (version && scope_.server_version >= 18) return std::nullopt;
      if (IsVariable(mention.qualifier)) return std::nullopt;
      return Failure{.sqlstate = "42P01",
                     .message = absl::StrCat("missing FROM-clause entry for table \"",
                                             mention.qualifier, "\"")};
    }
    const bool certain = SourceOf(mention) == nullptr && source->certain && !IsSystemColumn(name);
    // `t.text` may be a function of the row, or a cast.
    const bool function = IsBuiltinType({.name = name}) || IsBuiltinFunction({.name = name}) ||
                          scope_.view.FindRoutine({.name = name}, scope_.search_path) != nullptr;
    if (!certain || function) return std::nullopt;
    return Missing(name);
  }

  std::optional<Failure> JudgeBare(const std::string& name) const {
    const size_t sharing = Sharing(name);
    if (sharing > 1 && !selection_.joins_by_name) {
      return Failure{.sqlstate = "42702",
                     .message = absl::StrCat("column reference \"", name, "\" is ambiguous")};
    }
    const bool all_certain = std::all_of(sources_.begin(), sources_.end(),
                                         [](const Source& source) { return source.certain; });
    const bool whole_row = FindSource(name) != nullptr;
    const bool system = IsSystemColumn(name) && !sources_.empty();
    if (sharing > 0 || !all_certain || whole_row || system) return std::nullopt;
    if (outer_ != nullptr) return outer_->JudgeBare(name);
    if (IsVariable(name)) return std::nullopt;
    return Missing(name);
  }

  // ---- groups

  struct Outside {
    std::vector<Mention> mentions;  // of columns outside of aggregates
    bool aggregates = false;
    bool nested = false;  // one within another
    bool certain = true;
  };

  Outside OutsideOf(const Expression& expression) const {
    Outside outside;
    // How many of the mentions came with each value, and whether aggregates did.
    std::vector<size_t> starts;
    std::vector<bool> aggregated;
    for (const Operation& operation : expression.operations) {
      const size_t count = std::min<size_t>(operation.operands, starts.size());
      const size_t start = count == 0 ? outside.mentions.size() : starts[starts.size() - count];
      const bool holds = std::find(aggregated.end() - static_cast<std::ptrdiff_t>(count),
                                   aggregated.end(), true) != aggregated.end();
      starts.resize(starts.size() - count);
      starts.push_back(start);
      aggregated.resize(starts.size() - 1);
      aggregated.push_back(holds);
      if (operation.kind == OperationKind::kOpaque) outside.certain = false;
      if (operation.kind == OperationKind::kColumn) {
        outside.mentions.push_back({.qualifier = operation.name.name, .column = operation.text});
      }
      const FunctionCall call = {.function = operation.name, .arguments = operation.operands};
      // It may be an aggregate.
      const bool strange = operation.kind == OperationKind::kCall &&
                           !IsBuiltinFunction(operation.name) &&
                           scope_.view.FindRoutine(operation.name, scope_.search_path) == nullptr;
      if (strange) outside.certain = false;
      if (operation.kind == OperationKind::kCall && IsAggregate(call, scope_.server_version)) {
        outside.aggregates = true;
        outside.nested = outside.nested || holds;
        outside.mentions.resize(start);
        aggregated.back() = true;
      }
    }
    return outside;
  }

  bool IsGrouped(const Mention& mention, const Source& source) const {
    return std::any_of(
        selection_.grouped_by.begin(), selection_.grouped_by.end(),
        [&](const Mention& by) { return by.column == mention.column && SourceOf(by) == &source; });
  }

  // parse_agg.c:check_functional_grouping
  bool HasKey(const Source& source) const {
    const TableConstraint* key = source.relation->PrimaryKey();
    return key != nullptr && !key->deferrable &&
           std::all_of(key->columns.begin(), key->columns.end(), [&](const std::string& column) {
             return IsGrouped({.column = column}, source);
           });
  }

  void CheckGrouping(QueryColumns& query) {
    const auto is_aggregated = [&](const OptionalExpression& value) {
      const Outside outside = OutsideOf(*value);
      return outside.aggregates && outside.certain;
    };
    for (const OptionalExpression& condition : selection_.conditions) {
      if (is_aggregated(condition)) {
        return Fail("42803", "aggregate functions are not allowed in WHERE");
      }
      if (condition->has_window && !condition->has_subquery) {
        return Fail("42P20", "window functions are not allowed in WHERE");
      }
    }
    for (const OptionalExpression& value : selection_.grouped_by_values) {
      if (is_aggregated(value)) {
        return Fail("42803", "aggregate functions are not allowed in GROUP BY");
      }
    }
    for (const ShownColumn& assigned : selection_.assigned) {
      if (is_aggregated(assigned.value)) {
        return Fail("42803", "aggregate functions are not allowed in UPDATE");
      }
    }
    std::vector<Outside> shown;
    bool groups = selection_.grouped || selection_.having != nullptr;
    for (const ShownColumn& column : selection_.columns) {
      if (column.value == nullptr) {
        shown.push_back({.certain = false});
        continue;
      }
      shown.push_back(OutsideOf(*column.value));
      groups = groups || shown.back().aggregates;
    }
    if (selection_.having != nullptr) shown.push_back(OutsideOf(*selection_.having));
    if (std::any_of(shown.begin(), shown.end(), [](const Outside& one) { return one.nested; })) {
      return Fail("42803", "aggregate function calls cannot be nested");
    }
    // A group may be by a shown value too, which is not followed.
    const bool by_columns = !selection_.grouped_by_others &&
                            std::all_of(selection_.grouped_by.begin(), selection_.grouped_by.end(),
                                        [&](const Mention& by) { return SourceOf(by) != nullptr; });
    if (!groups || !by_columns) return;
    for (const Outside& outside : shown) {
      for (const Mention& mention : outside.certain ? outside.mentions : std::vector<Mention>()) {
        CheckGrouped(mention, query);
      }
    }
  }

  void CheckGrouped(const Mention& mention, QueryColumns& query) {
    const Source* source = SourceOf(mention);
    if (source == nullptr || IsGrouped(mention, *source)) return;
    if (HasKey(*source)) {
      query.keys.push_back(source->relation->id);
    } else if (source->certain && !selection_.joins_by_name) {
      Fail("42803", absl::StrCat("column \"", mention.column, "\" must appear in GROUP BY"));
    }
  }

  // ---- types and names

  // It names no source of a query around.
  bool IsOwn(const Expression& expression) const {
    return outer_ == nullptr ||
           std::all_of(expression.operations.begin(), expression.operations.end(),
                       [&](const Operation& operation) {
                         return operation.kind != OperationKind::kColumn ||
                                operation.name.name.empty() ||
                                FindSource(operation.name.name) != nullptr;
                       });
  }

  void CheckTypes() {
    const auto check = [&](const Expression& expression) {
      if (!IsOwn(expression)) return;
      const absl::string_view misfit = FindMisfit(expression, visible_, scope_);
      if (!misfit.empty()) Fail(misfit, "a value is of a type that is not taken there");
    };
    for (const ShownColumn& shown : selection_.columns) {
      if (shown.value != nullptr) check(*shown.value);
    }
    for (const ShownColumn& assigned : selection_.assigned) check(*assigned.value);
    for (const OptionalExpression& condition : selection_.conditions) {
      check(*condition);
      if (!IsOwn(*condition)) continue;
      const ExpressionType type = TypeOf(*condition, visible_, scope_);
      const bool boolean = !type.IsKnown() || BaseOf(type.type, scope_).name == "bool";
      if (!boolean) Fail("42804", "argument of WHERE must be type boolean");
    }
    if (selection_.having != nullptr) check(*selection_.having);
  }

  void GiveNames(absl::Span<const std::string> names, QueryColumns& query) {
    if (!query.known) return;
    if (names.size() > query.columns.size()) {
      return Fail("42601", "more column names than columns are given");
    }
    for (size_t i = 0; i < names.size(); ++i) query.columns[i].name = names[i];
    absl::flat_hash_set<absl::string_view> seen;
    for (const TableColumn& column : query.columns) {
      if (!seen.insert(column.name).second) {
        return Fail("42701", absl::StrCat("column \"", column.name, "\" specified more than once"));
      }
      const Type type = column.type == nullptr ? Type() : ResolveType(*column.type, scope_);
      if (type.type_class == TypeClass::kPseudo) {
        return Fail("42P16", absl::StrCat("column \"", column.name, "\" has a pseudo-type"));
      }
    }
  }

  const Selection& selection_;
  const Context& context_;
  const TypeScope& scope_;
  const QueryReader* outer_;
  bool stores_ = false;  // its columns become those of a relation
  std::vector<Source> sources_;
  absl::flat_hash_map<std::string, size_t> holders_;  // how many sources have such a column
  std::vector<TableColumn> visible_;
  std::vector<std::unique_ptr<Relation>> derived_;
  std::optional<Failure> failure_;
};

}  // namespace

QueryColumns ColumnsOf(const Selection& selection,
                       std::optional<absl::Span<const std::string>> names, const TypeScope& scope,
                       bool plain, absl::FunctionRef<bool(const Relation&)> knows_all,
                       absl::Span<const std::string> variables) {
  if (selection.columns.size() > kMostColumns) return {};
  QueryReader::Known known;
  const QueryReader::Context context = {scope, plain, knows_all, variables, known};
  return QueryReader(selection, context, nullptr).Read(names);
}

}  // namespace plimsoll
