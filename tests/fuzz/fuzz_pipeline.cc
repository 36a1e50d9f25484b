// The whole pipeline on arbitrary bytes: script, simulation, every rule, judgement, renderings. It
// must neither crash nor say what cannot be: a span outside its source, findings out of order, a
// message that is empty or not UTF-8.
//
// An input is SQL, cut into files at lines that start with `--- `, so every fixture is a seed. A
// first byte that no valid text starts with (0x80 to 0xBF) chooses the server version and the
// runner's transactions.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/check.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/checking/verdict.h"
#include "analyzer/syntax/body.h"
#include "analyzer/syntax/script.h"
#include "report/concise.h"
#include "report/effects.h"
#include "report/json.h"
#include "report/pretty.h"
#include "rules/registry.h"

namespace plimsoll {
namespace {

uint8_t ByteAt(absl::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

// The length of the UTF-8 sequence at `at`, 0 where there is none. Surrogates and overlong forms
// are none.
size_t SequenceAt(absl::string_view text, size_t at) {
  const uint8_t first = ByteAt(text, at);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((ByteAt(text, at + i) & 0xC0U) != 0x80U) return 0;
  }
  const uint8_t second = ByteAt(text, at + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
  return overlong || outside ? 0 : size;
}

bool IsUtf8(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = SequenceAt(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

Inputs InputsFrom(absl::string_view text) {
  Inputs inputs;
  Wrapping wrapping = Wrapping::kNone;
  if (!text.empty() && (ByteAt(text, 0) & 0xC0U) == 0x80U) {
    const size_t choice = ByteAt(text, 0) & 0x3FU;
    constexpr size_t kVersions = kNewestServer - kOldestServer + 1;
    inputs.server_version = kOldestServer + static_cast<int>(choice % kVersions);
    constexpr Wrapping kWrappings[] = {Wrapping::kNone, Wrapping::kFile, Wrapping::kAroundForbidden,
                                       Wrapping::kMessage};
    wrapping = kWrappings[choice / kVersions % std::size(kWrappings)];
    text.remove_prefix(1);
  }
  while (true) {
    const size_t cut = text.find("\n--- ");
    Migration migration;
    migration.script = std::make_shared<const Script>(
        ParseScript(std::make_shared<const Source>("fuzz.sql", std::string(text.substr(0, cut)))));
    migration.wrapping = migration.script->opts_out_of_transaction ? Wrapping::kNone : wrapping;
    inputs.migrations.push_back(std::move(migration));
    if (cut == absl::string_view::npos) return inputs;
    text.remove_prefix(cut + 1);
  }
}

void CheckSpan(Span span, const Source& source) {
  PLIMSOLL_CHECK(span.begin <= span.end);
  PLIMSOLL_CHECK(span.end <= source.text().size());
}

// What a body does stands within the statement that holds it, bodies within bodies too.
void CheckBody(const Action& action, Span statement) {
  const Body* body = nullptr;
  if (const auto* create = std::get_if<action::CreateFunction>(&action.kind)) {
    body = create->body.get();
    PLIMSOLL_CHECK(body != nullptr);
  } else if (const auto* block = std::get_if<action::DoBlock>(&action.kind)) {
    body = block->body.get();
    PLIMSOLL_CHECK(body != nullptr);
  }
  if (body == nullptr) return;
  for (const BodyStatement& inner : body->statements) {
    PLIMSOLL_CHECK(!inner.actions.empty());
    for (const Action& done : inner.actions) {
      CheckBody(done, statement);
      if (body->atomic) continue;
      PLIMSOLL_CHECK(done.span.begin <= done.span.end);
      PLIMSOLL_CHECK(done.span.begin >= statement.begin);
      PLIMSOLL_CHECK(done.span.end <= statement.end);
    }
  }
}

void CheckScript(const Script& script) {
  uint32_t reached = 0;
  for (const Statement& statement : script.statements) {
    CheckSpan(statement.span, *script.source);
    PLIMSOLL_CHECK(!statement.span.empty());
    PLIMSOLL_CHECK(statement.span.begin >= reached);
    reached = statement.span.end;
    PLIMSOLL_CHECK(statement.comments_begin <= statement.comments_end);
    PLIMSOLL_CHECK(statement.comments_end <= script.comments.size());
    PLIMSOLL_CHECK(!statement.problem || statement.actions.empty());
    if (statement.problem) CheckSpan(statement.problem->span, *script.source);
    for (const Action& action : statement.actions) {
      CheckSpan(action.span, *script.source);
      PLIMSOLL_CHECK(action.span.begin >= statement.span.begin);
      PLIMSOLL_CHECK(action.span.end <= statement.span.end);
      CheckBody(action, statement.span);
    }
  }
  for (const Comment& comment : script.comments) CheckSpan(comment.span, *script.source);
  for (const Problem& problem : script.problems) CheckSpan(problem.span, *script.source);
}

void CheckSteps(const History& history) {
  for (const Step& step : history.steps()) {
    PLIMSOLL_CHECK(step.action != nullptr);
    CheckSpan(step.span, history.SourceOf(step));
    PLIMSOLL_CHECK(step.transaction < history.transactions().size());
    for (const Lock& lock : step.effects.locks) PLIMSOLL_CHECK(!lock.relation.name.empty());
  }
}

bool InOrder(const Finding& a, const Finding& b) {
  if (a.migration != b.migration) return a.migration < b.migration;
  if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
  if (a.span.end != b.span.end) return a.span.end < b.span.end;
  return absl::string_view(a.rule->id) <= b.rule->id;
}

void CheckFindings(const Report& report) {
  const std::vector<Migration>& migrations = report.history.migrations();
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    PLIMSOLL_CHECK(finding.rule != nullptr);
    PLIMSOLL_CHECK(finding.migration < migrations.size());
    const Source& source = *migrations[finding.migration].script->source;
    CheckSpan(finding.span, source);
    for (const std::string* words : {&finding.message, &finding.why, &finding.help}) {
      PLIMSOLL_CHECK(!words->empty());
      PLIMSOLL_CHECK(IsUtf8(*words));
    }
    for (const Fix& fix : finding.fixes) {
      for (const Edit& edit : fix.edits) CheckSpan(edit.span, source);
    }
    PLIMSOLL_CHECK(i == 0 || InOrder(report.findings[i - 1], finding));
  }
  PLIMSOLL_CHECK(report.risks.size() == migrations.size());
  PLIMSOLL_CHECK(report.statement_risks.size() == migrations.size());
}

void Run(absl::string_view text) {
  Inputs inputs = InputsFrom(text);
  const int server_version = inputs.server_version;
  for (const Migration& migration : inputs.migrations) CheckScript(*migration.script);
  const Report report = Analyze(std::move(inputs), rules::All(), rules::kVocabulary);
  CheckSteps(report.history);
  CheckFindings(report);

  const Verdict verdict = Judge(report, {.refuse_unacknowledged_risk = true});
  for (const Refusal& refusal : verdict.refusals) {
    PLIMSOLL_CHECK(refusal.migration < report.history.migrations().size());
    PLIMSOLL_CHECK(!refusal.reason.empty());
  }

  const absl::Span<const Report> reports(&report, 1);
  PLIMSOLL_CHECK(IsUtf8(report::RenderJson(reports, server_version)));
  PLIMSOLL_CHECK(IsUtf8(report::RenderEffectsJson(reports, server_version)));
  PLIMSOLL_CHECK(IsUtf8(report::RenderPretty(reports, {.colour = true})));
  PLIMSOLL_CHECK(IsUtf8(report::RenderConcise(reports, false)));
}

}  // namespace
}  // namespace plimsoll

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  plimsoll::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
