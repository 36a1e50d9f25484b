# plimsoll_folder(NAME LIBRARIES...): the library of a folder. Its sources are what lies in the
# folder and below, so that adding a file needs no other edit; CMake looks again at each build.
function(plimsoll_folder name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  # The grammar is a target of its own: third-party C that changes only with its package.
  list(FILTER sources EXCLUDE REGEX "/syntax/(sandbox/|grammar_)")
  add_library(plimsoll_${name} STATIC ${sources})
  target_link_libraries(plimsoll_${name} PUBLIC plimsoll_options ${ARGN})
  plimsoll_precompile(plimsoll_${name})
endfunction()
