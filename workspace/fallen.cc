#include "workspace/fallen.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"

namespace plimsoll {
namespace {

// What may need another of the same moment stands behind it.
enum class Rank {
  kSchema,
  kType,
  kSequence,
  kRoutine,
  kTable,
  kColumn,
  kConstraint,
  kIndex,
  kView,
  kGuard,
  kOther,
  // Whenever it was made: it speaks of two relations.
  kLink,
};

struct Piece {
  Moment made = 0;
  Rank rank = Rank::kOther;
  std::vector<std::string> statements;  // empty: nobody knows them
};

class Collector {
 public:
  Collector(const Definitions& before, const CatalogView& after, const Wanted& wanted,
            bool concurrently)
      : before_(before), after_(after), wanted_(wanted), concurrently_(concurrently) {}

  void LookAt(const Relation& relation);
  void LookAtSchema(const std::string& schema);
  std::vector<Piece> Finish() &&;

 private:
  const CatalogView& view() const { return before_.view(); }
  // 1 + a moment, or 0, as TableColumn::defined.
  bool IsWanted(Moment defined) const { return wanted_.everything || defined <= wanted_.before; }
  void Add(Moment made, Rank rank, std::vector<std::string> statements) {
    pieces_.push_back({made, rank, std::move(statements)});
  }
  void AddOne(Moment made, Rank rank, std::string statement) {
    std::vector<std::string> statements;
    if (!statement.empty()) statements.push_back(std::move(statement));
    Add(made, rank, std::move(statements));
  }
  bool IsBehindConstraint(const Relation& index) const;
  bool WaitsFor(const TableConstraint& constraint, const Relation& table) const;
  void LookAtGone(const Relation& relation);
  void LookAtParts(const Relation& old, const Relation& now);
  void LookAtGuards(const Relation& old, const Relation& now);
  void AddConstraint(const Relation& table, const TableConstraint& constraint);
  void AddSequence(const Relation& sequence);
  void LookAtType(const Name& place);
  void LookAtRoutine(const Name& place);
  void LookAtObject(const Dependence& object);

  const Definitions& before_;
  const CatalogView& after_;
  const Wanted& wanted_;
  bool concurrently_;
  std::vector<Piece> pieces_;
};

bool Collector::IsBehindConstraint(const Relation& index) const {
  const Relation* table = view().Find(index.table);
  if (table == nullptr) return false;
  const auto& constraints = table->constraints.All();
  return std::any_of(constraints.begin(), constraints.end(),
                     [&](const TableConstraint& one) { return one.index == index.id; });
}

// Whether the table that a foreign key points at may come behind its own.
bool Collector::WaitsFor(const TableConstraint& constraint, const Relation& table) const {
  const RelationId other = constraint.referenced;
  if (constraint.kind != ConstraintKind::kForeignKey || other == table.id) return false;
  const Relation* referenced = view().Find(other);
  return after_.Find(other) == nullptr && referenced != nullptr &&
         referenced->defined > table.defined;
}

void Collector::AddConstraint(const Relation& table, const TableConstraint& constraint) {
  const std::string text = before_.Constraint(table, constraint);
  const bool link = constraint.kind == ConstraintKind::kForeignKey;
  std::vector<std::string> statements;
  if (!text.empty()) {
    statements = before_.Comment(table, ObjectKind::kTableConstraint, constraint.name);
    statements.insert(statements.begin(),
                      absl::StrCat(AlterWord(table.kind), PlaceSql(table), " add ", text));
    const Relation* index = view().Find(constraint.index);
    if (index != nullptr) {
      for (std::string& role : before_.RolesOf(*index)) statements.push_back(std::move(role));
    }
  }
  Add(constraint.defined, link ? Rank::kLink : Rank::kConstraint, std::move(statements));
}

// One that a serial or identity column brings comes with the column.
void Collector::AddSequence(const Relation& sequence) {
  const Relation* owner = view().Find(sequence.owner);
  const TableColumn* column = owner == nullptr ? nullptr : owner->FindColumn(sequence.owner_column);
  const bool brought = column != nullptr && (column->generated == Generated::kIdentity ||
                                             sequence.defined == column->defined);
  const Relation* left = owner == nullptr ? nullptr : after_.Find(owner->id);
  const bool stays = left != nullptr && left->FindColumn(sequence.owner_column) != nullptr;
  if (brought && !stays) return;
  // A default of the owner may ask it, however old the owner is.
  const Moment made =
      owner == nullptr ? sequence.defined : std::min(sequence.defined, owner->defined);
  std::vector<std::string> statements = before_.Comment(sequence, ObjectKind::kSequence, "");
  statements.insert(statements.begin(), before_.Sequence(sequence));
  if (statements[0].empty()) statements.clear();
  Add(made, Rank::kSequence, std::move(statements));
  if (column == nullptr) return;
  AddOne(sequence.defined, Rank::kLink,
         absl::StrCat("alter sequence ", PlaceSql(sequence), " owned by ", PlaceSql(*owner), ".",
                      SqlName(column->name)));
}

void Collector::LookAtGone(const Relation& relation) {
  if (relation.persistence == Persistence::kTemporary) return;
  switch (relation.kind) {
    case RelationKind::kIndex:
    case RelationKind::kPartitionedIndex: {
      // It comes with its table, its whole or its constraint.
      const Relation* table = after_.Find(relation.table);
      if (table == nullptr || !relation.parents.empty() || IsBehindConstraint(relation)) return;
      std::vector<std::string> statements = {before_.Index(relation, concurrently_)};
      if (statements[0].empty()) statements.clear();
      for (std::string& comment : before_.Comment(relation, ObjectKind::kIndex, "")) {
        statements.push_back(std::move(comment));
      }
      for (std::string& role : before_.RolesOf(relation)) statements.push_back(std::move(role));
      return Add(relation.defined, Rank::kIndex, std::move(statements));
    }
    case RelationKind::kSequence:
      return AddSequence(relation);
    case RelationKind::kView:
    case RelationKind::kMaterializedView:
      // What reads it may be older than the words that it has by now.
      return Add(relation.created + 1, Rank::kView, before_.View(relation));
    default:
      break;
  }
  const auto waits = [&](const TableConstraint& constraint) {
    return WaitsFor(constraint, relation);
  };
  std::vector<std::string> statements = before_.Table(relation, waits);
  if (!statements.empty()) {
    statements.push_back(absl::StrCat("-- cannot restore data: the rows of ", PlaceSql(relation)));
  }
  Add(relation.defined, Rank::kTable, std::move(statements));
  for (const TableConstraint& constraint : relation.constraints.All()) {
    if (waits(constraint) && !constraint.inherited) AddConstraint(relation, constraint);
  }
}

template <typename Parts>
bool Has(const Parts& parts, const std::string& name) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const auto& part) { return part.name == name; });
}

