#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// PostgreSQL's own of versions 12 to 18 for which
// pg_available_extension_versions.trusted is false, and some widely used ones
// whose control files do not say `trusted`. Sorted.
constexpr absl::string_view kUntrusted[] = {"adminpack",        "amcheck",
                                            "autoinc",          "bloom",
                                            "bool_plperlu",     "dblink",
                                            "dict_xsyn",        "earthdistance",
                                            "file_fdw",         "hstore_plperl",
                                            "hstore_plperlu",   "hstore_plpython3u",
                                            "insert_username",  "intagg",
                                            "jsonb_plperlu",    "jsonb_plpython3u",
                                            "ltree_plpython3u", "moddatetime",
                                            "old_snapshot",     "pageinspect",
                                            "pg_buffercache",   "pg_cron",
                                            "pg_freespacemap",  "pg_logicalinspect",
                                            "pg_prewarm",       "pg_stat_statements",
                                            "pg_surgery",       "pg_visibility",
                                            "pg_walinspect",    "pgaudit",
                                            "pglogical",        "pgrowlocks",
                                            "pgstattuple",      "plperlu",
                                            "plpython3u",       "pltclu",
                                            "postgres_fdw",     "refint",
                                            "sslinfo",          "xml2"};

// What they let their users do that PostgreSQL itself does not.
bool RunsPrograms(absl::string_view name) {
  return name == "plperlu" || name == "plpython3u" || name == "pltclu" || name == "file_fdw" ||
         name == "adminpack";
}

}  // namespace

PLIMSOLL_RULE(superuser_extension) = {
    .id = "superuser-extension",
    .family = Family::kSecurity,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "an extension that is not trusted can be created by a superuser alone",
    .why =
        "a migration that runs as an ordinary role fails here, and one that "
        "runs as a superuser "
        "has more rights than any migration needs",
    .help =
        "let an administrator create it once for each database, and leave "
        "it out of the "
        "migrations; or write IF NOT EXISTS, which needs no rights where "
        "it is there already",
    .docs = R"md(
Extensions that are marked trusted need no more than `CREATE` on the database; the others need a
superuser, or whatever the provider of a managed server allows.

```sql
create extension dblink;
--^^^^^^^^^^^^^^^^^^^^^ superuser-extension: extension `dblink` needs a superuser
create extension if not exists file_fdw;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ superuser-extension: extension `file_fdw` needs a superuser, and reaches the files or programs of the server's machine
```

```sql
create extension if not exists pgcrypto;
create extension citext;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateExtension>();
            if (create == nullptr || step.effects.failure) continue;
            if (!std::binary_search(std::begin(kUntrusted), std::end(kUntrusted),
                                    absl::string_view(create->name))) {
              continue;
            }
            // It is there, and IF NOT EXISTS asks for nothing.
            const bool there =
                history.Before(step).FindObject(ObjectKind::kExtension, {.name = create->name},
                                                history.SessionAt(step).search_path) != nullptr;
            if (there && create->if_not_exists) continue;
            report(step, {.message = absl::StrCat(
                              "extension ", Quoted(create->name), " needs a superuser",
                              RunsPrograms(create->name) ? ", and reaches the files or programs of "
                                                           "the server's machine"
                                                         : "")});
          }
        },
};

}  // namespace plimsoll::rules
