#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What to do, where PostgreSQL's code for the failure tells; empty: the rule's own words.
absl::string_view HelpFor(absl::string_view sqlstate) {
  static constexpr struct {
    absl::string_view sqlstate;
    absl::string_view help;
  } kHelp[] = {
      {"2BP01",
       "drop or change what depends on it first, in the same transaction; the index of a "
       "constraint goes with ALTER TABLE … DROP CONSTRAINT"},
      {"42P01", "create the relation first, or correct its name; DROP and ALTER take IF EXISTS"},
      {"42703", "correct the column's name, or add the column first"},
      {"42P07", "drop or rename the one that is there, or choose another name"},
      {"42701", "name the column once"},
      {"25P01", "put it between BEGIN and COMMIT, with what it is there for"},
      {"55P04",
       "use the new value in a later migration, when the transaction that added it has committed"},
  };
  for (const auto& row : kHelp) {
    if (row.sqlstate == sqlstate) return row.help;
  }
  return "";
}

// A partitioned table and its index have no form of CONCURRENTLY, and a way around it.
absl::string_view HelpForPartitioned(const Step& step, const History& history) {
  const auto* create = step.As<action::CreateIndex>();
  if (create == nullptr || !create->concurrently) return "";
  const Relation* table =
      history.Before(step).Find(create->table, history.SessionAt(step).search_path);
  if (table == nullptr || table->kind != RelationKind::kPartitionedTable) return "";
  return "create the index ON ONLY the partitioned table, build one CONCURRENTLY on each "
         "partition, then attach them with ALTER INDEX … ATTACH PARTITION";
}

// Its effects are those that it has in a transaction: alone it has none, for the lock would be gone
// at once (xact.c:RequireTransactionBlock, which is content with the implicit block of a message).
std::optional<Failure> RefusedAlone(const Step& step, const History& history) {
  if (!RunsAlone(history, step) || step.As<action::LockTable>() == nullptr) return std::nullopt;
  return Failure{.sqlstate = "25P01",
                 .message = "LOCK TABLE can only be used in transaction blocks"};
}

// The name of what the failing step would have made and what is not there without it.
std::string NameNotMade(const Step& step, const History& history) {
  const CatalogView view = history.Before(step);
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  if (const auto* create = step.As<action::CreateTable>()) {
    return view.Find(create->table, path) == nullptr ? create->table.name : "";
  }
  if (const auto* create = step.As<action::CreateView>()) {
    return view.Find(create->view, path) == nullptr ? create->view.name : "";
  }
  if (const auto* create = step.As<action::CreateType>()) {
    return view.FindType(create->type, path) == nullptr ? create->type.name : "";
  }
  const auto* add = step.As<action::AddColumn>();
  if (add == nullptr) return "";
  const Relation* table = view.Find(add->table.name, path);
  const bool there = table != nullptr && table->FindColumn(add->column.name) != nullptr;
  return there ? "" : add->column.name;
}

// Whether it fails only because an earlier statement did.
bool IsConsequence(const Failure& failure, const absl::flat_hash_set<std::string>& not_made) {
  if (!absl::EndsWith(failure.message, " does not exist")) return false;
  return std::any_of(not_made.begin(), not_made.end(), [&](const std::string& name) {
    return absl::StrContains(failure.message, absl::StrCat("\"", name, "\""));
  });
}

// A new column that has no value for the rows of a live table: `required-column-without-default`
// speaks of it.
bool IsForWantOfValues(const Step& step, const Failure& failure) {
  return failure.sqlstate == "23502" && step.As<action::AddColumn>() != nullptr &&
         absl::c_any_of(step.effects.breaks,
                        [](const Break& broken) { return broken.relation.live; });
}

}  // namespace

