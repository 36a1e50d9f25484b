#include "executor/plan.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/digest.h"
#include "analyzer/checking/verdict.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kNotFilledIn = "a template that was not filled in is not SQL";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The part of a path that holds the version.
absl::string_view VersionedName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  const absl::string_view base = slash == absl::string_view::npos ? path : path.substr(slash + 1);
  if (slash == absl::string_view::npos || (base != "migration.sql" && base != "up.sql")) {
    return absl::StripSuffix(absl::StripSuffix(base, ".sql"), ".up");
  }
  const absl::string_view folder = path.substr(0, slash);
  const size_t above = folder.rfind('/');
  return above == absl::string_view::npos ? folder : folder.substr(above + 1);
}

absl::Status NoVersion(absl::string_view path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot tell the version of \"", path, "\": ", why));
}

template <typename T>
const T* As(const Action& action) {
  return std::get_if<T>(&action.kind);
}

// The statement's only action, where it is a T.
template <typename T>
const T* Sole(const Statement& statement) {
  return statement.actions.size() == 1 ? As<T>(statement.actions.front()) : nullptr;
}

// Makes the batches of one migration.
class Batcher {
 public:
  Batcher(const History& history, const MigrationFile& file)
      : history_(history),
        migration_(history.migrations()[file.migration]),
        script_(*migration_.script) {
    planned_.file = file;
  }

  PlannedMigration Make() {
    for (const Problem& problem : script_.problems) Complain(problem.span, problem.message);
    for (uint32_t i = 0; i < script_.statements.size(); ++i) {
      const Statement& statement = script_.statements[i];
      if (statement.direction == Direction::kUp && Sendable(statement)) Add(i);
    }
    if (block_.has_value()) Complain(*block_, "this BEGIN has no COMMIT");
    Close();
    return std::move(planned_);
  }

  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void Complain(Span span, absl::string_view what) {
    const Source& source = *script_.source;
    const Position at = source.Locate(span.begin);
    complaints_.push_back(absl::StrCat(source.name(), ":", at.line, ":", at.column, ": ", what));
  }

  bool Sendable(const Statement& statement) {
    switch (statement.form) {
      case StatementForm::kMetaCommand:
        Complain(statement.span, "a psql meta-command; only SQL can be sent to a server");
        return false;
      case StatementForm::kTemplate:
        Complain(statement.span, kNotFilledIn);
        return false;
      case StatementForm::kSql:
        break;
    }
    if (statement.problem.has_value()) {
      Complain(statement.problem->span, statement.problem->message);
      return false;
    }
    if (!IsSqlAsItStands(script_, statement)) {
      Complain(statement.span, kNotFilledIn);
      return false;
    }
    return true;
  }

  void Add(uint32_t index) {
    const Statement& statement = script_.statements[index];
    if (Sole<action::Begin>(statement) != nullptr) return Begin(statement);
    if (const auto* commit = Sole<action::Commit>(statement)) return Commit(statement, *commit);
    if (Sole<action::Rollback>(statement) != nullptr) {
      return Complain(statement.span, "this ROLLBACK would undo the migration");
    }
    PlannedStatement planned = Describe(index);
    const bool forbidden = Forbidden(index);
    if (block_.has_value() && forbidden) {
      return Complain(statement.span, absl::StrCat(statement.tag,
                                                   " cannot run inside the "
                                                   "transaction that the file's BEGIN opens"));
    }
    if (!block_.has_value() && (forbidden || migration_.wrapping == Wrapping::kNone)) {
      Close();
      open_.transactional = false;
      open_.statements.push_back(std::move(planned));
      return Close();
    }
    open_.statements.push_back(std::move(planned));
  }

  void Begin(const Statement& statement) {
    if (block_.has_value()) return;  // PostgreSQL warns of a second one and goes on
    Close();
    block_ = statement.span;
    open_.begin = std::string(script_.source->Text(statement.span));
  }

  void Commit(const Statement& statement, const action::Commit& commit) {
    if (!block_.has_value()) return Complain(statement.span, "this COMMIT has no BEGIN");
    const std::string begin = open_.begin;
    Close();
    if (commit.chain) {
      open_.begin = begin;
    } else {
      block_.reset();
    }
  }

  void Close() {
    if (!open_.statements.empty()) planned_.batches.push_back(std::move(open_));
    open_ = Batch();
  }

  bool Forbidden(uint32_t index) const {
    for (const Step& step : history_.StepsOf(planned_.file.migration, index)) {
      if (step.effects.forbidden_in_transaction) return true;
    }
    return false;
  }

