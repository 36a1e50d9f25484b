// What may be said of how a relation is stored: storage parameters, index methods and their
// operator classes, the indexes that CLUSTER ON and REPLICA IDENTITY take.

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/type_change.h"

namespace plimsoll {
namespace {

// ---- storage parameters (access/common/reloptions.c) -----------------------------------------

// Whose a parameter is; bits.
enum Holder : uint32_t {
  kHeap = 1U << 0U,
  kToast = 1U << 1U,
  kOfView = 1U << 2U,
  kBtree = 1U << 3U,
  kHash = 1U << 4U,
  kGist = 1U << 5U,
  kSpgist = 1U << 6U,
  kGin = 1U << 7U,
  kBrin = 1U << 8U,
  kOfColumn = 1U << 9U,
};

enum class ValueKind : uint8_t { kFlag, kInteger, kReal, kWord };

struct ParameterRow {
  absl::string_view name;
  uint32_t holders;
  ValueKind kind = ValueKind::kFlag;
  double least = 0;
  double most = 0;
  absl::string_view words = "";  // of kWord
  int since = 0;
};

constexpr double kMost = 2147483647;
constexpr uint32_t kBoth = kHeap | kToast;
constexpr ParameterRow kParameters[] = {
    {"fillfactor", kHeap | kBtree | kHash | kGist | kSpgist, ValueKind::kInteger, 10, 100},
    {"toast_tuple_target", kHeap, ValueKind::kInteger, 128, 8160},
    {"parallel_workers", kHeap, ValueKind::kInteger, 0, 1024},
    {"user_catalog_table", kHeap},
    {"autovacuum_enabled", kBoth},
    {"autovacuum_vacuum_threshold", kBoth, ValueKind::kInteger, 0, kMost},
    {"autovacuum_vacuum_max_threshold", kBoth, ValueKind::kInteger, -1, kMost, "", 18},
    {"autovacuum_vacuum_insert_threshold", kBoth, ValueKind::kInteger, -1, kMost, "", 13},
    {"autovacuum_analyze_threshold", kHeap, ValueKind::kInteger, 0, kMost},
    {"autovacuum_vacuum_cost_limit", kBoth, ValueKind::kInteger, 1, 10000},
    {"autovacuum_vacuum_cost_delay", kBoth, ValueKind::kReal, 0, 100},
    {"autovacuum_freeze_min_age", kBoth, ValueKind::kInteger, 0, 1e9},
    {"autovacuum_freeze_max_age", kBoth, ValueKind::kInteger, 100000, 2e9},
    {"autovacuum_freeze_table_age", kBoth, ValueKind::kInteger, 0, 2e9},
    {"autovacuum_multixact_freeze_min_age", kBoth, ValueKind::kInteger, 0, 1e9},
    {"autovacuum_multixact_freeze_max_age", kBoth, ValueKind::kInteger, 10000, 2e9},
    {"autovacuum_multixact_freeze_table_age", kBoth, ValueKind::kInteger, 0, 2e9},
    {"log_autovacuum_min_duration", kBoth, ValueKind::kInteger, -1, kMost},
    {"autovacuum_vacuum_scale_factor", kBoth, ValueKind::kReal, 0, 100},
    {"autovacuum_vacuum_insert_scale_factor", kBoth, ValueKind::kReal, 0, 100, "", 13},
    {"autovacuum_analyze_scale_factor", kHeap, ValueKind::kReal, 0, 100},
    {"vacuum_max_eager_freeze_failure_rate", kBoth, ValueKind::kReal, 0, 1, "", 18},
    {"vacuum_index_cleanup", kBoth, ValueKind::kWord, 0, 0, "auto"},
    {"vacuum_truncate", kBoth},
    {"security_barrier", kOfView},
    {"security_invoker", kOfView, ValueKind::kFlag, 0, 0, "", 15},
    {"check_option", kOfView, ValueKind::kWord, 0, 0, "local cascaded"},
    {"deduplicate_items", kBtree, ValueKind::kFlag, 0, 0, "", 13},
    {"vacuum_cleanup_index_scale_factor", kBtree, ValueKind::kReal, 0, 1e10},
    {"buffering", kGist, ValueKind::kWord, 0, 0, "auto"},
    {"fastupdate", kGin},
    {"gin_pending_list_limit", kGin, ValueKind::kInteger, 64, kMost},
    {"pages_per_range", kBrin, ValueKind::kInteger, 1, 131072},
    {"autosummarize", kBrin},
    {"n_distinct", kOfColumn, ValueKind::kReal, -1, 1e300},
    {"n_distinct_inherited", kOfColumn, ValueKind::kReal, -1, 1e300},
};

bool HasWord(absl::string_view words, absl::string_view word) {
  for (const absl::string_view candidate : absl::StrSplit(words, ' ')) {
    if (candidate == word) return true;
  }
  return false;
}

// utils/adt/bool.c:parse_bool takes any beginning of a word that is not ambiguous.
bool IsFlag(absl::string_view value) {
  if (value.empty() || value == "1" || value == "0") return true;
  const std::string lower = absl::AsciiStrToLower(value);
  const bool on_or_off = absl::StartsWith("on", lower) || absl::StartsWith("off", lower);
  return absl::StartsWith("true", lower) || absl::StartsWith("false", lower) ||
         absl::StartsWith("yes", lower) || absl::StartsWith("no", lower) ||
         (on_or_off && lower.size() > 1);
}

bool IsValid(const ParameterRow& row, const std::string& value) {
  double number = 0;
  switch (row.kind) {
    case ValueKind::kFlag:
      return IsFlag(value);
    case ValueKind::kWord:
      return HasWord(row.words, absl::AsciiStrToLower(value)) ||
             (row.name != "check_option" && IsFlag(value));
    case ValueKind::kInteger:
    case ValueKind::kReal:
      // A text with a unit is left to the server.
      if (!value.empty() && value[0] >= '0' && value[0] <= '9' &&
          !absl::SimpleAtod(value, &number)) {
        return true;
      }
      return absl::SimpleAtod(value, &number) && row.least <= number && number <= row.most;
  }
  return true;
}

// Null where the parameters of such a relation are not known.
std::optional<uint32_t> HolderOf(const Relation& relation) {
  static constexpr std::pair<absl::string_view, Holder> kMethods[] = {
      {"btree", kBtree},   {"hash", kHash}, {"gist", kGist},
      {"spgist", kSpgist}, {"gin", kGin},   {"brin", kBrin}};
  if (relation.kind == RelationKind::kView) return kOfView;
  if (relation.IsIndex()) {
    for (const auto& [method, holder] : kMethods) {
      if (relation.method == method) return holder;
    }
    return std::nullopt;
  }
  if (relation.kind == RelationKind::kPartitionedTable) return 0;
  const bool heap =
      relation.kind == RelationKind::kTable || relation.kind == RelationKind::kMaterializedView;
  if (!heap || !relation.access_method.empty()) return std::nullopt;
  return kHeap;
}

// Empty where PostgreSQL takes the parameter.
std::string ProblemOf(const Parameter& parameter, uint32_t holder, int server_version) {
  for (const ParameterRow& row : kParameters) {
    if (row.name != parameter.name || (row.holders & holder) == 0 || row.since > server_version) {
      continue;
    }
    if (IsValid(row, parameter.value)) return "";
    return absl::StrCat("invalid value for \"", parameter.name, "\": \"", parameter.value, "\"");
  }
  return absl::StrCat("unrecognized parameter \"", parameter.name, "\"");
}

// ---- index methods (amapi.h: what IndexAmRoutine says of each) -------------------------------

struct MethodRow {
  absl::string_view name;
  bool unique;
  bool many_columns;
  bool ordered;
  int includes_since;          // INCLUDE
  absl::string_view classes;   // its operator classes of 18, without `_ops`
  absl::string_view defaults;  // types that have a default one, of those in kPlainTypes
};

constexpr int kNever = 99;
constexpr absl::string_view kScalars =
    "bit bool bpchar bytea char date float4 float8 inet int2 int4 int8 interval jsonb macaddr "
    "macaddr8 name numeric oid pg_lsn text time timestamp timestamptz timetz uuid varbit varchar "
    "cidr";
constexpr MethodRow kMethods[] = {
    {"btree", true, true, true, 0,
     "array bit bool bpchar bpchar_pattern bytea char cidr date enum float4 float8 inet int2 int4 "
     "int8 interval jsonb macaddr macaddr8 money multirange name numeric oid oidvector pg_lsn "
     "range record record_image text text_pattern tid time timestamp timestamptz timetz tsquery "
     "tsvector uuid varbit varchar varchar_pattern xid8",
     "tsquery tsvector"},
    {"hash", false, false, false, kNever,
     "aclitem array bool bpchar bpchar_pattern bytea char cid cidr date enum float4 float8 inet "
     "int2 int4 int8 interval jsonb macaddr macaddr8 multirange name numeric oid oidvector pg_lsn "
     "range record text text_pattern tid time timestamp timestamptz timetz uuid varchar "
     "varchar_pattern xid xid8",
     ""},
    {"gist", false, true, false, 0, "box circle inet multirange point poly range tsquery tsvector",
     "box circle point polygon tsquery tsvector"},
    {"gin", false, true, false, kNever, "array jsonb jsonb_path tsvector", "jsonb tsvector"},
    {"spgist", false, false, false, 14, "box inet kd_point poly quad_point range text",
     "box inet cidr point polygon text varchar"},
    {"brin", false, true, false, kNever, "", "box"},
};
// The types for which kMethods tells whether there is a default class.
constexpr absl::string_view kPlainTypes =
    "bool bpchar bytea date float4 float8 inet cidr int2 int4 int8 interval json jsonb numeric "
    "text time timestamp timestamptz timetz uuid varchar xml box circle line lseg path point "
    "polygon tsquery tsvector";

const MethodRow* FindMethod(absl::string_view name) {
  const auto* found = std::find_if(std::begin(kMethods), std::end(kMethods),
                                   [&](const MethodRow& row) { return row.name == name; });
  return found == std::end(kMethods) ? nullptr : found;
}

bool HasClass(const MethodRow& method, absl::string_view name) {
  if (absl::StrContains(name, '.')) return true;  // one in a schema
  if (!absl::ConsumeSuffix(&name, "_ops")) return false;
  if (method.name != "brin") return HasWord(method.classes, name);
  return absl::EndsWith(name, "_minmax") || absl::EndsWith(name, "_minmax_multi") ||
         absl::EndsWith(name, "_bloom") || absl::EndsWith(name, "_inclusion");
}

bool HasDefaultClass(const MethodRow& method, const TypeName& type) {
  const std::string& name = type.name.name;
  if (type.array || !type.name.schema.empty() || !HasWord(kPlainTypes, name)) return true;
  if (HasWord(method.defaults, name)) return true;
  const bool scalar = method.name == "btree" || method.name == "hash" || method.name == "brin";
  const bool none = method.name == "brin" && (name == "bool" || name == "jsonb");
  return scalar && !none && HasWord(kScalars, name);
}

}  // namespace

void Inspector::CheckParameters(const std::vector<Parameter>& parameters, const Relation& relation,
                                bool resets) {
  const std::optional<uint32_t> holder = HolderOf(relation);
  if (resets || relation.assumed || !holder) return;
  for (const Parameter& parameter : parameters) {
    // WITH (oids = false) is of a time before 12, and taken still.
    if (parameter.name == "oids" || (!parameter.space.empty() && parameter.space != "toast")) {
      continue;
    }
    const uint32_t whose = parameter.space.empty() ? *holder : uint32_t{kToast};
    const std::string problem = ProblemOf(parameter, whose, situation_.server_version);
    if (problem.empty()) continue;
    // Since 16 a partitioned table is told so.
    const bool whole = *holder == 0 && situation_.server_version >= 16;
    return Fail(whole ? "42809" : "22023", problem);
  }
}

void Inspector::CheckColumnParameters(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    const std::string problem = ProblemOf(parameter, kOfColumn, situation_.server_version);
    if (!problem.empty()) return Fail("22023", problem);
  }
}

