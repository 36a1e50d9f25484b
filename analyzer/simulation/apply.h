#ifndef PLIMSOLL_ANALYZER_SIMULATION_APPLY_H_
#define PLIMSOLL_ANALYZER_SIMULATION_APPLY_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/effects.h"
#include "analyzer/syntax/action.h"

// Private to analyzer/simulation.

namespace plimsoll {

// Changes the catalog at `moment` as the actions of one statement do, in the order in which
// PostgreSQL runs them, which for ALTER TABLE is not the order of the text. The statement is one
// that succeeds. Returns the relations it made, in order.
std::vector<RelationId> Apply(absl::Span<const Action> statement, const Situation& situation,
                              Moment moment, Catalog& catalog);

// Makes the catalog know the relations that the action names and that no file creates: they are
// taken to exist. Names that this history had and dropped stay unknown.
void AssumeNamed(const Action& action, const Situation& situation, Moment moment, Catalog& catalog);

// Whether the body is parsed and its names looked up when the function is created: SQL that only
// queries. (What a body makes itself may be missing by then.)
bool IsAnalysed(const action::CreateFunction& create, const Situation& situation);

// Calls `visit` with the names, without their schemas, of what the action makes, changes, drops or
// reads.
void VisitNames(const Action& action, absl::FunctionRef<void(const std::string&)> visit);

// Drops the relations among `ids` that still exist, as the end of their session or transaction
// does.
void DropTemporary(absl::Span<const RelationId> ids, const Situation& situation, Moment moment,
                   Catalog& catalog);

// From `moment` on, every table may have rows.
void FillTables(Catalog& catalog, Moment moment);

// One of PostgreSQL's own catalogs or views.
bool IsSystemName(const Name& name);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_APPLY_H_
