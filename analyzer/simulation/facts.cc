#include "analyzer/simulation/facts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/apply.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

// Statements that are not modelled and are known to lose nothing, to break nothing and to keep
// nobody waiting for longer than a change of the catalog takes. Sorted, for the binary search.
constexpr absl::string_view kInert[] = {
    "ALTER AGGREGATE",
    "ALTER AGGREGATE OWNER",
    "ALTER COLLATION",
    "ALTER COLLATION OWNER",
    "ALTER DEFAULT PRIVILEGES",
    "ALTER DOMAIN OWNER",
    "ALTER FUNCTION",
    "ALTER FUNCTION OWNER",
    "ALTER OPERATOR",
    "ALTER OPERATOR FAMILY",
    "ALTER OPERATOR OWNER",
    "ALTER PROCEDURE",
    "ALTER PROCEDURE OWNER",
    "ALTER ROUTINE",
    "ALTER ROUTINE OWNER",
    "ALTER SEQUENCE CACHE",
    "ALTER SEQUENCE OWNED BY",
    "ALTER STATISTICS",
    "ALTER TABLE ClusterOn",
    "ALTER TABLE DropCluster",
    "ALTER TABLE ResetOptions",
    "ALTER TABLE ResetRelOptions",
    "ALTER TABLE SetCompression",
    "ALTER TABLE SetOptions",
    "ALTER TABLE SetRelOptions",
    "ALTER TABLE SetStatistics",
    "ALTER TABLE SetStorage",
    "ALTER TYPE ADD VALUE",
    "ALTER TYPE OWNER",
    "ANALYZE",
    "CHECKPOINT",
    "CLOSE CURSOR",
    "COMMENT",
    "CREATE ACCESS METHOD",
    "CREATE AGGREGATE",
    "CREATE CAST",
    "CREATE COLLATION",
    "CREATE CONVERSION",
    "CREATE DATABASE",
    "CREATE FOREIGN DATA WRAPPER",
    "CREATE FOREIGN TABLE",
    "CREATE LANGUAGE",
    "CREATE OPERATOR",
    "CREATE OPERATOR CLASS",
    "CREATE OPERATOR FAMILY",
    "CREATE ROLE",
    "CREATE SERVER",
    "CREATE STATISTICS",
    "CREATE TABLESPACE",
    "CREATE TEXT SEARCH CONFIGURATION",
    "CREATE TEXT SEARCH DICTIONARY",
    "CREATE TEXT SEARCH PARSER",
    "CREATE TEXT SEARCH TEMPLATE",
    "CREATE TRANSFORM",
    "CREATE TYPE",
    "CREATE USER MAPPING",
    "DEALLOCATE",
    "DISCARD",
    "EXPLAIN",
    "GRANT",
    "GRANT ROLE",
    "IMPORT FOREIGN SCHEMA",
    "LISTEN",
    "NOTIFY",
    "PREPARE",
    "SECURITY LABEL",
    "SET CONSTRAINTS",
    "SHOW",
    "UNLISTEN",
    "VACUUM",
};

bool HoldsRows(const Relation& relation) {
  return relation.kind == RelationKind::kTable || relation.kind == RelationKind::kMaterializedView;
}

}  // namespace

bool HasUniqueOver(const Relation& table, const std::vector<std::string>& columns,
                   const CatalogView& view) {
  std::vector<std::string> wanted = columns;
  std::sort(wanted.begin(), wanted.end());
  for (const Relation* index : view.IndexesOf(table)) {
    if (!index->unique || index->has_expression || index->has_predicate) continue;
    std::vector<std::string> keys;
    for (const action::IndexColumn& key : index->keys) keys.push_back(key.column);
    std::sort(keys.begin(), keys.end());
    if (keys == wanted) return true;
  }
  return false;
}

