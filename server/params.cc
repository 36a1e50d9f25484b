#include "server/params.h"

#include <algorithm>

#include "nlohmann/json.hpp"

namespace plimsoll::server {
namespace {

// A coordinate that no text reaches is as good as the greatest one.
std::optional<uint32_t> Coordinate(const Json& place, const char* key) {
  const std::optional<int64_t> value = IntegerParam(place, {key});
  if (!value.has_value() || *value < 0) return std::nullopt;
  return static_cast<uint32_t>(std::min<int64_t>(*value, UINT32_MAX));
}

std::optional<Place> PlaceIn(const Json* json) {
  if (json == nullptr) return std::nullopt;
  const std::optional<uint32_t> line = Coordinate(*json, "line");
  const std::optional<uint32_t> character = Coordinate(*json, "character");
  if (!line.has_value() || !character.has_value()) return std::nullopt;
  return Place{*line, *character};
}

}  // namespace

const Json* FindParam(const Json& params, std::initializer_list<const char*> keys) {
  const Json* value = &params;
  for (const char* key : keys) {
    if (!value->is_object()) return nullptr;
    const auto found = value->find(key);
    if (found == value->end()) return nullptr;
    value = &*found;
  }
  return value;
}

std::optional<std::string> TextParam(const Json& params, std::initializer_list<const char*> keys) {
  const Json* value = FindParam(params, keys);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get_ref<const std::string&>();
}

std::optional<int64_t> IntegerParam(const Json& params, std::initializer_list<const char*> keys) {
  const Json* value = FindParam(params, keys);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<int64_t>();
}

std::optional<Place> PlaceParam(const Json& params, std::initializer_list<const char*> keys) {
  return PlaceIn(FindParam(params, keys));
}

std::optional<Range> RangeParam(const Json& params, std::initializer_list<const char*> keys) {
  const Json* json = FindParam(params, keys);
  if (json == nullptr) return std::nullopt;
  const std::optional<Place> start = PlaceIn(FindParam(*json, {"start"}));
  const std::optional<Place> end = PlaceIn(FindParam(*json, {"end"}));
  if (!start.has_value() || !end.has_value()) return std::nullopt;
  return Range{*start, *end};
}

}  // namespace plimsoll::server
