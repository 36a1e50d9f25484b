#include "report/rule_list.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "report/ink.h"
#include "report/json_values.h"

namespace plimsoll::report {
namespace {

std::string Padded(absl::string_view text, size_t width) {
  return absl::StrCat(text, std::string(width - text.size(), ' '));
}

}  // namespace

std::string RenderRulesText(absl::Span<const Rule* const> rules, bool colour) {
  const Painter paint(colour);
  constexpr size_t kSeverityColumns = 7;
  constexpr size_t kRiskColumns = 7;
  size_t id_columns = 0;
  size_t family_columns = 0;
  for (const Rule* rule : rules) {
    id_columns = std::max(id_columns, absl::string_view(rule->id).size());
    family_columns = std::max(family_columns, FamilyName(rule->family).size());
  }
  std::string out;
  for (const Rule* rule : rules) {
    absl::StrAppend(
        &out, paint(Ink::kBold, Padded(rule->id, id_columns)), "  ",
        Padded(FamilyName(rule->family), family_columns), "  ",
        paint(SeverityInk(rule->severity), Padded(SeverityName(rule->severity), kSeverityColumns)),
        "  ", paint(RiskInk(rule->risk), Padded(RiskName(rule->risk), kRiskColumns)), "  ",
        rule->opt_in ? "off" : "on ", "  ", rule->fixable ? "fix" : "   ", "  ", rule->summary,
        "\n");
  }
  return out;
}

std::string RenderRulesJson(absl::Span<const Rule* const> rules,
                            absl::FunctionRef<std::vector<std::string>(const Rule&)> aliases) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const Rule* rule : rules) {
    Json options = Json::array();
    for (const RuleOption& option : rule->options) {
      options.push_back(
          {{"name", option.name}, {"default", option.preset}, {"summary", option.what}});
    }
    list.push_back({{"id", rule->id},
                    {"family", TextJson(FamilyName(rule->family))},
                    {"severity", TextJson(SeverityName(rule->severity))},
                    {"risk", TextJson(RiskName(rule->risk))},
                    {"default", !rule->opt_in},
                    {"fixable", rule->fixable},
                    {"summary", rule->summary},
                    {"since", rule->since},
                    {"options", std::move(options)},
                    {"aliases", aliases(*rule)},
                    {"url", RulePath(*rule)}});
  }
  return Dump({{"schema_version", kSchemaVersion}, {"rules", std::move(list)}});
}

}  // namespace plimsoll::report
