#include "executor/ephemeral.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace plimsoll {
namespace {

namespace fs = std::filesystem;

constexpr int kNewestMajor = 30;  // folders are asked for by name, and names hold the version
constexpr int kOldestMajor = 9;
// sockaddr_un has room for 107 bytes and the end.
constexpr size_t kLongestFolder = 107 - sizeof("/.s.PGSQL.5432");
constexpr auto kStartPatience = std::chrono::seconds(60);

bool HasServer(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / "initdb", ignored) && fs::exists(directory / "postgres", ignored);
}

// The folders pg18/native/bin, pg17/native/bin, … of a node_modules.
void AddPackages(const fs::path& modules, std::vector<PostgresBinaries>& found) {
  for (int version = kNewestMajor; version >= kOldestMajor; --version) {
    const fs::path directory = modules / absl::StrCat("pg", version) / "native" / "bin";
    if (HasServer(directory)) {
      found.push_back({.version = version, .directory = directory.string()});
    }
  }
}

void AddAbove(fs::path folder, std::vector<PostgresBinaries>& found) {
  for (;; folder = folder.parent_path()) {
    AddPackages(folder / "node_modules", found);
    if (folder == folder.parent_path()) return;
  }
}

// `postgres (PostgreSQL) 15.20 (Debian …)` -> 15
int AskVersion(const fs::path& directory) {
  FILE* pipe = popen(absl::StrCat("'", (directory / "postgres").string(), "' -V").c_str(), "r");
  if (pipe == nullptr) return 0;
  char line[256] = {};
  const bool read = std::fgets(line, sizeof line, pipe) != nullptr;
  pclose(pipe);
  if (!read) return 0;
  for (const absl::string_view word : absl::StrSplit(line, ' ')) {
    int version = 0;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(word, absl::MaxSplits('.', 1));
    if (absl::SimpleAtoi(parts.first, &version)) return version;
  }
  return 0;
}

void AddAsking(const fs::path& directory, std::vector<PostgresBinaries>& found) {
  if (!HasServer(directory)) return;
  const int version = AskVersion(directory);
  if (version != 0) found.push_back({.version = version, .directory = directory.string()});
}

void AddSystem(std::vector<PostgresBinaries>& found) {
  for (int version = kNewestMajor; version >= kOldestMajor; --version) {
    const fs::path directory = fs::path("/usr/lib/postgresql") / absl::StrCat(version) / "bin";
    if (HasServer(directory)) {
      found.push_back({.version = version, .directory = directory.string()});
    }
  }
  const char* path = std::getenv("PATH");
  for (const absl::string_view directory : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    if (!directory.empty()) AddAsking(fs::path(std::string(directory)), found);
  }
}

absl::StatusOr<PostgresBinaries> Choose(int version) {
  const std::vector<PostgresBinaries> found = FindPostgres();
  const PostgresBinaries* chosen = nullptr;
  for (const PostgresBinaries& binaries : found) {
    if (version != 0 && binaries.version != version) continue;
    if (chosen == nullptr || binaries.version > chosen->version) chosen = &binaries;
  }
  if (chosen != nullptr) return *chosen;
  std::vector<std::string> others;
  for (const PostgresBinaries& binaries : found) {
    others.push_back(absl::StrCat(binaries.version, " in ", binaries.directory));
  }
  return absl::NotFoundError(absl::StrCat(
      "cannot find PostgreSQL", version == 0 ? "" : " ", version == 0 ? "" : absl::StrCat(version),
      " for a private server: looked into $PLIMSOLL_POSTGRES_DIR, node_modules/pg",
      version == 0 ? "*" : absl::StrCat(version),
      "/native/bin here and above, "
      "/usr/lib/postgresql and PATH",
      others.empty() ? "" : absl::StrCat("; there is ", absl::StrJoin(others, ", "))));
}

// Whom a root caller's server runs as.
absl::StatusOr<std::optional<Identity>> ChooseIdentity() {
  if (geteuid() != 0) return std::optional<Identity>();
  for (const char* name : {"postgres", "nobody"}) {
    const passwd* user = getpwnam(name);
    if (user != nullptr && user->pw_uid != 0) {
      return std::optional<Identity>({.user = user->pw_uid, .group = user->pw_gid});
    }
  }
  return absl::FailedPreconditionError(
      "cannot start a private PostgreSQL as root: this machine has neither a user `postgres` nor "
      "a user `nobody` to run it as");
}

absl::Status GiveTo(const fs::path& path, const std::optional<Identity>& identity) {
  if (!identity.has_value() || lchown(path.c_str(), identity->user, identity->group) == 0) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat("cannot change the owner of \"", path.string(), "\": ", std::strerror(errno)));
}

absl::StatusOr<fs::path> MakeFolder(const std::optional<Identity>& identity) {
  const char* temporary = std::getenv("TMPDIR");
  std::string pattern = absl::StrCat(
      temporary == nullptr || *temporary == '\0' ? "/tmp" : temporary, "/plimsoll-XXXXXX");
  if (pattern.size() > kLongestFolder) pattern = "/tmp/plimsoll-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    return absl::InternalError(
        absl::StrCat("cannot make a folder \"", pattern, "\": ", std::strerror(errno)));
  }
  const absl::Status given = GiveTo(pattern, identity);
  if (!given.ok()) return given;
  return fs::path(pattern);
}

