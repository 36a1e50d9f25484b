#include "workspace/sum.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/digest.h"
#include "analyzer/checking/files.h"
#include "analyzer/syntax/canonical.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kFormat = "2";
constexpr size_t kFileDigits = 64;
constexpr size_t kStatementDigits = 16;
constexpr size_t kMostChanges = 3;

bool IsControl(char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

// On one line, whole characters, no longer than CanonicalStatement::kMostBeginning.
std::string Shown(std::string words) {
  std::replace_if(words.begin(), words.end(), IsControl, ' ');
  if (words.size() <= CanonicalStatement::kMostBeginning) return words;
  size_t end = CanonicalStatement::kMostBeginning;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0U) == 0x80U) --end;
  return absl::StrCat(words.substr(0, end), "…");
}

SumStatement SumStatementOf(Direction direction, CanonicalStatement canonical) {
  return {.direction = direction,
          .hash = Sha256Hex(canonical.form).substr(0, kStatementDigits),
          .words = Shown(std::move(canonical.beginning))};
}

// ---- what changed ----------------------------------------------------------------------------

struct Numbered {
  const SumStatement* statement = nullptr;
  size_t number = 0;  // within its direction, from 1
};

std::vector<Numbered> InDirection(const SumEntry& entry, Direction direction) {
  std::vector<Numbered> statements;
  for (const SumStatement& statement : entry.statements) {
    if (statement.direction != direction) continue;
    statements.push_back({&statement, statements.size() + 1});
  }
  return statements;
}

// Those of `some` that `others` lacks, as often as it lacks them.
std::vector<Numbered> Without(absl::Span<const Numbered> some, absl::Span<const Numbered> others) {
  absl::flat_hash_map<absl::string_view, int> known;
  for (const Numbered& other : others) ++known[other.statement->hash];
  std::vector<Numbered> left;
  for (const Numbered& one : some) {
    if (--known[one.statement->hash] < 0) left.push_back(one);
  }
  return left;
}

std::string Named(const Numbered& one) {
  return absl::StrCat("statement ", one.number, " `", one.statement->words, "`");
}

std::string Replaced(const Numbered& was, const Numbered& is) {
  if (was.statement->words == is.statement->words) {
    return absl::StrCat(Named(is), " differs further on");
  }
  return absl::StrCat("statement ", is.number, " was `", was.statement->words, "` and is `",
                      is.statement->words, "`");
}

// `statement 2 was `…` and is `…`; statement 4 `…` is new`; empty where nothing changed.
std::string ChangesBetween(absl::Span<const Numbered> was, absl::Span<const Numbered> is) {
  const std::vector<Numbered> gone = Without(was, is);
  const std::vector<Numbered> fresh = Without(is, was);
  std::vector<std::string> changes;
  const bool paired = gone.size() == fresh.size();
  for (size_t i = 0; i < gone.size(); ++i) {
    changes.push_back(paired ? Replaced(gone[i], fresh[i])
                             : absl::StrCat(Named(gone[i]), " is gone"));
  }
  for (size_t i = 0; !paired && i < fresh.size(); ++i) {
    changes.push_back(absl::StrCat(Named(fresh[i]), " is new"));
  }
  const auto same = [](const Numbered& a, const Numbered& b) {
    return a.statement->hash == b.statement->hash;
  };
  if (changes.empty() && !std::equal(was.begin(), was.end(), is.begin(), is.end(), same)) {
    return "its statements stand in another order";
  }
  if (changes.size() > kMostChanges) {
    const size_t more = changes.size() - kMostChanges;
    changes.resize(kMostChanges);
    changes.push_back(absl::StrCat(more, " more"));
  }
  return absl::StrJoin(changes, "; ");
}

// ---- reading ---------------------------------------------------------------------------------

bool IsDigest(absl::string_view word, size_t digits) {
  return word.size() == digits && std::all_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
         });
}

// What `git merge` puts around the sides of a conflict.
char ConflictOf(absl::string_view line) {
  for (const absl::string_view mark : {"<<<<<<<", "|||||||", "=======", ">>>>>>>"}) {
    if (absl::StartsWith(line, mark)) return mark[0];
  }
  return '\0';
}

class SumReader {
 public:
  SumReader(const std::string& path, bool joining) : path_(path), joining_(joining) {}

  absl::StatusOr<std::vector<SumEntry>> Read(const std::string& text) {
    // There is nothing in it that could be lost.
    if (joining_ && text.empty()) return std::vector<SumEntry>();
    const std::vector<absl::string_view> lines =
        absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
    bool ancestor = false;  // within what both sides had before, as `diff3` shows it
    for (const absl::string_view line : lines) {
      ++number_;
      const char conflict = ConflictOf(line);
      if (conflict != '\0') {
        if (!joining_) {
          return Wrong("a merge left a conflict here",
                       "`plimsoll sum` joins both sides, once it is clear which of the migrations "
                       "runs first");
        }
        ancestor = conflict == '|';
        continue;
      }
      if (ancestor) continue;
      const absl::Status taken = Take(line);
      if (!taken.ok()) return taken;
    }
    if (!header_) return Wrong("the first line is missing", "`plimsoll sum` writes it");
    const size_t first = text.find('\n');
    const absl::string_view rest =
        first == std::string::npos ? "" : absl::string_view(text).substr(first + 1);
    if (!joining_ && Sha256Hex(rest) != total_) {
      number_ = 1;
      return Wrong("the sum of the lines below is another: they were merged or edited by hand",
                   "`plimsoll sum` makes it anew from the files");
    }
    return std::move(entries_);
  }

