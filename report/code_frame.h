#ifndef PLIMSOLL_REPORT_CODE_FRAME_H_
#define PLIMSOLL_REPORT_CODE_FRAME_H_

#include <string>

#include "analyzer/syntax/source.h"
#include "report/terminal.h"

namespace plimsoll::report {

// The numbered lines of a span with carets under it, for people. Columns are those of the terminal,
// so the carets stand right under tabs, wide and combining characters. A long line is shown around
// the span, a long span by its first and last lines.
struct CodeFrame {
  std::string text;   // every line ends with a line feed
  size_t gutter = 0;  // columns before the bar, for lines that continue the frame
};

CodeFrame DrawCode(const Source& source, Span span, Ink ink, const Painter& paint);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_CODE_FRAME_H_
