#include "workspace/layout.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/marker.h"
#include "nlohmann/json.hpp"
#include "workspace/files.h"

namespace plimsoll {
namespace {

constexpr int kStrayRank = 9;
// Flyway's: callbacks that come before all, versioned files, callbacks between them and repeatable
// ones, these, and callbacks that come after all.
constexpr int kFirstRank = -1;
constexpr int kBetweenRank = 1;
constexpr int kRepeatableRank = 2;
constexpr int kLastRank = 3;
constexpr int kCurrentRank = 1;  // graphile-migrate's, after what is committed

// How much of a file, and of how many, is looked at for a runner's markers.
constexpr size_t kMarkerBytes = 16 * 1024;
constexpr int kMarkerFiles = 5;

constexpr absl::string_view kYoyoDown = ".rollback.sql";
constexpr absl::string_view kPlanName = "sqitch.plan";
constexpr absl::string_view kJournalName = "meta/_journal.json";

struct Stage {
  absl::string_view folder;
  int rank;
};
// What has been applied ran before what is being tested. Files beside the stages are older still.
constexpr std::array<Stage, 4> kStageFolders = {
    {{"applied", 1}, {"testing", 2}, {"planned", 3}, {"rollbacks", 4}}};

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsRollbackFolder(absl::string_view name) { return name == "rollbacks" || name == "rollback"; }

absl::string_view TakeDigits(absl::string_view& text) {
  size_t length = 0;
  while (length < text.size() && IsDigit(text[length])) ++length;
  const absl::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

// The numbers at the start of a name: `0010_x` has one, `1.2_x` and `1_2_x` have two.
std::vector<std::string> NumbersOf(absl::string_view name) {
  std::vector<std::string> numbers;
  while (!name.empty() && IsDigit(name.front())) {
    numbers.emplace_back(TakeDigits(name));
    if (name.size() < 2 || !absl::StrContains("-._", name.substr(0, 1))) break;
    name.remove_prefix(1);
  }
  return numbers;
}

// A year of this century or the last, and a month and a day that exist.
bool StartsWithDate(absl::string_view digits) {
  if (digits.size() < 8) return false;
  const absl::string_view century = digits.substr(0, 2);
  const absl::string_view month = digits.substr(4, 2);
  const absl::string_view day = digits.substr(6, 2);
  return (century == "19" || century == "20") && month >= "01" && month <= "12" && day >= "01" &&
         day <= "31";
}

// These runners read the version as one number, so that a date is less than any date with a time.
bool ComparesWholeNumbers(Layout layout) {
  return layout == Layout::kGolangMigrate || layout == Layout::kSqlx || layout == Layout::kGoose ||
         layout == Layout::kTern || layout == Layout::kFlyway || layout == Layout::kRefinery ||
         layout == Layout::kPostgrator;
}

// Each migration has a folder.
bool HasFolderEach(Layout layout) {
  return layout == Layout::kDrizzleFolders || layout == Layout::kPrisma ||
         layout == Layout::kDiesel || layout == Layout::kHasura;
}

std::string Joined(const std::vector<std::string>& version) { return absl::StrJoin(version, "."); }

// What a name begins with, up to what is no part of a version: `2024-01-31-120000_x`, `1.2_x`.
std::string WrittenVersion(absl::string_view name) {
  size_t end = 0;
  while (end < name.size() &&
         (IsDigit(name[end]) ||
          (end > 0 && IsDigit(name[end - 1]) && end + 1 < name.size() && IsDigit(name[end + 1]) &&
           absl::StrContains("-.", name.substr(end, 1))))) {
    ++end;
  }
  return std::string(name.substr(0, end));
}

std::vector<std::string> VersionOf(absl::string_view name, Layout layout) {
  std::vector<std::string> numbers = NumbersOf(name);
  // 2024-01-31-120000 is 20240131120000.
  if (numbers.size() >= 3 && numbers[0].size() == 4 && numbers[1].size() == 2 &&
      numbers[2].size() == 2) {
    std::string date = absl::StrCat(numbers[0], numbers[1], numbers[2]);
    size_t used = 3;
    if (numbers.size() > 3 && numbers[3].size() == 6) {
      date += numbers[3];
      used = 4;
    }
    if (StartsWithDate(date)) {
      numbers.erase(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(used));
      numbers.insert(numbers.begin(), date);
    }
  }
  // A date stands for its midnight.
  if (!numbers.empty() && !ComparesWholeNumbers(layout) && numbers[0].size() < 14 &&
      StartsWithDate(numbers[0])) {
    numbers[0].resize(14, '0');
  }
  for (std::string& number : numbers) {
    number.erase(0, std::min(number.find_first_not_of('0'), number.size()));
  }
  return numbers;
}

bool IsVersioned(absl::string_view name) { return !name.empty() && IsDigit(name.front()); }

// These runners cut the version off at an underscore, and take no name without one behind it.
bool CutsAtUnderscore(Layout layout) {
  return layout == Layout::kTimestamped || layout == Layout::kGolangMigrate ||
         layout == Layout::kGoose || layout == Layout::kTern || layout == Layout::kSqlx;
}

bool HasUnderscoreAfterNumber(absl::string_view name) {
  TakeDigits(name);
  return absl::StartsWith(name, "_");
}

// V1.2__add_x.sql, U…, B… and R__views.sql. Flyway also takes what says nothing behind the version:
// V3.sql (ResourceNameParser.java, splitAtSeparator).
struct FlywayName {
  char prefix;
  absl::string_view version;
  bool described;
};
std::optional<FlywayName> ParseFlywayName(absl::string_view name) {
  const size_t separator = std::min(name.find("__"), name.rfind('.'));
  if (separator == absl::string_view::npos || separator == 0) return std::nullopt;
  const FlywayName parsed = {.prefix = name.front(),
                             .version = name.substr(1, separator - 1),
                             .described = absl::StartsWith(name.substr(separator), "__")};
  if (parsed.prefix == 'R') return parsed.version.empty() ? std::optional(parsed) : std::nullopt;
  // A number stands on either side of each separator (MigrationVersion.java, tokenize).
  bool numbered = IsVersioned(parsed.version);
  for (size_t i = 0; i < parsed.version.size(); ++i) {
    const bool parts = parsed.version[i] == '.' || parsed.version[i] == '_';
    numbered = numbered && (IsDigit(parsed.version[i]) || (parts && i + 1 < parsed.version.size() &&
                                                           IsDigit(parsed.version[i + 1])));
  }
  const bool known = parsed.prefix == 'V' || parsed.prefix == 'U' || parsed.prefix == 'B';
  return known && numbered ? std::optional(parsed) : std::nullopt;
}

// What Flyway runs when it does something (Event.java): `afterMigrate.sql`, `afterMigrate__x.sql`.
struct Callback {
  absl::string_view event;
  int rank;
};
constexpr int kNotMigrating = 0;
constexpr Callback kCallbacks[] = {
    {"beforeCreateSchema", kFirstRank},
    {"createSchema", kFirstRank},
    {"beforeMigrate", kFirstRank},
    {"beforeEachMigrate", kFirstRank},
    {"beforeEachMigrateStatement", kFirstRank},
    {"afterVersioned", kBetweenRank},
    {"beforeRepeatables", kBetweenRank},
    {"afterEachMigrateStatement", kLastRank},
    {"afterEachMigrate", kLastRank},
    {"afterMigrateApplied", kLastRank},
    {"afterMigrate", kLastRank},
    {"afterMigrateOperationFinish", kLastRank},
    {"afterEachMigrateStatementError", kNotMigrating},
    {"afterEachMigrateError", kNotMigrating},
    {"afterMigrateError", kNotMigrating},
    {"beforeClean", kNotMigrating},
    {"afterClean", kNotMigrating},
    {"afterCleanError", kNotMigrating},
    {"beforeUndo", kNotMigrating},
    {"beforeEachUndo", kNotMigrating},
    {"beforeEachUndoStatement", kNotMigrating},
    {"afterEachUndoStatement", kNotMigrating},
    {"afterEachUndoStatementError", kNotMigrating},
    {"afterEachUndo", kNotMigrating},
    {"afterEachUndoError", kNotMigrating},
    {"afterUndo", kNotMigrating},
    {"afterUndoError", kNotMigrating},
    {"beforeValidate", kNotMigrating},
    {"afterValidate", kNotMigrating},
    {"afterValidateError", kNotMigrating},
    {"beforeBaseline", kNotMigrating},
    {"afterBaseline", kNotMigrating},
    {"afterBaselineError", kNotMigrating},
    {"beforeRepair", kNotMigrating},
    {"afterRepair", kNotMigrating},
    {"afterRepairError", kNotMigrating},
    {"beforeInfo", kNotMigrating},
    {"afterInfo", kNotMigrating},
    {"afterInfoError", kNotMigrating},
    {"afterInfoOperationFinish", kNotMigrating},
    {"beforeConnect", kNotMigrating},
    {"afterConnect", kNotMigrating},
};

// The callback that a file is, by its name; null: none.
const Callback* CallbackOf(absl::string_view name) {
  if (absl::EndsWithIgnoreCase(name, ".sql")) name.remove_suffix(4);
  const absl::string_view event = name.substr(0, name.find("__"));
  const auto* const found = std::find_if(std::begin(kCallbacks), std::end(kCallbacks),
                                         [&](const Callback& one) { return one.event == event; });
  return found == std::end(kCallbacks) ? nullptr : found;
}

std::optional<Layout> MarkerOf(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  if (IsLiquibase(line)) return Layout::kLiquibase;
  if (line == "---- create above / drop below ----") return Layout::kTern;
  if (!absl::ConsumePrefix(&line, "--")) return std::nullopt;
  const std::string words = absl::AsciiStrToLower(absl::StripLeadingAsciiWhitespace(line));
  if (absl::StartsWith(words, "+goose ")) return Layout::kGoose;
  if (absl::StartsWith(words, "+migrate ")) return Layout::kSqlMigrate;
  if (absl::StartsWith(words, "migrate:up")) return Layout::kDbmate;
  if (absl::StartsWith(words, "up migration")) return Layout::kNodePgMigrate;
  if (absl::StartsWith(words, "! previous:")) return Layout::kGraphile;
  return std::nullopt;
}

absl::string_view MarkerWords(Layout marker) {
  if (marker == Layout::kTern) return "`---- create above / drop below ----` in the files";
  if (marker == Layout::kGoose) return "`-- +goose` markers in the files";
  if (marker == Layout::kSqlMigrate) return "`-- +migrate` markers in the files";
  if (marker == Layout::kNodePgMigrate) return "`-- Up Migration` in the files";
  if (marker == Layout::kGraphile) return "`--! Previous:` in the files";
  if (marker == Layout::kLiquibase) return "`--liquibase formatted sql` in the files";
  return "`-- migrate:up` in the files";
}

// `key = value` somewhere in a small configuration file, blanks aside.
bool Says(const std::string& path, absl::string_view setting) {
  std::string text = ReadHead(path, kMarkerBytes);
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\t'; }),
             text.end());
  return absl::StrContains(text, setting);
}

// Whether the file lies, or is called, as tests are: the others need not be looked into.
bool IsCalledATest(absl::string_view path) {
  if (absl::StrContains(absl::AsciiStrToLower(NameOf(path)), "test")) return true;
  const std::vector<absl::string_view> folders = absl::StrSplit(ParentOf(path), '/');
  return std::any_of(folders.begin(), folders.end(), [](absl::string_view folder) {
    return folder == "t" || absl::StartsWithIgnoreCase(folder, "test") || folder == "pgtap";
  });
}

// Such tests begin with `SELECT plan(11)`, or with `SELECT * FROM no_plan()`. Where Supabase keeps
// them, and Sqitch's projects, numbered files stand beside migrations.
bool IsPgTapTest(const std::string& path) {
  if (!IsCalledATest(path)) return false;
  std::string text = absl::AsciiStrToLower(ReadHead(path, kMarkerBytes));
  text.erase(std::remove_if(text.begin(), text.end(), absl::ascii_isspace), text.end());
  for (const absl::string_view begin : {"select", "select*from"}) {
    const std::string plan = absl::StrCat(begin, "plan(");
    const size_t found = text.find(plan);
    const size_t number = found == std::string::npos ? text.size() : found + plan.size();
    const bool counts =
        number < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[number]));
    if (counts || absl::StrContains(text, absl::StrCat(begin, "no_plan()"))) return true;
  }
  return false;
}

