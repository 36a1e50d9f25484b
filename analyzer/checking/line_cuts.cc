#include "analyzer/checking/line_cuts.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kGoose = "+goose";
constexpr absl::string_view kSqlMigrate = "-- +migrate ";

bool IsGoose(const Script& script) {
  return std::any_of(script.comments.begin(), script.comments.end(), [&](const Comment& comment) {
    return absl::StrContains(script.source->Text(comment.span), kGoose);
  });
}

// Walks over the lines as the runner does.
class LineReader {
 public:
  LineReader(absl::string_view text, bool goose) : text_(text), goose_(goose) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      Read(at, absl::StripSuffix(text.substr(at, end - at), "\r"));
      at = end + 1;
    }
    EndSection(text.size());
  }

  // The semicolons that end statements for it, and what stands at the end of a section without.
  const std::vector<uint32_t>& ends() const { return ends_; }
  const std::vector<Span>& unended() const { return unended_; }

 private:
  void Read(size_t at, absl::string_view line) {
    const std::string command = CommandOf(line);
    if (command == "up" || command == "down") {
      EndSection(at);
      in_section_ = true;
    }
    if (command == "statementbegin") in_block_ = in_section_;
    if (command == "statementend") {
      in_block_ = false;
      begin_.reset();
    }
    if (!command.empty() || !in_section_ || in_block_ || IsPassedOver(line)) return;
    const size_t first = line.find_first_not_of(" \t");
    if (!begin_ && first != absl::string_view::npos) begin_ = static_cast<uint32_t>(at + first);
    const absl::string_view last = LastWord(line);
    if (!absl::EndsWith(last, ";")) return;
    ends_.push_back(static_cast<uint32_t>(last.data() + last.size() - 1 - text_.data()));
    begin_.reset();
  }

  // The words of a line that is its runner's, in lower case; empty: it is none.
  std::string CommandOf(absl::string_view line) const {
    if (!goose_) {
      if (!absl::ConsumePrefix(&line, kSqlMigrate)) return "";
      const std::vector<absl::string_view> words = absl::StrSplit(
          absl::StripLeadingAsciiWhitespace(line), absl::ByAnyChar(" \t"), absl::SkipEmpty());
      return words.empty() ? "-" : absl::AsciiStrToLower(words[0]);
    }
    const size_t found = line.find(kGoose);
    const bool comment = absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "--");
    if (found == absl::string_view::npos || !comment) return "";
    line.remove_prefix(found + kGoose.size());
    return absl::AsciiStrToLower(absl::StripAsciiWhitespace(line));
  }

  bool IsPassedOver(absl::string_view line) const {
    if (!goose_) return absl::StartsWith(line, "-- ");
    return !begin_ && absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "--");
  }

  // The last one before a comment. Words are what blanks part, so quotes mean nothing.
  static absl::string_view LastWord(absl::string_view line) {
    absl::string_view last;
    for (const absl::string_view word :
         absl::StrSplit(line, absl::ByAnyChar(" \t\v\f\r"), absl::SkipEmpty())) {
      if (absl::StartsWith(word, "--")) break;
      last = word;
    }
    return last;
  }

  void EndSection(size_t end) {
    if (begin_ && !in_block_) unended_.push_back({*begin_, static_cast<uint32_t>(end)});
    begin_.reset();
    in_block_ = false;
  }

  absl::string_view text_;
  bool goose_;
  bool in_section_ = false;
  bool in_block_ = false;
  std::optional<uint32_t> begin_;  // of what has no end yet
  std::vector<uint32_t> ends_;
  std::vector<Span> unended_;
};

// What of the script stands at a place, or begins in a part of it.
class Places {
 public:
  explicit Places(const Script& script) : script_(script) {}

  // The statement, without its semicolon, or the block comment that holds the byte.
  std::optional<Miscut> Around(uint32_t byte) const {
    const auto begins_before = [&](const auto& one) { return one.span.begin <= byte; };
    const auto& statements = script_.statements;
    const auto statement =
        std::partition_point(statements.begin(), statements.end(), begins_before);
    if (statement != statements.begin() && byte < std::prev(statement)->span.end) {
      return Of(std::prev(statement));
    }
    const auto& comments = script_.comments;
    const auto comment = std::partition_point(comments.begin(), comments.end(), begins_before);
    if (comment == comments.begin() || byte >= std::prev(comment)->span.end) return std::nullopt;
    return Miscut{.statement = Complaint::kWholeFile, .span = std::prev(comment)->span};
  }

