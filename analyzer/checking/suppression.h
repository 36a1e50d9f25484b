#ifndef PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_
#define PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/allowance_comment.h"
#include "analyzer/checking/rule.h"
#include "analyzer/syntax/script.h"

// Which findings the comments of a file take over, and what becomes of each comment.

namespace plimsoll {

// What words mean to those who know all rules: rules/registry.h.
struct Vocabulary {
  // A rule's id, a family, `all`, or another linter's name for a rule. Empty: it means nothing.
  std::vector<const Rule*> (*named)(absl::string_view word);
  // What a misspelt one most likely meant; empty where nothing is near.
  absl::string_view (*nearest)(absl::string_view word);
};

// A comment that takes something over, and what became of it.
struct Allowance {
  struct Word {
    AllowanceWord said;
    std::vector<const Rule*> rules;  // that it names
    std::string nearest;             // of a word that means nothing: what was meant, if anything is
    bool is_risk = false;            // `risky`, `complex`: a statement's whole risk
    uint32_t uses = 0;  // findings that it silenced, statements whose risk it took over
    // All that it could take over was looked for where it reaches: its rules ran, and no statement
    // is one of which this history does not know enough.
    bool judged = false;

    bool means_something() const { return is_risk || !rules.empty(); }
  };

  uint32_t migration = 0;
  Span span;
  Reach reach = Reach::kStatement;
  std::string peer;  // as AllowanceComment::peer
  std::vector<Word> words;
  std::string reason;
  std::string until;
  bool over = false;    // that day is: it holds no more
  std::string mistake;  // as AllowanceComment::mistake; it holds nothing
  // The statements that it speaks of: [first, last). Empty where it has no place among them.
  uint32_t first = 0;
  uint32_t last = 0;
  // Of a kBegin: the kEnd that ends it and nothing else. Empty: another, or the file does.
  Span ended_by;
};

// Those of one file. Takes time linear in the script, and logarithmic for each question.
//
// A comment speaks of the statement that it stands in front of, or within, or behind on its last
// line. A kBegin of ours needs a kEnd, and those of other linters reach to the end of the file
// without one; a kEnd of ours without words ends all of ours that have begun. Where several name a
// rule, the closest takes its finding over. `all` leaves out what PostgreSQL refuses, for the
// linters that can be silenced as a whole cannot read it either, and the rules about the comments
// themselves.
class Allowances {
 public:
  Allowances(const Script& script, uint32_t migration, int64_t now, const Vocabulary& vocabulary);

  // The comment that takes over what the rule says of the statement (Complaint::kWholeFile: of the
  // file, which is left to comments about all of it); null: none does. Counts as a use.
  const Allowance* TakeOver(const Rule& rule, uint32_t statement);
  // Likewise the whole risk of a statement.
  const Allowance* TakeOver(Risk risk, uint32_t statement);

  // In the order of the file, those of other linters among them.
  absl::Span<Allowance> all() { return absl::MakeSpan(all_); }

 private:
  struct Place {
    uint32_t allowance = 0;
    uint32_t word = 0;
  };
  // Who names a rule, a family, `all` or a risk.
  struct Key {
    // From a statement on, the word that has begun last; none where all have ended. Ascending.
    std::vector<std::pair<uint32_t, std::optional<Place>>> since;
    std::vector<Place> open;  // begun, the last at the end; those that have ended may still be here
    absl::flat_hash_map<uint32_t, Place> at;  // by statement
    std::optional<Place> of_file;
  };

  void Add(AllowanceComment comment, const Span& span, int64_t now, const Vocabulary& vocabulary);
  void Locate(const Script& script);
  void Begin(uint32_t index);
  void End(uint32_t index);
  void File();
  void NoteOpen(Key& key, uint32_t statement);
  std::optional<Place> Find(absl::string_view key, uint32_t statement) const;
  const Allowance* Use(const std::optional<Place>& place);

  uint32_t migration_;
  std::vector<Allowance> all_;
  std::vector<bool> ended_;                  // by allowance
  std::vector<std::vector<uint32_t>> ends_;  // by allowance: what it ends
  absl::flat_hash_map<std::string, Key> keys_;
  absl::flat_hash_map<std::string, std::vector<uint32_t>> begun_;  // by their words and whose
  std::vector<uint32_t> begun_ours_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_
