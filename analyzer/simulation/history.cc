#include "analyzer/simulation/history.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "analyzer/check.h"
#include "analyzer/limits.h"
#include "analyzer/simulation/apply.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/settings.h"
#include "analyzer/simulation/undoing.h"
#include "analyzer/simulation/volatility.h"
#include "analyzer/syntax/conditions.h"

namespace plimsoll {
namespace {

// Milliseconds of a time setting: `2s`, `500`, `1min` (utils/misc/guc.c:parse_int with
// GUC_UNIT_MS). Empty where it cannot be read.
std::optional<int64_t> ParseMilliseconds(absl::string_view text) {
  static constexpr std::pair<const char*, int64_t> kUnits[] = {
      {"ms", 1}, {"min", 60'000}, {"s", 1'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  text = absl::StripAsciiWhitespace(text);
  int64_t factor = 1;
  for (const auto& [unit, milliseconds] : kUnits) {
    if (!absl::EndsWith(text, unit)) continue;
    factor = milliseconds;
    text.remove_suffix(absl::string_view(unit).size());
    break;
  }
  double number = 0;
  if (!absl::SimpleAtod(absl::StripAsciiWhitespace(text), &number)) return std::nullopt;
  return static_cast<int64_t>(number * static_cast<double>(factor));
}

// Zones that are at offset zero all year (the names that PostgreSQL's tz database gives them).
bool IsUtc(absl::string_view zone) {
  for (const absl::string_view name :
       {"UTC", "GMT", "Etc/UTC", "Etc/GMT", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal",
        "Etc/Universal", "Greenwich", "Etc/Greenwich", "GMT0", "Etc/GMT0", "GMT+0", "GMT-0", "0"}) {
    if (absl::EqualsIgnoreCase(zone, name)) return true;
  }
  return false;
}

// `defaults` is a session that sets nothing.
void SetParameter(const action::SetParameter& set, const Session& defaults, Session& session) {
  const bool reset = set.values.empty();
  const std::string value = reset ? "" : set.values[0];
  const std::string name = absl::AsciiStrToLower(set.name);
  if (name.empty()) {
    session = defaults;
  } else if (name == "lock_timeout") {
    session.lock_timeout_ms = reset ? std::nullopt : ParseMilliseconds(value);
  } else if (name == "statement_timeout") {
    session.statement_timeout_ms = reset ? std::nullopt : ParseMilliseconds(value);
  } else if (name == "timezone") {
    session.utc = !reset && IsUtc(value);
  } else if (name == "allow_system_table_mods") {
    // Whatever it is set to: what a server lets through nobody is told to fail.
    session.allow_system_table_mods = true;
  } else if (name == "check_function_bodies") {
    bool on = true;
    const bool off = absl::EqualsIgnoreCase(value, "off") || (absl::SimpleAtob(value, &on) && !on);
    session.check_function_bodies = reset || !off;
  } else if (name == "session_replication_role") {
    session.fires_triggers = reset || !absl::EqualsIgnoreCase(value, "replica");
  } else if (name == "search_path") {
    session.search_path.clear();
    for (const std::string& part : set.values) {
      // SET search_path = a, b has two values; set_config('search_path', 'a, b') has one.
      for (const absl::string_view piece : absl::StrSplit(part, ',')) {
        const absl::string_view schema = absl::StripAsciiWhitespace(piece);
        const bool special = schema.empty() || schema == "$user" || schema == "\"$user\"";
        if (!special) session.search_path.emplace_back(schema);
      }
    }
    if (reset) session.search_path = defaults.search_path;
    session.no_path = set.values.size() == 1 && value.empty();
  } else if (reset && absl::StartsWith(name, "default_transaction_")) {
    session.modes = defaults.modes;
  }
  for (const TransactionMode& mode : DefaultModesOf(set)) SetMode(mode, session.modes);
}

}  // namespace

// Walks over the migrations once, keeping what a PostgreSQL session keeps: the transaction it is
// in, its savepoints, its settings, the locks it holds.
class Simulator {
 public:
  explicit Simulator(Inputs inputs) {
    history_.migrations_ = std::move(inputs.migrations);
    history_.server_version_ = inputs.server_version;
    history_.start_ = inputs.start;
    history_.on_failure_ = inputs.on_failure;
    history_.downs_ = inputs.downs;
    history_.whole_ = inputs.whole;
    history_.now_ = inputs.now;
    history_.gone_ = std::move(inputs.gone);
    history_.options_ = std::move(inputs.options);
    history_.rows_ = std::move(inputs.rows);
    take_back_ = inputs.take_back;
    new_session_.search_path = std::move(inputs.search_path);
    history_.sessions_.push_back(new_session_);
    size_t actions = 0;
    for (const Migration& migration : history_.migrations_) {
      for (const Statement& statement : migration.script->statements) {
        actions += statement.actions.size();
      }
    }
    history_.steps_.reserve(actions);
  }

  History Run() && {
    const auto size = static_cast<uint32_t>(history_.migrations_.size());
    history_.statement_steps_.resize(size);
    std::vector<std::vector<uint32_t>> downs(take_back_ ? size : 0);  // of each up
    for (uint32_t i = 0; i < size; ++i) {
      const Migration& migration = history_.migrations_[i];
      history_.statement_steps_[i].resize(migration.script->statements.size());
      if (!take_back_) continue;
      if (migration.undoes) downs[*migration.undoes].push_back(i);
      if (!migration.down && HasDownSection(*migration.script)) downs[i].push_back(i);
    }
    for (uint32_t i = 0; i < size; ++i) {
      if (history_.migrations_[i].down) continue;
      const Moment before = now();
      RunMigration(i, Direction::kUp);
      if (!take_back_) continue;
      const Moment between = now();
      for (const uint32_t down : downs[i]) TakeBack(i, down, before, between);
    }
    return std::move(history_);
  }

 private:
  struct SavepointMark {
    std::string name;
    Moment moment = 0;
    uint32_t session = 0;
    HeldLocks held;
    size_t in_use = 0;  // entries of in_use_
    TransactionModes modes;
  };

  static bool HasDownSection(const Script& script);
  void RunMigration(uint32_t index, Direction direction);
  void TakeBack(uint32_t up, uint32_t down, Moment before, Moment between);
  void ForgetSteps(Moment since, uint32_t migration);
  void FinishSchema(uint32_t index);
  void RunStatement(uint32_t migration, uint32_t index);
  // What stands around the actions that run: the statement of the script, and the bodies that it
  // runs.
  struct Frame {
    uint32_t migration = 0;
    uint32_t statement = 0;
    const BodyStatement* within = nullptr;  // null: the script's own actions
    const Body* body = nullptr;             // that holds it
    const Frame* outer = nullptr;           // that called it
    Span call;  // in the script; empty for a body that stands there itself
    bool conditional = false;
    const std::vector<std::string>* handled = nullptr;  // see BodyStatement
    // Of the elements of CREATE SCHEMA: the session's path with the new schema before it.
    const std::vector<std::string>* path = nullptr;
    bool may_commit = false;  // DO and procedures; where the session is in no transaction block
    int depth = 0;
  };

  bool RunAll(const Frame& frame, absl::Span<const Action> actions);
  bool RunElements(const Frame& frame, absl::Span<const Action> elements);
  bool RunActions(const Frame& frame, absl::Span<const Action> actions);
  bool RunCalls(const Frame& frame, const action::ModifyData& modify, Span call);
  const Relation* BehindViews(const Relation* relation, action::DataVerb verb) const;
  bool RunTriggers(const Frame& frame, const action::ModifyData& modify, Span call);
  bool RunRoutine(const Frame& frame, const Routine& routine, Span call, bool certain);
  bool RunBody(const Body& body, const Frame& frame);
  void Forget(Moment before);
  Step MakeStep(const Frame& frame, const Action& action, Moment index) const;
  void FailInRoutine(const Frame& frame, Step& step) const;
  void NoteDoubts(const Frame& frame, absl::Span<const Action> actions);
  bool IsDoubtful(const Action& action, const Failure& failure) const;
  static bool IsForgiven(const Frame& frame, const Failure& failure);
  void RunTransactionAction(Step& step);
  const action::ModifyData* QueryOf(const Action& action) const;
  void NoteInUse(const Step& step);
  void NoteState(const Step& step);
  void EndTransactionInBody(Step& step, bool commit, bool chain);
  void ChangeSession(const action::SetParameter& set, Step& step);

  void Abort(Wrapping wrapping);
  // What the runner does around the statements of the direction that is running.
  Wrapping WrappingNow(const Migration& migration) const {
    return direction_ == Direction::kDown ? migration.down_wrapping : migration.wrapping;
  }
  void Open(bool block);
  void Chain();
  void Close(bool commit, Moment end);
  void RollBackTo(const SavepointMark& mark);
  void MendBreaks(Moment end);
  void DropTemporaries(std::vector<RelationId>& ids, Moment moment);
  const SavepointMark* FindSavepoint(const std::string& name) const;
  Situation MakeSituation(const Frame& frame) const;
  HeldLocks NoLocks() const;
  void Hold(Lock lock, uint32_t holder, HeldLocks& held);
  Moment now() const { return static_cast<Moment>(history_.steps_.size()); }
  uint32_t PushSession(Session session);

  History history_;
  Session new_session_;
  bool take_back_ = false;                // see Inputs
  Direction direction_ = Direction::kUp;  // of the statements that run
  bool in_block_ = false;                 // BEGIN was said, by the file or by the runner
  bool runner_block_ = false;             // by the runner
  bool message_ = false;                  // the file is one message, of several statements
  bool implicit_ = false;                 // the block is the message's own
  bool aborted_ = false;                  // a statement failed, and OnFailure::kAbort holds
  bool stopped_ = false;                  // likewise: the runner goes no further in this file
  bool one_transaction_ = false;
  uint32_t transaction_ = 0;
  Moment transaction_start_ = 0;
  uint32_t session_ = 0;                           // current
  uint32_t session_at_start_ = 0;                  // what ROLLBACK returns to
  std::optional<uint32_t> session_without_local_;  // what COMMIT returns to after SET LOCAL
  std::vector<SavepointMark> savepoints_;
  HeldLocks held_;
  std::vector<RelationId> in_use_;  // see Situation
  SessionState state_;
  bool all_deferred_ = false;  // SET CONSTRAINTS ALL DEFERRED
  Moment trusted_since_ = 0;   // see Situation
  bool reopen_ = false;        // COMMIT in a body: what follows it there is another transaction
  Moment body_kept_ = 0;       // what bodies did up to then is committed
  bool extended_ = false;      // see Situation
  uint32_t called_statements_ = 0;
  // Names of what may or may not have been changed: no failure is said of it.
  absl::flat_hash_set<std::string> doubtful_;
  std::vector<std::string> doubts_;  // the same, in the order in which they came
  // Temporary relations that go with their session, and with their transaction.
  std::vector<RelationId> until_session_ends_;
  std::vector<RelationId> until_commit_;
};

HeldLocks Simulator::NoLocks() const {
  const auto end = static_cast<uint32_t>(history_.held_.size());
  return {.begin = end, .end = end, .strongest = end};
}

// `held` is the last list in history_.held_.
void Simulator::Hold(Lock lock, uint32_t holder, HeldLocks& held) {
  const bool stronger = held.begin == held.end || lock.mode > history_.held_[held.strongest].mode;
  if (stronger) held.strongest = held.end;
  history_.held_.push_back(std::move(lock));
  history_.holders_.push_back(holder);
  held.end = static_cast<uint32_t>(history_.held_.size());
}

uint32_t Simulator::PushSession(Session session) {
  history_.sessions_.push_back(std::move(session));
  return static_cast<uint32_t>(history_.sessions_.size() - 1);
}

void Simulator::Open(bool block) {
  transaction_ = static_cast<uint32_t>(history_.transactions_.size());
  history_.transactions_.push_back({.first_step = now(), .last_step = now(), .block = block});
  transaction_start_ = now();
  session_at_start_ = session_;
  session_without_local_.reset();
  in_block_ = block;
  held_ = NoLocks();
  savepoints_.clear();
  absl::erase_if(state_.cursors, [](const auto& cursor) { return !cursor.second; });
  in_use_.clear();
  all_deferred_ = false;
  state_.modes = history_.sessions_[session_].modes;
  state_.queried = false;
  state_.nested = false;
}

// The transaction that follows one which ends AND CHAIN is as that one was.
void Simulator::Chain() {
  const TransactionModes modes = state_.modes;
  Open(true);
  state_.modes = modes;
}

// A statement failed. A runner that wraps or sends the file as a whole stops there; in a block of
// the file's own, what follows fails up to its end (xact.c:AbortCurrentTransaction).
void Simulator::Abort(Wrapping wrapping) {
  if (history_.on_failure_ != OnFailure::kAbort) return;
  stopped_ = wrapping != Wrapping::kNone;
  aborted_ = in_block_;
  if (stopped_ && in_block_) Close(false, now());
}

// Ends the open transaction, at the moment `end`.
void Simulator::Close(bool commit, Moment end) {
  Transaction& transaction = history_.transactions_[transaction_];
  transaction.rolled_back = !commit;
  if (commit) {
    MendBreaks(end);
    DropTemporaries(until_commit_, end);
  } else {
    history_.catalog_.Restore(transaction_start_, end);
    session_ = session_at_start_;
  }
  if (commit && session_without_local_) session_ = *session_without_local_;
  session_without_local_.reset();
  in_block_ = false;
  runner_block_ = false;
  implicit_ = false;
  aborted_ = false;
  held_ = NoLocks();
  savepoints_.clear();
  in_use_.clear();
  all_deferred_ = false;
}

void Simulator::DropTemporaries(std::vector<RelationId>& ids, Moment moment) {
  DropTemporary(ids, MakeSituation({}), moment, history_.catalog_);
  ids.clear();
}

// Others see a transaction as a whole: a table that was renamed and has a view of its old name at
// the end breaks nobody, and neither does row security that has its policy by then.
void Simulator::MendBreaks(Moment moment) {
  const CatalogView end = history_.catalog_.At(moment);
  for (uint32_t i = transaction_start_; i < now(); ++i) {
    Step& step = history_.steps_[i];
    std::erase_if(step.effects.breaks, [&](const Break& broken) {
      const Relation* before = history_.catalog_.At(step.index).Find(broken.relation.id);
      const Relation* after = end.Find(broken.relation.id);
      if (before == nullptr || after == nullptr) return false;
      if (broken.kind == BreakKind::kHiddenRows) return !after->policies.empty();
      if (broken.kind != BreakKind::kRenamedTable) return false;
      const Relation* view = end.Find({.schema = before->schema, .name = before->name}, {});
      return view != nullptr && view->stands_in && view->uses.size() == 1 &&
             view->uses[0].relation == after->id;
    });
  }
}

const Simulator::SavepointMark* Simulator::FindSavepoint(const std::string& name) const {
  for (auto mark = savepoints_.rbegin(); mark != savepoints_.rend(); ++mark) {
    if (mark->name == name) return &*mark;
  }
  return nullptr;
}

void Simulator::RollBackTo(const SavepointMark& mark) {
  history_.catalog_.Restore(mark.moment, now() + 1);
  session_ = mark.session;
  state_.modes = mark.modes;
  in_use_.resize(std::min(in_use_.size(), mark.in_use));
  // Locks taken since are released (xact.c:AbortSubTransaction). Earlier steps still speak of them,
  // so what is left is written down anew.
  HeldLocks left = NoLocks();
  for (uint32_t i = mark.held.begin; i < mark.held.end; ++i) {
    Hold(Lock(history_.held_[i]), history_.holders_[i], left);
  }
  held_ = left;
}

Situation Simulator::MakeSituation(const Frame& frame) const {
  const Session& session = history_.sessions_[session_];
  return {.server_version = history_.server_version_,
          .migration = frame.migration,
          .transaction = transaction_,
          .in_transaction_block = in_block_ || frame.within != nullptr,
          .implicit_block = implicit_ && frame.within == nullptr,
          .aborted = aborted_,
          .stopped = stopped_,
          .one_transaction_migration = one_transaction_,
          .closed = history_.start_ == Start::kEmpty,
          .extended = extended_,
          .utc = session.utc,
          .checks_bodies = session.check_function_bodies,
          .changes_system = session.allow_system_table_mods,
          .in_body = frame.within != nullptr,
          .conditional = frame.conditional,
          .now = now(),
          .trusted_since = trusted_since_,
          .no_path = session.no_path,
          .makes_schema = frame.path != nullptr,
          .fires_triggers = session.fires_triggers,
          .state = &state_,
          .search_path = frame.path != nullptr ? *frame.path : session.search_path,
          .in_use = in_use_};
}

// Rows that wait for a deferred check, and queries that a cursor keeps open.
void Simulator::NoteInUse(const Step& step) {
  if (const auto* set = step.As<action::SetConstraints>()) {
    // What waits is checked now.
    if (!set->deferred) in_use_.clear();
    if (set->constraints.empty()) all_deferred_ = set->deferred;
    return;
  }
  const action::ModifyData* modify = QueryOf(*step.action);
  if (modify == nullptr) return;
  const CatalogView view = history_.catalog_.At(step.index + 1);
  const std::vector<std::string>& path = history_.sessions_[session_].search_path;
  for (const Name& name : modify->reads) {
    const Relation* read = !modify->cursor.empty() ? view.Find(name, path) : nullptr;
    if (read != nullptr) in_use_.push_back(read->id);
  }
  for (const action::Write& write : modify->writes) {
    const Relation* table = view.Find(write.table.name, path);
    // Only what is certain to write a row: INSERT … VALUES.
    const bool certain = write.verb == action::DataVerb::kInsert && modify->reads.empty();
    if (table == nullptr || !certain) continue;
    for (const TableConstraint& constraint : table->constraints) {
      if (constraint.kind != ConstraintKind::kForeignKey || !constraint.enforced) continue;
      const bool waits = constraint.initially_deferred || (constraint.deferrable && all_deferred_);
      if (waits) in_use_.push_back(table->id);
    }
  }
}

// The query that the action runs; null where it runs none, or one that nobody knows.
const action::ModifyData* Simulator::QueryOf(const Action& action) const {
  const auto* query = std::get_if<action::ModifyData>(&action.kind);
  const auto* execute = std::get_if<action::Execute>(&action.kind);
  if (execute == nullptr) return query == nullptr || query->planned_only ? nullptr : query;
  const auto prepared = state_.prepared.find(execute->name);
  const bool runs = prepared != state_.prepared.end() && !execute->planned_only;
  return runs ? prepared->second : nullptr;
}

// What a condition may have taken away is not taken to be gone.
// postgres.c:analyze_requires_snapshot and pquery.c:PlannedStmtRequiresSnapshot: all else does
// without a snapshot.
static bool TakesSnapshot(const Step& step) {
  const ActionKind& kind = step.action->kind;
  const auto* command = std::get_if<action::SessionCommand>(&kind);
  return !std::holds_alternative<action::Begin>(kind) &&
         !std::holds_alternative<action::Savepoint>(kind) &&
         !std::holds_alternative<action::RollbackTo>(kind) &&
         !std::holds_alternative<action::Release>(kind) &&
         !std::holds_alternative<action::SetParameter>(kind) &&
         !std::holds_alternative<action::LockTable>(kind) &&
         !std::holds_alternative<action::SetConstraints>(kind) &&
         (command == nullptr || command->what == "FETCH");
}

void Simulator::NoteState(const Step& step) {
  state_.queried = state_.queried || TakesSnapshot(step);
  const bool draws = step.As<action::ModifyData>() != nullptr;
  for (const Lock& lock : step.effects.locks) {
    const bool drawn = draws && lock.relation.kind == RelationKind::kSequence;
    if (drawn) state_.drawn.insert(lock.relation.id);
  }
  state_.called = state_.called || step.effects.calls_unknown || !step.effects.modelled ||
                  step.As<action::DoBlock>() != nullptr;
  if (const auto* modify = step.As<action::ModifyData>()) {
    if (!modify->prepares.empty()) state_.prepared[modify->prepares] = modify;
    if (!modify->cursor.empty()) state_.cursors[modify->cursor] = modify->holds;
  } else if (const auto* prepare = step.As<action::PrepareTransaction>()) {
    state_.prepared_transactions.insert(prepare->id);
  }
  const auto* command = step.As<action::SessionCommand>();
  if (command == nullptr || step.conditional) return;
  const bool all = command->name.empty();
  // Of DISCARD, ALL alone is refused in transactions.
  const bool discards = command->what == "DISCARD" && command->outside_transactions;
  if (discards || (command->what == "DEALLOCATE" && all)) state_.prepared.clear();
  if (discards || (command->what == "CLOSE CURSOR" && all)) state_.cursors.clear();
  if (command->what == "DEALLOCATE") state_.prepared.erase(command->name);
  if (command->what == "CLOSE CURSOR") state_.cursors.erase(command->name);
  if (absl::EndsWith(command->what, " PREPARED")) state_.prepared_transactions.erase(command->name);
}

void Simulator::RunTransactionAction(Step& step) {
  if (step.As<action::Begin>() != nullptr) {
    // A warning, and nothing else, where a transaction is open already.
    const auto& modes = step.As<action::Begin>()->modes;
    step.effectless = in_block_ && !runner_block_ && !implicit_ && modes.empty();
    if (in_block_) {
      runner_block_ = false;
      implicit_ = false;
    } else {
      in_block_ = true;
      history_.transactions_[transaction_].block = true;
    }
    for (const TransactionMode& mode : ModesOf(*step.action)) SetMode(mode, state_.modes);
  } else if (const auto* commit = step.As<action::Commit>()) {
    if (step.within != nullptr) return EndTransactionInBody(step, true, commit->chain);
    step.effectless = !in_block_;
    Close(!aborted_, now() + 1);
    if (commit->chain) Chain();
  } else if (const auto* rollback = step.As<action::Rollback>()) {
    if (step.within != nullptr) return EndTransactionInBody(step, false, rollback->chain);
    step.effectless = !in_block_;
    Close(!in_block_, now() + 1);
    if (rollback->chain) Chain();
  } else if (step.As<action::PrepareTransaction>() != nullptr) {
    // What it did is taken to be committed by COMMIT PREPARED.
    if (in_block_) Close(!aborted_, now() + 1);
  } else if (const auto* savepoint = step.As<action::Savepoint>()) {
    savepoints_.push_back({.name = savepoint->name,
                           .moment = now(),
                           .session = session_,
                           .held = held_,
                           .in_use = in_use_.size(),
                           .modes = state_.modes});
    state_.nested = true;
  } else if (const auto* back = step.As<action::RollbackTo>()) {
    const SavepointMark* mark = FindSavepoint(back->name);
    if (mark == nullptr) return;
    aborted_ = false;
    RollBackTo(*mark);
    savepoints_.resize(static_cast<size_t>(mark - savepoints_.data()) + 1);
  } else if (const auto* release = step.As<action::Release>()) {
    const SavepointMark* mark = FindSavepoint(release->name);
    if (mark == nullptr) return;
    state_.modes = mark->modes;
    savepoints_.resize(static_cast<size_t>(mark - savepoints_.data()));
    state_.nested = !savepoints_.empty();
  }
}

// COMMIT and ROLLBACK in a procedure. The next transaction begins with the next statement.
void Simulator::EndTransactionInBody(Step& step, bool commit, bool /*chain*/) {
  // In a loop, say: what is held may be let go.
  if (step.conditional) return;
  history_.transactions_[transaction_].last_step = now();
  Close(commit, now() + 1);
  reopen_ = true;
  body_kept_ = now() + 1;
}

void Simulator::ChangeSession(const action::SetParameter& set, Step& step) {
  // What a condition may set is not relied on.
  if (step.conditional) return;
  if (set.local && !in_block_ && step.within == nullptr) {
    step.effectless = true;  // WARNING: SET LOCAL can only be used in transaction blocks
    return;
  }
  for (const TransactionMode& mode : ModesOf(*step.action)) SetMode(mode, state_.modes);
  Session changed = history_.sessions_[session_];
  SetParameter(set, new_session_, changed);
  if (set.local) {
    if (!session_without_local_) session_without_local_ = session_;
  } else if (session_without_local_) {
    Session kept = history_.sessions_[*session_without_local_];
    SetParameter(set, new_session_, kept);
    session_without_local_ = PushSession(std::move(kept));
  }
  session_ = PushSession(std::move(changed));
}

Step Simulator::MakeStep(const Frame& frame, const Action& action, Moment index) const {
  const bool elsewhere = !frame.call.empty() || action.span.empty();
  return {.migration = frame.migration,
          .statement = frame.statement,
          .index = index,
          .transaction = transaction_,
          .span = elsewhere && frame.within != nullptr ? frame.call : action.span,
          .kind = static_cast<uint8_t>(action.kind.index()),
          .action = &action,
          .session = session_,
          .held = held_,
          .within = frame.within,
          .conditional = frame.conditional};
}

// What only a body makes fail.
void Simulator::FailInRoutine(const Frame& frame, Step& step) const {
  if (frame.within == nullptr) return;
  const bool ends = step.As<action::Commit>() != nullptr || step.As<action::Rollback>() != nullptr;
  // spi.c:_SPI_commit
  if (ends && (in_block_ || !frame.may_commit)) {
    step.effects.failure =
        Failure{.sqlstate = "2D000", .message = "invalid transaction termination"};
  }
}

bool Simulator::IsDoubtful(const Action& action, const Failure& failure) const {
  if (doubtful_.empty()) return false;
  // Whatever the catalog holds, these are so.
  for (const absl::string_view certain : {"25001", "25P01", "3B001", "2D000", "42601"}) {
    if (failure.sqlstate == certain) return false;
  }
  bool doubtful = false;
  VisitNames(action,
             [&](const std::string& name) { doubtful = doubtful || doubtful_.contains(name); });
  return doubtful;
}

void Simulator::NoteDoubts(const Frame& frame, absl::Span<const Action> actions) {
  if (!frame.conditional) return;
  for (const Action& action : actions) {
    if (std::holds_alternative<action::ModifyData>(action.kind)) continue;
    VisitNames(action, [&](const std::string& name) {
      if (doubtful_.insert(name).second) doubts_.push_back(name);
    });
  }
}

namespace {

// What may not happen at all has no certain lock and no certain work.
void MakePossible(Effects& effects) {
  for (Lock& lock : effects.locks) lock.possible = true;
  for (Work& work : effects.work) work.possible = true;
}

// It reads and writes nothing, and calls nothing of which more is to be said.
bool DoesNothing(const Step& step) {
  const Effects& effects = step.effects;
  return step.within != nullptr && step.As<action::ModifyData>() != nullptr &&
         effects.locks.empty() && effects.work.empty() && effects.modelled && !effects.failure &&
         !effects.calls_unknown;
}

void Undo(Effects& effects) {
  effects.locks.clear();
  effects.work.clear();
  effects.losses.clear();
}

}  // namespace

// It may not happen, or be caught.
bool Simulator::IsForgiven(const Frame& frame, const Failure& failure) {
  if (!frame.conditional || frame.handled == nullptr) return frame.conditional;
  return std::any_of(frame.handled->begin(), frame.handled->end(), [&](const std::string& handled) {
    return Catches(handled, failure.sqlstate);
  });
}

// Runs what happens as one: all of it or, where it returns false, none.
bool Simulator::RunActions(const Frame& frame, absl::Span<const Action> actions) {
  if (reopen_) Open(false);
  reopen_ = false;
  Situation situation = MakeSituation(frame);
  const Moment before = now();
  for (const Action& action : actions) {
    AssumeNamed(action, situation, before, history_.catalog_);
  }
  std::vector<Step> steps;
  bool fails = false;
  bool doubtful = false;
  for (const Action& action : actions) {
    Step step = MakeStep(frame, action, before + static_cast<Moment>(steps.size()));
    if (const auto* back = std::get_if<action::RollbackTo>(&action.kind)) {
      situation.savepoint_known = FindSavepoint(back->name) != nullptr;
    } else if (const auto* release = std::get_if<action::Release>(&action.kind)) {
      situation.savepoint_known = FindSavepoint(release->name) != nullptr;
    }
    step.effects = ComputeEffects(action, actions, history_.catalog_.At(before), situation);
    FailInRoutine(frame, step);
    fails = fails || step.effects.failure.has_value();
    const std::optional<Failure>& failure = step.effects.failure;
    doubtful =
        doubtful || (failure && (IsForgiven(frame, *failure) || IsDoubtful(action, *failure)));
    steps.push_back(std::move(step));
  }
  if (steps.size() == 1 && DoesNothing(steps[0])) return true;
  const Moment after = before + static_cast<Moment>(steps.size());
  if (fails) {
    // All or nothing: what the other subcommands would have done is not done either.
    for (Step& step : steps) {
      Undo(step.effects);
      if (!doubtful) continue;
      step.effects.failure.reset();
      // It may run after all, and then what it does is not known.
      step.effects.modelled = step.effects.modelled && frame.conditional;
    }
  } else {
    const std::vector<RelationId> created = Apply(actions, situation, after, history_.catalog_);
    for (const RelationId id : created) {
      const Relation* relation = history_.catalog_.At(after).Find(id);
      if (relation == nullptr) continue;
      if (relation->persistence == Persistence::kTemporary) {
        (relation->drops_at_commit ? until_commit_ : until_session_ends_).push_back(id);
      }
      AddCreated(*relation, history_.catalog_.At(before), history_.catalog_.At(after), situation,
                 steps.back().effects);
    }
    NoteDoubts(frame, actions);
  }
  for (Step& step : steps) {
    if (frame.conditional) MakePossible(step.effects);
    for (const Lock& lock : step.effects.locks) {
      if (lock.relation.live) Hold(lock, step.index, held_);
    }
    if (!fails) RunTransactionAction(step);
    if (!fails && !frame.conditional && in_block_) NoteInUse(step);
    if (!fails) NoteState(step);
    if (const auto* set = step.As<action::SetParameter>()) ChangeSession(*set, step);
    if (!fails && IsOpaque(*step.action, step.effects)) trusted_since_ = after;
    extended_ = extended_ || Extends(*step.action);
    history_.steps_.push_back(std::move(step));
  }
  return !fails || doubtful;
}

// The statement fails after all: nothing of what it did since `before` stays.
void Simulator::Forget(Moment before) {
  for (Moment i = before; i < now(); ++i) Undo(history_.steps_[i].effects);
  history_.catalog_.Restore(before, now());
}

// The elements of CREATE SCHEMA come one after another (schemacmds.c:CreateSchemaCommand).
bool Simulator::RunElements(const Frame& frame, absl::Span<const Action> elements) {
  if (!RunActions(frame, elements.subspan(0, 1))) return false;
  std::vector<std::string> path = history_.sessions_[session_].search_path;
  path.insert(path.begin(), std::get<action::CreateSchema>(elements[0].kind).name);
  Frame inside = frame;
  inside.path = &path;
  for (size_t i = 1; i < elements.size(); ++i) {
    if (!RunActions(inside, elements.subspan(i, 1))) return false;
  }
  return true;
}

// What the body of a routine does, where it is known.
bool Simulator::RunRoutine(const Frame& frame, const Routine& routine, Span call, bool certain) {
  if (routine.body == nullptr) return true;
  // Kept for as long as it runs: it may drop itself.
  const std::shared_ptr<const Body> body = routine.body;
  // One that calls itself does nothing that is not done already.
  for (const Frame* outer = &frame; outer != nullptr; outer = outer->outer) {
    if (outer->body == body.get()) return true;
  }
  const auto size = static_cast<uint32_t>(body->statements.size());
  if (frame.depth >= kMaxCallDepth || size > kMaxCalledStatements - called_statements_) {
    trusted_since_ = now();
    if (!history_.steps_.empty()) {
      history_.steps_.back().effects.modelled = false;
      history_.steps_.back().effects.calls_unknown = true;
    }
    return true;
  }
  called_statements_ += size;
  return RunBody(*body,
                 {.migration = frame.migration,
                  .statement = frame.statement,
                  .outer = &frame,
                  .call = frame.call.empty() ? call : frame.call,
                  .conditional = frame.conditional || !certain,
                  .may_commit = routine.procedure && (frame.within == nullptr || frame.may_commit),
                  .depth = frame.depth + 1});
}

// The functions that a query calls, and the procedure of CALL.
bool Simulator::RunCalls(const Frame& frame, const action::ModifyData& modify, Span call) {
  for (const FunctionCall& called : modify.calls) {
    const Routine* routine = history_.catalog_.At(now()).FindRoutine(
        called.function, history_.sessions_[session_].search_path);
    if (routine != nullptr && !RunRoutine(frame, *routine, call, called.certain)) return false;
  }
  return true;
}

namespace {

bool Fires(const Trigger& trigger, action::DataVerb verb) {
  if (trigger.disabled) return false;
  return verb == action::DataVerb::kInsert   ? trigger.on_insert
         : verb == action::DataVerb::kUpdate ? trigger.on_update
         : verb == action::DataVerb::kDelete ? trigger.on_delete
                                             : false;
}

}  // namespace

// A view passes on what no trigger of its own does instead (rewriteHandler.c:rewriteTargetView).
const Relation* Simulator::BehindViews(const Relation* relation, action::DataVerb verb) const {
  for (int depth = 0; relation != nullptr && depth < kMaxCallDepth; ++depth) {
    const auto instead = [&](const Trigger& trigger) { return Fires(trigger, verb); };
    const bool passes = relation->kind == RelationKind::kView && relation->uses.size() == 1 &&
                        relation->rules.empty() &&
                        std::none_of(relation->triggers.begin(), relation->triggers.end(), instead);
    if (!passes) return relation;
    relation = history_.catalog_.At(now()).Find(relation->uses[0].relation);
  }
  return relation;
}

// The triggers of the tables that a query writes to.
bool Simulator::RunTriggers(const Frame& frame, const action::ModifyData& modify, Span call) {
  const std::vector<std::string>& path = history_.sessions_[session_].search_path;
  if (modify.planned_only || !history_.sessions_[session_].fires_triggers) return true;
  for (const action::Write& write : modify.writes) {
    const Relation* table =
        BehindViews(history_.catalog_.At(now()).Find(write.table.name, path), write.verb);
    if (table == nullptr) continue;
    // INSERT … VALUES has a row; of others nobody knows whether there is one.
    const bool has_row = write.verb == action::DataVerb::kInsert && write.width.has_value() &&
                         !write.has_where && modify.writes.size() == 1;
    // A body may change the table.
    const std::vector<Trigger> triggers = table->triggers;
    for (const Trigger& trigger : triggers) {
      if (!Fires(trigger, write.verb)) continue;
      const bool chosen = write.verb == action::DataVerb::kUpdate && !trigger.columns.empty();
      const bool certain = !trigger.has_when && !chosen && (has_row || !trigger.each_row);
      const Routine* routine =
          history_.catalog_.At(now()).FindRoutine({.name = trigger.function}, path);
      if (routine != nullptr && !RunRoutine(frame, *routine, call, certain)) return false;
    }
  }
  return true;
}

bool Simulator::RunBody(const Body& body, const Frame& frame) {
  for (const BodyStatement& statement : body.statements) {
    Frame inner = frame;
    inner.within = &statement;
    inner.body = &body;
    inner.conditional = frame.conditional || statement.conditional;
    // What an outer clause may catch is not followed into what is called.
    inner.handled = frame.conditional ? nullptr : statement.handled.get();
    if (!RunAll(inner, statement.actions)) return false;
  }
  return true;
}

// Runs a statement with all that it sets off; what happens is all of it or, where it returns false,
// none.
bool Simulator::RunAll(const Frame& frame, absl::Span<const Action> actions) {
  const Moment before = now();
  // The subcommands of ALTER TABLE all see the table as it was.
  const bool elements = std::holds_alternative<action::CreateSchema>(actions[0].kind);
  bool succeeds = elements ? RunElements(frame, actions) : RunActions(frame, actions);
  if (const action::ModifyData* modify = QueryOf(actions[0])) {
    succeeds = succeeds && RunCalls(frame, *modify, actions[0].span) &&
               RunTriggers(frame, *modify, actions[0].span);
  } else if (const auto* block = std::get_if<action::DoBlock>(&actions[0].kind)) {
    Frame inner = frame;
    inner.outer = &frame;
    inner.may_commit = frame.within == nullptr || frame.may_commit;
    ++inner.depth;
    succeeds = succeeds && (block->body == nullptr || RunBody(*block->body, inner));
  }
  if (!succeeds && frame.within == nullptr && now() > before + 1) {
    Forget(std::max(before, body_kept_));
  }
  return succeeds;
}

static bool IsRejected(const Statement& statement, Direction direction, int server_version) {
  return statement.direction == direction && statement.problem &&
         !statement.problem->SqlstateOn(server_version).empty();
}

void Simulator::RunStatement(uint32_t migration, uint32_t index) {
  const Statement& statement = history_.migrations_[migration].script->statements[index];
  const Wrapping wrapping = WrappingNow(history_.migrations_[migration]);
  auto& range = history_.statement_steps_[migration][index];
  range = {now(), now()};
  if (statement.direction != direction_) return;
  if (statement.actions.empty()) {
    if (IsRejected(statement, direction_, history_.server_version_)) Abort(wrapping);
    return;
  }
  if (!in_block_) {
    Open(/*block=*/message_);
    implicit_ = message_;
  }
  body_kept_ = now();
  if (!RunAll({.migration = migration, .statement = index}, statement.actions)) Abort(wrapping);
  if (!history_.transactions_.empty() && !reopen_) {
    history_.transactions_[transaction_].last_step = now() - 1;
  }
  reopen_ = false;
  range.second = now();
  if (!in_block_) {
    // A statement on its own commits at its end; what it held goes.
    if (session_without_local_) session_ = *session_without_local_;
    session_without_local_.reset();
    held_ = NoLocks();
    DropTemporaries(until_commit_, now());
  }
}

// Statements that a runner sends, psql's own commands and the other section left out.
static bool RunsSeveral(const Script& script, Direction direction) {
  const auto runs = [&](const Statement& statement) {
    return statement.direction == direction &&
           (!statement.actions.empty() || statement.problem.has_value());
  };
  return std::count_if(script.statements.begin(), script.statements.end(), runs) > 1;
}

bool Simulator::HasDownSection(const Script& script) {
  return std::any_of(
      script.statements.begin(), script.statements.end(),
      [](const Statement& statement) { return statement.direction == Direction::kDown; });
}

// As if neither the steps nor anything that they changed had ever been.
void Simulator::ForgetSteps(Moment since, uint32_t migration) {
  history_.steps_.resize(since);
  history_.catalog_.Truncate(since);
  for (auto& range : history_.statement_steps_[migration]) {
    if (range.second > since) range = {0, 0};
  }
}

// Runs the down on what its up has left, sees what comes of it, and goes back to where the up
// ended.
void Simulator::TakeBack(uint32_t up, uint32_t down, Moment before, Moment between) {
  if (history_.migrations_[up].applied && history_.migrations_[down].applied) return;
  const RelationId last = history_.catalog_.last_id();
  const size_t transactions = history_.transactions_.size();
  const size_t sessions = history_.sessions_.size();
  const size_t held = history_.held_.size();
  const size_t doubts = doubts_.size();
  const auto prepared = state_.prepared_transactions;
  const std::vector<RelationId> temporaries = until_session_ends_;
  const Moment trusted_since = trusted_since_;
  const bool extended = extended_;
  const uint32_t called_statements = called_statements_;

  // What the down's beginning changes has a moment of its own, and can be forgotten.
  history_.steps_.push_back({.migration = down});
  const Moment down_from = now();
  RunMigration(down, up == down ? Direction::kDown : Direction::kUp);
  history_.undoings_.push_back(Compare(history_, history_.catalog_,
                                       {.up = up,
                                        .down = down,
                                        .before = before,
                                        .between = between,
                                        .down_from = down_from,
                                        .last = last,
                                        .closed = history_.start_ == Start::kEmpty}));
  ForgetSteps(between, down);
  history_.catalog_.ForgetAssumed(last);
  history_.transactions_.resize(transactions);
  history_.sessions_.resize(sessions);
  history_.held_.resize(held);
  history_.holders_.resize(held);
  for (; doubts_.size() > doubts; doubts_.pop_back()) doubtful_.erase(doubts_.back());
  state_ = {.prepared_transactions = prepared};
  until_session_ends_ = temporaries;
  trusted_since_ = trusted_since;
  extended_ = extended;
  called_statements_ = called_statements;
}

// The statements of one direction as they run. Liquibase takes back one changeset after the other,
// the last that ran first (ChangeLogIterator.java, RollbackVisitor.java), each as it is written.
static std::vector<uint32_t> OrderOf(const std::vector<Statement>& statements,
                                     Direction direction) {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < statements.size(); ++i) {
    if (statements[i].direction == direction) order.push_back(i);
  }
  if (direction == Direction::kDown) {
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return statements[a].changeset > statements[b].changeset;
    });
  }
  return order;
}

