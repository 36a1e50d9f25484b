#ifndef PLIMSOLL_ANALYZER_CHECKING_MADE_H_
#define PLIMSOLL_ANALYZER_CHECKING_MADE_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "analyzer/checking/rule.h"
#include "analyzer/simulation/history.h"

// What a migration makes, as it leaves it: rules about choices (types, keys, names) speak of what
// is there when the file ends, not of what a later statement of it took back.

namespace plimsoll {

// The moment before the first step of the step's migration, and the one behind its last.
Moment StartOfMigration(const History& history, const Step& step);
Moment EndOfMigration(const History& history, const Step& step);
// The steps of its migration that come before it, and after it.
absl::Span<const Step> EarlierInMigration(const History& history, const Step& step);
absl::Span<const Step> RestOfMigration(const History& history, const Step& step);

// The steps of the step's statement, of the same body: the catalog takes in the subcommands of an
// ALTER TABLE all at once, before the first of them and after the last.
const Step& FirstOfStatement(const History& history, const Step& step);
const Step& LastOfStatement(const History& history, const Step& step);

// The table that the step makes, or gives columns or constraints, as its migration leaves it; null
// where it is gone by then, or temporary.
const Relation* TableLeft(const History& history, const Step& step);
// The columns that the step brings to `left`, as its migration leaves them. None of a foreign
// table: the other side chose them.
std::vector<TableColumn> ColumnsLeft(const History& history, const Step& step,
                                     const Relation& left);
// The constraints that the step's words hold. They belong to its action.
std::vector<const Constraint*> ConstraintsIn(const Step& step);
// The names that the step gives: some empty, where PostgreSQL chooses them.
std::vector<std::string> NewNames(const Step& step);

// The tables that a migration has emptied: TRUNCATE, or DELETE of all rows. Takes the steps of a
// history in their order.
class Emptied {
 public:
  void Take(const Step& step);
  // Whether the steps of this migration that were taken leave the table without rows.
  bool Has(RelationId table) const { return tables_.contains(table); }

 private:
  uint32_t migration_ = 0;
  absl::flat_hash_set<RelationId> tables_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_MADE_H_
