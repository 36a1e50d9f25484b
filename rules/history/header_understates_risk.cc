#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/header.h"
#include "analyzer/checking/risk.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

constexpr Risk kRisks[] = {Risk::kSafe, Risk::kRisky, Risk::kComplex};

// How many of the project's words there have to be: one for each risk.
constexpr size_t kLevels = std::size(kRisks);

// The first word of `Medium (a short lock)`.
std::string LevelIn(absl::string_view value) {
  const auto end = std::find_if(value.begin(), value.end(), [](char c) {
    return !absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
  return absl::AsciiStrToLower(value.substr(0, static_cast<size_t>(end - value.begin())));
}

// The risk that the word stands for, counted from the lowest; kLevels where it is none.
size_t RankOf(const std::string& word, const std::vector<std::string>& levels) {
  for (size_t rank = kLevels; rank-- > 0;) {
    const bool own = rank < levels.size() && word == absl::AsciiStrToLower(levels[rank]);
    if (own || word == RiskName(kRisks[rank])) return rank;
  }
  return kLevels;
}

constexpr RuleOption kOptions[] = {
    {"levels", RuleOption::Type::kTexts, "low, medium, high",
     "the project's words for what is safe, risky and complex, in this order"},
};

}  // namespace

PLIMSOLL_RULE(header_understates_risk) = {
    .id = "header-understates-risk",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "the header says that the migration is less dangerous than its statements are",
    .why = "by this line people decide how a migration is reviewed, when it runs and who is there",
    .help = "raise the level, or make the migration what its header says",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, note text);
--- 002_drop.sql
-- Risk Level: Low (nobody reads it)
-- ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ header-understates-risk: is said to be low, and is medium: drops column `note` of `account` with its values
alter table account drop column note;
--- 003_rename.sql
-- Risk Level: medium
-- ^^^^^^^^^^^^^^^^^^ header-understates-risk: is said to be medium, and is high: code that uses `account` by its old name fails at once
alter table account rename to customer;
--- 004_add.sql
-- Risk Level: none
-- ^^^^^^^^^^^^^^^^ header-understates-risk: `none` is none of `low`, `medium`, `high`
alter table customer add column note text;
```

`low` is what Plimsoll calls safe, `medium` what it calls risky and `high` what it calls complex: no
single migration makes it safe. Those words may stand there as well. It is the risk of what the
statements do and of what the other rules that are asked find in them, also where a comment allows
it; what they find in the file as a whole does not count. Nobody is told to be less careful:

```sql
--- 001_create.sql
-- Risk Level: high
create table account (id bigint primary key, note text);
--- 002_drop.sql
-- Risk Level: RISKY
alter table account drop column note;
--- 003_left.sql
-- Risk Level: [low|medium|high]
alter table account add column note text;
--- 004_empty.sql
-- Risk Level:
alter table account drop column note;
```

A project may have other words:

```sql
-- option: header-understates-risk.levels = green, amber, red
--- 001_create.sql
create table account (id bigint primary key, note text);
--- 002_drop.sql
-- Risk Level: Green
-- ^^^^^^^^^^^^^^^^^ header-understates-risk: is said to be green, and is amber: drops column `note` of `account` with its values
alter table account drop column note;
```
)md",
    .options = kOptions,
    .check_risks =
        [](const History& history, absl::Span<const RiskReason> risks, const Reporter& report) {
          const std::vector<std::string> set =
              TextsOption(history, header_understates_risk, "levels");
          for (const uint32_t m : UpsOf(history)) {
            const Script& script = *history.migrations()[m].script;
            const std::vector<HeaderField> header = HeaderOf(script);
            const HeaderField* field = FindField(header, "risk level");
            if (field == nullptr) continue;
            const absl::string_view value = script.source->Text(field->value);
            if (value.empty() || IsPlaceholder(value)) continue;
            const std::string word = LevelIn(value);
            const size_t said = RankOf(word, set);
            if (said == kLevels) {
              report(OfHeader(
                  m, *field,
                  absl::StrCat(Quoted(value), " is none of `", absl::StrJoin(set, "`, `"), "`")));
              continue;
            }
            const RiskReason& worst = risks[m];
            const auto rank = static_cast<size_t>(worst.risk);
            if (said >= rank) continue;
            const std::string level =
                rank < set.size() ? set[rank] : std::string(RiskName(worst.risk));
            report(OfHeader(
                m, *field,
                absl::StrCat("is said to be ", word, ", and is ", level, ": ", worst.reason)));
          }
        },
};

}  // namespace plimsoll::rules