 private:
  absl::Status Wrong(absl::string_view what, absl::string_view remedy) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ":", number_, ": ", what, "; ", remedy));
  }

  absl::Status TakeHeader(absl::string_view line) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    if (words.size() < 3 || words[0] != kSumName) {
      return Wrong(absl::StrCat("it does not begin with `", kSumName, "`"),
                   "`plimsoll sum` writes such files");
    }
    // The first format named no algorithm: it hashed words.
    const bool first_format = words[1] == "1";
    if (!first_format && words[1] != kFormat) {
      return Wrong(absl::StrCat("version ", words[1], " of the format is not known"),
                   "a newer Plimsoll wrote it");
    }
    if (words[2] != "sha256") {
      return Wrong(absl::StrCat("`", words[2], "` is no algorithm that is known"),
                   "here it is always `sha256`");
    }
    if (words.size() != (first_format ? 4 : 5) || !IsDigest(words.back(), kFileDigits)) {
      return Wrong("the sum of the lines below is missing", "`plimsoll sum` makes it anew");
    }
    const std::string algorithm(first_format ? "words" : words[3]);
    // Two sides of a merge, of which it is not known who wrote which line.
    algorithm_ = !header_ || algorithm == algorithm_ ? algorithm
                                                     : absl::StrCat(algorithm_, " and ", algorithm);
    total_ = std::string(words.back());
    header_ = true;
    return absl::OkStatus();
  }

  absl::Status Take(absl::string_view line) {
    const bool another = joining_ && absl::StartsWith(line, kSumName);
    if (!header_ || another) return TakeHeader(line);
    const absl::Status unknown =
        Wrong("not a line of plimsoll.sum", "take it out; `plimsoll sum` writes what is missing");
    if (absl::ConsumePrefix(&line, "file ")) {
      const absl::string_view hash = line.substr(0, line.find(' '));
      if (!IsDigest(hash, kFileDigits) || line.size() < kFileDigits + 2) return unknown;
      entries_.push_back({.file = std::string(line.substr(kFileDigits + 1)),
                          .hash = std::string(hash),
                          .algorithm = algorithm_});
      return absl::OkStatus();
    }
    if (entries_.empty()) return unknown;
    SumEntry& entry = entries_.back();
    if (line == " alone") {
      entry.alone = true;
      return absl::OkStatus();
    }
    if (absl::ConsumePrefix(&line, " by ")) {
      entry.algorithm = std::string(line);
      return absl::OkStatus();
    }
    SumStatement statement;
    if (absl::ConsumePrefix(&line, " down ")) {
      statement.direction = Direction::kDown;
    } else if (!absl::ConsumePrefix(&line, " up ")) {
      return unknown;
    }
    const absl::string_view hash = line.substr(0, line.find(' '));
    if (!IsDigest(hash, kStatementDigits)) return unknown;
    statement.hash = std::string(hash);
    line.remove_prefix(hash.size());
    absl::ConsumePrefix(&line, " ");
    statement.words = std::string(line);
    entry.statements.push_back(std::move(statement));
    return absl::OkStatus();
  }

  const std::string& path_;
  const bool joining_;
  int number_ = 0;
  bool header_ = false;
  std::string total_;
  std::string algorithm_;
  std::vector<SumEntry> entries_;
};

}  // namespace

std::string SumHashOf(const Script& script) {
  return Sha256Hex(PortableText(script.source->text()));
}

SumEntry SumEntryOf(std::string file, const Script& script) {
  SumEntry entry = {.file = std::move(file),
                    .hash = SumHashOf(script),
                    .alone = script.opts_out_of_transaction,
                    .algorithm = CanonicalName()};
  std::vector<CanonicalStatement> canonical = CanonicalStatements(script);
  for (size_t i = 0; i < canonical.size(); ++i) {
    const Statement& statement = script.statements[i];
    entry.statements.push_back(SumStatementOf(statement.direction, std::move(canonical[i])));
    entry.grows |= statement.changeset > 0;
  }
  return entry;
}

