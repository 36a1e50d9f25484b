#include "analyzer/syntax/newer.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

// The tokens of a statement, taken one after the other.
class Words {
 public:
  explicit Words(absl::string_view text) : text_(text) {
    Lexer lexer(text);
    Token token;
    while (lexer.NextCode(&token)) tokens_.push_back(token);
  }

  bool AtEnd() const { return at_ == tokens_.size(); }
  // Each takes what it names, or nothing.
  bool Take(absl::string_view word) {
    const bool is = !AtEnd() && tokens_[at_].kind == TokenKind::kIdentifier &&
                    absl::EqualsIgnoreCase(TextOf(tokens_[at_]), word);
    if (is) ++at_;
    return is;
  }
  bool TakeSymbol(char symbol) {
    const bool is = !AtEnd() && tokens_[at_].symbol == symbol;
    if (is) ++at_;
    return is;
  }
  // A name with dots, as it is written; empty where there is none.
  absl::string_view TakeName() {
    const size_t first = at_;
    do {
      const bool name = !AtEnd() && (tokens_[at_].kind == TokenKind::kIdentifier ||
                                     tokens_[at_].kind == TokenKind::kQuotedIdentifier);
      if (!name) return "";
      ++at_;
    } while (TakeSymbol('.'));
    return Since(first);
  }
  // All up to a comma or a closing bracket that stands in no brackets.
  absl::string_view TakePhrase() {
    const size_t first = at_;
    int depth = 0;
    for (; !AtEnd(); ++at_) {
      const char symbol = tokens_[at_].symbol;
      if (depth == 0 && (symbol == ',' || symbol == ')')) break;
      depth += symbol == '(' ? 1 : symbol == ')' ? -1 : 0;
    }
    return Since(first);
  }
  size_t place() const { return at_; }
  // What was taken since then.
  absl::string_view Since(size_t first) const {
    if (first == at_) return "";
    const uint32_t begin = tokens_[first].span.begin;
    return text_.substr(begin, tokens_[at_ - 1].span.end - begin);
  }

 private:
  absl::string_view TextOf(const Token& token) const {
    return text_.substr(token.span.begin, token.span.size());
  }

