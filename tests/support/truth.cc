#include "tests/support/truth.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/check.h"
#include "analyzer/checking/analyze.h"
#include "report/effects.h"
#include "tests/support/source_tree.h"

namespace plimsoll::truth {
namespace {

constexpr absl::string_view kFolder = "fixtures/effects";
constexpr absl::string_view kGiven = "fixtures/effects/given.sql";
constexpr absl::string_view kRecordMark = "-->";

std::vector<std::string> ReadLines(absl::string_view path) {
  return absl::StrSplit(testing_support::ReadTreeFile(path), '\n');
}

std::vector<std::string> Families() {
  std::vector<std::string> paths = testing_support::ListTreeFiles(kFolder, {".sql"});
  std::erase(paths, kGiven);
  return paths;
}

// `fixtures/effects/columns.sql` -> columns
std::string FamilyOf(absl::string_view path) {
  path.remove_prefix(kFolder.size() + 1);
  path.remove_suffix(absl::string_view(".sql").size());
  return std::string(path);
}

// ---- records -----------------------------------------------------------------------------------

// The words of a record that a list of relations follows.
struct ListFact {
  absl::string_view word;
  std::set<std::string> Deeds::*names;
};

constexpr std::array<ListFact, 5> kListFacts = {{{"rewrites", &Deeds::rewritten},
                                                 {"scans", &Deeds::scanned},
                                                 {"rebuilds", &Deeds::rebuilt},
                                                 {"reuses", &Deeds::reused},
                                                 {"creates", &Deeds::created}}};

// `orders ACCESS EXCLUSIVE`: the mode is the longest of PostgreSQL's that ends the text.
std::pair<std::string, LockMode> ParseLock(absl::string_view text) {
  absl::string_view longest;
  LockMode mode = LockMode::kAccessShare;
  for (int i = 1; i <= 8; ++i) {
    const absl::string_view name = LockModeName(static_cast<LockMode>(i));
    if (name.size() <= longest.size() || !absl::EndsWith(text, absl::StrCat(" ", name))) continue;
    longest = name;
    mode = static_cast<LockMode>(i);
  }
  PLIMSOLL_CHECK(!longest.empty() && "a lock mode that PostgreSQL does not have");
  return {std::string(text.substr(0, text.size() - longest.size() - 1)), mode};
}

Locks ParseLocks(absl::string_view list) {
  Locks locks;
  for (const absl::string_view lock : absl::StrSplit(list, ", ")) locks.insert(ParseLock(lock));
  return locks;
}

void ParseFact(absl::string_view fact, Deeds& deeds) {
  if (fact == "nothing") return;
  if (fact == "refused in a transaction") {
    deeds.outside_transactions = true;
    return;
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(fact, absl::MaxSplits(' ', 1));
  if (parts.first == "fails") {
    deeds.sqlstate = std::string(parts.second);
  } else if (parts.first == "locks") {
    deeds.locks = ParseLocks(parts.second);
  } else if (parts.first == "held") {
    deeds.held = ParseLocks(parts.second);
  } else {
    const auto* known =
        std::find_if(kListFacts.begin(), kListFacts.end(),
                     [&](const ListFact& candidate) { return candidate.word == parts.first; });
    PLIMSOLL_CHECK(known != kListFacts.end() && "a record says what no record can say");
    const std::vector<std::string> names = absl::StrSplit(parts.second, ", ");
    deeds.*(known->names) = {names.begin(), names.end()};
  }
}

// `12-14,18` -> 12, 13, 14, 18
std::vector<int> ParseVersions(absl::string_view text) {
  std::vector<int> versions;
  for (const absl::string_view range : absl::StrSplit(text, ',')) {
    const std::vector<std::string> ends = absl::StrSplit(range, '-');
    int first = 0;
    int last = 0;
    PLIMSOLL_CHECK(absl::SimpleAtoi(ends.front(), &first) && absl::SimpleAtoi(ends.back(), &last));
    for (int version = first; version <= last; ++version) versions.push_back(version);
  }
  return versions;
}

std::string ShowVersions(const std::vector<int>& versions) {
  std::vector<std::string> ranges;
  for (size_t i = 0; i < versions.size();) {
    size_t last = i;
    while (last + 1 < versions.size() && versions[last + 1] == versions[last] + 1) ++last;
    ranges.push_back(last == i ? absl::StrCat(versions[i])
                               : absl::StrCat(versions[i], "-", versions[last]));
    i = last + 1;
  }
  return absl::StrJoin(ranges, ",");
}

// A group begins with its versions; the facts of one more line belong to the group above.
void ParseRecord(absl::string_view line, std::vector<Measured>& measured) {
  absl::string_view rest = absl::StripAsciiWhitespace(line.substr(kRecordMark.size()));
  if (absl::ascii_isdigit(static_cast<unsigned char>(rest.front()))) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(rest, absl::MaxSplits(' ', 1));
    measured.push_back({.servers = ParseVersions(parts.first)});
    rest = absl::StripAsciiWhitespace(parts.second);
  }
  PLIMSOLL_CHECK(!measured.empty() && "a record begins with its versions");
  ParseFact(rest, measured.back().deeds);
}

std::string ShowLocks(const Locks& locks) {
  return absl::StrJoin(locks, ", ", [](std::string* out, const Locks::value_type& lock) {
    absl::StrAppend(out, lock.first, " ", LockModeName(lock.second));
  });
}

std::vector<std::string> ShowFacts(const Deeds& deeds) {
  std::vector<std::string> facts;
  if (deeds.outside_transactions) facts.push_back("refused in a transaction");
  if (!deeds.sqlstate.empty()) facts.push_back(absl::StrCat("fails ", deeds.sqlstate));
  if (!deeds.held.empty()) facts.push_back(absl::StrCat("held ", ShowLocks(deeds.held)));
  if (!deeds.locks.empty()) facts.push_back(absl::StrCat("locks ", ShowLocks(deeds.locks)));
  for (const ListFact& fact : kListFacts) {
    const std::set<std::string>& names = deeds.*(fact.names);
    if (!names.empty()) facts.push_back(absl::StrCat(fact.word, " ", absl::StrJoin(names, ", ")));
  }
  if (facts.empty()) facts.emplace_back("nothing");
  return facts;
}

std::vector<std::string> ShowRecords(const std::vector<Measured>& measured) {
  std::vector<std::string> lines;
  for (const Measured& group : measured) {
    std::string versions = ShowVersions(group.servers);
    for (const std::string& fact : ShowFacts(group.deeds)) {
      lines.push_back(absl::StrFormat("%s %-5s %s", kRecordMark, versions, fact));
      versions.clear();
    }
  }
  return lines;
}

// ---- cases -------------------------------------------------------------------------------------

void AppendLine(std::string& text, absl::string_view line) {
  if (absl::StripAsciiWhitespace(line).empty()) return;
  absl::StrAppend(&text, text.empty() ? "" : "\n", line);
}

// `known` are the set-ups that `--: given` may name.
std::vector<Case> ParseFamily(const std::string& path,
                              const std::map<std::string, std::string>& known) {
  std::vector<Case> cases;
  std::string* section = nullptr;
  for (const std::string& line : ReadLines(path)) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "--- ")) {
      cases.push_back({.name = std::string(rest), .file = FamilyOf(path)});
      section = &cases.back().setup;
    } else if (cases.empty()) {
      continue;  // the file's own comment
    } else if (absl::ConsumePrefix(&rest, "--: given ")) {
      for (const absl::string_view name : absl::StrSplit(rest, ", ")) {
        const auto given = known.find(std::string(name));
        PLIMSOLL_CHECK(given != known.end() && "a case is given what given.sql does not hold");
        AppendLine(cases.back().setup, given->second);
      }
    } else if (line == "--: session") {
      section = &cases.back().session;
    } else if (line == "--: before") {
      section = &cases.back().before;
    } else if (line == "--: measure") {
      section = &cases.back().statement;
    } else if (absl::StartsWith(line, kRecordMark)) {
      ParseRecord(line, cases.back().measured);
    } else {
      AppendLine(*section, line);
    }
  }
  return cases;
}

