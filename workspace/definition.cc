#include "workspace/definition.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

// The tokens of a text with the depth of parentheses they stand at, comments left out.
struct Word {
  Token token;
  absl::string_view text;
  int depth = 0;  // of an opening parenthesis and its closing one: that around them
};

std::vector<Word> WordsOf(absl::string_view text) {
  std::vector<Word> words;
  Lexer lexer(text);
  Token token;
  int depth = 0;
  while (lexer.NextCode(&token)) {
    if (token.symbol == ')' || token.symbol == ']') --depth;
    words.push_back({token, text.substr(token.span.begin, token.span.size()), depth});
    if (token.symbol == '(' || token.symbol == '[') ++depth;
  }
  return words;
}

bool Is(const Word& word, absl::string_view keyword) {
  return word.token.kind == TokenKind::kIdentifier && absl::EqualsIgnoreCase(word.text, keyword);
}

bool IsAnyOf(const Word& word, std::initializer_list<absl::string_view> keywords) {
  return std::any_of(keywords.begin(), keywords.end(),
                     [&](absl::string_view keyword) { return Is(word, keyword); });
}

// What may follow the type of a column, or an expression in its definition.
bool BeginsClause(const Word& word) {
  return word.depth == 0 && IsAnyOf(word, {"constraint", "not", "null", "default", "primary",
                                           "unique", "references", "check", "generated", "collate",
                                           "deferrable", "initially", "storage", "compression"});
}

absl::string_view Between(absl::string_view text, size_t begin, size_t end) {
  return absl::StripAsciiWhitespace(text.substr(begin, end - begin));
}

// From the word after `at` to the next clause.
absl::string_view ClauseAfter(absl::string_view text, const std::vector<Word>& words, size_t at) {
  size_t end = at + 1;
  while (end < words.size() && (end == at + 1 || !BeginsClause(words[end]))) ++end;
  const size_t last = words[end - 1].token.span.end;
  return Between(text, words[at].token.span.end, last);
}

// The place of the parenthesis that closes the one at `open`.
size_t Closing(const std::vector<Word>& words, size_t open) {
  for (size_t i = open + 1; i < words.size(); ++i) {
    if (words[i].depth == words[open].depth && words[i].token.symbol == ')') return i;
  }
  return words.size();
}

std::string Names(const std::vector<std::string>& names) {
  return absl::StrJoin(
      names, ", ", [](std::string* out, const std::string& name) { out->append(SqlName(name)); });
}

absl::string_view ActionWords(ReferentialAction action) {
  switch (action) {
    case ReferentialAction::kNoAction:
      return "";
    case ReferentialAction::kRestrict:
      return "restrict";
    case ReferentialAction::kCascade:
      return "cascade";
    case ReferentialAction::kSetNull:
      return "set null";
    case ReferentialAction::kSetDefault:
      return "set default";
  }
  return "";
}

}  // namespace

std::string PlaceSql(const Relation& relation) {
  return SqlName(Name{relation.schema == "public" ? "" : relation.schema, relation.name});
}

std::string TypeSql(const TypeName& type) {
  static constexpr std::pair<absl::string_view, absl::string_view> kSpellings[] = {
      {"int2", "smallint"},           {"int4", "integer"}, {"int8", "bigint"}, {"float4", "real"},
      {"float8", "double precision"}, {"bpchar", "char"},  {"bool", "boolean"}};
  // Its modifiers are fields and a precision, which no parentheses say.
  if (type.name.name == "interval" && !type.modifiers.empty()) return "";
  std::string sql =
      SqlName(Name{type.name.schema == "public" ? "" : type.name.schema, type.name.name});
  // Of PostgreSQL's own types one has a name that means another without its quotes.
  if (type.name.name == "char") sql = "\"char\"";
  for (const auto& [name, words] : kSpellings) {
    if (type.name.schema.empty() && type.name.name == name) sql = std::string(words);
  }
  if (!type.modifiers.empty()) absl::StrAppend(&sql, "(", absl::StrJoin(type.modifiers, ", "), ")");
  if (type.array) absl::StrAppend(&sql, "[]");
  if (!type.collation.empty()) absl::StrAppend(&sql, " collate ", SqlName(type.collation));
  return sql;
}

