// What statements about types, routines, guards of tables and all other objects leave in the
// catalog, and what goes with an object that is dropped.

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/applier.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/sequence_numbers.h"

namespace plimsoll {
namespace {

template <typename Parts>
void EraseNamed(Parts& parts, const std::string& name) {
  erase_if(parts, [&](const auto& part) { return part.name == name; });
}

template <typename Parts>
void RenameNamed(Parts& parts, const std::string& from, const std::string& to) {
  for (auto& part : parts) {
    if (part.name == from) part.name = to;
  }
}

bool IsRoutine(ObjectKind kind) {
  return kind == ObjectKind::kFunction || kind == ObjectKind::kProcedure ||
         kind == ObjectKind::kRoutine;
}

bool IsType(ObjectKind kind) { return kind == ObjectKind::kType || kind == ObjectKind::kDomain; }

std::vector<std::string> ColumnsOf(absl::Span<const Expression> expressions) {
  std::vector<std::string> columns;
  for (const Expression& expression : expressions) {
    columns.insert(columns.end(), expression.columns.begin(), expression.columns.end());
  }
  return columns;
}

// Null where nothing changes.
Dependences Redirected(const Dependences& on, const Dependence& from, const Name& to) {
  if (on == nullptr || std::find(on->begin(), on->end(), from) == on->end()) return nullptr;
  std::vector<Dependence> changed = *on;
  std::replace(changed.begin(), changed.end(), from, Dependence{.on = from.on, .object = to});
  return std::make_shared<const std::vector<Dependence>>(std::move(changed));
}

void RedirectIn(Dependences& on, const Dependence& from, const Name& to) {
  if (Dependences changed = Redirected(on, from, to)) on = std::move(changed);
}

// What holds for every routine that says nothing else.
bool IsUsual(const Parameter& trait) {
  static constexpr std::pair<absl::string_view, absl::string_view> kUsual[] = {
      {"volatility", "volatile"}, {"strict", "false"}, {"security", "false"},
      {"leakproof", "false"},     {"cost", "100"},     {"parallel", "unsafe"},
      {"rows", "1000"},           {"window", "false"}};
  return trait.space.empty() &&
         std::any_of(std::begin(kUsual), std::end(kUsual), [&](const auto& usual) {
           return usual.first == trait.name && usual.second == trait.value;
         });
}

Parameters WithTraits(const Parameters& before, absl::Span<const Parameter> said) {
  std::vector<Parameter> left;
  if (before != nullptr) left = *before;
  std::vector<Parameter> added;
  for (const Parameter& trait : said) {
    Parameter own = trait;
    if (IsUsual(own)) own.value.clear();
    const bool all = own.space == "set" && own.name.empty();  // RESET ALL
    if (all) erase_if(left, [](const Parameter& one) { return one.space == "set"; });
    if (!all) added.push_back(std::move(own));
  }
  return With(left.empty() ? nullptr : std::make_shared<const std::vector<Parameter>>(left), added);
}

}  // namespace

// One without a value is taken away.
Parameters With(const Parameters& before, absl::Span<const Parameter> said) {
  std::vector<Parameter> all;
  if (before != nullptr) all = *before;
  for (const Parameter& one : said) {
    const auto same = [&](const Parameter& other) {
      return other.space == one.space && other.name == one.name;
    };
    erase_if(all, same);
    if (!one.value.empty()) all.push_back(one);
  }
  if (all.empty()) return nullptr;
  std::sort(all.begin(), all.end(), [](const Parameter& a, const Parameter& b) {
    return std::tie(a.space, a.name) < std::tie(b.space, b.name);
  });
  return std::make_shared<const std::vector<Parameter>>(std::move(all));
}

// ---- routines --------------------------------------------------------------------------------

// Its types, and a language that is an extension's.
static Dependences DependencesOf(const action::CreateFunction& create, const TypeScope& scope) {
  DependenceList on(scope);
  on.AddTypes(create.types);
  const bool own = create.language != "sql" && create.language != "c" &&
                   create.language != "internal" && !create.language.empty();
  if (own) on.Add(ObjectKind::kLanguage, {.name = create.language});
  return std::move(on).Finish();
}

void Applier::Apply(const action::CreateFunction& create) {
  const std::string schema = SchemaFor(create.function, Persistence::kPermanent);
  const TypeScope scope = Scope();
  Overload own = {.signature = create.signature,
                  .returns = create.returns,
                  .input_names = create.input_names,
                  .inputs = create.inputs,
                  .defaults = create.defaults,
                  .variadic = create.variadic,
                  .procedure = create.procedure,
                  .stands_on = DependencesOf(create, scope),
                  .defined = situation_.now + 1,
                  .traits = WithTraits(nullptr, create.traits.All())};
  const Routine* other = view().FindRoutine(PlaceFor(create.function), {});
  Routine routine = {.volatility = create.volatility,
                     .least_volatility = create.volatility,
                     .constant_body = create.constant_body,
                     .procedure = create.procedure,
                     .created = situation_.now,
                     .overloads = {},
                     .uses = {},
                     .body = create.body};
  if (create.body != nullptr && create.body->atomic) routine.uses = UsesOf(*create.body);
  if (other != nullptr && !create.or_replace) {
    routine.volatility = std::max(routine.volatility, other->volatility);
    routine.least_volatility = std::min(routine.least_volatility, other->least_volatility);
    routine.constant_body = routine.constant_body && other->constant_body;
  }
  // Which of them a call means is PostgreSQL's to find out; nor is it known which body stays where
  // one may not have been replaced.
  bool replaces = false;
  if (other != nullptr) {
    routine.created = other->created;
    routine.overloads = other->overloads;
    replaces = create.or_replace && other->overloads.size() == 1 &&
               other->overloads[0].signature == create.signature;
  }
  if (other != nullptr && (!replaces || situation_.conditional)) routine.body = nullptr;
  for (const Overload& old : routine.overloads) {
    if (old.signature == own.signature) own.comment = old.comment;
  }
  erase_if(routine.overloads, [&](const Overload& old) { return old.signature == own.signature; });
  routine.overloads.push_back(std::move(own));
  catalog_.SetRoutine(moment_, schema, create.function.name, routine);
}

// Without a signature, all of that name.
void Applier::RemoveRoutine(const Name& name, const std::optional<std::string>& signature) {
  const Routine* found = view().FindRoutine(name, situation_.search_path);
  const Name place = view().Resolve(ObjectKind::kFunction, name, situation_.search_path);
  const std::string schema = SchemaFor(place, Persistence::kPermanent);
  if (found == nullptr) return;
  Routine routine = *found;
  if (signature) {
    erase_if(routine.overloads, [&](const Overload& one) { return one.signature == *signature; });
    routine.body = nullptr;
  }
  const bool gone = !signature || routine.overloads.empty();
  catalog_.SetRoutine(moment_, schema, name.name,
                      gone ? std::nullopt : std::make_optional(std::move(routine)));
}

void Applier::MoveRoutine(const Name& from, const Name& to) {
  const Routine* found = view().FindRoutine(from, situation_.search_path);
  if (found == nullptr || found->overloads.size() != 1) return;
  const Routine routine = *found;
  const Name place = view().Resolve(ObjectKind::kFunction, from, situation_.search_path);
  catalog_.SetRoutine(moment_, place.schema, place.name, std::nullopt);
  catalog_.SetRoutine(moment_, to.schema, to.name, routine);
  Redirect(ObjectKind::kFunction, place, to);
}

// ---- guards of tables ------------------------------------------------------------------------

std::vector<RelationId> Applier::IdsOf(absl::Span<const Name> names, RelationId but) const {
  std::vector<RelationId> ids;
  for (const Name& name : names) {
    const Relation* relation = Find(name);
    if (relation != nullptr && relation->id != but) ids.push_back(relation->id);
  }
  return ids;
}

void Applier::Apply(const action::CreatePolicy& create) {
  const Relation* named = Find(create.table);
  if (named == nullptr) return;
  const TypeScope scope = Scope();
  RowPolicy policy = {
      .name = create.name,
      .columns = ColumnsOf(create.expressions),
      .reads = IdsOf(create.reads, named->id),
      .stands_on = std::move(DependenceList(scope).Add(create.expressions)).Finish(),
      .defined = situation_.now + 1};
  // What a subquery reads may have columns of the same names.
  if (!create.reads.empty()) policy.columns.clear();
  catalog_.Change(moment_, named->id,
                  [&](Relation& table) { table.policies.push_back(std::move(policy)); });
}

void Applier::Apply(const action::CreateTrigger& create) {
  const Relation* named = Find(create.table);
  if (named == nullptr) return;
  // Partitions get it under the same name (trigger.c:CreateTriggerFiringOn).
  std::vector<RelationId> ids = {named->id};
  const bool partitioned = named->kind == RelationKind::kPartitionedTable;
  for (const Relation* child : view().DescendantsOf(*named)) {
    if (partitioned && create.each_row) ids.push_back(child->id);
  }
  const TypeScope scope = Scope();
  Trigger trigger = {.name = create.name,
                     .function = create.function.name,
                     .constraint = create.constraint,
                     .columns = create.columns,
                     .each_row = create.each_row,
                     .before = create.timing == action::TriggerTiming::kBefore,
                     .on_insert = create.on_insert,
                     .on_update = create.on_update,
                     .on_delete = create.on_delete,
                     .has_when = create.when != nullptr,
                     .stands_on = std::move(DependenceList(scope).Add(create.when)).Finish(),
                     .defined = situation_.now + 1};
  if (create.when != nullptr) {
    const std::vector<std::string>& columns = create.when->columns;
    trigger.columns.insert(trigger.columns.end(), columns.begin(), columns.end());
  }
  for (const RelationId id : ids) {
    catalog_.Change(moment_, id, [&](Relation& table) {
      EraseNamed(table.triggers, create.name);
      table.triggers.push_back(trigger);
    });
  }
}

void Applier::Apply(const action::CreateRule& create) {
  const Relation* named = Find(create.table);
  if (named == nullptr) return;
  const TypeScope scope = Scope();
  RewriteRule rule = {.name = create.name,
                      .event = create.event,
                      .instead = create.instead,
                      .columns = create.columns,
                      .reads = IdsOf(create.reads, named->id),
                      .writes = IdsOf(create.writes, 0),
                      .stands_on = std::move(DependenceList(scope).Add(create.calls)).Finish(),
                      .defined = situation_.now + 1};
  for (const RelationId id : IdsOf(create.writes, named->id)) rule.reads.push_back(id);
  catalog_.Change(moment_, named->id, [&](Relation& table) {
    EraseNamed(table.rules, create.name);
    table.rules.push_back(std::move(rule));
  });
}

void Applier::Apply(const action::AlterPart& alter) {
  ForEach({.name = alter.table}, [&](Relation& table) {
    if (alter.kind == ObjectKind::kPolicy && alter.to.empty()) {
      // An expression that is not given stays as it is.
      for (RowPolicy& policy : table.policies) {
        if (policy.name != alter.name) continue;
        policy.columns.insert(policy.columns.end(), alter.columns.begin(), alter.columns.end());
        std::vector<Moment> altered;
        if (policy.altered != nullptr) altered = *policy.altered;
        altered.push_back(situation_.now + 1);
        policy.altered = std::make_shared<const std::vector<Moment>>(std::move(altered));
      }
    }
    if (alter.to.empty()) return;
    catalog_.MoveComment(moment_, table.id, alter.kind, alter.name, alter.to);
    if (alter.kind == ObjectKind::kTrigger) RenameNamed(table.triggers, alter.name, alter.to);
    if (alter.kind == ObjectKind::kPolicy) RenameNamed(table.policies, alter.name, alter.to);
    if (alter.kind == ObjectKind::kRule) RenameNamed(table.rules, alter.name, alter.to);
  });
}

// DROP TRIGGER, POLICY and RULE.
void Applier::DropFromTable(const action::Drop& drop) {
  ForEach({.name = drop.on_table}, [&](Relation& table) {
    for (const Name& name : drop.objects) {
      catalog_.MoveComment(moment_, table.id, drop.kind, name.name, "");
      if (drop.kind == ObjectKind::kPolicy) EraseNamed(table.policies, name.name);
      if (drop.kind == ObjectKind::kRule) EraseNamed(table.rules, name.name);
      if (drop.kind == ObjectKind::kTrigger) EraseNamed(table.triggers, name.name);
    }
  });
}

// Policies and rules of other tables that read the relation.
void Applier::RemoveGuardsOn(const Relation& relation) {
  const auto reads = [&](const auto& guard) {
    return std::find(guard.reads.begin(), guard.reads.end(), relation.id) != guard.reads.end();
  };
  for (const Relation* table : view().GuardedWith(relation)) {
    catalog_.Change(moment_, table->id, [&](Relation& changed) {
      erase_if(changed.policies, reads);
      erase_if(changed.rules, reads);
    });
  }
}

// ---- types -----------------------------------------------------------------------------------

void Applier::Apply(const action::CreateType& create) {
  const TypeScope scope = Scope();
  DependenceList stands_on(scope);
  if (create.base) stands_on.Add(ObjectKind::kType, create.base->name);
  stands_on.Add(create.default_value);
  UserType type = {.kind = create.kind,
                   .base = create.base,
                   .has_default = create.default_value && !create.default_value->is_null,
                   .migration = situation_.migration,
                   .transaction = situation_.transaction,
                   .created = situation_.now};
  for (const std::string& label : create.labels) type.labels.push_back({.name = label});
  for (const Column& attribute : create.attributes) {
    stands_on.Add(ObjectKind::kType, attribute.type.name);
    type.attributes.push_back({.name = attribute.name, .type = attribute.type});
  }
  for (const Constraint& constraint : create.constraints) {
    const bool not_null = constraint.kind == ConstraintKind::kNotNull;
    if (!not_null && constraint.kind != ConstraintKind::kCheck) continue;
    type.not_null = type.not_null || not_null;
    type.constrained = true;
    type.constraints.push_back(
        {.name = constraint.name.empty() ? ConstraintName(type, create.type.name, not_null)
                                         : constraint.name,
         .not_null = not_null,
         .predicate = constraint.expression ? constraint.expression->predicate : nullptr,
         .stands_on = std::move(DependenceList(scope).Add(constraint.expression)).Finish(),
         .defined = situation_.now + 1});
  }
  const UserType* base =
      create.base ? view().FindType(create.base->name, situation_.search_path) : nullptr;
  if (base != nullptr && create.kind == action::TypeKind::kDomain) {
    type.constrained = type.constrained || base->constrained;
    type.not_null = type.not_null || base->not_null;
    type.default_value = base->default_value;
    type.has_default = type.has_default || base->has_default;
  }
  if (create.default_value) type.default_value = create.default_value;
  if (create.default_value && create.default_value->is_null) type.default_value = nullptr;
  type.stands_on = std::move(stands_on).Finish();
  catalog_.SetType(moment_, SchemaFor(create.type, Persistence::kPermanent), create.type.name,
                   std::move(type));
}

// pg_constraint.c:ChooseConstraintName, of a domain.
std::string Applier::ConstraintName(const UserType& type, const std::string& domain,
                                    bool not_null) {
  const std::string base = absl::StrCat(domain, not_null ? "_not_null" : "_check");
  for (uint32_t number = 0;; ++number) {
    std::string name = number == 0 ? base : absl::StrCat(base, number);
    const bool taken =
        std::any_of(type.constraints.begin(), type.constraints.end(),
                    [&](const DomainConstraint& other) { return other.name == name; });
    if (!taken) return name;
  }
}

void Applier::ChangeType(const Name& name, absl::FunctionRef<void(UserType&)> change) {
  const UserType* found = view().FindType(name, situation_.search_path);
  if (found == nullptr) return;
  const Name place = view().Resolve(ObjectKind::kType, name, situation_.search_path);
  UserType type = *found;
  change(type);
  catalog_.SetType(moment_, place.schema, place.name, std::move(type));
}

void Applier::MoveType(const Name& from, const Name& to) {
  const UserType* found = view().FindType(from, situation_.search_path);
  const Name place = PlaceFor(view().Resolve(ObjectKind::kType, from, situation_.search_path));
  const UserType type = found == nullptr ? UserType() : *found;
  catalog_.SetType(moment_, place.schema, place.name, std::nullopt);
  catalog_.SetType(moment_, to.schema, to.name, type);
  Redirect(ObjectKind::kType, place, to);
}

void Applier::Apply(const action::RenameType& rename) {
  const Name place =
      PlaceFor(view().Resolve(ObjectKind::kType, rename.type, situation_.search_path));
  MoveType(rename.type, {.schema = place.schema, .name = rename.to});
}

void Applier::AddAttributes(const Name& type, Relation& table) const {
  const UserType* found = view().FindType(type, situation_.search_path);
  if (found == nullptr) table.columns_known = false;
  if (found == nullptr) return;
  for (const Attribute& attribute : found->attributes) {
    table.columns.push_back(
        {.name = attribute.name, .type = std::make_shared<const TypeName>(attribute.type)});
  }
}

// A typed table changes as its type does.
void Applier::ChangeAttribute(const action::AlterType& alter, Relation& table) const {
  using Kind = action::TypeChangeKind;
  TableColumn* column = table.FindColumn(alter.part);
  const auto type = std::make_shared<const TypeName>(alter.attribute_type);
  if (alter.change == Kind::kAddAttribute && column == nullptr) {
    table.columns.push_back({.name = alter.part, .type = type});
  } else if (column == nullptr) {
    return;
  } else if (alter.change == Kind::kAlterAttribute) {
    column->type = type;
  } else if (alter.change == Kind::kRenameAttribute) {
    column->name = alter.to;
  }
}

void Applier::Apply(const action::AlterType& alter) {
  using Kind = action::TypeChangeKind;
  ChangeType(alter.type, [&](UserType& type) {
    const auto label = std::find_if(type.labels.begin(), type.labels.end(),
                                    [&](const EnumLabel& l) { return l.name == alter.part; });
    const bool known = label != type.labels.end();
    if (alter.change == Kind::kAddValue && !known) {
      const auto neighbour = std::find_if(
          type.labels.begin(), type.labels.end(),
          [&](const auto& l) { return !alter.neighbour.empty() && l.name == alter.neighbour; });
      const bool behind = neighbour != type.labels.end() && !alter.before;
      type.labels.insert(behind ? neighbour + 1 : neighbour,
                         {.name = alter.part, .transaction = situation_.transaction});
    } else if (alter.change == Kind::kRenameValue && known) {
      label->name = alter.to;
    } else if (alter.change == Kind::kAddAttribute) {
      type.attributes.push_back({.name = alter.part, .type = alter.attribute_type});
    } else if (alter.change == Kind::kDropAttribute) {
      EraseNamed(type.attributes, alter.part);
    } else if (alter.change == Kind::kRenameAttribute) {
      RenameNamed(type.attributes, alter.part, alter.to);
    }
    for (Attribute& attribute : type.attributes) {
      const bool here = alter.change == Kind::kAlterAttribute && attribute.name == alter.part;
      if (here) attribute.type = alter.attribute_type;
    }
  });
  if (alter.change == Kind::kAddValue || alter.change == Kind::kRenameValue) return;
  for (const Relation* table : view().DependentsOn(ObjectKind::kType, alter.type.name)) {
    if (!table->of_type || !MayBeSame(*table->of_type, alter.type)) continue;
    const RelationId id = table->id;
    if (alter.change == Kind::kDropAttribute) {
      RemoveColumn(id, alter.part, true);
    } else {
      catalog_.Change(moment_, id, [&](Relation& changed) { ChangeAttribute(alter, changed); });
    }
  }
}

void Applier::Apply(const action::AlterDomain& alter) {
  using Kind = action::DomainChangeKind;
  const TypeScope scope = Scope();
  const std::string& name = alter.constraint.name;
  ChangeType(alter.domain, [&](UserType& type) {
    const auto add = [&](bool not_null) {
      type.constrained = true;
      type.not_null = type.not_null || not_null;
      type.constraints.push_back(
          {.name = name.empty() ? ConstraintName(type, alter.domain.name, not_null) : name,
           .not_null = not_null,
           .validated = !alter.constraint.not_valid,
           .predicate =
               alter.constraint.expression ? alter.constraint.expression->predicate : nullptr,
           .stands_on = std::move(DependenceList(scope).Add(alter.constraint.expression)).Finish(),
           .defined = situation_.now + 1});
    };
    const auto erase = [&](const auto& which) {
      erase_if(type.constraints, which);
      type.constrained = !type.constraints.empty();
      type.not_null = std::any_of(type.constraints.begin(), type.constraints.end(),
                                  [](const DomainConstraint& c) { return c.not_null; });
    };
    switch (alter.change) {
      case Kind::kAddConstraint:
        return add(alter.constraint.kind == ConstraintKind::kNotNull);
      case Kind::kSetNotNull:
        if (!type.not_null) add(true);
        return;
      case Kind::kDropNotNull:
        return erase([](const DomainConstraint& c) { return c.not_null; });
      case Kind::kDropConstraint:
        return erase([&](const DomainConstraint& c) { return c.name == name; });
      case Kind::kRenameConstraint:
        return RenameNamed(type.constraints, name, alter.to);
      case Kind::kValidateConstraint:
        for (DomainConstraint& constraint : type.constraints) {
          if (constraint.name == name) constraint.validated = true;
        }
        return;
      case Kind::kSetDefault:
        type.has_default = alter.default_value == nullptr || !alter.default_value->is_null;
        type.default_value = type.has_default ? alter.default_value : nullptr;
        return;
      case Kind::kDropDefault:
        type.has_default = false;
        type.default_value = nullptr;
        return;
    }
  });
}

// ---- sequences, extensions, publications and the rest ----------------------------------------

void Applier::Apply(const action::AlterSequence& alter) {
  const Relation* sequence = Find(alter.sequence.name);
  if (sequence == nullptr) return;
  if (sequence->numbers) {
    catalog_.Change(moment_, sequence->id, [&](Relation& changed) {
      ApplyOptions(alter.options, /*created=*/false, *changed.numbers);
    });
  }
  if (!alter.owned_by) return;
  const Relation* owner = alter.owned_by->name.empty() ? nullptr : Find(*alter.owned_by);
  catalog_.Change(moment_, sequence->id, [&](Relation& changed) {
    changed.owner = owner == nullptr ? 0 : owner->id;
    changed.owner_column = owner == nullptr ? "" : alter.owned_column;
  });
}

// What may not have been made at all is not said to exist.
void Applier::Apply(const action::CreateExtension& create) {
  const bool known = IsKnownExtension(create.name);
  catalog_.SetObject(moment_, ObjectKind::kExtension, known ? kKnownExtension : kAnyExtension,
                     NamedObject{.created = situation_.now});
  if (situation_.conditional) return;
  catalog_.SetObject(moment_, ObjectKind::kExtension, {.name = create.name},
                     NamedObject{.created = situation_.now});
}

void Applier::Apply(const action::AlterExtension& alter) {
  const Relation* member = alter.kind <= ObjectKind::kForeignTable ? Find(alter.member) : nullptr;
  if (member == nullptr) return;
  const Dependence on = {.on = ObjectKind::kExtension, .object = {.name = alter.extension}};
  catalog_.Change(moment_, member->id, [&](Relation& changed) {
    std::vector<Dependence> all;
    if (changed.stands_on != nullptr) all = *changed.stands_on;
    std::erase(all, on);
    if (alter.add) all.push_back(on);
    changed.stands_on = std::make_shared<const std::vector<Dependence>>(std::move(all));
  });
}

void Applier::Apply(const action::CreateStatistics& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr || situation_.conditional) return;
  // statscmds.c:ChooseExtendedStatisticName
  const Name place = create.statistics.name.empty()
                         ? Name{.schema = table->schema,
                                .name = absl::StrCat(table->name, "_", create.name_hint, "_stat")}
                         : PlaceFor(create.statistics);
  if (view().FindObject(ObjectKind::kStatistics, place, {}) != nullptr) return;
  catalog_.SetObject(
      moment_, ObjectKind::kStatistics, place,
      NamedObject{.created = situation_.now, .table = table->id, .columns = create.columns});
  catalog_.Change(moment_, table->id,
                  [&](Relation& changed) { changed.statistics.push_back(place); });
}

