#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "report/explanation.h"
#include "report/rule_page.h"
#include "rules/registry.h"
#include "workspace/files.h"
#include "workspace/layout.h"
#include "workspace/load.h"

namespace plimsoll {
namespace {

struct ExplainOptions {
  OutputOptions output;
  std::string what;
  std::string format = "text";
};

int Fail(absl::string_view message) {
  PrintError(message);
  return kExitFailure;
}

int ExplainRule(const ExplainOptions& options) {
  const Rule* rule = rules::Find(options.what);
  // Another linter's name may stand for several of ours.
  const bool peers = rule == nullptr && absl::StrContains(options.what, ":");
  const std::vector<const Rule*> named =
      peers ? rules::Named(options.what) : std::vector<const Rule*>();
  if (!named.empty()) {
    std::string text;
    for (const Rule* one : named) {
      absl::StrAppend(&text, text.empty() ? "" : "\n",
                      options.format == "markdown"
                          ? report::RulePage(*one)
                          : report::RuleText(*one, WantsColor(options.output)));
    }
    return Deliver(text, options.output, kExitClean);
  }
  if (rule == nullptr) {
    const absl::string_view nearest = rules::Nearest(options.what);
    return Fail(absl::StrCat("there is no rule `", options.what, "`",
                             nearest.empty() ? std::string("; `plimsoll rules` lists them")
                                             : absl::StrCat("; did you mean `", nearest, "`?")));
  }
  const std::string text = options.format == "markdown"
                               ? report::RulePage(*rule)
                               : report::RuleText(*rule, WantsColor(options.output));
  return Deliver(text, options.output, kExitClean);
}

// A line of a file: `migrations/002_email.sql:7`.
struct Place {
  std::string path;
  uint32_t line = 0;  // from 1
};

std::optional<Place> ParsePlace(const std::string& text) {
  const size_t colon = text.rfind(':');
  Place place;
  if (colon == std::string::npos || !absl::SimpleAtoi(text.substr(colon + 1), &place.line)) {
    return std::nullopt;
  }
  place.path = TidyPath(text.substr(0, colon));
  return place;
}

// The statement that stands on the line, else the next one; empty behind the last.
std::optional<uint32_t> StatementAt(const Script& script, uint32_t line) {
  for (uint32_t s = 0; s < script.statements.size(); ++s) {
    const Span span = script.statements[s].span;
    if (script.source->Locate(span.end).line >= line) return s;
  }
  return std::nullopt;
}

// The history that the file stands in, simulated for each version of the server.
absl::StatusOr<std::vector<Report>> ReportsWith(const Place& place, uint32_t* migration) {
  std::vector<Report> reports;
  for (int version = kOldestServer; version <= kNewestMeasuredServer; ++version) {
    LoadOptions load;
    load.paths = {place.path};
    load.server_version = version;
    load.records = false;
    load.run_downs = true;
    absl::StatusOr<std::vector<Project>> projects = Load(load);
    if (!projects.ok()) return projects.status();
    for (Project& project : *projects) {
      const std::vector<Migration>& migrations = project.inputs.migrations;
      for (uint32_t m = 0; m < migrations.size(); ++m) {
        if (migrations[m].script->source->name() != place.path) continue;
        *migration = m;
        reports.push_back(Judge(std::move(project), {}));
        break;
      }
    }
  }
  return reports;
}

int ExplainPlace(const ExplainOptions& options, const Place& place) {
  const absl::Status exists = CheckExists(place.path);
  if (!exists.ok()) return Fail(exists.message());
  uint32_t migration = 0;
  const absl::StatusOr<std::vector<Report>> reports = ReportsWith(place, &migration);
  if (!reports.ok()) return Fail(reports.status().message());
  if (reports->empty()) {
    return Fail(absl::StrCat("\"", place.path, "\" is no file of SQL: its name ends otherwise"));
  }
  const Script& script = *reports->front().history.migrations()[migration].script;
  const std::optional<uint32_t> statement = StatementAt(script, place.line);
  if (place.line == 0 || !statement) {
    return Fail(absl::StrCat("no statement stands on line ", place.line, " of \"", place.path,
                             "\", nor after it"));
  }
  return Deliver(
      report::ExplainStatement(*reports, migration, *statement, WantsColor(options.output)),
      options.output, kExitClean);
}

int Explain(const ExplainOptions& options) {
  const std::optional<Place> place = ParsePlace(options.what);
  return place ? ExplainPlace(options, *place) : ExplainRule(options);
}

}  // namespace

void RegisterExplain(CLI::App& app, int* exit_code) {
  CLI::App* explain = app.add_subcommand(
      "explain", "tell what a rule finds, or what one statement does on each version");
  const auto options = std::make_shared<ExplainOptions>();
  explain
      ->add_option("WHAT", options->what,
                   "a rule, as `plimsoll rules` lists it, or FILE:LINE of a statement")
      ->required();
  AddChoice(*explain, "--format", &options->format, {"text", "markdown"}, "how a rule is written");
  AddColorOption(*explain, &options->output);
  explain->callback([options, exit_code] { *exit_code = Explain(*options); });
}

}  // namespace plimsoll
