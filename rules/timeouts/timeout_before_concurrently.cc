#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Long enough to wait for an old transaction, and to build an index.
constexpr int64_t kLongLockTimeout = 60'000;
constexpr int64_t kLongStatementTimeout = 3'600'000;

// Statements that wait for every older snapshot and, where they are stopped, leave something.
bool IsConcurrent(const Step& step) {
  if (const auto* create = step.As<action::CreateIndex>()) return create->concurrently;
  if (const auto* drop = step.As<action::Drop>()) return drop->concurrently;
  if (const auto* detach = step.As<action::DetachPartition>()) return detach->concurrently;
  const auto* maintain = step.As<action::Maintain>();
  return maintain != nullptr && maintain->concurrently &&
         maintain->upkeep >= action::Upkeep::kReindexIndex &&
         maintain->upkeep <= action::Upkeep::kReindexSystem;
}

bool IsShort(std::optional<int64_t> timeout, int64_t enough) {
  return timeout.value_or(0) > 0 && *timeout < enough;
}

struct Timeout {
  const char* name;
  int64_t milliseconds;
  const char* when;  // it stops the statement
};

std::vector<Timeout> ShortTimeouts(const Session& session) {
  std::vector<Timeout> timeouts;
  if (IsShort(session.lock_timeout_ms, kLongLockTimeout)) {
    timeouts.push_back(
        {"lock_timeout", *session.lock_timeout_ms, "when an older transaction lasts longer"});
  }
  if (IsShort(session.statement_timeout_ms, kLongStatementTimeout)) {
    timeouts.push_back(
        {"statement_timeout", *session.statement_timeout_ms, "when it takes longer"});
  }
  return timeouts;
}

std::string WordsOf(const Step& step, const History& history) {
  const bool detaches = step.As<action::DetachPartition>() != nullptr;
  return absl::StrCat(detaches ? "DETACH PARTITION" : history.TagOf(step), " CONCURRENTLY");
}

Fix SwitchedOff(const Step& step, const std::vector<Timeout>& timeouts, const History& history) {
  std::vector<std::string> before;
  std::vector<std::string> after;
  for (const Timeout& timeout : timeouts) {
    before.push_back(absl::StrCat("SET ", timeout.name, " = 0"));
    after.push_back(absl::StrCat("SET ", timeout.name, " = '", timeout.milliseconds, "ms'"));
  }
  return {.title = "switch it off for this statement",
          .edits = {InsertStatementsBefore(history, step, before),
                    InsertStatementsAfter(history, step, after)}};
}

}  // namespace

PLIMSOLL_RULE(timeout_before_concurrently) = {
    .id = "timeout-before-concurrently",
    .family = Family::kTimeouts,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .fixable = true,
    .since = "0.1",
    .summary = "a short timeout stops CONCURRENTLY halfway and leaves an invalid index",
    .why =
        "it waits for every older transaction, which lock_timeout counts as waiting for a lock; "
        "stopped, it leaves an invalid index or a partition that is half detached",
    .help =
        "set lock_timeout and statement_timeout to 0 before it and back after it: it blocks "
        "nobody while it waits",
    .docs = R"md(
A short `lock_timeout` is right for `ALTER TABLE`, behind which everybody waits. `CREATE INDEX
CONCURRENTLY` makes nobody wait, but waits itself until every transaction that is older than its
snapshot has ended, and each of these waits counts:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_index.sql
set lock_timeout = '5s';
create index concurrently account_email on account (email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ timeout-before-concurrently: `lock_timeout` of 5000 ms stops CREATE INDEX CONCURRENTLY when an older transaction lasts longer
```

One report that runs for six seconds is enough. The index is then there, invalid: it is written to
and never read. `DROP INDEX`, `REINDEX` and `DETACH PARTITION` wait in the same way. Nobody is hurt
by letting them wait:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_index.sql
set lock_timeout = 0;
set statement_timeout = 0;
create index concurrently account_email on account (email);
```

A `lock_timeout` of a minute and more is left alone, and so is a `statement_timeout` of an hour and
more.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (!IsConcurrent(step) || step.effects.StrongestLiveLock() == nullptr) continue;
            const std::vector<Timeout> timeouts = ShortTimeouts(history.SessionAt(step));
            if (timeouts.empty()) continue;
            Complaint complaint = {.message =
                                       absl::StrCat(Quoted(timeouts[0].name), " of ",
                                                    timeouts[0].milliseconds, " ms stops ",
                                                    WordsOf(step, history), " ", timeouts[0].when)};
            if (CanEdit(history, step)) {
              complaint.fixes.push_back(SwitchedOff(step, timeouts, history));
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
