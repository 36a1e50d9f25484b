#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The relations that the step names as what it drops, or drops a part of.
std::vector<const Relation*> NamedBy(const Step& step, const History& history) {
  std::vector<Name> names;
  if (const auto* drop = step.As<action::Drop>()) {
    if (drop->kind == ObjectKind::kTable) names = drop->objects;
  } else if (const auto* column = step.As<action::DropColumn>()) {
    names = {column->table.name};
  } else if (const auto* constraint = step.As<action::DropConstraint>()) {
    names = {constraint->table.name};
  }
  std::vector<const Relation*> named;
  for (const Name& name : names) {
    const Relation* relation = history.Before(step).Find(name, history.SessionAt(step).search_path);
    if (relation != nullptr) named.push_back(relation);
  }
  return named;
}

// Whether a foreign key leads from the one to the other, or to a table it is a part of.
bool Refers(const CatalogView& view, const Relation& from, RelationId to) {
  for (const TableConstraint& constraint : from.constraints) {
    for (RelationId above = to; above != 0;) {
      if (constraint.kind == ConstraintKind::kForeignKey && constraint.referenced == above) {
        return true;
      }
      const Relation* relation = view.Find(above);
      above = relation == nullptr || relation->parents.empty() ? 0 : relation->parents[0];
    }
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(drop_locks_other_tables) = {
    .id = "drop-locks-other-tables",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a foreign key that goes locks the table at its other end as well",
    .why =
        "a foreign key has triggers on both tables, and to remove them ACCESS EXCLUSIVE is taken "
        "on both: a table that nobody uses any more can so stop one that everybody uses",
    .help =
        "drop the foreign key by itself first, in a transaction of its own with a short "
        "lock_timeout, and try again until it works",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
create table legacy_login (id bigint primary key, account_id bigint references account);
--- 002_drop.sql
drop table legacy_login;
--^^^^^^^^^^^^^^^^^^^^^ drop-locks-other-tables: ACCESS EXCLUSIVE on `account`, at the other end of a foreign key, blocks reads and writes
```

Whoever drops the table has to wait until every query of `account` is done, and queries that come
later wait behind. The foreign key alone needs the same lock, but with a timeout the wait is short,
and a failure costs nothing. Without it the table goes quietly:

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table legacy_login (id bigint primary key, account_id bigint references account);
--- 002_key.sql
set lock_timeout = '1s';
alter table legacy_login drop constraint legacy_login_account_id_fkey;
--- 003_drop.sql
drop table legacy_login;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const std::vector<const Relation*> named = NamedBy(step, history);
            if (named.empty()) continue;
            const CatalogView before = history.Before(step);
            std::string others;
            for (const Lock& lock : step.effects.locks) {
              const Relation* other = before.Find(lock.relation.id);
              if (other == nullptr || !lock.relation.live || !BlocksReads(lock.mode)) continue;
              const bool by_key =
                  std::none_of(named.begin(), named.end(),
                               [&](const Relation* one) { return one->id == other->id; }) &&
                  std::any_of(named.begin(), named.end(), [&](const Relation* one) {
                    return Refers(before, *one, other->id) || Refers(before, *other, one->id);
                  });
              if (!by_key) continue;
              absl::StrAppend(&others, others.empty() ? "" : " and ", Quoted(lock.relation.name));
            }
            const bool alone = step.As<action::DropConstraint>() != nullptr;
            // It has to lock both, and with a timeout it does so as kindly as can be.
            const bool patient = history.SessionAt(step).lock_timeout_ms.value_or(0) == 0;
            if (others.empty() || (alone && !patient)) continue;
            report(step, {.message = absl::StrCat("ACCESS EXCLUSIVE on ", others,
                                                  ", at the other end of a foreign key, blocks "
                                                  "reads and writes"),
                          .help = alone ? "set a short lock_timeout before, and try again until it "
                                          "works"
                                        : ""});
          }
        },
};

}  // namespace plimsoll::rules
