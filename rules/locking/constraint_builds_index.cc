#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
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

// The columns of the key in SQL; empty where it would read more than its index, as a primary key
// does to know that no value is null.
std::string ColumnsOf(const Constraint& key, const Relation& table) {
  std::vector<std::string> columns;
  for (const std::string& name : key.columns) {
    const TableColumn* column = table.FindColumn(name);
    const bool primary = key.kind == ConstraintKind::kPrimaryKey;
    if (primary && (column == nullptr || !column->not_null)) return "";
    columns.push_back(SqlName(name));
  }
  return absl::StrJoin(columns, ", ");
}

// Builds the index CONCURRENTLY before, and has the constraint take it over.
std::vector<Fix> BuildBefore(const History& history, const Step& step,
                             const action::AddConstraint& add) {
  const Constraint& key = add.constraint;
  const Relation* table =
      history.Before(step).Find(add.table.name, history.SessionAt(step).search_path);
  if (table == nullptr || table->kind != RelationKind::kTable || add.table.if_exists) return {};
  if (!IsPlainKey(history, step, key) || !IsWholeStatement(history, step)) return {};
  const std::string columns = ColumnsOf(key, *table);
  if (columns.empty() || !CanEdit(history, step)) return {};
  const std::string name = SqlName(key.name);
  const auto build = [&](const Name& on) {
    return absl::StrCat("CREATE UNIQUE INDEX CONCURRENTLY ", name, " ON ", SqlName(on), " (",
                        columns, ")");
  };
  const bool primary = key.kind == ConstraintKind::kPrimaryKey;
  const std::string take_over = absl::StrCat(
      "ADD CONSTRAINT ", name, primary ? " PRIMARY KEY" : " UNIQUE", " USING INDEX ", name);
  if (NeighboursRunAlone(history, step)) {
    // What no file creates may be partitioned, which CONCURRENTLY cannot index.
    return {{.title = "build its index CONCURRENTLY before",
             .safe = !table->assumed,
             .edits = {InsertStatementsBefore(history, step, {build(add.table.name)}),
                       Replace(step, take_over)}}};
  }
  // What refers to the key, or leans on it in ON CONFLICT, says the table's name.
  if (table->assumed || IsSaidEver(history, step, table->name)) return {};
  const Name on = NameFor(*table, add.table.name);
  return MoveOut(history, step, "build its index CONCURRENTLY and add it, in files that follow",
                 key.name, absl::StrCat(build(on), ";\n"),
                 {absl::StrCat("ALTER TABLE ", SqlName(on), " ", take_over, ";\n")});
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

bool IsOfCause(const Constraint& constraint, Cause cause) {
  if (!constraint.using_index.empty()) return false;
  return (constraint.kind == ConstraintKind::kUnique && cause == Cause::kUnique) ||
         (constraint.kind == ConstraintKind::kPrimaryKey && cause == Cause::kPrimaryKey) ||
         (constraint.kind == ConstraintKind::kExclusion && cause == Cause::kExclusion);
}

// The subcommand that asks for the index, which the last one of the statement is said to build.
// Null: no constraint of the statement does.
const Step* MakerOf(const History& history, const Step& step, const Work& build) {
  // A partition's index has a name of its own.
  const Step* other = nullptr;
  const Step* inlined = nullptr;
  const uint32_t last = LastOfStatement(history, step).index;
  for (uint32_t i = FirstOfStatement(history, step).index; i <= last; ++i) {
    const Step& part = history.steps()[i];
    if (const auto* add = part.As<action::AddConstraint>()) {
      if (!IsOfCause(add->constraint, build.cause)) continue;
      const std::string& name = add->constraint.name;
      const bool named = build.index == name || absl::EndsWith(build.index, "." + name);
      if (!name.empty() && named) return &part;
      if (other == nullptr) other = &part;
    } else if (const auto* column = part.As<action::AddColumn>()) {
      const std::vector<Constraint>& inline_ones = column->column.constraints;
      const bool asks =
          std::any_of(inline_ones.begin(), inline_ones.end(),
                      [&](const Constraint& one) { return IsOfCause(one, build.cause); });
      if (asks && inlined == nullptr) inlined = &part;
    }
  }
  return other != nullptr ? other : inlined;
}

// A primary key over an index reads the table once more where a column may be null.
bool ReadsForKey(const Step& step, const Work& work) {
  const auto* add = step.As<action::AddConstraint>();
  return add != nullptr && work.kind == WorkKind::kScan && work.cause == Cause::kNotNull &&
         add->constraint.kind == ConstraintKind::kPrimaryKey &&
         !add->constraint.using_index.empty();
}

void ReportBuild(const History& history, const Step& step, const Work& build,
                 std::vector<const Step*>& told, const Reporter& report) {
  const Step* maker = MakerOf(history, step, build);
  // What it builds on partitions is the same once more.
  if (maker == nullptr || std::find(told.begin(), told.end(), maker) != told.end()) return;
  told.push_back(maker);
  Complaint complaint = {.message = absl::StrCat("builds index ", Quoted(build.index), " while ",
                                                 BlockingWords(*maker))};
  const auto* add = maker->As<action::AddConstraint>();
  if (build.cause == Cause::kExclusion) {
    complaint.help =
        "an exclusion constraint has no form that works online: add it while nobody uses the "
        "table, with a lock_timeout set";
  } else if (add != nullptr) {
    complaint.help = HelpForWhole(history, *maker, *add);
    complaint.fixes = BuildBefore(history, *maker, *add);
  }
  report(*maker, std::move(complaint));
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
            std::vector<const Step*> told;
            for (const Work& work : step.effects.work) {
              if (!work.relation.live || work.relation.emptied) continue;
              if (work.kind == WorkKind::kIndexBuild) {
                ReportBuild(history, step, work, told, report);
              } else if (ReadsForKey(step, work)) {
                report(step,
                       {.message = absl::StrCat("reads every row of ", Quoted(work.relation.name),
                                                " while ", BlockingWords(step)),
                        .help = "set its columns NOT NULL before, which a validated check "
                                "proves (see set-not-null-scan)"});
              }
            }
          }
        },
};

}  // namespace plimsoll::rules
