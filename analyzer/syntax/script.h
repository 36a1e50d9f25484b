#ifndef PLIMSOLL_ANALYZER_SYNTAX_SCRIPT_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SCRIPT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/action.h"
#include "analyzer/syntax/source.h"

namespace plimsoll {

// Why a piece of a source is not a statement with actions.
struct Problem {
  Span span;             // the token PostgreSQL points at, or the whole statement
  std::string message;   // PostgreSQL's own words for a syntax error
  std::string sqlstate;  // that PostgreSQL rejects it with; empty where it is Plimsoll that does
  int since = 0;         // older servers say 42601

  // With which a server of this major version rejects it, before anything of its message runs.
  // Empty where nobody knows: a grammar newer than ours may take it.
  absl::string_view SqlstateOn(int server_version) const;
};

enum class StatementForm {
  kSql,          // judged by PostgreSQL's grammar
  kMetaCommand,  // psql: \connect, \i, \set, …
  kTemplate,     // holds ${x}, {{ x }}, %(x)s, … and is not SQL until they are filled in
};

// Which way a statement runs. Down sections (`-- +goose Down`, `-- migrate:down`, `--rollback …`)
// stand in the file but never run after the Up, so they are parsed and not simulated with it.
enum class Direction { kUp, kDown };

struct Statement {
  // From the first byte of its first token to the last byte before its semicolon.
  Span span;
  StatementForm form = StatementForm::kSql;
  Direction direction = Direction::kUp;
  std::string tag;              // PostgreSQL's command tag, such as `ALTER TABLE`
  std::vector<Action> actions;  // empty where there is a problem, and for a meta-command
  std::optional<Problem> problem;
  // The comments that stand before this statement and after the one before it, as indices into
  // Script::comments, half-open.
  uint32_t comments_begin = 0;
  uint32_t comments_end = 0;
  // Which of Script::changesets it belongs to, counted from 1; 0: to none.
  uint32_t changeset = 0;
  bool changeset_alone = false;  // that changeset says `runInTransaction:false`
  // Which block of `-- +goose StatementBegin` … `StatementEnd`, or sql-migrate's, it stands in,
  // counted from 1; 0: in none. A runner sends what it takes for one statement as one message
  // (goose: sqlparser/parser.go).
  uint32_t block = 0;
  // COPY … FROM stdin: the lines of data that follow, without the closing `\.`. Empty otherwise.
  Span copy_data;
};

struct Comment {
  Span span;  // with its `--` or `/* */`, without the line feed
};

// `--changeset ann:create` of a Liquibase file: runs, and is rolled back, by itself.
struct Changeset {
  Span span;         // the comment that begins it
  std::string name;  // `ann:create`
  // It says that nothing takes it back, `--rollback empty` or `not required`: the words behind
  // that, which may tell why.
  std::optional<std::string> no_rollback;
};

// One source cut into statements. It always succeeds: whatever PostgreSQL would reject is a value
// in it. Owns everything but the text, which it shares.
struct Script {
  std::shared_ptr<const Source> source;
  std::vector<Statement> statements;  // in the order of the text
  std::vector<Comment> comments;
  std::vector<Changeset> changesets;
  std::vector<Problem> problems;  // of the whole file: NUL bytes, invalid UTF-8, too large
  // The file asks its runner not to wrap it: `-- +goose NO TRANSACTION`, `transaction:false`,
  // `-- no-transaction`, `-- atlas:txmode none`, …
  bool opts_out_of_transaction = false;
  bool down_opts_out_of_transaction = false;  // its down section does, which says so by itself
  // Its runner (goose, sql-migrate) ends a statement where a line ends in a semicolon, wherever
  // that stands, but for blocks.
  bool cut_at_lines = false;
  // A `-- +goose` or `-- migrate:` marker stands in the file: a runner with sections wrote it.
  bool has_sections = false;
  bool has_down_section = false;  // one of them begins the way back, whatever follows
};

// Never fails, never throws; thread-safe. The text is the author's: byte order mark, CRLF and all.
Script ParseScript(std::shared_ptr<const Source> source);

// Whether PostgreSQL could run the statement's bytes. False for one that was read with names in the
// place of its placeholders. It parses again where a placeholder may be, so only who sends asks.
bool IsSqlAsItStands(const Script& script, const Statement& statement);

// BEGIN, COMMIT or ROLLBACK stands among its statements.
bool ControlsTransactions(const Script& script);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SCRIPT_H_