  absl::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

// What the grammar makes of a statement that it knows; none where it rejects it.
template <typename T>
std::optional<T> LowerKnown(const std::string& sql) {
  const Parsed parsed = Parse(sql);
  if (!parsed.ok()) return std::nullopt;
  std::vector<LoweredStatement> statements = Lower(parsed.tree, sql, 0);
  if (statements.size() != 1 || statements[0].actions.size() != 1) return std::nullopt;
  T* known = std::get_if<T>(&statements[0].actions[0].kind);
  if (known == nullptr) return std::nullopt;
  return std::move(*known);
}

LoweredStatement Of(absl::string_view tag, ActionKind kind) {
  LoweredStatement statement;
  statement.tag = std::string(tag);
  statement.actions.push_back({.kind = std::move(kind)});
  return statement;
}

// `(CONCURRENTLY, ANALYZE off)`; false where it cannot be.
bool TakeOptions(Words& words, action::Maintain& repack) {
  if (!words.TakeSymbol('(')) return true;
  do {
    bool* option = nullptr;
    bool verbose = false;
    if (words.Take("concurrently")) option = &repack.concurrently;
    if (words.Take("analyze")) option = &repack.analyzes;
    if (words.Take("verbose")) option = &verbose;
    if (option == nullptr) return false;
    const absl::string_view value = words.TakePhrase();
    *option = true;
    for (const absl::string_view off : {"off", "false", "'off'", "'false'", "0"}) {
      if (absl::EqualsIgnoreCase(value, off)) *option = false;
    }
  } while (words.TakeSymbol(','));
  return words.TakeSymbol(')');
}

// REPACK [(option, …)] [table [(column, …)]] [USING INDEX [index]]
std::optional<LoweredStatement> ReadRepack(Words& words) {
  action::Maintain repack = {.upkeep = action::Upkeep::kRepack};
  if (!TakeOptions(words, repack)) return std::nullopt;
  if (!words.Take("using")) {
    const size_t first = words.place();
    if (!words.TakeName().empty()) {
      // ANALYZE has names of tables and columns in the same places.
      if (words.TakeSymbol('(')) {
        do {
          if (words.TakeName().empty()) return std::nullopt;
        } while (words.TakeSymbol(','));
        if (!words.TakeSymbol(')')) return std::nullopt;
      }
      auto named = LowerKnown<action::Maintain>(absl::StrCat("ANALYZE ", words.Since(first)));
      if (!named) return std::nullopt;
      repack.relations = std::move(named->relations);
    }
    if (words.AtEnd()) return Of("REPACK", std::move(repack));
    if (!words.Take("using")) return std::nullopt;
  }
  if (!words.Take("index")) return std::nullopt;
  repack.by_index = true;
  const absl::string_view index = words.TakeName();
  if (!words.AtEnd() || (!index.empty() && repack.relations.empty())) return std::nullopt;
  if (index.empty()) return Of("REPACK", std::move(repack));
  auto clustered = LowerKnown<action::Maintain>(absl::StrCat("CLUSTER x USING ", index));
  if (!clustered) return std::nullopt;
  repack.object = std::move(clustered->object);
  return Of("REPACK", std::move(repack));
}

// PARTITION name, of which nothing but the place in the whole is said.
bool TakeOld(Words& words, const std::string& table, action::RearrangePartitions& rearrange) {
  auto old = LowerKnown<action::DetachPartition>(
      absl::StrCat(table, " DETACH PARTITION ", words.TakeName()));
  if (!old) return false;
  rearrange.whole = std::move(old->whole);
  rearrange.from.push_back(std::move(old->part));
  return true;
}

// SPLIT PARTITION name INTO (PARTITION name FOR VALUES … | DEFAULT, …)
std::optional<LoweredStatement> ReadSplit(Words& words, const std::string& table) {
  action::RearrangePartitions split;
  if (!words.Take("partition") || !TakeOld(words, table, split)) return std::nullopt;
  if (!words.Take("into") || !words.TakeSymbol('(')) return std::nullopt;
  do {
    if (!words.Take("partition")) return std::nullopt;
    auto made = LowerKnown<action::AttachPartition>(
        absl::StrCat(table, " ATTACH PARTITION ", words.TakePhrase()));
    if (!made) return std::nullopt;
    split.into.push_back({.name = std::move(made->part), .bound = std::move(made->bound)});
  } while (words.TakeSymbol(','));
  if (!words.TakeSymbol(')') || !words.AtEnd() || split.into.size() < 2) return std::nullopt;
  return Of("ALTER TABLE", std::move(split));
}

// MERGE PARTITIONS (name, …) INTO name
std::optional<LoweredStatement> ReadMerge(Words& words, const std::string& table) {
  action::RearrangePartitions merge;
  if (!words.Take("partitions") || !words.TakeSymbol('(')) return std::nullopt;
  do {
    if (!TakeOld(words, table, merge)) return std::nullopt;
  } while (words.TakeSymbol(','));
  if (!words.TakeSymbol(')') || !words.Take("into") || merge.from.size() < 2) return std::nullopt;
  auto made = LowerKnown<action::DetachPartition>(
      absl::StrCat(table, " DETACH PARTITION ", words.TakeName()));
  if (!made || !words.AtEnd()) return std::nullopt;
  merge.into.push_back({.name = std::move(made->part)});
  return Of("ALTER TABLE", std::move(merge));
}

}  // namespace

std::optional<LoweredStatement> ReadNewerStatement(absl::string_view text) {
  // Most of what the grammar rejects is nothing of ours, and may be long.
  Words words(text);
  if (words.Take("repack")) return ReadRepack(words);
  if (!words.Take("alter") || !words.Take("table")) return std::nullopt;
  if (words.Take("if") && !words.Take("exists")) return std::nullopt;
  if (words.TakeName().empty()) return std::nullopt;
  const std::string table(words.Since(0));
  if (words.Take("split")) return ReadSplit(words, table);
  if (words.Take("merge")) return ReadMerge(words, table);
  return std::nullopt;
}

}  // namespace plimsoll
