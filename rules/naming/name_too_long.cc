#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll::rules {
namespace {

// pg_config_manual.h: NAMEDATALEN - 1.
constexpr size_t kMaxBytes = 63;
// Of UTF-8: the last character that does not fit is left out as a whole.
constexpr size_t kMaxCharacterBytes = 4;

// What the token's name is before it is cut; empty where it is none.
std::string NameIn(absl::string_view token, TokenKind kind) {
  if (kind == TokenKind::kIdentifier) return absl::AsciiStrToLower(token);
  // U&"…" holds escapes.
  if (kind != TokenKind::kQuotedIdentifier || token.front() != '"') return "";
  return absl::StrReplaceAll(token.substr(1, token.size() - 2), {{"\"\"", "\""}});
}

// mbutils.c: pg_mbcliplen
absl::string_view Cut(absl::string_view name) {
  size_t end = kMaxBytes;
  while ((static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return name.substr(0, end);
}

// The names in the step's words that become one of `made` when they are cut, each once.
std::vector<std::string> LongNames(const Source& source, const Step& step,
                                   const std::vector<std::string>& made) {
  std::vector<std::string> names;
  Lexer lexer(source.Text(step.span), step.span.begin);
  for (Token token; lexer.NextCode(&token);) {
    if (token.span.size() <= kMaxBytes) continue;
    std::string name = NameIn(source.Text(token.span), token.kind);
    if (name.size() <= kMaxBytes) continue;
    const bool makes = std::find(made.begin(), made.end(), Cut(name)) != made.end();
    const bool said = std::find(names.begin(), names.end(), name) != names.end();
    if (makes && !said) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

PLIMSOLL_RULE(name_too_long) = {
    .id = "name-too-long",
    .family = Family::kNaming,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary =
        "of a name, PostgreSQL keeps 63 bytes and cuts off the rest with no more than a NOTICE",
    .why =
        "the catalog holds another name than the code: what looks it up there does not find it, "
        "and two long names with the same beginning are one",
    .help =
        "choose a name of at most 63 bytes; a character outside ASCII takes two to four of them",
    .docs = R"md(
```sql
create table delivery (id bigint primary key, note text);
create index delivery_note_for_the_customers_of_the_northern_branch_and_its_staff on delivery
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^… name-too-long: `delivery_note_for_the_customers_of_the_northern_branch_and_its_staff` becomes `delivery_note_for_the_customers_of_the_northern_branch_and_its_`: a name has 63 bytes at most
  (note);
```

```sql
create table delivery (id bigint primary key, note text);
create index delivery_note_idx on delivery (note);
```

Only where a name is given: a statement that uses it afterwards is cut in the same way.

```sql
alter table delivery drop constraint
  delivery_note_for_the_customers_of_the_northern_branch_and_its_staff;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            // The words of a body stand elsewhere, as a string.
            if (step.within != nullptr) continue;
            std::vector<std::string> made;
            for (const std::string& name : NewNames(step)) {
              if (name.size() + kMaxCharacterBytes > kMaxBytes) made.push_back(name);
            }
            if (made.empty()) continue;
            std::vector<std::string> words;
            for (const std::string& name : LongNames(history.SourceOf(step), step, made)) {
              words.push_back(absl::StrCat(Quoted(name), " becomes ", Quoted(Cut(name))));
            }
            if (words.empty()) continue;
            report(step, {.message = absl::StrCat(absl::StrJoin(words, ", "),
                                                  ": a name has 63 bytes at most"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
