// What is read and an older server's grammar does not take. Ours is that of the newest version that
// is measured, and newer.cc; what is told here is told by a field of the action, and fails with
// 42601.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/syntax/body.h"

namespace plimsoll {
namespace {

// The version that brought what the action says; 0: all have it.
class SyntaxAge {
 public:
  explicit SyntaxAge(int server_version) : version_(server_version) {}

  // Its words and the version that brought them, the newest if there are some; empty: none.
  struct Newer {
    absl::string_view words;
    int since = 0;
  };

  Newer Of(const Action& action) {
    std::visit([this](const auto& kind) { Look(kind); }, action.kind);
    return newer_;
  }

 private:
  void Note(bool said, absl::string_view words, int since) {
    if (said && version_ < since && since > newer_.since) newer_ = {words, since};
  }

  void Look(const Constraint& constraint, bool of_table) {
    const bool not_null = constraint.kind == ConstraintKind::kNotNull;
    Note(not_null && of_table, "NOT NULL as a table constraint", 18);
    Note(not_null && constraint.no_inherit, "NOT NULL ... NO INHERIT", 18);
    Note(constraint.not_enforced, "NOT ENFORCED", 18);
    Note(constraint.overlaps, "WITHOUT OVERLAPS or PERIOD", 18);
    Note(constraint.nulls_not_distinct, "NULLS NOT DISTINCT", 15);
    Note(!constraint.set_columns.empty(), "columns of ON DELETE SET", 15);
  }
  void Look(const Column& column) {
    Note(column.generated == Generated::kVirtual, "a virtual generated column", 18);
    for (const Constraint& constraint : column.constraints) Look(constraint, false);
  }
  void Look(const action::CreateTable& create) {
    for (const Column& column : create.columns) Look(column);
    for (const Constraint& constraint : create.constraints) Look(constraint, true);
    Look(create.selection);
  }
  void Look(const action::AddColumn& add) { Look(add.column); }
  void Look(const action::AddConstraint& add) { Look(add.constraint, true); }
  void Look(const action::AlterConstraint& alter) {
    Note(alter.enforced.has_value(), "ALTER CONSTRAINT ... ENFORCED", 18);
    // NO INHERIT the grammar knows, and refuses otherwise.
    Note(alter.no_inherit == false, "ALTER CONSTRAINT ... INHERIT", 18);
  }
  void Look(const action::RenameColumn& rename) {
    Note(rename.table.kind == ObjectKind::kView, "ALTER VIEW ... RENAME COLUMN", 13);
  }
  void Look(const action::ChangeObject& change) {
    const bool target =
        change.kind == ObjectKind::kStatistics && change.change == action::ObjectChange::kAlter;
    Note(target, "ALTER STATISTICS ... SET STATISTICS", 13);
  }
  void Look(const action::Grant& grant) {
    for (const std::string& privilege : grant.privileges) {
      Note(privilege == "set" || privilege == "alter system", "privileges on parameters", 15);
    }
  }
  // commands/vacuum.c:ExecVacuum, indexcmds.c:ExecReindex, cluster.c:cluster; REINDEX had a list of
  // its own in the grammar before 14, and CLUSTER none.
  void LookAtOption(action::Upkeep upkeep, absl::string_view option) {
    using action::Upkeep;
    if (upkeep == Upkeep::kCluster) return Note(true, "options of CLUSTER", 14);
    if (upkeep >= Upkeep::kReindexIndex) {
      return Note(option != "verbose", "options of REINDEX but for VERBOSE", 14);
    }
    Note(option == "parallel", "VACUUM (PARALLEL)", 13);
    Note(option == "process_toast", "VACUUM (PROCESS_TOAST)", 14);
    const bool of_16 = option == "process_main" || option == "skip_database_stats" ||
                       option == "only_database_stats" || option == "buffer_usage_limit";
    Note(of_16, "an option of VACUUM", 16);
  }
  void Look(const action::Maintain& maintain) {
    for (const std::string& option : maintain.options) LookAtOption(maintain.upkeep, option);
    const bool whole = maintain.upkeep == action::Upkeep::kReindexDatabase ||
                       maintain.upkeep == action::Upkeep::kReindexSystem;
    Note(whole && maintain.object.empty(), "REINDEX DATABASE or SYSTEM without a name", 16);
    Note(maintain.upkeep == action::Upkeep::kRepack, "REPACK", 19);
    const bool only = std::any_of(maintain.relations.begin(), maintain.relations.end(),
                                  [](const Target& target) { return target.only; });
    Note(only, "ONLY in VACUUM and ANALYZE", 18);
  }
  void Look(const action::AlterRelation& alter) {
    using action::Alteration;
    Note(alter.alteration == Alteration::kDropExpression, "DROP EXPRESSION", 13);
    Note(alter.alteration == Alteration::kSetCompression, "SET COMPRESSION", 14);
    Note(alter.alteration == Alteration::kSetAccessMethod, "SET ACCESS METHOD", 15);
    Note(alter.alteration == Alteration::kSetAccessMethod && alter.object.empty(),
         "SET ACCESS METHOD DEFAULT", 17);
    Note(alter.alteration == Alteration::kSetStorage &&
             absl::EqualsIgnoreCase(alter.object, "default"),
         "SET STORAGE DEFAULT", 16);
    Note(alter.alteration == Alteration::kSetExpression, "SET EXPRESSION", 17);
  }
  void Look(const action::CreateIndex& create) {
    Note(create.nulls_not_distinct, "NULLS NOT DISTINCT", 15);
  }
  void Look(const action::DetachPartition& detach) {
    Note(detach.concurrently, "DETACH PARTITION ... CONCURRENTLY", 14);
    Note(detach.finalize, "DETACH PARTITION ... FINALIZE", 14);
  }
  void Look(const action::RearrangePartitions& rearrange) {
    const bool splits = rearrange.from.size() == 1;
    Note(true, splits ? "SPLIT PARTITION" : "MERGE PARTITIONS", 19);
  }
  void Look(const action::CreateFunction& create) {
    Note(create.body != nullptr && create.body->atomic, "a body that is no string", 14);
  }
  void Look(const action::CreateTrigger& create) {
    Note(create.or_replace, "CREATE OR REPLACE TRIGGER", 14);
  }
  void Look(const action::CreateStatistics& create) {
    Note(create.statistics.name.empty(), "CREATE STATISTICS without a name", 16);
  }
  void Look(const action::AlterPublication& alter) {
    Note(!alter.schemas.empty(), "TABLES IN SCHEMA", 15);
    for (const action::PublishedTable& table : alter.tables) {
      Note(table.filter != nullptr, "WHERE of a publication", 15);
      Note(!table.columns.empty(), "columns of a publication", 15);
    }
  }
  void Look(const action::CreateView& create) { Look(create.selection); }
  void Look(const action::ModifyData& modify) {
    const bool merges = std::any_of(
        modify.writes.begin(), modify.writes.end(),
        [](const action::Write& write) { return write.verb == action::DataVerb::kMerge; });
    Note(merges, "MERGE", 15);
    for (const action::Write& write : modify.writes) {
      Note(write.by_source, "WHEN NOT MATCHED BY SOURCE", 17);
    }
    Note(merges && modify.selection && !modify.selection->columns.empty(), "MERGE ... RETURNING",
         17);
    Look(modify.selection);
  }
  void Look(const OptionalSelection& selection) {
    if (selection == nullptr) return;
    for (const Selection::Source& source : selection->sources) {
      Note(source.derived && source.alias.empty(), "a subquery in FROM without an alias", 16);
    }
  }
  template <typename T>
  void Look(const T& /*other*/) {}

  int version_;
  Newer newer_;
};

}  // namespace

void Inspector::CheckSyntax(const Action& action) {
  const SyntaxAge::Newer newer = SyntaxAge(situation_.server_version).Of(action);
  if (newer.since == 0) return;
  Fail("42601", absl::StrCat("syntax error: ", newer.words, " came with PostgreSQL ", newer.since));
}

}  // namespace plimsoll
