#include "workspace/records.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/digest.h"
#include "analyzer/checking/files.h"
#include "nlohmann/json.hpp"
#include "workspace/files.h"
#include "workspace/sum.h"

namespace plimsoll {
namespace {

using nlohmann::json;

constexpr absl::string_view kAtlasName = "atlas.sum";
constexpr absl::string_view kAppliedFolder = "applied";

absl::Status Wrong(const std::string& path, int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(PathFromHere(path), ":", line, ": ", what));
}

// ---- atlas.sum -------------------------------------------------------------------------------

struct AtlasEntry {
  std::string file;
  std::string hash;  // base64
};

absl::StatusOr<std::vector<AtlasEntry>> ParseAtlasSum(const std::string& path,
                                                      absl::string_view text) {
  std::vector<AtlasEntry> entries;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    line = absl::StripSuffix(line, "\r");
    const size_t hash = line.find("h1:");
    // The first line sums up the others, and each of those sums up all files before it as well.
    if (++number == 1 && hash == 0) continue;
    if (number == 1 || hash == absl::string_view::npos || hash == 0) {
      return Wrong(path, number, "not a line of atlas.sum; `atlas migrate hash` writes it anew");
    }
    entries.push_back({.file = std::string(absl::StripAsciiWhitespace(line.substr(0, hash))),
                       .hash = std::string(line.substr(hash + 3))});
  }
  return entries;
}

// Atlas leaves such a file out of its list, but counts its name.
bool AtlasIgnores(absl::string_view text) {
  const absl::string_view first = text.substr(0, text.find('\n'));
  return absl::StrContains(first, "atlas:sum ignore");
}

// The chain of Atlas: the hash of a file is that of all names and texts up to it.
class AtlasChain {
 public:
  void AddName(absl::string_view name) { chain_.Add(name); }

  enum class Outcome { kSame, kOtherLineEnds, kOther };
  Outcome Add(absl::string_view text, absl::string_view hash) {
    const std::string unix_text = PortableText(text);
    const std::string dos_text = absl::StrReplaceAll(unix_text, {{"\n", "\r\n"}});
    for (const absl::string_view form :
         {text, absl::string_view(unix_text), absl::string_view(dos_text)}) {
      Sha256 next(chain_);
      next.Add(form);
      if (absl::Base64Escape(next.Bytes()) != hash) continue;
      chain_ = std::move(next);
      return form.data() == text.data() ? Outcome::kSame : Outcome::kOtherLineEnds;
    }
    return Outcome::kOther;
  }

 private:
  Sha256 chain_;
};

// ---- graphile-migrate ------------------------------------------------------------------------

struct GraphileHeaders {
  std::string previous;  // `sha1:…`; empty: there is none, or `-`
  std::string hash;
  bool allows_any = false;
  std::string body;
};

GraphileHeaders ReadGraphileHeaders(absl::string_view file) {
  const std::string portable = PortableText(file);
  absl::string_view text = portable;
  GraphileHeaders headers;
  while (absl::StartsWith(text, "--! ") && text.size() > 4 &&
         absl::ascii_isupper(static_cast<unsigned char>(text[4]))) {
    const absl::string_view line = text.substr(4, text.find('\n') - 4);
    text.remove_prefix(std::min(text.size(), line.size() + 5));
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    const absl::string_view value = absl::StripAsciiWhitespace(parts.second);
    if (parts.first == "Previous" && value != "-") headers.previous = std::string(value);
    if (parts.first == "Hash") headers.hash = std::string(value);
    headers.allows_any |= parts.first == "AllowInvalidHash";
  }
  headers.body = std::string(absl::StripAsciiWhitespace(text));
  return headers;
}

std::string GraphileHashOf(const GraphileHeaders& headers) {
  const std::string chained = absl::StrCat(headers.previous, "\n", headers.body);
  return absl::StrCat("sha1:", Sha1Hex(absl::StrCat(absl::StripAsciiWhitespace(chained), "\n")));
}

// ---- applied/ENV.json ------------------------------------------------------------------------

// One line of the log of an environment. The guide that describes these files says what they tell
// and not how it is called, so the usual words are understood.
struct AppliedEntry {
  std::string name;     // `003_add_note`, without `.sql`; empty: not told
  std::string version;  // `3`, without leading zeros; empty: not told
  std::string sha256;   // empty: not told
  bool applied = true;  // false: it failed, or was taken back
};

std::string TextOf(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_integer() ? value.dump() : "";
}

