#include "workspace/fixing.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/checking/files.h"
#include "analyzer/syntax/lexer.h"
#include "workspace/convention.h"
#include "workspace/down.h"
#include "workspace/files.h"
#include "workspace/version.h"

namespace plimsoll {
namespace {

bool Overlaps(const Edit& a, const Edit& b) {
  // Two insertions at one place stand one after the other; which comes first would be chance.
  if (a.span.empty() && b.span.empty()) return a.span.begin == b.span.begin;
  return a.span.begin < b.span.end && b.span.begin < a.span.end;
}

bool OverlapsAny(const Fix& fix, const std::vector<const Edit*>& others) {
  return std::any_of(fix.edits.begin(), fix.edits.end(), [&](const Edit& edit) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Edit* other) { return Overlaps(edit, *other); });
  });
}

// The version in a migration's name: bytes [begin, end).
struct Digits {
  size_t begin = 0;
  size_t end = 0;
  bool dashed = false;  // Diesel's: 2025-01-31-235959
};

constexpr absl::string_view kDashed = "dddd-dd-dd-dddddd";

// The version that a migration's name begins with, after a letter such as Flyway's `V`.
Digits VersionIn(absl::string_view name) {
  const auto digit = [&](size_t at) {
    return at < name.size() && absl::ascii_isdigit(static_cast<unsigned char>(name[at]));
  };
  bool dashed = name.size() >= kDashed.size();
  for (size_t i = 0; dashed && i < kDashed.size(); ++i) {
    dashed = kDashed[i] == 'd' ? digit(i) : name[i] == '-';
  }
  if (dashed) return {.end = kDashed.size(), .dashed = true};
  Digits digits;
  if (!digit(0) && digit(1) && (name[0] == 'V' || name[0] == 'v')) digits.begin = 1;
  digits.end = digits.begin;
  while (digit(digits.end)) ++digits.end;
  return digits;
}

std::string Dashed(absl::string_view stamp) {
  return absl::StrCat(stamp.substr(0, 4), "-", stamp.substr(4, 2), "-", stamp.substr(6, 2), "-",
                      stamp.substr(8));
}

// Without leading zeros: `007` and `7` are one version.
absl::string_view Trimmed(absl::string_view version) {
  const size_t first = version.find_first_not_of('0');
  return first == absl::string_view::npos ? absl::string_view() : version.substr(first);
}

// Its digits alone.
std::string VersionOf(absl::string_view name) {
  const Digits digits = VersionIn(name);
  return absl::StrReplaceAll(name.substr(digits.begin, digits.end - digits.begin), {{"-", ""}});
}

bool HasCode(absl::string_view text) {
  Lexer lexer(text);
  Token token;
  return lexer.NextCode(&token);
}

// The file or folder whose name bears the version.
std::string UnitOf(Layout layout, const std::string& path) {
  const bool folder = layout == Layout::kPrisma || layout == Layout::kDiesel;
  return folder ? ParentOf(path) : path;
}

// The names of what the statements of that direction drop, without their schemas.
std::set<std::string> DroppedBy(const Script& script, Direction direction) {
  std::set<std::string> names;
  for (const Statement& statement : script.statements) {
    if (statement.direction != direction) continue;
    for (const Action& action : statement.actions) {
      if (const auto* drop = std::get_if<action::Drop>(&action.kind)) {
        for (const Name& name : drop->objects) names.insert(name.name);
      } else if (const auto* part = std::get_if<action::DropConstraint>(&action.kind)) {
        names.insert(part->constraint);
      }
    }
  }
  return names;
}

class Fixer {
 public:
  Fixer(LoadOptions load, const RuleSettings& rules, bool unsafe)
      : load_(std::move(load)), rules_(rules), unsafe_(unsafe) {
    load_.scripts = &scripts_;
  }

  absl::StatusOr<Fixing> Run() {
    for (int round = 0; round <= kMostFixRounds; ++round) {
      const absl::Status analysed = Analyse();
      if (!analysed.ok()) return analysed;
      if (FixRound()) continue;
      const absl::StatusOr<bool> added = AddDowns();
      if (!added.ok()) return added.status();
      const absl::Status again = *added ? Analyse() : absl::OkStatus();
      if (!again.ok()) return again;
      return std::move(fixing_);
    }
    return absl::InternalError(absl::StrCat(
        "the fixes do not settle after ", kMostFixRounds,
        " rounds; nothing was written. This is a bug of Plimsoll's: --ignore one of their rules"));
  }