void Simulator::RunMigration(uint32_t index, Direction direction) {
  const Migration& migration = history_.migrations_[index];
  const std::vector<Statement>& statements = migration.script->statements;
  direction_ = direction;
  const Wrapping wrapping = WrappingNow(migration);
  const bool wraps = wrapping == Wrapping::kFile;
  const bool batches = wrapping == Wrapping::kAroundForbidden;
  // Each file has a session of its own.
  session_ = PushSession(new_session_);
  // What is prepared for its second phase outlives the session.
  state_ = {.prepared_transactions = std::move(state_.prepared_transactions)};
  DropTemporaries(until_session_ends_, now());
  message_ = wrapping == Wrapping::kMessage && RunsSeveral(*migration.script, direction);
  // A server parses the whole message before it runs the first of it
  // (postgres.c:exec_simple_query).
  const auto rejected = [&](const Statement& statement) {
    return IsRejected(statement, direction, history_.server_version_);
  };
  stopped_ = message_ && history_.on_failure_ == OnFailure::kAbort &&
             std::any_of(statements.begin(), statements.end(), rejected);
  one_transaction_ = wraps || message_;
  if (wraps) {
    Open(true);
    runner_block_ = true;
  }
  uint32_t changeset = 0;
  uint32_t block = 0;
  for (const uint32_t i : OrderOf(statements, direction)) {
    // Where nothing else is around it, a block of several statements is a message.
    if (wrapping == Wrapping::kNone && statements[i].block != block) {
      if (message_ && in_block_) Close(!aborted_, now());
      block = statements[i].block;
      message_ = block != 0 && i + 1 < statements.size() && statements[i + 1].block == block;
    }
    if (wrapping == Wrapping::kChangesets && statements[i].changeset != changeset) {
      changeset = statements[i].changeset;
      if (in_block_) Close(!aborted_, now());
      if (!statements[i].changeset_alone) {
        Open(true);
        runner_block_ = true;
      }
    }
    if (batches) {
      bool forbidden = false;
      for (const Action& action : statements[i].actions) {
        forbidden = forbidden || IsForbiddenInTransaction(action);
      }
      if (forbidden && runner_block_) Close(true, now());
      if (!forbidden && !in_block_) {
        Open(true);
        runner_block_ = true;
      }
    }
    RunStatement(index, i);
  }
  if (in_block_) Close(!aborted_, now());
  if (migration.schema) FinishSchema(index);
}