// Those of the whole table, or on the column.
void Applier::RemoveStatisticsOn(const Relation& table, const std::string* column) {
  const std::vector<Name> all = table.statistics;
  for (const Name& name : all) {
    const NamedObject* object = view().FindObject(ObjectKind::kStatistics, name, {});
    const bool uses =
        object != nullptr &&
        (column == nullptr || std::find(object->columns.begin(), object->columns.end(), *column) !=
                                  object->columns.end());
    if (uses) catalog_.SetObject(moment_, ObjectKind::kStatistics, name, std::nullopt);
  }
}

void Applier::Apply(const action::AlterPublication& alter) {
  if (alter.create && !situation_.conditional) {
    catalog_.SetObject(moment_, ObjectKind::kPublication, {.name = alter.publication},
                       NamedObject{.created = situation_.now, .all_tables = alter.all_tables});
  }
  for (const Parameter& option : alter.options) {
    const NamedObject* known =
        view().FindObject(ObjectKind::kPublication, {.name = alter.publication}, {});
    if (known == nullptr || option.name != "publish") continue;
    NamedObject changed = *known;
    changed.publishes = option.value;
    catalog_.SetObject(moment_, ObjectKind::kPublication, {.name = alter.publication}, changed);
  }
  const auto is_here = [&](const Publishing& place) {
    return place.publication == alter.publication;
  };
  if (alter.sets) {
    for (const Relation* table : view().DependentsOn(ObjectKind::kPublication, alter.publication)) {
      catalog_.Change(moment_, table->id,
                      [&](Relation& changed) { erase_if(changed.publications, is_here); });
    }
  }
  for (const action::PublishedTable& published : alter.tables) {
    Publishing place = {.publication = alter.publication, .columns = published.columns};
    if (published.filter != nullptr) {
      const std::vector<std::string>& columns = published.filter->columns;
      place.columns.insert(place.columns.end(), columns.begin(), columns.end());
      place.filter = columns;
    }
    ForEach(published.table, [&](Relation& table) {
      erase_if(table.publications, is_here);
      if (!alter.drops) table.publications.push_back(place);
    });
  }
}

