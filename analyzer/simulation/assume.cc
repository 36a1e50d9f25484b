#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "analyzer/simulation/apply.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/syntax/body.h"

namespace plimsoll {
namespace {

RelationKind KindOf(ObjectKind kind) {
  if (kind == ObjectKind::kIndex) return RelationKind::kIndex;
  if (kind == ObjectKind::kView) return RelationKind::kView;
  if (kind == ObjectKind::kMaterializedView) return RelationKind::kMaterializedView;
  if (kind == ObjectKind::kSequence) return RelationKind::kSequence;
  if (kind == ObjectKind::kForeignTable) return RelationKind::kForeignTable;
  return RelationKind::kTable;
}

class Assumer {
 public:
  Assumer(Catalog& catalog, Moment moment, const Situation& situation)
      : catalog_(catalog), moment_(moment), situation_(situation) {}

  void Look(const action::CreateTable& create) {
    Assume(create.inherits);
    Assume(create.like);
    Assume(create.reads);
    if (create.partition_of) Assume(*create.partition_of, RelationKind::kPartitionedTable);
    for (const Constraint& constraint : create.constraints) Look(constraint, create.table);
    for (const Column& column : create.columns) {
      for (const Constraint& constraint : column.constraints) Look(constraint, create.table);
      AssumeDefault(column.default_value);
    }
  }
  void Look(const action::CreateIndex& create) {
    // ONLY is said of partitioned tables alone.
    Assume(create.table, create.only ? RelationKind::kPartitionedTable : RelationKind::kTable);
  }
  void Look(const action::CreateSequence& create) {
    if (create.owned_by) Assume(*create.owned_by);
  }
  void Look(const action::CreateView& create) { Assume(create.reads); }
  void Look(const action::CreateFunction& create) {
    if (!IsAnalysed(create, situation_)) return;
    for (const BodyStatement& statement : create.body->statements) {
      Look(std::get<action::ModifyData>(statement.actions[0].kind));
    }
  }
  void Look(const action::CreateTrigger& create) {
    Assume(create.table);
    if (create.from) Assume(*create.from);
  }
  void Look(const action::CreatePolicy& create) {
    Assume(create.table);
    Assume(create.reads);
  }
  void Look(const action::AddColumn& add) {
    Assume(add.table.name, KindOf(add.table.kind));
    for (const Constraint& constraint : add.column.constraints) Look(constraint, add.table.name);
    AssumeDefault(add.column.default_value);
  }
  void Look(const action::SetDefault& set) {
    Assume(set.table.name, KindOf(set.table.kind));
    AssumeSequences(set.value.sequences);
  }
  void Look(const action::AddConstraint& add) {
    Assume(add.table.name, KindOf(add.table.kind));
    Look(add.constraint, add.table.name);
  }
  void Look(const action::RenameRelation& rename) {
    Assume(rename.relation.name, KindOf(rename.relation.kind));
  }
  void Look(const action::Drop& drop) {
    if (drop.kind == ObjectKind::kTrigger || drop.kind == ObjectKind::kPolicy ||
        drop.kind == ObjectKind::kRule) {
      return Assume(drop.on_table);
    }
    const bool relation =
        drop.kind == ObjectKind::kTable || KindOf(drop.kind) != RelationKind::kTable;
    if (!relation) return;
    for (const Name& name : drop.objects) Assume(name, KindOf(drop.kind));
  }
  void Look(const action::SetSchema& set) { Assume(set.relation.name, KindOf(set.relation.kind)); }
  void Look(const action::AlterRelation& alter) {
    Assume(alter.relation.name, KindOf(alter.relation.kind));
    const bool inherits = alter.alteration == action::Alteration::kInherit ||
                          alter.alteration == action::Alteration::kNoInherit;
    if (inherits) Assume(alter.other);
  }
  void Look(const action::AttachPartition& attach) {
    const bool index = attach.whole.kind == ObjectKind::kIndex;
    Assume(attach.whole.name,
           index ? RelationKind::kPartitionedIndex : RelationKind::kPartitionedTable);
    Assume(attach.part, index ? RelationKind::kIndex : RelationKind::kTable);
  }
  void Look(const action::DetachPartition& detach) {
    Assume(detach.whole.name, RelationKind::kPartitionedTable);
    Assume(detach.part);
  }
  void Look(const action::RearrangePartitions& rearrange) {
    Assume(rearrange.whole.name, RelationKind::kPartitionedTable);
    for (const Name& name : rearrange.from) Assume(name);
  }
  void Look(const action::Maintain& maintain) {
    const bool view = maintain.upkeep == action::Upkeep::kRefresh;
    for (const Target& target : maintain.relations) {
      Assume(target.name, view ? RelationKind::kMaterializedView : KindOf(target.kind));
    }
  }
  void Look(const action::AlterSequence& alter) {
    Assume(alter.sequence.name, RelationKind::kSequence);
    if (alter.owned_by) Assume(*alter.owned_by);
  }
  void Look(const action::CreateRule& create) {
    Assume(create.table);
    Assume(create.reads);
    Assume(create.writes);
  }
  void Look(const action::CreateStatistics& create) { Assume(create.table); }
  void Look(const action::AlterPart& alter) {
    Assume(alter.table);
    Assume(alter.reads);
  }
  void Look(const action::Annotate& annotate) {
    Assume(annotate.on_table);
    if (annotate.kind <= ObjectKind::kForeignTable) Assume(annotate.object, KindOf(annotate.kind));
  }
  void Look(const action::Grant& grant) {
    if (grant.all_in_schema || grant.kind > ObjectKind::kForeignTable) return;
    for (const Name& name : grant.objects) Assume(name, KindOf(grant.kind));
  }
  void Look(const action::AlterPublication& alter) {
    for (const action::PublishedTable& published : alter.tables) Assume(published.table.name);
  }
  void Look(const action::AlterExtension& alter) {
    if (alter.kind <= ObjectKind::kForeignTable) Assume(alter.member, KindOf(alter.kind));
  }
  void Look(const action::Truncate& truncate) {
    for (const Target& table : truncate.tables) Assume(table.name);
  }
  void Look(const action::LockTable& lock) {
    for (const Target& table : lock.tables) Assume(table.name);
  }
  void Look(const action::ModifyData& modify) {
    Assume(modify.reads);
    for (const action::Write& write : modify.writes) Assume(write.table.name);
    AssumeSequences(modify.sequences);
  }
  template <typename T>
  void Look(const T& other) {
    if constexpr (requires { other.table.kind; })
      Assume(other.table.name, KindOf(other.table.kind));
  }