// What the statements of a schema do not say of the database that they are taken from.
void Simulator::FinishSchema(uint32_t index) {
  Catalog& catalog = history_.catalog_;
  FillTables(catalog, now());
  for (const uint32_t statement : history_.migrations_[index].unusable) {
    for (const Step& step : history_.StepsOf(index, statement)) {
      const bool makes =
          step.As<action::CreateIndex>() != nullptr || step.As<action::CreateView>() != nullptr;
      if (!makes || step.effects.failure) continue;
      for (const Lock& lock : step.effects.locks) {
        const Relation* made = catalog.At(now()).Find(lock.relation.id);
        if (made == nullptr || made->created != step.index) continue;
        catalog.Change(now(), made->id, [](Relation& changed) {
          (changed.IsIndex() ? changed.valid : changed.maybe_has_rows) = false;
        });
      }
    }
  }
  for (const Step& step : history_.steps_) {
    if (step.migration == index && step.effects.failure) trusted_since_ = now();
  }
}

absl::Span<const Lock> History::HeldBefore(const Step& step) const {
  return absl::MakeConstSpan(held_).subspan(step.held.begin, step.held.end - step.held.begin);
}

absl::Span<const uint32_t> History::HoldersBefore(const Step& step) const {
  return absl::MakeConstSpan(holders_).subspan(step.held.begin, step.held.end - step.held.begin);
}

