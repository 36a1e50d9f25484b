#include "analyzer/simulation/settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace plimsoll {
namespace {

struct BuiltinSetting {
  const char* name;
  char type;            // bool, integer, real, string, enum: its first letter
  const char* context;  // pg_settings.context
  const char* unit;
  double least;  // of integers and reals, in that unit
  double most;
  const char* values;  // of an enum, with commas between them
  int since = 0;
  int until = 99;
};

#include "analyzer/simulation/builtin_settings.inc"

// pg_settings leaves these out (GUC_NO_SHOW_ALL), or the server knows them by their old names
// (guc.c:map_old_guc_names).
constexpr const char* kUnlisted[] = {"role",
                                     "session_authorization",
                                     "seed",
                                     "sort_mem",
                                     "vacuum_mem",
                                     "is_superuser",
                                     "default_with_oids",
                                     "ssl_renegotiation_limit"};

// Values of enums that pg_settings does not show (config_enum_entry.hidden).
constexpr const char* kHiddenValues[] = {"debug",       "info", "fatal", "panic", "archive",
                                         "hot_standby", "true", "false", "yes",   "no",
                                         "on",          "off",  "1",     "0",     "of"};

template <size_t size>
bool IsOneOf(absl::string_view word, const char* const (&words)[size]) {
  return std::any_of(std::begin(words), std::end(words),
                     [&](absl::string_view other) { return absl::EqualsIgnoreCase(word, other); });
}

const BuiltinSetting* FindSetting(absl::string_view name, int server_version) {
  for (const BuiltinSetting& setting : kBuiltinSettings) {
    const bool here = setting.since <= server_version && server_version <= setting.until;
    if (here && absl::EqualsIgnoreCase(name, setting.name)) return &setting;
  }
  return nullptr;
}

// Nothing else is in the text: no placeholder of a runner stands for what only it knows.
bool IsPlainText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == ' ' || c == '.' || c == '-' ||
           c == '+' || c == '_';
  });
}

// utils/adt/bool.c:parse_bool_with_len
bool IsBool(absl::string_view value) {
  const std::string word = absl::AsciiStrToLower(value);
  if (word == "1" || word == "0" || word == "on") return true;
  if (word.size() > 1 && absl::StartsWith("off", word)) return true;
  for (const absl::string_view whole : {"true", "false", "yes", "no"}) {
    if (!word.empty() && absl::StartsWith(whole, word)) return true;
  }
  return false;
}

struct Unit {
  const char* name;
  double size;  // in bytes or milliseconds
};
constexpr Unit kMemoryUnits[] = {{"B", 1},
                                 {"kB", 1024},
                                 {"MB", 1024.0 * 1024},
                                 {"GB", 1024.0 * 1024 * 1024},
                                 {"TB", 1024.0 * 1024 * 1024 * 1024}};
constexpr Unit kTimeUnits[] = {{"us", 0.001},  {"ms", 1},      {"s", 1000},
                               {"min", 60000}, {"h", 3600000}, {"d", 86400000}};

// The size of a unit of pg_settings, of which `8kB` is a block.
template <size_t size>
std::optional<double> SizeOf(absl::string_view unit, const Unit (&units)[size]) {
  if (unit == "8kB") return 8.0 * 1024;
  for (const Unit& known : units) {
    if (unit == known.name) return known.size;
  }
  return std::nullopt;
}

// A number with its unit, in the setting's unit; nothing where it is none (guc.c:parse_int,
// parse_real, convert_to_base_unit).
std::optional<double> ParseQuantity(absl::string_view value, absl::string_view base) {
  value = absl::StripAsciiWhitespace(value);
  size_t end = 0;
  while (end < value.size() && (absl::ascii_isdigit(static_cast<unsigned char>(value[end])) ||
                                value[end] == '.' || value[end] == '-' || value[end] == '+')) {
    ++end;
  }
  double number = 0;
  if (!absl::SimpleAtod(value.substr(0, end), &number)) return std::nullopt;
  const absl::string_view unit = absl::StripLeadingAsciiWhitespace(value.substr(end));
  if (unit.empty()) return number;
  const std::optional<double> memory = SizeOf(base, kMemoryUnits);
  const std::optional<double> time = SizeOf(base, kTimeUnits);
  const std::optional<double> given = memory ? SizeOf(unit, kMemoryUnits)
                                      : time ? SizeOf(unit, kTimeUnits)
                                             : std::nullopt;
  if (!given || unit == "8kB") return std::nullopt;
  return number * *given / (memory ? *memory : *time);
}

