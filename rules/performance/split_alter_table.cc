#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// One ALTER TABLE reads or copies a table once for all of these (tablecmds.c:ATRewriteTables). Each
// foreign key is checked and each index built by itself.
bool IsShared(const Work& work) {
  if (work.kind == WorkKind::kRewrite) {
    return work.cause == Cause::kVolatileDefault || work.cause == Cause::kStoredGenerated ||
           work.cause == Cause::kIdentity || work.cause == Cause::kConstrainedDomain ||
           work.cause == Cause::kTypeChange;
  }
  return work.kind == WorkKind::kScan &&
         (work.cause == Cause::kNotNull || work.cause == Cause::kCheck);
}

// The live table that the statement reads or copies as a whole, for reasons that a statement can
// have several of; null where there is none. VALIDATE is meant to stand alone.
const Work* SharedWork(absl::Span<const Step> statement) {
  for (const Step& step : statement) {
    if (step.within != nullptr || step.effects.failure) return nullptr;
    if (step.As<action::ValidateConstraint>() != nullptr) return nullptr;
    for (const Work& work : step.effects.work) {
      if (work.relation.live && IsShared(work)) return &work;
    }
  }
  return nullptr;
}

// The column whose type the step sets.
std::string RetypedBy(const Step& step) {
  const auto* alter = step.As<action::AlterColumnType>();
  return alter == nullptr ? "" : alter->column;
}

bool Makes(const Step& step, const std::string& column) {
  const auto* add = step.As<action::AddColumn>();
  return RetypedBy(step) == column || (add != nullptr && add->column.name == column);
}

// One statement cannot set the type of a column twice, nor that of a column that it adds.
bool CanJoin(absl::Span<const Step> first, absl::Span<const Step> second) {
  return std::none_of(second.begin(), second.end(), [&](const Step& step) {
    const std::string column = RetypedBy(step);
    return !column.empty() && std::any_of(first.begin(), first.end(),
                                          [&](const Step& other) { return Makes(other, column); });
  });
}

}  // namespace

PLIMSOLL_RULE(split_alter_table) = {
    .id = "split-alter-table",
    .family = Family::kPerformance,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "two ALTER TABLE read or copy a table twice where one would do it once",
    .why = "the lock is held for both passes, because both are in one transaction",
    .help = "make them subcommands of one ALTER TABLE",
    .docs = R"md(
PostgreSQL gathers what the subcommands of one `ALTER TABLE` need, and goes over the table once.

```sql
--- 001_create.sql
create table account (id bigint primary key, size int, email text);
--- 002_change.sql
begin;
alter table account alter size type bigint;
alter table account alter email set not null;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ split-alter-table
commit;
```

```sql
--- 001_create.sql
create table account (id bigint primary key, size int, email text);
--- 002_change.sql
begin;
alter table account alter size type bigint, alter email set not null;
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const size_t count = history.migrations()[m].script->statements.size();
            for (uint32_t s = 1; s < count; ++s) {
              const absl::Span<const Step> first = history.StepsOf(m, s - 1);
              const absl::Span<const Step> second = history.StepsOf(m, s);
              const Work* before = SharedWork(first);
              const Work* work = SharedWork(second);
              if (before == nullptr || work == nullptr) continue;
              if (before->relation.id != work->relation.id) continue;
              if (first.front().transaction != second.front().transaction) continue;
              if (!CanJoin(first, second)) continue;
              report({.migration = m,
                      .statement = s,
                      .span = history.StatementOf(second.front()).span,
                      .message = absl::StrCat("goes over ", Quoted(work->relation.name),
                                              " again, after the ALTER TABLE before it"),
                      .locks = std::vector<Lock>()});
            }
          }
        },
};

}  // namespace plimsoll::rules
