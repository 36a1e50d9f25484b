#include "workspace/down.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/syntax/marker.h"
#include "re2/re2.h"
#include "workspace/definition.h"
#include "workspace/fallen.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

Name PlaceOf(const Name& name) {
  return {.schema = name.schema == "public" ? "" : name.schema, .name = name.name};
}

// How much of a migration is inverted.
enum class Care {
  // Whatever the up itself made goes with the statement that made it: the steps that changed it
  // need no inverse.
  kTerse,
  kThorough,  // each step has its own
};

std::string CannotUndoLine(const History& history, const Step& step) {
  const std::string text = absl::StrReplaceAll(
      history.SourceOf(step).Text(step.span.empty() ? history.StatementOf(step).span : step.span),
      {{"\n", " "}, {"\r", ""}, {"\t", " "}});
  constexpr size_t kMostShown = 70;
  const std::string line = "-- cannot undo: ";
  if (text.size() <= kMostShown) return line + text;
  return absl::StrCat(line, text.substr(0, text.rfind(' ', kMostShown)), " …");
}

bool SaysIfExists(const History& history, const Step& step) {
  const absl::string_view text = history.SourceOf(step).Text(history.StatementOf(step).span);
  static const auto& words =
      *new RE2(R"((?is)alter\s+(materialized\s+|foreign\s+)?\w+\s+if\s+exists\s)");
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), words);
}

// The inverse of one step.
class Inverter {
 public:
  Inverter(const History& history, Moment first, const CatalogView& start, const CatalogView& end,
           const Step& step, absl::Span<const Step> statement, Care care,
           std::vector<std::string>& lines)
      : history_(history),
        first_(first),
        start_(start),
        end_(end),
        step_(step),
        before_(history, step.index),
        after_(history.At(statement.back().index + 1)),
        statement_(statement),
        perhaps_(SaysIfExists(history, step)),
        defined_(statement.front().index + 1),
        path_(history.SessionAt(step).search_path),
        thorough_(care == Care::kThorough),
        lines_(lines) {}

  void Look(const action::CreateTable& create) { DropMade(create.table); }
  void Look(const action::CreateSequence& create) { DropMade(create.sequence); }
  void Look(const action::CreateIndex& create);
  void Look(const action::CreateView& create);
  void Look(const action::CreateFunction& create);
  void Look(const action::CreateTrigger& create);
  void Look(const action::CreatePolicy& create);
  void Look(const action::CreateRule& create);
  void Look(const action::CreateType& create);
  void Look(const action::CreateSchema& create);
  void Look(const action::CreateExtension& create);
  void Look(const action::CreateStatistics& create);
  void Look(const action::AddColumn& add);
  void Look(const action::DropColumn& drop);
  void Look(const action::SetNotNull& set);
  void Look(const action::DropNotNull& drop);
  void Look(const action::SetDefault& set) { RestoreDefault(set.table, set.column); }
  void Look(const action::DropDefault& drop) { RestoreDefault(drop.table, drop.column); }
  void Look(const action::AlterColumnType& alter);
  void Look(const action::AddConstraint& add);
  void Look(const action::DropConstraint& drop);
  void Look(const action::ValidateConstraint&) {}  // what is proven may stay proven
  void Look(const action::RenameColumn& rename);
  void Look(const action::RenameConstraint& rename);
  void Look(const action::RenameRelation& rename);
  void Look(const action::RenameType& rename);
  void Look(const action::RenameSchema& rename);
  void Look(const action::SetSchema& set);
  void Look(const action::SetRowSecurity& set);
  void Look(const action::AlterRelation& alter);
  void Look(const action::AlterConstraint& alter);
  void Look(const action::AlterPart& alter);
  void Look(const action::ChangeObject& change);
  void Look(const action::AttachPartition& attach);
  void Look(const action::DetachPartition& detach);
  void Look(const action::AlterType& alter);
  void Look(const action::AlterDomain& alter);
  void Look(const action::AlterSequence& alter);
  void Look(const action::AlterPublication& alter);
  void Look(const action::Annotate& annotate);
  void Look(const action::Drop& drop);
  void Look(const action::Truncate& truncate);
  void Look(const action::ModifyData& modify);
  void Look(const action::Begin&) {}
  void Look(const action::Commit&) {}
  void Look(const action::Savepoint&) {}
  void Look(const action::Release&) {}
  void Look(const action::SetParameter&) {}
  void Look(const action::LockTable&) {}
  void Look(const action::Maintain&) {}
  void Look(const action::SessionCommand&) {}
  void Look(const action::SetConstraints&) {}
  template <typename T>
  void Look(const T&) {
    CannotUndo();
  }

 private:
  const Relation* Find(const Name& name) const { return before_.view().Find(name, path_); }
  // What the step changes; null for what needs no inverse (see Care).
  const Relation* Old(const Name& name) const;
  void Add(std::string statement) { lines_.push_back(std::move(statement) + ";"); }
  // As sure that the relation is there as the statement is.
  void Alter(const Relation& relation, const std::string& what) {
    Add(absl::StrCat(AlterWord(relation.kind), relation.assumed && perhaps_ ? "if exists " : "",
                     PlaceSql(relation), " ", what));
  }
  // As `what` says it, or that nobody can.
  void AddIfKnown(const std::string& statement);
  void CannotUndo() { lines_.push_back(CannotUndoLine(history_, step_)); }
  void CannotRestore(const std::string& what) {
    lines_.push_back(absl::StrCat("-- cannot restore data: ", what));
  }
  void DropMade(const Name& name);
  void RestoreDefault(const Target& target, const std::string& column);
  void AddDefault(const Relation& table, const TableColumn& column);
  // Whether the statement has such a step of that column.
  template <typename Act>
  bool HasBeside(const std::string& column) const {
    return std::any_of(statement_.begin(), statement_.end(), [&](const Step& beside) {
      const auto* act = beside.As<Act>();
      return act != nullptr && act->column == column;
    });
  }
  bool IsLeft(bool there, absl::string_view name) const;
  void RestoreConstraint(const Relation& table, const TableConstraint& constraint);
  void RestoreObject(const Name& name, const action::Drop& drop);
  void RestorePolicy(const Relation& table, const RowPolicy& policy);
  void RestoreIdentity(const Relation& table, const action::AlterRelation& alter);
  void RestoreExpression(const Relation& table, const action::AlterRelation& alter);
  void RestoreOptions(const Relation& relation, const action::AlterRelation& alter);
  void AddAll(const std::vector<std::string>& statements);
  std::optional<Moment> CommentBefore(const action::Annotate& annotate) const;

  const History& history_;
  Moment first_;  // of the migration
  const CatalogView& start_;
  const CatalogView& end_;
  const Step& step_;
  Definitions before_;
  CatalogView after_;
  absl::Span<const Step> statement_;
  bool perhaps_;    // ALTER … IF EXISTS
  Moment defined_;  // of what the statement makes
  absl::Span<const std::string> path_;
  bool thorough_;
  std::vector<std::string>& lines_;
};

void Inverter::AddAll(const std::vector<std::string>& statements) {
  if (statements.empty()) return CannotUndo();
  for (const std::string& statement : statements) {
    lines_.push_back(absl::StartsWith(statement, "-- ") ? statement : absl::StrCat(statement, ";"));
  }
}

void Inverter::AddIfKnown(const std::string& statement) {
  if (statement.empty()) return CannotUndo();
  Add(statement);
}

const Relation* Inverter::Old(const Name& name) const {
  const Relation* relation = Find(name);
  return relation != nullptr && (thorough_ || start_.Find(relation->id) != nullptr) ? relation
                                                                                    : nullptr;
}

// ---- what was made ---------------------------------------------------------------------------