// `slot_name = NONE`, or another one.
static bool IsSlotKept(absl::Span<const Parameter> options, bool otherwise) {
  for (const Parameter& option : options) {
    if (option.name == "slot_name") return option.value != "none";
  }
  return otherwise;
}

// subscriptioncmds.c:parse_subscription_options
static void StartSubscription(absl::Span<const Parameter> options, NamedObject& made) {
  made.has_slot = IsSlotKept(options, true);
  made.enabled = IsSwitchedOn(options, "enabled", IsSwitchedOn(options, "connect", true));
}

void Applier::Apply(const action::ChangeObject& change) {
  using action::ObjectChange;
  const bool moves =
      change.change == ObjectChange::kRename || change.change == ObjectChange::kSetSchema;
  if (change.object.name.empty() || situation_.conditional) return;
  const Name place = PlaceFor(view().Resolve(change.kind, change.object, situation_.search_path));
  const Name to = change.change == ObjectChange::kRename
                      ? Name{.schema = place.schema, .name = change.to}
                      : Name{.schema = change.to, .name = place.name};
  if (IsRoutine(change.kind)) {
    if (moves) MoveRoutine(change.object, to);
    if (change.traits.empty()) return;
    const Routine* found = view().FindRoutine(change.object, situation_.search_path);
    if (found == nullptr) return;
    Routine routine = *found;
    if (change.volatility && routine.overloads.size() == 1) {
      routine.volatility = *change.volatility;
    }
    for (Overload& overload : routine.overloads) {
      if (change.signature && overload.signature != *change.signature) continue;
      overload.traits = WithTraits(overload.traits, change.traits);
    }
    return catalog_.SetRoutine(moment_, place.schema, place.name, std::move(routine));
  }
  if (IsType(change.kind)) {
    if (moves) MoveType(change.object, to);
    return;
  }
  if (change.change == ObjectChange::kCreate) {
    const TypeScope scope = Scope();
    NamedObject made = {.created = situation_.now};
    DependenceList on(scope);
    for (const ObjectUse& use : change.uses) {
      const bool stays = use.kind == ObjectKind::kRole || use.kind == ObjectKind::kSchema ||
                         use.kind == ObjectKind::kDatabase || use.kind == ObjectKind::kCollation ||
                         use.kind == ObjectKind::kTextSearchConfiguration;
      if (!stays) on.Add(use.kind, use.name);
    }
    made.stands_on = std::move(on).Finish();
    for (const Parameter& option : change.options) {
      made.has_handler = made.has_handler || option.name == "handler";
    }
    if (change.kind == ObjectKind::kSubscription) StartSubscription(change.options, made);
    if (change.kind == ObjectKind::kAggregate) {
      // Those who call it know it by its name alone.
      const Name called = {.schema = place.schema,
                           .name = place.name.substr(0, place.name.find('('))};
      catalog_.SetObject(moment_, change.kind, called, made);
    }
    return catalog_.SetObject(moment_, change.kind, place, std::move(made));
  }
  const NamedObject* found = view().FindObject(change.kind, place, {});
  if (found == nullptr) return;
  NamedObject object = *found;
  if (change.change == ObjectChange::kAlter) {
    object.has_slot = IsSlotKept(change.options, object.has_slot);
    object.enabled = IsSwitchedOn(change.options, "enabled", object.enabled);
    object.has_handler = object.has_handler || change.kind == ObjectKind::kForeignDataWrapper;
    return catalog_.SetObject(moment_, change.kind, place, object);
  }
  if (!moves) return;
  if (const Relation* table = view().Find(object.table)) {
    catalog_.Change(moment_, table->id, [&](Relation& changed) {
      std::replace(changed.statistics.begin(), changed.statistics.end(), place, to);
    });
  }
  catalog_.SetObject(moment_, change.kind, place, std::nullopt);
  catalog_.SetObject(moment_, change.kind, to, object);
  Redirect(change.kind, change.object, to);
}