const Step* Definitions::StepAt(Moment defined) const {
  if (defined == 0 || defined > history_.steps().size()) return nullptr;
  return &history_.steps()[defined - 1];
}

std::string Definitions::Statement(Moment defined) const {
  const Step* step = StepAt(defined);
  if (step == nullptr || step->within != nullptr) return "";
  return std::string(history_.SourceOf(*step).Text(history_.StatementOf(*step).span));
}

// The items of CREATE TABLE, or the subcommands of an ALTER TABLE without the word that they begin
// with: columns and constraints.
std::vector<std::string> Definitions::ItemsOf(Moment defined) const {
  std::vector<std::string> items;
  const Step* first = StepAt(defined);
  if (first == nullptr || first->within != nullptr) return items;
  const Source& source = history_.SourceOf(*first);
  if (first->As<action::CreateTable>() != nullptr) {
    const std::string text = Statement(defined);
    const std::vector<Word> words = WordsOf(text);
    size_t open = 0;
    while (open < words.size() && words[open].token.symbol != '(') ++open;
    if (open == words.size()) return items;
    const size_t close = Closing(words, open);
    size_t begin = words[open].token.span.end;
    for (size_t i = open + 1; i < words.size() && i <= close; ++i) {
      const bool ends = i == close || (words[i].token.symbol == ',' && words[i].depth == 1);
      if (!ends) continue;
      items.emplace_back(Between(text, begin, words[i].token.span.begin));
      begin = words[i].token.span.end;
    }
    return items;
  }
  for (const Step& step : history_.StepsOf(first->migration, first->statement)) {
    const absl::string_view text = source.Text(step.span);
    const std::vector<Word> words = WordsOf(text);
    size_t at = 0;
    while (at < words.size() && !Is(words[at], "add")) ++at;
    for (++at; at < words.size() && IsAnyOf(words[at], {"column", "if", "not", "exists"});) ++at;
    if (at < words.size()) items.emplace_back(text.substr(words[at].token.span.begin));
  }
  return items;
}

// The words, which are of a statement before `moment_`, with the names that columns of the table
// have by then.
std::string Definitions::Renamed(std::string text, const Relation& table, Moment defined) const {
  for (Moment i = defined; i < moment_; ++i) {
    const Step& step = history_.steps()[i];
    const auto* rename = step.As<action::RenameColumn>();
    const Relation* of =
        rename == nullptr
            ? nullptr
            : history_.Before(step).Find(rename->table.name, history_.SessionAt(step).search_path);
    if (of == nullptr || of->id != table.id) continue;
    std::string renamed;
    size_t copied = 0;
    for (const Word& word : WordsOf(text)) {
      if (!IsIdentifier(word.text, rename->column)) continue;
      absl::StrAppend(&renamed, text.substr(copied, word.token.span.begin - copied),
                      SqlName(rename->to));
      copied = word.token.span.end;
    }
    text = renamed + text.substr(copied);
  }
  return text;
}

std::string Definitions::ColumnItem(const Relation& table, const std::string& column,
                                    Moment defined) const {
  // What it was called then.
  std::string name = column;
  for (Moment i = moment_; i > defined; --i) {
    const auto* rename = history_.steps()[i - 1].As<action::RenameColumn>();
    if (rename == nullptr || rename->to != name) continue;
    const Step& step = history_.steps()[i - 1];
    const Relation* renamed =
        history_.Before(step).Find(rename->table.name, history_.SessionAt(step).search_path);
    if (renamed != nullptr && renamed->id == table.id) name = rename->column;
  }
  for (std::string& item : ItemsOf(defined)) {
    const std::vector<Word> words = WordsOf(item);
    if (!words.empty() && IsIdentifier(words[0].text, name)) return std::move(item);
  }
  return "";
}