bool IsValueOf(const BuiltinSetting& setting, absl::string_view value) {
  if (setting.type == 's' || !IsPlainText(value)) return true;
  if (setting.type == 'b') return IsBool(value);
  if (setting.type == 'e') {
    bool listed = false;
    for (const absl::string_view word : absl::StrSplit(setting.values, ',')) {
      listed = listed || absl::EqualsIgnoreCase(word, value);
    }
    return listed || IsOneOf(value, kHiddenValues);
  }
  // Hexadecimal and exponents are numbers too.
  const bool begins = value.find_first_of("0123456789+-.") == 0;
  if (begins && value.find_first_of("xXeE") != absl::string_view::npos) return true;
  const std::optional<double> quantity = ParseQuantity(value, setting.unit);
  if (!quantity) return false;
  const double rounded = setting.type == 'i' ? std::rint(*quantity) : *quantity;
  return setting.least <= rounded && rounded <= setting.most;
}

}  // namespace

std::optional<Failure> RefusedSetting(const action::SetParameter& set, int server_version) {
  const absl::string_view name = set.name;
  // SET TRANSACTION and its kin are no settings; of others than words nothing is known.
  const bool looked_into = !name.empty() && IsPlainText(name) && !absl::StrContains(name, '.') &&
                           !absl::StrContains(name, ' ') && name != "TRANSACTION" &&
                           !IsOneOf(name, kUnlisted);
  if (!looked_into) return std::nullopt;
  const BuiltinSetting* setting = FindSetting(name, server_version);
  if (setting == nullptr) {
    return Failure{.sqlstate = "42704",
                   .message = absl::StrCat("unrecognized configuration parameter \"", name, "\"")};
  }
  const absl::string_view context = setting->context;
  if (context != "user" && context != "superuser") {
    return Failure{.sqlstate = "55P02",
                   .message = absl::StrCat("parameter \"", name, "\" cannot be changed by SET")};
  }
  if (set.values.size() != 1 || set.values[0].empty() || IsValueOf(*setting, set.values[0])) {
    return std::nullopt;
  }
  return Failure{.sqlstate = "22023",
                 .message = absl::StrCat("invalid value for parameter \"", name, "\": \"",
                                         set.values[0], "\"")};
}

namespace {

bool IsOn(absl::string_view value) {
  bool on = false;
  return absl::EqualsIgnoreCase(value, "on") || (absl::SimpleAtob(value, &on) && on);
}

// `transaction_isolation serializable`
void AddMode(absl::string_view said, std::vector<TransactionMode>& modes) {
  if (!absl::ConsumePrefix(&said, "transaction_")) return;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(said, absl::MaxSplits(' ', 1));
  modes.push_back({parts.first, parts.second});
}

// One that a parameter is named after.
void AddNamed(absl::string_view prefix, const action::SetParameter& set,
              std::vector<TransactionMode>& modes) {
  absl::string_view name = set.name;
  if (set.values.size() == 1 && absl::ConsumePrefix(&name, prefix)) {
    modes.push_back({name, set.values[0]});
  }
}

}  // namespace

std::vector<TransactionMode> ModesOf(const Action& action) {
  std::vector<TransactionMode> modes;
  if (const auto* begin = std::get_if<action::Begin>(&action.kind)) {
    for (const std::string& said : begin->modes) AddMode(said, modes);
  } else if (const auto* set = std::get_if<action::SetParameter>(&action.kind)) {
    AddNamed("transaction_", *set, modes);
    if (set->name != "TRANSACTION") return modes;
    for (const std::string& said : set->values) AddMode(said, modes);
  }
  return modes;
}

std::vector<TransactionMode> DefaultModesOf(const action::SetParameter& set) {
  std::vector<TransactionMode> modes;
  AddNamed("default_transaction_", set, modes);
  if (!absl::EqualsIgnoreCase(set.name, "session characteristics")) return modes;
  for (const std::string& said : set.values) AddMode(said, modes);
  return modes;
}

void SetMode(const TransactionMode& mode, TransactionModes& modes) {
  if (mode.name == "read_only") modes.read_only = IsOn(mode.value);
  if (mode.name == "isolation") modes.isolation = absl::AsciiStrToLower(mode.value);
}

std::optional<Failure> RefusedMode(const TransactionMode& mode, const SessionState& state) {
  const bool opens = mode.name == "read_only" && state.modes.read_only && !IsOn(mode.value);
  const bool isolates =
      mode.name == "isolation" && !absl::EqualsIgnoreCase(mode.value, state.modes.isolation);
  if (!opens && !isolates && mode.name != "deferrable") return std::nullopt;
  if (state.nested) {
    return Failure{.sqlstate = "25001",
                   .message = "a subtransaction cannot change the modes of its transaction"};
  }
  if (!state.queried) return std::nullopt;
  return Failure{.sqlstate = "25001",
                 .message = "the modes of a transaction must be set before any query"};
}

}  // namespace plimsoll
