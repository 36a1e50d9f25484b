#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"
#include "analyzer/simulation/apply.h"

namespace plimsoll::rules {
namespace {

// `pg_settings` is a view through which SET is asked for (guc_funcs.c:show_all_settings).
bool IsCatalog(const Name& table) { return IsSystemName(table) && table.name != "pg_settings"; }

}  // namespace

PLIMSOLL_RULE(catalog_write) = {
    .id = "catalog-write",
    .family = Family::kFailure,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a statement that changes PostgreSQL's own catalogs by hand",
    .why =
        "nothing checks what is written there: it takes no lock on what it changes, no dependency "
        "follows, no row is looked at, and a wrong value can leave a table that cannot be read",
    .help =
        "use the ALTER, CREATE or DROP that does the same; REINDEX INDEX, CONCURRENTLY or not, "
        "makes an invalid index valid",
    .docs = R"md(
```sql
create table account (id bigint primary key, mail text);
create index account_mail_idx on account (mail);
update pg_index set indisvalid = true where indexrelid = 'account_mail_idx'::regclass;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ catalog-write: changes `pg_index` by hand
```

To read them is no finding, and `pg_settings` is a view behind which stands SET:

```sql
select relname from pg_class where relkind = 'r';
update pg_settings set setting = '5s' where name = 'lock_timeout';
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* modify = step.As<action::ModifyData>();
            if (modify == nullptr || modify->planned_only) continue;
            for (const action::Write& write : modify->writes) {
              const Name& table = write.table.name;
              const bool own =
                  history.Before(step).Find(table, history.SessionAt(step).search_path) != nullptr;
              if (!IsCatalog(table) || own) continue;
              report(step, {.message = absl::StrCat("changes `", table.name, "` by hand")});
            }
          }
        },
};

}  // namespace plimsoll::rules
