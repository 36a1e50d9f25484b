#include "analyzer/simulation/value_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kFits = "";
constexpr absl::string_view kBadText = "22P02";
constexpr absl::string_view kOutOfRange = "22003";
constexpr absl::string_view kBadTime = "22007";
constexpr absl::string_view kBadDay = "22008";
constexpr absl::string_view kBadBytes = "22023";
constexpr absl::string_view kTooLong = "22001";

bool All(absl::string_view text, bool (*is)(unsigned char)) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is(static_cast<unsigned char>(c)); });
}

template <size_t N>
bool IsOneOf(absl::string_view word, const absl::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// ---- numbers ---------------------------------------------------------------------------------

struct Range {
  absl::string_view type;
  int64_t least;
  int64_t most;
};
constexpr Range kIntegers[] = {
    {"int2", std::numeric_limits<int16_t>::min(), std::numeric_limits<int16_t>::max()},
    {"int4", std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()},
    {"int8", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()},
};

const Range* RangeOf(absl::string_view type) {
  const auto* found = std::find_if(std::begin(kIntegers), std::end(kIntegers),
                                   [&](const Range& range) { return range.type == type; });
  return found == std::end(kIntegers) ? nullptr : found;
}

// utils/adt/numutils.c:pg_strtoint32_safe; since 16 there are 0x10 and 1_000 too.
absl::string_view JudgeInteger(absl::string_view text, const Range& range, int server_version) {
  text = absl::StripAsciiWhitespace(text);
  absl::string_view digits = text;
  if (!absl::ConsumePrefix(&digits, "-")) absl::ConsumePrefix(&digits, "+");
  const bool odd = absl::StrContains(digits, "_") ||
                   (digits.size() > 1 && digits[0] == '0' &&
                    absl::ascii_isalpha(static_cast<unsigned char>(digits[1])));
  if (odd && server_version >= 16) return kFits;
  if (digits.empty() || !All(digits, absl::ascii_isdigit)) return kBadText;
  int64_t value = 0;
  const bool fits = absl::SimpleAtoi(text, &value) && range.least <= value && value <= range.most;
  return fits ? kFits : kOutOfRange;
}

// The digits before the point and after it; nothing where the text is no plain decimal number.
struct Decimal {
  std::string whole;
  std::string fraction;
};
std::optional<Decimal> ReadDecimal(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "-")) absl::ConsumePrefix(&text, "+");
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('.', 1));
  const bool plain = !(parts.first.empty() && parts.second.empty()) &&
                     All(parts.first, absl::ascii_isdigit) &&
                     All(parts.second, absl::ascii_isdigit);
  if (!plain) return std::nullopt;
  const size_t zeros = std::min(parts.first.find_first_not_of('0'), parts.first.size());
  return Decimal{std::string(parts.first.substr(zeros)), std::string(parts.second)};
}

// numeric.c:apply_typmod. What rounding may carry into the whole part is left alone.
absl::string_view JudgeNumericFit(absl::string_view text, const Type& type) {
  const std::optional<Decimal> decimal = ReadDecimal(text);
  if (!decimal || type.modifiers.empty()) return kFits;
  const int32_t scale = type.modifiers.size() > 1 ? type.modifiers[1] : 0;
  const int32_t whole = type.modifiers[0] - scale;
  return static_cast<int32_t>(decimal->whole.size()) > whole && whole >= 0 ? kOutOfRange : kFits;
}

// Whether the text is a decimal number with or without an exponent, all of it.
bool IsScientific(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "-")) absl::ConsumePrefix(&text, "+");
  const size_t mark = text.find_first_of("eE");
  absl::string_view exponent = mark == absl::string_view::npos ? "0" : text.substr(mark + 1);
  if (!absl::ConsumePrefix(&exponent, "-")) absl::ConsumePrefix(&exponent, "+");
  return ReadDecimal(text.substr(0, mark)).has_value() && text.find_first_of("+-") != 0 &&
         !exponent.empty() && All(exponent, absl::ascii_isdigit);
}

