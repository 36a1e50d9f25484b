// grammar.h over the sandboxed libpg_query of PostgreSQL 18.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/grammar_json.h"
#include "analyzer/syntax/grammar_text.h"
#include "analyzer/syntax/sandbox/instance.h"
#include "analyzer/syntax/sandbox/raw_tree.h"

namespace plimsoll {
namespace {

using sandbox::Address;
using sandbox::Ending;
using sandbox::Instance;
using sandbox::RawTreeReading;

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

Parsed Refused(GrammarError error) { return {.tree = {}, .error = std::move(error)}; }

GrammarError Broken(absl::string_view sql, Ending ending) {
  GrammarError error{.message = Describe(ending, thread_instance->complaint()),
                     .cursor = static_cast<uint32_t>(sql.size()),
                     .internal = true};
  thread_instance.reset();
  return error;
}

// PostgreSQL's own words for having judged nothing. Its parser generator's "memory exhausted", for
// 10,000 open parentheses, is not among them: every PostgreSQL server says that of the same text.
bool MeansExhaustion(absl::string_view message) {
  return message == "out of memory" || message == "stack depth limit exceeded";
}

GrammarError NoRoom(absl::string_view sql) {
  return {.message = "there is no memory for the parser",
          .cursor = static_cast<uint32_t>(sql.size()),
          .internal = true};
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

// The JSON at an address, fit to be read by simdjson where it lies.
absl::string_view JsonAt(Instance& instance, Address address) {
  const absl::Span<char> json = instance.ReadString(address, kJsonPadding);
  MakeUtf8(json);
  return View(json);
}

// Parses a text; its tree is taken by `taker`, or written as JSON.
std::optional<GrammarError> Visit(absl::string_view sql, Instance::TreeTaker taker) {
  if (std::optional<GrammarError> refusal = RefuseText(sql)) return refusal;
  Instance* const instance = InstanceForVisit();
  if (instance == nullptr) return NoRoom(sql);
  const Ending ending = instance->Visit(sandbox::kParseSql, sql, taker);
  if (ending != Ending::kReturned) return Broken(sql, ending);
  if (instance->answer() == 0) return Broken(sql, Ending::kOutOfMemory);
  if (const Address error = ErrorOf(*instance)) return ReadError(*instance, error, sql);
  return std::nullopt;
}

}  // namespace

Parsed Parse(absl::string_view sql) {
  Parsed parsed;
  auto reading = RawTreeReading::kRead;
  parsed.error = Visit(sql, [&](Address list) {
    reading = sandbox::ReadRawTree(*thread_instance, list, parsed.tree);
    return reading != RawTreeReading::kUnknown;
  });
  if (!parsed.ok()) return Refused(*std::move(parsed.error));
  if (reading == RawTreeReading::kTooDeep) return Refused(Broken(sql, Ending::kOutOfStack));
  if (reading == RawTreeReading::kTooLarge) return Refused(Broken(sql, Ending::kOutOfMemory));
  if (reading == RawTreeReading::kRead) return parsed;
  const absl::string_view json = JsonAt(*thread_instance, TreeOf(*thread_instance));
  if (!ReadJson(json, parsed.tree)) return Refused(Broken(sql, Ending::kGaveUp));
  return parsed;
}

WrittenTree ParseToJson(absl::string_view sql) {
  WrittenTree written;
  written.error = Visit(sql, [](Address) { return false; });
  if (written.ok()) written.json = std::string(JsonAt(*thread_instance, TreeOf(*thread_instance)));
  return written;
}

Parsed ParsePlpgsql(absl::string_view sql) {
  if (std::optional<GrammarError> refusal = RefuseText(sql)) return Refused(*std::move(refusal));
  Instance* const instance = InstanceForVisit();
  if (instance == nullptr) return Refused(NoRoom(sql));
  const Ending ending = instance->Visit(sandbox::kParsePlpgsql, sql);
  if (ending != Ending::kReturned) return Refused(Broken(sql, ending));

  // The answer is one text: a tree if it begins with a brace, else an error message.
  const absl::string_view text = JsonAt(*instance, instance->answer());
  Parsed parsed;
  if (text.empty()) return Refused(Broken(sql, Ending::kGaveUp));
  if (text.front() != '{') {
    const auto end = static_cast<uint32_t>(sql.size());
    return Refused({std::string(text), end, MeansExhaustion(text)});
  }
  if (!ReadJson(text, parsed.tree)) return Refused(Broken(sql, Ending::kGaveUp));
  return parsed;
}

void ReleaseGrammar() { thread_instance.reset(); }

int GrammarServerVersion() { return 18; }

absl::string_view GrammarName() { return "libpg_query " PLIMSOLL_GRAMMAR_VERSION " (sandboxed)"; }

}  // namespace plimsoll