// The other database that drizzle-kit's journal or Prisma's lock names; empty: PostgreSQL, or none.
std::string OtherDatabaseOf(const std::string& path, absl::string_view key) {
  for (const absl::string_view other :
       {"mysql", "sqlite", "turso", "singlestore", "sqlserver", "mongodb", "mssql"}) {
    if (Says(path, absl::StrCat(key, "\"", other, "\""))) return std::string(other);
  }
  return "";
}

absl::StatusOr<std::map<std::string, uint32_t>> ReadJournal(const std::string& absolute) {
  const std::string path = PathFromHere(absolute);
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  const nlohmann::json journal = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const auto broken = [&path] {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read \"", path, "\": not a journal of drizzle-kit"));
  };
  if (!journal.is_object()) return broken();
  const auto entries = journal.find("entries");
  if (entries == journal.end() || !entries->is_array()) return broken();
  std::map<std::string, uint32_t> places;
  for (const nlohmann::json& entry : *entries) {
    const auto tag = entry.is_object() ? entry.find("tag") : entry.end();
    if (!entry.is_object() || tag == entry.end() || !tag->is_string()) return broken();
    places.emplace(absl::StrCat(tag->get_ref<const std::string&>(), ".sql"), places.size());
  }
  return places;
}

// `1.do.x.sql` and `1.undo.x.sql`: the word after the number.
absl::string_view PostgratorWord(absl::string_view name) {
  if (TakeDigits(name).empty() || !absl::ConsumePrefix(&name, ".")) return "";
  const absl::string_view word = name.substr(0, name.find('.'));
  return word == "do" || word == "undo" ? word : "";
}

