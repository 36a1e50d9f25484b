#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What PostgreSQL reads as false (utils/adt/bool.c:parse_bool_with_len): the beginning of a word is
// enough.
bool IsFalse(absl::string_view value) {
  if (value == "0") return true;
  return !value.empty() && !absl::EqualsIgnoreCase(value, "o") &&
         (absl::StartsWithIgnoreCase("false", value) || absl::StartsWithIgnoreCase("no", value) ||
          absl::StartsWithIgnoreCase("off", value));
}

// What the step says of autovacuum: where (`toast` or empty), and whether it is off then.
struct Switch {
  const Name* relation = nullptr;
  std::string space;
  bool off = false;
};

template <typename Parameters>
Switch Read(const Name& relation, const Parameters& parameters, bool resets) {
  Switch found;
  for (const Parameter& parameter : parameters) {
    if (parameter.name != "autovacuum_enabled") continue;
    const bool off = !resets && IsFalse(parameter.value);
    // What is off is spoken of, and first of all the table itself.
    if (found.relation != nullptr && (!off || found.off)) continue;
    found = {.relation = &relation, .space = parameter.space, .off = off};
  }
  return found;
}

Switch Read(const Step& step) {
  if (step.effects.failure) return {};
  if (const auto* create = step.As<action::CreateTable>()) {
    if (create->persistence == Persistence::kTemporary) return {};
    return Read(create->table, create->parameters, false);
  }
  const auto* alter = step.As<action::AlterRelation>();
  if (alter == nullptr || alter->alteration != action::Alteration::kSetOptions) return {};
  return Read(alter->relation.name, alter->options, alter->resets);
}

const Relation* RelationOf(const History& history, const Step& step, const Switch& said) {
  return history.After(step).Find(*said.relation, history.SessionAt(step).search_path);
}

// Whether the file switches it on again, as after a bulk load, or drops the table.
bool IsUndone(const History& history, const Step& step, RelationId table, const Switch& said) {
  for (uint32_t i = step.index + 1; i < history.steps().size(); ++i) {
    const Step& later = history.steps()[i];
    if (later.migration != step.migration) return false;
    if (history.After(later).Find(table) == nullptr) return true;
    const Switch other = Read(later);
    if (other.relation == nullptr || other.off || other.space != said.space) continue;
    const Relation* relation = RelationOf(history, later, other);
    if (relation != nullptr && relation->id == table) return true;
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(autovacuum_off) = {
    .id = "autovacuum-off",
    .family = Family::kPerformance,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "without autovacuum a table keeps its dead rows, and its statistics grow old",
    .why =
        "the table grows with each UPDATE and DELETE, plans get worse, and the vacuum that "
        "prevents the wraparound of transaction ids finds everything at once",
    .help =
        "leave it on, and make it work more often with autovacuum_vacuum_scale_factor and "
        "autovacuum_vacuum_cost_delay",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_off.sql
alter table account set (autovacuum_enabled = off);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ autovacuum-off
create table log (id bigint, line text) with (autovacuum_enabled = false);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ autovacuum-off: autovacuum passes by `log`, whose dead rows stay where they are
```

For a bulk load, switch it on again in the same migration. Otherwise tune it:

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_load.sql
alter table account set (autovacuum_enabled = off);
insert into account select generate_series(1, 100000);
alter table account reset (autovacuum_enabled);
--- 003_tune.sql
alter table account set (autovacuum_vacuum_scale_factor = 0.01);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Switch said = Read(step);
            if (said.relation == nullptr || !said.off) continue;
            const Relation* relation = RelationOf(history, step, said);
            if (relation == nullptr || relation->persistence == Persistence::kTemporary) continue;
            if (IsUndone(history, step, relation->id, said)) continue;
            report(step,
                   {.message = absl::StrCat(
                        "autovacuum passes by ", said.space.empty() ? "" : "the TOAST table of ",
                        Quoted(relation->DisplayName()), ", whose dead rows stay where they are"),
                    .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
