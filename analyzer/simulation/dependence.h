#ifndef PLIMSOLL_ANALYZER_SIMULATION_DEPENDENCE_H_
#define PLIMSOLL_ANALYZER_SIMULATION_DEPENDENCE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/types.h"
#include "analyzer/syntax/action.h"

// What goes when something goes that is no relation (catalog/dependency.c). Relations that stand on
// relations are found through the catalog itself. Private to analyzer/simulation.

namespace plimsoll {

// Gathers what one part stands on. What PostgreSQL itself brings is left out: it never goes.
class DependenceList {
 public:
  explicit DependenceList(const TypeScope& scope) : scope_(scope) {}

  DependenceList& Add(ObjectKind on, const Name& name);
  DependenceList& Add(absl::Span<const FunctionCall> calls);
  DependenceList& AddTypes(absl::Span<const Name> types);
  DependenceList& Add(const Expression& expression);
  DependenceList& Add(absl::Span<const Expression> expressions);
  DependenceList& Add(absl::Span<const OptionalExpression> expressions);
  DependenceList& Add(const OptionalExpression& expression);

  // Null where there is nothing.
  Dependences Finish() &&;

 private:
  const TypeScope& scope_;
  std::vector<Dependence> found_;
};

enum class PartKind : uint8_t {
  kWhole,
  kColumn,
  kDefault,
  kConstraint,
  kTrigger,
  kPolicy,
  kRule,
  kPublishing,
};

// A part of a relation that goes.
struct FallenPart {
  RelationId relation = 0;
  PartKind part = PartKind::kWhole;
  std::string name;  // of the part; of a default, its column
};

// A type, routine or other object that goes, or a part of it.
struct FallenObject {
  enum class Part : uint8_t { kWhole, kOverload, kConstraint, kAttribute, kDefault };

  Dependence object;
  Part part = Part::kWhole;
  std::string name;  // of the part: a signature, a domain's constraint, an attribute
};

struct Fall {
  std::vector<FallenObject> objects;  // those named, with their members, first
  size_t named = 0;                   // how many these are
  std::vector<FallenPart> parts;

  // Only what was named goes.
  bool Alone() const { return parts.empty() && objects.size() == named; }
};

// Of the named objects, with all that stands on them and all that stands on that; but for what
// stands on relations that go as wholes.
Fall FallOf(std::vector<FallenObject> named, const TypeScope& scope);

// What a relation is besides itself: its row type, and what expressions mean by its name.
std::vector<FallenObject> ObjectsOf(const Relation& relation);

// Stand in the catalog, as extensions, once there may be one of whatever name, and once there is
// one that we know: what it brings is in our tables.
inline const Name kAnyExtension;
inline const Name kKnownExtension = {.name = "(known)"};
// The contrib extensions of builtins.sh: all that they bring of types and functions is known.
bool IsKnownExtension(absl::string_view name);
// Whether one of them brings a type or function of that name, in any version.
bool IsFromKnownExtension(const Name& name);

// What CREATE EXTENSION brings, as far as it is known.
std::vector<Dependence> MembersOf(absl::string_view extension);

// Whether two names may mean one object. Where neither has a schema, or only one, that is so.
bool MayBeSame(const Name& a, const Name& b);

// The columns of which something is a use: a trigger, policy, rule or publication of the table.
// Empty: none of these uses it. Else a word for what does.
absl::string_view GuardOf(const Relation& table, const std::string& column);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_DEPENDENCE_H_