// `20240131_x.postgres.autocommit.up.sql`, without its digits and its description.
struct DialectName {
  absl::string_view stem;  // `20240131_x`
  absl::string_view dialect;
  bool autocommit = false;
  bool down = false;
};
std::optional<DialectName> ParseDialectName(absl::string_view name) {
  DialectName parsed;
  parsed.down = absl::ConsumeSuffix(&name, ".down.sql");
  if (!parsed.down && !absl::ConsumeSuffix(&name, ".up.sql")) return std::nullopt;
  parsed.autocommit = absl::ConsumeSuffix(&name, ".autocommit");
  for (const absl::string_view dialect :
       {"postgres", "cockroach", "mysql", "sqlite3", "sqlite", "mariadb"}) {
    if (!absl::EndsWith(name, absl::StrCat(".", dialect))) continue;
    parsed.dialect = dialect;
    name.remove_suffix(dialect.size() + 1);
    break;
  }
  parsed.stem = name;
  return parsed;
}

// The changes of a plan in their order. What a change was before it was reworked is called
// `change@tag`, after a tag that stands between the two: the last one that has a script
// (App::Sqitch::Plan, rework).
absl::StatusOr<std::map<std::string, uint32_t>> ReadPlan(const std::string& root) {
  std::vector<std::string> changes;
  std::map<std::string, size_t> latest;
  std::vector<std::pair<size_t, std::string>> tags;  // how many changes stand before each
  const auto earlier_name = [&](const std::string& change, size_t place) {
    std::string name;
    for (const auto& [before, tag] : tags) {
      if (before <= place) continue;
      const std::string tagged = absl::StrCat(change, tag);
      const std::string script = absl::StrCat(root, "/deploy/", tagged, ".sql");
      if (name.empty() || CheckExists(script).ok()) name = tagged;
    }
    return name.empty() ? change : name;
  };
  const std::string path = PathFromHere(JoinPath(root, kPlanName));
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  if (!absl::StrContains(*text, "%project=")) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read \"", path, "\": not a plan of Sqitch, which says %project="));
  }
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#' || line[0] == '%') continue;
    const std::string word(line.substr(0, line.find_first_of(" \t[")));
    if (word[0] == '@') {
      tags.emplace_back(changes.size(), word);
      continue;
    }
    const auto [known, added] = latest.emplace(word, changes.size());
    if (!added) {
      changes[known->second] = earlier_name(word, known->second);
      known->second = changes.size();
    }
    changes.push_back(word);
  }
  std::map<std::string, uint32_t> places;
  for (size_t i = 0; i < changes.size(); ++i) {
    places.emplace(absl::StrCat(changes[i], ".sql"), static_cast<uint32_t>(i));
  }
  return places;
}

// What `-- depends: a b` at the top of a file of yoyo's asks for.
std::vector<std::string> DependsOf(const std::string& path) {
  const std::string head = ReadHead(path, kMarkerBytes);
  for (absl::string_view line : absl::StrSplit(head, '\n')) {
    if (!absl::ConsumePrefix(&line, "--")) break;
    line = absl::StripAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, "depends:")) {
      return absl::StrSplit(absl::StripAsciiWhitespace(line), ' ', absl::SkipEmpty());
    }
  }
  return {};
}

