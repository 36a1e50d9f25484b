#include "rules/registry.h"

namespace plimsoll::rules {
namespace {

constexpr PeerRule kPeers[] = {
    {"squawk", "require-concurrent-index-creation", "index-build-blocks-writes",
     "silent where the table is made by the same migration, in a transaction or not"},
};

}  // namespace

absl::Span<const PeerRule> Peers() { return kPeers; }

}  // namespace plimsoll::rules
