#ifndef PLIMSOLL_TESTS_SUPPORT_PICTURE_H_
#define PLIMSOLL_TESTS_SUPPORT_PICTURE_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "analyzer/simulation/catalog.h"
#include "executor/connection.h"

// A catalog in a form in which the simulation's and a server's can be held against each other.

namespace plimsoll::picture {

// What is known of one object: {"type": "int4", "not null": "true"}.
using Facts = std::map<std::string, std::string>;

struct Picture {
  // By a name that is unique: `public.t`, `public.t column id`, `public.t constraint t_pkey`.
  // Relations are tables, views, sequences and indexes. Order is what it was in the table.
  std::map<std::string, Facts> objects;
  // Relations of which not everything is known: they may have more columns and constraints.
  std::set<std::string> open;
  // Relations that no file creates.
  std::set<std::string> assumed;
};

// Of every schema but PostgreSQL's own; temporary relations stand in `pg_temp`.
Picture Of(const CatalogView& catalog, int server_version);

// The query whose one column gives a server's picture as JSON, an object a row.
absl::string_view Query();
Picture Of(const Rows& rows);

// What differs, for people, a line each; empty where nothing does. A fact that is not predicted is
// not compared, and neither is what is assumed.
std::string Compare(const Picture& predicted, const Picture& real);

}  // namespace plimsoll::picture

#endif  // PLIMSOLL_TESTS_SUPPORT_PICTURE_H_
