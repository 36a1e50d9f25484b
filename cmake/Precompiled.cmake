# Nine tenths of what compiling one of our files takes goes into the headers that all of them read.
option(PLIMSOLL_PCH "precompile the headers that all read" OFF)

# What comes from elsewhere. A file still has to include what it uses: the trees of clang compile
# without this.
set(PLIMSOLL_COMMON_HEADERS
  <algorithm> <cstdint> <map> <memory> <optional> <set> <string> <utility> <variant> <vector>
  <absl/algorithm/container.h> <absl/container/flat_hash_map.h> <absl/container/flat_hash_set.h>
  <absl/functional/function_ref.h> <absl/status/statusor.h> <absl/strings/ascii.h>
  <absl/strings/match.h> <absl/strings/numbers.h> <absl/strings/str_cat.h>
  <absl/strings/str_join.h> <absl/strings/str_replace.h> <absl/strings/str_split.h>
  <absl/strings/strip.h> <absl/types/span.h>)

# plimsoll_precompile(TARGET HEADERS...): the common ones, and these. A file of ours among them is
# one that each file of the target includes.
function(plimsoll_precompile target)
  if(PLIMSOLL_PCH)
    target_precompile_headers(${target} PRIVATE ${PLIMSOLL_COMMON_HEADERS} ${ARGN})
  endif()
endfunction()

# ccache sees what a precompiled header was made from, and needs to be told that this is enough.
if(PLIMSOLL_PCH AND CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()