std::string Definitions::Default(const Relation& table, const std::string& column) const {
  const TableColumn* now = table.FindColumn(column);
  if (now == nullptr || !now->has_default) return "";
  for (Moment i = moment_; i > now->defined; --i) {
    const Step& step = history_.steps()[i - 1];
    const auto* set = step.As<action::SetDefault>();
    if (set == nullptr || step.within != nullptr) continue;
    const Relation* of =
        history_.Before(step).Find(set->table.name, history_.SessionAt(step).search_path);
    const bool same = of != nullptr && of->id == table.id && set->column == column;
    if (!same) continue;
    const absl::string_view text = history_.SourceOf(step).Text(step.span);
    const std::vector<Word> words = WordsOf(text);
    for (const Word& word : words) {
      if (word.depth == 0 && Is(word, "default")) {
        return std::string(Between(text, word.token.span.end, text.size()));
      }
    }
  }
  const std::string item = ColumnItem(table, column, now->defined);
  const std::vector<Word> words = WordsOf(item);
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].depth == 0 && Is(words[i], "default")) {
      return std::string(ClauseAfter(item, words, i));
    }
  }
  return "";
}

std::string Definitions::Column(const Relation& table, const TableColumn& column) const {
  const std::string name = SqlName(column.name);
  if (column.type == nullptr) return "";
  std::string type = TypeSql(*column.type);
  if (type.empty()) return "";
  const std::vector<const Relation*> sequences = view_.SequencesOf(table);
  const bool owns = std::any_of(sequences.begin(), sequences.end(), [&](const Relation* sequence) {
    return sequence->owner_column == column.name;
  });
  std::string text;
  if (column.generated == Generated::kIdentity) {
    text = absl::StrCat(name, " ", type, " generated ", column.always ? "always" : "by default",
                        " as identity");
  } else if (column.generated != Generated::kNo) {
    const std::string item = ColumnItem(table, column.name, column.defined);
    const std::vector<Word> words = WordsOf(item);
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i].depth != 0 || !Is(words[i], "generated")) continue;
      text = absl::StrCat(name, " ", type, " generated ", ClauseAfter(item, words, i));
    }
    if (text.empty()) return "";
  } else if (owns && column.has_default && column.default_value == nullptr) {
    type = IsOfType(column, "int8")   ? "bigserial"
           : IsOfType(column, "int2") ? "smallserial"
                                      : "serial";
    return absl::StrCat(name, " ", type);
  } else {
    text = absl::StrCat(name, " ", type);
    const std::string value = Default(table, column.name);
    if (column.has_default && value.empty()) return "";
    if (column.has_default) absl::StrAppend(&text, " default ", value);
  }
  return column.not_null && column.generated != Generated::kIdentity ? text + " not null" : text;
}

// `keyword` with the parentheses behind it, of the constraint among those that its statement makes.
std::string Definitions::Expression(const TableConstraint& constraint,
                                    absl::string_view keyword) const {
  std::vector<std::string> columns = constraint.columns;
  std::sort(columns.begin(), columns.end());
  std::string only;
  size_t found = 0;
  for (const std::string& item : ItemsOf(constraint.defined)) {
    const std::vector<Word> words = WordsOf(item);
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i].depth != 0 || !Is(words[i], keyword)) continue;
      size_t open = i + 1;
      while (open < words.size() && words[open].token.symbol != '(') ++open;
      const size_t close = Closing(words, open);
      if (close >= words.size()) continue;
      const bool whole = keyword == "exclude";
      const size_t end = whole ? item.size() : words[close].token.span.end;
      std::string text(Between(item, words[i].token.span.begin, end));
      const bool named = i >= 2 && Is(words[i - 2], "constraint");
      if (named && IsIdentifier(words[i - 1].text, constraint.name)) return text;
      // One without a name, or that has been renamed: by the columns that it mentions.
      const bool mentions =
          std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
            return std::any_of(words.begin() + static_cast<ptrdiff_t>(open),
                               words.begin() + static_cast<ptrdiff_t>(close),
                               [&](const Word& word) { return IsIdentifier(word.text, column); });
          });
      if (named || !mentions) continue;
      ++found;
      only = std::move(text);
    }
  }
  return found == 1 ? only : "";
}

