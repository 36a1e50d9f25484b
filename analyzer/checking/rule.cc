#include "analyzer/checking/rule.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace plimsoll {

absl::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

absl::string_view RiskName(Risk risk) {
  switch (risk) {
    case Risk::kSafe:
      return "safe";
    case Risk::kRisky:
      return "risky";
    case Risk::kComplex:
      return "complex";
  }
  return "complex";
}

absl::string_view FamilyName(Family family) {
  switch (family) {
    case Family::kSyntax:
      return "syntax";
    case Family::kLocking:
      return "locking";
    case Family::kRewriting:
      return "rewriting";
    case Family::kDataLoss:
      return "data-loss";
    case Family::kCompatibility:
      return "compatibility";
    case Family::kFailure:
      return "failure";
    case Family::kTransaction:
      return "transaction";
    case Family::kTimeouts:
      return "timeouts";
    case Family::kIdempotency:
      return "idempotency";
    case Family::kSecurity:
      return "security";
    case Family::kPerformance:
      return "performance";
    case Family::kDesign:
      return "design";
    case Family::kNaming:
      return "naming";
    case Family::kHistory:
      return "history";
    case Family::kAllowances:
      return "allowances";
  }
  return "";
}

absl::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kExpand:
      return "expand";
    case Stage::kBackfill:
      return "backfill";
    case Stage::kSwitch:
      return "switch";
    case Stage::kContract:
      return "contract";
  }
  return "";
}

void JoinFollowing(absl::Span<const std::string> more, std::vector<std::string>& following) {
  if (following.size() < more.size()) following.resize(more.size());
  for (size_t i = 0; i < more.size(); ++i) following[i] += more[i];
}

void Reporter::operator()(const Step& step, Complaint complaint) const {
  complaint.migration = step.migration;
  complaint.statement = step.statement;
  complaint.within = step.within;
  if (complaint.span.empty()) complaint.span = step.span;
  if (!complaint.locks) {
    complaint.locks.emplace();
    for (const Lock& lock : step.effects.locks) {
      if (lock.relation.live) complaint.locks->push_back(lock);
    }
  }
  sink_(std::move(complaint));
}

bool IsOfGrammar(const Failure& failure) {
  return failure.sqlstate == "42601" && absl::StartsWith(failure.message, "syntax error");
}

std::string Quoted(absl::string_view name) { return absl::StrCat("`", name, "`"); }

std::string BlockingWords(const Step& step) {
  const Lock* lock = step.effects.StrongestLiveLock();
  if (lock == nullptr || !BlocksWrites(lock->mode)) return "";
  return absl::StrCat(LockModeName(lock->mode), " on ", Quoted(lock->relation.name), " blocks ",
                      WhatItBlocks(lock->mode));
}

std::string BlockingWords(const Step& step, const History& history) {
  const Lock* own = step.effects.StrongestLiveLock();
  if (own == nullptr) return "";
  const Lock* strongest = own;
  for (const Lock& held : history.HeldBefore(step)) {
    if (held.relation.id == own->relation.id && held.mode > strongest->mode) strongest = &held;
  }
  if (strongest == own) return BlockingWords(step);
  return absl::StrCat(LockModeName(strongest->mode), " on ", Quoted(strongest->relation.name),
                      ", held already, blocks ", WhatItBlocks(strongest->mode));
}

std::vector<bool> WorkFollows(const History& history) {
  const std::vector<Step>& steps = history.steps();
  const auto works = [](const Step& step) {
    const bool long_work = absl::c_any_of(
        step.effects.work, [](const Work& work) { return work.relation.live && !work.shell; });
    const auto* modify = step.As<action::ModifyData>();
    if (long_work || modify == nullptr || modify->planned_only) return long_work;
    // Rows that stand in the statement are few.
    const bool listed = !modify->copies_in && modify->reads.empty();
    const bool changes = absl::c_any_of(modify->writes, [&](const action::Write& write) {
      return write.verb != action::DataVerb::kInsert || !listed;
    });
    return changes && step.effects.StrongestLiveLock() != nullptr;
  };
  std::vector<bool> follows(steps.size());
  for (size_t i = steps.size(); i > 1; --i) {
    const Step& next = steps[i - 1];
    const Step& step = steps[i - 2];
    follows[i - 2] = step.transaction == next.transaction && (follows[i - 1] || works(next));
  }
  return follows;
}

// The reader of the settings has seen to it that values are what the option takes.
std::string TextOption(const History& history, const Rule& rule, absl::string_view option) {
  const auto set = history.options().find(absl::StrCat(rule.id, ".", option));
  if (set != history.options().end()) return set->second;
  for (const RuleOption& known : rule.options) {
    if (option == known.name) return known.preset;
  }
  return "";
}

int64_t NumberOption(const History& history, const Rule& rule, absl::string_view option) {
  int64_t number = 0;
  const bool read = absl::SimpleAtoi(TextOption(history, rule, option), &number);
  return read ? number : 0;
}

bool SwitchOption(const History& history, const Rule& rule, absl::string_view option) {
  return TextOption(history, rule, option) == "true";
}

std::vector<std::string> TextsOption(const History& history, const Rule& rule,
                                     absl::string_view option) {
  std::vector<std::string> texts;
  // A project's own list ends each element with a line feed: texts may hold commas.
  const std::string list = TextOption(history, rule, option);
  const char separator = absl::StrContains(list, '\n') ? '\n' : ',';
  for (const absl::string_view text : absl::StrSplit(list, separator)) {
    const absl::string_view bare = absl::StripAsciiWhitespace(text);
    if (!bare.empty()) texts.emplace_back(bare);
  }
  return texts;
}

}  // namespace plimsoll
