#include "report/ink.h"

namespace plimsoll::report {

Ink SeverityInk(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return Ink::kRed;
    case Severity::kWarning:
      return Ink::kYellow;
    case Severity::kNote:
      return Ink::kCyan;
  }
  return Ink::kBold;
}

Ink RiskInk(Risk risk) {
  switch (risk) {
    case Risk::kComplex:
      return Ink::kRed;
    case Risk::kRisky:
      return Ink::kYellow;
    case Risk::kSafe:
      return Ink::kGreen;
  }
  return Ink::kBold;
}

}  // namespace plimsoll::report
