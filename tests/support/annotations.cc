#include "tests/support/annotations.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "workspace/convention.h"

namespace plimsoll::testing_support {
namespace {

constexpr absl::string_view kEllipsis = "…";

absl::Status LineError(size_t line, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", message));
}

uint32_t TakeWhile(absl::string_view& text, absl::string_view characters) {
  uint32_t count = 0;
  while (!text.empty() && absl::StrContains(characters, text.front())) {
    text.remove_prefix(1);
    ++count;
  }
  return count;
}

// The columns, the id and the text of an annotation; nothing where it has no id.
std::optional<Mark> ParseMark(absl::string_view line) {
  Mark mark;
  const uint32_t indent = TakeWhile(line, " \t");
  absl::ConsumePrefix(&line, "--");
  const bool shifted = absl::ConsumePrefix(&line, "<");
  const uint32_t blanks = TakeWhile(line, " \t");
  const uint32_t carets = TakeWhile(line, "^");
  // The three ways to write a span, by where it starts: under the dashes, with the dashes, behind.
  if (shifted) {
    mark.column = indent + 1;
    mark.length = carets;
  } else if (blanks == 0) {
    mark.column = indent + 1;
    mark.length = carets + 2;
  } else {
    mark.column = indent + 2 + blanks + 1;
    mark.length = carets;
  }
  mark.continues = absl::ConsumePrefix(&line, kEllipsis);
  line = absl::StripAsciiWhitespace(line);
  const size_t id_end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-");
  mark.rule = std::string(line.substr(0, id_end));
  line.remove_prefix(mark.rule.size());
  if (mark.rule.empty()) return std::nullopt;
  if (!line.empty() && !absl::ConsumePrefix(&line, ":")) return std::nullopt;
  mark.text = std::string(absl::StripAsciiWhitespace(line));
  return mark;
}

bool IsDirective(absl::string_view line) {
  return absl::StartsWith(line, "-- server:") || absl::StartsWith(line, "-- transaction:") ||
         absl::StartsWith(line, "-- option:") || absl::StartsWith(line, "-- rows:") ||
         absl::StartsWith(line, "-- layout:") || absl::StartsWith(line, "-- rules:");
}

absl::Status ApplyDirective(absl::string_view line, size_t number, Example& example) {
  absl::ConsumePrefix(&line, "-- ");
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(line, absl::MaxSplits(':', 1));
  const absl::string_view value = absl::StripAsciiWhitespace(parts.second);
  if (parts.first == "server") {
    if (!absl::SimpleAtoi(value, &example.server_version) ||
        example.server_version < kOldestServer || example.server_version > kNewestServer) {
      return LineError(number, absl::StrCat("`server` takes a version from ", kOldestServer, " to ",
                                            kNewestServer));
    }
  } else if (parts.first == "option" || parts.first == "rows") {
    const std::pair<absl::string_view, absl::string_view> set =
        absl::StrSplit(value, absl::MaxSplits(" = ", 1));
    if (parts.first == "option") {
      example.options.emplace(set.first, set.second);
    } else if (!absl::SimpleAtod(set.second, &example.rows[std::string(set.first)])) {
      return LineError(number, "`rows` takes a table and a number: public.account = 5");
    }
  } else if (parts.first == "layout") {
    example.layout = std::string(value);
  } else if (parts.first == "transaction") {
    if (value == "none") {
      example.wrapping = Wrapping::kNone;
    } else if (value == "file") {
      example.wrapping = Wrapping::kFile;
    } else if (value == "around-forbidden") {
      example.wrapping = Wrapping::kAroundForbidden;
    } else if (value == "message") {
      example.wrapping = Wrapping::kMessage;
    } else if (value == "goose") {
      example.wrapping = Wrapping::kFile;
      example.outside = std::string(ConventionOf(Layout::kGoose).outside);
    } else if (value == "golang-migrate") {
      example.wrapping = Wrapping::kMessage;
      example.outside = std::string(ConventionOf(Layout::kGolangMigrate).outside);
    } else {
      return LineError(number,
                       "`transaction` is `none`, `file`, `message`, `around-forbidden`, `goose` or "
                       "`golang-migrate`");
    }
  } else {
    for (absl::string_view id : absl::StrSplit(value, ',')) {
      example.rules.emplace_back(absl::StripAsciiWhitespace(id));
    }
  }
  return absl::OkStatus();
}

// Reads a text line by line. The parts of the grammar in the order in which they may stand:
// directives and comments, then files (or one file without a header), each of code and marks.
class ExampleParser {
 public:
  explicit ExampleParser(absl::string_view default_name) : default_name_(default_name) {}

