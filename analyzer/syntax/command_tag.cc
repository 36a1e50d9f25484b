#include "analyzer/syntax/command_tag.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace plimsoll::tree {
namespace {

using Words = std::pair<const char*, const char*>;

// Node type -> command tag, where the type alone decides. Sorted, for the binary search.
constexpr Words kStatementTags[] = {
    {"AlterCollationStmt", "ALTER COLLATION"},
    {"AlterDatabaseRefreshCollStmt", "ALTER DATABASE"},
    {"AlterDatabaseSetStmt", "ALTER DATABASE"},
    {"AlterDatabaseStmt", "ALTER DATABASE"},
    {"AlterDefaultPrivilegesStmt", "ALTER DEFAULT PRIVILEGES"},
    {"AlterDomainStmt", "ALTER DOMAIN"},
    {"AlterEnumStmt", "ALTER TYPE"},
    {"AlterEventTrigStmt", "ALTER EVENT TRIGGER"},
    {"AlterExtensionContentsStmt", "ALTER EXTENSION"},
    {"AlterExtensionStmt", "ALTER EXTENSION"},
    {"AlterFdwStmt", "ALTER FOREIGN DATA WRAPPER"},
    {"AlterForeignServerStmt", "ALTER SERVER"},
    {"AlterOpFamilyStmt", "ALTER OPERATOR FAMILY"},
    {"AlterOperatorStmt", "ALTER OPERATOR"},
    {"AlterPolicyStmt", "ALTER POLICY"},
    {"AlterPublicationStmt", "ALTER PUBLICATION"},
    {"AlterRoleSetStmt", "ALTER ROLE"},
    {"AlterRoleStmt", "ALTER ROLE"},
    {"AlterSeqStmt", "ALTER SEQUENCE"},
    {"AlterStatsStmt", "ALTER STATISTICS"},
    {"AlterSubscriptionStmt", "ALTER SUBSCRIPTION"},
    {"AlterSystemStmt", "ALTER SYSTEM"},
    {"AlterTSConfigurationStmt", "ALTER TEXT SEARCH CONFIGURATION"},
    {"AlterTSDictionaryStmt", "ALTER TEXT SEARCH DICTIONARY"},
    {"AlterTableMoveAllStmt", "ALTER TABLE"},
    {"AlterTableSpaceOptionsStmt", "ALTER TABLESPACE"},
    {"AlterTypeStmt", "ALTER TYPE"},
    {"AlterUserMappingStmt", "ALTER USER MAPPING"},
    {"CallStmt", "CALL"},
    {"CheckPointStmt", "CHECKPOINT"},
    {"ClosePortalStmt", "CLOSE CURSOR"},
    {"ClusterStmt", "CLUSTER"},
    {"CommentStmt", "COMMENT"},
    {"CompositeTypeStmt", "CREATE TYPE"},
    {"ConstraintsSetStmt", "SET CONSTRAINTS"},
    {"CopyStmt", "COPY"},
    {"CreateAmStmt", "CREATE ACCESS METHOD"},
    {"CreateCastStmt", "CREATE CAST"},
    {"CreateConversionStmt", "CREATE CONVERSION"},
    {"CreateDomainStmt", "CREATE DOMAIN"},
    {"CreateEnumStmt", "CREATE TYPE"},
    {"CreateEventTrigStmt", "CREATE EVENT TRIGGER"},
    {"CreateExtensionStmt", "CREATE EXTENSION"},
    {"CreateFdwStmt", "CREATE FOREIGN DATA WRAPPER"},
    {"CreateForeignServerStmt", "CREATE SERVER"},
    {"CreateForeignTableStmt", "CREATE FOREIGN TABLE"},
    {"CreateOpClassStmt", "CREATE OPERATOR CLASS"},
    {"CreateOpFamilyStmt", "CREATE OPERATOR FAMILY"},
    {"CreatePLangStmt", "CREATE LANGUAGE"},
    {"CreatePolicyStmt", "CREATE POLICY"},
    {"CreatePublicationStmt", "CREATE PUBLICATION"},
    {"CreateRangeStmt", "CREATE TYPE"},
    {"CreateRoleStmt", "CREATE ROLE"},
    {"CreateSchemaStmt", "CREATE SCHEMA"},
    {"CreateSeqStmt", "CREATE SEQUENCE"},
    {"CreateStatsStmt", "CREATE STATISTICS"},
    {"CreateStmt", "CREATE TABLE"},
    {"CreateSubscriptionStmt", "CREATE SUBSCRIPTION"},
    {"CreateTableSpaceStmt", "CREATE TABLESPACE"},
    {"CreateTransformStmt", "CREATE TRANSFORM"},
    {"CreateTrigStmt", "CREATE TRIGGER"},
    {"CreateUserMappingStmt", "CREATE USER MAPPING"},
    {"CreatedbStmt", "CREATE DATABASE"},
    {"DeallocateStmt", "DEALLOCATE"},
    {"DeclareCursorStmt", "DECLARE CURSOR"},
    {"DeleteStmt", "DELETE"},
    {"DiscardStmt", "DISCARD"},
    {"DoStmt", "DO"},
    {"DropOwnedStmt", "DROP OWNED"},
    {"DropRoleStmt", "DROP ROLE"},
    {"DropSubscriptionStmt", "DROP SUBSCRIPTION"},
    {"DropTableSpaceStmt", "DROP TABLESPACE"},
    {"DropUserMappingStmt", "DROP USER MAPPING"},
    {"DropdbStmt", "DROP DATABASE"},
    {"ExecuteStmt", "EXECUTE"},
    {"ExplainStmt", "EXPLAIN"},
    {"FetchStmt", "FETCH"},
    {"ImportForeignSchemaStmt", "IMPORT FOREIGN SCHEMA"},
    {"IndexStmt", "CREATE INDEX"},
    {"InsertStmt", "INSERT"},
    {"ListenStmt", "LISTEN"},
    {"LoadStmt", "LOAD"},
    {"LockStmt", "LOCK TABLE"},
    {"MergeStmt", "MERGE"},
    {"NotifyStmt", "NOTIFY"},
    {"PrepareStmt", "PREPARE"},
    {"ReassignOwnedStmt", "REASSIGN OWNED"},
    {"RefreshMatViewStmt", "REFRESH MATERIALIZED VIEW"},
    {"ReindexStmt", "REINDEX"},
    {"ReplicaIdentityStmt", "ALTER TABLE"},
    {"RuleStmt", "CREATE RULE"},
    {"SecLabelStmt", "SECURITY LABEL"},
    {"SelectStmt", "SELECT"},
    {"TruncateStmt", "TRUNCATE TABLE"},
    {"UnlistenStmt", "UNLISTEN"},
    {"UpdateStmt", "UPDATE"},
    {"VariableShowStmt", "SHOW"},
    {"ViewStmt", "CREATE VIEW"},
};

constexpr Words kTransactionTags[] = {
    {"TRANS_STMT_BEGIN", "BEGIN"},
    {"TRANS_STMT_COMMIT", "COMMIT"},
    {"TRANS_STMT_COMMIT_PREPARED", "COMMIT PREPARED"},
    {"TRANS_STMT_PREPARE", "PREPARE TRANSACTION"},
    {"TRANS_STMT_RELEASE", "RELEASE"},
    {"TRANS_STMT_ROLLBACK", "ROLLBACK"},
    {"TRANS_STMT_ROLLBACK_PREPARED", "ROLLBACK PREPARED"},
    {"TRANS_STMT_ROLLBACK_TO", "ROLLBACK"},
    {"TRANS_STMT_SAVEPOINT", "SAVEPOINT"},
    {"TRANS_STMT_START", "START TRANSACTION"},
};

// Object types whose words are not simply their name.
constexpr Words kObjectWords[] = {
    {"OBJECT_ACCESS_METHOD", "ACCESS METHOD"},
    {"OBJECT_ATTRIBUTE", "TYPE"},
    {"OBJECT_COLUMN", "TABLE"},
    {"OBJECT_DOMCONSTRAINT", "DOMAIN"},
    {"OBJECT_EVENT_TRIGGER", "EVENT TRIGGER"},
    {"OBJECT_FDW", "FOREIGN DATA WRAPPER"},
    {"OBJECT_FOREIGN_SERVER", "SERVER"},
    {"OBJECT_FOREIGN_TABLE", "FOREIGN TABLE"},
    {"OBJECT_MATVIEW", "MATERIALIZED VIEW"},
    {"OBJECT_OPCLASS", "OPERATOR CLASS"},
    {"OBJECT_OPFAMILY", "OPERATOR FAMILY"},
    {"OBJECT_STATISTIC_EXT", "STATISTICS"},
    {"OBJECT_TABCONSTRAINT", "TABLE"},
    {"OBJECT_TSCONFIGURATION", "TEXT SEARCH CONFIGURATION"},
    {"OBJECT_TSDICTIONARY", "TEXT SEARCH DICTIONARY"},
    {"OBJECT_TSPARSER", "TEXT SEARCH PARSER"},
    {"OBJECT_TSTEMPLATE", "TEXT SEARCH TEMPLATE"},
};

// Sorted, for the binary search.
constexpr std::pair<const char*, ObjectKind> kObjectKinds[] = {
    {"OBJECT_ACCESS_METHOD", ObjectKind::kAccessMethod},
    {"OBJECT_AGGREGATE", ObjectKind::kAggregate},
    {"OBJECT_CAST", ObjectKind::kCast},
    {"OBJECT_COLLATION", ObjectKind::kCollation},
    {"OBJECT_COLUMN", ObjectKind::kColumn},
    {"OBJECT_CONVERSION", ObjectKind::kConversion},
    {"OBJECT_DATABASE", ObjectKind::kDatabase},
    {"OBJECT_DEFACL", ObjectKind::kDefaultPrivileges},
    {"OBJECT_DOMAIN", ObjectKind::kDomain},
    {"OBJECT_DOMCONSTRAINT", ObjectKind::kDomainConstraint},
    {"OBJECT_EVENT_TRIGGER", ObjectKind::kEventTrigger},
    {"OBJECT_EXTENSION", ObjectKind::kExtension},
    {"OBJECT_FDW", ObjectKind::kForeignDataWrapper},
    {"OBJECT_FOREIGN_SERVER", ObjectKind::kServer},
    {"OBJECT_FOREIGN_TABLE", ObjectKind::kForeignTable},
    {"OBJECT_FUNCTION", ObjectKind::kFunction},
    {"OBJECT_INDEX", ObjectKind::kIndex},
    {"OBJECT_LANGUAGE", ObjectKind::kLanguage},
    {"OBJECT_LARGEOBJECT", ObjectKind::kLargeObject},
    {"OBJECT_MATVIEW", ObjectKind::kMaterializedView},
    {"OBJECT_OPCLASS", ObjectKind::kOperatorClass},
    {"OBJECT_OPERATOR", ObjectKind::kOperator},
    {"OBJECT_OPFAMILY", ObjectKind::kOperatorFamily},
    {"OBJECT_POLICY", ObjectKind::kPolicy},
    {"OBJECT_PROCEDURE", ObjectKind::kProcedure},
    {"OBJECT_PUBLICATION", ObjectKind::kPublication},
    {"OBJECT_ROLE", ObjectKind::kRole},
    {"OBJECT_ROUTINE", ObjectKind::kRoutine},
    {"OBJECT_RULE", ObjectKind::kRule},
    {"OBJECT_SCHEMA", ObjectKind::kSchema},
    {"OBJECT_SEQUENCE", ObjectKind::kSequence},
    {"OBJECT_STATISTIC_EXT", ObjectKind::kStatistics},
    {"OBJECT_SUBSCRIPTION", ObjectKind::kSubscription},
    {"OBJECT_TABCONSTRAINT", ObjectKind::kTableConstraint},
    {"OBJECT_TABLE", ObjectKind::kTable},
    {"OBJECT_TABLESPACE", ObjectKind::kTablespace},
    {"OBJECT_TRANSFORM", ObjectKind::kTransform},
    {"OBJECT_TRIGGER", ObjectKind::kTrigger},
    {"OBJECT_TSCONFIGURATION", ObjectKind::kTextSearchConfiguration},
    {"OBJECT_TSDICTIONARY", ObjectKind::kTextSearchDictionary},
    {"OBJECT_TSPARSER", ObjectKind::kTextSearchParser},
    {"OBJECT_TSTEMPLATE", ObjectKind::kTextSearchTemplate},
    {"OBJECT_TYPE", ObjectKind::kType},
    {"OBJECT_USER_MAPPING", ObjectKind::kUserMapping},
    {"OBJECT_VIEW", ObjectKind::kView},
};

// The value of `key` in a sorted table; null where it is not there.
template <typename Value, size_t size>
const Value* Lookup(const std::pair<const char*, Value> (&table)[size], absl::string_view key) {
  const auto found =
      std::lower_bound(std::begin(table), std::end(table), key,
                       [](const auto& row, absl::string_view k) { return row.first < k; });
  return found == std::end(table) || found->first != key ? nullptr : &found->second;
}

std::string SetTag(const Node& body) {
  const absl::string_view kind = body.Text("kind");
  return kind == "VAR_RESET" || kind == "VAR_RESET_ALL" ? "RESET" : "SET";
}

std::string DefineTag(const Node& body) {
  return absl::StrCat("CREATE ", ObjectWords(body.Text("kind")));
}

// CREATE TABLE AS, CREATE MATERIALIZED VIEW.
std::string CreateAsTag(const Node& body) {
  return body.Text("objtype") == "OBJECT_MATVIEW" ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS";
}

std::string AlterTag(const Node& body, tree::Key field) {
  return absl::StrCat("ALTER ", ObjectWords(body.Text(field)));
}

// RENAME COLUMN stands in the tree with the kind of relation beside it.
std::string RenameTag(const Node& body) {
  const bool part = body.Text("renameType") == "OBJECT_COLUMN";
  return AlterTag(body, part ? tree::Key("relationType") : tree::Key("renameType"));
}

}  // namespace

