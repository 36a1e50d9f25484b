#include "tests/support/truth.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "analyzer/check.h"
#include "analyzer/checking/analyze.h"
#include "nlohmann/json.hpp"
#include "report/effects.h"

namespace plimsoll::truth {
namespace {

using nlohmann::json;

LockMode ParseMode(const std::string& name) {
  for (int mode = 1; mode <= 8; ++mode) {
    if (LockModeName(static_cast<LockMode>(mode)) == name) return static_cast<LockMode>(mode);
  }
  PLIMSOLL_CHECK(false && "a lock mode that PostgreSQL does not have");
  return LockMode::kAccessShare;
}

std::set<std::string> Names(const json& object, const char* key) {
  std::set<std::string> names;
  for (const json& name : object.value(key, json::array())) names.insert(name.get<std::string>());
  return names;
}

bool Counts(LockMode mode, bool index) { return !index || mode == LockMode::kAccessExclusive; }

Deeds ParseDeeds(const json& measured, std::set<TableLock>& held) {
  Deeds deeds;
  deeds.sqlstate = measured.value("fails", "");
  deeds.outside_transactions = measured.value("outside_transactions", false);
  deeds.rewritten = Names(measured, "rewritten");
  deeds.scanned = Names(measured, "scanned");
  deeds.index_builds = Names(measured, "rebuilt");
  deeds.index_builds.merge(Names(measured, "built"));
  std::map<std::string, LockMode> strongest;
  for (const json& lock : measured.value("locks", json::array())) {
    const std::string relation = lock["relation"];
    const std::string kind = lock["kind"];
    const LockMode mode = ParseMode(lock["mode"]);
    const std::set<std::string> flags = Names(lock, "flags");
    if (flags.contains("created_in_tx") || flags.contains("created_by_statement")) {
      continue;
    }
    if (flags.contains("prior")) {
      held.insert({relation, mode});
      continue;
    }
    if (!Counts(mode, kind == "i" || kind == "I")) continue;
    LockMode& strongest_so_far = strongest.try_emplace(relation, mode).first->second;
    strongest_so_far = std::max(strongest_so_far, mode);
  }
  for (const auto& [relation, mode] : strongest) deeds.locks.insert({relation, mode});
  return deeds;
}

std::shared_ptr<const Script> Parse(const std::string& name, const std::string& text) {
  return std::make_shared<const Script>(ParseScript(std::make_shared<const Source>(name, text)));
}

bool IsIndex(RelationKind kind) {
  return kind == RelationKind::kIndex || kind == RelationKind::kPartitionedIndex;
}

Deeds Deed(const report::StatementEffects& sum) {
  Deeds deeds = {.sqlstate = sum.failure ? sum.failure->sqlstate : "",
                 .outside_transactions = sum.forbidden_in_transaction,
                 .rewritten = {sum.rewrites.begin(), sum.rewrites.end()},
                 .scanned = {sum.scans.begin(), sum.scans.end()},
                 .index_builds = {sum.index_builds.begin(), sum.index_builds.end()}};
  for (const Lock& lock : sum.locks) {
    if (lock.relation.created_here || !Counts(lock.mode, IsIndex(lock.relation.kind))) continue;
    deeds.locks.insert({lock.relation.name, lock.mode});
  }
  return deeds;
}

template <typename Value, typename Show>
void Differ(absl::string_view what, const std::set<Value>& predicted,
            const std::set<Value>& measured, Show show, std::string& complaint) {
  if (predicted == measured) return;
  const auto list = [&](const std::set<Value>& values) {
    return absl::StrJoin(values, ", ", [&](std::string* out, const Value& value) {
      absl::StrAppend(out, show(value));
    });
  };
  absl::StrAppend(&complaint, "\n  ", what, ": predicted {", list(predicted), "}, measured {",
                  list(measured), "}");
}

}  // namespace

std::vector<Case> LoadCases() {
  std::ifstream file(PLIMSOLL_SOURCE_DIR "/fixtures/truth/cases.json");
  const json cases = json::parse(file, nullptr, /*allow_exceptions=*/false);
  PLIMSOLL_CHECK(cases.is_array());
  std::vector<Case> loaded;
  for (const json& entry : cases) {
    Case truth_case = {.name = entry["name"],
                       .setup = entry.value("setup", ""),
                       .session = entry.value("session", ""),
                       .before = entry.value("before", ""),
                       .statement = entry["statement"]};
    for (const json& measured : entry["measured"]) {
      Measured group;
      group.servers = measured["servers"].get<std::vector<int>>();
      group.deeds = ParseDeeds(measured, group.held);
      truth_case.measured.push_back(std::move(group));
    }
    loaded.push_back(std::move(truth_case));
  }
  return loaded;
}

std::vector<Case> LoadLiveCases() {
  std::ifstream file(PLIMSOLL_SOURCE_DIR "/fixtures/truth/live.sql");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<Case> cases;
  // What stands before the first name is the file's own comment.
  const std::vector<std::string> parts = absl::StrSplit(text, "\n--- ");
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::pair<std::string, std::string> part =
        absl::StrSplit(parts[i], absl::MaxSplits('\n', 1));
    const Span last = Parse(part.first, part.second)->statements.back().span;
    cases.push_back({.name = part.first,
                     .setup = part.second.substr(0, last.begin),
                     .statement = part.second.substr(last.begin, last.size())});
  }
  return cases;
}

