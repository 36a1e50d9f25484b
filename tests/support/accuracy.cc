// What is known of where the simulation and PostgreSQL part, and how often.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/support/source_tree.h"
#include "tests/support/truth.h"

namespace plimsoll::truth {
namespace {

constexpr absl::string_view kDifferencesFile = "tests/oracle/differences.txt";

// The versions on which a case disagrees, by name.
std::map<std::string, std::vector<int>> DisagreeingVersions(const std::map<int, Tally>& tallies) {
  std::map<std::string, std::vector<int>> versions;
  for (const auto& [server, tally] : tallies) {
    for (const std::string& name : tally.disagreeing) versions[name].push_back(server);
  }
  return versions;
}

}  // namespace

const std::map<std::string, std::string>& KnownDifferences() {
  static const auto* differences = [] {
    auto* read = new std::map<std::string, std::string>;
    const std::string text = testing_support::ReadTreeFile(kDifferencesFile);
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      if (absl::StartsWith(line, "#")) continue;
      read->insert(absl::StrSplit(line, absl::MaxSplits(": ", 1)));
    }
    return read;
  }();
  return *differences;
}

void ForgetDifferences(const std::set<std::string>& names) {
  std::vector<std::string> lines =
      absl::StrSplit(testing_support::ReadTreeFile(kDifferencesFile), '\n');
  std::erase_if(lines, [&](const std::string& line) {
    return names.contains(line.substr(0, line.find(": ")));
  });
  testing_support::WriteTreeFile(kDifferencesFile, absl::StrJoin(lines, "\n"));
}

std::string RenderAccuracy(const std::map<int, Tally>& tallies) {
  std::string text = R"(# Accuracy of the simulation

How often `analyzer/simulation/` says what PostgreSQL does: every case of `fixtures/effects/`,
measured on real servers and predicted from its SQL alone. A case agrees where all of this does:
the strongest lock on each relation that was there before, the relations rewritten and scanned,
the indexes rebuilt, reused and created, whether a transaction may hold the statement, and whether
it fails and with which SQLSTATE. A statement that is not modelled counts as disagreeing.

Left out: locks on indexes below `ACCESS EXCLUSIVE`, which change with minor releases, and the
scans of queries and changes of rows, which follow the planner's choice. A case that is absent on
a version starts from syntax that the version lacks.

`./dev oracle all` measures again and prints the figures; `./dev update` rewrites this page.

| PostgreSQL | cases | agreeing | disagreeing | rate |
|---|---|---|---|---|
)";
  for (const auto& [server, tally] : tallies) {
    const int disagreeing = static_cast<int>(tally.disagreeing.size());
    absl::StrAppendFormat(&text, "| %d | %d | %d | %d | %.2f %% |\n", server, tally.cases,
                          tally.cases - disagreeing, disagreeing, 100 * tally.Rate());
  }
  absl::StrAppend(&text, "\n## Where it disagrees\n\n");
  const std::map<std::string, std::vector<int>> versions = DisagreeingVersions(tallies);
  if (versions.empty()) absl::StrAppend(&text, "Nowhere.\n");
  if (!versions.empty()) absl::StrAppend(&text, "| case | on | why |\n|---|---|---|\n");
  for (const auto& [name, servers] : versions) {
    const auto known = KnownDifferences().find(name);
    absl::StrAppend(&text, "| `", name, "` | ",
                    servers.size() == tallies.size() ? "all" : absl::StrJoin(servers, ", "), " | ",
                    known == KnownDifferences().end() ? "not modelled yet" : known->second, " |\n");
  }
  return text;
}

}  // namespace plimsoll::truth