static absl::string_view DropWord(RelationKind kind) {
  switch (kind) {
    case RelationKind::kIndex:
    case RelationKind::kPartitionedIndex:
      return "drop index ";
    case RelationKind::kSequence:
      return "drop sequence ";
    case RelationKind::kView:
      return "drop view ";
    case RelationKind::kMaterializedView:
      return "drop materialized view ";
    case RelationKind::kForeignTable:
      return "drop foreign table ";
    default:
      return "drop table ";
  }
}

// Under the name that it has at the end of the migration.
void Inverter::DropMade(const Name& name) {
  const Relation* made = after_.Find(name, path_);
  if (made == nullptr || start_.Find(made->id) != nullptr) return;
  const Relation* left = thorough_ ? made : end_.Find(made->id);
  if (left == nullptr || left->persistence == Persistence::kTemporary) return;
  Add(absl::StrCat(DropWord(left->kind), PlaceSql(*left)));
}

void Inverter::Look(const action::CreateIndex& create) {
  const Relation* table = after_.Find(create.table, path_);
  if (table == nullptr || Old(create.table) == nullptr) return;
  for (const Relation* index : after_.IndexesOf(*table)) {
    const Relation* left = index->created != step_.index ? nullptr
                           : thorough_                   ? index
                                                         : end_.Find(index->id);
    if (left == nullptr || start_.Find(index->id) != nullptr) continue;
    Add(absl::StrCat("drop index ", create.concurrently ? "concurrently " : "", PlaceSql(*left)));
  }
}

// The statement once more, so that it takes the place of what is there.
static std::string Replacing(std::string statement, absl::string_view kind) {
  if (statement.empty()) return statement;
  const std::string lower = absl::AsciiStrToLower(statement);
  const bool says = absl::StrContains(lower.substr(0, lower.find(std::string(kind))), "replace");
  if (!says) statement.insert(std::string("create").size(), " or replace");
  return statement;
}

void Inverter::Look(const action::CreateView& create) {
  const Relation* old = Old(create.view);
  const Relation* made = after_.Find(create.view, path_);
  if (old == nullptr || made == nullptr || made->id != old->id) return DropMade(create.view);
  if (old->defined == made->defined) return;  // IF NOT EXISTS
  const std::string statement = before_.Statement(old->defined);
  if (statement.empty()) return CannotUndo();
  const auto same = [](const TableColumn& a, const TableColumn& b) { return a.name == b.name; };
  const std::vector<TableColumn>& olds = old->columns;
  const std::vector<TableColumn>& news = made->columns;
  const bool replaces = std::equal(olds.begin(), olds.end(), news.begin(), news.end(), same);
  if (replaces) return Add(Replacing(statement, "view"));
  Add(absl::StrCat(DropWord(old->kind), PlaceSql(*old)));
  AddAll(before_.View(*old));
}

static const Overload* FindOverload(const Routine* routine, const std::string& signature) {
  if (routine == nullptr) return nullptr;
  for (const Overload& overload : routine->overloads) {
    if (overload.signature == signature) return &overload;
  }
  return nullptr;
}

void Inverter::Look(const action::CreateFunction& create) {
  const CatalogView& view = before_.view();
  const Overload* old = FindOverload(view.FindRoutine(create.function, path_), create.signature);
  const Name full = after_.Resolve(ObjectKind::kFunction, create.function, path_);
  if (old != nullptr) {
    std::vector<std::string> made = before_.Routine(full, *old);
    if (!made.empty()) made[0] = Replacing(made[0], create.procedure ? "procedure" : "function");
    return AddAll(made);
  }
  const Name place = PlaceOf(full);
  const Routine* left = (thorough_ ? after_ : end_).FindRoutine(create.function, path_);
  if (FindOverload(left, create.signature) == nullptr) return;
  Add(absl::StrCat(create.procedure ? "drop procedure " : "drop function ", SqlName(place), "(",
                   create.signature, ")"));
}

