#include "workspace/config.h"

#include <algorithm>
#include <set>
#include <utility>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "rules/registry.h"
#include "toml++/toml.h"
#include "workspace/files.h"
#include "workspace/nearest.h"

namespace plimsoll {
namespace {

using Type = ConfigKey::Type;

constexpr absl::string_view kSeverities = "error warning note off";

constexpr ConfigKey kKeys[] = {
    {"server-version", Type::kServerVersion, "", "the major version of the servers it runs on"},
    {"transaction", Type::kWord, "auto none file message",
     "what runs in one transaction: each statement, the whole file, the file sent as one message; "
     "auto: as the layout's runner does"},
    {"start", Type::kWord, "unknown empty",
     "what is there before the first file; empty: what no file creates does not exist"},
    {"schema", Type::kPath, "",
     "a file of pg_dump --schema-only, or a catalog: what is there before the first file"},
    {"fail-on", Type::kWord, "error warning note never", "exit with 1 from this severity on"},
    {"baseline", Type::kPath, "", "a file of `plimsoll baseline`: findings that are not told"},
    {"statistics", Type::kPath, "",
     "a file with more of [tables]: what `plimsoll config --statistics-query` asks a server for"},
    {"template", Type::kPath, "",
     "a file with which `plimsoll new` begins a migration: {{title}}, {{version}}, {{date}}, "
     "{{time}} and {{author}} are filled in"},
    {"exclude", Type::kGlobs, "", "files that are not linted"},
    {"rules.select", Type::kRules, "", "only these rules and families, and syntax errors"},
    {"rules.enable", Type::kRules, "", "these rules and families too, which are off by default"},
    {"rules.ignore", Type::kRules, "", "without these rules and families"},
    {"severity", Type::kSeverities, kSeverities, "the severity of a rule or family, or off"},
    {"override", Type::kOverrides, "", "what is different for some of the files"},
    {"project", Type::kProjects, "",
     "which layout a folder of migrations follows, where its files do not tell"},
    {"options", Type::kOptions, "",
     "how a rule goes about it: [options.version-gap]; its page says what there is to set"},
    {"tables", Type::kTables, "", "what is known of tables: \"public.orders\" = { rows = 2e8 }"},
};
constexpr ConfigKey kOverrideKeys[] = {
    {"paths", Type::kGlobs, "", "the files that it is for"},
    {"enable", Type::kRules, "", "these rules and families too"},
    {"ignore", Type::kRules, "", "without these rules and families"},
    {"severity", Type::kSeverities, kSeverities, "the severity of a rule or family, or off"},
};

constexpr ConfigKey kStatisticsKeys[] = {
    {"tables", Type::kTables, "", "what is known of tables: \"public.orders\" = { rows = 2e8 }"},
};

// `orders`, `public.orders`.
bool IsTableName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '.');
  return parts.size() <= 2 && std::none_of(parts.begin(), parts.end(),
                                           [](absl::string_view part) { return part.empty(); });
}

// Why a glob can match nothing that lies in the folder of its file; empty: it can.
std::string WrongInGlob(absl::string_view glob) {
  const size_t set = glob.find_first_of("[]{}");
  if (set != absl::string_view::npos) {
    return absl::StrCat("`", glob.substr(set, 1),
                        "` is none of *, ** and ?, which stands for any one character");
  }
  if (absl::StartsWith(glob, "!")) return "there is no way to take a file back in";
  if (absl::StartsWith(glob, "/")) return "paths are relative to the folder of this file";
  for (const absl::string_view part : absl::StrSplit(glob, '/')) {
    if (part == "." || part == "..") return absl::StrCat("no path holds `", part, "`");
    if (part != "**" && absl::StrContains(part, "**")) {
      return "`**` stands for folders, between slashes";
    }
  }
  return "";
}

// Reads one file. The first thing that is wrong is told, with its place.
class Reader {
 public:
  explicit Reader(std::string path, absl::Span<const ConfigKey> keys = kKeys) : keys_(keys) {
    config_.path = std::move(path);
    config_.folder = AbsolutePath(ParentOf(config_.path));
  }

  absl::StatusOr<Config> Read(absl::string_view text) {
    const toml::parse_result parsed =
        toml::parse(std::string_view(text.data(), text.size()), config_.path);
    if (!parsed) {
      Fail(parsed.error().source(), std::string(parsed.error().description()));
      return status_;
    }
    ReadTable(parsed.table(), "", keys_);
    if (status_.ok() && config_.statistics) ReadStatistics();
    if (!status_.ok()) return status_;
    return std::move(config_);
  }