// Only relations: what else a role owns is not known.
void Applier::Apply(const action::ChangeOwned& change) {
  for (const std::string& role : change.roles) {
    for (const Relation* owned : view().DependentsOn(ObjectKind::kRole, role)) {
      if (owned->owned_by_role != role) continue;
      if (change.to.empty()) {
        DropRelation(owned->id);
      } else {
        catalog_.Change(moment_, owned->id,
                        [&](Relation& changed) { changed.owned_by_role = change.to; });
      }
    }
  }
}

// ---- comments --------------------------------------------------------------------------------

void Applier::Apply(const action::Annotate& annotate) {
  if (annotate.label) return;
  const Moment comment = annotate.text && !annotate.text->empty() ? situation_.now + 1 : 0;
  const Name& name = annotate.object;
  if (!annotate.on_table.name.empty() || annotate.kind <= ObjectKind::kForeignTable) {
    const Relation* relation = Find(annotate.on_table.name.empty() ? name : annotate.on_table);
    if (relation == nullptr) return;
    return catalog_.SetComment(moment_, relation->id, annotate.kind, name.name, comment);
  }
  if (IsType(annotate.kind)) {
    return ChangeType(name, [&](UserType& type) { type.comment = comment; });
  }
  if (IsRoutine(annotate.kind)) {
    const Routine* found = view().FindRoutine(name, situation_.search_path);
    if (found == nullptr) return;
    Routine routine = *found;
    for (Overload& overload : routine.overloads) {
      const bool meant = !annotate.signature || overload.signature == *annotate.signature;
      if (meant) overload.comment = comment;
    }
    const Name place = view().Resolve(ObjectKind::kFunction, name, situation_.search_path);
    return catalog_.SetRoutine(moment_, place.schema, place.name, std::move(routine));
  }
  const Name place = view().Resolve(annotate.kind, name, situation_.search_path);
  const NamedObject* found = view().FindObject(annotate.kind, place, {});
  if (found == nullptr) return;
  NamedObject object = *found;
  object.comment = comment;
  catalog_.SetObject(moment_, annotate.kind, place, std::move(object));
}

