#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// `alter table account add column note text`, cut where it is long.
std::string WordsOf(const Step& step, const History& history) {
  constexpr size_t kLongest = 60;
  const absl::string_view text = history.SourceOf(step).Text(step.span);
  std::string words = absl::StrReplaceAll(
      absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty()), " "),
      {{"`", "'"}});
  if (words.size() <= kLongest) return words;
  return absl::StrCat(words.substr(0, words.rfind(' ', kLongest)), " …");
}

// What it does to tables that others use, as far as it may take long; empty: nothing.
std::string LongWork(const Step& step) {
  std::vector<std::string> read;
  for (const Work& work : step.effects.work) {
    if (!work.relation.live || work.shell) continue;
    if (work.kind == WorkKind::kIndexBuild) {
      return absl::StrCat("builds index ", Quoted(work.index));
    }
    // What rewrites or copies a table locks its readers out by itself.
    if (work.cause != Cause::kQuery) {
      return absl::StrCat("reads every row of ", Quoted(work.relation.name));
    }
    read.push_back(Quoted(work.relation.name));
  }
  // How much of each it reads is for the planner to say.
  return read.empty() ? "" : absl::StrCat("runs a query over ", absl::StrJoin(read, ", "));
}

// Rows that it changes or copies, of which nobody knows how many there are.
std::string ManyRows(const Step& step) {
  const auto* modify = step.As<action::ModifyData>();
  if (modify == nullptr || modify->planned_only) return "";
  const bool copies = modify->copies_in || !modify->reads.empty();
  const bool changes =
      std::any_of(modify->writes.begin(), modify->writes.end(), [&](const action::Write& write) {
        return write.verb != action::DataVerb::kInsert || copies;
      });
  const Lock* lock = step.effects.StrongestLiveLock();
  if (!changes || lock == nullptr) return "";
  return absl::StrCat(lock->mode == LockMode::kRowExclusive ? "changes rows of " : "reads rows of ",
                      Quoted(lock->relation.name));
}

// The strongest lock of the statement itself, all its subcommands together.
const Lock* OwnLock(const Step& step, const History& history) {
  const Lock* strongest = nullptr;
  for (const Step& sibling : history.StepsOf(step.migration, step.statement)) {
    if (sibling.within != step.within) continue;
    const Lock* lock = sibling.effects.StrongestLiveLock();
    const bool stronger = lock != nullptr && (strongest == nullptr || lock->mode > strongest->mode);
    if (stronger) strongest = lock;
  }
  return strongest;
}

// Whether the lock stops somebody whom the statement alone would let go on.
bool StopsMore(const Lock& held, const Lock* own) {
  const bool stops_writes = own != nullptr && BlocksWrites(own->mode);
  const bool stops_reads = own != nullptr && BlocksReads(own->mode);
  return (BlocksWrites(held.mode) && !stops_writes) || (BlocksReads(held.mode) && !stops_reads);
}

// How well people know what the lock is on: best what the step itself works on, then tables.
int Prominence(const Lock& lock, const Step& step) {
  const bool worked_on = absl::c_any_of(
      step.effects.work, [&](const Work& work) { return work.relation.id == lock.relation.id; });
  if (worked_on) return 3;
  if (lock.relation.kind == RelationKind::kIndex) return 0;
  return lock.relation.kind == RelationKind::kView ? 1 : 2;
}

// The strongest lock that is held already; of equal ones the most prominent, then the first.
const Lock* HeldTable(const Step& step, const History& history) {
  const Lock* strongest = history.StrongestHeldBefore(step);
  if (strongest == nullptr) return nullptr;
  const Lock* best = strongest;
  for (const Lock& lock : history.HeldBefore(step)) {
    if (lock.mode != strongest->mode) continue;
    if (Prominence(lock, step) > Prominence(*best, step)) best = &lock;
  }
  return best;
}

// `validate-under-lock` speaks of it.
bool ValidatesUnder(const Step& step, const Lock& held) {
  const Work* scan = step.effects.LiveWork(WorkKind::kScan);
  return step.As<action::ValidateConstraint>() != nullptr && scan != nullptr &&
         scan->relation.id == held.relation.id;
}

