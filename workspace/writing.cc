#include "workspace/writing.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "analyzer/checking/digest.h"
#include "nlohmann/json.hpp"
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

std::string DateOf(const Authorship& by, absl::string_view format) {
  return absl::FormatTime(format, absl::FromUnixSeconds(by.now), absl::UTCTimeZone());
}

// `[NAME]` is known for a placeholder once the file does something.
std::string AuthorOf(const Authorship& by) { return by.name.empty() ? "[NAME]" : by.name; }

// `name` is `003_add_note`.
std::string UpHeader(Layout layout, absl::string_view description, absl::string_view name,
                     const Authorship& by) {
  constexpr absl::string_view kRisk = "\n-- Affects tables:\n-- Risk Level: [low|medium|high]\n";
  switch (layout) {
    case Layout::kStages:
      return absl::StrCat("-- Migration: ", description,
                          "\n-- Created at: ", DateOf(by, "%Y-%m-%d %H:%M:%S UTC"), kRisk,
                          "\nBEGIN;\n\nCOMMIT;\n");
    case Layout::kNumbered:
      return absl::StrCat("-- Migration: ", description, "\n-- Date: ", DateOf(by, "%Y-%m-%d"),
                          kRisk);
    case Layout::kUpDown:
      return absl::StrCat("-- Migration: ", name, "\n-- Author: ", AuthorOf(by),
                          "\n-- Date: ", DateOf(by, "%Y-%m-%d"), "\n-- Purpose: ", description,
                          "\n\nBEGIN;\n\nCOMMIT;\n");
    case Layout::kTimestamped:
      return absl::StrCat("-- Migration: ", description, "\n-- Date: ", DateOf(by, "%Y-%m-%d"),
                          "\n");
    default:
      return absl::StrCat("-- ", description, "\n");
  }
}

std::string DownHeader(Layout layout, absl::string_view description, absl::string_view name,
                       const Authorship& by) {
  switch (layout) {
    case Layout::kStages:
      return absl::StrCat("-- Rollback: ", description,
                          "\n-- Created at: ", DateOf(by, "%Y-%m-%d %H:%M:%S UTC"),
                          "\n\nBEGIN;\n\nCOMMIT;\n");
    case Layout::kNumbered:
      return absl::StrCat("-- Rollback: ", description, "\n-- Date: ", DateOf(by, "%Y-%m-%d"),
                          "\n");
    case Layout::kUpDown:
      return absl::StrCat("-- Rollback: ", name, "\n-- Author: ", AuthorOf(by),
                          "\n-- Date: ", DateOf(by, "%Y-%m-%d"), "\n-- Purpose: Rollback for ",
                          name, "\n\nBEGIN;\n\nCOMMIT;\n");
    default:
      return absl::StrCat("-- undoes: ", description, "\n");
  }
}

// The project's template with what stands in its braces.
absl::StatusOr<std::string> Filled(const Authorship& by, absl::string_view description,
                                   absl::string_view version) {
  const std::pair<absl::string_view, std::string> known[] = {
      {"title", std::string(description)},
      {"version", std::string(version)},
      {"date", DateOf(by, "%Y-%m-%d")},
      {"time", DateOf(by, "%Y-%m-%d %H:%M:%S UTC")},
      {"author", AuthorOf(by)}};
  std::string filled;
  absl::string_view rest = by.template_text;
  for (;;) {
    const size_t open = rest.find("{{");
    const size_t close = open == rest.npos ? rest.npos : rest.find("}}", open);
    if (close == rest.npos) break;
    absl::StrAppend(&filled, rest.substr(0, open));
    const absl::string_view word =
        absl::StripAsciiWhitespace(rest.substr(open + 2, close - open - 2));
    const auto* const found = std::find_if(std::begin(known), std::end(known),
                                           [&](const auto& one) { return one.first == word; });
    if (found == std::end(known)) {
      const auto before =
          absl::string_view(by.template_text)
              .substr(0, static_cast<size_t>(rest.data() + open - by.template_text.data()));
      return absl::InvalidArgumentError(
          absl::StrCat(by.template_path, ":", std::count(before.begin(), before.end(), '\n') + 1,
                       ": there is no {{", word,
                       "}}; there are {{title}}, {{version}}, {{date}}, {{time}} and {{author}}"));
    }
    absl::StrAppend(&filled, found->second);
    rest.remove_prefix(close + 2);
  }
  return absl::StrCat(filled, rest);
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

absl::Status CannotMake(const Project& project, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", project.root, "\" (", ConventionOf(project.layout).name, "): ", why));
}