template <typename Parts>
static auto FindPart(const Parts& parts, const std::string& name) {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

void Inverter::Look(const action::CreateTrigger& create) {
  const Relation* table = Old(create.table);
  if (table == nullptr) return;
  const Trigger* old = FindPart(table->triggers.All(), create.name);
  if (old != nullptr)
    return AddIfKnown(
        Replacing(before_.TriggerOrRule(*table, create.name, old->defined), "trigger"));
  Add(absl::StrCat("drop trigger ", SqlName(create.name), " on ", PlaceSql(*table)));
}

void Inverter::Look(const action::CreatePolicy& create) {
  const Relation* table = Old(create.table);
  if (table == nullptr) return;
  Add(absl::StrCat("drop policy ", SqlName(create.name), " on ", PlaceSql(*table)));
}

void Inverter::Look(const action::CreateRule& create) {
  const Relation* table = Old(create.table);
  if (table == nullptr) return;
  const RewriteRule* old = FindPart(table->rules.All(), create.name);
  if (old != nullptr)
    return AddIfKnown(Replacing(before_.TriggerOrRule(*table, create.name, old->defined), "rule"));
  Add(absl::StrCat("drop rule ", SqlName(create.name), " on ", PlaceSql(*table)));
}

void Inverter::Look(const action::CreateType& create) {
  if ((thorough_ ? after_ : end_).FindType(create.type, path_) == nullptr) return;
  const Name place = PlaceOf(after_.Resolve(ObjectKind::kType, create.type, path_));
  const bool domain = create.kind == action::TypeKind::kDomain;
  Add(absl::StrCat(domain ? "drop domain " : "drop type ", SqlName(place)));
}

void Inverter::Look(const action::CreateSchema& create) {
  // initdb has put that one into every database.
  if (create.name == "public") return;
  if (before_.view().HasSchema(create.name) || !end_.HasSchema(create.name)) return;
  Add(absl::StrCat("drop schema ", SqlName(create.name)));
}

void Inverter::Look(const action::CreateExtension& create) {
  const Name name = {.name = create.name};
  // initdb has put that one into every database.
  const bool old = create.name == "plpgsql" ||
                   before_.view().FindObject(ObjectKind::kExtension, name, path_) != nullptr;
  if (old || end_.FindObject(ObjectKind::kExtension, name, path_) == nullptr) return;
  Add(absl::StrCat("drop extension ", SqlName(create.name)));
}

void Inverter::Look(const action::CreateStatistics& create) {
  if (Old(create.table) == nullptr) return;
  if (create.statistics.name.empty()) return CannotUndo();
  Add(absl::StrCat("drop statistics ", SqlName(PlaceOf(create.statistics))));
}

void Inverter::Look(const action::AlterPublication& alter) {
  if (!alter.create) return CannotUndo();
  Add(absl::StrCat("drop publication ", SqlName(alter.publication)));
}

// ---- columns ---------------------------------------------------------------------------------

// Whether what the step makes under that name is dropped again by the migration: nothing of it is
// left, and no other name.
bool Inverter::IsLeft(bool there, absl::string_view name) const {
  const std::vector<Step>& steps = history_.steps();
  for (Moment i = step_.index; !there && i < steps.size(); ++i) {
    if (steps[i].migration != step_.migration) break;
    const auto* column = steps[i].As<action::RenameColumn>();
    const auto* constraint = steps[i].As<action::RenameConstraint>();
    there = (column != nullptr && column->column == name) ||
            (constraint != nullptr && constraint->constraint == name);
  }
  return there;
}

void Inverter::Look(const action::AddColumn& add) {
  const Relation* table = Old(add.table.name);
  if (table == nullptr) return;
  const TableColumn* made = after_.Find(table->id)->FindColumn(add.column.name);
  if (made == nullptr || made->defined != defined_) return;  // IF NOT EXISTS
  const Relation* end = (thorough_ ? after_ : end_).Find(table->id);
  if (end == nullptr || !IsLeft(end->FindColumn(made->name) != nullptr, made->name)) return;
  Alter(*table, absl::StrCat("drop column ", SqlName(made->name)));
}

void Inverter::RestoreConstraint(const Relation& table, const TableConstraint& constraint) {
  const std::string text = before_.Constraint(table, constraint);
  if (text.empty()) return CannotUndo();
  const std::string statement =
      absl::StrCat(AlterWord(table.kind), PlaceSql(table), " add ", text, ";");
  // Two columns that go share it.
  if (std::find(lines_.begin(), lines_.end(), statement) == lines_.end()) {
    lines_.push_back(statement);
  }
}

void Inverter::Look(const action::DropColumn& drop) {
  const Relation* table = Old(drop.table.name);
  if (table == nullptr) return;
  const TableColumn* column = table->FindColumn(drop.column);
  const Relation* old = start_.Find(table->id);
  if (column == nullptr) {
    if (!drop.if_exists && !table->columns_known) CannotUndo();
    return;
  }
  if (!thorough_ && old->columns_known && old->FindColumn(drop.column) == nullptr &&
      std::none_of(old->columns.All().begin(), old->columns.All().end(),
                   [&](const TableColumn& one) { return one.defined == column->defined; })) {
    return;
  }
  // What made its default may be a sequence of its own, which comes first (see AddFallen).
  const std::vector<const Relation*> sequences = before_.view().SequencesOf(*table);
  const bool waits = std::any_of(sequences.begin(), sequences.end(), [&](const Relation* one) {
    return one->owner_column == column->name && one->defined != column->defined &&
           column->generated != Generated::kIdentity;
  });
  if (!waits) AddAll(before_.AddColumn(*table, *column));
}

void Inverter::Look(const action::SetNotNull& set) {
  const Relation* table = Old(set.table.name);
  const TableColumn* column = table == nullptr ? nullptr : table->FindColumn(set.column);
  if (table == nullptr || (column != nullptr && column->not_null)) return;
  Alter(*table, absl::StrCat("alter column ", SqlName(set.column), " drop not null"));
}

void Inverter::Look(const action::DropNotNull& drop) {
  const Relation* table = Old(drop.table.name);
  const TableColumn* column = table == nullptr ? nullptr : table->FindColumn(drop.column);
  if (table == nullptr || (column != nullptr && !column->not_null)) return;
  Alter(*table, absl::StrCat("alter column ", SqlName(drop.column), " set not null"));
}

void Inverter::AddDefault(const Relation& table, const TableColumn& column) {
  const std::string text = before_.Default(table, column.name);
  if (column.has_default && text.empty()) return CannotUndo();
  const std::string words = absl::StrCat("alter column ", SqlName(column.name));
  Alter(table, column.has_default ? absl::StrCat(words, " set default ", text)
                                  : absl::StrCat(words, " drop default"));
}

void Inverter::RestoreDefault(const Target& target, const std::string& name) {
  const Relation* table = Old(target.name);
  if (table == nullptr) return;
  const TableColumn* column = table->FindColumn(name);
  if (column == nullptr) return CannotUndo();
  // It is of the other type, and comes with that.
  if (!HasBeside<action::AlterColumnType>(name)) AddDefault(*table, *column);
}

// PostgreSQL gets from one to the other by itself, in an assignment.
static bool IsAssignable(const TypeName& from, const TypeName& to) {
  if (from.array || to.array) return from.array == to.array && from.name == to.name;
  constexpr absl::string_view kNumbers[] = {"int2", "int4", "int8", "numeric", "float4", "float8"};
  constexpr absl::string_view kTexts[] = {"text", "varchar", "bpchar"};
  const auto among = [](const auto& names, const TypeName& type) {
    return std::find(std::begin(names), std::end(names), type.name.name) != std::end(names);
  };
  return from.name == to.name || among(kTexts, to) ||
         (among(kNumbers, from) && among(kNumbers, to));
}

void Inverter::Look(const action::AlterColumnType& alter) {
  const Relation* table = Old(alter.table.name);
  if (table == nullptr) return;
  const TableColumn* column = table->FindColumn(alter.column);
  const std::string type =
      column == nullptr || column->type == nullptr ? "" : TypeSql(*column->type);
  if (type.empty()) return CannotUndo();
  const std::string name = SqlName(alter.column);
  const bool casts = !IsAssignable(alter.type, *column->type);
  // From one enum to another there is no way but by their labels.
  const auto is_enum = [&](const Name& of) {
    const UserType* made = before_.view().FindType(of, path_);
    return made != nullptr && made->kind == action::TypeKind::kEnum;
  };
  const bool labels = is_enum(alter.type.name) && is_enum(column->type->name);
  const bool sets = HasBeside<action::SetDefault>(alter.column);
  if (sets) Alter(*table, absl::StrCat("alter column ", name, " drop default"));
  Alter(*table,
        absl::StrCat("alter column ", name, " type ", type,
                     casts ? absl::StrCat(" using ", name, labels ? "::text::" : "::", type) : ""));
  const bool drops = HasBeside<action::DropDefault>(alter.column);
  if ((sets || drops) && column->has_default) AddDefault(*table, *column);
}

// ---- constraints -----------------------------------------------------------------------------

void Inverter::Look(const action::AddConstraint& add) {
  const Relation* table = Old(add.table.name);
  const Relation* made = table == nullptr ? nullptr : after_.Find(table->id);
  if (made == nullptr) return;
  for (const TableConstraint& constraint : made->constraints.All()) {
    const Relation* end = (thorough_ ? after_ : end_).Find(table->id);
    const bool new_one = constraint.defined == defined_ && end != nullptr &&
                         IsLeft(end->FindConstraint(constraint.name) != nullptr, constraint.name);
    const bool said = add.constraint.name.empty()
                          ? constraint.kind == add.constraint.kind &&
                                (constraint.kind == ConstraintKind::kCheck ||
                                 constraint.columns == add.constraint.columns)
                          : constraint.name == add.constraint.name;
    if (!new_one || !said || constraint.inherited) continue;
    Alter(*table, absl::StrCat("drop constraint ", SqlName(constraint.name)));
    const Relation* index =
        add.constraint.using_index.empty() ? nullptr : before_.view().Find(constraint.index);
    if (index != nullptr) AddIfKnown(before_.Index(*index, /*concurrently=*/false));
    if (constraint.kind != ConstraintKind::kPrimaryKey) continue;
    for (const std::string& name : constraint.columns) {
      const TableColumn* column = table->FindColumn(name);
      if (column == nullptr || column->not_null) continue;
      Alter(*table, absl::StrCat("alter column ", SqlName(name), " drop not null"));
    }
  }
}

void Inverter::Look(const action::DropConstraint& drop) {
  const Relation* table = Old(drop.table.name);
  if (table == nullptr) return;
  const TableConstraint* constraint = table->FindConstraint(drop.constraint);
  if (constraint == nullptr) {
    if (!drop.if_exists) CannotUndo();
    return;
  }
  if (constraint->kind == ConstraintKind::kNotNull) {
    return Alter(*table,
                 absl::StrCat("alter column ", SqlName(constraint->columns[0]), " set not null"));
  }
  // What the migration itself added, it adds no more.
  const TableConstraint* old =
      thorough_ ? constraint : start_.Find(table->id)->FindConstraint(drop.constraint);
  if (old != nullptr || constraint->defined == 0) return RestoreConstraint(*table, *constraint);
  const bool renamed =
      std::any_of(start_.Find(table->id)->constraints.All().begin(),
                  start_.Find(table->id)->constraints.All().end(),
                  [&](const TableConstraint& one) { return one.defined == constraint->defined; });
  if (renamed) RestoreConstraint(*table, *constraint);
}

// ---- names -----------------------------------------------------------------------------------

void Inverter::Look(const action::RenameColumn& rename) {
  const Relation* table = Old(rename.table.name);
  if (table == nullptr) return;
  Alter(*table, absl::StrCat("rename column ", SqlName(rename.to), " to ", SqlName(rename.column)));
}

void Inverter::Look(const action::RenameConstraint& rename) {
  const Relation* table = Old(rename.table.name);
  if (table == nullptr) return;
  Alter(*table,
        absl::StrCat("rename constraint ", SqlName(rename.to), " to ", SqlName(rename.constraint)));
}

void Inverter::Look(const action::RenameRelation& rename) {
  const Relation* old = Old(rename.relation.name);
  const Relation* renamed = old == nullptr ? nullptr : after_.Find(old->id);
  if (renamed != nullptr) Alter(*renamed, absl::StrCat("rename to ", SqlName(old->name)));
}

void Inverter::Look(const action::SetSchema& set) {
  const Relation* old = Old(set.relation.name);
  const Relation* moved = old == nullptr ? nullptr : after_.Find(old->id);
  if (moved != nullptr) Alter(*moved, absl::StrCat("set schema ", SqlName(old->schema)));
}

void Inverter::Look(const action::RenameType& rename) {
  if (!thorough_ && start_.FindType(rename.type, path_) == nullptr) return;
  const Name old = before_.view().Resolve(ObjectKind::kType, rename.type, path_);
  Add(absl::StrCat("alter type ", SqlName(PlaceOf({.schema = old.schema, .name = rename.to})),
                   " rename to ", SqlName(old.name)));
}

void Inverter::Look(const action::RenameSchema& rename) {
  Add(absl::StrCat("alter schema ", SqlName(rename.to), " rename to ", SqlName(rename.schema)));
}

// ---- tables as a whole -----------------------------------------------------------------------

void Inverter::Look(const action::SetRowSecurity& set) {
  const Relation* table = Old(set.table.name);
  if (table == nullptr) return;
  const bool forces =
      set.security == action::RowSecurity::kForce || set.security == action::RowSecurity::kNoForce;
  const bool on = forces ? table->forces_row_security : table->row_security;
  Alter(*table, absl::StrCat(forces ? (on ? "force" : "no force") : (on ? "enable" : "disable"),
                             " row level security"));
}

void Inverter::RestoreIdentity(const Relation& table, const action::AlterRelation& alter) {
  const TableColumn* column = table.FindColumn(alter.column);
  if (column == nullptr || column->generated != Generated::kIdentity) return CannotUndo();
  const SequenceNumbers* numbers = nullptr;
  for (const Relation* sequence : before_.view().SequencesOf(table)) {
    const bool known = sequence->owner_column == alter.column && sequence->numbers;
    if (known && sequence->numbers->known) numbers = &*sequence->numbers;
  }
  if (numbers == nullptr) return CannotUndo();
  const absl::string_view how = column->always ? "always" : "by default";
  std::string words = absl::StrCat("alter column ", SqlName(alter.column), " ");
  if (alter.alteration == action::Alteration::kDropIdentity) {
    const std::string sql = NumbersSql(*numbers);
    absl::StrAppend(&words, "add generated ", how, " as identity",
                    sql.empty() ? "" : absl::StrCat(" (", sql.substr(1), ")"));
    return Alter(table, words);
  }
  absl::StrAppend(&words, "set generated ", how);
  if (alter.numbers.any) {
    absl::StrAppend(&words, " set ", absl::StrJoin(AllNumbersSql(*numbers), " set "));
  }
  Alter(table, words);
}

// What has become a plain column cannot be computed again.
void Inverter::RestoreExpression(const Relation& table, const action::AlterRelation& alter) {
  const Relation* start = start_.Find(table.id);
  const TableColumn* column = table.FindColumn(alter.column);
  if (column == nullptr) return CannotUndo();
  const bool made_here = !thorough_ && start != nullptr && start->columns_known &&
                         start->FindColumn(alter.column) == nullptr;
  if (made_here || column->generated == Generated::kNo) return;
  const std::string words = before_.Generation(table, alter.column);
  if (words.empty() || alter.alteration == action::Alteration::kDropExpression) {
    return CannotUndo();
  }
  Alter(table, absl::StrCat("alter column ", SqlName(alter.column), " set expression as ", words));
}

void Inverter::RestoreOptions(const Relation& relation, const action::AlterRelation& alter) {
  if (relation.assumed) return CannotUndo();
  std::vector<std::string> set;
  std::vector<std::string> reset;
  for (const Parameter& option : alter.options) {
    const std::string name =
        option.space.empty() ? option.name : absl::StrCat(option.space, ".", option.name);
    const Parameter old = TraitOf(relation.options, option);
    if (old.value.empty()) reset.push_back(name);
    if (!old.value.empty()) set.push_back(absl::StrCat(name, " = ", old.value));
  }
  if (!reset.empty()) Alter(relation, absl::StrCat("reset (", absl::StrJoin(reset, ", "), ")"));
  if (!set.empty()) Alter(relation, absl::StrCat("set (", absl::StrJoin(set, ", "), ")"));
}

void Inverter::Look(const action::AlterRelation& alter) {
  const Relation* old = Old(alter.relation.name);
  if (old == nullptr) {
    if (Find(alter.relation.name) == nullptr) CannotUndo();
    return;
  }
  const std::string of_column = absl::StrCat("alter column ", SqlName(alter.column), " ");
  switch (alter.alteration) {
    case action::Alteration::kSetLogged:
    case action::Alteration::kSetUnlogged:
      if (old->assumed) return CannotUndo();
      return Alter(*old,
                   old->persistence == Persistence::kUnlogged ? "set unlogged" : "set logged");
    case action::Alteration::kAddIdentity:
      return Alter(*old, of_column + "drop identity");
    case action::Alteration::kDropIdentity:
    case action::Alteration::kSetIdentity:
      return RestoreIdentity(*old, alter);
    case action::Alteration::kSetExpression:
    case action::Alteration::kDropExpression:
      return RestoreExpression(*old, alter);
    case action::Alteration::kSetOptions:
      return RestoreOptions(*old, alter);
    case action::Alteration::kReplicaIdentity:
      return old->assumed ? CannotUndo() : Alter(*old, before_.ReplicaIdentity(*old));
    case action::Alteration::kInherit:
      return Alter(*old, absl::StrCat("no inherit ", SqlName(PlaceOf(alter.other))));
    case action::Alteration::kNoInherit:
      return Alter(*old, absl::StrCat("inherit ", SqlName(PlaceOf(alter.other))));
    case action::Alteration::kEnableTrigger:
    case action::Alteration::kDisableTrigger: {
      const Trigger* trigger = FindPart(old->triggers.All(), alter.object);
      if (trigger == nullptr) return CannotUndo();
      return Alter(*old, absl::StrCat(trigger->disabled ? "disable" : "enable", " trigger ",
                                      SqlName(alter.object)));
    }
    case action::Alteration::kClusterOn:
    case action::Alteration::kSetWithoutCluster:
      return Alter(*old, old->clustered_on.empty()
                             ? "set without cluster"
                             : absl::StrCat("cluster on ", SqlName(old->clustered_on)));
    default:
      return CannotUndo();
  }
}

void Inverter::Look(const action::AttachPartition& attach) {
  const Relation* whole = Old(attach.whole.name);
  const Relation* part = Find(attach.part);
  if (whole == nullptr || part == nullptr) return;
  if (whole->IsIndex()) return CannotUndo();
  Alter(*whole, absl::StrCat("detach partition ", PlaceSql(*part)));
  // What it has got to be one.
  const Relation* joined = after_.Find(part->id);
  absl::flat_hash_set<RelationId> behind;
  for (const TableConstraint& constraint : joined->constraints.All()) {
    behind.insert(constraint.index);
    const bool key = constraint.index != 0 || constraint.kind == ConstraintKind::kForeignKey;
    if (!key || part->FindConstraint(constraint.name) != nullptr) continue;
    Alter(*part, absl::StrCat("drop constraint ", SqlName(constraint.name)));
  }
  for (const Relation* index : after_.IndexesOf(*joined)) {
    if (before_.view().Find(index->id) != nullptr || behind.contains(index->id)) continue;
    Add(absl::StrCat("drop index ", PlaceSql(*index)));
  }
}

void Inverter::Look(const action::DetachPartition& detach) {
  const Relation* whole = Old(detach.whole.name);
  const Relation* part = Find(detach.part);
  if (whole == nullptr || part == nullptr) return CannotUndo();
  const std::string bound = BoundSql(part->bound);
  if (bound.empty()) return CannotUndo();
  Alter(*whole, absl::StrCat("attach partition ", PlaceSql(*part), " ", bound));
}

void Inverter::Look(const action::AlterConstraint& alter) {
  const Relation* table = Old(alter.table.name);
  if (table == nullptr) return;
  const TableConstraint* old = table->FindConstraint(alter.constraint);
  if (old == nullptr) return CannotUndo();
  const std::string words = absl::StrCat("alter constraint ", SqlName(old->name), " ");
  if (alter.deferrability) {
    Alter(*table,
          absl::StrCat(words, !old->deferrable          ? "not deferrable"
                              : old->initially_deferred ? "deferrable initially deferred"
                                                        : "deferrable initially immediate"));
  }
  if (alter.enforced) Alter(*table, absl::StrCat(words, old->enforced ? "" : "not ", "enforced"));
  if (alter.no_inherit) {
    Alter(*table, absl::StrCat(words, old->no_inherit ? "no inherit" : "inherit"));
  }
}

// ---- triggers, policies and rules ------------------------------------------------------------

// A condition that is given cannot be taken away again: the policy is made anew.
void Inverter::RestorePolicy(const Relation& table, const RowPolicy& policy) {
  const std::vector<std::string> made = before_.Policy(table, policy);
  if (made.empty()) return CannotUndo();
  Add(absl::StrCat("drop policy ", SqlName(policy.name), " on ", PlaceSql(table)));
  AddAll(made);
}

void Inverter::Look(const action::AlterPart& alter) {
  const Relation* table = Old(alter.table);
  if (table == nullptr) return;
  const absl::string_view kind = alter.kind == ObjectKind::kTrigger  ? "trigger "
                                 : alter.kind == ObjectKind::kPolicy ? "policy "
                                                                     : "rule ";
  if (!alter.to.empty()) {
    return Add(absl::StrCat("alter ", kind, SqlName(alter.to), " on ", PlaceSql(*table),
                            " rename to ", SqlName(alter.name)));
  }
  const RowPolicy* policy = FindPart(table->policies.All(), alter.name);
  if (alter.kind != ObjectKind::kPolicy || policy == nullptr) return CannotUndo();
  // What the migration itself has made goes as a whole.
  if (!thorough_ && FindPart(start_.Find(table->id)->policies.All(), alter.name) == nullptr &&
      policy->defined > first_) {
    return;
  }
  RestorePolicy(*table, *policy);
}

// ---- routines --------------------------------------------------------------------------------

void Inverter::Look(const action::ChangeObject& change) {
  const bool routine = change.kind == ObjectKind::kFunction ||
                       change.kind == ObjectKind::kProcedure || change.kind == ObjectKind::kRoutine;
  const Routine* old = before_.view().FindRoutine(change.object, path_);
  const Overload* meant = nullptr;
  if (routine && old != nullptr) {
    const bool only = !change.signature && old->overloads.size() == 1;
    meant = only ? &old->overloads[0] : FindOverload(old, change.signature.value_or(""));
  }
  if (meant == nullptr) return CannotUndo();
  if (!thorough_ &&
      FindOverload(start_.FindRoutine(change.object, path_), meant->signature) == nullptr) {
    return;
  }
  Name place = before_.view().Resolve(ObjectKind::kFunction, change.object, path_);
  const std::string back = SqlName(place.name);
  const std::string schema = SqlName(place.schema);
  if (change.change == action::ObjectChange::kRename) place.name = change.to;
  if (change.change == action::ObjectChange::kSetSchema) place.schema = change.to;
  const std::string alter = absl::StrCat("alter ", meant->procedure ? "procedure " : "function ",
                                         PlaceSql(place), "(", meant->signature, ") ");
  if (change.change == action::ObjectChange::kRename) return Add(alter + "rename to " + back);
  if (change.change == action::ObjectChange::kSetSchema) return Add(alter + "set schema " + schema);
  std::vector<std::string> words;
  for (const Parameter& trait : change.traits) {
    const bool all = trait.space == "set" && trait.name.empty();
    const std::string sql = all ? "" : TraitSql(TraitOf(meant->traits, trait));
    if (sql.empty()) return CannotUndo();
    words.push_back(sql);
  }
  if (change.change != action::ObjectChange::kAlter || words.empty()) return CannotUndo();
  Add(alter + absl::StrJoin(words, " "));
}

// ---- types and the rest ----------------------------------------------------------------------

void Inverter::Look(const action::AlterType& alter) {
  const Name place = PlaceOf(before_.view().Resolve(ObjectKind::kType, alter.type, path_));
  if (!thorough_ && start_.FindType(alter.type, path_) == nullptr) return;
  const UserType* old = before_.view().FindType(alter.type, path_);
  const std::string type = absl::StrCat("alter type ", SqlName(place), " ");
  const std::string part = SqlName(alter.part);
  const auto quoted = [](const std::string& text) {
    return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
  };
  switch (alter.change) {
    case action::TypeChangeKind::kAddValue:
      return CannotUndo();
    case action::TypeChangeKind::kRenameValue:
      return Add(absl::StrCat(type, "rename value ", quoted(alter.to), " to ", quoted(alter.part)));
    case action::TypeChangeKind::kAddAttribute:
      return Add(absl::StrCat(type, "drop attribute ", part));
    case action::TypeChangeKind::kRenameAttribute:
      return Add(absl::StrCat(type, "rename attribute ", SqlName(alter.to), " to ", part));
    case action::TypeChangeKind::kDropAttribute:
    case action::TypeChangeKind::kAlterAttribute: {
      const Attribute* attribute = old == nullptr ? nullptr : FindPart(old->attributes, alter.part);
      const std::string sql = attribute == nullptr ? "" : TypeSql(attribute->type);
      if (sql.empty()) return CannotUndo();
      const bool dropped = alter.change == action::TypeChangeKind::kDropAttribute;
      return Add(absl::StrCat(type, dropped ? "add attribute " : "alter attribute ", part,
                              dropped ? " " : " type ", sql));
    }
  }
}

void Inverter::Look(const action::AlterDomain& alter) {
  const UserType* old = before_.view().FindType(alter.domain, path_);
  if ((!thorough_ && start_.FindType(alter.domain, path_) == nullptr) || old == nullptr) return;
  const Name full = before_.view().Resolve(ObjectKind::kType, alter.domain, path_);
  const Name place = PlaceOf(full);
  const std::string domain = absl::StrCat("alter domain ", SqlName(place), " ");
  switch (alter.change) {
    case action::DomainChangeKind::kAddConstraint: {
      const UserType* made = after_.FindType(alter.domain, path_);
      for (const DomainConstraint& constraint : made->constraints) {
        if (constraint.defined != defined_) continue;
        Add(absl::StrCat(domain, "drop constraint ", SqlName(constraint.name)));
      }
      return;
    }
    case action::DomainChangeKind::kDropConstraint: {
      const DomainConstraint* constraint = FindPart(old->constraints, alter.constraint.name);
      if (constraint == nullptr) return alter.if_exists ? void() : CannotUndo();
      const std::string text = before_.Constraint(*constraint);
      return AddIfKnown(text.empty() ? "" : absl::StrCat(domain, "add ", text));
    }
    case action::DomainChangeKind::kRenameConstraint:
      return Add(absl::StrCat(domain, "rename constraint ", SqlName(alter.to), " to ",
                              SqlName(alter.constraint.name)));
    case action::DomainChangeKind::kSetNotNull:
    case action::DomainChangeKind::kDropNotNull:
      return Add(absl::StrCat(domain, old->not_null ? "set not null" : "drop not null"));
    case action::DomainChangeKind::kSetDefault:
    case action::DomainChangeKind::kDropDefault:
      if (!old->has_default) return Add(absl::StrCat(domain, "drop default"));
      if (before_.Default(full, *old).empty()) return CannotUndo();
      return Add(absl::StrCat(domain, "set default ", before_.Default(full, *old)));
    case action::DomainChangeKind::kValidateConstraint:
      return;
  }
}

void Inverter::Look(const action::AlterSequence& alter) {
  const Relation* old = Old(alter.sequence.name);
  if (old == nullptr) return;
  const auto change = [&](const std::string& what) {
    Add(absl::StrCat("alter sequence ", PlaceSql(*old), " ", what));
  };
  if (alter.owned_by) {
    const Relation* owner = before_.view().Find(old->owner);
    change(owner == nullptr
               ? "owned by none"
               : absl::StrCat("owned by ", PlaceSql(*owner), ".", SqlName(old->owner_column)));
  }
  if (!alter.options.any) return;
  if (!old->numbers || !old->numbers->known) return CannotUndo();
  const SequenceNumbers& numbers = *old->numbers;
  change(absl::StrCat("as ", TypeSql({.name = {"", numbers.type}}), " ",
                      absl::StrJoin(AllNumbersSql(numbers), " ")));
}

void Inverter::Look(const action::Annotate& annotate) {
  if (annotate.label) return CannotUndo();
  const bool of_table = !annotate.on_table.name.empty();
  const Name& table = of_table ? annotate.on_table : annotate.object;
  const bool relation = of_table || annotate.kind <= ObjectKind::kForeignTable;
  if (relation && Find(table) != nullptr && Old(table) == nullptr) return;
  const std::string statement = before_.Statement(step_.index + 1);
  const std::string lower = absl::AsciiStrToLower(statement);
  const size_t is = lower.rfind(" is ", lower.size() - (annotate.text ? annotate.text->size() : 0));
  const std::optional<Moment> old = CommentBefore(annotate);
  if (is == std::string::npos || !old) return CannotUndo();
  Add(absl::StrCat(statement.substr(0, is), " is ", before_.CommentText(*old)));
}

// See CatalogView::CommentOn; nothing where nobody keeps it.
std::optional<Moment> Inverter::CommentBefore(const action::Annotate& annotate) const {
  const CatalogView& view = before_.view();
  const bool part = !annotate.on_table.name.empty();
  if (part || annotate.kind <= ObjectKind::kForeignTable) {
    const Relation* relation = Find(part ? annotate.on_table : annotate.object);
    if (relation == nullptr) return std::nullopt;
    return view.CommentOn(relation->id, annotate.kind, annotate.object.name);
  }
  if (annotate.kind == ObjectKind::kType || annotate.kind == ObjectKind::kDomain) {
    const UserType* type = view.FindType(annotate.object, path_);
    return type == nullptr ? std::nullopt : std::make_optional(type->comment);
  }
  if (annotate.kind == ObjectKind::kFunction || annotate.kind == ObjectKind::kProcedure) {
    const Routine* routine = view.FindRoutine(annotate.object, path_);
    if (routine == nullptr || routine->overloads.empty()) return std::nullopt;
    const Overload* meant =
        annotate.signature ? FindOverload(routine, *annotate.signature) : &routine->overloads[0];
    return meant == nullptr ? std::nullopt : std::make_optional(meant->comment);
  }
  if (annotate.kind == ObjectKind::kSchema) return before_.CommentOnSchema(annotate.object.name);
  const NamedObject* object = view.FindObject(annotate.kind, annotate.object, path_);
  return object == nullptr ? std::nullopt : std::make_optional(object->comment);
}

// ---- what was dropped, and data --------------------------------------------------------------

// What is in a schema, MakeAgain knows; here is what is not, and what nobody knows.
void Inverter::RestoreObject(const Name& name, const action::Drop& drop) {
  const CatalogView& view = before_.view();
  bool known = drop.if_exists;
  switch (drop.kind) {
    case ObjectKind::kType:
    case ObjectKind::kDomain:
      known = known || view.FindType(name, path_) != nullptr;
      break;
    case ObjectKind::kFunction:
    case ObjectKind::kProcedure:
    case ObjectKind::kRoutine:
      known = known || view.FindRoutine(name, path_) != nullptr;
      break;
    case ObjectKind::kSchema:
      known = known || view.HasSchema(name.name);
      break;
    default: {
      const NamedObject* old = view.FindObject(drop.kind, name, path_);
      if (old != nullptr) return AddIfKnown(before_.Statement(old->created + 1));
    }
  }
  if (!known) CannotUndo();
}

void Inverter::Look(const action::Drop& drop) {
  const bool of_table = drop.kind == ObjectKind::kTrigger || drop.kind == ObjectKind::kPolicy ||
                        drop.kind == ObjectKind::kRule;
  const Relation* table = of_table ? Old(drop.on_table) : nullptr;
  if (of_table && table == nullptr) return;
  for (size_t i = drop.objects.size(); i > 0; --i) {
    const Name& name = drop.objects[i - 1];
    const Relation* named = drop.kind <= ObjectKind::kForeignTable ? Find(name) : nullptr;
    const bool unknown = named == nullptr ? !drop.if_exists : named->assumed;
    if (of_table) continue;
    if (drop.kind > ObjectKind::kForeignTable) RestoreObject(name, drop);
    if (drop.kind <= ObjectKind::kForeignTable && unknown) CannotUndo();
  }
}

void Inverter::Look(const action::Truncate& truncate) {
  for (const Target& target : truncate.tables) {
    const Relation* table = Old(target.name);
    if (table != nullptr) CannotRestore(absl::StrCat("the rows of ", PlaceSql(*table)));
  }
}

void Inverter::Look(const action::ModifyData& modify) {
  if (modify.planned_only) return;
  const bool writes =
      std::any_of(modify.writes.begin(), modify.writes.end(), [&](const action::Write& write) {
        return Find(write.table.name) == nullptr || Old(write.table.name) != nullptr;
      });
  if (writes || step_.effects.calls_unknown) CannotUndo();
}

// The migration's steps: they stand together.
std::pair<Moment, Moment> RangeOf(const History& history, uint32_t up) {
  const std::vector<Step>& steps = history.steps();
  const auto of = [&](const Step& step) { return step.migration == up; };
  const auto first = std::find_if(steps.begin(), steps.end(), of);
  const auto last = std::find_if_not(first, steps.end(), of);
  return {static_cast<Moment>(first - steps.begin()), static_cast<Moment>(last - steps.begin())};
}

}  // namespace