std::string Definitions::Constraint(const Relation& table,
                                    const TableConstraint& constraint) const {
  std::string text = absl::StrCat("constraint ", SqlName(constraint.name), " ");
  const Relation* index = view_.Find(constraint.index);
  switch (constraint.kind) {
    case ConstraintKind::kPrimaryKey:
    case ConstraintKind::kUnique:
      absl::StrAppend(&text,
                      constraint.kind == ConstraintKind::kUnique ? "unique " : "primary key ",
                      index != nullptr && index->nulls_not_distinct ? "nulls not distinct " : "",
                      "(", Names(constraint.columns), ")");
      if (index != nullptr && !index->include.empty()) {
        absl::StrAppend(&text, " include (", Names(index->include), ")");
      }
      break;
    case ConstraintKind::kForeignKey: {
      const Relation* referenced = view_.Find(constraint.referenced);
      if (referenced == nullptr || constraint.referenced_columns.empty()) return "";
      absl::StrAppend(&text, "foreign key (", Names(constraint.columns), ") references ",
                      PlaceSql(*referenced), " (", Names(constraint.referenced_columns), ")");
      const absl::string_view on_delete = ActionWords(constraint.on_delete);
      const absl::string_view on_update = ActionWords(constraint.on_update);
      if (!on_update.empty()) absl::StrAppend(&text, " on update ", on_update);
      if (!on_delete.empty()) absl::StrAppend(&text, " on delete ", on_delete);
      break;
    }
    case ConstraintKind::kCheck:
    case ConstraintKind::kExclusion: {
      const bool check = constraint.kind == ConstraintKind::kCheck;
      const std::string expression = Expression(constraint, check ? "check" : "exclude");
      if (expression.empty()) return "";
      absl::StrAppend(&text, Renamed(expression, table, constraint.defined),
                      check && constraint.no_inherit ? " no inherit" : "");
      break;
    }
    default:
      return "";
  }
  const bool exclusion = constraint.kind == ConstraintKind::kExclusion;
  if (!exclusion && constraint.deferrable) absl::StrAppend(&text, " deferrable");
  if (!exclusion && constraint.initially_deferred) absl::StrAppend(&text, " initially deferred");
  if (!constraint.validated && constraint.enforced && !table.is_partition) {
    absl::StrAppend(&text, " not valid");
  }
  return text;
}

std::string Definitions::Index(const Relation& index, bool concurrently) const {
  const Relation* table = view_.Find(index.table);
  const std::string text = Statement(index.defined);
  const Step* step = StepAt(index.defined);
  if (table == nullptr || step == nullptr || step->As<action::CreateIndex>() == nullptr) return "";
  const std::vector<Word> words = WordsOf(text);
  size_t at = 0;
  while (at < words.size() && !Is(words[at], "on")) ++at;
  const bool only = at + 1 < words.size() && Is(words[at + 1], "only");
  at += only ? 2 : 1;
  while (at + 2 < words.size() && words[at + 1].token.symbol == '.') at += 2;
  if (at >= words.size()) return "";
  return absl::StrCat("create ", index.unique ? "unique " : "", "index ",
                      concurrently ? "concurrently " : "", SqlName(index.name), " on ",
                      only ? "only " : "", PlaceSql(*table), " ",
                      Renamed(std::string(Between(text, words[at].token.span.end, text.size())),
                              *table, index.defined));
}

std::string Definitions::Sequence(const Relation& sequence) const {
  if (!sequence.numbers || !sequence.numbers->known) return "";
  const SequenceNumbers& numbers = *sequence.numbers;
  std::string text = absl::StrCat("create sequence ", PlaceSql(sequence));
  if (numbers.type != "int8") absl::StrAppend(&text, " as ", TypeSql({.name = {"", numbers.type}}));
  if (numbers.increment != 1) {
    absl::StrAppend(&text, " increment by ", numbers.increment);
  }
  const int64_t most = numbers.type == "int2"   ? INT16_MAX
                       : numbers.type == "int4" ? INT32_MAX
                                                : INT64_MAX;
  const bool usual_range = numbers.increment > 0 && numbers.minimum == 1 && numbers.maximum == most;
  if (!usual_range) {
    absl::StrAppend(&text, " minvalue ", numbers.minimum, " maxvalue ", numbers.maximum);
  }
  const int64_t first = numbers.increment > 0 ? numbers.minimum : numbers.maximum;
  if (numbers.start != first) absl::StrAppend(&text, " start with ", numbers.start);
  return text;
}

