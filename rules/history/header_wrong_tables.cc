#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/header.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/risk.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/touched.h"

namespace plimsoll::rules {
namespace {

// One of the list, with the author's remarks: `account (one column)`.
struct Listed {
  std::string words;
  std::string name;  // in lower case, without quotes and without `public.`
};

std::string Bare(absl::string_view name) {
  std::string bare = absl::AsciiStrToLower(name);
  if (absl::StartsWith(bare, "public.")) bare.erase(0, absl::string_view("public.").size());
  return bare;
}

bool IsQuote(char c) { return absl::StrContains("\"`'", c); }

// Between commas that stand in no quotes. A name ends at the first blank or bracket outside of
// them.
std::vector<Listed> Read(absl::string_view value) {
  if (absl::ConsumePrefix(&value, "[")) absl::ConsumeSuffix(&value, "]");
  std::vector<Listed> listed;
  Listed one;
  char quote = '\0';
  bool ended = false;
  const auto finish = [&] {
    absl::StripAsciiWhitespace(&one.words);
    one.name = Bare(one.name);
    if (!one.name.empty() && one.name != "none" && one.name != "-") listed.push_back(one);
    one = {};
    ended = false;
  };
  for (const char c : value) {
    if (quote == '\0' && c == ',') {
      finish();
      continue;
    }
    one.words += c;
    const bool opens = quote == '\0' && IsQuote(c) && !ended;
    if (opens || c == quote) {
      quote = opens ? c : '\0';
    } else if (quote == '\0' && absl::StrContains(" \t(", c)) {
      ended = ended || !one.name.empty();
    } else if (!ended) {
      one.name += c;
    }
  }
  finish();
  return listed;
}

using Names = absl::flat_hash_set<std::string>;

// `users` may mean `auth.users`.
void AddNames(absl::string_view table, Names& names) {
  const std::string bare = Bare(table);
  names.insert(bare.substr(bare.rfind('.') + 1));
  names.insert(bare);
}

bool IsListed(const TouchedTable& table, const Names& listed) {
  Names meant;
  for (const std::string& name : table.names) AddNames(name, meant);
  return std::any_of(meant.begin(), meant.end(),
                     [&](const std::string& name) { return listed.contains(name); });
}

// `{{ schema }}`, which the runner fills in.
bool IsFilledInLater(const TouchedTable& table) {
  return table.names.back().find_first_of("{$%") != std::string::npos;
}

// Those that have to be named. Parts are named with their table.
std::vector<const TouchedTable*> Demanded(const History& history, uint32_t migration,
                                          const std::vector<TouchedTable>& touched) {
  absl::flat_hash_set<RelationId> ids;
  for (const TouchedTable& table : touched) ids.insert(table.id);
  const absl::Span<const Step> steps = StepsOfMigration(history, migration);
  std::vector<const TouchedTable*> demanded;
  for (const TouchedTable& table : touched) {
    // What is made and goes again affects nobody.
    if (!table.certain || (!table.live && !table.lasts) || IsFilledInLater(table)) continue;
    const Relation* relation = history.After(steps[table.step - steps[0].index]).Find(table.id);
    const bool part =
        relation != nullptr && std::any_of(relation->parents.begin(), relation->parents.end(),
                                           [&](RelationId parent) { return ids.contains(parent); });
    if (!part) demanded.push_back(&table);
  }
  return demanded;
}

// What may be named: everything that it reads or locks.
Names UsedBy(const History& history, uint32_t migration, const std::vector<TouchedTable>& touched) {
  Names used;
  for (const TouchedTable& table : touched) {
    for (const std::string& name : table.names) AddNames(name, used);
  }
  for (const Step& step : StepsOfMigration(history, migration)) {
    for (const Lock& lock : step.effects.locks) AddNames(lock.relation.name, used);
  }
  return used;
}

// Something in it may do more than we can tell.
bool DoesMore(const History& history, uint32_t migration,
              const std::vector<TouchedTable>& touched) {
  const std::vector<Statement>& statements = history.migrations()[migration].script->statements;
  const absl::Span<const Step> steps = StepsOfMigration(history, migration);
  return std::any_of(touched.begin(), touched.end(), IsFilledInLater) ||
         std::any_of(statements.begin(), statements.end(),
                     [](const Statement& statement) {
                       return statement.problem || statement.form != StatementForm::kSql;
                     }) ||
         std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
           return step.effects.failure || !WhatIsUnknown(step, history).empty();
         });
}

// Which of the tables that are used is meant; empty where it is none. Authors write `account.id`
// for a column, and a schema that only the search path of a run tells.
std::string MeantBy(const std::string& name, const Names& used, const CatalogView& end) {
  if (used.contains(name)) return name;
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return "";
  const std::string before = name.substr(0, dot);
  if (used.contains(before)) return before;
  const std::string table = name.substr(dot + 1);
  const bool another = end.HasSchema(before) || end.Find({.schema = before, .name = table}, {});
  return used.contains(table) && !another ? table : "";
}

// As SQL names it at the end of the migration, or where it is touched if it is gone by then.
std::string SqlNameOf(const History& history, uint32_t migration, const TouchedTable& table) {
  const absl::Span<const Step> steps = StepsOfMigration(history, migration);
  const Relation* relation = history.After(steps.back()).Find(table.id);
  const Step& touching = steps[table.step - steps[0].index];
  if (relation == nullptr) relation = history.Before(touching).Find(table.id);
  if (relation == nullptr) return table.names.back();
  const bool plain = relation->schema.empty() || relation->schema == "public";
  return plain ? SqlName(relation->name)
               : SqlName(Name{.schema = relation->schema, .name = relation->name});
}