// ---- dropping --------------------------------------------------------------------------------

void Applier::RemovePart(const FallenPart& part) {
  const Relation* relation = view().Find(part.relation);
  if (relation == nullptr) return;
  switch (part.part) {
    case PartKind::kWhole:
      return DropRelation(part.relation);
    case PartKind::kColumn:
      return RemoveColumn(part.relation, part.name, true);
    case PartKind::kConstraint:
      return RemoveConstraint(part.relation, part.name);
    default:
      break;
  }
  catalog_.Change(moment_, part.relation, [&](Relation& changed) {
    TableColumn* column = part.part == PartKind::kDefault ? changed.FindColumn(part.name) : nullptr;
    if (column != nullptr) {
      column->has_default = false;
      column->default_value = nullptr;
      column->stands_on = nullptr;
    }
    if (part.part == PartKind::kTrigger) EraseNamed(changed.triggers, part.name);
    if (part.part == PartKind::kPolicy) EraseNamed(changed.policies, part.name);
    if (part.part == PartKind::kRule) EraseNamed(changed.rules, part.name);
    if (part.part != PartKind::kPublishing) return;
    erase_if(changed.publications,
             [&](const Publishing& place) { return place.publication == part.name; });
  });
}

void Applier::RemoveObject(const FallenObject& object) {
  const Name& name = object.object.object;
  const ObjectKind kind = object.object.on;
  if (object.part == FallenObject::Part::kOverload) return RemoveRoutine(name, object.name);
  if (object.part != FallenObject::Part::kWhole) {
    return ChangeType(name, [&](UserType& type) {
      if (object.part == FallenObject::Part::kDefault) type.has_default = false;
      if (object.part == FallenObject::Part::kAttribute) EraseNamed(type.attributes, object.name);
      if (object.part != FallenObject::Part::kConstraint) return;
      EraseNamed(type.constraints, object.name);
      type.constrained = !type.constraints.empty();
    });
  }
  if (IsRoutine(kind)) return RemoveRoutine(name, std::nullopt);
  const Name place = PlaceFor(name);
  if (IsType(kind)) {
    if (view().FindType(place, {}) == nullptr) return;
    return catalog_.SetType(moment_, place.schema, place.name, std::nullopt);
  }
  if (view().FindObject(kind, place, {}) == nullptr) return;
  catalog_.SetObject(moment_, kind, place, std::nullopt);
}