// What Diesel makes before the first migration (`00000000000000_diesel_initial_setup`), and Prisma
// of a database that was there before (`0_init`): those that follow have their times.
bool IsBeforeAllTimes(Layout layout, absl::string_view version) {
  const std::string digits = DigitsOf(version);
  return digits.find_first_not_of('0') == std::string::npos &&
         (digits.size() == kStampDigits || layout == Layout::kPrisma);
}

// Of the migration that comes next.
absl::StatusOr<std::string> VersionFor(const Project& project, const Authorship& by) {
  const std::string last = HighestVersion(project);
  const absl::string_view first = ConventionOf(project.layout).first;
  const bool begins = last.empty() || IsBeforeAllTimes(project.layout, last);
  if (last.empty() && (!project.inputs.migrations.empty() || first.empty())) {
    return CannotMake(project, "no file has a version to go on from");
  }
  if (begins) return absl::FormatTime(first, absl::FromUnixSeconds(by.now), absl::UTCTimeZone());
  std::string next = NextVersion(last, by.now);
  // `1000_` is less than `999_`, and so is any longer number.
  if (ComparesTexts(project.layout) && absl::StrCat(next, "_") < absl::StrCat(last, "_")) {
    return CannotMake(project, absl::StrCat("its runner compares names as texts, and to it ", next,
                                            " comes before ", last,
                                            ": give all of its files longer versions first, "
                                            "where no database has run them"));
  }
  return next;
}

// Whether the ups of the project have downs in files: not all who could write any.
bool UsesDowns(const Project& project) {
  const std::vector<Migration>& all = project.inputs.migrations;
  return std::any_of(all.begin(), all.end(),
                     [](const Migration& migration) { return migration.down; });
}

// What the sections of a file begin and end with, around what the author writes.
std::string InSections(Layout layout, absl::string_view up) {
  if (layout == Layout::kNodePgMigrate) {
    return absl::StrCat("-- Up Migration\n", up, "\n-- Down Migration\n");
  }
  const std::string file = FileWith(layout, up, /*alone=*/false);
  if (layout == Layout::kGoose) return absl::StrCat(file, "\n-- +goose Down\n");
  if (layout == Layout::kTern) {
    return absl::StrCat(file, "\n---- create above / drop below ----\n\n");
  }
  return file;
}

// Without numbers, yoyo's order is what the files ask for: this one is to come after the last.
std::string LastName(const Project& project) {
  std::string last;
  for (const Migration& migration : project.inputs.migrations) {
    if (!migration.down && !migration.stray && !migration.schema) {
      last = std::string(NameOf(migration.script->source->name()));
    }
  }
  return last.substr(0, last.rfind(".sql"));
}

