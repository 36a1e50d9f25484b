// What is not again as it was once an up and its down have run. Names are what is compared, as
// people know them: the order of columns, which PostgreSQL cannot bring back, and identities are
// not. What cannot be told for certain is not said.

#include "analyzer/simulation/undoing.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/simulation/apply.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

std::string Ticked(absl::string_view name) { return absl::StrCat("`", name, "`"); }

std::string TypeWords(const TypeName& type) {
  static constexpr std::pair<absl::string_view, absl::string_view> kSpellings[] = {
      {"int2", "smallint"},           {"int4", "integer"}, {"int8", "bigint"}, {"float4", "real"},
      {"float8", "double precision"}, {"bpchar", "char"},  {"bool", "boolean"}};
  std::string words = type.name.name;
  for (const auto& [name, sql] : kSpellings) {
    if (words == name) words = std::string(sql);
  }
  if (!type.modifiers.empty()) {
    absl::StrAppend(&words, "(", absl::StrJoin(type.modifiers, ", "), ")");
  }
  if (type.array) absl::StrAppend(&words, "[]");
  if (!type.collation.empty()) absl::StrAppend(&words, " collate ", type.collation);
  return Ticked(words);
}

// Modifiers that say what is so without them are left out.
std::vector<int32_t> ModifiersOf(const TypeName& type) {
  std::vector<int32_t> modifiers = type.modifiers;
  if (type.name.name == "numeric" && modifiers.size() == 2 && modifiers[1] == 0) {
    modifiers.pop_back();
  }
  if (type.name.name == "bpchar" && modifiers == std::vector<int32_t>{1}) modifiers.clear();
  return modifiers;
}

// Without its schema; empty: the type's own.
absl::string_view CollationName(absl::string_view collation) {
  const absl::string_view name = collation.substr(collation.rfind('.') + 1);
  return name == "default" ? "" : name;
}

bool IsSameType(const TypeName& a, const TypeName& b) {
  const bool other_schema =
      !a.name.schema.empty() && !b.name.schema.empty() && a.name.schema != b.name.schema;
  return a.name.name == b.name.name && !other_schema && a.array == b.array &&
         CollationName(a.collation) == CollationName(b.collation) &&
         ModifiersOf(a) == ModifiersOf(b);
}

// Of an expression, one text has many spellings: a server writes casts out that its author left to
// it.
bool IsMurky(const Predicate& predicate) {
  return predicate.term.murky || !predicate.term.text.empty() ||
         std::any_of(predicate.parts.begin(), predicate.parts.end(), IsMurky);
}

Predicate WithoutCasts(Predicate predicate) {
  predicate.term.cast.clear();
  predicate.literal.type.clear();
  predicate.commuted = false;
  for (Predicate& part : predicate.parts) part = WithoutCasts(std::move(part));
  return predicate;
}

// As far as both are known.
bool IsSamePredicate(const OptionalPredicate& a, const OptionalPredicate& b) {
  return a == nullptr || b == nullptr || a == b || IsMurky(*a) || IsMurky(*b) ||
         WithoutCasts(*a) == WithoutCasts(*b);
}

// ---- expressions -----------------------------------------------------------------------------

// One that means the same as another where they are equal, and another where they are not: but for
// casts, which a server writes out, it is constants, columns, calls and operators.
std::optional<std::vector<Operation>> PlainOperations(const Expression& expression) {
  static constexpr std::pair<absl::string_view, absl::string_view> kAliases[] = {
      {"now", "current_timestamp"},
      {"transaction_timestamp", "current_timestamp"},
      {"user", "current_user"},
      {"current_role", "current_user"}};
  std::vector<Operation> plain;
  for (const Operation& operation : expression.operations) {
    if (operation.kind == OperationKind::kCast) continue;
    const bool known =
        operation.kind == OperationKind::kConstant || operation.kind == OperationKind::kColumn ||
        operation.kind == OperationKind::kCall || operation.kind == OperationKind::kOperator;
    if (!known || (operation.kind == OperationKind::kConstant && operation.name.name == "bit")) {
      return std::nullopt;
    }
    plain.push_back(operation);
    if (operation.kind != OperationKind::kCall) continue;
    std::string& name = plain.back().name.name;
    name = absl::AsciiStrToLower(name);
    for (const auto& [alias, is] : kAliases) {
      if (name == alias) name = std::string(is);
    }
  }
  if (plain.empty()) return std::nullopt;
  return plain;
}

// `1` and `'1'`, `1.0` and `1`, `true` and `'t'`.
bool IsSameConstant(const Operation& a, const Operation& b) {
  double x = 0;
  double y = 0;
  if (absl::SimpleAtod(a.text, &x) && absl::SimpleAtod(b.text, &y)) return x == y;
  bool p = false;
  bool q = false;
  const bool truths = a.name.name == "bool" || b.name.name == "bool";
  if (truths && absl::SimpleAtob(a.text, &p) && absl::SimpleAtob(b.text, &q)) return p == q;
  return a.text == b.text || (truths && a.name.name != b.name.name);
}

// Columns are renamed under what mentions them: two names tell something where the table has both.
bool IsSameOperation(const Operation& a, const Operation& b, const Relation* table) {
  if (a.kind != b.kind || a.operands != b.operands) return false;
  if (a.kind == OperationKind::kConstant) return IsSameConstant(a, b);
  if (a.kind != OperationKind::kColumn) return a.name.name == b.name.name;
  return a.text == b.text || table == nullptr || table->FindColumn(a.text) == nullptr ||
         table->FindColumn(b.text) == nullptr;
}

// As far as both are known: what has many spellings is taken to be the same. `table`: whose columns
// they mention.
bool IsSameExpression(const OptionalExpression& a, const OptionalExpression& b,
                      const Relation* table) {
  if (a == b || a == nullptr || b == nullptr) return true;
  const auto x = PlainOperations(*a);
  const auto y = PlainOperations(*b);
  return !x || !y ||
         std::equal(
             x->begin(), x->end(), y->begin(), y->end(),
             [&](const Operation& p, const Operation& q) { return IsSameOperation(p, q, table); });
}

// ---- words -----------------------------------------------------------------------------------

// Up to a time of day that is midnight, or may be.
bool IsSameBound(const BoundValue& a, const BoundValue& b) {
  if (a.kind == BoundKind::kUnknown || b.kind == BoundKind::kUnknown) return true;
  if (a.kind != b.kind || a.literal.text == b.literal.text) return a.kind == b.kind;
  constexpr size_t kDate = 10;  // YYYY-MM-DD
  const absl::string_view x = a.literal.text;
  const absl::string_view y = b.literal.text;
  return x.size() >= kDate && y.size() >= kDate &&
         (absl::StartsWith(x, y) || absl::StartsWith(y, x));
}

bool IsSameBound(const OptionalBound& a, const OptionalBound& b) {
  if (a == nullptr || b == nullptr || a == b) return true;
  const auto same = [](const std::vector<BoundValue>& x, const std::vector<BoundValue>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](const auto& one, const auto& other) { return IsSameBound(one, other); });
  };
  const auto listed = [](const PartitionBound& bound) {
    std::vector<BoundValue> values = bound.values;
    std::sort(values.begin(), values.end(),
              [](const auto& x, const auto& y) { return x.literal.text < y.literal.text; });
    return values;
  };
  return a->is_default == b->is_default && a->modulus == b->modulus &&
         a->remainder == b->remainder && same(listed(*a), listed(*b)) && same(a->lower, b->lower) &&
         same(a->upper, b->upper);
}

// In the names of operator classes that no type has by itself.
constexpr absl::string_view kSpecialClasses[] = {"pattern", "trgm", "path", "bloom",
                                                 "minmax_multi"};

bool IsSpecialClass(absl::string_view operator_class) {
  return std::any_of(
      std::begin(kSpecialClasses), std::end(kSpecialClasses),
      [&](absl::string_view part) { return absl::StrContains(operator_class, part); });
}

bool HasSameOptions(const Parameters& a, const Parameters& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return std::equal(a->begin(), a->end(), b->begin(), b->end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.value == y.value;
  });
}

// An operator class that is not said is the one that the type has by itself.
bool IsSameClass(absl::string_view a, absl::string_view b) {
  if (a.empty() || b.empty()) return !IsSpecialClass(a) && !IsSpecialClass(b);
  return a.substr(a.rfind('.') + 1) == b.substr(b.rfind('.') + 1);
}

std::string CollationOf(const std::string& said, const TableColumn* column) {
  std::string collation = said;
  if (collation.empty() && column != nullptr && column->type != nullptr) {
    collation = column->type->collation;
  }
  return std::string(CollationName(collation));
}

absl::string_view KindWord(RelationKind kind) {
  switch (kind) {
    case RelationKind::kTable:
    case RelationKind::kPartitionedTable:
      return "table";
    case RelationKind::kForeignTable:
      return "foreign table";
    case RelationKind::kIndex:
    case RelationKind::kPartitionedIndex:
      return "index";
    case RelationKind::kSequence:
      return "sequence";
    case RelationKind::kView:
      return "view";
    case RelationKind::kMaterializedView:
      return "materialized view";
  }
  return "relation";
}