 private:
  // Always false, so that it can be returned.
  bool Fail(const toml::source_region& where, std::string message) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat(config_.path, ":", where.begin.line, ":",
                                                        where.begin.column, ": ", message));
    }
    return false;
  }

  bool FailWord(const toml::source_region& where, absl::string_view what, absl::string_view word,
                const std::vector<std::string>& known) {
    const std::string nearest = NearestWord(word, known);
    return Fail(where, absl::StrCat("there is no ", what, " \"", word, "\"",
                                    nearest.empty()
                                        ? absl::StrCat("; there are ", absl::StrJoin(known, ", "))
                                        : absl::StrCat("; did you mean \"", nearest, "\"?")));
  }

  // The keys of a table whose own name is `prefix`, with a dot behind it.
  void ReadTable(const toml::table& table, const std::string& prefix,
                 absl::Span<const ConfigKey> keys) {
    for (const auto& [key, value] : table) {
      const std::string name = absl::StrCat(prefix, std::string(key.str()));
      const auto known = std::find_if(keys.begin(), keys.end(),
                                      [&](const ConfigKey& row) { return row.name == name; });
      if (known != keys.end()) {
        config_.lines.emplace(name, key.source().begin.line);
        ReadValue(*known, value, &config_.rules);
        continue;
      }
      const std::string inner = absl::StrCat(name, ".");
      const bool group = std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& row) {
        return absl::StartsWith(row.name, inner);
      });
      if (group && value.is_table()) {
        ReadTable(*value.as_table(), inner, keys);
      } else if (group) {
        Fail(value.source(), absl::StrCat("\"", name, "\" is a table: [", name, "]"));
      } else {
        FailKey(key, prefix, keys);
      }
    }
  }

  void FailKey(const toml::key& key, const std::string& prefix, absl::Span<const ConfigKey> keys) {
    std::set<std::string> known;
    for (const ConfigKey& row : keys) {
      if (!absl::StartsWith(row.name, prefix)) continue;
      const absl::string_view rest = row.name.substr(prefix.size());
      known.emplace(rest.substr(0, rest.find('.')));
    }
    FailWord(key.source(), "key", std::string(key.str()), {known.begin(), known.end()});
  }

  void ReadValue(const ConfigKey& key, const toml::node& value, RuleSettings* rules) {
    switch (key.type) {
      case Type::kServerVersion:
        return ReadServerVersion(value);
      case Type::kWord: {
        std::string word;
        if (!ReadText(value, key.name, &word)) return;
        const std::vector<std::string> words = absl::StrSplit(key.words, ' ');
        if (std::find(words.begin(), words.end(), word) == words.end()) {
          FailWord(value.source(), absl::StrCat(key.name), word, words);
          return;
        }
        WordOf(key.name) = word;
        return;
      }
      case Type::kPath: {
        std::string path;
        if (!ReadText(value, key.name, &path)) return;
        if (path[0] != '/') path = TidyPath(JoinPath(ParentOf(config_.path), path));
        // `plimsoll baseline` is about to make that one.
        const bool missing = key.name != "baseline" && !CheckExists(path).ok();
        if (missing) Fail(value.source(), absl::StrCat("there is no file \"", path, "\""));
        if (IsFolder(path)) {
          Fail(value.source(),
               absl::StrCat("\"", key.name, "\" is a file, and \"", path, "\" a folder"));
        }
        if (key.name == "baseline") {
          const toml::source_position& at = value.source().begin;
          config_.baseline_at = absl::StrCat(config_.path, ":", at.line, ":", at.column);
        }
        PathOf(key.name) = std::move(path);
        return;
      }
      case Type::kGlobs:
        ReadGlobs(value, key.name, &config_.exclude);
        return;
      case Type::kRules:
        ReadRules(value, key.name, rules);
        return;
      case Type::kSeverities:
        return ReadSeverities(value, rules);
      case Type::kOverrides:
        return ReadOverrides(value);
      case Type::kProjects:
        return ReadProjects(value);
      case Type::kOptions:
        return ReadOptions(value);
      case Type::kTables:
        return ReadTables(value);
    }
  }

  std::optional<std::string>& PathOf(absl::string_view name) {
    if (name == "schema") return config_.schema;
    if (name == "baseline") return config_.baseline;
    return name == "statistics" ? config_.statistics : config_.new_file;
  }

  std::optional<std::string>& WordOf(absl::string_view name) {
    if (name == "transaction") return config_.transaction;
    return name == "start" ? config_.start : config_.fail_on;
  }

  void ReadServerVersion(const toml::node& value) {
    const std::optional<int64_t> version = value.value_exact<int64_t>();
    if (!version || *version < kOldestServer || *version > kNewestServer) {
      Fail(value.source(), absl::StrCat("\"server-version\" is a number from ", kOldestServer,
                                        " to ", kNewestServer));
      return;
    }
    config_.server_version = static_cast<int>(*version);
  }

  bool ReadText(const toml::node& value, absl::string_view name, std::string* text) {
    return ReadTextOf(value, absl::StrCat("\"", name, "\""), text);
  }

  bool ReadTextOf(const toml::node& value, absl::string_view what, std::string* text) {
    const std::optional<std::string> found = value.value_exact<std::string>();
    if (!found) return Fail(value.source(), absl::StrCat(what, " is a text in quotes"));
    if (found->empty())
      return Fail(value.source(), absl::StrCat(what, " says something, or is left out"));
    *text = *found;
    return true;
  }

  bool ReadTexts(const toml::node& value, absl::string_view name, std::vector<std::string>* texts) {
    const toml::array* array = value.as_array();
    if (array == nullptr) {
      return Fail(value.source(), absl::StrCat("\"", name, "\" is a list of texts: [\"…\"]"));
    }
    for (const toml::node& element : *array) {
      std::string text;
      if (!ReadTextOf(element, absl::StrCat("each of \"", name, "\""), &text)) return false;
      texts->push_back(std::move(text));
    }
    return true;
  }

  bool ReadGlobs(const toml::node& value, absl::string_view name, std::vector<std::string>* globs) {
    if (!ReadTexts(value, name, globs)) return false;
    for (size_t i = 0; i < globs->size(); ++i) {
      const std::string wrong = WrongInGlob((*globs)[i]);
      if (wrong.empty()) continue;
      return Fail(value.as_array()->get(i)->source(),
                  absl::StrCat("\"", (*globs)[i], "\" means no file: ", wrong));
    }
    return true;
  }

  bool IsRule(const toml::source_region& where, absl::string_view word) {
    if (!rules::Named(word).empty()) return true;
    const absl::string_view nearest = rules::Nearest(word);
    return Fail(where,
                absl::StrCat("there is no rule or family \"", word, "\"",
                             nearest.empty() ? "; `plimsoll rules` lists them"
                                             : absl::StrCat("; did you mean \"", nearest, "\"?")));
  }

  void ReadRules(const toml::node& value, absl::string_view name, RuleSettings* rules) {
    std::vector<std::string> words;
    if (!ReadTexts(value, name, &words)) return;
    for (size_t i = 0; i < words.size(); ++i) {
      if (!IsRule(value.as_array()->get(i)->source(), words[i])) return;
    }
    const bool ignores = absl::EndsWith(name, "ignore");
    for (size_t i = 0; i < words.size(); ++i) {
      const std::vector<std::string>& other = ignores ? rules->enable : rules->ignore;
      if (absl::EndsWith(name, "select") || !absl::c_linear_search(other, words[i])) continue;
      Fail(value.as_array()->get(i)->source(),
           absl::StrCat("\"", words[i], "\" is enabled and ignored"));
      return;
    }
    const bool selects = absl::EndsWith(name, "select");
    (selects                          ? rules->select
     : absl::EndsWith(name, "enable") ? rules->enable
                                      : rules->ignore) = std::move(words);
  }

  void ReadSeverities(const toml::node& value, RuleSettings* rules) {
    const toml::table* table = value.as_table();
    if (table == nullptr) {
      Fail(value.source(), "\"severity\" is a table: rule = \"warning\"");
      return;
    }
    for (const auto& [key, said] : *table) {
      const std::string rule(key.str());
      std::string word;
      if (!IsRule(key.source(), rule) || !ReadText(said, rule, &word)) return;
      if (word == "off") {
        rules->off.push_back(rule);
        continue;
      }
      bool known = false;
      for (const Severity severity : {Severity::kNote, Severity::kWarning, Severity::kError}) {
        if (SeverityName(severity) != word) continue;
        rules->severity[rule] = severity;
        known = true;
      }
      if (!known) FailWord(said.source(), "severity", word, absl::StrSplit(kSeverities, ' '));
    }
  }

  void ReadOverrides(const toml::node& value) {
    const toml::array* array = value.as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      Fail(value.source(), "\"override\" is a list of tables: [[override]]");
      return;
    }
    for (const toml::node& element : *array) {
      Override read;
      const toml::table& table = *element.as_table();
      for (const auto& [key, said] : table) {
        const std::string name(key.str());
        const auto row = std::find_if(std::begin(kOverrideKeys), std::end(kOverrideKeys),
                                      [&](const ConfigKey& known) { return known.name == name; });
        if (row == std::end(kOverrideKeys)) return FailKey(key, "", kOverrideKeys);
        if (row->type == Type::kGlobs) {
          if (!ReadGlobs(said, row->name, &read.paths)) return;
        } else {
          ReadValue(*row, said, &read.rules);
        }
      }
      if (read.paths.empty()) {
        Fail(element.source(), "an override needs \"paths\": the files that it is for");
        return;
      }
      config_.overrides.push_back(std::move(read));
    }
  }

  void ReadProjects(const toml::node& value) {
    const toml::array* array = value.as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      Fail(value.source(), "\"project\" is a list of tables: [[project]]");
      return;
    }
    for (const toml::node& element : *array) ReadProject(element);
  }

  void ReadProject(const toml::node& element) {
    SaidLayout said;
    std::string layout;
    for (const auto& [key, value] : *element.as_table()) {
      const std::string name(key.str());
      if (name == "path") {
        std::string path;
        if (!ReadText(value, name, &path)) return;
        said.folder = AbsolutePath(path[0] == '/' ? path : JoinPath(config_.folder, path));
        if (!IsFolder(said.folder)) {
          Fail(value.source(), absl::StrCat("there is no folder \"", path, "\""));
          return;
        }
      } else if (name == "layout") {
        if (!ReadText(value, name, &layout) || !IsLayout(value.source(), layout, &said.layout)) {
          return;
        }
        said.why = absl::StrCat(config_.path, ":", value.source().begin.line);
      } else {
        FailWord(key.source(), "key", name, {"layout", "path"});
        return;
      }
    }
    if (said.folder.empty() || layout.empty()) {
      Fail(element.source(), "a project needs a \"path\", which is a folder, and its \"layout\"");
      return;
    }
    for (const SaidLayout& other : config_.projects) {
      if (other.folder != said.folder) continue;
      Fail(element.source(), absl::StrCat("a project of that path stands at ", other.why));
      return;
    }
    config_.projects.push_back(std::move(said));
  }

  bool IsLayout(const toml::source_region& where, const std::string& word, Layout* layout) {
    std::vector<std::string> known;
    for (const Layout one : LayoutsToSay()) {
      known.emplace_back(LayoutName(one));
      if (word == LayoutName(one)) *layout = one;
    }
    const bool found = std::find(known.begin(), known.end(), word) != known.end();
    return found || FailWord(where, "layout", word, known);
  }

  void ReadOptions(const toml::node& value) {
    const toml::table* rules = value.as_table();
    if (rules == nullptr) {
      Fail(value.source(), "\"options\" is a table of tables: [options.RULE]");
      return;
    }
    for (const auto& [key, said] : *rules) {
      const std::string word(key.str());
      if (!IsRule(key.source(), word)) return;
      const std::vector<const Rule*> named = rules::Named(word);
      if (named.size() != 1 || named[0]->options.empty()) {
        Fail(key.source(), absl::StrCat("\"", word, "\" has no options"));
        return;
      }
      const toml::table* options = said.as_table();
      if (options == nullptr) {
        Fail(said.source(), absl::StrCat("\"", word, "\" is a table: [options.", word, "]"));
        return;
      }
      for (const auto& [name, set] : *options) ReadOption(*named[0], name, set);
    }
  }

  void ReadOption(const Rule& rule, const toml::key& key, const toml::node& value) {
    const std::string name(key.str());
    std::vector<std::string> known;
    const RuleOption* option = nullptr;
    for (const RuleOption& one : rule.options) {
      known.push_back(one.name);
      if (name == one.name) option = &one;
    }
    if (option == nullptr) {
      FailWord(key.source(), absl::StrCat("option of ", rule.id), name, known);
      return;
    }
    std::string& set = config_.options[absl::StrCat(rule.id, ".", name)];
    switch (option->type) {
      case RuleOption::Type::kNumber: {
        const std::optional<int64_t> number = value.value_exact<int64_t>();
        if (number && *number >= 0) {
          set = absl::StrCat(*number);
        } else {
          Fail(value.source(), absl::StrCat("\"", name, "\" is a whole number, 0 or more"));
        }
        return;
      }
      case RuleOption::Type::kSwitch: {
        const std::optional<bool> on = value.value_exact<bool>();
        if (!on) Fail(value.source(), absl::StrCat("\"", name, "\" is true or false"));
        set = on.value_or(false) ? "true" : "false";
        return;
      }
      case RuleOption::Type::kText:
        ReadText(value, name, &set);
        return;
      case RuleOption::Type::kTexts: {
        std::vector<std::string> texts;
        if (!ReadTexts(value, name, &texts)) return;
        for (const std::string& text : texts) absl::StrAppend(&set, text, "\n");
        return;
      }
    }
  }

  void ReadTables(const toml::node& value) {
    const toml::table* tables = value.as_table();
    if (tables == nullptr) {
      Fail(value.source(), "\"tables\" is a table: \"public.orders\" = { rows = 2e8 }");
      return;
    }
    for (const auto& [key, said] : *tables) {
      const std::string name(key.str());
      // A name that holds dots is a server's to tell.
      if (keys_.data() != std::data(kStatisticsKeys) && !IsTableName(name)) {
        Fail(key.source(), absl::StrCat("\"", name,
                                        "\" is no table: \"orders\" or "
                                        "\"public.orders\", as its schema and its name"));
        return;
      }
      const toml::table* facts = said.as_table();
      if (facts == nullptr) {
        Fail(said.source(), absl::StrCat("\"", name, "\" is a table: { rows = 2e8 }"));
        return;
      }
      for (const auto& [fact, number] : *facts) {
        if (fact.str() != "rows") {
          FailWord(fact.source(), "key", std::string(fact.str()), {"rows"});
          return;
        }
        const std::optional<double> rows = number.value<double>();
        if (!number.is_number() || !rows || !(*rows >= 0)) {
          Fail(number.source(), "\"rows\" is a number: 2e8");
          return;
        }
        config_.rows[absl::StrContains(name, ".") ? name : absl::StrCat("public.", name)] = *rows;
      }
    }
  }

  // What the file of settings says itself comes first.
  void ReadStatistics() {
    const absl::StatusOr<std::string> text = ReadFile(*config_.statistics);
    if (!text.ok()) {
      status_ = text.status();
      return;
    }
    const absl::StatusOr<Config> read = Reader(*config_.statistics, kStatisticsKeys).Read(*text);
    if (!read.ok()) {
      status_ = read.status();
      return;
    }
    config_.rows.insert(read->rows.begin(), read->rows.end());
  }

  absl::Span<const ConfigKey> keys_;
  Config config_;
  absl::Status status_;
};

