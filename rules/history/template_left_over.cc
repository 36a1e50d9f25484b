#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/header.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What common templates have where their author writes, in lower case.
constexpr absl::string_view kPhrases[] = {
    "add verification checks here", "add post-migration verification",
    "rollback steps here",          "migration code here",
    "rollback code here",           "your migration sql here",
    "[your migration code",         "[your rollback code",
    "[verification queries]",       "[original migration]"};

// A line of words: within a routine or a commented rollback it is no comment to the parser.
bool IsRemark(absl::string_view line) {
  return absl::StartsWith(line, "--") || absl::StartsWith(line, "[");
}

bool HasPhrase(absl::string_view line, const std::vector<std::string>& more) {
  const std::string lower = absl::AsciiStrToLower(line);
  return std::any_of(std::begin(kPhrases), std::end(kPhrases),
                     [&](absl::string_view phrase) { return absl::StrContains(lower, phrase); }) ||
         std::any_of(more.begin(), more.end(), [&](const std::string& phrase) {
           return absl::StrContains(lower, absl::AsciiStrToLower(phrase));
         });
}

// In their order.
std::vector<Span> RemarksLeft(const Source& source, const std::vector<std::string>& more) {
  std::vector<Span> left;
  for (const absl::string_view whole : absl::StrSplit(source.text(), '\n')) {
    const absl::string_view line = absl::StripAsciiWhitespace(whole);
    if (!IsRemark(line) || !HasPhrase(line, more)) continue;
    const auto begin = static_cast<uint32_t>(line.data() - source.text().data());
    left.push_back({begin, begin + static_cast<uint32_t>(line.size())});
  }
  return left;
}

constexpr RuleOption kOptions[] = {
    {"phrases", RuleOption::Type::kTexts, "",
     "more words, in any case, by which a line is known to be the template's"},
};

}  // namespace

PLIMSOLL_RULE(template_left_over) = {
    .id = "template-left-over",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a part of the template that was to be filled in is still there",
    .why =
        "a check, a way back or a name that the template asks for was never written, and the file "
        "looks as if it were",
    .help = "fill it in, or delete the line",
    .docs = R"md(
```sql
-- Migration: [NUMBER]_[DESCRIPTION]
-- ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ template-left-over: `[NUMBER]_[DESCRIPTION]` is still the template's
-- Date: Tbd
-- ^^^^^^^^^ template-left-over: `Tbd` is still the template's
-- Author: <name>
-- ^^^^^^^^^^^^^^ template-left-over
-- Purpose: ${what for}
-- ^^^^^^^^^^^^^^^^^^^^ template-left-over
-- Risk Level: [low|medium|high]
-- ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ template-left-over: `[low|medium|high]` is still the template's
create table account (id bigint primary key);
do $$
begin
  -- Add verification checks here
  --^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ template-left-over: `-- Add verification checks here` is still the template's
  null;
end $$;
```

A header may have brackets of its own, and only a line of its own is one of the template's. Nothing
is said of a file that does nothing yet:

```sql
--- 001_create.sql
-- Migration: [WIP] accounts {of all kinds}
-- Affects tables: [account]
-- Note: a[1:2] and <b
-- Steps: [1] [] {}
-- Later: the index
create table account (id bigint primary key, note text default 'Rollback steps here');
--- 002_new.sql
-- Migration: [NUMBER]_[DESCRIPTION]
-- Date: [YYYY-MM-DD]
```

Downs have templates too, and a project its own:

```sql
-- option: template-left-over.phrases = What could go wrong
--- 001_create.up.sql
-- what could go wrong?
--^^^^^^^^^^^^^^^^^^^^^ template-left-over: `-- what could go wrong?` is still the template's
create table account (id bigint primary key);
--- 001_create.down.sql
-- Purpose: Rollback for [ORIGINAL MIGRATION]
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ template-left-over: `-- Purpose: Rollback for [ORIGINAL MIGRATION]` is still the template's
drop table account;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<std::string> more = TextsOption(history, template_left_over, "phrases");
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Migration& migration = history.migrations()[m];
            const Script& script = *migration.script;
            if (migration.schema || !DoesSomething(script, Direction::kUp)) continue;
            const auto say = [&](Span span, Span words) {
              report({.migration = m,
                      .statement = Complaint::kWholeFile,
                      .span = span,
                      .message = absl::StrCat(Quoted(script.source->Text(words)),
                                              " is still the template's")});
            };
            for (const HeaderField& field : HeaderOf(script)) {
              if (IsPlaceholder(script.source->Text(field.value))) say(field.line, field.value);
            }
            for (const Span line : RemarksLeft(*script.source, more)) say(line, line);
          }
        },
    .options = kOptions,
};

}  // namespace plimsoll::rules
