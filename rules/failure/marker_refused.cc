#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

struct Line {
  absl::string_view text;  // without its end
  uint32_t begin = 0;      // bytes from the start of the file
};

std::vector<Line> LinesOf(const Script& script) {
  const absl::string_view text = script.source->text();
  std::vector<Line> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    lines.push_back(
        {absl::StripSuffix(line, "\r"), static_cast<uint32_t>(line.data() - text.data())});
  }
  return lines;
}

bool SaysNothing(const Line& line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line.text);
  return text.empty() || absl::StartsWith(text, "--");
}

bool IsIndented(const Line& line) {
  return !line.text.empty() && absl::ascii_isspace(static_cast<unsigned char>(line.text[0]));
}

// Why a runner does not run the file. At no line: of the file as a whole.
struct Refusal {
  const Line* at = nullptr;
  std::string why;
  bool passes_over = false;  // the runner goes on, without what stands there
};

// sqlparser/parser.go, ParseSQLMigration and extractAnnotation.
class GooseReader {
 public:
  std::optional<Refusal> Read(const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      const absl::string_view text = absl::StripAsciiWhitespace(line.text);
      const bool marker = absl::StartsWith(text, "--") && absl::StrContains(text, "+goose");
      std::string why;
      if (marker) {
        why = IsIndented(line) ? "a blank stands before the marker" : Take(line);
      } else if (section_ == Section::kNone && !SaysNothing(line)) {
        why = "a statement stands before `-- +goose Up`";
      }
      if (!why.empty()) return Refusal{&line, why};
    }
    if (section_ == Section::kNone) return Refusal{nullptr, "it has no `-- +goose Up`"};
    if (block_ != nullptr) return Refusal{block_, "no `-- +goose StatementEnd` follows"};
    return std::nullopt;
  }

 private:
  enum class Section { kNone, kUp, kDown };

  std::string Take(const Line& line) {
    std::string command = absl::StrReplaceAll(line.text, {{"--", ""}});
    command.replace(command.find("+goose"), 6, "");
    absl::StripAsciiWhitespace(&command);
    const auto is = [&](absl::string_view word) { return absl::EqualsIgnoreCase(command, word); };
    if (is("Up")) return Enter(Section::kNone, Section::kUp);
    if (is("Down")) return Enter(Section::kUp, Section::kDown);
    if (is("StatementBegin")) {
      const bool misplaced = section_ == Section::kNone || block_ != nullptr;
      block_ = &line;
      return misplaced ? "`StatementBegin` stands outside of a section, or in a block" : "";
    }
    if (is("StatementEnd")) {
      const bool misplaced = block_ == nullptr;
      block_ = nullptr;
      return misplaced ? "no `StatementBegin` stands before it" : "";
    }
    if (is("NO TRANSACTION") || is("ENVSUB ON") || is("ENVSUB OFF")) return "";
    return absl::StrCat("it knows no marker ", Quoted(command));
  }

  std::string Enter(Section from, Section to) {
    if (block_ != nullptr) return "no `StatementEnd` stands before it";
    const bool misplaced = section_ != from;
    section_ = to;
    if (!misplaced) return "";
    return to == Section::kUp ? "it is not the first section" : "it does not stand behind one `Up`";
  }

  Section section_ = Section::kNone;
  const Line* block_ = nullptr;  // that begins the block
};

// dbmate/migration.go: getMigrationSectionSubstrings and parseMigrationSection. There may be
// several pairs of an up and its down.
std::optional<Refusal> RefusedByDbmate(const std::vector<Line>& lines) {
  const Line* up = nullptr;  // whose down has not come
  bool began = false;
  for (const Line& line : lines) {
    absl::string_view text = absl::StripLeadingAsciiWhitespace(line.text);
    const bool comment = absl::ConsumePrefix(&text, "--");
    text = absl::StripLeadingAsciiWhitespace(text);
    const absl::string_view word = text.substr(0, text.find_first_of(" \t"));
    const bool ups = comment && word == "migrate:up";
    const bool downs = comment && word == "migrate:down";
    if ((ups || downs) && IsIndented(line)) {
      return Refusal{&line, "a blank stands before the marker"};
    }
    if (ups && up != nullptr) return Refusal{&line, "no `migrate:down` follows the `up` before it"};
    if (downs && up == nullptr) return Refusal{&line, "no `migrate:up` stands before it"};
    if (ups || downs) up = ups ? &line : nullptr;
    began = began || ups;
    if (!began && !SaysNothing(line)) {
      return Refusal{&line, "a statement stands before `-- migrate:up`"};
    }
  }
  if (!began) return Refusal{nullptr, "it has no `-- migrate:up`"};
  if (up != nullptr) return Refusal{up, "no `-- migrate:down` follows"};
  return std::nullopt;
}

