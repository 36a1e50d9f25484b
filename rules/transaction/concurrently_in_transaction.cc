#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(concurrently_in_transaction) = {
    .id = "concurrently-in-transaction",
    .family = Family::kTransaction,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "PostgreSQL refuses CONCURRENTLY, and some other statements, in a transaction",
    .why =
        "such a statement commits several times by itself, so it fails with SQLSTATE 25001 in a "
        "transaction block, and the migration with it",
    .help =
        "put it into a migration of its own, and tell the runner not to wrap that file in a "
        "transaction",
    .docs = R"md(
```sql
begin;
create index concurrently account_email on account (email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ concurrently-in-transaction: CREATE INDEX CONCURRENTLY cannot run inside a transaction block
commit;
```

The runner's transaction counts as well; every runner has a way to leave a file out of it
(`-- +goose NO TRANSACTION`, `-- migrate:up transaction:false`, `-- no-transaction`, …).

```sql
create index concurrently account_email on account (email);
drop index concurrently account_name;
vacuum account;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const std::optional<Failure>& failure = step.effects.failure;
            if (!step.effects.forbidden_in_transaction || !failure ||
                failure->sqlstate != "25001") {
              continue;
            }
            const bool index = step.As<action::CreateIndex>() != nullptr ||
                               (step.As<action::Drop>() != nullptr &&
                                step.As<action::Drop>()->kind == ObjectKind::kIndex);
            const std::string what =
                absl::StrCat(history.TagOf(step), index ? " CONCURRENTLY" : "");
            const std::string& outside = history.migrations()[step.migration].outside;
            const bool runners = RunnerWraps(history, step) && !outside.empty();
            report(step, {.message = absl::StrCat(
                              what, " cannot run inside a ",
                              step.within != nullptr ? "function or DO" : "transaction block"),
                          .help = runners ? absl::StrCat("put it ", outside) : ""});
          }
        },
};

}  // namespace plimsoll::rules
