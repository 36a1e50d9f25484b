#include "analyzer/simulation/dependence.h"

#include <algorithm>
#include <iterator>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

struct Member {
  const char* extension;
  ObjectKind kind;
  const char* name;
};

#include "analyzer/simulation/extension_members.inc"

Name NameInText(absl::string_view text) {
  const size_t dot = text.rfind('.');
  if (dot == absl::string_view::npos) return {.name = std::string(text)};
  return {.schema = std::string(text.substr(0, dot)), .name = std::string(text.substr(dot + 1))};
}

std::string KeyOf(const FallenObject& object) {
  return absl::StrCat(static_cast<int>(object.object.on), " ", object.object.object.schema, ".",
                      object.object.object.name, " ", static_cast<int>(object.part), object.name);
}

// Follows the dependences of objects until no more are found.
class Falling {
 public:
  Falling(std::vector<FallenObject> named, const TypeScope& scope) : scope_(scope) {
    for (FallenObject& object : named) {
      object.object.object = Resolve(object.object.on, object.object.object);
      if (object.object.on == ObjectKind::kExtension) {
        for (Dependence& member : MembersOf(object.object.object.name)) {
          AddMember(std::move(member));
        }
      }
      Add(std::move(object));
    }
    fall_.named = fall_.objects.size();
  }

  Fall Follow() && {
    for (size_t next = 0; next < fall_.objects.size(); ++next) {
      const FallenObject object = fall_.objects[next];
      if (object.part == FallenObject::Part::kWhole) FollowOne(object.object);
    }
    return std::move(fall_);
  }

 private:
  Name Resolve(ObjectKind on, const Name& name) const {
    return scope_.view.Resolve(on, name, scope_.search_path);
  }

  // What a file makes under the name of a member is not the extension's.
  void AddMember(Dependence member) {
    const bool own = (member.on == ObjectKind::kType &&
                      scope_.view.FindType(member.object, scope_.search_path) != nullptr) ||
                     (member.on == ObjectKind::kFunction &&
                      scope_.view.FindRoutine(member.object, scope_.search_path) != nullptr);
    if (!own) Add({.object = std::move(member)});
  }

  void Add(FallenObject object) {
    if (!seen_.insert(KeyOf(object)).second) return;
    fall_.objects.push_back(std::move(object));
  }

  bool Is(ObjectKind on, const Name& used, const Dependence& object) const {
    return on == object.on && used.name == object.object.name &&
           MayBeSame(Resolve(on, used), object.object);
  }
  bool StandsOn(const Dependences& on, const Dependence& object) const {
    return on != nullptr && std::any_of(on->begin(), on->end(), [&](const Dependence& one) {
             return Is(one.on, one.object, object);
           });
  }

  void FollowOne(const Dependence& object) {
    for (const Relation* relation : scope_.view.DependentsOn(object.on, object.object.name)) {
      AddParts(*relation, object);
    }
    for (const Dependence& other : scope_.view.ObjectsOn(object.on, object.object.name)) {
      if (other.on == ObjectKind::kType) {
        AddType(other, object);
      } else if (other.on == ObjectKind::kFunction) {
        AddRoutine(other, object);
      } else {
        const NamedObject* found = scope_.view.FindObject(other.on, other.object, {});
        if (found != nullptr && StandsOn(found->stands_on, object)) Add({.object = other});
      }
    }
  }

