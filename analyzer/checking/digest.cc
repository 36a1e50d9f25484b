#include "analyzer/checking/digest.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "analyzer/check.h"

namespace plimsoll {
namespace {

// OpenSSL's calls fail only where the library itself lacks the algorithm, or memory.
std::string Hex(absl::string_view bytes, const EVP_MD* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  PLIMSOLL_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) ==
                 1);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace

std::string Sha256Hex(absl::string_view bytes) { return Hex(bytes, EVP_sha256()); }
std::string Sha1Hex(absl::string_view bytes) { return Hex(bytes, EVP_sha1()); }

std::string PortableText(absl::string_view text) {
  return absl::StrReplaceAll(absl::StripPrefix(text, "\xEF\xBB\xBF"), {{"\r\n", "\n"}});
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  State() { PLIMSOLL_CHECK(context != nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State& other) : State() {
    PLIMSOLL_CHECK(EVP_MD_CTX_copy_ex(context, other.context) == 1);
  }
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  PLIMSOLL_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(const Sha256& other) : state_(std::make_unique<State>(*other.state_)) {}
Sha256& Sha256::operator=(Sha256&& other) noexcept = default;

void Sha256::Add(absl::string_view bytes) {
  PLIMSOLL_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::Bytes() const {
  const State copy(*state_);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  PLIMSOLL_CHECK(EVP_DigestFinal_ex(copy.context, digest.data(), &size) == 1);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace plimsoll
