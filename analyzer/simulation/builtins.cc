#include "analyzer/simulation/builtins.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace plimsoll {
namespace {

#include "analyzer/simulation/builtin_functions.inc"
#include "analyzer/simulation/builtin_support.inc"
#include "analyzer/simulation/builtin_types.inc"

// The rows of a table that is sorted by its column `key`, by the values of that column. Every
// column and every expression is looked up some times over.
template <typename Row>
class Index {
 public:
  template <size_t size>
  Index(const Row (&rows)[size], absl::string_view Row::*key) {
    for (size_t begin = 0, end = 0; begin < size; begin = end) {
      while (end < size && rows[end].*key == rows[begin].*key) ++end;
      runs_.emplace(rows[begin].*key, absl::MakeConstSpan(rows + begin, end - begin));
    }
  }

  absl::Span<const Row> Named(absl::string_view name) const {
    const auto found = runs_.find(name);
    return found == runs_.end() ? absl::Span<const Row>() : found->second;
  }

 private:
  absl::flat_hash_map<absl::string_view, absl::Span<const Row>> runs_;
};

// One for each table, made when it is first asked.
template <auto& rows, auto key>
const auto& IndexOf() {
  static const auto& index = *new Index(rows, key);
  return index;
}

template <auto& rows, auto key>
auto Named(absl::string_view name) {
  return IndexOf<rows, key>().Named(name);
}

// The first row of this server version for which `matches` holds; null where there is none.
template <typename Row, typename Matches>
const Row* First(absl::Span<const Row> rows, int server_version, Matches matches) {
  for (const Row& row : rows) {
    if (IsIn(row, server_version) && matches(row)) return &row;
  }
  return nullptr;
}

}  // namespace

bool BuiltinFunction::Takes(uint32_t count) const {
  const absl::string_view list = arguments;
  const auto blanks = static_cast<uint32_t>(std::count(list.begin(), list.end(), ' '));
  const uint32_t declared = list.empty() ? 0 : blanks + 1;
  return count + defaults >= declared && (count <= declared || variadic);
}

absl::Span<const BuiltinFunction> FindBuiltinFunctions(absl::string_view name, int server_version) {
  if (server_version < 14 && name == "extract") name = "date_part";
  if (server_version < 13 && name == "similar_to_escape") name = "similar_escape";
  const auto own = Named<kBuiltinFunctions, &BuiltinFunction::name>(name);
  return own.empty() ? Named<kExtensionFunctions, &BuiltinFunction::name>(name) : own;
}

bool IsExtensionName(absl::string_view name) {
  return !Named<kExtensionFunctions, &BuiltinFunction::name>(name).empty() ||
         !Named<kExtensionTypes, &BuiltinType::name>(name).empty();
}

bool IsBuiltinFunctionName(absl::string_view name) {
  return !Named<kBuiltinFunctions, &BuiltinFunction::name>(name).empty();
}

absl::Span<const BuiltinOperator> FindBuiltinOperators(absl::string_view name) {
  const auto own = Named<kBuiltinOperators, &BuiltinOperator::name>(name);
  return own.empty() ? Named<kExtensionOperators, &BuiltinOperator::name>(name) : own;
}

const BuiltinSupport* FindBuiltinSupport(absl::string_view name, int server_version) {
  return First(Named<kBuiltinSupport, &BuiltinSupport::name>(name), server_version,
               [](const BuiltinSupport&) { return true; });
}

const BuiltinType* FindBuiltinType(absl::string_view name, int server_version) {
  return First(Named<kBuiltinTypes, &BuiltinType::name>(name), server_version,
               [](const BuiltinType&) { return true; });
}

const BuiltinType* FindExtensionType(absl::string_view name, int server_version) {
  return First(Named<kExtensionTypes, &BuiltinType::name>(name), server_version,
               [](const BuiltinType&) { return true; });
}

// Casts are looked up by both their sides, by whoever chooses between overloads.
const BuiltinCast* FindBuiltinCast(absl::string_view source, absl::string_view target,
                                   int server_version) {
  using Sides = std::pair<absl::string_view, absl::string_view>;
  static const auto* casts = [] {
    auto* made = new absl::flat_hash_map<Sides, std::vector<const BuiltinCast*>>();
    for (const BuiltinCast& cast : kBuiltinCasts)
      (*made)[{cast.source, cast.target}].push_back(&cast);
    for (const BuiltinCast& cast : kExtensionCasts) {
      (*made)[{cast.source, cast.target}].push_back(&cast);
    }
    return made;
  }();
  const auto found = casts->find(Sides{source, target});
  if (found == casts->end()) return nullptr;
  for (const BuiltinCast* cast : found->second) {
    if (IsIn(*cast, server_version)) return cast;
  }
  return nullptr;
}

const BuiltinOperatorClass* FindOperatorClass(
    absl::string_view method, int server_version,
    absl::FunctionRef<bool(const BuiltinOperatorClass&)> matches) {
  const auto* own = First(Named<kBuiltinOperatorClasses, &BuiltinOperatorClass::method>(method),
                          server_version, matches);
  if (own != nullptr) return own;
  return First(Named<kExtensionOperatorClasses, &BuiltinOperatorClass::method>(method),
               server_version, matches);
}

}  // namespace plimsoll