  void AddParts(const Relation& relation, const Dependence& object) {
    const auto add = [&](PartKind part, const std::string& name) {
      fall_.parts.push_back({.relation = relation.id, .part = part, .name = name});
    };
    const bool typed = relation.of_type && Is(ObjectKind::kType, *relation.of_type, object);
    if (typed || StandsOn(relation.stands_on, object)) return add(PartKind::kWhole, relation.name);
    for (const TableColumn& column : relation.columns) {
      const bool of_it = IsOfTypeOrCollation(column, object);
      if (!of_it && !StandsOn(column.stands_on, object)) continue;
      add(of_it || !column.generated_from.empty() || column.generated == Generated::kStored
              ? PartKind::kColumn
              : PartKind::kDefault,
          column.name);
    }
    for (const TableConstraint& constraint : relation.constraints) {
      if (StandsOn(constraint.stands_on, object)) add(PartKind::kConstraint, constraint.name);
    }
    for (const Trigger& trigger : relation.triggers) {
      const bool calls = Is(ObjectKind::kFunction, {.name = trigger.function}, object);
      if (calls || StandsOn(trigger.stands_on, object)) add(PartKind::kTrigger, trigger.name);
    }
    for (const RowPolicy& policy : relation.policies) {
      if (StandsOn(policy.stands_on, object)) add(PartKind::kPolicy, policy.name);
    }
    for (const RewriteRule& rule : relation.rules) {
      if (StandsOn(rule.stands_on, object)) add(PartKind::kRule, rule.name);
    }
    for (const Publishing& place : relation.publications) {
      const bool here =
          object.on == ObjectKind::kPublication && place.publication == object.object.name;
      if (here) add(PartKind::kPublishing, place.publication);
    }
  }

  bool IsOfTypeOrCollation(const TableColumn& column, const Dependence& object) const {
    if (column.type == nullptr) return false;
    const bool own = !IsBuiltinType(column.type->name);
    return (own && Is(ObjectKind::kType, column.type->name, object)) ||
           (!column.type->collation.empty() &&
            Is(ObjectKind::kCollation, NameInText(column.type->collation), object));
  }

  void AddType(const Dependence& type, const Dependence& object) {
    using Part = FallenObject::Part;
    const UserType* found = scope_.view.FindType(type.object, {});
    if (found == nullptr) return;
    if (found->base && Is(ObjectKind::kType, found->base->name, object)) {
      return Add({.object = type});
    }
    for (const Attribute& attribute : found->attributes) {
      if (Is(ObjectKind::kType, attribute.type.name, object)) {
        Add({.object = type, .part = Part::kAttribute, .name = attribute.name});
      }
    }
    for (const DomainConstraint& constraint : found->constraints) {
      if (StandsOn(constraint.stands_on, object)) {
        Add({.object = type, .part = Part::kConstraint, .name = constraint.name});
      }
    }
    const bool by_default = found->kind == action::TypeKind::kDomain &&
                            object.on == ObjectKind::kFunction &&
                            StandsOn(found->stands_on, object);
    if (by_default) Add({.object = type, .part = Part::kDefault});
  }

  void AddRoutine(const Dependence& routine, const Dependence& object) {
    const Routine* found = scope_.view.FindRoutine(routine.object, {});
    if (found == nullptr) return;
    for (const Overload& overload : found->overloads) {
      if (!StandsOn(overload.stands_on, object)) continue;
      const bool only = found->overloads.size() == 1;
      Add({.object = routine,
           .part = only ? FallenObject::Part::kWhole : FallenObject::Part::kOverload,
           .name = only ? "" : overload.signature});
    }
  }

  const TypeScope& scope_;
  Fall fall_;
  absl::flat_hash_set<std::string> seen_;
};

}  // namespace

DependenceList& DependenceList::Add(ObjectKind on, const Name& name) {
  if (name.name.empty() || (on == ObjectKind::kType && IsBuiltinType(name))) return *this;
  Dependence one = {.on = on, .object = scope_.view.Resolve(on, name, scope_.search_path)};
  if (std::find(found_.begin(), found_.end(), one) == found_.end()) {
    found_.push_back(std::move(one));
  }
  return *this;
}

DependenceList& DependenceList::Add(absl::Span<const FunctionCall> calls) {
  for (const FunctionCall& call : calls) {
    if (!IsBuiltinFunction(call.function)) Add(ObjectKind::kFunction, call.function);
  }
  return *this;
}