absl::StatusOr<std::vector<FileChange>> NewFiles(const Project& project,
                                                 const std::string& description,
                                                 const std::string& slug, const Authorship& by) {
  const Convention& convention = ConventionOf(project.layout);
  if (!convention.new_file) {
    return CannotMake(project,
                      "a new migration needs a snapshot of the schema: `drizzle-kit generate "
                      "--custom` makes both");
  }
  const bool by_name = project.layout == Layout::kYoyo && HighestVersion(project).empty() &&
                       !project.inputs.migrations.empty();
  absl::StatusOr<std::string> next = by_name ? "" : VersionFor(project, by);
  if (!next.ok()) return next.status();
  const std::string& version = *next;
  Pair pair = PathsOf(project.layout, version, slug);
  if (by_name) pair = {absl::StrCat(slug, ".sql"), absl::StrCat(slug, ".rollback.sql")};
  const bool optional_down = project.layout == Layout::kSqlx || project.layout == Layout::kFlyway;
  if (optional_down && !UsesDowns(project)) {
    if (project.layout == Layout::kSqlx) pair.up = absl::StrCat(version, "_", slug, ".sql");
    pair.down.clear();
  }
  const std::string name = absl::StrCat(version, "_", slug);
  absl::StatusOr<std::string> up = by.template_path.empty()
                                       ? UpHeader(project.layout, description, name, by)
                                       : Filled(by, description, version);
  if (!up.ok()) return up.status();
  if (by_name) up = absl::StrCat("-- depends: ", LastName(project), "\n", *up);
  std::vector<FileChange> files = {{.path = JoinPath(project.root, pair.up),
                                    .created = true,
                                    .after = InSections(project.layout, *up)}};
  if (!pair.down.empty()) {
    files.push_back({.path = JoinPath(project.root, pair.down),
                     .created = true,
                     .after = DownHeader(project.layout, description, name, by)});
  }
  return files;
}

// A file of one changeset. Its author is a word.
absl::StatusOr<std::vector<FileChange>> NewChangelog(const Project& project,
                                                     const std::string& description,
                                                     const std::string& slug,
                                                     const Authorship& by) {
  const absl::StatusOr<std::string> version = VersionFor(project, by);
  if (!version.ok()) return version.status();
  const std::string author = SlugOf(by.name);
  if (author.empty()) {
    return CannotMake(project, "a changeset has an author: git config user.name \"Your Name\"");
  }
  const std::string name = absl::StrCat(*version, "_", slug);
  return std::vector<FileChange>{
      {.path = JoinPath(project.root, absl::StrCat(name, ".sql")),
       .created = true,
       .after = absl::StrCat("--liquibase formatted sql\n\n--changeset ", author, ":", slug,
                             "\n--comment: ", description, "\n")}};
}

// What the line `%project=shop` of the plan says.
absl::string_view ProjectOf(absl::string_view plan) {
  for (absl::string_view line : absl::StrSplit(plan, '\n')) {
    if (absl::ConsumePrefix(&line, "%project=")) return absl::StripAsciiWhitespace(line);
  }
  return "";
}

// Three scripts, and a line of the plan, which ends with the change that came last.
absl::StatusOr<std::vector<FileChange>> NewChange(const Project& project,
                                                  const std::string& description,
                                                  const std::string& slug, const Authorship& by) {
  if (by.name.empty() || by.email.empty()) {
    return CannotMake(project,
                      "its plan names who planned a change: git config user.name \"Your Name\", "
                      "git config user.email you@example.org");
  }
  const std::string path = JoinPath(project.root, "sqitch.plan");
  absl::StatusOr<std::string> plan = ReadFile(path);
  if (!plan.ok()) return plan.status();
  const std::string change = absl::StrCat(ProjectOf(*plan), ":", slug);
  const absl::string_view gap = absl::EndsWith(*plan, "\n") ? "" : "\n";
  const auto script = [&](absl::string_view folder, absl::string_view title,
                          absl::string_view end) {
    return FileChange{.path = JoinPath(project.root, absl::StrCat(folder, "/", slug, ".sql")),
                      .created = true,
                      .after = absl::StrCat("-- ", title, "\n\nBEGIN;\n\n", end, ";\n")};
  };
  std::vector<FileChange> files = {
      script("deploy", absl::StrCat("Deploy ", change, " to pg"), "COMMIT"),
      script("revert", absl::StrCat("Revert ", change, " from pg"), "COMMIT"),
      script("verify", absl::StrCat("Verify ", change, " on pg"), "ROLLBACK")};
  files.push_back({.path = path,
                   .before = *plan,
                   .after = absl::StrCat(*plan, gap, slug, " ", DateOf(by, "%Y-%m-%dT%H:%M:%SZ"),
                                         " ", by.name, " <", by.email, "> # ", description, "\n")});
  return files;
}

