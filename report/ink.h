#ifndef PLIMSOLL_REPORT_INK_H_
#define PLIMSOLL_REPORT_INK_H_

#include "analyzer/checking/rule.h"
#include "report/terminal.h"

namespace plimsoll::report {

// The colour a severity has in every rendering, and the colour of a risk.
Ink SeverityInk(Severity severity);
Ink RiskInk(Risk risk);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_INK_H_
