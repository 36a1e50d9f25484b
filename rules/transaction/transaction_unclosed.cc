#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// A runner that opened a transaction around the file ends whatever is open when the file does.
bool RunnerCommits(const Migration& migration) { return OpensTransactions(migration.wrapping); }

// The step that opens the transaction in which the file ends; null where none is open.
const Step* LeftOpen(const Step& step, const Step* open) {
  if (step.within != nullptr || step.effects.failure) return open;
  if (step.As<action::Begin>() != nullptr) return open == nullptr ? &step : open;
  if (const auto* commit = step.As<action::Commit>()) return commit->chain ? &step : nullptr;
  if (const auto* rollback = step.As<action::Rollback>()) return rollback->chain ? &step : nullptr;
  return step.As<action::PrepareTransaction>() != nullptr ? nullptr : open;
}

void ReportOpen(const Step& open, const Step& last, const History& history,
                const Reporter& report) {
  const bool chains = open.As<action::Begin>() == nullptr;
  Complaint complaint = {
      .message = absl::StrCat(history.TagOf(open), chains ? " AND CHAIN" : "",
                              " opens a transaction that the file never ends: its changes are "
                              "lost, or the next file goes on in it")};
  if (CanEdit(history, last)) {
    complaint.fixes.push_back({.title = "commit at the end of the file",
                               .safe = false,
                               .edits = {InsertStatementsAfter(history, last, {"COMMIT"})}});
  }
  report(open, std::move(complaint));
}

}  // namespace

PLIMSOLL_RULE(transaction_unclosed) = {
    .id = "transaction-unclosed",
    .family = Family::kTransaction,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "BEGIN without COMMIT: nothing that follows it is sure to stay",
    .why =
        "when the session ends, PostgreSQL rolls an open transaction back without an error, and "
        "until then all its locks are held",
    .help = "end the file with COMMIT, or leave the transaction to the runner",
    .docs = R"md(
```sql
--- 001_create.sql
begin;
--^^^ transaction-unclosed: BEGIN opens a transaction that the file never ends: its changes are lost, or the next file goes on in it
create table account (id bigint primary key);
```

The runner notes the migration as done, and the table is not there. What was meant:

```sql
--- 001_create.sql
begin;
create table account (id bigint primary key);
commit;
```

A runner that wraps the file in a transaction of its own ends this one too, so there it is not
reported (see `transaction-nested`).
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const Step* open = nullptr;
          const std::vector<Step>& steps = history.steps();
          for (const Step& step : steps) {
            open = LeftOpen(step, open);
            const bool ends =
                step.index + 1 == steps.size() || steps[step.index + 1].migration != step.migration;
            if (!ends) continue;
            const bool committed = RunnerCommits(history.migrations()[step.migration]);
            if (open != nullptr && !committed) ReportOpen(*open, step, history, report);
            open = nullptr;
          }
        },
};

}  // namespace plimsoll::rules