bool Holds(const std::vector<std::string>& words, const Rule* rule) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    const std::vector<const Rule*> named = rules::Named(word);
    return std::find(named.begin(), named.end(), rule) != named.end();
  });
}

std::optional<Severity> SeverityOf(const RuleSettings& settings, const Rule& rule) {
  const auto own = settings.severity.find(rule.id);
  if (own != settings.severity.end()) return own->second;
  for (const auto& [word, severity] : settings.severity) {
    if (Holds({word}, &rule)) return severity;
  }
  return std::nullopt;
}

// What the globs are about: the path below the folder of the file. Empty: it lies elsewhere.
absl::string_view Below(const Config& config, absl::string_view path) {
  if (config.folder == "/") return path.substr(1);
  const bool below = absl::StartsWith(path, config.folder) && path.size() > config.folder.size() &&
                     path[config.folder.size()] == '/';
  return below ? path.substr(config.folder.size() + 1) : absl::string_view();
}

bool AnyMatches(const std::vector<std::string>& globs, absl::string_view path) {
  return !path.empty() && std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return GlobMatches(glob, path);
  });
}

bool NameMatches(absl::string_view glob, absl::string_view name) {
  size_t star = absl::string_view::npos;
  size_t resume = 0;
  size_t g = 0;
  size_t n = 0;
  while (n < name.size()) {
    if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n]) && glob[g] != '*') {
      ++g;
      ++n;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = n;
    } else if (star != absl::string_view::npos) {
      g = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

// The parts of a glob and of a path, folder by folder.
bool PartsMatch(absl::Span<const absl::string_view> globs,
                absl::Span<const absl::string_view> names) {
  // A folder that is meant is meant with all that it holds.
  if (globs.empty()) return true;
  if (globs[0] == "**") {
    for (size_t skipped = 0; skipped <= names.size(); ++skipped) {
      if (PartsMatch(globs.subspan(1), names.subspan(skipped))) return true;
    }
    return false;
  }
  return !names.empty() && NameMatches(globs[0], names[0]) &&
         PartsMatch(globs.subspan(1), names.subspan(1));
}

nlohmann::ordered_json RuleWords() {
  nlohmann::ordered_json words = nlohmann::ordered_json::array();
  words.push_back({{"const", "all"}, {"description", "all rules"}});
  for (const Family family : kFamilies) {
    words.push_back({{"const", FamilyName(family)}, {"description", "all rules of this family"}});
  }
  for (const Rule* rule : rules::All()) {
    words.push_back({{"const", rule->id}, {"description", rule->summary}});
  }
  // Other linters' names for them.
  words.push_back({{"pattern", "^[a-z_-]+:"}, {"type", "string"}});
  return {{"anyOf", std::move(words)}};
}

nlohmann::ordered_json SchemaOf(const RuleOption& option) {
  nlohmann::ordered_json schema = {{"description", option.what}};
  switch (option.type) {
    case RuleOption::Type::kNumber:
      schema["type"] = "integer";
      schema["minimum"] = 0;
      break;
    case RuleOption::Type::kSwitch:
      schema["type"] = "boolean";
      break;
    case RuleOption::Type::kText:
      schema["type"] = "string";
      break;
    case RuleOption::Type::kTexts:
      schema["type"] = "array";
      schema["items"] = {{"type", "string"}};
      break;
  }
  return schema;
}

nlohmann::ordered_json SchemaOfOptions() {
  nlohmann::ordered_json rules = nlohmann::ordered_json::object();
  for (const Rule* rule : rules::All()) {
    if (rule->options.empty()) continue;
    nlohmann::ordered_json options = nlohmann::ordered_json::object();
    for (const RuleOption& option : rule->options) options[option.name] = SchemaOf(option);
    rules[rule->id] = {
        {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(options)}};
  }
  return rules;
}

nlohmann::ordered_json SchemaOf(const ConfigKey& key);

nlohmann::ordered_json SchemaOf(absl::Span<const ConfigKey> keys, const std::string& prefix) {
  nlohmann::ordered_json properties = nlohmann::ordered_json::object();
  for (const ConfigKey& key : keys) {
    if (!absl::StartsWith(key.name, prefix)) continue;
    const std::string rest(key.name.substr(prefix.size()));
    const size_t dot = rest.find('.');
    if (dot == std::string::npos) {
      properties[rest] = SchemaOf(key);
      continue;
    }
    const std::string group = rest.substr(0, dot);
    if (!properties.contains(group)) {
      properties[group] = SchemaOf(keys, absl::StrCat(prefix, group, "."));
    }
  }
  return {
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

nlohmann::ordered_json SchemaOf(const ConfigKey& key) {
  nlohmann::ordered_json schema = {{"description", std::string(key.what)}};
  switch (key.type) {
    case Type::kServerVersion:
      schema["type"] = "integer";
      schema["minimum"] = kOldestServer;
      schema["maximum"] = kNewestServer;
      break;
    case Type::kWord:
      schema["enum"] = std::vector<std::string>(absl::StrSplit(key.words, ' '));
      break;
    case Type::kPath:
      schema["type"] = "string";
      break;
    case Type::kGlobs:
      schema["type"] = "array";
      schema["items"] = {{"type", "string"}};
      break;
    case Type::kRules:
      schema["type"] = "array";
      schema["items"] = {{"$ref", "#/definitions/rule"}};
      break;
    case Type::kSeverities:
      schema["type"] = "object";
      schema["propertyNames"] = {{"$ref", "#/definitions/rule"}};
      schema["additionalProperties"] = {
          {"enum", std::vector<std::string>(absl::StrSplit(key.words, ' '))}};
      break;
    case Type::kOverrides: {
      schema["type"] = "array";
      nlohmann::ordered_json items = SchemaOf(kOverrideKeys, "");
      items["required"] = {"paths"};
      schema["items"] = std::move(items);
      break;
    }
    case Type::kProjects: {
      std::vector<std::string> layouts;
      for (const Layout layout : LayoutsToSay()) layouts.emplace_back(LayoutName(layout));
      schema["type"] = "array";
      schema["items"] = {
          {"type", "object"},
          {"additionalProperties", false},
          {"properties",
           {{"path", {{"description", "the folder"}, {"type", "string"}}},
            {"layout", {{"description", "what its files follow"}, {"enum", layouts}}}}},
          {"required", {"path", "layout"}}};
      break;
    }
    case Type::kOptions:
      schema["type"] = "object";
      schema["additionalProperties"] = false;
      schema["properties"] = SchemaOfOptions();
      break;
    case Type::kTables:
      schema["type"] = "object";
      schema["additionalProperties"] = {
          {"type", "object"},
          {"additionalProperties", false},
          {"properties", {{"rows", {{"type", "number"}, {"minimum", 0}}}}}};
      break;
  }
  return schema;
}

}  // namespace

absl::Span<const ConfigKey> ConfigKeys() { return kKeys; }

// pg_partition_tree has no rows for a table that is no partition and has none. JSON's texts are
// TOML's.
const char* const kStatisticsQuery = R"sql(SELECT '[tables]'
UNION ALL (
  SELECT to_json(nspname || '.' || relname)::text || ' = { rows = ' || rows || ' }'
  FROM pg_class
  JOIN pg_namespace ON pg_namespace.oid = relnamespace
  CROSS JOIN LATERAL (
    SELECT CASE WHEN min(reltuples) >= 0 THEN sum(reltuples)::bigint END AS rows
    FROM (
      SELECT pg_class.reltuples WHERE relkind = 'r'
      UNION ALL
      SELECT leaf.reltuples
      FROM pg_partition_tree(pg_class.oid) AS tree
      JOIN pg_class AS leaf ON leaf.oid = tree.relid
      WHERE tree.isleaf
    ) AS parts
  ) AS counted
  WHERE relkind IN ('r', 'p') AND NOT relispartition AND rows IS NOT NULL
    AND nspname NOT IN ('pg_catalog', 'information_schema')
  ORDER BY 1
)
)sql";

absl::StatusOr<Config> ParseConfig(const std::string& path, absl::string_view text) {
  return Reader(path).Read(text);
}

std::string ConfigSchema() {
  nlohmann::ordered_json schema = {
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", "plimsoll.toml"},
  };
  schema.update(SchemaOf(kKeys, ""));
  schema["definitions"] = {{"rule", RuleWords()}};
  return schema.dump(2) + "\n";
}

std::string ConfigTable() {
  std::string table = "| key | what it says |\n|---|---|\n";
  for (const ConfigKey& key : kKeys) {
    absl::StrAppend(&table, "| `", key.name, "` | ", key.what);
    if (!key.words.empty()) {
      absl::StrAppend(&table, ": `", absl::StrReplaceAll(key.words, {{" ", "`, `"}}), "`");
    }
    absl::StrAppend(&table, " |\n");
  }
  return table;
}

// A list in TOML: ["a", "b"].
static std::string TomlList(const std::set<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(nlohmann::json(text).dump());
  return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
}

namespace {

absl::Status ErrorAt(const std::string& path, const toml::source_region& where,
                     absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ":", where.begin.line, ":", where.begin.column, ": ", what));
}

