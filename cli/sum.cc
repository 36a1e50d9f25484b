#include "workspace/sum.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/one_project.h"
#include "cli/output.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

struct SumOptions {
  std::string folder = ".";
  bool check = false;
  std::vector<std::string> accepted;  // paths of files
  bool accept_cosmetic = false;
  bool accept_all = false;
};

// How a file is not as it is recorded.
struct Difference {
  enum class Kind { kNew, kCosmetic, kChanged, kGone };
  Kind kind = Kind::kNew;
  std::string path;  // as it is printed
  std::string what;
};

absl::string_view WordOf(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::kNew:
      return "new      ";
    case Difference::Kind::kCosmetic:
      return "cosmetic ";
    case Difference::Kind::kChanged:
      return "changed  ";
    case Difference::Kind::kGone:
      return "gone     ";
  }
  return "";
}

// What the file lists, and what it will.
struct Update {
  std::vector<SumEntry> entries;
  std::vector<Difference> differences;
};

// A merge leaves what both sides say of a file: the side that speaks of the file as it is counts.
std::vector<SumEntry> OneEach(std::vector<SumEntry> entries, const std::vector<SumEntry>& present) {
  std::map<std::string, std::string> hashes;
  for (const SumEntry& entry : present) hashes.emplace(entry.file, entry.hash);
  std::map<std::string, size_t> places;
  std::vector<SumEntry> kept;
  for (SumEntry& entry : entries) {
    const auto [place, first] = places.emplace(entry.file, kept.size());
    if (first) {
      kept.push_back(std::move(entry));
    } else if (entry.hash == hashes[entry.file]) {
      kept[place->second] = std::move(entry);
    }
  }
  return kept;
}

Update UpdateOf(const Project& project, const std::vector<SumEntry>& recorded,
                const std::vector<SumEntry>& present, const std::vector<UpFile>& files) {
  Update update;
  const auto differ = [&](Difference::Kind kind, const std::string& file, std::string what) {
    update.differences.push_back({kind, JoinPath(project.root, file), std::move(what)});
  };
  std::vector<std::string> names;
  for (const SumEntry& entry : recorded) names.push_back(entry.file);
  const RecordMatch match = MatchRecord(names, files);
  for (size_t f = 0; f < files.size(); ++f) {
    update.entries.push_back(present[f]);
    if (!match.by_file[f]) {
      differ(Difference::Kind::kNew, files[f].path, "");
      continue;
    }
    const SumEntry& was = recorded[*match.by_file[f]];
    if (was.hash == present[f].hash) continue;
    std::optional<Drift> drift = DriftBetween(was, present[f]);
    if (!drift) continue;
    if (drift->cosmetic && drift->what.empty()) drift->what = "only in comments or spelling";
    differ(drift->cosmetic ? Difference::Kind::kCosmetic : Difference::Kind::kChanged,
           files[f].path, std::move(drift->what));
  }
  for (const size_t n : match.missing) {
    if (CheckExists(JoinPath(project.root, names[n])).ok()) {
      update.entries.push_back(recorded[n]);  // excluded for now
    } else {
      differ(Difference::Kind::kGone, names[n], "");
    }
  }
  return update;
}

bool IsAccepted(const SumOptions& options, const Difference& difference,
                const std::set<std::string>& accepted) {
  return difference.kind == Difference::Kind::kNew || options.accept_all ||
         (options.accept_cosmetic && difference.kind == Difference::Kind::kCosmetic) ||
         accepted.count(AbsolutePath(difference.path)) > 0;
}

