#ifndef PLIMSOLL_ANALYZER_CHECKING_REWRITE_H_
#define PLIMSOLL_ANALYZER_CHECKING_REWRITE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/rule.h"
#include "analyzer/simulation/history.h"
#include "analyzer/syntax/lexer.h"

// What rules need to write SQL: names as PostgreSQL reads them back, and edits of the words of a
// step's statement.

namespace plimsoll {

// An identifier as SQL: in quotes where PostgreSQL would otherwise read another one.
std::string SqlName(absl::string_view identifier);
// With its schema, where it has one.
std::string SqlName(const Name& name);

// The words that begin an ALTER of such a relation: `alter view `.
absl::string_view AlterWord(RelationKind kind);

// Whether the words of the step's statement stand in its file as the grammar read them: not so
// within a body or between a template's placeholders. The functions below need that.
bool CanEdit(const History& history, const Step& step);

// Inserts ` text` behind the first occurrence of `words` (keywords, one blank between them) in
// the step's own span; nothing where they do not stand there.
std::optional<Edit> InsertAfter(const History& history, const Step& step, absl::string_view words,
                                absl::string_view text);
// The tokens of the step's words, without comments.
std::vector<Token> CodeTokens(const Source& source, const Step& step);
// Whether the text of a token is the identifier, in quotes or not.
bool IsIdentifier(absl::string_view token, absl::string_view identifier);
// Inserts ` text` behind the step's last word.
Edit Append(const Step& step, absl::string_view text);
// Replaces the step's words.
Edit Replace(const Step& step, std::string text);
// Puts statements, each without its semicolon, on lines of their own before or after the statement
// of the step, with its indentation.
Edit InsertStatementsBefore(const History& history, const Step& step,
                            absl::Span<const std::string> statements);
Edit InsertStatementsAfter(const History& history, const Step& step,
                           absl::Span<const std::string> statements);

// Whether the step's statement is a transaction of its own: neither the file nor its runner opens
// one around it.
bool RunsAlone(const History& history, const Step& step);
// Whether statements that are put beside it are transactions of their own too. The only statement
// of a file that is sent as one message runs alone, and two of them do not.
bool NeighboursRunAlone(const History& history, const Step& step);
// Whether the step's transaction is the runner's alone: the same statement in a file of its own
// would have one of its own.
bool RunnerWraps(const History& history, const Step& step);

// Where to put what cannot run in a transaction: `outside a transaction`, or in the words of the
// runner that wraps this step.
std::string OutsideTransaction(const History& history, const Step& step);

// How to put another index in the place of one without a moment that has none.
std::string HelpToReplaceIndex(const History& history, const Step& step);

// Whether statements that run after the step's migration find the table as it is behind the step:
// under the same name, and changed by no later migration.
bool IsLeftAlone(const History& history, const Step& step, const Relation& table);
// The table's name for a file of its own, where the search_path may be another than where it was
// written.
Name NameFor(const Relation& table, const Name& written);
// Whether the name stands behind the step in its file, in whatever place.
bool IsSaidLater(const History& history, const Step& step, absl::string_view name);
// Or in a later migration.
bool IsSaidEver(const History& history, const Step& step, absl::string_view name);
// Whether nothing counts on a column that the step makes being as it makes it: its name stands once
// in the step and not behind it in the file, and no later migration changes the table.
bool IsNamedOnce(const History& history, const Step& step, const Relation& left,
                 absl::string_view column);

// `name`, or one made of it, that comes after those of the table's BEFORE triggers: they fire in
// the order of their names, and the last one sees the row as it will be written.
std::string LastTriggerName(const Relation& table, std::string name);

// Whether nothing else stands in the step's statement: an ALTER TABLE with one subcommand.
bool IsWholeStatement(const History& history, const Step& step);

// Puts the edit of the step's statement in: where the statement stands if it runs alone, and then
// the fix is as safe as `safe`, else in a file of its own that the runner does not wrap. None where
// the runner has no way to do that, and where another statement of the file may have to come before
// or after this one: one that says `name`.
std::vector<Fix> RunOutside(const History& history, const Step& step, absl::string_view title,
                            absl::string_view name, const Edit& edit, bool safe);

// Takes the step's statement out of its file, for what runs after that: `alone`, a statement that
// PostgreSQL refuses in a transaction, and then `following`. None where the runner has no way to do
// that, and where another statement of the file says `name`.
std::vector<Fix> MoveOut(const History& history, const Step& step, absl::string_view title,
                         absl::string_view name, std::string alone,
                         std::vector<std::string> following = {});

// A transaction of its own, as a file of the step's runner says it: with BEGIN and COMMIT, unless
// the runner opens one around each file.
std::string InTransaction(const History& history, const Step& step, absl::string_view statements);

// The condition of a first batch of the table's rows: by a range of its key or, where no file tells
// one, of its blocks.
std::string BatchOf(const Relation& table);

// Adds the constraint NOT VALID and validates it afterwards, in a transaction of its own: the same
// schema, and the rows are read under a lock that lets writes go on. Where the runner wraps the
// file, that is in another one, and the fix is not safe; else `safe` is the fix's. None where it
// cannot be done, or where the constraint's name is not known.
std::vector<Fix> ValidateLater(const History& history, const Step& step,
                               const action::AddConstraint& add, bool safe);
// The same of the only check that stands behind a new column: it is taken out of its words.
std::vector<Fix> ValidateLater(const History& history, const Step& step,
                               const action::AddColumn& add);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_REWRITE_H_