const Lock* History::StrongestHeldBefore(const Step& step) const {
  return step.held.begin == step.held.end ? nullptr : &held_[step.held.strongest];
}

const Statement& History::StatementOf(const Step& step) const {
  return migrations_[step.migration].script->statements[step.statement];
}

const Name* History::UnknownCall(const Step& step) const {
  const auto* modify = step.As<action::ModifyData>();
  if (modify == nullptr) return nullptr;
  const CatalogView before = Before(step);
  const TypeScope scope = {before, SessionAt(step).search_path, server_version_};
  const auto unknown =
      std::find_if(modify->calls.begin(), modify->calls.end(), [&](const FunctionCall& call) {
        return CallsUnknown({&call, 1}, scope, /*bodies_run=*/true);
      });
  return unknown == modify->calls.end() ? nullptr : &unknown->function;
}

const std::string& History::TagOf(const Step& step) const {
  return step.within != nullptr ? step.within->tag : StatementOf(step).tag;
}

const Source& History::SourceOf(const Step& step) const {
  return *migrations_[step.migration].script->source;
}

absl::Span<const Step> History::StepsOf(uint32_t migration, uint32_t statement) const {
  const auto& [begin, end] = statement_steps_[migration][statement];
  return absl::MakeConstSpan(steps_).subspan(begin, end - begin);
}

History Simulate(Inputs inputs) { return Simulator(std::move(inputs)).Run(); }

}  // namespace plimsoll