const TableConstraint* PrimaryKeyOf(const Relation& table) {
  for (const TableConstraint& constraint : table.constraints) {
    if (constraint.kind == ConstraintKind::kPrimaryKey) return &constraint;
  }
  return nullptr;
}

bool IsOpaque(const Action& action, const Effects& effects) {
  const auto* other = std::get_if<action::Other>(&action.kind);
  return !effects.modelled && !effects.inert && (other == nullptr || other->relations.empty());
}

bool Mentions(const Relation& index, const std::string& column) {
  return std::find(index.mentions.begin(), index.mentions.end(), column) != index.mentions.end();
}

Facts Inspector::Inspect(const Action& action) && {
  facts_.forbidden_in_transaction = IsForbiddenInTransaction(action);
  if (facts_.forbidden_in_transaction && situation_.in_transaction_block) {
    Fail("25001", "cannot run inside a transaction block");
  }
  std::visit([this](const auto& kind) { Look(kind); }, action.kind);
  return std::move(facts_);
}

void Inspector::Fail(absl::string_view sqlstate, std::string message) {
  if (!facts_.failure) {
    facts_.failure = Failure{.sqlstate = std::string(sqlstate), .message = std::move(message)};
  }
}

// 42P01, unless the name is one of PostgreSQL's own, which no file creates, or may have come back.
void Inspector::FailMissing(const Name& name) {
  if (IsSystemName(name)) return;
  const Moment since = view_.MissingSince(name, situation_.search_path);
  if (situation_.trusted_since > 0 && since < situation_.trusted_since) return;
  Fail("42P01", absl::StrCat("relation \"", name.name, "\" does not exist"));
}

Affected Inspector::Describe(const Relation& relation) const {
  return DescribeRelation(relation, situation_);
}

void Inspector::Add(Role role, const Relation& relation, Cause cause, bool possible) {
  facts_.actors.push_back(
      {.role = role, .relation = Describe(relation), .cause = cause, .possible = possible});
}

void Inspector::AddBuild(const Relation& table, const std::string& index, Cause cause) {
  facts_.actors.push_back(
      {.role = Role::kBuiltIndex, .relation = Describe(table), .cause = cause, .index = index});
}

const Relation* Inspector::NameTarget(const Target& target, bool recurses) {
  const Relation* relation = Find(target.name);
  if (relation == nullptr) {
    if (!target.if_exists) {
      FailMissing(target.name);
    }
    return nullptr;
  }
  Add(Role::kTable, *relation);
  if (recurses && !target.only) {
    for (const Relation* child : view_.DescendantsOf(*relation)) Add(Role::kDescendant, *child);
  }
  return relation;
}

bool Inspector::HasColumn(const Relation& table, const std::string& column, bool to_drop) {
  const bool added = Sibling<action::AddColumn>(
      [&](const action::AddColumn& add) { return add.column.name == column; });
  // Whatever their order in the text, ALTER TABLE drops first (tablecmds.c:AlterTablePass).
  const bool dropped = !to_drop && Sibling<action::DropColumn>([&](const action::DropColumn& drop) {
    return drop.column == column;
  });
  if (added || (!dropped && table.FindColumn(column) != nullptr)) return true;
  // The columns of a table that no file creates, or of a query, are not known.
  if (!dropped && (!KnowsAll(table) || !table.IsTable())) return true;
  Fail("42703",
       absl::StrCat("column \"", column, "\" of relation \"", table.name, "\" does not exist"));
  return false;
}

bool Inspector::IsInherited(const Relation& table, const std::string& column) const {
  return std::any_of(table.parents.begin(), table.parents.end(), [&](RelationId id) {
    const Relation* parent = view_.Find(id);
    return parent != nullptr && parent->FindColumn(column) != nullptr;
  });
}

void Inspector::NoteCalls(absl::Span<const FunctionCall> calls) {
  facts_.calls_unknown = facts_.calls_unknown || CallsUnknown(calls, Scope());
}

