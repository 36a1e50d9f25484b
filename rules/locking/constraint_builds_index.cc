#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(constraint_builds_index) = {
    .id = "constraint-builds-index",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a unique or primary key constraint builds its index while nobody can use the table",
    .why = "reads and writes wait for as long as the index takes to build",
    .help = "build a unique index CONCURRENTLY first, then add the constraint USING INDEX",
    .docs = R"md(
`ADD UNIQUE` and `ADD PRIMARY KEY` build an index under ACCESS EXCLUSIVE, which stops even readers.

```sql
--- 001_create.sql
create table account (id bigint, email text);
--- 002_unique.sql
alter table account add constraint account_email_key unique (email);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constraint-builds-index: builds index `account_email_key` while ACCESS EXCLUSIVE on `account` blocks reads and writes
```

An index that is there already is taken over in a moment:

```sql
--- 001_create.sql
create table account (id bigint, email text);
--- 002_index.sql
create unique index concurrently account_email_key on account (email);
--- 003_unique.sql
alter table account add constraint account_email_key unique using index account_email_key;
```

A primary key over columns that may be null reads the table all the same, to know that none is:
set them NOT NULL first (see `set-not-null-scan`).

```sql
--- 001_create.sql
create table account (id bigint, email text);
create unique index account_id on account (id);
--- 002_key.sql
alter table account add primary key using index account_id;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constraint-builds-index: reads every row of `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes
```

An exclusion constraint has no form that works online.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* add = step.As<action::AddConstraint>();
            if (add == nullptr && step.As<action::AddColumn>() == nullptr) continue;
            const Effects& effects = step.effects;
            for (const Work& work : effects.work) {
              const bool build =
                  work.kind == WorkKind::kIndexBuild &&
                  (work.cause == Cause::kUnique || work.cause == Cause::kPrimaryKey ||
                   work.cause == Cause::kExclusion);
              // A primary key reads the table once more where a column may be null.
              const bool scan = work.kind == WorkKind::kScan && work.cause == Cause::kNotNull &&
                                add != nullptr &&
                                add->constraint.kind == ConstraintKind::kPrimaryKey &&
                                !add->constraint.using_index.empty();
              if (!work.relation.live || (!build && !scan)) continue;
              report(step,
                     {.message = absl::StrCat(
                          build ? absl::StrCat("builds index ", Quoted(work.index))
                                : absl::StrCat("reads every row of ", Quoted(work.relation.name)),
                          " while ", BlockingWords(step))});
              break;
            }
          }
        },
};

}  // namespace plimsoll::rules
