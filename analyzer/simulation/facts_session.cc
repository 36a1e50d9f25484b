// What a session keeps: settings, prepared statements, cursors, constraints that wait.

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/settings.h"

namespace plimsoll {

void Inspector::Look(const action::SetParameter& set) {
  const std::optional<Failure> failure = RefusedSetting(set, situation_.server_version);
  if (failure) Fail(failure->sqlstate, failure->message);
  // variable.c:check_role, check_session_authorization
  const bool acts_as = set.name == "role" || set.name == "session_authorization";
  if (acts_as && !set.values.empty() && IsGone(ObjectKind::kRole, {.name = set.values[0]})) {
    Fail("22023", absl::StrCat("role \"", set.values[0], "\" does not exist"));
  }
}

// The modes that an action sets of the transaction that is open.
void Inspector::CheckTransactionModes(const Action& action) {
  if (situation_.state == nullptr || !situation_.in_transaction_block) return;
  for (const TransactionMode& mode : ModesOf(action)) {
    const std::optional<Failure> failure = RefusedMode(mode, *situation_.state);
    if (!failure) continue;
    facts_.forbidden_in_transaction = true;
    return Fail(failure->sqlstate, failure->message);
  }
}

void Inspector::Look(const action::SessionCommand& command) {
  const SessionState* state = situation_.state;
  if (command.what == "SHOW") {
    const std::optional<Failure> failure =
        RefusedSetting({.name = command.name}, situation_.server_version);
    if (failure && failure->sqlstate == "42704") Fail(failure->sqlstate, failure->message);
    return;
  }
  if (state == nullptr || command.name.empty()) return;
  if (absl::EndsWith(command.what, " PREPARED")) {
    const bool known = !situation_.closed || state->prepared_transactions.contains(command.name);
    if (!known) Fail("42704", absl::StrCat("no transaction is prepared as ", command.name));
    return;
  }
  // A function may have prepared or opened what no file does.
  if (state->called || situation_.trusted_since > 0) return;
  if (command.what == "DEALLOCATE") {
    FindPrepared(command.name);
  } else if (command.what == "FETCH" || command.what == "MOVE" || command.what == "CLOSE CURSOR") {
    if (state->cursors.contains(command.name)) return;
    Fail("34000", absl::StrCat("cursor \"", command.name, "\" does not exist"));
  }
}

const action::ModifyData* Inspector::FindPrepared(const std::string& name) {
  const SessionState* state = situation_.state;
  if (state == nullptr) return nullptr;
  const auto found = state->prepared.find(name);
  if (found != state->prepared.end()) return found->second;
  if (!state->called && situation_.trusted_since == 0) {
    Fail("26000", absl::StrCat("prepared statement \"", name, "\" does not exist"));
  }
  return nullptr;
}

// execMain.c:ExecCheckXactReadOnly; COPY asks by itself.
void Inspector::CheckReadOnly(const action::ModifyData& modify) {
  if (!IsReadOnly() || modify.planned_only || facts_.failure) return;
  const bool writes =
      std::any_of(modify.writes.begin(), modify.writes.end(), [&](const action::Write& write) {
        const Relation* table = Find(write.table.name);
        return table != nullptr && table->persistence != Persistence::kTemporary;
      });
  const bool locks = modify.locks_rows || !modify.row_locked.empty();
  if (writes || locks) Fail("25006", "cannot change rows in a read-only transaction");
}

// prepare.c:StorePreparedStatement
void Inspector::CheckPrepared(const action::ModifyData& modify) {
  const SessionState* state = situation_.state;
  if (modify.prepares.empty() || state == nullptr || facts_.failure) return;
  if (!state->prepared.contains(modify.prepares) || state->called) return;
  return Fail("42P05", absl::StrCat("prepared statement \"", modify.prepares, "\" already exists"));
}

// prepare.c:EvaluateParams
bool Inspector::CheckArguments(const action::Execute& execute, const action::ModifyData& prepared) {
  // What takes none is not looked at for them.
  if (prepared.parameters == 0) return true;
  if (execute.arguments.size() != prepared.parameters) {
    Fail("42601",
         absl::StrCat("wrong number of parameters for prepared statement \"", execute.name, "\""));
    return false;
  }
  for (size_t i = 0; i < prepared.parameter_types.size(); ++i) {
    const BoundValue& argument = execute.arguments[i];
    if (argument.kind != BoundKind::kConstant) continue;
    if (!CheckValue(argument.literal, prepared.parameter_types[i])) return false;
  }
  return true;
}

void Inspector::Look(const action::Execute& execute) {
  const action::ModifyData* prepared = FindPrepared(execute.name);
  if (prepared == nullptr) {
    facts_.modelled = facts_.failure.has_value();
    return;
  }
  if (!CheckArguments(execute, *prepared)) return;
  action::ModifyData run = *prepared;
  run.prepares.clear();
  run.planned_only = execute.planned_only;
  run.calls.insert(run.calls.end(), execute.calls.begin(), execute.calls.end());
  Look(run);
}

void Inspector::Look(const action::RaiseError& raise) { Fail(raise.sqlstate, raise.message); }

// trigger.c:AfterTriggerSetState
void Inspector::Look(const action::SetConstraints& set) {
  for (const Name& name : set.constraints) {
    bool found = false;
    const auto look_in = [&](const std::string& schema) {
      for (const Relation* table : view_.ConstrainedIn(schema, name.name)) {
        const TableConstraint& constraint = *table->FindConstraint(name.name);
        found = true;
        // Of several with the name one that is deferrable is enough for none of the others.
        if (!constraint.deferrable && KnowsAll(*table)) {
          Fail("42809", absl::StrCat("constraint \"", name.name, "\" is not deferrable"));
        }
      }
    };
    if (!name.schema.empty()) {
      look_in(name.schema);
    } else {
      for (const std::string& schema : situation_.search_path) {
        if (!found) look_in(schema);
      }
    }
    if (!found && IsPlain()) {
      Fail("42704", absl::StrCat("constraint \"", name.name, "\" does not exist"));
    }
  }
}

}  // namespace plimsoll
