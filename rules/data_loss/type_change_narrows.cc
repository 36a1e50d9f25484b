#include <algorithm>
#include <optional>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What a value of the old type may not find room for.
enum class Lack {
  kNothing,
  kLength,  // 22001; an explicit cast cuts
  kRange,   // 22003
  kDigits,  // rounded without a word
  kTime,    // the time of day goes
  kDay,     // the date goes
};

struct Spelling {
  absl::string_view name;  // the grammar's
  absl::string_view sql;
};
constexpr Spelling kSpellings[] = {
    {"int2", "smallint"},           {"int4", "integer"}, {"int8", "bigint"}, {"float4", "real"},
    {"float8", "double precision"}, {"bpchar", "char"},
};

std::string TypeWords(const TypeName& type) {
  std::string words = type.name.name;
  for (const Spelling& spelling : kSpellings) {
    if (words == spelling.name) words = std::string(spelling.sql);
  }
  if (!type.modifiers.empty()) {
    absl::StrAppend(&words, "(", absl::StrJoin(type.modifiers, ", "), ")");
  }
  return Quoted(words + (type.array ? "[]" : ""));
}

bool IsOneOf(absl::string_view name, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Digits before the point; nothing where there is no bound, or it is no number.
std::optional<int32_t> Digits(const TypeName& type) {
  const std::string& name = type.name.name;
  if (name == "int2") return 5;
  if (name == "int4") return 10;
  if (name == "int8") return 19;
  if (name != "numeric" || type.modifiers.empty()) return std::nullopt;
  return type.modifiers[0] - (type.modifiers.size() > 1 ? type.modifiers[1] : 0);
}

// Digits after the point; nothing where there is no bound.
std::optional<int32_t> Fraction(const TypeName& type) {
  const std::string& name = type.name.name;
  if (IsOneOf(name, {"int2", "int4", "int8"})) return 0;
  if (name != "numeric" || type.modifiers.empty()) return std::nullopt;
  return type.modifiers.size() > 1 ? type.modifiers[1] : 0;
}

// Whether a bound is less than another, where none is more than any.
bool IsLess(std::optional<int32_t> bound, std::optional<int32_t> other) {
  return bound && (!other || *bound < *other);
}

Lack OfNumbers(const TypeName& from, const TypeName& to) {
  const std::string& old_name = from.name.name;
  const std::string& name = to.name.name;
  const bool old_floats = IsOneOf(old_name, {"float4", "float8"});
  if (name == "float4") {
    return IsOneOf(old_name, {"float4", "int2"}) ? Lack::kNothing : Lack::kDigits;
  }
  if (name == "float8") {
    return IsOneOf(old_name, {"numeric", "int8"}) ? Lack::kDigits : Lack::kNothing;
  }
  if (old_floats) return Digits(to) ? Lack::kRange : Lack::kNothing;
  if (IsLess(Digits(to), Digits(from))) return Lack::kRange;
  return IsLess(Fraction(to), Fraction(from)) ? Lack::kDigits : Lack::kNothing;
}

std::optional<int32_t> First(const TypeName& type) {
  if (type.modifiers.empty()) return std::nullopt;
  return type.modifiers[0];
}

Lack OfTimes(const TypeName& from, const TypeName& to) {
  const std::string& old_name = from.name.name;
  const std::string& name = to.name.name;
  const bool moments = IsOneOf(old_name, {"timestamp", "timestamptz"});
  if (moments && name == "date") return Lack::kTime;
  if (moments && IsOneOf(name, {"time", "timetz"})) return Lack::kDay;
  return old_name == name && IsLess(First(to), First(from)) ? Lack::kDigits : Lack::kNothing;
}

Lack Compare(const TypeName& from, const TypeName& to) {
  const std::string& old_name = from.name.name;
  const std::string& name = to.name.name;
  if (!IsBuiltinType(from.name) || !IsBuiltinType(to.name) || from.array != to.array) {
    return Lack::kNothing;
  }
  const auto both = [&](std::initializer_list<absl::string_view> names) {
    return IsOneOf(old_name, names) && IsOneOf(name, names);
  };
  if (both({"varchar", "bpchar", "text"})) {
    return IsLess(First(to), First(from)) ? Lack::kLength : Lack::kNothing;
  }
  if (both({"int2", "int4", "int8", "numeric", "float4", "float8"})) return OfNumbers(from, to);
  if (both({"timestamp", "timestamptz", "date", "time", "timetz"})) return OfTimes(from, to);
  return Lack::kNothing;
}

std::string LackWords(Lack lack, bool computed) {
  switch (lack) {
    case Lack::kLength:
      return computed ? "a longer value is cut without a word, or stops the statement (22001)"
                      : "a longer value stops the statement (22001)";
    case Lack::kRange:
      return "a larger value stops the statement (22003)";
    case Lack::kDigits:
      return "its last digits are rounded away without a word";
    case Lack::kTime:
      return "the time of day is cut off without a word";
    case Lack::kDay:
      return "the date is cut off without a word";
    case Lack::kNothing:
      break;
  }
  return "";
}

// Whether the migration has changed values of the column before.
bool IsSeenTo(const History& history, const Step& alter, const Relation& table,
              const std::string& column) {
  for (const Step& step : EarlierInMigration(history, alter)) {
    const auto* modify = step.As<action::ModifyData>();
    if (modify == nullptr) continue;
    for (const action::Write& write : modify->writes) {
      if (write.verb != action::DataVerb::kUpdate) continue;
      if (!absl::c_linear_search(write.columns, column)) continue;
      const Relation* written =
          history.Before(step).Find(write.table.name, history.SessionAt(step).search_path);
      if (written != nullptr && written->id == table.id) return true;
    }
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(type_change_narrows) = {
    .id = "type-change-narrows",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a column whose new type holds less loses what does not fit, or the statement fails",
    .why =
        "what is cut or rounded is gone; and where PostgreSQL refuses a value instead, the "
        "migration fails on production's rows and not on those that it was tested with",
    .help =
        "ask first whether any value is too large; keep the wider type and a CHECK, added NOT "
        "VALID "
        "and validated, where only new values are to be smaller",
    .docs = R"md(
```sql
--- 001_create.sql
create table item (id bigint, code varchar(20), price numeric(12, 4), sold_at timestamptz);
--- 002_narrow.sql
alter table item alter column id type integer;
--               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-narrows: `id` of `item` becomes `integer`, which holds less than `bigint`: a larger value stops the statement (22003)
alter table item alter column code type varchar(10);
--               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-narrows: `code` of `item` becomes `varchar(10)`, which holds less than `varchar(20)`: a longer value stops the statement (22001)
alter table item alter column price type numeric(12, 2);
--               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-narrows: `price` of `item` becomes `numeric(12, 2)`, which holds less than `numeric(12, 4)`: its last digits are rounded away without a word
alter table item alter column sold_at type date;
--               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-narrows: `sold_at` of `item` becomes `date`, which holds less than `timestamptz`: the time of day is cut off without a word
```

A check says the same of new rows and cuts none; an old row that is longer stops only its own
validation:

```sql
--- 001_create.sql
create table item (id bigint, code varchar(20));
--- 002_check.sql
alter table item add constraint item_code_short check (length(code) <= 10) not valid;
--- 003_validate.sql
alter table item validate constraint item_code_short;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* alter = step.As<action::AlterColumnType>();
            if (alter == nullptr || step.effects.failure) continue;
            const Relation* table =
                history.Before(step).Find(alter->table.name, history.SessionAt(step).search_path);
            const TableColumn* column =
                table == nullptr ? nullptr : table->FindColumn(alter->column);
            if (column == nullptr || column->type == nullptr) continue;
            const Lock* lock = step.effects.LockOn(table->id);
            if (lock == nullptr || !lock->relation.live || lock->relation.emptied) continue;
            const Lack lack = Compare(*column->type, alter->type);
            if (lack == Lack::kNothing) continue;
            Complaint complaint = {
                .message = absl::StrCat(Quoted(alter->column), " of ", Quoted(lock->relation.name),
                                        " becomes ", TypeWords(alter->type),
                                        ", which holds less than ", TypeWords(*column->type), ": ",
                                        LackWords(lack, alter->using_expression != nullptr))};
            if (IsSeenTo(history, step, *table, alter->column)) {
              complaint.severity = Severity::kNote;
              complaint.why =
                  "that is so of a value which the UPDATE before does not change, and of one that "
                  "running code writes after it";
              complaint.help = "see that the UPDATE reaches all values that are too large";
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
