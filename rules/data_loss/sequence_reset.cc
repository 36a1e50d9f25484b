#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The number of `setval('s', 42)`, where it is a constant; empty where it is computed.
std::string ConstantOf(const ShownColumn& shown) {
  if (!shown.value || shown.value->operations.empty()) return "";
  const auto& operations = shown.value->operations;
  const Operation& call = operations.back();
  if (call.kind != OperationKind::kCall || call.name.name != "setval") return "";
  // In postfix order a constant takes one place: the number stands right before the call, or before
  // the constant that says whether it was given out.
  if (operations.size() < call.operands + 1) return "";
  for (size_t back = 2; back <= call.operands; ++back) {
    const Operation& argument = operations[operations.size() - back];
    if (argument.kind != OperationKind::kConstant) return "";
    if (back == call.operands) return argument.text;
  }
  return "";
}

struct Reset {
  const Relation* sequence = nullptr;
  std::string message;
};

std::string RestartWords(const Relation& sequence, const SequenceOptions& options) {
  const std::string name = Quoted(sequence.DisplayName());
  if (options.restart) return absl::StrCat("starts ", name, " again at ", *options.restart);
  return absl::StrCat("starts ", name, " again where it began");
}

// ALTER SEQUENCE … RESTART, and the same of an identity column.
Reset FindRestart(const History& history, const Step& step) {
  const CatalogView before = history.Before(step);
  const auto& path = history.SessionAt(step).search_path;
  if (const auto* alter = step.As<action::AlterSequence>()) {
    const Relation* sequence = before.Find(alter->sequence.name, path);
    if (sequence == nullptr || !alter->options.restarts) return {};
    return {.sequence = sequence, .message = RestartWords(*sequence, alter->options)};
  }
  const auto* alter = step.As<action::AlterRelation>();
  if (alter == nullptr || !alter->numbers.restarts) return {};
  const Relation* table = before.Find(alter->relation.name, path);
  if (table == nullptr) return {};
  for (const Relation* sequence : before.SequencesOf(*table)) {
    if (sequence->owner_column != alter->column) continue;
    return {.sequence = sequence, .message = RestartWords(*sequence, alter->numbers)};
  }
  return {};
}

// SELECT setval(…) of a constant.
Reset FindSetval(const History& history, const Step& step) {
  const auto* modify = step.As<action::ModifyData>();
  if (modify == nullptr || !modify->selection || modify->sequences.size() != 1) return {};
  const SequenceUse& use = modify->sequences[0];
  const CatalogView before = history.Before(step);
  const Relation* found = before.Find(use.name, history.SessionAt(step).search_path);
  const Relation* sequence = use.column.empty() ? found : nullptr;
  if (!use.column.empty() && found != nullptr) {
    for (const Relation* owned : before.SequencesOf(*found)) {
      if (owned->owner_column == use.column) sequence = owned;
    }
  }
  if (sequence == nullptr) return {};
  for (const ShownColumn& shown : modify->selection->columns) {
    const std::string number = ConstantOf(shown);
    if (number.empty()) continue;
    return {.sequence = sequence,
            .message = absl::StrCat("sets ", Quoted(sequence->DisplayName()), " to ", number)};
  }
  return {};
}

// Others draw from it: it was there before this migration.
bool IsLive(const Relation& sequence, const Step& step) {
  return sequence.persistence != Persistence::kTemporary &&
         (sequence.assumed || sequence.migration != step.migration);
}

void CheckDrop(const Step& step, const Reporter& report) {
  const auto* drop = step.As<action::Drop>();
  if (drop == nullptr || drop->kind != ObjectKind::kSequence) return;
  std::string names;
  for (const Break& broken : step.effects.breaks) {
    if (!broken.relation.live) continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", Quoted(broken.relation.name));
  }
  if (names.empty()) return;
  report(step, {.message = absl::StrCat("drops sequence ", names,
                                        " and forgets which numbers it has given out")});
}

}  // namespace

PLIMSOLL_RULE(sequence_reset) = {
    .id = "sequence-reset",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a sequence that is dropped or started again gives numbers a second time",
    .why =
        "inserts then fail on keys that are taken (23505), or give a new row the number by which "
        "others still know an old one",
    .help =
        "set it to the largest number in use: `select setval('s', (select max(id) from t))`; drop "
        "a "
        "sequence only when nothing draws from it any more",
    .docs = R"md(
```sql
--- 001_create.sql
create table ticket (id bigint generated always as identity primary key);
create sequence receipt_number;
--- 002_again.sql
alter sequence receipt_number restart with 1;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ sequence-reset: starts `receipt_number` again at 1: numbers that are in use may come again
alter table ticket alter column id restart;
--                 ^^^^^^^^^^^^^^^^^^^^^^^ sequence-reset: starts `ticket_id_seq` again where it began: numbers that are in use may come again
select setval('receipt_number', 1);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ sequence-reset: sets `receipt_number` to 1: numbers that are in use may come again
drop sequence receipt_number;
--^^^^^^^^^^^^^^^^^^^^^^^^^^ sequence-reset: drops sequence `receipt_number` and forgets which numbers it has given out
```

Where the number is computed from the rows, none is given twice:

```sql
--- 001_create.sql
create table ticket (id bigint generated always as identity primary key);
--- 002_catch_up.sql
select setval('ticket_id_seq', (select max(id) from ticket));
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            CheckDrop(step, report);
            if (step.effects.failure) continue;
            Reset reset = FindRestart(history, step);
            if (reset.sequence == nullptr) reset = FindSetval(history, step);
            if (reset.sequence == nullptr || !IsLive(*reset.sequence, step)) continue;
            report(step, {.message = absl::StrCat(reset.message,
                                                  ": numbers that are in use may come again")});
          }
        },
};

}  // namespace plimsoll::rules
