#include "report/concise.h"

#include "absl/strings/str_cat.h"
#include "report/ink.h"
#include "report/terminal.h"

namespace plimsoll::report {

std::string RenderConcise(absl::Span<const Report> reports, bool colour) {
  const Painter paint(colour);
  std::string out;
  for (const Report& report : reports) {
    for (const Finding& finding : report.findings) {
      const Source& source = *report.history.migrations()[finding.migration].script->source;
      const Position start = source.Locate(finding.span.begin);
      absl::StrAppend(&out,
                      paint(Ink::kBold, absl::StrCat(Printable(source.name()), ":", start.line, ":",
                                                     start.column, ":")),
                      " ", paint(SeverityInk(finding.severity), SeverityName(finding.severity)),
                      ": ", Printable(finding.message), " [", finding.rule->id, "]\n");
    }
  }
  return out;
}

}  // namespace plimsoll::report
