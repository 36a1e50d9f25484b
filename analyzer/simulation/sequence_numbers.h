#ifndef PLIMSOLL_ANALYZER_SIMULATION_SEQUENCE_NUMBERS_H_
#define PLIMSOLL_ANALYZER_SIMULATION_SEQUENCE_NUMBERS_H_

#include "absl/strings/string_view.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/syntax/action.h"

// Private to analyzer/simulation.

namespace plimsoll {

// Changes `numbers` as CREATE SEQUENCE (`created`) or ALTER SEQUENCE does, and returns the SQLSTATE
// with which PostgreSQL refuses that (commands/sequence.c:init_params); empty where it does not.
// What the sequence has given so far is not looked at. Of numbers that are not known, only what the
// options say of each other is.
absl::string_view ApplyOptions(const SequenceOptions& options, bool created,
                               SequenceNumbers& numbers);

// Of a new sequence of an integer type, and of an identity column with its options.
SequenceNumbers NewNumbers(absl::string_view type);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_SEQUENCE_NUMBERS_H_
