#include "analyzer/simulation/sequence_numbers.h"

#include <cstdint>
#include <limits>
#include <string>

namespace plimsoll {
namespace {

constexpr absl::string_view kBadValue = "22023";

struct Bounds {
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
};

Bounds BoundsOf(absl::string_view type) {
  if (type == "int2") {
    return {std::numeric_limits<int16_t>::min(), std::numeric_limits<int16_t>::max()};
  }
  if (type == "int4") {
    return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  }
  return {};
}

bool IsInteger(const Name& type) {
  return type.schema.empty() && (type.name == "int2" || type.name == "int4" || type.name == "int8");
}

// What the options alone contradict.
absl::string_view JudgeAlone(const SequenceOptions& options) {
  if (options.clash) return "42601";
  if (options.type && !IsInteger(*options.type)) return kBadValue;
  if (options.increment == 0 || (options.cache && *options.cache <= 0)) return kBadValue;
  const bool crossed = options.minimum && options.maximum && *options.minimum >= *options.maximum;
  if (crossed) return kBadValue;
  for (const auto& number : {options.start, options.restart}) {
    const bool outside = number && ((options.minimum && *number < *options.minimum) ||
                                    (options.maximum && *number > *options.maximum));
    if (outside) return kBadValue;
  }
  return "";
}

bool IsOutside(int64_t number, const SequenceNumbers& numbers) {
  return number < numbers.minimum || number > numbers.maximum;
}

}  // namespace

SequenceNumbers NewNumbers(absl::string_view type) {
  return {.known = true, .type = std::string(type), .maximum = BoundsOf(type).most};
}

absl::string_view ApplyOptions(const SequenceOptions& options, bool created,
                               SequenceNumbers& numbers) {
  const absl::string_view alone = JudgeAlone(options);
  if (!alone.empty() || !numbers.known) return alone;
  // A limit that was the old type's becomes the new one's.
  const Bounds before = BoundsOf(numbers.type);
  const bool retyped = options.type && !created;
  const bool resets_maximum = retyped && numbers.maximum == before.most;
  const bool resets_minimum = retyped && numbers.minimum == before.least;
  if (options.type) numbers.type = options.type->name;
  const Bounds bounds = BoundsOf(numbers.type);
  if (options.increment) numbers.increment = *options.increment;
  if (options.cache) numbers.cache = *options.cache;
  if (options.cycle) numbers.cycle = *options.cycle;
  const bool rises = numbers.increment > 0;
  if (options.maximum) {
    numbers.maximum = *options.maximum;
  } else if (created || options.no_maximum || resets_maximum) {
    numbers.maximum = rises || resets_maximum ? bounds.most : -1;
  }
  if (options.minimum) {
    numbers.minimum = *options.minimum;
  } else if (created || options.no_minimum || resets_minimum) {
    numbers.minimum = !rises || resets_minimum ? bounds.least : 1;
  }
  const bool beyond = numbers.maximum > bounds.most || numbers.maximum < bounds.least ||
                      numbers.minimum < bounds.least || numbers.minimum > bounds.most;
  if (beyond || numbers.minimum >= numbers.maximum) return kBadValue;
  if (options.start) {
    numbers.start = *options.start;
  } else if (created) {
    numbers.start = rises ? numbers.minimum : numbers.maximum;
  }
  if (IsOutside(numbers.start, numbers)) return kBadValue;
  return options.restart && IsOutside(*options.restart, numbers) ? kBadValue : "";
}

}  // namespace plimsoll