// The first of these members that is there as a text or a number.
template <size_t size>
std::string MemberOf(const json& entry, const std::array<const char*, size>& names) {
  for (const char* name : names) {
    const auto found = entry.find(name);
    if (found != entry.end() && !TextOf(*found).empty()) return TextOf(*found);
  }
  return "";
}

std::string WithoutZeros(absl::string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return std::string(digits);
}

absl::string_view LeadingDigits(absl::string_view name) {
  return name.substr(0, std::min(name.find_first_not_of("0123456789"), name.size()));
}

bool IsTakenBack(const json& entry) {
  for (const char* name : {"rolled_back", "rolledBack", "rolled_back_at", "rolledBackAt"}) {
    const auto found = entry.find(name);
    if (found == entry.end() || found->is_null()) continue;
    if (!found->is_boolean() || found->get<bool>()) return true;
  }
  const std::string status = absl::AsciiStrToLower(
      MemberOf(entry, std::array{"status", "rollback_status", "rollbackStatus", "rollback"}));
  return status == "rolled_back" || status == "rolled back" || status == "rolledback" ||
         status == "failed" || status == "pending";
}

AppliedEntry ReadAppliedEntry(const json& entry) {
  AppliedEntry applied;
  if (entry.is_object()) {
    applied.name = MemberOf(entry, std::array{"file", "filename", "migration", "name", "id"});
    applied.version = MemberOf(entry, std::array{"number", "version"});
    applied.sha256 = MemberOf(entry, std::array{"checksum", "sha256", "hash"});
    applied.applied = !IsTakenBack(entry);
  } else {
    applied.name = TextOf(entry);
  }
  applied.name = std::string(absl::StripSuffix(NameOf(applied.name), ".sql"));
  if (applied.version.empty()) applied.version = std::string(LeadingDigits(applied.name));
  applied.version = WithoutZeros(applied.version);
  return applied;
}

// As Sha256Hex writes it; empty: it is none.
std::string ReadSha256(absl::string_view written) {
  constexpr size_t kDigits = 64;
  absl::ConsumePrefix(&written, "sha256:");
  const bool hex = std::all_of(written.begin(), written.end(), [](char c) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(c));
  });
  return hex && written.size() == kDigits ? absl::AsciiStrToLower(written) : "";
}

// The line of a text that holds the words, which are its last where they stand more than once.
int LineOf(absl::string_view text, absl::string_view words) {
  const size_t at = std::min(text.rfind(words), text.size());
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + at, '\n'));
}

absl::StatusOr<std::vector<AppliedEntry>> ParseApplied(const std::string& path,
                                                       const std::string& text) {
  json log;
  try {
    log = json::parse(text);
  } catch (const json::out_of_range&) {
    return Wrong(path, 1, "a number in it is out of range");
  } catch (const json::parse_error& error) {
    const auto before =
        text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
    return Wrong(path, 1 + static_cast<int>(std::count(text.begin(), before, '\n')),
                 "not JSON; it is a list of the migrations that ran");
  }
  for (const char* name : {"migrations", "applied"}) {
    if (log.is_object() && log.contains(name)) log = json(log[name]);
  }
  if (!log.is_array()) {
    return Wrong(path, 1,
                 "no list of migrations; such as [{\"number\": 1, \"name\": \"create_account\"}]");
  }
  std::vector<AppliedEntry> entries;
  for (const json& entry : log) {
    entries.push_back(ReadAppliedEntry(entry));
    AppliedEntry& applied = entries.back();
    if (applied.name.empty() && applied.version.empty()) {
      return Wrong(path, 1,
                   absl::StrCat("entry ", entries.size(),
                                " names no migration: its `number` and "
                                "`name`, or its `file`"));
    }
    if (applied.sha256.empty()) continue;
    const std::string written = std::exchange(applied.sha256, ReadSha256(applied.sha256));
    if (!applied.sha256.empty()) continue;
    return Wrong(path, LineOf(text, written),
                 absl::StrCat("the checksum of entry ", entries.size(), ", `", written,
                              "`, is no SHA-256 of 64 hexadecimal digits"));
  }
  return entries;
}

// ---- all of them -----------------------------------------------------------------------------

