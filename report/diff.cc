#include "report/diff.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace plimsoll::report {
namespace {

constexpr size_t kContext = 3;

using Lines = std::vector<absl::string_view>;

// With their line feeds.
Lines SplitLines(absl::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t feed = text.find('\n');
    const size_t size = feed == absl::string_view::npos ? text.size() : feed + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// One line of the result: of both texts, or of one.
struct Line {
  char mark = ' ';  // `-` of the old text, `+` of the new one
  absl::string_view text;
};

// Fixes change few lines in a row: where the texts part, the nearest place is looked for where they
// go on together. The result need not be the shortest, and a long text costs no more than it must.
class Differ {
 public:
  Differ(const Lines& before, const Lines& after) : a_(before), b_(after) {}

  std::vector<Line> Run() {
    size_t x = 0;
    size_t y = 0;
    while (x < a_.size() || y < b_.size()) {
      const Gap gap = x < a_.size() && y < b_.size() && a_[x] == b_[y] ? Gap() : NextGap(x, y);
      for (size_t i = 0; i < gap.removed; ++i) lines_.push_back({'-', a_[x++]});
      for (size_t i = 0; i < gap.added; ++i) lines_.push_back({'+', b_[y++]});
      if (x == a_.size() || y == b_.size()) continue;
      lines_.push_back({' ', a_[x++]});
      ++y;
    }
    return std::move(lines_);
  }

 private:
  // Lines of the old text, and of the new one, before they are the same again.
  struct Gap {
    size_t removed = 0;
    size_t added = 0;
  };
  // Beyond that many lines the rest is said to be another text.
  static constexpr size_t kFarthest = 2000;
  // One equal line, a blank one or a parenthesis, is no sign that the texts go on together.
  static constexpr size_t kTogether = 2;

  bool GoOnTogether(size_t x, size_t y) const {
    for (size_t i = 0; i < kTogether; ++i, ++x, ++y) {
      if (x == a_.size() || y == b_.size()) return x == a_.size() && y == b_.size();
      if (a_[x] != b_[y]) return false;
    }
    return true;
  }

  Gap NextGap(size_t x, size_t y) const {
    const size_t left = a_.size() - x;
    const size_t right = b_.size() - y;
    for (size_t both = 1; both <= std::min(left + right, kFarthest); ++both) {
      for (size_t removed = both > right ? both - right : 0; removed <= std::min(both, left);
           ++removed) {
        if (GoOnTogether(x + removed, y + both - removed)) return {removed, both - removed};
      }
    }
    return {left, right};
  }

  const Lines& a_;
  const Lines& b_;
  std::vector<Line> lines_;
};

// `12,7`: where a hunk stands in one of the texts. An empty part is named by the line before it.
std::string Place(size_t first, size_t count) {
  return absl::StrCat(count == 0 ? first : first + 1, ",", count);
}

void AppendHunk(const std::vector<Line>& lines, size_t begin, size_t end, size_t old_first,
                size_t new_first, std::string* out) {
  size_t old_count = 0;
  size_t new_count = 0;
  for (size_t i = begin; i < end; ++i) {
    old_count += lines[i].mark == '+' ? 0U : 1U;
    new_count += lines[i].mark == '-' ? 0U : 1U;
  }
  absl::StrAppend(out, "@@ -", Place(old_first, old_count), " +", Place(new_first, new_count),
                  " @@\n");
  for (size_t i = begin; i < end; ++i) {
    absl::StrAppend(out, absl::string_view(&lines[i].mark, 1), lines[i].text);
    if (!absl::EndsWith(lines[i].text, "\n")) *out += "\n\\ No newline at end of file\n";
  }
}

void AppendHunks(const std::vector<Line>& lines, std::string* out) {
  size_t old_line = 0;
  size_t new_line = 0;
  size_t at = 0;  // of which the two above are the numbers
  for (size_t i = 0; i < lines.size();) {
    if (lines[i].mark == ' ') {
      ++i;
      continue;
    }
    // Changes with less than two contexts between them are one hunk.
    size_t last = i;
    for (size_t j = i; j < lines.size() && j <= last + 2 * kContext; ++j) {
      if (lines[j].mark != ' ') last = j;
    }
    const size_t begin = std::max(at, i < kContext ? 0 : i - kContext);
    const size_t end = std::min(lines.size(), last + 1 + kContext);
    for (; at < begin; ++at) {
      old_line += lines[at].mark == '+' ? 0U : 1U;
      new_line += lines[at].mark == '-' ? 0U : 1U;
    }
    AppendHunk(lines, begin, end, old_line, new_line, out);
    i = end;
  }
}

}  // namespace

std::string UnifiedDiff(absl::string_view path, absl::string_view before, absl::string_view after,
                        bool created) {
  if (before == after) return "";
  absl::ConsumePrefix(&path, "/");
  const Lines old_lines = SplitLines(before);
  const Lines new_lines = SplitLines(after);
  std::string diff = absl::StrCat("diff --git a/", path, " b/", path, "\n");
  if (created) diff += "new file mode 100644\n";
  absl::StrAppend(&diff, created ? "--- /dev/null" : absl::StrCat("--- a/", path), "\n+++ b/", path,
                  "\n");
  AppendHunks(Differ(old_lines, new_lines).Run(), &diff);
  return diff;
}

}  // namespace plimsoll::report
