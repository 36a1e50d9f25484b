#ifndef PLIMSOLL_SERVER_PARAMS_H_
#define PLIMSOLL_SERVER_PARAMS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "server/convert.h"
#include "server/jsonrpc.h"

// Reading what a client sent. Nothing is taken for granted: a key that is missing, or holds another
// type than it should, is an empty answer.

namespace plimsoll::server {

// The value at the end of a path of keys; null where the path breaks off.
const Json* FindParam(const Json& params, std::initializer_list<const char*> keys);

std::optional<std::string> TextParam(const Json& params, std::initializer_list<const char*> keys);
std::optional<int64_t> IntegerParam(const Json& params, std::initializer_list<const char*> keys);

// {"line","character"}
std::optional<Place> PlaceParam(const Json& params, std::initializer_list<const char*> keys);
// {"start","end"}
std::optional<Range> RangeParam(const Json& params, std::initializer_list<const char*> keys);

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_PARAMS_H_
