#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the condition lets every row pass.
bool AlwaysHolds(const Predicate& where, const Relation& table) {
  const auto part_holds = [&](const Predicate& part) { return AlwaysHolds(part, table); };
  switch (where.kind) {
    case PredicateKind::kConstant:
      return where.literal.kind == LiteralKind::kBool && where.literal.text == "true";
    case PredicateKind::kAnd:
      return std::all_of(where.parts.begin(), where.parts.end(), part_holds);
    case PredicateKind::kOr:
      return std::any_of(where.parts.begin(), where.parts.end(), part_holds);
    case PredicateKind::kIsNull: {
      const TableColumn* column = table.FindColumn(where.term.column);
      return where.negated && column != nullptr && column->not_null;
    }
    default:
      return false;
  }
}

// The live table of which a query updates every row; null where there is none.
const Relation* UpdatedWhole(const History& history, const Step& step) {
  const auto* modify = step.As<action::ModifyData>();
  if (modify == nullptr || modify->planned_only || step.effects.failure) return nullptr;
  for (size_t i = 0; i < modify->writes.size(); ++i) {
    const action::Write& write = modify->writes[i];
    if (write.verb != action::DataVerb::kUpdate) continue;
    const Relation* table =
        history.Before(step).Find(write.table.name, history.SessionAt(step).search_path);
    const Lock* lock = table == nullptr ? nullptr : step.effects.LockOn(table->id);
    if (lock == nullptr || !lock->relation.live || !table->IsTable()) continue;
    // The query's condition is that of its own write, not those of its WITH list.
    const bool own = modify->own_write && i == 0;
    const Predicate* where = own ? modify->where.get() : nullptr;
    const bool all = where != nullptr ? AlwaysHolds(*where, *table) : !write.has_where;
    if (all) return table;
  }
  return nullptr;
}

// An earlier statement of the transaction stops all writers of the table already, and
// `work-under-held-lock` speaks of what the update makes of that.
bool IsLockedAlready(const History& history, const Step& step, const Relation& table) {
  const absl::Span<const Lock> held = history.HeldBefore(step);
  return std::any_of(held.begin(), held.end(), [&](const Lock& lock) {
    return lock.relation.id == table.id && BlocksWrites(lock.mode);
  });
}

// `id`, where that is all of the primary key.
std::string KeyOf(const Relation& table) {
  const TableConstraint* key = table.PrimaryKey();
  if (key != nullptr && key->columns.size() == 1) return SqlName(key->columns[0]);
  return "id";
}

}  // namespace

PLIMSOLL_RULE(update_all_rows) = {
    .id = "update-all-rows",
    .family = Family::kPerformance,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "an UPDATE of all rows locks each of them until it commits, and doubles the table",
    .why =
        "whoever changes one of the rows waits for the whole transaction, every old version stays "
        "on disk until VACUUM, and a failure at the end undoes it all",
    .help = "update some thousand rows at a time, each batch in a transaction of its own",
    .docs = R"md(
PostgreSQL writes a new version of each row and keeps the old one. The rows stay locked until the
transaction ends, replicas have to replay all of it, and the table and its indexes keep their new
size.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text, active boolean);
--- 002_fill.sql
update account set active = true;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ update-all-rows: updates every row of `account` in one transaction, and keeps each locked until it ends
update account set email = lower(email) where 1 = 1;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ update-all-rows: updates every row of `account` in one transaction, and keeps each locked until it ends
update account set email = lower(email) where id is not null;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ update-all-rows: updates every row of `account` in one transaction, and keeps each locked until it ends
```

Change some thousand rows at a time and commit between the batches; run the statement again until
it changes nothing:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text, active boolean);
--- 002_fill.sql
update account set active = true
  where id in (select id from account where active is null limit 5000);
```

Where an earlier statement of the transaction has locked the table, that is what hurts, and
`work-under-held-lock` says so:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text, active boolean);
--- 002_fill.sql
begin;
alter table account add column note text;
update account set note = email;
commit;
```

For a value that all rows get, `ADD COLUMN … DEFAULT` with a constant writes no row at all. Tables
that the same migration creates are left alone.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* table = UpdatedWhole(history, step);
            if (table == nullptr || IsLockedAlready(history, step, *table)) continue;
            const std::string name = SqlName(Name{.schema = table->schema, .name = table->name});
            const std::string key = KeyOf(*table);
            report(step,
                   {.message = absl::StrCat("updates every row of ", Quoted(table->DisplayName()),
                                            " in one transaction, and keeps each locked "
                                            "until it ends"),
                    .help = absl::StrCat("update in batches, each in a transaction of its own: "
                                         "UPDATE ",
                                         name, " SET … WHERE ", key, " IN (SELECT ", key, " FROM ",
                                         name, " WHERE … LIMIT 5000), until no row is left")});
          }
        },
};

}  // namespace plimsoll::rules