void Inspector::NoteRead(const Relation& read, Role role) {
  Add(role, read);
  facts_.calls_unknown = facts_.calls_unknown || read.calls_unknown;
}

Name Inspector::PlaceFor(const Name& name, bool temporary) const {
  if (temporary) return {.schema = "pg_temp", .name = name.name};
  if (!name.schema.empty() || situation_.search_path.empty()) return name;
  return {.schema = situation_.search_path[0], .name = name.name};
}

bool Inspector::IsLiveType(const Name& name) const {
  const UserType* type = view_.FindType(name, situation_.search_path);
  return type == nullptr || type->migration != situation_.migration;
}

std::vector<const Relation*> Inspector::Heaps(const Relation& table, bool only) const {
  std::vector<const Relation*> heaps;
  if (HoldsRows(table)) heaps.push_back(&table);
  if (only) return heaps;
  for (const Relation* child : view_.DescendantsOf(table)) {
    if (HoldsRows(*child)) heaps.push_back(child);
  }
  return heaps;
}

void Inspector::Scan(const std::vector<const Relation*>& heaps, Cause cause) {
  for (const Relation* heap : heaps) Add(Role::kScanned, *heap, cause);
}

void Inspector::Rewrite(const std::vector<const Relation*>& heaps, Cause cause, bool possible) {
  for (const Relation* heap : heaps) {
    Add(Role::kRewritten, *heap, cause, possible);
    for (const Relation* index : view_.IndexesOf(*heap)) {
      Add(Role::kRecreatedIndex, *index);
      AddBuild(*heap, index->DisplayName(), cause);
    }
  }
}

// tablecmds.c:NotNullImpliedByRelConstraints: each valid check by itself, as far as it is a
// conjunction. A check that the same statement drops is gone before (ALTER TABLE drops first).
bool Inspector::ProvenNotNull(const Relation& table, const std::string& column) const {
  const TableColumn* known = table.FindColumn(column);
  if (known != nullptr && known->not_null) return true;
  for (const TableConstraint& check : table.constraints) {
    if (check.kind != ConstraintKind::kCheck || !check.validated || !check.enforced) continue;
    const bool dropped = Sibling<action::DropConstraint>(
        [&](const action::DropConstraint& drop) { return drop.constraint == check.name; });
    const auto& proven = check.proven_not_null;
    if (!dropped && std::find(proven.begin(), proven.end(), column) != proven.end()) return true;
  }
  return false;
}

void Inspector::Look(const action::Savepoint&) {
  if (!situation_.in_transaction_block) {
    Fail("25P01", "SAVEPOINT can only be used in transaction blocks");
  }
}

void Inspector::Look(const action::RollbackTo& rollback) {
  if (!situation_.in_transaction_block) {
    Fail("25P01", "ROLLBACK TO SAVEPOINT can only be used in transaction blocks");
  } else if (!situation_.savepoint_known) {
    Fail("3B001", absl::StrCat("savepoint \"", rollback.name, "\" does not exist"));
  }
}

void Inspector::Look(const action::Release& release) {
  if (!situation_.in_transaction_block) {
    Fail("25P01", "RELEASE SAVEPOINT can only be used in transaction blocks");
  } else if (!situation_.savepoint_known) {
    Fail("3B001", absl::StrCat("savepoint \"", release.name, "\" does not exist"));
  }
}

void Inspector::Look(const action::Other& other) {
  facts_.modelled = false;
  // What happens to relations that nobody else uses yet hurts nobody.
  const bool unused =
      !other.relations.empty() &&
      std::all_of(other.relations.begin(), other.relations.end(), [&](const Name& name) {
        const Relation* relation = Find(name);
        return relation != nullptr && !Describe(*relation).live;
      });
  facts_.inert =
      unused || std::binary_search(std::begin(kInert), std::end(kInert), other.what,
                                   [](absl::string_view a, absl::string_view b) { return a < b; });
}

}  // namespace plimsoll
