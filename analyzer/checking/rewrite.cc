#include "analyzer/checking/rewrite.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "analyzer/checking/made.h"
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
  const Step& first = FirstOfStatement(history, step);
  const Step& last = LastOfStatement(history, step);
  const Relation* before = history.Before(first).Find(add.table.name, path);
  const Relation* after = history.After(last).Find(add.table.name, path);
  if (before == nullptr || after == nullptr || before->assumed) return "";
  // The statement's subcommands make them in their order.
  size_t place = 0;
  size_t added = 0;
  for (uint32_t i = first.index; i <= last.index; ++i) {
    const auto* other = history.steps()[i].As<action::AddConstraint>();
    if (other == nullptr || other->constraint.kind != add.constraint.kind) continue;
    if (i < step.index) ++place;
    ++added;
  }
  std::vector<std::string> names;
  for (const TableConstraint& constraint : after->constraints) {
    const bool made = before->FindConstraint(constraint.name) == nullptr;
    if (made && constraint.kind == add.constraint.kind) names.push_back(constraint.name);
  }
  return names.size() == added ? names[place] : "";
}

// Its semicolon, behind which another statement may stand. Empty behind the last one of a file that
// has none.
Span SemicolonOf(const Source& source, Span statement) {
  Lexer lexer(source.text().substr(statement.end), statement.end);
  Token token;
  const bool ended = lexer.NextCode(&token) && token.symbol == ';';
  return ended ? token.span : Span{statement.end, statement.end};
}

int CountName(absl::string_view text, absl::string_view name) {
  int count = 0;
  Lexer lexer(text);
  for (Token token; lexer.NextCode(&token);) {
    count += IsIdentifier(text.substr(token.span.begin, token.span.size()), name) ? 1 : 0;
  }
  return count;
}

bool SaysName(absl::string_view text, absl::string_view name) { return CountName(text, name) > 0; }

// The statement with its semicolon, and with the line that it leaves empty.
Edit TakeOut(const History& history, const Step& step) {
  const absl::string_view text = history.SourceOf(step).text();
  Span span = history.StatementOf(step).span;
  span.begin -= static_cast<uint32_t>(IndentationOf(history.SourceOf(step), span.begin).size());
  span.end = SemicolonOf(history.SourceOf(step), span).end;
  if (absl::StartsWith(text.substr(span.end), "\r\n")) {
    span.end += 2;
  } else if (absl::StartsWith(text.substr(span.end), "\n")) {
    span.end += 1;
  }
  return {.span = span, .text = ""};
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
  const Span semicolon = SemicolonOf(source, span);
  std::string text(semicolon.size() == 0 ? 1 : 0, ';');
  for (const std::string& statement : statements) {
    absl::StrAppend(&text, LineEndOf(source), IndentationOf(source, span.begin), statement, ";");
  }
  return {.span = {semicolon.end, semicolon.end}, .text = std::move(text)};
}

bool RunsAlone(const History& history, const Step& step) {
  return !history.TransactionOf(step).block && step.within == nullptr;
}

bool NeighboursRunAlone(const History& history, const Step& step) {
  const Migration& migration = history.migrations()[step.migration];
  return RunsAlone(history, step) && migration.wrapping != Wrapping::kMessage &&
         history.StatementOf(step).block == 0;
}

bool RunnerWraps(const History& history, const Step& step) {
  const Migration& migration = history.migrations()[step.migration];
  const bool wraps = migration.wrapping == Wrapping::kFile ||
                     migration.wrapping == Wrapping::kMessage ||
                     migration.wrapping == Wrapping::kChangesets;
  if (!wraps || step.within != nullptr || !history.TransactionOf(step).block) return false;
  return !ControlsTransactions(*migration.script);
}

std::string OutsideTransaction(const History& history, const Step& step) {
  const std::string& outside = history.migrations()[step.migration].outside;
  return outside.empty() || !RunnerWraps(history, step) ? "outside a transaction" : outside;
}