// Of objects that are neither relations, types nor routines; empty: people do not keep an eye on
// them.
absl::string_view KindWord(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kExtension:
      return "extension";
    case ObjectKind::kStatistics:
      return "statistics object";
    case ObjectKind::kPublication:
      return "publication";
    case ObjectKind::kSubscription:
      return "subscription";
    case ObjectKind::kEventTrigger:
      return "event trigger";
    case ObjectKind::kServer:
      return "server";
    case ObjectKind::kForeignDataWrapper:
      return "foreign-data wrapper";
    case ObjectKind::kCollation:
      return "collation";
    case ObjectKind::kAggregate:
      return "aggregate";
    case ObjectKind::kOperator:
      return "operator";
    case ObjectKind::kCast:
      return "cast";
    case ObjectKind::kTextSearchConfiguration:
      return "text search configuration";
    case ObjectKind::kTextSearchDictionary:
      return "text search dictionary";
    case ObjectKind::kRole:
      return "role";
    default:
      return "";
  }
}

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string Display(const Name& name) {
  const bool plain = name.schema.empty() || name.schema == "public";
  return plain ? name.name : absl::StrCat(name.schema, ".", name.name);
}

// Its tokens, so that two texts are equal where only blanks, comments and case differ, or the words
// that make a statement run twice. Bodies in dollar quotes are cut up likewise.
void AppendTokens(absl::string_view text, std::string& out) {
  Lexer lexer(text);
  Token token;
  while (lexer.NextCode(&token)) {
    const absl::string_view word = text.substr(token.span.begin, token.span.size());
    if (token.kind == TokenKind::kDollarString) {
      const size_t quote = word.find('$', 1) + 1;
      if (!token.unterminated) AppendTokens(word.substr(quote, word.size() - 2 * quote), out);
      continue;
    }
    const bool folds = token.kind == TokenKind::kIdentifier;
    const std::string said = folds ? absl::AsciiStrToLower(word) : std::string(word);
    if (said == ";" || said == "or" || said == "replace") continue;
    absl::StrAppend(&out, said, " ");
  }
}

std::string WithoutBrackets(absl::string_view tokens) {
  return absl::StrReplaceAll(tokens, {{"( ", ""}, {") ", ""}});
}

class Comparer {
 public:
  Comparer(const History& history, const Catalog& catalog, const Taken& taken)
      : history_(history),
        catalog_(catalog),
        taken_(taken),
        before_(catalog.At(taken.before)),
        between_(catalog.At(taken.between)),
        after_(catalog.At(static_cast<Moment>(history.steps().size()))),
        up_(absl::MakeConstSpan(history.steps())
                .subspan(taken.before, taken.between - taken.before)),
        down_(absl::MakeConstSpan(history.steps()).subspan(taken.down_from)) {
    undoing_.up = taken.up;
    undoing_.down = taken.down;
  }

  Undoing Compare() &&;

 private:
  // Where something is told from something else by its name, in each of the three moments.
  struct Presence {
    bool before = false;
    bool between = false;
    bool after = false;
  };

  bool IsKnown() const;
  bool ReadsAll(uint32_t migration, Direction direction) const;
  static bool IsKnown(const Step& step, bool up);
  void NoteWords();
  void NoteWholes(const Step& step, const action::Drop& drop);
  void NoteFailures();
  void NoteLosses();
  void NoteLoss(const Step& step, const Loss& loss);
  void NoteCarried();
  bool PicksOutTheUps(const Step& step, const action::ModifyData& modify) const;
  void NoteRewrites();
  bool Brought(RelationId table, const std::string& column) const;

  void CompareRelation(const Name& place);
  void CompareTable(const Relation& old, const Relation& now);
  void CompareColumns(const Relation& old, const Relation& now);
  void CompareColumn(const TableColumn& old, const TableColumn& now, const Relation& table);
  void CompareConstraints(const Relation& old, const Relation& now);
  void CompareConstraint(const TableConstraint& old, const TableConstraint& now,
                         const Relation& table);
  void CompareGuards(const Relation& old, const Relation& now);
  template <typename Parts>
  void CompareParts(const Parts& old, const Parts& now, ObjectKind part_kind, RelationId old_id,
                    const Relation& table);
  void CompareIndex(const Relation& old, const Relation& now);
  void CompareSequence(const Relation& old, const Relation& now);
  void CompareView(const Relation& old, const Relation& now);
  bool IsSureToShowOther(const Relation& old, const Relation& now) const;
  void CompareType(const Name& name);
  void CompareType(const UserType& old, const UserType& now, const std::string& what);
  void CompareRoutine(const Name& name);

  bool IsPartOfOther(const Relation& relation, const CatalogView& here,
                     const CatalogView& there) const;
  bool IsOfUnknown(const Relation& relation) const;
  bool HasColumns(const Relation& table, absl::Span<const std::string> columns,
                  const CatalogView& view) const;
  bool IsUncertain(const std::string& name) const { return uncertain_.contains(name); }
  // What makes it now what it is, is the up's.
  bool IsStillTheUps(Moment old, Moment now) const;
  std::string DefinitionAt(Moment defined) const;
  // The statement that made something what it is; null where none did, or one of another kind.
  template <typename T>
  const T* MakerAt(Moment defined) const {
    if (defined == 0 || defined > history_.steps().size()) return nullptr;
    const Step& step = history_.steps()[defined - 1];
    return step.action == nullptr ? nullptr : step.As<T>();
  }
  std::optional<std::string> BodyAt(Moment defined) const;
  bool IsSame(const Trigger& old, const Trigger& now, const Relation& table) const;
  bool IsMadeAlike(const Trigger& old, const Trigger& now, const Relation& table) const;
  bool IsSame(const RowPolicy& old, const RowPolicy& now, const Relation& table) const;
  // A policy as CREATE POLICY and each ALTER POLICY since say it.
  struct Terms {
    bool restrictive = false;
    std::string command;
    std::vector<std::string> roles;
    OptionalExpression shown;    // USING
    OptionalExpression written;  // WITH CHECK
  };
  std::optional<Terms> TermsOf(const RowPolicy& policy) const;
  bool IsSameDefault(const TableColumn& old, const TableColumn& now) const;
  bool IsSameKey(const action::IndexColumn& old, const action::IndexColumn& now,
                 const Relation& old_index, const Relation& now_index) const;
  void CompareComment(Moment old, Moment now, const std::string& what);
  void CompareComments(const Relation& old, const Relation& now, const std::string& what);
  void CompareLabels(const UserType& old, const UserType& now, const std::string& what);
  void CompareOverload(const Overload& old, const Overload& now, const std::string& what);
  void CompareObject(const Dependence& object);
  static bool IsSame(const RewriteRule& old, const RewriteRule& now, const Relation& table);
  std::string TableNameOf(RelationId id, const CatalogView& view) const;

  // What comes and goes: `what` with its name in backticks.
  void Say(const Presence& presence, absl::string_view what);
  void Say(std::string difference);

  const History& history_;
  const Catalog& catalog_;
  const Taken& taken_;
  CatalogView before_;
  CatalogView between_;
  CatalogView after_;
  absl::Span<const Step> up_;
  absl::Span<const Step> down_;
  // Names of what only a condition changes, and of what is said with IF EXISTS: nothing tells
  // whether it was there.
  absl::flat_hash_set<std::string> uncertain_;
  absl::flat_hash_set<std::string> perhaps_;
  absl::flat_hash_set<std::string> seen_;   // all names that the two say
  absl::flat_hash_set<std::string> parts_;  // triggers, policies and rules that they drop or rename
  bool cascades_ = false;
  // The down drops the index of a partitioned table, which takes along what is attached to it.
  bool drops_whole_ = false;
  // Names that the up makes before it says anything else of them.
  absl::flat_hash_set<std::string> made_;
  // Columns that the up adds, by table and name.
  absl::flat_hash_set<std::pair<RelationId, std::string>> added_;
  absl::flat_hash_set<RelationId> filled_;  // tables that the up puts rows into
  absl::flat_hash_set<RelationId> carried_;
  absl::flat_hash_set<std::string> said_;
  Undoing undoing_;
};

void Comparer::Say(std::string difference) {
  if (said_.insert(difference).second) undoing_.differences.push_back(std::move(difference));
}

void Comparer::Say(const Presence& presence, absl::string_view what) {
  if (presence.before == presence.after) return;
  const absl::string_view how = presence.before    ? " is gone"
                                : presence.between ? " is still there"
                                                   : " was not there before";
  Say(absl::StrCat(what, how));
}

// ---- what is known ---------------------------------------------------------------------------

bool Comparer::IsKnown(const Step& step, bool up) {
  const Effects& effects = step.effects;
  if (up && effects.failure && !step.conditional) return false;
  if (!effects.modelled && !effects.inert) return false;
  // A function of an index, a view or a check runs as well, and may change nothing there.
  const bool calls = step.As<action::ModifyData>() != nullptr ||
                     step.As<action::Execute>() != nullptr ||
                     step.As<action::CreateTable>() != nullptr;
  if ((effects.calls_unknown && calls) || IsOpaque(*step.action, effects)) return false;
  if (step.As<action::RaiseError>() != nullptr) return false;
  const auto* block = step.As<action::DoBlock>();
  return block == nullptr || (block->body != nullptr && !block->body->unknown);
}

