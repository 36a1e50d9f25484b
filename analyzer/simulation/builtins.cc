#include "analyzer/simulation/builtins.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace plimsoll {
namespace {

#include "analyzer/simulation/builtin_functions.inc"
#include "analyzer/simulation/builtin_support.inc"
#include "analyzer/simulation/builtin_types.inc"

// The rows of that name in a table that is sorted by its column `key`.
template <typename Row, size_t size>
absl::Span<const Row> Named(const Row (&rows)[size], const char* Row::*key,
                            absl::string_view name) {
  const Row* first = std::lower_bound(std::begin(rows), std::end(rows), name,
                                      [key](const Row& row, absl::string_view wanted) {
                                        return absl::string_view(row.*key) < wanted;
                                      });
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

const BuiltinType* FindBuiltinType(absl::string_view name, int server_version) {
  return First(Named(kBuiltinTypes, &BuiltinType::name, name), server_version,
               [](const BuiltinType&) { return true; });
}

const BuiltinType* FindExtensionType(absl::string_view name, int server_version) {
  return First(Named(kExtensionTypes, &BuiltinType::name, name), server_version,
               [](const BuiltinType&) { return true; });
}

const BuiltinCast* FindBuiltinCast(absl::string_view source, absl::string_view target,
                                   int server_version) {
  const auto matches = [&](const BuiltinCast& cast) { return target == cast.target; };
  const BuiltinCast* own =
      First(Named(kBuiltinCasts, &BuiltinCast::source, source), server_version, matches);
  if (own != nullptr) return own;
  return First(Named(kExtensionCasts, &BuiltinCast::source, source), server_version, matches);
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