bool IsLeftAlone(const History& history, const Step& step, const Relation& table) {
  const Relation* end = history.At(EndOfMigration(history, step)).Find(table.id);
  const Relation* last = history.At(static_cast<Moment>(history.steps().size())).Find(table.id);
  return end != nullptr && end == last && end->schema == table.schema && end->name == table.name;
}

std::string HelpToReplaceIndex(const History& history, const Step& step) {
  return absl::StrCat("build the new one CONCURRENTLY under another name, ",
                      OutsideTransaction(history, step),
                      "; then drop the old one CONCURRENTLY and rename the new one");
}

// Whether one of the statements from there on that are no way back says the name.
static bool SaysName(const Script& script, size_t first, absl::string_view name) {
  return std::any_of(script.statements.begin() + static_cast<std::ptrdiff_t>(first),
                     script.statements.end(), [&](const Statement& statement) {
                       return statement.direction == Direction::kUp &&
                              SaysName(script.source->Text(statement.span), name);
                     });
}

bool IsSaidLater(const History& history, const Step& step, absl::string_view name) {
  const Script& script = *history.migrations()[step.migration].script;
  const Span own = history.StatementOf(step).span;
  const absl::string_view rest = script.source->text().substr(step.span.end);
  return SaysName(rest.substr(0, own.end - std::min(own.end, step.span.end)), name) ||
         SaysName(script, size_t{step.statement} + 1, name);
}

bool IsSaidEver(const History& history, const Step& step, absl::string_view name) {
  if (IsSaidLater(history, step, name)) return true;
  const std::vector<Migration>& migrations = history.migrations();
  return std::any_of(
      migrations.begin() + step.migration + 1, migrations.end(),
      [&](const Migration& later) { return !later.down && SaysName(*later.script, 0, name); });
}

bool IsNamedOnce(const History& history, const Step& step, const Relation& left,
                 absl::string_view column) {
  return CountName(history.SourceOf(step).text().substr(step.span.begin), column) == 1 &&
         IsLeftAlone(history, step, left);
}

std::string LastTriggerName(const Relation& table, std::string name) {
  const auto fires_later = [&](const Trigger& trigger) {
    return trigger.before && trigger.each_row && trigger.name >= name;
  };
  while (std::any_of(table.triggers.begin(), table.triggers.end(), fires_later)) {
    name = absl::StrCat("z", name);
  }
  return name;
}

bool IsWholeStatement(const History& history, const Step& step) {
  return history.StatementOf(step).actions.size() == 1 && step.within == nullptr;
}

std::vector<Fix> RunOutside(const History& history, const Step& step, absl::string_view title,
                            absl::string_view name, const Edit& edit, bool safe) {
  if (RunsAlone(history, step))
    return {{.title = std::string(title), .safe = safe, .edits = {edit}}};
  const Source& source = history.SourceOf(step);
  const Span statement = history.StatementOf(step).span;
  const Span span = {statement.begin, SemicolonOf(source, statement).begin};
  return MoveOut(history, step, absl::StrCat(title, ", in a file of its own"), name,
                 absl::StrCat(source.Text({span.begin, edit.span.begin}), edit.text,
                              source.Text({edit.span.end, span.end}), ";\n"));
}

std::vector<Fix> MoveOut(const History& history, const Step& step, absl::string_view title,
                         absl::string_view name, std::string alone,
                         std::vector<std::string> following) {
  const Migration& migration = history.migrations()[step.migration];
  const bool only = migration.script->statements.size() == 1;
  if (migration.outside.empty() || only || !RunnerWraps(history, step)) return {};
  if (!CanEdit(history, step) || IsSaidLater(history, step, name)) return {};
  // DROP of the same name before it may have to move out as well, and would come after it.
  if (SaysName(history.SourceOf(step).text().substr(0, step.span.begin), name)) return {};
  return {{.title = std::string(title),
           .safe = false,
           .edits = {TakeOut(history, step)},
           .following_alone = {std::move(alone)},
           .following = std::move(following)}};
}