 private:
  absl::Status Analyse() {
    absl::StatusOr<std::vector<Project>> projects = Load(load_);
    if (!projects.ok()) return projects.status();
    fixing_.reports.clear();
    fixing_.configs.clear();
    layouts_.clear();
    held_.clear();
    for (Project& project : *projects) {
      layouts_.push_back(project.layout);
      held_.push_back(std::move(project.held));
      fixing_.configs.push_back(project.config);
      fixing_.reports.push_back(Judge(std::move(project), rules_));
    }
    return absl::OkStatus();
  }

  // Whether anything was put in.
  bool FixRound() {
    bool changed = false;
    for (size_t i = 0; i < fixing_.reports.size(); ++i) {
      const Report& report = fixing_.reports[i];
      for (uint32_t m = 0; m < report.history.migrations().size(); ++m) {
        changed = FixFile(report, m, i) || changed;
      }
    }
    return changed;
  }

  // Whether the fix can be put into that file; one that needs a file after it needs a version, and
  // a runner that takes such a file.
  bool Suits(const Fix& fix, const std::string& path, Layout layout) const {
    if (!fix.safe && !unsafe_) return false;
    if (!fix.has_following()) return true;
    // What was made here is as it should be.
    if (IsMade(path)) return false;
    const auto takes = [&](const std::vector<std::string>& statements, bool alone) {
      return statements.empty() || !FileWith(layout, statements[0], alone).empty();
    };
    const std::string unit = UnitOf(layout, path);
    const std::string next = NextPath(unit, NamesBeside(unit));
    // To a runner that compares names as texts, 1000 comes before 999.
    const bool follows = !next.empty() && (!ComparesTexts(layout) || NameOf(next) > NameOf(unit));
    return follows && takes(fix.following_alone, true) && takes(fix.following, false);
  }

  bool IsMade(const std::string& path) const {
    return absl::c_any_of(fixing_.changes, [&](const FileChange& change) {
      return change.created && change.path == path;
    });
  }

  bool FixFile(const Report& report, uint32_t migration, size_t project) {
    const Layout layout = layouts_[project];
    const Source& source = *report.history.migrations()[migration].script->source;
    std::vector<const Fix*> fixes;
    for (const Finding& finding : report.findings) {
      if (finding.migration != migration) continue;
      for (const Fix& fix : finding.fixes) {
        if (!Suits(fix, source.name(), layout)) continue;
        fixes.push_back(&fix);
        break;
      }
    }
    if (fixes.empty()) return false;
    const auto held = held_[project].find(source.name());
    if (held != held_[project].end()) {
      fixing_.kept.insert(*held);
      return false;
    }
    std::vector<size_t> used;
    std::string text = WithFixes(source.text(), fixes, used);
    // Of statements that all move out, the last one stays.
    while (!HasCode(text) && !fixes.empty()) {
      fixes.pop_back();
      used.clear();
      text = WithFixes(source.text(), fixes, used);
    }
    if (text == source.text()) return false;
    for (const size_t i : used) Follow(source.name(), layout, *fixes[i]);
    fixing_.applied += static_cast<int>(used.size());
    Change(source.name(), std::string(source.text()), std::move(text), false);
    return true;
  }

  void Follow(const std::string& path, Layout layout, const Fix& fix) {
    for (const std::string& statement : fix.following_alone) {
      const std::string next = PathAfter(path, layout);
      origins_[next] = path;
      Change(next, "", FileWith(layout, statement, true), true);
    }
    if (fix.following.empty()) return;
    // Those of one file all go into one, but not before what they build upon.
    FollowingFile& next = following_[path];
    if (next.path.empty() || !fix.following_alone.empty()) next = {PathAfter(path, layout), {}};
    JoinFollowing(fix.following, next.stages);
    origins_[next.path] = path;
    Change(next.path, "", FileWith(layout, absl::StrJoin(next.stages, ""), false), true);
  }

