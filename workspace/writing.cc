#include "workspace/writing.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "workspace/files.h"
#include "workspace/version.h"

namespace plimsoll {
namespace {

constexpr size_t kStampDigits = 14;
constexpr size_t kMillisecondDigits = 13;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

std::string DigitsOf(absl::string_view version) {
  std::string digits;
  std::copy_if(version.begin(), version.end(), std::back_inserter(digits), IsDigit);
  return digits;
}

// The fourteen digits that come after `last`, which are a time, or nearly one.
std::string LaterStamp(const std::string& last, int64_t now) {
  const std::string stamp =
      absl::FormatTime("%Y%m%d%H%M%S", absl::FromUnixSeconds(now), absl::UTCTimeZone());
  if (stamp > last) return stamp;
  const std::string next = NextSecond(last);
  return next.empty() ? NextNumber(last) : next;
}

bool ParseDay(absl::string_view digits, absl::CivilDay* day) {
  return absl::ParseCivilTime(
      absl::StrCat(digits.substr(0, 4), "-", digits.substr(4, 2), "-", digits.substr(6)), day);
}

// On one line: what follows it is not the author's SQL.
std::string OneLine(absl::string_view description) {
  std::string line(description);
  for (char& c : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return line;
}

// What the author fills in, as the documents that describe the layout want it.
std::string HeaderOf(absl::string_view description, int64_t now, bool down) {
  return absl::StrCat(
      "-- Migration: ", description, down ? " (rollback)" : "", "\n-- Created at: ",
      absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixSeconds(now), absl::UTCTimeZone()),
      "\n-- Affects tables: \n-- Risk Level: \n\n");
}

struct Pair {
  std::string up;
  std::string down;  // empty: none
};

// The paths below the project's root.
Pair PathsOf(Layout layout, const std::string& version, const std::string& slug) {
  const std::string name = absl::StrCat(version, "_", slug);
  switch (layout) {
    case Layout::kStages:
      return {absl::StrCat("planned/", name, ".sql"), absl::StrCat("rollbacks/", name, ".sql")};
    case Layout::kUpDown:
      return {absl::StrCat("up/", name, ".sql"), absl::StrCat("down/", name, ".sql")};
    case Layout::kNumbered:
      return {absl::StrCat(name, ".sql"), absl::StrCat("rollbacks/", version, "_rollback.sql")};
    case Layout::kPrisma:
      return {absl::StrCat(name, "/migration.sql"), ""};
    case Layout::kDiesel:
    case Layout::kHasura:
      return {absl::StrCat(name, "/up.sql"), absl::StrCat(name, "/down.sql")};
    case Layout::kGolangMigrate:
    case Layout::kPopx:
    case Layout::kSqlx:
      return {absl::StrCat(name, ".up.sql"), absl::StrCat(name, ".down.sql")};
    case Layout::kFlyway:
      return {absl::StrCat("V", version, "__", slug, ".sql"),
              absl::StrCat("U", version, "__", slug, ".sql")};
    case Layout::kRefinery:
      return {absl::StrCat("V", version, "__", slug, ".sql"), ""};
    case Layout::kPostgrator:
      return {absl::StrCat(version, ".do.", slug, ".sql"),
              absl::StrCat(version, ".undo.", slug, ".sql")};
    case Layout::kYoyo:
      return {absl::StrCat(name, ".sql"), absl::StrCat(name, ".rollback.sql")};
    default:
      return {absl::StrCat(name, ".sql"), ""};
  }
}

// The highest version of the ups that the runner takes; empty where there is none. Not the last
// one's: what is planned may be older than what is tested.
std::string HighestVersion(const Project& project) {
  std::string highest;
  for (const Migration& migration : project.inputs.migrations) {
    const bool counts = !migration.down && !migration.stray && !migration.schema;
    if (counts && NaturalLess(highest, migration.version)) highest = migration.version;
  }
  return highest;
}

// Whether the ups of the project have downs in files: not all who could write any.
bool UsesDowns(const Project& project) {
  const std::vector<Migration>& all = project.inputs.migrations;
  return std::any_of(all.begin(), all.end(),
                     [](const Migration& migration) { return migration.down; });
}

}  // namespace

std::string SlugOf(absl::string_view description) {
  std::string slug;
  for (const char c : description) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      slug += absl::ascii_tolower(static_cast<unsigned char>(c));
    } else if (!slug.empty() && slug.back() != '_') {
      slug += '_';
    }
  }
  if (!slug.empty() && slug.back() == '_') slug.pop_back();
  return slug;
}