  PlannedStatement Describe(uint32_t index) {
    const Statement& statement = script_.statements[index];
    PlannedStatement planned{.statement = index,
                             .source = script_.source,
                             .span = statement.span,
                             .copy_data = statement.copy_data,
                             .tag = statement.tag};
    if (const auto* set = Sole<action::SetParameter>(statement)) {
      planned.sets_session = !set->local;
      if (set->name == "lock_timeout") planned_.sets_lock_timeout = true;
    }
    if (const auto* create = Sole<action::CreateIndex>(statement)) {
      planned.waits_by_design = create->concurrently;
      if (create->concurrently) {
        planned.concurrent_index = {.table = create->table, .index = create->name};
      }
    }
    if (const auto* drop = Sole<action::Drop>(statement)) {
      planned.waits_by_design = drop->concurrently;
    }
    if (const auto* maintain = Sole<action::Maintain>(statement)) {
      planned.waits_by_design = maintain->concurrently;
    }
    if (const auto* detach = Sole<action::DetachPartition>(statement)) {
      planned.waits_by_design = detach->concurrently;
    }
    return planned;
  }

  const History& history_;
  const Migration& migration_;
  const Script& script_;
  PlannedMigration planned_;
  Batch open_;
  std::optional<Span> block_;  // the author's BEGIN, while it is open
  std::vector<std::string> complaints_;
};

}  // namespace

absl::StatusOr<MigrationFile> ParseMigrationPath(absl::string_view path) {
  absl::string_view rest = VersionedName(path);
  const bool flyway = rest.size() > 1 && rest[0] == 'V' && IsDigit(rest[1]);
  if (flyway) rest.remove_prefix(1);
  size_t digits = 0;
  while (digits < rest.size() && IsDigit(rest[digits])) ++digits;
  if (digits == 0) {
    return NoVersion(path, "its name does not begin with a number, as `001_create_users.sql` does");
  }
  MigrationFile file{.path = std::string(path)};
  const absl::string_view version = rest.substr(0, digits);
  rest.remove_prefix(digits);
  const bool dotted =
      flyway && rest.size() > 1 && IsDigit(rest[1]) && (rest[0] == '.' || rest[0] == '_');
  if (dotted) return NoVersion(path, "the history table holds whole numbers only");
  if (!absl::SimpleAtoi(version, &file.version)) {
    return NoVersion(path, absl::StrCat("the number ", version, " is too large"));
  }
  while (!rest.empty() && (rest[0] == '_' || rest[0] == '-' || rest[0] == '.' || rest[0] == ' ')) {
    rest.remove_prefix(1);
  }
  file.name = rest.empty() ? std::string(version) : std::string(rest);
  file.id = rest.empty() ? std::string(version) : absl::StrCat(version, "_", rest);
  return file;
}

std::string Checksum(absl::string_view text) {
  return absl::StrCat("sha256:", Sha256Hex(PortableText(text)));
}

absl::StatusOr<std::vector<MigrationFile>> IdentifyFiles(absl::Span<const Migration> migrations) {
  std::vector<MigrationFile> files;
  std::map<int64_t, std::string> paths;
  for (uint32_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].down) continue;
    const Source& source = *migrations[i].script->source;
    auto file = ParseMigrationPath(source.name());
    if (!file.ok()) return file.status();
    const auto [other, added] = paths.emplace(file->version, file->path);
    if (!added) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", other->second, "\" and \"", file->path, "\" have the same version ", file->version,
          ": the history table holds one migration a version, so give one of them another"));
    }
    file->migration = i;
    file->checksum = Checksum(source.text());
    files.push_back(*std::move(file));
  }
  return files;
}

uint32_t PlannedMigration::statement_count() const {
  size_t count = 0;
  for (const Batch& batch : batches) count += batch.statements.size();
  return static_cast<uint32_t>(count);
}

absl::StatusOr<Plan> MakePlan(const History& history) {
  auto files = IdentifyFiles(history.migrations());
  if (!files.ok()) return files.status();
  Plan plan{.files = *std::move(files), .fingerprint = Fingerprint(history.migrations())};
  std::vector<std::string> complaints;
  for (const MigrationFile& file : plan.files) {
    if (history.migrations()[file.migration].applied) continue;
    Batcher batcher(history, file);
    plan.migrations.push_back(batcher.Make());
    complaints.insert(complaints.end(), batcher.complaints().begin(), batcher.complaints().end());
  }
  if (!complaints.empty()) return absl::InvalidArgumentError(absl::StrJoin(complaints, "\n"));
  return plan;
}

std::string PrefixDigest(const PlannedMigration& migration, uint32_t count) {
  std::string text;
  for (const Batch& batch : migration.batches) {
    for (const PlannedStatement& statement : batch.statements) {
      if (count == 0) return Sha256Hex(text);
      --count;
      // A byte that no statement holds stands between them.
      absl::StrAppend(&text, absl::StrReplaceAll(statement.sql(), {{"\r\n", "\n"}}),
                      absl::string_view("\0", 1));
    }
  }
  return Sha256Hex(text);
}

}  // namespace plimsoll