void Applier::Remove(const Fall& fall) {
  for (const FallenPart& part : fall.parts) RemovePart(part);
  for (const FallenObject& object : fall.objects) RemoveObject(object);
}

void Applier::DropSchema(const std::string& schema) {
  for (const Relation* member : view().RelationsIn(schema)) DropRelation(member->id);
  std::vector<FallenObject> members;
  for (Dependence& object : view().ObjectsIn(schema)) {
    members.push_back({.object = std::move(object)});
  }
  const CatalogView now = view();
  const TypeScope scope = {now, situation_.search_path, situation_.server_version};
  Remove(FallOf(std::move(members), scope));
  catalog_.SetSchema(moment_, schema, false);
}

void Applier::Apply(const action::Drop& drop) {
  const TypeScope scope = Scope();
  for (size_t i = 0; i < drop.objects.size(); ++i) {
    const Name& name = drop.objects[i];
    const std::optional<std::string> signature =
        i < drop.signatures.size() ? drop.signatures[i] : std::nullopt;
    if (drop.kind <= ObjectKind::kForeignTable) {
      if (const Relation* relation = Find(name)) DropRelation(relation->id);
    } else if (drop.kind == ObjectKind::kSchema) {
      DropSchema(name.name);
    } else if (drop.kind == ObjectKind::kTrigger || drop.kind == ObjectKind::kPolicy ||
               drop.kind == ObjectKind::kRule) {
      DropFromTable(drop);
    } else if (IsRoutine(drop.kind)) {
      const Routine* routine = view().FindRoutine(name, situation_.search_path);
      const bool one = routine == nullptr || routine->overloads.size() == 1;
      const bool meant = one && (routine == nullptr || !signature ||
                                 routine->overloads[0].signature == *signature);
      if (meant) {
        Remove(FallOf({{.object = {.on = ObjectKind::kFunction, .object = name}}}, scope));
      } else {
        RemoveRoutine(name, signature);
      }
    } else {
      const ObjectKind kind = IsType(drop.kind) ? ObjectKind::kType : drop.kind;
      Remove(FallOf({{.object = {.on = kind, .object = name}}}, scope));
    }
  }
}

