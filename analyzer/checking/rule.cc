#include "analyzer/checking/rule.h"

#include <utility>

namespace plimsoll {

absl::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

absl::string_view RiskName(Risk risk) {
  switch (risk) {
    case Risk::kSafe:
      return "safe";
    case Risk::kRisky:
      return "risky";
    case Risk::kComplex:
      return "complex";
  }
  return "complex";
}

absl::string_view FamilyName(Family family) {
  switch (family) {
    case Family::kSyntax:
      return "syntax";
    case Family::kLocking:
      return "locking";
    case Family::kRewriting:
      return "rewriting";
    case Family::kDataLoss:
      return "data-loss";
    case Family::kCompatibility:
      return "compatibility";
    case Family::kTransaction:
      return "transaction";
    case Family::kIdempotency:
      return "idempotency";
  }
  return "";
}

void Reporter::operator()(const Step& step, Complaint complaint) const {
  complaint.migration = step.migration;
  complaint.statement = step.statement;
  if (complaint.span.empty()) complaint.span = step.span;
  if (complaint.locks.empty()) complaint.locks = step.effects.locks;
  sink_(std::move(complaint));
}

}  // namespace plimsoll
