#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The clause that PostgreSQL's grammar has for the action and the text leaves out, such as
// `IF NOT EXISTS`; null where it is there or there is none.
const char* MissingClause(const Step& step) {
  constexpr const char* kIfNotExists = "IF NOT EXISTS";
  constexpr const char* kIfExists = "IF EXISTS";
  const bool live = step.effects.StrongestLiveLock() != nullptr;
  if (const auto* create = step.As<action::CreateTable>()) {
    const bool temporary = create->persistence == Persistence::kTemporary;
    return create->if_not_exists || temporary ? nullptr : kIfNotExists;
  }
  if (const auto* create = step.As<action::CreateIndex>()) {
    // After a failed CONCURRENTLY, IF NOT EXISTS would be content with the invalid index; and an
    // index without a name is never found again.
    const bool helps = live && !create->concurrently && !create->name.empty();
    return create->if_not_exists || !helps ? nullptr : kIfNotExists;
  }
  if (const auto* create = step.As<action::CreateView>()) {
    return create->if_not_exists || !create->materialized ? nullptr : kIfNotExists;
  }
  if (const auto* create = step.As<action::CreateSchema>()) {
    return create->if_not_exists ? nullptr : kIfNotExists;
  }
  if (const auto* create = step.As<action::CreateSequence>()) {
    const bool temporary = create->persistence == Persistence::kTemporary;
    return create->if_not_exists || temporary ? nullptr : kIfNotExists;
  }
  if (const auto* create = step.As<action::CreateExtension>()) {
    return create->if_not_exists ? nullptr : kIfNotExists;
  }
  if (const auto* add = step.As<action::AddColumn>()) {
    return add->if_not_exists || !live ? nullptr : kIfNotExists;
  }
  if (const auto* drop = step.As<action::DropColumn>()) {
    return drop->if_exists || !live ? nullptr : kIfExists;
  }
  if (const auto* drop = step.As<action::DropConstraint>()) {
    return drop->if_exists || !live ? nullptr : kIfExists;
  }
  if (const auto* drop = step.As<action::Drop>()) {
    const bool locks_nothing = step.effects.locks.empty();
    return drop->if_exists || (!live && !locks_nothing) ? nullptr : kIfExists;
  }
  return nullptr;
}

// Whether what ran before a failure in this file stays done, so that the file will be run again
// over it.
bool LeavesHalfDone(const Step& step, const History& history) {
  if (history.TransactionOf(step).block) return false;
  uint32_t others = 0;
  const Script& script = *history.migrations()[step.migration].script;
  for (uint32_t s = 0; s < script.statements.size(); ++s) {
    if (s != step.statement && !history.StepsOf(step.migration, s).empty()) ++others;
  }
  return others > 0;
}

}  // namespace

PLIMSOLL_RULE(missing_if_exists) = {
    .id = "missing-if-exists",
    .family = Family::kIdempotency,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "without IF [NOT] EXISTS a migration that stopped halfway cannot be run again",
    .why = "the second run fails on what the first one already did",
    .help = "add the clause, or let the whole file run in one transaction",
    .docs = R"md(
A file whose statements run one by one may stop between them. The next run then fails at the first
thing that is already there, or already gone:

```sql
create table account (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-if-exists: CREATE TABLE without IF NOT EXISTS fails when it is run again
create schema audit;
--^^^^^^^^^^^^^^^^^ missing-if-exists: CREATE SCHEMA without IF NOT EXISTS fails when it is run again
```

```sql
create table if not exists account (id bigint primary key);
create schema if not exists audit;
drop table if exists legacy_account;
```

In a transaction a failed file leaves nothing behind, so this is a note there, not a warning, as it
is for a file of one statement. `CREATE INDEX CONCURRENTLY` is left alone: after a failure,
`IF NOT EXISTS` would be content with the invalid index that the first run left.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const char* clause = MissingClause(step);
            if (clause == nullptr) continue;
            const bool half_done = LeavesHalfDone(step, history);
            report(step, {.message = absl::StrCat(history.StatementOf(step).tag, " without ",
                                                  clause, " fails when it is run again"),
                          .locks = std::vector<Lock>(),
                          .severity = half_done ? Severity::kWarning : Severity::kNote});
          }
        },
};

}  // namespace plimsoll::rules
