#include <memory>
#include <optional>
#include <string>

#include "analyzer/checking/verdict.h"
#include "cli/analysis.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "report/concise.h"
#include "report/json.h"
#include "report/pretty.h"

namespace plimsoll {
namespace {

struct LintOptions {
  AnalysisOptions analysis;
  OutputOptions output;
  std::string format = "pretty";
  std::string fail_on = "warning";
  bool quiet = false;
};

std::string Render(const LintOptions& options, const std::vector<Report>& reports) {
  if (options.format == "json") {
    return report::RenderJson(reports, VersionOf(reports));
  }
  const bool colour = WantsColor(options.output);
  if (options.format == "concise") return report::RenderConcise(reports, colour);
  return report::RenderPretty(reports, {.colour = colour, .summary = !options.quiet});
}

Policy PolicyOf(const LintOptions& options) {
  Policy policy;
  policy.fail_on = std::nullopt;
  for (const Severity severity : {Severity::kNote, Severity::kWarning, Severity::kError}) {
    if (SeverityName(severity) == options.fail_on) policy.fail_on = severity;
  }
  return policy;
}

int Lint(const LintOptions& options) {
  const absl::StatusOr<std::vector<Report>>& reports = AnalyzePaths(options.analysis);
  if (!reports.ok()) {
    PrintError(reports.status().message());
    return kExitFailure;
  }
  const Policy policy = PolicyOf(options);
  int exit_code = kExitClean;
  for (const Report& report : *reports) {
    if (!Judge(report, policy).allowed()) exit_code = kExitFindings;
  }
  return Deliver(Render(options, *reports), options.output, exit_code);
}

}  // namespace

void RegisterLint(CLI::App& app, int* exit_code) {
  CLI::App* lint = app.add_subcommand("lint", "find what is dangerous in migrations");
  const auto options = std::make_shared<LintOptions>();
  AddAnalysisOptions(*lint, &options->analysis);
  AddChoice(*lint, "--format", &options->format, {"pretty", "concise", "json"},
            "how findings are written");
  AddChoice(*lint, "--fail-on", &options->fail_on, {"error", "warning", "note", "never"},
            "exit with 1 from this severity on");
  lint->add_flag("-q,--quiet", options->quiet, "findings only, no summary");
  AddColorOption(*lint, &options->output);
  AddOutputOption(*lint, &options->output);
  lint->callback([options, exit_code] { *exit_code = Lint(*options); });
}

}  // namespace plimsoll