// What the statement drops, and what falls with that.
static void AddFallen(const History& history, absl::Span<const Step> statement,
                      const Wanted& wanted, std::vector<std::string>& lines) {
  bool drops = false;
  bool concurrently = false;
  const Step& last = statement.back();
  std::vector<std::string> schemas = history.SessionAt(last).search_path;
  for (const Step& step : statement) {
    const auto* drop = step.As<action::Drop>();
    drops = drops || drop != nullptr || step.As<action::DropColumn>() != nullptr ||
            step.As<action::DropConstraint>() != nullptr;
    if (drop == nullptr) continue;
    concurrently = drop->concurrently;
    for (const Name& name : drop->objects) {
      schemas.push_back(drop->kind == ObjectKind::kSchema ? name.name : name.schema);
    }
  }
  if (!drops || last.effects.failure) return;
  const Definitions before(history, statement.front().index);
  const std::string unknown = CannotUndoLine(history, last);
  for (std::string& line :
       MakeAgain(before, history.At(last.index + 1), wanted, schemas, unknown, concurrently)) {
    const bool there = std::find(lines.begin(), lines.end(), line) != lines.end();
    if (!there) lines.push_back(std::move(line));
  }
}

// The inverse of one statement of the migration, which has the steps from `first` to `last`.
static std::vector<std::string> InverseOf(const History& history, uint32_t up, uint32_t index,
                                          std::pair<Moment, Moment> range, Care care) {
  const CatalogView start = history.At(range.first);
  const CatalogView end = history.At(range.second);
  const Statement& statement = history.migrations()[up].script->statements[index];
  const absl::Span<const Step> steps = history.StepsOf(up, index);
  const bool body = std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    return step.within != nullptr || step.As<action::DoBlock>() != nullptr;
  });
  const bool unread = statement.direction == Direction::kUp && steps.empty() && statement.problem;
  if (body || unread) return {absl::StrCat("-- cannot undo: ", statement.tag)};
  std::vector<const Step*> order;
  for (const Step& step : steps) order.push_back(&step);
  std::stable_sort(order.begin(), order.end(), [](const Step* a, const Step* b) {
    return PassOf(*a->action) < PassOf(*b->action);
  });
  std::vector<std::string> lines;
  for (size_t i = order.size(); i > 0; --i) {
    const Step& step = *order[i - 1];
    if (step.effects.failure) continue;
    Inverter inverter(history, range.first, start, end, step, steps, care, lines);
    std::visit([&](const auto& kind) { inverter.Look(kind); }, step.action->kind);
  }
  if (!steps.empty()) {
    AddFallen(history, steps, {start, range.first, care == Care::kThorough}, lines);
  }
  return lines;
}

