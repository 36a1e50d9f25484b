#include "analyzer/checking/rerun.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"

namespace plimsoll {
namespace {

struct Missing {
  std::string words;             // `ADD COLUMN`; the statement's tag where that says enough
  const char* clause = nullptr;  // null: it is there, or the grammar has none
};

// The clause that PostgreSQL's grammar has for the action and the text leaves out.
Missing MissingClause(const Step& step, const History& history) {
  const std::string& tag = history.TagOf(step);
  // The condition stands around it.
  if (step.conditional) return {};
  const bool live = step.effects.StrongestLiveLock() != nullptr;
  const auto not_exists = [](const std::string& words, bool said, bool matters) {
    return Missing{words, said || !matters ? nullptr : "IF NOT EXISTS"};
  };
  const auto exists = [](const std::string& words, bool said, bool matters) {
    return Missing{words, said || !matters ? nullptr : "IF EXISTS"};
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    return not_exists(tag, create->if_not_exists,
                      create->persistence != Persistence::kTemporary && tag != "SELECT INTO");
  }
  if (const auto* create = step.As<action::CreateIndex>()) {
    // After a failed CONCURRENTLY, IF NOT EXISTS would be content with the invalid index; and an
    // index without a name is never found again.
    return not_exists(tag, create->if_not_exists,
                      live && !create->concurrently && !create->name.empty());
  }
  if (const auto* create = step.As<action::CreateView>()) {
    return not_exists(tag, create->if_not_exists, create->materialized);
  }
  if (const auto* create = step.As<action::CreateSchema>()) {
    // With elements, it has no such form (schemacmds.c).
    return not_exists(tag, create->if_not_exists,
                      step.within != nullptr || IsWholeStatement(history, step));
  }
  if (const auto* create = step.As<action::CreateSequence>()) {
    return not_exists(tag, create->if_not_exists, create->persistence != Persistence::kTemporary);
  }
  if (const auto* create = step.As<action::CreateExtension>()) {
    return not_exists(tag, create->if_not_exists, true);
  }
  if (const auto* add = step.As<action::AddColumn>()) {
    return not_exists("ADD COLUMN", add->if_not_exists, live);
  }
  if (const auto* drop = step.As<action::DropColumn>()) {
    return exists("DROP COLUMN", drop->if_exists, live);
  }
  if (const auto* drop = step.As<action::DropConstraint>()) {
    return exists("DROP CONSTRAINT", drop->if_exists, live);
  }
  if (const auto* drop = step.As<action::Drop>()) {
    // What locks no relation (a function, a type) may be anybody's.
    return exists(tag, drop->if_exists, live || step.effects.locks.empty());
  }
  return {};
}

// The clause in the text, behind the words that it belongs to.
std::optional<Edit> AddClause(const Step& step, const Missing& missing, const History& history) {
  std::string words = missing.words;
  const auto* drop = step.As<action::Drop>();
  if (drop != nullptr && drop->concurrently) absl::StrAppend(&words, " CONCURRENTLY");
  if (absl::StartsWith(words, "CREATE ")) {
    // Others may stand before it: CREATE UNLOGGED TABLE, CREATE UNIQUE INDEX.
    if (absl::EndsWith(words, " AS")) words.resize(words.size() - 3);
    words = words.substr(words.rfind(' ') + 1);
  }
  const std::optional<Edit> edit = InsertAfter(history, step, words, missing.clause);
  // COLUMN may be left out.
  if (edit || !absl::EndsWith(words, " COLUMN")) return edit;
  return InsertAfter(history, step, words.substr(0, words.find(' ')), missing.clause);
}

// The name of what a step makes, as far as DROP … IF EXISTS may have taken it away before.
std::string MadeName(const Step& step) {
  if (const auto* table = step.As<action::CreateTable>()) return table->table.name;
  if (const auto* index = step.As<action::CreateIndex>()) return index->name;
  if (const auto* sequence = step.As<action::CreateSequence>()) return sequence->sequence.name;
  if (const auto* schema = step.As<action::CreateSchema>()) return schema->name;
  return "";
}

// What the file takes away first, with IF EXISTS, is not in its way when it is run again.
class Dropped {
 public:
  void Follow(const Step& step) {
    if (step.migration != migration_) names_.clear();
    migration_ = step.migration;
    const auto* drop = step.As<action::Drop>();
    if (drop == nullptr || !drop->if_exists) return;
    for (const Name& name : drop->objects) names_.insert(name.name);
  }
  bool Holds(const std::string& name) const { return names_.contains(name); }

