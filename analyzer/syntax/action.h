#ifndef PLIMSOLL_ANALYZER_SYNTAX_ACTION_H_
#define PLIMSOLL_ANALYZER_SYNTAX_ACTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/syntax/source.h"

// What statements do, in the words of the domain. This is all that the simulation and the rules
// ever see of SQL: the parse tree ends in lower.cc. If a rule needs something that is not here,
// a field is missing.

namespace plimsoll {

// A name as PostgreSQL reads it: folded to lower case unless it was quoted. `schema` is empty
// where the statement does not give one; a database part is dropped.
struct Name {
  std::string schema;
  std::string name;

  friend bool operator==(const Name&, const Name&) = default;
};

// A type as written. `name` is the grammar's own spelling of it (`int4`, `varchar`, `bpchar`,
// `timestamptz`, …) without `pg_catalog`.
struct TypeName {
  Name name;
  std::vector<int32_t> modifiers;  // varchar(10) -> {10}; interval: field mask, then precision
  bool array = false;
  std::string collation;  // of a COLLATE clause
};

// One function call in an expression. `arguments` is their number; it tells overloads apart.
struct FunctionCall {
  Name function;
  uint32_t arguments = 0;
};

// A sequence that nextval, currval or setval is called for by a constant: its name or, of
// pg_get_serial_sequence, the table and the column that own it.
struct SequenceUse {
  Name name;
  std::string column;  // empty: `name` is the sequence

