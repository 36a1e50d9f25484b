#ifndef PLIMSOLL_ANALYZER_SIMULATION_APPLIER_H_
#define PLIMSOLL_ANALYZER_SIMULATION_APPLIER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/dependence.h"
#include "analyzer/simulation/effects.h"
#include "analyzer/simulation/query_columns.h"
#include "analyzer/syntax/action.h"
#include "analyzer/syntax/body.h"

// Private to apply.cc and apply_object.cc.

namespace plimsoll {

// Changes the catalog at one moment as actions do.
class Applier {
 public:
  Applier(Catalog& catalog, Moment moment, const Situation& situation)
      : catalog_(catalog), moment_(moment), now_(catalog.At(moment)), situation_(situation) {}

  std::vector<RelationId> created;

  // With everything that cannot be without it: indexes, owned sequences, partitions, views, and the
  // foreign keys that point at it.
  void DropRelation(RelationId id);
  void RemoveKeysTo(const Relation& table);

  void Apply(const action::CreateTable& create);
  void Apply(const action::CreateIndex& create);
  void Apply(const action::CreateSchema& create) { catalog_.SetSchema(moment_, create.name, true); }
  void Apply(const action::CreateSequence& create);
  void Apply(const action::CreateView& create);
  void Apply(const action::AddColumn& add);
  void Apply(const action::DropColumn& drop);
  void Apply(const action::SetNotNull& set) { SetNullability(set.table, set.column, true); }
  void Apply(const action::DropNotNull& drop) { SetNullability(drop.table, drop.column, false); }
  void Apply(const action::SetDefault& set) {
    ChangeDefault(set.table, set.column, std::make_shared<const Expression>(set.value));
  }
  void Apply(const action::DropDefault& drop) { ChangeDefault(drop.table, drop.column, nullptr); }
  void Apply(const action::AlterColumnType& alter);
  void Apply(const action::AddConstraint& add);
  void Apply(const action::DropConstraint& drop);
  void Apply(const action::ValidateConstraint& validate);
  void Apply(const action::RenameColumn& rename);
  void Apply(const action::RenameConstraint& rename);
  void Apply(const action::RenameRelation& rename);
  void Apply(const action::SetSchema& set);
  void Apply(const action::RenameSchema& rename);
  void Apply(const action::AlterRelation& alter);
  void Apply(const action::AlterConstraint& alter);
  void Apply(const action::AttachPartition& attach);
  void Apply(const action::DetachPartition& detach);
  void Apply(const action::RearrangePartitions& rearrange);
  void Apply(const action::Maintain& maintain);
  void Apply(const action::SetRowSecurity& set);
  void Apply(const action::MoveAll& move);
  void Apply(const action::ModifyData& modify);
  void Apply(const action::Execute& execute);
  // apply_object.cc
  void Apply(const action::CreateFunction& create);
  void Apply(const action::CreateTrigger& create);
  void Apply(const action::CreatePolicy& create);
  void Apply(const action::CreateRule& create);
  void Apply(const action::AlterPart& alter);
  void Apply(const action::CreateType& create);
  void Apply(const action::RenameType& rename);
  void Apply(const action::AlterType& alter);
  void Apply(const action::AlterDomain& alter);
  void Apply(const action::AlterSequence& alter);
  void Apply(const action::CreateExtension& create);
  void Apply(const action::AlterExtension& alter);
  void Apply(const action::CreateStatistics& create);
  void Apply(const action::AlterPublication& alter);
  void Apply(const action::ChangeObject& change);
  void Apply(const action::ChangeOwned& change);
  void Apply(const action::Annotate& annotate);
  void Apply(const action::Drop& drop);
  void Apply(const action::Truncate& truncate);
  // Transactions and settings are the simulator's; the rest leaves nothing in the catalog.
  template <typename T>
  void Apply(const T&) {}

 private:
  CatalogView view() const { return catalog_.At(moment_); }
  const Relation* Find(const Name& name) const { return view().Find(name, situation_.search_path); }
  std::string SchemaFor(const Name& name, Persistence persistence) const;
  // A relation of this migration and transaction, without a name yet.
  Relation Fresh(RelationKind kind, const std::string& schema, Persistence persistence) const;
  RelationId Create(Relation relation);
  // Calls `change` on a copy of each of the target and, unless ONLY, its descendants.
  template <typename Change>
  void ForEach(const Target& target, Change change);

