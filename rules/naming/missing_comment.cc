#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The table that the step makes for good, as far as the step tells; null where there is none.
const Relation* MadeBy(const History& history, const Step& step) {
  const auto* create = step.As<action::CreateTable>();
  if (create == nullptr) return nullptr;
  const Relation* table =
      history.After(step).Find(create->table, history.SessionAt(step).search_path);
  if (table == nullptr || table->persistence == Persistence::kTemporary) return nullptr;
  // IF NOT EXISTS is content with an older one.
  return history.Before(step).Find(table->id) == nullptr ? table : nullptr;
}

// The table that the step comments on; null where there is none.
const Relation* CommentedBy(const History& history, const Step& step) {
  const auto* annotate = step.As<action::Annotate>();
  if (annotate == nullptr || annotate->label) return nullptr;
  const bool table =
      annotate->kind == ObjectKind::kTable || annotate->kind == ObjectKind::kForeignTable;
  if (!table) return nullptr;
  return history.After(step).Find(annotate->object, history.SessionAt(step).search_path);
}

}  // namespace

PLIMSOLL_RULE(missing_comment) = {
    .id = "missing-comment",
    .family = Family::kNaming,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a new table without COMMENT ON TABLE leaves it to its readers what its rows are",
    .why =
        "whoever made it knows what a row stands for; who finds it in the catalog later does not",
    .help = "COMMENT ON TABLE in the migration that creates it",
    .docs = R"md(
```sql
create table invoice (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-comment: nothing says what the rows of `invoice` are
```

```sql
create table invoice (id bigint primary key);
comment on table invoice is 'one bill, as it was sent';
create temporary table scratch (id bigint);
```

A partition needs none: that of the whole is said of it too.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          struct Made {
            const Step* step;
            RelationId table;
          };
          std::vector<Made> made;
          absl::flat_hash_set<RelationId> commented;
          const std::vector<Step>& steps = history.steps();
          for (size_t i = 0; i < steps.size(); ++i) {
            const Step& step = steps[i];
            if (const Relation* table = MadeBy(history, step)) {
              made.push_back({.step = &step, .table = table->id});
            }
            if (const Relation* table = CommentedBy(history, step)) commented.insert(table->id);
            if (i + 1 < steps.size() && steps[i + 1].migration == step.migration) continue;
            for (const Made& one : made) {
              const Relation* table = history.After(step).Find(one.table);
              if (table == nullptr || table->is_partition || commented.contains(one.table))
                continue;
              report(*one.step, {.message = absl::StrCat("nothing says what the rows of ",
                                                         Quoted(table->DisplayName()), " are"),
                                 .locks = std::vector<Lock>()});
            }
            made.clear();
          }
        },
};

}  // namespace plimsoll::rules