  absl::Status Take(absl::string_view line, size_t number) {
    Example::Line& entry = example_.lines.emplace_back();
    entry.text = std::string(line);
    const absl::string_view bare = absl::StripSuffix(line, "\r");
    if (IsDirective(bare)) {
      if (started_) return LineError(number, "a directive must stand above all code");
      return ApplyDirective(bare, number, example_);
    }
    if (absl::StartsWith(bare, "--- ")) return TakeHeader(bare.substr(4), number);
    if (LooksLikeMark(bare)) return TakeMark(bare, number, entry);
    TakeCode(line, entry);
    return absl::OkStatus();
  }

  Example Finish() && { return std::move(example_); }

 private:
  absl::Status TakeHeader(absl::string_view name, size_t number) {
    name = absl::StripAsciiWhitespace(name);
    if (name.empty()) return LineError(number, "`---` takes the name of a file");
    if (started_ && !has_headers_) {
      return LineError(number, "code stands above the first `---` line");
    }
    // Comments above the first header speak of the whole example and belong to no file.
    if (!has_headers_) {
      example_.files.clear();
      for (Example::Line& line : example_.lines) line.kind = Example::Line::Kind::kOther;
    }
    has_headers_ = true;
    started_ = true;
    example_.files.push_back({.name = std::string(name), .text = ""});
    lines_in_file_ = 0;
    return absl::OkStatus();
  }

  absl::Status TakeMark(absl::string_view line, size_t number, Example::Line& entry) {
    if (lines_in_file_ == 0) return LineError(number, "no code above these carets");
    std::optional<Mark> mark = ParseMark(line);
    if (!mark) {
      return LineError(number, "an annotation is `-- ^^^ rule-id` or `-- ^^^ rule-id: message`");
    }
    started_ = true;
    entry.kind = Example::Line::Kind::kMark;
    entry.index = static_cast<uint32_t>(example_.expected.size());
    mark->file = static_cast<uint32_t>(example_.files.size() - 1);
    mark->line = lines_in_file_;
    example_.expected.push_back(*std::move(mark));
    return absl::OkStatus();
  }

  void TakeCode(absl::string_view line, Example::Line& entry) {
    if (example_.files.empty()) {
      example_.files.push_back({.name = std::string(default_name_), .text = ""});
    }
    const absl::string_view bare = absl::StripAsciiWhitespace(line);
    if (!bare.empty() && !absl::StartsWith(bare, "--")) started_ = true;
    entry.kind = Example::Line::Kind::kCode;
    entry.file = static_cast<uint32_t>(example_.files.size() - 1);
    entry.line = ++lines_in_file_;
    absl::StrAppend(&example_.files.back().text, line, "\n");
  }

  absl::string_view default_name_;
  Example example_;
  bool started_ = false;      // code or a header was seen: no more directives
  bool has_headers_ = false;  // the text is cut into files
  uint32_t lines_in_file_ = 0;
};

bool SamePlace(const Mark& a, const Mark& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column && a.length == b.length &&
         a.continues == b.continues;
}

bool Holds(const Mark& expected, const Mark& actual) {
  return SamePlace(expected, actual) && expected.rule == actual.rule &&
         absl::StrContains(actual.text, expected.text);
}

// Pairs expected with actual marks, each at most once.
struct Pairing {
  std::vector<bool> expected_holds;
  std::vector<bool> actual_expected;
};

Pairing Pair(const Example& example, absl::Span<const Mark> actual) {
  Pairing pairing{std::vector<bool>(example.expected.size()), std::vector<bool>(actual.size())};
  for (size_t e = 0; e < example.expected.size(); ++e) {
    for (size_t a = 0; a < actual.size(); ++a) {
      if (pairing.actual_expected[a] || !Holds(example.expected[e], actual[a])) continue;
      pairing.expected_holds[e] = true;
      pairing.actual_expected[a] = true;
      break;
    }
  }
  return pairing;
}

// The line of the original text, 1-based, that holds this line of code; 0 where there is none.
size_t OriginalLine(const Example& example, uint32_t file, uint32_t line) {
  for (size_t i = 0; i < example.lines.size(); ++i) {
    const Example::Line& entry = example.lines[i];
    if (entry.kind == Example::Line::Kind::kCode && entry.file == file && entry.line == line) {
      return i + 1;
    }
  }
  return 0;
}

std::string CodeOf(const Example& example, const Mark& mark) {
  const size_t line = OriginalLine(example, mark.file, mark.line);
  return line == 0 ? "" : example.lines[line - 1].text;
}

}  // namespace

bool LooksLikeMark(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "--")) return false;
  if (absl::StartsWith(line, "<^")) return true;
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "^");
}

