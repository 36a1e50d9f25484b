#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"
#include "analyzer/syntax/keyword.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll::rules {
namespace {

// The relation that the step makes, or parts of which it names; null where there is none.
const Name* RelationOf(const Step& step) {
  if (const auto* create = step.As<action::CreateTable>()) return &create->table;
  if (const auto* create = step.As<action::CreateView>()) return &create->view;
  if (const auto* create = step.As<action::CreateSequence>()) return &create->sequence;
  if (const auto* create = step.As<action::CreateIndex>()) return &create->table;
  if (const auto* add = step.As<action::AddColumn>()) return &add->table.name;
  if (const auto* add = step.As<action::AddConstraint>()) return &add->table.name;
  if (const auto* rename = step.As<action::RenameColumn>()) return &rename->table.name;
  if (const auto* rename = step.As<action::RenameConstraint>()) return &rename->table.name;
  if (const auto* rename = step.As<action::RenameRelation>()) return &rename->relation.name;
  return nullptr;
}

// Whether the step makes an object that was there already: IF NOT EXISTS, OR REPLACE.
bool WasThere(const History& history, const Step& step, const Relation& made) {
  const bool makes = step.As<action::CreateTable>() != nullptr ||
                     step.As<action::CreateView>() != nullptr ||
                     step.As<action::CreateSequence>() != nullptr;
  return makes && history.Before(step).Find(made.id) != nullptr;
}

// Whether what gets the name is there when the migration ends, and neither old nor temporary.
bool Lasts(const History& history, const Step& step) {
  if (step.effects.failure) return false;
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const CatalogView end = history.At(EndOfMigration(history, step));
  if (const auto* create = step.As<action::CreateFunction>()) {
    return history.Before(step).FindRoutine(create->function, path) == nullptr &&
           end.FindRoutine(create->function, path) != nullptr;
  }
  if (const auto* create = step.As<action::CreateType>()) {
    return end.FindType(create->type, path) != nullptr;
  }
  if (const auto* create = step.As<action::CreateSchema>()) return end.HasSchema(create->name);
  const Name* name = RelationOf(step);
  if (name == nullptr) return true;
  const bool renames = step.As<action::RenameRelation>() != nullptr;
  const CatalogView view = renames ? history.Before(step) : history.After(step);
  const Relation* made = view.Find(*name, path);
  if (made == nullptr || made->persistence == Persistence::kTemporary) return false;
  return !WasThere(history, step, *made) && end.Find(made->id) != nullptr;
}

// Whether only statements about the object itself say its name: sentences are the custom there.
bool IsSaidAlone(const Step& step) {
  return step.As<action::CreatePolicy>() != nullptr || step.As<action::CreateTrigger>() != nullptr;
}

// Whether PostgreSQL reads the name as another one, or as none, unless it stands in quotes.
bool NeedsQuotes(absl::string_view name) {
  if (name.empty()) return false;
  const auto first = static_cast<unsigned char>(name.front());
  if (absl::ascii_isdigit(first) || first == '$') return true;
  const bool plain = std::all_of(name.begin(), name.end(), [](char byte) {
    return IsIdentifierByte(byte) && !absl::ascii_isupper(static_cast<unsigned char>(byte));
  });
  return !plain || IsReserved(name);
}

std::string Words(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  std::vector<std::string> words;
  for (const std::string& name : names) {
    if (NeedsQuotes(name)) quoted.push_back(Quoted(name));
  }
  if (!quoted.empty()) {
    words.push_back(absl::StrCat(absl::StrJoin(quoted, ", "),
                                 quoted.size() > 1 ? " need" : " needs",
                                 " double quotes wherever a statement says it"));
  }
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, "pg_")) continue;
    words.push_back(absl::StrCat(Quoted(name), " looks like one of PostgreSQL's own names"));
  }
  return absl::StrJoin(words, "; ");
}

}  // namespace

PLIMSOLL_RULE(awkward_name) = {
    .id = "awkward-name",
    .family = Family::kNaming,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a name that needs quotes, or begins with pg_, trips whoever writes it next",
    .why =
        "without its quotes it is folded to lower case, split or read as a keyword: a statement "
        "fails, or finds another object",
    .help = "lower-case letters, digits and underscores, and no keyword that PostgreSQL reserves",
    .docs = R"md(
```sql
create table "Invoice" (id bigint primary key, "paid at" timestamptz, "user" text);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ awkward-name: `Invoice`, `paid at`, `user` need double quotes wherever a statement says it
create index pg_invoice on "Invoice" ("user");
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ awkward-name: `pg_invoice` looks like one of PostgreSQL's own names
```

```sql
create table invoice (id bigint primary key, paid_at timestamptz, "user_name" text);
create index invoice_user_name on invoice (user_name);
create table straße (länge$1 int, _2 int primary key, name text, value text);
```

`user` is reserved and `name` is not; letters outside ASCII need no quotes.

No query says the names of policies and triggers, and sentences are the custom there:

```sql
create table invoice (id bigint primary key, owner text);
create policy "Owners see their own" on invoice for select using (owner = current_user);
create trigger "Keep as it is" before update on invoice
  for each row execute function suppress_redundant_updates_trigger();
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (IsSaidAlone(step)) continue;
            const std::string words = Words(NewNames(step));
            if (words.empty() || !Lasts(history, step)) continue;
            report(step, {.message = words, .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
