#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

using action::Maintain;
using action::Upkeep;

bool IsReindex(Upkeep upkeep) {
  return upkeep == Upkeep::kReindexIndex || upkeep == Upkeep::kReindexTable ||
         upkeep == Upkeep::kReindexSchema || upkeep == Upkeep::kReindexDatabase;
}

// The index or table that the statement names, where no file creates it: what is built again for
// it is then not known.
const Relation* UnknownTarget(const History& history, const Step& step, const Maintain& maintain) {
  if (maintain.relations.empty() || step.effects.failure) return nullptr;
  const Relation* relation =
      history.Before(step).Find(maintain.relations[0].name, history.SessionAt(step).search_path);
  return relation != nullptr && relation->assumed ? relation : nullptr;
}

// indexcmds.c:ReindexRelationConcurrently passes over the index of an exclusion constraint, with a
// warning, and refuses it where it is named.
bool RebuildsExclusion(const CatalogView& before, const std::vector<const Work*>& builds) {
  for (const Work* build : builds) {
    const Relation* table = before.Find(build->relation.id);
    if (table == nullptr) continue;
    for (const TableConstraint& constraint : table->constraints) {
      const Relation* index = before.Find(constraint.index);
      const bool this_one = index != nullptr && index->DisplayName() == build->index;
      if (this_one && constraint.kind == ConstraintKind::kExclusion) return true;
    }
  }
  return false;
}

// The lock by which the transaction keeps readers from that table already; empty: none.
std::string HeldWords(const History& history, const Step& step,
                      const std::vector<const Work*>& builds) {
  if (builds.empty()) return "";
  for (const Lock& held : history.HeldBefore(step)) {
    if (held.relation.id != builds[0]->relation.id || !BlocksReads(held.mode)) continue;
    return absl::StrCat(LockModeName(held.mode), " on ", Quoted(held.relation.name),
                        ", held already, blocks ", WhatItBlocks(held.mode));
  }
  return "";
}

// Whether the migration has switched indexes off by hand: then this is what makes them whole.
bool MendsWhatIsBroken(const History& history, const Step& step) {
  for (const Step& earlier : EarlierInMigration(history, step)) {
    const auto* modify = earlier.As<action::ModifyData>();
    if (modify == nullptr) continue;
    for (const action::Write& write : modify->writes) {
      if (write.table.name.name == "pg_index") return true;
    }
  }
  return false;
}

// `index `i` again while SHARE on `t` blocks writes`. `held`: see HeldWords.
std::string WhatIsBuilt(const Maintain& maintain, const std::string& held,
                        const std::vector<const Work*>& builds, const Relation* unknown) {
  bool many = builds.empty() && unknown == nullptr;
  for (const Work* build : builds) many |= build->relation.id != builds[0]->relation.id;
  const bool one = maintain.upkeep == Upkeep::kReindexIndex;
  std::string named = maintain.object;
  if (!maintain.relations.empty()) {
    const Name& name = maintain.relations[0].name;
    named = name.schema.empty() ? name.name : absl::StrCat(name.schema, ".", name.name);
  }
  std::string table = "each table in turn";
  if (!many && !builds.empty()) table = Quoted(builds[0]->relation.name);
  if (builds.empty() && unknown != nullptr) {
    table = one ? std::string("its table") : Quoted(unknown->DisplayName());
  }
  std::string what =
      one ? absl::StrCat("index ", Quoted(named)) : absl::StrCat("the indexes of ", Quoted(named));
  if (maintain.upkeep == Upkeep::kReindexDatabase) what = "the indexes of the whole database";
  if (!held.empty()) return absl::StrCat(what, " again while ", held);
  return absl::StrCat(what, " again while SHARE on ", table,
                      " blocks writes, and ACCESS EXCLUSIVE on ", one ? "the index" : "each index",
                      " nearly every query");
}

