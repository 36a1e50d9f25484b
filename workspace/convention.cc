#include "workspace/convention.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kByNumber = "the number that their names begin with";
constexpr absl::string_view kByFolder = "the number that their folders' names begin with";
// What the runners' own commands make: seconds, and node-pg-migrate's and Hasura's milliseconds.
constexpr absl::string_view kStamp = "%Y%m%d%H%M%S";
constexpr absl::string_view kMilliseconds = "%s000";
constexpr absl::string_view kAlone = "as the only statement of its file";

// Sources: each runner's own, as ARCHITECTURE.md lists them.
constexpr Convention kConventions[] = {
    // Nobody is known to run them, or psql does, and the files carry their own BEGIN.
    {.layout = Layout::kBare,
     .name = "plain files",
     .ordered = "their names",
     .downs = Downs::kNone,
     .runs = Runs::kByStatement,
     .new_file = true,
     .first = "001"},
    {.layout = Layout::kSequence,
     .name = "numbered files",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kNone,
     .runs = Runs::kByStatement,
     .new_file = true,
     .first = "001"},
    {.layout = Layout::kStages,
     .name = "stages",
     .ordered = "their stage, then the timestamp that their names begin with",
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "a file of the same name in `rollbacks/`",
     .runs = Runs::kByStatement,
     .new_file = true,
     .first = kStamp},
    {.layout = Layout::kUpDown,
     .name = "up and down folders",
     .ordered = kByNumber,
     .downs = Downs::kFiles,
     .down = "a file of the same name in `down/`",
     .runs = Runs::kByStatement,
     .new_file = true,
     .first = "001"},
    {.layout = Layout::kTimestamped,
     .name = "Supabase",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kNone,
     .runs = Runs::kFileUnlessControlled,
     .outside = "in a file of its own, which the Supabase CLI runs statement by statement",
     .new_file = true,
     .new_file_alone = true,
     .first = kStamp},
    {.layout = Layout::kNumbered,
     .name = "numbered files with rollbacks",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`rollbacks/NNN_rollback.sql`",
     .runs = Runs::kFile,
     .new_file = true,
     .first = "001"},
    {.layout = Layout::kDrizzle,
     .name = "Drizzle",
     .ordered = "`meta/_journal.json`",
     .downs = Downs::kNone,
     .runs = Runs::kFile,
     .first = "0000"},
    {.layout = Layout::kDrizzleFolders,
     .name = "Drizzle folders",
     .ordered = kByFolder,
     .downs = Downs::kNone,
     .runs = Runs::kFile},
    {.layout = Layout::kPrisma,
     .name = "Prisma",
     .ordered = kByFolder,
     .downs = Downs::kNone,
     .runs = Runs::kMessage,
     .outside = kAlone,
     .new_file = true,
     .new_file_alone = true,
     .first = kStamp},
    {.layout = Layout::kDiesel,
     .name = "Diesel",
     .ordered = kByFolder,
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`down.sql` in the same folder",
     .runs = Runs::kFile,
     .alone = Wrapping::kMessage,
     .outside = "as the only statement of a migration with `run_in_transaction = false` in its "
                "metadata.toml",
     .new_file = true,
     .first = "%Y-%m-%d-%H%M%S"},
    // Its server opens a transaction for what one request brings.
    {.layout = Layout::kHasura,
     .name = "Hasura",
     .ordered = kByFolder,
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`down.sql` in the same folder",
     .runs = Runs::kFile,
     .new_file = true,
     .first = kMilliseconds},
    {.layout = Layout::kGolangMigrate,
     .name = "golang-migrate",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`x.down.sql` of the same number",
     .runs = Runs::kMessage,
     .outside = kAlone,
     .new_file = true,
     .new_file_alone = true,
     .first = kStamp},
    {.layout = Layout::kPopx,
     .name = "ory popx",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`x.down.sql` of the same number",
     .runs = Runs::kFile,
     .alone = Wrapping::kMessage,
     .outside = "in a file of its own that ends in `.autocommit.up.sql`",
     .new_file = true,
     .first = "%Y%m%d%H%M%S000000"},
    {.layout = Layout::kSqlx,
     .name = "sqlx",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`x.down.sql` of the same number",
     .runs = Runs::kFile,
     .alone = Wrapping::kMessage,
     .outside = "as the only statement of a file that begins with `-- no-transaction`",
     .head_alone = "-- no-transaction\n",
     .new_file = true,
     .new_file_alone = true,
     .first = kStamp},
    {.layout = Layout::kRefinery,
     .name = "refinery",
     .ordered = "the number after `V` or `U` in their names",
     .numbered = true,
     .downs = Downs::kNone,
     .runs = Runs::kFile,
     .new_file = true,
     .first = "1"},
    {.layout = Layout::kDbmate,
     .name = "dbmate",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kSections,
     .down = "what stands below `-- migrate:down`",
     .runs = Runs::kFile,
     .alone = Wrapping::kMessage,
     .outside = "as the only statement under `-- migrate:up transaction:false`",
     .head = "-- migrate:up\n",
     .head_alone = "-- migrate:up transaction:false\n",
     .foot = "\n-- migrate:down\n",
     .new_file = true,
     .new_file_alone = true,
     .first = kStamp},
    {.layout = Layout::kGoose,
     .name = "goose",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kSections,
     .down = "what stands below `-- +goose Down`",
     .runs = Runs::kFile,
     .outside = "in a file of its own with `-- +goose NO TRANSACTION`",
     .head = "-- +goose Up\n",
     .head_alone = "-- +goose NO TRANSACTION\n-- +goose Up\n",
     .new_file = true,
     .new_file_alone = true,
     .first = kStamp},
    {.layout = Layout::kSqlMigrate,
     .name = "sql-migrate",
     .ordered = kByNumber,
     .downs = Downs::kSections,
     .down = "what stands below `-- +migrate Down`",
     .runs = Runs::kFile,
     .outside = "in a file of its own under `-- +migrate Up notransaction`",
     .head = "-- +migrate Up\n",
     .head_alone = "-- +migrate Up notransaction\n",
     .foot = "\n-- +migrate Down\n",
     .new_file = true,
     .new_file_alone = true,
     .first = kStamp},
    {.layout = Layout::kTern,
     .name = "tern",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kSections,
     .down = "what stands below `---- create above / drop below ----`",
     .runs = Runs::kFile,
     .outside = "in a file of its own with the line `---- tern: disable-tx ----`",
     .head_alone = "---- tern: disable-tx ----\n",
     .new_file = true,
     .new_file_alone = true,
     .first = "001"},
    // Flyway looks for what cannot run in a transaction, and then runs the whole file without one.
    {.layout = Layout::kFlyway,
     .name = "Flyway",
     .ordered =
         "the numbers between `V` and `__` in their names, then repeatable ones by name, and "
         "callbacks where they run",
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`U…__x.sql` of the same version",
     .runs = Runs::kFileUnlessForbidden,
     .outside = "in a file of its own, which Flyway runs without a transaction",
     .new_file = true,
     .new_file_alone = true,
     .first = "1"},
    {.layout = Layout::kLiquibase,
     .name = "Liquibase",
     .ordered = "their names, as includeAll takes them",
     .downs = Downs::kSections,
     .down = "the `--rollback` comments of a changeset",
     .runs = Runs::kByChangeset,
     .outside = "in a changeset of its own with `runInTransaction:false`",
     .first = "001"},
    // psql runs each script, and their authors write BEGIN themselves.
    {.layout = Layout::kSqitch,
     .name = "Sqitch",
     .ordered = "`sqitch.plan`",
     .downs = Downs::kFiles,
     .down = "a file of the same name in `revert/`",
     .runs = Runs::kByStatement},
    {.layout = Layout::kNodePgMigrate,
     .name = "node-pg-migrate",
     .ordered = kByNumber,
     .downs = Downs::kSections,
     .down = "what stands below `-- Down Migration`",
     .runs = Runs::kFile,
     .new_file = true,
     .first = kMilliseconds},
    {.layout = Layout::kPostgrator,
     .name = "postgrator",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kFiles,
     .down = "`N.undo.x.sql` of the same number",
     .runs = Runs::kMessage,
     .outside = kAlone,
     .new_file = true,
     .new_file_alone = true,
     .first = "001"},
    {.layout = Layout::kYoyo,
     .name = "yoyo",
     .ordered = "what their `-- depends:` lines ask for, then their names",
     .downs = Downs::kFiles,
     .down = "`x.rollback.sql`",
     .runs = Runs::kFile,
     .outside = "in a file of its own that begins with `-- transactional: false`",
     .head_alone = "-- transactional: false\n",
     .new_file = true,
     .new_file_alone = true,
     .first = "0001"},
    {.layout = Layout::kGraphile,
     .name = "graphile-migrate",
     .ordered = kByNumber,
     .numbered = true,
     .downs = Downs::kNone,
     .runs = Runs::kFile,
     .alone = Wrapping::kMessage,
     .outside = "as the only statement of a file that begins with `--! no-transaction`"},
    {.layout = Layout::kAtlas,
     .name = "Atlas",
     .ordered = "their names",
     .numbered = true,
     .downs = Downs::kNone,
     .runs = Runs::kFile,
     .outside = "in a file of its own that begins with `-- atlas:txmode none` and an empty line",
     .first = kStamp},
};

