#ifndef PLIMSOLL_ANALYZER_SIMULATION_IMPLICATION_H_
#define PLIMSOLL_ANALYZER_SIMULATION_IMPLICATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/syntax/predicate.h"

// What PostgreSQL can prove of a table's rows without reading them, and no more than that: a proof
// that it does not find is a scan (tablecmds.c:ConstraintImpliedByRelConstraint over
// predtest.c:predicate_implied_by, in the weak form: what is not false stays not false).
// Private to analyzer/simulation.

namespace plimsoll {

enum class Proof : uint8_t {
  kNo,       // it reads the rows
  kUnknown,  // the text does not tell
  kYes,
};

// The rows of one table, which must outlive it: its NOT NULL columns, and its validated and
// enforced checks but those that `dropped` names.
class KnownRows {
 public:
  explicit KnownRows(const Relation& table)
      : KnownRows(table, [](const TableConstraint&) { return false; }) {}
  KnownRows(const Relation& table, absl::FunctionRef<bool(const TableConstraint&)> dropped);

  // That no row holds a NULL in the column, by its checks:
  // tablecmds.c:NotNullImpliedByRelConstraints looks at nothing else.
  Proof ProveNotNull(const std::string& column) const;
  // That each row satisfies the condition on the table's columns, such as a partition constraint.
  Proof Prove(const Predicate& condition) const;

 private:
  const Relation& table_;
  std::vector<Predicate> not_null_;
  std::vector<Predicate> checks_;
};

// ---- partitions ------------------------------------------------------------------------------

// What all rows of a partition of `parent` with that bound satisfy, its parents' own constraints
// included (partcache.c:generate_partition_qual); murky where no file says it.
Predicate PartitionConstraint(const Relation& parent, const PartitionBound& bound,
                              const CatalogView& view);
// That of the bound alone, without the parents' (partbounds.c:get_qual_from_partbound).
Predicate BoundConstraint(const Relation& parent, const PartitionBound& bound,
                          const CatalogView& view);

// What the planner leaves of the partitions below `parent`, at any level, for a query over the rows
// that satisfy `where`: in order, parents first (partprune.c:prune_append_rel_partitions). Null is
// no condition.
std::vector<const Relation*> ReachedBy(const Relation& parent, const OptionalPredicate& where,
                                       const CatalogView& view);
// The partitions that a row goes through on its way to its leaf
// (execPartition.c:ExecFindPartition). `known` is false where no file tells all of them; none of
// them fits where the last one there is partitioned, or there is none.
struct Routing {
  std::vector<const Relation*> partitions;
  bool known = true;
};
Routing RouteOf(const Relation& parent, const Predicate& row, const CatalogView& view);

// A relation that ATTACH PARTITION or CREATE TABLE … PARTITION OF opens, whether it reads its rows,
// and whether that is certain.
struct BoundScan {
  const Relation* heap = nullptr;
  bool reads = true;
  bool possible = false;
};

// The heaps of the table to be attached that are read: its own or its partitions'
// (tablecmds.c:QueuePartitionConstraintValidation).
std::vector<BoundScan> ScansOfAttached(const Relation& parent, const Relation& attached,
                                       const PartitionBound& bound, const CatalogView& view);
// Those of the default partition of `parent`, which may hold rows of the new partition.
// CREATE asks each of its leaves (partbounds.c:check_default_partition_contents), ATTACH stops at
// the first relation that proves it. Relations below the default partition that are opened and not
// read are there too. Empty where there is no default partition.
std::vector<BoundScan> ScansOfDefault(const Relation& parent, const PartitionBound& bound,
                                      bool attaches, const CatalogView& view);
const Relation* DefaultPartitionOf(const Relation& parent, const CatalogView& view);

// ---- indexes ---------------------------------------------------------------------------------

// Whether two conditions on one table are the same to PostgreSQL's equal(), as for an index that is
// taken over (index.c:CompareIndexInfo). Null is no condition.
Proof SamePredicate(const OptionalPredicate& a, const OptionalPredicate& b, const Relation& table);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_IMPLICATION_H_
