#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether something is different after it, in the database and not in the session alone.
bool LeavesSomething(const Step& step) {
  if (step.effects.failure || step.As<action::DoBlock>() != nullptr) return false;
  if (const auto* modify = step.As<action::ModifyData>()) {
    return !modify->writes.empty() && !modify->planned_only;
  }
  if (const auto* maintain = step.As<action::Maintain>()) {
    return maintain->upkeep != action::Upkeep::kAnalyze &&
           maintain->upkeep != action::Upkeep::kVacuum;
  }
  const ActionKind& kind = step.action->kind;
  return !std::holds_alternative<action::Begin>(kind) &&
         !std::holds_alternative<action::Commit>(kind) &&
         !std::holds_alternative<action::Rollback>(kind) &&
         !std::holds_alternative<action::SetParameter>(kind) &&
         !std::holds_alternative<action::SessionCommand>(kind);
}

// What stays or goes as a whole: a transaction, or a statement that is one by itself.
std::pair<bool, uint32_t> WholeOf(const Step& step, const History& history) {
  const bool block = history.TransactionOf(step).block;
  return {block, block ? step.transaction : step.statement};
}

}  // namespace

PLIMSOLL_RULE(half_done_file) = {
    .id = "half-done-file",
    .family = Family::kIdempotency,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a file that is more than one transaction can stop half done",
    .why =
        "after a failure a part of the file is in effect and the runner counts it as not run: the "
        "next run meets what the first one left",
    .help =
        "give a statement that cannot run in a transaction a file of its own, and wrap the others "
        "in one",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_email.sql
create index concurrently account_email on account (email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ half-done-file: CREATE INDEX is committed apart from what else the file does, which may fail
alter table account add column state text;
```

One statement a file, or one transaction, is done or not done:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_index.sql
set lock_timeout = 0;
create index concurrently account_email on account (email);
analyze account;
--- 003_column.sql
begin;
alter table account add column state text;
alter table account add column note text;
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<Step>& steps = history.steps();
          for (size_t first = 0; first < steps.size();) {
            size_t last = first;
            const Step* alone = nullptr;  // the first that no transaction protects
            absl::flat_hash_set<std::pair<bool, uint32_t>> wholes;
            for (; last < steps.size() && steps[last].migration == steps[first].migration; ++last) {
              if (!LeavesSomething(steps[last])) continue;
              const auto whole = WholeOf(steps[last], history);
              wholes.insert(whole);
              if (!whole.first && alone == nullptr) alone = &steps[last];
            }
            if (alone != nullptr && wholes.size() > 1) {
              // Of a body, the statement that runs it.
              const Step& shown = history.StepsOf(alone->migration, alone->statement).front();
              report(shown, {.message = absl::StrCat(history.TagOf(shown),
                                                     " is committed apart from what else the "
                                                     "file does, which may fail"),
                             .locks = std::vector<Lock>()});
            }
            first = last;
          }
        },
};

}  // namespace plimsoll::rules
