#include "tests/support/fixable.h"

#include <algorithm>
#include <utility>

#include "analyzer/checking/analyze.h"
#include "rules/registry.h"

namespace plimsoll::testing_support {

ExampleFolder::ExampleFolder(const Example& example) {
  load_.transaction = example.wrapping;
  load_.server_version = example.server_version;
  for (const ExampleFile& file : example.files) {
    load_.paths.push_back(folder_.Write(file.name, file.text));
  }
}

std::vector<Fixable> FixableExamples() {
  std::vector<Fixable> fixable;
  for (const Rule* rule : rules::All()) {
    for (const ExampleText& text : ExamplesOf(*rule)) {
      absl::StatusOr<Example> example = ParseExample(text.text, "migration.sql");
      if (!example.ok()) continue;  // docs_test complains
      const std::vector<const Rule*> run = RulesOf(*example, *rule);
      const Report report = Analyze(InputsOf(*example), run, rules::kVocabulary);
      const bool fixes = std::any_of(
          report.findings.begin(), report.findings.end(),
          [&](const Finding& finding) { return finding.rule == rule && !finding.fixes.empty(); });
      if (!fixes) continue;
      RuleSettings settings;
      for (const Rule* one : run) settings.select.emplace_back(one->id);
      fixable.push_back({text, *std::move(example), rule, std::move(settings)});
    }
  }
  return fixable;
}

}  // namespace plimsoll::testing_support