  // Gives what was made here a way back where its project's others have one. Whether anything was.
  absl::StatusOr<bool> AddDowns() {
    if (absl::c_none_of(fixing_.changes, [](const FileChange& one) { return one.created; })) {
      return false;
    }
    const absl::StatusOr<std::vector<Project>> projects = Load(load_);
    if (!projects.ok()) return projects.status();
    bool added = false;
    for (size_t i = 0; i < projects->size(); ++i) {
      const Project& project = (*projects)[i];
      const std::vector<bool> undone = Undone(fixing_.reports[i].history);
      if (ConventionOf(project.layout).downs == Downs::kNone) continue;
      if (absl::c_none_of(undone, [](bool one) { return one; })) continue;
      for (uint32_t m = 0; m < undone.size(); ++m) {
        const Migration& migration = project.inputs.migrations[m];
        const bool made = !migration.down && IsMade(migration.script->source->name());
        if (!made || undone[m] || IsSaidToBeIrreversible(migration)) continue;
        const absl::Status placed = AddDown(project, m);
        if (!placed.ok()) return placed;
        added = true;
      }
    }
    return added;
  }

  absl::Status AddDown(const Project& project, uint32_t up) {
    const Script& script = *project.inputs.migrations[up].script;
    const Down down = DownOf(project.inputs, up);
    const std::string elsewhere = DownThatUndoes(project, script.source->name(), down);
    if (!elsewhere.empty()) return SayWhyNot(script, absl::StrCat("it is undone by ", elsewhere));
    const std::vector<std::string> left = LeftBy(project.inputs, up, down);
    if (!left.empty()) return SayWhyNot(script, absl::StrJoin(left, "; "));
    if (!HasCode(down.text)) return SayWhyNot(script, "it leaves nothing that a down could undo");
    absl::StatusOr<FileChange> change = PlaceDown(project, up, down);
    if (!change.ok()) return change.status();
    Change(change->path, std::move(change->before), std::move(change->after), change->created);
    return absl::OkStatus();
  }

  // The down of what the file at that path follows, where it drops what `down` would: that is what
  // moved, and nothing can be dropped twice. Empty: it does not.
  std::string DownThatUndoes(const Project& project, const std::string& made,
                             const Down& down) const {
    const auto origin = origins_.find(made);
    if (origin == origins_.end()) return "";
    const std::set<std::string> moved = DroppedBy(
        ParseScript(std::make_shared<const Source>("down.sql", down.text)), Direction::kUp);
    const std::vector<Migration>& all = project.inputs.migrations;
    for (const Migration& migration : all) {
      const std::string& path = migration.script->source->name();
      const bool section = path == origin->second;
      const bool file =
          migration.undoes && all[*migration.undoes].script->source->name() == origin->second;
      if (!section && !file) continue;
      const Direction direction = section ? Direction::kDown : Direction::kUp;
      for (const std::string& name : DroppedBy(*migration.script, direction)) {
        if (moved.contains(name)) return FileNameOf(path);
      }
    }
    return "";
  }

  absl::Status SayWhyNot(const Script& script, absl::string_view why) {
    std::string text(script.source->text());
    const uint32_t at = script.statements.empty() ? 0 : script.statements[0].span.begin;
    text.insert(at, absl::StrCat("-- irreversible: ", why, "\n"));
    Change(script.source->name(), "", std::move(text), true);
    return absl::OkStatus();
  }

  // Of a new file that runs after that one, and after those that were made to follow it.
  std::string PathAfter(const std::string& path, Layout layout) const {
    const std::string unit = UnitOf(layout, path);
    const std::string next = NextPath(unit, NamesBeside(unit));
    return unit == path ? next : JoinPath(next, NameOf(path));
  }

  // Of files and folders: what is there, and what was made.
  std::set<std::string> NamesBeside(const std::string& path) const {
    const std::string folder = ParentOf(path);
    std::set<std::string> names;
    for (const auto& [name, is_folder] : ListFolder(folder)) names.insert(name);
    for (const auto& [other, text] : load_.overlay) {
      if (ParentOf(other) == folder) names.insert(std::string(NameOf(other)));
      const std::string unit = ParentOf(other);
      if (ParentOf(unit) == folder) names.insert(std::string(NameOf(unit)));
    }
    return names;
  }