// By migration: whether a file or a section undoes it.
std::vector<bool> UndoneBy(const Inputs& inputs) {
  std::vector<bool> undone;
  for (const Migration& migration : inputs.migrations) {
    const std::vector<Statement>& statements = migration.script->statements;
    undone.push_back(std::any_of(statements.begin(), statements.end(), [](const Statement& one) {
      return one.direction == Direction::kDown;
    }));
  }
  for (const Migration& migration : inputs.migrations) {
    if (migration.undoes) undone[*migration.undoes] = true;
  }
  return undone;
}

class Records {
 public:
  Records(const RecordsRequest& request, Inputs& inputs)
      : request_(request),
        inputs_(inputs),
        files_(UpFilesOf(inputs, request.root, request.layout)) {
    for (size_t f = 0; f < files_.size(); ++f) by_path_.emplace(files_[f].path, f);
  }

  absl::Status ReadSum(const std::string& path) {
    const absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return text.status();
    const absl::StatusOr<std::vector<SumEntry>> entries = ParseSum(PathFromHere(path), *text);
    if (!entries.ok()) return entries.status();
    std::vector<std::string> names;
    for (const SumEntry& entry : *entries) names.push_back(entry.file);
    const RecordMatch match = MatchRecord(names, files_);
    std::vector<bool> known(files_.size(), false);
    for (size_t f = 0; f < files_.size(); ++f) {
      if (!match.by_file[f]) continue;
      known[f] = true;
      Hold(f, std::string(kSumName));
      const SumEntry& was = (*entries)[*match.by_file[f]];
      const Script& script = *MigrationOf(f).script;
      if (SumHashOf(script) == was.hash) continue;
      summed_[was.hash] = DriftBetween(was, SumEntryOf(files_[f].path, script));
      AddDrift(f, summed_[was.hash], std::string(kSumName));
    }
    for (const size_t n : match.missing) AddGone(names[n], std::string(kSumName));
    MarkAdded(known);
    return absl::OkStatus();
  }

  absl::Status ReadAtlasSum(const std::string& path) {
    const absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return text.status();
    const absl::StatusOr<std::vector<AtlasEntry>> entries = ParseAtlasSum(path, *text);
    if (!entries.ok()) return entries.status();
    std::set<absl::string_view> ignored;
    std::vector<bool> known(files_.size(), false);
    for (size_t f = 0; f < files_.size(); ++f) {
      known[f] = AtlasIgnores(TextOf(f));
      if (known[f]) ignored.insert(files_[f].path);
    }
    AtlasChain chain;
    bool whole = true;  // no link is missing: the hashes can be told from the texts
    for (const AtlasEntry& entry : *entries) {
      while (!ignored.empty() && *ignored.begin() < entry.file) {
        chain.AddName(*ignored.begin());
        ignored.erase(ignored.begin());
      }
      chain.AddName(entry.file);
      const auto found = by_path_.find(entry.file);
      if (found != by_path_.end()) {
        known[found->second] = true;
        Hold(found->second, std::string(kAtlasName));
      }
      if (found == by_path_.end() && !IsThere(entry.file)) {
        AddGone(entry.file, std::string(kAtlasName));
        whole = false;
      }
      if (!whole) continue;
      const absl::StatusOr<std::string> other =
          found == by_path_.end() ? ReadFile(JoinPath(request_.root, entry.file)) : "";
      if (!other.ok()) return other.status();
      const AtlasChain::Outcome outcome =
          chain.Add(found == by_path_.end() ? *other : TextOf(found->second), entry.hash);
      whole = outcome != AtlasChain::Outcome::kOther;
      if (outcome == AtlasChain::Outcome::kSame || found == by_path_.end()) continue;
      AddDrift(found->second, Drift{.cosmetic = whole}, std::string(kAtlasName));
    }
    MarkAdded(known);
    return absl::OkStatus();
  }

  void ReadGraphile() {
    std::vector<GraphileHeaders> all;
    absl::flat_hash_set<std::string> hashes;
    for (size_t f = 0; f < files_.size(); ++f) {
      all.push_back(ReadGraphileHeaders(TextOf(f)));
      hashes.insert(all.back().hash);
    }
    for (size_t f = 0; f < files_.size(); ++f) {
      const GraphileHeaders& headers = all[f];
      const bool hashed = absl::StartsWith(headers.hash, "sha1:") && !headers.allows_any;
      if (hashed) Hold(f, "--! Hash");
      if (hashed && GraphileHashOf(headers) != headers.hash) AddDrift(f, Drift(), "--! Hash");
      if (headers.previous.empty() || hashes.contains(headers.previous)) continue;
      if (!request_.whole) continue;
      inputs_.gone.push_back(
          {.file = headers.previous, .record = absl::StrCat("--! Previous of ", files_[f].path)});
    }
  }

