#include "analyzer/checking/analyze.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/size.h"
#include "analyzer/checking/suppression.h"

namespace plimsoll {
namespace {

Finding MakeFinding(const Rule& rule, Complaint complaint) {
  return {.rule = &rule,
          .migration = complaint.migration,
          .statement = complaint.statement,
          .span = complaint.span,
          .severity = complaint.severity.value_or(rule.severity),
          .risk = complaint.risk.value_or(rule.risk),
          .message = std::move(complaint.message),
          .why = complaint.why.empty() ? rule.why : std::move(complaint.why),
          .help = complaint.help.empty() ? rule.help : std::move(complaint.help),
          .locks = std::move(complaint.locks).value_or(std::vector<Lock>()),
          .fixes = std::move(complaint.fixes),
          .plan = std::move(complaint.plan)};
}

// Whether two plans are the same way of several parts: then each stage does the work of all.
bool IsSameWay(absl::Span<const PlanStep> a, absl::Span<const PlanStep> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PlanStep& x, const PlanStep& y) { return x.stage == y.stage; });
}

// `more` behind `text`, where it does not say so already.
void AddText(absl::string_view between, absl::string_view more, std::string& text) {
  if (!absl::StrContains(text, more)) absl::StrAppend(&text, text.empty() ? "" : between, more);
}

bool Meet(absl::Span<const Edit> some, absl::Span<const Edit> others) {
  return absl::c_any_of(some, [&](const Edit& edit) {
    return absl::c_any_of(others, [&](const Edit& other) {
      return edit.span.begin <= other.span.end && other.span.begin <= edit.span.end;
    });
  });
}

// Makes one finding of all that a rule says of one statement.
class Joiner {
 public:
  Joiner(const Rule& rule, std::vector<Finding>& findings) : rule_(rule), findings_(findings) {}

  void Take(Complaint complaint) {
    if (complaint.statement != Complaint::kWholeFile) {
      const Place place = {complaint.migration, complaint.statement, complaint.within};
      const auto [first, added] = firsts_.try_emplace(place, findings_.size());
      if (!added) {
        Join(std::move(complaint), findings_[first->second], others_[first->second]);
        return;
      }
    }
    findings_.push_back(MakeFinding(rule_, std::move(complaint)));
  }

  // Nothing more will be taken.
  void Finish() {
    for (const auto& [index, others] : others_) {
      std::string& message = findings_[index].message;
      if (!others.names.empty()) {
        absl::StrAppend(&message, "; likewise ", absl::StrJoin(others.names, ", "));
      }
      if (others.unsaid > 0) absl::StrAppend(&message, "; and ", others.unsaid, " more");
    }
  }

 private:
  using Place = std::tuple<uint32_t, uint32_t, const BodyStatement*>;

  // A list that nobody would read to its end is cut.
  static constexpr size_t kMostSaid = 20;
  struct Others {
    std::vector<std::string> names;
    size_t said = 0;
    size_t unsaid = 0;
  };

  static void Join(Complaint complaint, Finding& first, Others& others) {
    const Span last = first.also.empty() ? first.span : first.also.back();
    if (complaint.span != last) first.also.push_back(complaint.span);
    if (others.said == kMostSaid) {
      ++others.unsaid;
    } else if (!complaint.about.empty()) {
      ++others.said;
      others.names.push_back(std::move(complaint.about));
    } else if (!absl::StrContains(first.message, complaint.message)) {
      ++others.said;
      absl::StrAppend(&first.message, "; ", complaint.message);
      if (!complaint.help.empty()) AddText("; ", complaint.help, first.help);
    }
    first.severity = std::max(first.severity, complaint.severity.value_or(first.rule->severity));
    first.risk = std::max(first.risk, complaint.risk.value_or(first.rule->risk));
    JoinFixes(std::move(complaint.fixes), first.fixes);
    if (others.unsaid == 0) JoinPlans(complaint.plan, first.plan);
    for (Lock& lock : complaint.locks.value_or(std::vector<Lock>())) {
      const bool taken = absl::c_any_of(first.locks, [&](const Lock& other) {
        return other.relation.id == lock.relation.id && other.mode >= lock.mode;
      });
      if (!taken) first.locks.push_back(std::move(lock));
    }
  }

  // One fix mends all parts, as far as the edits keep out of each other's way.
  static void JoinFixes(std::vector<Fix> more, std::vector<Fix>& fixes) {
    if (fixes.empty()) fixes = std::move(more);
    // The rest waits for the next round of fixing.
    constexpr size_t kMostEdits = 256;
    if (more.size() != 1 || fixes.size() != 1 || fixes[0].edits.size() > kMostEdits) return;
    if (Meet(more[0].edits, fixes[0].edits)) return;
    Fix& fix = fixes[0];
    fix.safe = fix.safe && more[0].safe;
    std::move(more[0].following_alone.begin(), more[0].following_alone.end(),
              std::back_inserter(fix.following_alone));
    JoinFollowing(more[0].following, fix.following);
    std::move(more[0].edits.begin(), more[0].edits.end(), std::back_inserter(fix.edits));
  }

  static void JoinPlans(absl::Span<const PlanStep> more, std::vector<PlanStep>& plan) {
    if (!IsSameWay(plan, more)) {
      plan.insert(plan.end(), more.begin(), more.end());
      return;
    }
    for (size_t i = 0; i < plan.size(); ++i) {
      AddText("; ", more[i].what, plan[i].what);
      AddText("\n", more[i].sql, plan[i].sql);
    }
  }

  const Rule& rule_;
  std::vector<Finding>& findings_;
  std::map<Place, size_t> firsts_;  // the index of a statement's finding
  std::map<size_t, Others> others_;
};

