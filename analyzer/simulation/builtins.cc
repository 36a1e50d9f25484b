#include "analyzer/simulation/builtins.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace plimsoll {
namespace {

#include "analyzer/simulation/builtin_functions.inc"
#include "analyzer/simulation/builtin_support.inc"
#include "analyzer/simulation/builtin_types.inc"

// The rows of that name in a table that is sorted by its column `key`.
template <typename Row, size_t size>
absl::Span<const Row> Named(const Row (&rows)[size], absl::string_view Row::*key,
                            absl::string_view name) {
  const Row* first = std::lower_bound(
      std::begin(rows), std::end(rows), name,
      [key](const Row& row, absl::string_view wanted) { return row.*key < wanted; });
  const Row* last = first;
  while (last != std::end(rows) && name == last->*key) ++last;
  return {first, static_cast<size_t>(last - first)};
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

absl::Span<const BuiltinFunction> FindBuiltinFunctions(absl::string_view name) {
  const auto own = Named(kBuiltinFunctions, &BuiltinFunction::name, name);
  return own.empty() ? Named(kExtensionFunctions, &BuiltinFunction::name, name) : own;
}

bool IsBuiltinFunctionName(absl::string_view name) {
  return !Named(kBuiltinFunctions, &BuiltinFunction::name, name).empty();
}

absl::Span<const BuiltinOperator> FindBuiltinOperators(absl::string_view name) {
  const auto own = Named(kBuiltinOperators, &BuiltinOperator::name, name);
  return own.empty() ? Named(kExtensionOperators, &BuiltinOperator::name, name) : own;
}

const BuiltinSupport* FindBuiltinSupport(absl::string_view name, int server_version) {
  return First(Named(kBuiltinSupport, &BuiltinSupport::name, name), server_version,
               [](const BuiltinSupport&) { return true; });
}

// Types are looked up for every column, some times over.
const BuiltinType* FindBuiltinType(absl::string_view name, int server_version) {
  static const auto* types = [] {
    auto* made = new absl::flat_hash_map<absl::string_view, absl::Span<const BuiltinType>>();
    for (const BuiltinType& type : kBuiltinTypes) {
      (*made)[type.name] = Named(kBuiltinTypes, &BuiltinType::name, type.name);
    }
    return made;
  }();
  const auto found = types->find(name);
  if (found == types->end()) return nullptr;
  return First(found->second, server_version, [](const BuiltinType&) { return true; });
}

const BuiltinType* FindExtensionType(absl::string_view name, int server_version) {
  return First(Named(kExtensionTypes, &BuiltinType::name, name), server_version,
               [](const BuiltinType&) { return true; });
}

// So are casts, by whoever chooses between overloads.
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
  const auto* own = First(Named(kBuiltinOperatorClasses, &BuiltinOperatorClass::method, method),
                          server_version, matches);
  if (own != nullptr) return own;
  return First(Named(kExtensionOperatorClasses, &BuiltinOperatorClass::method, method),
               server_version, matches);
}

}  // namespace plimsoll
