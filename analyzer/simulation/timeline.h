#ifndef PLIMSOLL_ANALYZER_SIMULATION_TIMELINE_H_
#define PLIMSOLL_ANALYZER_SIMULATION_TIMELINE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
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
    const Versions* versions = Find(key);
    if (versions == nullptr) return nullptr;
    const Version* version = LastUpTo(*versions, moment);
    return version == nullptr ? nullptr : version->value.get();
  }

  // The value of `key` at `moment`, to be changed from that moment on: a version of its own, a copy
  // of the one before unless the key was set at this very moment already. The key must stand for
  // something.
  Value& Change(const Key& key, Moment moment) {
    const Versions& versions = Of(key);
    PLIMSOLL_CHECK(!versions.empty() && versions.back().value != nullptr);
    // A rolled-back version is shared with the one it came back from.
    const bool own = versions.back().moment == moment && versions.back().value.use_count() == 1;
    if (!own) Set(key, moment, std::make_shared<Value>(*versions.back().value));
    return *Of(key).back().value;
  }

  // `value` null: the key stands for nothing from `moment` on.
  void Set(const Key& key, Moment moment, std::shared_ptr<Value> value) {
    PLIMSOLL_CHECK(log_.empty() || log_.back().first <= moment);
    Versions& versions = Of(key);
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
    Versions& versions = Of(key);
    PLIMSOLL_CHECK(versions.empty());
    versions.push_back({0, std::move(value)});
  }

  // Whether `key` ever stood for something up to `moment`.
  template <typename LookupKey>
  bool WasEver(const LookupKey& key, Moment moment) const {
    const Versions* versions = Find(key);
    return versions != nullptr && LastUpTo(*versions, moment) != nullptr;
  }

  // When the value of `key` at `moment` was set; 0 for what was there before everything.
  template <typename LookupKey>
  Moment SetAt(const LookupKey& key, Moment moment) const {
    const Versions* versions = Find(key);
    const Version* version = versions == nullptr ? nullptr : LastUpTo(*versions, moment);
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
      const Version* version = LastUpTo(Of(key), past);
      Set(key, moment, version == nullptr ? nullptr : version->value);
    }
  }

  // The keys that were set after `past`, each once, in the order in which they first were.
  std::vector<Key> ChangedSince(Moment past) const {
    auto first = log_.end();
    while (first != log_.begin() && (first - 1)->first > past) --first;
    std::vector<Key> changed;
    absl::flat_hash_set<Key> seen;
    for (; first != log_.end(); ++first) {
      if (seen.insert(first->second).second) changed.push_back(first->second);
    }
    return changed;
  }

  // Takes back SetFromTheStart of a key that was not set again.
  void Forget(const Key& key) {
    PLIMSOLL_CHECK(Of(key).size() == 1 && Of(key).front().moment == 0);
    Of(key).clear();
    if constexpr (!kByPlace) versions_.erase(key);
  }

  // Forgets everything after `moment`, so that other steps can follow it.
  void Truncate(Moment moment) {
    while (!log_.empty() && log_.back().first > moment) {
      const Key& key = log_.back().second;
      Versions& versions = Of(key);
      PLIMSOLL_CHECK(!versions.empty());
      versions.pop_back();
      if constexpr (!kByPlace) {
        if (versions.empty()) versions_.erase(key);
      }
      log_.pop_back();
    }
  }

 private:
  struct Version {
    Moment moment;
    std::shared_ptr<Value> value;
  };

  using Versions = absl::InlinedVector<Version, 1>;  // most keys never change

  // Numbers, which are given one after the other, are found by place; other keys are hashed.
  static constexpr bool kByPlace = std::is_integral_v<Key>;
  using Store =
      std::conditional_t<kByPlace, std::vector<Versions>, absl::flat_hash_map<Key, Versions>>;

  // Null where the key was never heard of.
  template <typename LookupKey>
  const Versions* Find(const LookupKey& key) const {
    if constexpr (kByPlace) {
      return key < versions_.size() ? &versions_[key] : nullptr;
    } else {
      const auto found = versions_.find(key);
      return found == versions_.end() ? nullptr : &found->second;
    }
  }

  Versions& Of(const Key& key) {
    if constexpr (kByPlace) {
      if (key >= versions_.size()) versions_.resize(size_t{key} + 1);
    }
    return versions_[key];
  }

  static const Version* LastUpTo(const Versions& versions, Moment moment) {
    const auto after =
        std::upper_bound(versions.begin(), versions.end(), moment,
                         [](Moment m, const Version& version) { return m < version.moment; });
    return after == versions.begin() ? nullptr : &*(after - 1);
  }

  Store versions_;
  std::vector<std::pair<Moment, Key>> log_;  // one entry a version, in order of time
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_TIMELINE_H_
