// What a project has written down about its migrations, against what they are. The hashes of Atlas
// and graphile-migrate were computed by hand, by the rules of their sources.

#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/syntax/lexer.h"
#include "gtest/gtest.h"
#include "tests/support/source_tree.h"
#include "tests/support/temporary_folder.h"
#include "workspace/files.h"
#include "workspace/load.h"
#include "workspace/sum.h"

namespace plimsoll {
namespace {

using testing_support::ListTreeFiles;
using testing_support::ReadTreeFile;
using testing_support::TemporaryFolder;

Script Parse(const std::string& text) {
  return ParseScript(std::make_shared<const Source>("a.sql", text));
}

SumEntry EntryOf(const std::string& text) { return SumEntryOf("a.sql", Parse(text)); }

// `cosmetic`, what changed, or `same`.
std::string Between(const std::string& was, const std::string& is) {
  if (EntryOf(was).hash == EntryOf(is).hash) return "same";
  const std::optional<Drift> drift = DriftBetween(EntryOf(was), EntryOf(is));
  if (!drift) return "grown";
  if (!drift->cosmetic) return drift->what;
  return drift->what.empty() ? "cosmetic" : absl::StrCat("cosmetic: ", drift->what);
}

// ---- what counts as a change -----------------------------------------------------------------

TEST(Sum, TellsWhatNoServerSees) {
  const std::string was = "create table Account (id bigint);\n";
  EXPECT_EQ(Between(was,
                    "\xEF\xBB\xBF"
                    "create table Account (id bigint);\r\n"),
            "same");
  EXPECT_EQ(Between(was, "CREATE TABLE account\n( id BIGINT );-- done\n"), "cosmetic");
  EXPECT_EQ(Between(was, "create /* a */ table account(id bigint);;\n"), "cosmetic");
  EXPECT_EQ(Between("select $$\nx\n$$;", "select  $$\r\nx\r\n$$;"), "cosmetic");
}

// gram.y makes one tree of each pair.
TEST(Sum, TakesOtherSpellingsForTheSame) {
  EXPECT_EQ(Between("create table a (b int, c varchar(4), d decimal, e float8[]);",
                    "create table \"a\" (b integer, c character varying(4), d numeric,"
                    " e float8 array);"),
            "cosmetic");
  EXPECT_EQ(Between("select (a != 1) as b from c where not (d in (1, 2));",
                    "SELECT a <> 1 \"b\" FROM c WHERE NOT d IN (1,2);"),
            "cosmetic");
  EXPECT_EQ(Between("select cast(a as text), 'x'\n  'y', 16;", "select a::text, 'x'\n'y', 0x10;"),
            "cosmetic");
  EXPECT_EQ(Between("alter table a add b int;", "alter table a add column b int;"), "cosmetic");
  EXPECT_EQ(Between("create index on a (b asc);", "create index on a (b);"),
            "statement 1 was `create index on a (b asc)` and is `create index on a (b)`");
  // A name of pg_catalog may mean something else where the search path says so.
  EXPECT_EQ(Between("create table a (b int);", "create table a (b int4);"),
            "statement 1 was `create table a (b int)` and is `create table a (b int4)`");
}

TEST(Sum, LooksIntoBodiesForWords) {
  const std::string was =
      "create function f() returns int language plpgsql as $$\nbegin\n  return 1;\nend $$;";
  EXPECT_EQ(Between(was,
                    "create function f() returns integer language plpgsql as $f$\nBEGIN -- one\n"
                    " return 1; end$f$;"),
            "cosmetic");
  EXPECT_EQ(Between(was, absl::StrReplaceAll(was, {{"return 1", "return 2"}})),
            "statement 1 was `create function f() returns int language plpgsql as $$ begin   "
            "return 1; end $$` and is `create function f() returns int language plpgsql as $$ "
            "begin   return 2; end $$`");
  EXPECT_EQ(Between("do $$begin null; end$$;", "do '/* a */ BEGIN null; END';"), "cosmetic");
  // Of another language nobody knows what a comment is.
  EXPECT_EQ(Between("do language plpython3u $$pass$$;", "do language plpython3u $$pass $$;"),
            "statement 1 was `do language plpython3u $$pass$$` and is "
            "`do language plpython3u $$pass $$`");
}

TEST(Sum, ComparesWordsWhereThereIsNoTree) {
  const std::string was = "alter table ${schema}.a add b int;\n\\set x 1\ncreate tabel a;\n";
  EXPECT_EQ(Between(was, absl::StrReplaceAll(was, {{" b int", "  B /* b */ INT"}})), "cosmetic");
  EXPECT_EQ(Between(was, absl::StrReplaceAll(was, {{"b int", "b integer"}})),
            "statement 1 was `alter table ${schema}.a add b int` and is "
            "`alter table ${schema}.a add b integer`");
  EXPECT_EQ(Between(was, absl::StrReplaceAll(was, {{"${schema}", "${Schema}"}})),
            "statement 1 was `alter table ${schema}.a add b int` and is "
            "`alter table ${Schema}.a add b int`");
  EXPECT_EQ(Between(was, absl::StrReplaceAll(was, {{"tabel", "TABEL"}})), "cosmetic");
  EXPECT_EQ(Between(was, absl::StrReplaceAll(was, {{"tabel", "table"}})),
            "statement 3 was `create tabel a` and is `create table a`");
}

TEST(Sum, NamesTheStatementsThatChanged) {
  EXPECT_EQ(Between("select 1;\nselect 2;\n", "select 1;\nselect 3;\n"),
            "statement 2 was `select 2` and is `select 3`");
  EXPECT_EQ(Between("select 1;\n", "select 1;\nselect 2;\n"), "statement 2 `select 2` is new");
  EXPECT_EQ(Between("select 1;\nselect 2;\n", "select 2;\n"), "statement 1 `select 1` is gone");
  EXPECT_EQ(Between("select 1;\nselect 2;\n", "select 2;\nselect 1;\n"),
            "its statements stand in another order");
  EXPECT_EQ(Between("select 1;select 2;select 3;select 4;select 5;", "select 0;"),
            "statement 1 `select 1` is gone; statement 2 `select 2` is gone; "
            "statement 3 `select 3` is gone; 3 more");
  EXPECT_EQ(Between("select 'a';", "select 'A';"),
            "statement 1 was `select 'a'` and is `select 'A'`");
  EXPECT_EQ(Between("select \"a\";", "select \"A\";"),
            "statement 1 was `select \"a\"` and is `select \"A\"`");
  EXPECT_EQ(Between("copy t from stdin;\n1\n\\.\n", "copy t from stdin;\n2\n\\.\n"),
            "statement 1 `copy t from stdin` differs further on");
  EXPECT_EQ(Between("\\set Name 1\n", "\\set name 1\n"),
            "statement 1 was `\\set Name 1` and is `\\set name 1`");
  EXPECT_EQ(Between("select :Name;", "select :name;"),
            "statement 1 was `select :Name` and is `select :name`");
  const std::string longer = absl::StrCat("select '", std::string(100, 'a'));
  EXPECT_EQ(Between(longer + "b';", longer + "c';"),
            absl::StrCat("statement 1 `", longer.substr(0, 100), "…` differs further on"));
}

TEST(Sum, ReadsMarkersOfRunners) {
  EXPECT_EQ(Between("-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n",
                    "-- +goose Up\nselect 1;\n-- +goose Down\nselect 3;\n"),
            "cosmetic: only in its down: statement 1 was `select 2` and is `select 3`");
  EXPECT_EQ(Between("-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n",
                    "-- +goose Up\nselect 1;\n-- goose Down\nselect 2;\n"),
            "statement 2 `select 2` is new");
  EXPECT_EQ(
      Between("-- +goose Up\nselect 1;\n", "-- +goose NO TRANSACTION\n-- +goose Up\nselect 1;\n"),
      "it asks for no transaction");
  const std::string changelog = "--liquibase formatted sql\n--changeset a:1\nselect 1;\n";
  EXPECT_EQ(Between(changelog, changelog + "--changeset a:2\nselect 2;\n"), "grown");
  EXPECT_EQ(Between(changelog, absl::StrReplaceAll(changelog, {{"1;", "2;"}})),
            "statement 1 was `select 1` and is `select 2`");
}

// A code token of one of the statements, by where it stands in the file.
std::vector<Token> CodeOf(const Script& script, const Statement& statement) {
  Lexer lexer(script.source->Text(statement.span), statement.span.begin);
  std::vector<Token> tokens;
  for (Token token; lexer.NextCode(&token);) tokens.push_back(token);
  return tokens;
}

std::string Replaced(const std::string& text, Span span, const std::string& with) {
  return absl::StrCat(text.substr(0, span.begin), with, text.substr(span.end));
}

// Another word of the same kind, or none.
std::string AnotherToken(const std::string& word, TokenKind kind) {
  switch (kind) {
    case TokenKind::kIdentifier:
      return word + "q";
    case TokenKind::kNumber:
    case TokenKind::kParameter:
      return word + "1";
    case TokenKind::kOperator:
      return word + "=";
    case TokenKind::kString:
    case TokenKind::kQuotedIdentifier:
    case TokenKind::kDollarString:
      return absl::StrCat(word.substr(0, word.size() - 1), "z", word.substr(word.size() - 1));
    default:
      return " ";
  }
}

class Mutator {
 public:
  explicit Mutator(std::mt19937& random) : random_(random) {}

