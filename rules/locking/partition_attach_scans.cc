#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// A constant of a bound as SQL; empty where it is none that can be written as it stands.
std::string Constant(const BoundValue& value) {
  const Literal& literal = value.literal;
  if (value.kind != BoundKind::kConstant || !literal.type.empty()) return "";
  if (literal.kind == LiteralKind::kNull) return "";
  if (literal.kind != LiteralKind::kString) return literal.text;
  return absl::StrCat("'", absl::StrReplaceAll(literal.text, {{"'", "''"}}), "'");
}

// The condition that a bound puts on rows, where one column is the key and the bound is plain;
// else empty.
std::string ConditionOf(const Relation& whole, const PartitionBound& bound) {
  if (whole.partition_keys.size() != 1 || whole.partition_keys[0].empty()) return "";
  const std::string key = SqlName(whole.partition_keys[0]);
  std::string condition = absl::StrCat(key, " IS NOT NULL");
  if (bound.strategy == PartitionStrategy::kList) {
    std::vector<std::string> values;
    for (const BoundValue& value : bound.values) {
      values.push_back(Constant(value));
      if (values.back().empty()) return "";
    }
    return absl::StrCat(condition, " AND ", key, " IN (", absl::StrJoin(values, ", "), ")");
  }
  if (bound.lower.size() != 1 || bound.upper.size() != 1) return "";
  const std::pair<const BoundValue&, const char*> ends[] = {{bound.lower[0], " >= "},
                                                            {bound.upper[0], " < "}};
  for (const auto& [value, comparison] : ends) {
    if (value.kind == BoundKind::kMinValue || value.kind == BoundKind::kMaxValue) continue;
    const std::string constant = Constant(value);
    if (constant.empty()) return "";
    absl::StrAppend(&condition, " AND ", key, comparison, constant);
  }
  return condition;
}

// How to have it proven before that no row needs to be looked at.
std::string ProofHelp(const Relation& whole, const PartitionBound& bound, const std::string& table,
                      bool of_default) {
  // By a check that calls satisfies_hash_partition, and only where no key has a collation.
  if (bound.strategy == PartitionStrategy::kHash) {
    return "no check that is easily written proves the bound of a hash partition: attach the table "
           "before it has rows, and fill it afterwards";
  }
  const std::string condition = ConditionOf(whole, bound);
  std::string check;
  if (!condition.empty()) {
    check = of_default ? absl::StrCat(", `CHECK (NOT (", condition, "))`")
                       : absl::StrCat(", `CHECK (", condition, ")`");
  }
  return absl::StrCat("before, give ", Quoted(table), " a check that ",
                      of_default ? "excludes" : "implies", " the new partition's bound", check,
                      ": NOT VALID, then VALIDATE CONSTRAINT in another transaction; drop it "
                      "afterwards");
}

struct Scanned {
  const Work* work = nullptr;
  bool part = false;  // it is the new partition's
};

// What is read: first of all the default partition, which is in use.
Scanned FindScan(const History& history, const Step& step, const Relation* part) {
  Scanned found;
  for (const Work& work : step.effects.work) {
    if (work.kind != WorkKind::kScan || !work.relation.live) continue;
    const CatalogView before = history.Before(step);
    const Relation* scanned = before.Find(work.relation.id);
    bool of_part = false;
    while (scanned != nullptr && part != nullptr) {
      of_part = of_part || scanned->id == part->id;
      scanned = scanned->parents.empty() ? nullptr : before.Find(scanned->parents[0]);
    }
    const bool graver = found.work == nullptr || (found.part && !of_part);
    if (graver) found = {.work = &work, .part = of_part};
  }
  return found;
}

