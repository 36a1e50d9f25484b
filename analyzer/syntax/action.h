#ifndef PLIMSOLL_ANALYZER_SYNTAX_ACTION_H_
#define PLIMSOLL_ANALYZER_SYNTAX_ACTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "analyzer/boxed.h"
#include "analyzer/syntax/predicate.h"
#include "analyzer/syntax/source.h"
#include "analyzer/thin_vector.h"

// What statements do, in the words of the domain. This is all that the simulation and the rules
// ever see of SQL: the parse tree ends in lower.cc. If a rule needs something that is not here,
// a field is missing.

namespace plimsoll {

struct Body;           // what a routine does: analyzer/syntax/body.h
struct BodyStatement;  // likewise

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

  friend bool operator==(const TypeName&, const TypeName&) = default;
};

// One function call in an expression. `arguments` is their number; it tells overloads apart.
struct FunctionCall {
  Name function;
  uint32_t arguments = 0;
  // It runs whenever its statement does: CALL, and what a SELECT without conditions shows.
  bool certain = false;
  // Its one argument is a bare name: `f(t)` may be the column f of a row of t.
  bool of_name = false;
};

// A string constant that has to be a value of a type: the one it is cast to or, where `type` has no
// name, that of a column of the table at hand.
struct TypedText {
  Name type;
  std::string column;
  std::string text;
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

// One step of the computing of an expression. They are in postfix order: the operands of one are
// the values of those before it.
struct Operation {
  OperationKind kind = OperationKind::kOther;
  uint32_t operands = 0;
  // Of a function or operator; the type of a constant or of a row; a column's qualifier.
  Name name;
  // Of a constant, as written; the name of a column; `=>` of a call whose arguments have names.
  std::string text;
  std::shared_ptr<const TypeName> type;  // of a cast
  uint32_t results = 0;  // of CASE: as many of the last operands are what it results in
};

// What may be asked about an SQL expression without its tree.
struct Expression {
  bool is_null = false;      // the constant NULL, casts of it included
  bool is_constant = false;  // a constant or a cast of one
  std::vector<FunctionCall> calls;
  std::vector<std::string> columns;  // columns mentioned, in order of first mention
  OptionalPredicate predicate;       // of checks alone: what the expression says
  bool has_subquery = false;
  bool has_window = false;            // a call with OVER
  ThinVector<Name> types;             // that casts name
  std::vector<Operation> operations;  // none within a subquery
  ThinVector<SequenceUse> sequences;  // each once
  // Relations named by constants of the type regclass: the expression depends on them.
  ThinVector<Name> depends_on;
  ThinVector<TypedText> texts;      // constants that are cast, or compared with a column
  std::optional<std::string> text;  // of a string constant without a cast
};

// An expression that most actions of its kind lack; null where there is none. Shared, so that an
// action without one stays small and one with it is cheap to copy.
using OptionalExpression = std::shared_ptr<const Expression>;

// What CREATE and ALTER SEQUENCE, and identity columns, say of a sequence's numbers. What is not
// said stays as it is, or becomes the default. Numbers beyond 64 bits are not kept.
struct SequenceOptions {
  std::optional<Name> type;
  std::optional<int64_t> start;
  std::optional<int64_t> increment;
  std::optional<int64_t> minimum;
  std::optional<int64_t> maximum;
  std::optional<int64_t> cache;
  std::optional<int64_t> restart;
  std::optional<bool> cycle;
  bool no_minimum = false;
  bool no_maximum = false;
  bool restarts = false;  // RESTART, with a number or without
  bool clash = false;     // one is said twice, or OWNED BY a table without a column (42601)
  bool any = false;       // one of them is said
  std::string name;       // of an identity column's sequence; empty: PostgreSQL chooses it
};

enum class ConstraintKind {
  kNotNull,
  kNull,
  kCheck,
  kUnique,
  kPrimaryKey,
  kForeignKey,
  kExclusion
};

// What a foreign key does to the rows that refer to a row which goes, or whose key changes.
enum class ReferentialAction : uint8_t { kNoAction, kRestrict, kCascade, kSetNull, kSetDefault };
// SET NULL or SET DEFAULT.
constexpr bool Sets(ReferentialAction action) { return action >= ReferentialAction::kSetNull; }
constexpr bool Writes(ReferentialAction action) { return action >= ReferentialAction::kCascade; }

struct Constraint {
  ConstraintKind kind = ConstraintKind::kCheck;
  std::string name;                  // empty: PostgreSQL chooses it
  std::vector<std::string> columns;  // of the table; empty for a check
  ThinVector<std::string> include;
  OptionalExpression expression;               // of a check
  Name referenced;                             // of a foreign key
  ThinVector<std::string> referenced_columns;  // empty: the primary key
  std::string using_index;                     // UNIQUE or PRIMARY KEY USING INDEX
  bool not_valid = false;
  bool not_enforced = false;
  bool no_inherit = false;
  bool only = false;  // of ALTER TABLE ONLY
  bool deferrable = false;
  bool initially_deferred = false;
  ReferentialAction on_delete = ReferentialAction::kNoAction;
  ReferentialAction on_update = ReferentialAction::kNoAction;
  ThinVector<std::string> set_columns;  // those that ON DELETE sets; empty: all
  bool match_full = false;              // of a foreign key: MATCH FULL
  bool overlaps = false;                // WITHOUT OVERLAPS; of a foreign key: PERIOD
  bool nulls_not_distinct = false;
  // Of an exclusion: its index method, operators, expressions (empty columns) and predicate.
  std::string method;
  ThinVector<Term> terms;  // a key each; empty of columns
  OptionalExpression predicate;
};

enum class Generated { kNo, kStored, kVirtual, kIdentity };

struct Column {
  std::string name;
  TypeName type;
  bool serial = false;  // smallserial, serial, bigserial: type is the integer behind it
  Generated generated = Generated::kNo;
  OptionalExpression default_value;
  bool always = false;                // of an identity column: GENERATED ALWAYS
  OptionalExpression generated_from;  // GENERATED ALWAYS AS (…)
  Boxed<SequenceOptions> numbers;     // of identity
  bool set_of = false;                // SETOF, which no column can be
  // Clauses that PostgreSQL refuses in each other's company (42601); empty: none.
  std::string clash;
  std::vector<Constraint> constraints;  // inline ones; NOT NULL too
};

// A parameter of WITH (…), SET (…) or RESET (…). `value` is its text, empty where none is given.
struct Parameter {
  std::string space;  // `toast` of toast.autovacuum_enabled
  std::string name;
  std::string value;
};

enum class Persistence { kPermanent, kUnlogged, kTemporary };

// What ALTER, DROP and COMMENT speak of.
enum class ObjectKind {
  // relations
  kTable,
  kIndex,
  kView,
  kMaterializedView,
  kSequence,
  kForeignTable,
  // parts of a table, which name it
  kColumn,
  kTableConstraint,
  kTrigger,
  kPolicy,
  kRule,
  // the rest of a database
  kSchema,
  kType,
  kDomain,
  kDomainConstraint,
  kFunction,
  kProcedure,
  kAggregate,
  kRoutine,
  kExtension,
  kStatistics,
  kPublication,
  kSubscription,
  kEventTrigger,
  kServer,
  kForeignDataWrapper,
  kUserMapping,
  kCollation,
  kConversion,
  kCast,
  kTransform,
  kOperator,
  kOperatorClass,
  kOperatorFamily,
  kLanguage,
  kAccessMethod,
  kTextSearchConfiguration,
  kTextSearchDictionary,
  kTextSearchParser,
  kTextSearchTemplate,
  kLargeObject,
  kDefaultPrivileges,
  // of a cluster
  kDatabase,
  kTablespace,
  kRole,
  kSystem,  // ALTER SYSTEM
  kOther,
};

// What the words of a statement show to be wrong, whatever the catalog holds: PostgreSQL says so
// once it knows the relations that they name.
struct Mistake {
  std::string sqlstate;
  std::string message;
};

// An object that is no relation. What has no name of its own, or shares it, has one that tells it
// apart: `=(int4, int4)` an operator, `f(int4)` an aggregate, `c USING btree` an operator class or
// family, `(a AS b)` a cast, `role SERVER s` a user mapping.
struct ObjectUse {
  ObjectKind kind = ObjectKind::kOther;
  Name name;
  std::optional<std::string> signature;  // of a routine, where it is said: see CreateFunction
};

// The relation that an ALTER TABLE (INDEX, VIEW, …) names.
struct Target {
  Name name;
  ObjectKind kind = ObjectKind::kTable;  // the word after ALTER, which may differ from what it is
  bool only = false;                     // ONLY: no recursion to children
  bool if_exists = false;
};

// A column that a query shows, or a star: `value` is then null, and `name` the star's qualifier.
struct ShownColumn {
  std::string name;
  OptionalExpression value;
};
// A query as far as its columns can be told: a SELECT from relations and queries of the kind,
// joined or not, without functions in their place; or what UPDATE, DELETE or MERGE compute.
struct Selection {
  struct Source {
    Name relation;
    std::string alias;  // or the relation's name
    // A subquery, or a name that WITH gives: what it shows, null where that is not known.
    bool derived = false;
    std::shared_ptr<const Selection> query;
    std::vector<std::string> names;  // that its columns are given, from the first on
  };
  struct Mention {
    std::string qualifier;  // empty: none
    std::string column;
  };
  // Of UNION and its kin, and then nothing else is here.
  std::vector<std::shared_ptr<const Selection>> arms;
  std::vector<Source> sources;
  std::vector<ShownColumn> columns;
  std::vector<OptionalExpression> conditions;  // WHERE, ON
  OptionalExpression having;
  std::vector<Mention> sorted_by;  // by ORDER BY and GROUP BY: names of shown columns count too
  // What UPDATE and MERGE set columns to; a name is empty where the value is none of a column.
  std::vector<ShownColumn> assigned;
  bool into = false;           // SELECT … INTO
  bool joins_by_name = false;  // USING, NATURAL: two columns become one
  // A join by USING: those of `sources` from `first` to `middle` with those from there to `last`.
  struct Joint {
    size_t first = 0;
    size_t middle = 0;
    size_t last = 0;
    std::vector<std::string> columns;
  };
  std::vector<Joint> joints;
  bool natural = false;            // one of the joins is NATURAL
  bool grouped = false;            // GROUP BY
  bool grouped_by_others = false;  // by more than `grouped_by`: expressions, places, sets
  std::vector<Mention> grouped_by;
  bool distinct = false;          // DISTINCT, without ON
  std::vector<int64_t> places;    // of shown columns, by ORDER BY, GROUP BY and DISTINCT ON
  bool placed_by_others = false;  // a constant that is no integer stands there (42601)
  // What ORDER BY and GROUP BY compute: names of shown columns do not count.
  std::vector<OptionalExpression> sorted_by_values;
  std::vector<OptionalExpression> grouped_by_values;
  // Queries within its expressions: what they lack a column for may be one of `sources`.
  std::vector<std::shared_ptr<const Selection>> subqueries;
};
// Null where the query is none of that kind.
using OptionalSelection = std::shared_ptr<const Selection>;

enum class PartitionStrategy { kNone, kList, kRange, kHash };

// One value of a partition's bound; `literal` is known for kConstant alone. kUnknown is what is
// computed when the statement runs.
enum class BoundKind : uint8_t { kMinValue, kMaxValue, kConstant, kUnknown };
struct BoundValue {
  BoundKind kind = BoundKind::kConstant;
  Literal literal;  // NULL is one of a list