  // Blanks between two tokens, or the case of a word. Empty: nothing of the kind is there.
  std::string Cosmetic(const std::string& text) {
    const Script script = Parse(text);
    const Statement* statement = AnyOf(script);
    if (statement == nullptr || statement->form != StatementForm::kSql) return "";
    // A placeholder's blanks and letters are its engine's.
    const absl::string_view own = script.source->Text(statement->span);
    if (own.find_first_of("{%#@:") != absl::string_view::npos) return "";
    const std::vector<Token> tokens = CodeOf(script, *statement);
    const size_t at = Below(tokens.size());
    const std::string word = text.substr(tokens[at].span.begin, tokens[at].span.size());
    if (tokens[at].kind == TokenKind::kIdentifier && Below(2) == 0) {
      const std::string lower = absl::AsciiStrToLower(word);
      const std::string other = lower == word ? absl::AsciiStrToUpper(word) : lower;
      return other == word ? "" : Replaced(text, tokens[at].span, other);
    }
    if (at == 0) return "";
    const Span gap = {tokens[at - 1].span.end, tokens[at].span.begin};
    const std::string blanks = text.substr(gap.begin, gap.size());
    const bool blank = !gap.empty() && blanks.find_first_not_of(" \t\n") == std::string::npos;
    // Two strings with a line feed between them are one.
    const bool strings = tokens[at - 1].kind == TokenKind::kString;
    if (!blank || strings) return "";
    const std::vector<std::string> others = {"  ", "\t", "\n", " /* a\nremark */ ",
                                             " -- a remark\n"};
    return Replaced(text, gap, others[Below(others.size())]);
  }