  void Change(const std::string& path, std::string before, std::string after, bool created) {
    load_.overlay[path] = after;
    for (FileChange& change : fixing_.changes) {
      if (change.path != path) continue;
      change.after = std::move(after);
      return;
    }
    fixing_.changes.push_back(
        {.path = path, .created = created, .before = std::move(before), .after = std::move(after)});
    std::sort(fixing_.changes.begin(), fixing_.changes.end(),
              [](const FileChange& a, const FileChange& b) { return a.path < b.path; });
  }

  ScriptCache scripts_;
  LoadOptions load_;
  const RuleSettings& rules_;
  bool unsafe_;
  Fixing fixing_;
  std::vector<Layout> layouts_;  // of fixing_.reports
  std::vector<Held> held_;       // likewise
  struct FollowingFile {
    std::string path;
    std::vector<std::string> stages;
  };
  std::map<std::string, FollowingFile> following_;  // by the path of what it follows
  std::map<std::string, std::string> origins_;      // what each file that was made follows
};

}  // namespace

std::string WithFixes(absl::string_view text, absl::Span<const Fix* const> fixes,
                      std::vector<size_t>& used) {
  std::vector<const Edit*> edits;
  for (size_t i = 0; i < fixes.size(); ++i) {
    if (OverlapsAny(*fixes[i], edits)) continue;
    used.push_back(i);
    for (const Edit& edit : fixes[i]->edits) edits.push_back(&edit);
  }
  std::stable_sort(edits.begin(), edits.end(), [](const Edit* a, const Edit* b) {
    return std::pair(a->span.begin, a->span.end) < std::pair(b->span.begin, b->span.end);
  });
  std::string fixed;
  size_t at = 0;
  for (const Edit* edit : edits) {
    absl::StrAppend(&fixed, text.substr(at, edit->span.begin - at), edit->text);
    at = edit->span.end;
  }
  absl::StrAppend(&fixed, text.substr(at));
  return fixed;
}

std::string NextPath(const std::string& path, const std::set<std::string>& names) {
  const absl::string_view name = NameOf(path);
  const Digits digits = VersionIn(name);
  std::string version = VersionOf(name);
  if (version.empty()) return "";
  std::set<std::string> taken;
  for (const std::string& other : names) {
    const std::string theirs = VersionOf(other);
    taken.insert(std::string(Trimmed(theirs)));
  }
  do {
    const std::string later = NextSecond(version);
    version = later.empty() ? NextNumber(version) : later;
  } while (taken.contains(std::string(Trimmed(version))));
  if (digits.dashed) version = Dashed(version);
  // `007_orders.up.sql` is followed by `008_finish_orders.up.sql`, `7.sql` by `8_finish.sql`.
  const absl::string_view rest = name.substr(digits.end);
  const size_t words = std::min(rest.find_first_not_of("_-"), rest.size());
  const bool has_words = words > 0 && words < rest.size();
  return JoinPath(
      ParentOf(path),
      absl::StrCat(name.substr(0, digits.begin), version, has_words ? rest.substr(0, words) : "_",
                   "finish", has_words ? "_" : "", rest.substr(has_words ? words : 0)));
}

absl::StatusOr<Fixing> FixAll(LoadOptions load, const RuleSettings& rules, bool unsafe) {
  return Fixer(std::move(load), rules, unsafe).Run();
}

absl::Status WriteChanges(absl::Span<const FileChange> changes) {
  for (size_t i = 0; i < changes.size(); ++i) {
    absl::Status written = ReplaceFile(changes[i].path, changes[i].after);
    if (written.ok()) continue;
    // All or nothing, as far as it lies with us.
    while (i-- > 0) {
      const FileChange& done = changes[i];
      (done.created ? RemoveFile(done.path) : ReplaceFile(done.path, done.before)).IgnoreError();
    }
    return written;
  }
  return absl::OkStatus();
}

}  // namespace plimsoll