std::string Definitions::Type(const Name& name, const UserType& type) const {
  const std::string place = SqlName(Name{name.schema == "public" ? "" : name.schema, name.name});
  if (type.kind == action::TypeKind::kEnum) {
    return absl::StrCat(
        "create type ", place, " as enum (",
        absl::StrJoin(
            type.labels, ", ",
            [](std::string* out, const EnumLabel& label) {
              absl::StrAppend(out, "'", absl::StrReplaceAll(label.name, {{"'", "''"}}), "'");
            }),
        ")");
  }
  if (type.kind == action::TypeKind::kComposite) {
    return absl::StrCat("create type ", place, " as (",
                        absl::StrJoin(type.attributes, ", ",
                                      [](std::string* out, const Attribute& attribute) {
                                        absl::StrAppend(out, SqlName(attribute.name), " ",
                                                        TypeSql(attribute.type));
                                      }),
                        ")");
  }
  return Statement(type.created + 1);
}

std::string Definitions::CreateTable(const Relation& table) const {
  const std::string made = Statement(table.defined);
  if (table.is_partition) return made;
  std::vector<std::string> items;
  for (const TableColumn& column : table.columns.All()) {
    if (column.only_inherited) continue;
    items.push_back(Column(table, column));
    if (items.back().empty()) return "";
  }
  for (const TableConstraint& constraint : table.constraints.All()) {
    if (constraint.inherited || constraint.kind == ConstraintKind::kNotNull) continue;
    items.push_back(Constraint(table, constraint));
    if (items.back().empty()) return "";
  }
  // What stands behind the columns: PARTITION BY, INHERITS, WITH.
  const std::vector<Word> words = WordsOf(made);
  size_t open = 0;
  while (open < words.size() && words[open].token.symbol != '(') ++open;
  const size_t close = open < words.size() ? Closing(words, open) : words.size();
  const Step* step = StepAt(table.defined);
  const auto* create = step == nullptr ? nullptr : step->As<action::CreateTable>();
  if (create == nullptr) return "";
  const bool plain = !create->as_query && create->like.empty() && close < words.size();
  const absl::string_view tail =
      plain ? Between(made, words[close].token.span.end, made.size()) : absl::string_view();
  return absl::StrCat("create ", table.persistence == Persistence::kUnlogged ? "unlogged " : "",
                      "table ", PlaceSql(table), " (\n  ", absl::StrJoin(items, ",\n  "), "\n)",
                      tail.empty() ? "" : " ", tail);
}

std::vector<std::string> Definitions::Table(const Relation& table) const {
  std::vector<std::string> statements = {CreateTable(table)};
  absl::flat_hash_set<RelationId> behind;
  for (const TableConstraint& constraint : table.constraints.All()) {
    behind.insert(constraint.index);
  }
  for (const Relation* index : view_.IndexesOf(table)) {
    if (behind.contains(index->id) || !index->parents.empty()) continue;
    statements.push_back(Index(*index, /*concurrently=*/false));
  }
  for (const Trigger& trigger : table.triggers.All()) {
    statements.push_back(Statement(trigger.defined));
  }
  const std::string place = PlaceSql(table);
  if (table.row_security) {
    statements.push_back(absl::StrCat("alter table ", place, " enable row level security"));
  }
  if (table.forces_row_security) {
    statements.push_back(absl::StrCat("alter table ", place, " force row level security"));
  }
  for (const RowPolicy& policy : table.policies.All()) {
    statements.push_back(Statement(policy.defined));
  }
  const bool known =
      table.columns_known && std::none_of(statements.begin(), statements.end(),
                                          [](const std::string& one) { return one.empty(); });
  return known ? statements : std::vector<std::string>();
}

}  // namespace plimsoll