bool Comparer::ReadsAll(uint32_t migration, Direction direction) const {
  const Script& script = *history_.migrations()[migration].script;
  const auto reads = [&](const Statement& statement) {
    if (statement.direction != direction) return true;
    return !statement.problem &&
           (statement.form == StatementForm::kSql || !statement.actions.empty());
  };
  return script.problems.empty() &&
         std::all_of(script.statements.begin(), script.statements.end(), reads);
}

// Of Liquibase's: what no rollback takes back stays, as `missing-down` says.
static bool HasRollbackEach(const Script& script) {
  std::vector<bool> does(script.changesets.size() + 1, false);
  std::vector<bool> undone(script.changesets.size() + 1, false);
  for (const Statement& statement : script.statements) {
    (statement.direction == Direction::kUp ? does : undone)[statement.changeset] = true;
  }
  for (size_t c = 1; c < does.size(); ++c) {
    if (does[c] && !undone[c]) return false;
  }
  return true;
}

bool Comparer::IsKnown() const {
  const bool section = taken_.up == taken_.down;
  return ReadsAll(taken_.up, Direction::kUp) &&
         ReadsAll(taken_.down, section ? Direction::kDown : Direction::kUp) &&
         (!section || HasRollbackEach(*history_.migrations()[taken_.up].script)) &&
         std::all_of(up_.begin(), up_.end(), [](const Step& s) { return IsKnown(s, true); }) &&
         std::all_of(down_.begin(), down_.end(), [](const Step& s) { return IsKnown(s, false); });
}

// The name that a step makes.
static const std::string* MadeBy(const Step& step) {
  if (const auto* type = step.As<action::CreateType>()) return &type->type.name;
  if (const auto* table = step.As<action::CreateTable>()) return &table->table.name;
  if (const auto* function = step.As<action::CreateFunction>()) {
    return function->or_replace ? nullptr : &function->function.name;
  }
  if (const auto* schema = step.As<action::CreateSchema>()) {
    return schema->if_not_exists ? nullptr : &schema->name;
  }
  if (const auto* extension = step.As<action::CreateExtension>()) {
    return extension->if_not_exists ? nullptr : &extension->name;
  }
  if (const auto* publication = step.As<action::AlterPublication>()) {
    return publication->create ? &publication->publication : nullptr;
  }
  const auto* object = step.As<action::ChangeObject>();
  const bool makes =
      object != nullptr && object->change == action::ObjectChange::kCreate && !object->forgiving;
  return makes ? &object->object.name : nullptr;
}

static bool IsForgiving(const Action& action) {
  const auto* drop = std::get_if<action::Drop>(&action.kind);
  if (drop != nullptr) return drop->if_exists;
  return std::visit(
      [](const auto& kind) {
        if constexpr (requires { kind.table.if_exists; }) return kind.table.if_exists;
        if constexpr (requires { kind.relation.if_exists; }) return kind.relation.if_exists;
        return false;
      },
      action.kind);
}

static bool Cascades(const Action& action) {
  return std::visit(
      [](const auto& kind) {
        if constexpr (requires { kind.cascade; }) return kind.cascade;
        return false;
      },
      action.kind);
}

void Comparer::NoteWholes(const Step& step, const action::Drop& drop) {
  for (const Name& name : drop.objects) {
    const Relation* index = history_.Before(step).Find(name, history_.SessionAt(step).search_path);
    drops_whole_ =
        drops_whole_ || (index != nullptr && index->kind == RelationKind::kPartitionedIndex);
  }
}

void Comparer::NoteWords() {
  const auto note = [&](const Step& step, bool up) {
    const std::string* made = up && !step.conditional ? MadeBy(step) : nullptr;
    if (made != nullptr && !seen_.contains(*made)) made_.insert(*made);
    VisitNames(*step.action, [&](const std::string& name) {
      seen_.insert(name);
      if (step.conditional) uncertain_.insert(name);
      if (IsForgiving(*step.action)) perhaps_.insert(name);
    });
    const auto* drop = step.As<action::Drop>();
    cascades_ = cascades_ || Cascades(*step.action);
    if (drop != nullptr && !drop->on_table.name.empty()) {
      for (const Name& part : drop->objects) parts_.insert(part.name);
    }
    if (const auto* alter = step.As<action::AlterPart>()) parts_.insert(alter->name);
    if (drop != nullptr && !up) NoteWholes(step, *drop);
    const auto* constraint = step.As<action::DropConstraint>();
    if (constraint != nullptr && constraint->if_exists) perhaps_.insert(constraint->constraint);
    const auto* column = step.As<action::DropColumn>();
    if (column != nullptr && column->if_exists) perhaps_.insert(column->column);
  };
  for (const Step& step : up_) note(step, true);
  for (const Step& step : down_) note(step, false);
  for (const Step& step : up_) {
    const std::vector<std::string>& path = history_.SessionAt(step).search_path;
    if (const auto* add = step.As<action::AddColumn>()) {
      const Relation* table = between_.Find(add->table.name, path);
      if (table == nullptr) table = history_.After(step).Find(add->table.name, path);
      const Relation* old = table == nullptr ? nullptr : before_.Find(table->id);
      const bool was_there =
          add->if_not_exists && old != nullptr && old->FindColumn(add->column.name) != nullptr;
      if (table != nullptr && !was_there) added_.insert({table->id, add->column.name});
    }
    const auto* modify = step.As<action::ModifyData>();
    for (const action::Write& write :
         modify != nullptr ? modify->writes : std::vector<action::Write>()) {
      const Relation* table = history_.After(step).Find(write.table.name, path);
      if (table != nullptr) filled_.insert(table->id);
    }
  }
}

// ---- what the down does to data ---------------------------------------------------------------

bool Comparer::Brought(RelationId table, const std::string& column) const {
  if (added_.contains({table, column})) return true;
  const Relation* old = before_.Find(table);
  if (old == nullptr) return true;
  if (old->FindColumn(column) != nullptr || !old->columns_known) return false;
  // Else it is one of the old columns under a new name.
  return std::none_of(up_.begin(), up_.end(), [&](const Step& step) {
    const auto* rename = step.As<action::RenameColumn>();
    return rename != nullptr && rename->to == column;
  });
}

// The tables whose rows the down reads or changes: what it drops may be elsewhere by then.
void Comparer::NoteCarried() {
  for (const Step& step : down_) {
    const std::vector<std::string>& path = history_.SessionAt(step).search_path;
    const auto note = [&](const Name& name) {
      const Relation* found = history_.Before(step).Find(name, path);
      if (found != nullptr) carried_.insert(found->id);
    };
    if (const auto* create = step.As<action::CreateTable>()) {
      for (const Name& name : create->reads) note(name);
    }
    const auto* modify = step.As<action::ModifyData>();
    if (modify == nullptr) continue;
    for (const Name& name : modify->reads) note(name);
    for (const action::Write& write : modify->writes) {
      if (write.verb == action::DataVerb::kUpdate) note(write.table.name);
    }
  }
}

void Comparer::NoteLoss(const Step& step, const Loss& loss) {
  const Relation* old = before_.Find(loss.relation.id);
  const std::string table = Ticked(loss.relation.name);
  std::string what;
  if (loss.kind == LossKind::kTable && old != nullptr) {
    what = absl::StrCat("drops table ", table, " with its rows");
  } else if (loss.kind == LossKind::kColumn && !Brought(loss.relation.id, loss.column)) {
    what = absl::StrCat("drops column ", Ticked(loss.column), " of ", table, " with what it holds");
  } else if (loss.kind == LossKind::kRows && old != nullptr && !filled_.contains(old->id)) {
    // It was there before the up: whoever uses the database may have put rows into it.
    what = absl::StrCat("deletes all rows of ", table);
  }
  if (carried_.contains(loss.relation.id)) return;
  const bool temporary = old != nullptr && old->persistence == Persistence::kTemporary;
  if (what.empty() || temporary) return;
  const bool said = std::any_of(undoing_.losses.begin(), undoing_.losses.end(),
                                [&](const Undoing::Remark& other) { return other.what == what; });
  if (!said) {
    undoing_.losses.push_back(
        {.statement = step.statement, .span = step.span, .what = std::move(what)});
  }
}

// What the down needs of the rows before it can bring the table back: no NULL, another type, a
// constraint that holds.
static const Name* TableMendedBy(const Step& step) {
  if (const auto* add = step.As<action::AddConstraint>()) return &add->table.name;
  if (const auto* set = step.As<action::SetNotNull>()) return &set->table.name;
  const auto* type = step.As<action::AlterColumnType>();
  return type != nullptr ? &type->table.name : nullptr;
}

// By a column or a table that the up made: such rows have come since.
bool Comparer::PicksOutTheUps(const Step& step, const action::ModifyData& modify) const {
  const bool by_column =
      std::any_of(modify.columns_used.begin(), modify.columns_used.end(), [&](const auto& use) {
        return std::any_of(added_.begin(), added_.end(),
                           [&](const auto& added) { return added.second == use.column; });
      });
  return by_column || std::any_of(modify.reads.begin(), modify.reads.end(), [&](const Name& name) {
           const Relation* read =
               history_.Before(step).Find(name, history_.SessionAt(step).search_path);
           return read != nullptr && !read->assumed && before_.Find(read->id) == nullptr;
         });
}

