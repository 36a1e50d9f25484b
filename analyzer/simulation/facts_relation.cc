// The facts of how a relation is kept: storage, ownership, triggers, partitions, upkeep.

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/implication.h"

namespace plimsoll {
namespace {

using action::Alteration;
using action::IsOfColumn;
using action::Upkeep;

// Storage parameters that need ACCESS EXCLUSIVE (access/common/reloptions.c); the others do with
// SHARE UPDATE EXCLUSIVE. Looked up by name alone, as PostgreSQL does.
constexpr absl::string_view kStrongOptions[] = {
    "autosummarize",          "buffering",       "check_option",     "fastupdate",
    "gin_pending_list_limit", "pages_per_range", "security_barrier", "security_invoker",
    "user_catalog_table"};

bool NeedsStrongLock(const std::vector<Parameter>& options) {
  return options.empty() ||
         std::any_of(options.begin(), options.end(), [](const Parameter& option) {
           return std::find(std::begin(kStrongOptions), std::end(kStrongOptions), option.name) !=
                  std::end(kStrongOptions);
         });
}

// Whether ALTER TABLE reaches partitions and children (tablecmds.c:ATPrepCmd).
bool Recurses(const action::AlterRelation& alter, const Relation& table, int server_version,
              bool referenced) {
  const Alteration alteration = alter.alteration;
  const bool partitioned = table.kind == RelationKind::kPartitionedTable;
  switch (alteration) {
    case Alteration::kSetStatistics:
    case Alteration::kSetStorage:
    case Alteration::kDropExpression:
    case Alteration::kSetExpression:
      return true;
    case Alteration::kAddIdentity:
    case Alteration::kSetIdentity:
    case Alteration::kDropIdentity:
      return partitioned && server_version >= 17;
    case Alteration::kEnableTrigger:
    case Alteration::kDisableTrigger:
      // Partitions have those for each row alone (trigger.c:EnableDisableTrigger), and those of
      // foreign keys.
      if (alter.object == "ALL" || alter.object == "USER") {
        const bool refers = std::any_of(
            table.constraints.begin(), table.constraints.end(),
            [](const TableConstraint& key) { return key.kind == ConstraintKind::kForeignKey; });
        const bool keys = alter.object == "ALL" && (refers || referenced);
        const bool rows = std::any_of(table.triggers.begin(), table.triggers.end(),
                                      [](const Trigger& trigger) { return trigger.each_row; });
        return partitioned && (rows || keys || table.assumed);
      }
      return partitioned && std::none_of(table.triggers.begin(), table.triggers.end(),
                                         [&](const Trigger& trigger) {
                                           return trigger.name == alter.object && !trigger.each_row;
                                         });
    default:
      return false;
  }
}

bool HasTrigger(const Relation& table, const std::string& name) {
  return std::any_of(table.triggers.begin(), table.triggers.end(),
                     [&](const Trigger& trigger) { return trigger.name == name; });
}

}  // namespace

// ---- ALTER TABLE … SET … ---------------------------------------------------------------------

void Inspector::Look(const action::AlterRelation& alter) {
  facts_.form = static_cast<int>(alter.alteration);
  if (NeedsStrongLock(alter.options)) facts_.conditions |= kStrongOption;
  const Relation* named = Find(alter.relation.name);
  const bool referenced =
      named != nullptr && alter.object == "ALL" && !ReferencingPartly(*named, view_).empty();
  const bool recurses =
      named != nullptr && Recurses(alter, *named, situation_.server_version, referenced);
  const Relation* relation = NameTarget(alter.relation, recurses);
  if (relation == nullptr) return;
  if (alter.number != 0) return LookAtNumbered(alter, *relation);
  if (!alter.column.empty() && relation->IsTable() && !HasColumn(*relation, alter.column)) return;
  if (IsOfColumn(alter.alteration)) return LookAtColumn(alter, *relation);
  LookAtWhole(alter, *relation);
}

// tablecmds.c:ATExecSetStatistics: only an index's columns have no name, and only its expressions
// have statistics of their own.
void Inspector::LookAtNumbered(const action::AlterRelation& alter, const Relation& relation) {
  if (relation.assumed) return;
  if (!relation.IsIndex()) return Fail("0A000", "cannot refer to non-index column by number");
  const size_t keys = relation.keys.size();
  const auto number = static_cast<size_t>(alter.number);
  if (number > keys + relation.include.size()) {
    return Fail("42703", absl::StrCat("column number ", alter.number, " of relation \"",
                                      relation.name, "\" does not exist"));
  }
  if (number > keys || !relation.keys[number - 1].column.empty()) {
    Fail("0A000", "cannot alter statistics on a column of an index that is no expression");
  }
}

void Inspector::LookAtColumn(const action::AlterRelation& alter, const Relation& table) {
  const TableColumn* column = table.FindColumn(alter.column);
  const Generated generated = column == nullptr ? Generated::kNo : column->generated;
  const bool identity = generated == Generated::kIdentity;
  const bool computed = generated == Generated::kStored || generated == Generated::kVirtual;
  const bool certain = column != nullptr && KnowsAll(table);
  const bool of_part = table.is_partition && situation_.server_version >= 17;
  // What the same statement does in an earlier pass.
  const bool set_here = Sibling<action::SetNotNull>(
      [&](const action::SetNotNull& set) { return set.column == alter.column; });
  const bool given_here =
      situation_.server_version >= 13 &&
      Sibling<action::AlterRelation>([&](const action::AlterRelation& other) {
        return other.alteration == Alteration::kAddIdentity && other.column == alter.column;
      });
  const bool default_goes = Sibling<action::DropDefault>(
      [&](const action::DropDefault& drop) { return drop.column == alter.column; });
  switch (alter.alteration) {
    case Alteration::kSetColumnOptions:
      if (!alter.resets) CheckColumnParameters(alter.options);
      return;
    case Alteration::kSetStorage:
    case Alteration::kSetCompression:
      return CheckColumnStorage(alter, table);
    case Alteration::kAddIdentity:
      if (of_part) {
        Fail("42P16", "cannot add identity to a column of a partition");
      } else if (certain && identity) {
        Fail("55000", absl::StrCat("column \"", alter.column, "\" of relation \"", table.name,
                                   "\" is already an identity column"));
      } else if (certain && column->has_default && !default_goes) {
        Fail("55000", absl::StrCat("column \"", alter.column, "\" of relation \"", table.name,
                                   "\" already has a default value"));
      } else if (certain && !column->not_null && !set_here) {
        CheckIdentityOf(alter, table);
        Fail("55000", absl::StrCat("column \"", alter.column, "\" of relation \"", table.name,
                                   "\" must be declared NOT NULL before identity can be added"));
      }
      return CheckIdentityOf(alter, table);
    case Alteration::kSetIdentity:
    case Alteration::kDropIdentity:
      if (of_part) return Fail("42P16", "cannot change the identity column of a partition");
      if (certain && !identity && !alter.if_exists && !given_here) {
        return Fail("55000", absl::StrCat("column \"", alter.column, "\" of relation \"",
                                          table.name, "\" is not an identity column"));
      }
      if (certain && !identity && !given_here) return;
      for (const Relation* sequence : view_.SequencesOf(table)) {
        if (sequence->owner_column != alter.column) continue;
        if (alter.alteration == Alteration::kDropIdentity) {
          NoteOwnedSequences(table, alter.column, /*cascade=*/false);
        }
        Add(alter.alteration == Alteration::kSetIdentity ? Role::kIdentitySequence
                                                         : Role::kSequence,
            *sequence);
      }
      return CheckIdentityOf(alter, table);
    case Alteration::kSetExpression:
      if (certain && !computed) {
        return Fail("55000", absl::StrCat("column \"", alter.column, "\" of relation \"",
                                          table.name, "\" is not a generated column"));
      }
      return NoteNewExpression(alter, table, generated);
    case Alteration::kDropExpression:
      if (generated == Generated::kVirtual) {
        Fail("0A000",
             "ALTER TABLE / DROP EXPRESSION is not supported for virtual generated columns");
      } else if (certain && !computed && !alter.if_exists) {
        Fail("55000", absl::StrCat("column \"", alter.column, "\" of relation \"", table.name,
                                   "\" is not a generated column"));
      }
      return;
    default:
      return;
  }
}

// tablecmds.c:ATExecSetExpression
void Inspector::NoteNewExpression(const action::AlterRelation& alter, const Relation& table,
                                  Generated generated) {
  const std::vector<const Relation*> heaps = Heaps(table, alter.relation.only);
  if (generated != Generated::kVirtual) {
    Rewrite(heaps, Cause::kStoredGenerated, generated == Generated::kNo);
    return;
  }
  const bool checked = std::any_of(
      table.constraints.begin(), table.constraints.end(),
      [](const TableConstraint& constraint) { return constraint.kind == ConstraintKind::kCheck; });
  if (checked && situation_.server_version < 19) {
    return Fail("0A000",
                "ALTER TABLE / SET EXPRESSION is not supported for virtual generated columns in "
                "tables with check constraints");
  }
  const TableColumn* column = table.FindColumn(alter.column);
  if (column->not_null) Scan(heaps, Cause::kNotNull);
}

void Inspector::LookAtWhole(const action::AlterRelation& alter, const Relation& relation) {
  switch (alter.alteration) {
    case Alteration::kSetOptions:
      return CheckParameters(alter.options, relation, alter.resets);
    case Alteration::kSetLogged:
      return NotePersistence(relation, Persistence::kPermanent);
    case Alteration::kSetUnlogged:
      return NotePersistence(relation, Persistence::kUnlogged);
    case Alteration::kSetTablespace: {
      if (alter.object == "pg_global") return FailGlobal();
      if (FailIfGone(ObjectKind::kTablespace, {.name = alter.object})) return;
      const std::string wanted = alter.object == "pg_default" ? "" : alter.object;
      const bool has_file = relation.kind != RelationKind::kPartitionedTable &&
                            relation.kind != RelationKind::kPartitionedIndex;
      if (has_file && wanted != relation.tablespace) Add(Role::kCopied, relation, Cause::kStorage);
      return;
    }
    case Alteration::kSetAccessMethod: {
      const std::string wanted = alter.object == "heap" ? "" : alter.object;
      CheckAccessMethod(alter.object);
      if (wanted != relation.access_method) Rewrite(Heaps(relation, true), Cause::kStorage, false);
      return;
    }
    case Alteration::kSetWithoutCluster:
      if (relation.kind != RelationKind::kPartitionedTable) return;
      return Fail("0A000", "cannot mark index clustered in partitioned table");
    case Alteration::kClusterOn:
    case Alteration::kReplicaIdentity:
      return NoteNamedIndex(alter, relation);
    case Alteration::kEnableTrigger:
    case Alteration::kDisableTrigger: {
      const bool one = alter.object != "ALL" && alter.object != "USER";
      if (one && KnowsAll(relation) && !HasTrigger(relation, alter.object)) {
        return Fail("42704", absl::StrCat("trigger \"", alter.object, "\" for table \"",
                                          relation.name, "\" does not exist"));
      }
      if (alter.alteration == Alteration::kEnableTrigger) return;
      return NoteBehaviour(
          relation, one ? absl::StrCat("trigger `", alter.object, "` of `", relation.name,
                                       "` no longer fires")
                        : absl::StrCat("the triggers of `", relation.name, "` no longer fire"));
    }
    case Alteration::kSwitchRule:
      if (!CheckPartName(ObjectKind::kRule, relation, alter.object)) return;
      return NoteBehaviour(relation, absl::StrCat("rule `", alter.object, "` of `", relation.name,
                                                  "` is switched on or off"));
    case Alteration::kInherit:
    case Alteration::kNoInherit:
      return NoteInheritance(alter, relation);
    case Alteration::kOfType:
      return CheckOfType(alter.other, relation);
    case Alteration::kNotOfType:
      if (!relation.of_type && KnowsAll(relation)) {
        Fail("42809", absl::StrCat("\"", relation.name, "\" is not a typed table"));
      }
      return;
    case Alteration::kOwner:
      if (FailIfGone(ObjectKind::kRole, {.name = alter.object})) return;
      NoteBehaviour(relation, absl::StrCat("the old owner of `", relation.name,
                                           "` may have no access to it any more"));
      if (relation.owner != 0) {
        return Fail("0A000", absl::StrCat("cannot change owner of sequence \"", relation.name,
                                          "\" which is linked to a table"));
      }
      // Who owns it already gets it again, and what belongs to it stays (ATExecChangeOwner).
      if (!relation.assumed && relation.owned_by_role == alter.object) return;
      for (const Relation* index : view_.IndexesOf(relation)) Add(Role::kIndexUnder, *index);
      for (const Relation* sequence : view_.SequencesOf(relation)) Add(Role::kSequence, *sequence);
      return;
    default:
      return;
  }
}

// tablecmds.c:ATPrepChangePersistence
void Inspector::NotePersistence(const Relation& relation, Persistence wanted) {
  const bool partitioned = relation.kind == RelationKind::kPartitionedTable;
  if (partitioned && situation_.server_version >= 18) {
    return Fail("42809", absl::StrCat("ALTER action SET ",
                                      wanted == Persistence::kUnlogged ? "UNLOGGED" : "LOGGED",
                                      " cannot be performed on relation \"", relation.name, "\""));
  }
  if (relation.persistence == Persistence::kTemporary) {
    return Fail("42P16", absl::StrCat("cannot change logged status of table \"", relation.name,
                                      "\" because it is temporary"));
  }
  if (relation.persistence == wanted) return;
  if (wanted == Persistence::kUnlogged && !relation.publications.empty()) {
    return Fail("55000", absl::StrCat("cannot change table \"", relation.name,
                                      "\" to unlogged because it is part of a publication"));
  }
  const auto conflicts = [&](const Relation* partner) {
    return partner != nullptr && partner->id != relation.id && partner->persistence != wanted;
  };
  if (wanted == Persistence::kPermanent) {
    for (const TableConstraint& constraint : relation.constraints) {
      const Relation* referenced = view_.Find(constraint.referenced);
      if (!conflicts(referenced)) continue;
      return Fail("42P16", absl::StrCat("could not change table \"", relation.name,
                                        "\" to logged because it references unlogged table \"",
                                        referenced->name, "\""));
    }
  } else {
    // Who refers to a whole refers to each of its parts.
    const Relation* referenced = &relation;
    while (referenced != nullptr) {
      for (const Relation* child : view_.ReferencingTables(*referenced)) {
        if (!conflicts(child)) continue;
        return Fail("42P16",
                    absl::StrCat("could not change table \"", relation.name,
                                 "\" to unlogged because it is referenced by logged table \"",
                                 child->name, "\""));
      }
      const bool part = referenced->is_partition && !referenced->parents.empty();
      referenced = part ? view_.Find(referenced->parents[0]) : nullptr;
    }
  }
  // Of a partitioned table nothing changes: it has no storage.
  if (partitioned) return;
  if (relation.IsTable()) Rewrite(Heaps(relation, true), Cause::kStorage, false);
  if (situation_.server_version < 15) return;
  for (const Relation* sequence : view_.SequencesOf(relation)) Add(Role::kSequence, *sequence);
}

// CLUSTER ON and REPLICA IDENTITY USING INDEX.
void Inspector::NoteNamedIndex(const action::AlterRelation& alter, const Relation& table) {
  if (alter.object.empty()) return;
  const Relation* index = Find({.schema = table.schema, .name = alter.object});
  if (index != nullptr && index->table == table.id) {
    Add(Role::kUsedIndex, *index);
    if (alter.alteration == Alteration::kReplicaIdentity) {
      CheckReplicaIdentity(*index, table);
    } else {
      CheckClusterOn(*index, table);
    }
  } else if (index != nullptr && !index->assumed) {
    Fail("42809",
         absl::StrCat("\"", alter.object, "\" is not an index for table \"", table.name, "\""));
  } else if (KnowsAll(table)) {
    // The same statement may build it.
    const bool built = Sibling<action::AddConstraint>(
        [](const action::AddConstraint& add) { return IsIndexConstraint(add.constraint.kind); });
    if (built) return;
    Fail("42704", absl::StrCat("index \"", alter.object, "\" for table \"", table.name,
                               "\" does not exist"));
  }
}

// tablecmds.c:ATExecAddInherit, ATExecDropInherit
void Inspector::NoteInheritance(const action::AlterRelation& alter, const Relation& table) {
  const Relation* parent = Find(alter.other);
  if (parent == nullptr) return FailMissing(alter.other);
  Add(Role::kInherited, *parent);
  const bool inherits =
      std::find(table.parents.begin(), table.parents.end(), parent->id) != table.parents.end();
  if (table.is_partition) return Fail("42809", "cannot change inheritance of a partition");
  const bool joins = alter.alteration == Alteration::kInherit;
  if (joins && parent->is_partition) return Fail("42809", "cannot inherit from a partition");
  if (joins && !CheckUntyped(table, "change inheritance of")) return;
  if (alter.alteration == Alteration::kNoInherit) {
    if (!inherits && KnowsAll(table) && KnowsAll(*parent)) {
      Fail("42P01", absl::StrCat("relation \"", parent->name, "\" is not a parent of relation \"",
                                 table.name, "\""));
    }
    return NoteBehaviour(
        *parent, absl::StrCat("the rows of `", table.name, "` are gone from `", parent->name, "`"));
  }
  if (parent->kind == RelationKind::kPartitionedTable) {
    return Fail("42809",
                absl::StrCat("cannot inherit from partitioned table \"", parent->name, "\""));
  }
  const std::vector<const Relation*> below = view_.DescendantsOf(table);
  if (parent->id == table.id || std::find(below.begin(), below.end(), parent) != below.end()) {
    return Fail("42P07", "circular inheritance not allowed");
  }
  if (inherits) {
    return Fail("42P07", absl::StrCat("relation \"", parent->name,
                                      "\" would be inherited from more than once"));
  }
  CheckMerges(*parent, table);
}

// One comparison or null test of a column each.
bool AreOtherConditions(const OptionalPredicate& one, const OptionalPredicate& other) {
  const auto is_plain = [](const OptionalPredicate& predicate) {
    const bool leaf = predicate != nullptr && (predicate->kind == PredicateKind::kCompare ||
                                               predicate->kind == PredicateKind::kIsNull);
    return leaf && !predicate->term.column.empty() && predicate->term.cast.empty() &&
           !predicate->term.murky && predicate->literal.type.empty();
  };
  return is_plain(one) && is_plain(other) && !(*one == *other);
}

// Whether a table can become the child of another: it has every column, with the type, and every
// check (tablecmds.c:MergeAttributesIntoExisting, MergeConstraintsIntoExisting).
void Inspector::CheckMerges(const Relation& parent, const Relation& child) {
  if (!KnowsAll(child)) return;
  for (const TableColumn& column : parent.columns) {
    const TableColumn* own = child.FindColumn(column.name);
    if (own == nullptr) {
      return Fail("42804", absl::StrCat("child table is missing column \"", column.name, "\""));
    }
    if (own->type != nullptr && column.type != nullptr && !SameType(*own->type, *column.type)) {
      return Fail("42804", absl::StrCat("child table \"", child.name,
                                        "\" has different type for column \"", column.name, "\""));
    }
    const auto computed = [](const TableColumn& of) {
      return of.generated == Generated::kStored || of.generated == Generated::kVirtual;
    };
    // Until 15 a child could compute what its parent does not.
    const bool alike =
        computed(*own) ? computed(column) || situation_.server_version < 16 : !computed(column);
    if (!alike) {
      return Fail("42804", absl::StrCat("column \"", column.name,
                                        "\" is generated in parent or child alone"));
    }
    // A partition's NOT NULL is asked for too; so is a child's, since 9.2 for primary keys alone.
    if (column.not_null && !own->not_null) {
      return Fail("42804", absl::StrCat("column \"", column.name, "\" in child table \"",
                                        child.name, "\" must be marked NOT NULL"));
    }
  }
  for (const TableConstraint& constraint : parent.constraints) {
    if (constraint.kind != ConstraintKind::kCheck) continue;
    const TableConstraint* own = child.FindConstraint(constraint.name);
    if (own == nullptr || own->kind != ConstraintKind::kCheck) {
      return Fail("42804",
                  absl::StrCat("child table is missing constraint \"", constraint.name, "\""));
    }
    if (AreOtherConditions(own->predicate, constraint.predicate)) {
      return Fail("42804", absl::StrCat("child table has another check constraint \"",
                                        constraint.name, "\""));
    }
    if (own->no_inherit || (!own->validated && constraint.validated)) {
      return Fail("42P17", absl::StrCat("constraint \"", constraint.name,
                                        "\" conflicts with that of the child table"));
    }
  }
}

// ---- upkeep ----------------------------------------------------------------------------------

std::vector<const Relation*> Inspector::UpkeepTargets(const action::Maintain& maintain) {
  std::vector<const Relation*> targets;
  for (const Target& target : maintain.relations) {
    const Relation* relation = Find(target.name);
    if (relation == nullptr) {
      FailMissing(target.name);
      continue;
    }
    targets.push_back(relation);
  }
  if (!maintain.relations.empty()) return targets;
  const bool schema = maintain.upkeep == Upkeep::kReindexSchema;
  for (const Relation* relation :
       schema ? view_.RelationsIn(maintain.object) : view_.AllRelations()) {
    if (relation->persistence == Persistence::kTemporary || relation->assumed) continue;
    // vacuum.c:get_all_vacuum_rels
    const bool whole =
        relation->kind == RelationKind::kPartitionedTable && maintain.upkeep == Upkeep::kAnalyze;
    if (relation->kind == RelationKind::kTable || whole ||
        relation->kind == RelationKind::kMaterializedView) {
      targets.push_back(relation);
    }
  }
  return targets;
}

// Of a VACUUM FULL, which skips no pages anyway.
static bool SkipsNothing(const action::Maintain& maintain) {
  return maintain.upkeep == Upkeep::kVacuumFull &&
         std::find(maintain.options.begin(), maintain.options.end(), "disable_page_skipping") !=
             maintain.options.end();
}

void Inspector::Look(const action::Maintain& maintain) {
  // Before 16 vacuum.c:vacuum asked for the transaction first.
  if (SkipsNothing(maintain)) {
    Fail("0A000", "VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL");
  }
  facts_.form = static_cast<int>(maintain.upkeep);
  if (maintain.concurrently) facts_.conditions |= kConcurrently;
  if (maintain.upkeep == Upkeep::kReindexSchema &&
      FailIfGone(ObjectKind::kSchema, {.name = maintain.object})) {
    return;
  }
  std::vector<const Relation*> targets = UpkeepTargets(maintain);
  for (size_t i = 0; i < maintain.relations.size() && i < targets.size(); ++i) {
    const bool analyzes = maintain.analyzes && i < maintain.columns.size();
    if (analyzes && !CheckAnalyzed(*targets[i], maintain.columns[i])) return;
    NoteUpkeep(maintain, *targets[i], maintain.relations[i].only);
  }
  if (!maintain.relations.empty()) return;
  for (const Relation* target : targets) NoteUpkeep(maintain, *target, true);
}

static bool IsUpkeepOption(Upkeep upkeep, absl::string_view option) {
  static constexpr absl::string_view kOfAnalyze[] = {"verbose", "skip_locked",
                                                     "buffer_usage_limit"};
  static constexpr absl::string_view kOfVacuum[] = {"analyze",
                                                    "freeze",
                                                    "full",
                                                    "disable_page_skipping",
                                                    "index_cleanup",
                                                    "process_main",
                                                    "process_toast",
                                                    "truncate",
                                                    "parallel",
                                                    "skip_database_stats",
                                                    "only_database_stats"};
  static constexpr absl::string_view kOfReindex[] = {"verbose", "concurrently", "tablespace"};
  const auto is_in = [&](const auto& names) {
    return std::find(std::begin(names), std::end(names), option) != std::end(names);
  };
  if (upkeep == Upkeep::kCluster) return option == "verbose";
  if (upkeep >= Upkeep::kReindexIndex) return is_in(kOfReindex);
  return is_in(kOfAnalyze) || (upkeep != Upkeep::kAnalyze && is_in(kOfVacuum));
}

// vacuum.c:ExecVacuum looks at the options before it asks for the transaction.
void Inspector::CheckUpkeepOptions(const action::Maintain& maintain) {
  for (const std::string& option : maintain.options) {
    if (IsUpkeepOption(maintain.upkeep, option)) continue;
    return Fail("42601", absl::StrCat("unrecognized option \"", option, "\""));
  }
  const bool full = maintain.upkeep == Upkeep::kVacuumFull;
  const bool columns = std::any_of(maintain.columns.begin(), maintain.columns.end(),
                                   [](const auto& named) { return !named.empty(); });
  if (columns && !maintain.analyzes) {
    Fail("0A000", "ANALYZE option must be specified when a column list is provided");
  } else if (full && maintain.parallel && situation_.server_version >= 13) {
    Fail("0A000", "VACUUM FULL cannot be performed in parallel");
  } else if (SkipsNothing(maintain) && situation_.server_version >= 16) {
    Fail("0A000", "VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL");
  }
}

// analyze.c:do_analyze_rel
bool Inspector::CheckAnalyzed(const Relation& relation, const std::vector<std::string>& columns) {
  for (auto column = columns.begin(); column != columns.end(); ++column) {
    if (!HasColumn(relation, *column)) return false;
    if (std::find(columns.begin(), column, *column) == column) continue;
    Fail("42701", absl::StrCat("column \"", *column, "\" of relation \"", relation.name,
                               "\" appears more than once"));
    return false;
  }
  return true;
}

// VACUUM and ANALYZE pass over what they cannot work on, with a warning; the others refuse it.
bool Inspector::IsUpkeepOf(const action::Maintain& maintain, const Relation& relation) {
  if (relation.assumed) return true;
  const bool view = relation.kind == RelationKind::kView;
  switch (maintain.upkeep) {
    case Upkeep::kVacuum:
    case Upkeep::kVacuumFull:
    case Upkeep::kAnalyze:
      return !view && !relation.IsIndex() && relation.kind != RelationKind::kSequence;
    case Upkeep::kReindexIndex:
      if (relation.IsIndex()) return true;
      Fail("42809", absl::StrCat("\"", relation.name, "\" is not an index"));
      return false;
    case Upkeep::kReindexTable:
    case Upkeep::kCluster:
    case Upkeep::kRepack:
      if (!view && !relation.IsIndex() && relation.kind != RelationKind::kSequence) return true;
      Fail("42809", absl::StrCat("\"", relation.name, "\" is not a table or materialized view"));
      return false;
    default:
      return true;
  }
}

void Inspector::NoteUpkeep(const action::Maintain& maintain, const Relation& relation, bool only) {
  if (!IsUpkeepOf(maintain, relation)) return;
  switch (maintain.upkeep) {
    case Upkeep::kVacuum:
    case Upkeep::kVacuumFull:
      return NoteVacuum(maintain, relation, only);
    case Upkeep::kAnalyze:
      Add(Role::kTable, relation);
      for (const Relation* child : view_.DescendantsOf(relation)) {
        // Their rows are sampled for the whole's statistics; since 18 ONLY leaves their own alone.
        const bool own = !only && (child->is_partition || situation_.server_version >= 18);
        Add(own ? Role::kDescendant : Role::kRead, *child);
      }
      return;
    case Upkeep::kCluster:
      return NoteCluster(maintain, relation);
    case Upkeep::kRepack:
      return NoteRepack(maintain, relation);
    case Upkeep::kReindexIndex:
    case Upkeep::kReindexTable:
    case Upkeep::kReindexSchema:
    case Upkeep::kReindexDatabase:
      return NoteReindex(maintain, relation);
    case Upkeep::kReindexSystem:
      return;
    case Upkeep::kRefresh:
      return NoteRefresh(maintain, relation);
  }
}

void Inspector::NoteVacuum(const action::Maintain& maintain, const Relation& relation, bool only) {
  Add(Role::kTable, relation);
  const bool full = maintain.upkeep == Upkeep::kVacuumFull;
  std::vector<const Relation*> heaps = Heaps(relation, true);
  // Partitions are vacuumed for their whole; children by inheritance since 18, unless ONLY.
  const bool recurses = !only && (relation.kind == RelationKind::kPartitionedTable ||
                                  situation_.server_version >= 18);
  if (recurses) {
    for (const Relation* child : view_.DescendantsOf(relation)) Add(Role::kDescendant, *child);
    heaps = Heaps(relation, false);
  }
  if (!full) return;
  Rewrite(heaps, Cause::kMaintenance, false);
  Scan(heaps, Cause::kMaintenance);
}

// Of what commits after every part.
bool Inspector::CheckRunsAlone(absl::string_view command) {
  facts_.forbidden_in_transaction = true;
  if (!situation_.in_transaction_block) return true;
  Fail("25001", absl::StrCat(command, " cannot run inside a transaction block"));
  return false;
}

// What CLUSTER and REPACK share: a table is written anew, or every part of a whole, in the order of
// the index where there is one. Its name is empty where the table does not say by which it was
// ordered before.
void Inspector::NoteWrittenAnew(const Relation& relation, const std::string* index) {
  if (index != nullptr && index->empty() && KnowsAll(relation)) {
    return Fail("42704", absl::StrCat("there is no previously clustered index for table \"",
                                      relation.name, "\""));
  }
  if (!CheckNotInUse(relation)) return;
  if (index != nullptr && !CheckClustering(relation, *index)) return;
  const bool partitioned = relation.kind == RelationKind::kPartitionedTable;
  Add(Role::kTable, relation);
  for (const Relation* child : view_.DescendantsOf(relation)) {
    if (partitioned) Add(Role::kDescendant, *child);
  }
  const std::vector<const Relation*> heaps = Heaps(relation, !partitioned);
  Rewrite(heaps, Cause::kMaintenance, false);
  Scan(heaps, Cause::kMaintenance);
}

void Inspector::NoteCluster(const action::Maintain& maintain, const Relation& relation) {
  const bool all = maintain.relations.empty();
  const bool partitioned = relation.kind == RelationKind::kPartitionedTable;
  // CLUSTER alone does those that were clustered before.
  if (all && relation.clustered_on.empty()) return;
  if (partitioned && situation_.server_version < 15) {
    return Fail("0A000", "cannot cluster a partitioned table");
  }
  if (partitioned && !CheckRunsAlone("CLUSTER")) return;
  const bool again = all || maintain.object.empty();
  NoteWrittenAnew(relation, again ? &relation.clustered_on : &maintain.object);
}

// repack.sgml of 19. CONCURRENTLY works under SHARE UPDATE EXCLUSIVE and swaps the files under the
// lock that the table shows.
void Inspector::NoteRepack(const action::Maintain& maintain, const Relation& relation) {
  const bool all = maintain.relations.empty();
  const bool partitioned = relation.kind == RelationKind::kPartitionedTable;
  if (all && maintain.by_index && relation.clustered_on.empty()) return;
  const bool alone = partitioned || maintain.analyzes || maintain.concurrently;
  if (alone && !CheckRunsAlone("REPACK")) return;
  const std::string& index = maintain.object.empty() ? relation.clustered_on : maintain.object;
  NoteWrittenAnew(relation, maintain.by_index ? &index : nullptr);
}

// cluster.c:check_index_is_clusterable
bool Inspector::CheckClustering(const Relation& relation, const std::string& name) {
  const Relation* index = Find({.schema = relation.schema, .name = name});
  if (index == nullptr) {
    if (!KnowsAll(relation)) return true;
    Fail("42704",
         absl::StrCat("index \"", name, "\" for table \"", relation.name, "\" does not exist"));
  } else if (index->assumed) {
    return true;
  } else if (index->table != relation.id) {
    Fail("42809", absl::StrCat("\"", name, "\" is not an index for table \"", relation.name, "\""));
  } else if (index->has_predicate) {
    Fail("0A000", absl::StrCat("cannot cluster on partial index \"", name, "\""));
  } else if (index->method != "btree" && index->method != "gist") {
    Fail("0A000", absl::StrCat("cannot cluster on index \"", name,
                               "\" because access method does not support clustering"));
  }
  return !facts_.failure;
}

void Inspector::NoteReindex(const action::Maintain& maintain, const Relation& relation) {
  const bool one = relation.IsIndex();
  const Relation* table = one ? view_.Find(relation.table) : &relation;
  const bool partitioned = relation.kind == RelationKind::kPartitionedIndex ||
                           relation.kind == RelationKind::kPartitionedTable;
  if (table == nullptr) return;
  if (!partitioned) {
    Add(Role::kTable, *table);
    for (const Relation* index : view_.IndexesOf(*table)) {
      if (!one || index->id == relation.id) NoteRebuilt(*index, *table);
    }
    return;
  }
  if (situation_.server_version < 14) {
    // Up to 13 the command has nothing to do with the whole but to lock it.
    if (one) return Fail("0A000", "REINDEX is not yet implemented for partitioned indexes");
    // 12 gives it back before it says so.
    const bool holds = !maintain.concurrently || situation_.server_version == 13;
    return holds ? Add(Role::kTable, *table) : void();
  }
  if (!CheckRunsAlone("REINDEX of a partitioned relation")) return;
  // The whole is locked while it is looked up; the parts are done in transactions of their own.
  Add(Role::kTable, *table);
  if (one) Add(Role::kRecreatedIndex, relation);
  for (const Relation* part : view_.DescendantsOf(relation)) {
    if (part->kind == RelationKind::kPartitionedTable ||
        part->kind == RelationKind::kPartitionedIndex) {
      continue;
    }
    const Relation* heap = one ? view_.Find(part->table) : part;
    if (heap == nullptr) continue;
    bool has_index = false;
    for (const Relation* index : view_.IndexesOf(*heap)) {
      if (one && index->id != part->id) continue;
      NoteRebuilt(*index, *heap);
      has_index = true;
    }
    if (has_index || !one) Add(Role::kTable, *heap);
  }
}

void Inspector::NoteRebuilt(const Relation& index, const Relation& table) {
  Add(Role::kRecreatedIndex, index);
  AddBuild(table, index.DisplayName(), Cause::kMaintenance);
  Add(Role::kScanned, table, Cause::kMaintenance);
}

void Inspector::NoteRefresh(const action::Maintain& maintain, const Relation& relation) {
  if (relation.kind != RelationKind::kMaterializedView) {
    if (relation.assumed) return Add(Role::kTable, relation);
    return Fail("0A000", absl::StrCat("\"", relation.name, "\" is not a materialized view"));
  }
  const std::vector<const Relation*> indexes = view_.IndexesOf(relation);
  if (maintain.concurrently) {
    if (!relation.maybe_has_rows && !relation.assumed) {
      return Fail("0A000",
                  "CONCURRENTLY cannot be used when the materialized view is not populated");
    }
    if (!maintain.with_data) {
      return Fail("42601", "REFRESH options CONCURRENTLY and WITH NO DATA cannot be used together");
    }
    const bool unique = std::any_of(indexes.begin(), indexes.end(), [](const Relation* index) {
      return index->unique && index->valid && !index->has_expression && !index->has_predicate;
    });
    if (!unique) {
      return Fail("55000", absl::StrCat("cannot refresh materialized view \"",
                                        relation.DisplayName(), "\" concurrently"));
    }
    Scan({&relation}, Cause::kQuery);
  }
  Add(Role::kTable, relation);
  // Building its indexes reads the new rows.
  if (!indexes.empty()) Scan({&relation}, Cause::kMaintenance);
  for (const ViewUse& use : relation.uses) {
    const Relation* read = view_.Find(use.relation);
    if (read == nullptr || !maintain.with_data) continue;
    NoteReadAll(*read);
  }
  if (!maintain.concurrently) Rewrite({&relation}, Cause::kMaintenance, false);
}

}  // namespace plimsoll