 private:
  absl::flat_hash_set<std::string> names_;
  uint32_t migration_ = 0;
};

}  // namespace

// A block that its runner sends as one message is done or not as a whole: what comes behind it may
// fail, and then the file is run again.
static bool IsFollowedMessage(const Step& step, const History& history) {
  const Migration& migration = history.migrations()[step.migration];
  const uint32_t block = history.StatementOf(step).block;
  if (migration.wrapping != Wrapping::kNone || block == 0) return false;
  const std::vector<Statement>& statements = migration.script->statements;
  for (auto s = static_cast<uint32_t>(statements.size()) - 1; s > step.statement; --s) {
    if (!history.StepsOf(step.migration, s).empty()) return statements[s].block != block;
  }
  return false;
}

bool LeavesHalfDone(const Step& step, const History& history) {
  if (history.TransactionOf(step).block) return IsFollowedMessage(step, history);
  const Script& script = *history.migrations()[step.migration].script;
  for (uint32_t s = 0; s < script.statements.size(); ++s) {
    if (s == step.statement) continue;
    for (const Step& other : history.StepsOf(step.migration, s)) {
      // A setting goes with its session.
      if (other.As<action::SetParameter>() == nullptr) return true;
    }
  }
  return false;
}

// Whether the migration is the first of several that follow a layout.
static bool BeginsHistory(const History& history, uint32_t migration) {
  const std::vector<Migration>& all = history.migrations();
  const bool several = migration == 0 && all.size() > 1 && !all[0].version.empty();
  return several && !all[1].down && !all[1].schema;
}

// By migration: whether it holds what PostgreSQL refuses in a transaction.
static std::vector<bool> NeedNoTransaction(const History& history) {
  std::vector<bool> need(history.migrations().size());
  for (const Step& step : history.steps()) {
    if (step.effects.forbidden_in_transaction) need[step.migration] = true;
  }
  return need;
}

void ReportMissingClauses(const History& history, bool half_done, const Reporter& report) {
  Dropped dropped;
  const std::vector<bool> need_none = NeedNoTransaction(history);
  for (const Step& step : history.steps()) {
    dropped.Follow(step);
    // The elements of CREATE SCHEMA stand and fall with it.
    const Step& first = history.StepsOf(step.migration, step.statement).front();
    const bool element = first.As<action::CreateSchema>() != nullptr && &first != &step;
    const Missing missing = element ? Missing() : MissingClause(step, history);
    if (missing.clause == nullptr || dropped.Holds(MadeName(step))) continue;
    // It fails already, or begins a history: whoever is half way through that can start over.
    if (step.effects.failure || BeginsHistory(history, step.migration)) continue;
    if (LeavesHalfDone(step, history) != half_done) continue;
    Complaint complaint = {.message = absl::StrCat(missing.words, " without ", missing.clause,
                                                   " fails when it is run again"),
                           .locks = std::vector<Lock>()};
    if (half_done && need_none[step.migration]) {
      complaint.help =
          "add the clause, or put what may stand in a transaction into a file that runs in one";
    }
    if (const std::optional<Edit> edit = AddClause(step, missing, history)) {
      complaint.fixes.push_back({.title = absl::StrCat("add ", missing.clause), .edits = {*edit}});
    }
    report(step, std::move(complaint));
  }
}

}  // namespace plimsoll
