#include "server/convert.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "report/summary.h"
#include "report/terminal.h"

namespace plimsoll::server {
namespace {

using Json = nlohmann::json;

// The bytes of the character that `lead` starts. Open texts came as JSON and are valid UTF-8; a
// stray byte counts as a character.
uint32_t BytesOf(unsigned char lead) {
  if (lead < 0xC0) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

uint32_t UnitsOf(unsigned char lead) { return BytesOf(lead) == 4 ? 2 : 1; }

int SeverityNumber(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return 1;
    case Severity::kWarning:
      return 2;
    case Severity::kNote:
      return 3;
  }
  return 3;
}

// What happens, why it hurts, what to do: a line each, whatever characters a name in them holds.
std::string MessageOf(const Finding& finding) {
  std::string message = report::Printable(finding.message);
  if (!finding.why.empty()) absl::StrAppend(&message, "\nwhy: ", report::Printable(finding.why));
  if (!finding.help.empty()) absl::StrAppend(&message, "\nhelp: ", report::Printable(finding.help));
  return message;
}

Json DiagnosticJson(const Finding& finding, Span span, Utf16Index& index,
                    absl::string_view documentation) {
  Json json = {{"range", RangeJson(index, span)},
               {"severity", SeverityNumber(finding.severity)},
               {"code", finding.rule->id},
               {"source", "plimsoll"},
               {"message", MessageOf(finding)}};
  if (!documentation.empty()) {
    json["codeDescription"] = {{"href", absl::StrCat(documentation, "/", finding.rule->id, ".md")}};
  }
  return json;
}

}  // namespace

Utf16Index::Utf16Index(absl::string_view text) : text_(text) {
  line_starts_.push_back(0);
  for (size_t at = text.find_first_of("\r\n"); at != absl::string_view::npos;
       at = text.find_first_of("\r\n", at)) {
    at += text.substr(at, 2) == "\r\n" ? size_t{2} : size_t{1};
    line_starts_.push_back(static_cast<uint32_t>(at));
  }
}

Place Utf16Index::At(uint32_t byte) {
  byte = std::min(byte, static_cast<uint32_t>(text_.size()));
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), byte);
  const auto line = static_cast<uint32_t>(after - line_starts_.begin() - 1);
  if (line != known_.line || byte < known_byte_) {
    known_ = {.line = line};
    known_byte_ = line_starts_[line];
  }
  while (known_byte_ < byte) {
    const auto lead = static_cast<unsigned char>(text_[known_byte_]);
    if (known_byte_ + BytesOf(lead) > byte) break;  // within a character: its start
    known_byte_ += BytesOf(lead);
    known_.character += UnitsOf(lead);
  }
  return known_;
}

uint32_t Utf16Index::Byte(Place place) const {
  if (place.line >= line_starts_.size()) return static_cast<uint32_t>(text_.size());
  uint32_t byte = line_starts_[place.line];
  for (uint32_t units = 0; units < place.character && byte < text_.size();) {
    const char character = text_[byte];
    if (character == '\n' || character == '\r') break;
    const auto lead = static_cast<unsigned char>(character);
    units += UnitsOf(lead);
    if (units > place.character) break;
    byte += BytesOf(lead);
  }
  return std::min(byte, static_cast<uint32_t>(text_.size()));
}

Json RangeJson(Utf16Index& index, Span span) {
  const auto json = [](Place place) -> Json {
    return {{"line", place.line}, {"character", place.character}};
  };
  const Place start = index.At(span.begin);
  const Place end = index.At(span.end);
  return {{"start", json(start)}, {"end", json(end)}};
}

Json DiagnosticsJson(const Report& report, uint32_t migration, absl::string_view documentation) {
  const absl::Span<const Finding> findings = report::FindingsOf(report, migration);
  Utf16Index index(report.history.migrations()[migration].script->source->text());
  Json diagnostics = Json::array();
  for (const Finding& finding : findings.subspan(0, kMaxDiagnostics)) {
    diagnostics.push_back(DiagnosticJson(finding, finding.span, index, documentation));
    // Each part that it speaks of is underlined.
    for (const Span span : finding.also) {
      if (diagnostics.size() == kMaxDiagnostics) break;
      diagnostics.push_back(DiagnosticJson(finding, span, index, documentation));
    }
  }
  if (findings.size() > kMaxDiagnostics) {
    const Finding& first_left_out = findings[kMaxDiagnostics];
    diagnostics.push_back({{"range", RangeJson(index, first_left_out.span)},
                           {"severity", SeverityNumber(Severity::kNote)},
                           {"source", "plimsoll"},
                           {"message", absl::StrCat(findings.size() - kMaxDiagnostics,
                                                    " more findings from here on are not shown; "
                                                    "`plimsoll lint` lists them all")}});
  }
  return diagnostics;
}

}  // namespace plimsoll::server