// Rows that the down picks out in a table where the up writes none. What it moves elsewhere is no
// loss, nor is what it writes into a column of its own, and rows that the old table would refuse
// have come since the up.
void Comparer::NoteRewrites() {
  absl::flat_hash_set<RelationId> mended;
  const auto find = [&](const Step& step, const Name& name) {
    return history_.Before(step).Find(name, history_.SessionAt(step).search_path);
  };
  for (const Step& step : down_) {
    const Name* table = TableMendedBy(step);
    const Relation* found = table == nullptr ? nullptr : find(step, *table);
    if (found != nullptr) mended.insert(found->id);
  }
  const auto is_old = [&](const Relation& table, const std::string& column) {
    const Relation* between = between_.Find(table.id);
    return !Brought(table.id, column) && (between == nullptr || !between->columns_known ||
                                          between->FindColumn(column) != nullptr);
  };
  for (const Step& step : down_) {
    const auto* modify = step.As<action::ModifyData>();
    if (modify == nullptr || modify->planned_only || step.conditional) continue;
    for (const action::Write& write : modify->writes) {
      const Relation* table = find(step, write.table.name);
      if (table == nullptr || table->persistence == Persistence::kTemporary) continue;
      const bool was_there = before_.Find(table->id) != nullptr || table->assumed;
      if (!was_there || filled_.contains(table->id)) continue;
      if (mended.contains(table->id) || PicksOutTheUps(step, *modify)) continue;
      const bool deletes = write.verb == action::DataVerb::kDelete && write.has_where &&
                           !carried_.contains(table->id);
      const bool updates = write.verb == action::DataVerb::kUpdate &&
                           std::any_of(write.columns.begin(), write.columns.end(),
                                       [&](const auto& column) { return is_old(*table, column); });
      if (!deletes && !updates) continue;
      undoing_.rewrites.push_back(
          {.statement = step.statement,
           .span = step.span,
           .what = absl::StrCat(deletes ? "deletes" : "changes", " rows of ",
                                Ticked(table->DisplayName()))});
    }
  }
}

void Comparer::NoteLosses() {
  NoteCarried();
  for (const Step& step : down_) {
    if (step.conditional) continue;
    for (const Loss& loss : step.effects.losses) {
      const bool first_heard_of = loss.relation.id > taken_.last;
      if (first_heard_of && IsForgiving(*step.action)) continue;
      NoteLoss(step, loss);
    }
  }
  NoteRewrites();
}

// The first one: what follows may fail because of it.
void Comparer::NoteFailures() {
  for (const Step& step : down_) {
    if (!step.effects.failure || step.conditional) continue;
    undoing_.failures.push_back(
        {.statement = step.statement, .span = step.span, .what = step.effects.failure->message});
    return;
  }
}

// ---- definitions -----------------------------------------------------------------------------

std::string Comparer::DefinitionAt(Moment defined) const {
  if (defined == 0 || defined > history_.steps().size()) return "";
  const Step& step = history_.steps()[defined - 1];
  std::string tokens;
  AppendTokens(history_.SourceOf(step).Text(history_.StatementOf(step).span), tokens);
  return tokens;
}

bool Comparer::IsStillTheUps(Moment old, Moment now) const {
  if (old == now || now <= taken_.before || now > taken_.between) return false;
  return old == 0 ? taken_.closed : DefinitionAt(old) != DefinitionAt(now);
}

// The words of a body that stands in one string, without the brackets that may be too many. What
// tells nothing for certain is left out: another language, an E'' string.
std::optional<std::string> Comparer::BodyAt(Moment defined) const {
  const auto* create = MakerAt<action::CreateFunction>(defined);
  const bool known =
      create != nullptr && (create->language == "sql" || create->language == "plpgsql");
  if (!known) return std::nullopt;
  const Step& step = history_.steps()[defined - 1];
  const absl::string_view text = history_.SourceOf(step).Text(step.span);
  Lexer lexer(text);
  bool follows = false;  // AS
  for (Token token; lexer.NextCode(&token);) {
    const absl::string_view word = text.substr(token.span.begin, token.span.size());
    const bool dollars = token.kind == TokenKind::kDollarString && !token.unterminated;
    std::string words;
    if (follows && dollars) {
      const size_t quote = word.find('$', 1) + 1;
      AppendTokens(word.substr(quote, word.size() - 2 * quote), words);
      return WithoutBrackets(words);
    }
    if (follows && token.kind == TokenKind::kString && word[0] == '\'' && word.size() > 1) {
      AppendTokens(absl::StrReplaceAll(word.substr(1, word.size() - 2), {{"''", "'"}}), words);
      return WithoutBrackets(words);
    }
    follows = token.kind == TokenKind::kIdentifier && absl::EqualsIgnoreCase(word, "as");
  }
  return std::nullopt;
}

// ---- relations -------------------------------------------------------------------------------

std::string Comparer::TableNameOf(RelationId id, const CatalogView& view) const {
  const Relation* table = view.Find(id);
  return table == nullptr ? "" : table->DisplayName();
}

// An index or a sequence of a table that was there before, and of which no file tells all.
bool Comparer::IsOfUnknown(const Relation& relation) const {
  const Relation* table = after_.Find(relation.IsIndex() ? relation.table : relation.owner);
  if (table == nullptr) return false;
  const Relation* old = before_.Find({.schema = table->schema, .name = table->name}, {});
  return old != nullptr && !old->columns_known;
}

bool Comparer::HasColumns(const Relation& table, absl::Span<const std::string> columns,
                          const CatalogView& view) const {
  const Relation* there = view.Find({.schema = table.schema, .name = table.name}, {});
  return there != nullptr && std::all_of(columns.begin(), columns.end(), [&](const auto& column) {
           return !there->columns_known || there->FindColumn(column) != nullptr;
         });
}

// Whether what is said of another covers it: an index without its table, its columns or its
// constraint, a sequence without its column, what partitions have from their table.
bool Comparer::IsPartOfOther(const Relation& relation, const CatalogView& here,
                             const CatalogView& there) const {
  if (relation.IsIndex()) {
    const Relation* table = here.Find(relation.table);
    if (table == nullptr) return false;
    if (!relation.parents.empty()) return true;
    for (const TableConstraint& constraint : table->constraints) {
      if (constraint.index == relation.id) return true;
    }
    const std::vector<std::string> columns = relation.mentions;
    return !HasColumns(*table, columns, there);
  }
  if (relation.kind == RelationKind::kSequence && relation.owner != 0) {
    const Relation* owner = here.Find(relation.owner);
    const TableColumn* column =
        owner == nullptr ? nullptr : owner->FindColumn(relation.owner_column);
    if (column == nullptr) return owner == nullptr;
    return column->generated == Generated::kIdentity ||
           !HasColumns(*owner, {&relation.owner_column, 1}, there);
  }
  return false;
}

static std::string DisplayOf(const Relation& relation) {
  return absl::StrCat(KindWord(relation.kind), " ", Ticked(relation.DisplayName()));
}

void Comparer::CompareRelation(const Name& place) {
  if (IsUncertain(place.name) || place.schema == "pg_temp") return;
  const Relation* old = before_.Find(place, {});
  const Relation* now = after_.Find(place, {});
  if (old == nullptr && now == nullptr) return;
  if (old == now) return CompareComments(*old, *now, DisplayOf(*now));
  if (old == nullptr || now == nullptr) {
    const Relation& one = old != nullptr ? *old : *now;
    const bool first_heard_of = one.id > taken_.last && one.assumed;
    if (first_heard_of || (one.assumed && perhaps_.contains(one.name))) return;
    const CatalogView& here = old != nullptr ? before_ : after_;
    if (IsPartOfOther(one, here, old != nullptr ? after_ : before_)) return;
    const bool between = between_.Find(place, {}) != nullptr;
    const bool attached = one.IsIndex() && drops_whole_;
    if (old == nullptr && (!between || attached) && IsOfUnknown(one)) return;
    std::string what = absl::StrCat(KindWord(one.kind), " ", Ticked(one.DisplayName()));
    return Say({.before = old != nullptr, .between = between, .after = now != nullptr}, what);
  }
  if (old->IsIndex() && now->IsIndex()) return CompareIndex(*old, *now);
  if (old->IsTable() && now->IsTable()) return CompareTable(*old, *now);
  if (old->kind != now->kind) {
    const bool certain = !old->assumed;
    if (certain) {
      Say(absl::StrCat(Ticked(old->DisplayName()), " is a ", KindWord(now->kind), ", and was a ",
                       KindWord(old->kind)));
    }
    return;
  }
  if (old->kind == RelationKind::kSequence) return CompareSequence(*old, *now);
  CompareView(*old, *now);
}

