#include <optional>
#include <string>
#include <vector>

#include "analyzer/simulation/apply.h"

namespace plimsoll {
namespace {

class NameVisitor {
 public:
  explicit NameVisitor(absl::FunctionRef<void(const std::string&)> visit) : visit_(visit) {}

  // Fields of one name mean the same in all actions that have them.
  template <typename T>
  void Look(const T& action) {
    if constexpr (requires { action.table; }) Visit(action.table);
    if constexpr (requires { action.relation; }) Visit(action.relation);
    if constexpr (requires { action.view; }) Visit(action.view);
    if constexpr (requires { action.sequence; }) Visit(action.sequence);
    if constexpr (requires { action.function; }) Visit(action.function);
    if constexpr (requires { action.type; }) Visit(action.type);
    if constexpr (requires { action.name; }) Visit(action.name);
    if constexpr (requires { action.schema; }) Visit(action.schema);
    if constexpr (requires { action.to; }) Visit(action.to);
    if constexpr (requires { action.objects; }) Visit(action.objects);
    if constexpr (requires { action.on_table; }) Visit(action.on_table);
    if constexpr (requires { action.tables; }) Visit(action.tables);
    if constexpr (requires { action.partition_of; }) Visit(action.partition_of);
    if constexpr (requires { action.whole; }) {
      Visit(action.whole);
      if constexpr (requires { action.part; }) Visit(action.part);
      if constexpr (requires { action.from; }) Visit(action.from);
    }
    if constexpr (requires { action.inherits; }) Visit(action.inherits);
    if constexpr (requires { action.like; }) Visit(action.like);
    if constexpr (requires { action.reads; }) Visit(action.reads);
    if constexpr (requires { action.writes; }) Visit(action.writes);
    if constexpr (requires { action.relations; }) Visit(action.relations);
    if constexpr (requires { action.constraint.referenced; }) Visit(action.constraint);
    if constexpr (requires { action.columns[0].type; }) Visit(action.columns);
    if constexpr (requires { action.column.type; }) Visit(action.column);
    if constexpr (requires { action.constraints; }) Visit(action.constraints);
  }

 private:
  void Visit(const std::string& name) {
    if (!name.empty()) visit_(name);
  }
  void Visit(const Name& name) { Visit(name.name); }
  void Visit(const Target& target) { Visit(target.name); }
  void Visit(const TypeName& type) { Visit(type.name); }
  void Visit(const action::Write& write) { Visit(write.table); }
  void Visit(const action::PublishedTable& published) { Visit(published.table); }
  // A constraint and a column are named beside their table; only what they point at is another.
  void Visit(const Constraint& constraint) { Visit(constraint.referenced); }
  void Visit(const Column& column) {
    Visit(column.type);
    Visit(column.constraints);
  }
  template <typename T>
  void Visit(const std::optional<T>& value) {
    if (value) Visit(*value);
  }
  template <typename T>
  void Visit(const Boxed<T>& value) {
    if (value) Visit(*value);
  }
  template <typename T>
  void Visit(const ThinVector<T>& values) {
    Visit(values.All());
  }
  template <typename T>
  void Visit(const std::vector<T>& values) {
    for (const T& value : values) Visit(value);
  }

  absl::FunctionRef<void(const std::string&)> visit_;
};

}  // namespace

void VisitNames(const Action& action, absl::FunctionRef<void(const std::string&)> visit) {
  NameVisitor visitor(visit);
  std::visit([&](const auto& kind) { visitor.Look(kind); }, action.kind);
}

}  // namespace plimsoll
