#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll::rules {
namespace {

// The words of the subcommand behind TYPE: the type, and the expression of USING where there is
// one.
struct TypeWords {
  std::string type;
  std::string expression;
};

TypeWords WordsOf(const History& history, const Step& step) {
  TypeWords words;
  const Source& source = history.SourceOf(step);
  const absl::string_view text = source.Text(step.span);
  Lexer lexer(text);
  Token token;
  const auto next = [&] {
    const bool found = lexer.NextCode(&token);
    return found ? text.substr(token.span.begin, token.span.end - token.span.begin) : "";
  };
  next();  // ALTER
  // The column, which may be called what is looked for below.
  if (absl::EqualsIgnoreCase(next(), "column")) next();
  uint32_t type = 0;
  int depth = 0;
  while (lexer.NextCode(&token)) {
    const absl::string_view word = text.substr(token.span.begin, token.span.end - token.span.begin);
    depth += (word == "(" ? 1 : 0) - (word == ")" ? 1 : 0);
    if (depth > 0 || token.kind != TokenKind::kIdentifier) continue;
    if (type == 0 && absl::EqualsIgnoreCase(word, "type")) type = token.span.end;
    if (type == 0 || !absl::EqualsIgnoreCase(word, "using")) continue;
    words.type = std::string(text.substr(type, token.span.begin - type));
    words.expression = std::string(text.substr(token.span.end));
    break;
  }
  if (words.type.empty()) words.type = std::string(text.substr(type));
  absl::StripAsciiWhitespace(&words.type);
  absl::StripAsciiWhitespace(&words.expression);
  return words;
}

bool Contains(const std::vector<std::string>& columns, const std::string& column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

// The way of one column to another type by a second column, which takes its name in the end. What
// hangs on the old one is collected as SQL where files tell all of it, else in words.
class Exchange {
 public:
  Exchange(const History& history, const Step& step, const Relation& table)
      : history_(history),
        step_(step),
        before_(history.Before(step)),
        relation_(table),
        alter_(*step.As<action::AlterColumnType>()),
        words_(WordsOf(history, step)),
        table_(SqlName(alter_.table.name)),
        column_(SqlName(alter_.column)),
        new_(SqlName(alter_.column + "_new")),
        old_(SqlName(alter_.column + "_old")),
        sync_(LastTriggerName(table,
                              absl::StrCat(alter_.table.name.name, "_", alter_.column, "_sync"))) {}

  std::vector<PlanStep> Plan() {
    known_ = relation_.FindColumn(alter_.column);
    NoteNotNull();
    NoteIndexes();
    NoteForeignKeys();
    NoteReferences();
    NoteChecks();
    NoteDefault();
    std::vector<PlanStep> plan = {ExpandStep(), BackfillStep()};
    if (!online_.empty()) {
      plan.push_back({.stage = Stage::kBackfill,
                      .what = "make for the new column what hangs on the old one, each statement "
                              "outside of a transaction",
                      .sql = absl::StrJoin(online_, "\n")});
    }
    plan.push_back({.stage = Stage::kSwitch,
                    .what = absl::StrCat("deploy code that takes ", column_, " of either type")});
    plan.push_back(SwapStep());
    if (!later_.empty()) {
      plan.push_back({.stage = Stage::kSwitch,
                      .what = "validate what was added over rows that are there",
                      .sql = absl::StrJoin(later_, "\n")});
    }
    plan.push_back({.stage = Stage::kContract,
                    .what = "drop the old column when nothing has gone wrong",
                    .sql = absl::StrCat("-- plimsoll:allow column-drop -- the new column holds the "
                                        "same\nalter table ",
                                        table_, " drop column ", old_, ";")});
    return plan;
  }

 private:
  std::string Function() const { return SqlName(Name{alter_.table.name.schema, sync_}); }

  void Swap(absl::string_view change) {
    swap_.push_back(absl::StrCat("alter table ", table_, " ", change, ";"));
  }

  PlanStep ExpandStep() const {
    // The expression speaks of the columns of a row, as in the statement.
    const std::string value =
        words_.expression.empty()
            ? absl::StrCat("new.", column_)
            : absl::StrCat("(select ", words_.expression, " from (select new.*) as ",
                           SqlName(alter_.table.name.name), ")");
    return {.stage = Stage::kExpand,
            .what = "add a column of the new type, and a trigger that fills it",
            .sql = InTransaction(
                history_, step_,
                absl::StrCat("alter table ", table_, " add column ", new_, " ", words_.type,
                             ";\ncreate function ", Function(),
                             "() returns trigger language plpgsql as $$\nbegin\n", "  new.", new_,
                             " := ", value, ";\n  return new;\nend $$;\ncreate trigger ",
                             SqlName(sync_), " before insert or update on ", table_,
                             "\n  for each row execute function ", Function(), "();"))};
  }

  PlanStep BackfillStep() const {
    return {.stage = Stage::kBackfill,
            .what =
                "fill the rows that are there, batch after batch, each in a transaction of its "
                "own, up to the end of the table",
            .sql = absl::StrCat("update ", table_, " set ", new_, " = ",
                                words_.expression.empty() ? column_ : words_.expression, " where ",
                                BatchOf(relation_), ";")};
  }

  PlanStep SwapStep() const {
    std::string what =
        "let the columns change names in one transaction, which locks for changes of the catalog "
        "alone";
    if (!unsaid_.empty()) {
      absl::StrAppend(&what, "; what these files do not tell whole has to be carried over too: ",
                      absl::StrJoin(unsaid_, ", "));
    }
    std::vector<std::string> all = {
        absl::StrCat("drop trigger ", SqlName(sync_), " on ", table_, ";"),
        absl::StrCat("drop function ", Function(), "();")};
    all.insert(all.end(), first_.begin(), first_.end());
    for (const auto& [from, to] : {std::pair(column_, old_), std::pair(new_, column_)}) {
      all.push_back(absl::StrCat(
          "-- plimsoll:allow column-rename -- the other column takes its name\nalter table ",
          table_, " rename column ", from, " to ", to, ";"));
    }
    all.insert(all.end(), swap_.begin(), swap_.end());
    return {.stage = Stage::kSwitch,
            .what = std::move(what),
            .sql = InTransaction(history_, step_, absl::StrJoin(all, "\n"))};
  }

  // SET NOT NULL reads no row where a validated check says the same.
  void NoteNotNull() {
    if (known_ == nullptr || !known_->not_null) return;
    const std::string check = SqlName(sync_ + "_not_null");
    online_.push_back(absl::StrCat("alter table ", table_, " add constraint ", check, " check (",
                                   new_, " is not null) not valid;"));
    online_.push_back(absl::StrCat("alter table ", table_, " validate constraint ", check, ";"));
    Swap(absl::StrCat("alter column ", column_, " set not null"));
    Swap(absl::StrCat("drop constraint ", check));
  }

  const TableConstraint* ConstraintOf(const Relation& index) const {
    for (const TableConstraint& constraint : relation_.constraints) {
      if (constraint.index == index.id) return &constraint;
    }
    return nullptr;
  }

  // Whether the keys alone say what index it is.
  static bool IsPlain(const Relation& index, const TableConstraint* constraint) {
    const bool keyed =
        std::all_of(index.keys.begin(), index.keys.end(), [](const action::IndexColumn& key) {
          return !key.column.empty() && key.operator_class.empty() && key.collation.empty() &&
                 !key.reordered;
        });
    const bool exclusion =
        constraint != nullptr &&
        (constraint->kind == ConstraintKind::kExclusion || constraint->deferrable);
    return keyed && !exclusion && !index.has_predicate && index.include.empty() &&
           !index.nulls_not_distinct && index.kind == RelationKind::kIndex;
  }

  void NoteIndexes() {
    for (const Relation* index : before_.IndexesOf(relation_)) {
      const bool uses = std::find(index->mentions.begin(), index->mentions.end(), alter_.column) !=
                        index->mentions.end();
      if (!uses) continue;
      const TableConstraint* constraint = ConstraintOf(*index);
      if (!IsPlain(*index, constraint)) {
        unsaid_.push_back(absl::StrCat("index ", SqlName(index->name)));
        continue;
      }
      NoteIndex(*index, constraint);
    }
  }

  void NoteIndex(const Relation& index, const TableConstraint* constraint) {
    std::vector<std::string> keys;
    for (const action::IndexColumn& key : index.keys) {
      keys.push_back(key.column == alter_.column ? new_ : SqlName(key.column));
    }
    const std::string made = SqlName(index.name + "_new");
    const std::string name = SqlName(index.name);
    online_.push_back(absl::StrCat("create ", index.unique ? "unique " : "", "index concurrently ",
                                   made, " on ", table_, " using ", SqlName(index.method), " (",
                                   absl::StrJoin(keys, ", "), ");"));
    if (constraint != nullptr) {
      const bool primary = constraint->kind == ConstraintKind::kPrimaryKey;
      Swap(absl::StrCat("drop constraint ", name));
      Swap(absl::StrCat("add constraint ", name, primary ? " primary key" : " unique",
                        " using index ", made));
      return;
    }
    const std::string& schema = alter_.table.name.schema;
    swap_.push_back(absl::StrCat("drop index ", SqlName(Name{schema, index.name}), ";"));
    swap_.push_back(absl::StrCat("alter index ", SqlName(Name{schema, index.name + "_new"}),
                                 " rename to ", name, ";"));
  }

  static std::string List(const std::vector<std::string>& columns, const std::string& from,
                          const std::string& to) {
    std::vector<std::string> names;
    for (const std::string& column : columns)
      names.push_back(column == from ? to : SqlName(column));
    return absl::StrCat("(", absl::StrJoin(names, ", "), ")");
  }

  static absl::string_view ActionWords(ReferentialAction action) {
    switch (action) {
      case ReferentialAction::kRestrict:
        return "restrict";
      case ReferentialAction::kCascade:
        return "cascade";
      case ReferentialAction::kSetNull:
        return "set null";
      case ReferentialAction::kSetDefault:
        return "set default";
      case ReferentialAction::kNoAction:
        break;
    }
    return "";
  }

  // What the files tell is all there is to it: not which columns SET NULL sets, nor MATCH FULL, of
  // several.
  static bool IsPlain(const TableConstraint& foreign) {
    const bool single = foreign.columns.size() == 1;
    return foreign.enforced && (single || !(Sets(foreign.on_delete) || Sets(foreign.on_update)));
  }

  // From REFERENCES on.
  std::string ReferenceOf(const TableConstraint& foreign) const {
    const Relation* referenced = before_.Find(foreign.referenced);
    if (referenced == nullptr) return "";
    std::string words =
        absl::StrCat(" references ", SqlName(Name{referenced->schema, referenced->name}));
    const std::vector<std::string> columns(foreign.referenced_columns.begin(),
                                           foreign.referenced_columns.end());
    if (!columns.empty()) absl::StrAppend(&words, " ", List(columns, "", ""));
    const absl::string_view on_delete = ActionWords(foreign.on_delete);
    const absl::string_view on_update = ActionWords(foreign.on_update);
    if (!on_delete.empty()) absl::StrAppend(&words, " on delete ", on_delete);
    if (!on_update.empty()) absl::StrAppend(&words, " on update ", on_update);
    if (foreign.deferrable) absl::StrAppend(&words, " deferrable");
    if (foreign.initially_deferred) absl::StrAppend(&words, " initially deferred");
    return words;
  }

  void NoteForeignKeys() {
    for (const TableConstraint& foreign : relation_.constraints) {
      if (foreign.kind != ConstraintKind::kForeignKey) continue;
      if (!Contains(foreign.columns, alter_.column)) continue;
      const std::string name = SqlName(foreign.name);
      const std::string reference = ReferenceOf(foreign);
      // One from this table to its own key comes with those of other tables.
      if (foreign.referenced == relation_.id && IsConcerned(foreign)) continue;
      if (!IsPlain(foreign) || reference.empty()) {
        unsaid_.push_back(absl::StrCat("foreign key ", name));
        continue;
      }
      const std::string made = SqlName(foreign.name + "_new");
      online_.push_back(absl::StrCat("alter table ", table_, " add constraint ", made,
                                     " foreign key ", List(foreign.columns, alter_.column, new_),
                                     reference, " not valid;"));
      online_.push_back(absl::StrCat("alter table ", table_, " validate constraint ", made, ";"));
      Swap(absl::StrCat("drop constraint ", name));
      Swap(absl::StrCat("rename constraint ", made, " to ", name));
    }
  }

  // Whether the foreign key refers to the column.
  bool IsConcerned(const TableConstraint& foreign) const {
    const std::vector<std::string> columns(foreign.referenced_columns.begin(),
                                           foreign.referenced_columns.end());
    return columns.empty() ? IsPrimary() : Contains(columns, alter_.column);
  }

  // A key that others refer to is dropped with their foreign keys, which come back unvalidated.
  void NoteReferences() {
    std::vector<const Relation*> tables = before_.ReferencingTables(relation_);
    tables.push_back(&relation_);
    for (const Relation* other : tables) {
      for (const TableConstraint& foreign : other->constraints) {
        if (foreign.kind != ConstraintKind::kForeignKey || foreign.referenced != relation_.id)
          continue;
        if (!IsConcerned(foreign)) continue;
        const std::string name = SqlName(foreign.name);
        const std::string table =
            absl::StrCat("alter table ", SqlName(Name{other->schema, other->name}));
        first_.push_back(absl::StrCat(table, " drop constraint ", name, ";"));
        if (!IsPlain(foreign)) {
          unsaid_.push_back(absl::StrCat("foreign key ", name, " of ", SqlName(other->name)));
          continue;
        }
        swap_.push_back(absl::StrCat(table, " add constraint ", name, " foreign key ",
                                     List(foreign.columns, "", ""), ReferenceOf(foreign),
                                     " not valid;"));
        later_.push_back(absl::StrCat(table, " validate constraint ", name, ";"));
      }
    }
  }

  bool IsPrimary() const {
    const TableConstraint* key = relation_.PrimaryKey();
    return key != nullptr && Contains(key->columns, alter_.column);
  }

  void NoteChecks() {
    for (const TableConstraint& check : relation_.constraints) {
      if (check.kind != ConstraintKind::kCheck || !Contains(check.columns, alter_.column)) continue;
      unsaid_.push_back(absl::StrCat("check ", SqlName(check.name)));
    }
  }

  // The sequence of a serial column, which goes with the old column unless the new one owns it.
  void NoteDefault() {
    if (known_ == nullptr) return;
    const bool identity = known_->generated == Generated::kIdentity;
    const std::string named = absl::StrCat("alter column ", column_);
    const std::string dropped = absl::StrCat("alter column ", old_);
    if (identity) {
      NoteIdentity(dropped, named);
    } else if (known_->has_default) {
      const std::string value = DefaultSql();
      if (value.empty()) {
        unsaid_.push_back("the default");
      } else {
        Swap(absl::StrCat(named, " set default ", value));
      }
      Swap(absl::StrCat(dropped, " drop default"));
      for (const Relation* sequence : before_.SequencesOf(relation_)) {
        if (sequence->owner_column != alter_.column) continue;
        swap_.push_back(absl::StrCat("alter sequence ",
                                     SqlName(Name{sequence->schema, sequence->name}), " owned by ",
                                     table_, ".", column_, ";"));
      }
    }
    if (known_->not_null) Swap(absl::StrCat(dropped, " drop not null"));
  }

  // What the files say of its numbers, where it is not the usual.
  static std::string OptionsOf(const Relation& sequence) {
    if (!sequence.numbers || !sequence.numbers->known) return "";
    const SequenceNumbers& numbers = *sequence.numbers;
    const bool rises = numbers.increment > 0;
    const bool small = numbers.type == "int2";
    const int64_t most = small ? INT16_MAX : numbers.type == "int4" ? INT32_MAX : INT64_MAX;
    const int64_t least = small ? INT16_MIN : numbers.type == "int4" ? INT32_MIN : INT64_MIN;
    std::vector<std::string> options;
    if (numbers.increment != 1) options.push_back(absl::StrCat("increment by ", numbers.increment));
    if (numbers.minimum != (rises ? 1 : least)) {
      options.push_back(absl::StrCat("minvalue ", numbers.minimum));
    }
    if (numbers.maximum != (rises ? most : -1)) {
      options.push_back(absl::StrCat("maxvalue ", numbers.maximum));
    }
    if (numbers.start != (rises ? numbers.minimum : numbers.maximum)) {
      options.push_back(absl::StrCat("start with ", numbers.start));
    }
    return options.empty() ? "" : absl::StrCat(" (", absl::StrJoin(options, " "), ")");
  }

  // The numbers go on where the old sequence is, which goes with its column's identity.
  void NoteIdentity(const std::string& dropped, const std::string& named) {
    const std::vector<const Relation*> sequences = before_.SequencesOf(relation_);
    const auto own = std::find_if(
        sequences.begin(), sequences.end(),
        [&](const Relation* sequence) { return sequence->owner_column == alter_.column; });
    const Relation* sequence = own == sequences.end() ? nullptr : *own;
    if (sequence != nullptr) {
      swap_.push_back(
          absl::StrCat("select set_config('plimsoll.number', last_value::text, true), "
                       "set_config('plimsoll.called', is_called::text, true) from ",
                       SqlName(Name{sequence->schema, sequence->name}), ";"));
    }
    Swap(absl::StrCat(dropped, " drop identity"));
    Swap(absl::StrCat(named, " add generated ", known_->always ? "always" : "by default",
                      " as identity", sequence == nullptr ? "" : OptionsOf(*sequence)));
    const std::string mine =
        absl::StrCat("pg_get_serial_sequence('", absl::StrReplaceAll(table_, {{"'", "''"}}), "', '",
                     absl::StrReplaceAll(alter_.column, {{"'", "''"}}), "')");
    swap_.push_back(sequence == nullptr
                        ? absl::StrCat("select setval(", mine, ", (select max(", column_, ") from ",
                                       table_, "));")
                        : absl::StrCat("select setval(", mine,
                                       ", current_setting('plimsoll.number')::bigint, "
                                       "current_setting('plimsoll.called')::boolean);"));
  }

  // A sequence may be owned and not drawn from.
  bool IsSerial() const {
    const Expression* value = known_->default_value.get();
    return value == nullptr || !value->sequences.empty();
  }

  std::string DefaultSql() const {
    for (const Relation* sequence : before_.SequencesOf(relation_)) {
      if (sequence->owner_column != alter_.column || !IsSerial()) continue;
      const std::string name = SqlName(Name{sequence->schema, sequence->name});
      return absl::StrCat("nextval('", absl::StrReplaceAll(name, {{"'", "''"}}), "')");
    }
    const Expression* value = known_->default_value.get();
    if (value == nullptr) return "";
    if (value->text) {
      return absl::StrCat("'", absl::StrReplaceAll(*value->text, {{"'", "''"}}), "'");
    }
    const bool number =
        value->operations.size() == 1 && value->operations[0].kind == OperationKind::kConstant;
    return number ? value->operations[0].text : "";
  }

  const History& history_;
  const Step& step_;
  CatalogView before_;
  const Relation& relation_;
  const action::AlterColumnType& alter_;
  TypeWords words_;
  const TableColumn* known_ = nullptr;  // null: no file tells of it
  std::string table_;                   // these as SQL
  std::string column_;
  std::string new_;
  std::string old_;
  std::string sync_;  // not as SQL: the trigger and its function
  std::vector<std::string> online_;
  std::vector<std::string> first_;  // of the exchange, before the names change
  std::vector<std::string> swap_;   // and after
  std::vector<std::string> later_;
  std::vector<std::string> unsaid_;
};

// The index of a partitioned table is not built CONCURRENTLY, and no constraint takes it over.
bool IsKeyOfWhole(const History& history, const Step& step, const Relation& table) {
  const std::string& column = step.As<action::AlterColumnType>()->column;
  if (table.kind != RelationKind::kPartitionedTable) return false;
  const std::vector<const Relation*> indexes = history.Before(step).IndexesOf(table);
  return std::any_of(indexes.begin(), indexes.end(), [&](const Relation* index) {
    return index->unique && std::find(index->mentions.begin(), index->mentions.end(), column) !=
                                index->mentions.end();
  });
}

std::vector<PlanStep> PlanOfTables(const Relation& table) {
  const std::string name = SqlName(Name{table.schema, table.name});
  return {
      {.stage = Stage::kExpand,
       .what = absl::StrCat("make a partitioned table of the new shape beside ", name,
                            ", with its keys and partitions, and a trigger on ", name,
                            " that writes each change to both")},
      {.stage = Stage::kBackfill,
       .what = "copy the rows that are there, partition by partition and batch after batch, each "
               "in a transaction of its own"},
      {.stage = Stage::kSwitch,
       .what = "let the two tables change names in one transaction, with the foreign keys of "
               "other tables NOT VALID, and validate those afterwards"},
      {.stage = Stage::kContract, .what = "drop the old table when nothing has gone wrong"}};
}

// A statement in a body, or with placeholders, is not in the file as the server gets it.
std::vector<PlanStep> PlanOf(const History& history, const Step& step) {
  const Relation* table = history.Before(step).Find(step.As<action::AlterColumnType>()->table.name,
                                                    history.SessionAt(step).search_path);
  if (table == nullptr || !CanEdit(history, step)) return {};
  if (IsKeyOfWhole(history, step, *table)) return PlanOfTables(*table);
  return Exchange(history, step, *table).Plan();
}

}  // namespace

PLIMSOLL_RULE(type_change_rewrites) = {
    .id = "type-change-rewrites",
    .family = Family::kRewriting,
    .severity = Severity::kError,
    .risk = Risk::kComplex,
    .since = "0.1",
    .summary = "ALTER COLUMN TYPE copies the whole table while nobody can use it",
    .why =
        "a new copy of every row is written, and all indexes are built again, under ACCESS "
        "EXCLUSIVE; code that was written for the old type meets the new one at once",
    .help =
        "add a column of the new type, keep it in step with a trigger, fill it in batches, "
        "switch the code, drop the old column",
    .docs = R"md(
Most changes of type write every row anew:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40));
--- 002_bigint.sql
alter table invoice alter column id type bigint;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-rewrites: rewrites `invoice` while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

Some need not. A `varchar` that only gets longer, or loses its limit, keeps its bytes, as do a
`numeric` that gets more digits before the point, and a `timestamp` that becomes `timestamptz` while
the session's time zone is UTC:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40), made_at timestamp);
--- 002_longer.sql
alter table invoice alter column note type varchar(80);
alter table invoice alter column note type text;
set timezone = 'UTC';
alter table invoice alter column made_at type timestamptz;
```

Even then checks may be read and indexes built again: see `type-change-rebuilds`.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* alter = step.As<action::AlterColumnType>();
            if (alter == nullptr) continue;
            if (const Work* rewrite = step.effects.LiveWork(WorkKind::kRewrite)) {
              Complaint complaint = {
                  .message =
                      absl::StrCat(rewrite->possible ? "may rewrite " : "rewrites ",
                                   Quoted(rewrite->relation.name), " while ", BlockingWords(step))};
              if (rewrite->possible) {
                absl::StrAppend(&complaint.message, ": one of the types is not known here");
                complaint.severity = Severity::kWarning;
                complaint.risk = Risk::kRisky;
              } else {
                complaint.plan = PlanOf(history, step);
              }
              report(step, std::move(complaint));
            }
          }
        },
};

}  // namespace plimsoll::rules
