# Run as a script: lets the translated grammar (FILE) hand its parse tree over before it writes it out
# as JSON. libpg_query exports no function that only parses, and writing and reading the JSON takes
# longer than the parse itself.
#
# In libpg_query's pg_query_parse, which the translation calls by a number, the parse is followed by
# `if (tree == NULL)`, whose branch writes the JSON of an empty list, where the number of PostgreSQL's
# version stands. The call is put between the two; its argument is the address of the parse's result.

cmake_minimum_required(VERSION 3.25)

file(READ "${FILE}" module)
set(search "${module}")
set(at 0)
set(places 0)
while(TRUE)
  string(FIND "${search}" "= ${VERSION_NUMBER}u;" found)
  if(found EQUAL -1)
    break()
  endif()
  math(EXPR here "${at} + ${found}")
  math(EXPR begin "${here} - 1200")
  string(SUBSTRING "${module}" ${begin} 1200 before)
  if(before MATCHES "\n(  w2c_f[0-9]+\\(instance, w2c_i1, w2c_i2\\);\n)[^{}]*if \\(w2c_i2\\) {[^{}]*$")
    string(FIND "${before}" "${CMAKE_MATCH_1}" call REVERSE)
    string(LENGTH "${CMAKE_MATCH_1}" length)
    math(EXPR hook "${begin} + ${call} + ${length}")
    math(EXPR places "${places} + 1")
  endif()
  math(EXPR at "${here} + 1")
  string(SUBSTRING "${module}" ${at} -1 search)
endwhile()
if(NOT places EQUAL 1)
  message(FATAL_ERROR "The parse is found in ${places} places of the translated grammar instead of "
    "one: see what this release of libpg-query or wabt changed, and adapt cmake/TakeTree.cmake")
endif()
string(SUBSTRING "${module}" 0 ${hook} head)
string(SUBSTRING "${module}" ${hook} -1 tail)
file(WRITE "${FILE}" 
  "${head}  { extern void plimsoll_grammar_take_tree(u32); plimsoll_grammar_take_tree(w2c_i1); }\n${tail}")