void Comparer::CompareTable(const Relation& old, const Relation& now) {
  const std::string table = Ticked(now.DisplayName());
  CompareComments(old, now, DisplayOf(now));
  CompareColumns(old, now);
  CompareConstraints(old, now);
  CompareGuards(old, now);
  if (old.assumed) return;
  if (old.kind != now.kind) {
    Say(absl::StrCat(
        "table ", table,
        now.kind == RelationKind::kPartitionedTable ? " is partitioned" : " is not partitioned"));
  }
  if (old.persistence != now.persistence) {
    Say(absl::StrCat("table ", table,
                     now.persistence == Persistence::kUnlogged ? " is unlogged" : " is logged"));
  }
  const auto names = [&](const Relation& relation, const CatalogView& view) {
    std::vector<std::string> parents;
    for (const RelationId id : relation.parents) parents.push_back(TableNameOf(id, view));
    std::sort(parents.begin(), parents.end());
    return parents;
  };
  const std::vector<std::string> parents = names(now, after_);
  if (names(old, before_) != parents) {
    Say(parents.empty() ? absl::StrCat("table ", table, " is no partition and no child any more")
                        : absl::StrCat("table ", table, " is a child of ",
                                       Ticked(absl::StrJoin(parents, "`, `"))));
  } else if (!IsSameBound(old.bound, now.bound)) {
    Say(absl::StrCat("table ", table, " holds other rows of ", Ticked(absl::StrJoin(parents, ", ")),
                     " than it did"));
  }
  const bool partitioned = old.partition_strategy != PartitionStrategy::kNone &&
                           now.partition_strategy != PartitionStrategy::kNone;
  if (partitioned && (old.partition_strategy != now.partition_strategy ||
                      !(old.partition_keys.All() == now.partition_keys.All()))) {
    Say(absl::StrCat("table ", table, " is partitioned otherwise"));
  }
}

void Comparer::CompareColumns(const Relation& old, const Relation& now) {
  absl::flat_hash_map<absl::string_view, const TableColumn*> there;
  for (const TableColumn& column : now.columns.All()) there.emplace(column.name, &column);
  const Relation* between = between_.Find({.schema = now.schema, .name = now.name}, {});
  const auto what = [&](absl::string_view column) {
    return absl::StrCat("column ", Ticked(column), " of ", Ticked(now.DisplayName()));
  };
  for (const TableColumn& column : old.columns.All()) {
    const auto found = there.find(column.name);
    if (found != there.end()) {
      CompareColumn(column, *found->second, now);
      there.erase(found);
    } else if (now.columns_known && !column.only_inherited) {
      Say({.before = true}, what(column.name));
    }
  }
  for (const TableColumn& column : now.columns.All()) {
    if (!there.contains(column.name) || column.only_inherited) continue;
    // Of a table of which no file tells all, only what the up itself adds is known to be new.
    if (!old.columns_known && !added_.contains({now.id, column.name})) continue;
    const bool up = between != nullptr && between->FindColumn(column.name) != nullptr;
    if (!up && perhaps_.contains(column.name)) continue;
    Say({.between = up, .after = true}, what(column.name));
  }
  if (old.columns_known) return;
  // Those that the up drops were there.
  for (const Step& step : up_) {
    const auto* drop = step.As<action::DropColumn>();
    if (drop == nullptr || drop->if_exists || step.conditional) continue;
    const Relation* table =
        history_.Before(step).Find(drop->table.name, history_.SessionAt(step).search_path);
    const bool gone = table != nullptr && table->id == old.id && now.id == old.id &&
                      !added_.contains({old.id, drop->column}) &&
                      now.FindColumn(drop->column) == nullptr;
    if (gone) Say({.before = true}, what(drop->column));
  }
}

void Comparer::CompareColumn(const TableColumn& old, const TableColumn& now,
                             const Relation& table) {
  if (now.only_inherited) return;
  const std::string column =
      absl::StrCat("column ", Ticked(now.name), " of ", Ticked(table.DisplayName()));
  if (old.type != now.type && old.type != nullptr && now.type != nullptr &&
      !IsSameType(*old.type, *now.type)) {
    Say(absl::StrCat(column, " is ", TypeWords(*now.type), ", and was ", TypeWords(*old.type)));
  }
  // What a statement only names is known by no more than that.
  if (old.defined == 0 || now.defined == 0) return;
  if (old.not_null != now.not_null) {
    Say(absl::StrCat(column,
                     now.not_null ? " is NOT NULL, and was not" : " is not NOT NULL any more"));
  }
  if (old.generated != now.generated) {
    const bool identity =
        old.generated == Generated::kIdentity || now.generated == Generated::kIdentity;
    const bool gained = now.generated != Generated::kNo;
    Say(absl::StrCat(column, gained ? " is " : " is no ",
                     identity ? (gained ? "an identity column" : "identity column any more")
                              : (gained ? "generated" : "generated column any more")));
    return;
  }
  const bool other_columns = old.expression != now.expression && old.expression != nullptr &&
                             now.expression != nullptr &&
                             Sorted(old.generated_from) != Sorted(now.generated_from);
  if (other_columns || !IsSameExpression(old.expression, now.expression, &table)) {
    Say(absl::StrCat(column, " is computed otherwise"));
  }
  if (old.generated == Generated::kIdentity && old.always != now.always) {
    Say(absl::StrCat(column, now.always ? " is GENERATED ALWAYS" : " is GENERATED BY DEFAULT"));
  }
  if (old.generated != Generated::kNo) return;
  if (old.has_default != now.has_default) {
    Say(absl::StrCat(
        column, now.has_default ? " has a default, and had none" : " has no default any more"));
  } else if (!IsSameDefault(old, now)) {
    const auto& is = now.default_value->text;
    const auto& was = old.default_value->text;
    Say(is && was ? absl::StrCat(column, " has another default: '", *is, "', and had '", *was, "'")
                  : absl::StrCat(column, " has another default than it had"));
  }
}

// Labels of an enum can be renamed in place: two defaults are sure to be different where the type
// has both of them, and had.
bool Comparer::IsSameDefault(const TableColumn& old, const TableColumn& now) const {
  if (IsSameExpression(old.default_value, now.default_value, nullptr)) return true;
  if (now.type == nullptr) return true;
  if (IsBuiltinType(now.type->name)) return false;
  const auto label = [](const OptionalExpression& value) {
    const auto plain = PlainOperations(*value);
    const bool constant =
        plain && plain->size() == 1 && plain->front().kind == OperationKind::kConstant;
    return constant ? plain->front().text : std::string();
  };
  const auto has_both = [&](const UserType* type) {
    const auto has = [&](const OptionalExpression& value) {
      return std::any_of(type->labels.begin(), type->labels.end(),
                         [&](const EnumLabel& one) { return one.name == label(value); });
    };
    return type != nullptr && has(old.default_value) && has(now.default_value);
  };
  const std::vector<std::string> path = {"public"};
  return !has_both(before_.FindType(now.type->name, path)) ||
         !has_both(after_.FindType(now.type->name, path));
}

void Comparer::CompareConstraints(const Relation& old, const Relation& now) {
  // That a column is NOT NULL is said of the column.
  const auto counts = [](const TableConstraint& constraint) {
    return constraint.kind != ConstraintKind::kNotNull && !constraint.inherited;
  };
  const auto what = [&](const TableConstraint& constraint) {
    return absl::StrCat("constraint ", Ticked(constraint.name), " of ", Ticked(now.DisplayName()));
  };
  // A table that was dropped and made again is another one, under its name.
  const auto stands = [&](const TableConstraint& constraint, const Relation& there,
                          const CatalogView& here, const CatalogView& view) {
    for (const std::string& column : constraint.columns) {
      if (there.columns_known && there.FindColumn(column) == nullptr) return false;
    }
    if (constraint.referenced == 0 || view.Find(constraint.referenced) != nullptr) return true;
    const Relation* referenced = here.Find(constraint.referenced);
    return referenced != nullptr &&
           view.Find({.schema = referenced->schema, .name = referenced->name}, {}) != nullptr;
  };
  absl::flat_hash_map<absl::string_view, const TableConstraint*> there;
  for (const TableConstraint& constraint : now.constraints.All()) {
    if (counts(constraint)) there.emplace(constraint.name, &constraint);
  }
  for (const TableConstraint& constraint : old.constraints.All()) {
    if (!counts(constraint)) continue;
    const auto found = there.find(constraint.name);
    if (found == there.end()) {
      // A partition's own one may have become that of its whole, or the other way round.
      const bool alone = stands(constraint, now, before_, after_) &&
                         now.FindConstraint(constraint.name) == nullptr;
      if (alone && now.columns_known) Say({.before = true}, what(constraint));
      continue;
    }
    CompareConstraint(constraint, *found->second, now);
    there.erase(found);
  }
  const Relation* between = between_.Find({.schema = now.schema, .name = now.name}, {});
  for (const TableConstraint& constraint : now.constraints.All()) {
    if (!counts(constraint) || !there.contains(constraint.name)) continue;
    if (old.FindConstraint(constraint.name) != nullptr) continue;
    // Of a table of which no file tells all, it may have been there under the condition that now
    // names it.
    const bool ups = constraint.defined > taken_.before && constraint.defined <= taken_.between;
    if (!old.columns_known && !ups) continue;
    if (!stands(constraint, old, after_, before_)) continue;
    const bool up = between != nullptr && between->FindConstraint(constraint.name) != nullptr;
    if (!up && perhaps_.contains(constraint.name)) continue;
    Say({.between = up, .after = true}, what(constraint));
  }
}