std::vector<Fix> FixesOf(const History& history, const Step& step, const Maintain& maintain,
                         bool known) {
  // Without an exclusion constraint CONCURRENTLY does the same; but of a database it leaves out the
  // system's catalogs.
  const char* const word = maintain.upkeep == Upkeep::kReindexIndex    ? "INDEX"
                           : maintain.upkeep == Upkeep::kReindexTable  ? "TABLE"
                           : maintain.upkeep == Upkeep::kReindexSchema ? "SCHEMA"
                                                                       : nullptr;
  if (word == nullptr) return {};
  // Of an index: what comes later may drop it.
  const bool index = maintain.upkeep == Upkeep::kReindexIndex;
  const std::string name = index ? maintain.relations[0].name.name : "";
  const std::optional<Edit> edit = InsertAfter(history, step, word, "CONCURRENTLY");
  if (!edit) return {};
  return RunOutside(history, step, "build it CONCURRENTLY", name, *edit, known);
}

std::string HelpFor(const History& history, const Step& step) {
  return absl::StrCat("use REINDEX … CONCURRENTLY, ", OutsideTransaction(history, step),
                      "; if it fails, drop the invalid index that it leaves, whose name ends in "
                      "`_ccnew`, and start again");
}

}  // namespace

PLIMSOLL_RULE(reindex_blocks_writes) = {
    .id = "reindex-blocks-writes",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "REINDEX blocks writes, and nearly every query, until the index is built again",
    .why =
        "to plan a query PostgreSQL opens all indexes of its tables, and waits for the one that is "
        "being built",
    .help =
        "use REINDEX … CONCURRENTLY, outside a transaction; if it fails, drop the invalid index "
        "that it leaves, whose name ends in `_ccnew`, and start again",
    .docs = R"md(
`REINDEX` holds SHARE on the table, for which writers wait, and ACCESS EXCLUSIVE on the index.
Readers may use the table, but the planner looks at each of its indexes, whether the query needs it
or not, so nearly every query waits too.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
--- 002_reindex.sql
reindex index account_email;
--^^^^^^^^^^^^^^^^^^^^^^^^^ reindex-blocks-writes: builds index `account_email` again while SHARE on `account` blocks writes, and ACCESS EXCLUSIVE on the index nearly every query
reindex table account;
--^^^^^^^^^^^^^^^^^^^ reindex-blocks-writes: builds the indexes of `account` again while SHARE on `account` blocks writes, and ACCESS EXCLUSIVE on each index nearly every query
```

`CONCURRENTLY` builds a new index beside the old one and swaps them. Nobody waits for it. It must
stand outside a transaction, and each statement may fail and leave an invalid index behind.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
--- 002_reindex.sql
reindex index concurrently account_email;
reindex (verbose) table concurrently account;
```

The index of an exclusion constraint cannot be built again that way: PostgreSQL refuses it where it
is named, and passes over it with its table. `REINDEX DATABASE … CONCURRENTLY` passes over the
system's catalogs.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* maintain = step.As<Maintain>();
            if (maintain == nullptr || !IsReindex(maintain->upkeep) || maintain->concurrently) {
              continue;
            }
            std::vector<const Work*> builds;
            for (const Work& work : step.effects.work) {
              const bool build = work.kind == WorkKind::kIndexBuild;
              if (build && work.relation.live) builds.push_back(&work);
            }
            const Relation* unknown = UnknownTarget(history, step, *maintain);
            if (builds.empty() && unknown == nullptr) continue;
            const std::string held = HeldWords(history, step, builds);
            Complaint complaint = {
                .message = absl::StrCat("builds ", WhatIsBuilt(*maintain, held, builds, unknown))};
            if (!held.empty()) {
              complaint.why = "every query on the table waits until the last index is built";
            }
            if (MendsWhatIsBroken(history, step)) {
              complaint.help =
                  "leave the changes of pg_index away, and this with them; while they stand, it "
                  "has to stay in their transaction, or broken indexes are committed";
            } else if (RebuildsExclusion(history.Before(step), builds)) {
              complaint.help =
                  "the index of an exclusion constraint has no form that works online: build it "
                  "while nobody writes, with a lock_timeout set";
            } else {
              complaint.help = HelpFor(history, step);
              complaint.fixes = FixesOf(history, step, *maintain, unknown == nullptr);
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