// Whether it makes again, in the words of older files, what names others and is named by none:
// views, routines, statistics.
static bool SpeaksOfOthers(const std::vector<std::string>& lines) {
  constexpr absl::string_view kBeginnings[] = {
      "comment on ",      "create or replace ", "create view ",       "create materialized view ",
      "create function ", "create procedure ",  "create statistics ", "drop view "};
  bool any = false;
  for (const std::string& line : lines) {
    if (absl::StartsWith(line, "-- ")) continue;
    any = true;
    const std::string lower = absl::AsciiStrToLower(line);
    const bool speaks =
        std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                    [&](absl::string_view one) { return absl::StartsWith(lower, one); });
    if (!speaks) return false;
  }
  return any;
}

static bool Renames(const Step& step) {
  return step.As<action::RenameColumn>() != nullptr ||
         step.As<action::RenameRelation>() != nullptr || step.As<action::RenameType>() != nullptr ||
         step.As<action::RenameSchema>() != nullptr || step.As<action::SetSchema>() != nullptr;
}

// When what was made in the words of older files comes again.
enum class Words {
  kInTurn,
  kLast,  // where the migration renamed before: the words need the old names
};

static Down Invert(const History& history, uint32_t up, Care care, Words words) {
  const std::pair<Moment, Moment> range = RangeOf(history, up);
  const std::vector<Step>& steps = history.steps();
  const auto begin = steps.begin() + range.first;
  const auto end = steps.begin() + range.second;
  const auto rename = std::find_if(begin, end, Renames);
  Down down;
  std::string last;
  const auto count = static_cast<uint32_t>(history.migrations()[up].script->statements.size());
  for (uint32_t s = count; s > 0; --s) {
    const std::vector<std::string> lines = InverseOf(history, up, s - 1, range, care);
    const absl::Span<const Step> own = history.StepsOf(up, s - 1);
    const bool renamed = rename != end && !own.empty() && rename->index < own.front().index;
    const bool waits = words == Words::kLast && renamed && SpeaksOfOthers(lines);
    for (const std::string& line : lines) {
      absl::StrAppend(waits ? &last : &down.text, line, "\n");
    }
  }
  down.text += last;
  down.alone = HasStatementForbiddenInTransaction(
      ParseScript(std::make_shared<const Source>("down.sql", down.text)), history.server_version());
  const bool opens =
      std::any_of(begin, end, [](const Step& step) { return step.As<action::Begin>() != nullptr; });
  const bool own = opens && !OpensTransactions(history.migrations()[up].wrapping) && !down.alone;
  if (own && !down.text.empty()) down.text = absl::StrCat("begin;\n", down.text, "commit;\n");
  return down;
}