  absl::Status ReadApplied(const std::string& name) {
    const std::string path = JoinPath(JoinPath(request_.root, kAppliedFolder), name);
    const std::string record = absl::StrCat(kAppliedFolder, "/", name);
    const absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return text.status();
    absl::StatusOr<std::vector<AppliedEntry>> entries = ParseApplied(path, *text);
    if (!entries.ok()) return entries.status();
    absl::flat_hash_map<std::string, size_t> by_name;
    absl::flat_hash_map<std::string, size_t> by_version;
    for (size_t f = 0; f < files_.size(); ++f) {
      by_name.emplace(std::string(absl::StripSuffix(FileNameOf(files_[f].path), ".sql")), f);
      by_version.emplace(WithoutZeros(MigrationOf(f).version), f);
    }
    // What the log says last of a migration counts.
    std::vector<const AppliedEntry*> last(files_.size(), nullptr);
    for (const AppliedEntry& entry : *entries) {
      auto found = by_name.find(entry.name);
      const bool named = found != by_name.end();
      if (!named) found = by_version.find(entry.version);
      if (named || (!entry.version.empty() && found != by_version.end())) {
        last[found->second] = &entry;
      } else if (entry.applied) {
        AddGone(entry.name.empty() ? entry.version : entry.name, record, /*ran=*/true);
      }
    }
    std::vector<bool> known(files_.size(), false);
    for (size_t f = 0; f < files_.size(); ++f) {
      known[f] = last[f] != nullptr && last[f]->applied;
      if (known[f]) Hold(f, record);
      if (!known[f] || last[f]->sha256.empty()) continue;
      const std::string& hash = last[f]->sha256;
      if (hash == Sha256Hex(TextOf(f)) || hash == SumHashOf(*MigrationOf(f).script)) continue;
      const auto summed = summed_.find(hash);
      std::optional<Drift> drift = summed == summed_.end() ? Drift() : summed->second;
      if (drift) drift->ran = true;
      AddDrift(f, std::move(drift), record);
    }
    MarkAdded(known);
    return absl::OkStatus();
  }

  absl::Status ReadGit(LayoutFinder& past) {
    const GitChanges& changes = *request_.changes;
    const std::string record = absl::StrCat("Git at ", request_.revision);
    absl::flat_hash_map<std::string, size_t> now;  // by their names, and by their numbers
    for (size_t f = 0; f < files_.size(); ++f) {
      now.emplace(FileNameOf(files_[f].path), f);
      if (!files_[f].number.empty()) now.emplace(files_[f].number, f);
    }
    std::vector<bool> is_new(files_.size(), false);
    for (size_t f = 0; f < files_.size(); ++f) is_new[f] = changes.added.count(PathOf(f)) > 0;
    for (const std::string& path : changes.deleted) {
      const absl::StatusOr<std::optional<Placement>> missed = UpAt(path, past);
      if (!missed.ok()) return missed.status();
      if (!*missed) continue;
      auto found = now.find(FileNameOf(path));
      if (found == now.end()) found = now.find(NumberOf(path));
      if (found == now.end()) {
        AddGone(PathFrom(request_.root, path), record);
        continue;
      }
      // To its runner it is the same migration, under another name or in another folder.
      is_new[found->second] = false;
      const std::string name = PathFrom(request_.root, path);
      const absl::Status compared =
          CompareWithGit(path, found->second, absl::StrCat(name, " of ", record));
      if (!compared.ok()) return compared;
    }
    for (size_t f = 0; f < files_.size(); ++f) {
      // A stage is no order: what is still planned comes after all that was ever applied.
      MigrationOf(f).added |= is_new[f] && request_.layout != Layout::kStages;
      if (changes.edited.count(PathOf(f)) == 0) continue;
      const absl::Status compared = CompareWithGit(PathOf(f), f, record);
      if (!compared.ok()) return compared;
    }
    const absl::Status ahead = CompareWithAhead(past, is_new, record);
    return ahead.ok() ? ReadDowns(past, record) : ahead;
  }

  Held TakeHeld() && { return std::move(held_); }

 private:
  Migration& MigrationOf(size_t file) { return inputs_.migrations[files_[file].migration]; }
  absl::string_view TextOf(size_t file) { return MigrationOf(file).script->source->text(); }