PLIMSOLL_RULE(fails_at_run_time) = {
    .id = "fails-at-run-time",
    .family = Family::kFailure,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "PostgreSQL will reject the statement when it runs",
    .why =
        "the migration stops here and so does the deployment; without a transaction around it, "
        "what ran before stays",
    .help = "correct the statement; the SQLSTATE tells what PostgreSQL objects to",
    .docs = R"md(
What the files before this statement made is known, so much of what PostgreSQL will object to can be
said before it runs. The SQLSTATE is its own, and the words are as close to its own as can be.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create view account_email as select email from account;
--- 002_change.sql
alter table account drop column email;
--                  ^^^^^^^^^^^^^^^^^ fails-at-run-time: fails: cannot drop column email of table account because other objects depend on it (SQLSTATE 2BP01)
alter table account add column id bigint;
--                  ^^^^^^^^^^^^^^^^^^^^ fails-at-run-time: fails: column "id" of relation "account" already exists (SQLSTATE 42701)
drop index account_pkey;
--^^^^^^^^^^^^^^^^^^^^^ fails-at-run-time: fails: cannot drop index account_pkey because constraint account_pkey on table account requires it (SQLSTATE 2BP01)
select nmae from account;
--^^^^^^^^^^^^^^^^^^^^^^ fails-at-run-time: fails: column "nmae" does not exist (SQLSTATE 42703)
```

An enum value that a transaction adds cannot be used before it has committed:

```sql
--- 001_create.sql
create type mood as enum ('glad');
create table account (id bigint primary key, mood mood);
--- 002_mood.sql
begin;
alter type mood add value 'sad';
update account set mood = 'sad' where id = 1;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ fails-at-run-time: fails: unsafe use of new value "sad" of enum type mood (SQLSTATE 55P04)
commit;
```

A partitioned table is not indexed `CONCURRENTLY`, and its unique indexes hold the partition key:

```sql
--- 001_create.sql
create table event (id bigint, day date) partition by range (day);
--- 002_index.sql
create index concurrently event_id on event (id);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ fails-at-run-time: fails: cannot create index on partitioned table "event" concurrently (SQLSTATE 0A000)
alter table event add primary key (id);
--                ^^^^^^^^^^^^^^^^^^^^ fails-at-run-time: fails: PRIMARY KEY constraint on partitioned table must include all partitioning columns (SQLSTATE 0A000)
```

Each of them has a way that works:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create view account_email as select email from account;
create type mood as enum ('glad');
create table event (id bigint, day date) partition by range (day);
create table event_1 partition of event for values from ('2020-01-01') to ('2021-01-01');
--- 002_change.sql
drop view account_email;
alter table account drop column email;
alter type mood add value 'sad';
--- 003_index.sql
create index event_id on only event (id);
create index concurrently event_1_id on event_1 (id);
alter index event_id attach partition event_1_id;
```

A file is judged as if each mistake were mended, so that one of them does not hide the others. What
may not run at all (`IF`, `EXCEPTION`) is not said to fail, and neither is what depends on objects
that no file creates: they are taken to exist.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<std::string> not_made;
          for (const Step& step : history.steps()) {
            std::optional<Failure> failure = step.effects.failure;
            if (!failure) failure = RefusedAlone(step, history);
            // Of what the runner passes over nobody knows when somebody runs it.
            if (!failure || history.migrations()[step.migration].stray) continue;
            const bool consequence = IsConsequence(*failure, not_made);
            const std::string name = NameNotMade(step, history);
            if (!name.empty()) not_made.insert(name);
            if (consequence) continue;
            // `concurrently-in-transaction` speaks of the one, `syntax-error` of the other.
            const bool forbidden =
                step.effects.forbidden_in_transaction && failure->sqlstate == "25001";
            const bool syntax = step.within == nullptr && IsOfGrammar(*failure);
            if (forbidden || syntax || IsForWantOfValues(step, *failure)) continue;
            const absl::string_view way = HelpForPartitioned(step, history);
            report(step, {.message = absl::StrCat("fails: ", failure->message, " (SQLSTATE ",
                                                  failure->sqlstate, ")"),
                          .help = std::string(way.empty() ? HelpFor(failure->sqlstate) : way),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