std::vector<std::string> LeftBy(const Inputs& inputs, uint32_t up, const Down& down) {
  // The migrations up to this one, with the new down in the place of any that is there.
  Inputs own = inputs;
  own.take_back = true;
  std::erase_if(own.migrations, [](const Migration& migration) { return migration.down; });
  for (Migration& migration : own.migrations) migration.applied = true;
  own.migrations.resize(std::min<size_t>(own.migrations.size(), size_t{up} + 1));
  Migration undo = own.migrations[up];
  undo.script = std::make_shared<const Script>(
      ParseScript(std::make_shared<const Source>("down.sql", down.text)));
  if (down.alone) undo.wrapping = Wrapping::kNone;
  undo.down = true;
  undo.applied = false;
  undo.undoes = up;
  own.migrations.push_back(std::move(undo));
  std::vector<std::string> left;
  const History history = Simulate(std::move(own));
  for (const Undoing& undoing : history.undoings()) {
    if (undoing.down == up) continue;
    if (!undoing.known)
      left.push_back("what the migration does cannot be told from its text alone");
    for (const Undoing::Remark& failure : undoing.failures) {
      left.push_back(absl::StrCat("PostgreSQL refuses a statement: ", failure.what));
    }
    left.insert(left.end(), undoing.differences.begin(), undoing.differences.end());
  }
  return left;
}