// ---- renaming --------------------------------------------------------------------------------

void Applier::RedirectObject(const Dependence& object, const Dependence& from, const Name& to) {
  if (object.on == ObjectKind::kType && view().FindType(object.object, {}) != nullptr) {
    return ChangeType(object.object, [&](UserType& type) {
      RedirectIn(type.stands_on, from, to);
      const bool types = from.on == ObjectKind::kType;
      if (types && type.base && MayBeSame(type.base->name, from.object)) type.base->name = to;
      for (Attribute& attribute : type.attributes) {
        if (types && MayBeSame(attribute.type.name, from.object)) attribute.type.name = to;
      }
      for (DomainConstraint& constraint : type.constraints) {
        RedirectIn(constraint.stands_on, from, to);
      }
    });
  }
  const Routine* found =
      object.on == ObjectKind::kFunction ? view().FindRoutine(object.object, {}) : nullptr;
  if (found == nullptr) return;
  Routine routine = *found;
  for (Overload& overload : routine.overloads) RedirectIn(overload.stands_on, from, to);
  catalog_.SetRoutine(moment_, object.object.schema, object.object.name, std::move(routine));
}

void Applier::Redirect(ObjectKind on, const Name& from, const Name& to) {
  const Dependence old = {.on = on, .object = from};
  for (const Dependence& object : view().ObjectsOn(on, from.name)) {
    RedirectObject(object, old, to);
  }
  for (const Relation* dependent : view().DependentsOn(on, from.name)) {
    catalog_.Change(moment_, dependent->id, [&](Relation& changed) {
      RedirectIn(changed.stands_on, old, to);
      for (TableColumn& column : changed.columns) {
        RedirectIn(column.stands_on, old, to);
        const bool of_it = on == ObjectKind::kType && column.type != nullptr &&
                           MayBeSame(column.type->name, from) && !IsBuiltinType(column.type->name);
        if (!of_it) continue;
        TypeName type = *column.type;
        type.name.name = to.name;
        if (!type.name.schema.empty()) type.name.schema = to.schema;
        column.type = std::make_shared<const TypeName>(std::move(type));
      }
      for (TableConstraint& constraint : changed.constraints) {
        RedirectIn(constraint.stands_on, old, to);
      }
      for (Trigger& trigger : changed.triggers) {
        RedirectIn(trigger.stands_on, old, to);
        if (on == ObjectKind::kFunction && trigger.function == from.name) {
          trigger.function = to.name;
        }
      }
      for (RowPolicy& policy : changed.policies) RedirectIn(policy.stands_on, old, to);
      for (RewriteRule& rule : changed.rules) RedirectIn(rule.stands_on, old, to);
      for (Publishing& place : changed.publications) {
        const bool here = on == ObjectKind::kPublication && place.publication == from.name;
        if (here) place.publication = to.name;
      }
      const bool typed =
          on == ObjectKind::kType && changed.of_type && MayBeSame(*changed.of_type, from);
      if (typed) changed.of_type = to;
    });
  }
}

}  // namespace plimsoll
