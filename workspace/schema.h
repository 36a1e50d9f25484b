#ifndef PLIMSOLL_WORKSPACE_SCHEMA_H_
#define PLIMSOLL_WORKSPACE_SCHEMA_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/simulation/history.h"

// What is there before the first migration, from a file: SQL that `pg_dump --schema-only` wrote, or
// a catalog (docs/formats.md), which executor/catalog.sql reads from a server. Both are statements
// that make what is there, so nothing but the simulation itself knows what a catalog holds.

namespace plimsoll {

// The highest `plimsoll_catalog` that is understood.
inline constexpr int kCatalogFormat = 1;

struct Schema {
  Migration migration;                // applied, and a schema
  std::optional<int> server_version;  // major; empty where the file does not say it
  std::vector<std::string> search_path = {"public"};
};

// `text` is a catalog where its first character that is no blank is `{`. `path` is for messages,
// which say where it is broken, by line and column or by JSON pointer, and what to do. Any bytes
// will do.
absl::StatusOr<Schema> ParseSchema(const std::string& path, std::string text);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_SCHEMA_H_
