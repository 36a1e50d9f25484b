// What is said of downs is true: each migration of the examples is run, taken back and run again on
// real servers. A down is said to undo its up where, and only where, the server's catalog is what
// it was; and to fail where the server refuses it.

#include "workspace/down.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/stage.h"
#include "tests/support/temporary_folder.h"
#include "workspace/convention.h"
#include "workspace/files.h"
#include "workspace/load.h"
#include "workspace/writing.h"

namespace plimsoll {
namespace {

// What is there, a line an object, as the server itself writes it; the order of columns, the names
// of the constraints behind NOT NULL and what extensions bring are left out.
constexpr absl::string_view kCatalog = R"sql(
with place as (
  select oid, nspname as schema from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
), own as (
  select c.*, schema from pg_class c join place on place.oid = relnamespace
  where not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
                      and d.objid = c.oid and d.deptype = 'e')
)
select 'schema ' || schema from place
union all
select format('relation %s.%s %s %s rls %s %s parents %s bound %s', schema, relname, relkind,
              relpersistence, relrowsecurity, relforcerowsecurity,
              (select string_agg(inhparent::regclass::text, ' ' order by 1) from pg_inherits
               where inhrelid = own.oid), pg_get_expr(relpartbound, own.oid))
       || coalesce(' by ' || pg_get_partkeydef(own.oid), '')
       || case relkind when 'v' then coalesce(' with ' || reloptions::text, '') else '' end
       || format(' replica identity %s %s', relreplident,
                 (select indexrelid::regclass from pg_index
                  where indrelid = own.oid and indisreplident))
       || case when reloftype <> 0 then ' of ' || reloftype::regtype else '' end
       || coalesce(' clustered on ' || (select indexrelid::regclass::text from pg_index
                                        where indrelid = own.oid and indisclustered), '')
from own where relkind <> 'c'
union all
select format('column %s.%s.%s %s collate %s %s default %s generated %s identity %s', schema,
              relname, attname, format_type(atttypid, atttypmod), attcollation::regcollation,
              attnotnull,
              pg_get_expr(adbin, adrelid), attgenerated, attidentity)
from own join pg_attribute on attrelid = own.oid
     left join pg_attrdef on adrelid = own.oid and adnum = attnum
where attnum > 0 and not attisdropped and relkind in ('r', 'p', 'f', 'v', 'm', 'c')
union all
select format('constraint %s.%s %s %s', schema, relname, conname, pg_get_constraintdef(con.oid))
from own join pg_constraint con on conrelid = own.oid where contype not in ('n', 't')
union all
select pg_get_indexdef(own.oid) from own where relkind in ('i', 'I')
union all
select format('view %s.%s %s', schema, relname, pg_get_viewdef(own.oid))
from own where relkind in ('v', 'm')
union all
select format('sequence %s.%s %s %s %s %s %s %s %s', schema, relname, seqtypid::regtype, seqstart,
              seqincrement, seqmin, seqmax, seqcache, seqcycle)
from own join pg_sequence on seqrelid = own.oid
union all
select format('type %s.%s %s base %s not null %s default %s labels %s checks %s', schema, typname,
              typtype, typbasetype::regtype, typnotnull, typdefault,
              (select string_agg(enumlabel, ' ' order by enumsortorder) from pg_enum
               where enumtypid = t.oid),
              (select string_agg(conname || pg_get_constraintdef(c.oid), ' ' order by conname)
               from pg_constraint c where contypid = t.oid and contype = 'c'))
from pg_type t join place on place.oid = typnamespace
where typtype in ('e', 'd', 'r') and not exists (
  select from pg_depend d
  where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
union all
select pg_get_functiondef(p.oid) from pg_proc p join place on place.oid = pronamespace
where prokind in ('f', 'p') and not exists (
  select from pg_depend d
  where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select pg_get_triggerdef(g.oid) || tgenabled::text
from pg_trigger g join own on own.oid = tgrelid where not tgisinternal
union all
select format('policy %s of %s %s %s %s %s %s', polname, relname, polcmd, polpermissive,
              polroles::regrole[], pg_get_expr(polqual, polrelid),
              pg_get_expr(polwithcheck, polrelid))
from pg_policy join own on own.oid = polrelid
union all
select pg_get_ruledef(r.oid) from pg_rewrite r join own on own.oid = ev_class
where rulename <> '_RETURN'
union all
select 'extension ' || extname from pg_extension
union all
select format('statistics %s %s %s %s', stxname, stxkind,
              (select string_agg(attname, ' ' order by attname) from pg_attribute
               where attrelid = stxrelid and attnum = any (stxkeys)),
              pg_get_statisticsobjdef_expressions(s.oid))
from pg_statistic_ext s join place on place.oid = stxnamespace
union all
select 'publication ' || pubname from pg_publication
union all
select format('comment on %s: %s', pg_describe_object(classoid, objoid, objsubid), description)
from pg_description
where objoid >= 16384 and classoid in ('pg_class'::regclass, 'pg_constraint'::regclass,
  'pg_proc'::regclass, 'pg_type'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass,
  'pg_rewrite'::regclass, 'pg_statistic_ext'::regclass, 'pg_namespace'::regclass)
  and not exists (select from pg_depend d where d.classid = classoid and d.objid = objoid
                    and d.deptype = 'e')
)sql";

std::string DirectionText(const Script& script, Direction direction) {
  std::vector<const Statement*> statements;
  for (const Statement& statement : script.statements) {
    if (statement.direction == direction) statements.push_back(&statement);
  }
  if (direction == Direction::kDown) {
    std::stable_sort(statements.begin(), statements.end(),
                     [](const auto* a, const auto* b) { return a->changeset > b->changeset; });
  }
  std::string text;
  for (const Statement* statement : statements) {
    absl::StrAppend(
        &text, absl::StrReplaceAll(script.source->Text(statement->span), {{"\n--rollback ", "\n"}}),
        ";\n");
  }
  return text;
}

class DownTest : public replay::StageTest {
 protected:
  bool Run(absl::string_view sql, std::string* error = nullptr) {
    const absl::StatusOr<Rows> done = stage_->session().Execute(sql);
    // Each file has a session of its own.
    if (done.ok()) return stage_->session().Execute("discard temp").ok();
    if (error != nullptr) *error = std::string(done.status().message());
    // What one message brings is one transaction.
    (void)stage_->session().Execute("rollback");
    return false;
  }

  std::multiset<std::string> Look() {
    std::multiset<std::string> lines;
    const absl::StatusOr<Rows> rows = stage_->session().Execute(kCatalog);
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (!rows.ok()) return lines;
    for (const std::vector<Value>& row : rows->values) lines.insert(row[0].value_or(""));
    return lines;
  }

  // Runs the ups before this one on an empty database.
  void RunUpTo(const History& history, uint32_t up);
  void Check(const History& history, const Undoing& undoing);
  // Whether the derived down brings back what was there.
  bool CheckDerived(const Inputs& inputs, const History& history, uint32_t up);
};

std::string Difference(const std::multiset<std::string>& before,
                       const std::multiset<std::string>& after) {
  std::string text;
  for (const std::string& line : before) {
    if (!after.contains(line)) absl::StrAppend(&text, "\n  gone: ", line);
  }
  for (const std::string& line : after) {
    if (!before.contains(line)) absl::StrAppend(&text, "\n  new: ", line);
  }
  return text;
}

// A comment of the down says that what the server keeps is none of ours to tell.
bool IsSaidNotToBeTold(const Script& script) {
  return absl::StrContains(script.source->text(), "-- not told:");
}

void DownTest::RunUpTo(const History& history, uint32_t up) {
  ASSERT_TRUE(stage_->Clear().ok());
  for (uint32_t m = 0; m < up; ++m) {
    const Migration& migration = history.migrations()[m];
    if (migration.down) continue;
    std::string error;
    ASSERT_TRUE(Run(DirectionText(*migration.script, Direction::kUp), &error)) << error;
  }
}

void DownTest::Check(const History& history, const Undoing& undoing) {
  RunUpTo(history, undoing.up);
  const std::vector<Migration>& all = history.migrations();
  const std::string up = DirectionText(*all[undoing.up].script, Direction::kUp);
  const Direction direction = undoing.up == undoing.down ? Direction::kDown : Direction::kUp;
  const std::string down = DirectionText(*all[undoing.down].script, direction);
  SCOPED_TRACE(absl::StrCat(all[undoing.up].script->source->name(), "\n", up, "--\n", down));
  const std::multiset<std::string> before = Look();
  std::string error;
  ASSERT_TRUE(Run(up, &error)) << error;
  const std::multiset<std::string> after_up = Look();
  const Wrapping wrapping =
      direction == Direction::kDown ? all[undoing.down].down_wrapping : all[undoing.down].wrapping;
  const bool wrapped = wrapping == Wrapping::kFile;
  const bool runs = Run(wrapped ? absl::StrCat("begin;\n", down, "commit;\n") : down, &error);
  if (!undoing.known) return;
  const std::string said = absl::StrJoin(undoing.differences, "; ");
  EXPECT_EQ(runs, undoing.failures.empty()) << error;
  if (!runs) return;
  const std::multiset<std::string> after = Look();
  const bool told = !IsSaidNotToBeTold(*all[undoing.down].script);
  EXPECT_EQ(before == after || !told, undoing.differences.empty())
      << said << Difference(before, after);
  if (before != after) return;
  ASSERT_TRUE(Run(up, &error)) << error;
  EXPECT_EQ(Difference(after_up, Look()), "");
}

TEST_P(DownTest, WhatIsSaidOfDownsIsTrue) {
  size_t undone = 0;
  size_t left = 0;
  for (const absl::string_view id :
       {"down-does-not-undo", "down-loses-data", "down-fails", "empty-down", "missing-down"}) {
    for (const testing_support::ExampleText& text : testing_support::ExamplesOf(*rules::Find(id))) {
      const auto example = testing_support::ParseExample(text.text, "migration.sql");
      ASSERT_TRUE(example.ok()) << example.status();
      SCOPED_TRACE(testing_support::WhereOf(text));
      Inputs inputs = testing_support::InputsOf(*example);
      inputs.server_version = GetParam();
      inputs.start = Start::kEmpty;
      const History history = Simulate(std::move(inputs));
      for (const Undoing& undoing : history.undoings()) {
        Check(history, undoing);
        ++(undoing.known && undoing.differences.empty() ? undone : left);
      }
    }
  }
  EXPECT_GT(undone, 60U) << "what is compared must not shrink unnoticed";
  EXPECT_GT(left, 40U);
}

bool DownTest::CheckDerived(const Inputs& inputs, const History& history, uint32_t up) {
  const std::string text = DirectionText(*history.migrations()[up].script, Direction::kUp);
  const Down down = DownOf(inputs, up);
  SCOPED_TRACE(absl::StrCat(text, "--\n", down.text));
  RunUpTo(history, up);
  const std::multiset<std::string> before = Look();
  std::string error;
  EXPECT_TRUE(Run(text, &error)) << error;
  const std::multiset<std::string> after_up = Look();
  EXPECT_TRUE(Run(down.text, &error)) << error;
  const std::multiset<std::string> after = Look();
  const std::vector<std::string> left = LeftBy(inputs, up, down);
  // What stands under a condition is not told.
  const bool told = !absl::StrContains(down.text, "-- cannot undo: DO");
  EXPECT_EQ(before == after, left.empty() && told)
      << absl::StrJoin(left, "; ") << Difference(before, after);
  // What has no way back is said.
  EXPECT_TRUE(before == after || absl::StrContains(down.text, "-- cannot undo: "));
  if (before != after) return false;
  EXPECT_TRUE(Run(text, &error)) << error;
  EXPECT_EQ(Difference(after_up, Look()), "");
  return true;
}

TEST_P(DownTest, DerivedDownsUndo) {
  size_t undone = 0;
  size_t left = 0;
  for (const testing_support::ExampleText& text :
       testing_support::ExamplesOf(*rules::Find("down-does-not-undo"))) {
    const auto example = testing_support::ParseExample(text.text, "migration.sql");
    ASSERT_TRUE(example.ok()) << example.status();
    SCOPED_TRACE(testing_support::WhereOf(text));
    Inputs inputs = testing_support::InputsOf(*example);
    inputs.server_version = GetParam();
    inputs.start = Start::kEmpty;
    inputs.take_back = false;
    const History history = Simulate(inputs);
    for (uint32_t m = 0; m < history.migrations().size(); ++m) {
      if (history.migrations()[m].down) continue;
      ++(CheckDerived(inputs, history, m) ? undone : left);
    }
  }
  EXPECT_GT(undone, 120U) << "what is compared must not shrink unnoticed";
  EXPECT_LT(left, 12U);
}

// What `plimsoll new` makes in a folder without migrations, with a table and an index in it, and
// what `plimsoll down --write` puts where the layout has its downs.
class NewProject {
 public:
  explicit NewProject(Layout layout) : layout_(layout) {}

  // The migration and its down; the latter is empty where the layout has none.
  void Make();
  const Project& project() const { return project_; }
  std::string Text(Direction direction) const;

 private:
  static constexpr absl::string_view kUp =
      "create table account (id bigint primary key, note text default 'none');\n"
      "create index account_note on account (note);\n";

  void Load();
  void Fill();
  void WriteDown();

  const Layout layout_;
  const testing_support::TemporaryFolder folder_;
  const std::string root_ = folder_.Path("m");
  std::string path_;
  Project project_;
  uint32_t up_ = 0;
};

void NewProject::Load() {
  absl::StatusOr<std::vector<Project>> projects = plimsoll::Load({.paths = {root_}});
  ASSERT_TRUE(projects.ok()) << projects.status();
  ASSERT_EQ(projects->size(), 1U);
  project_ = std::move((*projects)[0]);
  ASSERT_EQ(project_.layout, layout_);
  const std::vector<Migration>& all = project_.inputs.migrations;
  const auto made = std::find_if(all.begin(), all.end(), [&](const Migration& migration) {
    return migration.script->source->name() == path_;
  });
  ASSERT_NE(made, all.end());
  EXPECT_FALSE(made->stray);
  up_ = static_cast<uint32_t>(made - all.begin());
}

// As its author would: in the transaction that the file opens, above what undoes it, with the
// header filled in.
void NewProject::Fill() {
  std::string text(project_.inputs.migrations[up_].script->source->text());
  size_t at = text.size();
  for (const absl::string_view below : {"-- +goose Down", "-- +migrate Down", "-- migrate:down",
                                        "-- Down Migration", "---- create above"}) {
    at = std::min(at, text.find(std::string(below)));
  }
  const size_t begin = text.find("BEGIN;\n");
  if (begin != std::string::npos) at = begin + 7;
  const bool opens = begin != std::string::npos || layout_ != Layout::kSequence;
  text.insert(at, opens ? std::string(kUp) : absl::StrCat("begin;\n", kUp, "commit;\n"));
  absl::StrReplaceAll(
      {{"-- Affects tables:", "-- Affects tables: account"}, {"[low|medium|high]", "low"}}, &text);
  ASSERT_TRUE(ReplaceFile(path_, text).ok());
}

void NewProject::WriteDown() {
  const absl::StatusOr<FileChange> down = PlaceDown(project_, up_, DownOf(project_.inputs, up_));
  // A project of sqlx that has no downs begins with files that can have none.
  if (layout_ == Layout::kSqlx) {
    EXPECT_FALSE(down.ok());
    return;
  }
  ASSERT_TRUE(down.ok()) << down.status();
  ASSERT_TRUE(WriteChanges({&*down, 1}).ok());
}

void NewProject::Make() {
  std::filesystem::create_directory(root_);
  const std::vector<Layout> said = LayoutsToSay();
  if (std::find(said.begin(), said.end(), layout_) != said.end()) {
    folder_.Write("plimsoll.toml", absl::StrCat("[[project]]\npath = \"m\"\nlayout = \"",
                                                LayoutName(layout_), "\"\n"));
  }
  if (layout_ == Layout::kSqitch) {
    folder_.Write("m/sqitch.plan", "%syntax-version=1.0.0\n%project=shop\n\n");
  }
  if (layout_ == Layout::kGraphile) std::filesystem::create_directory(root_ + "/committed");
  if (layout_ == Layout::kGraphile) folder_.Write(".gmrc", "{}");
  const Project empty = EmptyProject(root_, layout_, "the test");
  const absl::StatusOr<std::vector<FileChange>> files = NewMigration(
      empty, "Add account", {.now = 1'700'000'000, .name = "Ann B.", .email = "ann@example.org"});
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_TRUE(WriteChanges(*files).ok());
  path_ = files->front().path;
  ASSERT_NO_FATAL_FAILURE(Load());
  ASSERT_NO_FATAL_FAILURE(Fill());
  ASSERT_NO_FATAL_FAILURE(Load());
  if (project_.inputs.downs == Downs::kNone) return;
  ASSERT_NO_FATAL_FAILURE(WriteDown());
  ASSERT_NO_FATAL_FAILURE(Load());
}

std::string NewProject::Text(Direction direction) const {
  const std::vector<Migration>& all = project_.inputs.migrations;
  if (direction == Direction::kUp) return DirectionText(*all[up_].script, direction);
  for (const Migration& migration : all) {
    if (migration.undoes == up_) return DirectionText(*migration.script, Direction::kUp);
  }
  return DirectionText(*all[up_].script, direction);
}

TEST_P(DownTest, WhatIsNewRunsUpAndDown) {
  size_t undone = 0;
  for (int i = 0; i <= static_cast<int>(Layout::kAtlas); ++i) {
    const auto layout = static_cast<Layout>(i);
    // Their new migrations need a snapshot that only drizzle-kit makes; plain files have no order.
    if (layout == Layout::kDrizzleFolders || layout == Layout::kBare) continue;
    SCOPED_TRACE(LayoutName(layout));
    NewProject made(layout);
    made.Make();
    if (HasFatalFailure()) continue;
    Project judged = made.project();
    judged.inputs.server_version = GetParam();
    const Report report = Judge(std::move(judged), {});
    for (const Finding& finding : report.findings) {
      const absl::string_view id = finding.rule->id;
      // What `atlas migrate hash` is for, once the file is written.
      if (layout == Layout::kAtlas && id == "migration-edited") continue;
      // No project of sqlx has to have downs, and this one begins without.
      if (layout == Layout::kSqlx && id == "missing-down") continue;
      ADD_FAILURE() << id << ": " << finding.message;
    }
    ASSERT_TRUE(stage_->Clear().ok());
    const std::multiset<std::string> before = Look();
    std::string error;
    const std::string up = made.Text(Direction::kUp);
    ASSERT_TRUE(Run(up, &error)) << error;
    const std::multiset<std::string> after = Look();
    EXPECT_NE(Difference(before, after), "");
    const std::string down = made.Text(Direction::kDown);
    if (down.empty()) continue;
    ++undone;
    ASSERT_TRUE(Run(down, &error)) << error << "\n" << down;
    EXPECT_EQ(Difference(before, Look()), "") << down;
    ASSERT_TRUE(Run(up, &error)) << error;
    EXPECT_EQ(Difference(after, Look()), "");
  }
  EXPECT_EQ(undone, 17U) << "every layout that has downs";
}

INSTANTIATE_TEST_SUITE_P(Servers, DownTest, testing::ValuesIn(replay::Servers()),
                         replay::ServerName);

}  // namespace
}  // namespace plimsoll
