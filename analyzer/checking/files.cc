#include "analyzer/checking/files.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace plimsoll {

std::vector<uint32_t> UpsOf(const History& history) {
  std::vector<uint32_t> ups;
  for (uint32_t m = 0; m < history.migrations().size(); ++m) {
    const Migration& migration = history.migrations()[m];
    if (!migration.down && !migration.schema && !migration.stray) ups.push_back(m);
  }
  return ups;
}

std::string FileNameOf(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  const absl::string_view name = parts.back();
  const bool common = name == "up.sql" || name == "down.sql" || name == "migration.sql";
  return std::string(common && parts.size() > 1 ? parts[parts.size() - 2] : name);
}

std::string FileNameOf(const Migration& migration) {
  return FileNameOf(migration.script->source->name());
}

Complaint OfFile(const History& history, uint32_t migration, std::string message) {
  const absl::string_view text = history.migrations()[migration].script->source->text();
  const auto end = static_cast<uint32_t>(std::min(text.find('\n'), text.size()));
  return {.migration = migration,
          .statement = Complaint::kWholeFile,
          .span = {0, end},
          .message = std::move(message)};
}

static bool DoesSomething(const Statement& statement) {
  if (statement.actions.empty())
    return statement.problem || statement.form == StatementForm::kTemplate;
  return std::any_of(statement.actions.begin(), statement.actions.end(), [](const Action& action) {
    if (std::holds_alternative<action::Begin>(action.kind) ||
        std::holds_alternative<action::Commit>(action.kind) ||
        std::holds_alternative<action::SetParameter>(action.kind)) {
      return false;
    }
    const auto* modify = std::get_if<action::ModifyData>(&action.kind);
    // Whatever it calls may write.
    return modify == nullptr || !modify->writes.empty() || !modify->calls.empty();
  });
}

bool DoesSomething(const Script& script, Direction direction) {
  return std::any_of(script.statements.begin(), script.statements.end(),
                     [&](const Statement& statement) {
                       return statement.direction == direction && DoesSomething(statement);
                     });
}

// `-- Rollback:` with statements in the line comments below it, at the end of the file.
static bool TellsTheWayBack(const Script& script) {
  bool titled = false;
  uint32_t end = script.statements.empty() ? 0 : script.statements.back().span.end;
  for (const Comment& comment : script.comments) {
    if (comment.span.begin < end) continue;
    absl::string_view words = script.source->Text(comment.span);
    words = words.substr(std::min(words.find_first_not_of("-/* \t"), words.size()));
    if (titled && absl::EndsWith(absl::StripTrailingAsciiWhitespace(words), ";")) return true;
    titled = titled || absl::StartsWithIgnoreCase(words, "rollback");
  }
  return false;
}

std::vector<bool> Undone(const History& history) {
  std::vector<bool> undone(history.migrations().size(), false);
  for (size_t m = 0; m < undone.size(); ++m) {
    const Migration& migration = history.migrations()[m];
    const Script& script = *migration.script;
    if (migration.undoes) undone[*migration.undoes] = true;
    if (migration.down) continue;
    // Where nobody keeps downs, some that stand in comments make no custom.
    const bool kept = history.downs() != Downs::kNone || script.has_sections;
    if (!script.changesets.empty()) {
      undone[m] = DoesSomething(script, Direction::kDown) && LeftChangesets(script).empty();
      continue;
    }
    if (kept && DoesSomething(script, Direction::kDown)) undone[m] = true;
    if (kept && TellsTheWayBack(script)) undone[m] = true;
  }
  return undone;
}

static bool SaysIrreversible(absl::string_view comment) {
  comment = comment.substr(std::min(comment.find_first_not_of("-/* \t"), comment.size()));
  constexpr absl::string_view kWord = "irreversible:";
  return absl::StartsWithIgnoreCase(comment, kWord) &&
         !absl::StripAsciiWhitespace(comment.substr(kWord.size())).empty();
}

bool IsSaidToBeIrreversible(const Migration& migration) {
  const Script& script = *migration.script;
  return std::any_of(script.comments.begin(), script.comments.end(), [&](const Comment& comment) {
    return SaysIrreversible(script.source->Text(comment.span));
  });
}

std::vector<LeftChangeset> LeftChangesets(const Script& script) {
  struct Found {
    bool does = false;
    bool has_rollback = false;
    bool undone = false;
  };
  std::vector<Found> found(script.changesets.size() + 1);  // by Statement::changeset
  for (const Statement& statement : script.statements) {
    Found& own = found[statement.changeset];
    const bool does = DoesSomething(statement);
    own.has_rollback |= statement.direction == Direction::kDown;
    (statement.direction == Direction::kDown ? own.undone : own.does) |= does;
  }
  std::vector<LeftChangeset> left;
  size_t comment = 0;
  for (size_t c = 0; c < script.changesets.size(); ++c) {
    const Changeset& changeset = script.changesets[c];
    const uint32_t end = c + 1 < script.changesets.size()
                             ? script.changesets[c + 1].span.begin
                             : static_cast<uint32_t>(script.source->text().size());
    bool said = changeset.no_rollback && !changeset.no_rollback->empty();
    for (; comment < script.comments.size() && script.comments[comment].span.begin < end;
         ++comment) {
      const Span span = script.comments[comment].span;
      if (span.begin < changeset.span.begin) continue;
      said = said || SaysIrreversible(script.source->Text(span));
    }
    const Found& own = found[c + 1];
    if (!own.does || own.undone || said) continue;
    left.push_back({&changeset, own.has_rollback || changeset.no_rollback.has_value()});
  }
  return left;
}

VersionKind KindOf(absl::string_view version) {
  const bool digits = !version.empty() && std::all_of(version.begin(), version.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!digits) return VersionKind::kNone;
  const bool century = absl::StartsWith(version, "19") || absl::StartsWith(version, "20");
  if (century && version.size() == 14) return VersionKind::kTimestamp;
  const bool date = century && version.size() == 8 && version.substr(4, 2) >= "01" &&
                    version.substr(4, 2) <= "12" && version.substr(6, 2) >= "01" &&
                    version.substr(6, 2) <= "31";
  return date ? VersionKind::kDate : VersionKind::kNumber;
}

}  // namespace plimsoll
