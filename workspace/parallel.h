#ifndef PLIMSOLL_WORKSPACE_PARALLEL_H_
#define PLIMSOLL_WORKSPACE_PARALLEL_H_

#include <cstddef>

#include "absl/functional/function_ref.h"

// Work that knows nothing of its neighbours, on several threads. Rooms below this one know of no
// thread: they take such a function where they could use some.

namespace plimsoll {

// As many as are asked for; 0: one a processor.
int ThreadCount(int jobs);

// Calls `work` once for each number below `count`, on at most so many threads, this one among them,
// and returns when all is done.
void ForEachIndex(int threads, size_t count, absl::FunctionRef<void(size_t index)> work);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_PARALLEL_H_
