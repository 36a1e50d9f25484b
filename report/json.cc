#include "report/json.h"

#include "absl/strings/str_join.h"
#include "analyzer/checking/digest.h"
#include "nlohmann/json.hpp"
#include "report/json_values.h"
#include "report/summary.h"

namespace plimsoll::report {
namespace {

using Json = nlohmann::ordered_json;

Json FixJson(const Fix& fix, const Source& source) {
  Json edits = Json::array();
  for (const Edit& edit : fix.edits) {
    edits.push_back({{"range", RangeJson(source, edit.span)}, {"text", edit.text}});
  }
  return {{"title", fix.title},
          {"safe", fix.safe},
          {"edits", std::move(edits)},
          {"following_alone", fix.following_alone},
          {"following", absl::StrJoin(fix.following, "")}};
}

Json FindingJson(const Finding& finding, const Source& source) {
  Json locks = Json::array();
  for (const Lock& lock : finding.locks) {
    locks.push_back(
        {{"relation", lock.relation.name}, {"mode", TextJson(LockModeName(lock.mode))}});
  }
  Json fixes = Json::array();
  for (const Fix& fix : finding.fixes) fixes.push_back(FixJson(fix, source));
  Json plan = Json::array();
  for (const PlanStep& step : finding.plan) {
    plan.push_back(
        {{"stage", TextJson(StageName(step.stage))}, {"what", step.what}, {"sql", step.sql}});
  }
  Json also = Json::array();
  for (const Span span : finding.also) also.push_back(RangeJson(source, span));
  return {{"rule", finding.rule->id},
          {"family", TextJson(FamilyName(finding.rule->family))},
          {"severity", TextJson(SeverityName(finding.severity))},
          {"risk", TextJson(RiskName(finding.risk))},
          {"message", finding.message},
          {"why", finding.why},
          {"help", finding.help},
          {"url", RulePath(*finding.rule)},
          {"range", RangeJson(source, finding.span)},
          {"also", std::move(also)},
          {"locks", std::move(locks)},
          {"fixes", std::move(fixes)},
          {"plan", std::move(plan)}};
}

// What a comment or the baseline keeps from being told, and why.
Json SuppressedJson(const SuppressedFinding& suppressed, const Source& source) {
  const Finding& finding = suppressed.finding;
  const bool by_comment = suppressed.by == SuppressedFinding::By::kComment;
  return {{"rule", finding.rule->id},
          {"severity", TextJson(SeverityName(finding.severity))},
          {"risk", TextJson(RiskName(finding.risk))},
          {"message", finding.message},
          {"range", RangeJson(source, finding.span)},
          {"by", by_comment ? "comment" : "baseline"},
          {"reason", suppressed.reason},
          {"comment", by_comment ? RangeJson(source, suppressed.comment) : Json(nullptr)}};
}

void AppendFiles(const Report& report, Json* files) {
  auto suppressed = report.suppressed.begin();
  for (size_t m = 0; m < report.history.migrations().size(); ++m) {
    const Migration& migration = report.history.migrations()[m];
    if (migration.applied) continue;
    const Source& source = *migration.script->source;
    Json findings = Json::array();
    for (const Finding& finding : FindingsOf(report, m)) {
      findings.push_back(FindingJson(finding, source));
    }
    Json silent = Json::array();
    for (; suppressed != report.suppressed.end() && suppressed->finding.migration <= m;
         ++suppressed) {
      if (suppressed->finding.migration == m) silent.push_back(SuppressedJson(*suppressed, source));
    }
    files->push_back({{"path", source.name()},
                      {"sha256", Sha256Hex(source.text())},
                      {"risk", TextJson(RiskName(report.risks[m].risk))},
                      {"statements", migration.script->statements.size()},
                      {"findings", std::move(findings)},
                      {"suppressed", std::move(silent)}});
  }
}

Json SummaryJson(const Summary& summary) {
  return {{"files", summary.files},           {"statements", summary.statements},
          {"findings", summary.findings},     {"errors", summary.errors},
          {"warnings", summary.warnings},     {"notes", summary.notes},
          {"suppressed", summary.suppressed}, {"risk", TextJson(RiskName(summary.risk))}};
}

}  // namespace

std::string RenderJson(absl::Span<const Report> reports, int server_version) {
  Json files = Json::array();
  for (const Report& report : reports) AppendFiles(report, &files);
  return Dump({{"schema_version", kSchemaVersion},
               {"tool", {{"name", "plimsoll"}, {"version", PLIMSOLL_VERSION}}},
               {"server_version", server_version},
               {"measured", IsMeasured(server_version)},
               {"summary", SummaryJson(Summarize(reports))},
               {"files", std::move(files)}});
}

}  // namespace plimsoll::report
