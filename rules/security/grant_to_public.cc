#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Privileges that PUBLIC has by default on some kind of object, or that let
// nobody read or change a row (utils/adt/acl.c:acldefault).
bool IsHarmless(absl::string_view privilege) {
  return privilege == "usage" || privilege == "execute" || privilege == "connect" ||
         privilege == "temporary" || privilege == "temp";
}

// ALL of these is nothing but such a privilege.
bool HasOnlyHarmless(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kFunction:
    case ObjectKind::kProcedure:
    case ObjectKind::kRoutine:
    case ObjectKind::kType:
    case ObjectKind::kDomain:
    case ObjectKind::kLanguage:
    case ObjectKind::kServer:
    case ObjectKind::kForeignDataWrapper:
      return true;
    default:
      return false;
  }
}

// What of it PUBLIC should not have; `ALL` where the statement says so.
std::vector<std::string> Dangerous(const std::vector<std::string>& privileges, ObjectKind kind) {
  if (privileges.empty()) {
    return HasOnlyHarmless(kind) ? std::vector<std::string>() : std::vector<std::string>{"ALL"};
  }
  std::vector<std::string> dangerous;
  for (const std::string& privilege : privileges) {
    if (!IsHarmless(privilege)) dangerous.push_back(absl::AsciiStrToUpper(privilege));
  }
  return dangerous;
}

bool IsTemporary(const History& history, const Step& step, const Name& object) {
  const Relation* relation = history.Before(step).Find(object, history.SessionAt(step).search_path);
  return relation != nullptr && relation->persistence == Persistence::kTemporary;
}

std::string ObjectWords(const action::Grant& grant) {
  const std::string names =
      absl::StrJoin(grant.objects, ", ", [](std::string* out, const Name& name) {
        const bool bare = name.schema.empty() || name.schema == "public";
        absl::StrAppend(out, Quoted(bare ? name.name : absl::StrCat(name.schema, ".", name.name)));
      });
  if (grant.all_in_schema) return absl::StrCat("all that schema ", names, " holds");
  const absl::string_view kind = grant.kind == ObjectKind::kSchema     ? "schema "
                                 : grant.kind == ObjectKind::kDatabase ? "database "
                                                                       : "";
  return absl::StrCat(kind, names);
}

bool HasPublic(const std::vector<std::string>& grantees) {
  return std::find(grantees.begin(), grantees.end(), "public") != grantees.end();
}

// To let everybody read is milder than to let everybody write.
Severity SeverityOf(const std::vector<std::string>& privileges) {
  const bool reads_only =
      std::all_of(privileges.begin(), privileges.end(),
                  [](const std::string& privilege) { return privilege == "SELECT"; });
  return reads_only ? Severity::kNote : Severity::kWarning;
}

absl::string_view FutureObjects(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kTable:
      return "every table";
    case ObjectKind::kSequence:
      return "every sequence";
    case ObjectKind::kSchema:
      return "every schema";
    default:
      return "every object";
  }
}

void CheckGrant(const History& history, const Step& step, const action::Grant& grant,
                const Reporter& report) {
  const std::vector<std::string> privileges = Dangerous(grant.privileges, grant.kind);
  if (!grant.grant || !HasPublic(grant.grantees) || privileges.empty()) return;
  // Nobody else reaches the temporary tables of a session.
  const bool temporary =
      grant.kind == ObjectKind::kTable && !grant.all_in_schema &&
      std::all_of(grant.objects.begin(), grant.objects.end(),
                  [&](const Name& object) { return IsTemporary(history, step, object); });
  if (temporary) return;
  report(step, {.message = absl::StrCat("gives every role ", absl::StrJoin(privileges, ", "),
                                        " on ", ObjectWords(grant)),
                .severity = SeverityOf(privileges)});
}

// ALTER DEFAULT PRIVILEGES.
void CheckDefaults(const Step& step, const action::ChangeObject& change, const Reporter& report) {
  if (change.kind != ObjectKind::kDefaultPrivileges || !change.grants) return;
  const std::vector<std::string> privileges = Dangerous(change.privileges, change.privileges_on);
  if (!HasPublic(change.grantees) || privileges.empty()) return;
  report(step,
         {.message = absl::StrCat("gives every role ", absl::StrJoin(privileges, ", "), " on ",
                                  FutureObjects(change.privileges_on), " that comes from now on"),
          .severity = SeverityOf(privileges)});
}

}  // namespace

PLIMSOLL_RULE(grant_to_public) = {
    .id = "grant-to-public",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary =
        "a privilege granted to PUBLIC belongs to every role, those of "
        "the future too",
    .why =
        "whoever gets into the database by any role has the privilege, and "
        "no later REVOKE from a "
        "single role takes it away",
    .help =
        "grant it to the roles that need it, or to a group role that they "
        "are members of",
    .docs = R"md(
`PUBLIC` is no role but all of them: reporting accounts, monitoring, the next application on the
same server.

```sql
create table account (id bigint primary key, email text);
grant insert, update on account to public;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ grant-to-public: gives every role INSERT, UPDATE on `account`
grant all on schema public to public;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ grant-to-public: gives every role ALL on schema `public`
```

What comes later is given away by `ALTER DEFAULT PRIVILEGES`:

```sql
alter default privileges in schema public grant insert, delete on tables to public;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ grant-to-public: gives every role INSERT, DELETE on every table that comes from now on
alter default privileges grant usage, update on sequences to public;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ grant-to-public: gives every role UPDATE on every sequence that comes from now on
alter default privileges grant execute on functions to public;
alter default privileges revoke select on tables from public;
```

Name the role instead. What PUBLIC has by default anyway is no finding: `EXECUTE` on functions,
`USAGE` on types and languages, `CONNECT` and `TEMPORARY` on databases; neither is `USAGE` on a
schema, which shows no row by itself. To let everybody read a table is a note.

```sql
create role app;
create table account (id bigint primary key, email text);
grant insert, update on account to app;
grant usage on schema public to public;
revoke all on account from public;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.effects.failure) continue;
            if (const auto* grant = step.As<action::Grant>()) {
              CheckGrant(history, step, *grant, report);
            } else if (const auto* change = step.As<action::ChangeObject>()) {
              CheckDefaults(step, *change, report);
            }
          }
        },
};

}  // namespace plimsoll::rules
