#ifndef PLIMSOLL_TESTS_SUPPORT_FIXABLE_H_
#define PLIMSOLL_TESTS_SUPPORT_FIXABLE_H_

#include <vector>

#include "analyzer/checking/rule.h"
#include "tests/support/annotations.h"
#include "tests/support/example.h"
#include "tests/support/temporary_folder.h"
#include "workspace/load.h"

namespace plimsoll::testing_support {

// An example as files on disk, for as long as the object lives.
class ExampleFolder {
 public:
  explicit ExampleFolder(const Example& example);

  const LoadOptions& load() const { return load_; }

 private:
  TemporaryFolder folder_;
  LoadOptions load_;
};

// An example in which a rule finds something that it offers a fix for.
struct Fixable {
  ExampleText text;
  Example example;
  const Rule* rule = nullptr;
  RuleSettings rules;  // selects those that the example is run with
};

// Of all rules.
std::vector<Fixable> FixableExamples();

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_FIXABLE_H_
