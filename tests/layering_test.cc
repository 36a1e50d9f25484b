// Who may include whom. The table is ARCHITECTURE.md's; this test reads every `#include` of the
// tree. It also keeps the few rules of form that no compiler checks.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/support/annotations.h"
#include "tests/support/source_tree.h"

namespace plimsoll {
namespace {

// What the files below a folder may include: the longest prefix of a path decides.
struct Permission {
  const char* folder;
  std::vector<std::string> ours;    // prefixes of paths in the repository
  std::vector<std::string> theirs;  // prefixes of third-party headers
};

const std::vector<Permission>& Permissions() {
  static const auto& permissions = *new std::vector<Permission>{
      {"analyzer/", {"analyzer/check.h", "analyzer/limits.h"}, {"absl/", "re2/"}},
      {"analyzer/syntax/",
       {"analyzer/boxed.h", "analyzer/check.h", "analyzer/limits.h", "analyzer/thin_vector.h",
        "analyzer/syntax/"},
       {"absl/", "re2/", "simdjson.h"}},
      // The wall around the grammar: generated C inside, the operating system below.
      {"analyzer/syntax/sandbox/",
       {"analyzer/check.h", "analyzer/limits.h", "analyzer/syntax/tree.h",
        "analyzer/syntax/sandbox/"},
       {"absl/", "grammar_module.h", "grammar_names.h", "wasm-rt.h"}},
      {"analyzer/syntax/grammar_",
       {"analyzer/check.h", "analyzer/limits.h", "analyzer/syntax/"},
       {"absl/", "pg_query.h", "grammar_", "simdjson.h"}},
      {"analyzer/simulation/",
       {"analyzer/boxed.h", "analyzer/check.h", "analyzer/limits.h", "analyzer/shared_vector.h",
        "analyzer/thin_vector.h", "analyzer/syntax/", "analyzer/simulation/"},
       {"absl/", "re2/"}},
      // SHA-256 of the fingerprint comes from OpenSSL.
      {"analyzer/checking/", {"analyzer/"}, {"absl/", "re2/", "openssl/"}},
      {"rules/", {"analyzer/"}, {"absl/"}},
      {"rules/registry.", {"analyzer/", "rules/registry.h"}, {"absl/"}},
      {"rules/peers.", {"rules/registry.h"}, {}},
      {"rules/hazards.", {"rules/registry.h"}, {}},
      {"report/", {"analyzer/", "report/"}, {"absl/", "nlohmann/"}},
      {"workspace/",
       {"analyzer/", "rules/registry.h", "workspace/"},
       {"absl/", "nlohmann/", "re2/", "toml++/"}},
      {"executor/", {"analyzer/", "executor/"}, {"absl/"}},
      {"executor/postgres.cc", {"analyzer/", "executor/"}, {"absl/", "libpq-fe.h"}},
      {"server/",
       {"analyzer/", "rules/registry.h", "report/", "workspace/", "server/"},
       {"absl/", "nlohmann/"}},
      {"server/http",
       {"analyzer/", "rules/registry.h", "report/", "workspace/", "executor/", "server/"},
       {"absl/", "nlohmann/"}},
      {"cli/",
       {"analyzer/", "rules/registry.h", "report/", "workspace/", "executor/", "server/", "cli/"},
       {"absl/", "CLI/", "nlohmann/"}},
      {"bench/",
       {"analyzer/", "rules/registry.h", "report/", "workspace/", "bench/"},
       {"absl/", "benchmark/"}},
      {"tests/",
       {"analyzer/", "rules/registry.h", "report/", "workspace/", "executor/", "server/", "bench/",
        "tests/"},
       {"absl/", "gtest/", "gmock/", "nlohmann/", "re2/", "simdjson.h", "libpq-fe.h"}},
  };
  return permissions;
}

// Headers that bring the outside world in, or make output depend on something other than input.
const std::vector<std::string>& WorldlyHeaders() {
  static const auto& headers =
      *new std::vector<std::string>{"atomic",       "chrono",     "condition_variable",
                                    "ctime",        "filesystem", "fstream",
                                    "future",       "iostream",   "locale",
                                    "mutex",        "random",     "regex",
                                    "shared_mutex", "thread",     "fcntl.h",
                                    "unistd.h",     "time.h",     "sys/"};
  return headers;
}

bool StartsWithAny(absl::string_view text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [text](const std::string& prefix) { return absl::StartsWith(text, prefix); });
}

const Permission* PermissionOf(absl::string_view path) {
  const Permission* longest = nullptr;
  for (const Permission& permission : Permissions()) {
    const absl::string_view folder = permission.folder;
    if (!absl::StartsWith(path, folder)) continue;
    if (longest == nullptr || folder.size() > absl::string_view(longest->folder).size()) {
      longest = &permission;
    }
  }
  return longest;
}

// Folders whose code is a function of its arguments. The wall around the grammar needs signals,
// memory protection and a lock for its handlers.
bool IsPure(absl::string_view path) {
  if (absl::StartsWith(path, "analyzer/syntax/sandbox/")) return false;
  if (absl::StartsWith(path, "analyzer/syntax/grammar_")) return false;
  return absl::StartsWith(path, "analyzer/") || absl::StartsWith(path, "rules/") ||
         absl::StartsWith(path, "report/");
}

// The part of the analyzer that rules, and everybody outside of syntax/, must not see.
bool IsParseTree(absl::string_view header) {
  return absl::StartsWith(header, "analyzer/syntax/lower") ||
         absl::StartsWith(header, "analyzer/syntax/tree") ||
         absl::StartsWith(header, "analyzer/syntax/grammar") ||
         absl::StartsWith(header, "analyzer/syntax/sandbox");
}

bool MaySeeParseTree(absl::string_view path, absl::string_view header) {
  if (absl::StartsWith(path, "analyzer/syntax/") || absl::StartsWith(path, "tests/")) return true;
  // `plimsoll --version` names the grammar and benchmarks time it. Neither looks into the tree.
  return header == "analyzer/syntax/grammar.h" &&
         (absl::StartsWith(path, "cli/") || absl::StartsWith(path, "bench/"));
}

// The include in a line, with its first delimiter; empty where there is none.
std::string IncludeIn(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "#")) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "include")) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  return std::string(line.substr(0, line.find_first_of("\">", 1)));
}

