#ifndef PLIMSOLL_WORKSPACE_SUM_H_
#define PLIMSOLL_WORKSPACE_SUM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/simulation/history.h"
#include "workspace/convention.h"

// `plimsoll.sum`: what the migrations of a folder were when they were recorded. Per file the hash
// of its text, which says whether it changed, and per statement a hash of its parse tree, which
// says where, and whether a server would notice. Its first line names how statements were hashed
// and sums up the other lines, so that two branches that both add a migration cannot be merged
// without somebody looking at the order.
//
//   plimsoll.sum 2 sha256 tree-18 5f2c…
//   file 9b1e… 001_create.sql
//    up 3c0d… CREATE TABLE account (id bigint PRIMARY KEY)
//    down 77aa… DROP TABLE account

namespace plimsoll {

inline constexpr absl::string_view kSumName = "plimsoll.sum";

struct SumStatement {
  Direction direction = Direction::kUp;
  std::string hash;   // of CanonicalStatement::form
  std::string words;  // how it begins, for people
};

struct SumEntry {
  std::string file;       // from the folder of plimsoll.sum
  std::string hash;       // of its PortableText
  bool alone = false;     // it asks its runner for no transaction
  bool grows = false;     // not written: its runner takes what is added at its end (Liquibase)
  std::string algorithm;  // CanonicalName() of whoever hashed its statements
  std::vector<SumStatement> statements;
};

std::string SumHashOf(const Script& script);
SumEntry SumEntryOf(std::string file, const Script& script);

// How a file whose hash differs has changed: Drift::what and Drift::cosmetic. Nothing where it has
// grown and may. Where the statements were hashed otherwise, nobody can tell, and it says so.
std::optional<Drift> DriftBetween(const SumEntry& was, const SumEntry& is);

// Refused are names that no line can hold.
absl::StatusOr<std::string> RenderSum(absl::Span<const SumEntry> entries);

// `m/plimsoll.sum:3: …` and the remedy. `joining`: what a merge left is read as the lines of both
// sides, and the first line is not compared with the others.
absl::StatusOr<std::vector<SumEntry>> ParseSum(const std::string& path, absl::string_view text,
                                               bool joining = false);

// Of an up: whether it is to stay as it is, once it is there. Others are run anew whenever they
// change, or are still planned or tested.
bool IsRecorded(Layout layout, absl::string_view version, absl::string_view path_below_root);

// An up that its runner takes and that is recorded.
struct UpFile {
  uint32_t migration = 0;  // index into Inputs::migrations
  std::string path;        // from the root
  // The number in its name is all that its runner knows it by: NumberOf. Empty: it knows the name.
  std::string number;
};
// The number that the name of a file begins with, without leading zeros; empty: none.
std::string NumberOf(absl::string_view path);

// `root` is absolute.
std::vector<UpFile> UpFilesOf(const Inputs& inputs, const std::string& root, Layout layout);

// Names of migrations, as records write them, and which files they speak of. A file that was moved
// to another folder, as from `testing/` to `applied/`, is still the same, and so is one that has
// another name behind its number, where its runner knows the number alone.
struct RecordMatch {
  std::vector<std::optional<size_t>> by_file;  // the name, by index, that speaks of each file
  std::vector<size_t> missing;                 // names of which no file is there
};
RecordMatch MatchRecord(absl::Span<const std::string> names, absl::Span<const UpFile> files);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_SUM_H_
