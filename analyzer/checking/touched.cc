#include "analyzer/checking/touched.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"

namespace plimsoll {
namespace {

bool IsTable(RelationKind kind) {
  return kind == RelationKind::kTable || kind == RelationKind::kPartitionedTable ||
         kind == RelationKind::kForeignTable;
}

// The table as it is when the step ends, or was when it began.
const Relation* TableOf(const Lock& lock, const Step& step, const History& history) {
  // What only reads, or locks rows, leaves the table as it is for everybody.
  if (lock.mode < LockMode::kRowExclusive || !IsTable(lock.relation.kind)) return nullptr;
  const Relation* after = history.After(step).Find(lock.relation.id);
  return after != nullptr ? after : history.Before(step).Find(lock.relation.id);
}

void AddName(const std::string& name, TouchedTable& table) {
  if (std::find(table.names.begin(), table.names.end(), name) != table.names.end()) return;
  table.names.push_back(name);
}

}  // namespace

absl::Span<const Step> StepsOfMigration(const History& history, uint32_t migration) {
  const std::vector<Step>& steps = history.steps();
  const auto begin = std::partition_point(
      steps.begin(), steps.end(), [&](const Step& step) { return step.migration < migration; });
  const auto end = std::partition_point(
      begin, steps.end(), [&](const Step& step) { return step.migration == migration; });
  return absl::MakeConstSpan(steps).subspan(static_cast<size_t>(begin - steps.begin()),
                                            static_cast<size_t>(end - begin));
}

std::vector<TouchedTable> TouchedBy(const History& history, uint32_t migration) {
  const absl::Span<const Step> steps = StepsOfMigration(history, migration);
  std::vector<TouchedTable> touched;
  absl::flat_hash_map<RelationId, size_t> places;
  for (const Step& step : steps) {
    for (const Lock& lock : step.effects.locks) {
      const Relation* relation = TableOf(lock, step, history);
      if (relation == nullptr || relation->persistence == Persistence::kTemporary) continue;
      const auto [place, added] = places.emplace(relation->id, touched.size());
      if (added) touched.push_back({.id = relation->id, .step = step.index});
      TouchedTable& table = touched[place->second];
      AddName(lock.relation.name, table);
      AddName(relation->DisplayName(), table);
      table.certain |= !step.conditional && !lock.possible;
      table.live |= lock.relation.live;
    }
  }
  for (TouchedTable& table : touched) {
    table.lasts = history.At(steps.back().index + 1).Find(table.id) != nullptr;
  }
  return touched;
}

}  // namespace plimsoll
