#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool IsRole(const action::SetParameter& set) { return set.name == "role"; }
bool IsAuthorization(const action::SetParameter& set) {
  return set.name == "session_authorization";
}

bool IsReset(const action::SetParameter& set) {
  return set.values.empty() || (IsRole(set) && set.values[0] == "none");
}

// Whether the file goes back to the role that it began with.
bool IsReset(const History& history, const Step& step, const action::SetParameter& set) {
  for (uint32_t i = step.index + 1; i < history.steps().size(); ++i) {
    const Step& later = history.steps()[i];
    if (later.migration != step.migration) return false;
    const auto* other = later.As<action::SetParameter>();
    const auto* command = later.As<action::SessionCommand>();
    // DISCARD ALL, the only one that a transaction block refuses.
    const bool discards =
        command != nullptr && command->what == "DISCARD" && command->outside_transactions;
    if (discards) return true;
    // RESET ALL leaves the role as it is (guc_tables.c: GUC_NO_RESET_ALL).
    if (other != nullptr && other->name == set.name && !other->local && IsReset(*other)) {
      return true;
    }
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(role_switch) = {
    .id = "role-switch",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary =
        "a role that a migration sets and leaves set is that of all "
        "that comes after it",
    .why =
        "the next files and the migration tool's own bookkeeping run as "
        "that role: what they "
        "create belongs to it, and what it may not do fails",
    .help =
        "use SET LOCAL ROLE in a transaction, or RESET ROLE before the "
        "file ends",
    .docs = R"md(
```sql
create role app;
grant create on schema public to app;
set role app;
--^^^^^^^^^^ role-switch: goes on as role `app` when the file has ended
create table account (id bigint primary key);
```

`SET LOCAL` ends with its transaction; what a file resets is gone too.

```sql
create role app;
begin;
set local role app;
commit;

set role app;
reset role;
```

`SET SESSION AUTHORIZATION` needs a superuser, so a migration that says it runs with rights that it
should not have:

```sql
create role app;
set session authorization app;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^ role-switch: goes on as role `app`, which a superuser alone may do
reset session authorization;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* set = step.As<action::SetParameter>();
            if (set == nullptr || IsReset(*set) || step.effects.failure || step.effectless)
              continue;
            if (IsAuthorization(*set)) {
              report(step, {.message = absl::StrCat("goes on as role ", Quoted(set->values[0]),
                                                    ", which a superuser alone may do"),
                            .help = "connect as that role, or let the "
                                    "migrations' role be a member "
                                    "of it and use SET LOCAL ROLE"});
              continue;
            }
            const bool undone = set->local || history.TransactionOf(step).rolled_back;
            if (!IsRole(*set) || undone || IsReset(history, step, *set)) continue;
            report(step, {.message = absl::StrCat("goes on as role ", Quoted(set->values[0]),
                                                  " when the file has ended")});
          }
        },
};

}  // namespace plimsoll::rules
