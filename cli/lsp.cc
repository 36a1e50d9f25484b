#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "server/documents.h"
#include "server/stdio.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

// How many folders above the program its documentation may lie: build/<preset>/cli/plimsoll.
constexpr int kMostFoldersUp = 4;

// The rules' pages that came with this program, as a URI; empty where there are none.
std::string FindDocumentation() {
  std::error_code failed;
  std::string folder =
      std::filesystem::read_symlink("/proc/self/exe", failed).parent_path().string();
  if (failed) return "";
  for (int up = 0; up < kMostFoldersUp; ++up, folder = ParentOf(folder)) {
    for (const char* place : {"docs/rules", "share/doc/plimsoll/rules"}) {
      const std::string pages = JoinPath(folder, place);
      if (IsFolder(pages)) return server::UriOfPath(pages);
    }
  }
  return "";
}

int Serve(server::ServerOptions options) {
  if (options.documentation.empty()) options.documentation = FindDocumentation();
  const absl::StatusOr<int> exit_code = server::ServeStdio(options);
  if (exit_code.ok()) return *exit_code;
  PrintError(exit_code.status().message());
  return kExitFailure;
}

}  // namespace

void RegisterLsp(CLI::App& app, int* exit_code) {
  CLI::App* lsp = app.add_subcommand("lsp", "serve an editor (Language Server Protocol)");
  const auto options = std::make_shared<server::ServerOptions>();
  const auto version = std::make_shared<std::optional<int>>();
  AddServerVersionOption(*lsp, version.get(), absl::StrCat(options->server_version));
  lsp->add_option(
         "--documentation", options->documentation,
         "URI of the folder with the rules' pages, for links (default: the pages that came "
         "with this program)")
      ->type_name("URI");
  lsp->add_flag_callback(
      "--stdio", [] {}, "over standard input and output, which is the only way; editors pass it");
  lsp->callback([options, version, exit_code] {
    options->server_version = version->value_or(options->server_version);
    *exit_code = Serve(*options);
  });
}

}  // namespace plimsoll