Prediction Predict(const Case& truth_case, const Measured& measured, int server) {
  const bool block = !measured.deeds.outside_transactions;
  // The session's settings hold in the statement's file, not in the set-up's.
  const std::string text = absl::StrCat(truth_case.session, "\n", block ? "BEGIN;\n" : "",
                                        truth_case.before, "\n", truth_case.statement);
  Inputs inputs = {.migrations = {{.script = Parse("setup.sql", truth_case.setup)},
                                  {.script = Parse("statement.sql", text)}},
                   .server_version = server};
  const History history = Simulate(std::move(inputs));
  const Script& script = *history.migrations()[1].script;
  Prediction prediction;
  if (script.statements.empty()) return prediction;
  const auto last = static_cast<uint32_t>(script.statements.size() - 1);
  const absl::Span<const Step> steps = history.StepsOf(1, last);
  for (const Step& step : steps) {
    prediction.is_query |= step.As<action::ModifyData>() != nullptr;
  }
  const report::StatementEffects sum = report::SumEffects(history, 1, last);
  prediction.modelled = sum.modelled;
  prediction.deeds = Deed(sum);
  return prediction;
}

std::string Compare(const Case& truth_case, const Measured& measured, int server,
                    const Prediction& prediction) {
  std::string differences;
  const auto text = [](const std::string& value) { return value; };
  const Deeds& predicted = prediction.deeds;
  const Deeds& real = measured.deeds;
  if (predicted.sqlstate != real.sqlstate) {
    absl::StrAppend(&differences, "\n  fails: predicted \"", predicted.sqlstate, "\", measured \"",
                    real.sqlstate, "\"");
  }
  if (predicted.outside_transactions != real.outside_transactions) {
    absl::StrAppend(&differences, "\n  refused in a transaction: predicted ",
                    predicted.outside_transactions, ", measured ", real.outside_transactions);
  }
  std::set<TableLock> taken = predicted.locks;
  std::erase_if(taken, [&](const TableLock& lock) { return measured.held.contains(lock); });
  Differ(
      "locks", taken, real.locks,
      [](const TableLock& lock) {
        return absl::StrCat(lock.relation, " ", LockModeName(lock.mode));
      },
      differences);
  Differ("rewritten", predicted.rewritten, real.rewritten, text, differences);
  if (!prediction.is_query) Differ("scanned", predicted.scanned, real.scanned, text, differences);
  Differ("index builds", predicted.index_builds, real.index_builds, text, differences);
  if (differences.empty()) return "";
  return absl::StrCat("PostgreSQL ", server, ": ", truth_case.setup, "\n  ", truth_case.session,
                      truth_case.before, "\n  ", truth_case.statement, differences);
}

}  // namespace plimsoll::truth
