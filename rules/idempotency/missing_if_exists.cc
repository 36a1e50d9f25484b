#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

struct Missing {
  std::string words;             // `ADD COLUMN`; the statement's tag where that says enough
  const char* clause = nullptr;  // null: it is there, or the grammar has none
};

// The clause that PostgreSQL's grammar has for the action and the text leaves out.
Missing MissingClause(const Step& step, const History& history) {
  const std::string& tag = history.StatementOf(step).tag;
  const bool live = step.effects.StrongestLiveLock() != nullptr;
  const auto not_exists = [](const std::string& words, bool said, bool matters) {
    return Missing{words, said || !matters ? nullptr : "IF NOT EXISTS"};
  };
  const auto exists = [](const std::string& words, bool said, bool matters) {
    return Missing{words, said || !matters ? nullptr : "IF EXISTS"};
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    return not_exists(tag, create->if_not_exists, create->persistence != Persistence::kTemporary);
  }
  if (const auto* create = step.As<action::CreateIndex>()) {
    // After a failed CONCURRENTLY, IF NOT EXISTS would be content with the invalid index; and an
    // index without a name is never found again.
    return not_exists(tag, create->if_not_exists,
                      live && !create->concurrently && !create->name.empty());
  }
  if (const auto* create = step.As<action::CreateView>()) {
    return not_exists(tag, create->if_not_exists, create->materialized);
  }
  if (const auto* create = step.As<action::CreateSchema>()) {
    return not_exists(tag, create->if_not_exists, true);
  }
  if (const auto* create = step.As<action::CreateSequence>()) {
    return not_exists(tag, create->if_not_exists, create->persistence != Persistence::kTemporary);
  }
  if (const auto* create = step.As<action::CreateExtension>()) {
    return not_exists(tag, create->if_not_exists, true);
  }
  if (const auto* add = step.As<action::AddColumn>()) {
    return not_exists("ADD COLUMN", add->if_not_exists, live);
  }
  if (const auto* drop = step.As<action::DropColumn>()) {
    return exists("DROP COLUMN", drop->if_exists, live);
  }
  if (const auto* drop = step.As<action::DropConstraint>()) {
    return exists("DROP CONSTRAINT", drop->if_exists, live);
  }
  if (const auto* drop = step.As<action::Drop>()) {
    // What locks no relation (a function, a type) may be anybody's.
    return exists(tag, drop->if_exists, live || step.effects.locks.empty());
  }
  return {};
}

// Whether what ran before a failure in this file stays done, so that the file will be run again
// over it.
bool LeavesHalfDone(const Step& step, const History& history) {
  if (history.TransactionOf(step).block) return false;
  const Script& script = *history.migrations()[step.migration].script;
  for (uint32_t s = 0; s < script.statements.size(); ++s) {
    if (s != step.statement && !history.StepsOf(step.migration, s).empty()) return true;
  }
  return false;
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
            // The elements of CREATE SCHEMA stand and fall with it.
            const Step& first = history.StepsOf(step.migration, step.statement).front();
            const bool element = first.As<action::CreateSchema>() != nullptr && &first != &step;
            const Missing missing = element ? Missing() : MissingClause(step, history);
            if (missing.clause == nullptr) continue;
            const bool half_done = LeavesHalfDone(step, history);
            report(step, {.message = absl::StrCat(missing.words, " without ", missing.clause,
                                                  " fails when it is run again"),
                          .locks = std::vector<Lock>(),
                          .severity = half_done ? Severity::kWarning : Severity::kNote});
          }
        },
};

}  // namespace plimsoll::rules
