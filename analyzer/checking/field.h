#ifndef PLIMSOLL_ANALYZER_CHECKING_FIELD_H_
#define PLIMSOLL_ANALYZER_CHECKING_FIELD_H_

// What the rest of the field knows, in terms of our rules: the names that other linters have for a
// hazard, and every hazard that any of them knows. The tables stand in rules/; report/ renders them
// as docs/rules/coming-from-*.md and docs/hazards.md.

namespace plimsoll {

// A rule of another linter. `rules` are ours, separated by blanks; empty where there is none, and
// then `differs` says why.
struct PeerRule {
  const char* peer;  // `squawk`
  const char* id;    // in the peer's own spelling
  const char* rules;
  const char* differs;  // what to expect; one sentence without a full stop, may be empty
};

// A hazard of the field. Exactly one of `rules` and `why_not` is empty.
struct Hazard {
  int number;  // from 1, in the order of the survey that they come from
  char group;  // `A` to `J`
  const char* what;
  const char* rules;    // ours, separated by blanks
  const char* why_not;  // why there is none: it needs live statistics, is obsolete, …
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_FIELD_H_