absl::StatusOr<Example> ParseExample(absl::string_view text, absl::string_view default_name) {
  ExampleParser parser(default_name);
  // A line feed ends a line: what follows the last one is a line only where there is something.
  const bool ends_in_line_feed = absl::ConsumeSuffix(&text, "\n");
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::Status status = parser.Take(line, ++number);
    if (!status.ok()) return status;
  }
  Example example = std::move(parser).Finish();
  if (ends_in_line_feed) {
    example.lines.emplace_back();
  } else if (!example.files.empty() && !example.files.back().text.empty()) {
    example.files.back().text.pop_back();
  }
  return example;
}

std::string FormatMark(const Mark& mark, absl::string_view code_line) {
  // Blanks reach up to the column; tabs of the code are repeated, so that carets stand below it.
  std::string blanks;
  for (absl::string_view rest = code_line; blanks.size() + 1 < mark.column;) {
    blanks.push_back(!rest.empty() && rest.front() == '\t' ? '\t' : ' ');
    if (!rest.empty()) rest.remove_prefix(1);
    while (!rest.empty() && (static_cast<unsigned char>(rest.front()) & 0xC0U) == 0x80U) {
      rest.remove_prefix(1);
    }
  }
  std::string line;
  if (mark.column > 3) {
    line = absl::StrCat("--", blanks.substr(2), std::string(mark.length, '^'));
  } else if (mark.length > 2) {
    line = absl::StrCat(blanks, "--", std::string(mark.length - 2, '^'));
  } else {
    line = absl::StrCat(blanks, "--<", std::string(mark.length, '^'));
  }
  if (mark.continues) absl::StrAppend(&line, kEllipsis);
  absl::StrAppend(&line, " ", mark.rule);
  if (!mark.text.empty()) absl::StrAppend(&line, ": ", mark.text);
  return line;
}

std::vector<std::string> Disagreements(const Example& example, absl::Span<const Mark> actual,
                                       absl::string_view where) {
  const Pairing pairing = Pair(example, actual);
  std::vector<std::string> disagreements;
  for (size_t i = 0; i < example.lines.size(); ++i) {
    const Example::Line& line = example.lines[i];
    if (line.kind != Example::Line::Kind::kMark || pairing.expected_holds[line.index]) continue;
    disagreements.push_back(absl::StrCat(where, ":", i + 1,
                                         ": this finding did not come; if that is right, remove "
                                         "the line\n",
                                         line.text));
  }
  for (size_t a = 0; a < actual.size(); ++a) {
    if (pairing.actual_expected[a]) continue;
    const std::string code = CodeOf(example, actual[a]);
    disagreements.push_back(absl::StrCat(
        where, ":", OriginalLine(example, actual[a].file, actual[a].line),
        ": a finding came that is not written down; if it is right, add the line below the code\n",
        code, "\n", FormatMark(actual[a], code)));
  }
  return disagreements;
}

std::string WithMarks(const Example& example, absl::Span<const Mark> actual) {
  const Pairing pairing = Pair(example, actual);
  std::vector<std::string> lines;
  for (size_t i = 0; i < example.lines.size();) {
    const Example::Line& code = example.lines[i++];
    lines.push_back(code.text);
    if (code.kind != Example::Line::Kind::kCode) continue;
    while (i < example.lines.size() && example.lines[i].kind == Example::Line::Kind::kMark) {
      const Example::Line& mark = example.lines[i++];
      if (pairing.expected_holds[mark.index]) lines.push_back(mark.text);
    }
    for (size_t a = 0; a < actual.size(); ++a) {
      if (pairing.actual_expected[a] || actual[a].file != code.file ||
          actual[a].line != code.line) {
        continue;
      }
      lines.push_back(FormatMark(actual[a], code.text));
    }
  }
  return absl::StrJoin(lines, "\n");
}

std::vector<MarkdownBlock> SqlBlocks(absl::string_view markdown) {
  std::vector<MarkdownBlock> blocks;
  std::optional<MarkdownBlock> open;
  bool other_fence = false;  // inside a block of another language
  uint32_t number = 0;
  for (size_t begin = 0; begin < markdown.size();) {
    const size_t feed = markdown.find('\n', begin);
    const size_t next = feed == absl::string_view::npos ? markdown.size() : feed + 1;
    const absl::string_view line =
        absl::StripTrailingAsciiWhitespace(markdown.substr(begin, next - begin));
    ++number;
    if (open && line == "```") {
      open->end = begin;
      blocks.push_back(*open);
      open.reset();
    } else if (!open && other_fence) {
      other_fence = line != "```";
    } else if (!open && line == "```sql") {
      open = MarkdownBlock{.begin = next, .end = next, .line = number + 1};
    } else if (!open && absl::StartsWith(line, "```")) {
      other_fence = true;
    }
    begin = next;
  }
  return blocks;
}

}  // namespace plimsoll::testing_support
