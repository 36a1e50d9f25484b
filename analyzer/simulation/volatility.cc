#include "analyzer/simulation/volatility.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/body.h"

namespace plimsoll {
namespace {

#include "analyzer/simulation/builtin_functions.inc"

template <size_t size>
bool Contains(const char* const (&sorted)[size], absl::string_view name) {
  return std::binary_search(std::begin(sorted), std::end(sorted), name,
                            [](absl::string_view a, absl::string_view b) { return a < b; });
}

// Volatile functions that change nothing but their own result, a sequence or a setting:
// PostgreSQL's own, and those of uuid-ossp and pgcrypto, which write keys into half of all schemas.
constexpr const char* kHarmlessFunctions[] = {
    "clock_timestamp",
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "gen_salt",
    "lastval",
    "nextval",
    "pg_advisory_xact_lock",
    "pg_current_xact_id",
    "pg_notify",
    "pg_sleep",
    "pg_try_advisory_xact_lock",
    "random",
    "random_normal",
    "set_config",
    "setseed",
    "setval",
    "timeofday",
    "txid_current",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
};

bool IsBuiltIn(const Name& name) {
  // pg_catalog is searched first, unless the search path says otherwise.
  return (name.schema.empty() || name.schema == "pg_catalog") &&
         (Contains(kSteadyFunctions, name.name) || Contains(kVolatileFunctions, name.name));
}

Steadiness JudgeCall(const FunctionCall& call, const CatalogView& view,
                     absl::Span<const std::string> search_path) {
  const Name& name = call.function;
  if (IsBuiltIn(name)) {
    return Contains(kSteadyFunctions, name.name) ? Steadiness::kSteady : Steadiness::kVolatile;
  }
  const Routine* routine = view.FindRoutine(name, search_path);
  if (routine == nullptr) return Steadiness::kUnknown;
  const bool steady =
      routine->volatility != action::Volatility::kVolatile || routine->constant_body;
  return steady ? Steadiness::kSteady : Steadiness::kVolatile;
}

}  // namespace

Steadiness JudgeSteadiness(const Expression& expression, const CatalogView& view,
                           absl::Span<const std::string> search_path) {
  Steadiness worst = Steadiness::kSteady;
  for (const FunctionCall& call : expression.calls) {
    const Steadiness steadiness = JudgeCall(call, view, search_path);
    if (steadiness == Steadiness::kVolatile) return steadiness;
    if (steadiness == Steadiness::kUnknown) worst = steadiness;
  }
  return worst;
}

bool CallsUnknown(absl::Span<const FunctionCall> calls, const CatalogView& view,
                  absl::Span<const std::string> search_path, bool bodies_run) {
  return std::any_of(calls.begin(), calls.end(), [&](const FunctionCall& call) {
    if (bodies_run && !IsBuiltIn(call.function)) {
      const Routine* routine = view.FindRoutine(call.function, search_path);
      if (routine != nullptr && routine->body != nullptr) return routine->body->unknown;
    }
    return !Contains(kHarmlessFunctions, call.function.name) &&
           JudgeCall(call, view, search_path) != Steadiness::kSteady;
  });
}

}  // namespace plimsoll