// The step that took the lock which is held before `step`.
const Step& HolderOf(const Step& step, const Lock* held, const History& history) {
  const auto place = static_cast<size_t>(held - history.HeldBefore(step).data());
  return history.steps()[history.HoldersBefore(step)[place]];
}

// What the file itself opens it can commit; what the runner opens ends with the file.
std::string HelpFor(const History& history, const Step& step, bool changes_rows) {
  // What a body does, its statement does.
  if (!RunnerWraps(history, history.StepsOf(step.migration, step.statement).front())) return "";
  return absl::StrCat("the runner's transaction ends with the file: put the long work into one of ",
                      "its own", changes_rows ? ", in batches" : "");
}

// Work that goes on under a lock of an earlier statement.
struct Found {
  const Step* step = nullptr;
  const Lock* held = nullptr;  // in the history
  std::string rows;            // that it changes; empty: none
  std::string work;  // that grows with the table whatever a condition chooses; empty: none
};

// The lock that is told of; null where nothing is to be told of the step.
const Lock* HeldOver(const Step& step, const History& history) {
  const Lock* held = HeldTable(step, history);
  const Lock* own = OwnLock(step, history);
  if (held == nullptr || !StopsMore(*held, own)) return nullptr;
  // What stops writers of that table by itself has a rule of its own, which sees this too.
  if (own != nullptr && own->relation.id == held->relation.id && BlocksWrites(own->mode)) {
    return nullptr;
  }
  return ValidatesUnder(step, *held) ? nullptr : held;
}

// Of each transaction and locked table the first work that is sure to be long, else the first that
// may be: a condition may choose few rows.
std::vector<Found> FindWork(const History& history) {
  std::vector<Found> all;
  absl::flat_hash_map<std::pair<uint32_t, RelationId>, size_t> places;
  for (const Step& step : history.steps()) {
    Found found = {.step = &step, .rows = ManyRows(step), .work = LongWork(step)};
    if (found.rows.empty() && found.work.empty()) continue;
    const Lock* held = HeldOver(step, history);
    if (held == nullptr) continue;
    found.held = held;
    const auto [place, first] =
        places.try_emplace({step.transaction, held->relation.id}, all.size());
    if (first) {
      all.push_back(std::move(found));
    } else if (all[place->second].work.empty() && !found.work.empty()) {
      all[place->second] = std::move(found);
    }
  }
  return all;
}

}  // namespace

PLIMSOLL_RULE(work_under_held_lock) = {
    .id = "work-under-held-lock",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "long work goes on while a lock of an earlier statement stops traffic",
    .why =
        "a lock stays until its transaction ends: what is short by itself then lasts as long as "
        "everything that follows it",
    .help = "commit before the long work, or do it first and take the lock last",
    .docs = R"md(
`ADD COLUMN` is done in a moment, but its ACCESS EXCLUSIVE is let go when the transaction ends. All
that follows happens behind a table that nobody can use:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create table invoice (id bigint primary key, total int);
--- 002_change.sql
begin;
alter table account add column state text;
update account set state = 'new' where state is null;
create index invoice_total on invoice (total);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ work-under-held-lock: reads every row of `invoice` while ACCESS EXCLUSIVE on `account`, held since `add column state text`, blocks reads and writes
commit;
```

One finding a lock is enough, of what is sure to take long where there is such: the rows are changed
under it as well. Long work comes first, or in
another transaction:

```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_column.sql
alter table account add column state text;
--- 003_fill.sql
update account set state = 'new' where id between 1 and 10000;
```

A statement that stops the same traffic by its own lock has a rule of its own, and so has `VALIDATE
CONSTRAINT` (see `validate-under-lock`).
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Found& found : FindWork(history)) {
            const Step& step = *found.step;
            Complaint complaint = {
                .message = absl::StrCat(found.rows.empty() ? found.work : found.rows, " while ",
                                        LockModeName(found.held->mode), " on ",
                                        Quoted(found.held->relation.name), ", held since `",
                                        WordsOf(HolderOf(step, found.held, history), history),
                                        "`, blocks ", WhatItBlocks(found.held->mode)),
                .help = HelpFor(history, step, !found.rows.empty()),
                .locks = std::vector<Lock>{*found.held}};
            if (found.work.empty()) complaint.severity = Severity::kWarning;
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
