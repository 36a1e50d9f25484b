#include "report/held.h"

namespace plimsoll::report {

void HeldLocksOf::Add(const Lock& lock, uint32_t holder) {
  const RelationId id = lock.relation.id;
  const Key key = {id, id == 0 ? lock.relation.name : ""};
  const Entry added = {
      .name = lock.relation.name, .mode = lock.mode, .holder = holder, .possible = lock.possible};
  const auto [place, first] = entries_.try_emplace(key, added);
  Entry& entry = place->second;
  if (!first) {
    const bool surer = lock.mode == entry.mode && entry.possible && !lock.possible;
    if (lock.mode <= entry.mode && !surer) return;
    ranks_.erase(RankOf(key, entry));
    if (BlocksWrites(entry.mode)) --blocking_;
    entry = added;
  }
  ranks_.insert(RankOf(key, entry));
  if (BlocksWrites(entry.mode)) ++blocking_;
}

// Takes over what was added to the list of the step's transaction, or its new list.
void HeldLocksOf::Follow(const Step& step) {
  const bool grown = step.held.begin == seen_.begin && step.held.end >= seen_.end;
  if (!grown) {
    entries_.clear();
    ranks_.clear();
    blocking_ = 0;
    seen_ = {.begin = step.held.begin, .end = step.held.begin};
  }
  const absl::Span<const Lock> locks = history_.HeldBefore(step);
  const absl::Span<const uint32_t> holders = history_.HoldersBefore(step);
  for (uint32_t i = seen_.end - seen_.begin; i < locks.size(); ++i) Add(locks[i], holders[i]);
  seen_ = step.held;
}

Held HeldLocksOf::Before(uint32_t statement) {
  const absl::Span<const Step> steps = history_.StepsOf(migration_, statement);
  if (steps.empty()) return {};
  const Step& step = steps.front();
  Follow(step);
  if (entries_.empty()) return {};
  Held held;
  held.count = static_cast<uint32_t>(entries_.size());
  held.blocking = blocking_;
  // COMMIT AND CHAIN belongs to what it ends.
  uint32_t end = history_.TransactionOf(step).last_step;
  const std::vector<Step>& all = history_.steps();
  while (end + 1 < all.size() && all[end + 1].transaction == step.transaction) ++end;
  const Step& last = all[end];
  const bool ends = last.As<action::Commit>() != nullptr || last.As<action::Rollback>() != nullptr;
  if (ends) held.until = last.statement;
  for (const auto& [order, holder, key] : ranks_) {
    if (held.strongest.size() == kMostHeldLocks) break;
    const Relation* relation = history_.Before(step).Find(key.first);
    const Entry& entry = entries_.at(key);
    held.strongest.push_back(
        {.relation = relation == nullptr ? entry.name : relation->DisplayName(),
         .mode = entry.mode,
         .since = history_.steps()[holder].statement,
         .possible = entry.possible});
  }
  return held;
}

}  // namespace plimsoll::report
