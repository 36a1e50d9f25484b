#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether a later step of the same migration is one of those that `is` asks for.
template <typename F>
bool ComesLater(const History& history, const Step& step, const F& is) {
  return absl::c_any_of(RestOfMigration(history, step), is);
}

// The step that switches the same triggers on again; null: none of the migration does.
const Step* EnableAfter(const History& history, const Step& step,
                        const action::AlterRelation& disable, RelationId table) {
  for (const Step& later : RestOfMigration(history, step)) {
    const auto* enable = later.As<action::AlterRelation>();
    if (enable != nullptr && enable->alteration == action::Alteration::kEnableTrigger &&
        enable->object == disable.object && later.effects.LockOn(table) != nullptr) {
      return &later;
    }
  }
  return nullptr;
}

// Whether a trigger of the table would have fired: one that these files know, one that nobody
// knows, or that of a foreign key, whose columns on the other side are those of a unique index.
bool MayFire(const action::Write& write, const Relation& table, const CatalogView& view) {
  if (table.assumed || !table.triggers.empty()) return true;
  if (write.verb != action::DataVerb::kUpdate) return true;
  const auto sets = [&](const std::string& column) {
    return absl::c_linear_search(write.columns, column);
  };
  const bool refers = absl::c_any_of(table.constraints, [&](const TableConstraint& constraint) {
    return constraint.kind == ConstraintKind::kForeignKey &&
           absl::c_any_of(constraint.columns, sets);
  });
  return refers || absl::c_any_of(view.IndexesOf(table), [&](const Relation* index) {
           return index->unique &&
                  absl::c_any_of(index->keys, [&](const auto& key) { return sets(key.column); });
         });
}

// Whether nothing is missed while they are off: others are kept from the table, and what this
// transaction writes into it fires none of them.
bool IsNothingMissed(const History& history, const Step& disable, const Step& enable,
                     RelationId table) {
  if (enable.transaction != disable.transaction) return false;
  for (size_t i = disable.index; i < enable.index; ++i) {
    const Step& step = history.steps()[i];
    const auto* modify = step.As<action::ModifyData>();
    const CatalogView before = history.Before(step);
    const Relation* off = before.Find(table);
    if (modify == nullptr || off == nullptr) continue;
    for (const action::Write& write : modify->writes) {
      const Relation* written = before.Find(write.table.name, history.SessionAt(step).search_path);
      if (written == off && MayFire(write, *off, before)) return false;
    }
  }
  return true;
}

void CheckDisable(const History& history, const Step& step, const Reporter& report) {
  const auto* disable = step.As<action::AlterRelation>();
  if (disable == nullptr || disable->alteration != action::Alteration::kDisableTrigger) return;
  const Lock* lock = step.effects.StrongestLiveLock();
  if (lock == nullptr) return;
  const Step* enable = EnableAfter(history, step, *disable, lock->relation.id);
  const bool again = enable != nullptr;
  if (again && IsNothingMissed(history, step, *enable, lock->relation.id)) return;
  const std::string& name = disable->object;
  const bool all = name == "ALL";
  const bool several = all || name == "USER";
  std::string message =
      absl::StrCat(several ? "the triggers" : absl::StrCat("trigger ", Quoted(name)), " of ",
                   Quoted(lock->relation.name));
  absl::StrAppend(
      &message, all ? ", those of its foreign keys among them," : "", several ? " do" : " does",
      " not fire ",
      again ? absl::StrCat("until this migration enables ", several ? "them" : "it", " again")
            : "for anybody from now on",
      "; ", BlockingWords(step, history));
  report(step,
         {.message = std::move(message), .severity = again ? Severity::kNote : Severity::kWarning});
}

// Whether the step changes rows of a table that others use while no trigger fires.
bool WritesUnguarded(const History& history, const Step& step) {
  const auto* modify = step.As<action::ModifyData>();
  return modify != nullptr && !modify->writes.empty() &&
         step.effects.StrongestLiveLock() != nullptr && !history.SessionAt(step).fires_triggers;
}

void CheckReplica(const History& history, const Step& step, const Reporter& report) {
  const auto* set = step.As<action::SetParameter>();
  if (set == nullptr || set->name != "session_replication_role" || step.effectless) return;
  if (set->values.empty() || set->values[0] != "replica") return;
  const bool back = set->local || ComesLater(history, step, [&](const Step& later) {
                      const auto* other = later.As<action::SetParameter>();
                      return other != nullptr && other->name == set->name;
                    });
  const bool harms =
      ComesLater(history, step, [&](const Step& later) { return WritesUnguarded(history, later); });
  if (back && !harms) return;
  report(step, {.message = absl::StrCat(
                    "no trigger fires and no foreign key is checked for what this session does ",
                    back ? "until the setting is taken back" : "from now on"),
                .severity = back ? Severity::kNote : Severity::kWarning});
}

}  // namespace

PLIMSOLL_RULE(triggers_switched_off) = {
    .id = "triggers-switched-off",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "rows that are changed while triggers are off are never checked afterwards",
    .why =
        "foreign keys, audit logs and copies that triggers keep miss these rows for good: to "
        "switch the triggers on again looks at none of them; DISABLE TRIGGER is so for every "
        "session, not for this one alone",
    .help =
        "let the triggers run, or give them a WHEN clause that this one change does not meet; "
        "where they have to be off, do it in one transaction with the change, take them back in "
        "the same file, and check the rows afterwards",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
create table payment (id bigint primary key, account_id bigint references account);
--- 002_import.sql
alter table payment disable trigger all;
--                  ^^^^^^^^^^^^^^^^^^^ triggers-switched-off: the triggers of `payment`, those of its foreign keys among them, do not fire for anybody from now on; SHARE ROW EXCLUSIVE on `payment` blocks writes
insert into payment select id, -id from generate_series(1, 100) as id;
--- 003_import.sql
set session_replication_role = replica;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ triggers-switched-off: no trigger fires and no foreign key is checked for what this session does from now on
insert into payment select id, -id from generate_series(101, 200) as id;
```

Where the same file takes it back, it is a note, or nothing where no trigger would have fired:

```sql
--- 001_create.sql
create table payment (id bigint primary key, paid boolean);
create function note_payment() returns trigger language plpgsql as
  'begin return new; end';
create trigger note_payment before update on payment
  for each row execute function note_payment();
--- 002_fill.sql
begin;
alter table payment disable trigger note_payment;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ triggers-switched-off: trigger `note_payment` of `payment` does not fire until this migration enables it again; SHARE ROW EXCLUSIVE on `payment` blocks writes
update payment set paid = true where id between 1 and 1000;
alter table payment enable trigger note_payment;
commit;
--- 003_no_triggers.sql
create table refund (id bigint primary key, payment_id bigint references payment, paid boolean);
--- 004_fill.sql
begin;
alter table refund disable trigger all;
update refund set paid = true where id between 1 and 1000;
alter table refund enable trigger all;
commit;
```

A trigger that knows which change it is to pass over needs no lock that stops writers:

```sql
--- 001_create.sql
create table payment (id bigint primary key, paid boolean);
create function note_payment() returns trigger language plpgsql as $$
begin
  if current_setting('shop.silent', true) = 'on' then
    return new;
  end if;
  raise notice 'payment %', new.id;
  return new;
end $$;
create trigger note_payment before update on payment
  for each row execute function note_payment();
--- 002_fill.sql
begin;
set local shop.silent = 'on';
update payment set paid = true where id between 1 and 1000;
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            CheckDisable(history, step, report);
            CheckReplica(history, step, report);
          }
        },
};

}  // namespace plimsoll::rules
