// The generated C, under names that mean something.
//
// `grammar_names.h` is written at configure time from the JavaScript that ships beside the module:
// it maps names such as `malloc` to the one letter the module calls them in this release.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_GENERATED_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_GENERATED_H_

#include "grammar_module.h"
#include "grammar_names.h"

namespace plimsoll::sandbox {

using GrammarModule = PLIMSOLL_GRAMMAR_MODULE;

}  // namespace plimsoll::sandbox

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_GENERATED_H_
