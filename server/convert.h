#ifndef PLIMSOLL_SERVER_CONVERT_H_
#define PLIMSOLL_SERVER_CONVERT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/syntax/source.h"
#include "nlohmann/json_fwd.hpp"

// From our values to the protocol's. Its columns count UTF-16 code units, and are computed here and
// nowhere else.

namespace plimsoll::server {

// More diagnostics of one document would only slow the editor down; the last one says how many more
// there are.
inline constexpr size_t kMaxDiagnostics = 1000;

// A place as the protocol counts: line and character start at 0.
struct Place {
  uint32_t line = 0;
  uint32_t character = 0;  // UTF-16 code units

  friend bool operator==(const Place&, const Place&) = default;
};

struct Range {
  Place start;
  Place end;
};

// The places of one text, which must live as long. Lines end as the protocol says: at a line feed,
// a carriage return, or both.
class Utf16Index {
 public:
  explicit Utf16Index(absl::string_view text);

  // `byte` past the end is taken as the end. Asking in rising order is cheap on long lines too.
  Place At(uint32_t byte);
  // A character past the end of its line is taken as that end, a line past the last as the text's
  // end, the middle of a surrogate pair as its start.
  uint32_t Byte(Place place) const;

 private:
  absl::string_view text_;
  std::vector<uint32_t> line_starts_;
  // Where the last question was answered.
  uint32_t known_byte_ = 0;
  Place known_;
};

// {"start":{"line","character"},"end":{…}}
nlohmann::json RangeJson(Utf16Index& index, Span span);

// The findings of one migration as diagnostics. `documentation`: see ServerOptions.
nlohmann::json DiagnosticsJson(const Report& report, uint32_t migration,
                               absl::string_view documentation);

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_CONVERT_H_
