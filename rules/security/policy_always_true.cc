#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// TRUE, or an equation of a constant with itself: `1 = 1`. One of NULL with itself is not true.
bool IsTrue(const Expression& expression) {
  const std::vector<Operation>& steps = expression.operations;
  const auto constant = [&](size_t i) { return steps[i].kind == OperationKind::kConstant; };
  if (steps.size() == 1) return constant(0) && steps[0].text == "true";
  return steps.size() == 3 && constant(0) && constant(1) &&
         steps[2].kind == OperationKind::kOperator && steps[2].name.name == "=" &&
         steps[0].name.name != "unknown" && steps[0].text == steps[1].text &&
         steps[0].name == steps[1].name;
}

// The clauses of it that let everything pass.
std::vector<std::string> OpenClauses(const action::CreatePolicy& create) {
  std::vector<std::string> open;
  // `expressions` holds those that are there, USING first.
  if (create.has_using && IsTrue(create.expressions.front())) open.emplace_back("USING");
  if (create.has_check && IsTrue(create.expressions.back())) open.emplace_back("WITH CHECK");
  return open;
}

}  // namespace

PLIMSOLL_RULE(policy_always_true) = {
    .id = "policy-always-true",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a policy that is always true lets every role change every row",
    .why =
        "one permissive policy that lets all pass makes the others useless, "
        "because a row passes "
        "as soon as one of them allows it",
    .help =
        "say whose rows they are in USING and WITH CHECK, or name the role "
        "with TO",
    .docs = R"md(
```sql
create table account (id bigint primary key, owner text);
alter table account enable row level security;
create policy anything on account using (true);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ policy-always-true: policy `anything` lets every role change any row of `account`, because USING is always true
create policy adding on account for insert with check (true);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ policy-always-true: policy `adding` lets every role put any row into `account`, because WITH CHECK is always true
```

A policy that is for certain roles, or that says whose the rows are, is none of these. To let
everybody read is common for public data, so a policy for `SELECT` is left alone; and a restrictive
policy takes away, it never adds.

```sql
create role app;
create table account (id bigint primary key, owner text);
alter table account enable row level security;
create policy own on account using (owner = current_user);
create policy service on account to app using (true);
create policy showing on account for select using (true);
create policy nothing_more on account as restrictive using (true);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreatePolicy>();
            if (create == nullptr || create->restrictive || step.effects.failure) continue;
            const bool everybody = std::find(create->roles.begin(), create->roles.end(),
                                             "public") != create->roles.end();
            if (!everybody || create->command == "select") continue;
            const std::vector<std::string> open = OpenClauses(*create);
            if (open.empty()) continue;
            // What USING holds back cannot be changed, however open WITH CHECK is.
            const std::string does = open.front() != "USING"    ? "put any row into"
                                     : create->command == "all" ? "change any row of"
                                                                : create->command + " any row of";
            report(step,
                   {.message = absl::StrCat("policy ", Quoted(create->name), " lets every role ",
                                            does, " ", Quoted(create->table.name), ", because ",
                                            absl::StrJoin(open, " and "),
                                            open.size() > 1 ? " are" : " is", " always true"),
                    .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
