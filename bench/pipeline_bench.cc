// The stages of the pipeline on one text, one thread. What they cost shows as their ratio to the
// bare parse, which is libpg_query's own, from a text to the JSON of its tree, taken in the same
// run because machines are noisy.

#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/script.h"
#include "bench/corpus.h"
#include "report/json.h"
#include "rules/registry.h"

namespace plimsoll {
namespace {

using bench::CorpusFile;
using Sources = std::vector<std::shared_ptr<const Source>>;

const Sources& SourcesOf(size_t statements) {
  static auto& made = *new std::map<size_t, Sources>;
  Sources& sources = made[statements];
  if (sources.empty()) {
    for (const CorpusFile& file : bench::MakeCorpus(statements)) {
      sources.push_back(std::make_shared<const Source>(file.name, file.text));
    }
  }
  return sources;
}

std::vector<std::shared_ptr<const Script>> ParseAll(const Sources& sources) {
  std::vector<std::shared_ptr<const Script>> scripts;
  scripts.reserve(sources.size());
  for (const std::shared_ptr<const Source>& source : sources) {
    scripts.push_back(std::make_shared<const Script>(ParseScript(source)));
  }
  return scripts;
}

Report AnalyzeAll(const std::vector<std::shared_ptr<const Script>>& scripts) {
  Inputs inputs;
  for (const std::shared_ptr<const Script>& script : scripts) {
    inputs.migrations.push_back({.script = script});
  }
  return Analyze(std::move(inputs), rules::Defaults(), rules::kVocabulary);
}

// Bytes and statements a second.
void Count(benchmark::State& state, const Sources& sources) {
  int64_t bytes = 0;
  for (const std::shared_ptr<const Source>& source : sources) {
    bytes += static_cast<int64_t>(source->text().size());
  }
  state.SetBytesProcessed(state.iterations() * bytes);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void BareParse(benchmark::State& state) {
  const Sources& sources = SourcesOf(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    for (const std::shared_ptr<const Source>& source : sources) {
      const WrittenTree written = ParseToJson(source->text());
      if (!written.ok()) state.SkipWithError("the corpus does not parse");
      benchmark::DoNotOptimize(written.json.data());
    }
  }
  Count(state, sources);
}

void Parsing(benchmark::State& state) {
  const Sources& sources = SourcesOf(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    for (const std::shared_ptr<const Source>& source : sources) {
      const Parsed parsed = Parse(source->text());
      if (!parsed.ok()) state.SkipWithError("the corpus does not parse");
      benchmark::DoNotOptimize(parsed.tree.size());
    }
  }
  Count(state, sources);
}

void Scripts(benchmark::State& state) {
  const Sources& sources = SourcesOf(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(ParseAll(sources));
  Count(state, sources);
}

void Analysis(benchmark::State& state) {
  const Sources& sources = SourcesOf(static_cast<size_t>(state.range(0)));
  const std::vector<std::shared_ptr<const Script>> scripts = ParseAll(sources);
  for (auto _ : state) benchmark::DoNotOptimize(AnalyzeAll(scripts));
  Count(state, sources);
}

void EndToEnd(benchmark::State& state) {
  const Sources& sources = SourcesOf(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(AnalyzeAll(ParseAll(sources)));
  Count(state, sources);
}

void Rendering(benchmark::State& state) {
  const Sources& sources = SourcesOf(static_cast<size_t>(state.range(0)));
  const Report report = AnalyzeAll(ParseAll(sources));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        report::RenderJson(absl::Span<const Report>(&report, 1), kNewestServer));
  }
  Count(state, sources);
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1000)->Arg(5000)->Arg(20000)->Unit(benchmark::kMillisecond);
}

BENCHMARK(BareParse)->Apply(Sizes);
BENCHMARK(Parsing)->Apply(Sizes);
BENCHMARK(Scripts)->Apply(Sizes);
BENCHMARK(Analysis)->Apply(Sizes);
BENCHMARK(EndToEnd)->Apply(Sizes);
BENCHMARK(Rendering)->Apply(Sizes);

}  // namespace
}  // namespace plimsoll

BENCHMARK_MAIN();