std::vector<Finding> Check(const History& history, absl::Span<const Rule* const> rules) {
  std::vector<Finding> findings;
  for (const Rule* rule : rules) {
    Joiner joiner(*rule, findings);
    rule->check(history, Reporter([&](Complaint complaint) {
                  const bool judged = !history.migrations()[complaint.migration].applied;
                  if (!judged && !complaint.of_project) return;
                  joiner.Take(std::move(complaint));
                }));
    joiner.Finish();
  }
  // Findings are large: each is moved once, to where it belongs.
  std::vector<Finding*> order;
  order.reserve(findings.size());
  for (Finding& finding : findings) order.push_back(&finding);
  std::sort(order.begin(), order.end(), [](const Finding* a, const Finding* b) {
    const absl::string_view a_rule = a->rule->id;
    const absl::string_view b_rule = b->rule->id;
    return std::tie(a->migration, a->span.begin, a->span.end, a_rule, a->message) <
           std::tie(b->migration, b->span.begin, b->span.end, b_rule, b->message);
  });
  std::vector<Finding> sorted;
  sorted.reserve(findings.size());
  for (Finding* finding : order) sorted.push_back(std::move(*finding));
  return sorted;
}

void Raise(RiskReason& worst, const RiskReason& other) {
  // An acknowledged risk stays what it is; one that nobody took over is the one to show.
  const bool higher = other.risk > worst.risk;
  const bool same_but_open = other.risk == worst.risk && worst.acknowledged && !other.acknowledged;
  if (higher || same_but_open) worst = other;
}

RiskReason JudgeStatement(const History& history, uint32_t migration, uint32_t index) {
  RiskReason worst;
  for (const Step& step : history.StepsOf(migration, index)) Raise(worst, RiskOf(step, history));
  const Statement& statement = history.migrations()[migration].script->statements[index];
  if (statement.problem && !history.migrations()[migration].down) {
    const bool rejected = !statement.problem->SqlstateOn(history.server_version()).empty();
    Raise(worst, {.risk = Risk::kRisky,
                  .reason = rejected ? "PostgreSQL rejects a statement"
                                     : "a statement could not be read"});
  }
  if (IsUnread(statement) && !history.migrations()[migration].down) {
    Raise(worst, {.risk = Risk::kRisky,
                  .reason = absl::StrCat("what ", statement.tag, " brings is not known")});
  }
  return worst;
}

// What the allowances of a statement that name rules took over.
struct Silence {
  std::vector<Span> spans;  // of findings with a risk that were silenced
  bool open = false;        // others were not
};

// Each action that carries a risk has to be spoken of: allowing one rule says nothing about what
// another subcommand does.
bool Covers(const Silence& silence, absl::Span<const Step> steps, const History& history) {
  if (silence.open || silence.spans.empty()) return false;
  return std::all_of(steps.begin(), steps.end(), [&](const Step& step) {
    const bool spoken_of =
        std::find(silence.spans.begin(), silence.spans.end(), step.span) != silence.spans.end();
    return spoken_of || RiskOf(step, history).risk == Risk::kSafe;
  });
}

}  // namespace

Report Analyze(Inputs inputs, absl::Span<const Rule* const> rules) {
  Report report = {.history = Simulate(std::move(inputs))};
  const History& history = report.history;
  const auto& migrations = history.migrations();
  report.statement_risks.resize(migrations.size());
  report.risks.resize(migrations.size());
  std::vector<std::vector<Allowance>> allowances(migrations.size());
  for (uint32_t m = 0; m < migrations.size(); ++m) {
    const Script& script = *migrations[m].script;
    for (uint32_t s = 0; s < script.statements.size(); ++s) {
      report.statement_risks[m].push_back(JudgeStatement(history, m, s));
    }
    allowances[m] = AllowancesOf(script, history.now());
  }
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, Silence> silences;  // by statement
  for (Finding& finding : Check(history, rules)) {
    Weigh(history, finding);
    const bool of_statement = finding.statement != Complaint::kWholeFile;
    const std::vector<Allowance>& said = allowances[finding.migration];
    const bool silenced =
        (of_statement ? said[finding.statement] : said.back()).Allows(finding.rule->id);
    if (of_statement) {
      RiskReason& risk = report.statement_risks[finding.migration][finding.statement];
      Raise(risk, {.risk = finding.risk, .reason = finding.message});
      if (finding.risk > Risk::kSafe) {
        Silence& silence = silences[{finding.migration, finding.statement}];
        silence.open |= !silenced;
        if (silenced) {
          silence.spans.push_back(finding.span);
          silence.spans.insert(silence.spans.end(), finding.also.begin(), finding.also.end());
        }
      }
    }
    if (!of_statement) {
      Raise(report.risks[finding.migration], {.risk = finding.risk, .reason = finding.message});
    }
    if (silenced) {
      ++report.suppressed;
    } else {
      report.findings.push_back(std::move(finding));
    }
  }
  for (uint32_t m = 0; m < migrations.size(); ++m) {
    for (uint32_t s = 0; s < report.statement_risks[m].size(); ++s) {
      RiskReason& risk = report.statement_risks[m][s];
      risk.acknowledged =
          risk.risk > Risk::kSafe && (allowances[m][s].Allows(RiskName(risk.risk)) ||
                                      Covers(silences[{m, s}], history.StepsOf(m, s), history));
      Raise(report.risks[m], risk);
    }
  }
  return report;
}

Risk Report::risk() const {
  Risk worst = Risk::kSafe;
  for (size_t m = 0; m < risks.size(); ++m) {
    if (!history.migrations()[m].applied) worst = std::max(worst, risks[m].risk);
  }
  return worst;
}

}  // namespace plimsoll
