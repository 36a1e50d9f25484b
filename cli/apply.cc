#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/checking/verdict.h"
#include "cli/commands.h"
#include "cli/database.h"
#include "cli/output.h"
#include "executor/plan.h"
#include "executor/run.h"
#include "report/terminal.h"
#include "rules/registry.h"

namespace plimsoll {
namespace {

struct ApplyOptions {
  DatabaseOptions database;
  bool dry_run = false;
  bool allow_missing = false;
  bool allow_out_of_order = false;
  int lock_timeout_ms = 5000;
  int wait_s = 60;
};

// What a comment has to name so that the risk of a refused statement is taken over, and where in
// the file the first finding points.
struct Cause {
  std::set<std::string> words;
  Span span;
};

Cause CauseOf(const Report& report, const Refusal& refusal, const Statement& statement) {
  Cause cause = {.words = {}, .span = statement.span};
  for (const Finding& finding : report.findings) {
    const bool here =
        finding.migration == refusal.migration && finding.statement == refusal.statement;
    if (!here || finding.risk == Risk::kSafe) continue;
    if (cause.words.empty()) cause.span = finding.span;
    cause.words.insert(finding.rule->id);
  }
  if (cause.words.empty()) {
    const RiskReason& risk = report.statement_risks[refusal.migration][refusal.statement];
    cause.words.insert(std::string(RiskName(risk.risk)));
  }
  return cause;
}

std::string DescribeRefusal(const Report& report, const Refusal& refusal) {
  const Script& script = *report.history.migrations()[refusal.migration].script;
  const Source& source = *script.source;
  if (refusal.statement >= script.statements.size()) {
    return absl::StrCat("\n", source.name(), ": ", refusal.reason);
  }
  const Cause cause = CauseOf(report, refusal, script.statements[refusal.statement]);
  const Position at = source.Locate(cause.span.begin);
  return absl::StrCat("\n", source.name(), ":", at.line, ":", at.column, ": ", refusal.reason,
                      "\n  ", at.line, " | ", source.Line(at.line),
                      "\n  to take the risk, write above the statement:", "\n  -- plimsoll:allow ",
                      absl::StrJoin(cause.words, ", "), " -- why it is acceptable here");
}

void PrintRefusals(const Report& report, const Verdict& verdict, const ApplyOptions& options) {
  std::set<uint32_t> migrations;
  for (const Refusal& refusal : verdict.refusals) migrations.insert(refusal.migration);
  PrintLines(absl::StrCat("refused: ", Count(migrations.size(), "pending migration"),
                          migrations.size() == 1 ? " does" : " do",
                          " not pass; nothing was applied"));
  for (const Refusal& refusal : verdict.refusals) PrintLines(DescribeRefusal(report, refusal));
  PrintLines(absl::StrCat("\n`plimsoll lint ", options.database.directory, "` shows the safe way"));
}

std::string DescribePlan(const Plan& plan, const Database& database) {
  std::vector<std::string> lines = {absl::StrCat("plan for ", database.description, ": ",
                                                 Count(plan.migrations.size(), "migration"),
                                                 ", nothing is applied")};
  for (const PlannedMigration& migration : plan.migrations) {
    lines.insert(lines.end(), {"", migration.file.id});
    for (const Batch& batch : migration.batches) {
      lines.emplace_back(batch.transactional ? "  in one transaction" : "  outside a transaction");
      for (const PlannedStatement& statement : batch.statements) {
        const Position at = statement.source->Locate(statement.span.begin);
        lines.push_back(
            absl::StrCat("    ", migration.file.path, ":", at.line, "  ", statement.tag));
      }
    }
  }
  for (std::string& line : lines) line = report::Printable(line);
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

// A line as the run goes; empty where there is nothing to say.
std::string DescribeEvent(const RunEvent& event) {
  const std::string id =
      event.migration == nullptr ? "" : absl::StrCat("  ", event.migration->file.id);
  switch (event.kind) {
    case RunEventKind::kWaiting:
      return absl::StrCat("waiting for another runner: ", event.text);
    case RunEventKind::kStarted:
      return "";
    case RunEventKind::kContinued:
      return absl::StrCat(id, " continues ", event.text);
    case RunEventKind::kIndexDropped:
      return absl::StrCat(id, ": dropped the invalid index ", event.text, " to build it anew");
    case RunEventKind::kIndexUnclear:
      return absl::StrCat(id, ": the index ", event.text,
                          " is invalid; if nobody is building it, run `DROP INDEX CONCURRENTLY ",
                          event.text, "`");
    case RunEventKind::kLeftoverDropped:
      return absl::StrCat(id, ": dropped the invalid index ", event.text,
                          " that the failed build left");
    case RunEventKind::kApplied:
      return absl::StrCat(id, "  ", event.milliseconds, " ms");
  }
  return "";
}

void PrintEvent(const RunEvent& event) {
  const std::string line = DescribeEvent(event);
  if (!line.empty()) PrintLines(line);
}

void PrintDetail(absl::string_view label, absl::string_view text) {
  if (!text.empty()) PrintErrorLines(absl::StrCat("  ", label, ": ", text));
}

constexpr char kLockNotAvailable[] = "55P03";
constexpr char kDuplicateTable[] = "42P07";

// Nothing is wrong with the file, and the same may succeed the next time: the connection was lost,
// the server went down, or another transaction was in the way.
bool MayPass(const RunFailure& failure) {
  static const auto& states =
      *new std::set<std::string>{kLockNotAvailable, "57P01", "57P02", "57P03", "40001", "40P01"};
  return failure.lost || states.contains(failure.error.sqlstate);
}

// What can be done about a failure, where more is known than the server says.
void PrintRemedies(const RunFailure& failure) {
  if (failure.error.sqlstate == kLockNotAvailable) {
    PrintDetail(
        "help",
        absl::StrCat("somebody holds a lock that this needs; try again, or allow it more "
                     "time with ",
                     failure.migration->sets_lock_timeout ? "the lock_timeout that the file sets"
                                                          : "--lock-timeout"));
  }
  const bool named = failure.statement != nullptr &&
                     failure.statement->concurrent_index.has_value() &&
                     !failure.statement->concurrent_index->index.empty();
  if (named && failure.error.sqlstate == kDuplicateTable) {
    PrintDetail("help", "if that is the index you mean, write IF NOT EXISTS");
  }
  for (const std::string& index : failure.invalid_indexes) {
    PrintDetail("help", absl::StrCat("the index ", index, " stays behind, invalid: ",
                                     named ? "apply again, which drops it first, or run "
                                           : "before you apply again, run ",
                                     "`DROP INDEX CONCURRENTLY ", index, "`"));
  }
}

// How much of the migration is in the database, and what comes next.
void PrintWhatStands(const RunFailure& failure) {
  const std::string& id = failure.migration->file.id;
  const uint32_t done = failure.statements_done;
  const bool again = MayPass(failure);
  if (failure.applied) return;  // the message says so
  if (failure.unknown) {
    PrintErrorLines(
        absl::StrCat("  whether ", id, " was applied is not known; `plimsoll status` will tell"));
  } else if (done == 0) {
    PrintErrorLines(absl::StrCat("  nothing of ", id, " was applied; ",
                                 again ? "apply again" : "correct it and apply again"));
  } else {
    PrintErrorLines(absl::StrCat("  ", Count(done, "statement"), " of ", id,
                                 done == 1 ? " stays applied; " : " stay applied; ",
                                 again ? "apply again" : "correct the rest and apply again"));
  }
}

int PrintFailure(const RunReport& report) {
  PrintError(report.message);
  const RunFailure& failure = *report.failure;
  if (failure.statement != nullptr) {
    PrintErrorLines(absl::StrCat("  ", failure.at.line, " | ",
                                 failure.statement->source->Line(failure.at.line)));
  }
  PrintDetail("detail", failure.error.detail);
  PrintDetail("hint", failure.error.hint);
  PrintDetail("SQLSTATE", failure.error.sqlstate);
  PrintRemedies(failure);
  PrintWhatStands(failure);
  return kExitMigrationFailed;
}

int PrintOutcome(const RunReport& report) {
  if (!report.applied.empty()) {
    PrintLines(absl::StrCat("applied ", Count(report.applied.size(), "migration")));
  }
  switch (report.outcome) {
    case Outcome::kApplied:
      return kExitClean;
    case Outcome::kNothingToDo:
      PrintLines("nothing to apply: another runner has done it");
      return kExitClean;
    case Outcome::kRefused:
      PrintError(report.message);
      return kExitFindings;
    case Outcome::kFailed:
      return PrintFailure(report);
    case Outcome::kDrifted:
      PrintError(report.message);
      return kExitDrift;
    case Outcome::kUnavailable:
      PrintError(report.message);
      return kExitFailure;
  }
  return kExitFailure;
}

int Complain(const absl::Status& status) {
  PrintError(status.message());
  return kExitFailure;
}

// The gate, the plan and the run of what is pending.
int ApplyPending(const ApplyOptions& options, const Database& database,
                 JournalComparison comparison) {
  const Report report =
      Analyze(std::move(comparison.inputs), rules::Defaults(), rules::kVocabulary);
  // Findings advise; what is risky or complex has to be taken over by somebody.
  const Verdict verdict =
      Judge(report, {.fail_on = std::nullopt, .refuse_unacknowledged_risk = true});
  const auto plan = MakePlan(report.history);
  if (!plan.ok()) {
    PrintError(plan.status().message());
    return kExitFindings;
  }
  if (!verdict.allowed()) {
    PrintRefusals(report, verdict, options);
    return kExitFindings;
  }
  if (options.dry_run) {
    return Deliver(DescribePlan(*plan, database), {}, kExitClean);
  }
  if (!plan->migrations.empty()) {
    PrintLines(absl::StrCat("applying ", Count(plan->migrations.size(), "migration"), " to ",
                            database.description));
  }
  return PrintOutcome(Run(
      *plan, verdict, [&database] { return Connect(database); },
      {.runner_patience = std::chrono::seconds(options.wait_s),
       .lock_timeout = std::chrono::milliseconds(options.lock_timeout_ms),
       .allow_missing_files = options.allow_missing,
       .allow_out_of_order = options.allow_out_of_order},
      PrintEvent));
}

bool HasPending(const JournalComparison& comparison) {
  for (const Migration& migration : comparison.inputs.migrations) {
    if (!migration.applied) return true;
  }
  return false;
}

int Apply(const ApplyOptions& options) {
  const auto database = OpenDatabase(options.database);
  if (!database.ok()) return Complain(database.status());
  auto connection = Connect(*database);
  if (!connection.ok()) return Complain(connection.status());
  auto comparison = CompareWith(options.database.directory, **connection);
  (*connection)->Close();
  if (!comparison.ok()) return Complain(comparison.status());
  for (const std::string& note : comparison->notes) PrintLines(absl::StrCat("note: ", note));
  const std::string drift = DescribeDrift(comparison->states, options.allow_missing);
  if (!drift.empty()) {
    PrintError(drift);
    return kExitDrift;
  }
  const std::string late = options.allow_out_of_order ? "" : DescribeOutOfOrder(comparison->states);
  if (!late.empty()) {
    PrintError(late);
    return kExitFindings;
  }
  if (!HasPending(*comparison)) {
    PrintLines(absl::StrCat("nothing to apply: ", database->description, " is up to date"));
    return kExitClean;
  }
  return ApplyPending(options, *database, *std::move(comparison));
}

}  // namespace

void RegisterApply(CLI::App& app, int* exit_code) {
  CLI::App* apply = app.add_subcommand("apply", "apply pending migrations that pass the analysis");
  const auto options = std::make_shared<ApplyOptions>();
  AddDatabaseOptions(*apply, &options->database);
  AddEphemeralOption(*apply, &options->database);
  apply->add_flag("--dry-run", options->dry_run, "print what would be sent, and change nothing");
  apply->add_flag("--allow-missing", options->allow_missing,
                  "go on where the file of an applied migration is gone");
  apply->add_flag("--allow-out-of-order", options->allow_out_of_order,
                  "apply pending migrations whose version is lower than the highest applied one");
  apply
      ->add_option("--lock-timeout", options->lock_timeout_ms,
                   "how long a statement may wait for a lock, in milliseconds")
      ->check(CLI::Range(1, 3'600'000))
      ->type_name("MS")
      ->capture_default_str();
  apply->add_option("--wait", options->wait_s, "how long to wait for another runner, in seconds")
      ->check(CLI::Range(0, 86'400))
      ->type_name("S")
      ->capture_default_str();
  apply->footer(
      "exit code: 0 applied or nothing to do, 1 refused (risk, order), 2 no connection or wrong "
      "usage,\n4 a migration failed, 5 an applied migration was changed or its file is gone");
  apply->callback([options, exit_code] { *exit_code = Apply(*options); });
}

}  // namespace plimsoll
