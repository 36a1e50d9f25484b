#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

std::string SqlType(const TypeName& type) {
  std::string text = SqlName(type.name);
  // What modifies an interval is kept as a mask of bits; without it the type holds as much.
  if (!type.modifiers.empty() && type.name.name != "interval") {
    absl::StrAppend(&text, "(", absl::StrJoin(type.modifiers, ", "), ")");
  }
  if (type.array) absl::StrAppend(&text, "[]");
  return text;
}

// The names that the plan uses, as SQL.
struct Parts {
  std::string table;
  std::string column;
  std::string fresh;    // the column of the new type
  std::string old;      // what the old one is called once the names are swapped
  std::string trigger;  // and its function
  std::string proof;    // the check that no value is null
  std::string type;
  std::string collation;  // a clause of the new column
  std::string key;        // the primary key, where the column alone is it
  bool required = false;  // NOT NULL
  bool computed = false;  // USING
};

std::string TriggerOf(const Parts& parts) {
  return absl::StrCat(
      "CREATE FUNCTION ", parts.trigger, "() RETURNS trigger LANGUAGE plpgsql AS $$\n",
      "BEGIN\n  NEW.", parts.fresh, " := CAST(NEW.", parts.column, " AS ", parts.type,
      ");\n  RETURN NEW;\nEND $$;\nCREATE TRIGGER ", parts.trigger, " BEFORE INSERT OR UPDATE ON ",
      parts.table, "\n  FOR EACH ROW EXECUTE FUNCTION ", parts.trigger, "();");
}

std::string KeyIndexOf(const Parts& parts) { return SqlName(absl::StrCat(parts.key, "_new")); }

// What makes the new column all that the old one is, while others go on.
std::string ProofOf(const Parts& parts) {
  const std::string alter = absl::StrCat("ALTER TABLE ", parts.table);
  std::string proof = absl::StrCat(
      alter, " ADD CONSTRAINT ", parts.proof, " CHECK (", parts.fresh, " IS NOT NULL) NOT VALID;\n",
      alter, " VALIDATE CONSTRAINT ", parts.proof, ";\n", alter, " ALTER COLUMN ", parts.fresh,
      " SET NOT NULL;\n", alter, " DROP CONSTRAINT ", parts.proof, ";");
  if (!parts.key.empty()) {
    absl::StrAppend(&proof, "\nCREATE UNIQUE INDEX CONCURRENTLY ", KeyIndexOf(parts), " ON ",
                    parts.table, " (", parts.fresh, ");");
  }
  return proof;
}

std::string SwapOf(const Parts& parts) {
  const std::string alter = absl::StrCat("\nALTER TABLE ", parts.table);
  std::string swap =
      absl::StrCat("BEGIN;\nSET LOCAL lock_timeout = '2s';\nDROP TRIGGER ", parts.trigger, " ON ",
                   parts.table, ";\nDROP FUNCTION ", parts.trigger, "();");
  if (!parts.key.empty()) {
    absl::StrAppend(&swap, alter, " DROP CONSTRAINT ", SqlName(parts.key), ",\n  ADD CONSTRAINT ",
                    SqlName(parts.key), " PRIMARY KEY USING INDEX ", KeyIndexOf(parts), ";");
  }
  absl::StrAppend(&swap, alter, " RENAME COLUMN ", parts.column, " TO ", parts.old, ";", alter,
                  " RENAME COLUMN ", parts.fresh, " TO ", parts.column, ";");
  if (parts.required) {
    absl::StrAppend(&swap, alter, " ALTER COLUMN ", parts.old, " DROP NOT NULL;");
  }
  return absl::StrCat(swap, "\nCOMMIT;");
}