// Each after what it depends on, else by name. Of a circle, the first by name comes last.
class DependsOrder {
 public:
  explicit DependsOrder(std::map<std::string, std::vector<std::string>> depends)
      : depends_(std::move(depends)) {
    for (const auto& [name, wanted] : depends_) Visit(name);
  }
  std::map<std::string, uint32_t> Take() { return std::move(places_); }

 private:
  void Visit(const std::string& name) {
    const auto known = depends_.find(name);
    if (known == depends_.end() || !visited_.insert(name).second) return;
    for (const std::string& other : known->second) Visit(absl::StrCat(other, ".sql"));
    places_.emplace(name, static_cast<uint32_t>(places_.size()));
  }

  const std::map<std::string, std::vector<std::string>> depends_;
  std::set<std::string> visited_;
  std::map<std::string, uint32_t> places_;
};

}  // namespace

bool ComparesTexts(Layout layout) {
  return layout == Layout::kDbmate || layout == Layout::kAtlas || layout == Layout::kLiquibase;
}

std::string IdentityOf(const Placement& placement) {
  const bool numbered = ConventionOf(placement.layout).numbered && !placement.version.empty();
  return numbered ? Joined(placement.order.version) : "";
}

bool operator<(const OrderKey& a, const OrderKey& b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.text != b.text) return a.text < b.text;
  const size_t common = std::min(a.version.size(), b.version.size());
  for (size_t i = 0; i < common; ++i) {
    const std::string& left = a.version[i];
    const std::string& right = b.version[i];
    if (left.size() != right.size()) return left.size() < right.size();
    if (left != right) return left < right;
  }
  if (a.version.size() != b.version.size()) return a.version.size() < b.version.size();
  return NaturalLess(a.name, b.name);
}

void LayoutFinder::Remember(const std::string& path) {
  bool is_folder = false;
  for (std::string at = path; ParentOf(at) != at; at = ParentOf(at)) {
    const std::string folder = ParentOf(at);
    Listing(folder);
    if (!listings_.at(folder).emplace(NameOf(at), is_folder).second) return;
    is_folder = true;
  }
}

const std::map<std::string, bool>& LayoutFinder::Listing(const std::string& folder) {
  const auto found = listings_.find(folder);
  if (found != listings_.end()) return found->second;
  return listings_.emplace(folder, ListFolder(folder)).first->second;
}

bool LayoutFinder::HasFile(const std::string& folder, const std::string& name) {
  const std::map<std::string, bool>& entries = Listing(folder);
  const auto found = entries.find(name);
  return found != entries.end() && !found->second;
}

bool LayoutFinder::HasFolder(const std::string& folder, const std::string& name) {
  const std::map<std::string, bool>& entries = Listing(folder);
  const auto found = entries.find(name);
  return found != entries.end() && found->second;
}

bool LayoutFinder::HasVersionedFiles(const std::string& folder) {
  for (const auto& [name, is_folder] : Listing(folder)) {
    if (!is_folder && IsVersioned(name) && absl::EndsWith(name, ".sql")) return true;
  }
  return false;
}

bool LayoutFinder::HasStages(const std::string& folder) {
  int count = 0;
  for (const Stage& stage : kStageFolders) count += HasFolder(folder, std::string(stage.folder));
  return count >= 2 || HasFolder(folder, "planned");
}

const absl::StatusOr<std::map<std::string, uint32_t>>& LayoutFinder::Plan(const std::string& root) {
  const auto found = plans_.find(root);
  if (found != plans_.end()) return found->second;
  return plans_.emplace(root, ReadPlan(root)).first->second;
}

// A change's name may hold slashes, so its script may lie deeper.
absl::StatusOr<bool> LayoutFinder::PlaceInPlan(const std::string& path, Placement& placement) {
  std::string folder = ParentOf(path);
  for (; folder != "/" && folder != "."; folder = ParentOf(folder)) {
    const absl::string_view name = NameOf(folder);
    const bool script = name == "deploy" || name == "revert" || name == "verify";
    if (script && HasFile(ParentOf(folder), "sqitch.plan")) break;
  }
  if (folder == "/" || folder == ".") return false;
  placement.layout = Layout::kSqitch;
  placement.root = ParentOf(folder);
  placement.why = "`sqitch.plan` beside `deploy/`";
  placement.down = NameOf(folder) == "revert";
  if (NameOf(folder) == "verify") placement.passed_over = "verifies, and is rolled back";
  const std::string script = path.substr(folder.size() + 1);
  const absl::StatusOr<std::map<std::string, uint32_t>>& plan = Plan(placement.root);
  if (!plan.ok()) return plan.status();
  const auto place = plan->find(script);
  placement.stray = place == plan->end();
  if (placement.stray && !placement.down) placement.unlisted_in = std::string(kPlanName);
  placement.pair = script;
  placement.order = {.rank = placement.stray ? kStrayRank : 0, .name = script};
  if (!placement.stray) placement.order.version = {absl::StrCat(place->second)};
  return true;
}

bool LayoutFinder::PlaceInStages(const std::string& path, Placement& placement) {
  std::string folder = ParentOf(path);
  int rank = -1;
  if (HasStages(folder)) {
    placement.root = folder;
    rank = 0;
  }
  // applied/2025-08/x.sql lies one folder deeper, and rollbacks/ may stand in each.
  for (int depth = 0; depth < 4 && rank < 0; ++depth, folder = ParentOf(folder)) {
    placement.down = placement.down || IsRollbackFolder(NameOf(folder));
    for (const Stage& stage : kStageFolders) {
      if (NameOf(folder) != stage.folder || !HasStages(ParentOf(folder))) continue;
      placement.root = ParentOf(folder);
      rank = stage.rank;
    }
  }
  if (rank < 0) {
    placement.down = false;
    return false;
  }
  placement.layout = Layout::kStages;
  placement.why = "`planned/`, `testing/` and `applied/` are stages of one history";
  placement.order = {.rank = rank,
                     .version = VersionOf(NameOf(path), Layout::kStages),
                     .name = std::string(NameOf(path))};
  placement.version = WrittenVersion(NameOf(path));
  absl::string_view stem = absl::StripSuffix(NameOf(path), ".sql");
  if (placement.down) absl::ConsumeSuffix(&stem, "rollback");
  placement.pair = std::string(absl::StripSuffix(absl::StripSuffix(stem, "_"), "."));
  return true;
}