// utils/adt/float.c:float8in_internal: beyond the type, or too small to be told from zero. What is
// near the bounds of the type is left alone.
absl::string_view JudgeFloat(absl::string_view text, const Type& type) {
  text = absl::StripAsciiWhitespace(text);
  double value = 0;
  if (!IsScientific(text) || !absl::SimpleAtod(text, &value)) return kFits;
  const bool wide = type.name == "float8";
  const double size = std::abs(value);
  const bool zero = text.substr(0, text.find_first_of("eE")).find_first_of("123456789") ==
                    absl::string_view::npos;
  if (zero) return kFits;
  const double most = wide ? std::numeric_limits<double>::max() : 3.5e38;
  const double least = wide ? std::numeric_limits<double>::denorm_min() : 1e-46;
  return size > most || size < least ? kOutOfRange : kFits;
}

// A word is certainly no number unless it may be NaN or infinity.
absl::string_view JudgeNumber(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return kBadText;
  const auto first =
      static_cast<unsigned char>(absl::ascii_tolower(static_cast<unsigned char>(text[0])));
  return absl::ascii_isalpha(first) && first != 'n' && first != 'i' ? kBadText : kFits;
}

// ---- other scalars ---------------------------------------------------------------------------

// bool.c:parse_bool_with_len
absl::string_view JudgeBool(absl::string_view text) {
  const std::string word = absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
  if (word.empty()) return kBadText;
  for (const absl::string_view whole : {"true", "false", "yes", "no"}) {
    if (absl::StartsWith(whole, word)) return kFits;
  }
  const bool other = word == "on" || word == "off" || word == "of" || word == "1" || word == "0";
  return other ? kFits : kBadText;
}

// uuid.c:string_to_uuid
absl::string_view JudgeUuid(absl::string_view text) {
  size_t digits = 0;
  for (const char c : text) {
    if (absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      ++digits;
    } else if (c != '-' && c != '{' && c != '}') {
      return kBadText;
    }
  }
  return digits == 32 ? kFits : kBadText;
}

absl::string_view JudgeBytes(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "\\x")) return kFits;
  std::string digits;
  for (const char c : text) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) continue;
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return kBadBytes;
    digits.push_back(c);
  }
  return digits.size() % 2 == 0 ? kFits : kBadBytes;
}

absl::string_view JudgeAddress(absl::string_view text) {
  const bool plausible = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == '.' || c == ':' || c == '/';
  });
  return plausible ? kFits : kBadText;
}

// ---- times -----------------------------------------------------------------------------------

constexpr absl::string_view kTimeWords[] = {"now",   "today",    "tomorrow", "yesterday",
                                            "epoch", "infinity", "allballs"};

// `YYYY-MM-DD`, whatever stands behind it.
absl::string_view JudgeDay(absl::string_view text) {
  const auto digits = [&](size_t at, size_t count) {
    return text.size() >= at + count && All(text.substr(at, count), absl::ascii_isdigit);
  };
  const bool iso = digits(0, 4) && digits(5, 2) && digits(8, 2) && text[4] == '-' &&
                   text[7] == '-' && (text.size() == 10 || text[10] == ' ' || text[10] == 'T');
  if (!iso) return kFits;
  int year = 0;
  int month = 0;
  int day = 0;
  if (!absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &day)) {
    return kFits;
  }
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month < 1 || month > 12 || day < 1) return kBadDay;
  return day > kDays[month - 1] + (month == 2 && leap ? 1 : 0) ? kBadDay : kFits;
}

// datetime.c: words alone are a time only where they are among the few that stand for one.
absl::string_view JudgeTime(absl::string_view text, const Type& type) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return kBadTime;
  if (!All(text, absl::ascii_isalpha)) {
    return type.name == "time" || type.name == "timetz" ? kFits : JudgeDay(text);
  }
  return IsOneOf(absl::AsciiStrToLower(text), kTimeWords) ? kFits : kBadTime;
}

