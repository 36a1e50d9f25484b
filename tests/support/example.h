#ifndef PLIMSOLL_TESTS_SUPPORT_EXAMPLE_H_
#define PLIMSOLL_TESTS_SUPPORT_EXAMPLE_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/checking/rule.h"
#include "tests/support/annotations.h"

// Running examples: from annotated text to the marks that an analysis of it would write. Where the
// examples stand: the ```sql blocks of the rules' documentation, fixtures/rules/<id>/ and
// fixtures/histories/.

namespace plimsoll::testing_support {

// What an example hands to the analyzer. Without a layout, a file whose name holds `.down.` is a
// down script.
Inputs InputsOf(const Example& example);

// The findings of a report as marks, those of the rules in `ids` only (`all`: every rule), in the
// report's order.
std::vector<Mark> MarksOf(const Report& report, const std::vector<std::string>& ids);

// The rule, and those that the example's own directive names beside it: what is said of comments
// depends on what the others find.
std::vector<const Rule*> RulesOf(const Example& example, const Rule& rule);

// A text with annotations, and where it stands.
struct ExampleText {
  std::string path;   // relative to the root
  uint32_t line = 1;  // of its first line, in that file
  std::string text;
  std::string rule;  // whose example it is; empty: of all
};

// `path`, or `path (block from line N)`.
std::string WhereOf(const ExampleText& text);
// How GoogleTest shows it.
void PrintTo(const ExampleText& text, std::ostream* out);

// The outcome of one example.
struct Outcome {
  std::vector<std::string> disagreements;  // also what is wrong with the example itself
  std::string updated;                     // the text with the annotations that would agree
  std::vector<Mark> marks;                 // compared findings
};
// Findings are compared of the rules the example's own directive names, which run whether or not
// `rules` has them, else of `text.rule`, else of all.
Outcome RunExample(const ExampleText& text, absl::Span<const Rule* const> rules);

// `rules/data_loss/drop_table.cc`, for `drop-table`.
std::string SourcePathOf(const Rule& rule);

// The blocks of the rule's documentation. Its lines count within the documentation.
std::vector<ExampleText> DocumentationExamples(const Rule& rule);
// The files of fixtures/rules/<id>/.
std::vector<ExampleText> RuleFixtures(absl::string_view id);
// Documentation and fixtures.
std::vector<ExampleText> ExamplesOf(const Rule& rule);
// The files of fixtures/histories/.
std::vector<ExampleText> HistoryFixtures();
// All of the above, of every rule.
std::vector<ExampleText> AllExamples();

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_EXAMPLE_H_
