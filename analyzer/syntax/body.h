#ifndef PLIMSOLL_ANALYZER_SYNTAX_BODY_H_
#define PLIMSOLL_ANALYZER_SYNTAX_BODY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/action.h"
#include "analyzer/syntax/substitute.h"

namespace plimsoll {

// One statement that a routine runs.
struct BodyStatement {
  // As those of a statement of a script. Their spans are those of the words in the source, as far
  // as the body stands there as it is; else that of the statement which holds the body, and empty
  // in a body of BEGIN ATOMIC.
  std::vector<Action> actions;
  std::string tag;  // PostgreSQL's command tag
  // It may not run, or be undone: it stands under IF, CASE, a loop or an EXCEPTION clause, or
  // behind something that may end the routine.
  bool conditional = false;
  // Where EXCEPTION clauses around it are all that makes it conditional: the SQLSTATEs that they
  // catch (see Catches). Null where something else does too, or one catches whatever there is.
  std::shared_ptr<const std::vector<std::string>> handled;
  // As ModifyData has them: names may be those of arguments or variables.
  OptionalSelection selection;
  OptionalSelection returning;
};

// Why PostgreSQL refuses a body.
struct BodyRefusal {
  std::string sqlstate;
  std::string message;
};

// What a DO block, a function or a procedure does, in the order in which it does it.
struct Body {
  std::vector<BodyStatement> statements;
  // It does something else besides that nobody can know from here: EXECUTE of a text that only a
  // run knows, a language that is not read, a body that is broken or too large.
  bool unknown = false;
  // PostgreSQL refuses to run it, and to create it unless check_function_bodies is off.
  std::optional<BodyRefusal> refusal;
  // Of a body in SQL: whether its last statement shows rows, and what they are. Nothing, and null,
  // where that is not known.
  std::optional<bool> shows;
  OptionalSelection shown;
  bool returns_bare = false;  // of a body in PL/pgSQL: a RETURN says no value
  // What PL/pgSQL declares variables as: types, `table%ROWTYPE`, `table.column%TYPE`.
  std::vector<Name> types;
  std::vector<Name> row_types;
  std::vector<action::ColumnUse> column_types;
  // BEGIN ATOMIC: it was parsed when it was created, and depends on what it names.
  bool atomic = false;
  std::vector<action::ColumnUse> columns_used;  // of an atomic body
  bool has_subquery = false;                    // likewise; see CreateView
};

// What surrounds a body.
struct BodyContext {
  const Substitutes* substitutes = nullptr;  // in the text; null where it has none
  // The text does not stand in the source: whatever it holds is shown as these words.
  std::optional<Span> stand_in;
  int nesting = 0;            // bodies around it
  size_t executed_bytes = 0;  // of text that EXECUTE has put together in this statement
};

// CREATE FUNCTION, CREATE PROCEDURE or DO.
struct BodyText {
  absl::string_view statement;  // all of it, blanks around it aside
  uint32_t at = 0;              // where `statement` starts in its source
  absl::string_view language;
  absl::string_view body;  // what stands between its quotes, as PostgreSQL reads it
};

// Reads the body of a routine. What is SQL or PL/pgSQL becomes actions; of any other language
// nothing is known. Its work is linear in the statement and in what kMaxExecutedBytes allows.
std::shared_ptr<const Body> ReadBody(const BodyText& text, BodyContext& context);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_BODY_H_
