#include "analyzer/checking/analyze.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/size.h"

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

// `of` gives the finding of an item.
template <typename Item, typename Of>
void SortBy(Of of, std::vector<Item>& items) {
  // Findings are large: each is moved once, to where it belongs.
  std::vector<Item*> order;
  order.reserve(items.size());
  for (Item& item : items) order.push_back(&item);
  std::sort(order.begin(), order.end(),
            [&](Item* a, Item* b) { return ComesBefore(of(*a), of(*b)); });
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (Item* item : order) sorted.push_back(std::move(*item));
  items = std::move(sorted);
}

// What the rules say, each asked as `ask` does. They know nothing of each other and change nothing,
// so that several may be asked at a time.
std::vector<Finding> Check(
    const History& history, absl::Span<const Rule* const> rules, ForEach for_each,
    absl::FunctionRef<void(const Rule& rule, const Reporter& reporter)> ask) {
  std::vector<std::vector<Finding>> by_rule(rules.size());
  for_each(rules.size(), [&](size_t i) {
    Joiner joiner(*rules[i], by_rule[i]);
    ask(*rules[i], Reporter([&](Complaint complaint) {
      const bool judged = !history.migrations()[complaint.migration].applied;
      if (!judged && !complaint.of_project) return;
      joiner.Take(std::move(complaint));
    }));
    joiner.Finish();
  });
  std::vector<Finding> findings;
  for (std::vector<Finding>& list : by_rule) absl::c_move(list, std::back_inserter(findings));
  SortBy([](const Finding& finding) -> const Finding& { return finding; }, findings);
  return findings;
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

// Whether the history knows enough of the statement to say what rules have to say of it: not of one
// in a down, which does not run, and not where a relation comes from a file that is not here.
bool IsKnown(const History& history, uint32_t migration, uint32_t index) {
  const Statement& statement = history.migrations()[migration].script->statements[index];
  if (history.migrations()[migration].down || statement.direction == Direction::kDown) return false;
  if (statement.problem || IsUnread(statement)) return false;
  const absl::Span<const Step> steps = history.StepsOf(migration, index);
  return std::all_of(steps.begin(), steps.end(), [&](const Step& step) {
    return WhatIsUnknown(step, history).empty() &&
           absl::c_all_of(step.effects.locks, [&](const Lock& lock) {
             const Relation* before = history.Before(step).Find(lock.relation.id);
             const Relation* relation =
                 before != nullptr ? before : history.After(step).Find(lock.relation.id);
             return relation != nullptr && !relation->assumed;
           });
  });
}

// Tells of each word of ours whether all was looked for that it could take over.
class Completeness {
 public:
  Completeness(const History& history, absl::Span<const Rule* const> rules,
               const Vocabulary& vocabulary)
      : history_(history), ran_(rules.begin(), rules.end()) {
    for (const Rule* rule : vocabulary.named(kEveryRule)) {
      if (!rule->opt_in) defaults_.push_back(rule);
    }
  }

  void Mark(uint32_t migration, absl::Span<Allowance> allowances) const {
    if (absl::c_none_of(allowances, [](const Allowance& one) { return one.peer.empty(); })) return;
    const size_t statements = history_.migrations()[migration].script->statements.size();
    std::vector<uint32_t> unknown(statements + 1);  // how many are, up to each
    for (uint32_t s = 0; s < statements; ++s) {
      unknown[s + 1] = unknown[s] + (IsKnown(history_, migration, s) ? 0 : 1);
    }
    for (Allowance& allowance : allowances) {
      const bool known = unknown[allowance.first] == unknown[allowance.last];
      for (Allowance::Word& word : allowance.words) word.judged = known && Ran(word);
    }
  }

 private:
  bool Ran(const Allowance::Word& word) const {
    if (!word.means_something()) return false;
    return absl::c_all_of(word.is_risk ? defaults_ : word.rules, [&](const Rule* rule) {
      // What is said of files depends on which others are here, and what is said of comments comes
      // after all else.
      const bool of_statements =
          rule->family != Family::kHistory && rule->family != Family::kAllowances;
      return ran_.contains(rule) && (of_statements || word.is_risk);
    });
  }

  const History& history_;
  absl::flat_hash_set<const Rule*> ran_;
  std::vector<const Rule*> defaults_;
};

// One run of the rules over a history.
class Analysis {
 public:
  Analysis(Inputs inputs, absl::Span<const Rule* const> rules, const Vocabulary& vocabulary,
           ForEach for_each)
      : report_{.history = Simulate(std::move(inputs))},
        rules_(rules),
        vocabulary_(vocabulary),
        for_each_(for_each) {
    for (uint32_t m = 0; m < migrations().size(); ++m) {
      const Script& script = *migrations()[m].script;
      std::vector<RiskReason>& risks = report_.statement_risks.emplace_back();
      for (uint32_t s = 0; s < script.statements.size(); ++s) {
        risks.push_back(JudgeStatement(history(), m, s));
      }
      allowances_.emplace_back(script, m, history().now(), vocabulary);
    }
    report_.risks.resize(migrations().size());
  }

  Report Run() && {
    Take(Check(history(), rules_, for_each_, [&](const Rule& rule, const Reporter& reporter) {
      if (rule.check != nullptr) rule.check(history(), reporter);
    }));
    const std::vector<RiskReason> risks = OfStatements();
    Take(Check(history(), rules_, OneByOne, [&](const Rule& rule, const Reporter& reporter) {
      if (rule.check_risks != nullptr) rule.check_risks(history(), risks, reporter);
    }));
    Acknowledge();
    const std::vector<Allowance> allowances = Settled();
    if (!allowances.empty()) {
      Take(Check(history(), rules_, OneByOne, [&](const Rule& rule, const Reporter& reporter) {
        if (rule.check_allowances == nullptr) return;
        rule.check_allowances(history(), allowances, reporter);
      }));
    }
    SortBy([](const Finding& finding) -> const Finding& { return finding; }, report_.findings);
    SortBy([](const SuppressedFinding& one) -> const Finding& { return one.finding; },
           report_.suppressed);
    return std::move(report_);
  }

 private:
  const History& history() const { return report_.history; }
  const std::vector<Migration>& migrations() const { return history().migrations(); }

  // Keeps those findings that no comment takes over.
  void Take(std::vector<Finding> findings) {
    for (Finding& finding : findings) {
      Weigh(history(), finding);
      const Allowance* by =
          allowances_[finding.migration].TakeOver(*finding.rule, finding.statement);
      CountRisk(finding, by != nullptr);
      if (by == nullptr) {
        report_.findings.push_back(std::move(finding));
      } else {
        report_.suppressed.push_back(
            {.finding = std::move(finding), .comment = by->span, .reason = by->reason});
      }
    }
  }

  void CountRisk(const Finding& finding, bool silenced) {
    const RiskReason risk = {.risk = finding.risk, .reason = finding.message};
    if (finding.statement == Complaint::kWholeFile) {
      Raise(report_.risks[finding.migration], risk);
      return;
    }
    Raise(report_.statement_risks[finding.migration][finding.statement], risk);
    if (finding.risk == Risk::kSafe) return;
    Silence& silence = silences_[{finding.migration, finding.statement}];
    silence.open |= !silenced;
    if (!silenced) return;
    silence.spans.push_back(finding.span);
    silence.spans.insert(silence.spans.end(), finding.also.begin(), finding.also.end());
  }

  // The highest risk of each migration's statements, as far as they could be read.
  std::vector<RiskReason> OfStatements() const {
    std::vector<RiskReason> worst(migrations().size());
    for (size_t m = 0; m < worst.size(); ++m) {
      const std::vector<Statement>& statements = migrations()[m].script->statements;
      for (size_t s = 0; s < statements.size(); ++s) {
        const bool read = !statements[s].problem && !IsUnread(statements[s]);
        if (read) Raise(worst[m], report_.statement_risks[m][s]);
      }
    }
    return worst;
  }

  void Acknowledge() {
    for (uint32_t m = 0; m < migrations().size(); ++m) {
      for (uint32_t s = 0; s < report_.statement_risks[m].size(); ++s) {
        RiskReason& risk = report_.statement_risks[m][s];
        risk.acknowledged = risk.risk > Risk::kSafe &&
                            (allowances_[m].TakeOver(risk.risk, s) ||
                             Covers(silences_[{m, s}], history().StepsOf(m, s), history()));
        Raise(report_.risks[m], risk);
      }
    }
  }

  // The comments of ours in what is judged, and what became of them.
  std::vector<Allowance> Settled() {
    const Completeness completeness(history(), rules_, vocabulary_);
    std::vector<Allowance> settled;
    for (uint32_t m = 0; m < migrations().size(); ++m) {
      if (migrations()[m].applied) continue;
      completeness.Mark(m, allowances_[m].all());
      for (const Allowance& allowance : allowances_[m].all()) {
        if (allowance.peer.empty()) settled.push_back(allowance);
      }
    }
    return settled;
  }

  Report report_;
  absl::Span<const Rule* const> rules_;
  const Vocabulary& vocabulary_;
  ForEach for_each_;
  std::vector<Allowances> allowances_;                                    // by migration
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, Silence> silences_;  // by statement
};

}  // namespace

Report Analyze(Inputs inputs, absl::Span<const Rule* const> rules, const Vocabulary& vocabulary,
               ForEach for_each) {
  return Analysis(std::move(inputs), rules, vocabulary, for_each).Run();
}

void OneByOne(size_t count, absl::FunctionRef<void(size_t index)> work) {
  for (size_t i = 0; i < count; ++i) work(i);
}

bool ComesBefore(const Finding& a, const Finding& b) {
  const absl::string_view a_rule = a.rule->id;
  const absl::string_view b_rule = b.rule->id;
  return std::tie(a.migration, a.span.begin, a.span.end, a_rule, a.message) <
         std::tie(b.migration, b.span.begin, b.span.end, b_rule, b.message);
}

Risk Report::risk() const {
  Risk worst = Risk::kSafe;
  for (size_t m = 0; m < risks.size(); ++m) {
    if (!history.migrations()[m].applied) worst = std::max(worst, risks[m].risk);
  }
  return worst;
}

}  // namespace plimsoll