  std::string PathOf(size_t file) { return AbsolutePath(MigrationOf(file).script->source->name()); }

  // What the file at that path held, against what this one holds.
  absl::Status CompareWithGit(const std::string& path, size_t file, const std::string& record) {
    absl::StatusOr<std::string> before = TextBefore(*request_.changes, path);
    if (!before.ok()) return before.status();
    const std::string& name = files_[file].path;
    const Script was = ParseScript(std::make_shared<const Source>(name, *std::move(before)));
    const Script& is = *MigrationOf(file).script;
    if (SumHashOf(was) == SumHashOf(is)) return absl::OkStatus();
    AddDrift(file, DriftBetween(SumEntryOf(name, was), SumEntryOf(name, is)), record);
    return absl::OkStatus();
  }

  // New files against those that the revision has got meanwhile: once both are merged, they are one
  // history. Where a list orders the files, Git tells when the lists meet.
  absl::Status CompareWithAhead(LayoutFinder& past, const std::vector<bool>& is_new,
                                const std::string& record) {
    if (IsListed()) return absl::OkStatus();
    std::map<OrderKey, std::string> ahead;
    std::map<std::string, std::string> by_identity;
    for (const std::string& path : request_.changes->ahead) {
      const absl::StatusOr<std::optional<Placement>> placement = UpAt(path, past);
      if (!placement.ok()) return placement.status();
      if (!*placement || (*placement)->version.empty()) continue;
      const std::string name = PathFrom(request_.root, path);
      ahead.emplace((*placement)->order, name);
      by_identity.emplace(IdentityOf(**placement), name);
    }
    for (size_t f = 0; f < files_.size() && !ahead.empty(); ++f) {
      Migration& migration = MigrationOf(f);
      if (!is_new[f] || migration.version.empty()) continue;
      const auto same = by_identity.find(migration.identity);
      if (!migration.identity.empty() && same != by_identity.end()) {
        migration.ahead.push_back({.file = same->second, .record = record, .same_version = true});
        continue;
      }
      const absl::StatusOr<Placement> placement = PlaceOf(past, PathOf(f), request_.config);
      if (!placement.ok()) return placement.status();
      const auto later = ahead.upper_bound(placement->order);
      if (!migration.added || later == ahead.end()) continue;
      migration.ahead.push_back({.file = later->second, .record = record});
    }
    return absl::OkStatus();
  }

  // Downs that are gone, of migrations that are not, and that nothing else undoes now.
  absl::Status ReadDowns(LayoutFinder& past, const std::string& record) {
    using Pair = std::pair<std::string, std::string>;  // what an up and its down share
    std::map<Pair, std::string> downs;
    for (const std::string& path : request_.changes->deleted) {
      if (!absl::EndsWith(path, ".sql")) continue;
      const absl::StatusOr<Placement> placement = PlaceOf(past, path, request_.config);
      if (!placement.ok()) return placement.status();
      const bool down = placement->down && placement->passed_over.empty();
      if (down && !placement->pair.empty()) downs[{placement->root, placement->pair}] = path;
    }
    if (downs.empty()) return absl::OkStatus();
    const std::vector<bool> undone = UndoneBy(inputs_);
    for (const UpFile& file : files_) {
      if (undone[file.migration]) continue;
      const absl::StatusOr<Placement> placement =
          PlaceOf(past, JoinPath(request_.root, file.path), request_.config);
      if (!placement.ok()) return placement.status();
      const auto down = downs.find({placement->root, placement->pair});
      if (down != downs.end()) AddGone(PathFrom(request_.root, down->second), record);
    }
    return absl::OkStatus();
  }

  // Who reads later knows better: a database ran the file.
  void Hold(size_t file, const std::string& record) {
    held_[MigrationOf(file).script->source->name()] = record;
  }

  void AddDrift(size_t file, std::optional<Drift> drift, std::string record) {
    if (!drift) return;
    drift->record = std::move(record);
    MigrationOf(file).drifts.push_back(*std::move(drift));
  }

  bool IsThere(const std::string& file) const {
    return CheckExists(JoinPath(request_.root, file)).ok();
  }

  // What is there after all was excluded, or is no up any more.
  void AddGone(const std::string& file, const std::string& record, bool ran = false) {
    if (!request_.whole || IsThere(file)) return;
    inputs_.gone.push_back({.file = file, .record = record, .ran = ran});
  }

