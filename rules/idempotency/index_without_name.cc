#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(index_without_name) = {
    .id = "index-without-name",
    .family = Family::kIdempotency,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .fixable = true,
    .since = "0.1",
    .summary = "an index without a name gets another one each time it is made",
    .why =
        "run again, the statement builds a second index of the same columns; and a later file "
        "cannot be sure of the name that it drops",
    .help = "name the index",
    .docs = R"md(
```sql
create table account (id bigint primary key, email text);
create index on account (email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ index-without-name: leaves the name to PostgreSQL, which chooses `account_email_idx` where that is free
```

```sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateIndex>();
            if (create == nullptr || !create->name.empty() || step.effects.failure) continue;
            const CatalogView after = history.After(step);
            const Relation* table = after.Find(create->table, history.SessionAt(step).search_path);
            if (table == nullptr || table->persistence == Persistence::kTemporary) continue;
            const std::vector<const Relation*> indexes = after.IndexesOf(*table);
            if (indexes.empty()) continue;
            const std::string& name = indexes.back()->name;
            Complaint complaint = {.message = absl::StrCat("leaves the name to PostgreSQL, which "
                                                           "chooses ",
                                                           Quoted(name), " where that is free")};
            const std::optional<Edit> edit =
                InsertAfter(history, step, create->concurrently ? "INDEX CONCURRENTLY" : "INDEX",
                            SqlName(name));
            if (edit) {
              complaint.fixes.push_back({.title = "say its name", .safe = false, .edits = {*edit}});
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
