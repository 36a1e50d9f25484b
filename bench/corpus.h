#ifndef PLIMSOLL_BENCH_CORPUS_H_
#define PLIMSOLL_BENCH_CORPUS_H_

#include <cstddef>
#include <string>
#include <vector>

namespace plimsoll::bench {

struct CorpusFile {
  std::string name;  // `0001_accounts.sql`
  std::string text;
};

// The migrations of an invented application, as they pile up over the years: tables are created,
// get columns, indexes, constraints, functions and data, and are changed again later. The same
// number of statements always gives the same bytes, and a smaller corpus is the beginning of a
// greater one, so that growth can be measured.
std::vector<CorpusFile> MakeCorpus(size_t statements);

size_t BytesOf(const std::vector<CorpusFile>& corpus);

}  // namespace plimsoll::bench

#endif  // PLIMSOLL_BENCH_CORPUS_H_