absl::string_view JudgeInterval(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return kBadTime;
  if (!All(text, absl::ascii_isalpha)) return kFits;
  const std::string word = absl::AsciiStrToLower(text);
  // Only words that could be no unit, however it is spelled.
  constexpr absl::string_view kUnits[] = {"year", "mon", "week", "day", "hour", "min",
                                          "sec",  "mil", "cent", "dec", "usec", "us"};
  const bool unit = word.size() < 3 || IsOneOf(word, kTimeWords) ||
                    std::any_of(std::begin(kUnits), std::end(kUnits),
                                [&](absl::string_view u) { return absl::StartsWith(word, u); }) ||
                    word == "ago" || absl::StartsWith(word, "infinit");
  return unit ? kFits : kBadTime;
}

// ---- JSON ------------------------------------------------------------------------------------

// RFC 8259, as common/jsonapi.c reads it.
class JsonReader {
 public:
  explicit JsonReader(absl::string_view text) : text_(text) {}

  bool IsValid() {
    std::string open;  // the brackets around the place
    bool value_expected = true;
    while (true) {
      SkipBlanks();
      if (value_expected) {
        if (Take('{')) {
          open.push_back('}');
          SkipBlanks();
          if (!Take('}')) {
            if (!Key()) return false;
            continue;
          }
          open.pop_back();
        } else if (Take('[')) {
          open.push_back(']');
          SkipBlanks();
          if (!Take(']')) continue;
          open.pop_back();
        } else if (!Scalar()) {
          return false;
        }
        value_expected = false;
        continue;
      }
      if (open.empty()) return text_.empty();
      if (Take(open.back())) {
        open.pop_back();
        continue;
      }
      if (!Take(',')) return false;
      SkipBlanks();
      if (open.back() == '}' && !Key()) return false;
      value_expected = true;
    }
  }

 private:
  void SkipBlanks() {
    while (!text_.empty() &&
           (text_[0] == ' ' || text_[0] == '\t' || text_[0] == '\n' || text_[0] == '\r')) {
      text_.remove_prefix(1);
    }
  }
  bool Take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool Key() {
    SkipBlanks();
    if (!String()) return false;
    SkipBlanks();
    return Take(':');
  }
  bool Scalar() {
    if (!text_.empty() && text_[0] == '"') return String();
    for (const absl::string_view word : {"true", "false", "null"}) {
      if (!absl::ConsumePrefix(&text_, word)) continue;
      return text_.empty() || !absl::ascii_isalnum(static_cast<unsigned char>(text_[0]));
    }
    return Number();
  }
  bool String() {
    if (!Take('"')) return false;
    while (!text_.empty()) {
      const char c = text_[0];
      text_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !Escape()) return false;
    }
    return false;
  }
  bool Escape() {
    if (text_.empty()) return false;
    const char c = text_[0];
    text_.remove_prefix(1);
    if (c != 'u') return absl::StrContains("\"\\/bfnrt", c);
    if (text_.size() < 4 || !All(text_.substr(0, 4), absl::ascii_isxdigit)) return false;
    text_.remove_prefix(4);
    return true;
  }
  bool Digits() {
    size_t count = 0;
    while (count < text_.size() && absl::ascii_isdigit(static_cast<unsigned char>(text_[count]))) {
      ++count;
    }
    text_.remove_prefix(count);
    return count > 0;
  }
  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digits()) return false;
    }
    return text_.empty() || !absl::ascii_isalnum(static_cast<unsigned char>(text_[0]));
  }

  absl::string_view text_;
};

// ---- containers ------------------------------------------------------------------------------

