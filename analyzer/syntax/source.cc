#include "analyzer/syntax/source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "analyzer/check.h"
#include "analyzer/syntax/encoding.h"

namespace plimsoll {
namespace {

// A generated file may be one line of megabytes with a finding in each of its statements. Columns
// are counted from the nearest landmark, so no lookup passes over more bytes than about this.
constexpr uint32_t kLandmarkDistance = 1024;

}  // namespace

Source::Source(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  PLIMSOLL_CHECK(text_.size() < UINT32_MAX);
  line_starts_.push_back(0);
  for (size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(static_cast<uint32_t>(at + 1));
  }
  uint32_t begin = 0;
  if (absl::StartsWith(text_, kByteOrderMark)) {
    begin = static_cast<uint32_t>(kByteOrderMark.size());
    landmarks_.push_back({.byte = begin, .column = 1});
  }
  for (size_t line = 1; line <= line_starts_.size(); ++line) {
    const auto end =
        line < line_starts_.size() ? line_starts_[line] : static_cast<uint32_t>(text_.size());
    MarkLongLine(begin, end);
    begin = end;
  }
}

uint32_t Source::CharacterEnd(uint32_t at) const {
  if (static_cast<unsigned char>(text_[at]) < 0x80U) return at + 1;
  return at + static_cast<uint32_t>(std::max(CharacterLength(text_, at), size_t{1}));
}

void Source::MarkLongLine(uint32_t begin, uint32_t end) {
  if (end - begin <= kLandmarkDistance) return;
  uint32_t next = begin + kLandmarkDistance;
  uint32_t column = 1;
  for (uint32_t at = begin; at < end; at = CharacterEnd(at), ++column) {
    if (at < next) continue;
    landmarks_.push_back({.byte = at, .column = column});
    next = at + kLandmarkDistance;
  }
}

absl::string_view Source::Text(Span span) const {
  PLIMSOLL_CHECK(span.begin <= span.end && span.end <= text_.size());
  return absl::string_view(text_).substr(span.begin, span.size());
}

Position Source::Locate(uint32_t byte) const {
  byte = std::min(byte, static_cast<uint32_t>(text_.size()));
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), byte);
  const auto mark =
      std::upper_bound(landmarks_.begin(), landmarks_.end(), byte,
                       [](uint32_t place, const Landmark& one) { return place < one.byte; });
  uint32_t at = *(after - 1);
  uint32_t column = 1;
  if (mark != landmarks_.begin() && (mark - 1)->byte >= at) {
    at = (mark - 1)->byte;
    column = (mark - 1)->column;
  }
  for (; at < byte; ++column) {
    at = CharacterEnd(at);
    if (at > byte) break;
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