bool LayoutFinder::PlaceInUpDown(const std::string& path, Placement& placement) {
  const std::string folder = ParentOf(path);
  const absl::string_view direction = NameOf(folder);
  if (direction != "up" && direction != "down") return false;
  const std::string root = ParentOf(folder);
  if (!HasFolder(root, "up")) return false;
  placement.layout = Layout::kUpDown;
  placement.root = root;
  placement.why = HasFolder(root, "down") ? "`up/` beside `down/`" : "files in `up/`";
  placement.down = direction == "down";
  placement.order = {.version = VersionOf(NameOf(path), Layout::kUpDown),
                     .name = std::string(NameOf(path))};
  placement.version = WrittenVersion(NameOf(path));
  placement.pair = std::string(NameOf(path));
  return true;
}

// graphile-migrate's `committed/`, told by its files or, while there are none, by its settings.
bool LayoutFinder::IsGraphileRoot(const std::string& folder) {
  if (!HasFolder(folder, "committed")) return false;
  for (const absl::string_view settings : {".gmrc", ".gmrc.js", ".gmrc.cjs"}) {
    if (HasFile(ParentOf(folder), std::string(settings))) return true;
  }
  Flat flat;
  return InspectMarkers(JoinPath(folder, "committed"), flat) && flat.layout == Layout::kGraphile;
}

// What graphile-migrate keeps beside `committed/`: the migration that is being written, in
// `current.sql` or as the parts of one in `current/`, and what others include.
bool LayoutFinder::PlaceBesideCommitted(const std::string& path, const std::string& said,
                                        Placement& placement) {
  const std::string folder = ParentOf(path);
  const bool part = NameOf(folder) == "current";
  std::string included = folder;
  while (included != "/" && included != "." && NameOf(included) != "fixtures") {
    included = ParentOf(included);
  }
  const bool current = NameOf(path) == "current.sql" || part;
  if (!current && NameOf(included) != "fixtures") return false;
  const std::string root = !current ? ParentOf(included) : part ? ParentOf(folder) : folder;
  if (root != said && !IsGraphileRoot(root)) return false;
  placement.layout = Layout::kGraphile;
  placement.root = root;
  placement.why = "`current.sql` beside `committed/`";
  if (!current) placement.passed_over = "is what other files include";
  placement.stray = part && !IsVersioned(NameOf(path));
  placement.order = {.rank = placement.stray ? kStrayRank : kCurrentRank,
                     .version = VersionOf(NameOf(path), Layout::kGraphile),
                     .name = std::string(NameOf(path))};
  return true;
}

bool LayoutFinder::PlaceInFolderOfItsOwn(const std::string& path, Placement& placement) {
  const absl::string_view name = NameOf(path);
  const std::string folder = ParentOf(path);
  const std::string root = ParentOf(folder);
  const bool undoes = name == "down.sql";
  if (name == "migration.sql" || (undoes && HasFile(folder, "migration.sql"))) {
    const bool locked = HasFile(root, "migration_lock.toml");
    if (!locked && !IsVersioned(NameOf(folder))) return false;
    const bool drizzle = !locked && HasFile(folder, "snapshot.json");
    placement.layout = drizzle ? Layout::kDrizzleFolders : Layout::kPrisma;
    placement.why = drizzle  ? "`migration.sql` with `snapshot.json`, a folder a migration"
                    : locked ? "`migration_lock.toml` beside folders with `migration.sql`"
                             : "`migration.sql`, a folder a migration";
    const std::string other = OtherDatabaseOf(JoinPath(root, "migration_lock.toml"), "provider=");
    if (!other.empty()) placement.passed_over = absl::StrCat("is for ", other);
  } else if (name == "up.sql" || (undoes && HasFile(folder, "up.sql"))) {
    const bool hasura =
        HasFile(ParentOf(root), "config.yaml") || HasFile(ParentOf(ParentOf(root)), "config.yaml");
    placement.layout = hasura ? Layout::kHasura : Layout::kDiesel;
    placement.why = hasura ? "`up.sql`, a folder a migration, below a `config.yaml`"
                           : "`up.sql` and `down.sql`, a folder a migration";
    placement.opts_out_of_transaction =
        HasFile(folder, "metadata.toml") &&
        Says(JoinPath(folder, "metadata.toml"), "run_in_transaction=false");
  } else {
    return false;
  }
  placement.root = root;
  placement.down = undoes;
  placement.order = {.version = VersionOf(NameOf(folder), placement.layout),
                     .name = std::string(NameOf(folder))};
  placement.version = WrittenVersion(NameOf(folder));
  placement.pair = std::string(NameOf(folder));
  return true;
}

bool LayoutFinder::InspectMarkers(const std::string& folder, Flat& flat) {
  int looked_at = 0;
  for (const auto& [name, is_folder] : Listing(folder)) {
    if (is_folder || !absl::EndsWith(name, ".sql")) continue;
    if (++looked_at > kMarkerFiles) break;
    const std::string head = ReadHead(JoinPath(folder, name), kMarkerBytes);
    for (const absl::string_view line : absl::StrSplit(head, '\n')) {
      const std::optional<Layout> marker = MarkerOf(line);
      if (!marker.has_value()) continue;
      flat.layout = *marker;
      flat.why = std::string(MarkerWords(*marker));
      return true;
    }
  }
  return false;
}

