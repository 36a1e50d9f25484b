// What routines and DO blocks do: expectations by hand, from PostgreSQL's manual and pl_exec.c.

#include "analyzer/syntax/body.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/syntax/script.h"
#include "gtest/gtest.h"

namespace plimsoll {
namespace {

using Texts = std::vector<std::string>;

std::string Qualified(const Name& name) {
  return absl::StrCat(name.schema, name.schema.empty() ? "" : ".", name.name);
}

// A word for what an action does, and to what.
struct Describer {
  std::string operator()(const action::ModifyData& modify) const {
    std::vector<std::string> words;
    for (const action::Write& write : modify.writes) {
      words.push_back(absl::StrCat("write ", Qualified(write.table.name)));
    }
    for (const Name& read : modify.reads) words.push_back(absl::StrCat("read ", Qualified(read)));
    for (const FunctionCall& call : modify.calls) {
      words.push_back(absl::StrCat(call.certain ? "call " : "may call ", Qualified(call.function)));
    }
    return absl::StrJoin(words, ", ");
  }
  std::string operator()(const action::CreateTable& create) const {
    return absl::StrCat("create ", Qualified(create.table));
  }
  std::string operator()(const action::CreateType& create) const {
    return absl::StrCat("create type ", Qualified(create.type));
  }
  std::string operator()(const action::CreateFunction& create) const {
    return absl::StrCat("create function ", Qualified(create.function));
  }
  std::string operator()(const action::AddColumn& add) const {
    return absl::StrCat("add ", Qualified(add.table.name), ".", add.column.name);
  }
  std::string operator()(const action::Drop& drop) const {
    return absl::StrCat("drop ", Qualified(drop.objects.at(0)));
  }
  std::string operator()(const action::SetParameter& set) const {
    return absl::StrCat("set ", set.name);
  }
  std::string operator()(const action::Truncate& truncate) const {
    return absl::StrCat("truncate ", Qualified(truncate.tables.at(0).name));
  }
  std::string operator()(const action::Commit&) const { return "commit"; }
  std::string operator()(const action::Rollback&) const { return "rollback"; }
  std::string operator()(const action::DoBlock&) const { return "do"; }
  std::string operator()(const action::Other& other) const {
    return absl::StrCat("other ", other.what);
  }
  template <typename T>
  std::string operator()(const T&) const {
    return "something else";
  }
};

class BodyOf {
 public:
  explicit BodyOf(absl::string_view sql, size_t statement = 0)
      : script_(ParseScript(std::make_shared<const Source>("a.sql", std::string(sql)))) {
    const Action& action = script_.statements.at(statement).actions.at(0);
    if (const auto* create = std::get_if<action::CreateFunction>(&action.kind)) {
      body_ = create->body;
    } else if (const auto* block = std::get_if<action::DoBlock>(&action.kind)) {
      body_ = block->body;
    }
  }

  const Body& operator*() const { return *body_; }
  const Body* operator->() const { return body_.get(); }

  // `? ` before what is conditional.
  std::vector<std::string> Actions() const {
    std::vector<std::string> words;
    for (const BodyStatement& statement : body_->statements) {
      for (const Action& action : statement.actions) {
        words.push_back(
            absl::StrCat(statement.conditional ? "? " : "", std::visit(Describer(), action.kind)));
      }
    }
    return words;
  }
  std::vector<std::string> Words() const {
    std::vector<std::string> words;
    for (const BodyStatement& statement : body_->statements) {
      for (const Action& action : statement.actions) {
        words.emplace_back(script_.source->Text(action.span));
      }
    }
    return words;
  }