void Inspector::CheckAccessMethod(const std::string& name) {
  if (name.empty() || name == "heap" || !IsPlain()) return;
  // commands/amcmds.c:get_am_type_oid
  const bool of_index = FindMethod(name) != nullptr;
  Fail(of_index ? "42809" : "42704",
       absl::StrCat("access method \"", name,
                    of_index ? "\" is not of type TABLE" : "\" does not exist"));
}

// indexcmds.c:DefineIndex, before it looks at the columns.
void Inspector::CheckMethod(const action::CreateIndex& create) {
  const MethodRow* method = FindMethod(create.method == "rtree" ? "gist" : create.method);
  if (method == nullptr) {
    if (!IsPlain()) return;
    return Fail("42704", absl::StrCat("access method \"", create.method, "\" does not exist"));
  }
  const auto lacks = [&](absl::string_view what) {
    Fail("0A000", absl::StrCat("access method \"", create.method, "\" does not support ", what));
  };
  if (create.unique && !method->unique) return lacks("unique indexes");
  if (!create.include.empty() && situation_.server_version < method->includes_since) {
    return lacks("included columns");
  }
  if (create.columns.size() > 1 && !method->many_columns) return lacks("multicolumn indexes");
  for (const action::IndexColumn& column : create.columns) {
    if (column.reordered && !method->ordered) return lacks("ASC/DESC options");
    if (!IsPlain() || column.operator_class.empty()) continue;
    if (HasClass(*method, column.operator_class)) continue;
    return Fail("42704",
                absl::StrCat("operator class \"", column.operator_class,
                             "\" does not exist for access method \"", create.method, "\""));
  }
}