// What the names of the files and of their neighbours tell, once the surer signs are absent.
LayoutFinder::Flat LayoutFinder::InspectNames(const std::string& folder) {
  const std::string parent = ParentOf(folder);
  int files = 0;
  int versioned = 0;
  for (const auto& [name, is_folder] : Listing(folder)) {
    if (is_folder || !absl::EndsWith(name, ".sql")) continue;
    ++files;
    versioned += IsVersioned(name);
  }
  if (NameOf(folder) == "migrations" && NameOf(parent) == "supabase") {
    return {.layout = Layout::kTimestamped,
            .why = "the folder is `supabase/migrations`",
            .dedicated = true};
  }
  if (versioned == 0) return {Layout::kBare, "no convention", {}};
  if (HasFile(parent, "Cargo.toml")) {
    return {Layout::kSqlx, "versioned files beside a `Cargo.toml`", {}};
  }
  for (const absl::string_view rollbacks : {"rollbacks", "rollback"}) {
    if (HasFolder(folder, std::string(rollbacks))) {
      return {Layout::kNumbered, absl::StrCat("`", rollbacks, "/` beside numbered files"), {}};
    }
  }
  if (versioned * 2 < files) return {Layout::kBare, "no convention", {}};
  return {Layout::kSequence, "names that start with a number", {}};
}

std::map<std::string, uint32_t> LayoutFinder::OrderByDepends(const std::string& folder) {
  std::map<std::string, std::vector<std::string>> depends;
  for (const auto& [name, is_folder] : Listing(folder)) {
    if (is_folder || !absl::EndsWith(name, ".sql") || absl::EndsWith(name, kYoyoDown)) continue;
    depends.emplace(name, DependsOf(JoinPath(folder, name)));
  }
  return DependsOrder(std::move(depends)).Take();
}

// `x.sql` beside `x.rollback.sql`.
bool LayoutFinder::InspectRollbackFiles(const std::string& folder, Flat& flat) {
  bool paired = false;
  for (const auto& [name, is_folder] : Listing(folder)) {
    if (is_folder || !absl::EndsWith(name, kYoyoDown)) continue;
    const absl::string_view up = absl::StripSuffix(name, kYoyoDown);
    paired = paired || HasFile(folder, absl::StrCat(up, ".sql"));
  }
  if (!paired) return false;
  flat = {Layout::kYoyo, "files end in `.rollback.sql` beside those that they undo",
          OrderByDepends(folder)};
  return true;
}

// What is said of a folder needs no sign, but the list that orders its files.
absl::StatusOr<LayoutFinder::Flat> LayoutFinder::InspectSaid(const SaidLayout& said) {
  Flat flat = {said.layout, said.why, {}};
  if (said.layout == Layout::kYoyo) flat.places = OrderByDepends(said.folder);
  if (said.layout == Layout::kDrizzle) {
    absl::StatusOr<std::map<std::string, uint32_t>> places =
        ReadJournal(JoinPath(said.folder, kJournalName));
    if (!places.ok()) return places.status();
    flat.places = *std::move(places);
  }
  return flat;
}

absl::StatusOr<LayoutFinder::Flat> LayoutFinder::InspectFlat(const std::string& folder) {
  const std::string journal = JoinPath(folder, kJournalName);
  if (HasFile(JoinPath(folder, "meta"), "_journal.json")) {
    absl::StatusOr<std::map<std::string, uint32_t>> places = ReadJournal(journal);
    if (!places.ok()) return places.status();
    const std::string other = OtherDatabaseOf(journal, "\"dialect\":");
    return Flat{Layout::kDrizzle, "`meta/_journal.json` lists the migrations", *std::move(places),
                other.empty() ? "" : absl::StrCat("is for ", other)};
  }
  const bool rust =
      HasFile(ParentOf(folder), "Cargo.toml") || HasFile(ParentOf(folder), "refinery.toml");
  bool paired = false;
  bool dialects = false;
  bool flyway = false;
  bool postgrator = false;
  for (const auto& [name, is_folder] : Listing(folder)) {
    if (is_folder || !absl::EndsWith(name, ".sql")) continue;
    const std::optional<DialectName> parsed = ParseDialectName(name);
    paired = paired || absl::EndsWith(name, ".up.sql");
    dialects = dialects || (parsed && (parsed->autocommit || !parsed->dialect.empty()));
    const std::optional<FlywayName> versioned = ParseFlywayName(name);
    flyway = flyway || (versioned && versioned->described);
    postgrator = postgrator || !PostgratorWord(name).empty();
  }
  if (dialects) return Flat{Layout::kPopx, "names such as `1_x.postgres.up.sql`", {}};
  if (paired) {
    return Flat{rust ? Layout::kSqlx : Layout::kGolangMigrate,
                rust ? "`.up.sql` files beside a `Cargo.toml`" : "files end in `.up.sql`",
                {}};
  }
  if (flyway && rust) {
    return Flat{Layout::kRefinery, "names such as `V1__x.sql` in a Rust package", {}};
  }
  if (flyway) return Flat{Layout::kFlyway, "names such as `V1__x.sql`", {}};
  if (postgrator) return Flat{Layout::kPostgrator, "names such as `1.do.x.sql`", {}};
  Flat flat;
  if (InspectRollbackFiles(folder, flat) || InspectMarkers(folder, flat)) return flat;
  if (HasFile(folder, "atlas.sum")) return Flat{Layout::kAtlas, "`atlas.sum` in the folder", {}};
  if (HasFile(folder, "tern.conf")) return Flat{Layout::kTern, "`tern.conf` in the folder", {}};
  return InspectNames(folder);
}

