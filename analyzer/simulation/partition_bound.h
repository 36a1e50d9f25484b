#ifndef PLIMSOLL_ANALYZER_SIMULATION_PARTITION_BOUND_H_
#define PLIMSOLL_ANALYZER_SIMULATION_PARTITION_BOUND_H_

#include <optional>

#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/effects.h"

// Whether a partitioned table can have a partition of a bound. Private to analyzer/simulation.

namespace plimsoll {

// Why the bound does not fit the key of `parent`, whatever partitions it has
// (parse_utilcmd.c:transformPartitionBound). Nothing where it fits, or where no file tells.
std::optional<Failure> MisfitOf(const Relation& parent, const PartitionBound& bound);

// Why the bound is empty, or which partition of `parent` is in its way
// (partbounds.c:check_new_partition_bound). A bound that MisfitOf refuses is not for this one.
std::optional<Failure> ConflictOf(const Relation& parent, const PartitionBound& bound,
                                  const CatalogView& view);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_PARTITION_BOUND_H_
