#include "report/effects.h"

#include <memory>
#include <string>

#include "cli/analysis.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace plimsoll {
namespace {

struct EffectsOptions {
  AnalysisOptions analysis;
  OutputOptions output;
  std::string format = "text";
};

// Of a file that cannot be read no effects are known.
bool IsReadable(const std::vector<Report>& reports) {
  for (const Report& report : reports) {
    for (const Migration& migration : report.history.migrations()) {
      if (!migration.applied && !migration.script->problems.empty()) return false;
    }
  }
  return true;
}

int ShowEffects(const EffectsOptions& options) {
  const absl::StatusOr<Judged>& judged = AnalyzePaths(options.analysis);
  if (!judged.ok()) {
    PrintError(judged.status().message());
    return kExitFailure;
  }
  const std::vector<Report>& reports = judged->reports;
  const std::string text = options.format == "json"
                               ? report::RenderEffectsJson(reports, VersionOf(reports))
                               : report::RenderEffectsText(reports, WantsColor(options.output));
  return Deliver(text, options.output, IsReadable(reports) ? kExitClean : kExitFindings);
}

}  // namespace

void RegisterEffects(CLI::App& app, int* exit_code) {
  CLI::App* effects =
      app.add_subcommand("effects", "show what each statement locks, reads and rewrites");
  const auto options = std::make_shared<EffectsOptions>();
  options->analysis.on_failure = OnFailure::kAbort;
  // What is shown is what was given, to the byte.
  options->analysis.amid_others = false;
  AddAnalysisOptions(*effects, &options->analysis);
  AddChoice(*effects, "--format", &options->format, {"text", "json"}, "how it is written");
  AddColorOption(*effects, &options->output);
  AddOutputOption(*effects, &options->output);
  effects->callback([options, exit_code] { *exit_code = ShowEffects(*options); });
}

}  // namespace plimsoll
