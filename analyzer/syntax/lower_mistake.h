#ifndef PLIMSOLL_ANALYZER_SYNTAX_LOWER_MISTAKE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_LOWER_MISTAKE_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "analyzer/boxed.h"
#include "analyzer/syntax/action.h"
#include "analyzer/syntax/tree.h"

// What PostgreSQL refuses for the words alone, without a look at the catalog. Private to
// analyzer/syntax.

namespace plimsoll::tree {

// Is shown every node of a query on a walk over it.
class QueryMistakes {
 public:
  void See(absl::string_view tag, const Node& body);
  // A relation that the query reads, or a name of its WITH, without a schema.
  void SeeRead(absl::string_view name);
  // The first that was found; null where there is none.
  Boxed<Mistake> Find() const;

 private:
  void SeeSelect(const Node& select);
  void SeeWindow(const Node& over);
  void SeeAssigned(const Node& target);
  void SeeMerge(const Node& merge);
  void SeeNamed(const Node& named);
  void Refuse(absl::string_view sqlstate, absl::string_view message);

  Boxed<Mistake> mistake_;
  absl::flat_hash_set<std::string> windows_;
  std::string unknown_window_;  // used before any was named so
  // Names of WITH, and whether they show no rows: they change data and have no RETURNING.
  absl::flat_hash_map<std::string, bool> silent_;
  absl::flat_hash_set<std::string> read_;
};

// Of CREATE FUNCTION and CREATE PROCEDURE: its arguments, its result or its options.
Boxed<Mistake> FindRoutineMistake(const Node& body);

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_LOWER_MISTAKE_H_