void LayoutFinder::PlaceFlywayFile(const std::string& folder, absl::string_view name,
                                   Placement& placement) {
  const std::optional<FlywayName> parsed = ParseFlywayName(name);
  const Callback* const callback = placement.layout == Layout::kFlyway ? CallbackOf(name) : nullptr;
  placement.stray = !parsed.has_value() && callback == nullptr;
  if (callback != nullptr) {
    placement.order.rank = callback->rank;
    placement.order.version.clear();
    placement.pair.clear();
    if (callback->rank == kNotMigrating) placement.passed_over = "does not run when migrating";
  }
  if (parsed.has_value()) {
    // 1.0 is 1 (MigrationVersion.java, compareTo).
    std::vector<std::string>& version = placement.order.version;
    version = VersionOf(parsed->version, placement.layout);
    while (version.size() > 1 && version.back().empty()) version.pop_back();
    placement.order.rank = parsed->prefix == 'R' ? kRepeatableRank : 0;
    placement.version = std::string(parsed->version);
    placement.pair = Joined(placement.order.version);
  }
  // What stands behind the version is one word there (refinery_core, util.rs).
  if (placement.layout == Layout::kRefinery) {
    const absl::string_view words = absl::StripSuffix(name.substr(name.find("__") + 2), ".sql");
    const bool word = std::all_of(words.begin(), words.end(), [](char c) {
      return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c)) || (c & 0x80) != 0;
    });
    placement.stray = placement.stray || !parsed->described || !word || words.empty();
  }
  if (placement.layout == Layout::kRefinery || placement.stray) return;
  placement.down = parsed && parsed->prefix == 'U';
  if (parsed && parsed->prefix == 'B') placement.passed_over = "is what a new database begins with";
  const std::string settings = absl::StrCat(name, ".conf");
  placement.opts_out_of_transaction =
      HasFile(folder, settings) && Says(JoinPath(folder, settings), "executeInTransaction=false");
}

void LayoutFinder::PlaceDialectFile(const std::string& folder, absl::string_view name,
                                    Placement& placement) {
  const std::optional<DialectName> parsed = ParseDialectName(name);
  placement.stray = placement.stray || !parsed.has_value();
  if (!parsed.has_value()) return;
  placement.down = parsed->down;
  placement.opts_out_of_transaction = parsed->autocommit;
  placement.pair = std::string(parsed->stem);
  if (!parsed->dialect.empty() && parsed->dialect != "postgres") {
    placement.passed_over = absl::StrCat("is for ", parsed->dialect);
  }
  if (!parsed->dialect.empty()) return;
  for (const absl::string_view ending : {"", ".autocommit"}) {
    const std::string own =
        absl::StrCat(parsed->stem, ".postgres", ending, parsed->down ? ".down.sql" : ".up.sql");
    if (HasFile(folder, own)) placement.passed_over = absl::StrCat("gives way to ", own);
  }
}

absl::StatusOr<const LayoutFinder::Flat*> LayoutFinder::FlatOf(const std::string& folder,
                                                               const SaidLayout* said) {
  const auto found = flats_.find(folder);
  if (found != flats_.end()) return &found->second;
  absl::StatusOr<Flat> flat = said == nullptr ? InspectFlat(folder) : InspectSaid(*said);
  if (!flat.ok()) return flat.status();
  return &flats_.emplace(folder, *std::move(flat)).first->second;
}

// tern takes migrations from one folder, and reads what lies in the folders below it as the parts
// that `{{ template }}` and `install_snapshot` put into them (migrate.go, LoadMigrations).
absl::StatusOr<bool> LayoutFinder::PlaceBelowTern(const std::string& path, Placement& placement) {
  constexpr int kDeepest = 4;
  std::string folder = ParentOf(path);
  const absl::StatusOr<const Flat*> own = FlatOf(folder, nullptr);
  if (!own.ok()) return own.status();
  const Layout layout = (*own)->layout;
  if (layout != Layout::kBare && layout != Layout::kSequence) return false;
  for (int depth = 0; depth < kDeepest && ParentOf(folder) != folder; ++depth) {
    folder = ParentOf(folder);
    const absl::StatusOr<const Flat*> above = FlatOf(folder, nullptr);
    if (!above.ok()) return above.status();
    if ((*above)->layout != Layout::kTern) continue;
    placement = {.layout = Layout::kTern, .root = folder, .why = (*above)->why};
    placement.order.name = std::string(NameOf(path));
    placement.passed_over = "is what tern's migrations take parts from";
    return true;
  }
  return false;
}

