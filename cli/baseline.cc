#include "workspace/baseline.h"

#include <memory>
#include <string>

#include "cli/analysis.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

struct BaselineOptions {
  AnalysisOptions analysis;
  OutputOptions output;
};

int WriteBaseline(const BaselineOptions& options) {
  const absl::StatusOr<Judged>& judged = AnalyzePaths(options.analysis);
  if (!judged.ok()) {
    PrintError(judged.status().message());
    return kExitFailure;
  }
  const std::string folder =
      options.output.file.empty() ? AbsolutePath(".") : ParentOf(AbsolutePath(options.output.file));
  return Deliver(RenderBaseline(judged->reports, folder), options.output, kExitClean);
}

}  // namespace

void RegisterBaseline(CLI::App& app, int* exit_code) {
  CLI::App* baseline = app.add_subcommand(
      "baseline", "write down the findings that there are, so that lint tells only new ones");
  const auto options = std::make_shared<BaselineOptions>();
  options->analysis.no_baseline = true;
  AddAnalysisOptions(*baseline, &options->analysis);
  AddOutputOption(*baseline, &options->output);
  baseline->callback([options, exit_code] { *exit_code = WriteBaseline(*options); });
}

}  // namespace plimsoll