// Why a file at `path` may not include `header`; empty where it may.
std::string WhyForbidden(absl::string_view path, absl::string_view header, bool angled) {
  const Permission* permission = PermissionOf(path);
  if (permission == nullptr) return "its folder is not in the table of layers";
  if (IsPure(path) && angled && StartsWithAny(header, WorldlyHeaders())) {
    return "this folder does no IO and knows no clock, thread or chance";
  }
  if (IsParseTree(header) && !MaySeeParseTree(path, header))
    return "the parse tree ends in lower.cc";
  if (StartsWithAny(header, permission->ours) || StartsWithAny(header, permission->theirs)) {
    return "";
  }
  // The rest in angle brackets is the language's and the system's, or a third party nobody allowed.
  const bool third_party =
      absl::StrContains(header, "/")
          ? !absl::StartsWith(header, "sys/") && !absl::StartsWith(header, "netinet/") &&
                !absl::StartsWith(header, "arpa/")
          : header == "simdjson.h" || header == "libpq-fe.h" || header == "pg_query.h";
  if (angled && !third_party) return "";
  return absl::StrCat("the layer `", permission->folder, "` may not use it");
}

std::vector<std::string> IncludeProblems(absl::string_view path, absl::string_view text) {
  std::vector<std::string> problems;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::string include = IncludeIn(line);
    if (include.empty()) continue;
    const std::string header = include.substr(1);
    const std::string why = WhyForbidden(path, header, include.front() == '<');
    if (why.empty()) continue;
    problems.push_back(absl::StrCat(path, ":", number, ": includes ", header, ": ", why));
  }
  return problems;
}

