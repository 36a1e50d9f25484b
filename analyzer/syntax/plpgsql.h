#ifndef PLIMSOLL_ANALYZER_SYNTAX_PLPGSQL_H_
#define PLIMSOLL_ANALYZER_SYNTAX_PLPGSQL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/syntax/action.h"
#include "analyzer/syntax/tree.h"

// What PL/pgSQL hands to SQL. Private to analyzer/syntax.

namespace plimsoll {

enum class FragmentKind : uint8_t {
  kStatement,
  kExpression,  // what an assignment, a condition, a RETURN computes
  kExecute,     // an expression whose value is run as a statement
  kCommit,
  kRollback,
  kRaise,  // of an exception: `sql` is its SQLSTATE, `words` its message
};

// A piece of SQL in a body.
struct Fragment {
  FragmentKind kind = FragmentKind::kStatement;
  std::string sql;           // for the grammar: a statement
  std::string words;         // what of it stands in the body, from its first word
  uint32_t line = 1;         // of the body, on which the PL/pgSQL statement that holds it begins
  bool has_into = false;     // blanks stand in `sql` where the body has INTO and its targets
  bool chain = false;        // COMMIT AND CHAIN
  bool conditional = false;  // see BodyStatement
  bool again = false;        // a loop comes back to the words
  // What variables hold here, besides PlpgsqlCode::constants; null: none more.
  std::shared_ptr<const std::vector<std::pair<std::string, std::string>>> bindings;
  std::shared_ptr<const std::vector<std::string>> handled;  // likewise
};

struct PlpgsqlCode {
  std::vector<Fragment> fragments;  // in the order of the text
  bool too_deep = false;            // not all of it was looked at
  // Variables that have one value as long as they have one, and the expressions that give it.
  std::vector<std::pair<std::string, std::string>> constants;
  bool returns_bare = false;  // see Body
  // What variables are declared as; see Body.
  std::vector<Name> types;
  std::vector<Name> row_types;
  std::vector<action::ColumnUse> column_types;
};

// Reads the grammar's tree of one function or DO block (an element of `plpgsql_funcs`).
PlpgsqlCode ReadPlpgsql(const tree::Node& function);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_PLPGSQL_H_
