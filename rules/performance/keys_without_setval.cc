#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool Calls(const action::ModifyData& modify, absl::string_view function) {
  return std::any_of(modify.calls.begin(), modify.calls.end(),
                     [&](const FunctionCall& call) { return call.function.name == function; });
}

// The place of the column among an INSERT's values; nothing where it gets none.
std::optional<size_t> PlaceOf(const action::Write& write, const Relation& table,
                              const std::string& column) {
  const auto given = std::find(write.columns.begin(), write.columns.end(), column);
  if (given != write.columns.end()) return static_cast<size_t>(given - write.columns.begin());
  if (!write.columns.empty()) return std::nullopt;
  for (size_t i = 0; i < table.columns.size() && i < write.width.value_or(0); ++i) {
    if (table.columns[i].name == column) return i;
  }
  return std::nullopt;
}

// Whether the sequence may come to the value later on: not so for one before its start.
bool IsAhead(const BoundValue& value, const Relation& sequence) {
  int64_t number = 0;
  const bool known = value.kind == BoundKind::kConstant && sequence.numbers &&
                     sequence.numbers->known && absl::SimpleAtoi(value.literal.text, &number);
  return !known || sequence.numbers->increment < 0 || number >= sequence.numbers->start;
}

// Whether the INSERT puts values of its own into the column that the sequence is for.
bool PutsKeys(const action::Write& write, const Relation& table, const Relation& sequence) {
  const std::string& column = sequence.owner_column;
  const std::optional<size_t> place = PlaceOf(write, table, column);
  const bool defaulted =
      std::find(write.defaulted.begin(), write.defaulted.end(), column) != write.defaulted.end();
  if (!place || defaulted) return false;
  // Of a query's rows nobody knows more than that they are not the sequence's.
  if (write.rows.empty()) return true;
  return std::any_of(write.rows.begin(), write.rows.end(), [&](const std::vector<BoundValue>& row) {
    return *place < row.size() && IsAhead(row[*place], sequence);
  });
}

// Whether the step moves the sequence, or may: setval, RESTART of it or of its column.
bool Moves(const History& history, const Step& step, const Relation& table,
           const Relation& sequence) {
  if (const auto* modify = step.As<action::ModifyData>()) return Calls(*modify, "setval");
  const auto& path = history.SessionAt(step).search_path;
  if (const auto* alter = step.As<action::AlterSequence>()) {
    const Relation* altered = history.Before(step).Find(alter->sequence.name, path);
    return alter->options.restarts && altered != nullptr && altered->id == sequence.id;
  }
  const auto* alter = step.As<action::AlterRelation>();
  if (alter == nullptr || !alter->numbers.restarts) return false;
  const Relation* altered = history.Before(step).Find(alter->relation.name, path);
  return altered != nullptr && altered->id == table.id && alter->column == sequence.owner_column;
}

// A table into whose column keys are put, and the sequence that gives them otherwise.
struct Keys {
  const Relation* table = nullptr;
  const Relation* sequence = nullptr;
};

// The later step of the file that moves it; nothing where there is none.
std::optional<uint32_t> MovedAt(const History& history, const Step& step, const Keys& keys) {
  for (uint32_t i = step.index + 1; i < history.steps().size(); ++i) {
    const Step& later = history.steps()[i];
    if (later.migration != step.migration) return std::nullopt;
    if (Moves(history, later, *keys.table, *keys.sequence)) return i;
  }
  return std::nullopt;
}

Keys KeysPut(const History& history, const Step& step) {
  const auto* modify = step.As<action::ModifyData>();
  if (modify == nullptr || modify->planned_only || step.effects.failure) return {};
  // They are the sequence's own.
  if (Calls(*modify, "nextval") || Calls(*modify, "setval")) return {};
  for (const action::Write& write : modify->writes) {
    if (write.verb != action::DataVerb::kInsert) continue;
    const CatalogView before = history.Before(step);
    const Relation* table = before.Find(write.table.name, history.SessionAt(step).search_path);
    if (table == nullptr || table->persistence == Persistence::kTemporary) continue;
    for (const Relation* sequence : before.SequencesOf(*table)) {
      if (!PutsKeys(write, *table, *sequence)) continue;
      return {.table = table, .sequence = sequence};
    }
  }
  return {};
}

}  // namespace

PLIMSOLL_RULE(keys_without_setval) = {
    .id = "keys-without-setval",
    .family = Family::kPerformance,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "keys that are inserted by value are given out again by the column's sequence",
    .why =
        "the sequence does not know of them: sooner or later an INSERT of the application gets "
        "the same number and fails with 23505",
    .help = "call setval(pg_get_serial_sequence(…), …) behind the last INSERT",
    .docs = R"md(
```sql
create table account (id bigint generated by default as identity primary key, name text);
insert into account (id, name) values (1, 'first'), (2, 'second');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ keys-without-setval: puts keys of its own into `id` of `account`, which sequence `account_id_seq` gives out again
```

Set the sequence behind the largest value, or let it give the values:

```sql
create table account (id bigint generated by default as identity primary key, name text);
insert into account (id, name) values (1, 'first'), (2, 'second');
select setval(pg_get_serial_sequence('account', 'id'), (select max(id) from account));
insert into account (name) values ('third');
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          // One finding a table and file: one setval mends all. Up to the step that is kept here
          // there is nothing more to say.
          absl::flat_hash_map<std::pair<uint32_t, RelationId>, uint32_t> settled;
          for (const Step& step : history.steps()) {
            const Keys keys = KeysPut(history, step);
            if (keys.table == nullptr) continue;
            uint32_t& until = settled[{step.migration, keys.table->id}];
            if (step.index < until) continue;
            const std::optional<uint32_t> moved = MovedAt(history, step, keys);
            until = moved.value_or(UINT32_MAX);
            if (moved) continue;
            const std::string& column = keys.sequence->owner_column;
            const std::string name = keys.table->DisplayName();
            report(step, {.message = absl::StrCat("puts keys of its own into ", Quoted(column),
                                                  " of ", Quoted(name), ", which sequence ",
                                                  Quoted(keys.sequence->name), " gives out again"),
                          .help = absl::StrCat("behind the last INSERT: SELECT setval('",
                                               SqlName(keys.sequence->name), "', (SELECT max(",
                                               SqlName(column), ") FROM ",
                                               SqlName(keys.table->name), "))"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
