#ifndef PLIMSOLL_ANALYZER_CHECKING_TOUCHED_H_
#define PLIMSOLL_ANALYZER_CHECKING_TOUCHED_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/simulation/history.h"

// Which tables a migration is about: those that it makes, changes, writes or keeps others from
// writing. A foreign key is about the table that it references too, for nobody writes to that one
// while the key is made.

namespace plimsoll {

struct TouchedTable {
  RelationId id = 0;
  // As messages name it, with its schema where that is not `public`; of one that is renamed, both.
  std::vector<std::string> names;
  uint32_t step = 0;     // the first that touches it, as an index into History::steps
  bool certain = false;  // some statement that runs whatever happens touches it
  bool live = false;     // it was there before
  bool lasts = false;    // it is there when the migration ends
};

// The steps of one migration, what its bodies do included.
absl::Span<const Step> StepsOfMigration(const History& history, uint32_t migration);

// In the order in which they are first touched; no temporary ones.
std::vector<TouchedTable> TouchedBy(const History& history, uint32_t migration);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_TOUCHED_H_