// A set-up of given.sql may itself be given those above it.
std::map<std::string, std::string> ReadGiven() {
  std::map<std::string, std::string> known;
  for (const std::string& line : ReadLines(kGiven)) {
    if (absl::StartsWith(line, "--- ")) known.try_emplace(line.substr(4));
  }
  for (size_t round = 0; round < 2; ++round) {
    for (const Case& given : ParseFamily(std::string(kGiven), known))
      known[given.name] = given.setup;
  }
  return known;
}

// ---- predictions -------------------------------------------------------------------------------

std::shared_ptr<const Script> Parse(const std::string& name, const std::string& text) {
  return std::make_shared<const Script>(ParseScript(std::make_shared<const Source>(name, text)));
}

Deeds Deed(const report::StatementEffects& sum) {
  Deeds deeds = {.sqlstate = sum.failure ? sum.failure->sqlstate : "",
                 .outside_transactions = sum.forbidden_in_transaction,
                 .rewritten = {sum.rewrites.begin(), sum.rewrites.end()},
                 .scanned = {sum.scans.begin(), sum.scans.end()},
                 .rebuilt = {sum.index_rebuilds.begin(), sum.index_rebuilds.end()},
                 .reused = {sum.index_reuses.begin(), sum.index_reuses.end()}};
  std::set_difference(sum.index_builds.begin(), sum.index_builds.end(), sum.index_rebuilds.begin(),
                      sum.index_rebuilds.end(), std::inserter(deeds.created, deeds.created.end()));
  for (const Lock& lock : sum.locks) {
    const bool index = lock.relation.kind == RelationKind::kIndex ||
                       lock.relation.kind == RelationKind::kPartitionedIndex;
    if (lock.relation.created_here || (index && lock.mode != LockMode::kAccessExclusive)) continue;
    LockMode& mode = deeds.locks.try_emplace(lock.relation.name, lock.mode).first->second;
    mode = std::max(mode, lock.mode);
  }
  return deeds;
}

