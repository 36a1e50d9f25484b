#ifndef PLIMSOLL_REPORT_JSON_VALUES_H_
#define PLIMSOLL_REPORT_JSON_VALUES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"
#include "nlohmann/json_fwd.hpp"

// What the JSON formats have in common. Keys stand in the order in which docs/formats.md shows
// them.

namespace plimsoll::report {

inline constexpr int kSchemaVersion = 1;

// {"start":{"line","column","byte"},"end":{…}}
nlohmann::ordered_json RangeJson(const Source& source, Span span);

nlohmann::ordered_json TextJson(absl::string_view text);

// One line with a line feed. Bytes that are not UTF-8 come out as U+FFFD.
std::string Dump(const nlohmann::ordered_json& value);

// Where a rule is documented, from the root of Plimsoll's repository.
std::string RulePath(const Rule& rule);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_JSON_VALUES_H_
