// PostgreSQL's own grammar, behind a wall.
//
// This is the only door to libpg_query. Text goes in, the parse tree comes out, and nothing the
// text can do reaches beyond the call: a text that makes the grammar run out of stack or memory,
// trip over an assertion or fault comes back as an error value, and the next call works as if
// nothing had happened. Two grammars stand behind the door and CMake picks one: the sandboxed
// grammar of PostgreSQL 18 (the default, and the one this promise holds for), or with
// -DPLIMSOLL_GRAMMAR=system the operating system's libpg_query, which is merely kept away from
// texts known to crash it.
//
// Every function may be called from any thread at any time; each thread has a parser of its own,
// made at its first call and released when it ends.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_H_
#define PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {

struct GrammarError {
  // In PostgreSQL's words (`syntax error at or near "foo"`), or ours where `internal`.
  std::string message;
  // Byte offset in the text where PostgreSQL points; the size of the text where it points nowhere.
  uint32_t cursor = 0;
  // The text could not be judged: it is too large, nested too deeply, holds bytes PostgreSQL cannot
  // hold, or brought the parser down. It may yet be good SQL. Otherwise PostgreSQL rejects the
  // text.
  bool internal = false;
};

// What PostgreSQL rejects the text with: 42601, or what its grammar says of the few messages that
// are no syntax error (gram.y, scan.l). Empty where `internal`. Servers before `since` knew nothing
// of what the message speaks of: there it is a syntax error.
struct Rejection {
  absl::string_view sqlstate;
  int since = 0;
};
Rejection RejectionOf(const GrammarError& error);

struct [[nodiscard]] Parsed {
  // Without a root where there is an error.
  tree::Tree tree;
  std::optional<GrammarError> error;

  bool ok() const { return !error.has_value(); }
};

// The tree of a whole script: {"stmts":[{"stmt":{…},"stmt_location":9,"stmt_len":8}]}. Locations in
// it are byte offsets in `sql`. `stmt_len` is left out where a statement reaches to the end. A
// statement begins at its first word (with the system's grammar of 15: where the previous one
// ended). One syntax error rejects the whole text.
Parsed Parse(absl::string_view sql);

// The trees of the PL/pgSQL functions and DO blocks in a script, which otherwise consists of
// `CREATE FUNCTION` statements: {"plpgsql_funcs":[{"PLpgSQL_function":{…}},…]}. The grammar gives
// no position for an error in a body: the cursor is then the size of the text.
Parsed ParsePlpgsql(absl::string_view sql);

struct [[nodiscard]] WrittenTree {
  // Empty where there is an error.
  std::string json;
  std::optional<GrammarError> error;

  bool ok() const { return !error.has_value(); }
};

// What libpg_query itself writes of the tree that `Parse` gives: the measure of it, in tests and in
// benchmarks.
WrittenTree ParseToJson(absl::string_view sql);

// Gives the memory of this thread's parser back; the next call makes a new one. Nobody needs to
// call this: threads release at their end, and a parser swollen by one large text is replaced by
// itself.
void ReleaseGrammar();

// The major version of PostgreSQL whose grammar this is: 18, or 15 for Debian's libpg_query.
int GrammarServerVersion();

// For `plimsoll version` and bug reports: "libpg_query 18.1.5 (sandboxed)".
absl::string_view GrammarName();

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_H_