constexpr bool IsInOrder() {
  size_t place = 0;
  for (const Convention& row : kConventions) {
    if (static_cast<size_t>(row.layout) != place++) return false;
  }
  return place == static_cast<size_t>(Layout::kAtlas) + 1;
}
static_assert(IsInOrder(), "a row for each layout, in the order of the enumeration");

}  // namespace

const Convention& ConventionOf(Layout layout) { return kConventions[static_cast<size_t>(layout)]; }

bool HasStatementForbiddenInTransaction(const Script& script, int server_version) {
  // Whether a statement may run in a transaction does not hang on what exists, so an empty catalog
  // will do; the simulation is where it is known.
  const Catalog nothing;
  const std::vector<std::string> search_path = {"public"};
  Situation situation;
  situation.server_version = server_version;
  situation.search_path = search_path;
  const auto forbidden = [&](const Statement& statement) {
    return std::any_of(statement.actions.begin(), statement.actions.end(),
                       [&](const Action& action) {
                         return ComputeEffects(action, statement.actions, nothing.At(0), situation)
                             .forbidden_in_transaction;
                       });
  };
  return std::any_of(script.statements.begin(), script.statements.end(), forbidden);
}

Wrapping WrappingOf(Runs runs, const Script& script, int server_version) {
  const auto forbidden = [&] { return HasStatementForbiddenInTransaction(script, server_version); };
  switch (runs) {
    case Runs::kByStatement:
      return Wrapping::kNone;
    case Runs::kFile:
      return Wrapping::kFile;
    case Runs::kMessage:
      return Wrapping::kMessage;
    case Runs::kByChangeset:
      return Wrapping::kChangesets;
    case Runs::kFileUnlessForbidden:
      return forbidden() ? Wrapping::kNone : Wrapping::kFile;
    case Runs::kFileUnlessControlled:
      return ControlsTransactions(script) || forbidden() ? Wrapping::kNone : Wrapping::kFile;
  }
  return Wrapping::kNone;
}

std::vector<Layout> LayoutsToSay() {
  std::vector<Layout> layouts;
  for (const Convention& row : kConventions) {
    const bool by_folders = row.layout == Layout::kStages || row.layout == Layout::kUpDown ||
                            row.layout == Layout::kSqitch;
    if (!by_folders) layouts.push_back(row.layout);
  }
  return layouts;
}

std::string FileWith(Layout layout, absl::string_view statements, bool alone) {
  const Convention& convention = ConventionOf(layout);
  if (!(alone ? convention.new_file_alone : convention.new_file)) return "";
  return absl::StrCat(
      alone && !convention.head_alone.empty() ? convention.head_alone : convention.head, statements,
      convention.foot);
}

}  // namespace plimsoll
