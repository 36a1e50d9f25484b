#include "executor/postgres.h"

#include <dlfcn.h>
#include <libpq-fe.h>

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace plimsoll {
namespace {

#ifdef __APPLE__
constexpr char kLibpqName[] = "libpq.5.dylib";
#else
constexpr char kLibpqName[] = "libpq.so.5";
#endif

std::string Trimmed(const char* text) {
  return text == nullptr ? std::string() : std::string(absl::StripAsciiWhitespace(text));
}

// clang-format off
#define PLIMSOLL_LIBPQ_FUNCTIONS(F) \
  F(PQbackendPID) F(PQclear) F(PQcmdStatus) F(PQconnectdbParams) F(PQconninfoFree) \
  F(PQconninfoParse) F(PQerrorMessage) F(PQfinish) F(PQfreemem) F(PQgetCopyData) \
  F(PQgetResult) F(PQgetisnull) F(PQgetvalue) F(PQnfields) F(PQntuples) F(PQputCopyData) \
  F(PQputCopyEnd) F(PQresultErrorField) F(PQresultStatus) F(PQsendQuery) \
  F(PQsendQueryParams) F(PQserverVersion) F(PQsetNoticeProcessor) F(PQstatus) \
  F(PQtransactionStatus)
// clang-format on

// The functions of libpq that we call, found when a database is first asked for. To load it, with
// the twenty libraries that it needs for TLS, Kerberos and LDAP, takes a fifth of the time in which
// a thousand statements are judged, and no linter needs it.
struct Libpq {
#define PLIMSOLL_DECLARE(name) decltype(&::name) name = nullptr;
  PLIMSOLL_LIBPQ_FUNCTIONS(PLIMSOLL_DECLARE)
#undef PLIMSOLL_DECLARE
  std::string missing;  // why it cannot be used; empty: it can
};

Libpq LoadLibpq() {
  Libpq libpq;
  // It stays until the process ends.
  void* library = dlopen(kLibpqName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    libpq.missing = absl::StrCat("databases are reached through libpq, which cannot be loaded: ",
                                 Trimmed(dlerror()));
    return libpq;
  }
#define PLIMSOLL_FIND(name)                                                \
  libpq.name = reinterpret_cast<decltype(&::name)>(dlsym(library, #name)); \
  if (libpq.name == nullptr) libpq.missing = "libpq is too old: it has no " #name;
  PLIMSOLL_LIBPQ_FUNCTIONS(PLIMSOLL_FIND)
#undef PLIMSOLL_FIND
  return libpq;
}

const Libpq& Pq() {
  static const Libpq* const libpq = new Libpq(LoadLibpq());
  return *libpq;
}

struct ResultDeleter {
  void operator()(PGresult* result) const { Pq().PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;

std::string Field(const PGresult* result, int code) {
  return Trimmed(Pq().PQresultErrorField(result, code));
}

absl::Status ErrorFrom(const PGresult* result, PGconn* connection) {
  SqlError error{.sqlstate = Field(result, PG_DIAG_SQLSTATE),
                 .message = Field(result, PG_DIAG_MESSAGE_PRIMARY),
                 .detail = Field(result, PG_DIAG_MESSAGE_DETAIL),
                 .hint = Field(result, PG_DIAG_MESSAGE_HINT),
                 .context = Field(result, PG_DIAG_CONTEXT)};
  if (!absl::SimpleAtoi(Field(result, PG_DIAG_STATEMENT_POSITION), &error.position)) {
    error.position = 0;
  }
  if (error.message.empty()) error.message = Trimmed(Pq().PQerrorMessage(connection));
  if (error.message.empty()) error.message = "the server gave no answer";
  return SqlStatus(error);
}

// The settings of a URL. Empty where libpq cannot read it: its own message is not passed on, for
// it quotes what it could not read, and that may be a password.
std::optional<std::map<std::string, std::string>> ParseUrl(const std::string& url) {
  char* message = nullptr;
  PQconninfoOption* options = Pq().PQconninfoParse(url.c_str(), &message);
  if (message != nullptr) Pq().PQfreemem(message);
  if (options == nullptr) return std::nullopt;
  std::map<std::string, std::string> settings;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) settings[option->keyword] = option->val;
  }
  Pq().PQconninfoFree(options);
  return settings;
}

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(PGconn* connection, std::function<void(absl::string_view)> notices)
      : connection_(connection), notices_(std::move(notices)) {
    Pq().PQsetNoticeProcessor(connection_, &PostgresConnection::OnNotice, this);
  }
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;
  ~PostgresConnection() override { PostgresConnection::Close(); }

  absl::StatusOr<Rows> Execute(absl::string_view sql) override {
    if (connection_ == nullptr) return Closed();
    return Receive(Pq().PQsendQuery(connection_, std::string(sql).c_str()) == 1, std::nullopt);
  }

  absl::StatusOr<Rows> ExecuteParams(absl::string_view sql,
                                     absl::Span<const Value> parameters) override {
    if (connection_ == nullptr) return Closed();
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const Value& value : parameters) {
      values.push_back(value.has_value() ? value->c_str() : nullptr);
    }
    const int sent = Pq().PQsendQueryParams(connection_, std::string(sql).c_str(),
                                            static_cast<int>(values.size()), nullptr, values.data(),
                                            nullptr, nullptr, 0);
    return Receive(sent == 1, std::nullopt);
  }

  absl::StatusOr<Rows> CopyIn(absl::string_view sql, absl::string_view data) override {
    if (connection_ == nullptr) return Closed();
    return Receive(Pq().PQsendQuery(connection_, std::string(sql).c_str()) == 1, data);
  }

  TransactionState transaction_state() const override {
    if (connection_ == nullptr) return TransactionState::kUnknown;
    switch (Pq().PQtransactionStatus(connection_)) {
      case PQTRANS_IDLE:
        return TransactionState::kIdle;
      case PQTRANS_INTRANS:
        return TransactionState::kOpen;
      case PQTRANS_INERROR:
        return TransactionState::kFailed;
      case PQTRANS_ACTIVE:
      case PQTRANS_UNKNOWN:
        break;
    }
    return TransactionState::kUnknown;
  }

  bool alive() const override {
    return connection_ != nullptr && Pq().PQstatus(connection_) == CONNECTION_OK;
  }
  int server_version() const override {
    return connection_ == nullptr ? 0 : Pq().PQserverVersion(connection_) / 10000;
  }
  int backend_pid() const override {
    return connection_ == nullptr ? 0 : Pq().PQbackendPID(connection_);
  }
  void Close() override {
    if (connection_ != nullptr) Pq().PQfinish(connection_);
    connection_ = nullptr;
  }

 private:
  static void OnNotice(void* self, const char* message) {
    const auto& notices = static_cast<PostgresConnection*>(self)->notices_;
    if (notices) notices(absl::StripAsciiWhitespace(message));
  }

  static absl::Status Closed() { return absl::UnavailableError("the connection is closed"); }

  // All answers to what was sent. The first error counts: where the server ends the session, the
  // reason comes before the news that the connection is gone.
  absl::StatusOr<Rows> Receive(bool sent, std::optional<absl::string_view> copy_data) {
    if (!sent) return SqlStatus({.message = Trimmed(Pq().PQerrorMessage(connection_))});
    absl::StatusOr<Rows> answer = SqlStatus({.message = "the server gave no answer"});
    bool failed = false;
    for (Result result(Pq().PQgetResult(connection_)); result != nullptr;
         result.reset(Pq().PQgetResult(connection_))) {
      const ExecStatusType status = Pq().PQresultStatus(result.get());
      if (status == PGRES_COPY_IN) {
        if (!SendCopy(copy_data)) {
          return SqlStatus({.message = Trimmed(Pq().PQerrorMessage(connection_))});
        }
      } else if (status == PGRES_COPY_OUT) {
        SkipCopy();
      } else if (!failed) {
        answer = Take(result.get());
        failed = !answer.ok();
      }
    }
    return answer;
  }

  // What the server says of the data comes back as the answer to the COPY. False: it was not sent.
  bool SendCopy(std::optional<absl::string_view> data) {
    constexpr size_t kPiece = size_t{1} << 20;
    bool sent = true;
    for (size_t at = 0; sent && data.has_value() && at < data->size(); at += kPiece) {
      const absl::string_view piece = data->substr(at, kPiece);
      sent = Pq().PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size())) == 1;
    }
    return Pq().PQputCopyEnd(
               connection_, data.has_value() ? nullptr : "no lines of data follow the statement") ==
           1;
  }

  void SkipCopy() {
    char* line = nullptr;
    while (Pq().PQgetCopyData(connection_, &line, 0) > 0) Pq().PQfreemem(line);
  }

  absl::StatusOr<Rows> Take(PGresult* result) {
    const ExecStatusType status = Pq().PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
      return ErrorFrom(result, connection_);
    }
    Rows rows;
    rows.tag = Pq().PQcmdStatus(result);
    const int columns = Pq().PQnfields(result);
    for (int row = 0; row < Pq().PQntuples(result); ++row) {
      std::vector<Value>& values = rows.values.emplace_back();
      for (int column = 0; column < columns; ++column) {
        if (Pq().PQgetisnull(result, row, column) == 1) {
          values.emplace_back(std::nullopt);
        } else {
          values.emplace_back(Pq().PQgetvalue(result, row, column));
        }
      }
    }
    return rows;
  }

  PGconn* connection_;
  std::function<void(absl::string_view)> notices_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> ConnectPostgres(const PostgresOptions& options) {
  if (!Pq().missing.empty()) return absl::UnavailableError(Pq().missing);
  const auto settings = ParseUrl(options.url);
  if (!settings.has_value()) {
    return absl::InvalidArgumentError(
        "cannot read the database URL: it is neither `postgresql://user@host:port/database` nor "
        "`key=value …` (special characters in a password must be percent-encoded)");
  }
  std::vector<const char*> keys = {"dbname", "fallback_application_name"};
  std::vector<const char*> values = {options.url.c_str(), "plimsoll"};
  if (!settings->contains("connect_timeout")) {
    keys.push_back("connect_timeout");
    values.push_back("10");
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = Pq().PQconnectdbParams(keys.data(), values.data(), /*expand_dbname=*/1);
  if (Pq().PQstatus(connection) != CONNECTION_OK) {
    const std::string message = Trimmed(Pq().PQerrorMessage(connection));
    Pq().PQfinish(connection);
    return absl::UnavailableError(
        absl::StrCat("cannot connect to ", DescribeUrl(options.url), ": ", message));
  }
  return std::make_unique<PostgresConnection>(connection, options.notices);
}

std::string DescribeUrl(const std::string& url) {
  if (!Pq().missing.empty()) return "the database";
  const auto settings = ParseUrl(url);
  if (!settings.has_value()) return "the database";
  const auto get = [&settings](const char* key) {
    const auto found = settings->find(key);
    return found == settings->end() ? std::string() : found->second;
  };
  const std::string database = get("dbname");
  const std::string host = get("host").empty() ? get("hostaddr") : get("host");
  const std::string port = get("port");
  const std::string user = get("user");
  std::string text = database.empty() ? "the default database" : absl::StrCat("`", database, "`");
  if (!host.empty()) absl::StrAppend(&text, " at ", host, port.empty() ? "" : ":", port);
  if (!user.empty()) absl::StrAppend(&text, " as ", user);
  return text;
}

}  // namespace plimsoll