  bool NamesNotNulls() const { return situation_.server_version >= 18; }
  TableColumn MakeColumn(const Column& column);
  void AddNotNull(RelationId table, const std::string& column, const std::string& name,
                  bool inherited);
  void NameNotNulls(RelationId table, const action::CreateTable& create);
  void MakeSequence(const Relation& table, const std::string& column,
                    const SequenceOptions& options);
  void AddTo(RelationId table, const Constraint& constraint);
  void AddToAll(const Target& target, const Constraint& constraint);
  void AddToPart(RelationId table, const Constraint& constraint, const std::string& name);
  bool ComesAlong(const Relation& part, const action::CreateIndex& create, RelationId whole) const;
  bool TakeOverKey(RelationId part, const std::string& name);
  void AddIndexToPart(RelationId part, const Constraint& constraint);
  RelationId MakeConstraintIndex(const Relation& table, const Constraint& constraint,
                                 absl::string_view given);
  std::string ConstraintName(const Relation& table, const Constraint& constraint) const;
  RelationId MakeIndex(const Relation& table, const action::CreateIndex& create,
                       const std::string& given);
  void InheritFrom(RelationId child, const Relation& parent, bool partition);
  void InheritIndexes(RelationId child, const Relation& parent);
  std::string PartName(const Relation& table, const Relation& whole,
                       const TableConstraint* constraint) const;
  // Makes one index part of another.
  void Attach(RelationId part, RelationId whole);
  std::vector<TableColumn> InheritedColumns(const action::CreateTable& create) const;
  void CopyFrom(const Name& name, uint32_t options, RelationId to);
  void CopyIndexes(const Relation& from, RelationId to);
  void SetNullability(const Target& target, const std::string& column, bool not_null);
  void ChangeDefault(const Target& target, const std::string& column,
                     const OptionalExpression& value);
  void GiveDefault(TableColumn& column, const OptionalExpression& value) const;
  void RemoveConstraint(RelationId table, const std::string& constraint);
  void RemoveGroupedBy(const Relation& table);
  void RemoveForeignKeysTo(const Relation& index);
  void RemoveColumn(RelationId table, const std::string& column, bool cascade);
  void RenameAround(const Relation& named, const std::string& from, const std::string& to);
  void AlterColumn(const action::AlterRelation& alter, const Relation& named);
  void SetPersistence(const Relation& named, Persistence persistence);
  void JoinParent(RelationId child, const Relation& parent);
  void LeaveParent(RelationId child, RelationId parent);
  void AttachIndexes(RelationId part, const Relation& whole);
  void ValidateWhole(RelationId index);
  void MoveTo(RelationId id, const std::string& schema);
  void SetMayHaveRows(const Name& name);
  std::vector<ViewUse> UsesOf(const action::CreateView& create) const;
  const Relation* OwnerOf(const std::string& column, const std::vector<Name>& reads) const;
  std::vector<ViewUse> UsesOf(const Body& body) const;
  bool StandsIn(const action::CreateView& create) const;
  QueryColumns ShownBy(const OptionalSelection& selection,
                       const std::vector<std::string>& names) const;

  // ---- apply_object.cc
  // For the view at this moment, which must outlive it.
  TypeScope Scope() const { return {now_, situation_.search_path, situation_.server_version}; }
  Name PlaceFor(const Name& name) const {
    return {.schema = SchemaFor(name, Persistence::kPermanent), .name = name.name};
  }
  // The columns of a table OF the type.
  void AddAttributes(const Name& type, Relation& table) const;
  std::vector<RelationId> IdsOf(absl::Span<const Name> names, RelationId but) const;
  // Takes out of the catalog what falls.
  void Remove(const Fall& fall);
  void RemovePart(const FallenPart& part);
  void RemoveObject(const FallenObject& object);
  void RemoveRoutine(const Name& name, const std::optional<std::string>& signature);
  void RemoveGuardsOn(const Relation& relation);
  void RemoveStatisticsOn(const Relation& table, const std::string* column);
  void DropFromTable(const action::Drop& drop);
  void DropSchema(const std::string& schema);
  static std::string ConstraintName(const UserType& type, const std::string& domain, bool not_null);
  // What stood on `from` now stands on `to`, which is the same object.
  void Redirect(ObjectKind on, const Name& from, const Name& to);
  void RedirectObject(const Dependence& object, const Dependence& from, const Name& to);
  void ChangeType(const Name& name, absl::FunctionRef<void(UserType&)> change);
  void ChangeAttribute(const action::AlterType& alter, Relation& table) const;
  void MoveType(const Name& from, const Name& to);
  void MoveRoutine(const Name& from, const Name& to);

  Catalog& catalog_;
  Moment moment_;
  CatalogView now_;
  const Situation& situation_;
};

// The options with those that a statement says; see Relation::options.
Parameters With(const Parameters& before, absl::Span<const Parameter> said);

template <typename Change>
void Applier::ForEach(const Target& target, Change change) {
  const Relation* named = Find(target.name);
  if (named == nullptr) return;
  std::vector<RelationId> ids = {named->id};
  if (!target.only) {
    for (const Relation* child : view().DescendantsOf(*named)) ids.push_back(child->id);
  }
  for (const RelationId id : ids) catalog_.Change(moment_, id, change);
}

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_APPLIER_H_