// The query that a case runs, in small letters: of EXECUTE the one that was prepared before it.
std::string QueryOf(const Case& truth_case) {
  std::string query = absl::AsciiStrToLower(truth_case.statement);
  if (!absl::StartsWith(query, "execute ")) return query;
  const std::string prepared =
      absl::AsciiStrToLower(absl::StrCat(truth_case.session, truth_case.before));
  const size_t begin = prepared.find(" as ");
  return begin == std::string::npos ? query : prepared.substr(begin + 4);
}

// Scans of queries and of changes of rows follow the planner's choice on a handful of rows, but
// where every row is changed.
bool FollowsThePlanner(const Case& truth_case) {
  const std::string query = QueryOf(truth_case);
  absl::string_view rest = query;
  absl::ConsumePrefix(&rest, "(");
  const absl::string_view word = rest.substr(0, rest.find_first_of(" \n(;"));
  if (word == "update" || word == "delete") {
    return absl::StrContains(query, "where") || absl::StrContains(query, "using");
  }
  for (const absl::string_view known : {"select", "insert", "merge", "with", "copy", "explain",
                                        "do", "call", "values", "table", "execute", "fetch"}) {
    if (word == known) return true;
  }
  return false;
}

// What is held when the statement is done: a weaker lock than one held before is none.
Locks AllLocks(const Locks& taken, const Locks& held) {
  Locks all = held;
  for (const auto& [relation, mode] : taken) {
    LockMode& strongest = all.try_emplace(relation, mode).first->second;
    strongest = std::max(strongest, mode);
  }
  return all;
}

// Where statements come before it, what is refused in a transaction is not run again outside of it.
bool IsRefused(const Deeds& deeds) {
  return deeds.outside_transactions || deeds.sqlstate == "25001";
}

void Differ(absl::string_view what, absl::string_view predicted, absl::string_view measured,
            std::string& differences) {
  if (predicted == measured) return;
  absl::StrAppend(&differences, "  ", what, ": predicted {", predicted, "}, measured {", measured,
                  "}\n");
}

std::string Join(const std::set<std::string>& names) { return absl::StrJoin(names, ", "); }

}  // namespace

std::vector<Case> LoadCases() {
  const std::map<std::string, std::string> known = ReadGiven();
  std::vector<Case> cases;
  for (const std::string& path : Families()) {
    for (Case& loaded : ParseFamily(path, known)) cases.push_back(std::move(loaded));
  }
  return cases;
}