// What is said of one key: a collation, an operator class.
bool Inspector::CheckIndexKey(const action::IndexColumn& key, const TableColumn& column,
                              absl::string_view method) {
  if (column.type == nullptr || !IsPlain()) return true;
  const Type type = ResolveType(*column.type, Scope());
  const bool collatable = type.array || type.builtin == nullptr || type.builtin->collatable;
  if (!key.collation.empty() && !collatable) {
    Fail("42804", absl::StrCat("collations are not supported by type ", type.name));
  } else if (!key.operator_class.empty() && JudgeIndexKey(*column.type, *column.type, method, key,
                                                          Scope()) == IndexFate::kWrongClass) {
    Fail("42804", absl::StrCat("operator class \"", key.operator_class,
                               "\" does not accept data type ", type.name));
  }
  return !facts_.failure;
}

// indexcmds.c:ResolveOpClass
bool Inspector::CheckKeyType(const TableColumn& column, absl::string_view method) {
  const MethodRow* row = FindMethod(method);
  const bool known = row != nullptr && IsPlain() && column.type != nullptr;
  if (!known || HasDefaultClass(*row, *column.type)) return true;
  Fail("42704", absl::StrCat("data type ", column.type->name.name,
                             " has no default operator class for access method \"", method, "\""));
  return false;
}

