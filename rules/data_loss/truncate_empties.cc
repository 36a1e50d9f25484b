#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the statement names the table, or a table above it of which it is a part.
bool IsNamed(const History& history, const Step& step, RelationId id) {
  const CatalogView before = history.Before(step);
  for (const Target& target : step.As<action::Truncate>()->tables) {
    const Relation* named = before.Find(target.name, history.SessionAt(step).search_path);
    if (named == nullptr) continue;
    if (named->id == id) return true;
    if (target.only) continue;
    for (const Relation* below : before.DescendantsOf(*named)) {
      if (below->id == id) return true;
    }
  }
  return false;
}

// The sequences that RESTART IDENTITY sets back.
std::string Restarted(const History& history, const Step& step) {
  std::string sequences;
  if (!step.As<action::Truncate>()->restart_identity) return sequences;
  const CatalogView before = history.Before(step);
  for (const Loss& loss : step.effects.losses) {
    const Relation* table = before.Find(loss.relation.id);
    if (table == nullptr || !loss.relation.live) continue;
    for (const Relation* sequence : before.SequencesOf(*table)) {
      absl::StrAppend(&sequences, sequences.empty() ? "" : ", ", Quoted(sequence->DisplayName()));
    }
  }
  return sequences;
}

void Check(const Step& step, const History& history, const Reporter& report) {
  std::string named;
  std::string taken;
  for (const Loss& loss : step.effects.losses) {
    if (!loss.relation.live) continue;
    std::string& list = IsNamed(history, step, loss.relation.id) ? named : taken;
    absl::StrAppend(&list, list.empty() ? "" : ", ", Quoted(loss.relation.name));
  }
  if (named.empty() && taken.empty()) return;
  std::string message = named.empty() ? "" : absl::StrCat("empties ", named);
  if (!taken.empty()) {
    absl::StrAppend(&message, named.empty() ? "empties " : "; CASCADE empties ", taken,
                    named.empty() ? " by CASCADE" : " as well");
  }
  const std::string sequences = Restarted(history, step);
  if (!sequences.empty()) absl::StrAppend(&message, ", and starts ", sequences, " again");
  report(step, {.message = std::move(message)});
}

}  // namespace

PLIMSOLL_RULE(truncate_empties) = {
    .id = "truncate-empties",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "TRUNCATE loses every row of a table that is in use, and CASCADE those of others",
    .why =
        "rolling forward cannot bring the rows back, and ACCESS EXCLUSIVE keeps every reader of "
        "these tables waiting until the transaction ends",
    .help =
        "name each table that is to be emptied instead of CASCADE, keep a backup; then say so with "
        "`-- plimsoll:allow truncate-empties -- reason`",
    .docs = R"md(
```sql
--- 001_create.sql
create table cart (id bigint primary key);
create table cart_line (id bigserial primary key, cart_id bigint references cart);
--- 002_empty.sql
truncate cart cascade;
--^^^^^^^^^^^^^^^^^^^ truncate-empties: empties `cart`; CASCADE empties `cart_line` as well
truncate cart, cart_line restart identity;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ truncate-empties: empties `cart`, `cart_line`, and starts `cart_line_id_seq` again
```

CASCADE follows foreign keys, whatever their ON DELETE says: a table that refers to an emptied one
is emptied too. Without it PostgreSQL refuses (0A000), and the tables have to be named.

A table that this migration made, or a temporary one, has no rows that anybody misses:

```sql
create table import_buffer (id bigint primary key);
truncate import_buffer;
create temp table picked (id bigint);
truncate picked;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.As<action::Truncate>() != nullptr) Check(step, history, report);
          }
        },
};

}  // namespace plimsoll::rules
