#ifndef PLIMSOLL_EXECUTOR_CONNECTION_H_
#define PLIMSOLL_EXECUTOR_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// A session with a database, as the state machine of run.cc needs it. It is abstract so that a
// test can lose it at any moment; postgres.cc is the real one.

namespace plimsoll {

// What PostgreSQL said of a statement. It travels inside an absl::Status.
struct SqlError {
  std::string sqlstate;  // five characters; empty where the connection broke before an answer came
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;
  uint32_t position = 0;  // 1-based, in characters of the statement that was sent; 0: none
};

absl::Status SqlStatus(const SqlError& error);
// Empty members where the status does not come from SqlStatus.
SqlError SqlErrorOf(const absl::Status& status);
// The same error as `cannot WHAT: …`.
absl::Status Doing(absl::string_view what, const absl::Status& status);

using Value = std::optional<std::string>;  // empty: NULL

struct Rows {
  std::vector<std::vector<Value>> values;
  std::string tag;  // of the command, such as `INSERT 0 1` or `COMMIT`
};

enum class TransactionState { kIdle, kOpen, kFailed, kUnknown };

class Connection {
 public:
  virtual ~Connection() = default;

  // The text as it is, in the simple protocol. Of several statements the last one's rows.
  virtual absl::StatusOr<Rows> Execute(absl::string_view sql) = 0;
  // One statement with $1, $2, … as text.
  virtual absl::StatusOr<Rows> ExecuteParams(absl::string_view sql,
                                             absl::Span<const Value> parameters) = 0;
  // COPY … FROM stdin with the lines that follow it.
  virtual absl::StatusOr<Rows> CopyIn(absl::string_view sql, absl::string_view data) = 0;

  virtual TransactionState transaction_state() const = 0;
  virtual bool alive() const = 0;
  virtual int server_version() const = 0;  // the major one
  // The process that the server named when the session began. A pooler names another one than the
  // process that answers.
  virtual int backend_pid() const = 0;
  virtual void Close() = 0;
};

using Connector = std::function<absl::StatusOr<std::unique_ptr<Connection>>()>;

}  // namespace plimsoll

#endif  // PLIMSOLL_EXECUTOR_CONNECTION_H_
