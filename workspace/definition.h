#ifndef PLIMSOLL_WORKSPACE_DEFINITION_H_
#define PLIMSOLL_WORKSPACE_DEFINITION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
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
  // In the words of its statement; empty where it or its table has another name by now.
  std::string TriggerOrRule(const Relation& table, const std::string& name, Moment defined) const;
  // `(a * 2)`, of a generated column.
  std::string Generation(const Relation& table, const std::string& column) const;
  // `constraint n_positive check (n > 0)`.
  std::string Constraint(const Relation& table, const TableConstraint& constraint) const;
  // Statements, without their semicolons.
  std::string Index(const Relation& index, bool concurrently) const;
  // What the table says of the index, for ALTER TABLE: `cluster on i`.
  std::vector<std::string> RolesOf(const Relation& index) const;
  // `replica identity full`
  std::string ReplicaIdentity(const Relation& table) const;
  std::string Sequence(const Relation& sequence) const;
  std::string Type(const Name& name, const UserType& type) const;
  // The default of a domain, and `constraint n_positive check (value > 0)` of one.
  std::string Default(const Name& domain, const UserType& type) const;
  std::string Constraint(const DomainConstraint& constraint) const;
  // What takes several statements; empty where a part is not known.
  //
  // The table with its constraints, but for those that `later` has, its indexes, its triggers,
  // rules and policies, and with the comments on all of them.
  std::vector<std::string> Table(const Relation& table,
                                 absl::FunctionRef<bool(const TableConstraint&)> later) const;
  std::vector<std::string> View(const Relation& view) const;
  std::vector<std::string> Policy(const Relation& table, const RowPolicy& policy) const;
  std::vector<std::string> Routine(const Name& place, const Overload& overload) const;
  // The column with its comment, for ALTER TABLE, and in comments what its rows lose.
  std::vector<std::string> AddColumn(const Relation& table, const TableColumn& column) const;
  // `comment on column account.note is 'what it is'`; nothing where there is no comment.
  std::vector<std::string> Comment(const Relation& relation, ObjectKind part,
                                   const std::string& name) const;
  // Likewise, of what the words name.
  std::vector<std::string> Comment(Moment comment, const std::string& words) const;
  // See CatalogView::CommentOn.
  Moment CommentOnSchema(const std::string& schema) const;
  // `'what it is'`, or `null`.
  std::string CommentText(Moment comment) const;
  // The statement that made it (see TableColumn::defined), as it is written.
  std::string Statement(Moment defined) const;

 private:
  const Step* StepAt(Moment defined) const;
  std::string WrittenDefault(const Relation& table, const std::string& column, Moment& said) const;
  template <typename T>
  const T* MakerAt(Moment defined) const {
    const Step* step = StepAt(defined);
    return step == nullptr ? nullptr : step->As<T>();
  }
  void AddComments(const Relation& relation, std::vector<std::string>& statements) const;
  void AddGuards(const Relation& table, std::vector<std::string>& statements) const;
  std::vector<std::string> NewOptions(const Relation& relation,
                                      absl::Span<const Parameter> made) const;
  std::string CreateTable(const Relation& table,
                          absl::FunctionRef<bool(const TableConstraint&)> later) const;
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
std::string PlaceSql(const Name& place);
// `for values in (1, 2)`; empty where a value is not known.
std::string BoundSql(const OptionalBound& bound);
// Of CREATE SEQUENCE: ` increment by 5 start with 10`, without what such a sequence has anyway.
std::string NumbersSql(const SequenceNumbers& numbers);
// All of them, for what has other ones.
std::vector<std::string> AllNumbersSql(const SequenceNumbers& numbers);
// `security definer`, as CREATE and ALTER FUNCTION say it; empty where nobody can.
std::string TraitSql(const Parameter& trait);
// Of the traits the one of that name; where there is none, what holds then.
Parameter TraitOf(const Parameters& traits, const Parameter& like);
// In quotes.
std::string StringSql(absl::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_DEFINITION_H_
