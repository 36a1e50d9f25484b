#include "analyzer/checking/made.h"

#include <algorithm>
#include <memory>

namespace plimsoll {
namespace {

// The name that the step gives, of those that give one.
const std::string* OnlyNewName(const Step& step) {
  if (const auto* create = step.As<action::CreateIndex>()) return &create->name;
  if (const auto* create = step.As<action::CreateSchema>()) return &create->name;
  if (const auto* create = step.As<action::CreateSequence>()) return &create->sequence.name;
  if (const auto* create = step.As<action::CreateFunction>()) return &create->function.name;
  if (const auto* create = step.As<action::CreateTrigger>()) return &create->name;
  if (const auto* create = step.As<action::CreatePolicy>()) return &create->name;
  if (const auto* rename = step.As<action::RenameRelation>()) return &rename->to;
  if (const auto* rename = step.As<action::RenameColumn>()) return &rename->to;
  if (const auto* rename = step.As<action::RenameConstraint>()) return &rename->to;
  if (const auto* rename = step.As<action::RenameType>()) return &rename->to;
  if (const auto* rename = step.As<action::RenameSchema>()) return &rename->to;
  return nullptr;
}

bool IsBeside(const Step& a, const Step& b) {
  return a.migration == b.migration && a.statement == b.statement && a.within == b.within;
}

}  // namespace

Moment StartOfMigration(const History& history, const Step& step) {
  const std::vector<Step>& steps = history.steps();
  const auto start =
      std::partition_point(steps.begin(), steps.begin() + step.index,
                           [&](const Step& earlier) { return earlier.migration < step.migration; });
  return static_cast<Moment>(start - steps.begin());
}

Moment EndOfMigration(const History& history, const Step& step) {
  const std::vector<Step>& steps = history.steps();
  const auto end =
      std::partition_point(steps.begin() + step.index, steps.end(),
                           [&](const Step& later) { return later.migration == step.migration; });
  return static_cast<Moment>(end - steps.begin());
}

absl::Span<const Step> EarlierInMigration(const History& history, const Step& step) {
  const Moment start = StartOfMigration(history, step);
  return absl::MakeConstSpan(history.steps()).subspan(start, step.index - start);
}

absl::Span<const Step> RestOfMigration(const History& history, const Step& step) {
  const size_t next = step.index + size_t{1};
  return absl::MakeConstSpan(history.steps()).subspan(next, EndOfMigration(history, step) - next);
}

const Step& FirstOfStatement(const History& history, const Step& step) {
  size_t first = step.index;
  while (first > 0 && IsBeside(history.steps()[first - 1], step)) --first;
  return history.steps()[first];
}

const Step& LastOfStatement(const History& history, const Step& step) {
  size_t last = step.index;
  while (last + 1 < history.steps().size() && IsBeside(history.steps()[last + 1], step)) ++last;
  return history.steps()[last];
}

const Relation* TableLeft(const History& history, const Step& step) {
  const Name* name = nullptr;
  if (const auto* create = step.As<action::CreateTable>()) name = &create->table;
  if (const auto* add = step.As<action::AddColumn>()) name = &add->table.name;
  if (const auto* add = step.As<action::AddConstraint>()) name = &add->table.name;
  if (const auto* alter = step.As<action::AlterConstraint>()) name = &alter->table.name;
  if (name == nullptr) return nullptr;
  const Relation* table = history.After(step).Find(*name, history.SessionAt(step).search_path);
  if (table == nullptr || table->persistence == Persistence::kTemporary) return nullptr;
  return history.At(EndOfMigration(history, step)).Find(table->id);
}

std::vector<TableColumn> ColumnsLeft(const History& history, const Step& step,
                                     const Relation& left) {
  const Relation* before = history.Before(step).Find(left.id);
  std::vector<TableColumn> columns;
  if (left.kind == RelationKind::kForeignTable) return columns;
  const auto take = [&](const Column& column) {
    // That of a partition or of a typed table without a type of its own is somebody else's choice.
    if (column.type.name.name.empty()) return;
    // IF NOT EXISTS is content with an older one.
    if (before != nullptr && before->FindColumn(column.name) != nullptr) return;
    const TableColumn* last = left.FindColumn(column.name);
    if (last == nullptr) return;
    columns.push_back(*last);
    // That of a parent which no file creates has the type that is said here.
    if (last->type == nullptr) columns.back().type = std::make_shared<TypeName>(column.type);
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    for (const Column& column : create->columns) take(column);
  }
  if (const auto* add = step.As<action::AddColumn>()) take(add->column);
  return columns;
}

std::vector<const Constraint*> ConstraintsIn(const Step& step) {
  std::vector<const Constraint*> written;
  const auto take = [&](const std::vector<Constraint>& constraints) {
    for (const Constraint& constraint : constraints) written.push_back(&constraint);
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    for (const Column& column : create->columns) take(column.constraints);
    take(create->constraints);
  }
  if (const auto* add = step.As<action::AddColumn>()) take(add->column.constraints);
  if (const auto* add = step.As<action::AddConstraint>()) written.push_back(&add->constraint);
  return written;
}

std::vector<std::string> NewNames(const Step& step) {
  std::vector<std::string> names;
  const auto constraints = [&](const std::vector<Constraint>& list) {
    for (const Constraint& constraint : list) names.push_back(constraint.name);
  };
  const auto columns = [&](const std::vector<Column>& list) {
    for (const Column& column : list) {
      names.push_back(column.name);
      constraints(column.constraints);
    }
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    names.push_back(create->table.name);
    columns(create->columns);
    constraints(create->constraints);
    for (const std::string& name : create->column_names) names.push_back(name);
  }
  if (const auto* create = step.As<action::CreateType>()) {
    names.push_back(create->type.name);
    columns(create->attributes);
    constraints(create->constraints);
  }
  if (const auto* create = step.As<action::CreateView>()) {
    names.push_back(create->view.name);
    for (const std::string& name : create->column_names) names.push_back(name);
  }
  if (const auto* add = step.As<action::AddColumn>()) columns({add->column});
  if (const auto* add = step.As<action::AddConstraint>()) constraints({add->constraint});
  const std::string* name = OnlyNewName(step);
  if (name != nullptr) names.push_back(*name);
  return names;
}

void Emptied::Take(const Step& step) {
  if (step.migration != migration_) tables_.clear();
  migration_ = step.migration;
  if (step.effects.failure || step.conditional) return;
  // What is written has rows again; an INSERT of none is none that anybody writes.
  const auto* modify = step.As<action::ModifyData>();
  const bool fills =
      modify != nullptr &&
      std::any_of(modify->writes.begin(), modify->writes.end(), [](const action::Write& write) {
        return write.verb != action::DataVerb::kDelete;
      });
  if (fills) {
    for (const Lock& lock : step.effects.locks) tables_.erase(lock.relation.id);
  }
  for (const Loss& loss : step.effects.losses) {
    if (loss.kind == LossKind::kRows) tables_.insert(loss.relation.id);
  }
}

}  // namespace plimsoll