  // The first statement that ends in that part, else the first comment in it.
  std::optional<Miscut> Within(Span part) const {
    const auto& statements = script_.statements;
    const auto statement =
        std::partition_point(statements.begin(), statements.end(),
                             [&](const Statement& one) { return one.span.end <= part.begin; });
    if (statement != statements.end() && statement->span.end <= part.end) return Of(statement);
    const auto comment =
        std::partition_point(script_.comments.begin(), script_.comments.end(),
                             [&](const Comment& one) { return one.span.begin < part.begin; });
    if (comment == script_.comments.end() || comment->span.end > part.end) return std::nullopt;
    return Miscut{.statement = Complaint::kWholeFile, .span = comment->span};
  }

 private:
  std::optional<Miscut> Of(std::vector<Statement>::const_iterator statement) const {
    if (statement->problem) return std::nullopt;
    return Miscut{.statement = static_cast<uint32_t>(statement - script_.statements.begin()),
                  .span = statement->span};
  }

  const Script& script_;
};

// Puts the statement into a block, where it is alone on its lines.
std::optional<Fix> InBlock(absl::string_view text, Span span, bool goose) {
  const size_t line = text.rfind('\n', span.begin) + 1;  // npos + 1 is 0
  const size_t semicolon = text.find_first_not_of(" \t\r\n", span.end);
  if (semicolon == absl::string_view::npos || text[semicolon] != ';') return std::nullopt;
  const size_t end = std::min(text.find('\n', semicolon), text.size());
  const absl::string_view rest =
      absl::StripLeadingAsciiWhitespace(text.substr(semicolon + 1, end - semicolon - 1));
  const bool ends_line = rest.empty() || absl::StartsWith(rest, "--");
  if (!absl::StripAsciiWhitespace(text.substr(line, span.begin - line)).empty() || !ends_line) {
    return std::nullopt;
  }
  const absl::string_view marker = goose ? "-- +goose " : kSqlMigrate;
  const auto begin = static_cast<uint32_t>(line);
  const auto after = static_cast<uint32_t>(end);
  return Fix{
      .title = "hold the statement together",
      .edits = {{.span = {begin, begin}, .text = absl::StrCat(marker, "StatementBegin\n")},
                {.span = {after, after}, .text = absl::StrCat("\n", marker, "StatementEnd")}}};
}

// Ends the last statement of its section.
std::optional<Fix> Ended(absl::string_view text, Span span, Span part) {
  const absl::string_view rest = text.substr(span.end, part.end - span.end);
  if (!absl::StripAsciiWhitespace(rest).empty()) return std::nullopt;
  return Fix{.title = "end the statement", .edits = {{.span = {span.end, span.end}, .text = ";"}}};
}

}  // namespace

absl::string_view LineRunnerOf(const Script& script) {
  return IsGoose(script) ? "goose" : "sql-migrate";
}

std::vector<Miscut> MiscutsOf(const Script& script) {
  std::vector<Miscut> miscuts;
  if (!script.cut_at_lines) return miscuts;
  const absl::string_view text = script.source->text();
  const bool goose = IsGoose(script);
  const LineReader reader(text, goose);
  const Places places(script);
  absl::flat_hash_set<uint32_t> cut;  // by where it begins
  for (const uint32_t end : reader.ends()) {
    std::optional<Miscut> miscut = places.Around(end);
    if (!miscut || !cut.insert(miscut->span.begin).second) continue;
    if (miscut->statement != Complaint::kWholeFile)
      miscut->fix = InBlock(text, miscut->span, goose);
    miscuts.push_back(*std::move(miscut));
  }
  for (const Span& part : reader.unended()) {
    std::optional<Miscut> miscut = places.Within(part);
    if (!miscut) continue;
    miscut->unended = true;
    if (miscut->statement != Complaint::kWholeFile) miscut->fix = Ended(text, miscut->span, part);
    // Of what was cut in the middle it is the rest.
    if (cut.insert(miscut->span.begin).second) miscuts.push_back(*std::move(miscut));
  }
  std::sort(miscuts.begin(), miscuts.end(),
            [](const Miscut& a, const Miscut& b) { return a.span.begin < b.span.begin; });
  return miscuts;
}

}  // namespace plimsoll