absl::Status CheckAccepted(const SumOptions& options, const Update& update) {
  std::set<std::string> differing;
  for (const Difference& one : update.differences) differing.insert(AbsolutePath(one.path));
  for (const std::string& path : options.accepted) {
    if (differing.count(AbsolutePath(path)) > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("there is nothing to accept: \"", path,
                     "\" is as it is recorded, or is no migration of the project"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SumEntry>> Recorded(const std::string& path, const SumOptions& options,
                                               const std::vector<SumEntry>& present) {
  if (!CheckExists(path).ok()) {
    if (!options.check) return std::vector<SumEntry>();
    return absl::NotFoundError(
        absl::StrCat("there is no \"", path, "\"; `plimsoll sum` writes it"));
  }
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<SumEntry>> entries = ParseSum(path, *text, /*joining=*/!options.check);
  if (!entries.ok()) return entries.status();
  return OneEach(*std::move(entries), present);
}

absl::StatusOr<int> Sum(const SumOptions& options) {
  const absl::StatusOr<Project> project = LoadOneProject(options.folder, "as DIR", {});
  if (!project.ok()) return project.status();
  const std::string path = JoinPath(project->root, kSumName);
  const std::vector<UpFile> files =
      UpFilesOf(project->inputs, AbsolutePath(project->root), project->layout);
  std::vector<SumEntry> present;
  for (const UpFile& file : files) {
    present.push_back(SumEntryOf(file.path, *project->inputs.migrations[file.migration].script));
  }
  const absl::StatusOr<std::vector<SumEntry>> recorded = Recorded(path, options, present);
  if (!recorded.ok()) return recorded.status();
  const Update update = UpdateOf(*project, *recorded, present, files);
  const absl::Status named = CheckAccepted(options, update);
  if (!named.ok()) return named;
  const absl::StatusOr<std::string> text = RenderSum(update.entries);
  if (!text.ok()) return text.status();

  std::set<std::string> accepted;
  for (const std::string& one : options.accepted) accepted.insert(AbsolutePath(one));
  const bool refused =
      options.check
          ? !update.differences.empty()
          : !std::all_of(update.differences.begin(), update.differences.end(),
                         [&](const Difference& one) { return IsAccepted(options, one, accepted); });
  if (!refused && !options.check) {
    const absl::Status written = ReplaceFile(path, *text);
    if (!written.ok()) return written;
  }
  // What is said is done.
  for (const Difference& one : update.differences) {
    PrintLines(absl::StrCat(WordOf(one.kind), one.path, one.what.empty() ? "" : ": ", one.what));
  }
  if (refused && !options.check) {
    PrintErrorLines(
        "nothing is written: restore what is changed or gone, or take it over with "
        "--accept FILE, --accept-cosmetic or --accept-all");
  }
  if (refused) return kExitFindings;
  const size_t count = update.entries.size();
  PrintLines(absl::StrCat(path, ": ", count, count == 1 ? " migration" : " migrations"));
  return kExitClean;
}

int RunSum(const SumOptions& options) {
  const absl::StatusOr<int> exit_code = Sum(options);
  if (exit_code.ok()) return *exit_code;
  PrintError(exit_code.status().message());
  return kExitFailure;
}

}  // namespace

void RegisterSum(CLI::App& app, int* exit_code) {
  CLI::App* sum = app.add_subcommand(
      "sum", "record what the migrations are, in plimsoll.sum, so that a change is noticed");
  const auto options = std::make_shared<SumOptions>();
  sum->add_option("DIR", options->folder, "the folder of the migrations (default: .)")
      ->type_name("DIR");
  CLI::Option* check =
      sum->add_flag("--check", options->check,
                    "write nothing; exit with 1 where a file is not as it is recorded");
  sum->add_option("--accept", options->accepted,
                  "record this file as it is now, or as gone; repeatable")
      ->allow_extra_args(false)
      ->type_name("FILE")
      ->excludes(check);
  sum->add_flag("--accept-cosmetic", options->accept_cosmetic,
                "record all files that differ only in what no server sees")
      ->excludes(check);
  sum->add_flag("--accept-all", options->accept_all, "record all files as they are now")
      ->excludes(check);
  sum->callback([options, exit_code] { *exit_code = RunSum(*options); });
}

}  // namespace plimsoll
