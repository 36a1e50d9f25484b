#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "report/effects.h"
#include "server/convert.h"
#include "server/handlers/handlers.h"
#include "server/markdown.h"
#include "server/params.h"

// What the statement under the cursor does to a live database.

namespace plimsoll::server {
namespace {

// The statement that holds `byte`, its semicolon's place included.
std::optional<uint32_t> StatementAt(const Script& script, uint32_t byte) {
  for (uint32_t s = 0; s < script.statements.size(); ++s) {
    const Span span = script.statements[s].span;
    if (span.begin <= byte && byte <= span.end) return s;
    if (span.begin > byte) break;
  }
  return std::nullopt;
}

std::string Heading(const Statement& statement, const RiskReason& risk) {
  std::string heading =
      absl::StrCat("**", MarkdownText(statement.tag.empty() ? "statement" : statement.tag),
                   "**: ", RiskName(risk.risk));
  if (!risk.reason.empty()) absl::StrAppend(&heading, ", ", MarkdownText(risk.reason));
  if (risk.acknowledged) absl::StrAppend(&heading, " (acknowledged)");
  return heading;
}

std::string LockLine(const Lock& lock) {
  std::string line =
      absl::StrCat("- ", LockModeName(lock.mode), " on ", MarkdownCode(lock.relation.name));
  if (lock.relation.created_here) {
    absl::StrAppend(&line, ", created here: nobody waits for it");
  } else {
    absl::StrAppend(&line, " blocks ", WhatItBlocks(lock.mode));
  }
  return line;
}

void AppendList(absl::string_view title, const std::vector<std::string>& lines,
                std::vector<std::string>* parts) {
  if (lines.empty()) return;
  parts->push_back(absl::StrCat(title, "\n\n", absl::StrJoin(lines, "\n")));
}

// A rewrite reads its table too; that goes without saying.
std::vector<std::string> WorkLines(const report::StatementEffects& effects) {
  std::vector<std::string> lines;
  for (const std::string& name : effects.rewrites) {
    lines.push_back(absl::StrCat("- rewrites ", MarkdownCode(name)));
  }
  for (const std::string& name : effects.scans) {
    if (std::find(effects.rewrites.begin(), effects.rewrites.end(), name) ==
        effects.rewrites.end()) {
      lines.push_back(absl::StrCat("- reads every row of ", MarkdownCode(name)));
    }
  }
  for (const std::string& name : effects.index_builds) {
    lines.push_back(absl::StrCat("- builds the index ", MarkdownCode(name)));
  }
  return lines;
}

// Why nothing is claimed about a statement; empty where something is.
std::string WhyNoClaim(const Migration& migration, const Statement& statement, bool modelled) {
  if (statement.problem.has_value()) {
    return absl::StrCat("PostgreSQL would reject it: ", MarkdownText(statement.problem->message));
  }
  if (statement.form == StatementForm::kMetaCommand) return "a command of psql's, not SQL";
  if (statement.form == StatementForm::kTemplate) {
    return "not SQL until its placeholders are filled in";
  }
  if (migration.down || statement.direction == Direction::kDown) {
    return "it undoes a migration, and is not run with the others";
  }
  return modelled ? "" : "Plimsoll does not model it and claims nothing about it";
}

std::string Describe(const Report& report, uint32_t migration, uint32_t index) {
  const Migration& file = report.history.migrations()[migration];
  const Statement& statement = file.script->statements[index];
  const report::StatementEffects effects = report::SumEffects(report.history, migration, index);
  const std::string no_claim = WhyNoClaim(file, statement, effects.modelled);
  if (!no_claim.empty()) {
    return absl::StrCat("**", MarkdownText(statement.tag.empty() ? "statement" : statement.tag),
                        "**: ", no_claim);
  }
  const RiskReason& risk = report.statement_risks[migration][index];
  std::vector<std::string> parts = {Heading(statement, risk)};
  // Often that it fails is the risk itself.
  if (effects.failure.has_value() && !absl::StrContains(risk.reason, effects.failure->message)) {
    parts.push_back(absl::StrCat("It fails: ", MarkdownText(effects.failure->message),
                                 " (SQLSTATE ", MarkdownText(effects.failure->sqlstate), ")"));
  }
  std::vector<std::string> locks;
  for (const Lock& lock : effects.locks) locks.push_back(LockLine(lock));
  AppendList("Locks:", locks, &parts);
  AppendList("Work:", WorkLines(effects), &parts);
  if (effects.forbidden_in_transaction) {
    parts.push_back("PostgreSQL refuses it inside a transaction");
  }
  return absl::StrJoin(parts, "\n\n");
}

}  // namespace

void AddHover(Session& session) {
  session.dispatcher.OnRequest(
      "textDocument/hover", [&session](const Json& params, Json* result) -> std::optional<Fault> {
        const auto uri = TextParam(params, {"textDocument", "uri"});
        const auto place = PlaceParam(params, {"position"});
        if (!uri.has_value() || !place.has_value()) {
          return Fault{kInvalidParams, "a hover needs a document's `uri` and a `position`"};
        }
        const Document* document = session.documents.Find(*uri);
        if (document == nullptr || document->report == nullptr) return std::nullopt;
        Utf16Index index(document->text());
        const auto statement = StatementAt(*document->script, index.Byte(*place));
        if (!statement.has_value()) return std::nullopt;
        const std::string text = Describe(*document->report, document->migration, *statement);
        *result = {{"contents", {{"kind", "markdown"}, {"value", text}}},
                   {"range", RangeJson(index, document->script->statements[*statement].span)}};
        return std::nullopt;
      });
}

}  // namespace plimsoll::server