void SaveMeasurements(const std::vector<Case>& cases) {
  std::map<std::string, const Case*> by_name;
  for (const Case& truth_case : cases) by_name[truth_case.name] = &truth_case;
  for (const std::string& path : Families()) {
    std::vector<std::string> lines;
    const Case* current = nullptr;
    const auto finish = [&] {
      if (current == nullptr) return;
      while (!lines.empty() && lines.back().empty()) lines.pop_back();
      for (std::string& line : ShowRecords(current->measured)) lines.push_back(std::move(line));
      lines.emplace_back();
      current = nullptr;
    };
    for (const std::string& line : ReadLines(path)) {
      if (absl::StartsWith(line, "--- ")) {
        finish();
        const auto found = by_name.find(line.substr(4));
        if (found != by_name.end()) current = found->second;
      } else if (current != nullptr && absl::StartsWith(line, kRecordMark)) {
        continue;
      }
      lines.push_back(line);
    }
    finish();
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    testing_support::WriteTreeFile(path, absl::StrCat(absl::StrJoin(lines, "\n"), "\n"));
  }
}

const Measured* MeasurementOf(const Case& truth_case, int server) {
  for (const Measured& group : truth_case.measured) {
    if (std::find(group.servers.begin(), group.servers.end(), server) != group.servers.end()) {
      return &group;
    }
  }
  return nullptr;
}

Prediction Predict(const Case& truth_case, bool outside_transactions, int server) {
  return Predict(truth_case, outside_transactions,
                 {.migrations = {{.script = Parse("setup.sql", truth_case.setup)}},
                  .start = Start::kEmpty,
                  .server_version = server});
}

Prediction Predict(const Case& truth_case, bool outside_transactions, Inputs start) {
  // The session's settings hold in the statement's file, not in the set-up's.
  const std::string text =
      absl::StrCat(truth_case.session, "\n", outside_transactions ? "" : "BEGIN;\n",
                   truth_case.before, "\n", truth_case.statement);
  start.on_failure = OnFailure::kAbort;
  start.migrations.push_back({.script = Parse("statement.sql", text)});
  const History history = Simulate(std::move(start));
  const Script& script = *history.migrations().back().script;
  Prediction prediction;
  if (script.statements.empty()) return prediction;
  const auto last = static_cast<uint32_t>(script.statements.size() - 1);
  const report::StatementEffects sum =
      report::SumEffects(history, static_cast<uint32_t>(history.migrations().size() - 1), last);
  prediction.modelled = sum.modelled;
  prediction.deeds = Deed(sum);
  return prediction;
}

std::string Compare(const Case& truth_case, const Deeds& measured, const Prediction& prediction) {
  std::string differences;
  const Deeds& predicted = prediction.deeds;
  if (!prediction.modelled) absl::StrAppend(&differences, "  it is not modelled\n");
  Differ("fails", predicted.sqlstate, measured.sqlstate, differences);
  Differ("refused in a transaction", IsRefused(predicted) ? "yes" : "",
         IsRefused(measured) ? "yes" : "", differences);
  // A statement that fails takes its locks and its work along.
  if (!predicted.sqlstate.empty() && predicted.sqlstate == measured.sqlstate) return differences;
  // What runs outside transactions is watched from another session, which misses the locks that are
  // gone in a moment: those it saw have to be right.
  Locks seen = predicted.locks;
  if (measured.outside_transactions) {
    std::erase_if(seen, [&](const auto& lock) { return !measured.locks.contains(lock.first); });
  }
  Differ("locks", ShowLocks(AllLocks(seen, measured.held)),
         ShowLocks(AllLocks(measured.locks, measured.held)), differences);
  Differ("rewritten", Join(predicted.rewritten), Join(measured.rewritten), differences);
  if (!FollowsThePlanner(truth_case)) {
    Differ("scanned", Join(predicted.scanned), Join(measured.scanned), differences);
  }
  Differ("indexes rebuilt", Join(predicted.rebuilt), Join(measured.rebuilt), differences);
  Differ("indexes reused", Join(predicted.reused), Join(measured.reused), differences);
  Differ("indexes created", Join(predicted.created), Join(measured.created), differences);
  return differences;
}

std::string Show(const Case& truth_case) {
  std::string text = absl::StrCat("--- ", truth_case.name, " (", truth_case.file, ")\n");
  for (const auto& [mark, sql] :
       {std::pair<absl::string_view, const std::string&>("", truth_case.setup),
        {"--: session\n", truth_case.session},
        {"--: before\n", truth_case.before},
        {"--: measure\n", truth_case.statement}}) {
    if (!sql.empty()) absl::StrAppend(&text, mark, sql, "\n");
  }
  return text;
}

}  // namespace plimsoll::truth
