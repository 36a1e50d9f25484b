// The language server. fixtures/lsp/*.md are sessions: files in titled blocks, what the client
// sends in `json client` blocks, what the server writes in `json server` blocks. FOLDER stands for
// the folder of the files. With PLIMSOLL_UPDATE=1 the server's blocks are rewritten to what it
// says.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/convert.h"
#include "server/documents.h"
#include "server/jsonrpc.h"
#include "server/language_server.h"
#include "server/markdown.h"
#include "tests/support/source_tree.h"
#include "tests/support/temporary_folder.h"

namespace plimsoll::server {
namespace {

namespace fs = std::filesystem;

// What a test's files lie in, and how an editor names them.
class TestFolder : public testing_support::TemporaryFolder {
 public:
  std::string Uri(const std::string& name) const { return UriOfPath(Path(name)); }
};

// A server, and what it wrote since it was last asked.
class Client {
 public:
  explicit Client(ServerOptions options = {})
      : server_(std::move(options), [this](absl::string_view message) {
          written_.push_back(Json::parse(message.begin(), message.end()));
        }) {}

  std::vector<Json> SendText(const std::string& message) {
    written_.clear();
    server_.Receive(message);
    return written_;
  }
  std::vector<Json> Send(const Json& message) { return SendText(message.dump()); }
  std::vector<Json> Notify(const std::string& method, const Json& params) {
    return Send({{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
  }
  // The answer.
  Json Request(const std::string& method, const Json& params) {
    std::vector<Json> answers =
        Send({{"jsonrpc", "2.0"}, {"id", ++last_id_}, {"method", method}, {"params", params}});
    // Log messages may come beside the answer.
    std::erase_if(answers, [](const Json& message) { return message.contains("method"); });
    if (answers.size() != 1 || answers[0]["id"] != last_id_) return {{"not one answer", answers}};
    return answers[0];
  }
  void Initialize() {
    Request("initialize", {{"capabilities", Json::object()}});
    Notify("initialized", Json::object());
  }
  std::vector<Json> Open(const std::string& uri, const std::string& text) {
    return Notify(
        "textDocument/didOpen",
        {{"textDocument", {{"uri", uri}, {"languageId", "sql"}, {"version", 1}, {"text", text}}}});
  }
  std::optional<int> exit_code() const { return server_.exit_code(); }

 private:
  std::vector<Json> written_;
  int last_id_ = 0;
  LanguageServer server_;
};

int ErrorCodeOf(const std::vector<Json>& answers) {
  if (answers.size() != 1 || !answers[0].contains("error")) return 0;
  return answers[0]["error"]["code"].get<int>();
}

Json RangeOf(uint32_t line, uint32_t from, uint32_t to) {
  return {{"start", {{"line", line}, {"character", from}}},
          {"end", {{"line", line}, {"character", to}}}};
}

// ---- sessions -----------------------------------------------------------------------------------

// On one line where that is short enough to read.
std::string Pretty(const Json& json, const std::string& indent = "") {
  constexpr size_t kWidth = 96;
  const std::string flat = json.dump();
  if (!json.is_structured() || json.empty() || indent.size() + flat.size() <= kWidth) return flat;
  std::vector<std::string> items;
  for (const auto& item : json.items()) {
    const std::string key = json.is_object() ? absl::StrCat(Json(item.key()).dump(), ": ") : "";
    items.push_back(absl::StrCat(indent, "  ", key, Pretty(item.value(), indent + "  ")));
  }
  return absl::StrCat(json.is_object() ? "{\n" : "[\n", absl::StrJoin(items, ",\n"), "\n", indent,
                      json.is_object() ? "}" : "]");
}

// One client, one folder, one file of blocks.
class SessionPlayer {
 public:
  // The session as it should read.
  std::string Play(const std::string& session) {
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(session, '\n'))) {
      Take(line);
    }
    if (!played_.empty() && played_.back().empty()) played_.pop_back();
    return absl::StrJoin(played_, "\n") + "\n";
  }

 private:
  void Take(const std::string& line) {
    const bool fence = absl::StartsWith(line, "```");
    if (opening_.empty()) {
      if (fence) opening_ = line;
      // The old answers; the new ones stand there already, with the empty line that follows.
      if (opening_ == "```json server") return;
      if (was_server_ && line.empty()) {
        was_server_ = false;
        return;
      }
      was_server_ = false;
      played_.push_back(line);
      return;
    }
    const bool answers = opening_ == "```json server";
    if (!answers) played_.push_back(line);
    if (!fence) {
      absl::StrAppend(&content_, line, "\n");
      return;
    }
    if (opening_ == "```json client") Send();
    const size_t title = opening_.find(" title=");
    if (title != std::string::npos) folder_.Write(opening_.substr(title + 7), content_);
    was_server_ = answers;
    opening_.clear();
    content_.clear();
  }

  void Send() {
    const std::string message =
        absl::StrReplaceAll(content_, {{"FOLDER", UriOfPath(folder_.path())}});
    const std::vector<Json> answers = client_.SendText(message);
    if (answers.empty()) return;
    played_.insert(played_.end(), {"", "```json server"});
    for (const Json& answer : answers) {
      std::string text = Pretty(Json::parse(absl::StrReplaceAll(
          answer.dump(), {{UriOfPath(folder_.path()), "FOLDER"},
                          {folder_.path(), "FOLDER"},
                          {absl::StrCat("\"", PLIMSOLL_VERSION, "\""), "\"VERSION\""}})));
      played_.push_back(std::move(text));
    }
    played_.push_back("```");
  }

  TestFolder folder_;
  Client client_{ServerOptions{.documentation = "file:///docs/rules"}};
  std::vector<std::string> played_;
  std::string opening_;  // the line that opened the block; empty outside of one
  std::string content_;
  bool was_server_ = false;
};

TEST(ServerSessions, SayWhatTheyShow) {
  const std::vector<std::string> sessions = testing_support::ListTreeFiles("fixtures/lsp", {".md"});
  ASSERT_GE(sessions.size(), 3U);
  for (const std::string& path : sessions) {
    const std::string text = testing_support::ReadTreeFile(path);
    const std::string played = SessionPlayer().Play(text);
    EXPECT_TRUE(absl::StrContains(text, "```json client")) << path;
    if (testing_support::UpdateWanted()) {
      if (played != text) testing_support::WriteTreeFile(path, played);
    } else {
      EXPECT_EQ(played, text) << path << " differs; `./dev update` rewrites it";
    }
  }
}

// ---- messages -----------------------------------------------------------------------------------

TEST(MessageReader, CutsAStreamThatComesByteByByte) {
  const std::string stream = Frame("{}") + "content-length:3\r\nContent-Type: x/y\r\n\r\nabc" +
                             Frame("") + "Content-Length: 2\n\nde";
  MessageReader reader;
  std::vector<std::string> messages;
  for (const char byte : stream) {
    reader.Feed(absl::string_view(&byte, 1));
    for (auto next = reader.Next(); next.has_value(); next = reader.Next()) {
      ASSERT_TRUE(next->ok()) << next->status();
      messages.push_back(**next);
    }
  }
  EXPECT_EQ(messages, (std::vector<std::string>{"{}", "abc", "", "de"}));
}

TEST(MessageReader, FindsTheNextMessageAfterABrokenHeader) {
  const std::vector<std::string> broken = {
      "Content-Type: x\r\n\r\n{\"a\":1}",
      "Content-Length: -5\r\n\r\n{}",
      "Content-Length: +5\r\n\r\n{}",
      "Content-Length: ten\r\n\r\n{}",
      "Content-Length: 99999999999999999999999\r\n\r\n{}",
      "Content-Length:\r\n\r\n{}",
      "no header at all\r\n\r\n",
      std::string("\0\r\n\r\n\xff", 6),
      "\r\n\r\n",
      std::string(3 * kMaxHeaderBytes, 'x'),
      std::string(2 * kMaxHeaderBytes, '\n'),
  };
  for (const std::string& bytes : broken) {
    MessageReader reader;
    reader.Feed(bytes + Frame("sound"));
    int errors = 0;
    std::string found;
    for (auto next = reader.Next(); next.has_value(); next = reader.Next()) {
      if (next->ok()) {
        found = **next;
      } else {
        ++errors;
      }
    }
    EXPECT_EQ(errors, 1) << bytes.substr(0, 60);
    EXPECT_EQ(found, "sound") << bytes.substr(0, 60);
  }
}

TEST(MessageReader, SkipsAMessageThatIsTooLarge) {
  const size_t size = kMaxMessageBytes + 1;
  MessageReader reader;
  reader.Feed(absl::StrCat("Content-Length: ", size, "\r\n\r\n"));
  auto next = reader.Next();
  ASSERT_TRUE(next.has_value());
  EXPECT_TRUE(absl::StrContains(next->status().message(), "the limit is")) << next->status();
  const std::string piece(size_t{1} << 20, 'x');
  for (size_t fed = 0; fed < size; fed += piece.size()) {
    reader.Feed(absl::string_view(piece).substr(0, std::min(piece.size(), size - fed)));
    EXPECT_FALSE(reader.Next().has_value());
  }
  reader.Feed(Frame("sound"));
  next = reader.Next();
  ASSERT_TRUE(next.has_value() && next->ok());
  EXPECT_EQ(**next, "sound");
}

TEST(Dispatcher, AnswersNonsenseWithAnErrorAndGoesOn) {
  Client client;
  client.Initialize();
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  EXPECT_EQ(ErrorCodeOf(client.SendText("{")), kParseError);
  EXPECT_EQ(ErrorCodeOf(client.SendText("")), kParseError);
  EXPECT_EQ(ErrorCodeOf(client.SendText("{\"method\":\"\xff\"}")), kParseError);
  EXPECT_EQ(ErrorCodeOf(client.SendText(std::string("{}\0", 3))), kParseError);
  EXPECT_EQ(ErrorCodeOf(client.SendText(std::string(500'000, '['))), kParseError);
  EXPECT_EQ(ErrorCodeOf(client.SendText(deep)), kInvalidRequest);
  EXPECT_EQ(ErrorCodeOf(client.SendText("[]")), kInvalidRequest);
  EXPECT_EQ(ErrorCodeOf(client.SendText("17")), kInvalidRequest);
  EXPECT_EQ(ErrorCodeOf(client.SendText("{}")), kInvalidRequest);
  EXPECT_EQ(ErrorCodeOf(client.SendText(R"({"id":1,"method":5})")), kInvalidRequest);
  EXPECT_EQ(ErrorCodeOf(client.SendText(R"({"id":{},"method":"x"})")), kInvalidRequest);
  EXPECT_EQ(ErrorCodeOf(client.SendText(R"({"id":null,"method":"x"})")), kInvalidRequest);
  EXPECT_EQ(ErrorCodeOf(client.SendText(R"({"id":"a","method":"$/unheard"})")), kMethodNotFound);
  EXPECT_EQ(ErrorCodeOf(client.SendText(R"({"id":"a","method":"textDocument/hover"})")),
            kInvalidParams);
  EXPECT_TRUE(client.SendText(R"({"method":"$/unheard"})").empty());
  EXPECT_TRUE(client.SendText(R"({"id":7,"result":null})").empty());
  EXPECT_EQ(client.Request("shutdown", nullptr)["result"], nullptr);
}

TEST(Dispatcher, TellsABugOfAHandlerAndGoesOn) {
  std::vector<Json> written;
  Dispatcher dispatcher([&written](absl::string_view message) {
    written.push_back(Json::parse(message.begin(), message.end()));
  });
  dispatcher.OnRequest("wrong", [](const Json& params, Json*) -> std::optional<Fault> {
    return Fault{kInvalidParams, params.get<std::string>()};
  });
  dispatcher.OnNotification("wrong", [](const Json& params) { (void)params.get<std::string>(); });
  dispatcher.Dispatch(R"({"id":1,"method":"wrong","params":{}})");
  dispatcher.Dispatch(R"({"method":"wrong","params":{}})");
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["error"]["code"], static_cast<int>(kInternalError));
  EXPECT_EQ(written[1]["method"], "window/logMessage");
}

TEST(Server, NonsenseInTheParametersOfEveryMethodIsSurvived) {
  const std::vector<Json> values = {
      nullptr,
      1,
      -1,
      1.5,
      "",
      "text",
      true,
      Json::array(),
      Json::object(),
      Json::array({1}),
      {{"textDocument", 1}},
      {{"textDocument", {{"uri", 1}}}},
      {{"textDocument", {{"uri", "a"}}}, {"position", {{"line", -1}, {"character", 0}}}},
      {{"textDocument", {{"uri", "file:///%00%zz%"}, {"text", "select"}, {"version", "x"}}}},
      {{"textDocument", {{"uri", "a"}, {"text", "drop table t;"}, {"version", 1}}}},
      {{"textDocument", {{"uri", "a"}}}, {"contentChanges", 1}},
      {{"textDocument", {{"uri", "a"}}}, {"contentChanges", {1}}},
      {{"textDocument", {{"uri", "a"}}}, {"contentChanges", {{{"text", 1}}}}},
      {{"textDocument", {{"uri", "a"}}}, {"contentChanges", {{{"text", ""}, {"range", 1}}}}},
      {{"textDocument", {{"uri", "a"}}},
       {"position", {{"line", 18446744073709551615U}, {"character", 1e300}}}},
      {{"initializationOptions", {{"serverVersion", "9"}}}}};
  const std::vector<std::string> methods = {"textDocument/didOpen",  "textDocument/didChange",
                                            "textDocument/didSave",  "textDocument/hover",
                                            "textDocument/didClose", "initialized"};
  Client client;
  client.Initialize();
  for (const std::string& method : methods) {
    for (const Json& value : values) {
      client.Notify(method, value);
      const Json answer = client.Request(method, value);
      EXPECT_FALSE(answer.contains("not one answer")) << method << value;
    }
  }
  for (const Json& value : values) {
    EXPECT_FALSE(Client().Request("initialize", value).contains("not one answer")) << value;
  }
}

TEST(Server, ExitCodeTellsWhetherItWasShutDown) {
  Client polite;
  polite.Initialize();
  EXPECT_EQ(polite.Request("shutdown", nullptr)["result"], nullptr);
  EXPECT_EQ(polite.Request("textDocument/hover", nullptr)["error"]["code"],
            static_cast<int>(kInvalidRequest));
  EXPECT_FALSE(polite.exit_code().has_value());
  polite.Notify("exit", nullptr);
  EXPECT_EQ(polite.exit_code(), 0);

  Client rude;
  rude.Notify("exit", nullptr);
  EXPECT_EQ(rude.exit_code(), 1);
}

TEST(Server, WaitsForInitialize) {
  Client client;
  EXPECT_EQ(client.Request("textDocument/hover", nullptr)["error"]["code"],
            static_cast<int>(kServerNotInitialized));
  EXPECT_TRUE(client.Open("file:///a.sql", "drop table t;").empty());
  client.Initialize();
  EXPECT_EQ(client.Request("initialize", Json::object())["error"]["code"],
            static_cast<int>(kInvalidRequest));
}

// ---- places -------------------------------------------------------------------------------------

TEST(Utf16Index, CountsCodeUnits) {
  const std::string text = "aé😀b\r\nc\rd\n\n😀";
  Utf16Index index(text);
  EXPECT_EQ(index.At(0), (Place{0, 0}));
  EXPECT_EQ(index.At(1), (Place{0, 1}));   // é
  EXPECT_EQ(index.At(3), (Place{0, 2}));   // 😀
  EXPECT_EQ(index.At(5), (Place{0, 2}));   // within it
  EXPECT_EQ(index.At(7), (Place{0, 4}));   // b
  EXPECT_EQ(index.At(10), (Place{1, 0}));  // c
  EXPECT_EQ(index.At(12), (Place{2, 0}));  // d
  EXPECT_EQ(index.At(14), (Place{3, 0}));
  EXPECT_EQ(index.At(15), (Place{4, 0}));
  EXPECT_EQ(index.At(1000), (Place{4, 2}));
  EXPECT_EQ(index.At(3), (Place{0, 2}));  // backwards
  EXPECT_EQ(index.Byte({0, 3}), 3U);      // the second half of the pair
  EXPECT_EQ(index.Byte({0, 99}), 8U);     // before the line's end
  EXPECT_EQ(index.Byte({4, 99}), text.size());
  EXPECT_EQ(index.Byte({99, 0}), text.size());
}

TEST(Utf16Index, GoesThereAndBack) {
  const std::string text = "select 'é😀', \"ü\";\r\n-- 😀😀\rdrop table t;\n";
  for (uint32_t byte = 0; byte <= text.size(); ++byte) {
    const bool inside = byte < text.size() && (static_cast<uint8_t>(text[byte]) & 0xC0U) == 0x80U;
    const bool between = byte > 0 && text.substr(byte - 1, 2) == "\r\n";
    if (inside || between) continue;
    EXPECT_EQ(Utf16Index(text).Byte(Utf16Index(text).At(byte)), byte);
  }
}

TEST(Documents, ApplyReplacesARange) {
  const std::string text = "a😀b\nc\n";
  EXPECT_EQ(Apply({.text = "x"}, text), "x");
  EXPECT_EQ(Apply({.range = Range{{0, 1}, {0, 3}}, .text = "é"}, text), "aéb\nc\n");
  EXPECT_EQ(Apply({.range = Range{{0, 4}, {1, 0}}, .text = ""}, text), "a😀bc\n");
  EXPECT_EQ(Apply({.range = Range{{9, 9}, {9, 9}}, .text = "d"}, text), "a😀b\nc\nd");
  EXPECT_EQ(Apply({.range = Range{{1, 0}, {0, 0}}, .text = "x"}, text), "a😀b\nxc\n");
}

TEST(Documents, UrisAndPaths) {
  EXPECT_EQ(PathOfUri("file:///a%20b/%C3%A9.sql"), "/a b/é.sql");
  EXPECT_EQ(PathOfUri("file://localhost/a.sql"), "/a.sql");
  EXPECT_EQ(PathOfUri("file:///a/../b.sql"), "/b.sql");
  EXPECT_EQ(PathOfUri("file://elsewhere/a.sql"), "");
  EXPECT_EQ(PathOfUri("file:///a%00b"), "");
  EXPECT_EQ(PathOfUri("untitled:Untitled-1"), "");
  EXPECT_EQ(UriOfPath("/a b/é#?.sql"), "file:///a%20b/%C3%A9%23%3F.sql");
  EXPECT_EQ(PathOfUri(UriOfPath("/a%b c")), "/a%b c");
}

TEST(Markdown, NamesCannotBreakOut) {
  EXPECT_EQ(MarkdownCode("t"), "`t`");
  EXPECT_EQ(MarkdownCode("a`b"), "`` a`b ``");
  EXPECT_EQ(MarkdownText("reads `t` [x](y)"), "reads `t` \\[x\\](y)");
  EXPECT_EQ(MarkdownText("a ` <b>"), "a \\` \\<b\\>");
}

// ---- diagnostics --------------------------------------------------------------------------------

TEST(Diagnostics, ColumnsAreUtf16) {
  Client client;
  client.Initialize();
  // The comment holds é, of two bytes and one unit, and an emoji, of four bytes and two units.
  const std::string text = "\n/* é😀 */ drop table if exists \"é😀\";\n";
  const std::vector<Json> written = client.Open("untitled:1", text);
  ASSERT_EQ(written.size(), 1U);
  const Json& diagnostics = written[0]["params"]["diagnostics"];
  ASSERT_EQ(diagnostics.size(), 1U) << diagnostics;
  EXPECT_EQ(diagnostics[0]["code"], "table-drop");
  EXPECT_EQ(diagnostics[0]["source"], "plimsoll");
  EXPECT_EQ(written[0]["params"]["version"], 1);
  EXPECT_EQ(diagnostics[0]["range"], RangeOf(1, 10, 36)) << diagnostics;
}

TEST(Diagnostics, ManyFindingsAreCut) {
  std::string text;
  for (size_t i = 0; i < kMaxDiagnostics + 7; ++i) {
    absl::StrAppend(&text, "drop table if exists t", i, ";");
  }
  Client client;
  client.Initialize();
  const std::vector<Json> written = client.Open("untitled:1", text);
  ASSERT_EQ(written.size(), 1U);
  const Json& diagnostics = written[0]["params"]["diagnostics"];
  ASSERT_EQ(diagnostics.size(), kMaxDiagnostics + 1);
  const std::string last = diagnostics.back()["message"];
  EXPECT_TRUE(absl::StartsWith(last, "7 more findings")) << last;
}

TEST(Diagnostics, ALargeDocumentIsJudgedAndEdited) {
  std::string text;
  for (int i = 0; text.size() < 5'000'000; ++i) {
    absl::StrAppend(&text, "insert into t", i % 50, " values (", i, ", 'some text é');\n");
  }
  const auto lines = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n'));
  Client client;
  client.Initialize();
  std::vector<Json> written = client.Open("untitled:1", text);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["params"]["diagnostics"], Json::array());
  Json change = {{"range", RangeOf(lines, 0, 0)}, {"text", "drop table if exists t1;"}};
  written = client.Notify("textDocument/didChange",
                          {{"textDocument", {{"uri", "untitled:1"}, {"version", 2}}},
                           {"contentChanges", Json::array({std::move(change)})}});
  ASSERT_EQ(written.size(), 1U);
  const Json& diagnostics = written[0]["params"]["diagnostics"];
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0]["range"], RangeOf(lines, 0, 23));
  EXPECT_EQ(written[0]["params"]["version"], 2);
}

TEST(Diagnostics, AFolderThatCannotBeReadIsToldOnce) {
  const TestFolder folder;
  folder.Write("m/001_a.sql", "create table t (id int);\n");
  folder.Write("m/002_b.sql", "select 1;\n");
  fs::create_symlink("nowhere", fs::path(folder.path()) / "m/003_c.sql");
  Client client;
  client.Initialize();
  const std::vector<Json> written = client.Open(folder.Uri("m/002_b.sql"), "drop table t;");
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["method"], "window/logMessage");
  EXPECT_TRUE(absl::StrContains(written[0]["params"]["message"].get<std::string>(), "cannot read"));
  EXPECT_EQ(written[1]["method"], "textDocument/publishDiagnostics");
  EXPECT_FALSE(written[1]["params"]["diagnostics"].empty());
  EXPECT_EQ(client.Open(folder.Uri("m/002_b.sql"), "select 2;").size(), 1U);
}

TEST(Diagnostics, ServerVersionComesFromTheEditor) {
  const std::string text = "alter table t add constraint c not null id not valid;";
  for (const int version : {12, 18}) {
    Client client;
    client.Request("initialize", {{"initializationOptions", {{"serverVersion", version}}}});
    client.Open("untitled:1", text);
    const Json hover = client.Request(
        "textDocument/hover",
        {{"textDocument", {{"uri", "untitled:1"}}}, {"position", {{"line", 0}, {"character", 0}}}});
    EXPECT_TRUE(hover["result"].contains("contents")) << hover;
  }
  Client client;
  const std::vector<Json> written =
      client.Send({{"id", 1},
                   {"method", "initialize"},
                   {"params", {{"initializationOptions", {{"serverVersion", 9}}}}}});
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["method"], "window/logMessage");
}

// ---- the program --------------------------------------------------------------------------------

// `plimsoll lsp` at the other end of two pipes.
class Process {
 public:
  Process() {
    int input[2];
    int output[2];
    if (pipe(input) != 0 || pipe(output) != 0) std::abort();
    child_ = fork();
    if (child_ == 0) {
      dup2(input[0], STDIN_FILENO);
      dup2(output[1], STDOUT_FILENO);
      for (const int end : {input[0], input[1], output[0], output[1]}) close(end);
      execl(PLIMSOLL_BINARY, "plimsoll", "lsp", "--stdio", nullptr);
      _exit(127);
    }
    close(input[0]);
    close(output[1]);
    to_ = input[1];
    from_ = output[0];
  }
  ~Process() {
    close(to_);
    close(from_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void SendBytes(const std::string& bytes) const {
    ASSERT_EQ(write(to_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void Send(const Json& message) const { SendBytes(Frame(message.dump())); }

  // Waits for the next message; null at the end of the output.
  Json Receive() {
    while (true) {
      const auto next = reader_.Next();
      if (next.has_value()) return next->ok() ? Json::parse(**next) : Json();
      char buffer[4096];
      const ssize_t count = read(from_, buffer, sizeof buffer);
      if (count <= 0) return nullptr;
      reader_.Feed(absl::string_view(buffer, static_cast<size_t>(count)));
    }
  }

  int ExitCode() {
    close(to_);
    to_ = -1;
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = -1;
  int to_ = -1;
  int from_ = -1;
  MessageReader reader_;
};

TEST(Program, ServesAnEditorOverPipes) {
  const TestFolder folder;
  folder.Write("001_create.sql", "create table users (id bigint primary key, email text);\n");
  Process process;
  process.Send({{"id", 1}, {"method", "initialize"}, {"params", Json::object()}});
  EXPECT_EQ(process.Receive()["result"]["serverInfo"]["name"], "plimsoll");
  process.SendBytes("Content-Length: nonsense\r\n\r\n");
  EXPECT_EQ(process.Receive()["error"]["code"], static_cast<int>(kParseError));
  const std::string uri = folder.Uri("002_email.sql");
  process.Send({{"method", "textDocument/didOpen"},
                {"params",
                 {{"textDocument",
                   {{"uri", uri},
                    {"languageId", "sql"},
                    {"version", 3},
                    {"text", "alter table users alter column email set not null;\n"}}}}}});
  const Json published = process.Receive()["params"];
  EXPECT_EQ(published["uri"], uri);
  EXPECT_EQ(published["version"], 3);
  ASSERT_EQ(published["diagnostics"].size(), 1U) << published;
  EXPECT_EQ(published["diagnostics"][0]["code"], "set-not-null-scan");
  process.Send({{"id", 2}, {"method", "shutdown"}});
  EXPECT_EQ(process.Receive()["id"], 2);
  process.Send({{"method", "exit"}});
  EXPECT_EQ(process.Receive(), nullptr);
  EXPECT_EQ(process.ExitCode(), 0);
}

TEST(Program, EndsWithTheInput) {
  Process process;
  process.Send({{"id", 1}, {"method", "initialize"}, {"params", Json::object()}});
  EXPECT_EQ(process.Receive()["id"], 1);
  EXPECT_EQ(process.ExitCode(), 1);
}

}  // namespace
}  // namespace plimsoll::server
