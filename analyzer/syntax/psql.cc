#include "analyzer/syntax/psql.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

// Names with a blank before and after each.
// The commands of psql 12 to 18; the \d family is matched by its first letter.
constexpr absl::string_view kCommands =
    " ! ? C H T a bind bind_named c cd close close_prepared connect conninfo copy copyright "
    "crosstabview e echo edit ef elif else encoding endif endpipeline errverbose ev f flush "
    "flushrequest g gdesc getenv getresults gexec gset gx h help html i if include "
    "include_relative ir l list lo_export lo_import lo_list lo_unlink o out p parse password print "
    "prompt pset q qecho quit r reset restrict s sendpipeline set setenv sf startpipeline sv "
    "syncpipeline t timing unrestrict unset w warn watch write x z ";
// They send the query buffer, or throw it away.
constexpr absl::string_view kSenders =
    " crosstabview g gdesc gexec gset gx parse r reset sendpipeline watch ";
// They take the rest of the line as it is, backslashes and all.
constexpr absl::string_view kWholeLine = " ! copy ef ev h help sf sv ";

constexpr size_t kLongestName = 32;

bool Contains(absl::string_view names, absl::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         absl::StrContains(names, absl::StrCat(" ", name, " "));
}

size_t LineEnd(absl::string_view text, size_t at) {
  const size_t found = text.find('\n', at);
  return found == absl::string_view::npos ? text.size() : found;
}

// Whether \copy's arguments read rows from the script itself.
bool ReadsStdin(absl::string_view arguments) {
  Lexer lexer(arguments);
  Token token;
  bool after_from = false;
  while (lexer.NextCode(&token)) {
    const absl::string_view word = arguments.substr(token.span.begin, token.span.size());
    if (after_from && absl::EqualsIgnoreCase(word, "stdin")) return true;
    after_from = absl::EqualsIgnoreCase(word, "from");
  }
  return false;
}

// Where the arguments that start at `at` end: before a backslash outside quotes, or with the line.
// The end of the line is not looked up first: a line may hold any number of commands.
size_t ArgumentsEnd(absl::string_view text, size_t at) {
  char quote = '\0';
  for (; at < text.size() && text[at] != '\n'; ++at) {
    const char byte = text[at];
    if (quote != '\0') {
      if (byte == '\\' && quote == '\'' && at + 1 < text.size() && text[at + 1] != '\n') ++at;
      if (byte == quote) quote = '\0';
    } else if (byte == '\'' || byte == '"' || byte == '`') {
      quote = byte;
    } else if (byte == '\\') {
      break;
    }
  }
  return at;
}

}  // namespace

MetaCommand ReadMetaCommand(absl::string_view text, uint32_t at) {
  size_t name_end = at + 1;
  while (name_end < text.size() && !IsBlankByte(text[name_end]) && text[name_end] != '\\') {
    ++name_end;
  }
  MetaCommand command;
  command.name = text.substr(at + 1, name_end - at - 1);
  command.is_known = Contains(kCommands, command.name) || absl::StartsWith(command.name, "d");
  command.sends_query = Contains(kSenders, command.name);
  size_t end =
      Contains(kWholeLine, command.name) ? LineEnd(text, name_end) : ArgumentsEnd(text, name_end);
  size_t next = end;
  // `\\` ends a command and no more.
  if (next + 1 < text.size() && text[next] == '\\' && text[next + 1] == '\\') next += 2;
  if (command.name == "copy") {
    command.reads_data = ReadsStdin(text.substr(name_end, end - name_end));
  }
  while (end > name_end && IsBlankByte(text[end - 1])) --end;
  command.span = {at, static_cast<uint32_t>(end)};
  command.end = static_cast<uint32_t>(next);
  return command;
}

CopyData ReadCopyData(absl::string_view text, uint32_t begin) {
  size_t line = begin;
  while (line < text.size()) {
    const size_t line_end = LineEnd(text, line);
    const absl::string_view words = text.substr(line, line_end - line);
    const size_t next = std::min(text.size(), line_end + 1);
    if (words == "\\." || words == "\\.\r") {
      return {.span = {begin, static_cast<uint32_t>(line)}, .end = static_cast<uint32_t>(next)};
    }
    line = next;
  }
  // psql takes the end of the file as the end of the data.
  const auto end = static_cast<uint32_t>(text.size());
  return {.span = {begin, end}, .end = end};
}

}  // namespace plimsoll
