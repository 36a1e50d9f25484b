#include <cstdint>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/suppression.h"

namespace plimsoll::rules {
namespace {

bool IsUnused(const Allowance::Word& word) { return word.judged && word.uses == 0; }

// Takes the comment out, and with it the line that holds nothing else.
Edit Without(absl::string_view text, Span comment) {
  while (comment.begin > 0 && (text[comment.begin - 1] == ' ' || text[comment.begin - 1] == '\t')) {
    --comment.begin;
  }
  const bool begins_line = comment.begin == 0 || text[comment.begin - 1] == '\n';
  const size_t next = text.find_first_not_of(" \t\r", comment.end);
  if (begins_line && next != absl::string_view::npos && text[next] == '\n') {
    comment.end = static_cast<uint32_t>(next) + 1;
  }
  return {.span = comment, .text = ""};
}

// Takes one of several words out, with the comma and the blanks between it and its neighbour.
Edit WithoutWord(const Allowance& allowance, size_t index) {
  const std::vector<Allowance::Word>& words = allowance.words;
  Span span = words[index].said.span;
  if (index == 0) {
    span.end = words[1].said.span.begin;
  } else {
    span.begin = words[index - 1].said.span.end;
  }
  return {.span = span, .text = ""};
}

std::vector<Fix> FixesOf(absl::string_view text, const Allowance& allowance, size_t index) {
  if (absl::c_all_of(allowance.words, IsUnused)) {
    Fix fix = {.title = "remove the comment", .edits = {Without(text, allowance.span)}};
    if (!allowance.ended_by.empty()) {
      fix.title = "remove the comments";
      fix.edits.push_back(Without(text, allowance.ended_by));
    }
    return {std::move(fix)};
  }
  // Its end has the same words.
  if (allowance.reach == Reach::kBegin) return {};
  return {{.title = absl::StrCat("remove ", allowance.words[index].said.text),
           .edits = {WithoutWord(allowance, index)}}};
}

absl::string_view WhereOf(Reach reach) {
  if (reach == Reach::kStatement) return "the statement";
  return reach == Reach::kFile ? "the file" : "what it holds for";
}

}  // namespace

PLIMSOLL_RULE(unused_allowance) = {
    .id = "unused-allowance",
    .family = Family::kAllowances,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .fixable = true,
    .since = "0.1",
    .summary = "a comment allows what is not there",
    .why = "it has outlived what it was for, and would hide the next finding of that kind",
    .help = "remove it",
    .docs = R"md(
```sql
-- rules: unused-allowance, table-drop, column-drop
--- 001_create.sql
create table account (id bigint primary key, note text);
--- 002_drop.sql
-- plimsoll:allow table-drop, column-drop -- nobody reads it
--                ^^^^^^^^^^ unused-allowance: `table-drop` has nothing to allow in the statement
alter table account drop column note;
drop table account; -- plimsoll:allow table-drop
```

It is not told where the rule did not run, nor where not all is known that a rule would judge by: of
tables that no file creates, of a down, of what Plimsoll does not model.

```sql
-- plimsoll:allow table-drop
alter table account add column note text;
```
)md",
    .check_allowances =
        [](const History& history, absl::Span<const Allowance> allowances, const Reporter& report) {
          for (const Allowance& allowance : allowances) {
            // What holds nothing is told by the rule that says why.
            const bool holds = !allowance.over && allowance.mistake.empty();
            if (!holds || allowance.reach == Reach::kEnd) continue;
            const absl::string_view text =
                history.migrations()[allowance.migration].script->source->text();
            for (size_t i = 0; i < allowance.words.size(); ++i) {
              if (!IsUnused(allowance.words[i])) continue;
              report(
                  {.migration = allowance.migration,
                   .statement = Complaint::kWholeFile,
                   .span = allowance.words[i].said.span,
                   .message = absl::StrCat("`", allowance.words[i].said.text,
                                           "` has nothing to allow in ", WhereOf(allowance.reach)),
                   .fixes = FixesOf(text, allowance, i)});
            }
          }
        },
};

}  // namespace plimsoll::rules
