#ifndef PLIMSOLL_ANALYZER_SIMULATION_VALUE_TEXT_H_
#define PLIMSOLL_ANALYZER_SIMULATION_VALUE_TEXT_H_

#include "absl/strings/string_view.h"
#include "analyzer/simulation/types.h"

// Whether a text can be read as a value of a type. Private to analyzer/simulation.

namespace plimsoll {

// The SQLSTATE with which the type's input function certainly refuses the text; empty where it
// reads it, or where that is not known. Lengths are not looked at (JudgeLength does).
absl::string_view JudgeText(absl::string_view text, const Type& type, const TypeScope& scope);

// The SQLSTATE with which a constant, whose text that is, certainly does not fit when it is stored
// as `type`: beyond an integer, longer than its varchar(n). Empty otherwise.
absl::string_view JudgeFit(absl::string_view text, bool is_string, const Type& type);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_VALUE_TEXT_H_