// What it is read for.
std::string Reason(const Work& work, const std::string& whole) {
  if (work.cause == Cause::kIndex) {
    return absl::StrCat(", to build an index that ", Quoted(whole), " has and it lacks,");
  }
  if (work.cause == Cause::kForeignKey) {
    return absl::StrCat(", to check a foreign key of ", Quoted(whole), ",");
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(partition_attach_scans) = {
    .id = "partition-attach-scans",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "ATTACH PARTITION reads whole tables that nobody can use meanwhile",
    .why =
        "each row of the new partition has to lie within its bound, and none of the default "
        "partition's may; both are locked against reads and writes until that is known",
    .help =
        "before attaching, give the table a check that implies the bound, NOT VALID, and validate "
        "it: no row is read then",
    .docs = R"md(
The partitioned table itself stays usable, as `ATTACH PARTITION` takes no more than SHARE UPDATE
EXCLUSIVE on it. The table that becomes a partition is locked while it is read:

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_2025 (at date not null, value numeric);
--- 002_attach.sql
alter table reading attach partition reading_2025 for values from ('2025-01-01') to ('2026-01-01');
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ partition-attach-scans: reads every row of `reading_2025` while ACCESS EXCLUSIVE on `reading_2025` blocks reads and writes
```

A validated check that implies the bound tells PostgreSQL all it wants to know:

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_2025 (at date not null, value numeric);
--- 002_check.sql
alter table reading_2025 add constraint reading_2025_bound
  check (at is not null and at >= '2025-01-01' and at < '2026-01-01') not valid;
--- 003_validate.sql
alter table reading_2025 validate constraint reading_2025_bound;
--- 004_attach.sql
alter table reading attach partition reading_2025 for values from ('2025-01-01') to ('2026-01-01');
alter table reading_2025 drop constraint reading_2025_bound;
```

Where there is a default partition, it may hold rows that are now the new partition's. It is in use,
so this is graver:

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_rest partition of reading default;
--- 002_attach.sql
create table reading_2025 (at date not null, value numeric);
alter table reading attach partition reading_2025 for values from ('2025-01-01') to ('2026-01-01');
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ partition-attach-scans: reads every row of `reading_rest` while ACCESS EXCLUSIVE on `reading_rest` blocks reads and writes
```

Here the check that helps is one of the default partition, and says that it holds none of these
rows:

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_rest partition of reading default;
--- 002_check.sql
alter table reading_rest add constraint reading_rest_bound
  check (not (at is not null and at >= '2025-01-01' and at < '2026-01-01')) not valid;
--- 003_validate.sql
alter table reading_rest validate constraint reading_rest_bound;
--- 004_attach.sql
create table reading_2025 (at date not null, value numeric);
alter table reading attach partition reading_2025 for values from ('2025-01-01') to ('2026-01-01');
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* attach = step.As<action::AttachPartition>();
            if (attach == nullptr) continue;
            const std::vector<std::string>& path = history.SessionAt(step).search_path;
            const CatalogView before = history.Before(step);
            const Relation* whole = before.Find(attach->whole.name, path);
            const Scanned scan = FindScan(history, step, before.Find(attach->part, path));
            if (scan.work == nullptr || whole == nullptr) continue;
            const Affected& read = scan.work->relation;
            const Lock* lock = step.effects.LockOn(read.id);
            const bool locked = lock != nullptr && BlocksReads(lock->mode);
            Complaint complaint = {
                .message = absl::StrCat(
                    scan.work->possible ? "may read" : "reads", " every row of ", Quoted(read.name),
                    Reason(*scan.work, whole->DisplayName()), " while ",
                    locked ? absl::StrCat(LockModeName(lock->mode), " on ", Quoted(read.name),
                                          " blocks reads and writes")
                           : BlockingWords(step))};
            if (scan.work->cause == Cause::kPartition && attach->bound != nullptr) {
              complaint.help = ProofHelp(*whole, *attach->bound, read.name, !scan.part);
            } else if (scan.work->cause == Cause::kIndex) {
              complaint.help = absl::StrCat(
                  "give ", Quoted(read.name),
                  " the same index before, built CONCURRENTLY, and the constraint that "
                  "it is of, if any; ATTACH takes it over");
            } else {
              complaint.help =
                  absl::StrCat("add the same foreign key to ", Quoted(attach->part.name),
                               " before, NOT VALID, and validate it; ATTACH takes it over");
            }
            if (scan.part) complaint.severity = Severity::kWarning;
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