Down DownOf(const Inputs& inputs, uint32_t up) {
  Inputs own = inputs;
  own.take_back = false;
  const History history = Simulate(std::move(own));
  std::optional<Down> best;
  size_t least = 0;
  for (const Care care : {Care::kTerse, Care::kThorough}) {
    for (const Words words : {Words::kLast, Words::kInTurn}) {
      Down down = Invert(history, up, care, words);
      if (best && best->text == down.text) continue;
      const size_t left = down.text.empty() ? 0 : LeftBy(inputs, up, down).size();
      if (best && left >= least) continue;
      least = left;
      best = std::move(down);
      if (least == 0) return *std::move(best);
    }
  }
  return *std::move(best);
}

namespace {

// The path of a down in a file, from that of its up; empty where the layout's name does not tell.
std::string DownPathOf(Layout layout, const std::string& root, const std::string& up,
                       const std::string& version) {
  const std::string name(NameOf(up));
  const std::string folder = ParentOf(up);
  const auto beside = [&](absl::string_view from, absl::string_view to) {
    const size_t at = name.rfind(std::string(from));
    if (at == std::string::npos) return std::string();
    return JoinPath(folder, absl::StrCat(name.substr(0, at), to, name.substr(at + from.size())));
  };
  switch (layout) {
    case Layout::kStages:
      return JoinPath(root, absl::StrCat("rollbacks/", name));
    case Layout::kUpDown:
      return JoinPath(root, absl::StrCat("down/", name));
    case Layout::kNumbered:
      return JoinPath(root, absl::StrCat("rollbacks/", version, "_rollback.sql"));
    case Layout::kDiesel:
    case Layout::kHasura:
      return JoinPath(folder, "down.sql");
    case Layout::kGolangMigrate:
    case Layout::kPopx:
    case Layout::kSqlx:
      return beside(".up.sql", ".down.sql");
    case Layout::kPostgrator:
      return beside(".do.", ".undo.");
    case Layout::kYoyo:
      return beside(".sql", ".rollback.sql");
    case Layout::kFlyway:
      return name[0] == 'V' ? JoinPath(folder, "U" + name.substr(1)) : "";
    default:
      return "";
  }
}

// The line below which a layout has its downs; empty where it has none in sections.
absl::string_view MarkerOf(Layout layout) {
  switch (layout) {
    case Layout::kGoose:
      return "-- +goose Down";
    case Layout::kDbmate:
      return "-- migrate:down";
    case Layout::kSqlMigrate:
      return "-- +migrate Down";
    case Layout::kTern:
      return "---- create above / drop below ----";
    case Layout::kNodePgMigrate:
      return "-- Down Migration";
    default:
      return "";
  }
}

// goose and sql-migrate end a statement at a semicolon, even one in the body of a function: what
// holds one stands in a block.
std::string InBlocks(const std::string& text, absl::string_view marker) {
  const Script script = ParseScript(std::make_shared<const Source>("down", text));
  std::string fenced;
  size_t copied = 0;
  for (const Statement& statement : script.statements) {
    const bool holds = absl::StrContains(script.source->Text(statement.span), ";");
    const size_t semicolon = text.find(';', statement.span.end);
    if (!holds || semicolon == std::string::npos) continue;
    absl::StrAppend(&fenced, text.substr(copied, statement.span.begin - copied), marker,
                    "StatementBegin\n");
    copied = semicolon + 1;
    absl::StrAppend(&fenced, text.substr(statement.span.begin, copied - statement.span.begin), "\n",
                    marker, "StatementEnd");
  }
  return absl::StrCat(fenced, text.substr(copied));
}

// What the marker of a down section says, behind its words, so that no transaction is opened for
// the section. goose has no such word: what the file says holds for both of its sections.
absl::string_view OptOutOf(Layout layout) {
  if (layout == Layout::kDbmate) return " transaction:false";
  return layout == Layout::kSqlMigrate ? " notransaction" : "";
}

// The down as a section of the layout holds it. `opts_out`: the section does so already.
std::string SectionOf(Layout layout, const Down& down, bool opts_out) {
  if (layout == Layout::kTern && down.alone && !opts_out) {
    return absl::StrCat("---- tern: disable-tx ----\n", down.text);
  }
  if (layout == Layout::kGoose) return InBlocks(down.text, "-- +goose ");
  if (layout == Layout::kSqlMigrate) return InBlocks(down.text, "-- +migrate ");
  return down.text;
}

// The down as a file of the layout holds it.
std::string FileOf(Layout layout, const Down& down, absl::string_view before = "") {
  const bool opts_out = layout == Layout::kSqlx && down.alone;
  return absl::StrCat(opts_out ? ConventionOf(layout).head_alone : "", before, down.text);
}

// A file that does nothing yet, with the down behind what it says: its header, or a transaction
// that waits for statements.
std::string Filled(Layout layout, const Script& script, const Down& down) {
  std::string before(script.source->text());
  if (!before.empty() && before.back() != '\n') before += '\n';
  const Statement* commit = nullptr;  // of the transaction that waits
  bool waits = false;
  for (const Statement& statement : script.statements) {
    waits = waits || statement.tag == "BEGIN" || statement.tag == "START TRANSACTION";
    if (statement.tag == "COMMIT") commit = &statement;
  }
  if (!waits || down.alone) return FileOf(layout, down, before);
  absl::string_view inner = down.text;
  if (absl::ConsumePrefix(&inner, "begin;\n")) absl::ConsumeSuffix(&inner, "commit;\n");
  if (commit == nullptr) return absl::StrCat(before, inner, "commit;\n");
  before.insert(commit->span.begin, std::string(inner));
  return before;
}

// Lines end as those do that are there.
std::string WithLineEndsOf(const std::string& before, std::string after) {
  const auto feeds = std::count(before.begin(), before.end(), '\n');
  const auto all = absl::StrSplit(before, "\r\n");
  const auto pairs = std::distance(all.begin(), all.end()) - 1;
  if (feeds == 0 || pairs != feeds) return after;
  return absl::StrReplaceAll(absl::StrReplaceAll(after, {{"\r\n", "\n"}}), {{"\n", "\r\n"}});
}

// Each line below the statements of a changeset is one of its rollback.
absl::StatusOr<FileChange> PlaceRollback(const Script& script, const Down& down) {
  const std::string& path = script.source->name();
  // Those of other databases, which are none of the script's, may stand behind its own.
  const auto begins = [&](const Comment& comment) {
    const MarkerPlace place = {.starts_line = true, .liquibase = true};
    return ReadMarker(script.source->Text(comment.span), place).changeset;
  };
  const auto changesets = std::count_if(script.comments.begin(), script.comments.end(), begins);
  if (changesets != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", path, "\" has ", changesets,
        " changesets, and each is rolled back by itself; without --write all is printed"));
  }
  const std::string before(script.source->text());
  std::string after = before;
  if (!absl::EndsWith(after, "\n")) after += '\n';
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(down.text, "\n"), '\n')) {
    absl::StrAppend(&after, "--rollback ", line, "\n");
  }
  return FileChange{.path = path, .before = before, .after = after};
}

