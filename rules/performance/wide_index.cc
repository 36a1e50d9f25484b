#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Beyond these, keys rarely narrow a search further.
constexpr size_t kUsefulKeys = 3;

}  // namespace

PLIMSOLL_RULE(wide_index) = {
    .id = "wide-index",
    .family = Family::kPerformance,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "an index of more than three columns seldom earns what it costs",
    .why =
        "each column makes the index larger and every write slower, while queries mostly use the "
        "first ones",
    .help = "keep the columns that narrow the search; what is only shown belongs into INCLUDE",
    .docs = R"md(
```sql
create table account (id bigint primary key, area text, street text, city text, name text);
create index account_place on account (area, city, street, name);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ wide-index: the index on `account` has 4 key columns
```

A unique index has the columns that its rule is about, however many they are, and other methods than
btree use all their columns alike.

```sql
create table account (id bigint primary key, area text, street text, city text, name text);
create index account_city on account (area, city, street);
create index account_shown on account (area, city) include (street, name);
create unique index account_place on account (area, city, street, name);
create index account_any on account using brin (area, city, street, name);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateIndex>();
            if (create == nullptr || create->unique || step.effects.failure) continue;
            if (create->method != "btree" || create->columns.size() <= kUsefulKeys) continue;
            report(step, {.message = absl::StrCat("the index on ", Quoted(create->table.name),
                                                  " has ", create->columns.size(), " key columns"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