absl::StatusOr<Placement> LayoutFinder::PlaceFlat(const std::string& path, const SaidLayout* said) {
  std::string folder = ParentOf(path);
  const absl::string_view name = NameOf(path);
  Placement placement;
  if (IsRollbackFolder(NameOf(folder)) && HasVersionedFiles(ParentOf(folder))) {
    folder = ParentOf(folder);
    placement.down = true;
  }
  const absl::StatusOr<const Flat*> found = FlatOf(folder, said);
  if (!found.ok()) return found.status();
  const Flat& flat = **found;
  placement.layout = flat.layout;
  placement.why = flat.why;
  placement.root = folder;
  placement.order.name = std::string(name);
  placement.passed_over = flat.passed_over;
  const bool by_hand = flat.layout == Layout::kBare || flat.layout == Layout::kSequence;
  if (by_hand && IsPgTapTest(path)) placement.passed_over = "is a test of pgTAP's";
  if (flat.layout == Layout::kBare) return placement;

  placement.order.version = VersionOf(name, flat.layout);
  placement.version = WrittenVersion(name);
  placement.pair = Joined(placement.order.version);
  placement.stray = !IsVersioned(name) && flat.layout != Layout::kAtlas &&
                    flat.layout != Layout::kLiquibase && flat.layout != Layout::kYoyo;
  if (CutsAtUnderscore(flat.layout) && !placement.down && !HasUnderscoreAfterNumber(name)) {
    placement.stray = true;
  }
  // golang-migrate takes whatever stands behind `.up.`, and Flyway compares suffixes in capitals
  // since 9.2 (ResourceNameParser.java, see PlaceFlywayFile); to the others `.SQL` is no `.sql`.
  if (!absl::EndsWith(name, ".sql") && flat.layout != Layout::kGolangMigrate) {
    placement.stray = true;
  }
  switch (flat.layout) {
    case Layout::kDrizzle:
    case Layout::kYoyo: {
      if (flat.layout == Layout::kYoyo) {
        placement.down = absl::EndsWith(name, kYoyoDown);
        placement.pair = std::string(absl::StripSuffix(name, placement.down ? kYoyoDown : ".sql"));
      }
      const auto place = flat.places.find(placement.down ? absl::StrCat(placement.pair, ".sql")
                                                         : std::string(name));
      if (placement.down && flat.layout == Layout::kDrizzle) break;
      placement.stray = place == flat.places.end() && !placement.down;
      if (placement.stray && flat.layout == Layout::kDrizzle && IsVersioned(name)) {
        placement.unlisted_in = std::string(kJournalName);
      }
      if (place != flat.places.end()) placement.order.version = {absl::StrCat(place->second)};
      break;
    }
    case Layout::kFlyway:
    case Layout::kRefinery:
      PlaceFlywayFile(folder, name, placement);
      break;
    case Layout::kPopx:
      PlaceDialectFile(folder, name, placement);
      break;
    case Layout::kPostgrator:
      placement.down = PostgratorWord(name) == "undo";
      placement.stray = PostgratorWord(name).empty();
      break;
    case Layout::kGolangMigrate:
    case Layout::kSqlx: {
      // Their expressions know small letters (golang-migrate: source/parse.go).
      constexpr size_t kEnding = 4;  // `.sql`, however it is written
      const absl::string_view stem = name.substr(0, name.size() - std::min(kEnding, name.size()));
      placement.down = placement.down || absl::EndsWith(stem, ".down");
      const bool needs_word = flat.layout == Layout::kGolangMigrate;
      if (needs_word && !absl::EndsWith(stem, ".up") && !placement.down) placement.stray = true;
      break;
    }
    default:
      break;
  }
  if (ComparesTexts(flat.layout)) placement.order.text = std::string(name);
  if (flat.layout == Layout::kGraphile && NameOf(folder) == "committed") {
    placement.root = ParentOf(folder);
  }
  if (placement.stray) placement.order.rank = kStrayRank;
  placement.meant = placement.stray && flat.dedicated;
  return placement;
}

absl::StatusOr<Placement> LayoutFinder::Place(const std::string& path,
                                              absl::Span<const SaidLayout> said) {
  const std::string folder = ParentOf(path);
  for (const SaidLayout& one : said) {
    const bool inside = ParentOf(folder) == one.folder;
    const bool beside = folder == one.folder || (inside && IsRollbackFolder(NameOf(folder)));
    Placement placement;
    const bool graphile = one.layout == Layout::kGraphile;
    if (graphile && PlaceBesideCommitted(path, one.folder, placement)) {
      placement.why = one.why;
      return placement;
    }
    const bool committed = graphile && inside && NameOf(folder) == "committed";
    if (committed || (beside && !HasFolderEach(one.layout))) return PlaceFlat(path, &one);
    const bool each = inside && HasFolderEach(one.layout);
    if (!each || !PlaceInFolderOfItsOwn(path, placement)) continue;
    placement.layout = one.layout;
    placement.why = one.why;
    return placement;
  }
  Placement placement;
  const absl::StatusOr<bool> planned = PlaceInPlan(path, placement);
  if (!planned.ok()) return planned.status();
  if (*planned || PlaceInStages(path, placement) || PlaceInUpDown(path, placement) ||
      PlaceInFolderOfItsOwn(path, placement) || PlaceBesideCommitted(path, "", placement)) {
    return placement;
  }
  const absl::StatusOr<bool> part = PlaceBelowTern(path, placement);
  if (!part.ok()) return part.status();
  return *part ? placement : PlaceFlat(path, nullptr);
}

MigrationList LayoutFinder::ListOf(const Placement& placed) const {
  MigrationList list;
  if (placed.layout == Layout::kSqitch) {
    const auto plan = plans_.find(placed.root);
    if (plan == plans_.end() || !plan->second.ok()) return list;
    list.name = std::string(kPlanName);
    for (const auto& [script, place] : *plan->second) {
      list.files.push_back(JoinPath("deploy", script));
    }
  }
  if (placed.layout == Layout::kDrizzle) {
    const auto flat = flats_.find(placed.root);
    if (flat == flats_.end()) return list;
    list.name = std::string(kJournalName);
    for (const auto& [file, place] : flat->second.places) list.files.push_back(file);
  }
  return list;
}

Migration MigrationOf(std::shared_ptr<const Script> script, const Placement& placement,
                      int server_version) {
  const Convention& convention = ConventionOf(placement.layout);
  const Wrapping usual = WrappingOf(convention.runs, *script, server_version);
  const auto around = [&](bool opts_out) {
    if (placement.stray) return Wrapping::kNone;
    return opts_out || placement.opts_out_of_transaction ? convention.alone : usual;
  };
  Migration migration;
  migration.wrapping = around(script->opts_out_of_transaction);
  migration.down_wrapping = around(script->down_opts_out_of_transaction);
  migration.outside = std::string(convention.outside);
  migration.version = placement.version;
  migration.stray = placement.stray;
  migration.meant = placement.meant;
  migration.unlisted_in = placement.unlisted_in;
  migration.down = placement.down;
  migration.identity = IdentityOf(placement);
  migration.script = std::move(script);
  return migration;
}

}  // namespace plimsoll
