#ifndef PLIMSOLL_EXECUTOR_POSTGRES_H_
#define PLIMSOLL_EXECUTOR_POSTGRES_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "executor/connection.h"

// The real Connection. postgres.cc is the only file that talks libpq.

namespace plimsoll {

struct PostgresOptions {
  // postgresql://… or `key=value …`, as libpq takes it. No message ever repeats it: it may hold a
  // password.
  std::string url;
  // Notices and warnings of the server, such as `NOTICE: relation "t" already exists, skipping`.
  std::function<void(absl::string_view)> notices;
};

absl::StatusOr<std::unique_ptr<Connection>> ConnectPostgres(const PostgresOptions& options);

// Where a URL leads, for people: `shop at db.example:5432 as ada`. Never a password.
std::string DescribeUrl(const std::string& url);

}  // namespace plimsoll

#endif  // PLIMSOLL_EXECUTOR_POSTGRES_H_
