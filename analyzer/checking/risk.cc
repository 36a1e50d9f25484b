#include "analyzer/checking/risk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/size.h"

namespace plimsoll {
namespace {

std::string Quoted(const Affected& relation) { return absl::StrCat("`", relation.name, "`"); }

void Raise(RiskReason& worst, Risk risk, std::string reason) {
  if (risk > worst.risk) worst = {.risk = risk, .reason = std::move(reason)};
}

std::string WorkWords(const Work& work) {
  const absl::string_view may = work.possible ? "may " : "";
  switch (work.kind) {
    case WorkKind::kScan:
      return absl::StrCat(work.possible ? "may read" : "reads", " every row of ",
                          Quoted(work.relation));
    case WorkKind::kRewrite:
      return absl::StrCat(may, work.possible ? "rewrite " : "rewrites ", Quoted(work.relation));
    case WorkKind::kIndexBuild:
      return absl::StrCat("builds index `", work.index, work.again ? "` again" : "`");
    case WorkKind::kCopy:
      return absl::StrCat("copies the file of ", Quoted(work.relation));
  }
  return "";
}

// The strongest lock on something live that is held while the step works, of the step's own
// statement or taken before it in the transaction.
const Lock* StrongestDuring(const Step& step, const History& history) {
  const Lock* strongest = history.StrongestHeldBefore(step);
  for (const Step& sibling : history.StepsOf(step.migration, step.statement)) {
    // What a body does earlier is held already, what it does later is not yet.
    if (sibling.within != step.within) continue;
    for (const Lock& lock : sibling.effects.locks) {
      const bool stronger = strongest == nullptr || lock.mode > strongest->mode;
      if (lock.relation.live && stronger) strongest = &lock;
    }
  }
  return strongest;
}

// Its copy is made beside the traffic; only the swap at its end is not.
bool WorksOnline(const Step& step) {
  const auto* maintain = step.As<action::Maintain>();
  return maintain != nullptr && maintain->upkeep == action::Upkeep::kRepack &&
         maintain->concurrently;
}

void RaiseForSwap(const Step& step, RiskReason& worst) {
  const Lock* lock = WorksOnline(step) ? step.effects.StrongestLiveLock() : nullptr;
  if (lock == nullptr) return;
  Raise(worst, Risk::kRisky,
        absl::StrCat("waits for ", LockModeName(lock->mode), " on ", Quoted(lock->relation),
                     " when its copy is made, and reads and writes wait behind it"));
}

void RaiseForWork(const Step& step, const History& history, RiskReason& worst) {
  if (WorksOnline(step)) return;
  const Lock* lock = StrongestDuring(step, history);
  if (lock == nullptr || !BlocksWrites(lock->mode)) return;
  for (const Work& work : step.effects.work) {
    if (!work.relation.live || work.shell || IsQuick(work, step, history)) continue;
    // A type change with a rewrite is not cured by a quieter way of doing the same.
    const bool complex =
        work.kind == WorkKind::kRewrite && work.cause == Cause::kTypeChange && !work.possible;
    Raise(worst, complex ? Risk::kComplex : Risk::kRisky,
          absl::StrCat(WorkWords(work), " while ", LockModeName(lock->mode), " on ",
                       Quoted(lock->relation), " blocks ", WhatItBlocks(lock->mode)));
  }
}

void RaiseForBreak(const Break& broken, RiskReason& worst) {
  if (!broken.relation.live) return;
  const std::string name = Quoted(broken.relation);
  switch (broken.kind) {
    case BreakKind::kRenamedTable:
      return Raise(worst, Risk::kComplex,
                   absl::StrCat("code that uses ", name, " by its old name fails at once"));
    case BreakKind::kRenamedColumn:
      return Raise(worst, Risk::kComplex,
                   absl::StrCat("code that uses column `", broken.detail, "` of ", name,
                                " by its old name fails at once"));
    case BreakKind::kDroppedObject:
      return Raise(worst, Risk::kRisky,
                   broken.relation.id != 0 && !broken.detail.empty()
                       ? absl::StrCat("code that still uses ", name, " fails")
                       : absl::StrCat("what still uses ", name, " fails"));
    case BreakKind::kRequiredColumn:
      return Raise(worst, Risk::kRisky,
                   absl::StrCat("inserts into ", name, " that do not know column `", broken.detail,
                                "` fail"));
    case BreakKind::kHiddenRows:
      return Raise(
          worst, Risk::kRisky,
          absl::StrCat("without a policy, ", name, " shows no rows to anyone but its owner"));
    case BreakKind::kChangedType:
      return;  // the rewrite speaks for it
    case BreakKind::kBehaviour:
      return Raise(worst, Risk::kRisky, broken.detail);
  }
}

void RaiseForLoss(const Loss& loss, RiskReason& worst) {
  const bool lost = loss.relation.live || loss.relation.perhaps_older;
  if (!lost && loss.kind != LossKind::kOther) return;
  switch (loss.kind) {
    case LossKind::kTable:
      return Raise(worst, Risk::kRisky,
                   absl::StrCat("drops ", Quoted(loss.relation), " with its rows"));
    case LossKind::kColumn:
      return Raise(worst, Risk::kRisky,
                   absl::StrCat("drops column `", loss.column, "` of ", Quoted(loss.relation),
                                " with its values"));
    case LossKind::kRows:
      return Raise(worst, Risk::kRisky, absl::StrCat("empties ", Quoted(loss.relation)));
    case LossKind::kOther:
      return Raise(worst, Risk::kRisky,
                   absl::StrCat("drops everything in ", Quoted(loss.relation)));
  }
}

// An UPDATE of all rows keeps each of them locked, and the old versions on disk.
void RaiseForMassUpdate(const Step& step, const History& history, RiskReason& worst) {
  const auto* modify = step.As<action::ModifyData>();
  const bool updates =
      modify != nullptr &&
      std::any_of(modify->writes.begin(), modify->writes.end(), [](const action::Write& write) {
        return write.verb == action::DataVerb::kUpdate && !write.has_where;
      });
  const Work* scan = updates ? step.effects.LiveWork(WorkKind::kScan) : nullptr;
  if (scan == nullptr || IsQuick(*scan, step, history)) return;
  Raise(worst, Risk::kRisky,
        absl::StrCat("updates every row of ", Quoted(scan->relation), " in one transaction"));
}

// A lock that is asked for by name is meant to be held while something is done.
void RaiseForLockTable(const Step& step, RiskReason& worst) {
  if (step.As<action::LockTable>() == nullptr) return;
  const Lock* lock = step.effects.StrongestLiveLock();
  if (lock == nullptr || !BlocksWrites(lock->mode)) return;
  Raise(worst, Risk::kRisky,
        absl::StrCat("holds ", LockModeName(lock->mode), " on ", Quoted(lock->relation),
                     " until the transaction ends, which blocks ", WhatItBlocks(lock->mode)));
}

// Nothing is claimed of it, so nothing vouches for it.
void RaiseForUnknown(const Step& step, const History& history, RiskReason& worst) {
  const std::string what = WhatIsUnknown(step, history);
  if (what.empty()) return;
  Raise(worst, Risk::kRisky, absl::StrCat("what ", what, " locks, loses or breaks is not known"));
}

// DROP INDEX is quick, but it queues for a lock that stops every reader, and need not.
void RaiseForDropIndex(const Step& step, RiskReason& worst) {
  const auto* drop = step.As<action::Drop>();
  if (drop == nullptr || drop->kind != ObjectKind::kIndex || drop->concurrently) return;
  for (const Lock& lock : step.effects.locks) {
    if (!lock.relation.live) continue;
    return Raise(worst, Risk::kRisky,
                 absl::StrCat("waits for ", LockModeName(lock.mode), " on ", Quoted(lock.relation),
                              ", and reads and writes wait behind it"));
  }
}

}  // namespace

RiskReason RiskOf(const Step& step, const History& history) {
  RiskReason worst;
  const Effects& effects = step.effects;
  if (effects.failure) {
    Raise(worst, Risk::kRisky,
          absl::StrCat("fails: ", effects.failure->message, " (SQLSTATE ",
                       effects.failure->sqlstate, ")"));
  }
  RaiseForWork(step, history, worst);
  RaiseForSwap(step, worst);
  for (const Loss& loss : effects.losses) RaiseForLoss(loss, worst);
  for (const Break& broken : effects.breaks) RaiseForBreak(broken, worst);
  RaiseForMassUpdate(step, history, worst);
  RaiseForDropIndex(step, worst);
  RaiseForLockTable(step, worst);
  RaiseForUnknown(step, history, worst);
  return worst;
}

std::string WhatIsUnknown(const Step& step, const History& history) {
  const Effects& effects = step.effects;
  const bool unknown = !effects.modelled && !effects.inert;
  if (!unknown && !effects.calls_unknown) return "";
  const auto* modify = step.As<action::ModifyData>();
  const bool program = modify != nullptr && modify->runs_program;
  const bool calls = effects.calls_unknown && step.As<action::DoBlock>() == nullptr && !program;
  if (!calls) return history.TagOf(step);
  const Name* function = history.UnknownCall(step);
  return function == nullptr ? "a function that it calls"
                             : absl::StrCat("function ", Quoted(function->name));
}

bool IsUnread(const Statement& statement) {
  if (statement.form != StatementForm::kMetaCommand) return false;
  for (const absl::string_view command : {"\\i", "\\ir", "\\include", "\\include_relative", "\\!",
                                          "\\gexec", "\\copy", "\\lo_unlink"}) {
    if (statement.tag == command) return true;
  }
  return false;
}

}  // namespace plimsoll
