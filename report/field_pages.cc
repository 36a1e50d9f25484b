#include "report/field_pages.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "analyzer/checking/allowance_comment.h"

namespace plimsoll::report {
namespace {

// What holds of the peer's comments in the files.
std::string CommentWords(absl::string_view peer) {
  const std::vector<absl::string_view> markers = MarkersOf(peer);
  if (markers.empty()) return "";
  return absl::StrCat(" Its comments hold here too, [as far as they name what Plimsoll knows]",
                      "(../configuration.md#comments-of-other-linters): `-- ",
                      absl::StrJoin(markers, "`, `-- "), "`.");
}

// What would end a table's cell.
std::string Cell(absl::string_view text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

std::string Links(absl::string_view ids, absl::string_view folder) {
  std::vector<std::string> links;
  for (const absl::string_view id : absl::StrSplit(ids, ' ', absl::SkipEmpty())) {
    links.push_back(absl::StrCat("[", id, "](", folder, id, ".md)"));
  }
  return absl::StrJoin(links, ", ");
}

bool IsOptIn(absl::string_view id, absl::Span<const Rule* const> rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule* rule) { return id == rule->id && rule->opt_in; });
}

// Of several rules, those that say nothing until they are asked.
std::string OffWords(absl::string_view ids, absl::Span<const Rule* const> rules) {
  std::vector<std::string> off;
  for (const absl::string_view id : absl::StrSplit(ids, ' ', absl::SkipEmpty())) {
    if (IsOptIn(id, rules)) off.push_back(absl::StrCat("`", id, "`"));
  }
  return off.empty() ? "" : absl::StrCat("off by default: ", absl::StrJoin(off, ", "));
}

struct GroupTitle {
  char group;
  const char* title;
};
constexpr GroupTitle kGroups[] = {{'A', "Indexes"},
                                  {'B', "Adding columns"},
                                  {'C', "Changing columns"},
                                  {'D', "Constraints"},
                                  {'E', "Tables, partitions, rewrites"},
                                  {'F', "Types, routines, security"},
                                  {'G', "Data"},
                                  {'H', "Transactions, timeouts, sessions"},
                                  {'I', "Types of columns"},
                                  {'J', "Files and history"}};

}  // namespace

std::string ComingFromPage(absl::string_view peer, absl::Span<const PeerRule> peers,
                           absl::Span<const Rule* const> rules) {
  std::string page = absl::StrCat(
      "# Coming from ", peer,
      "\n\nMade from `rules/peers.cc` by `./dev update`. Plimsoll's options "
      "take ",
      peer, "'s names too: `plimsoll lint --select ", peer, ":RULE`.", CommentWords(peer), "\n\n| ",
      peer, " | Plimsoll | what differs |\n|---|---|---|\n");
  for (const PeerRule& rule : peers) {
    if (peer != rule.peer) continue;
    std::vector<std::string> remarks;
    if (*rule.differs != '\0') remarks.emplace_back(rule.differs);
    std::string off = OffWords(rule.rules, rules);
    if (!off.empty()) remarks.push_back(std::move(off));
    absl::StrAppend(&page, "| `", Cell(rule.id), "` | ",
                    *rule.rules == '\0' ? "none" : Links(rule.rules, ""), " | ",
                    Cell(absl::StrJoin(remarks, "; ")), " |\n");
  }
  return page;
}

std::string HazardsPage(absl::Span<const Hazard> hazards) {
  const auto covered = std::count_if(hazards.begin(), hazards.end(),
                                     [](const Hazard& hazard) { return *hazard.rules != '\0'; });
  std::string page = absl::StrCat(
      "# Hazards\n\nMade from `rules/hazards.cc` by `./dev update`. These are the ", hazards.size(),
      " hazards that 27 linters and advisers of PostgreSQL migrations know "
      "together, and what Plimsoll says of each: ",
      covered, " have a rule, the others a reason why not.\n");
  for (const GroupTitle& group : kGroups) {
    absl::StrAppend(&page, "\n## ", group.title, "\n\n| | hazard | rule |\n|---|---|---|\n");
    for (const Hazard& hazard : hazards) {
      if (hazard.group != group.group) continue;
      absl::StrAppend(&page, "| ", hazard.number, " | ", Cell(hazard.what), " | ",
                      *hazard.rules == '\0' ? absl::StrCat("none: ", Cell(hazard.why_not))
                                            : Links(hazard.rules, "rules/"),
                      " |\n");
    }
  }
  return page;
}

}  // namespace plimsoll::report