// arrayfuncs.c:array_in. Elements are looked at where nothing is quoted or nested.
absl::string_view JudgeArray(absl::string_view text, const Type& type, const TypeScope& scope) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || (text[0] != '{' && text[0] != '[')) return kBadText;
  if (text.back() != '}') return kBadText;
  const absl::string_view inside = text.substr(1, text.size() - 2);
  if (text[0] == '[' || text.size() < 2 || inside.find_first_of("{}\"\\") != inside.npos ||
      absl::StripAsciiWhitespace(inside).empty() || type.Spelling() == "box[]") {
    return kFits;
  }
  Type element = type;
  element.array = false;
  for (absl::string_view item : absl::StrSplit(inside, ',')) {
    item = absl::StripAsciiWhitespace(item);
    if (item.empty()) return kBadText;
    if (absl::EqualsIgnoreCase(item, "null")) continue;
    const absl::string_view judged = JudgeText(item, element, scope);
    if (!judged.empty()) return judged;
  }
  return kFits;
}

absl::string_view JudgeEnum(absl::string_view text, const UserType& type) {
  const bool known = std::any_of(type.labels.begin(), type.labels.end(),
                                 [&](const EnumLabel& label) { return label.name == text; });
  return known || type.labels.empty() ? kFits : kBadText;
}

absl::string_view JudgeScalar(absl::string_view text, const Type& type, int server_version) {
  const absl::string_view name = type.name;
  if (const Range* range = RangeOf(name)) return JudgeInteger(text, *range, server_version);
  if (name == "bool") return JudgeBool(text);
  if (name == "uuid") return JudgeUuid(text);
  if (name == "numeric") return JudgeNumber(text);
  if (name == "float4" || name == "float8") {
    const absl::string_view bad = JudgeNumber(text);
    return bad.empty() ? JudgeFloat(text, type) : bad;
  }
  if (name == "json" || name == "jsonb") return JsonReader(text).IsValid() ? kFits : kBadText;
  if (name == "bytea") return JudgeBytes(text);
  if (name == "inet" || name == "cidr") return JudgeAddress(text);
  if (name == "interval") return JudgeInterval(text);
  if (name == "date" || name == "timestamp" || name == "timestamptz" || name == "time" ||
      name == "timetz") {
    return JudgeTime(text, type);
  }
  return kFits;
}

}  // namespace

absl::string_view JudgeText(absl::string_view text, const Type& type, const TypeScope& scope) {
  const Type base = BaseOf(type, scope);
  if (base.array) return JudgeArray(text, base, scope);
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  switch (base.type_class) {
    case TypeClass::kEnum:
      return base.user == nullptr ? kFits : JudgeEnum(text, *base.user);
    case TypeClass::kComposite:
      return absl::StartsWith(trimmed, "(") ? kFits : kBadText;
    case TypeClass::kRange: {
      const bool plausible = absl::StartsWith(trimmed, "(") || absl::StartsWith(trimmed, "[") ||
                             absl::EqualsIgnoreCase(trimmed, "empty");
      return plausible ? kFits : kBadText;
    }
    case TypeClass::kScalar:
      return base.user == nullptr ? JudgeScalar(text, base, scope.server_version) : kFits;
    default:
      return kFits;
  }
}

absl::string_view JudgeFit(absl::string_view text, bool is_string, const Type& type) {
  if (type.array) return kFits;
  if (type.name == "numeric") return JudgeNumericFit(text, type);
  const bool floats = type.name == "float4" || type.name == "float8";
  if (floats && !is_string) return JudgeFloat(text, type);
  if (is_string) {
    const bool cut = type.name == "varchar" || type.name == "bpchar";
    if (!cut || type.modifiers.empty()) return kFits;
    // Blanks at the end are cut off silently. Characters are counted, not bytes.
    const absl::string_view kept = absl::StripTrailingAsciiWhitespace(text);
    const auto length = std::count_if(kept.begin(), kept.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    return length > type.modifiers[0] ? kTooLong : kFits;
  }
  const Range* range = RangeOf(type.name);
  const std::optional<Decimal> decimal = ReadDecimal(text);
  if (range == nullptr || !decimal) return kFits;
  int64_t value = 0;
  // A fraction is rounded, which may carry.
  if (!decimal->fraction.empty()) return kFits;
  const bool fits = absl::SimpleAtoi(text, &value) && range->least <= value && value <= range->most;
  return fits ? kFits : kOutOfRange;
}

}  // namespace plimsoll