 private:
  void Look(const Constraint& constraint, const Name& table) {
    const bool self = constraint.referenced == table;
    if (constraint.kind == ConstraintKind::kForeignKey && !self) Assume(constraint.referenced);
  }
  // nextval and its kin name a sequence; a column stands for the one that it owns.
  template <typename Uses>
  void AssumeSequences(const Uses& uses) {
    for (const SequenceUse& use : uses) {
      if (use.column.empty()) Assume(use.name, RelationKind::kSequence);
    }
  }
  void AssumeDefault(const OptionalExpression& value) {
    if (value != nullptr) AssumeSequences(value->sequences);
  }
  void Assume(const std::vector<Name>& names) {
    for (const Name& name : names) Assume(name);
  }
  void Assume(const Name& name, RelationKind kind = RelationKind::kTable) {
    // Where the path is empty, a bare name means nothing.
    // A schema that is just made holds nothing but what it is made with.
    const size_t home = situation_.makes_schema ? 1 : 0;
    const bool placed = !name.schema.empty() || situation_.search_path.size() > home;
    // What may have done anything may have made it.
    const bool closed = situation_.closed && situation_.trusted_since == 0;
    if (closed || !placed) return;
    const CatalogView view = catalog_.At(moment_);
    if (name.name.empty() || IsSystemName(name) ||
        view.Find(name, situation_.search_path) != nullptr ||
        view.IsKnownMissing(name, situation_.search_path)) {
      return;
    }
    Relation relation;
    relation.schema = !name.schema.empty() ? name.schema : situation_.search_path[home];
    relation.name = name.name;
    relation.kind = kind;
    catalog_.Assume(std::move(relation));
  }

  Catalog& catalog_;
  Moment moment_;
  const Situation& situation_;
};

}  // namespace

bool IsGeneric(const action::CreateFunction& create) {
  return std::any_of(create.inputs.begin(), create.inputs.end(), [](const TypeName& type) {
    return absl::StartsWith(type.name.name, "any") && IsBuiltinType(type.name);
  });
}

bool IsAnalysed(const action::CreateFunction& create, const Situation& situation) {
  const Body* body = create.body.get();
  if (body == nullptr || body->unknown || create.language != "sql") return false;
  if (!body->atomic && IsGeneric(create)) return false;
  if (!body->atomic && !situation.checks_bodies) return false;
  return std::all_of(body->statements.begin(), body->statements.end(), [](const BodyStatement& s) {
    return std::holds_alternative<action::ModifyData>(s.actions[0].kind);
  });
}

bool IsSystemName(const Name& name) {
  return name.schema == "pg_catalog" || name.schema == "information_schema" ||
         (name.schema.empty() && name.name.rfind("pg_", 0) == 0);
}

void AssumeNamed(const Action& action, const Situation& situation, Moment moment,
                 Catalog& catalog) {
  Assumer assumer(catalog, moment, situation);
  std::visit([&](const auto& kind) { assumer.Look(kind); }, action.kind);
}

}  // namespace plimsoll
