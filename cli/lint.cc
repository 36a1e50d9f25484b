#include <memory>
#include <optional>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/verdict.h"
#include "cli/analysis.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "report/concise.h"
#include "report/diff.h"
#include "report/json.h"
#include "report/pretty.h"
#include "workspace/files.h"
#include "workspace/fixing.h"
#include "workspace/sum.h"

namespace plimsoll {
namespace {

struct LintOptions {
  AnalysisOptions analysis;
  OutputOptions output;
  std::string format = "pretty";
  std::string fail_on;  // empty: plimsoll.toml's, else warning
  bool quiet = false;
  bool fix = false;
  bool unsafe = false;
  bool diff = false;
};

std::string Render(const LintOptions& options, const std::vector<Report>& reports) {
  if (options.format == "json") {
    return report::RenderJson(reports, VersionOf(reports));
  }
  const bool colour = WantsColor(options.output);
  if (options.format == "concise") return report::RenderConcise(reports, colour);
  return report::RenderPretty(reports, {.colour = colour, .summary = !options.quiet});
}

Policy PolicyOf(const LintOptions& options, const Config* config) {
  std::string word = options.fail_on;
  if (word.empty()) word = config != nullptr ? config->fail_on.value_or("warning") : "warning";
  Policy policy;
  policy.fail_on = std::nullopt;
  for (const Severity severity : {Severity::kNote, Severity::kWarning, Severity::kError}) {
    if (SeverityName(severity) == word) policy.fail_on = severity;
  }
  return policy;
}

int Show(const LintOptions& options, const std::vector<Report>& reports,
         absl::Span<const std::shared_ptr<const Config>> configs) {
  int exit_code = kExitClean;
  for (size_t i = 0; i < reports.size(); ++i) {
    if (!Judge(reports[i], PolicyOf(options, configs[i].get())).allowed()) {
      exit_code = kExitFindings;
    }
  }
  return Deliver(Render(options, reports), options.output, exit_code);
}

int Fail(const absl::Status& status) {
  PrintError(status.message());
  return kExitFailure;
}

// Files that are on record are left alone, and whoever wants them changed hears how.
void TellWhatIsKept(const Fixing& fixing) {
  for (const auto& [path, record] : fixing.kept) {
    const std::string accept = record == kSumName
                                   ? absl::StrCat(
                                         "; where no database has run it, change it by hand and "
                                         "record it: plimsoll sum --accept ",
                                         path)
                                   : "";
    PrintErrorLines(absl::StrCat("not fixed: ", path, " is on record in ", record,
                                 "; put the change into a migration of its own: plimsoll new",
                                 accept));
  }
}

int ShowDiff(const LintOptions& options, const Fixing& fixing) {
  std::string diff;
  for (const FileChange& change : fixing.changes) {
    diff += report::UnifiedDiff(PathInRepository(change.path), change.before, change.after,
                                change.created);
  }
  return Deliver(diff, options.output, diff.empty() ? kExitClean : kExitFindings);
}

// Fixes, and tells what is left.
int Fix(const LintOptions& options) {
  const LoadOptions load = LoadOptionsOf(options.analysis);
  if (!options.diff && absl::c_linear_search(load.paths, kStdin)) {
    return Fail(absl::InvalidArgumentError(
        "standard input cannot be fixed in place; --diff prints what would change"));
  }
  // Never taken apart: see AnalyzePaths.
  const auto& fixing =
      *new absl::StatusOr<Fixing>(FixAll(load, options.analysis.rules, options.unsafe));
  if (!fixing.ok()) return Fail(fixing.status());
  if (!options.quiet) TellWhatIsKept(*fixing);
  if (options.diff) return ShowDiff(options, *fixing);
  const absl::Status written = WriteChanges(fixing->changes);
  if (!written.ok()) return Fail(written);
  if (options.format == "pretty" && !options.quiet) {
    for (const FileChange& change : fixing->changes) {
      PrintErrorLines(absl::StrCat(change.created ? "made " : "fixed ", change.path));
    }
  }
  return Show(options, fixing->reports, fixing->configs);
}

int Lint(const LintOptions& options) {
  if (options.fix || options.diff) return Fix(options);
  const absl::StatusOr<Judged>& judged = AnalyzePaths(options.analysis);
  return judged.ok() ? Show(options, judged->reports, judged->configs) : Fail(judged.status());
}

}  // namespace

void RegisterLint(CLI::App& app, int* exit_code) {
  CLI::App* lint = app.add_subcommand("lint", "find what is dangerous in migrations");
  const auto options = std::make_shared<LintOptions>();
  AddAnalysisOptions(*lint, &options->analysis);
  AddChangeOptions(*lint, &options->analysis);
  AddChoice(*lint, "--format", &options->format, {"pretty", "concise", "json"},
            "how findings are written");
  AddChoice(*lint, "--fail-on", &options->fail_on, {"error", "warning", "note", "never"},
            "exit with 1 from this severity on", "plimsoll.toml's, else warning")
      ->envname("PLIMSOLL_FAIL_ON");
  lint->add_flag("-q,--quiet", options->quiet, "findings only, no summary");
  CLI::Option* fix =
      lint->add_flag("--fix", options->fix, "put the fixes into the files, and lint what is left");
  CLI::Option* diff =
      lint->add_flag("--diff", options->diff,
                     "print what --fix would change, as git apply takes it; 1: something");
  lint->add_flag("--unsafe", options->unsafe,
                 "with --fix and --diff: also those that change what a migration does, or that "
                 "move a part of it into a new one");
  fix->excludes(diff);
  AddColorOption(*lint, &options->output);
  AddOutputOption(*lint, &options->output);
  lint->callback([options, exit_code] { *exit_code = Lint(*options); });
}

}  // namespace plimsoll
