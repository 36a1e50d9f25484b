#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The rights that let a role read and change what it was not granted (user.c:CreateRole).
std::vector<std::string> RightsOf(const action::ChangeObject& change) {
  std::vector<std::string> rights;
  for (const Parameter& option : change.options) {
    if (option.value == "false") continue;
    if (option.name == "superuser") rights.push_back("SUPERUSER");
    if (option.name == "bypassrls") rights.push_back("BYPASSRLS");
    if (option.name == "isreplication") rights.push_back("REPLICATION");
  }
  return rights;
}

// Empty where the statement names none: CURRENT_USER.
std::string RoleOf(const action::ChangeObject& change) {
  if (!change.object.name.empty()) return change.object.name;
  for (const ObjectUse& use : change.uses) {
    if (use.kind == ObjectKind::kRole) return use.name.name;
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(privileged_role) = {
    .id = "privileged-role",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary =
        "a role with SUPERUSER, BYPASSRLS or REPLICATION reads rows that are kept from others",
    .why =
        "a superuser needs no privilege, BYPASSRLS reads past every policy, and REPLICATION copies "
        "the "
        "whole cluster; each server that the file runs on gets one more such role",
    .help =
        "grant the role what it needs, or a predefined role such as pg_read_all_data; make "
        "administrators by hand",
    .docs = R"md(
```sql
create role reporting login superuser;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ privileged-role: gives role `reporting` SUPERUSER
create role app login;
alter role app bypassrls replication;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ privileged-role: gives role `app` BYPASSRLS, REPLICATION
```

To take such a right away is no finding, and the right to make databases or roles is a smaller one:

```sql
create role app login nosuperuser createdb createrole;
alter role app nobypassrls;
grant pg_read_all_data to app;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* change = step.As<action::ChangeObject>();
            if (change == nullptr || change->kind != ObjectKind::kRole) continue;
            const std::vector<std::string> rights = RightsOf(*change);
            if (rights.empty() || step.effects.failure) continue;
            const std::string role = RoleOf(*change);
            report(step,
                   {.message = absl::StrCat(
                        "gives ", role.empty() ? "the role" : absl::StrCat("role ", Quoted(role)),
                        " ", absl::StrJoin(rights, ", "))});
          }
        },
};

}  // namespace plimsoll::rules
