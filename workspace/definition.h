#ifndef PLIMSOLL_WORKSPACE_DEFINITION_H_
#define PLIMSOLL_WORKSPACE_DEFINITION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/simulation/history.h"

// What is there at a moment, as SQL that makes it again: facts from the catalog, expressions in the
// words of the files that brought them. Each is empty where no file says enough.

namespace plimsoll {

// A type as a column definition says it: `varchar(20)`; empty where it has no plain spelling.
std::string TypeSql(const TypeName& type);

class Definitions {
 public:
  Definitions(const History& history, Moment moment)
      : history_(history), moment_(moment), view_(history.At(moment)) {}

  const CatalogView& view() const { return view_; }

  // `note text default 'x' not null`, without its constraints.
  std::string Column(const Relation& table, const TableColumn& column) const;
  // The expression alone.
  std::string Default(const Relation& table, const std::string& column) const;
  // `constraint n_positive check (n > 0)`.
  std::string Constraint(const Relation& table, const TableConstraint& constraint) const;
  // Statements, without their semicolons.
  std::string Index(const Relation& index, bool concurrently) const;
  std::string Sequence(const Relation& sequence) const;
  std::string Type(const Name& name, const UserType& type) const;
  // The table with its constraints, its indexes, its triggers and its policies; empty where a part
  // is not known.
  std::vector<std::string> Table(const Relation& table) const;
  // The statement that made it (see TableColumn::defined), as it is written.
  std::string Statement(Moment defined) const;

 private:
  const Step* StepAt(Moment defined) const;
  std::string CreateTable(const Relation& table) const;
  std::string Renamed(std::string text, const Relation& table, Moment defined) const;
  // The words of the file that make the column, or that its table and no column of it has.
  std::string ColumnItem(const Relation& table, const std::string& column, Moment defined) const;
  std::vector<std::string> ItemsOf(Moment defined) const;
  std::string Expression(const TableConstraint& constraint, absl::string_view keyword) const;

  const History& history_;
  Moment moment_;
  CatalogView view_;
};

// The name as SQL, with its schema unless that is `public`.
std::string PlaceSql(const Relation& relation);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_DEFINITION_H_
