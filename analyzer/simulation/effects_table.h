#ifndef PLIMSOLL_ANALYZER_SIMULATION_EFFECTS_TABLE_H_
#define PLIMSOLL_ANALYZER_SIMULATION_EFFECTS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>

#include "absl/types/span.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/lock.h"

// The form of the table in effects.cc. Private to analyzer/simulation, and to the test that proves
// that each row is noticed when it is wrong.

namespace plimsoll {

// What a row of the table speaks of: an action, or one form of it where it has many.
struct Form {
  size_t action = 0;       // an index into ActionKind; one past its last for rows of any action
  int which = kEveryForm;  // see Facts::form

  friend bool operator==(const Form&, const Form&) = default;
};

template <typename T>
constexpr Form Of() {
  return {.action = kIndexOf<T>};
}
constexpr Form Of(action::Alteration alteration) {
  return {.action = kIndexOf<action::AlterRelation>, .which = static_cast<int>(alteration)};
}
constexpr Form Of(action::Upkeep upkeep) {
  return {.action = kIndexOf<action::Maintain>, .which = static_cast<int>(upkeep)};
}

// One line of what PostgreSQL does: the lock `form` takes on whoever plays `role`, where all
// conditions in `when` hold and none in `unless`, from server version `since` to `until`.
struct EffectRow {
  static constexpr int kEver = 0;
  static constexpr int kStill = 99;

  Form form;
  Role role;
  LockMode lock;
  uint32_t when = 0;
  uint32_t unless = 0;
  int since = kEver;
  int until = kStill;
};

// One line of the work that PostgreSQL does: for `cause`, `form` does to whoever plays `role` what
// the role says.
struct WorkRow {
  Form form;
  Role role;
  Cause cause;
};

// The rows in use. Those of one action stand together.
absl::Span<const EffectRow> EffectRows();
absl::Span<const WorkRow> WorkRows();

// How often this thread found work that no true row tells of. It is told all the same, for a hole
// in the table is no reason to keep silent; mutation_test wants none.
size_t UnlistedWork();

struct EffectTable;

// While it lives, every thread reads these rows instead of the true ones. For tests alone: nothing
// else may compute effects when it comes or goes, and one at a time. `rows` must outlive it.
class ScopedEffectRows {
 public:
  explicit ScopedEffectRows(absl::Span<const EffectRow> rows);
  explicit ScopedEffectRows(absl::Span<const WorkRow> rows);
  ~ScopedEffectRows();
  ScopedEffectRows(const ScopedEffectRows&) = delete;
  ScopedEffectRows& operator=(const ScopedEffectRows&) = delete;

 private:
  void Use(const EffectTable& table);

  std::unique_ptr<const EffectTable> table_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_EFFECTS_TABLE_H_