void Collector::LookAtGuards(const Relation& old, const Relation& now) {
  const auto add = [&](const auto& part, ObjectKind kind) {
    if (!IsWanted(part.defined)) return;
    std::vector<std::string> statements = before_.Comment(old, kind, part.name);
    statements.insert(statements.begin(), before_.TriggerOrRule(old, part.name, part.defined));
    if (statements[0].empty()) statements.clear();
    Add(part.defined, Rank::kGuard, std::move(statements));
  };
  for (const Trigger& trigger : old.triggers.All()) {
    const bool own = !old.is_partition || trigger.defined > old.defined;
    if (own && !Has(now.triggers.All(), trigger.name)) add(trigger, ObjectKind::kTrigger);
  }
  for (const RewriteRule& rule : old.rules.All()) {
    if (!Has(now.rules.All(), rule.name)) add(rule, ObjectKind::kRule);
  }
  for (const RowPolicy& policy : old.policies.All()) {
    if (Has(now.policies.All(), policy.name) || !IsWanted(policy.defined)) continue;
    Add(policy.defined, Rank::kGuard, before_.Policy(old, policy));
  }
}

void Collector::LookAtParts(const Relation& old, const Relation& now) {
  for (const TableColumn& column : old.columns.All()) {
    if (column.only_inherited || !old.IsTable() || !IsWanted(column.defined)) continue;
    const TableColumn* left = now.FindColumn(column.name);
    if (left == nullptr) {
      Add(column.defined, Rank::kColumn, before_.AddColumn(old, column));
    } else if (column.has_default && !left->has_default && column.generated == Generated::kNo) {
      const std::string value = before_.Default(old, column.name);
      AddOne(column.defined, Rank::kLink,
             value.empty() ? ""
                           : absl::StrCat(AlterWord(old.kind), PlaceSql(old), " alter column ",
                                          SqlName(column.name), " set default ", value));
    }
  }
  for (const TableConstraint& constraint : old.constraints.All()) {
    const bool counts = constraint.kind != ConstraintKind::kNotNull && !constraint.inherited;
    if (!counts || !IsWanted(constraint.defined)) continue;
    if (now.FindConstraint(constraint.name) == nullptr) AddConstraint(old, constraint);
  }
  for (const Name& name : old.statistics) {
    const NamedObject* object = view().FindObject(ObjectKind::kStatistics, name, {});
    const bool gone = object != nullptr && IsWanted(object->created + 1) &&
                      after_.FindObject(ObjectKind::kStatistics, name, {}) == nullptr;
    if (gone) {
      AddOne(object->created + 1, Rank::kOther, before_.Statement(object->created + 1));
    }
  }
  LookAtGuards(old, now);
}

