#ifndef PLIMSOLL_ANALYZER_CHECKING_ANALYZE_H_
#define PLIMSOLL_ANALYZER_CHECKING_ANALYZE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/checking/risk.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/suppression.h"
#include "analyzer/simulation/history.h"

namespace plimsoll {

// What a rule says, after its defaults were filled in.
struct Finding {
  const Rule* rule = nullptr;
  uint32_t migration = 0;
  uint32_t statement = 0;  // Complaint::kWholeFile: of no statement
  Span span;
  // Other parts of the same statement that the rule says the same of: other subcommands of an
  // ALTER TABLE. In order, none of them twice.
  std::vector<Span> also;
  Severity severity = Severity::kWarning;
  Risk risk = Risk::kSafe;
  std::string message;
  std::string why;
  std::string help;
  std::vector<Lock> locks;
  std::vector<Fix> fixes;
  std::vector<PlanStep> plan;
};

// In the order of reports: by migration, span and rule id.
bool ComesBefore(const Finding& a, const Finding& b);

// A finding that is not told, and what says so.
struct SuppressedFinding {
  enum class By { kComment, kBaseline };

  Finding finding;
  By by = By::kComment;
  Span comment;        // in the finding's file
  std::string reason;  // that the comment gives; empty: none
};

// Findings with the history they came from. Owns everything it speaks of.
struct Report {
  History history;
  std::vector<Finding> findings;              // in the order of ComesBefore
  std::vector<SuppressedFinding> suppressed;  // likewise
  // risks[migration] is the whole migration's; statement_risks[migration][statement] a statement's.
  std::vector<RiskReason> risks;
  std::vector<std::vector<RiskReason>> statement_risks;

  Risk risk() const;  // the highest of all migrations that are judged
};

// Calls `work` once for each number below `count`, in whatever order and on whatever threads, and
// returns when all is done. This folder knows no thread: who has some brings such a function.
using ForEach = absl::FunctionRef<void(size_t count, absl::FunctionRef<void(size_t index)> work)>;
void OneByOne(size_t count, absl::FunctionRef<void(size_t index)> work);

// The one door: bytes were read before it, and nothing is written after it but by renderers.
// Never fails. Applied migrations give no findings. The vocabulary is what the words of comments
// mean: they may name rules that are not among these. The rules are asked `for_each`: what they say
// does not depend on the order, nor on how many are asked at a time.
Report Analyze(Inputs inputs, absl::Span<const Rule* const> rules, const Vocabulary& vocabulary,
               ForEach for_each = OneByOne);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_ANALYZE_H_
