#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "report/rule_page.h"
#include "rules/registry.h"

namespace plimsoll {
namespace {

struct ExplainOptions {
  OutputOptions output;
  std::string rule;
  std::string format = "text";
};

int Explain(const ExplainOptions& options) {
  const Rule* rule = rules::Find(options.rule);
  if (rule == nullptr) {
    const absl::string_view nearest = rules::Nearest(options.rule);
    PrintError(absl::StrCat("there is no rule `", options.rule, "`",
                            nearest.empty() ? std::string("; `plimsoll rules` lists them")
                                            : absl::StrCat("; did you mean `", nearest, "`?")));
    return kExitFailure;
  }
  const std::string text = options.format == "markdown"
                               ? report::RulePage(*rule)
                               : report::RuleText(*rule, WantsColor(options.output));
  return Deliver(text, options.output, kExitClean);
}

}  // namespace

void RegisterExplain(CLI::App& app, int* exit_code) {
  CLI::App* explain =
      app.add_subcommand("explain", "tell what a rule finds, why it hurts and what to do");
  const auto options = std::make_shared<ExplainOptions>();
  explain->add_option("RULE", options->rule, "the rule's id, as `plimsoll rules` lists it")
      ->required();
  AddChoice(*explain, "--format", &options->format, {"text", "markdown"}, "how it is written");
  AddColorOption(*explain, &options->output);
  explain->callback([options, exit_code] { *exit_code = Explain(*options); });
}

}  // namespace plimsoll
