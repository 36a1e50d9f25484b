#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What the files say of a function so far.
struct Rights {
  bool definer = false;  // it runs with its owner's rights
  bool pinned = false;   // it has a search_path of its own
  // The step that last let it run with its owner's rights and its caller's path.
  const Step* opened = nullptr;

  bool open() const { return definer && !pinned; }
};

void Follow(const action::ChangeObject& change, Rights& rights) {
  for (const Parameter& option : change.options) {
    if (option.name == "security") rights.definer = option.value == "true";
    // RESET ALL names none.
    const bool path = option.value == "search_path" || option.value.empty();
    if (option.name == "set" && path) rights.pinned = true;
    if (option.name == "reset" && path) rights.pinned = false;
  }
}

// By name: who overloads one treats them alike.
using Functions = std::map<std::string, Rights>;

void Follow(const Step& step, Functions& functions) {
  const auto* create = step.As<action::CreateFunction>();
  const auto* change = step.As<action::ChangeObject>();
  const bool alters =
      change != nullptr && change->change == action::ObjectChange::kAlter &&
      !change->options.empty() &&
      (change->kind == ObjectKind::kFunction || change->kind == ObjectKind::kProcedure ||
       change->kind == ObjectKind::kRoutine);
  if (create == nullptr && !alters) return;
  Rights& rights = functions[create != nullptr ? create->function.name : change->object.name];
  const bool was_open = rights.open();
  if (create != nullptr) {
    rights = {.definer = create->security_definer, .pinned = create->pins_search_path};
  } else {
    Follow(*change, rights);
  }
  if (!rights.open()) rights.opened = nullptr;
  if (rights.open() && (create != nullptr || !was_open)) rights.opened = &step;
}

// What one migration has opened and left open, in the order of its steps.
void ReportOpen(Functions& functions, const Reporter& report) {
  std::map<uint32_t, std::string> open;
  for (auto& [name, rights] : functions) {
    if (rights.opened == nullptr) continue;
    open[rights.opened->index] = name;
  }
  for (const auto& [index, name] : open) {
    const Step& step = *std::exchange(functions[name].opened, nullptr);
    report(step, {.message = absl::StrCat(Quoted(name),
                                          " runs with its owner's rights and its caller's "
                                          "search_path"),
                  .locks = std::vector<Lock>()});
  }
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

What counts is what the file leaves, so `ALTER FUNCTION` can close the hole, or open one:

```sql
create function close_account(account_id bigint) returns void language sql security definer
  as $$ select $$;
alter function close_account(bigint) set search_path = pg_catalog, pg_temp;
```

```sql
create function close_account(account_id bigint) returns void language sql as $$ select $$;
alter function close_account(bigint) security definer;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ security-definer-search-path: `close_account` runs with its owner's rights and its caller's search_path
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          Functions functions;
          uint32_t migration = 0;
          for (const Step& step : history.steps()) {
            if (step.migration != migration) ReportOpen(functions, report);
            migration = step.migration;
            if (!step.effects.failure) Follow(step, functions);
          }
          ReportOpen(functions, report);
        },
};

}  // namespace plimsoll::rules