void Collector::LookAt(const Relation& relation) {
  if (relation.assumed && after_.Find(relation.id) == nullptr) return;
  const bool wanted = wanted_.everything || wanted_.start.Find(relation.id) != nullptr;
  if (!wanted) return;
  const Relation* now = after_.Find(relation.id);
  now == nullptr ? LookAtGone(relation) : LookAtParts(relation, *now);
}

void Collector::LookAtType(const Name& place) {
  const UserType& old = *view().FindType(place, {});
  const Moment made = old.created + 1;
  const UserType* now = after_.FindType(place, {});
  if (!IsWanted(made)) return;
  const std::string kind = old.kind == action::TypeKind::kDomain ? "domain " : "type ";
  const std::string words = absl::StrCat(kind, PlaceSql(place));
  if (now == nullptr) {
    std::vector<std::string> statements = before_.Comment(old.comment, words);
    statements.insert(statements.begin(), before_.Type(place, old));
    if (statements[0].empty()) statements.clear();
    return Add(made, Rank::kType, std::move(statements));
  }
  for (const Attribute& attribute : old.attributes) {
    if (Has(now->attributes, attribute.name)) continue;
    const std::string type = TypeSql(attribute.type);
    AddOne(made, Rank::kLink,
           type.empty() ? ""
                        : absl::StrCat("alter ", words, " add attribute ", SqlName(attribute.name),
                                       " ", type));
  }
  for (const DomainConstraint& constraint : old.constraints) {
    if (Has(now->constraints, constraint.name) || constraint.not_null) continue;
    const std::string text = before_.Constraint(constraint);
    AddOne(made, Rank::kLink, text.empty() ? "" : absl::StrCat("alter ", words, " add ", text));
  }
}

void Collector::LookAtRoutine(const Name& place) {
  const Routine* now = after_.FindRoutine(place, {});
  const Routine& old = *view().FindRoutine(place, {});
  for (const Overload& overload : old.overloads) {
    const bool there = now != nullptr && std::any_of(now->overloads.begin(), now->overloads.end(),
                                                     [&](const Overload& other) {
                                                       return other.signature == overload.signature;
                                                     });
    if (there || !IsWanted(overload.defined)) continue;
    // What calls it may be older than the words that it has by now.
    Add(old.created + 1, Rank::kRoutine, before_.Routine(place, overload));
  }
}

void Collector::LookAtObject(const Dependence& object) {
  if (object.on == ObjectKind::kType && view().FindType(object.object, {}) != nullptr) {
    return LookAtType(object.object);
  }
  if (object.on == ObjectKind::kFunction && view().FindRoutine(object.object, {}) != nullptr) {
    return LookAtRoutine(object.object);
  }
  const NamedObject* old = view().FindObject(object.on, object.object, {});
  const bool gone = old != nullptr && old->table == 0 && IsWanted(old->created + 1) &&
                    after_.FindObject(object.on, object.object, {}) == nullptr;
  if (gone) AddOne(old->created + 1, Rank::kType, before_.Statement(old->created + 1));
}

void Collector::LookAtSchema(const std::string& schema) {
  const bool gone = view().HasSchema(schema) && !after_.HasSchema(schema) &&
                    (wanted_.everything || wanted_.start.HasSchema(schema));
  if (gone) {
    const std::string words = absl::StrCat("schema ", SqlName(schema));
    std::vector<std::string> statements = before_.Comment(before_.CommentOnSchema(schema), words);
    statements.insert(statements.begin(), absl::StrCat("create ", words));
    Add(0, Rank::kSchema, std::move(statements));
  }
  for (const Dependence& object : view().ObjectsIn(schema)) LookAtObject(object);
}

std::vector<Piece> Collector::Finish() && {
  std::stable_sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    const auto key = [](const Piece& piece) {
      return std::make_tuple(piece.rank == Rank::kLink, piece.made, piece.rank);
    };
    return key(a) < key(b);
  });
  return std::move(pieces_);
}

}  // namespace

std::vector<std::string> MakeAgain(const Definitions& before, const CatalogView& after,
                                   const Wanted& wanted, absl::Span<const std::string> schemas,
                                   const std::string& unknown, bool concurrently) {
  Collector collector(before, after, wanted, concurrently);
  std::set<std::string> all(schemas.begin(), schemas.end());
  for (const Relation* relation : before.view().AllRelations()) {
    all.insert(relation->schema);
    collector.LookAt(*relation);
  }
  for (const std::string& schema : all) collector.LookAtSchema(schema);
  std::vector<std::string> lines;
  bool said = false;
  for (const Piece& piece : std::move(collector).Finish()) {
    if (piece.statements.empty() && !std::exchange(said, true)) lines.push_back(unknown);
    for (const std::string& statement : piece.statements) {
      const bool comment = absl::StartsWith(statement, "-- ");
      lines.push_back(comment ? statement : absl::StrCat(statement, ";"));
    }
  }
  return lines;
}

}  // namespace plimsoll