  // Of a record, which files it knows: what it lacks is new where it has some that run later, and
  // is not told yet where it has none.
  void MarkAdded(const std::vector<bool>& known) {
    bool later = false;
    for (size_t f = known.size(); f-- > 0;) {
      later |= known[f];
      if (later && !known[f]) MigrationOf(f).added = true;
    }
  }

  // What a file that is not there was, or is to be, as a migration of this project; empty: none.
  absl::StatusOr<std::optional<Placement>> UpAt(const std::string& path, LayoutFinder& past) const {
    if (!IsBelowRoot(path)) return std::nullopt;
    if (request_.config != nullptr && IsExcluded(*request_.config, path)) return std::nullopt;
    absl::StatusOr<Placement> placement = PlaceOf(past, path, request_.config);
    if (!placement.ok()) return placement.status();
    const std::string below = PathFrom(request_.root, path);
    // A list that has forgotten the file as well says nothing.
    const bool up = placement->root == request_.root && placement->layout == request_.layout &&
                    !placement->down && (IsListed() || !placement->stray) &&
                    placement->passed_over.empty() &&
                    IsRecorded(request_.layout, placement->version, below);
    if (!up) return std::nullopt;
    return *std::move(placement);
  }

  bool IsListed() const {
    return request_.layout == Layout::kDrizzle || request_.layout == Layout::kSqitch ||
           request_.layout == Layout::kYoyo;
  }

  bool IsBelowRoot(const std::string& path) const {
    return absl::EndsWith(path, ".sql") && absl::StartsWith(path, absl::StrCat(request_.root, "/"));
  }

  const RecordsRequest& request_;
  Inputs& inputs_;
  const std::vector<UpFile> files_;
  absl::flat_hash_map<absl::string_view, size_t> by_path_;
  // By the hash of what a file was, how it differs: a log that has the hash alone tells no more.
  absl::flat_hash_map<std::string, std::optional<Drift>> summed_;
  Held held_;
};

// The names of applied/*.json.
std::vector<std::string> AppliedLogs(const std::string& root) {
  std::vector<std::string> names;
  for (const auto& [name, is_folder] : ListFolder(JoinPath(root, kAppliedFolder))) {
    if (!is_folder && absl::EndsWith(name, ".json")) names.push_back(name);
  }
  return names;
}

}  // namespace

LayoutFinder PastOf(const GitChanges& changes) {
  LayoutFinder past;
  for (const std::set<std::string>* paths : {&changes.deleted, &changes.ahead}) {
    for (const std::string& path : *paths) {
      if (absl::EndsWith(path, ".sql")) past.Remember(path);
    }
  }
  return past;
}

absl::StatusOr<Held> ReadRecords(const RecordsRequest& request, LayoutFinder& past,
                                 Inputs& inputs) {
  if (request.layout == Layout::kBare) return Held();
  const std::string sum = JoinPath(request.root, kSumName);
  const std::string atlas = JoinPath(request.root, kAtlasName);
  const bool summed = CheckExists(sum).ok();
  const bool hashed = CheckExists(atlas).ok();
  const bool chained = request.layout == Layout::kGraphile;
  const std::vector<std::string> logs = AppliedLogs(request.root);
  const bool any = summed || hashed || chained || !logs.empty() || request.changes != nullptr;
  if (!any) return Held();
  Records records(request, inputs);
  absl::Status read;
  if (summed) read.Update(records.ReadSum(sum));
  if (hashed) read.Update(records.ReadAtlasSum(atlas));
  if (chained) records.ReadGraphile();
  for (const std::string& log : logs) read.Update(records.ReadApplied(log));
  if (request.changes != nullptr) read.Update(records.ReadGit(past));
  if (!read.ok()) return read;
  return std::move(records).TakeHeld();
}

absl::StatusOr<std::vector<std::string>> GoneRoots(const GitChanges& changes, LayoutFinder& past,
                                                   const std::set<std::string>& roots,
                                                   const std::set<std::string>& names) {
  std::set<std::string> gone;
  for (const std::string& path : changes.deleted) {
    if (!absl::EndsWith(path, ".sql") || names.contains(FileNameOf(path))) continue;
    const absl::StatusOr<Placement> placement = past.Place(path);
    if (!placement.ok()) return placement.status();
    const bool up = placement->layout != Layout::kBare && !placement->down && !placement->stray &&
                    placement->passed_over.empty();
    if (up && !roots.contains(placement->root)) gone.insert(placement->root);
  }
  return std::vector<std::string>(gone.begin(), gone.end());
}

}  // namespace plimsoll