void Comparer::CompareConstraint(const TableConstraint& old, const TableConstraint& now,
                                 const Relation& table) {
  const auto checked = [](const TableConstraint& one) {
    return std::make_tuple(one.validated, one.deferrable, one.initially_deferred, one.enforced,
                           one.no_inherit);
  };
  if (old.defined == now.defined && checked(old) == checked(now)) return;
  const std::string constraint =
      absl::StrCat("constraint ", Ticked(now.name), " of ", Ticked(table.DisplayName()));
  const bool check = now.kind == ConstraintKind::kCheck;
  const Relation* old_index = before_.Find(old.index);
  const Relation* index = after_.Find(now.index);
  const bool other_index = old_index != nullptr && index != nullptr &&
                           (old_index->nulls_not_distinct != index->nulls_not_distinct ||
                            !(old_index->include.All() == index->include.All()));
  const bool other = old.kind != now.kind || (!check && old.columns != now.columns) ||
                     TableNameOf(old.referenced, before_) != TableNameOf(now.referenced, after_) ||
                     !(old.referenced_columns.All() == now.referenced_columns.All()) ||
                     old.no_inherit != now.no_inherit || old.enforced != now.enforced ||
                     old.match_full != now.match_full || old.overlaps != now.overlaps ||
                     !(old.set_columns.All() == now.set_columns.All()) ||
                     !IsSamePredicate(old.predicate, now.predicate) || other_index;
  if (other) {
    Say(absl::StrCat(constraint, " is another than it was"));
  } else if (old.on_delete != now.on_delete || old.on_update != now.on_update) {
    Say(absl::StrCat(constraint, " does something else ON ",
                     old.on_delete != now.on_delete ? "DELETE" : "UPDATE"));
  } else if (old.defined != 0 && (old.deferrable != now.deferrable ||
                                  old.initially_deferred != now.initially_deferred)) {
    Say(absl::StrCat(constraint, old.deferrable != now.deferrable
                                     ? (now.deferrable ? " is deferrable, and was not"
                                                       : " is not deferrable any more")
                                     : " is checked at another time"));
  } else if (old.validated && !now.validated) {
    Say(absl::StrCat(constraint, " is not validated any more"));
  }
}

bool Comparer::IsSame(const Trigger& old, const Trigger& now, const Relation& table) const {
  return old.function == now.function && old.constraint == now.constraint &&
         old.each_row == now.each_row && old.before == now.before &&
         old.on_insert == now.on_insert && old.on_update == now.on_update &&
         old.on_delete == now.on_delete && old.has_when == now.has_when &&
         old.disabled == now.disabled && IsMadeAlike(old, now, table);
}

// What only the statements that made them tell.
bool Comparer::IsMadeAlike(const Trigger& old, const Trigger& now, const Relation& table) const {
  const auto* was = MakerAt<action::CreateTrigger>(old.defined);
  const auto* is = MakerAt<action::CreateTrigger>(now.defined);
  if (was == nullptr || is == nullptr || was == is) return true;
  return was->timing == is->timing && was->on_truncate == is->on_truncate &&
         was->old_table == is->old_table && was->new_table == is->new_table &&
         was->arguments.All() == is->arguments.All() &&
         Sorted(old.columns) == Sorted(now.columns) &&
         IsSameExpression(was->when, is->when, &table);
}

std::optional<Comparer::Terms> Comparer::TermsOf(const RowPolicy& policy) const {
  const auto* made = MakerAt<action::CreatePolicy>(policy.defined);
  if (made == nullptr) return std::nullopt;
  Terms terms = {.restrictive = made->restrictive, .command = made->command, .roles = made->roles};
  const auto take = [&](const auto& statement) {
    size_t next = 0;
    const auto expression = [&]() {
      return std::make_shared<const Expression>(statement.expressions[next++]);
    };
    if (statement.has_using) terms.shown = expression();
    if (statement.has_check) terms.written = expression();
  };
  take(*made);
  static const auto& none = *new std::vector<Moment>();
  for (const Moment moment : policy.altered == nullptr ? none : *policy.altered) {
    const auto* alter = MakerAt<action::AlterPart>(moment);
    if (alter == nullptr) return std::nullopt;
    if (!alter->roles.empty()) terms.roles = alter->roles;
    take(*alter);
  }
  return terms;
}

// A condition that has many spellings is compared by what it mentions.
bool Comparer::IsSame(const RowPolicy& old, const RowPolicy& now, const Relation& table) const {
  if (old.defined == now.defined && old.altered == now.altered) return true;
  const std::optional<Terms> was = TermsOf(old);
  const std::optional<Terms> is = TermsOf(now);
  if (!was || !is) return true;
  const bool altered = old.altered != nullptr || now.altered != nullptr;
  const auto tables = [&](const RowPolicy& policy, const CatalogView& view) {
    std::vector<std::string> names;
    for (const RelationId id : policy.reads) names.push_back(TableNameOf(id, view));
    return Sorted(std::move(names));
  };
  return was->restrictive == is->restrictive && was->command == is->command &&
         Sorted(was->roles) == Sorted(is->roles) &&
         (was->shown == nullptr) == (is->shown == nullptr) &&
         (was->written == nullptr) == (is->written == nullptr) &&
         IsSameExpression(was->shown, is->shown, &table) &&
         IsSameExpression(was->written, is->written, &table) &&
         (altered || Sorted(old.columns) == Sorted(now.columns)) &&
         tables(old, before_) == tables(now, after_);
}

bool Comparer::IsSame(const RewriteRule& old, const RewriteRule& now, const Relation& /*table*/) {
  return old.event == now.event && old.instead == now.instead;
}

template <typename Part>
static Moment LastSaid(const Part& part) {
  if constexpr (requires { part.altered; }) {
    if (part.altered != nullptr) return part.altered->back();
  }
  return part.defined;
}

template <typename Parts>
void Comparer::CompareParts(const Parts& old, const Parts& now, ObjectKind part_kind,
                            RelationId old_id, const Relation& table) {
  const absl::string_view kind = part_kind == ObjectKind::kTrigger  ? "trigger"
                                 : part_kind == ObjectKind::kPolicy ? "policy"
                                                                    : "rule";
  // With a table go all that guard it.
  const bool made_again = old_id != table.id;
  const Relation* between = between_.Find({.schema = table.schema, .name = table.name}, {});
  const auto find = [](const Parts& parts, const std::string& name) {
    return std::find_if(parts.begin(), parts.end(),
                        [&](const auto& part) { return part.name == name; });
  };
  const auto what = [&](const std::string& name) {
    return absl::StrCat(kind, " ", Ticked(name), " of ", Ticked(table.DisplayName()));
  };
  for (const auto& part : old) {
    if (IsUncertain(part.name)) continue;
    const auto found = find(now, part.name);
    if (found == now.end()) {
      // Functions of one name in two schemas are not told apart where a trigger calls one.
      const bool sure = parts_.contains(part.name) || cascades_ || made_again;
      if (sure) Say({.before = true}, what(part.name));
    } else if (!IsSame(part, *found, table)) {
      Say(absl::StrCat(what(part.name), " is another than it was"));
    } else if (IsStillTheUps(LastSaid(part), LastSaid(*found))) {
      Say(absl::StrCat(what(part.name), " is still the new one"));
    } else {
      CompareComment(before_.CommentOn(old_id, part_kind, part.name),
                     after_.CommentOn(table.id, part_kind, part.name), what(part.name));
    }
  }
  for (const auto& part : now) {
    if (IsUncertain(part.name) || find(old, part.name) != old.end()) continue;
    // Where no file tells of the table, DROP … IF EXISTS may have met one.
    if (!old.empty() || !perhaps_.contains(part.name)) {
      Say({.between = between != nullptr, .after = true}, what(part.name));
    }
  }
}

void Comparer::CompareGuards(const Relation& old, const Relation& now) {
  const std::string table = Ticked(now.DisplayName());
  if (!now.is_partition) {
    CompareParts(old.triggers.All(), now.triggers.All(), ObjectKind::kTrigger, old.id, now);
  }
  CompareParts(old.policies.All(), now.policies.All(), ObjectKind::kPolicy, old.id, now);
  CompareParts(old.rules.All(), now.rules.All(), ObjectKind::kRule, old.id, now);
  if (old.assumed) return;
  if (old.row_security != now.row_security) {
    Say(absl::StrCat("row level security of ", table,
                     now.row_security ? " is still on" : " is off"));
  }
  if (old.forces_row_security != now.forces_row_security) {
    Say(absl::StrCat("row level security of ", table,
                     now.forces_row_security ? " is still forced" : " is not forced any more"));
  }
  const auto identity = [](const Relation& relation, const CatalogView& view) {
    const Relation* index = view.Find(relation.replica_identity);
    return index != nullptr           ? absl::StrCat("index ", index->name)
           : relation.replica_full    ? "full"
           : relation.replica_nothing ? "nothing"
                                      : std::string(relation.replica_identity == 0 ? "" : "none");
  };
  if (identity(old, before_) != identity(now, after_)) {
    Say(absl::StrCat("the replica identity of ", table, " is not what it was"));
  }
  if (old.clustered_on != now.clustered_on) {
    Say(absl::StrCat(table, " is not clustered on the index that it was"));
  }
}