// A column of the new type beside the old one, and a swap of their names when it holds all values.
std::vector<PlanStep> PlanOf(const Parts& parts) {
  std::vector<PlanStep> plan = {
      {.stage = Stage::kExpand,
       .what =
           absl::StrCat("add a column of the new type, and a trigger that keeps it in step",
                        parts.computed ? "; where it casts, write the expression of USING" : ""),
       .sql = absl::StrCat("ALTER TABLE ", parts.table, " ADD COLUMN ", parts.fresh, " ",
                           parts.type, parts.collation, ";\n", TriggerOf(parts))},
      {.stage = Stage::kBackfill,
       .what = "fill the old rows in batches, each a transaction, until none is left",
       .sql = absl::StrCat("UPDATE ", parts.table, " SET ", parts.fresh, " = CAST(", parts.column,
                           " AS ", parts.type, ")\n  WHERE ctid = ANY (ARRAY(SELECT ctid FROM ",
                           parts.table, " WHERE ", parts.fresh, " IS NULL AND ", parts.column,
                           " IS NOT NULL LIMIT 10000));")}};
  if (parts.required) {
    plan.push_back({.stage = Stage::kBackfill,
                    .what = "have a validated check prove that no value is null, outside a "
                            "transaction",
                    .sql = ProofOf(parts)});
  }
  plan.push_back({.stage = Stage::kSwitch,
                  .what = "deploy code that can do with the old type and with the new one"});
  plan.push_back({.stage = Stage::kContract,
                  .what = "swap the two names; before, build the old column's indexes CONCURRENTLY "
                          "on the new one, and swap its default and constraints in the same "
                          "transaction",
                  .sql = SwapOf(parts)});
  plan.push_back(
      {.stage = Stage::kContract,
       .what = "drop the old column",
       .sql = absl::StrCat("ALTER TABLE ", parts.table, " DROP COLUMN ", parts.old, ";")});
  return plan;
}

std::vector<PlanStep> PlanOf(const History& history, const Step& step,
                             const action::AlterColumnType& alter) {
  const Relation* table =
      history.Before(step).Find(alter.table.name, history.SessionAt(step).search_path);
  const TableColumn* column = table == nullptr ? nullptr : table->FindColumn(alter.column);
  const auto derived = [&](absl::string_view suffix) {
    return SqlName(absl::StrCat(alter.column, suffix));
  };
  Parts parts = {.table = SqlName(alter.table.name),
                 .column = SqlName(alter.column),
                 .fresh = derived("_new"),
                 .old = derived("_old"),
                 .trigger = SqlName(absl::StrCat(alter.table.name.name, "_", alter.column, "_new")),
                 .proof = derived("_new_set"),
                 .type = SqlType(alter.type),
                 .collation = alter.type.collation.empty()
                                  ? std::string()
                                  : absl::StrCat(" COLLATE ", SqlName(alter.type.collation))};
  parts.computed = alter.using_expression != nullptr;
  parts.required = column != nullptr && column->not_null;
  if (column == nullptr) return PlanOf(parts);
  for (const TableConstraint& constraint : table->constraints) {
    const bool key = constraint.kind == ConstraintKind::kPrimaryKey;
    if (key && constraint.columns == std::vector<std::string>{alter.column}) {
      parts.key = constraint.name;
    }
  }
  return PlanOf(parts);
}

}  // namespace

PLIMSOLL_RULE(type_change_rewrites) = {
    .id = "type-change-rewrites",
    .family = Family::kRewriting,
    .severity = Severity::kError,
    .risk = Risk::kComplex,
    .since = "0.1",
    .summary = "ALTER COLUMN TYPE copies the whole table while nobody can use it",
    .why =
        "a new copy of every row is written, and all indexes are built again, under ACCESS "
        "EXCLUSIVE; code that was written for the old type meets the new one at once",
    .help =
        "add a column of the new type, keep it in step with a trigger, fill it in batches, "
        "switch the code, drop the old column",
    .docs = R"md(
Most changes of type write every row anew:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40));
--- 002_bigint.sql
alter table invoice alter column id type bigint;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-rewrites: rewrites `invoice` while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

Some need not. A `varchar` that only gets longer, or loses its limit, keeps its bytes, as do a
`numeric` that gets more digits before the point, and a `timestamp` that becomes `timestamptz` while
the session's time zone is UTC:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40), made_at timestamp);
--- 002_longer.sql
alter table invoice alter column note type varchar(80);
alter table invoice alter column note type text;
set timezone = 'UTC';
alter table invoice alter column made_at type timestamptz;
```

Even then checks may be read and indexes built again: see `type-change-rebuilds`.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* alter = step.As<action::AlterColumnType>();
            if (alter == nullptr) continue;
            if (const Work* rewrite = step.effects.LiveWork(WorkKind::kRewrite)) {
              Complaint complaint = {
                  .message =
                      absl::StrCat(rewrite->possible ? "may rewrite " : "rewrites ",
                                   Quoted(rewrite->relation.name), " while ", BlockingWords(step))};
              if (rewrite->possible) {
                absl::StrAppend(&complaint.message, ": the old type stands in no file here");
                complaint.severity = Severity::kWarning;
                complaint.risk = Risk::kRisky;
              } else {
                complaint.plan = PlanOf(history, step, *alter);
              }
              report(step, std::move(complaint));
            }
          }
        },
};

}  // namespace plimsoll::rules
