#ifndef PLIMSOLL_ANALYZER_SYNTAX_LOWER_EXPRESSION_H_
#define PLIMSOLL_ANALYZER_SYNTAX_LOWER_EXPRESSION_H_

#include <optional>
#include <string>
#include <vector>

#include "analyzer/syntax/action.h"
#include "analyzer/syntax/tree.h"

// The parts of lowering that statements share: names, types, expressions, queries. Private to
// analyzer/syntax.

namespace plimsoll::tree {

// The last part of a.b.c; empty for `*`.
absl::string_view ColumnRefName(const Node& column_ref);
// {"relname":…,"schemaname":…}
Name RangeVarName(const Node& range_var);
// A list of String nodes: `a`, `schema.a`, `database.schema.a`.
Name QualifiedName(const Node& strings);
std::vector<std::string> Strings(const Node& strings);
TypeName LowerType(const Node& type_name);
Expression LowerExpression(const Node& expression);
OptionalExpression LowerOptional(const Node& expression);  // null where it is not present
// The types of a routine's input arguments, as CreateFunction has them; of a list of TypeName.
std::string LowerSignature(const std::vector<Node>& types);

// The operations of an expression (lower_operations.cc).
std::vector<Operation> LowerOperations(const Node& expression);
// The sequence that a call of nextval, currval or setval names, if it names one.
std::optional<SequenceUse> LowerSequenceUse(const Node& call);
// A name in a string, as regclass reads it: folded unless it is quoted. Empty where it is none.
Name ParseName(absl::string_view text);

// What a query reads and writes, as far as its text shows.
struct Query {
  std::vector<Name> reads;  // relations, without names of its own WITH list; each once
  std::vector<action::ColumnUse> columns;
  bool has_subquery = false;          // more than one SELECT
  std::vector<action::Write> writes;  // the query's own first, then those of WITH
  std::vector<FunctionCall> calls;    // each once
  ThinVector<Name> types;             // that casts name
  ThinVector<TypedText> texts;        // constants that are cast
  bool locks_rows = false;            // FOR UPDATE and its kin, without OF
  std::vector<Name> row_locked;       // those that OF names
  ThinVector<Name> reads_only;        // see ModifyData
  ThinVector<SequenceUse> sequences;
  Boxed<Mistake> refused;
};
Query LowerQuery(const Node& query);

// The names of a query's columns (parser/parse_target.c:FigureColname); empty where they are not
// all certain.
std::vector<std::string> OutputColumns(const Node& query);

// Whether a query's rows are none of one relation: see CreateView::derived.
bool IsDerived(const Node& query);
// Whether its FOR UPDATE asks for what cannot be locked: see ModifyData::locks_derived.
bool LocksDerived(const Node& query);
// Whether a query shows every row of one relation as one row, and by a lone star all its columns.
bool IsPlain(const Node& query);
bool IsStar(const Node& query);

// The relations that a statement of any kind names, each once.
std::vector<Name> NamedRelations(const Node& statement);

// A relation as ALTER and its kin name it; `kind` is the word before it.
Target LowerTarget(const Node& range_var, ObjectKind kind = ObjectKind::kTable);

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_LOWER_EXPRESSION_H_
