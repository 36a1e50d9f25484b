#ifndef PLIMSOLL_WORKSPACE_FALLEN_H_
#define PLIMSOLL_WORKSPACE_FALLEN_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/simulation/history.h"
#include "workspace/definition.h"

// What a statement takes along that it does not name, by CASCADE or because nothing can be without
// what goes: foreign keys of other tables, views, policies, functions of a type.

namespace plimsoll {

// Which of what has gone is to be there again.
struct Wanted {
  CatalogView start;  // what was there then
  Moment before = 0;  // and what was made before that moment
  bool everything = false;
};

// Lines that make again what is there before the statement and not behind it, in an order in which
// they run: statements with their semicolons, and comments on what is lost for good. `unknown` is
// the line for what has no statement. Indexes are made concurrently where the statement drops one
// so.
std::vector<std::string> MakeAgain(const Definitions& before, const CatalogView& after,
                                   const Wanted& wanted, absl::Span<const std::string> schemas,
                                   const std::string& unknown, bool concurrently);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_FALLEN_H_