void Comparer::CompareIndex(const Relation& old, const Relation& now) {
  CompareComments(old, now, DisplayOf(now));
  if (old.assumed || now.assumed || old.defined == now.defined) return;
  const std::string index = absl::StrCat("index ", Ticked(now.DisplayName()));
  if (IsPartOfOther(now, after_, before_)) return;
  // `f(a)` and `a` may be one to the server: see IsMurky.
  const bool expressions = old.has_expression || now.has_expression;
  bool same_keys = old.keys.size() == now.keys.size();
  for (size_t i = 0; same_keys && i < old.keys.size(); ++i) {
    same_keys = IsSameKey(old.keys[i], now.keys[i], old, now);
  }
  const auto keys = [](const Relation& relation) {
    return absl::StrJoin(relation.keys, ", ", [](std::string* out, const auto& key) {
      absl::StrAppend(out, key.column, key.reordered ? "<" : "");
    });
  };
  const auto mentions = [](const Relation& relation) {
    std::vector<std::string> columns = relation.mentions;
    std::sort(columns.begin(), columns.end());
    return columns;
  };
  if (TableNameOf(old.table, before_) != TableNameOf(now.table, after_)) {
    Say(absl::StrCat(index, " is one of ", Ticked(TableNameOf(now.table, after_))));
  } else if (old.unique != now.unique) {
    Say(absl::StrCat(index, now.unique ? " is unique" : " is not unique any more"));
  } else if ((!expressions && keys(old) != keys(now)) || !same_keys ||
             mentions(old) != mentions(now) || old.method != now.method ||
             !(old.include.All() == now.include.All()) || old.has_predicate != now.has_predicate ||
             old.nulls_not_distinct != now.nulls_not_distinct ||
             !IsSamePredicate(old.predicate, now.predicate)) {
    Say(absl::StrCat(index, " is another than it was"));
  }
}

// Collation and operator class, where they are the key's own.
bool Comparer::IsSameKey(const action::IndexColumn& old, const action::IndexColumn& now,
                         const Relation& old_index, const Relation& now_index) const {
  if (!IsSameClass(old.operator_class, now.operator_class)) return false;
  const Relation* was = before_.Find(old_index.table);
  const Relation* is = after_.Find(now_index.table);
  const bool columns = !old.column.empty() && !now.column.empty() && was != nullptr &&
                       is != nullptr && was->columns_known && is->columns_known;
  if (!columns && (old.collation.empty() || now.collation.empty())) return true;
  return CollationOf(old.collation, columns ? was->FindColumn(old.column) : nullptr) ==
         CollationOf(now.collation, columns ? is->FindColumn(now.column) : nullptr);
}

void Comparer::CompareSequence(const Relation& old, const Relation& now) {
  CompareComments(old, now, DisplayOf(now));
  if (old.assumed || !old.numbers || !now.numbers || !old.numbers->known || !now.numbers->known) {
    return;
  }
  const SequenceNumbers& a = *old.numbers;
  const SequenceNumbers& b = *now.numbers;
  const bool same = a.type == b.type && a.start == b.start && a.increment == b.increment &&
                    a.minimum == b.minimum && a.maximum == b.maximum && a.cache == b.cache &&
                    a.cycle == b.cycle;
  if (!same) Say(absl::StrCat("sequence ", Ticked(now.DisplayName()), " counts otherwise"));
}

void Comparer::CompareView(const Relation& old, const Relation& now) {
  if (old.assumed) return;
  const std::string view = absl::StrCat(KindWord(now.kind), " ", Ticked(now.DisplayName()));
  const auto names = [](const Relation& relation) {
    std::vector<absl::string_view> columns;
    for (const TableColumn& column : relation.columns.All()) columns.push_back(column.name);
    std::sort(columns.begin(), columns.end());
    return columns;
  };
  const bool known = old.columns_known && now.columns_known && old.defined != now.defined;
  CompareComments(old, now, view);
  CompareParts(old.triggers.All(), now.triggers.All(), ObjectKind::kTrigger, old.id, now);
  CompareParts(old.rules.All(), now.rules.All(), ObjectKind::kRule, old.id, now);
  if (IsStillTheUps(old.defined, now.defined)) {
    Say(absl::StrCat(view, " is still the new one"));
  } else if (known && names(old) != names(now)) {
    Say(absl::StrCat(view, " shows other columns than it did"));
  } else if (IsSureToShowOther(old, now)) {
    Say(absl::StrCat(view, " is another than it was"));
  } else if (old.kind == RelationKind::kView && !HasSameOptions(old.options, now.options)) {
    Say(absl::StrCat(view, " has other options than it had"));
  }
}

// One query has many spellings. What tells for certain is which relations it reads, of a single one
// which columns, and whether it takes all rows of it.
bool Comparer::IsSureToShowOther(const Relation& old, const Relation& now) const {
  const auto* was = MakerAt<action::CreateView>(old.defined);
  const auto* is = MakerAt<action::CreateView>(now.defined);
  if (was == nullptr || is == nullptr || was == is) return false;
  const auto simple = [](const action::CreateView& create) {
    return !create.has_subquery && create.reads.size() == 1;
  };
  bool known = true;
  const auto reads = [&](const Relation& view, const CatalogView& at, bool columns) {
    std::vector<std::string> all;
    for (const ViewUse& use : view.uses) {
      const Relation* read = at.Find(use.relation);
      known = known && read != nullptr && read->columns_known;
      const std::vector<std::string> used =
          columns ? Sorted({use.columns.begin(), use.columns.end()}) : std::vector<std::string>();
      all.push_back(absl::StrCat(TableNameOf(use.relation, at), " ", absl::StrJoin(used, " ")));
    }
    return Sorted(std::move(all));
  };
  known = known && old.uses.size() == was->reads.size() && now.uses.size() == is->reads.size();
  const bool columns = simple(*was) && simple(*is);
  const bool other = reads(old, before_, columns) != reads(now, after_, columns);
  return known && (other || (columns && was->plain != is->plain));
}

// ---- types and routines ----------------------------------------------------------------------

void Comparer::CompareType(const Name& name) {
  if (IsUncertain(name.name)) return;
  const UserType* old = before_.FindType(name, {});
  const UserType* now = after_.FindType(name, {});
  if (old == now || (old == nullptr && now == nullptr)) return;
  const UserType& one = old != nullptr ? *old : *now;
  const std::string what = absl::StrCat(one.kind == action::TypeKind::kDomain ? "domain " : "type ",
                                        Ticked(Display(name)));
  if (old != nullptr && now != nullptr) return CompareType(*old, *now, what);
  if (old == nullptr && !taken_.closed && !made_.contains(name.name)) return;
  Say({.before = old != nullptr,
       .between = between_.FindType(name, {}) != nullptr,
       .after = now != nullptr},
      what);
}

void Comparer::CompareType(const UserType& old, const UserType& now, const std::string& what) {
  if (old.kind != now.kind) return Say(absl::StrCat(what, " is of another kind than it was"));
  const auto compare = [&](const auto& olds, const auto& nows, absl::string_view part) {
    const auto has = [](const auto& parts, const std::string& name) {
      return std::any_of(parts.begin(), parts.end(),
                         [&](const auto& other) { return other.name == name; });
    };
    for (const auto& one : olds) {
      if (!has(nows, one.name)) {
        Say({.before = true}, absl::StrCat(part, " ", Ticked(one.name), " of ", what));
      }
    }
    for (const auto& one : nows) {
      if (!has(olds, one.name)) {
        Say({.between = true, .after = true},
            absl::StrCat(part, " ", Ticked(one.name), " of ", what));
      }
    }
  };
  compare(old.labels, now.labels, "label");
  CompareLabels(old, now, what);
  CompareComment(old.comment, now.comment, what);
  compare(old.attributes, now.attributes, "attribute");
  if (old.kind != action::TypeKind::kDomain) return;
  compare(old.constraints, now.constraints, "constraint");
  if (old.base && now.base && !IsSameType(*old.base, *now.base)) {
    Say(absl::StrCat(what, " is over ", TypeWords(*now.base), ", and was over ",
                     TypeWords(*old.base)));
  }
  if (old.not_null != now.not_null) {
    Say(absl::StrCat(what,
                     now.not_null ? " is NOT NULL, and was not" : " is not NOT NULL any more"));
  }
  if (old.has_default != now.has_default) {
    Say(absl::StrCat(
        what, now.has_default ? " has a default, and had none" : " has no default any more"));
  } else if (!IsSameExpression(old.default_value, now.default_value, nullptr)) {
    Say(absl::StrCat(what, " has another default than it had"));
  }
  for (const DomainConstraint& constraint : now.constraints) {
    for (const DomainConstraint& other : old.constraints) {
      const bool same = other.name != constraint.name ||
                        (IsSamePredicate(other.predicate, constraint.predicate) &&
                         (constraint.validated || !other.validated));
      if (!same) {
        Say(absl::StrCat("constraint ", Ticked(constraint.name), " of ", what,
                         " is another than it was"));
      }
    }
  }
}

