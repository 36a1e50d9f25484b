#include "analyzer/syntax/marker.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

constexpr Marker kBreak = {.ends_statement = true};
constexpr Marker kNoTransaction = {.no_transaction = true};

Marker StartSection(Marker::Section section) {
  return {.section = section, .ends_statement = true, .sectioned = true};
}

// The first word of `*text`, which loses it and the blanks after it.
absl::string_view TakeWord(absl::string_view* text) {
  size_t length = 0;
  while (length < text->size() && !IsBlankByte((*text)[length])) ++length;
  const absl::string_view word = text->substr(0, length);
  *text = absl::StripLeadingAsciiWhitespace(text->substr(length));
  return word;
}

// `-- +goose Up`: what stands behind `+goose` in any case.
Marker ReadGoose(absl::string_view command) {
  Marker marker = {.ends_statement = absl::EqualsIgnoreCase(command, "statementbegin") ||
                                     absl::EqualsIgnoreCase(command, "statementend"),
                   .begins_block = absl::EqualsIgnoreCase(command, "statementbegin"),
                   .no_transaction = absl::EqualsIgnoreCase(command, "no transaction"),
                   .sectioned = true};
  if (absl::EqualsIgnoreCase(command, "up")) marker = StartSection(Marker::Section::kUp);
  if (absl::EqualsIgnoreCase(command, "down")) marker = StartSection(Marker::Section::kDown);
  marker.cuts_at_lines = true;
  return marker;
}

// `-- +migrate Up notransaction` of sql-migrate: its words in this case only.
Marker ReadSqlMigrate(absl::string_view command) {
  const absl::string_view word = TakeWord(&command);
  Marker marker = {.ends_statement = word == "StatementBegin" || word == "StatementEnd",
                   .begins_block = word == "StatementBegin",
                   .sectioned = true};
  if (word == "Up") marker = StartSection(Marker::Section::kUp);
  if (word == "Down") marker = StartSection(Marker::Section::kDown);
  marker.cuts_at_lines = true;
  while (!command.empty()) {
    if (TakeWord(&command) == "notransaction") marker.no_transaction = true;
  }
  return marker;
}

// `-- migrate:up transaction:false` of dbmate.
Marker ReadDbmate(absl::string_view command) {
  const absl::string_view word = TakeWord(&command);
  Marker marker;
  if (word == "up") marker = StartSection(Marker::Section::kUp);
  if (word == "down") marker = StartSection(Marker::Section::kDown);
  while (!command.empty()) {
    if (TakeWord(&command) == "transaction:false") marker.no_transaction = marker.sectioned;
  }
  return marker;
}

// `-- Up Migration` and `-- Down Migration` of node-pg-migrate, which would also take a sentence
// that begins so. A sentence must not hide what follows it, so the comment has to end here.
Marker ReadNodePgMigrate(absl::string_view words) {
  while (!words.empty() && (words[0] == '-' || IsBlankByte(words[0]))) {
    words.remove_prefix(1);
  }
  const absl::string_view direction = TakeWord(&words);
  if (!absl::StartsWithIgnoreCase(words, "migration")) return {};
  for (const char rest : words.substr(9)) {
    if (rest != '-' && rest != ':' && !IsBlankByte(rest)) return {};
  }
  if (absl::EqualsIgnoreCase(direction, "up")) return StartSection(Marker::Section::kUp);
  if (absl::EqualsIgnoreCase(direction, "down")) return StartSection(Marker::Section::kDown);
  return {};
}

// `ann:create`, of which either part may stand in quotes, and hold blanks then.
absl::string_view ChangesetName(absl::string_view words) {
  size_t end = 0;
  bool quoted = false;
  while (end < words.size() && (quoted || !IsBlankByte(words[end]))) quoted ^= words[end++] == '"';
  return words.substr(0, end);
}

