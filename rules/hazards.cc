#include "rules/registry.h"

namespace plimsoll::rules {
namespace {

constexpr Hazard kHazards[] = {
    {1, 'A', "CREATE INDEX of a table that others use", "index-build-blocks-writes", ""},
};

}  // namespace

absl::Span<const Hazard> Hazards() { return kHazards; }

}  // namespace plimsoll::rules
