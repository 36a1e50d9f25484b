#include "analyzer/syntax/canonical.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "analyzer/syntax/encoding.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/lexer.h"
#include "analyzer/syntax/piece.h"
#include "analyzer/syntax/placeholder.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {
namespace {

using tree::Key;
using tree::Kind;
using tree::Node;
using tree::Value;

// Where something stands, of which PostgreSQL makes no more than the caret of a message.
constexpr Key kPlaces[] = {
    "location",         "name_location",  "list_start",    "list_end",
    "rexpr_list_start", "rexpr_list_end", "stmt_location", "stmt_len",
};

std::string WithUnixLines(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\r\n", "\n"}});
}

// Its length comes first, as it may hold whatever would stand behind it.
void AppendText(absl::string_view text, std::string& out) {
  const std::string portable = WithUnixLines(text);
  absl::StrAppend(&out, portable.size(), " ", portable);
}

void AppendNumber(uint64_t number, std::string& out) {
  for (int byte = 0; byte < 8; ++byte) {
    out.push_back(static_cast<char>(number & 0xFFU));
    number >>= 8U;
  }
}

// ---- words -----------------------------------------------------------------------------------

class Words {
 public:
  explicit Words(absl::string_view text) : text_(text) {
    Lexer lexer(text);
    PlaceholderFinder placeholders(text);
    uint32_t last = 0;
    for (Token token; lexer.NextCode(&token);) {
      std::optional<Placeholder> placeholder;
      const bool quoted =
          token.kind == TokenKind::kString || token.kind == TokenKind::kQuotedIdentifier;
      if (!quoted) placeholder = placeholders.At(token.span.begin);
      if (token.symbol == ':') placeholder = PsqlVariable(text, token.span.begin);
      if (placeholder) {
        token = {.span = placeholder->span};
        lexer.Seek(token.span.end);
      }
      Take(token, token.span.begin > last);
      last = token.span.end;
    }
  }

  std::string form;
  std::string beginning;

 private:
  void Take(const Token& token, bool apart) {
    constexpr size_t kMost = CanonicalStatement::kMostBeginning;
    const absl::string_view word = text_.substr(token.span.begin, token.span.size());
    const bool folds = token.kind == TokenKind::kIdentifier;
    AppendText(folds ? absl::AsciiStrToLower(word) : std::string(word), form);
    if (beginning.size() > kMost) return;
    absl::StrAppend(&beginning, apart && !beginning.empty() ? " " : "", word.substr(0, kMost));
  }

