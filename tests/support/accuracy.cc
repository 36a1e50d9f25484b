// What is known of where the simulation and PostgreSQL part, and how often.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tests/support/truth.h"

namespace plimsoll::truth {
namespace {

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
  static const auto* differences = new std::map<std::string, std::string>{
      {"copy_to", "PostgreSQL 12 released the lock of COPY TO at its end"},
  };
  return *differences;
}

std::string RenderAccuracy(const std::map<int, Tally>& tallies) {
  std::string text = R"(# Accuracy of the simulation

How often `analyzer/simulation/` says what PostgreSQL does: every case of `fixtures/effects/`, measured on
real servers and predicted from its SQL alone. A case agrees where all of this does: the strongest lock on
each relation that was there before, the relations rewritten and scanned, the indexes rebuilt, reused and
created, whether a transaction may hold the statement, and whether it fails and with which SQLSTATE. A
statement that is not modelled counts as disagreeing.

Left out: locks on indexes below `ACCESS EXCLUSIVE`, which change with minor releases, and the scans of
queries and changes of rows, which follow the planner's choice. A case that is absent on a version uses
syntax that the version lacks.

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
