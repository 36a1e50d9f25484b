// grammar.h over Debian's libpg_query (PostgreSQL 15), without a sandbox.
//
// It parses by recursion on the caller's stack, and an overflow there ends the process. All that
// stands against it is a bound on nesting that a thread of 8 MB can bear, with room to spare. That
// makes honest files safe; it is no promise about hostile ones, and none on threads with less
// stack.

#include "analyzer/syntax/grammar_system.h"

#include <pg_query.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/grammar_json.h"
#include "analyzer/syntax/grammar_text.h"

namespace plimsoll {
namespace system_grammar {
namespace {

std::optional<GrammarError> Refuse(absl::string_view sql) {
  if (std::optional<GrammarError> refusal = RefuseText(sql)) return refusal;
  if (NestingBound(sql) <= kMaxSystemGrammarNesting) return std::nullopt;
  return GrammarError{.message = "the statement is nested too deeply for the parser",
                      .cursor = static_cast<uint32_t>(sql.size()),
                      .internal = true};
}

GrammarError Translate(const PgQueryError& error, absl::string_view sql) {
  std::string message = error.message == nullptr ? "" : error.message;
  MakeUtf8(absl::MakeSpan(message.data(), message.size()));
  const bool internal = message == "out of memory" || message == "stack depth limit exceeded";
  return {.message = std::move(message),
          .cursor = CursorInBytes(sql, error.cursorpos),
          .internal = internal};
}

// Where a quoted piece that begins at `begin` ends: past the quote that closes it, or at the end.
size_t SkipQuoted(absl::string_view sql, size_t begin, bool backslash_escapes) {
  const char quote = sql[begin];
  for (size_t i = begin + 1; i < sql.size(); ++i) {
    if (backslash_escapes && sql[i] == '\\') {
      ++i;
    } else if (sql[i] == quote) {
      return i + 1;
    }
  }
  return sql.size();
}

// Past `$tag$ … $tag$`; past the dollar alone if it begins no such thing.
size_t SkipDollarQuoted(absl::string_view sql, size_t begin) {
  size_t i = begin + 1;
  while (i < sql.size() && (absl::ascii_isalnum(static_cast<unsigned char>(sql[i])) ||
                            sql[i] == '_' || (sql[i] & 0x80) != 0)) {
    ++i;
  }
  if (i == sql.size() || sql[i] != '$') return begin + 1;
  const absl::string_view tag = sql.substr(begin, i + 1 - begin);
  const size_t close = sql.find(tag, i + 1);
  return close == absl::string_view::npos ? sql.size() : close + tag.size();
}

size_t SkipBlockComment(absl::string_view sql, size_t begin) {
  size_t open = 0;
  for (size_t i = begin; i + 1 < sql.size(); ++i) {
    const absl::string_view two = sql.substr(i, 2);
    if (two == "/*") {
      ++open;
      ++i;
    } else if (two == "*/") {
      ++i;
      if (--open == 0) return i + 1;
    }
  }
  return sql.size();
}

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

// Past the token, comment or blank at `begin`.
size_t SkipToken(absl::string_view sql, size_t begin) {
  const char c = sql[begin];
  const absl::string_view two = sql.substr(begin, 2);
  if (two == "--") return std::min(sql.find('\n', begin), sql.size());
  if (two == "/*") return SkipBlockComment(sql, begin);
  if (c == '\'' || c == '"') {
    const bool escapes = begin > 0 && c == '\'' && (sql[begin - 1] | 0x20) == 'e';
    return SkipQuoted(sql, begin, escapes);
  }
  if (c == '$') return SkipDollarQuoted(sql, begin);
  size_t end = begin + 1;
  if (IsWordByte(c)) {
    while (end < sql.size() && (IsWordByte(sql[end]) || sql[end] == '$')) ++end;
  }
  return end;
}

}  // namespace

size_t NestingBound(absl::string_view sql) {
  size_t deepest = 0;
  size_t depth = 0;
  std::vector<size_t> outer = {0};  // the depth at which each open bracket stands
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    if (c == ';') {
      outer = {0};
      depth = 0;
    } else if (c == ',') {
      depth = outer.back();
    } else if (c == '(' || c == '[') {
      outer.push_back(++depth);
    } else if ((c == ')' || c == ']') && outer.size() > 1) {
      outer.pop_back();
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      ++depth;
    }
    deepest = std::max(deepest, depth);
    i = SkipToken(sql, i);
  }
  return deepest;
}

WrittenTree ParseToJson(absl::string_view sql) {
  if (std::optional<GrammarError> refusal = Refuse(sql)) return {{}, *std::move(refusal)};
  const PgQueryParseResult result = pg_query_parse(std::string(sql).c_str());
  WrittenTree written;
  if (result.error != nullptr) {
    written.error = Translate(*result.error, sql);
  } else {
    written.json = result.parse_tree;
  }
  pg_query_free_parse_result(result);
  return written;
}

}  // namespace system_grammar

#ifndef PLIMSOLL_SYSTEM_GRAMMAR_AS_PEER

namespace {

Parsed ReadTree(std::string json) {
  Parsed parsed;
  const size_t size = json.size();
  json.resize(size + kJsonPadding);
  MakeUtf8(absl::MakeSpan(json.data(), size));
  if (!ReadJson(absl::string_view(json).substr(0, size), parsed.tree)) {
    parsed.error = GrammarError{.message = "the parser gave up on this text", .internal = true};
  }
  return parsed;
}

}  // namespace

WrittenTree ParseToJson(absl::string_view sql) { return system_grammar::ParseToJson(sql); }

Parsed Parse(absl::string_view sql) {
  WrittenTree written = system_grammar::ParseToJson(sql);
  if (!written.ok()) return {.tree = {}, .error = std::move(written.error)};
  return ReadTree(std::move(written.json));
}

Parsed ParsePlpgsql(absl::string_view sql) {
  if (std::optional<GrammarError> refusal = system_grammar::Refuse(sql)) {
    return {.tree = {}, .error = *std::move(refusal)};
  }
  const PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(std::string(sql).c_str());
  Parsed parsed;
  if (result.error != nullptr) {
    parsed.error = system_grammar::Translate(*result.error, sql);
    // A position in the body, of which the caller knows no beginning: promised to be none.
    parsed.error->cursor = static_cast<uint32_t>(sql.size());
  } else {
    parsed = ReadTree(absl::StrCat("{\"plpgsql_funcs\":", result.plpgsql_funcs, "}"));
  }
  pg_query_free_plpgsql_parse_result(result);
  return parsed;
}

// Nothing of ours: after `pg_query_exit` this thread's next parse is a segmentation fault. The
// library frees its own few kilobytes when the thread ends.
void ReleaseGrammar() {}

int GrammarServerVersion() { return PG_VERSION_NUM / 10000; }

absl::string_view GrammarName() { return "libpg_query " PG_MAJORVERSION " (system)"; }

#endif  // PLIMSOLL_SYSTEM_GRAMMAR_AS_PEER

}  // namespace plimsoll
