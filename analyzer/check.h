#ifndef PLIMSOLL_ANALYZER_CHECK_H_
#define PLIMSOLL_ANALYZER_CHECK_H_

#include <cstdio>
#include <cstdlib>

// A condition that only a bug of ours can break. It is kept in release builds: an analyzer that
// goes on with a broken invariant would call a dangerous migration safe.
#define PLIMSOLL_CHECK(condition)                                                         \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "plimsoll: internal error at %s:%d: %s\n", __FILE__, __LINE__, \
                   #condition);                                                           \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

#endif  // PLIMSOLL_ANALYZER_CHECK_H_
