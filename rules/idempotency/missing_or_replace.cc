#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

struct Made {
  std::string name;      // empty: nothing that OR REPLACE is for, or it is said
  bool editable = true;  // older servers have it too
};

Made MadeWithout(const Step& step) {
  if (const auto* view = step.As<action::CreateView>()) {
    const bool lacks =
        !view->or_replace && !view->materialized && view->persistence != Persistence::kTemporary;
    return {.name = lacks ? view->view.name : ""};
  }
  if (const auto* function = step.As<action::CreateFunction>()) {
    return {.name = function->or_replace ? "" : function->function.name};
  }
  if (const auto* trigger = step.As<action::CreateTrigger>()) {
    // A constraint trigger cannot be replaced.
    const bool lacks = !trigger->or_replace && !trigger->constraint;
    return {.name = lacks ? trigger->name : "", .editable = false};
  }
  return {};
}

}  // namespace

PLIMSOLL_RULE(missing_or_replace) = {
    .id = "missing-or-replace",
    .family = Family::kIdempotency,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .fixable = true,
    .since = "0.1",
    .summary = "a view, routine or trigger that is made without OR REPLACE cannot be made again",
    .why = "the second run of the file fails on what the first one made",
    .help =
        "add OR REPLACE (of triggers since PostgreSQL 14), or drop it IF EXISTS first in the same "
        "file",
    .docs = R"md(
```sql
create table account (id bigint primary key);
create view account_ids as select id from account;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-or-replace: CREATE VIEW of `account_ids` without OR REPLACE fails when it is run again
create function one() returns int language sql as 'select 1';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-or-replace: CREATE FUNCTION of `one` without OR REPLACE fails when it is run again
```

```sql
create table account (id bigint primary key);
create or replace view account_ids as select id from account;
drop function if exists one();
create function one() returns int language sql as 'select 1';
create temp view mine as select id from account;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<std::string> dropped;  // in this file
          uint32_t migration = 0;
          for (const Step& step : history.steps()) {
            if (step.migration != migration) dropped.clear();
            migration = step.migration;
            if (const auto* drop = step.As<action::Drop>()) {
              for (const Name& name : drop->objects) dropped.insert(name.name);
            }
            const Made made = MadeWithout(step);
            if (made.name.empty() || dropped.contains(made.name)) continue;
            if (step.conditional || step.effects.failure) continue;
            Complaint complaint = {
                .message = absl::StrCat(history.TagOf(step), " of ", Quoted(made.name),
                                        " without OR REPLACE fails when it is run again"),
                .locks = std::vector<Lock>()};
            const std::optional<Edit> edit =
                made.editable ? InsertAfter(history, step, "CREATE", "OR REPLACE") : std::nullopt;
            if (edit) {
              complaint.fixes.push_back(
                  {.title = "add OR REPLACE", .safe = false, .edits = {*edit}});
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