// What a file of squawk's says, as lines of ours.
class SquawkReader {
 public:
  explicit SquawkReader(std::string path) : path_(std::move(path)) {}

  absl::Status Take(const std::string& name, const toml::node& value) {
    if (name == "excluded_rules" || name == "excluded_paths") return TakeList(name, value);
    if (name == "pg_version") return TakeVersion(value);
    if (name == "assume_in_transaction") {
      const std::optional<bool> on = value.value_exact<bool>();
      if (!on) return Error(value, absl::StrCat("\"", name, "\" is true or false"));
      absl::StrAppend(&top_, "transaction = ", *on ? "\"file\"" : "\"auto\"", "\n");
      return absl::OkStatus();
    }
    Note(name, " has no counterpart");
    return absl::OkStatus();
  }

  std::string Finish() && {
    if (!excluded_.empty()) absl::StrAppend(&top_, "exclude = ", TomlList(excluded_), "\n");
    if (!ignored_.empty()) absl::StrAppend(&top_, "\n[rules]\nignore = ", TomlList(ignored_), "\n");
    return absl::StrCat(comments_, top_);
  }

 private:
  absl::Status Error(const toml::node& at, absl::string_view what) const {
    return ErrorAt(path_, at.source(), what);
  }
  void Note(absl::string_view what, absl::string_view why) {
    absl::StrAppend(&comments_, "# ", what, why, "\n");
  }