// indexcmds.c:ComputeIndexAttrs, and what DefineIndex asks of the columns.
void Inspector::CheckIndexed(const action::CreateIndex& create, const Relation& table) {
  if (create.unique) {
    Constraint unique = {.kind = ConstraintKind::kUnique};
    for (const action::IndexColumn& column : create.columns)
      unique.columns.push_back(column.column);
    CheckPartitionKey(table.partition_keys, unique, "");
  }
  const MethodRow* method = FindMethod(create.method);
  std::vector<std::string> used = create.mentions;
  for (const action::IndexColumn& key : create.columns) {
    const TableColumn* column = table.FindColumn(key.column);
    if (column == nullptr) continue;
    used.push_back(key.column);
    if (!CheckIndexKey(key, *column, create.method)) return;
    if (method == nullptr || !IsPlain() || column->type == nullptr || !key.operator_class.empty()) {
      continue;
    }
    if (!CheckKeyType(*column, create.method)) return;
  }
  for (const std::string& name : used) {
    const TableColumn* column = table.FindColumn(name);
    if (column == nullptr || column->generated != Generated::kVirtual) continue;
    return Fail("0A000", "indexes on virtual generated columns are not supported");
  }
}

// tablecmds.c:GetAttributeStorage and GetAttributeCompression: only values of no fixed size are
// stored elsewhere, or compressed.
void Inspector::CheckColumnStorage(const action::AlterRelation& alter, const Relation& table) {
  static constexpr absl::string_view kFixed =
      "bool int2 int4 int8 float4 float8 date time timetz timestamp timestamptz interval uuid "
      "point line lseg box circle macaddr macaddr8 oid name money pg_lsn";
  const bool compression = alter.alteration == action::Alteration::kSetCompression;
  const std::string wanted = absl::AsciiStrToLower(alter.object);
  if (compression && wanted != "default" && wanted != "pglz" && wanted != "lz4") {
    return Fail("22023", absl::StrCat("invalid compression method \"", wanted, "\""));
  }
  const bool known = wanted == "plain" || wanted == "external" || wanted == "extended" ||
                     wanted == "main" || (wanted == "default" && situation_.server_version >= 16);
  if (!compression && !known) {
    return Fail("22023", absl::StrCat("invalid storage type \"", wanted, "\""));
  }
  if (wanted == "plain" || wanted == "default") return;
  const TableColumn* column = table.FindColumn(alter.column);
  if (column == nullptr || column->type == nullptr || column->type->array) return;
  const Name& type = column->type->name;
  const bool own = view_.FindType(type, situation_.search_path) != nullptr;
  if (own || !type.schema.empty() || !HasWord(kFixed, type.name)) return;
  Fail("0A000", absl::StrCat("column data type ", type.name,
                             compression ? " does not support compression"
                                         : " can only have storage PLAIN"));
}