size_t CharactersIn(absl::string_view line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// Promises to finish later. Split so that this file does not hold them.
const std::vector<std::string>& UnfinishedWords() {
  static const auto& words = *new std::vector<std::string>{
      absl::StrCat("TO", "DO"), absl::StrCat("FIX", "ME"), absl::StrCat("XX", "X")};
  return words;
}

// As a word of its own: mkdtemp wants six of the last one in a row.
bool HoldsWord(absl::string_view line, absl::string_view word) {
  for (size_t at = line.find(word); at != absl::string_view::npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !absl::ascii_isalpha(static_cast<unsigned char>(line[at - 1]));
    const bool ends =
        end == line.size() || !absl::ascii_isalpha(static_cast<unsigned char>(line[end]));
    if (begins && ends) return true;
  }
  return false;
}

std::vector<std::string> FormProblems(absl::string_view path, absl::string_view text) {
  std::vector<std::string> problems;
  // Debian's Abseil has a string_view of its own, which the standard one does not convert to. Only
  // simdjson insists on the standard's.
  const bool speaks_absl = absl::EndsWith(path, ".h") &&
                           !absl::StrContains(text, absl::StrCat("#include \"simdjson", ".h\""));
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::string where = absl::StrCat(path, ":", number, ": ");
    // The annotation of an example is as long as the message it holds.
    if (CharactersIn(line) > 100 && !testing_support::LooksLikeMark(line)) {
      problems.push_back(where + "longer than 100 characters");
    }
    if (absl::StrContains(line, "\t")) problems.push_back(where + "holds a tab");
    if (absl::EndsWith(line, " ")) problems.push_back(where + "ends with a blank");
    for (const std::string& word : UnfinishedWords()) {
      if (HoldsWord(line, word)) problems.push_back(where + "promises to be finished");
    }
    if (speaks_absl && absl::StrContains(line, absl::StrCat("std::", "string_view"))) {
      problems.push_back(where + "headers speak absl::string_view");
    }
  }
  if (!absl::EndsWith(text, "\n")) problems.push_back(absl::StrCat(path, ": no last line feed"));
  return problems;
}

std::string GuardOf(absl::string_view path) {
  std::string guard = absl::StrCat("PLIMSOLL_", absl::AsciiStrToUpper(path), "_");
  for (char& c : guard) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return guard;
}

