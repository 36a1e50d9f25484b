#ifndef PLIMSOLL_ANALYZER_CHECKING_RULE_H_
#define PLIMSOLL_ANALYZER_CHECKING_RULE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/simulation/history.h"

namespace plimsoll {

enum class Severity { kNote, kWarning, kError };
absl::string_view SeverityName(Severity severity);  // `note`, `warning`, `error`

// design: safe, one changed migration makes it acceptable, or several deployments are needed.
enum class Risk { kSafe, kRisky, kComplex };
absl::string_view RiskName(Risk risk);  // `safe`, `risky`, `complex`

// What kind of harm a rule is about. Its name switches all its rules on or off at once.
enum class Family {
  kSyntax,
  kLocking,
  kRewriting,
  kDataLoss,
  kCompatibility,
  kFailure,  // statements that PostgreSQL will reject
  kTransaction,
  kTimeouts,
  kIdempotency,
  kSecurity,
  kPerformance,
  kDesign,
  kNaming,
  kHistory,     // the files as a whole: their versions, their order, their downs
  kAllowances,  // the comments by which authors take findings over
};
inline constexpr Family kFamilies[] = {
    Family::kSyntax,        Family::kLocking,  Family::kRewriting,   Family::kDataLoss,
    Family::kCompatibility, Family::kFailure,  Family::kTransaction, Family::kTimeouts,
    Family::kIdempotency,   Family::kSecurity, Family::kPerformance, Family::kDesign,
    Family::kNaming,        Family::kHistory,  Family::kAllowances};
absl::string_view FamilyName(Family family);  // `data-loss`

struct Edit {
  Span span;  // bytes to replace; empty: insert before `begin`
  std::string text;
};
struct Fix {
  std::string title;
  bool safe = true;  // keeps the meaning, wherever the file runs
  std::vector<Edit> edits;
  // For migrations of their own that run after this one: statements, each with its semicolon and a
  // line feed. Empty: none are needed. Only fixes that are not safe have some. First those that
  // PostgreSQL refuses in a transaction, each in a file that its runner does not wrap; then one
  // file with the others, in stages: what reads rows goes before what takes a strong lock, also
  // where several fixes put theirs into it.
  std::vector<std::string> following_alone;
  std::vector<std::string> following;

  bool has_following() const { return !following_alone.empty() || !following.empty(); }
};

// Puts `more` behind what is in `following`, stage by stage.
void JoinFollowing(absl::Span<const std::string> more, std::vector<std::string>& following);

// A stage of a change that no single migration makes safe. Each belongs to a deployment of its own.
enum class Stage {
  kExpand,    // the new shape stands beside the old one
  kBackfill,  // the old rows get it
  kSwitch,    // code is deployed that uses the new one alone
  kContract,  // the old one goes
};
absl::string_view StageName(Stage stage);  // `expand`

struct PlanStep {
  Stage stage = Stage::kExpand;
  std::string what;  // one sentence, no full stop
  // Statements of a migration, for these tables and columns; empty: a deployment of code only.
  std::string sql;
};

// What a rule says of a step. `why` and `help` default to the rule's own.
struct Complaint {
  static constexpr uint32_t kWholeFile = UINT32_MAX;

  uint32_t migration = 0;
  uint32_t statement = 0;  // kWholeFile: it speaks of no statement
  Span span;
  // The statement of a body that the step belongs to; null: one of the file.
  const BodyStatement* within = nullptr;
  std::string message;  // what happens, with this table's names; no full stop
  // Which part of the statement this is about, as messages name it: a column in backticks. One
  // statement gives one finding a rule: what its other parts give is listed by these words, or by
  // whole messages where they are empty.
  std::string about;
  std::string why;
  std::string help;
  // Left out: the step's locks on live relations.
  std::optional<std::vector<Lock>> locks;
  std::vector<Fix> fixes;
  std::vector<PlanStep> plan;  // of what is complex: the whole way, in order
  // Where a case is graver or milder than the rule's usual one.
  std::optional<Severity> severity;
  std::optional<Risk> risk;
  // Of what is not there: it is told also where the file at which it is shown is not judged.
  bool of_project = false;
};

class Reporter {
 public:
  explicit Reporter(absl::FunctionRef<void(Complaint)> sink) : sink_(sink) {}

