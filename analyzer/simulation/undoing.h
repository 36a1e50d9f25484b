#ifndef PLIMSOLL_ANALYZER_SIMULATION_UNDOING_H_
#define PLIMSOLL_ANALYZER_SIMULATION_UNDOING_H_

#include <cstdint>

#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/history.h"

// Private to analyzer/simulation.

namespace plimsoll {

// An up and its down, which have just run one after the other: nothing comes behind them.
struct Taken {
  uint32_t up = 0;
  uint32_t down = 0;     // see Undoing
  Moment before = 0;     // the up
  Moment between = 0;    // behind the up
  Moment down_from = 0;  // before the first step of the down
  RelationId last = 0;   // Catalog::last_id() before the down
  bool closed = false;   // see Situation
};

// Holds the catalog behind the down against that before the up. The work is linear in what the two
// have changed.
Undoing Compare(const History& history, const Catalog& catalog, const Taken& taken);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_UNDOING_H_
