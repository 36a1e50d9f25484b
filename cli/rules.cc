#include <memory>
#include <string>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "report/rule_list.h"
#include "rules/registry.h"

namespace plimsoll {
namespace {

struct RulesOptions {
  OutputOptions output;
  std::string format = "text";
};

int ListRules(const RulesOptions& options) {
  const std::string text = options.format == "json"
                               ? report::RenderRulesJson(rules::All(), rules::AliasesOf)
                               : report::RenderRulesText(rules::All(), WantsColor(options.output));
  return Deliver(text, options.output, kExitClean);
}

}  // namespace

void RegisterRules(CLI::App& app, int* exit_code) {
  CLI::App* rules = app.add_subcommand("rules", "list the rules");
  const auto options = std::make_shared<RulesOptions>();
  AddChoice(*rules, "--format", &options->format, {"text", "json"}, "how it is written");
  AddColorOption(*rules, &options->output);
  rules->callback([options, exit_code] { *exit_code = ListRules(*options); });
}

}  // namespace plimsoll