  absl::string_view text_;
};

// ---- trees -----------------------------------------------------------------------------------

// The option of CREATE FUNCTION or DO.
Node OptionOf(const Node& statement, absl::string_view name) {
  for (const Key list : {Key("options"), Key("args")}) {
    for (const Node& option : statement.Items(list)) {
      if (option["DefElem"].Text("defname") == name) return option["DefElem"]["arg"];
    }
  }
  return {};
}

// The text that is the body of a routine or a block, in a language whose comments and blanks we
// know; null: there is none.
const Value* BodyOf(const Node& statement) {
  const bool block = statement.Tag() == "DoStmt";
  if (!block && statement.Tag() != "CreateFunctionStmt") return nullptr;
  const Node language = OptionOf(statement.Body(), "language");
  const std::string name = absl::AsciiStrToLower(language["String"].Text("sval"));
  const bool known = name == "plpgsql" || name == "sql" || (block && !language);
  const Node as = OptionOf(statement.Body(), "as");
  // CREATE FUNCTION has a list, DO the string itself.
  const tree::NodeList texts = as["List"].Items("items");
  const Node body = (texts.size() == 1 ? texts[0] : as)["String"]["sval"];
  return known && body ? &body.value() : nullptr;
}

bool IsPlace(const Value& value) {
  return value.kind == Kind::kNumber &&
         std::any_of(std::begin(kPlaces), std::end(kPlaces),
                     [&](Key place) { return place.number() == value.key; });
}

// In the order of the text. Iterative: an expression of 50,000 terms is nested as deeply.
std::string FormOf(const Node& statement) {
  const Value* const body = BodyOf(statement);
  std::string form;
  std::vector<const Value*> stack = {&statement.value()};
  while (!stack.empty()) {
    const Value& value = *stack.back();
    stack.pop_back();
    form.push_back(static_cast<char>('a' + static_cast<int>(value.kind)));
    AppendNumber(value.key, form);
    if (&value == body) {
      AppendText(Words(Node(&value).Text()).form, form);
      continue;
    }
    if (value.kind == Kind::kNumber || value.kind == Kind::kFlag) {
      AppendNumber(static_cast<uint64_t>(value.number), form);
    } else if (value.kind == Kind::kText) {
      AppendText(Node(&value).Text(), form);
    }
    AppendText(Node(&value).Tag(), form);
    const absl::Span<const Value> parts = Node(&value).Parts();
    const size_t below = stack.size();
    for (size_t i = parts.size(); i-- > 0;) {
      if (!IsPlace(parts[i])) stack.push_back(&parts[i]);
    }
    AppendNumber(stack.size() - below, form);
  }
  return form;
}

// ---- statements ------------------------------------------------------------------------------

// The parse tree of what is one statement to the grammar.
std::optional<std::string> TreeFormOf(absl::string_view sql) {
  const Parsed parsed = Parse(sql);
  if (!parsed.ok()) return std::nullopt;
  const tree::NodeList statements = parsed.tree.root().Items("stmts");
  if (statements.size() != 1 || !statements[0]["stmt"]) return std::nullopt;
  return FormOf(statements[0]["stmt"]);
}

bool HasPlaceholder(absl::Span<const Piece> pieces, const Span& span) {
  const auto first = std::partition_point(pieces.begin(), pieces.end(), [&](const Piece& piece) {
    return piece.span.end <= span.begin;
  });
  for (auto piece = first; piece != pieces.end() && piece->span.begin < span.end; ++piece) {
    if (piece->first_placeholder) return true;
  }
  return false;
}

CanonicalStatement CanonicalOf(const Script& script, const Pieces& cut,
                               const Statement& statement) {
  const absl::string_view written = script.source->Text(statement.span);
  const bool verbatim = statement.form == StatementForm::kMetaCommand;
  // The piece's text knows what only looks like a comment; a placeholder is another one there.
  const bool filled = verbatim || HasPlaceholder(cut.pieces, statement.span);
  const absl::string_view text =
      filled ? written
             : absl::string_view(cut.text).substr(statement.span.begin, statement.span.size());
  Words words(text);
  CanonicalStatement canonical = {.beginning = std::move(words.beginning)};
  std::optional<std::string> form;
  if (!filled && !statement.problem) form = TreeFormOf(text);
  if (form) {
    canonical.form = absl::StrCat("tree ", *form);
  } else if (verbatim) {
    canonical.form = absl::StrCat("text ", WithUnixLines(text));
  } else {
    canonical.form = absl::StrCat("words ", words.form);
  }
  if (!statement.copy_data.empty()) {
    absl::StrAppend(&canonical.form, "\ndata ",
                    WithUnixLines(script.source->Text(statement.copy_data)));
  }
  return canonical;
}

}  // namespace

std::vector<CanonicalStatement> CanonicalStatements(const Script& script) {
  std::vector<CanonicalStatement> all;
  if (script.statements.empty()) return all;
  std::vector<Problem> told_already;
  const Pieces cut = CutIntoPieces(MakeReadable(script.source->text(), &told_already));
  all.reserve(script.statements.size());
  for (const Statement& statement : script.statements) {
    all.push_back(CanonicalOf(script, cut, statement));
  }
  return all;
}

std::string CanonicalName() { return absl::StrCat("tree-", GrammarServerVersion()); }

}  // namespace plimsoll