  friend bool operator==(const SequenceUse&, const SequenceUse&) = default;
};

enum class OperationKind : uint8_t {
  kConstant,  // `name` is its type: int4, int8, numeric, bool, bit; `unknown` of strings and NULL
  kColumn,
  kCall,      // of a function
  kOperator,  // of one operand (a prefix) or two; BETWEEN and IN take more, the first against each
  kAnyOperator,  // `a = ANY (b)`: the second operand is an array
  kCast,
  kCollate,
  kTruth,   // AND, OR, NOT, IS NULL and their kin: a bool
  kCommon,  // COALESCE, GREATEST, LEAST, CASE, NULLIF: one of the last `operands`' types
  kArray,   // ARRAY[…]
  kOther,   // does nothing of its own, but its type is not known: ROW, subscripts
  kOpaque,  // subqueries, XML and JSON constructors: nothing is known
};

// One operation of the computing of an expression. Steps are in postfix order: the operands of a
// operation are the values of those before it.
struct Operation {
  OperationKind kind = OperationKind::kOther;
  uint32_t operands = 0;
  Name name;                             // of a function or operator; the type of a constant
  std::string text;                      // of a string constant; the name of a column
  std::shared_ptr<const TypeName> type;  // of a cast
};

// What may be asked about an SQL expression without its tree.
struct Expression {
  bool is_null = false;      // the constant NULL, casts of it included
  bool is_constant = false;  // a constant or a cast of one
  std::vector<FunctionCall> calls;
  std::vector<std::string> columns;  // columns mentioned, in order of first mention
  // Columns that cannot be null in a row for which the expression holds, where that follows from
  // IS NOT NULL and its kin joined by AND: the conjunctions that PostgreSQL's
  // predtest.c:predicate_implied_by understands for SET NOT NULL.
  std::vector<std::string> proven_not_null;
  bool has_subquery = false;
  std::vector<Operation> operations;   // none within a subquery
  std::vector<SequenceUse> sequences;  // each once
  // Relations named by constants of the type regclass: the expression depends on them.
  std::vector<Name> depends_on;
};

// An expression that most actions of its kind lack; null where there is none. Shared, so that an
// action without one stays small and one with it is cheap to copy.
using OptionalExpression = std::shared_ptr<const Expression>;

enum class ConstraintKind {
  kNotNull,
  kNull,
  kCheck,
  kUnique,
  kPrimaryKey,
  kForeignKey,
  kExclusion
};

struct Constraint {
  ConstraintKind kind = ConstraintKind::kCheck;
  std::string name;                  // empty: PostgreSQL chooses it
  std::vector<std::string> columns;  // of the table; empty for a check
  std::vector<std::string> include;
  OptionalExpression expression;                // of a check
  Name referenced;                              // of a foreign key
  std::vector<std::string> referenced_columns;  // empty: the primary key
  std::string using_index;                      // UNIQUE or PRIMARY KEY USING INDEX
  bool not_valid = false;
  bool not_enforced = false;
  bool no_inherit = false;
  bool deferrable = false;
  bool deletes_write = false;  // ON DELETE CASCADE, SET NULL or SET DEFAULT
  bool updates_write = false;  // ON UPDATE likewise
};

enum class Generated { kNo, kStored, kVirtual, kIdentity };

struct Column {
  std::string name;
  TypeName type;
  bool serial = false;  // smallserial, serial, bigserial: type is the integer behind it
  Generated generated = Generated::kNo;
  OptionalExpression default_value;
  OptionalExpression generated_from;    // GENERATED ALWAYS AS (…)
  std::vector<Constraint> constraints;  // inline ones; NOT NULL too
};

enum class Persistence { kPermanent, kUnlogged, kTemporary };

// What ALTER, DROP and COMMENT speak of.
enum class ObjectKind {
  kTable,
  kIndex,
  kView,
  kMaterializedView,
  kSequence,
  kForeignTable,
  kSchema,
  kType,
  kDomain,
  kFunction,
  kProcedure,
  kAggregate,
  kRoutine,
  kTrigger,
  kPolicy,
  kRule,
  kExtension,
  kOther,
};

// The relation that an ALTER TABLE (INDEX, VIEW, …) names.
struct Target {
  Name name;
  ObjectKind kind = ObjectKind::kTable;  // the word after ALTER, which may differ from what it is
  bool only = false;                     // ONLY: no recursion to children
  bool if_exists = false;
};

namespace action {

// ---- transactions and session ----------------------------------------------------------------
struct Begin {};
struct Commit {
  bool chain = false;
};
struct Rollback {
  bool chain = false;
};
struct Savepoint {
  std::string name;
};
struct RollbackTo {
  std::string name;
};
struct Release {
  std::string name;
};
// SET, SET LOCAL, RESET and SELECT set_config(…). `values` is empty for RESET, DEFAULT and RESET
// ALL (name empty).
struct SetParameter {
  std::string name;
  std::vector<std::string> values;
  bool local = false;
};

// ---- creating --------------------------------------------------------------------------------
struct CreateTable {
  Name table;
  bool if_not_exists = false;
  Persistence persistence = Persistence::kPermanent;
  std::vector<Column> columns;
  std::vector<Constraint> constraints;
  std::vector<Name> inherits;
  std::vector<Name> like;
  bool like_indexes = false;  // LIKE … INCLUDING INDEXES or ALL
  std::optional<Name> partition_of;
  bool partitioned = false;  // PARTITION BY
  std::vector<std::string> partition_keys;
  bool default_partition = false;  // PARTITION OF … DEFAULT
  bool drops_at_commit = false;    // ON COMMIT DROP
  bool as_query = false;           // CREATE TABLE AS, SELECT INTO
  bool with_data = true;
  std::vector<Name> reads;  // relations the query reads
  std::vector<FunctionCall> calls;
  bool executes = false;  // CREATE TABLE AS EXECUTE: what it reads is not known
};
struct IndexColumn {
  std::string column;  // empty: an expression
  std::string collation;
  std::string operator_class;
};
struct CreateIndex {
  std::string name;       // empty: PostgreSQL chooses it
  std::string name_hint;  // column part of the name PostgreSQL would choose: `a_b`, `lower`, `expr`
  Name table;
  bool only = false;
  bool concurrently = false;
  bool if_not_exists = false;
  bool unique = false;
  std::string method = "btree";
  std::vector<IndexColumn> columns;
  std::vector<std::string> include;
  std::vector<std::string> mentions;  // columns in expressions and the predicate
  bool has_expression = false;
  bool has_predicate = false;
};
struct CreateSchema {
  std::string name;
  bool if_not_exists = false;
};
struct CreateSequence {
  Name sequence;
  bool if_not_exists = false;
  Persistence persistence = Persistence::kPermanent;
  std::optional<Name> owned_by;  // the table
};
// A column that a view's query names. `relation` is what its qualifier stands for; without one it
// is empty, and an empty `column` is the star.
struct ColumnUse {
  std::optional<Name> relation;
  std::string column;
};
struct CreateView {
  Name view;
  bool or_replace = false;
  bool materialized = false;
  bool if_not_exists = false;
  bool with_data = true;
  Persistence persistence = Persistence::kPermanent;
  std::vector<Name> reads;
  std::vector<ColumnUse> columns_used;
  bool has_subquery = false;  // names without a qualifier may then belong to it
  // It shows every row of the one relation that it reads, each as one row: no WHERE, no grouping.
  bool plain = false;
  bool star = false;  // and all its columns: `SELECT *`
  std::vector<FunctionCall> calls;
  // Its columns' names in order; empty where the text alone does not tell (`SELECT *`).
  std::vector<std::string> columns;
};
enum class Volatility { kImmutable, kStable, kVolatile };
struct CreateFunction {
  Name function;
  bool or_replace = false;
  bool procedure = false;
  Volatility volatility = Volatility::kVolatile;
  uint32_t arguments = 0;
  std::string language;
  // A LANGUAGE sql function whose body is one constant: the planner inlines it, so declaring it
  // volatile changes nothing (optimizer/util/clauses.c:inline_function).
  bool constant_body = false;
};
struct CreateTrigger {
  std::string name;
  Name table;
  bool or_replace = false;
  Name function;
  std::optional<Name> from;  // CREATE CONSTRAINT TRIGGER … FROM
};
struct CreatePolicy {
  std::string name;
  Name table;
  bool restrictive = false;
  std::vector<Name> reads;
};
enum class TypeKind { kEnum, kComposite, kRange, kDomain, kBase };
struct CreateType {
  Name type;
  TypeKind kind = TypeKind::kEnum;
  std::vector<std::string> labels;      // of an enum
  std::optional<TypeName> base;         // of a domain
  std::vector<Constraint> constraints;  // of a domain
  OptionalExpression default_value;
};
struct CreateExtension {
  std::string name;
  bool if_not_exists = false;
};

// ---- ALTER TABLE, a struct a subcommand ------------------------------------------------------
struct AddColumn {
  Target table;
  Column column;
  bool if_not_exists = false;
};
struct DropColumn {
  Target table;
  std::string column;
  bool if_exists = false;
  bool cascade = false;
};
struct SetNotNull {
  Target table;
  std::string column;
};
struct DropNotNull {
  Target table;
  std::string column;
};
struct SetDefault {
  Target table;
  std::string column;
  Expression value;
};
struct DropDefault {
  Target table;
  std::string column;
};
struct AlterColumnType {
  Target table;
  std::string column;
  TypeName type;
  OptionalExpression using_expression;
};
struct AddConstraint {
  Target table;
  Constraint constraint;
};
struct DropConstraint {
  Target table;
  std::string constraint;
  bool if_exists = false;
  bool cascade = false;
};
struct ValidateConstraint {
  Target table;
  std::string constraint;
};
struct RenameColumn {
  Target table;
  std::string column;
  std::string to;
};
struct RenameConstraint {
  Target table;
  std::string constraint;
  std::string to;
};
struct RenameType {
  Name type;
  std::string to;
};
struct RenameRelation {
  Target relation;
  std::string to;
};
struct SetSchema {
  Target relation;
  std::string schema;
};
struct RenameSchema {
  std::string schema;
  std::string to;
};
enum class RowSecurity { kEnable, kDisable, kForce, kNoForce };
struct SetRowSecurity {
  Target table;
  RowSecurity security = RowSecurity::kEnable;
};

// ---- dropping and data -----------------------------------------------------------------------
struct Drop {
  ObjectKind kind = ObjectKind::kTable;
  std::vector<Name> objects;  // for triggers, policies and rules: the object's own name
  Name on_table;              // of a trigger, policy or rule
  bool if_exists = false;
  bool cascade = false;
  bool concurrently = false;
};
struct Truncate {
  std::vector<Target> tables;
  bool cascade = false;
  bool restart_identity = false;
};
// LOCK TABLE.
struct LockTable {
  std::vector<Target> tables;
  std::string mode = "ACCESS EXCLUSIVE";  // as the manual spells it
};
enum class DataVerb { kInsert, kUpdate, kDelete, kMerge };
// The rows of one table that a query changes. MERGE is one for itself, and one more for each of its
// WHEN clauses.
struct Write {
  DataVerb verb = DataVerb::kInsert;
  Target table;
  // UPDATE and DELETE choose rows by their columns; MERGE by its join.
  bool has_where = false;
  std::vector<std::string> columns;  // that UPDATE assigns to
};
// SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE and COPY.
struct ModifyData {
  std::vector<Write> writes;  // its own, if it has one, then those of its WITH list
  bool locks_rows = false;    // SELECT … FOR UPDATE and its kin
  std::vector<Name> reads;    // other relations it reads
  bool reads_all = false;     // an INSERT whose SELECT has no WHERE and no LIMIT
  std::vector<FunctionCall> calls;
  std::vector<SequenceUse> sequences;
};

// A statement, or a subcommand, that Plimsoll does not model. It claims no effects, and every
// output says that it was not modelled.
struct Other {
  std::string what;             // PostgreSQL's command tag, and the subcommand where there are some
  std::vector<Name> relations;  // that it names
  bool outside_transactions = false;  // VACUUM, CREATE DATABASE, REINDEX CONCURRENTLY, …
};

}  // namespace action

using ActionKind = std::variant<
    action::Begin, action::Commit, action::Rollback, action::Savepoint, action::RollbackTo,
    action::Release, action::SetParameter, action::CreateTable, action::CreateIndex,
    action::CreateSchema, action::CreateSequence, action::CreateView, action::CreateFunction,
    action::CreateTrigger, action::CreatePolicy, action::CreateType, action::CreateExtension,
    action::AddColumn, action::DropColumn, action::SetNotNull, action::DropNotNull,
    action::SetDefault, action::DropDefault, action::AlterColumnType, action::AddConstraint,
    action::DropConstraint, action::ValidateConstraint, action::RenameColumn,
    action::RenameConstraint, action::RenameType, action::RenameRelation, action::SetSchema,
    action::RenameSchema, action::SetRowSecurity, action::Drop, action::Truncate, action::LockTable,
    action::ModifyData, action::Other>;

// One thing a statement does, and the words that say it. An ALTER TABLE with three subcommands is
// three actions with three spans; a CREATE SCHEMA is one action, and one more for each element;
// any other statement is one action that spans all of it.
struct Action {
  Span span;
  ActionKind kind;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_ACTION_H_
