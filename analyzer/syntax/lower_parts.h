#ifndef PLIMSOLL_ANALYZER_SYNTAX_LOWER_PARTS_H_
#define PLIMSOLL_ANALYZER_SYNTAX_LOWER_PARTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/action.h"
#include "analyzer/syntax/tree.h"

// What the files that lower statements share: lower.cc (creating, dropping, transactions,
// rows), lower_column.cc, lower_alter.cc (ALTER TABLE) and lower_object.cc (everything else).
// Private to analyzer/syntax.

namespace plimsoll::tree {

// ---- lower_column.cc
std::optional<ConstraintKind> LowerConstraintKind(absl::string_view type);
Constraint LowerConstraint(const Node& body, ConstraintKind kind);
Column LowerColumn(const Node& body);
// Of a list of DefElem.
SequenceOptions LowerSequenceOptions(const NodeList& options);
// ---- lower_selection.cc
OptionalSelection LowerSelection(const Node& query);
// What a SELECT, INSERT, UPDATE, DELETE or MERGE computes; of INSERT, its query.
OptionalSelection LowerComputed(const Node& statement);
OptionalSelection LowerReturning(const Node& insert);
// The name of an expression's column (parser/parse_target.c:FigureColname); empty where it has
// none, or it is not known.
std::string ColumnNameOf(const Node& expression);
// ---- lower_alter.cc
// The subcommands of ALTER TABLE and of ALTER for other relations, one action each. `statement` is
// its text, `location` where that starts in the parsed text, and `offset` is added to every span.
std::vector<Action> LowerAlterTable(const Node& body, const std::string& tag,
                                    absl::string_view statement, uint32_t location,
                                    uint32_t offset);

// ---- lower_object.cc
// An object as DROP and COMMENT name it: a list of names, a TypeName, an ObjectWithArgs, a String.
// Kinds without names of their own get one: see ObjectUse.
Name LowerObjectName(const Node& object, ObjectKind kind);
// The signature of a routine as DROP and ALTER name it (CreateFunction); null where none is said.
std::optional<std::string> LowerArguments(const Node& routine);
// Whether the list of options holds `name`, switched on.
bool HasOption(const Node& body, Key list, absl::string_view name);
// The parameters of the list of options.
std::vector<Parameter> LowerParameters(const Node& body, Key list);
// What a list of DefElem says of how a routine is called: see CreateFunction::traits.
std::vector<Parameter> LowerTraits(const NodeList& options);
// ---- lower_use.cc
// What a statement about an object that is no relation names besides that object, and which has to
// exist.
std::vector<ObjectUse> LowerUses(absl::string_view type, const Node& body);
// The names of what has none of its own: see ObjectUse.
Name OperatorName(Name name, const std::vector<Node>& types);
Name OfMethod(Name name, absl::string_view method);
Name CastName(const Node& from, const Node& to);
Name MappingName(const Node& user, absl::string_view server);

// ---- lower_object.cc
// The roles' names; `public` for PUBLIC.
std::vector<std::string> RoleNames(const Node& roles);
// Statements about what is no table, and those that keep or name one. Empty for others.
std::optional<ActionKind> LowerObject(absl::string_view type, const Node& body,
                                      const std::string& tag);
// The same for renaming, and for ALTER … SET SCHEMA, OWNER TO and DEPENDS ON EXTENSION.
ActionKind LowerRename(const Node& body);

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_LOWER_PARTS_H_