  absl::Status TakeList(const std::string& name, const toml::node& value) {
    const toml::array* array = value.as_array();
    if (array == nullptr) {
      return Error(value, absl::StrCat("\"", name, "\" is a list of texts: [\"…\"]"));
    }
    for (const toml::node& element : *array) {
      const std::optional<std::string> text = element.value_exact<std::string>();
      if (!text) return Error(element, absl::StrCat("each of \"", name, "\" is a text in quotes"));
      name == "excluded_rules" ? TakeRule(*text) : TakePath(*text);
    }
    return absl::OkStatus();
  }

  void TakeRule(const std::string& rule) {
    const std::string word = absl::StrCat("squawk:", rule);
    const std::vector<const Rule*> named = rules::Named(word);
    for (const Rule* one : named) ignored_.insert(one->id);
    if (named.empty()) Note(word, " has no counterpart");
  }

  void TakePath(const std::string& path) {
    const std::string wrong = path.empty() ? "it is empty" : WrongInGlob(path);
    if (wrong.empty()) {
      excluded_.insert(path);
    } else {
      Note(absl::StrCat("exclude ", path), absl::StrCat(" is left out: ", wrong));
    }
  }

  absl::Status TakeVersion(const toml::node& value) {
    const std::optional<std::string> text = value.value_exact<std::string>();
    int major = 0;
    const bool number = text && absl::SimpleAtoi(text->substr(0, text->find('.')), &major);
    if (!number) return Error(value, "\"pg_version\" is a version in quotes: \"16.0\"");
    if (major < kOldestServer || major > kNewestServer) {
      Note(absl::StrCat("pg_version ", *text),
           absl::StrCat(" is left out: versions ", kOldestServer, " to ", kNewestServer,
                        " are known"));
    } else {
      absl::StrAppend(&top_, "server-version = ", major, "\n");
    }
    return absl::OkStatus();
  }

