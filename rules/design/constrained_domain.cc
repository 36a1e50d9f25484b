#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the step makes the domain, and its migration leaves it with constraints of its own.
bool LeavesConstraints(const History& history, const Step& step, const Name& domain) {
  if (step.effects.failure || domain.schema == "pg_temp") return false;
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const UserType* made = history.After(step).FindType(domain, path);
  const UserType* left = history.At(EndOfMigration(history, step)).FindType(domain, path);
  if (made == nullptr || left == nullptr || left->created != made->created) return false;
  return !left->constraints.empty();
}

}  // namespace

PLIMSOLL_RULE(constrained_domain) = {
    .id = "constrained-domain",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a domain's constraint can be changed for all its columns at once only",
    .why =
        "a new or validated constraint of a domain reads every table with a column of it, and "
        "blocks writes to all of them meanwhile; a column of such a domain that is added to a "
        "table may rewrite it",
    .help =
        "use the base type, and a CHECK on each table, which is added NOT VALID and validated "
        "while others write",
    .docs = R"md(
```sql
create domain mail as text check (value like '%@%');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constrained-domain: a change of what domain `mail` demands will read every table that uses it
create domain amount as numeric not null;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constrained-domain: a change of what domain `amount` demands will read every table that uses it
```

```sql
create domain mail as text;
create domain amount as numeric default 0;
create table account (
  id bigint primary key, address mail not null,
  constraint account_address check (address like '%@%')
);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateType>();
            if (create == nullptr || create->kind != action::TypeKind::kDomain) continue;
            if (!LeavesConstraints(history, step, create->type)) continue;
            report(step,
                   {.message = absl::StrCat("a change of what domain ", Quoted(create->type.name),
                                            " demands will read every table that uses it"),
                    .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
