// `./dev oracle [VERSION…|all] [--filter REGEX] [--record|--recorded]`: measures the cases of
// fixtures/effects on real servers, predicts them, and says where the two part.

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "re2/re2.h"
#include "tests/support/measure.h"
#include "tests/support/truth.h"

namespace plimsoll {
namespace {

using truth::Case;
using truth::Deeds;
using truth::Measured;

struct Options {
  std::vector<int> versions;
  std::string filter;
  bool record = false;
  bool recorded = false;  // asks the records instead of servers
  bool quiet = false;     // figures only
};

std::optional<Options> ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    int version = 0;
    if (argument == "all") {
      for (int v = truth::kOldestServer; v <= truth::kNewestServer; ++v) {
        options.versions.push_back(v);
      }
    } else if (argument == "--filter" && i + 1 < argc) {
      options.filter = argv[++i];
    } else if (argument == "--record") {
      options.record = true;
    } else if (argument == "--recorded") {
      options.recorded = true;
    } else if (argument == "--quiet") {
      options.quiet = true;
    } else if (absl::SimpleAtoi(argument, &version) && version >= truth::kOldestServer &&
               version <= truth::kNewestServer) {
      options.versions.push_back(version);
    } else {
      return std::nullopt;
    }
  }
  if (options.versions.empty()) options.versions = {15, 18};
  return options;
}

// Puts a measurement into the case's records, in the place of what they say of that version.
void Record(Case& truth_case, int server, const Deeds& deeds) {
  for (Measured& group : truth_case.measured) std::erase(group.servers, server);
  std::erase_if(truth_case.measured, [](const Measured& group) { return group.servers.empty(); });
  const auto same = std::find_if(truth_case.measured.begin(), truth_case.measured.end(),
                                 [&](const Measured& group) { return group.deeds == deeds; });
  if (same == truth_case.measured.end()) {
    truth_case.measured.push_back({.servers = {server}, .deeds = deeds});
  } else {
    same->servers.push_back(server);
    std::sort(same->servers.begin(), same->servers.end());
  }
  std::sort(truth_case.measured.begin(), truth_case.measured.end(),
            [](const Measured& a, const Measured& b) { return a.servers < b.servers; });
}

// A session that looks from outside may miss what is held for a moment: the record knows better.
Deeds WithRecordedLocks(Deeds deeds, const Measured* recorded) {
  if (deeds.outside_transactions && recorded != nullptr) deeds.locks = recorded->deeds.locks;
  return deeds;
}

void PrintFigures(const std::map<int, truth::Tally>& tallies) {
  std::cout << "\nPostgreSQL   cases   agreeing   disagreeing   not modelled      rate\n";
  for (const auto& [server, tally] : tallies) {
    const int disagreeing = static_cast<int>(tally.disagreeing.size());
    std::cout << absl::StrFormat("%10d %7d %10d %13d %14d %8.2f%%\n", server, tally.cases,
                                 tally.cases - disagreeing, disagreeing, tally.unmodelled,
                                 100 * tally.Rate());
  }
}

// The differences of one case, those of several versions once.
void PrintDifferences(const Case& truth_case, const std::map<std::string, std::string>& texts) {
  std::cout << "\n" << truth::Show(truth_case);
  for (const auto& [difference, versions] : texts) {
    std::cout << "on" << versions << ":\n" << difference;
  }
  const auto known = truth::KnownDifferences().find(truth_case.name);
  if (known != truth::KnownDifferences().end()) std::cout << "known: " << known->second << "\n";
}

truth::Measurements Recall(const std::vector<const Case*>& cases,
                           const std::vector<int>& versions) {
  truth::Measurements recalled;
  for (const Case* truth_case : cases) {
    for (const int version : versions) {
      const Measured* recorded = truth::MeasurementOf(*truth_case, version);
      if (recorded == nullptr) continue;
      recalled.done.push_back(
          {.truth_case = truth_case, .server = version, .deeds = recorded->deeds});
    }
  }
  return recalled;
}

int Run(const Options& options) {
  std::vector<Case> cases = truth::LoadCases();
  std::vector<const Case*> chosen;
  for (const Case& truth_case : cases) {
    if (options.filter.empty() ||
        RE2::PartialMatch(absl::StrCat(truth_case.file, "/", truth_case.name), options.filter)) {
      chosen.push_back(&truth_case);
    }
  }
  const truth::Measurements measurements =
      options.recorded ? Recall(chosen, options.versions)
                       : truth::MeasureAll(chosen, options.versions, truth::Sessions::kOneEach);
  std::map<int, truth::Tally> tallies;
  std::map<const Case*, std::map<std::string, std::string>> differences;
  std::map<std::string, std::string> unlike_records;
  for (const truth::Measurement& one : measurements.done) {
    const Measured* recorded = truth::MeasurementOf(*one.truth_case, one.server);
    const Deeds deeds = WithRecordedLocks(one.deeds, recorded);
    if (recorded != nullptr && deeds != recorded->deeds) {
      const truth::Prediction record = {.modelled = true, .deeds = recorded->deeds};
      absl::StrAppend(&unlike_records[one.truth_case->name], "on ", one.server,
                      " (`predicted` is the record):\n",
                      truth::Compare(*one.truth_case, deeds, record));
    }
    const truth::Prediction prediction =
        truth::Predict(*one.truth_case, deeds.outside_transactions, one.server);
    truth::Tally& tally = tallies[one.server];
    ++tally.cases;
    if (!prediction.modelled) ++tally.unmodelled;
    const std::string difference = truth::Compare(*one.truth_case, deeds, prediction);
    if (difference.empty()) continue;
    tally.disagreeing.push_back(one.truth_case->name);
    absl::StrAppend(&differences[one.truth_case][difference], " ", one.server);
  }
  if (!options.quiet) {
    for (const Case& truth_case : cases) {
      if (const auto found = differences.find(&truth_case); found != differences.end()) {
        PrintDifferences(truth_case, found->second);
      }
    }
  }
  for (const auto& [name, text] : unlike_records) {
    std::cout << "\nUNLIKE ITS RECORD: " << name << "\n" << text;
  }
  for (const std::string& trouble : measurements.trouble)
    std::cout << "cannot measure " << trouble << "\n";
  PrintFigures(tallies);
  if (options.record) {
    for (const truth::Measurement& one : measurements.done) {
      auto& truth_case = const_cast<Case&>(*one.truth_case);
      const Measured* recorded = truth::MeasurementOf(truth_case, one.server);
      Record(truth_case, one.server, WithRecordedLocks(one.deeds, recorded));
    }
    truth::SaveMeasurements(cases);
  }
  return measurements.trouble.empty() && unlike_records.empty() ? 0 : 1;
}

}  // namespace
}  // namespace plimsoll

int main(int argc, char** argv) {
  const std::optional<plimsoll::Options> options = plimsoll::ParseOptions(argc, argv);
  if (!options.has_value()) {
    std::cerr
        << "usage: oracle [VERSION...|all] [--filter REGEX] [--record] [--recorded] [--quiet]\n";
    return 2;
  }
  return plimsoll::Run(*options);
}