std::optional<Drift> DriftBetween(const SumEntry& was, const SumEntry& is) {
  if (was.algorithm != is.algorithm) {
    return Drift{.what = absl::StrCat("whether in meaning cannot be told from a record of `",
                                      was.algorithm, "`")};
  }
  const std::vector<Numbered> ups_were = InDirection(was, Direction::kUp);
  const std::vector<Numbered> ups = InDirection(is, Direction::kUp);
  if (is.grows && ups.size() > ups_were.size() &&
      ChangesBetween(ups_were, absl::MakeSpan(ups).first(ups_were.size())).empty()) {
    return std::nullopt;
  }
  std::string what = ChangesBetween(ups_were, ups);
  if (was.alone != is.alone) {
    absl::StrAppend(
        &what, what.empty() ? "" : "; ",
        is.alone ? "it asks for no transaction" : "it no longer asks for no transaction");
  }
  if (!what.empty()) return Drift{.what = std::move(what)};
  what = ChangesBetween(InDirection(was, Direction::kDown), InDirection(is, Direction::kDown));
  // Nobody has run it who does not run it as it is now.
  if (!what.empty()) what = absl::StrCat("only in its down: ", what);
  return Drift{.what = std::move(what), .cosmetic = true};
}

absl::StatusOr<std::string> RenderSum(absl::Span<const SumEntry> entries) {
  std::string lines;
  for (const SumEntry& entry : entries) {
    if (std::any_of(entry.file.begin(), entry.file.end(), IsControl)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the name \"", entry.file, "\" holds a control character: rename the file"));
    }
    absl::StrAppend(&lines, "file ", entry.hash, " ", entry.file, "\n");
    // Of a file that was not read now.
    if (entry.algorithm != CanonicalName()) absl::StrAppend(&lines, " by ", entry.algorithm, "\n");
    if (entry.alone) lines += " alone\n";
    for (const SumStatement& statement : entry.statements) {
      absl::StrAppend(&lines, statement.direction == Direction::kUp ? " up " : " down ",
                      statement.hash, " ", statement.words, "\n");
    }
  }
  return absl::StrCat(kSumName, " ", kFormat, " sha256 ", CanonicalName(), " ", Sha256Hex(lines),
                      "\n", lines);
}

absl::StatusOr<std::vector<SumEntry>> ParseSum(const std::string& path, absl::string_view text,
                                               bool joining) {
  return SumReader(path, joining).Read(PortableText(text));
}

bool IsRecorded(Layout layout, absl::string_view version, absl::string_view path_below_root) {
  if (layout == Layout::kFlyway || layout == Layout::kGraphile) return !version.empty();
  return layout != Layout::kStages || !(absl::StartsWith(path_below_root, "planned/") ||
                                        absl::StartsWith(path_below_root, "testing/"));
}

std::vector<UpFile> UpFilesOf(const Inputs& inputs, const std::string& root, Layout layout) {
  std::vector<UpFile> files;
  for (uint32_t m = 0; m < inputs.migrations.size(); ++m) {
    const Migration& migration = inputs.migrations[m];
    if (migration.down || migration.stray || migration.schema) continue;
    std::string path = PathFrom(root, AbsolutePath(migration.script->source->name()));
    if (!IsRecorded(layout, migration.version, path)) continue;
    std::string number = migration.identity.empty() ? "" : NumberOf(path);
    files.push_back({.migration = m, .path = std::move(path), .number = std::move(number)});
  }
  return files;
}

std::string NumberOf(absl::string_view path) {
  std::string name(FileNameOf(path));
  absl::string_view number = name;
  if (!absl::ConsumePrefix(&number, "V")) absl::ConsumePrefix(&number, "v");
  number = number.substr(0, number.find_first_not_of("0123456789."));
  while (absl::ConsumePrefix(&number, "0")) continue;
  while (absl::ConsumeSuffix(&number, ".")) continue;
  return std::string(number);
}

RecordMatch MatchRecord(absl::Span<const std::string> names, absl::Span<const UpFile> files) {
  absl::flat_hash_map<absl::string_view, size_t> by_path;
  absl::flat_hash_map<std::string, size_t> by_name;
  absl::flat_hash_map<std::string, size_t> by_number;
  for (size_t f = 0; f < files.size(); ++f) {
    by_path.emplace(files[f].path, f);
    by_name.emplace(FileNameOf(files[f].path), f);
    if (!files[f].number.empty()) by_number.emplace(files[f].number, f);
  }
  RecordMatch match;
  match.by_file.resize(files.size());
  std::vector<size_t> unplaced;
  for (size_t n = 0; n < names.size(); ++n) {
    const auto found = by_path.find(names[n]);
    if (found == by_path.end()) {
      unplaced.push_back(n);
    } else {
      match.by_file[found->second] = n;
    }
  }
  for (const size_t n : unplaced) {
    const auto moved = by_name.find(FileNameOf(names[n]));
    const auto renamed = by_number.find(NumberOf(names[n]));
    if (moved != by_name.end() && !match.by_file[moved->second].has_value()) {
      match.by_file[moved->second] = n;
    } else if (renamed != by_number.end() && !match.by_file[renamed->second].has_value()) {
      match.by_file[renamed->second] = n;
    } else {
      match.missing.push_back(n);
    }
  }
  return match;
}

}  // namespace plimsoll