absl::Status IsThere(absl::string_view path) {
  return absl::AlreadyExistsError(
      absl::StrCat("\"", path, "\" has a down that does something; it is left as it is"));
}

}  // namespace

static absl::StatusOr<FileChange> Place(const Project& project, uint32_t up, const Down& down) {
  const std::vector<Migration>& all = project.inputs.migrations;
  const Script& script = *all[up].script;
  const std::string& path = script.source->name();
  if (DoesSomething(script, Direction::kDown)) return IsThere(path);
  if (const absl::string_view marker = MarkerOf(project.layout); !marker.empty()) {
    const std::string before(script.source->text());
    std::string after = before;
    if (!after.empty() && after.back() != '\n') after += '\n';
    const size_t at = absl::AsciiStrToLower(after).find(absl::AsciiStrToLower(marker));
    const bool opts_out = script.down_opts_out_of_transaction;
    const absl::string_view option = down.alone && !opts_out ? OptOutOf(project.layout) : "";
    if (at == std::string::npos) absl::StrAppend(&after, "\n", marker, option, "\n");
    if (at != std::string::npos) after.insert(at + marker.size(), std::string(option));
    absl::StrAppend(&after, SectionOf(project.layout, down, opts_out));
    return FileChange{.path = path, .before = before, .after = after};
  }
  if (project.layout == Layout::kLiquibase) return PlaceRollback(script, down);
  for (const Migration& migration : all) {
    if (migration.undoes != up) continue;
    const Source& source = *migration.script->source;
    if (DoesSomething(*migration.script, Direction::kUp)) return IsThere(source.name());
    return FileChange{.path = source.name(),
                      .before = std::string(source.text()),
                      .after = Filled(project.layout, *migration.script, down)};
  }
  const std::string place = DownPathOf(project.layout, project.root, path, all[up].version);
  if (place.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", path, "\" (", LayoutName(project.layout),
                     "): its runner has no downs to put it to; without --write it is printed"));
  }
  if (CheckExists(place).ok()) return IsThere(place);
  return FileChange{.path = place, .created = true, .after = FileOf(project.layout, down)};
}

absl::StatusOr<FileChange> PlaceDown(const Project& project, uint32_t up, const Down& down) {
  absl::StatusOr<FileChange> change = Place(project, up, down);
  if (change.ok()) change->after = WithLineEndsOf(change->before, std::move(change->after));
  return change;
}

}  // namespace plimsoll
