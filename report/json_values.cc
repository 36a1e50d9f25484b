#include "report/json_values.h"

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace plimsoll::report {
namespace {

nlohmann::ordered_json PositionJson(const Position& position) {
  return {{"line", position.line}, {"column", position.column}, {"byte", position.byte}};
}

}  // namespace

nlohmann::ordered_json RangeJson(const Source& source, Span span) {
  return {{"start", PositionJson(source.Locate(span.begin))},
          {"end", PositionJson(source.Locate(span.end))}};
}

nlohmann::ordered_json TextJson(absl::string_view text) { return std::string(text); }

std::string Dump(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string RulePath(const Rule& rule) { return absl::StrCat("docs/rules/", rule.id, ".md"); }

}  // namespace plimsoll::report