  std::string path_;
  std::string top_;
  std::string comments_;
  std::set<std::string> ignored_;
  std::set<std::string> excluded_;
};

}  // namespace

absl::StatusOr<std::string> ImportSquawk(const std::string& path, absl::string_view text) {
  const toml::parse_result parsed = toml::parse(std::string_view(text.data(), text.size()), path);
  if (!parsed) {
    return ErrorAt(path, parsed.error().source(), std::string(parsed.error().description()));
  }
  SquawkReader reader(path);
  for (const auto& [key, value] : parsed.table()) {
    const absl::Status taken = reader.Take(std::string(key.str()), value);
    if (!taken.ok()) return taken;
  }
  return std::move(reader).Finish();
}

absl::StatusOr<std::shared_ptr<const Config>> ConfigFinder::Find(const std::string& folder) {
  const auto known = found_.find(folder);
  if (known != found_.end()) return known->second;
  std::shared_ptr<const Config> config;
  const std::string path = JoinPath(folder, kConfigName);
  if (CheckExists(path).ok()) {
    const absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) return text.status();
    absl::StatusOr<Config> parsed = ParseConfig(PathFromHere(path), *text);
    if (!parsed.ok()) return parsed.status();
    config = std::make_shared<const Config>(*std::move(parsed));
  } else if (folder != "/" && folder != "." && !CheckExists(JoinPath(folder, ".git")).ok()) {
    absl::StatusOr<std::shared_ptr<const Config>> above = Find(ParentOf(folder));
    if (!above.ok()) return above;
    config = *std::move(above);
  }
  found_.emplace(folder, config);
  return config;
}