// What stands in a file that may not be there yet.
absl::StatusOr<FileChange> Rewriting(const std::string& path) {
  if (!CheckExists(path).ok()) return FileChange{.path = path, .created = true};
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return FileChange{.path = path, .before = *std::move(text)};
}

absl::StatusOr<std::string> Beginning(const Project& project, const std::string& description,
                                      const std::string& version, const Authorship& by) {
  if (!by.template_path.empty()) return Filled(by, description, version);
  return UpHeader(project.layout, description, "", by);
}

// A file and a line of the journal, as `drizzle-kit generate --custom` makes them. The snapshot
// that it copies as well says nothing new: without it the next one follows the snapshot before.
absl::StatusOr<std::vector<FileChange>> NewEntry(const Project& project,
                                                 const std::string& description,
                                                 const std::string& slug, const Authorship& by) {
  using nlohmann::ordered_json;
  absl::StatusOr<FileChange> change = Rewriting(JoinPath(project.root, "meta/_journal.json"));
  if (!change.ok()) return change.status();
  ordered_json journal = {
      {"version", "7"}, {"dialect", "postgresql"}, {"entries", ordered_json::array()}};
  if (!change->created) journal = ordered_json::parse(change->before, nullptr, false);
  if (!journal.is_object() || !journal["entries"].is_array()) {
    return CannotMake(project, "meta/_journal.json is not a journal of drizzle-kit");
  }
  // The migrator runs what is later than the latest that ran.
  int64_t index = -1;
  int64_t when = by.now * 1000;
  for (const ordered_json& entry : journal["entries"]) {
    index = std::max(index, entry.value("idx", int64_t{-1}));
    when = std::max(when, entry.value("when", int64_t{0}) + 1);
  }
  ++index;
  std::string number = absl::StrCat(index);
  number.insert(0, 4 - std::min<size_t>(number.size(), 4), '0');
  const std::string tag = absl::StrCat(number, "_", slug);
  absl::StatusOr<std::string> text = Beginning(project, description, number, by);
  if (!text.ok()) return text.status();
  journal["entries"].push_back({{"idx", index},
                                {"version", journal.value("version", "7")},
                                {"when", when},
                                {"tag", tag},
                                {"breakpoints", true}});
  change->after = journal.dump(2);
  if (absl::EndsWith(change->before, "\n")) change->after += '\n';
  return std::vector<FileChange>{{.path = JoinPath(project.root, absl::StrCat(tag, ".sql")),
                                  .created = true,
                                  .after = *std::move(text)},
                                 *std::move(change)};
}

// The text of atlas.sum for files in the order of their names (sql/migrate/dir.go, NewHashFile).
std::string AtlasSumOf(const std::map<std::string, std::string>& files) {
  Sha256 chain;
  Sha256 total;
  std::string lines;
  for (const auto& [name, text] : files) {
    chain.Add(name);
    if (absl::StrContains(text.substr(0, text.find('\n')), "atlas:sum ignore")) continue;
    chain.Add(text);
    const std::string hash = absl::Base64Escape(chain.Bytes());
    total.Add(name);
    total.Add(hash);
    absl::StrAppend(&lines, name, " h1:", hash, "\n");
  }
  return absl::StrCat("h1:", absl::Base64Escape(total.Bytes()), "\n", lines);
}

