#ifndef PLIMSOLL_ANALYZER_CHECKING_SIZE_H_
#define PLIMSOLL_ANALYZER_CHECKING_SIZE_H_

#include "analyzer/checking/analyze.h"
#include "analyzer/simulation/history.h"

// How grave work on a table is, where the project says how many rows the table has
// (Inputs::rows). What is not said is taken to be neither small nor large.

namespace plimsoll {

// So few are read, copied or indexed before anybody has waited for it; so many take minutes.
inline constexpr double kFewRows = 10'000;
inline constexpr double kManyRows = 10'000'000;

// The work grows with a table that is known to be small.
bool IsQuick(const Work& work, const Step& step, const History& history);

// Makes a finding about such work an error where a table is large, and a note without a risk where
// all tables are small; its message says how many rows there are.
void Weigh(const History& history, Finding& finding);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_SIZE_H_
