#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The table whose rows are checked. One that this migration makes and fills is live to nobody, and
// then the first live table that is read is the other one.
std::string CheckedTable(const Step& step, const Work& scan) {
  const Name* name = nullptr;
  if (const auto* add = step.As<action::AddConstraint>()) name = &add->table.name;
  if (const auto* add = step.As<action::AddColumn>()) name = &add->table.name;
  for (const Work& work : step.effects.work) {
    const bool own = work.kind == WorkKind::kScan && work.cause == Cause::kForeignKey &&
                     !work.relation.live && work.relation.name == name->name;
    if (own) return work.relation.name;
  }
  return scan.relation.name;
}

// The locks on what the foreign key is of that stop writers: other subcommands of the statement may
// take more than it does itself. A table made here has no rows, and the other one is then not
// looked into either.
std::vector<Lock> LocksUnder(const History& history, const Step& step) {
  std::vector<Lock> locks;
  const uint32_t last = LastOfStatement(history, step).index;
  for (uint32_t i = FirstOfStatement(history, step).index; i <= last; ++i) {
    for (const Lock& lock : history.steps()[i].effects.locks) {
      const auto known = std::find_if(locks.begin(), locks.end(), [&](const Lock& other) {
        return other.relation.id == lock.relation.id;
      });
      if (known == locks.end()) {
        locks.push_back(lock);
      } else {
        known->mode = std::max(known->mode, lock.mode);
      }
    }
  }
  // What an earlier statement of the transaction took stays.
  for (const Lock& held : history.HeldBefore(step)) {
    for (Lock& lock : locks) {
      if (lock.relation.id == held.relation.id) lock.mode = std::max(lock.mode, held.mode);
    }
  }
  std::erase_if(locks, [&](const Lock& lock) {
    const bool own = step.effects.LockOn(lock.relation.id) != nullptr;
    return !own || !lock.relation.live || !BlocksWrites(lock.mode);
  });
  return locks;
}

// `reads and writes of `a` and writes to `b``.
std::string WhoWaits(absl::Span<const Lock> locks) {
  std::vector<std::string> whole;
  std::vector<std::string> writes;
  for (const Lock& lock : locks) {
    (BlocksReads(lock.mode) ? whole : writes).push_back(Quoted(lock.relation.name));
  }
  std::vector<std::string> waits;
  if (!whole.empty()) waits.push_back("reads and writes of " + absl::StrJoin(whole, " and "));
  if (!writes.empty()) waits.push_back("writes to " + absl::StrJoin(writes, " and "));
  return absl::StrJoin(waits, " and ");
}

}  // namespace

PLIMSOLL_RULE(foreign_key_validates) = {
    .id = "foreign-key-validates",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "adding a foreign key checks every row while both tables refuse writes",
    .why = "SHARE ROW EXCLUSIVE is held on both tables until each row has found its partner",
    .help =
        "add it NOT VALID, then VALIDATE CONSTRAINT in another transaction, which lets writes "
        "go on",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint);
--- 002_foreign_key.sql
alter table invoice add constraint invoice_account
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^… foreign-key-validates: checks every row of `invoice` while writes to `invoice` and `account` wait
  foreign key (account_id) references account (id);
```

`NOT VALID` takes the same locks for a moment only; new rows are checked from then on.

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint);
--- 002_foreign_key.sql
alter table invoice add constraint invoice_account
  foreign key (account_id) references account (id) not valid;
--- 003_validate.sql
alter table invoice validate constraint invoice_account;
```

A column that is added with a foreign key and without a default holds no value, so there is nothing
to check, and neither is there in a table that this migration creates.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* add = step.As<action::AddConstraint>();
            const bool adds = add != nullptr || step.As<action::AddColumn>() != nullptr;
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kForeignKey);
            if (!adds || scan == nullptr) continue;
            std::vector<Lock> locks = LocksUnder(history, step);
            const bool stronger =
                absl::c_any_of(locks, [](const Lock& lock) { return BlocksReads(lock.mode); });
            Complaint complaint = {
                .message = absl::StrCat("checks every row of ", Quoted(CheckedTable(step, *scan)),
                                        " while ", WhoWaits(locks), " wait"),
                .why = stronger ? "what else takes ACCESS EXCLUSIVE keeps it until each row has "
                                  "found its partner"
                                : "",
                .locks = std::move(locks)};
            // Before 18 a partitioned table could not have one that is NOT VALID; one that no file
            // creates may be partitioned.
            const Relation* table = add == nullptr
                                        ? nullptr
                                        : history.Before(step).Find(
                                              add->table.name, history.SessionAt(step).search_path);
            if (table != nullptr && table->kind == RelationKind::kTable) {
              complaint.fixes = ValidateLater(history, step, *add, /*safe=*/!table->assumed);
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