// A file, and the hashes of all files with it. Hashes that are wrong already are nothing to pass
// over: somebody has to see what changed.
absl::StatusOr<std::vector<FileChange>> NewHashed(const Project& project,
                                                  const std::string& description,
                                                  const std::string& slug, const Authorship& by) {
  const absl::StatusOr<std::string> version = VersionFor(project, by);
  if (!version.ok()) return version.status();
  absl::StatusOr<std::string> text = Beginning(project, description, *version, by);
  if (!text.ok()) return text.status();
  absl::StatusOr<FileChange> sum = Rewriting(JoinPath(project.root, "atlas.sum"));
  if (!sum.ok()) return sum.status();
  std::map<std::string, std::string> files;
  for (const auto& [name, is_folder] : ListFolder(project.root)) {
    if (is_folder || !absl::EndsWith(name, ".sql")) continue;
    absl::StatusOr<std::string> held = ReadFile(JoinPath(project.root, name));
    if (!held.ok()) return held.status();
    files.emplace(name, *std::move(held));
  }
  if (!sum->created && sum->before != AtlasSumOf(files)) {
    return CannotMake(project,
                      "atlas.sum is not what its files give: see what changed, and then "
                      "`atlas migrate hash`");
  }
  const std::string name = absl::StrCat(*version, "_", slug, ".sql");
  files.emplace(name, *text);
  sum->after = AtlasSumOf(files);
  return std::vector<FileChange>{
      {.path = JoinPath(project.root, name), .created = true, .after = *std::move(text)},
      *std::move(sum)};
}

// graphile-migrate has one migration at a time that is being written, and `graphile-migrate commit`
// gives it its number, its hash, and a name by its message.
absl::StatusOr<std::vector<FileChange>> NewCurrent(const Project& project,
                                                   const std::string& description,
                                                   const Authorship& by) {
  const bool elsewhere =
      !project.inputs.migrations.empty() && !IsFolder(JoinPath(project.root, "committed"));
  if (elsewhere) {
    return CannotMake(project, "its current migration lies beside `committed/`, which is not here");
  }
  if (IsFolder(JoinPath(project.root, "current"))) {
    return CannotMake(project, "its current migration is in `current/`: add a file there");
  }
  absl::StatusOr<FileChange> current = Rewriting(JoinPath(project.root, "current.sql"));
  if (!current.ok()) return current.status();
  const Script script =
      ParseScript(std::make_shared<const Source>(current->path, std::string(current->before)));
  if (!script.statements.empty()) {
    return CannotMake(project,
                      "current.sql holds a migration: `graphile-migrate commit` makes room");
  }
  const std::string body = by.template_path.empty() ? "-- Enter migration here\n" : "";
  current->after = absl::StrCat("--! Message: ", description, "\n\n", body);
  if (body.empty()) {
    absl::StatusOr<std::string> filled = Filled(by, description, "");
    if (!filled.ok()) return filled.status();
    current->after += *filled;
  }
  return std::vector<FileChange>{*std::move(current)};
}

absl::StatusOr<std::vector<FileChange>> NewOf(const Project& project,
                                              const std::string& description,
                                              const std::string& slug, const Authorship& by) {
  switch (project.layout) {
    case Layout::kSqitch:
      return NewChange(project, description, slug, by);
    case Layout::kLiquibase:
      return NewChangelog(project, description, slug, by);
    case Layout::kDrizzle:
      return NewEntry(project, description, slug, by);
    case Layout::kAtlas:
      return NewHashed(project, description, slug, by);
    case Layout::kGraphile:
      return NewCurrent(project, description, by);
    default:
      return NewFiles(project, description, slug, by);
  }
}

}  // namespace

Project EmptyProject(const std::string& folder, Layout layout, std::string why) {
  Project project;
  project.root = TidyPath(folder);
  project.layout = layout;
  project.why = std::move(why);
  project.inputs.downs = ConventionOf(layout).downs;
  return project;
}

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
                                                     const Authorship& by) {
  const std::string description = OneLine(description_given);
  const std::string slug = SlugOf(description);
  if (slug.empty()) {
    return absl::InvalidArgumentError("say in a few words what the migration does");
  }
  absl::StatusOr<std::vector<FileChange>> files = NewOf(project, description, slug, by);
  if (!files.ok()) return files;
  for (const FileChange& file : *files) {
    if (!file.created || !CheckExists(file.path).ok()) continue;
    return absl::AlreadyExistsError(absl::StrCat("\"", file.path, "\" is there already"));
  }
  return files;
}

}  // namespace plimsoll
