#ifndef PLIMSOLL_ANALYZER_SIMULATION_TIMELINE_H_
#define PLIMSOLL_ANALYZER_SIMULATION_TIMELINE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/check.h"

namespace plimsoll {

// A moment of a history: the state after that many steps. 0 is before everything.
using Moment = uint32_t;

// What a key stood for, over time. Append-only: a change at a moment is a new version, a dropped
// object is a version that is null, and a rolled-back transaction appends the versions from before
// it. So every earlier moment stays readable, at the cost of a binary search among the versions of
// one key. A value does not change once its moment is over, and versions may share it.
//
// Moments must not decrease from one Set to the next; a second Set of a key at one moment replaces
// the first.
template <typename Key, typename Value>
class Timeline {
 public:
  // The value of `key` at `moment`, or null where it does not exist then. The pointer lives until
  // the timeline is truncated to an earlier moment, or the key is set again at the same moment.
  template <typename LookupKey>
  const Value* At(const LookupKey& key, Moment moment) const {
    const auto found = versions_.find(key);
    if (found == versions_.end()) return nullptr;
    const Version* version = LastUpTo(found->second, moment);
    return version == nullptr ? nullptr : version->value.get();
  }

  // The value of `key` at `moment`, to be changed from that moment on: a version of its own, a copy
  // of the one before unless the key was set at this very moment already. The key must stand for
  // something.
  Value& Change(const Key& key, Moment moment) {
    const std::vector<Version>& versions = versions_[key];
    PLIMSOLL_CHECK(!versions.empty() && versions.back().value != nullptr);
    // A rolled-back version is shared with the one it came back from.
    const bool own = versions.back().moment == moment && versions.back().value.use_count() == 1;
    if (!own) Set(key, moment, std::make_shared<Value>(*versions.back().value));
    return *versions_[key].back().value;
  }

  // `value` null: the key stands for nothing from `moment` on.
  void Set(const Key& key, Moment moment, std::shared_ptr<Value> value) {
    PLIMSOLL_CHECK(log_.empty() || log_.back().first <= moment);
    std::vector<Version>& versions = versions_[key];
    if (!versions.empty() && versions.back().moment == moment) {
      versions.back().value = std::move(value);
      return;
    }
    versions.push_back({moment, std::move(value)});
    log_.emplace_back(moment, key);
  }

  // The key stood for `value` before everything, and was only now heard of: no rollback and no
  // truncation takes it away. The key must be new.
  void SetFromTheStart(const Key& key, std::shared_ptr<Value> value) {
    std::vector<Version>& versions = versions_[key];
    PLIMSOLL_CHECK(versions.empty());
    versions.push_back({0, std::move(value)});
  }

  // Whether `key` ever stood for something up to `moment`.
  template <typename LookupKey>
  bool WasEver(const LookupKey& key, Moment moment) const {
    const auto found = versions_.find(key);
    return found != versions_.end() && LastUpTo(found->second, moment) != nullptr;
  }

  // When the value of `key` at `moment` was set; 0 for what was there before everything.
  template <typename LookupKey>
  Moment SetAt(const LookupKey& key, Moment moment) const {
    const auto found = versions_.find(key);
    const Version* version = found == versions_.end() ? nullptr : LastUpTo(found->second, moment);
    return version == nullptr ? 0 : version->moment;
  }

  // Makes `moment` look as `past` did, by appending: what ROLLBACK does. Everything changed after
  // `past` gets the version it had then.
  void Restore(Moment past, Moment moment) {
    std::vector<Key> changed;
    for (auto entry = log_.rbegin(); entry != log_.rend() && entry->first > past; ++entry) {
      changed.push_back(entry->second);
    }
    for (const Key& key : changed) {
      const Version* version = LastUpTo(versions_[key], past);
      Set(key, moment, version == nullptr ? nullptr : version->value);
    }
  }

  // Forgets everything after `moment`, so that other steps can follow it.
  void Truncate(Moment moment) {
    while (!log_.empty() && log_.back().first > moment) {
      const auto found = versions_.find(log_.back().second);
      PLIMSOLL_CHECK(found != versions_.end() && !found->second.empty());
      found->second.pop_back();
      if (found->second.empty()) versions_.erase(found);
      log_.pop_back();
    }
  }

 private:
  struct Version {
    Moment moment;
    std::shared_ptr<Value> value;
  };

  static const Version* LastUpTo(const std::vector<Version>& versions, Moment moment) {
    const auto after =
        std::upper_bound(versions.begin(), versions.end(), moment,
                         [](Moment m, const Version& version) { return m < version.moment; });
    return after == versions.begin() ? nullptr : &*(after - 1);
  }

  absl::flat_hash_map<Key, std::vector<Version>> versions_;
  std::vector<std::pair<Moment, Key>> log_;  // one entry a version, in order of time
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_TIMELINE_H_
