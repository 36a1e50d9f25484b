#include "workspace/definition.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
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

std::string PlaceSql(const Name& place) {
  return SqlName(Name{place.schema == "public" ? "" : place.schema, place.name});
}

std::string PlaceSql(const Relation& relation) {
  return PlaceSql(Name{relation.schema, relation.name});
}

std::string StringSql(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

static std::string ValuesSql(const std::vector<BoundValue>& values, bool& known) {
  return absl::StrJoin(values, ", ", [&](std::string* out, const BoundValue& value) {
    known = known && value.kind != BoundKind::kUnknown;
    const bool quoted = value.literal.kind == LiteralKind::kString;
    absl::StrAppend(out, value.kind == BoundKind::kMinValue         ? "minvalue"
                         : value.kind == BoundKind::kMaxValue       ? "maxvalue"
                         : value.literal.kind == LiteralKind::kNull ? "null"
                         : quoted                                   ? StringSql(value.literal.text)
                                                                    : value.literal.text);
  });
}

std::string BoundSql(const OptionalBound& bound) {
  if (bound == nullptr) return "";
  if (bound->is_default) return "default";
  bool known = true;
  std::string sql = "for values ";
  if (bound->strategy == PartitionStrategy::kHash) {
    absl::StrAppend(&sql, "with (modulus ", bound->modulus, ", remainder ", bound->remainder, ")");
  } else if (bound->strategy == PartitionStrategy::kList) {
    absl::StrAppend(&sql, "in (", ValuesSql(bound->values, known), ")");
  } else {
    absl::StrAppend(&sql, "from (", ValuesSql(bound->lower, known), ") to (",
                    ValuesSql(bound->upper, known), ")");
  }
  return known ? sql : "";
}

std::string NumbersSql(const SequenceNumbers& numbers) {
  std::string text;
  if (numbers.increment != 1) absl::StrAppend(&text, " increment by ", numbers.increment);
  const int64_t most = numbers.type == "int2"   ? INT16_MAX
                       : numbers.type == "int4" ? INT32_MAX
                                                : INT64_MAX;
  const bool usual_range = numbers.increment > 0 && numbers.minimum == 1 && numbers.maximum == most;
  if (!usual_range) {
    absl::StrAppend(&text, " minvalue ", numbers.minimum, " maxvalue ", numbers.maximum);
  }
  const int64_t first = numbers.increment > 0 ? numbers.minimum : numbers.maximum;
  if (numbers.start != first) absl::StrAppend(&text, " start with ", numbers.start);
  if (numbers.cache != 1) absl::StrAppend(&text, " cache ", numbers.cache);
  if (numbers.cycle) absl::StrAppend(&text, " cycle");
  return text;
}

std::vector<std::string> AllNumbersSql(const SequenceNumbers& numbers) {
  return {absl::StrCat("increment by ", numbers.increment),
          absl::StrCat("minvalue ", numbers.minimum),
          absl::StrCat("maxvalue ", numbers.maximum),
          absl::StrCat("start with ", numbers.start),
          absl::StrCat("cache ", numbers.cache),
          numbers.cycle ? "cycle" : "no cycle"};
}

std::string TraitSql(const Parameter& trait) {
  const bool on = trait.value == "true";
  if (trait.space == "set") {
    if (trait.value.empty()) return absl::StrCat("reset ", trait.name);
    if (trait.value == "from current") return "";
    return absl::StrCat("set ", trait.name, " = ", trait.value);
  }
  if (trait.name == "volatility") return trait.value;
  if (trait.name == "strict") return on ? "strict" : "called on null input";
  if (trait.name == "security") return on ? "security definer" : "security invoker";
  if (trait.name == "leakproof") return on ? "leakproof" : "not leakproof";
  const bool numbered = trait.name == "cost" || trait.name == "rows";
  if (trait.name != "parallel" && !(numbered && !trait.value.empty())) return "";
  return absl::StrCat(trait.name, " ", trait.value);
}

Parameter TraitOf(const Parameters& traits, const Parameter& like) {
  static constexpr std::pair<absl::string_view, absl::string_view> kUsual[] = {
      {"volatility", "volatile"}, {"parallel", "unsafe"}, {"cost", "100"}, {"rows", "1000"}};
  static const auto& none = *new std::vector<Parameter>();
  for (const Parameter& trait : traits == nullptr ? none : *traits) {
    if (trait.space == like.space && trait.name == like.name) return trait;
  }
  Parameter usual = {.space = like.space, .name = like.name};
  for (const auto& [name, value] : kUsual) {
    if (like.space.empty() && like.name == name) usual.value = std::string(value);
  }
  return usual;
}

// The fields and the precision of an interval, from its modifiers: the sum of the fields' bits
// (utils/datetime.h: YEAR and its like; timestamp.c:intervaltypmodout), and behind it the digits.
// Empty where they are no such thing.
static std::string IntervalSql(const std::vector<int32_t>& modifiers) {
  static constexpr std::pair<int32_t, absl::string_view> kFields[] = {{0x7FFF, ""},
                                                                      {4, " year"},
                                                                      {2, " month"},
                                                                      {8, " day"},
                                                                      {1024, " hour"},
                                                                      {2048, " minute"},
                                                                      {4096, " second"},
                                                                      {6, " year to month"},
                                                                      {1032, " day to hour"},
                                                                      {3080, " day to minute"},
                                                                      {7176, " day to second"},
                                                                      {3072, " hour to minute"},
                                                                      {7168, " hour to second"},
                                                                      {6144, " minute to second"}};
  for (const auto& [bits, words] : kFields) {
    if (modifiers[0] != bits) continue;
    return absl::StrCat("interval", words,
                        modifiers.size() == 2 ? absl::StrCat("(", modifiers[1], ")") : "");
  }
  return "";
}

std::string TypeSql(const TypeName& type) {
  static constexpr std::pair<absl::string_view, absl::string_view> kSpellings[] = {
      {"int2", "smallint"},           {"int4", "integer"}, {"int8", "bigint"}, {"float4", "real"},
      {"float8", "double precision"}, {"bpchar", "char"},  {"bool", "boolean"}};
  std::string sql =
      SqlName(Name{type.name.schema == "public" ? "" : type.name.schema, type.name.name});
  // Of PostgreSQL's own types one has a name that means another without its quotes.
  if (type.name.name == "char") sql = "\"char\"";
  for (const auto& [name, words] : kSpellings) {
    if (type.name.schema.empty() && type.name.name == name) sql = std::string(words);
  }
  if (type.name.name == "interval" && !type.modifiers.empty()) {
    sql = IntervalSql(type.modifiers);
    if (sql.empty()) return "";
  } else if (!type.modifiers.empty()) {
    absl::StrAppend(&sql, "(", absl::StrJoin(type.modifiers, ", "), ")");
  }
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

// A label in it has by now the name that ALTER TYPE has given it since.
std::string Definitions::Default(const Relation& table, const std::string& column) const {
  Moment said = 0;
  std::string text = WrittenDefault(table, column, said);
  for (Moment i = said; !text.empty() && i < moment_; ++i) {
    const auto* alter = history_.steps()[i].As<action::AlterType>();
    if (alter == nullptr || alter->change != action::TypeChangeKind::kRenameValue) continue;
    const TypeName* type = table.FindColumn(column)->type.get();
    const std::string old = StringSql(alter->part);
    const bool here = type != nullptr && type->name.name == alter->type.name &&
                      (text == old || absl::StartsWith(text, old + "::"));
    if (here) text.replace(0, old.size(), StringSql(alter->to));
  }
  return text;
}

std::string Definitions::WrittenDefault(const Relation& table, const std::string& column,
                                        Moment& said) const {
  const TableColumn* now = table.FindColumn(column);
  if (now == nullptr || !now->has_default) return "";
  said = now->defined;
  if (now->default_value == nullptr && now->generated == Generated::kNo) {
    // That of a serial column, which no file writes out.
    for (const Relation* sequence : view_.SequencesOf(table)) {
      if (sequence->owner_column != column) continue;
      return absl::StrCat("nextval(", StringSql(PlaceSql(*sequence)), "::regclass)");
    }
  }
  for (Moment i = moment_; i > now->defined; --i) {
    const Step& step = history_.steps()[i - 1];
    const auto* set = step.As<action::SetDefault>();
    if (set == nullptr || step.within != nullptr) continue;
    const Relation* of =
        history_.Before(step).Find(set->table.name, history_.SessionAt(step).search_path);
    const bool same = of != nullptr && of->id == table.id && set->column == column;
    if (!same) continue;
    said = i;
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

// As the last statement says it that gives it one.
std::string Definitions::Generation(const Relation& table, const std::string& column) const {
  const TableColumn* now = table.FindColumn(column);
  if (now == nullptr) return "";
  std::string text = ColumnItem(table, column, now->defined);
  Moment said = now->defined;
  for (Moment i = moment_; i > now->defined; --i) {
    const Step& step = history_.steps()[i - 1];
    const auto* set = step.As<action::AlterRelation>();
    if (set == nullptr || set->alteration != action::Alteration::kSetExpression) continue;
    const Relation* of =
        history_.Before(step).Find(set->relation.name, history_.SessionAt(step).search_path);
    if (of == nullptr || of->id != table.id || set->column != column) continue;
    text = std::string(history_.SourceOf(step).Text(step.span));
    said = i;
    break;
  }
  const std::vector<Word> words = WordsOf(text);
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].depth != 0 || !Is(words[i], "as") || words[i + 1].token.symbol != '(') continue;
    const size_t close = Closing(words, i + 1);
    if (close >= words.size()) return "";
    return Renamed(
        std::string(Between(text, words[i + 1].token.span.begin, words[close].token.span.end)),
        table, said);
  }
  return "";
}

std::string Definitions::Column(const Relation& table, const TableColumn& column) const {
  const std::string name = SqlName(column.name);
  if (column.type == nullptr) return "";
  std::string type = TypeSql(*column.type);
  if (type.empty()) return "";
  const std::vector<const Relation*> sequences = view_.SequencesOf(table);
  const auto owned =
      std::find_if(sequences.begin(), sequences.end(),
                   [&](const Relation* sequence) { return sequence->owner_column == column.name; });
  const bool owns = owned != sequences.end();
  std::string text;
  if (column.generated == Generated::kIdentity) {
    text = absl::StrCat(name, " ", type, " generated ", column.always ? "always" : "by default",
                        " as identity");
    const bool numbered = owns && (*owned)->numbers && (*owned)->numbers->known;
    const std::string numbers = numbered ? NumbersSql(*(*owned)->numbers) : "";
    if (!numbers.empty()) absl::StrAppend(&text, " (", numbers.substr(1), ")");
  } else if (column.generated != Generated::kNo) {
    const std::string words = Generation(table, column.name);
    if (words.empty()) return "";
    text = absl::StrCat(name, " ", type, " generated always as ", words,
                        column.generated == Generated::kStored ? " stored" : " virtual");
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
  for (const absl::string_view clause : {"storage", "compression"}) {
    const std::string item = ColumnItem(table, column.name, column.defined);
    const std::vector<Word> words = WordsOf(item);
    for (size_t i = 1; i + 1 < words.size(); ++i) {
      if (words[i].depth != 0 || !Is(words[i], clause)) continue;
      absl::StrAppend(&text, " ", clause, " ", words[i + 1].text);
    }
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
      absl::StrAppend(
          &text, constraint.kind == ConstraintKind::kUnique ? "unique " : "primary key ",
          index != nullptr && index->nulls_not_distinct ? "nulls not distinct " : "", "(",
          Names(constraint.columns), constraint.overlaps ? " without overlaps)" : ")");
      if (index != nullptr && !index->include.empty()) {
        absl::StrAppend(&text, " include (", Names(index->include), ")");
      }
      break;
    case ConstraintKind::kForeignKey: {
      const Relation* referenced = view_.Find(constraint.referenced);
      if (referenced == nullptr || constraint.referenced_columns.empty()) return "";
      const auto key = [&](const std::vector<std::string>& columns) {
        if (!constraint.overlaps) return Names(columns);
        const std::vector<std::string> first(columns.begin(), columns.end() - 1);
        return absl::StrCat(Names(first), ", period ", SqlName(columns.back()));
      };
      absl::StrAppend(&text, "foreign key (", key(constraint.columns), ") references ",
                      PlaceSql(*referenced), " (", key(constraint.referenced_columns), ")",
                      constraint.match_full ? " match full" : "");
      const absl::string_view on_delete = ActionWords(constraint.on_delete);
      const absl::string_view on_update = ActionWords(constraint.on_update);
      if (!on_update.empty()) absl::StrAppend(&text, " on update ", on_update);
      if (!on_delete.empty()) absl::StrAppend(&text, " on delete ", on_delete);
      if (!constraint.set_columns.empty()) {
        absl::StrAppend(&text, " (", Names(constraint.set_columns), ")");
      }
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

std::vector<std::string> Definitions::RolesOf(const Relation& index) const {
  const Relation* table = view_.Find(index.table);
  std::vector<std::string> roles;
  if (table == nullptr) return roles;
  if (table->clustered_on == index.name) {
    roles.push_back(absl::StrCat("cluster on ", SqlName(index.name)));
  }
  if (table->replica_identity == index.id) roles.push_back(ReplicaIdentity(*table));
  for (std::string& role : roles) {
    role = absl::StrCat(AlterWord(table->kind), PlaceSql(*table), " ", role);
  }
  return roles;
}

std::string Definitions::ReplicaIdentity(const Relation& table) const {
  const Relation* index = view_.Find(table.replica_identity);
  return absl::StrCat("replica identity ", index != nullptr
                                               ? absl::StrCat("using index ", SqlName(index->name))
                                           : table.replica_full    ? "full"
                                           : table.replica_nothing ? "nothing"
                                                                   : "default");
}

std::string Definitions::Sequence(const Relation& sequence) const {
  if (!sequence.numbers || !sequence.numbers->known) return "";
  const std::string& type = sequence.numbers->type;
  return absl::StrCat("create ", sequence.persistence == Persistence::kUnlogged ? "unlogged " : "",
                      "sequence ", PlaceSql(sequence),
                      type == "int8" ? "" : absl::StrCat(" as ", TypeSql({.name = {"", type}})),
                      NumbersSql(*sequence.numbers));
}

std::string Definitions::Type(const Name& name, const UserType& type) const {
  const std::string place = SqlName(Name{name.schema == "public" ? "" : name.schema, name.name});
  if (type.kind == action::TypeKind::kEnum) {
    return absl::StrCat("create type ", place, " as enum (",
                        absl::StrJoin(type.labels, ", ",
                                      [](std::string* out, const EnumLabel& label) {
                                        out->append(StringSql(label.name));
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
  if (type.kind != action::TypeKind::kDomain) return Statement(type.created + 1);
  const std::string base = type.base ? TypeSql(*type.base) : "";
  const std::string value = Default(name, type);
  if (base.empty() || (type.has_default && value.empty())) return "";
  std::string text = absl::StrCat("create domain ", place, " as ", base);
  if (type.has_default) absl::StrAppend(&text, " default ", value);
  for (const DomainConstraint& constraint : type.constraints) {
    const std::string own = Constraint(constraint);
    if (own.empty()) return "";
    absl::StrAppend(&text, " ", own);
  }
  return text;
}

// As the last statement says it that gives the domain one.
std::string Definitions::Default(const Name& domain, const UserType& type) const {
  if (!type.has_default) return "";
  for (Moment i = moment_; i > type.created; --i) {
    const Step& step = history_.steps()[i - 1];
    const auto* set = step.As<action::AlterDomain>();
    const bool here =
        step.index == type.created ||
        (set != nullptr && set->change == action::DomainChangeKind::kSetDefault &&
         history_.Before(step).Resolve(ObjectKind::kType, set->domain,
                                       history_.SessionAt(step).search_path) == domain);
    if (!here || step.within != nullptr) continue;
    const std::string text = Statement(i);
    const std::vector<Word> words = WordsOf(text);
    for (size_t w = 0; w < words.size(); ++w) {
      if (words[w].depth == 0 && Is(words[w], "default")) {
        return std::string(ClauseAfter(text, words, w));
      }
    }
  }
  return "";
}

std::string Definitions::Constraint(const DomainConstraint& constraint) const {
  const std::string name = absl::StrCat("constraint ", SqlName(constraint.name), " ");
  if (constraint.not_null) return name + "not null";
  const std::string text = Statement(constraint.defined);
  const std::vector<Word> words = WordsOf(text);
  std::string only;
  size_t found = 0;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].depth != 0 || !Is(words[i], "check")) continue;
    const size_t close = Closing(words, i + 1);
    if (close >= words.size()) continue;
    std::string check(Between(text, words[i].token.span.begin, words[close].token.span.end));
    if (!constraint.validated) check += " not valid";
    const bool named = i >= 2 && Is(words[i - 2], "constraint");
    if (named && IsIdentifier(words[i - 1].text, constraint.name)) return name + check;
    ++found;
    only = std::move(check);
  }
  return found == 1 ? name + only : "";
}

std::string Definitions::CreateTable(const Relation& table,
                                     absl::FunctionRef<bool(const TableConstraint&)> later) const {
  const std::string made = Statement(table.defined);
  const auto* create = MakerAt<action::CreateTable>(table.defined);
  if (create == nullptr) return "";
  if (table.is_partition && create->partition_of) {
    return create->table.name == table.name ? made : "";
  }
  std::vector<std::string> items;
  for (const TableColumn& column : table.columns.All()) {
    if (column.only_inherited && !table.is_partition) continue;
    items.push_back(Column(table, column));
    if (items.back().empty()) return "";
  }
  for (const TableConstraint& constraint : table.constraints.All()) {
    const bool said = constraint.kind != ConstraintKind::kNotNull && !constraint.inherited;
    if (!said || later(constraint)) continue;
    items.push_back(Constraint(table, constraint));
    if (items.back().empty()) return "";
  }
  // What stands behind the columns: PARTITION BY, INHERITS, WITH.
  const std::vector<Word> words = WordsOf(made);
  size_t open = 0;
  while (open < words.size() && words[open].token.symbol != '(') ++open;
  const size_t close = open < words.size() ? Closing(words, open) : words.size();
  const bool plain =
      !create->as_query && create->like.empty() && !create->partition_of && close < words.size();
  const absl::string_view tail =
      plain ? Between(made, words[close].token.span.end, made.size()) : absl::string_view();
  return absl::StrCat("create ", table.persistence == Persistence::kUnlogged ? "unlogged " : "",
                      "table ", PlaceSql(table), " (\n  ", absl::StrJoin(items, ",\n  "), "\n)",
                      tail.empty() ? "" : " ", tail);
}

// ---- what takes several statements -------------------------------------------------------------

// Options that it was given since it was made with others.
std::vector<std::string> Definitions::NewOptions(const Relation& relation,
                                                 absl::Span<const Parameter> made) const {
  std::vector<std::string> set;
  static const auto& none = *new std::vector<Parameter>();
  for (const Parameter& option : relation.options == nullptr ? none : *relation.options) {
    const bool there = std::any_of(made.begin(), made.end(), [&](const Parameter& other) {
      return other.space == option.space && other.name == option.name &&
             (other.value == option.value || (other.value.empty() && option.value == "true"));
    });
    const std::string name =
        option.space.empty() ? option.name : absl::StrCat(option.space, ".", option.name);
    if (!there) set.push_back(absl::StrCat(name, " = ", option.value));
  }
  if (set.empty()) return {};
  return {absl::StrCat(AlterWord(relation.kind), PlaceSql(relation), " set (",
                       absl::StrJoin(set, ", "), ")")};
}

std::string Definitions::CommentText(Moment comment) const {
  const auto* said = MakerAt<action::Annotate>(comment);
  return said == nullptr || !said->text ? "null" : StringSql(*said->text);
}

std::vector<std::string> Definitions::Comment(Moment comment, const std::string& words) const {
  if (comment == 0) return {};
  return {absl::StrCat("comment on ", words, " is ", CommentText(comment))};
}

Moment Definitions::CommentOnSchema(const std::string& schema) const {
  const std::vector<Step>& steps = history_.steps();
  for (Moment i = moment_; i > 0; --i) {
    const auto* annotate = steps[i - 1].As<action::Annotate>();
    const bool same = annotate != nullptr && !annotate->label &&
                      annotate->kind == ObjectKind::kSchema && annotate->object.name == schema;
    if (same) return annotate->text ? i : 0;
    const auto* drop = steps[i - 1].As<action::Drop>();
    const bool gone =
        drop != nullptr && drop->kind == ObjectKind::kSchema &&
        absl::c_any_of(drop->objects, [&](const Name& one) { return one.name == schema; });
    if (gone) return 0;
  }
  return 0;
}

std::vector<std::string> Definitions::Comment(const Relation& relation, ObjectKind part,
                                              const std::string& name) const {
  const std::string place = PlaceSql(relation);
  const absl::string_view kind = part == ObjectKind::kTableConstraint ? "constraint "
                                 : part == ObjectKind::kTrigger       ? "trigger "
                                 : part == ObjectKind::kPolicy        ? "policy "
                                                                      : "rule ";
  std::string words = absl::StrCat(kind, SqlName(name), " on ", place);
  if (part == ObjectKind::kColumn) words = absl::StrCat("column ", place, ".", SqlName(name));
  if (part <= ObjectKind::kForeignTable) {
    // COMMENT knows each kind by its own word, ALTER TABLE takes them all.
    const bool sequence = relation.kind == RelationKind::kSequence;
    words = absl::StrCat(relation.IsIndex() ? "index "
                         : sequence         ? "sequence "
                                            : absl::StripPrefix(AlterWord(relation.kind), "alter "),
                         place);
  }
  return Comment(view_.CommentOn(relation.id, part, name), words);
}

static void Append(std::vector<std::string> more, std::vector<std::string>& statements) {
  std::move(more.begin(), more.end(), std::back_inserter(statements));
}

void Definitions::AddComments(const Relation& relation,
                              std::vector<std::string>& statements) const {
  Append(Comment(relation, ObjectKind::kTable, ""), statements);
  for (const TableColumn& column : relation.columns.All()) {
    Append(Comment(relation, ObjectKind::kColumn, column.name), statements);
  }
  for (const TableConstraint& constraint : relation.constraints.All()) {
    Append(Comment(relation, ObjectKind::kTableConstraint, constraint.name), statements);
  }
}

void Definitions::AddGuards(const Relation& table, std::vector<std::string>& statements) const {
  const std::string place = PlaceSql(table);
  for (const Trigger& trigger : table.triggers.All()) {
    // A partition's come with its whole.
    if (table.is_partition && trigger.defined < table.defined) continue;
    statements.push_back(TriggerOrRule(table, trigger.name, trigger.defined));
    if (trigger.disabled) {
      statements.push_back(
          absl::StrCat("alter table ", place, " disable trigger ", SqlName(trigger.name)));
    }
    Append(Comment(table, ObjectKind::kTrigger, trigger.name), statements);
  }
  for (const RewriteRule& rule : table.rules.All()) {
    statements.push_back(TriggerOrRule(table, rule.name, rule.defined));
    Append(Comment(table, ObjectKind::kRule, rule.name), statements);
  }
  if (table.row_security) {
    statements.push_back(absl::StrCat("alter table ", place, " enable row level security"));
  }
  if (table.forces_row_security) {
    statements.push_back(absl::StrCat("alter table ", place, " force row level security"));
  }
  for (const RowPolicy& policy : table.policies.All()) {
    const std::vector<std::string> made = Policy(table, policy);
    if (made.empty()) statements.emplace_back();
    Append(made, statements);
  }
}

std::string Definitions::TriggerOrRule(const Relation& table, const std::string& name,
                                       Moment defined) const {
  const auto* trigger = MakerAt<action::CreateTrigger>(defined);
  const auto* rule = MakerAt<action::CreateRule>(defined);
  const auto same = [&](const auto* made) {
    return made != nullptr && made->name == name && made->table.name == table.name;
  };
  if (!same(trigger) && !same(rule)) return "";
  return Renamed(Statement(defined), table, defined);
}

std::vector<std::string> Definitions::Policy(const Relation& table, const RowPolicy& policy) const {
  const auto* made = MakerAt<action::CreatePolicy>(policy.defined);
  const bool same = made != nullptr && made->name == policy.name && made->table.name == table.name;
  if (!same) return {};
  std::vector<std::string> statements = {Renamed(Statement(policy.defined), table, policy.defined)};
  static const auto& none = *new std::vector<Moment>();
  for (const Moment altered : policy.altered == nullptr ? none : *policy.altered) {
    statements.push_back(Renamed(Statement(altered), table, altered));
  }
  for (const std::string& statement : statements) {
    if (statement.empty()) return {};
  }
  Append(Comment(table, ObjectKind::kPolicy, policy.name), statements);
  return statements;
}

std::vector<std::string> Definitions::Table(
    const Relation& table, absl::FunctionRef<bool(const TableConstraint&)> later) const {
  const auto* create = MakerAt<action::CreateTable>(table.defined);
  if (create == nullptr) return {};
  std::vector<std::string> statements = {CreateTable(table, later)};
  Append(NewOptions(table, create->parameters), statements);
  const std::string place = PlaceSql(table);
  const Relation* whole = table.parents.empty() ? nullptr : view_.Find(table.parents[0]);
  if (table.is_partition && !create->partition_of && whole != nullptr) {
    const std::string bound = BoundSql(table.bound);
    if (bound.empty()) return {};
    statements.push_back(
        absl::StrCat("alter table ", PlaceSql(*whole), " attach partition ", place, " ", bound));
  }
  if (table.of_type) {
    statements.push_back(absl::StrCat("alter table ", place, " of ", PlaceSql(*table.of_type)));
  }
  absl::flat_hash_set<RelationId> behind;
  for (const TableConstraint& constraint : table.constraints.All()) {
    behind.insert(constraint.index);
  }
  for (const Relation* index : view_.IndexesOf(table)) {
    if (behind.contains(index->id) || !index->parents.empty()) continue;
    statements.push_back(Index(*index, /*concurrently=*/false));
    Append(Comment(*index, ObjectKind::kIndex, ""), statements);
  }
  AddGuards(table, statements);
  for (const Relation* index : view_.IndexesOf(table)) Append(RolesOf(*index), statements);
  if (table.replica_full || table.replica_nothing) {
    statements.push_back(absl::StrCat("alter table ", place, " ", ReplicaIdentity(table)));
  }
  for (const Name& name : table.statistics) {
    const NamedObject* object = view_.FindObject(ObjectKind::kStatistics, name, {});
    if (object != nullptr) statements.push_back(Statement(object->created + 1));
  }
  for (const Publishing& publishing : table.publications.All()) {
    const std::string publication = SqlName(publishing.publication);
    statements.push_back(
        publishing.columns.empty()
            ? absl::StrCat("alter publication ", publication, " add table ", place)
            : absl::StrCat("-- cannot undo: what publication ", publication, " has of ", place));
  }
  AddComments(table, statements);
  const bool known =
      table.columns_known && std::none_of(statements.begin(), statements.end(),
                                          [](const std::string& one) { return one.empty(); });
  return known ? statements : std::vector<std::string>();
}

std::vector<std::string> Definitions::View(const Relation& view) const {
  std::vector<std::string> statements = {Statement(view.defined)};
  const auto* create = MakerAt<action::CreateView>(view.defined);
  if (create != nullptr && create->view.name != view.name) return {};
  if (create != nullptr && !create->materialized) {
    Append(NewOptions(view, create->parameters), statements);
  }
  for (const Relation* index : view_.IndexesOf(view)) {
    statements.push_back(Index(*index, /*concurrently=*/false));
    Append(Comment(*index, ObjectKind::kIndex, ""), statements);
  }
  for (const TableColumn& column : view.columns.All()) {
    if (!column.has_default) continue;
    const std::string value = Default(view, column.name);
    statements.push_back(value.empty()
                             ? ""
                             : absl::StrCat(AlterWord(view.kind), PlaceSql(view), " alter column ",
                                            SqlName(column.name), " set default ", value));
  }
  AddGuards(view, statements);
  AddComments(view, statements);
  for (const std::string& statement : statements) {
    if (statement.empty()) return {};
  }
  return statements;
}

std::vector<std::string> Definitions::Routine(const Name& place, const Overload& overload) const {
  const auto* create = MakerAt<action::CreateFunction>(overload.defined);
  if (create == nullptr || create->function.name != place.name) return {};
  std::vector<std::string> statements = {Statement(overload.defined)};
  if (statements[0].empty()) return {};
  const absl::string_view kind = overload.procedure ? "procedure " : "function ";
  const std::string own = absl::StrCat(kind, PlaceSql(place), "(", overload.signature, ")");
  // What ALTER FUNCTION has made of it since.
  std::vector<Parameter> names = create->traits;
  static const auto& none = *new std::vector<Parameter>();
  for (const Parameter& trait : overload.traits == nullptr ? none : *overload.traits) {
    names.push_back(trait);
  }
  const auto made = std::make_shared<const std::vector<Parameter>>(create->traits.All());
  std::vector<std::string> changes;
  for (const Parameter& name : names) {
    const Parameter is = TraitOf(overload.traits, name);
    Parameter was = TraitOf(made, name);
    if (was.value == "false") was.value.clear();
    if (is.value == was.value) continue;
    const std::string sql = TraitSql(is);
    if (sql.empty()) return {};
    if (std::find(changes.begin(), changes.end(), sql) == changes.end()) changes.push_back(sql);
  }
  if (!changes.empty()) {
    statements.push_back(absl::StrCat("alter ", own, " ", absl::StrJoin(changes, " ")));
  }
  Append(Comment(overload.comment, own), statements);
  return statements;
}

std::vector<std::string> Definitions::AddColumn(const Relation& table,
                                                const TableColumn& column) const {
  std::string text = Column(table, column);
  if (text.empty()) return {};
  const std::string name = SqlName(column.name);
  const std::string alter = absl::StrCat(AlterWord(table.kind), PlaceSql(table), " ");
  // With rows in the table, NOT NULL without a value cannot be had at once.
  const bool waits = column.not_null && !column.has_default;
  if (waits) text.resize(text.size() - std::string(" not null").size());
  std::vector<std::string> statements = {absl::StrCat(alter, "add column ", text)};
  const bool computed =
      column.generated == Generated::kStored || column.generated == Generated::kVirtual;
  if (!computed) {
    statements.push_back(absl::StrCat("-- cannot restore data: what column ", name, " of ",
                                      PlaceSql(table), " held",
                                      waits ? "; fill it before the next statement" : ""));
  }
  if (waits) statements.push_back(absl::StrCat(alter, "alter column ", name, " set not null"));
  Append(Comment(table, ObjectKind::kColumn, column.name), statements);
  return statements;
}

}  // namespace plimsoll
