#include "analyzer/syntax/source.h"

#include <algorithm>
#include <utility>

#include "analyzer/check.h"

namespace plimsoll {

Source::Source(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  PLIMSOLL_CHECK(text_.size() < UINT32_MAX);
  line_starts_.push_back(0);
  for (size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(static_cast<uint32_t>(at + 1));
  }
}

absl::string_view Source::Text(Span span) const {
  PLIMSOLL_CHECK(span.begin <= span.end && span.end <= text_.size());
  return absl::string_view(text_).substr(span.begin, span.size());
}

Position Source::Locate(uint32_t byte) const {
  byte = std::min(byte, static_cast<uint32_t>(text_.size()));
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), byte);
  const uint32_t start = *(after - 1);
  uint32_t column = 1;
  for (uint32_t at = start; at < byte; ++at) {
    const bool continuation = (static_cast<unsigned char>(text_[at]) & 0xC0U) == 0x80U;
    if (!continuation) ++column;
  }
  return {
      .line = static_cast<uint32_t>(after - line_starts_.begin()), .column = column, .byte = byte};
}

uint32_t Source::LineStart(uint32_t line) const {
  PLIMSOLL_CHECK(line >= 1 && line <= line_starts_.size());
  return line_starts_[line - 1];
}

absl::string_view Source::Line(uint32_t line) const {
  const uint32_t begin = LineStart(line);
  size_t end = line < line_starts_.size() ? line_starts_[line] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return absl::string_view(text_).substr(begin, end - begin);
}

}  // namespace plimsoll