  friend bool operator==(const BoundValue&, const BoundValue&) = default;
};

// FOR VALUES … of a partition. `strategy` is that of the text, kNone for DEFAULT.
struct PartitionBound {
  bool is_default = false;
  PartitionStrategy strategy = PartitionStrategy::kNone;
  std::vector<BoundValue> values;  // IN (…)
  std::vector<BoundValue> lower;   // FROM (…), a value a key
  std::vector<BoundValue> upper;   // TO (…)
  int32_t modulus = 0;
  int32_t remainder = 0;

  friend bool operator==(const PartitionBound&, const PartitionBound&) = default;
};
// Shared, as it is copied with each version of a table. Null: no partition.
using OptionalBound = std::shared_ptr<const PartitionBound>;

// What LIKE takes along besides the columns (nodes/parsenodes.h: TableLikeOption).
enum LikeOption : uint32_t {
  kLikeComments = 1U << 0U,
  kLikeCompression = 1U << 1U,
  kLikeConstraints = 1U << 2U,
  kLikeDefaults = 1U << 3U,
  kLikeGenerated = 1U << 4U,
  kLikeIdentity = 1U << 5U,
  kLikeIndexes = 1U << 6U,
};

namespace action {

// ---- transactions and session ----------------------------------------------------------------
struct Begin {
  std::vector<std::string> modes;  // as the values of SET TRANSACTION: see SetParameter
};
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
  // Of `TRANSACTION` and `session characteristics`, a mode each: `transaction_isolation
  // serializable`, `transaction_read_only 1`.
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
  ThinVector<Name> inherits;
  ThinVector<Name> like;
  ThinVector<uint32_t> like_options;  // one an item of `like`: bits of LikeOption
  Boxed<Name> partition_of;
  bool partitioned = false;                   // PARTITION BY
  ThinVector<std::string> partition_keys;     // columns; empty: an expression
  ThinVector<Term> partition_terms;           // the same keys, expressions too
  ThinVector<std::string> partition_columns;  // that the keys and their expressions mention
  ThinVector<OptionalExpression> partition_expressions;  // one a key; null of a column
  PartitionStrategy partition_strategy = PartitionStrategy::kNone;
  OptionalBound bound;             // of PARTITION OF
  bool default_partition = false;  // PARTITION OF … DEFAULT
  bool drops_at_commit = false;    // ON COMMIT DROP
  bool as_query = false;           // CREATE TABLE AS, SELECT INTO
  bool with_data = true;
  ThinVector<Name> reads;  // relations the query reads
  ThinVector<FunctionCall> calls;
  std::string executes;                  // of CREATE TABLE AS EXECUTE: the prepared statement
  OptionalSelection selection;           // of the query
  ThinVector<std::string> column_names;  // that are given to the query's columns
  bool foreign = false;                  // CREATE FOREIGN TABLE
  std::string server;                    // of a foreign table
  Boxed<Name> of_type;                   // CREATE TABLE … OF
  std::string tablespace;                // empty: the default one
  std::string access_method;             // likewise
  ThinVector<Parameter> parameters;
  bool says_on_commit = false;  // any ON COMMIT
  ThinVector<Name> reads_only;  // see ModifyData
  Boxed<Mistake> refused;       // of its query
};
struct IndexColumn {
  std::string column;  // empty: an expression
  Term expression;     // where `column` is empty
  std::string collation;
  std::string operator_class;
  bool reordered = false;  // DESC or NULLS …, other than what the column would have anyway
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
  ThinVector<std::string> include;
  ThinVector<std::string> mentions;  // columns in expressions and the predicate
  bool has_expression = false;
  bool has_predicate = false;
  ThinVector<OptionalExpression> expressions;  // its keys that are no columns, and its predicate
  bool nulls_not_distinct = false;
  OptionalPredicate predicate;
  std::string tablespace;  // empty: the default one
  ThinVector<Parameter> parameters;
};
struct CreateSchema {
  std::string name;
  bool if_not_exists = false;
  std::string owner;  // of AUTHORIZATION
};
struct CreateSequence {
  Name sequence;
  bool if_not_exists = false;
  Persistence persistence = Persistence::kPermanent;
  std::optional<Name> owned_by;  // the table
  std::string owned_column;
  SequenceOptions options;
};
// A column that a view's query names. `relation` is what its qualifier stands for; without one it
// is empty, and an empty `column` is the star.
struct ColumnUse {
  std::optional<Name> relation;
  std::string column;
  // Without a qualifier, and nothing in the query's own FROM gives that name to a column: it is one
  // of a relation that is read.
  bool read = false;
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
  // Its rows are none of a relation: a join, a group, a part of them. Nobody can change them
  // through it (rewriteHandler.c:view_query_is_auto_updatable).
  bool derived = false;
  std::vector<FunctionCall> calls;
  std::vector<Name> types;  // that casts name
  // Its columns' names in order; empty where the text alone does not tell (`SELECT *`).
  std::vector<std::string> columns;
  OptionalSelection selection;
  std::vector<std::string> column_names;  // that are given to the query's columns
  bool checks = false;                    // WITH CHECK OPTION
  bool security_invoker = false;          // its tables are read with the rights of who asks
  ThinVector<Parameter> parameters;       // WITH CHECK OPTION is `check_option`
  bool locks_rows = false;                // FOR UPDATE and its kin: see ModifyData
  ThinVector<Name> row_locked;
  ThinVector<Name> reads_only;  // likewise
  Boxed<Mistake> refused;
};
enum class Volatility { kImmutable, kStable, kVolatile };
struct CreateFunction {
  Name function;
  bool or_replace = false;
  bool procedure = false;
  Volatility volatility = Volatility::kVolatile;
  uint32_t arguments = 0;
  // The types of the arguments it is called with, as written: what tells it from its overloads.
  std::string signature;
  std::vector<Name> types;                        // of its arguments and of what it returns
  std::vector<ColumnUse> column_types;            // those said as `table.column%TYPE`
  std::string returns;                            // as written; empty where OUT arguments say it
  std::vector<std::string> input_names;           // of the arguments in the signature; some empty
  std::vector<TypeName> inputs;                   // their types
  uint32_t defaults = 0;                          // how many of them, the last ones, have a default
  ThinVector<OptionalExpression> default_values;  // those of the last of them
  bool variadic = false;                          // the last of them
  std::optional<TypeName> result;                 // of RETURNS, but for TABLE
  bool returns_set = false;                       // SETOF or TABLE
  std::vector<TypeName> outputs;                  // of the arguments and columns that it gives back
  std::string language;
  // A LANGUAGE sql function whose body is one constant: the planner inlines it, so declaring it
  // volatile changes nothing (optimizer/util/clauses.c:inline_function).
  bool constant_body = false;
  std::shared_ptr<const Body> body;
  ThinVector<Parameter> settings;  // SET name = value, of those with one value
  // What it says of how the routine is called: `volatility`, `strict`, `cost` and their kin and, of
  // the space `set`, settings. A setting's value is SQL; empty: RESET, without a name of all.
  ThinVector<Parameter> traits;
  bool security_definer = false;  // it runs with its owner's rights
  bool pins_search_path = false;  // SET search_path, to whatever
  Boxed<Mistake> refused;         // its arguments, its result or its options
};
enum class TriggerTiming : uint8_t { kBefore, kAfter, kInsteadOf };
struct CreateTrigger {
  TriggerTiming timing = TriggerTiming::kAfter;
  bool each_row = false;
  bool constraint = false;  // CREATE CONSTRAINT TRIGGER
  bool on_insert = false;   // its events
  bool on_update = false;
  bool on_delete = false;
  bool on_truncate = false;
  bool transition = false;  // REFERENCING … TABLE
  bool old_table = false;   // of OLD TABLE
  bool new_table = false;   // of NEW TABLE
  std::string name;
  Name table;
  bool or_replace = false;
  Name function;
  std::optional<Name> from;          // CREATE CONSTRAINT TRIGGER … FROM
  std::vector<std::string> columns;  // of UPDATE OF
  OptionalExpression when;
  std::vector<ColumnUse> row_columns;  // that WHEN names, of `old` and `new`
  ThinVector<std::string> arguments;   // that the function gets
};
struct CreatePolicy {
  std::string name;
  Name table;
  bool restrictive = false;
  std::string command;             // all, select, insert, update, delete
  std::vector<std::string> roles;  // `public` for PUBLIC
  bool has_using = false;
  bool has_check = false;
  std::vector<Name> reads;
  std::vector<Expression> expressions;  // USING and WITH CHECK
};
enum class TypeKind { kEnum, kComposite, kRange, kDomain, kBase };
struct CreateType {
  Name type;
  TypeKind kind = TypeKind::kEnum;
  std::vector<std::string> labels;      // of an enum
  std::vector<Column> attributes;       // of a composite type
  std::optional<TypeName> base;         // of a domain; a range's subtype
  std::vector<Constraint> constraints;  // of a domain
  OptionalExpression default_value;
  std::string clash;  // see Column
};
struct CreateExtension {
  std::string name;
  bool if_not_exists = false;
  std::string schema;  // empty: where its control file or the search path says
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
// What ALTER TABLE, and ALTER of another relation, changes in how the relation is kept, guarded or
// owned: neither its columns' names and types nor its constraints.
enum class Alteration : uint8_t {
  // of a column
  kSetStatistics,
  kSetColumnOptions,  // SET and RESET (n_distinct = …)
  kSetStorage,
  kSetCompression,
  kSetColumnForeignOptions,
  kAddIdentity,
  kSetIdentity,  // SET GENERATED, SET a sequence's option, RESTART
  kDropIdentity,
  kSetExpression,
  kDropExpression,
  // of the whole
  kSetOptions,  // SET and RESET (fillfactor = …)
  kSetLogged,
  kSetUnlogged,
  kSetTablespace,
  kSetAccessMethod,
  kClusterOn,
  kSetWithoutCluster,
  kSetWithoutOids,
  kReplicaIdentity,
  kEnableTrigger,  // ALWAYS and REPLICA too
  kDisableTrigger,
  kSwitchRule,  // ENABLE and DISABLE RULE
  kInherit,
  kNoInherit,
  kOfType,
  kNotOfType,
  kOwner,
  kSetForeignOptions,
  kDependsOnExtension,
};
// Those before kSetOptions.
constexpr bool IsOfColumn(Alteration alteration) { return alteration < Alteration::kSetOptions; }
struct AlterRelation {
  Target relation;
  Alteration alteration = Alteration::kSetOptions;
  std::string column;
  int32_t number = 0;  // of an index's column, which has no name
  // The trigger (ALL, USER), rule, index, access method, tablespace, extension or new owner; of a
  // column, what SET STORAGE and SET COMPRESSION name.
  std::string object;
  Name other;  // the parent of INHERIT, the type of OF
  std::vector<Parameter> options;
  bool resets = false;            // RESET (…)
  std::optional<bool> always;     // of ADD GENERATED and SET GENERATED
  OptionalExpression expression;  // of SET EXPRESSION
  SequenceOptions numbers;        // of identity
  bool if_exists = false;         // of DROP IDENTITY and DROP EXPRESSION
};
// ALTER TABLE … ALTER CONSTRAINT. What is not said stays as it is.
struct AlterConstraint {
  Target table;
  std::string constraint;
  std::optional<bool> enforced;
  std::optional<bool> no_inherit;
  bool deferrability = false;  // it says something of it, and then all of it
  bool deferrable = false;
  bool initially_deferred = false;
};
struct AttachPartition {
  Target whole;  // a table or, of ALTER INDEX, an index
  Name part;
  OptionalBound bound;  // of a table
};
struct DetachPartition {
  Target whole;
  Name part;
  bool concurrently = false;
  bool finalize = false;
};
struct NewPartition {
  Name name;
  OptionalBound bound;  // null: all that the old ones hold
};
// SPLIT PARTITION and MERGE PARTITIONS: the old partitions' rows go into the new ones.
struct RearrangePartitions {
  Target whole;
  std::vector<Name> from;
  std::vector<NewPartition> into;
};
enum class RowSecurity { kEnable, kDisable, kForce, kNoForce };
struct SetRowSecurity {
  Target table;
  RowSecurity security = RowSecurity::kEnable;
};

// ---- other objects ---------------------------------------------------------------------------
enum class TypeChangeKind : uint8_t {
  kAddValue,
  kRenameValue,
  kAddAttribute,
  kDropAttribute,
  kAlterAttribute,
  kRenameAttribute,
};
// ALTER TYPE of an enum or a composite type.
struct AlterType {
  Name type;
  TypeChangeKind change = TypeChangeKind::kAddValue;
  std::string part;       // the label or attribute
  std::string to;         // its new name
  std::string neighbour;  // the label of BEFORE or AFTER
  bool before = false;    // of BEFORE
  TypeName attribute_type;
  bool if_exists = false;  // IF NOT EXISTS, of ADD VALUE
  bool cascade = false;
};
enum class DomainChangeKind : uint8_t {
  kAddConstraint,
  kDropConstraint,
  kValidateConstraint,
  kRenameConstraint,
  kSetNotNull,
  kDropNotNull,
  kSetDefault,
  kDropDefault,
};
struct AlterDomain {
  Name domain;
  DomainChangeKind change = DomainChangeKind::kAddConstraint;
  Constraint constraint;  // its name alone where one is dropped, validated or renamed
  std::string to;         // of a rename
  OptionalExpression default_value;
  bool if_exists = false;  // of DROP CONSTRAINT
  bool cascade = false;
};
struct AlterSequence {
  Target sequence;
  std::optional<Name> owned_by;  // the table; an empty name is NONE
  std::string owned_column;
  bool only_ownership = false;  // nothing else is changed
  SequenceOptions options;
};
// CREATE RULE.
struct CreateRule {
  std::string name;
  Name table;
  bool or_replace = false;
  std::string event;  // select, insert, update, delete
  bool instead = false;
  std::vector<Name> reads;           // by its actions and its condition
  std::vector<Name> writes;          // by its actions
  std::vector<std::string> columns;  // of the table: OLD's and NEW's
  std::vector<FunctionCall> calls;
  bool uses_old = false;
  bool uses_new = false;
};
struct CreateStatistics {
  Name statistics;  // empty: PostgreSQL chooses it
  Name table;
  std::vector<std::string> columns;  // expressions' too
  std::vector<std::string> keys;     // columns that stand for themselves
  uint32_t expressions = 0;          // how many
  std::vector<std::string> types;    // ndistinct and the like, as written
  std::string name_hint;             // see CreateIndex
  bool if_not_exists = false;
  bool from_many = false;  // more than one relation
};
// ALTER of a trigger, policy or rule, and their renaming.
struct AlterPart {
  ObjectKind kind = ObjectKind::kTrigger;
  std::string name;
  Name table;
  std::string to;                       // of a renaming
  bool depends_on_extension = false;    // ALTER TRIGGER … DEPENDS ON EXTENSION
  std::string extension;                // likewise
  std::vector<std::string> roles;       // of a policy
  std::vector<Name> reads;              // by a policy's expressions
  std::vector<std::string> columns;     // that they mention
  std::vector<Expression> expressions;  // see CreatePolicy
  bool has_using = false;
  bool has_check = false;
};
// COMMENT and SECURITY LABEL.
struct Annotate {
  ObjectKind kind = ObjectKind::kTable;
  Name object;                           // of a part, its own name
  Name on_table;                         // of a part; of a domain's constraint, the domain
  std::optional<std::string> signature;  // of a routine, where it is said
  bool label = false;
  std::string provider;             // of a label; empty where none is named
  std::optional<std::string> text;  // nothing: IS NULL, which takes it away
};
// GRANT and REVOKE of privileges on objects. Those on all tables of a schema name the schema.
struct Grant {
  bool grant = true;
  ObjectKind kind = ObjectKind::kTable;
  std::vector<Name> objects;
  // Of routines, one an object: their arguments' types, null where none are said.
  std::vector<std::optional<std::string>> signatures;
  bool all_in_schema = false;
  bool with_option = false;             // WITH GRANT OPTION
  std::vector<std::string> grantees;    // `public` for PUBLIC
  std::vector<std::string> privileges;  // empty: all
  // One a privilege: the columns that it is for, none where it is for the whole.
  std::vector<std::vector<std::string>> columns;
  bool cascade = false;
};
// A table of a publication.
struct PublishedTable {
  Target table;
  OptionalExpression filter;  // WHERE
  std::vector<std::string> columns;
};
struct AlterPublication {
  std::string publication;
  bool create = false;
  std::vector<PublishedTable> tables;
  std::vector<std::string> schemas;
  bool all_tables = false;
  bool drops = false;  // ALTER … DROP TABLE
  bool sets = false;   // ALTER … SET TABLE
  std::vector<Parameter> options;
};
// DROP OWNED and REASSIGN OWNED.
struct ChangeOwned {
  std::vector<std::string> roles;
  std::string to;  // of REASSIGN; empty: DROP
  bool cascade = false;
};
enum class Upkeep : uint8_t {
  kVacuum,
  kVacuumFull,
  kAnalyze,
  kCluster,
  kRepack,
  kReindexIndex,
  kReindexTable,
  kReindexSchema,
  kReindexDatabase,
  kReindexSystem,
  kRefresh,
};
// VACUUM, ANALYZE, CLUSTER, REPACK, REINDEX and REFRESH MATERIALIZED VIEW.
struct Maintain {
  Upkeep upkeep = Upkeep::kVacuum;
  std::vector<Target> relations;  // empty: all of the database
  std::string object;  // the index of CLUSTER or REPACK, the schema or database of REINDEX
  // Of VACUUM and ANALYZE, for each relation the columns that it is said for; none: all.
  std::vector<std::vector<std::string>> columns;
  bool analyzes = false;  // of VACUUM and REPACK
  bool by_index = false;  // of REPACK: USING INDEX
  bool parallel = false;  // of VACUUM, with more than none
  bool concurrently = false;
  bool with_data = true;             // of REFRESH
  std::vector<std::string> options;  // in parentheses
};
enum class ObjectChange : uint8_t { kCreate, kAlter, kRename, kSetSchema, kOwner };
// A statement about an object that is no relation and of which the simulation needs no more than
// this: it touches no table.
struct ChangeObject {
  ObjectChange change = ObjectChange::kCreate;
  ObjectKind kind = ObjectKind::kOther;
  Name object;     // empty where it has no name, or one of another form
  std::string to;  // its new name, schema or owner
  bool outside_transactions = false;
  std::optional<Volatility> volatility;  // of ALTER FUNCTION
  bool forgiving = false;                // IF [NOT] EXISTS, OR REPLACE
  // What a new server or event trigger stands on: its wrapper, its function.
  std::optional<Name> stands_on;
  std::optional<std::string> signature;  // of a routine, where it is said: see CreateFunction
  std::vector<ObjectUse> uses;           // other objects that it names, which have to exist
  // Of ALTER FUNCTION: `security` (`true` for DEFINER), and `set` or `reset` with the setting's
  // name. Of roles: the grammar's words, `superuser` with `true` or `false`.
  std::vector<Parameter> options;
  std::vector<Parameter> traits;  // of ALTER FUNCTION: see CreateFunction
  // Of ALTER DEFAULT PRIVILEGES: what it grants or revokes (empty: all), on which kind of object,
  // to whom (`public` for PUBLIC).
  bool grants = false;
  std::vector<std::string> privileges;
  std::vector<std::string> grantees;
  ObjectKind privileges_on = ObjectKind::kTable;
};
// ALTER EXTENSION … ADD and DROP of a member; UPDATE and SET SCHEMA are ChangeObject.
struct AlterExtension {
  std::string extension;
  bool add = true;
  ObjectKind kind = ObjectKind::kTable;
  Name member;
};
// A command that leaves tables and catalog alone: LISTEN, SHOW, DISCARD, DEALLOCATE, FETCH, COMMIT
// PREPARED, …
struct SessionCommand {
  std::string what;  // PostgreSQL's command tag
  std::string name;  // of DEALLOCATE, FETCH, MOVE, CLOSE, COMMIT and ROLLBACK PREPARED; empty: ALL
  bool outside_transactions = false;
};
struct SetConstraints {
  std::vector<Name> constraints;  // empty: ALL
  bool deferred = false;
};
// EXECUTE of what PREPARE prepared; EXPLAIN EXECUTE only plans it.
struct Execute {
  std::string name;
  bool planned_only = false;
  std::vector<FunctionCall> calls;  // in its arguments
  std::vector<BoundValue> arguments;
};
// RAISE of a body, where it ends it: an exception.
struct RaiseError {
  std::string sqlstate;
  std::string message;
};
// ALTER TABLE (INDEX, MATERIALIZED VIEW) ALL IN TABLESPACE … SET TABLESPACE.
struct MoveAll {
  ObjectKind kind = ObjectKind::kTable;
  std::string from;
  std::string to;
  std::vector<std::string> roles;  // OWNED BY; empty: anybody's
};
// The transaction ends here, and keeps its locks until COMMIT PREPARED or ROLLBACK PREPARED.
struct PrepareTransaction {
  std::string id;
};

// ---- dropping and data -----------------------------------------------------------------------
struct Drop {
  ObjectKind kind = ObjectKind::kTable;
  std::vector<Name> objects;  // for triggers, policies and rules: the object's own name
  // Of routines, one an object: their arguments' types, null where none are said.
  std::vector<std::optional<std::string>> signatures;
  Name on_table;       // of a trigger, policy or rule
  std::string server;  // of a user mapping
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
// ON CONFLICT.
struct OnConflict {
  std::vector<std::string> columns;  // whose unique index decides
  std::string constraint;            // or that of this constraint
  bool inferred = false;             // an index is looked for
  bool expressions = false;          // it has keys that are no columns, or a WHERE
};
// The rows of one table that a query changes. MERGE is one for itself, and one more for each of its
// WHEN clauses.
struct Write {
  DataVerb verb = DataVerb::kInsert;
  Target table;
  // UPDATE and DELETE choose rows by their columns, MERGE by its join, INSERT by ON CONFLICT.
  bool has_where = false;
  // That INSERT names or UPDATE assigns to. An INSERT without any fills them in their order.
  std::vector<std::string> columns;
  bool by_source = false;              // MERGE … WHEN NOT MATCHED BY SOURCE
  bool assigns_parts = false;          // UPDATE … SET a[1] = …, a.b = …
  ThinVector<uint32_t> parts;          // the places in `columns` of which that is so
  std::vector<std::string> defaulted;  // of them: those that are to get DEFAULT, in any row
  ThinVector<uint32_t> defaulted_at;   // likewise, by place, of an INSERT that names no columns
  // Of INSERT, how many values a row has; nothing where the text does not tell. 0: DEFAULT VALUES.
  std::optional<uint32_t> width;
  bool overrides = false;  // OVERRIDING SYSTEM VALUE or USER VALUE
  std::optional<OnConflict> conflict;
  // Of INSERT … VALUES and of UPDATE (one row), a value a place of `columns` or of the table:
  // kConstant or kUnknown. Empty where there are more of them than kMaxRoutedRows.
  std::vector<std::vector<BoundValue>> rows;
  std::vector<TypedText> texts;  // string constants that INSERT and UPDATE put into columns
};
inline constexpr size_t kMaxRoutedRows = 16;
// SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE, COPY and CALL.
struct ModifyData {
  std::vector<Write> writes;     // its own, if it has one, then those of its WITH list
  bool own_write = false;        // it has one
  bool locks_rows = false;       // SELECT … FOR UPDATE and its kin, without OF
  ThinVector<Name> row_locked;   // those that OF names
  ThinVector<Name> reads;        // other relations it reads
  ThinVector<Name> reads_only;   // of them: those that it reads with ONLY and not without
  bool reads_all = false;        // an INSERT whose SELECT has no WHERE and no LIMIT
  bool planned_only = false;     // EXPLAIN without ANALYZE, PREPARE: nothing is read or changed
  bool copies_out = false;       // COPY … TO
  bool copies_in = false;        // COPY … FROM
  bool calls_procedure = false;  // CALL: the last of `calls`; what `selection` shows are arguments
  bool runs_program = false;     // COPY … PROGRAM: a command on the server's machine
  // FOR UPDATE and its kin lock rows that are none of a table: of a group, of a UNION, of the side
  // of an outer join that may be missing (parser/analyze.c:CheckSelectLocking).
  bool locks_derived = false;
  std::string cursor;    // that DECLARE opens
  bool holds = false;    // WITH HOLD: the cursor outlives its transaction
  std::string prepares;  // that PREPARE names
  // Of PREPARE: how many parameters it has, and the types of the first of them.
  uint32_t parameters = 0;
  ThinVector<TypeName> parameter_types;
  Boxed<Mistake> refused;
  // What the query's rows satisfy, where it is about one relation and no other.
  OptionalPredicate where;
  ThinVector<ColumnUse> columns_used;
  // What it reads and computes; of INSERT, its query. Null in a body, where a name may be a
  // variable's.
  OptionalSelection selection;
  OptionalSelection returning;  // of INSERT
  bool has_subquery = false;    // names without a qualifier may then belong to it
  ThinVector<FunctionCall> calls;
  ThinVector<TypedText> texts;  // constants that are cast
  ThinVector<Name> types;       // that casts name
  ThinVector<SequenceUse> sequences;
};

// DO. What it does is what its body does.
struct DoBlock {
  std::string language;
  std::shared_ptr<const Body> body;
};

// A statement, or a subcommand, that Plimsoll does not model. It claims no effects, and every
// output says that it was not modelled.
struct Other {
  std::string what;             // PostgreSQL's command tag, and the subcommand where there are some
  std::vector<Name> relations;  // that it names
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
    action::RenameSchema, action::AlterRelation, action::AlterConstraint, action::AttachPartition,
    action::RearrangePartitions, action::DetachPartition, action::SetRowSecurity, action::AlterType,
    action::AlterDomain, action::AlterSequence, action::CreateRule, action::CreateStatistics,
    action::AlterPart, action::Annotate, action::Grant, action::AlterPublication,
    action::ChangeOwned, action::Maintain, action::ChangeObject, action::AlterExtension,
    action::SessionCommand, action::SetConstraints, action::Execute, action::RaiseError,
    action::MoveAll, action::PrepareTransaction, action::Drop, action::Truncate, action::LockTable,
    action::ModifyData, action::DoBlock, action::Other>;

// The place of a kind of action among all, as ActionKind::index() gives it.
template <typename T, uint8_t index = 0>
constexpr uint8_t IndexOf() {
  if constexpr (std::is_same_v<std::variant_alternative_t<index, ActionKind>, T>) {
    return index;
  } else {
    return IndexOf<T, index + 1>();
  }
}
template <typename T>
inline constexpr uint8_t kIndexOf = IndexOf<T>();

// One thing a statement does, and the words that say it. An ALTER TABLE with three subcommands is
// three actions with three spans; a CREATE SCHEMA is one action, and one more for each element;
// any other statement is one action that spans all of it.
struct Action {
  Span span;
  ActionKind kind;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_ACTION_H_
