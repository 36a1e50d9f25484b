#ifndef PLIMSOLL_ANALYZER_CHECKING_FILES_H_
#define PLIMSOLL_ANALYZER_CHECKING_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"
#include "analyzer/simulation/history.h"

// What rules about the files as a whole ask: which of them the runner takes, what undoes them, what
// their authors say of them.

namespace plimsoll {

// The migrations that the runner runs, in their order: no downs, no schema, and nothing whose name
// it does not take.
std::vector<uint32_t> UpsOf(const History& history);

// The last part of its path, or of its folder's where the file itself is called as all are.
std::string FileNameOf(absl::string_view path);
std::string FileNameOf(const Migration& migration);

// A complaint about the whole file, which is shown at its first line.
Complaint OfFile(const History& history, uint32_t migration, std::string message);

// Statements that only read, such as SELECT 1, do not count, nor do settings.
bool DoesSomething(const Script& script, Direction direction);

// By migration: whether something undoes it, in a file or a section of its own, that does anything
// at all.
std::vector<bool> Undone(const History& history);

// A changeset of a Liquibase file that does something, which nothing undoes.
struct LeftChangeset {
  const Changeset* changeset = nullptr;
  bool empty = false;  // it has a rollback, and that does nothing
};
// In the order of the file. Those that say why there is no way back are left out.
std::vector<LeftChangeset> LeftChangesets(const Script& script);

// A comment of the file says `irreversible: why`.
bool IsSaidToBeIrreversible(const Migration& migration);

// What a version of digits is, as far as its length and its first digits tell.
enum class VersionKind { kNone, kNumber, kDate, kTimestamp };
VersionKind KindOf(absl::string_view version);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_FILES_H_
