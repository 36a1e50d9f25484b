#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// A key over columns and nothing else, so that an index made by its own statement is the same.
bool IsPlainKey(const History& history, const Step& step, const Constraint& key) {
  const bool kind = key.kind == ConstraintKind::kUnique || key.kind == ConstraintKind::kPrimaryKey;
  if (!kind || key.name.empty() || !key.using_index.empty() || !key.include.empty()) return false;
  if (key.deferrable || key.nulls_not_distinct || key.overlaps) return false;
  // Storage parameters, a tablespace and NOT DEFERRABLE come behind the columns.
  const absl::string_view text = history.SourceOf(step).Text(step.span);
  return absl::EndsWith(text, ")") && std::count(text.begin(), text.end(), '(') == 1;
}

// Builds the index CONCURRENTLY before, and has the constraint take it over.
std::vector<Fix> BuildBefore(const History& history, const Step& step,
                             const action::AddConstraint& add) {
  const bool apart = NeighboursRunAlone(history, step) && IsWholeStatement(history, step);
  if (!apart || !CanEdit(history, step) || add.table.if_exists) return {};
  const Constraint& key = add.constraint;
  const Relation* table =
      history.Before(step).Find(add.table.name, history.SessionAt(step).search_path);
  if (table == nullptr || table->kind != RelationKind::kTable || !IsPlainKey(history, step, key)) {
    return {};
  }
  const bool primary = key.kind == ConstraintKind::kPrimaryKey;
  std::vector<std::string> columns;
  for (const std::string& name : key.columns) {
    // A primary key would still read the table to know that no value is null.
    const TableColumn* column = table->FindColumn(name);
    if (primary && (column == nullptr || !column->not_null)) return {};
    columns.push_back(SqlName(name));
  }
  const std::string name = SqlName(key.name);
  const std::string build =
      absl::StrCat("CREATE UNIQUE INDEX CONCURRENTLY ", name, " ON ", SqlName(add.table.name), " (",
                   absl::StrJoin(columns, ", "), ")");
  // What no file creates may be partitioned, which CONCURRENTLY cannot index.
  return {{.title = "build its index CONCURRENTLY before",
           .safe = !table->assumed,
           .edits = {InsertStatementsBefore(history, step, {build}),
                     Replace(step, absl::StrCat("ADD CONSTRAINT ", name,
                                                primary ? " PRIMARY KEY" : " UNIQUE",
                                                " USING INDEX ", name))}}};
}

// A partitioned table takes no index over (tablecmds.c:ATExecAddIndexConstraint); its partitions
// do.
std::string HelpForWhole(const History& history, const Step& step,
                         const action::AddConstraint& add) {
  const Relation* table =
      history.Before(step).Find(add.table.name, history.SessionAt(step).search_path);
  if (table == nullptr || table->kind != RelationKind::kPartitionedTable) return "";
  return absl::StrCat(
      "build a unique index CONCURRENTLY on each partition, add it the constraint USING INDEX, "
      "then "
      "ALTER TABLE ONLY ",
      Quoted(table->DisplayName()),
      " ADD CONSTRAINT and attach the partitions' indexes with ALTER INDEX … ATTACH PARTITION");
}

}  // namespace

PLIMSOLL_RULE(constraint_builds_index) = {
    .id = "constraint-builds-index",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
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
              Complaint complaint = {
                  .message = absl::StrCat(
                      build ? absl::StrCat("builds index ", Quoted(work.index))
                            : absl::StrCat("reads every row of ", Quoted(work.relation.name)),
                      " while ", BlockingWords(step))};
              if (work.cause == Cause::kExclusion) {
                complaint.help =
                    "an exclusion constraint has no form that works online: add it while nobody "
                    "uses the table, with a lock_timeout set";
              } else if (scan) {
                complaint.help =
                    "set its columns NOT NULL before, which a validated check proves (see "
                    "set-not-null-scan)";
              } else if (add != nullptr) {
                complaint.help = HelpForWhole(history, step, *add);
                complaint.fixes = BuildBefore(history, step, *add);
              }
              report(step, std::move(complaint));
              break;
            }
          }
        },
};

}  // namespace plimsoll::rules
