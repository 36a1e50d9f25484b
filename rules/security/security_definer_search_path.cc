#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// ALTER FUNCTION … SET search_path may follow; what it sets is not known.
bool IsAltered(const Step& create, const Name& function, const History& history) {
  for (uint32_t s = create.index + 1; s < history.steps().size(); ++s) {
    const Step& step = history.steps()[s];
    if (step.migration != create.migration) break;
    const auto* change = step.As<action::ChangeObject>();
    if (change != nullptr && change->change == action::ObjectChange::kAlter &&
        change->object.name == function.name) {
      return true;
    }
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(security_definer_search_path) = {
    .id = "security-definer-search-path",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a SECURITY DEFINER function without a search_path of its own can be hijacked",
    .why =
        "it runs with its owner's rights, and its caller decides in which schemas it looks for "
        "tables, functions and operators",
    .help =
        "give it `SET search_path = ''` and write names with their schemas, or name the schemas "
        "that only trusted roles may create in, pg_temp last",
    .docs = R"md(
Whoever may create objects in a schema that stands early in the caller's `search_path` chooses what
the function calls, with the rights of the function's owner.

```sql
create function close_account(account_id bigint) returns void language sql security definer
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^… security-definer-search-path: `close_account` runs with its owner's rights and its caller's search_path
  as $$ select $$;
```

A path of its own, or the rights of its caller, close the hole:

```sql
create function close_account(account_id bigint) returns void language sql security definer
  set search_path = ''
  as $$ select $$;
create function show_account(account_id bigint) returns void language sql
  as $$ select $$;
```

`ALTER FUNCTION` in the same file counts too:

```sql
create function close_account(account_id bigint) returns void language sql security definer
  as $$ select $$;
alter function close_account(bigint) set search_path = pg_catalog, pg_temp;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateFunction>();
            if (create == nullptr || step.effects.failure) continue;
            if (!create->security_definer || create->pins_search_path) continue;
            if (IsAltered(step, create->function, history)) continue;
            report(step, {.message = absl::StrCat(Quoted(create->function.name),
                                                  " runs with its owner's rights and its "
                                                  "caller's search_path"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
