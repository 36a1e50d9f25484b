// The binary as people meet it. fixtures/cli/*.md are console sessions: files in titled blocks,
// commands after `$ `, what they print and, where it is not 0, their exit code. With
// PLIMSOLL_UPDATE=1 the sessions are rewritten to what the binary does.

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "tests/support/source_tree.h"
#include "tests/support/temporary_folder.h"

namespace plimsoll {
namespace {

namespace fs = std::filesystem;
using testing_support::TemporaryFolder;

void WriteFile(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Outcome {
  std::string output;  // standard error too, in the order in which it was written
  int exit_code = 0;
};

// Runs a shell command in `folder`, where `plimsoll` is the binary under test.
Outcome Shell(const fs::path& folder, const std::string& command) {
  const std::string line = absl::StrCat(
      "cd '", folder.string(), "' && export PATH='",
      fs::path(PLIMSOLL_BINARY).parent_path().string(),
      "':\"$PATH\" TERM=dumb && unset NO_COLOR CLICOLOR_FORCE; { ", command, "\n} 2>&1 </dev/null");
  FILE* pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) return {.output = "cannot start a shell", .exit_code = -1};
  Outcome outcome;
  char buffer[1 << 14];
  for (size_t read = 0; (read = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    outcome.output.append(buffer, read);
  }
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

// The lines that a session shows for a command.
std::vector<std::string> Shown(const Outcome& outcome) {
  std::vector<std::string> lines;
  if (!outcome.output.empty()) {
    lines = absl::StrSplit(absl::StripSuffix(outcome.output, "\n"), '\n');
  }
  if (outcome.exit_code != 0) lines.push_back(absl::StrCat("[exit ", outcome.exit_code, "]"));
  return lines;
}

// Plays one session and returns it as it should read.
std::string Play(const std::string& session, const fs::path& folder) {
  std::vector<std::string> played;
  std::string title;    // of the file whose lines are being read
  std::string content;  // of that file
  enum class Block { kNone, kFile, kConsole, kOther } block = Block::kNone;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(session, '\n'))) {
    const bool fence = absl::StartsWith(line, "```");
    if (block == Block::kConsole && !fence) {
      if (!absl::StartsWith(line, "$ ")) continue;  // old output; the new one was put already
      played.push_back(line);
      const std::vector<std::string> shown = Shown(Shell(folder, line.substr(2)));
      played.insert(played.end(), shown.begin(), shown.end());
      continue;
    }
    played.push_back(line);
    if (!fence) {
      if (block == Block::kFile) absl::StrAppend(&content, line, "\n");
      continue;
    }
    if (block == Block::kFile) WriteFile(folder / title, content);
    const size_t at = line.find(" title=");
    if (block != Block::kNone) {
      block = Block::kNone;
    } else if (line == "```console") {
      block = Block::kConsole;
    } else if (at != std::string::npos) {
      block = Block::kFile;
      title = line.substr(at + absl::string_view(" title=").size());
      content.clear();
    } else {
      block = Block::kOther;
    }
  }
  return absl::StrJoin(played, "\n");
}

std::vector<fs::path> Sessions() {
  std::vector<fs::path> sessions;
  for (const auto& entry : fs::directory_iterator(fs::path(PLIMSOLL_SOURCE_DIR) / "fixtures/cli")) {
    if (entry.path().extension() == ".md") sessions.push_back(entry.path());
  }
  std::sort(sessions.begin(), sessions.end());
  return sessions;
}

class SessionTest : public testing::TestWithParam<fs::path> {};

TEST_P(SessionTest, ReadsAsTheBinaryBehaves) {
  const TemporaryFolder folder;
  const std::string session = ReadFile(GetParam());
  const std::string played = Play(session, folder.path());
  if (testing_support::UpdateWanted()) {
    if (played != session) WriteFile(GetParam(), played);
    return;
  }
  EXPECT_EQ(session, played) << "PLIMSOLL_UPDATE=1 rewrites " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Cli, SessionTest, testing::ValuesIn(Sessions()), [](const auto& session) {
  std::string name = session.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

// Forty folders, each a project of its own, with something to say about most of them.
void WriteProjects(const fs::path& folder) {
  constexpr int kProjects = 40;
  for (int i = 0; i < kProjects; ++i) {
    const fs::path project = folder / absl::StrCat("service_", i, "/migrations");
    WriteFile(project / "001_create.sql", absl::StrCat("create table t", i, " (id int);\n"));
    WriteFile(project / "002_index.sql", absl::StrCat("create index on t", i, " (id);\n"));
    WriteFile(project / "003_drop.sql", absl::StrCat("drop table t", i, ";\nnot sql;\n"));
  }
}

TEST(Cli, ThreadsDoNotChangeABit) {
  const TemporaryFolder folder;
  WriteProjects(folder.path());
  for (const std::string& command : {std::string("lint"), std::string("lint --format json"),
                                     std::string("lint --format concise"), std::string("effects"),
                                     std::string("effects --format json")}) {
    const Outcome one = Shell(folder.path(), absl::StrCat("plimsoll ", command, " --jobs 1 ."));
    EXPECT_GT(one.output.size(), 1000U) << one.output;
    for (int run = 0; run < 3; ++run) {
      const Outcome eight = Shell(folder.path(), absl::StrCat("plimsoll ", command, " --jobs 8 ."));
      EXPECT_EQ(one.output, eight.output) << command;
      EXPECT_EQ(one.exit_code, eight.exit_code) << command;
    }
  }
}

TEST(Cli, AClosedPipeIsNoError) {
  const TemporaryFolder folder;
  WriteProjects(folder.path());
  // Far more than a pipe holds, so that the reader is gone before the writer is done.
  const Outcome outcome =
      Shell(folder.path(),
            "{ plimsoll effects --format json . . . 2>errors; echo $? >code; } | head -c 1");
  EXPECT_EQ(outcome.output, "{");
  EXPECT_EQ(ReadFile(folder.Path("errors")), "");
  const std::string code = ReadFile(folder.Path("code"));
  EXPECT_TRUE(code == "141\n" || code == "0\n") << code;
}

TEST(Cli, ColorIsForTerminalsUnlessAskedFor) {
  const TemporaryFolder folder;
  folder.Write("a.sql", "drop table t;\n");
  const auto colored = [&](const std::string& command) {
    return absl::StrContains(Shell(folder.path(), command).output, "\x1b[");
  };
  EXPECT_FALSE(colored("plimsoll lint a.sql"));
  EXPECT_TRUE(colored("plimsoll lint --color always a.sql"));
  EXPECT_TRUE(colored("NO_COLOR=1 plimsoll lint --color always a.sql"));
  EXPECT_TRUE(colored("CLICOLOR_FORCE=1 plimsoll lint a.sql"));
  EXPECT_FALSE(colored("CLICOLOR_FORCE=0 plimsoll lint a.sql"));
  EXPECT_FALSE(colored("CLICOLOR_FORCE=1 NO_COLOR=1 plimsoll lint a.sql"));
  EXPECT_FALSE(colored("CLICOLOR_FORCE=1 plimsoll lint --color never a.sql"));
  EXPECT_FALSE(colored("plimsoll lint --color always --format json a.sql"));
  // `script` gives the command a terminal.
  EXPECT_TRUE(colored("TERM=xterm script -qec 'plimsoll lint a.sql' /dev/null"));
  EXPECT_FALSE(colored("TERM=xterm NO_COLOR=1 script -qec 'plimsoll lint a.sql' /dev/null"));
}

TEST(Cli, EveryCommandHasHelpAndNoOptionOfAnother) {
  const TemporaryFolder folder;
  for (const std::string& command :
       {std::string("lint"), std::string("effects"), std::string("explain"), std::string("rules"),
        std::string("apply"), std::string("status"), std::string("lsp")}) {
    const Outcome help = Shell(folder.path(), absl::StrCat("plimsoll ", command, " --help"));
    EXPECT_EQ(help.exit_code, 0) << command << help.output;
    EXPECT_TRUE(absl::StrContains(help.output, command)) << help.output;
    EXPECT_EQ(Shell(folder.path(), absl::StrCat("plimsoll help ", command)).output, help.output);
    EXPECT_EQ(Shell(folder.path(), absl::StrCat("plimsoll ", command, " --no-such")).exit_code, 2);
  }
}

}  // namespace
}  // namespace plimsoll
