#include "report/effects.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "nlohmann/json.hpp"
#include "report/held.h"
#include "report/json_values.h"
#include "report/summary.h"

namespace plimsoll::report {
namespace {

using Json = nlohmann::ordered_json;

void SortUnique(std::vector<std::string>* names) {
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
}

bool IsIndex(RelationKind kind) {
  return kind == RelationKind::kIndex || kind == RelationKind::kPartitionedIndex;
}

void AddWork(const Work& work, StatementEffects* sum) {
  if (work.possible) sum->possible.push_back(work.index.empty() ? work.relation.name : work.index);
  switch (work.kind) {
    case WorkKind::kScan:
      sum->scans.push_back(work.relation.name);
      return;
    case WorkKind::kRewrite:
      sum->rewrites.push_back(work.relation.name);
      // REFRESH fills a materialized view anew and reads nothing of the old one.
      if (work.relation.kind != RelationKind::kMaterializedView) {
        sum->scans.push_back(work.relation.name);
      }
      return;
    case WorkKind::kIndexBuild:
      sum->index_builds.push_back(work.index);
      if (work.again) sum->index_rebuilds.push_back(work.index);
      return;
    case WorkKind::kCopy:
      if (IsIndex(work.relation.kind)) {
        sum->index_builds.push_back(work.relation.name);
        sum->index_rebuilds.push_back(work.relation.name);
      } else {
        sum->rewrites.push_back(work.relation.name);
      }
      return;
  }
}

Json LocksJson(const std::vector<Lock>& locks) {
  Json json = Json::array();
  for (const Lock& lock : locks) {
    json.push_back({{"relation", lock.relation.name},
                    {"mode", TextJson(LockModeName(lock.mode))},
                    {"created_here", lock.relation.created_here}});
  }
  return json;
}

Json HeldJson(const Held& held) {
  if (held.count == 0) return nullptr;
  Json locks = Json::array();
  for (const HeldLock& lock : held.strongest) {
    locks.push_back({{"relation", lock.relation},
                     {"mode", TextJson(LockModeName(lock.mode))},
                     {"since", lock.since},
                     {"possible", lock.possible}});
  }
  return {{"count", held.count},
          {"until", held.until ? Json(*held.until) : Json(nullptr)},
          {"locks", std::move(locks)}};
}

Json StatementJson(const Report& report, size_t migration, size_t index, const Held& held) {
  const Script& script = *report.history.migrations()[migration].script;
  const Statement& statement = script.statements[index];
  const StatementEffects sum =
      SumEffects(report.history, static_cast<uint32_t>(migration), static_cast<uint32_t>(index));
  Json fails = nullptr;
  if (sum.failure.has_value()) {
    fails = {{"sqlstate", sum.failure->sqlstate}, {"message", sum.failure->message}};
  }
  return {{"index", index},
          {"range", RangeJson(*script.source, statement.span)},
          {"kind", statement.tag},
          {"risk", TextJson(RiskName(report.statement_risks[migration][index].risk))},
          {"locks", LocksJson(sum.locks)},
          {"rewrites", sum.rewrites},
          {"scans", sum.scans},
          {"index_builds", sum.index_builds},
          {"index_rebuilds", sum.index_rebuilds},
          {"index_reuses", sum.index_reuses},
          {"transaction", sum.forbidden_in_transaction ? "forbidden" : "allowed"},
          {"fails", std::move(fails)},
          {"modelled", sum.modelled},
          {"possible", sum.possible},
          {"held", HeldJson(held)},
          {"effectless", sum.effectless},
          {"rolls_back", sum.rolls_back}};
}

}  // namespace

StatementEffects SumEffects(const History& history, uint32_t migration, uint32_t statement) {
  StatementEffects sum;
  // A relation that no file mentions has no id; its name tells it apart.
  absl::flat_hash_map<std::pair<RelationId, std::string>, size_t> places;
  const absl::Span<const Step> steps = history.StepsOf(migration, statement);
  sum.modelled = !steps.empty();
  sum.effectless = !steps.empty();
  const std::optional<Problem>& problem =
      history.migrations()[migration].script->statements[statement].problem;
  const absl::string_view sqlstate =
      problem ? problem->SqlstateOn(history.server_version()) : absl::string_view();
  if (!sqlstate.empty()) {
    sum.modelled = true;
    sum.failure = Failure{.sqlstate = std::string(sqlstate), .message = problem->message};
  }
  for (const Step& step : steps) {
    const Effects& effects = step.effects;
    for (const Lock& lock : effects.locks) {
      const RelationId id = lock.relation.id;
      const auto [place, first] =
          places.try_emplace({id, id == 0 ? lock.relation.name : ""}, sum.locks.size());
      if (first) {
        sum.locks.push_back(lock);
        // What the statement renames is called by its new name, as what it makes is.
        const Relation* after = history.After(steps.back()).Find(id);
        if (after != nullptr) sum.locks.back().relation.name = after->DisplayName();
      } else if (lock.mode > sum.locks[place->second].mode) {
        sum.locks[place->second].mode = lock.mode;
        sum.locks[place->second].possible = lock.possible;
      } else if (lock.mode == sum.locks[place->second].mode && !lock.possible) {
        sum.locks[place->second].possible = false;
      }
    }
    for (const Work& work : effects.work) AddWork(work, &sum);
    for (const Affected& index : effects.kept_indexes) sum.index_reuses.push_back(index.name);
    sum.forbidden_in_transaction |= effects.forbidden_in_transaction;
    if (!sum.failure.has_value()) sum.failure = effects.failure;
    sum.modelled &= effects.modelled;
    sum.effectless &= step.effectless;
    sum.rolls_back |= step.As<action::Commit>() != nullptr && !effects.failure &&
                      step.within == nullptr && history.TransactionOf(step).rolled_back;
  }
  for (const Lock& lock : sum.locks) {
    if (lock.possible) sum.possible.push_back(lock.relation.name);
  }
  SortUnique(&sum.rewrites);
  SortUnique(&sum.scans);
  SortUnique(&sum.index_builds);
  SortUnique(&sum.index_rebuilds);
  SortUnique(&sum.index_reuses);
  // Another subcommand of the statement may have it built after all.
  std::erase_if(sum.index_reuses, [&](const std::string& name) {
    return std::binary_search(sum.index_builds.begin(), sum.index_builds.end(), name);
  });
  SortUnique(&sum.possible);
  return sum;
}

std::string RenderEffectsJson(absl::Span<const Report> reports, int server_version) {
  Json files = Json::array();
  for (const Report& report : reports) {
    for (size_t m = 0; m < report.history.migrations().size(); ++m) {
      const Migration& migration = report.history.migrations()[m];
      if (migration.applied) continue;
      Json statements = Json::array();
      HeldLocksOf held(report.history, static_cast<uint32_t>(m));
      for (uint32_t s = 0; s < migration.script->statements.size(); ++s) {
        statements.push_back(StatementJson(report, m, s, held.Before(s)));
      }
      Json problems = Json::array();
      for (const Problem& problem : migration.script->problems) problems.push_back(problem.message);
      files.push_back({{"path", migration.script->source->name()},
                       {"problems", std::move(problems)},
                       {"statements", std::move(statements)}});
    }
  }
  return Dump({{"schema_version", kSchemaVersion},
               {"server_version", server_version},
               {"measured", IsMeasured(server_version)},
               {"files", std::move(files)}});
}

}  // namespace plimsoll::report
