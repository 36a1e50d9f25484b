// Writes the benchmarks' corpus as files: `write_corpus FOLDER STATEMENTS`. Prints their number and
// bytes.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench/corpus.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (arguments.size() != 3) {
    std::fprintf(stderr, "usage: write_corpus FOLDER STATEMENTS\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  const std::vector<plimsoll::bench::CorpusFile> corpus =
      plimsoll::bench::MakeCorpus(std::strtoul(arguments[2].c_str(), nullptr, 10));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (const plimsoll::bench::CorpusFile& file : corpus) {
    std::ofstream out(folder / file.name, std::ios::binary);
    out << file.text;
    out.close();
    if (!out) {
      std::fprintf(stderr, "cannot write \"%s\"\n", (folder / file.name).c_str());
      return 2;
    }
  }
  std::printf("{\"files\":%zu,\"bytes\":%zu}\n", corpus.size(), plimsoll::bench::BytesOf(corpus));
  return 0;
}
