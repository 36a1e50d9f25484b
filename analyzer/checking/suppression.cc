#include "analyzer/checking/suppression.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/marker.h"

namespace plimsoll {
namespace {

bool IsRisk(absl::string_view word) {
  return word == RiskName(Risk::kRisky) || word == RiskName(Risk::kComplex);
}

// What a word is looked up by: itself, or for another linter's name the rules that it stands for.
std::vector<std::string> KeysOf(const Allowance::Word& word) {
  if (!absl::StrContains(word.said.text, ":")) return {word.said.text};
  std::vector<std::string> keys;
  for (const Rule* rule : word.rules) keys.emplace_back(rule->id);
  return keys;
}

bool IsLeftByEveryRule(Family family) {
  return family == Family::kSyntax || family == Family::kFailure || family == Family::kAllowances;
}

// The first statement that begins behind the byte; their number where none does.
uint32_t StatementBehind(const Script& script, uint32_t byte) {
  const auto next =
      std::partition_point(script.statements.begin(), script.statements.end(),
                           [&](const Statement& one) { return one.span.begin <= byte; });
  return static_cast<uint32_t>(next - script.statements.begin());
}

// Whether the comment stands behind something on a line that it ends.
bool EndsLineOf(absl::string_view text, const Span& before, const Span& comment) {
  const size_t after = text.find_first_not_of(" \t\r", comment.end);
  if (after != absl::string_view::npos && text[after] != '\n') return false;
  return !absl::StrContains(text.substr(before.end, comment.begin - before.end), "\n");
}

// Which statement a comment at this place speaks of; their number where there is none.
uint32_t StatementAt(const Script& script, const Span& comment) {
  const uint32_t next = StatementBehind(script, comment.begin);
  if (next == 0) return 0;
  const Span& before = script.statements[next - 1].span;
  const bool belongs =
      comment.begin < before.end || EndsLineOf(script.source->text(), before, comment);
  return belongs ? next - 1 : next;
}

// Those that begin and end together say the same.
std::string Pairing(const Allowance& allowance) {
  return absl::StrCat(
      allowance.peer, "\n",
      absl::StrJoin(allowance.words, ",", [](std::string* out, const Allowance::Word& word) {
        absl::StrAppend(out, word.said.text);
      }));
}

}  // namespace

Allowances::Allowances(const Script& script, uint32_t migration, int64_t now,
                       const Vocabulary& vocabulary)
    : migration_(migration) {
  const absl::string_view text = script.source->text();
  const size_t head = HeadEnd(text);
  for (const Comment& comment : script.comments) {
    std::optional<AllowanceComment> read = ReadAllowance(text, comment.span);
    if (!read) continue;
    if (read->peer == "atlas" && comment.span.begin < head) read->reach = Reach::kFile;
    Add(*std::move(read), comment.span, now, vocabulary);
  }
  ended_.resize(all_.size());
  ends_.resize(all_.size());
  Locate(script);
  File();
}

void Allowances::Add(AllowanceComment comment, const Span& span, int64_t now,
                     const Vocabulary& vocabulary) {
  Allowance allowance = {.migration = migration_,
                         .span = span,
                         .reach = comment.reach,
                         .peer = std::move(comment.peer),
                         .reason = std::move(comment.reason),
                         .over = IsOver(comment.until, now),
                         .mistake = std::move(comment.mistake)};
  allowance.until = std::move(comment.until);
  for (AllowanceWord& said : comment.words) {
    Allowance::Word word = {.said = std::move(said)};
    word.is_risk = IsRisk(word.said.text);
    if (!word.is_risk) word.rules = vocabulary.named(word.said.text);
    if (!word.means_something() && allowance.peer.empty()) {
      word.nearest = std::string(vocabulary.nearest(word.said.text));
    }
    allowance.words.push_back(std::move(word));
  }
  all_.push_back(std::move(allowance));
}

// Gives each comment its statements.
void Allowances::Locate(const Script& script) {
  const auto statements = static_cast<uint32_t>(script.statements.size());
  for (uint32_t i = 0; i < all_.size(); ++i) {
    Allowance& allowance = all_[i];
    allowance.last = statements;
    if (allowance.reach == Reach::kBegin || allowance.reach == Reach::kEnd) {
      allowance.first = StatementBehind(script, allowance.span.begin);
    }
    if (allowance.reach == Reach::kBegin) Begin(i);
    if (allowance.reach == Reach::kEnd) End(i);
    if (allowance.reach == Reach::kStatement) {
      allowance.first = StatementAt(script, allowance.span);
      allowance.last = std::min(allowance.first + 1, statements);
      const bool lost = allowance.first == statements && allowance.mistake.empty();
      if (lost) allowance.mistake = "there is no statement behind it";
    }
  }
  for (const uint32_t begun : begun_ours_) {
    Allowance& allowance = all_[begun];
    if (ended_[begun] || allowance.over || !allowance.mistake.empty()) continue;
    allowance.mistake = "nothing ends it: `plimsoll:allow-end` does, and `allow-file` needs no end";
  }
}

void Allowances::Begin(uint32_t index) {
  begun_[Pairing(all_[index])].push_back(index);
  if (all_[index].peer.empty()) begun_ours_.push_back(index);
}

void Allowances::End(uint32_t index) {
  Allowance& end = all_[index];
  if (!end.mistake.empty()) return;
  const bool of_all = end.words.empty() && end.peer.empty();
  std::vector<uint32_t> ends =
      std::exchange(of_all ? begun_ours_ : begun_[Pairing(end)], std::vector<uint32_t>());
  std::erase_if(ends, [&](uint32_t begun) { return ended_[begun]; });
  if (ends.empty()) end.mistake = "nothing has begun that it ends";
  if (ends.size() == 1) all_[ends[0]].ended_by = end.span;
  for (const uint32_t begun : ends) {
    ended_[begun] = true;
    all_[begun].last = end.first;
  }
  ends_[index] = std::move(ends);
}

// Gives each word its place under what it names.
void Allowances::File() {
  for (uint32_t i = 0; i < all_.size(); ++i) {
    const Allowance& allowance = all_[i];
    for (const uint32_t begun : ends_[i]) {
      for (const Allowance::Word& word : all_[begun].words) {
        for (const std::string& name : KeysOf(word)) NoteOpen(keys_[name], allowance.first);
      }
    }
    if (allowance.over || !allowance.mistake.empty() || allowance.reach == Reach::kEnd) continue;
    for (uint32_t w = 0; w < allowance.words.size(); ++w) {
      const Place place = {.allowance = i, .word = w};
      for (const std::string& name : KeysOf(allowance.words[w])) {
        Key& key = keys_[name];
        if (allowance.reach == Reach::kFile) key.of_file = place;
        if (allowance.reach == Reach::kStatement) key.at.insert_or_assign(allowance.first, place);
        if (allowance.reach != Reach::kBegin) continue;
        key.open.push_back(place);
        NoteOpen(key, allowance.first);
      }
    }
  }
}

void Allowances::NoteOpen(Key& key, uint32_t statement) {
  const auto has_ended = [&](uint32_t begun) {
    return ended_[begun] && all_[begun].last <= statement;
  };
  while (!key.open.empty() && has_ended(key.open.back().allowance)) key.open.pop_back();
  std::optional<Place> nearest;
  if (!key.open.empty()) nearest = key.open.back();
  if (!key.since.empty() && key.since.back().first == statement) key.since.pop_back();
  key.since.emplace_back(statement, nearest);
}

std::optional<Allowances::Place> Allowances::Find(absl::string_view name,
                                                  uint32_t statement) const {
  const auto found = keys_.find(name);
  if (found == keys_.end()) return std::nullopt;
  const Key& key = found->second;
  if (statement == Complaint::kWholeFile) return key.of_file;
  const auto at = key.at.find(statement);
  if (at != key.at.end()) return at->second;
  const auto next =
      std::partition_point(key.since.begin(), key.since.end(),
                           [&](const auto& since) { return since.first <= statement; });
  const bool begun = next != key.since.begin() && std::prev(next)->second;
  return begun ? std::prev(next)->second : key.of_file;
}

const Allowance* Allowances::Use(const std::optional<Place>& place) {
  if (!place) return nullptr;
  ++all_[place->allowance].words[place->word].uses;
  return &all_[place->allowance];
}

const Allowance* Allowances::TakeOver(const Rule& rule, uint32_t statement) {
  if (const Allowance* of_rule = Use(Find(rule.id, statement))) return of_rule;
  if (const Allowance* of_family = Use(Find(FamilyName(rule.family), statement))) return of_family;
  return IsLeftByEveryRule(rule.family) ? nullptr : Use(Find(kEveryRule, statement));
}

const Allowance* Allowances::TakeOver(Risk risk, uint32_t statement) {
  return Use(Find(RiskName(risk), statement));
}

}  // namespace plimsoll