// sqlparse/sqlparse.go, ParseMigration and parseCommand. What it does not understand it passes
// over.
std::optional<Refusal> RefusedBySqlMigrate(const std::vector<Line>& lines) {
  constexpr absl::string_view kMarkers[] = {"Up", "Down", "StatementBegin", "StatementEnd"};
  bool section = false;
  const Line* block = nullptr;
  std::optional<Refusal> skipped;
  for (const Line& line : lines) {
    absl::string_view text = line.text;
    const bool marker = absl::ConsumePrefix(&text, "-- +migrate ");
    const absl::string_view word = text.substr(0, text.find_first_of(" \t"));
    if (marker && absl::StripAsciiWhitespace(text).empty()) {
      return Refusal{&line, "the marker says nothing"};
    }
    const bool unknown = marker && !absl::c_linear_search(kMarkers, word);
    const bool before = !marker && !section && !SaysNothing(line);
    if (!skipped && unknown) skipped = Refusal{&line, "it knows no such marker", true};
    if (!skipped && before) skipped = Refusal{&line, "no section has begun", true};
    if (!marker) continue;
    if (word == "Up" || word == "Down") section = true;
    if (word == "StatementBegin" && section) block = &line;
    if (word == "StatementEnd") block = nullptr;
  }
  if (!section) return Refusal{nullptr, "it has neither `-- +migrate Up` nor `-- +migrate Down`"};
  if (block != nullptr) return Refusal{block, "no `-- +migrate StatementEnd` follows"};
  return skipped;
}

enum class Runner { kOther, kGoose, kDbmate, kSqlMigrate };

// By what its files say: one of them alone may say nothing.
Runner RunnerOf(const History& history) {
  if (history.downs() != Downs::kSections) return Runner::kOther;
  for (const Migration& migration : history.migrations()) {
    const absl::string_view text = migration.script->source->text();
    if (absl::StrContains(text, "+goose ")) return Runner::kGoose;
    if (absl::StrContains(text, "migrate:up")) return Runner::kDbmate;
    if (absl::StrContains(text, "+migrate Up")) return Runner::kSqlMigrate;
  }
  return Runner::kOther;
}

std::optional<Refusal> RefusalOf(Runner runner, const std::vector<Line>& lines) {
  if (runner == Runner::kGoose) return GooseReader().Read(lines);
  if (runner == Runner::kDbmate) return RefusedByDbmate(lines);
  return RefusedBySqlMigrate(lines);
}

absl::string_view NameOf(Runner runner) {
  return runner == Runner::kGoose ? "goose" : runner == Runner::kDbmate ? "dbmate" : "sql-migrate";
}

}  // namespace

PLIMSOLL_RULE(marker_refused) = {
    .id = "marker-refused",
    .family = Family::kFailure,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "goose, dbmate or sql-migrate stops at a file, or skips a part, over its markers",
    .why = "the runner stops with an error before it runs the file, and what comes behind it",
    .help =
        "write the markers as the runner's documentation shows them, each at the start of a line",
    .docs = R"md(
goose asks for `-- +goose Up`, before anything else, and takes no other words than its own:

```sql
-- layout: goose
--- 00001_account.sql
-- +goose Up
create table account (id bigint primary key);
-- +goose Down
drop table account;
--- 00002_note.sql
 -- +goose Up
--^^^^^^^^^^^ marker-refused: goose refuses the file: a blank stands before the marker
create table note (id bigint primary key);
--- 00003_state.sql
create table state (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ marker-refused: goose refuses the file: a statement stands before `-- +goose Up`
--- 00004_nothing.sql
-- nothing yet
--^^^^^^^^^^^^ marker-refused: goose refuses the file: it has no `-- +goose Up`
--- 00005_begin.sql
-- +goose Up
-- +goose Begin
--^^^^^^^^^^^^^ marker-refused: goose refuses the file: it knows no marker `Begin`
create table kind (id bigint primary key);
```

```sql
-- layout: goose
--- 00001_account.sql
-- Accounts, at last.

-- +goose Up
-- +goose NO TRANSACTION
-- +goose StatementBegin
create table account (id bigint primary key);
-- +goose StatementEnd
-- +goose Down
drop table account;
```

dbmate asks for both sections, the up before the down, even where the down is empty:

```sql
-- layout: dbmate
--- 20250101000000_account.sql
-- migrate:up
create table account (id bigint primary key);
-- migrate:down
drop table account;
--- 20250102000000_note.sql
-- migrate:up
--^^^^^^^^^^^ marker-refused: dbmate refuses the file: no `-- migrate:down` follows
create table note (id bigint primary key);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const Runner runner = RunnerOf(history);
          if (runner == Runner::kOther) return;
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Migration& migration = history.migrations()[m];
            if (migration.stray || migration.schema) continue;
            const std::vector<Line> lines = LinesOf(*migration.script);
            const std::optional<Refusal> refusal = RefusalOf(runner, lines);
            if (!refusal) continue;
            Complaint complaint = OfFile(
                history, m,
                absl::StrCat(NameOf(runner),
                             refusal->passes_over ? " passes over this: " : " refuses the file: ",
                             refusal->why));
            if (refusal->passes_over) {
              complaint.why = "the migration counts as applied, and this has never run";
            }
            if (refusal->at != nullptr) {
              const auto size = static_cast<uint32_t>(refusal->at->text.size());
              complaint.span = {refusal->at->begin, refusal->at->begin + size};
            }
            report(std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