std::string InTransaction(const History& history, const Step& step, absl::string_view statements) {
  const bool wrapped = history.migrations()[step.migration].wrapping != Wrapping::kNone;
  return wrapped ? std::string(statements) : absl::StrCat("begin;\n", statements, "\ncommit;");
}

std::string BatchOf(const Relation& table) {
  const TableConstraint* key = table.PrimaryKey();
  if (key != nullptr && key->columns.size() == 1) {
    const TableColumn* column = table.FindColumn(key->columns[0]);
    const bool integer = IsOfType(*column, "int4") || IsOfType(*column, "int8");
    if (integer) return absl::StrCat(SqlName(column->name), " between 1 and 10000");
  }
  return "ctid >= '(0,0)' and ctid < '(1000,0)'";
}

Name NameFor(const Relation& table, const Name& written) {
  const bool found = !written.schema.empty() || table.schema == "public";
  return found ? written : Name{.schema = table.schema, .name = table.name};
}

namespace {

// Whether another subcommand of the step's statement needs what it adds to be valid: SET NOT NULL
// takes a check for its proof.
bool IsNeededValid(const History& history, const Step& step) {
  const Statement& statement = history.StatementOf(step);
  return std::any_of(statement.actions.begin(), statement.actions.end(), [](const Action& action) {
    return std::holds_alternative<action::SetNotNull>(action.kind);
  });
}

// IF NOT EXISTS behind each ADD COLUMN of the step's statement.
std::vector<Edit> AddIfNotExists(const History& history, const Step& step) {
  std::vector<Edit> edits;
  const uint32_t last = LastOfStatement(history, step).index;
  for (uint32_t i = FirstOfStatement(history, step).index; i <= last; ++i) {
    const Step& other = history.steps()[i];
    const auto* add = other.As<action::AddColumn>();
    if (add == nullptr || add->if_not_exists) continue;
    std::optional<Edit> edit = InsertAfter(history, other, "ADD COLUMN", "IF NOT EXISTS");
    if (!edit) edit = InsertAfter(history, other, "ADD", "IF NOT EXISTS");
    if (edit) edits.push_back(*std::move(edit));
  }
  return edits;
}

// A constraint that comes NOT VALID, by `edits` of the step's statement and, where it is no part of
// that, `added` as a statement of its own; what is left is to validate it.
struct AddedLater {
  const Target& table;
  std::string name;
  std::vector<Edit> edits;
  std::vector<std::string> added;
};

std::vector<Fix> ValidateInTurn(const History& history, const Step& step, AddedLater later,
                                absl::string_view first, bool safe) {
  const auto validate = [&](const Name& table) {
    return absl::StrCat("ALTER TABLE ", later.table.if_exists ? "IF EXISTS " : "", SqlName(table),
                        " VALIDATE CONSTRAINT ", SqlName(later.name));
  };
  if (NeighboursRunAlone(history, step)) {
    // What was one statement is several: whoever runs the file again finds the first done.
    for (Edit& edit : AddIfNotExists(history, step)) later.edits.push_back(std::move(edit));
    later.added.push_back(validate(later.table.name));
    later.edits.push_back(InsertStatementsAfter(history, step, later.added));
    return {{.title = absl::StrCat(first, ", then validate it"),
             .safe = safe,
             .edits = std::move(later.edits)}};
  }
  const Relation* table = history.After(LastOfStatement(history, step))
                              .Find(later.table.name, history.SessionAt(step).search_path);
  if (!RunnerWraps(history, step) || table == nullptr) return {};
  // What comes later must leave it to be validated.
  if (!IsLeftAlone(history, step, *table) || IsSaidLater(history, step, later.name)) return {};
  const Relation* end = history.At(EndOfMigration(history, step)).Find(table->id);
  if (end->FindConstraint(later.name) == nullptr) return {};
  if (!later.added.empty()) {
    later.edits.push_back(InsertStatementsAfter(history, step, later.added));
  }
  return {{.title = absl::StrCat(first, ", and validate it in a file that follows"),
           .safe = false,
           .edits = std::move(later.edits),
           .following = {absl::StrCat(validate(NameFor(*table, later.table.name)), ";\n")}}};
}

// The words of the one check behind a new column, from CHECK on, and with CONSTRAINT and its name.
struct InlineCheck {
  Span check;
  Span whole;
};

std::optional<InlineCheck> FindInlineCheck(const Source& source, const Step& step) {
  const std::vector<Token> tokens = CodeTokens(source, step);
  const auto is = [&](size_t i, absl::string_view word) {
    return i < tokens.size() && absl::EqualsIgnoreCase(source.Text(tokens[i].span), word);
  };
  std::optional<InlineCheck> found;
  int depth = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    depth += (tokens[i].symbol == '(' ? 1 : 0) - (tokens[i].symbol == ')' ? 1 : 0);
    if (depth > 0 || !is(i, "check") || !is(i + 1, "(")) continue;
    if (found) return std::nullopt;
    const bool named = i >= 2 && is(i - 2, "constraint");
    size_t last = i + 1;
    for (int open = 1; open > 0 && last + 1 < tokens.size();) {
      ++last;
      open += (tokens[last].symbol == '(' ? 1 : 0) - (tokens[last].symbol == ')' ? 1 : 0);
    }
    if (is(last + 1, "no") && is(last + 2, "inherit")) last += 2;
    if (is(last + 1, "enforced")) return std::nullopt;
    const uint32_t end = tokens[last].span.end;
    found = {{.check = {tokens[i].span.begin, end},
              .whole = {tokens[named ? i - 2 : i].span.begin, end}}};
    i = last;
  }
  return found;
}

