#ifndef PLIMSOLL_ANALYZER_SYNTAX_CANONICAL_H_
#define PLIMSOLL_ANALYZER_SYNTAX_CANONICAL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/script.h"

// What PostgreSQL is told by a statement, however it is written.

namespace plimsoll {

struct CanonicalStatement {
  // Bytes without a meaning of their own: two statements have the same where PostgreSQL's grammar
  // makes the same of them. That is the parse tree without its places in the text, with the body of
  // a routine in SQL or PL/pgSQL as its words. What the grammar does not take as it stands is its
  // words: comments and blanks do not count, and the case of a word outside quotes does not. A
  // command of psql's is its text.
  std::string form;
  // How it begins, for people: words with single blanks, cut after the one that goes beyond
  // kMostBeginning bytes.
  std::string beginning;

  static constexpr size_t kMostBeginning = 100;
};

// One a statement of the script. Parses the text anew, in time linear in it. Line ends make no
// difference.
std::vector<CanonicalStatement> CanonicalStatements(const Script& script);

// What `form` is; forms under different names cannot be compared. It has the version of the
// grammar, as another one may make another tree of the same text: `tree-18`.
std::string CanonicalName();

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_CANONICAL_H_