std::vector<std::string> OurSources() {
  std::vector<std::string> paths;
  for (const char* folder : {"analyzer", "rules", "report", "workspace", "executor", "server",
                             "cli", "tests", "bench"}) {
    for (std::string& path : testing_support::ListTreeFiles(folder, {".h", ".cc"})) {
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

TEST(LayeringTest, EveryIncludeStaysInItsLayer) {
  for (const std::string& path : OurSources()) {
    for (const std::string& problem : IncludeProblems(path, testing_support::ReadTreeFile(path))) {
      ADD_FAILURE() << problem;
    }
  }
}

TEST(LayeringTest, EveryIncludeOfOursExists) {
  for (const std::string& path : OurSources()) {
    const std::string text = testing_support::ReadTreeFile(path);
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::string include = IncludeIn(line);
      if (include.empty() || include.front() != '"') continue;
      const Permission* permission = PermissionOf(path);
      if (permission == nullptr || StartsWithAny(include.substr(1), permission->theirs)) continue;
      EXPECT_TRUE(testing_support::TreeFileExists(include.substr(1)))
          << path << ": " << include.substr(1) << " is not rooted at the repository";
    }
  }
}

TEST(LayeringTest, FormIsKept) {
  for (const std::string& path : OurSources()) {
    for (const std::string& problem : FormProblems(path, testing_support::ReadTreeFile(path))) {
      ADD_FAILURE() << problem;
    }
  }
}

TEST(LayeringTest, EveryHeaderHasItsGuard) {
  for (const std::string& path : OurSources()) {
    if (!absl::EndsWith(path, ".h")) continue;
    EXPECT_TRUE(absl::StrContains(testing_support::ReadTreeFile(path),
                                  absl::StrCat("#ifndef ", GuardOf(path), "\n")))
        << path << ": the guard is not " << GuardOf(path);
  }
}

// A test that cannot fail proves nothing: each kind of violation, made up.
TEST(IncludeProblemsTest, SeesEachKindOfViolation) {
  struct Case {
    const char* path;
    const char* line;
  };
  for (const Case& violation : {
           Case{"analyzer/simulation/a.cc", "#include <filesystem>"},
           Case{"analyzer/simulation/a.cc", "#include <thread>"},
           Case{"analyzer/simulation/a.cc", "#include <chrono>"},
           Case{"analyzer/simulation/a.cc", "#include <iostream>"},
           Case{"analyzer/simulation/a.cc", "  #  include \"nlohmann/json.hpp\""},
           Case{"analyzer/simulation/a.cc", "#include <nlohmann/json.hpp>"},
           Case{"analyzer/simulation/a.cc", "#include <simdjson.h>"},
           Case{"analyzer/simulation/a.cc", "#include \"analyzer/checking/rule.h\""},
           Case{"analyzer/simulation/a.cc", "#include \"analyzer/syntax/lower.h\""},
           Case{"analyzer/syntax/a.cc", "#include \"analyzer/simulation/lock.h\""},
           Case{"analyzer/checking/a.cc", "#include \"rules/registry.h\""},
           Case{"analyzer/checking/a.cc", "#include <libpq-fe.h>"},
           Case{"rules/locking/a.cc", "#include \"rules/registry.h\""},
           Case{"rules/locking/a.cc", "#include \"analyzer/syntax/tree.h\""},
           Case{"rules/locking/a.cc", "#include <unistd.h>"},
           Case{"report/a.cc", "#include \"rules/registry.h\""},
           Case{"report/a.cc", "#include <fstream>"},
           Case{"report/a.cc", "#include <sys/socket.h>"},
           Case{"workspace/a.cc", "#include \"report/json.h\""},
           Case{"executor/run.cc", "#include <libpq-fe.h>"},
           Case{"executor/plan.cc", "#include \"analyzer/syntax/grammar.h\""},
           Case{"executor/run.cc", "#include \"rules/registry.h\""},
           Case{"server/lsp.cc", "#include \"executor/run.h\""},
           Case{"server/http.cc", "#include \"cli/main.h\""},
           Case{"tests/a_test.cc", "#include \"cli/lint.h\""},
           Case{"elsewhere/a.cc", "#include <string>"},
       }) {
    EXPECT_EQ(IncludeProblems(violation.path, violation.line).size(), 1U)
        << violation.path << " with " << violation.line;
  }
}

TEST(IncludeProblemsTest, AllowsWhatTheTableAllows) {
  struct Case {
    const char* path;
    const char* line;
  };
  for (const Case& allowed : {
           Case{"analyzer/syntax/lower.cc", "#include <simdjson.h>"},
           Case{"analyzer/checking/a.cc", "#include \"analyzer/simulation/history.h\""},
           Case{"rules/locking/a.cc", "#include \"analyzer/checking/rule.h\""},
           Case{"report/a.cc", "#include \"nlohmann/json.hpp\""},
           Case{"workspace/a.cc", "#include <filesystem>"},
           Case{"executor/postgres.cc", "#include <libpq-fe.h>"},
           Case{"server/http.cc", "#include \"executor/run.h\""},
           Case{"cli/main.cc", "#include \"CLI/CLI.hpp\""},
           Case{"rules/locking/a.cc", "// #include <thread>"},
       }) {
    EXPECT_TRUE(IncludeProblems(allowed.path, allowed.line).empty())
        << allowed.path << " with " << allowed.line;
  }
}

TEST(FormProblemsTest, SeesEachKindOfViolation) {
  EXPECT_EQ(FormProblems("a.cc", absl::StrCat(std::string(101, 'x'), "\n")).size(), 1U);
  EXPECT_EQ(FormProblems("a.cc", "\tint a;\n").size(), 1U);
  EXPECT_EQ(FormProblems("a.cc", "int a; \n").size(), 1U);
  EXPECT_EQ(FormProblems("a.cc", "int a;").size(), 1U);
  EXPECT_EQ(FormProblems("a.cc", absl::StrCat("// TO", "DO: later\n")).size(), 1U);
  EXPECT_EQ(FormProblems("a.h", absl::StrCat("void F(std::", "string_view);\n")).size(), 1U);
  EXPECT_TRUE(FormProblems("a.cc", "int a;\n").empty());
  EXPECT_TRUE(FormProblems("a.cc", absl::StrCat("mkdtemp(\"XX", "XX", "XX\");\n")).empty());
  EXPECT_TRUE(FormProblems("a.cc", "--" + std::string(101, '^') + " rule\n").empty());
}

}  // namespace
}  // namespace plimsoll