  void operator()(Complaint complaint) const { sink_(std::move(complaint)); }
  // Speaks of a step: its migration, statement, span and locks are filled in.
  void operator()(const Step& step, Complaint complaint) const;

 private:
  absl::FunctionRef<void(Complaint)> sink_;
};

// What a project may set a rule to, in the table `[options.RULE]` of its settings.
struct RuleOption {
  enum class Type { kNumber, kText, kTexts, kSwitch };

  const char* name;
  Type type;
  // As it is written in the settings, without quotes: `5`, `true`, `a, b`.
  const char* preset;
  const char* what;  // one sentence, no full stop
};

struct Allowance;   // suppression.h
struct RiskReason;  // risk.h

// A rule is a value in one file of rules/. Its documentation is Markdown whose ```sql blocks are
// executed as tests: carets mark what is flagged, a block without carets must be clean.
struct Rule {
  const char* id;  // names the hazard: `set-not-null-scan`
  Family family;
  Severity severity;
  Risk risk;
  // Off until it or its family is asked for: robustness, timeouts, style and design are a
  // project's choice.
  bool opt_in = false;
  bool fixable = false;  // some of its findings carry edits
  const char* since;     // the Plimsoll version that brought it
  const char* summary;   // one sentence, no full stop
  const char* why;       // why it hurts, in one or two sentences
  const char* help;      // what to do instead
  const char* docs;
  void (*check)(const History& history, const Reporter& report) = nullptr;
  absl::Span<const RuleOption> options = {};
  // Instead of `check`, of rules about the comments that silence others: after all of those, by
  // what became of each comment.
  void (*check_allowances)(const History& history, absl::Span<const Allowance> allowances,
                           const Reporter& report) = nullptr;
  // Instead of `check`, of rules about how dangerous a migration is: after all that speak of its
  // statements, by the risk that those came to. `risks[migration]` is the highest of them.
  void (*check_risks)(const History& history, absl::Span<const RiskReason> risks,
                      const Reporter& report) = nullptr;
};

// What the project sets the option of a rule to, or its preset. The option is one of the rule's.
int64_t NumberOption(const History& history, const Rule& rule, absl::string_view option);
bool SwitchOption(const History& history, const Rule& rule, absl::string_view option);
std::string TextOption(const History& history, const Rule& rule, absl::string_view option);
std::vector<std::string> TextsOption(const History& history, const Rule& rule,
                                     absl::string_view option);

// Whether a server's grammar refuses the statement: a failure that `syntax-error` speaks of. 42601
// is also what analysis says of statements that are well formed.
bool IsOfGrammar(const Failure& failure);

// The words of messages. `name` in backticks:
std::string Quoted(absl::string_view name);
// `SHARE on `t` blocks writes`: the lock under which a step does its work. Empty without a lock
// that stops anybody.
std::string BlockingWords(const Step& step);
// The same with the lock that an earlier statement of the transaction took on that relation, where
// it is the stronger one.
std::string BlockingWords(const Step& step, const History& history);
// By step: whether its transaction goes on with work on tables that others use, for as long as
// which its locks stay.
std::vector<bool> WorkFollows(const History& history);

}  // namespace plimsoll

// Defines a rule; the registry finds it by the name of its file. `constinit`: a rule is data that
// needs no code to run before main.
#define PLIMSOLL_RULE(name)           \
  extern const ::plimsoll::Rule name; \
  constinit const ::plimsoll::Rule name

#endif  // PLIMSOLL_ANALYZER_CHECKING_RULE_H_