 private:
  Script script_;
  std::shared_ptr<const Body> body_;
};

std::vector<std::string> ActionsIn(absl::string_view body) {
  return BodyOf(absl::StrCat("do $body$ ", body, " $body$")).Actions();
}

bool IsUnknown(absl::string_view body) {
  return BodyOf(absl::StrCat("do $body$ ", body, " $body$"))->unknown;
}

TEST(BodyTest, StaticSqlBecomesActionsInOrder) {
  const BodyOf body(R"(do $$
declare n int := (select count(*) from config);
begin
  create table a (id int);
  select id into strict n from users where id = n;
  insert into logs (x) values (n) returning x into n;
  perform f(1), g(n);
  call p(n);
  set local lock_timeout = '2s';
  n := n + 1;
  n := (select max(id) from orders);
  alter table a add column b int, add column c int;
end $$;)");
  EXPECT_FALSE(body->unknown);
  EXPECT_EQ(body.Actions(), (Texts{"read config, may call count", "create a", "read users",
                                   "write logs", "call f, call g", "call p", "set lock_timeout",
                                   "read orders, may call max", "add a.b", "add a.c"}));
  EXPECT_EQ(body.Words(),
            (Texts{"(select count(*) from config)", "create table a (id int)",
                   "select id into strict n from users where id = n",
                   "insert into logs (x) values (n) returning x into n", "perform f(1), g(n)",
                   "call p(n)", "set local lock_timeout = '2s'", "(select max(id) from orders)",
                   "add column b int", "add column c int"}));
}

TEST(BodyTest, BranchesLoopsAndHandlersAreConditional) {
  EXPECT_EQ(ActionsIn(R"(begin
    if not exists (select 1 from pg_type where typname = 'mood') then
      create type mood as enum ('a');
    elsif (select true from cfg) then drop table b; else truncate c; end if;
    drop table d;
  end)"),
            (Texts{"read pg_type", "? create type mood", "? read cfg", "? drop b", "? truncate c",
                   "drop d"}));
  EXPECT_EQ(ActionsIn(R"(declare r record; i int; begin
    for r in select * from looped loop update t set a = r.id; end loop;
    for i in 1..(select max(x) from bound) loop drop table a; end loop;
    while exists (select from again) loop drop table b; end loop;
    foreach i in array array(select y from arr) loop drop table c; end loop;
    loop exit when exists (select from enough); end loop;
    case (select z from chosen) when 1 then drop table d; else drop table e; end case;
    drop table f;
  end)"),
            (Texts{"read looped", "? write t", "read bound, may call max", "? drop a", "read again",
                   "? drop b", "read arr", "? drop c", "? read enough", "read chosen", "? drop d",
                   "? drop e", "drop f"}));
  EXPECT_EQ(ActionsIn(R"(begin
    begin drop table a; exception when undefined_table then drop table b; end;
    drop table c;
  end)"),
            (Texts{"? drop a", "? drop b", "drop c"}));
}

TEST(BodyTest, LoopsOverConstantsRunAsOftenAsTheySay) {
  const BodyOf body(
      "do $$ declare x text; begin\n"
      "  foreach x in array array['a', 'b'] loop\n"
      "    execute format('drop table %I', x);\n"
      "  end loop;\n"
      "  drop table c;\n"
      "end $$;");
  EXPECT_FALSE(body->unknown);
  EXPECT_EQ(body.Actions(), (Texts{"drop a", "drop b", "drop c"}));
  EXPECT_EQ(body.Words(), (Texts{"execute format('drop table %I', x)",
                                 "execute format('drop table %I', x)", "drop table c"}));
  EXPECT_EQ(ActionsIn(R"(declare x text; l text[] := '{a, b}'; begin
    foreach x in array l loop execute 'drop table ' || x; exit; end loop; end)"),
            (Texts{"? drop a"}));
  // Who writes to the variable besides says what it holds.
  const BodyOf written(
      "do $$ declare x text; begin foreach x in array array['a'] loop x := 'b'; execute 'drop "
      "table ' || x; end loop; end $$;");
  EXPECT_TRUE(written->unknown);
}

TEST(BodyTest, WhatFollowsAReturnIsDeadOrConditional) {
  EXPECT_EQ(ActionsIn("begin drop table a; return; drop table b; end"), (Texts{"drop a"}));
  EXPECT_EQ(ActionsIn("begin if x() then return; drop table a; end if; drop table b; end"),
            (Texts{"call x", "? drop b"}));
  EXPECT_EQ(ActionsIn("begin begin return; end; drop table b; end"), Texts());
  EXPECT_EQ(ActionsIn("begin <<l>> begin exit l; drop table a; end; drop table b; end"),
            (Texts{"? drop b"}));
  EXPECT_EQ(ActionsIn("begin <<l>> loop loop exit l; end loop; end loop; drop table b; end"),
            (Texts{"drop b"}));
  // One that raises leaves nothing done; who gets past it has not raised.
  EXPECT_EQ(ActionsIn("begin if not found then raise exception 'no'; end if; drop table b; end"),
            (Texts{"drop b"}));
}

TEST(BodyTest, CursorsAndReturnedQueries) {
  EXPECT_EQ(ActionsIn(R"(declare c cursor for select * from curs; d refcursor; r record; begin
    open c; fetch c into r; close c; open d for select * from other;
    for r in c loop null; end loop;
  end)"),
            (Texts{"read curs", "read other", "read curs"}));
  const BodyOf function(
      "create function f() returns setof int language plpgsql as $$ begin\n"
      "  return query select x from a;\n"
      "  return query execute 'select y from b';\n"
      "end $$;");
  EXPECT_EQ(function.Actions(), (Texts{"read a", "read b"}));
  EXPECT_EQ(function.Words(), (Texts{"select x from a", "execute 'select y from b'"}));
}

TEST(BodyTest, ExecuteOfConstants) {
  EXPECT_EQ(ActionsIn("begin execute 'drop table a'; end"), (Texts{"drop a"}));
  EXPECT_EQ(ActionsIn("begin execute 'drop ' || 'table' || ' ' || quote_ident('A b'); end"),
            (Texts{"drop A b"}));
  EXPECT_EQ(ActionsIn("begin execute format('drop table %I.%1$I', 'A'); end"), (Texts{"drop A.A"}));
  EXPECT_EQ(ActionsIn("begin execute format('drop table %s -- 100%%', 'a'); end"),
            (Texts{"drop a"}));
  EXPECT_EQ(ActionsIn("begin execute format('select %L from t', 'it''s'); end"), (Texts{"read t"}));
  EXPECT_EQ(ActionsIn("declare q text := 'drop table '; begin execute q || 'a'; end"),
            (Texts{"drop a"}));
  EXPECT_EQ(ActionsIn("declare q text; begin q := 'drop table a'; execute q; end"),
            (Texts{"drop a"}));
  EXPECT_EQ(ActionsIn("begin execute 'drop table a; drop table b'; end"),
            (Texts{"drop a", "drop b"}));
  EXPECT_FALSE(IsUnknown("begin execute 'drop table a'; end"));
}

TEST(BodyTest, ExecuteOfWhatOnlyARunKnows) {
  for (const char* body : {
           "declare r record; begin execute format('drop table %I', r.name); end",
           "declare q text := 'drop table a'; begin q := 'x'; execute q; end",
           "declare q text; begin select 'a' into q; execute q; end",
           "declare q text := 'drop table a'; begin call p(q); execute q; end",
           "begin execute 'drop table ' || current_user; end",
           "begin execute format('drop table %10I', 'a'); end",
           "begin execute format('drop table %I'); end",
           "begin execute null; end",
           "begin execute 'drop tabel a'; end",
       }) {
    EXPECT_TRUE(IsUnknown(body)) << body;
    EXPECT_EQ(ActionsIn(body).back(), "other EXECUTE") << body;
  }
}

TEST(BodyTest, TransactionsInProcedures) {
  const BodyOf body(
      "create procedure p() language plpgsql as $$ begin\n"
      "  drop table a; commit; drop table b; rollback;\n"
      "end $$;");
  EXPECT_EQ(body.Actions(), (Texts{"drop a", "commit", "drop b", "rollback"}));
  EXPECT_EQ(body.Words(), (Texts{"drop table a", "commit", "drop table b", "rollback"}));
}

TEST(BodyTest, LanguageSql) {
  const BodyOf body(
      "create function f(n int) returns int language sql as $x$\n"
      "  update t set a = $1; -- more\n"
      "  select a from u where id = n;\n"
      "$x$;");
  EXPECT_FALSE(body->unknown);
  EXPECT_FALSE(body->atomic);
  EXPECT_EQ(body.Actions(), (Texts{"write t", "read u"}));
  EXPECT_EQ(body.Words(), (Texts{"update t set a = $1", "select a from u where id = n"}));
  const BodyOf atomic(
      "create function f(n int) returns int begin atomic insert into t select a from u; "
      "select v.b from v; end;");
  EXPECT_TRUE(atomic->atomic);
  EXPECT_EQ(atomic.Actions(), (Texts{"write t, read u", "read v"}));
  ASSERT_EQ(atomic->columns_used.size(), 2U);
  EXPECT_EQ(atomic->columns_used[0].column, "a");
  EXPECT_EQ(atomic->columns_used[1].column, "b");
  EXPECT_EQ(atomic->columns_used[1].relation->name, "v");
  const BodyOf returns("create function f() returns bigint return (select count(*) from k);");
  EXPECT_TRUE(returns->atomic);
  EXPECT_EQ(returns.Actions(), (Texts{"read k, may call count"}));
}

TEST(BodyTest, BrokenBodiesAndOtherLanguages) {
  const BodyOf broken("create function f() returns int language plpgsql as 'begin selct 1; end';");
  EXPECT_TRUE(broken->unknown);
  EXPECT_EQ(broken->refusal->message, "syntax error at or near \"selct\"");
  const BodyOf sql("create function f() returns int language sql as 'select 1 +';");
  EXPECT_TRUE(sql->unknown);
  EXPECT_EQ(sql->refusal->message, "syntax error at end of input");
  const BodyOf python("create function f() returns int language plpython3u as 'return 1';");
  EXPECT_TRUE(python->unknown);
  EXPECT_FALSE(python->refusal.has_value());
  const BodyOf internal("create function f() returns int language internal as 'int4in';");
  EXPECT_TRUE(internal->unknown);
  const BodyOf raises("do $$ begin raise no_such_condition; end $$;");
  EXPECT_EQ(raises->refusal->sqlstate, "42704");
  const BodyOf constant("do $$ declare x constant int := 1; begin x := 2; end $$;");
  EXPECT_EQ(constant->refusal->sqlstate, "22005");
}

TEST(BodyTest, DeclaredTypesAreNamed) {
  const BodyOf body(
      "do $$ declare a s.mood[]; b T.C%type; c t%rowtype; d a%type; e numeric(5, 2); f int; "
      "begin null; end $$;");
  ASSERT_EQ(body->types.size(), 1U);
  EXPECT_EQ(body->types[0], (Name{.schema = "s", .name = "mood"}));
  ASSERT_EQ(body->column_types.size(), 1U);
  EXPECT_EQ(body->column_types[0].relation->name, "t");
  EXPECT_EQ(body->column_types[0].column, "c");
  ASSERT_EQ(body->row_types.size(), 1U);
  EXPECT_EQ(body->row_types[0].name, "t");
}

TEST(BodyTest, QuotedBodiesAndBodiesWithinBodies) {
  const BodyOf quoted("do 'begin execute ''drop table a''; drop table b; end';");
  EXPECT_EQ(quoted.Actions(), (Texts{"drop a", "drop b"}));
  EXPECT_EQ(quoted.Words()[1], "do 'begin execute ''drop table a''; drop table b; end'");
  const BodyOf outer(
      "select 1; do $$ begin create function f() returns void language plpgsql as $f$ begin drop "
      "table a; end $f$; do $d$ begin drop table b; end $d$; end $$;",
      1);
  EXPECT_EQ(outer.Actions(), (Texts{"create function f", "do"}));
}

// Placeholders stay as they are in quotes: what the body will be is not known, nor whether it is
// broken.
TEST(BodyTest, TemplatesAreUnknown) {
  const BodyOf body("do $$ begin drop table ${schema}.a; end $$;");
  EXPECT_TRUE(body->unknown);
  EXPECT_FALSE(body->refusal.has_value());
}

// Each would take for ever, overflow the stack or come apart if it were taken at its word.
TEST(BodyTest, HostileBodies) {
  const auto repeat = [](absl::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) absl::StrAppend(&result, text);
    return result;
  };
  BodyOf(absl::StrCat("do $$ ", repeat("begin ", 20'000), repeat("end; ", 20'000), " $$"));
  EXPECT_TRUE(IsUnknown(
      absl::StrCat(repeat("begin ", 300), "drop table a; ", repeat("end; ", 299), "end")));
  BodyOf(absl::StrCat("do $$ begin ", repeat("if a then ", 20'000), " $$"));
  EXPECT_EQ(ActionsIn(absl::StrCat("begin ", repeat("drop table a;\n", 10'000), "end")).size(),
            10'000U);
  EXPECT_EQ(ActionsIn(absl::StrCat("begin ", repeat("drop table a;", 10'000), "end")).size(),
            10'000U);
  BodyOf(absl::StrCat("do $$ begin execute 'a'", repeat(" || 'a'", 20'000), "; end $$"));
  // One variable of 50 kB, run a thousand times.
  EXPECT_TRUE(IsUnknown(absl::StrCat("declare q text := '", repeat("drop table a;", 4'000),
                                     "'; begin ", repeat("execute q;", 1'000), " end")));
  std::string nested = "drop table a;";
  for (int i = 0; i < 20; ++i) {
    nested = absl::StrCat("do $t", i, "$ begin ", nested, " end $t", i, "$;");
  }
  BodyOf{nested};
}

}  // namespace
}  // namespace plimsoll
