#include "analyzer/checking/rewrite.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "analyzer/syntax/keyword.h"

namespace plimsoll {
namespace {

// Of an unquoted identifier that folding leaves as it is (scan.l).
bool IsPlain(absl::string_view identifier) {
  if (identifier.empty()) return false;
  const char first = identifier.front();
  const bool starts = absl::ascii_islower(static_cast<unsigned char>(first)) || first == '_';
  return starts && std::all_of(identifier.begin(), identifier.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

// The blanks before the first word of its line; empty where other words stand before it.
absl::string_view IndentationOf(const Source& source, uint32_t byte) {
  const uint32_t start = source.LineStart(source.Locate(byte).line);
  const absl::string_view before = source.Text({start, byte});
  const size_t code = before.find_first_not_of(" \t");
  return code == absl::string_view::npos ? before : absl::string_view();
}

// CRLF where the file has it.
absl::string_view LineEndOf(const Source& source) {
  const size_t feed = source.text().find('\n');
  const bool carriage =
      feed != absl::string_view::npos && feed > 0 && source.text()[feed - 1] == '\r';
  return carriage ? "\r\n" : "\n";
}

// The name of the constraint that the step adds: what the text says, or what PostgreSQL chooses.
// Empty where that is not known.
std::string NameOfAdded(const History& history, const Step& step,
                        const action::AddConstraint& add) {
  if (!add.constraint.name.empty()) return add.constraint.name;
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const Relation* before = history.Before(step).Find(add.table.name, path);
  const Relation* after = history.After(step).Find(add.table.name, path);
  if (before == nullptr || after == nullptr || before->assumed) return "";
  for (const TableConstraint& constraint : after->constraints) {
    const bool added = before->FindConstraint(constraint.name) == nullptr;
    if (added && constraint.kind == add.constraint.kind) return constraint.name;
  }
  return "";
}

}  // namespace

std::string SqlName(absl::string_view identifier) {
  if (IsPlain(identifier) && !IsReserved(identifier)) return std::string(identifier);
  return absl::StrCat("\"", absl::StrReplaceAll(identifier, {{"\"", "\"\""}}), "\"");
}

std::string SqlName(const Name& name) {
  return name.schema.empty() ? SqlName(name.name)
                             : absl::StrCat(SqlName(name.schema), ".", SqlName(name.name));
}

absl::string_view AlterWord(RelationKind kind) {
  switch (kind) {
    case RelationKind::kView:
      return "alter view ";
    case RelationKind::kMaterializedView:
      return "alter materialized view ";
    case RelationKind::kForeignTable:
      return "alter foreign table ";
    default:
      return "alter table ";
  }
}

bool CanEdit(const History& history, const Step& step) {
  return step.within == nullptr && history.StatementOf(step).form == StatementForm::kSql;
}

std::optional<Edit> InsertAfter(const History& history, const Step& step, absl::string_view words,
                                absl::string_view text) {
  if (!CanEdit(history, step)) return std::nullopt;
  const Source& source = history.SourceOf(step);
  const std::vector<absl::string_view> wanted = absl::StrSplit(words, ' ');
  Lexer lexer(source.Text(step.span), step.span.begin);
  size_t matched = 0;
  for (Token token; lexer.NextCode(&token);) {
    const bool word = token.kind == TokenKind::kIdentifier;
    if (!word || !absl::EqualsIgnoreCase(source.Text(token.span), wanted[matched])) {
      matched = 0;
      if (!word || !absl::EqualsIgnoreCase(source.Text(token.span), wanted[0])) continue;
    }
    if (++matched == wanted.size()) {
      return Edit{.span = {token.span.end, token.span.end}, .text = absl::StrCat(" ", text)};
    }
  }
  return std::nullopt;
}

std::vector<Token> CodeTokens(const Source& source, const Step& step) {
  std::vector<Token> tokens;
  Lexer lexer(source.Text(step.span), step.span.begin);
  for (Token token; lexer.NextCode(&token);) tokens.push_back(token);
  return tokens;
}

bool IsIdentifier(absl::string_view token, absl::string_view identifier) {
  if (token.front() != '"') return absl::AsciiStrToLower(token) == identifier;
  return token == absl::StrCat("\"", absl::StrReplaceAll(identifier, {{"\"", "\"\""}}), "\"");
}

Edit Append(const Step& step, absl::string_view text) {
  return {.span = {step.span.end, step.span.end}, .text = absl::StrCat(" ", text)};
}

Edit Replace(const Step& step, std::string text) {
  return {.span = step.span, .text = std::move(text)};
}

Edit InsertStatementsBefore(const History& history, const Step& step,
                            absl::Span<const std::string> statements) {
  const Source& source = history.SourceOf(step);
  const Span span = history.StatementOf(step).span;
  std::string text;
  for (const std::string& statement : statements) {
    absl::StrAppend(&text, statement, ";", LineEndOf(source), IndentationOf(source, span.begin));
  }
  return {.span = {span.begin, span.begin}, .text = std::move(text)};
}

Edit InsertStatementsAfter(const History& history, const Step& step,
                           absl::Span<const std::string> statements) {
  const Source& source = history.SourceOf(step);
  const Span span = history.StatementOf(step).span;
  // Behind its semicolon; the last statement of a file may have none.
  Lexer lexer(source.text().substr(span.end), span.end);
  Token token;
  const bool ended = lexer.NextCode(&token) && token.symbol == ';';
  const uint32_t place = ended ? token.span.end : span.end;
  std::string text(ended ? 0 : 1, ';');
  for (const std::string& statement : statements) {
    absl::StrAppend(&text, LineEndOf(source), IndentationOf(source, span.begin), statement, ";");
  }
  return {.span = {place, place}, .text = std::move(text)};
}

bool RunsAlone(const History& history, const Step& step) {
  return !history.TransactionOf(step).block && step.within == nullptr;
}

bool NeighboursRunAlone(const History& history, const Step& step) {
  const bool message = history.migrations()[step.migration].wrapping == Wrapping::kMessage;
  return RunsAlone(history, step) && !message;
}

bool IsWholeStatement(const History& history, const Step& step) {
  return history.StatementOf(step).actions.size() == 1 && step.within == nullptr;
}

std::vector<Fix> ValidateLater(const History& history, const Step& step,
                               const action::AddConstraint& add, bool safe) {
  const bool apart = NeighboursRunAlone(history, step) && IsWholeStatement(history, step);
  // ONLY leaves the children without it, and they could not be validated.
  if (!apart || !CanEdit(history, step) || add.table.only) return {};
  const std::string name = NameOfAdded(history, step, add);
  if (name.empty()) return {};
  const std::string validate =
      absl::StrCat("ALTER TABLE ", add.table.if_exists ? "IF EXISTS " : "", SqlName(add.table.name),
                   " VALIDATE CONSTRAINT ", SqlName(name));
  return {{.title = "add it NOT VALID, then validate it",
           .safe = safe,
           .edits = {Append(step, "NOT VALID"), InsertStatementsAfter(history, step, {validate})}}};
}

}  // namespace plimsoll
