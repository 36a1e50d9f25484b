#include "tests/support/example.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "rules/registry.h"
#include "tests/support/source_tree.h"
#include "tests/support/temporary_folder.h"
#include "workspace/load.h"

namespace plimsoll::testing_support {
namespace {

constexpr int64_t kExamplesNow = 1'767'225'600;  // 2026-01-01

// Moves a place behind all text of its line (the end of the file, a blank line) to the end of the
// nearest text above: that is where people look, and carets need a line to stand below.
uint32_t ToVisiblePlace(const Source& source, uint32_t byte) {
  const absl::string_view text = source.text();
  const Position position = source.Locate(byte);
  const absl::string_view line = source.Line(position.line);
  if (line.find_first_not_of(" \t\r") != absl::string_view::npos) return byte;
  const size_t last = text.substr(0, byte).find_last_not_of(" \t\r\n");
  return last == absl::string_view::npos ? byte : static_cast<uint32_t>(last + 1);
}

Mark MarkOf(const Finding& finding, const Source& source) {
  const uint32_t begin = ToVisiblePlace(source, finding.span.begin);
  const uint32_t end = std::max(begin, finding.span.end);
  const Position first = source.Locate(begin);
  const Position last = source.Locate(end);
  Mark mark;
  mark.file = finding.migration;
  mark.line = first.line;
  mark.column = first.column;
  mark.continues = last.line > first.line;
  uint32_t end_column = last.column;
  if (mark.continues) {
    // Up to the last printing character of the line.
    const absl::string_view line = source.Line(first.line);
    const size_t printing = line.find_last_not_of(" \t\r");
    const uint32_t line_end = source.LineStart(first.line) + static_cast<uint32_t>(printing + 1);
    end_column = source.Locate(line_end).column;
  }
  mark.length = end_column > first.column ? end_column - first.column : 1;
  mark.rule = finding.rule->id;
  mark.text = finding.message;
  return mark;
}

std::vector<ExampleText> FixturesIn(absl::string_view folder, absl::string_view rule) {
  std::vector<ExampleText> texts;
  for (const std::string& path : ListTreeFiles(folder, {".sql"})) {
    texts.push_back(
        {.path = path, .line = 1, .text = ReadTreeFile(path), .rule = std::string(rule)});
  }
  return texts;
}

// The marks of files that were found on disk count those files in the order of the example.
void CountAsListed(const Example& example, const History& history, std::vector<Mark>& marks) {
  for (Mark& mark : marks) {
    const std::string& path = history.migrations()[mark.file].script->source->name();
    for (uint32_t i = 0; i < example.files.size(); ++i) {
      if (path == example.files[i].name) mark.file = i;
    }
  }
}

void Append(std::vector<ExampleText> from, std::vector<ExampleText>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

// The files on disk, as they are found there.
static Inputs LaidOut(const Example& example) {
  const TemporaryFolder folder;
  for (const ExampleFile& file : example.files) folder.Write(file.name, file.text);
  absl::StatusOr<std::vector<Project>> projects =
      Load({.paths = {folder.path()}, .server_version = example.server_version});
  if (!projects.ok() || projects->size() != 1) {
    ADD_FAILURE() << "no project is found: " << projects.status();
    return {};
  }
  Project& project = projects->front();
  EXPECT_EQ(LayoutName(project.layout), example.layout);
  // Under the names that the example gives them: those of the folder are never the same.
  for (Migration& migration : project.inputs.migrations) {
    const Source& source = *migration.script->source;
    std::string name = source.name().substr(folder.path().size() + 1);
    migration.script = std::make_shared<const Script>(
        ParseScript(std::make_shared<const Source>(std::move(name), std::string(source.text()))));
  }
  project.inputs.now = kExamplesNow;
  return std::move(project.inputs);
}

static Inputs Listed(const Example& example) {
  Inputs inputs;
  inputs.server_version = example.server_version;
  for (const ExampleFile& file : example.files) {
    Migration migration;
    migration.script = std::make_shared<const Script>(
        ParseScript(std::make_shared<const Source>(file.name, file.text)));
    migration.wrapping =
        migration.script->opts_out_of_transaction ? Wrapping::kNone : example.wrapping;
    migration.down_wrapping =
        migration.script->down_opts_out_of_transaction ? Wrapping::kNone : example.wrapping;
    migration.outside = example.outside;
    migration.down = absl::StrContains(file.name, ".down.");
    inputs.migrations.push_back(std::move(migration));
  }
  return inputs;
}

Inputs InputsOf(const Example& example) {
  Inputs inputs = example.layout.empty() ? Listed(example) : LaidOut(example);
  inputs.options = example.options;
  inputs.rows = example.rows;
  inputs.take_back = true;
  return inputs;
}

std::vector<const Rule*> RulesOf(const Example& example, const Rule& rule) {
  std::vector<const Rule*> rules = {&rule};
  for (const std::string& id : example.rules) {
    const Rule* named = rules::Find(id);
    if (named != nullptr && named != &rule) rules.push_back(named);
  }
  return rules;
}

std::vector<Mark> MarksOf(const Report& report, const std::vector<std::string>& ids) {
  const bool all = std::find(ids.begin(), ids.end(), "all") != ids.end();
  std::vector<Mark> marks;
  for (const Finding& finding : report.findings) {
    if (!all && std::find(ids.begin(), ids.end(), finding.rule->id) == ids.end()) continue;
    marks.push_back(
        MarkOf(finding, *report.history.migrations()[finding.migration].script->source));
  }
  return marks;
}

std::string WhereOf(const ExampleText& text) {
  if (text.line == 1) return text.path;
  return absl::StrCat(text.path, " (block from line ", text.line,
                      absl::EndsWith(text.path, ".cc") ? " of the documentation)" : ")");
}

void PrintTo(const ExampleText& text, std::ostream* out) { *out << WhereOf(text); }

Outcome RunExample(const ExampleText& text, absl::Span<const Rule* const> rules) {
  Outcome outcome;
  const size_t slash = text.path.rfind('/');
  const bool sql = absl::EndsWith(text.path, ".sql");
  const absl::StatusOr<Example> example =
      ParseExample(text.text, sql ? text.path.substr(slash + 1) : "migration.sql");
  if (!example.ok()) {
    outcome.updated = text.text;
    outcome.disagreements.push_back(absl::StrCat(WhereOf(text), ": ", example.status().message()));
    return outcome;
  }
  std::vector<std::string> ids = example->rules;
  if (ids.empty()) ids.push_back(text.rule.empty() ? "all" : text.rule);
  for (const std::string& id : ids) {
    if (id == "all" || rules::Find(id) != nullptr) continue;
    outcome.disagreements.push_back(
        absl::StrCat(WhereOf(text), ": `rules` names `", id, "`, which is no rule"));
  }
  // `all` are those that a user meets without asking.
  std::vector<const Rule*> asked(rules.begin(), rules.end());
  if (std::find(ids.begin(), ids.end(), "all") != ids.end()) {
    asked.erase(
        std::remove_if(asked.begin(), asked.end(), [](const Rule* rule) { return rule->opt_in; }),
        asked.end());
  }
  for (const std::string& id : ids) {
    const Rule* named = rules::Find(id);
    const bool runs =
        std::any_of(asked.begin(), asked.end(), [&](const Rule* rule) { return rule->id == id; });
    if (named != nullptr && !runs) asked.push_back(named);
  }
  const Report report = Analyze(InputsOf(*example), asked, rules::kVocabulary);
  outcome.marks = MarksOf(report, ids);
  if (!example->layout.empty()) CountAsListed(*example, report.history, outcome.marks);
  outcome.updated = WithMarks(*example, outcome.marks);
  for (std::string& disagreement : Disagreements(*example, outcome.marks, WhereOf(text))) {
    outcome.disagreements.push_back(std::move(disagreement));
  }
  return outcome;
}

std::string SourcePathOf(const Rule& rule) {
  return absl::StrCat(
      "rules/",
      absl::StrReplaceAll(absl::StrCat(FamilyName(rule.family), "/", rule.id), {{"-", "_"}}),
      ".cc");
}

std::vector<ExampleText> DocumentationExamples(const Rule& rule) {
  const absl::string_view docs = rule.docs;
  std::vector<ExampleText> texts;
  for (const MarkdownBlock& block : SqlBlocks(docs)) {
    texts.push_back({.path = SourcePathOf(rule),
                     .line = block.line,
                     .text = std::string(docs.substr(block.begin, block.end - block.begin)),
                     .rule = rule.id});
  }
  return texts;
}

std::vector<ExampleText> RuleFixtures(absl::string_view id) {
  return FixturesIn(absl::StrCat("fixtures/rules/", id), id);
}

std::vector<ExampleText> ExamplesOf(const Rule& rule) {
  std::vector<ExampleText> texts = DocumentationExamples(rule);
  Append(RuleFixtures(rule.id), texts);
  return texts;
}

std::vector<ExampleText> HistoryFixtures() { return FixturesIn("fixtures/histories", ""); }

std::vector<ExampleText> AllExamples() {
  std::vector<ExampleText> texts;
  for (const Rule* rule : rules::All()) Append(ExamplesOf(*rule), texts);
  Append(HistoryFixtures(), texts);
  return texts;
}

}  // namespace plimsoll::testing_support
