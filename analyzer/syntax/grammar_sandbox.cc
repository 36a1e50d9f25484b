// grammar.h over the sandboxed libpg_query of PostgreSQL 18.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/grammar_text.h"
#include "analyzer/syntax/sandbox/instance.h"

namespace plimsoll {
namespace {

using sandbox::Address;
using sandbox::Ending;
using sandbox::Instance;

thread_local std::unique_ptr<Instance> thread_instance;

Instance* InstanceForVisit() {
  // The previous tree is no longer promised to anyone.
  if (thread_instance != nullptr && thread_instance->memory_bytes() > kMaxKeptGrammarBytes) {
    thread_instance.reset();
  }
  if (thread_instance == nullptr) thread_instance = Instance::Create();
  return thread_instance.get();
}

std::string Describe(Ending ending, absl::string_view complaint) {
  switch (ending) {
    case Ending::kOutOfStack:
      return "the statement is nested too deeply for the parser";
    case Ending::kOutOfMemory:
      return "the parser ran out of memory";
    case Ending::kTrapped:
      return "the parser broke down on this text, inside its sandbox";
    case Ending::kGaveUp:
    case Ending::kReturned:
      break;
  }
  if (complaint.empty()) return "the parser gave up on this text";
  return absl::StrCat("the parser gave up on this text: ", complaint);
}

Parsed Refused(GrammarError error) { return {.json = {}, .error = std::move(error)}; }

Parsed Broken(absl::string_view sql, Ending ending) {
  GrammarError error{.message = Describe(ending, thread_instance->complaint()),
                     .cursor = static_cast<uint32_t>(sql.size()),
                     .internal = true};
  thread_instance.reset();
  return Refused(std::move(error));
}

// PostgreSQL's own words for having judged nothing. Its parser generator's "memory exhausted", for
// 10,000 open parentheses, is not among them: every PostgreSQL server says that of the same text.
bool MeansExhaustion(absl::string_view message) {
  return message == "out of memory" || message == "stack depth limit exceeded";
}

absl::string_view View(absl::Span<char> text) { return {text.data(), text.size()}; }

// `struct PgQueryParseResult { char* tree; char* stderr; PgQueryError* error; }` and
// `struct PgQueryError { char* message, *function, *file; int line, cursor; char* context; }`, as
// WebAssembly lays them out.
Address TreeOf(const Instance& instance) { return instance.ReadWord(instance.answer()); }
Address ErrorOf(const Instance& instance) { return instance.ReadWord(instance.answer() + 8); }

GrammarError ReadError(Instance& instance, Address error, absl::string_view sql) {
  const absl::Span<char> message = instance.ReadString(instance.ReadWord(error));
  MakeUtf8(message);
  const auto position = static_cast<int32_t>(instance.ReadWord(error + 16));
  return {.message = std::string(View(message)),
          .cursor = CursorInBytes(sql, position),
          .internal = MeansExhaustion(View(message))};
}

// The tree at an address, fit to be read by simdjson where it lies.
absl::string_view ReadTree(Instance& instance, Address tree) {
  const absl::Span<char> json = instance.ReadString(tree, kGrammarPadding);
  MakeUtf8(json);
  return View(json);
}

constexpr char kNoRoom[] = "there is no memory for the parser";

}  // namespace

Parsed ParseToJson(absl::string_view sql) {
  if (std::optional<GrammarError> refusal = RefuseText(sql)) return Refused(*std::move(refusal));
  Instance* const instance = InstanceForVisit();
  if (instance == nullptr) {
    return Refused({kNoRoom, static_cast<uint32_t>(sql.size()), /*internal=*/true});
  }
  const Ending ending = instance->Visit(sandbox::kParseSql, sql);
  if (ending != Ending::kReturned) return Broken(sql, ending);
  if (instance->answer() == 0) return Broken(sql, Ending::kOutOfMemory);

  if (const Address error = ErrorOf(*instance)) return Refused(ReadError(*instance, error, sql));
  const absl::string_view json = ReadTree(*instance, TreeOf(*instance));
  if (json.empty()) return Broken(sql, Ending::kGaveUp);
  return {.json = json, .error = std::nullopt};
}

Parsed ParsePlpgsqlToJson(absl::string_view sql) {
  if (std::optional<GrammarError> refusal = RefuseText(sql)) return Refused(*std::move(refusal));
  Instance* const instance = InstanceForVisit();
  const auto end = static_cast<uint32_t>(sql.size());
  if (instance == nullptr) return Refused({kNoRoom, end, /*internal=*/true});
  const Ending ending = instance->Visit(sandbox::kParsePlpgsql, sql);
  if (ending != Ending::kReturned) return Broken(sql, ending);

  // The answer is one text: a tree if it begins with a brace, else an error message.
  const absl::string_view text = ReadTree(*instance, instance->answer());
  if (text.empty()) return Broken(sql, Ending::kGaveUp);
  if (text.front() == '{') return {.json = text, .error = std::nullopt};
  return Refused({std::string(text), end, MeansExhaustion(text)});
}

void ReleaseGrammar() { thread_instance.reset(); }

int GrammarServerVersion() { return 18; }

absl::string_view GrammarName() { return "libpg_query " PLIMSOLL_GRAMMAR_VERSION " (sandboxed)"; }

}  // namespace plimsoll