std::string NextVersion(absl::string_view last, int64_t now) {
  const std::string digits = DigitsOf(last);
  const bool century = absl::string_view(digits).substr(0, 2) == "20";
  if (century && digits.size() >= kStampDigits) {
    std::string later = LaterStamp(digits.substr(0, kStampDigits), now);
    later.append(digits.size() - kStampDigits, '0');
    // The dashes stand where they stood.
    std::string version(last);
    size_t next = 0;
    for (char& c : version) {
      if (IsDigit(c)) c = later[next++];
    }
    return version;
  }
  absl::CivilDay day;
  const bool dated =
      century && digits.size() == 8 && digits.size() == last.size() && ParseDay(digits, &day);
  if (dated) {
    const absl::CivilDay today = absl::ToCivilDay(absl::FromUnixSeconds(now), absl::UTCTimeZone());
    return absl::StrReplaceAll(absl::FormatCivilTime(std::max(today, day + 1)), {{"-", ""}});
  }
  if (digits.size() == kMillisecondDigits && digits.size() == last.size()) {
    const std::string milliseconds = absl::StrCat(now * 1000);
    return milliseconds > digits ? milliseconds : NextNumber(digits);
  }
  const size_t dot = last.find_last_of("._-");
  const size_t begin = dot == absl::string_view::npos ? 0 : dot + 1;
  return absl::StrCat(last.substr(0, begin), NextNumber(last.substr(begin)));
}

absl::StatusOr<std::vector<FileChange>> NewMigration(const Project& project,
                                                     absl::string_view description_given,
                                                     int64_t now) {
  const std::string description = OneLine(description_given);
  const Convention& convention = ConventionOf(project.layout);
  const std::string slug = SlugOf(description);
  if (slug.empty()) {
    return absl::InvalidArgumentError("say in a few words what the migration does");
  }
  const std::string last = HighestVersion(project);
  if (!convention.new_file || last.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", project.root, "\" (", convention.name, "): ",
                     convention.new_file ? "no file has a version to go on from"
                                         : "its runner makes new migrations itself"));
  }
  const std::string version = NextVersion(last, now);
  Pair pair = PathsOf(project.layout, version, slug);
  const bool optional_down = project.layout == Layout::kSqlx || project.layout == Layout::kFlyway;
  if (optional_down && !UsesDowns(project)) {
    if (project.layout == Layout::kSqlx) pair.up = absl::StrCat(version, "_", slug, ".sql");
    pair.down.clear();
  }
  const bool headed = project.layout == Layout::kStages || project.layout == Layout::kUpDown ||
                      project.layout == Layout::kNumbered;
  const std::string up =
      headed ? HeaderOf(description, now, false) : absl::StrCat("-- ", description, "\n");
  std::vector<FileChange> files = {{.path = JoinPath(project.root, pair.up),
                                    .created = true,
                                    .after = FileWith(project.layout, up, /*alone=*/false)}};
  if (project.layout == Layout::kGoose) files[0].after += "\n-- +goose Down\n";
  if (project.layout == Layout::kTern) {
    files[0].after += "\n---- create above / drop below ----\n\n";
  }
  if (project.layout == Layout::kNodePgMigrate) {
    files[0].after = absl::StrCat("-- Up Migration\n", up, "\n-- Down Migration\n");
  }
  if (!pair.down.empty()) {
    files.push_back({.path = JoinPath(project.root, pair.down),
                     .created = true,
                     .after = headed ? HeaderOf(description, now, true)
                                     : absl::StrCat("-- undoes: ", description, "\n")});
  }
  for (const FileChange& file : files) {
    if (!CheckExists(file.path).ok()) continue;
    return absl::AlreadyExistsError(absl::StrCat("\"", file.path, "\" is there already"));
  }
  return files;
}

}  // namespace plimsoll