// The name of the only check that the step's statement brings.
std::string NameOfInline(const History& history, const Step& step, const action::AddColumn& add) {
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const Relation* before =
      history.Before(FirstOfStatement(history, step)).Find(add.table.name, path);
  const Relation* after = history.After(LastOfStatement(history, step)).Find(add.table.name, path);
  if (before == nullptr || after == nullptr || before->assumed) return "";
  std::string name;
  for (const TableConstraint& constraint : after->constraints) {
    if (constraint.kind != ConstraintKind::kCheck) continue;
    if (before->FindConstraint(constraint.name) != nullptr) continue;
    if (!name.empty()) return "";
    name = constraint.name;
  }
  return name;
}

}  // namespace

std::vector<Fix> ValidateLater(const History& history, const Step& step,
                               const action::AddConstraint& add, bool safe) {
  // ONLY leaves the children without it, and they could not be validated.
  if (!CanEdit(history, step) || add.table.only || IsNeededValid(history, step)) return {};
  const std::string name = NameOfAdded(history, step, add);
  if (name.empty()) return {};
  return ValidateInTurn(history, step,
                        {.table = add.table, .name = name, .edits = {Append(step, "NOT VALID")}},
                        "add it NOT VALID", safe);
}

std::vector<Fix> ValidateLater(const History& history, const Step& step,
                               const action::AddColumn& add) {
  // IF NOT EXISTS may have nothing to add, and a check by itself has no such words.
  if (!CanEdit(history, step) || add.table.only || add.if_not_exists) return {};
  if (IsNeededValid(history, step)) return {};
  const Source& source = history.SourceOf(step);
  const std::optional<InlineCheck> words = FindInlineCheck(source, step);
  const std::string name = NameOfInline(history, step, add);
  if (!words || name.empty()) return {};
  Span gone = words->whole;
  while (gone.begin > step.span.begin &&
         absl::StrContains(" \t\r\n", source.text()[gone.begin - 1])) {
    --gone.begin;
  }
  return ValidateInTurn(
      history, step,
      {.table = add.table,
       .name = name,
       .edits = {{.span = gone, .text = ""}},
       .added = {absl::StrCat("ALTER TABLE ", add.table.if_exists ? "IF EXISTS " : "",
                              SqlName(add.table.name), " ADD CONSTRAINT ", SqlName(name), " ",
                              source.Text(words->check), " NOT VALID")}},
      "add the column without it, then the check NOT VALID", /*safe=*/true);
}

}  // namespace plimsoll