// Whether `dbms:` of a changeset lets it run on PostgreSQL: `postgresql,h2`, `!oracle`, `all`
// (DatabaseList.java, definitionMatches).
bool IsForPostgres(absl::string_view databases) {
  const std::string lower = absl::AsciiStrToLower(databases);
  const std::vector<absl::string_view> names = absl::StrSplit(lower, ',', absl::SkipEmpty());
  const auto has = [&](absl::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (has("all")) return true;
  if (has("none") || has("!postgresql")) return false;
  const bool only_excludes = std::all_of(names.begin(), names.end(), [](absl::string_view name) {
    return absl::StartsWith(name, "!");
  });
  return only_excludes || has("postgresql");
}

// `--changeset author:id runInTransaction:false`, its words in any case.
Marker ReadLiquibase(absl::string_view words) {
  if (!absl::EqualsIgnoreCase(TakeWord(&words), "changeset")) return {};
  Marker marker = {.ends_statement = true, .changeset = true, .name = ChangesetName(words)};
  while (!words.empty()) {
    const std::string word = absl::AsciiStrToLower(TakeWord(&words));
    absl::string_view value = word;
    marker.no_transaction |= word == "runintransaction:false";
    marker.passed_over |= word == "ignore:true";
    if (absl::ConsumePrefix(&value, "dbms:")) marker.passed_over |= !IsForPostgres(value);
  }
  return marker;
}

// Markers that speak of the whole file and must stand before its first statement.
Marker ReadHeader(absl::string_view comment, absl::string_view body, MarkerPlace place) {
  if (place.starts_file && absl::StartsWith(comment, "-- no-transaction"))
    return kNoTransaction;                // sqlx
  if (absl::ConsumePrefix(&body, "!")) {  // graphile-migrate
    body = absl::StripLeadingAsciiWhitespace(body);
    const bool matches = absl::ConsumePrefix(&body, "no-transaction");
    return matches && (body.empty() || !IsIdentifierByte(body[0])) ? kNoTransaction : Marker{};
  }
  if (absl::ConsumePrefix(&body, "atlas:txmode")) {
    return place.in_head && absl::StripAsciiWhitespace(body) == "none" ? kNoTransaction : Marker{};
  }
  if (absl::ConsumePrefix(&body, "transactional:")) {  // yoyo
    return absl::StripAsciiWhitespace(body) == "false" ? kNoTransaction : Marker{};
  }
  return {};
}

}  // namespace

size_t HeadEnd(absl::string_view text) {
  size_t at = 0;
  while (absl::StartsWith(text.substr(at), "--")) {
    const size_t line = text.find('\n', at);
    if (line == absl::string_view::npos) return text.size();
    at = line + 1;
  }
  const size_t next = text.find_first_not_of(" \t\r", at);
  return next == absl::string_view::npos || text[next] == '\n' ? at : 0;
}

bool IsLiquibase(absl::string_view comment) {
  if (!absl::ConsumePrefix(&comment, "--")) return false;
  comment = absl::StripAsciiWhitespace(comment);
  return absl::EqualsIgnoreCase(TakeWord(&comment), "liquibase") &&
         absl::StartsWithIgnoreCase(comment, "formatted");
}

// AbstractFormattedChangeLogParser.java, ROLLBACK_REGEX: one blank at least stands behind the word.
std::optional<absl::string_view> LiquibaseRollback(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "--")) return std::nullopt;
  line = absl::StripLeadingAsciiWhitespace(line);
  constexpr absl::string_view kWord = "rollback ";
  if (!absl::StartsWithIgnoreCase(line, kWord)) return std::nullopt;
  return line.substr(kWord.size());
}

// Nothing but `/* liquibase rollback` on its first line (ROLLBACK_MULTI_LINE_START_REGEX).
bool IsLiquibaseRollbackBlock(absl::string_view comment) {
  const size_t line_end = comment.find('\n');
  if (line_end == absl::string_view::npos || !absl::ConsumePrefix(&comment, "/*")) return false;
  absl::string_view line = absl::StripAsciiWhitespace(comment.substr(0, line_end - 2));
  return absl::EqualsIgnoreCase(TakeWord(&line), "liquibase") &&
         absl::EqualsIgnoreCase(line, "rollback");
}

// In the order in which handleRollbackSequence asks; its `^empty.*` has to match all, and so stands
// for one line.
RollbackWords ReadRollback(absl::string_view words) {
  words = absl::StripAsciiWhitespace(words);
  const bool none = absl::StartsWithIgnoreCase(words, "not required") ||
                    absl::StartsWithIgnoreCase(words, "empty");
  if (none && !absl::StrContains(words, '\n')) return RollbackWords::kNone;
  const bool other = absl::StrContains(absl::AsciiStrToLower(words), "changesetid");
  return other ? RollbackWords::kChangeset : RollbackWords::kSql;
}

Marker ReadMarker(absl::string_view comment, MarkerPlace place) {
  comment = absl::StripTrailingAsciiWhitespace(comment);
  if (absl::StartsWith(comment, "--> statement-breakpoint")) return kBreak;
  if (!place.starts_line) return {};
  if (comment == "---- create above / drop below ----") {
    return StartSection(Marker::Section::kDown);
  }
  if (comment == "---- tern: disable-tx ----") return kNoTransaction;
  absl::string_view body = absl::StripLeadingAsciiWhitespace(absl::StripPrefix(comment, "--"));
  if (absl::StartsWith(body, "+goose")) {
    return ReadGoose(absl::StripLeadingAsciiWhitespace(body.substr(6)));
  }
  if (absl::ConsumePrefix(&body, "+migrate ")) {
    return ReadSqlMigrate(absl::StripLeadingAsciiWhitespace(body));
  }
  if (absl::ConsumePrefix(&body, "migrate:")) return ReadDbmate(body);
  if (place.liquibase) return ReadLiquibase(body);
  const Marker section = ReadNodePgMigrate(body);
  if (section.sectioned || !place.in_header) return section;
  return ReadHeader(comment, body, place);
}

}  // namespace plimsoll