std::string ObjectWords(absl::string_view object_type) {
  if (const char* const* words = Lookup(kObjectWords, object_type)) return *words;
  return std::string(absl::StripPrefix(object_type, "OBJECT_"));
}

ObjectKind LowerObjectKind(absl::string_view object_type) {
  const ObjectKind* kind = Lookup(kObjectKinds, object_type);
  return kind == nullptr ? ObjectKind::kOther : *kind;
}

std::string CommandTag(const Node& node) {
  const absl::string_view type = node.Tag();
  const Node body = node.Body();
  if (const char* const* tag = Lookup(kStatementTags, type)) {
    if (type == "SelectStmt" && body["intoClause"]) return "SELECT INTO";
    return *tag;
  }
  if (type == "TransactionStmt") {
    const char* const* tag = Lookup(kTransactionTags, body.Text("kind"));
    return tag == nullptr ? "TRANSACTION" : *tag;
  }
  if (type == "VariableSetStmt") return SetTag(body);
  if (type == "DefineStmt") return DefineTag(body);
  if (type == "CreateTableAsStmt") return CreateAsTag(body);
  if (type == "CreateFunctionStmt") {
    return body.Flag("is_procedure") ? "CREATE PROCEDURE" : "CREATE FUNCTION";
  }
  if (type == "AlterTableStmt") return AlterTag(body, "objtype");
  if (type == "AlterFunctionStmt") return AlterTag(body, "objtype");
  if (type == "RenameStmt") return RenameTag(body);
  if (type == "AlterObjectSchemaStmt" || type == "AlterOwnerStmt" ||
      type == "AlterObjectDependsStmt") {
    return AlterTag(body, "objectType");
  }
  if (type == "DropStmt") return absl::StrCat("DROP ", ObjectWords(body.Text("removeType")));
  if (type == "GrantRoleStmt") return body.Flag("is_grant") ? "GRANT ROLE" : "REVOKE ROLE";
  if (type == "GrantStmt") return body.Flag("is_grant") ? "GRANT" : "REVOKE";
  if (type == "VacuumStmt") return body.Flag("is_vacuumcmd") ? "VACUUM" : "ANALYZE";
  // A node type that a newer grammar brought: its name says what it is.
  return absl::AsciiStrToUpper(absl::StripSuffix(type, "Stmt"));
}

}  // namespace plimsoll::tree
