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
      const Report report = Analyze(InputsOf(*example), {&rule, 1});
      const bool fixes = std::any_of(report.findings.begin(), report.findings.end(),
                                     [](const Finding& finding) { return !finding.fixes.empty(); });
      if (fixes) fixable.push_back({text, *std::move(example), rule});
    }
  }
  return fixable;
}

}  // namespace plimsoll::testing_support
