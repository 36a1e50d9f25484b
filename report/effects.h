#ifndef PLIMSOLL_REPORT_EFFECTS_H_
#define PLIMSOLL_REPORT_EFFECTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"

namespace plimsoll::report {

// What one whole statement costs: the sum of its actions. Relations have the names that they have
// when it is done; what it drops, the name that it had.
struct StatementEffects {
  std::vector<Lock> locks;                  // the strongest per relation, in order of first taking
  std::vector<std::string> rewrites;        // the lists of names are sorted and hold no name twice
  std::vector<std::string> scans;           // relations read as a whole; a rewrite counts
  std::vector<std::string> index_builds;    // indexes built, or built again
  std::vector<std::string> index_rebuilds;  // those of them that were there before
  std::vector<std::string> index_reuses;    // indexes made anew over their old files
  // Those of the names above that are not certain: no file says what decides it.
  std::vector<std::string> possible;
  bool forbidden_in_transaction = false;
  std::optional<Failure> failure;  // the first
  bool modelled = false;           // false: no claim is made
  // SET LOCAL or COMMIT where no transaction is open, BEGIN where one is: PostgreSQL warns.
  bool effectless = false;
  bool rolls_back = false;  // COMMIT of a transaction in which a statement failed
};

StatementEffects SumEffects(const History& history, uint32_t migration, uint32_t statement);

// Every statement of every judged file with its effects; docs/formats.md is its contract.
std::string RenderEffectsJson(absl::Span<const Report> reports, int server_version);

// The same as a table for a person.
std::string RenderEffectsText(absl::Span<const Report> reports, bool colour);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_EFFECTS_H_