  std::string Semantic(const std::string& text) {
    const Script script = Parse(text);
    const Statement* statement = AnyOf(script);
    if (statement == nullptr) return "";
    const std::vector<Token> tokens = CodeOf(script, *statement);
    if (tokens.empty()) return "";
    const Token& token = tokens[Below(tokens.size())];
    return Replaced(text, token.span,
                    AnotherToken(text.substr(token.span.begin, token.span.size()), token.kind));
  }

 private:
  size_t Below(size_t count) {
    return std::uniform_int_distribution<size_t>(0, count - 1)(random_);
  }
  const Statement* AnyOf(const Script& script) {
    if (script.statements.empty()) return nullptr;
    return &script.statements[Below(script.statements.size())];
  }

  std::mt19937& random_;
};

TEST(Sum, EveryTokenCountsAndNoBlankDoes) {
  std::mt19937 random(20261122);  // NOLINT: the same at every run
  Mutator mutator(random);
  int cosmetic = 0;
  int semantic = 0;
  for (const std::string& path : ListTreeFiles("fixtures", {".sql"})) {
    const std::string text = ReadTreeFile(path);
    constexpr size_t kMostBytes = 20'000;
    // There a name may become another one only behind the bytes that PostgreSQL takes of it.
    if (text.size() > kMostBytes || absl::StrContains(path, "name-too-long")) continue;
    // There a line's end means something: it ends what a `--rollback` holds.
    if (absl::StrContains(text, "--liquibase formatted sql")) continue;
    for (int round = 0; round < 4; ++round) {
      const std::string blanks = mutator.Cosmetic(text);
      if (!blanks.empty()) {
        ++cosmetic;
        ASSERT_EQ(Between(text, blanks), blanks == text ? "same" : "cosmetic") << path << "\n"
                                                                               << blanks;
      }
      const std::string token = mutator.Semantic(text);
      if (token.empty() || token == text) continue;
      ++semantic;
      ASSERT_NE(Between(text, token), "cosmetic") << path << "\n" << token;
      ASSERT_NE(Between(text, token), "same") << path << "\n" << token;
    }
    ASSERT_EQ(
        EntryOf(text).hash,
        EntryOf(absl::StrCat("\xEF\xBB\xBF", absl::StrReplaceAll(text, {{"\n", "\r\n"}}))).hash)
        << path;
  }
  EXPECT_GT(cosmetic, 300);
  EXPECT_GT(semantic, 800);
}

// ---- plimsoll.sum ----------------------------------------------------------------------------

TEST(Sum, ReadsWhatItWrites) {
  std::vector<SumEntry> entries = {
      EntryOf("-- +goose NO TRANSACTION\n-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n"),
      EntryOf("")};
  entries[1].file = "a b/2.sql";
  const absl::StatusOr<std::string> text = RenderSum(entries);
  ASSERT_TRUE(text.ok()) << text.status();
  const absl::StatusOr<std::vector<SumEntry>> read = ParseSum("plimsoll.sum", *text);
  ASSERT_TRUE(read.ok()) << read.status();
  const absl::StatusOr<std::string> again = RenderSum(*read);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *text);
  EXPECT_TRUE(ParseSum("plimsoll.sum", absl::StrReplaceAll(*text, {{"\n", "\r\n"}})).ok());
  entries[1].file = "a\nb.sql";
  EXPECT_FALSE(RenderSum(entries).ok());
}

std::string ErrorOf(const std::string& text) {
  return std::string(ParseSum("m/plimsoll.sum", text).status().message());
}

TEST(Sum, SaysWhereItIsBroken) {
  const std::string whole = *RenderSum({EntryOf("select 1;\n")});
  EXPECT_EQ(ErrorOf(whole), "");
  EXPECT_TRUE(absl::StartsWith(ErrorOf(""), "m/plimsoll.sum:1: it does not begin with"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf("plimsoll.sum 3 sha256 x\n"),
                               "m/plimsoll.sum:1: version 3 of the format is not known"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf("plimsoll.sum 1 md5 x\n"),
                               "m/plimsoll.sum:1: `md5` is no algorithm that is known"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf("plimsoll.sum 1 sha256 x\n"),
                               "m/plimsoll.sum:1: the sum of the lines below is missing"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf("plimsoll.sum 2 sha256 tree-18\n"),
                               "m/plimsoll.sum:1: the sum of the lines below is missing"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf(whole + "\n"), "m/plimsoll.sum:4: not a line of"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf(whole + " up 12 x\n"), "m/plimsoll.sum:4: not a line of"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf(whole + "file 12 x\n"), "m/plimsoll.sum:4: not a line of"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf(whole + "=======\n"), "m/plimsoll.sum:4: a merge left"));
  EXPECT_TRUE(absl::StartsWith(ErrorOf(absl::StrReplaceAll(whole, {{"a.sql", "b.sql"}})),
                               "m/plimsoll.sum:1: the sum of the lines below is another"));
}

// The hash of the lines is sha256sum's.
TEST(Sum, SaysWhatAnOlderRecordCannotTell) {
  const std::string lines =
      "file 0000000000000000000000000000000000000000000000000000000000000000 a.sql\n"
      " up a8c9f7b0e232da07 create table account (id bigint primary key)\n";
  const absl::StatusOr<std::vector<SumEntry>> first =
      ParseSum("plimsoll.sum",
               "plimsoll.sum 1 sha256 "
               "39fa7f7ad95d5439aad0b2e44bd6cb690885267937e697543e8464eaf3d442d3\n" +
                   lines);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::optional<Drift> drift =
      DriftBetween((*first)[0], EntryOf("create table account (id bigint primary key);\n"));
  ASSERT_TRUE(drift.has_value());
  EXPECT_FALSE(drift->cosmetic);
  EXPECT_EQ(drift->what, "whether in meaning cannot be told from a record of `words`");
  // A file that is not read now keeps what is known of it.
  const std::string again = *RenderSum(*first);
  EXPECT_TRUE(absl::StrContains(again, " a.sql\n by words\n up a8c9")) << again;
  EXPECT_EQ((*ParseSum("plimsoll.sum", again))[0].algorithm, "words");
  // Two sides of a merge that were written by different versions.
  const absl::StatusOr<std::vector<SumEntry>> joined =
      ParseSum("plimsoll.sum",
               absl::StrCat("<<<<<<< a\nplimsoll.sum 1 sha256 ", std::string(64, '0'),
                            "\n=======\nplimsoll.sum 2 sha256 tree-17 ", std::string(64, '0'),
                            "\n>>>>>>> b\n", lines),
               /*joining=*/true);
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_EQ((*joined)[0].algorithm, "words and tree-17");
}

// ---- records of others -----------------------------------------------------------------------

// All that the records say of a folder, a line each.
std::string Told(const TemporaryFolder& folder, std::vector<std::string> paths = {}) {
  if (paths.empty()) paths = {folder.path()};
  const absl::StatusOr<std::vector<Project>> projects = Load({.paths = paths});
  if (!projects.ok()) return std::string(projects.status().message());
  std::vector<std::string> lines;
  for (const Project& project : *projects) {
    for (const Migration& migration : project.inputs.migrations) {
      const std::string name(NameOf(migration.script->source->name()));
      if (migration.added) lines.push_back(absl::StrCat(name, " is new"));
      for (const Drift& drift : migration.drifts) {
        lines.push_back(absl::StrCat(name, drift.cosmetic ? " is cosmetic by " : " differs by ",
                                     drift.record, drift.ran ? ", ran" : ""));
      }
    }
    for (const Gone& gone : project.inputs.gone) {
      lines.push_back(
          absl::StrCat(gone.file, " is gone by ", gone.record, gone.ran ? ", ran" : ""));
    }
  }
  return absl::StrJoin(lines, "\n");
}

constexpr char kAtlasSum[] =
    "h1:m7AXEaoOogPnWJGnarcMm3EtMgBBxTdQbtoPpEExe0o=\n"
    "20240101000000_account.sql h1:nmthA8ioxA97WnBs6XEkE1mrl5t7UHDMvTRg+y8Rv+g=\n"
    "20240102000000_note.sql h1:iW0Ojwk075u5Hl1EuuLRdeTI7bAcBjvjdARDKDqQoKw=\n"
    "20240103000000_mail.sql h1:ToVvu6ADTtroaoMXP5iVN0CCR+o8I4/XfdH9w1LnQdo=\n";
constexpr char kAccount[] = "create table account (id bigint primary key);\n";
constexpr char kNote[] = "alter table account add column note text;\n";
constexpr char kMail[] = "alter table account add column mail text;\n";

TemporaryFolder* WriteAtlas(TemporaryFolder* folder) {
  folder->Write("20240101000000_account.sql", kAccount);
  folder->Write("20240102000000_note.sql", kNote);
  folder->Write("20240103000000_mail.sql", kMail);
  folder->Write("atlas.sum", kAtlasSum);
  return folder;
}

TEST(Atlas, FindsWhatItsChainOfHashesTells) {
  TemporaryFolder folder;
  WriteAtlas(&folder);
  EXPECT_EQ(Told(folder), "");
  folder.Write("20240102000000_note.sql", "alter table account add column note text;\r\n");
  EXPECT_EQ(Told(folder), "20240102000000_note.sql is cosmetic by atlas.sum");
  // Of what comes after, the chain tells no more.
  folder.Write("20240102000000_note.sql", "alter table account add column note varchar;\n");
  folder.Write("20240103000000_mail.sql", "");
  EXPECT_EQ(Told(folder), "20240102000000_note.sql differs by atlas.sum");
  ASSERT_EQ(remove(folder.Path("20240102000000_note.sql").c_str()), 0);
  EXPECT_EQ(Told(folder), "20240102000000_note.sql is gone by atlas.sum");
  EXPECT_EQ(Told(folder, {folder.Path("20240101000000_account.sql")}), "");
}

TEST(Atlas, FindsWhatWasPutBefore) {
  TemporaryFolder folder;
  WriteAtlas(&folder);
  folder.Write("20240102120000_more.sql", "select 1;\n");
  folder.Write("20240104000000_last.sql", "select 1;\n");
  EXPECT_EQ(Told(folder), "20240102120000_more.sql is new");
}

TEST(Atlas, CountsTheNamesOfWhatItIgnores) {
  TemporaryFolder folder;
  WriteAtlas(&folder);
  folder.Write("20240102000000_note.sql", "-- atlas:sum ignore\n\nselect 1;\n");
  folder.Write("atlas.sum",
               "h1:x\n"
               "20240101000000_account.sql h1:nmthA8ioxA97WnBs6XEkE1mrl5t7UHDMvTRg+y8Rv+g=\n"
               "20240103000000_mail.sql h1:luEhcYF2tJwYUVxtokian7SXf3TNkvZLIuh9f6T/Zds=\n");
  EXPECT_EQ(Told(folder), "");
}

TEST(Atlas, SaysWhereItsFileIsBroken) {
  TemporaryFolder folder;
  WriteAtlas(&folder);
  folder.Write("atlas.sum", absl::StrCat(kAtlasSum, "<<<<<<< ours\n"));
  EXPECT_TRUE(absl::EndsWith(Told(folder),
                             "atlas.sum:5: not a line of atlas.sum; `atlas migrate hash` writes it "
                             "anew"))
      << Told(folder);
}

constexpr char kFirst[] =
    "--! Previous: -\n"
    "--! Hash: sha1:786559d9d8c56204c13f507d87cda237b21724d5\n"
    "--! Message: account\n\n"
    "create table account (id bigint primary key);\n";
constexpr char kSecond[] =
    "--! Previous: sha1:786559d9d8c56204c13f507d87cda237b21724d5\n"
    "--! Hash: sha1:7af00bad25b63312cc8ce3b16c7532256df56539\n\n"
    "alter table account add column note text;\n";

TEST(Graphile, ComparesTheHashInEachFile) {
  TemporaryFolder folder;
  folder.Write("000001-account.sql", kFirst);
  folder.Write("000002.sql", kSecond);
  EXPECT_EQ(Told(folder), "");
  folder.Write("000002.sql", absl::StrReplaceAll(kSecond, {{"text;", "varchar;"}}));
  EXPECT_EQ(Told(folder), "000002.sql differs by --! Hash");
  folder.Write("000002.sql",
               absl::StrReplaceAll(
                   kSecond, {{"text;", "varchar;"}, {"\n\n", "\n--! AllowInvalidHash\n\n"}}));
  EXPECT_EQ(Told(folder), "");
  ASSERT_EQ(remove(folder.Path("000001-account.sql").c_str()), 0);
  EXPECT_EQ(Told(folder),
            "sha1:786559d9d8c56204c13f507d87cda237b21724d5 is gone by --! Previous of 000002.sql");
}

TEST(Applied, UnderstandsTheLogOfAnEnvironment) {
  TemporaryFolder folder;
  folder.Write("up/001_account.sql", kAccount);
  folder.Write("up/002_note.sql", kNote);
  folder.Write("up/003_mail.sql", kMail);
  EXPECT_EQ(Told(folder), "");
  folder.Write("applied/staging.json",
               absl::StrCat(R"([{"number": "001", "name": "account", "checksum": "sha256:)",
                            std::string(64, '0'),
                            R"("}, {"number": 2, "rolled_back": true}, "003_mail.sql"])"));
  EXPECT_EQ(Told(folder),
            "001_account.sql differs by applied/staging.json, ran\n002_note.sql is new");
  folder.Write("applied/staging.json",
               R"({"migrations": [{"migration": "001_account"}, {"file": "up/002_note.sql"},
                   {"number": 4, "name": "gone"}, {"number": 5, "status": "failed"}]})");
  EXPECT_EQ(Told(folder), "gone is gone by applied/staging.json, ran");
  folder.Write("applied/staging.json", "[\n{},\n]");
  EXPECT_TRUE(absl::EndsWith(Told(folder),
                             "staging.json:3: not JSON; it is a list of the "
                             "migrations that ran"))
      << Told(folder);
  folder.Write("applied/staging.json", "[{}]");
  EXPECT_TRUE(absl::StrContains(Told(folder), "entry 1 names no migration")) << Told(folder);
  folder.Write("applied/staging.json", "{}");
  EXPECT_TRUE(absl::StrContains(Told(folder), "no list of migrations")) << Told(folder);
}

TEST(Records, KnowAMigrationThatWasMoved) {
  TemporaryFolder folder;
  folder.Write("applied/2024-01/20240101000000_account.sql", kAccount);
  folder.Write("testing/20240102000000_note.sql", kNote);
  folder.Write("planned/20240103000000_mail.sql", kMail);
  std::vector<SumEntry> entries = {SumEntryOf("20240101000000_account.sql", Parse(kAccount))};
  folder.Write("plimsoll.sum", *RenderSum(entries));
  EXPECT_EQ(Told(folder), "");
}

}  // namespace
}  // namespace plimsoll
