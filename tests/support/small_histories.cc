#include "tests/support/small_histories.h"

#include <iterator>

#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plimsoll::small_histories {
namespace {

// %T is a table, %U the other one, %C a column.
constexpr absl::string_view kOfColumns[] = {
    "create index on %T (%C)",
    "create unique index on %T (%C)",
    "alter table %T add column %C int",
    "alter table %T drop column %C",
    "alter table %T drop column %C cascade",
    "alter table %T alter column %C set not null",
    "alter table %T alter column %C drop not null",
    "alter table %T alter column %C set default 2",
    "alter table %T alter column %C drop default",
    "alter table %T alter column %C type bigint",
    "alter table %T alter column %C type varchar(20)",
    "alter table %T alter column %C add generated always as identity",
    "alter table %T alter column %C drop identity if exists",
    "alter table %T add check (%C > 0)",
    "alter table %T add unique (%C)",
    "alter table %T add primary key (%C)",
    "alter table %T add foreign key (%C) references %U",
    "alter table %T add foreign key (%C) references %T (a)",
    "alter table %T rename column %C to d",
};

// What makes a table, whatever there is.
constexpr absl::string_view kCreators[] = {
    "create table %T (a int primary key, b int not null default 1, c text)",
    "create table %T (a serial, b varchar(10) unique, c int check (c > 0))",
    "create table %T (a int, b int, c int, unique (a, b), check (a < b))",
    "create table %T (a bigint generated always as identity primary key, b int)",
    "create table %T (a int, b int generated always as (a * 2) stored)",
    "create table %T (a int primary key, b int references %T)",
    "create table %T (a int not null, b int) partition by range (a)",
};

constexpr absl::string_view kOfTables[] = {
    "create table %T (a int primary key, b int references %U (a), c int)",
    "create table %T partition of %U for values from (0) to (10)",
    "create table %T partition of %U default",
    "create table %T (like %U)",
    "create table %T (like %U including all)",
    "create table %T (like %U including defaults including constraints)",
    "create table %T (c int not null) inherits (%U)",
    "create table %T () inherits (%U)",
    "create table %T as select * from %U",
    "create table if not exists %T (a int)",
    "create unique index on %T (a, b)",
    "create unique index %T_b_idx on %T (b)",
    "create index on %T ((b + 1)) where b > 0",
    "create index on %T (a) include (b)",
    "create index if not exists %T_b_idx on %T (a)",
    "drop index %T_b_idx",
    "drop index %T_pkey",
    "create sequence %T_a_seq",
    "create sequence %T_a_seq owned by %T.a",
    "drop sequence %T_a_seq",
    "create view v as select a, b from %T",
    "create or replace view v as select a from %T",
    "create view v as select %T.a, %U.b from %T, %U",
    "create materialized view v as select * from %T",
    "alter table %T add column c int not null default 0",
    "alter table %T add column if not exists c int unique",
    "alter table %T add column d serial",
    "alter table %T add column d int references %U (a)",
    "alter table %T add column d int check (d > 0), add column e int primary key",
    "alter table %T drop column b, add column b text",
    "alter table only %T add column d int",
    "alter table only %T drop column b",
    "alter table %T drop column if exists c",
    "alter table %T alter column a set not null, add primary key (a)",
    "alter table %T alter column a type bigint, alter column b type bigint",
    "alter table %T add constraint k check (b > 0) not valid",
    "alter table %T add constraint k check (b > 0) no inherit",
    "alter table %T add constraint k unique (b)",
    "alter table %T add constraint k unique (b) deferrable",
    "alter table %T add constraint k foreign key (b) references %U (a) not valid",
    "alter table %T add unique (a, b)",
    "alter table %T add constraint k primary key using index %T_b_idx",
    "alter table %T drop constraint %T_pkey",
    "alter table %T drop constraint %T_pkey cascade",
    "alter table %T drop constraint if exists %T_b_key",
    "alter table %T drop constraint k",
    "alter table %T validate constraint k",
    "alter table %T rename to %U",
    "alter table %T rename constraint %T_pkey to k",
    "alter table %T set schema s",
    "alter table %T inherit %U",
    "alter table %T no inherit %U",
    "alter table %T attach partition %U for values from (0) to (10)",
    "alter table %T detach partition %U",
    "alter table %T replica identity using index %T_pkey",
    "alter table %T set unlogged",
    "alter index %T_pkey rename to k",
    "drop table %T",
    "drop table %T cascade",
    "drop table if exists %T",
    "truncate %T",
    "truncate %T cascade",
};

constexpr absl::string_view kOfOthers[] = {
    "drop view v",     "drop materialized view v", "alter view v rename to u",
    "drop table t, u", "create schema s",          "drop schema s cascade",
};

std::vector<std::string> Expand() {
  std::vector<std::string> shapes(std::begin(kOfOthers), std::end(kOfOthers));
  for (const absl::string_view table : {"t", "u"}) {
    const absl::string_view other = table == "t" ? "u" : "t";
    for (const absl::Span<const absl::string_view> forms :
         {absl::MakeConstSpan(kCreators), absl::MakeConstSpan(kOfTables)}) {
      for (const absl::string_view form : forms) {
        shapes.push_back(absl::StrReplaceAll(form, {{"%T", table}, {"%U", other}}));
      }
    }
    for (const absl::string_view column : {"a", "b", "c"}) {
      for (const absl::string_view form : kOfColumns) {
        shapes.push_back(absl::StrReplaceAll(form, {{"%T", table}, {"%U", other}, {"%C", column}}));
      }
    }
  }
  return shapes;
}

}  // namespace

const std::vector<std::string>& Shapes() {
  static const auto* shapes = new std::vector<std::string>(Expand());
  return *shapes;
}

std::vector<std::string> Creators() {
  std::vector<std::string> creators;
  for (const absl::string_view form : kCreators) {
    creators.push_back(absl::StrReplaceAll(form, {{"%T", "t"}}));
  }
  return creators;
}

}  // namespace plimsoll::small_histories
