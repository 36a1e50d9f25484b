#include "report/rule_page.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "report/ink.h"

namespace plimsoll::report {
namespace {

constexpr size_t kWidth = 100;

// A sentence of a rule as a sentence of a page: the rule's own have no full stop.
std::string Sentence(absl::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  if (trimmed.empty()) return "";
  std::string sentence(trimmed);
  sentence[0] = absl::ascii_toupper(static_cast<unsigned char>(sentence[0]));
  if (absl::string_view(".!?:").find(sentence.back()) == absl::string_view::npos) sentence += '.';
  return sentence;
}

void AppendRemark(absl::string_view label, absl::string_view text, const Painter& paint,
                  std::string* out) {
  if (text.empty()) return;
  absl::StrAppend(out, paint(Ink::kBold, absl::StrCat(label, ":")), " ",
                  Wrap(text, label.size() + 2, kWidth), "\n");
}

// Markdown as it reads well without a renderer: headings bold, code indented, fences gone.
void AppendMarkdown(absl::string_view markdown, const Painter& paint, std::string* out) {
  bool code = false;
  for (const absl::string_view line : absl::StrSplit(absl::StripAsciiWhitespace(markdown), '\n')) {
    if (absl::StartsWith(line, "```")) {
      code = !code;
    } else if (code) {
      absl::StrAppend(out, line.empty() ? "" : "    ", Printable(line), "\n");
    } else if (absl::StartsWith(line, "#")) {
      const absl::string_view title = absl::StripAsciiWhitespace(
          line.substr(std::min(line.find_first_not_of('#'), line.size())));
      absl::StrAppend(out, paint(Ink::kBold, Printable(title)), "\n");
    } else {
      absl::StrAppend(out, Printable(line), "\n");
    }
  }
}

}  // namespace

std::string RulePage(const Rule& rule) {
  std::string page = absl::StrCat("# ", rule.id, "\n\n", Sentence(rule.summary), "\n\n",
                                  "| family | severity | risk | default | fix | since |\n",
                                  "|---|---|---|---|---|---|\n", "| ", FamilyName(rule.family),
                                  " | ", SeverityName(rule.severity), " | ", RiskName(rule.risk),
                                  " | ", rule.opt_in ? "off" : "on", " | ",
                                  rule.fixable ? "yes" : "no", " | ", rule.since, " |\n\n");
  const std::string why = Sentence(rule.why);
  if (!why.empty()) absl::StrAppend(&page, "**Why it hurts.** ", why, "\n\n");
  const std::string help = Sentence(rule.help);
  if (!help.empty()) absl::StrAppend(&page, "**What to do.** ", help, "\n\n");
  absl::StrAppend(&page, absl::StripAsciiWhitespace(rule.docs));
  if (!rule.options.empty()) {
    absl::StrAppend(&page,
                    "\n\n## Options\n\nIn [plimsoll.toml](../configuration.md), under `[options.",
                    rule.id, "]`.\n\n| option | default | what it says |\n|---|---|---|\n");
  }
  for (const RuleOption& option : rule.options) {
    absl::StrAppend(&page, "| `", option.name, "` | ",
                    *option.preset == '\0' ? "" : absl::StrCat("`", option.preset, "`"), " | ",
                    option.what, " |\n");
  }
  absl::StripTrailingAsciiWhitespace(&page);
  return page + "\n";
}

std::string RuleIndex(absl::Span<const Rule* const> rules) {
  std::string page =
      "# Rules\n\nMade from the rules themselves by `./dev update`; `plimsoll rules` lists the "
      "same."
      "\n\nWhat is off is switched on by its name or its family's: `plimsoll lint --enable "
      "timeouts`.\n\n| rule | family | severity | risk | default | fix | what it finds |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Rule* rule : rules) {
    absl::StrAppend(&page, "| [", rule->id, "](", rule->id, ".md) | ", FamilyName(rule->family),
                    " | ", SeverityName(rule->severity), " | ", RiskName(rule->risk), " | ",
                    rule->opt_in ? "off" : "on", " | ", rule->fixable ? "yes" : "", " | ",
                    rule->summary, " |\n");
  }
  return page;
}

std::string RuleText(const Rule& rule, bool colour) {
  const Painter paint(colour);
  std::string text =
      absl::StrCat(paint(Ink::kBold, rule.id), ": ", rule.summary, "\n", FamilyName(rule.family),
                   ", ", paint(SeverityInk(rule.severity), SeverityName(rule.severity)), ", ",
                   paint(RiskInk(rule.risk), RiskName(rule.risk)),
                   rule.opt_in ? absl::StrCat(", off until `--enable ", rule.id, "`") : "",
                   rule.fixable ? ", fixable" : "", ", since ", rule.since, "\n\n");
  AppendRemark("why", rule.why, paint, &text);
  AppendRemark("help", rule.help, paint, &text);
  if (!absl::StripAsciiWhitespace(rule.docs).empty()) {
    text += '\n';
    AppendMarkdown(rule.docs, paint, &text);
  }
  for (const RuleOption& option : rule.options) {
    absl::StrAppend(&text, "\noption ", paint(Ink::kBold, option.name), " (", option.preset,
                    "): ", option.what, "\n");
  }
  return text;
}

}  // namespace plimsoll::report
