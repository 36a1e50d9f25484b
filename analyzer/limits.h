// How much of anything we take. Input is untrusted: each of these bounds time, memory or nesting,
// and reaching one is a finding that says so, never a silent cut.

#ifndef PLIMSOLL_ANALYZER_LIMITS_H_
#define PLIMSOLL_ANALYZER_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace plimsoll {

// ---- the grammar (analyzer/syntax/grammar.h) ----------------------------------------------------

// The largest text the grammar is asked about, in bytes. Its memory ends at 1 GB, which a dense
// text reaches earlier: that is an error too.
inline constexpr size_t kMaxGrammarBytes = size_t{16} << 20;

// The most values that a parse tree may have; each takes 16 bytes. A text of kMaxGrammarBytes with
// more is one of constants: `select 1,1,1,1…` has four a byte.
inline constexpr size_t kMaxTreeValues = size_t{32} << 20;

// How many nodes of a parse tree may be nested, each in the one before. A PostgreSQL server with
// its default `max_stack_depth` of 2 MB gives up between 3,000 (operators) and 20,000 (casts), so
// that nothing a server would run is refused here.
inline constexpr uint32_t kMaxTreeDepth = 250'000;

// A thread's parser whose memory has grown beyond this many bytes is replaced before its next use,
// lest one huge file cost that memory for as long as the thread lives. Its memory begins at 128 MB,
// of which only what was touched is real.
inline constexpr size_t kMaxKeptGrammarBytes = size_t{128} << 20;

// PostgreSQL's scanner reads a run of operator characters (`+-*/<>=~!@#%^&|?` and the backquote)
// again for each token it cuts off, in time that grows with the square of the run: 80 kB of
// `/*/*/*` keep it busy for seven seconds. The squares of all runs in a text, in bytes, may add up
// to this, about half a second.
inline constexpr uint64_t kMaxGrammarOperatorWork = 500'000'000;

// The system's libpg_query (-DPLIMSOLL_GRAMMAR=system only) overflows the caller's stack on deeply
// nested texts. This many tokens in a row that could each open a level are taken; see
// `NestingBound`.
inline constexpr size_t kMaxSystemGrammarNesting = 10'000;

// ---- scripts (analyzer/syntax/script.h) ---------------------------------------------------------

// The largest file that is analysed, in bytes; spans are 32-bit.
inline constexpr size_t kMaxSourceBytes = size_t{64} << 20;

// Statements are handed to the grammar together up to about this many bytes. It keeps the tree of
// one call, some ten times as large, within the caches, and bounds what a syntax error makes us
// parse again.
inline constexpr size_t kMaxTextBytes = size_t{64} << 10;

// PostgreSQL's scanner takes time that grows with the square of an operator's length; no operator
// is longer than 63 bytes, but the characters of several may stand in a row: this many of them.
inline constexpr uint32_t kMaxOperatorRun = 256;

// A quote that nothing closes, or whose ends were mistaken for each other after an apostrophe, is
// taken to end with its statement. That happens this many times in a file, as each time the lexer
// may have read to the file's end; then quotes reach as far as PostgreSQL reads them.
inline constexpr uint32_t kMaxQuoteRecoveries = 64;

// The longest template in bytes, such as `{{ … }}`, and the longest that is a mere name, such as
// `${x}`.
inline constexpr size_t kMaxPlaceholderBytes = 4096;
inline constexpr size_t kMaxPlaceholderWord = 256;

// ---- bodies of routines (analyzer/syntax/body.h) ------------------------------------------------

// Blocks, branches and loops within each other, and bodies within bodies (a DO block that creates a
// function that executes a DO block).
inline constexpr int kMaxBodyDepth = 200;
inline constexpr int kMaxBodyNesting = 4;

// The text that EXECUTE puts together in the bodies of one statement, in bytes.
inline constexpr size_t kMaxExecutedBytes = size_t{256} << 10;

// ---- running bodies (analyzer/simulation/history.h) ---------------------------------------------

// Routines that call routines, and the statements of called routines in a whole history: one of a
// hundred statements may be called from a hundred places. Beyond, what a call does is unknown.
inline constexpr int kMaxCallDepth = 16;
inline constexpr uint32_t kMaxCalledStatements = 10'000;

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_LIMITS_H_
