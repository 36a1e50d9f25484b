#include "analyzer/simulation/query_columns.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
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

  QueryReader(const Selection& selection, const TypeScope& scope, bool plain,
              absl::FunctionRef<bool(const Relation&)> knows_all, Known& known)
      : selection_(selection), scope_(scope), plain_(plain), knows_all_(knows_all), known_(known) {
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
                          .certain = !open && knows_all(*relation)});
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
    CheckNames();
    if (!failure_) CheckGrouping(query);
    if (!failure_ && plain_) CheckTypes();
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
    const auto found = known_.find(&other);
    if (found != known_.end()) return found->second;
    QueryColumns query = QueryReader(other, scope_, plain_, knows_all_, known_).Read(std::nullopt);
    known_[&other] = query;
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
      for (size_t i = 0; i < all.columns.size(); ++i) {
        const auto& type = all.columns[i].type;
        const auto& other = one.columns[i].type;
        const bool same = type != nullptr && other != nullptr && type->name == other->name &&
                          type->array == other->array && type->modifiers == other->modifiers;
        if (!same) all.columns[i].type = nullptr;
      }
    }
    all.keys.clear();
    if (names && !failure_) GiveNames(*names, all);
    all.failure = std::move(failure_);
    return all;
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
      } else if (!shown.name.empty() && FindSource(shown.name) == nullptr) {
        Fail("42P01", absl::StrCat("missing FROM-clause entry for table \"", shown.name, "\""));
      }
    }
    for (const ShownColumn& assigned : selection_.assigned) CheckMentions(*assigned.value);
    for (const OptionalExpression& condition : selection_.conditions) CheckMentions(*condition);
    if (selection_.having) CheckMentions(*selection_.having);
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

  // parse_expr.c:transformColumnRef
  void CheckMention(const Mention& mention) {
    const std::string& name = mention.column;
    if (name.empty()) return;
    const auto missing = [&] {
      // `t.text` may be a function of the row, or a cast.
      const bool function = !mention.qualifier.empty() &&
                            (IsBuiltinType({.name = name}) || IsBuiltinFunction({.name = name}) ||
                             scope_.view.FindRoutine({.name = name}, scope_.search_path));
      if (!function) Fail("42703", absl::StrCat("column \"", name, "\" does not exist"));
    };
    if (!mention.qualifier.empty()) {
      const Source* source = FindSource(mention.qualifier);
      if (source == nullptr) {
        // RETURNING old.a, new.a
        const bool version = mention.qualifier == "old" || mention.qualifier == "new";
        if (version && scope_.server_version >= 18) return;
        return Fail("42P01", absl::StrCat("missing FROM-clause entry for table \"",
                                          mention.qualifier, "\""));
      }
      if (SourceOf(mention) == nullptr && source->certain && !IsSystemColumn(name)) missing();
      return;
    }
    const size_t sharing = Sharing(name);
    if (sharing > 1 && !selection_.joins_by_name) {
      return Fail("42702", absl::StrCat("column reference \"", name, "\" is ambiguous"));
    }
    const bool all_certain = std::all_of(sources_.begin(), sources_.end(),
                                         [](const Source& source) { return source.certain; });
    const bool whole_row = FindSource(name) != nullptr;
    const bool system = IsSystemColumn(name) && !sources_.empty();
    if (sharing == 0 && all_certain && !whole_row && !system) missing();
  }

  // ---- groups

  struct Outside {
    std::vector<Mention> mentions;  // of columns outside of aggregates
    bool aggregates = false;
    bool certain = true;
  };

  Outside OutsideOf(const Expression& expression) const {
    Outside outside;
    // How many of the mentions came with each value.
    std::vector<size_t> starts;
    for (const Operation& operation : expression.operations) {
      const size_t count = std::min<size_t>(operation.operands, starts.size());
      const size_t start = count == 0 ? outside.mentions.size() : starts[starts.size() - count];
      starts.resize(starts.size() - count);
      starts.push_back(start);
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
        outside.mentions.resize(start);
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
    const TableConstraint* key = PrimaryKeyOf(*source.relation);
    return key != nullptr && !key->deferrable &&
           std::all_of(key->columns.begin(), key->columns.end(), [&](const std::string& column) {
             return IsGrouped({.column = column}, source);
           });
  }

  void CheckGrouping(QueryColumns& query) {
    for (const OptionalExpression& condition : selection_.conditions) {
      const Outside outside = OutsideOf(*condition);
      if (outside.aggregates && outside.certain) {
        return Fail("42803", "aggregate functions are not allowed in WHERE");
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

  void CheckTypes() {
    const auto check = [&](const Expression& expression) {
      const absl::string_view misfit = FindMisfit(expression, visible_, scope_);
      if (!misfit.empty()) Fail(misfit, "a value is of a type that is not taken there");
    };
    for (const ShownColumn& shown : selection_.columns) {
      if (shown.value != nullptr) check(*shown.value);
    }
    for (const ShownColumn& assigned : selection_.assigned) check(*assigned.value);
    for (const OptionalExpression& condition : selection_.conditions) {
      check(*condition);
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
  const TypeScope& scope_;
  bool plain_;
  absl::FunctionRef<bool(const Relation&)> knows_all_;
  Known& known_;
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
                       bool plain, absl::FunctionRef<bool(const Relation&)> knows_all) {
  if (selection.columns.size() > kMostColumns) return {};
  QueryReader::Known known;
  return QueryReader(selection, scope, plain, knows_all, known).Read(names);
}

}  // namespace plimsoll