// `a`, `b` and 3 more.
std::string Words(const std::vector<std::string>& names) {
  constexpr size_t kMost = 10;
  const absl::Span<const std::string> said =
      absl::MakeConstSpan(names).first(std::min(names.size(), kMost));
  std::string words = absl::StrJoin(said, ", ", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, Quoted(name));
  });
  if (said.size() < names.size()) {
    absl::StrAppend(&words, " and ", names.size() - said.size(), " more");
  }
  return words;
}

// The items of a list below the field, a line each: `--   - users`.
std::string ListBelow(absl::string_view text, const HeaderField& field) {
  std::vector<absl::string_view> items;
  const size_t end = text.find('\n', field.line.end);
  if (end == absl::string_view::npos) return "";
  for (absl::string_view line : absl::StrSplit(text.substr(end + 1), '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, "--")) line = absl::StripAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "- ") && !absl::ConsumePrefix(&line, "* ")) break;
    items.push_back(absl::StripAsciiWhitespace(line));
  }
  return absl::StrJoin(items, ", ");
}

}  // namespace

PLIMSOLL_RULE(header_wrong_tables) = {
    .id = "header-wrong-tables",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .fixable = true,
    .since = "0.1",
    .summary = "the header lists other tables than the migration touches",
    .why = "whoever is asked because a table is theirs is asked by this list",
    .help = "list what is touched; `plimsoll lint --fix` does",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key);
--- 002_note.sql
-- Affects tables: invoice (a note), acount
-- ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ header-wrong-tables: leaves out `account` and names `acount`, which it does not use
alter table invoice add column note text, add column account_id bigint references account (id);
```

A table is touched by what makes, changes or drops it, by what writes its rows, and by what keeps
others from writing them: a foreign key locks the table that it references. Tables that are only
read may be named or not, and so may the parts of a table that is named.

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table event (id bigint, day date) partition by range (day);
create table event_2025 partition of event for values from ('2025-01-01') to ('2026-01-01');
create table "Shop" (id bigint primary key);
create schema old;
create table old.account (id bigint);
--- 002_note.sql
-- Affects tables: [public.event, "Shop", old.account]
alter table event add column note text;
insert into "Shop" select id from account;
delete from old.account where id = 1;
--- 003_name.sql
-- Affects tables: shop, customer, account (read)
alter table account rename to customer;
update "Shop" set id = id + 1 where id in (select id from customer);
create temporary table scratch (id bigint);
create table passing (id bigint);
drop table passing;
--- 004_view.sql
-- Affects tables: none
create view names as select id from customer;
--- 005_new.sql
-- Affects tables: -
```

What only a run can tell is left to the author:

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key);
--- 002_note.sql
-- Affects tables: account, invoice
do $$ begin execute 'alter table ' || (select 'invoice') || ' add column note text'; end $$;
--- 003_mail.sql
-- Affects tables:
do $$ begin
  if current_user is not null then
    alter table account add column mail text;
  end if;
end $$;
--- 004_left.sql
-- Affects tables: [LIST_TABLES]
alter table account add column state text;
--- 005_template.sql
-- Affects tables: account, {{ other }}
alter table {{ other }} add column state text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const uint32_t m : UpsOf(history)) {
            const Script& script = *history.migrations()[m].script;
            const std::vector<HeaderField> header = HeaderOf(script);
            const HeaderField* field = FindField(header, "affects tables");
            if (field == nullptr) field = FindField(header, "affected tables");
            if (field == nullptr) continue;
            const std::string list =
                field->value.empty() ? ListBelow(script.source->text(), *field) : "";
            const absl::string_view value =
                list.empty() ? script.source->Text(field->value) : absl::string_view(list);
            if (IsPlaceholder(value)) continue;
            const std::vector<TouchedTable> touched = TouchedBy(history, m);
            const Names used = UsedBy(history, m, touched);
            const bool does_more = DoesMore(history, m, touched);
            Names listed;
            std::vector<std::string> kept;
            std::vector<std::string> wrong;
            const absl::Span<const Step> steps = StepsOfMigration(history, m);
            const CatalogView end = history.At(steps.empty() ? 0 : steps.back().index + 1);
            for (const Listed& one : Read(value)) {
              const std::string meant = MeantBy(one.name, used, end);
              listed.insert(meant.empty() ? one.name : meant);
              const bool is_right = does_more || !meant.empty();
              if (is_right) kept.push_back(one.words);
              if (!is_right) wrong.push_back(one.name);
            }
            std::vector<std::string> missing;
            for (const TouchedTable* table : Demanded(history, m, touched)) {
              if (IsListed(*table, listed)) continue;
              missing.push_back(table->names.back());
              kept.push_back(SqlNameOf(history, m, *table));
            }
            if (missing.empty() && wrong.empty()) continue;
            Complaint complaint =
                OfHeader(m, *field,
                         absl::StrCat(missing.empty() ? "" : "leaves out ", Words(missing),
                                      missing.empty() || wrong.empty() ? "" : " and ",
                                      wrong.empty() ? "" : "names ", Words(wrong),
                                      wrong.empty() ? "" : ", which it does not use"));
            const std::string right = kept.empty() ? "none" : absl::StrJoin(kept, ", ");
            if (list.empty()) {
              complaint.fixes.push_back(
                  {.title = "list the tables that it touches",
                   .edits = {
                       {field->value, absl::StrCat(field->value.empty() ? " " : "", right)}}});
            }
            report(std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