// tablecmds.c:ATExecReplicaIdentity
void Inspector::CheckReplicaIdentity(const Relation& index, const Relation& table) {
  const auto refuse = [&](absl::string_view what, absl::string_view sqlstate = "42809") {
    Fail(sqlstate,
         absl::StrCat("cannot use ", what, " index \"", index.name, "\" as replica identity"));
  };
  if (!index.unique) return refuse("non-unique");
  if (index.has_expression) return refuse("expression", "0A000");
  if (index.has_predicate) return refuse("partial", "0A000");
  if (!KnowsAll(table)) return;
  for (const action::IndexColumn& key : index.keys) {
    const TableColumn* column = table.FindColumn(key.column);
    const bool set_here = Sibling<action::SetNotNull>(
        [&](const action::SetNotNull& set) { return set.column == key.column; });
    if (column != nullptr && !column->not_null && !set_here) return refuse("nullable");
  }
}

// cluster.c:check_index_is_clusterable, tablecmds.c:ATExecClusterOn
void Inspector::CheckClusterOn(const Relation& index, const Relation& table) {
  if (table.kind == RelationKind::kPartitionedTable) {
    return Fail("0A000", "cannot mark index clustered in partitioned table");
  }
  if (!index.valid) {
    return Fail("0A000", absl::StrCat("cannot cluster on invalid index \"", index.name, "\""));
  }
  if (index.has_predicate) {
    return Fail("0A000", absl::StrCat("cannot cluster on partial index \"", index.name, "\""));
  }
  const bool clusters = index.method.empty() || index.method == "btree" || index.method == "gist";
  if (clusters || FindMethod(index.method) == nullptr) return;
  Fail("0A000", absl::StrCat("cannot cluster on index \"", index.name,
                             "\" because access method does not support clustering"));
}

std::vector<const Relation*> MovedBy(const action::MoveAll& move, const CatalogView& view) {
  const std::string from = move.from == "pg_default" ? "" : move.from;
  const std::string to = move.to == "pg_default" ? "" : move.to;
  std::vector<const Relation*> moved;
  if (from == to) return moved;
  for (const Relation* relation : view.AllRelations()) {
    const bool kind = move.kind == ObjectKind::kIndex ? relation->IsIndex()
                      : move.kind == ObjectKind::kMaterializedView
                          ? relation->kind == RelationKind::kMaterializedView
                          : relation->IsTable() && relation->kind != RelationKind::kForeignTable;
    const bool owned = move.roles.empty() || std::find(move.roles.begin(), move.roles.end(),
                                                       relation->owned_by_role) != move.roles.end();
    const bool here = !relation->assumed && relation->tablespace == from &&
                      relation->persistence != Persistence::kTemporary;
    if (kind && owned && here) moved.push_back(relation);
  }
  return moved;
}

void Inspector::Look(const action::MoveAll& move) {
  for (const Relation* relation : MovedBy(move, view_)) {
    Add(Role::kTable, *relation);
    const bool has_file = relation->kind != RelationKind::kPartitionedTable &&
                          relation->kind != RelationKind::kPartitionedIndex;
    if (has_file) Add(Role::kCopied, *relation, Cause::kStorage);
  }
  // What no file creates may stand there too.
  facts_.modelled = situation_.closed;
}

}  // namespace plimsoll
