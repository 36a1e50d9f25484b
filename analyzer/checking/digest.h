#ifndef PLIMSOLL_ANALYZER_CHECKING_DIGEST_H_
#define PLIMSOLL_ANALYZER_CHECKING_DIGEST_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace plimsoll {

// The SHA-256 of the bytes, as 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);
// The SHA-1 of the bytes, as 40 of them. For records that other programs write.
std::string Sha1Hex(absl::string_view bytes);

// The text as every checkout of it reads: without a byte order mark, with the line ends of Unix.
std::string PortableText(absl::string_view text);

// A SHA-256 of bytes that come one after the other, and may be asked for on the way.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(Sha256&& other) noexcept;

  void Add(absl::string_view bytes);
  // Of all that was added: 32 bytes.
  std::string Bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_DIGEST_H_