bool GlobMatches(absl::string_view glob, absl::string_view path) {
  const std::vector<absl::string_view> names = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::vector<absl::string_view> globs = absl::StrSplit(glob, '/', absl::SkipEmpty());
  if (!absl::StrContains(absl::StripSuffix(glob, "/"), "/")) globs.insert(globs.begin(), "**");
  return PartsMatch(globs, names);
}

bool IsExcluded(const Config& config, absl::string_view path) {
  return AnyMatches(config.exclude, Below(config, path));
}

std::vector<const Rule*> ChosenRules(const RuleSettings& options, const Config* config) {
  static const RuleSettings* const kNothing = new RuleSettings;
  const RuleSettings& file = config == nullptr ? *kNothing : config->rules;
  const std::vector<std::string>& select = options.select.empty() ? file.select : options.select;
  std::vector<const Rule*> chosen;
  for (const Rule* rule : rules::All()) {
    const bool overridden =
        config != nullptr &&
        std::any_of(config->overrides.begin(), config->overrides.end(),
                    [&](const Override& one) { return Holds(one.rules.enable, rule); });
    // What PostgreSQL cannot read no other rule can judge: silence about it would look like clean.
    const bool selected = Holds(select, rule) || Holds(options.enable, rule) ||
                          Holds(file.enable, rule) || overridden ||
                          (select.empty() && !rule->opt_in) || rule->family == Family::kSyntax;
    // Who asks for a rule on the command line gets it.
    const bool asked = Holds(options.select, rule) || Holds(options.enable, rule);
    const bool ignored = Holds(options.ignore, rule) ||
                         ((Holds(file.ignore, rule) || Holds(file.off, rule)) && !asked);
    if (selected && !ignored) chosen.push_back(rule);
  }
  return chosen;
}

