#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What is open while a file runs, as its own words and its runner's make it.
class Nesting {
 public:
  explicit Nesting(Wrapping wrapping)
      : wrapping_(wrapping), runners_(OpensTransactions(wrapping)) {}

  // What is wrong with a step that opens or ends a transaction; empty: nothing.
  std::string Problem(const Step& step, const std::string& tag);

 private:
  std::string ProblemOfEnd(const std::string& tag, bool undoes, bool chain);

  Wrapping wrapping_;
  bool runners_;      // the runner's transaction is open, or will be at the next statement
  bool own_ = false;  // BEGIN was said
};

std::string Nesting::Problem(const Step& step, const std::string& tag) {
  if (step.within != nullptr || step.effects.failure) return "";
  if (step.As<action::Begin>() != nullptr) {
    const bool twice = own_;
    own_ = true;
    if (twice) {
      return absl::StrCat(tag,
                          " opens nothing: a transaction is open already, and the first "
                          "COMMIT ends it");
    }
    return runners_ ? absl::StrCat(tag,
                                   " opens nothing: the runner has opened a transaction, "
                                   "which the file's own COMMIT will end")
                    : "";
  }
  if (const auto* commit = step.As<action::Commit>()) {
    return ProblemOfEnd(tag, /*undoes=*/false, commit->chain);
  }
  if (const auto* rollback = step.As<action::Rollback>()) {
    return ProblemOfEnd(tag, /*undoes=*/true, rollback->chain);
  }
  if (step.As<action::PrepareTransaction>() != nullptr) own_ = false;
  return "";
}

std::string Nesting::ProblemOfEnd(const std::string& tag, bool undoes, bool chain) {
  const bool own = own_;
  const bool runners = runners_;
  own_ = chain;
  // A runner that runs alone what has to opens another one for what follows.
  if (wrapping_ == Wrapping::kFile) runners_ = false;
  if (own) return "";
  if (runners && undoes) {
    return absl::StrCat(tag, " undoes what came before and ends the runner's transaction");
  }
  if (runners) {
    return absl::StrCat(tag,
                        " ends the runner's transaction: when what follows fails, what came "
                        "before it stays");
  }
  return absl::StrCat(tag, " without BEGIN: no transaction of the file's own is open");
}

// Whether the file begins with its BEGIN and ends with its COMMIT.
bool FramesWholeFile(const History& history, uint32_t migration) {
  const Script& script = *history.migrations()[migration].script;
  const auto last = static_cast<uint32_t>(script.statements.size() - 1);
  const absl::Span<const Step> begin = history.StepsOf(migration, 0);
  const absl::Span<const Step> commit = history.StepsOf(migration, last);
  return !begin.empty() && begin.front().As<action::Begin>() != nullptr && !commit.empty() &&
         commit.front().As<action::Commit>() != nullptr;
}

}  // namespace

PLIMSOLL_RULE(transaction_nested) = {
    .id = "transaction-nested",
    .family = Family::kTransaction,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "BEGIN in an open transaction, or COMMIT of one that the file did not open",
    .why =
        "PostgreSQL has no transactions within transactions: it warns and goes on, and the first "
        "COMMIT ends them all, so that what follows is no longer undone by a failure",
    .help =
        "leave BEGIN and COMMIT to the runner, or tell it not to wrap this file; within a "
        "transaction, use SAVEPOINT",
    .docs = R"md(
A runner that wraps each file has its transaction ended by the file's `COMMIT`. What comes after it,
and the runner's own note that the migration is done, are outside:

```sql
-- transaction: file
--- 001_create.sql
begin;
--^^^ transaction-nested: BEGIN opens nothing: the runner has opened a transaction, which the file's own COMMIT will end
create table account (id bigint primary key);
commit;
create table invoice (id bigint primary key);
```

Without a runner's transaction, the second `BEGIN` is a warning of the server and nothing else, and
so is the second `COMMIT`:

```sql
begin;
create table account (id bigint primary key);
begin;
--^^^ transaction-nested: BEGIN opens nothing: a transaction is open already, and the first COMMIT ends it
create table invoice (id bigint primary key);
commit;
create table receipt (id bigint primary key);
commit;
--^^^^ transaction-nested: COMMIT without BEGIN: no transaction of the file's own is open
```

What may fail and be undone by itself stands between savepoints:

```sql
begin;
create table account (id bigint primary key);
savepoint before_invoice;
create table invoice (id bigint primary key);
rollback to savepoint before_invoice;
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          Nesting nesting(Wrapping::kNone);
          uint32_t migration = UINT32_MAX;
          for (const Step& step : history.steps()) {
            if (step.migration != migration) {
              migration = step.migration;
              nesting = Nesting(history.migrations()[migration].wrapping);
            }
            const std::string problem = nesting.Problem(step, history.TagOf(step));
            if (problem.empty()) continue;
            Complaint complaint = {.message = problem};
            // Nothing stands outside of what the file opens and ends.
            if (FramesWholeFile(history, step.migration)) complaint.risk = Risk::kSafe;
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
