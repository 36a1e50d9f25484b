#ifndef PLIMSOLL_ANALYZER_SYNTAX_NEWER_H_
#define PLIMSOLL_ANALYZER_SYNTAX_NEWER_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/lower.h"

namespace plimsoll {

// What PostgreSQL 19 takes and the grammar, which is that of 18, rejects: REPACK (repack.sgml of
// 19) and ALTER TABLE … SPLIT PARTITION, … MERGE PARTITIONS (alter_table.sgml of 19). Their own
// words are told by tokens, and names and bounds within them are handed to the grammar in
// statements that it knows. The actions' spans are empty. Nothing where the text is none of these
// statements, or wrong.
//
// Asks the grammar: what it said before is gone.
std::optional<LoweredStatement> ReadNewerStatement(absl::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_NEWER_H_