DependenceList& DependenceList::AddTypes(absl::Span<const Name> types) {
  for (const Name& type : types) Add(ObjectKind::kType, type);
  return *this;
}

DependenceList& DependenceList::Add(const Expression& expression) {
  Add(expression.calls);
  AddTypes(expression.types);
  for (const Name& name : expression.depends_on) Add(ObjectKind::kSequence, name);
  return *this;
}

DependenceList& DependenceList::Add(absl::Span<const Expression> expressions) {
  for (const Expression& expression : expressions) Add(expression);
  return *this;
}

DependenceList& DependenceList::Add(absl::Span<const OptionalExpression> expressions) {
  for (const OptionalExpression& expression : expressions) Add(expression);
  return *this;
}

DependenceList& DependenceList::Add(const OptionalExpression& expression) {
  return expression == nullptr ? *this : Add(*expression);
}

Dependences DependenceList::Finish() && {
  if (found_.empty()) return nullptr;
  return std::make_shared<const std::vector<Dependence>>(std::move(found_));
}

Fall FallOf(std::vector<FallenObject> named, const TypeScope& scope) {
  for (size_t i = 0; i < named.size(); ++i) {
    const Dependence& object = named[i].object;
    if (object.on != ObjectKind::kAggregate) continue;
    // Those who call it know it by its name alone.
    const std::string& name = object.object.name;
    const Name called = {.schema = object.object.schema, .name = name.substr(0, name.find('('))};
    named.push_back({.object = {.on = ObjectKind::kFunction, .object = called}});
  }
  return Falling(std::move(named), scope).Follow();
}

std::vector<FallenObject> ObjectsOf(const Relation& relation) {
  if (relation.IsIndex()) return {};
  const Name name = {.schema = relation.schema, .name = relation.name};
  std::vector<FallenObject> objects = {{.object = {.on = ObjectKind::kSequence, .object = name}}};
  if (relation.kind != RelationKind::kSequence) {
    objects.push_back({.object = {.on = ObjectKind::kType, .object = name}});
  }
  return objects;
}

std::vector<Dependence> MembersOf(absl::string_view extension) {
  std::vector<Dependence> members;
  const auto first = std::lower_bound(
      std::begin(kMembers), std::end(kMembers), extension,
      [](const Member& member, absl::string_view name) { return member.extension < name; });
  for (auto member = first; member != std::end(kMembers) && member->extension == extension;
       ++member) {
    members.push_back({.on = member->kind, .object = {.name = member->name}});
  }
  if (extension == "plpgsql") {
    members.push_back({.on = ObjectKind::kLanguage, .object = {.name = "plpgsql"}});
  }
  return members;
}

bool IsKnownExtension(absl::string_view name) {
  static constexpr absl::string_view kKnown[] = {
      "btree_gin",     "btree_gist", "citext",   "cube",     "earthdistance",
      "fuzzystrmatch", "hstore",     "intarray", "ltree",    "pg_trgm",
      "pgcrypto",      "plpgsql",    "unaccent", "uuid-ossp"};
  return std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
}

bool IsFromKnownExtension(const Name& name) {
  const bool member =
      std::any_of(std::begin(kMembers), std::end(kMembers),
                  [&](const Member& candidate) { return candidate.name == name.name; });
  return member || IsExtensionName(name.name);
}

bool MayBeSame(const Name& a, const Name& b) {
  return a.name == b.name && (a.schema.empty() || b.schema.empty() || a.schema == b.schema);
}

absl::string_view GuardOf(const Relation& table, const std::string& column) {
  const auto uses = [&](const auto& guards) {
    return std::any_of(guards.begin(), guards.end(), [&](const auto& guard) {
      return std::find(guard.columns.begin(), guard.columns.end(), column) != guard.columns.end();
    });
  };
  if (uses(table.policies)) return "policy";
  if (uses(table.triggers)) return "trigger";
  if (uses(table.rules)) return "rule";
  return uses(table.publications) ? "publication" : "";
}

}  // namespace plimsoll
