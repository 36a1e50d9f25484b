#include "workspace/baseline.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "analyzer/checking/digest.h"
#include "analyzer/syntax/lexer.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

constexpr size_t kDigits = 16;

// The code of the statement that the finding is about, its tokens with one blank between; of a
// whole file none.
std::string WordsOf(const Report& report, const Finding& finding) {
  if (finding.statement == Complaint::kWholeFile) return "";
  const Script& script = *report.history.migrations()[finding.migration].script;
  const absl::string_view text = script.source->Text(script.statements[finding.statement].span);
  std::string words;
  Lexer lexer(text);
  for (Token token; lexer.NextCode(&token);) {
    absl::StrAppend(&words, text.substr(token.span.begin, token.span.size()), " ");
  }
  return words;
}

// From the folder of the baseline.
std::string PathOf(const Report& report, const Finding& finding, const std::string& folder) {
  const Migration& migration = report.history.migrations()[finding.migration];
  return PathFrom(folder, AbsolutePath(migration.script->source->name()));
}

std::string FingerprintOf(const Report& report, const Finding& finding, const std::string& folder) {
  return Sha256Hex(absl::StrCat(finding.rule->id, "\n", PathOf(report, finding, folder), "\n",
                                WordsOf(report, finding)))
      .substr(0, kDigits);
}

bool IsFingerprint(absl::string_view word) {
  return word.size() == kDigits && std::all_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace

std::string RenderBaseline(absl::Span<const Report> reports, const std::string& folder) {
  std::vector<std::string> lines;
  for (const Report& report : reports) {
    for (const Finding& finding : report.findings) {
      lines.push_back(absl::StrCat(FingerprintOf(report, finding, folder), " ", finding.rule->id,
                                   " ", PathOf(report, finding, folder)));
    }
  }
  // By file, so that a merge finds what belongs together in one place.
  std::sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
    return std::pair(absl::string_view(a).substr(a.rfind(' ')), absl::string_view(a)) <
           std::pair(absl::string_view(b).substr(b.rfind(' ')), absl::string_view(b));
  });
  const std::string text = absl::StrJoin(lines, "\n");
  return text.empty() ? "" : absl::StrCat(text, "\n");
}

absl::StatusOr<Baseline> ReadBaseline(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  Baseline baseline;
  baseline.folder = ParentOf(AbsolutePath(path));
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    ++number;
    const absl::string_view said = absl::StripAsciiWhitespace(line);
    if (said.empty() || said[0] == '#') continue;
    const absl::string_view word = said.substr(0, said.find(' '));
    if (!IsFingerprint(word)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": not a fingerprint; `plimsoll baseline` writes them"));
    }
    ++baseline.how_often[std::string(word)];
  }
  return baseline;
}

void TakeOut(Baseline& baseline, Report& report) {
  std::vector<Finding> kept;
  for (Finding& finding : report.findings) {
    const auto known = baseline.how_often.find(FingerprintOf(report, finding, baseline.folder));
    if (known == baseline.how_often.end() || known->second == 0) {
      kept.push_back(std::move(finding));
      continue;
    }
    --known->second;
    report.suppressed.push_back(
        {.finding = std::move(finding), .by = SuppressedFinding::By::kBaseline});
  }
  report.findings = std::move(kept);
  std::sort(report.suppressed.begin(), report.suppressed.end(),
            [](const SuppressedFinding& a, const SuppressedFinding& b) {
              return ComesBefore(a.finding, b.finding);
            });
}

}  // namespace plimsoll