// Of those that are in both.
void Comparer::CompareLabels(const UserType& old, const UserType& now, const std::string& what) {
  const auto common = [](const UserType& type, const UserType& other) {
    std::vector<std::string> labels;
    absl::flat_hash_set<absl::string_view> there;
    for (const EnumLabel& label : other.labels) there.insert(label.name);
    for (const EnumLabel& label : type.labels) {
      if (there.contains(label.name)) labels.push_back(label.name);
    }
    return labels;
  };
  if (common(old, now) != common(now, old)) {
    Say(absl::StrCat("labels of ", what, " are in another order"));
  }
}

void Comparer::CompareRoutine(const Name& name) {
  if (IsUncertain(name.name)) return;
  const Routine* old = before_.FindRoutine(name, {});
  const Routine* now = after_.FindRoutine(name, {});
  if (old == now) return;
  const Routine* between = between_.FindRoutine(name, {});
  static const auto& none = *new std::vector<Overload>();
  const std::vector<Overload>& olds = old == nullptr ? none : old->overloads;
  const std::vector<Overload>& nows = now == nullptr ? none : now->overloads;
  const auto find = [](const std::vector<Overload>& overloads, const Overload& like) {
    const auto found = std::find_if(overloads.begin(), overloads.end(), [&](const Overload& other) {
      return other.signature == like.signature;
    });
    return found == overloads.end() ? nullptr : &*found;
  };
  const auto what = [&](const Overload& overload) {
    return absl::StrCat(overload.procedure ? "procedure " : "function ",
                        Ticked(absl::StrCat(Display(name), "(", overload.signature, ")")));
  };
  for (const Overload& overload : olds) {
    const Overload* kept = find(nows, overload);
    if (kept == nullptr) {
      Say({.before = true}, what(overload));
    } else if (IsStillTheUps(overload.defined, kept->defined)) {
      Say(absl::StrCat(what(overload), " is still the new one"));
    } else if (overload.defined != kept->defined) {
      const std::optional<std::string> was = BodyAt(overload.defined);
      const std::optional<std::string> is = BodyAt(kept->defined);
      if (was && is && *was != *is) Say(absl::StrCat(what(overload), " has another body"));
    }
    if (kept != nullptr) CompareOverload(overload, *kept, what(overload));
  }
  for (const Overload& overload : nows) {
    if (find(olds, overload) != nullptr) continue;
    // OR REPLACE may have replaced one that no file makes.
    if (!taken_.closed && !made_.contains(name.name)) continue;
    const bool up = between != nullptr && find(between->overloads, overload) != nullptr;
    Say({.between = up, .after = true}, what(overload));
  }
}

// What is said of a routine besides its body.
void Comparer::CompareOverload(const Overload& old, const Overload& now, const std::string& what) {
  CompareComment(old.comment, now.comment, what);
  if (old.defined == 0 || now.defined == 0) return;
  static const auto& none = *new std::vector<Parameter>();
  const std::vector<Parameter>& was = old.traits == nullptr ? none : *old.traits;
  const std::vector<Parameter>& is = now.traits == nullptr ? none : *now.traits;
  const auto lacks = [](const std::vector<Parameter>& all, const Parameter& one) {
    // What holds when the statement runs, nobody can tell.
    const bool unknown = one.value == "from current" || one.name == "transform";
    return !unknown && std::none_of(all.begin(), all.end(), [&](const Parameter& other) {
      return other.space == one.space && other.name == one.name &&
             (other.value == one.value || other.value == "from current");
    });
  };
  std::vector<std::string> other;
  for (const Parameter& trait : was) {
    if (lacks(is, trait)) other.push_back(absl::AsciiStrToUpper(trait.name));
  }
  for (const Parameter& trait : is) {
    if (lacks(was, trait)) other.push_back(absl::AsciiStrToUpper(trait.name));
  }
  other = Sorted(std::move(other));
  if (!other.empty()) {
    Say(absl::StrCat(what, " says something else of ", absl::StrJoin(other, ", ")));
  }
  const auto* made = MakerAt<action::CreateFunction>(old.defined);
  const auto* again = MakerAt<action::CreateFunction>(now.defined);
  if (made == nullptr || again == nullptr || made == again) return;
  const bool result = made->result.has_value() == again->result.has_value() &&
                      (!made->result || IsSameType(*made->result, *again->result));
  if (!result || made->returns_set != again->returns_set) {
    Say(absl::StrCat(what, " returns something else"));
  } else if (made->language != again->language || made->defaults != again->defaults ||
             made->variadic != again->variadic) {
    Say(absl::StrCat(what, " is another than it was"));
  }
}

// ---- comments --------------------------------------------------------------------------------

void Comparer::CompareComment(Moment old, Moment now, const std::string& what) {
  if (old == now) return;
  const auto text = [&](Moment moment) {
    const auto* said = MakerAt<action::Annotate>(moment);
    return said == nullptr || !said->text ? std::string() : *said->text;
  };
  const std::string was = text(old);
  const std::string is = text(now);
  if (was == is) return;
  Say(absl::StrCat("the comment on ", what,
                   is.empty()    ? " is gone"
                   : was.empty() ? " is still there"
                                 : " is another than it was"));
}

void Comparer::CompareComments(const Relation& old, const Relation& now, const std::string& what) {
  if (old.assumed || now.assumed) return;
  CompareComment(before_.CommentOn(old.id), after_.CommentOn(now.id), what);
  const auto of = [&](absl::string_view kind, const std::string& name) {
    return absl::StrCat(kind, Ticked(name), " of ", Ticked(now.DisplayName()));
  };
  for (const TableColumn& column : now.columns.All()) {
    if (old.FindColumn(column.name) == nullptr) continue;
    CompareComment(before_.CommentOn(old.id, ObjectKind::kColumn, column.name),
                   after_.CommentOn(now.id, ObjectKind::kColumn, column.name),
                   of("column ", column.name));
  }
  for (const TableConstraint& constraint : now.constraints.All()) {
    if (old.FindConstraint(constraint.name) == nullptr) continue;
    CompareComment(before_.CommentOn(old.id, ObjectKind::kTableConstraint, constraint.name),
                   after_.CommentOn(now.id, ObjectKind::kTableConstraint, constraint.name),
                   of("constraint ", constraint.name));
  }
}

// ---- all of it -------------------------------------------------------------------------------

void Comparer::CompareObject(const Dependence& object) {
  const NamedObject* old = before_.FindObject(object.on, object.object, {});
  const NamedObject* now = after_.FindObject(object.on, object.object, {});
  const std::string& name = object.object.name;
  const bool certain = old != nullptr || made_.contains(name);
  if (KindWord(object.on).empty() || !certain || IsUncertain(name)) return;
  const std::string what = absl::StrCat(KindWord(object.on), " ", Ticked(Display(object.object)));
  if (old == nullptr || now == nullptr) {
    const bool between = between_.FindObject(object.on, object.object, {}) != nullptr;
    return Say({.before = old != nullptr, .between = between, .after = now != nullptr}, what);
  }
  CompareComment(old->comment, now->comment, what);
  const auto* was = MakerAt<action::CreateStatistics>(old->created + 1);
  const auto* is = MakerAt<action::CreateStatistics>(now->created + 1);
  if (was == nullptr || is == nullptr || was == is) return;
  const bool same = Sorted(old->columns) == Sorted(now->columns) &&
                    Sorted(was->keys) == Sorted(is->keys) && was->expressions == is->expressions &&
                    Sorted(was->types) == Sorted(is->types);
  if (!same) Say(absl::StrCat(what, " is another than it was"));
}

Undoing Comparer::Compare() && {
  undoing_.known = IsKnown();
  if (!undoing_.known) return std::move(undoing_);
  NoteWords();
  NoteFailures();
  NoteLosses();
  // A down that fails undoes nothing.
  if (!undoing_.failures.empty()) return std::move(undoing_);
  const Changes changes = catalog_.ChangedSince(taken_.before);
  for (const std::string& schema : changes.schemas) {
    const bool certain = taken_.closed || before_.HasSchema(schema) || made_.contains(schema);
    if (!certain || IsUncertain(schema)) continue;
    Say({.before = before_.HasSchema(schema),
         .between = between_.HasSchema(schema),
         .after = after_.HasSchema(schema)},
        absl::StrCat("schema ", Ticked(schema)));
  }
  for (const Dependence& object : changes.objects) CompareObject(object);
  for (const Name& type : changes.types) CompareType(type);
  absl::flat_hash_set<std::pair<std::string, std::string>> places;
  for (const RelationId id : changes.relations) {
    for (const Relation* relation : {before_.Find(id), after_.Find(id)}) {
      if (relation == nullptr || !places.emplace(relation->schema, relation->name).second) continue;
      CompareRelation({.schema = relation->schema, .name = relation->name});
    }
  }
  for (const Name& routine : changes.routines) CompareRoutine(routine);
  return std::move(undoing_);
}

}  // namespace

Undoing Compare(const History& history, const Catalog& catalog, const Taken& taken) {
  return Comparer(history, catalog, taken).Compare();
}

}  // namespace plimsoll
