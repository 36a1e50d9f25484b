#include "analyzer/checking/analyze.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
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

std::vector<Finding> Check(const History& history, absl::Span<const Rule* const> rules) {
  std::vector<Finding> findings;
  for (const Rule* rule : rules) {
    rule->check(history, Reporter([&](Complaint complaint) {
                  if (history.migrations()[complaint.migration].applied) return;
                  findings.push_back(MakeFinding(*rule, std::move(complaint)));
                }));
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

// psql's commands that run what does not stand here.
bool IsUnread(const Statement& statement) {
  if (statement.form != StatementForm::kMetaCommand) return false;
  for (const absl::string_view command : {"\\i", "\\ir", "\\include", "\\include_relative", "\\!",
                                          "\\gexec", "\\copy", "\\lo_unlink"}) {
    if (statement.tag == command) return true;
  }
  return false;
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
      allowances[m].push_back(AllowanceFor(script, script.statements[s]));
    }
  }
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, Silence> silences;  // by statement
  for (Finding& finding : Check(history, rules)) {
    const bool of_statement = finding.statement != Complaint::kWholeFile;
    const bool silenced =
        of_statement && allowances[finding.migration][finding.statement].Allows(finding.rule->id);
    if (of_statement) {
      RiskReason& risk = report.statement_risks[finding.migration][finding.statement];
      Raise(risk, {.risk = finding.risk, .reason = finding.message});
      if (finding.risk > Risk::kSafe) {
        Silence& silence = silences[{finding.migration, finding.statement}];
        silence.open |= !silenced;
        if (silenced) silence.spans.push_back(finding.span);
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