void Settle(const Config& config, Report& report) {
  const std::vector<const Rule*> everywhere = [&] {
    Config alone;
    alone.rules = config.rules;
    return ChosenRules({}, &alone);
  }();
  const auto is_on = [&](const Rule* rule) {
    return std::find(everywhere.begin(), everywhere.end(), rule) != everywhere.end();
  };
  std::vector<Finding> kept;
  for (Finding& finding : report.findings) {
    const Migration& migration = report.history.migrations()[finding.migration];
    const std::string absolute = AbsolutePath(migration.script->source->name());
    const absl::string_view path = Below(config, absolute);
    std::optional<Severity> severity = SeverityOf(config.rules, *finding.rule);
    // A rule that only an override switches on holds for its files alone.
    bool enabled_here_only = !is_on(finding.rule);
    bool wanted = true;
    for (const Override& one : config.overrides) {
      const bool enables = Holds(one.rules.enable, finding.rule);
      if (!AnyMatches(one.paths, path)) {
        if (enables && enabled_here_only) wanted = false;
        continue;
      }
      if (enables) {
        enabled_here_only = false;
        wanted = true;
      }
      if (Holds(one.rules.ignore, finding.rule) || Holds(one.rules.off, finding.rule)) {
        wanted = false;
      }
      if (const auto other = SeverityOf(one.rules, *finding.rule)) severity = other;
    }
    if (!wanted) continue;
    if (severity) finding.severity = *severity;
    kept.push_back(std::move(finding));
  }
  report.findings = std::move(kept);
}

}  // namespace plimsoll
