#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll::rules {
namespace {

// Makes `timestamp [(n)] [without time zone]`, which begins at tokens[at], a timestamptz.
void Rewrite(const Source& source, const std::vector<Token>& tokens, size_t at,
             std::vector<Edit>& edits) {
  edits.push_back({.span = tokens[at].span, .text = "timestamptz"});
  size_t next = at + 1;
  if (next < tokens.size() && tokens[next].symbol == '(') next += 3;
  if (next + 2 >= tokens.size()) return;
  if (!absl::EqualsIgnoreCase(source.Text(tokens[next].span), "without")) return;
  // The grammar has nothing else behind WITHOUT here but TIME ZONE.
  edits.push_back({.span = {tokens[next - 1].span.end, tokens[next + 2].span.end}, .text = ""});
}

// The edits of all those columns whose type stands behind their names, and on which nothing counts.
std::vector<Edit> EditsOf(const History& history, const Step& step, const Relation& left,
                          const std::vector<std::string>& columns) {
  std::vector<Edit> edits;
  if (!CanEdit(history, step)) return edits;
  const Source& source = history.SourceOf(step);
  const std::vector<Token> tokens = CodeTokens(source, step);
  for (const std::string& column : columns) {
    if (!IsNamedOnce(history, step, left, column)) continue;
    for (size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (!absl::EqualsIgnoreCase(source.Text(tokens[i + 1].span), "timestamp")) continue;
      if (!IsIdentifier(source.Text(tokens[i].span), column)) continue;
      Rewrite(source, tokens, i + 1, edits);
      break;
    }
  }
  return edits;
}

}  // namespace

PLIMSOLL_RULE(timestamp_without_zone) = {
    .id = "timestamp-without-zone",
    .family = Family::kDesign,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .fixable = true,
    .since = "0.1",
    .summary = "a timestamp without a time zone does not say which moment it is",
    .why =
        "it keeps a date and a clock's time and drops the offset that is written to it, so two "
        "sessions with different TimeZone settings read and write different moments",
    .help =
        "use timestamptz, which takes as many bytes, keeps the moment and shows it in the "
        "session's zone",
    .docs = R"md(
```sql
create table invoice (
--^^^^^^^^^^^^^^^^^^^^… timestamp-without-zone: no time zone is kept with `created_at`, `paid_at` of `invoice`
  id bigint primary key, created_at timestamp default now(), paid_at timestamp(3) without time zone
);
alter table invoice add column sent_at timestamp;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ timestamp-without-zone: no time zone is kept with `sent_at` of `invoice`
```

```sql
create table invoice (
  id bigint primary key, created_at timestamptz default now(), paid_at timestamptz(3));
alter table invoice add column sent_at timestamp with time zone;
```

The fix is not safe by itself: a default such as `now() at time zone 'utc'`, and code that writes
UTC as it is, mean another moment then.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            std::vector<std::string> columns;
            std::vector<std::string> quoted;
            for (const TableColumn& column : ColumnsLeft(history, step, *left)) {
              if (column.type->name != Name{.name = "timestamp"}) continue;
              columns.push_back(column.name);
              quoted.push_back(Quoted(column.name));
            }
            if (columns.empty()) continue;
            Complaint complaint = {
                .message = absl::StrCat("no time zone is kept with ", absl::StrJoin(quoted, ", "),
                                        " of ", Quoted(left->DisplayName())),
                .locks = std::vector<Lock>()};
            std::vector<Edit> edits = EditsOf(history, step, *left, columns);
            if (!edits.empty()) {
              complaint.fixes.push_back(
                  {.title = "use timestamptz", .safe = false, .edits = std::move(edits)});
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