// Programs below a folder that only root may enter (such as a checkout in root's home) are copied
// to where the server's user can reach them.
absl::StatusOr<fs::path> Reachable(const fs::path& directory, const fs::path& folder,
                                   const std::optional<Identity>& identity) {
  if (MayExecute(identity, (directory / "postgres").string())) return directory;
  const fs::path root = folder / "installation";
  std::error_code error;
  fs::copy(directory.parent_path(), root,
           fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) {
    return absl::InternalError(absl::StrCat("cannot copy \"", directory.parent_path().string(),
                                            "\" for another user: ", error.message()));
  }
  absl::Status given = GiveTo(root, identity);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    given.Update(GiveTo(entry.path(), identity));
  }
  if (!given.ok()) return given;
  return root / directory.filename();
}

// The line of postmaster.pid that tells what the server is doing says `ready`.
bool Ready(const fs::path& data) {
  std::ifstream file(data / "postmaster.pid");
  constexpr int kStatusLine = 8;
  std::string line;
  for (int i = 0; i < kStatusLine; ++i) {
    if (!std::getline(file, line)) return false;
  }
  return absl::StartsWith(line, "ready");
}

std::string LastLines(const fs::path& log) {
  std::ifstream file(log);
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> lines = absl::StrSplit(text.str(), '\n', absl::SkipWhitespace());
  constexpr size_t kShown = 5;
  if (lines.size() > kShown) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kShown));
  }
  return absl::StrJoin(lines, "\n");
}

KeeperOrders OrdersFor(const fs::path& bin, const fs::path& folder, const EphemeralOptions& options,
                       const std::optional<Identity>& identity) {
  const std::string data = (folder / "data").string();
  KeeperOrders orders{.folder = folder.string(), .log = (folder / "log").string()};
  orders.identity = identity;
  orders.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC",
                        // npm's binaries bring their libraries along, also those that their
                        // libraries need.
                        absl::StrCat("LD_LIBRARY_PATH=", (bin.parent_path() / "lib").string())};
  orders.prepare = {(bin / "initdb").string(),
                    "-D",
                    data,
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale=C",
                    "--no-sync"};
  orders.serve = {(bin / "postgres").string(), "-D", data, "-F"};
  const auto set = [&orders](absl::string_view name, absl::string_view value) {
    orders.serve.insert(orders.serve.end(), {"-c", absl::StrCat(name, "=", value)});
  };
  set("listen_addresses", "");
  set("unix_socket_directories", folder.string());
  set("port", absl::StrCat(EphemeralServer::port()));
  set("full_page_writes", "off");
  set("synchronous_commit", "off");
  set("timezone", "UTC");
  set("log_timezone", "UTC");
  for (const auto& [name, value] : options.settings) set(name, value);
  return orders;
}

}  // namespace

std::vector<PostgresBinaries> FindPostgres() {
  std::vector<PostgresBinaries> found;
  const char* given = std::getenv("PLIMSOLL_POSTGRES_DIR");
  if (given != nullptr && *given != '\0') {
    AddPackages(given, found);
    AddAsking(given, found);
    AddAsking(fs::path(given) / "bin", found);
  }
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (!error) AddAbove(here, found);
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  if (!error) AddAbove(executable.parent_path(), found);
  AddSystem(found);
  return found;
}

absl::StatusOr<EphemeralServer> EphemeralServer::Start(const EphemeralOptions& options) {
  const auto binaries = Choose(options.version);
  if (!binaries.ok()) return binaries.status();
  const auto identity = ChooseIdentity();
  if (!identity.ok()) return identity.status();
  const auto folder = MakeFolder(*identity);
  if (!folder.ok()) return folder.status();
  const auto bin = Reachable(binaries->directory, *folder, *identity);
  absl::StatusOr<Keeper> keeper =
      bin.ok() ? Keeper::Start(OrdersFor(*bin, *folder, options, *identity)) : bin.status();
  if (!keeper.ok()) {
    std::error_code ignored;
    fs::remove_all(*folder, ignored);
    return keeper.status();
  }
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  while (!Ready(*folder / "data")) {
    const KeeperTrouble trouble = keeper->Trouble();
    if (trouble != KeeperTrouble::kNone || std::chrono::steady_clock::now() > deadline) {
      return absl::InternalError(absl::StrCat(
          "cannot start a private PostgreSQL ", binaries->version, " from ", binaries->directory,
          trouble == KeeperTrouble::kPrepareFailed ? ": initdb failed:\n"
          : trouble == KeeperTrouble::kServerEnded ? ": the server ended at once:\n"
                                                   : ": it is not ready after a minute:\n",
          LastLines(*folder / "log")));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return EphemeralServer(binaries->version, folder->string(), *std::move(keeper));
}

std::string EphemeralServer::url(const std::string& database) const {
  return absl::StrCat("postgresql://postgres@/", database, "?host=", folder_, "&port=", port());
}

}  // namespace plimsoll
