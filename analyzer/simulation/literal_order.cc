#include "analyzer/simulation/literal_order.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace plimsoll {
namespace {

enum class Family : uint8_t {
  kUnknown,
  kInteger,
  kNumeric,
  kFloat,
  kDate,
  kTimestamp,
  kTimestampTz,
  kText,
  kChar,
  kBool,
  kOther
};

Family FamilyOf(absl::string_view type) {
  if (type.empty()) return Family::kUnknown;
  if (type == "int2" || type == "int4" || type == "int8") return Family::kInteger;
  if (type == "numeric") return Family::kNumeric;
  if (type == "float4" || type == "float8") return Family::kFloat;
  if (type == "date") return Family::kDate;
  if (type == "timestamp") return Family::kTimestamp;
  if (type == "timestamptz") return Family::kTimestampTz;
  if (type == "text" || type == "varchar") return Family::kText;
  if (type == "bpchar") return Family::kChar;
  if (type == "bool") return Family::kBool;
  return Family::kOther;
}

Family FamilyOf(const TypeName* type) {
  if (type == nullptr) return Family::kUnknown;
  return type->array ? Family::kOther : FamilyOf(type->name.name);
}

bool IsNumber(Family family) {
  return family == Family::kInteger || family == Family::kNumeric || family == Family::kFloat;
}

bool IsTime(Family family) {
  return family == Family::kDate || family == Family::kTimestamp || family == Family::kTimestampTz;
}

Order Sign(int compared) {
  return compared < 0 ? Order::kLess : compared > 0 ? Order::kGreater : Order::kEqual;
}

// ---- numbers ---------------------------------------------------------------------------------

// Digits without leading and trailing zeros, around the point.
struct Decimal {
  bool negative = false;
  absl::string_view whole;
  absl::string_view fraction;
};

bool AllDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

std::optional<Decimal> ParseDecimal(absl::string_view text) {
  Decimal decimal;
  if (absl::ConsumePrefix(&text, "-")) decimal.negative = true;
  const size_t point = text.find('.');
  decimal.whole = text.substr(0, point);
  if (point != absl::string_view::npos) decimal.fraction = text.substr(point + 1);
  if (decimal.whole.empty() && decimal.fraction.empty()) return std::nullopt;
  if (!AllDigits(decimal.whole) || !AllDigits(decimal.fraction)) return std::nullopt;
  while (absl::ConsumePrefix(&decimal.whole, "0")) {
  }
  while (absl::ConsumeSuffix(&decimal.fraction, "0")) {
  }
  if (decimal.whole.empty() && decimal.fraction.empty()) decimal.negative = false;
  return decimal;
}

int CompareDecimals(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int compared = 0;
  if (a.whole.size() != b.whole.size()) {
    compared = a.whole.size() < b.whole.size() ? -1 : 1;
  } else {
    compared = a.whole.compare(b.whole);
    if (compared == 0) compared = a.fraction.compare(b.fraction);
  }
  return a.negative ? -compared : compared;
}

bool IsInteger(const Literal& literal) {
  int64_t value = 0;
  return (literal.kind == LiteralKind::kNumber || literal.kind == LiteralKind::kString) &&
         absl::SimpleAtoi(literal.text, &value);
}

Order CompareNumbers(const Literal& a, const Literal& b, Family family, const TypeName* type) {
  const std::optional<Decimal> left = ParseDecimal(a.text);
  const std::optional<Decimal> right = ParseDecimal(b.text);
  if (!left || !right) return a == b ? Order::kEqual : Order::kUnknown;
  if (family == Family::kFloat) {
    // What a float rounds is not told apart.
    double x = 0;
    double y = 0;
    const bool integers = IsInteger(a) && IsInteger(b);
    if (!absl::SimpleAtod(a.text, &x) || !absl::SimpleAtod(b.text, &y)) return Order::kUnknown;
    if (type->name.name == "float4" && !integers && a.text != b.text) return Order::kUnknown;
    return x < y ? Order::kLess : x > y ? Order::kGreater : Order::kEqual;
  }
  // A bound is rounded to the column's scale, a check's constant is not.
  const size_t scale = type == nullptr || type->modifiers.empty() ? 1000
                       : type->modifiers.size() < 2
                           ? 0
                           : static_cast<size_t>(std::max(type->modifiers[1], 0));
  if (family == Family::kNumeric &&
      std::max(left->fraction.size(), right->fraction.size()) > scale) {
    return Order::kUnknown;
  }
  return Sign(CompareDecimals(*left, *right));
}

// ---- dates and times -------------------------------------------------------------------------

constexpr int64_t kMicrosPerSecond = 1000000;
constexpr int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;
// Offsets from UTC are below 16 hours (MAX_TZDISP_HOUR).
constexpr int64_t kWidestOffset = 32 * 3600 * kMicrosPerSecond;

struct Instant {
  int64_t day = 0;     // since 1970-01-01
  int64_t micros = 0;  // of the day
  int64_t offset = 0;  // from UTC, in microseconds; east is positive
  bool has_offset = false;
  int infinity = 0;  // -1, 1
};

// Days since 1970-01-01 in the Gregorian calendar, from March on so that leap days come last.
int64_t DaysTo(int64_t year, int64_t month, int64_t day) {
  if (month <= 2) --year;
  const int64_t era = year / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

// Takes between `least` and `most` digits; -1 where there are fewer.
int64_t TakeNumber(absl::string_view& text, size_t least, size_t most) {
  size_t digits = 0;
  int64_t value = 0;
  while (digits < most && digits < text.size() &&
         absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
    value = value * 10 + (text[digits++] - '0');
  }
  if (digits < least) return -1;
  text.remove_prefix(digits);
  return value;
}

// HH:MM[:SS[.ffffff]]
bool TakeTime(absl::string_view& text, Instant& instant) {
  const int64_t hour = TakeNumber(text, 1, 2);
  if (hour < 0 || !absl::ConsumePrefix(&text, ":")) return false;
  const int64_t minute = TakeNumber(text, 2, 2);
  if (minute < 0) return false;
  int64_t second = 0;
  int64_t fraction = 0;
  if (absl::ConsumePrefix(&text, ":")) {
    second = TakeNumber(text, 2, 2);
    if (second < 0) return false;
    if (absl::ConsumePrefix(&text, ".")) {
      const size_t before = text.size();
      fraction = TakeNumber(text, 1, 6);
      if (fraction < 0) return false;
      for (size_t digits = before - text.size(); digits < 6; ++digits) fraction *= 10;
    }
  }
  instant.micros = ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

// `Z`, `UTC`, `+01`, `+01:30`
bool TakeOffset(absl::string_view& text, Instant& instant) {
  absl::ConsumePrefix(&text, " ");
  if (text.empty()) return true;
  instant.has_offset = true;
  if (absl::EqualsIgnoreCase(text, "z") || absl::EqualsIgnoreCase(text, "utc")) {
    text = {};
    return true;
  }
  const bool east = absl::ConsumePrefix(&text, "+");
  if (!east && !absl::ConsumePrefix(&text, "-")) return false;
  const int64_t hours = TakeNumber(text, 1, 2);
  if (hours < 0) return false;
  const int64_t minutes = absl::ConsumePrefix(&text, ":") ? TakeNumber(text, 2, 2) : 0;
  if (minutes < 0) return false;
  const int64_t offset = (hours * 60 + minutes) * 60 * kMicrosPerSecond;
  instant.offset = east ? offset : -offset;
  return text.empty();
}

// ISO 8601 as the manual writes it; other formats depend on DateStyle.
std::optional<Instant> ParseInstant(absl::string_view text) {
  Instant instant;
  if (text == "infinity" || text == "-infinity") {
    instant.infinity = text[0] == '-' ? -1 : 1;
    return instant;
  }
  const int64_t year = TakeNumber(text, 4, 4);
  if (year < 0 || !absl::ConsumePrefix(&text, "-")) return std::nullopt;
  const int64_t month = TakeNumber(text, 1, 2);
  if (month < 1 || month > 12 || !absl::ConsumePrefix(&text, "-")) return std::nullopt;
  const int64_t day = TakeNumber(text, 1, 2);
  if (day < 1 || day > 31) return std::nullopt;
  instant.day = DaysTo(year, month, day);
  if (text.empty()) return instant;
  if (!absl::ConsumePrefix(&text, " ") && !absl::ConsumePrefix(&text, "T")) return std::nullopt;
  if (!TakeTime(text, instant) || !TakeOffset(text, instant)) return std::nullopt;
  return instant;
}

// What the type keeps of a written instant.
Instant Keep(Instant instant, const Literal& literal, Family family) {
  const Family own = FamilyOf(literal.type);
  const Family kept = own == Family::kUnknown ? family : own;
  if (kept == Family::kDate) instant.micros = 0;
  // The other types read an offset and forget it (datetime.c:DecodeDateTime).
  if (kept == Family::kTimestampTz) instant.micros -= instant.offset;
  instant.has_offset = instant.has_offset && kept == Family::kTimestampTz;
  return instant;
}

Order CompareTimes(const Literal& a, const Literal& b, Family family, const TypeName* type) {
  for (const Literal* literal : {&a, &b}) {
    // Comparing a timestamptz with the other two depends on the session's time zone
    // (pg_operator: such operators are stable).
    const Family own = FamilyOf(literal->type);
    if (own == Family::kUnknown) continue;
    if (!IsTime(own)) return Order::kUnknown;
    if ((own == Family::kTimestampTz) != (family == Family::kTimestampTz)) {
      return Order::kUnprovable;
    }
  }
  const std::optional<Instant> left = ParseInstant(a.text);
  const std::optional<Instant> right = ParseInstant(b.text);
  if (!left || !right) return a == b ? Order::kEqual : Order::kUnknown;
  if (left->infinity != 0 || right->infinity != 0) return Sign(left->infinity - right->infinity);
  // A precision may round what a bound says.
  if (type != nullptr && !type->modifiers.empty() && a.text != b.text &&
      (absl::StrContains(a.text, ".") || absl::StrContains(b.text, "."))) {
    return Order::kUnknown;
  }
  const Instant x = Keep(*left, a, family);
  const Instant y = Keep(*right, b, family);
  const int64_t gap = (x.day - y.day) * kMicrosPerDay + (x.micros - y.micros);
  // Where only one says its offset, the other's is the session's.
  if (x.has_offset != y.has_offset && std::abs(gap) < kWidestOffset) {
    return Order::kUnknown;
  }
  return gap < 0 ? Order::kLess : gap > 0 ? Order::kGreater : Order::kEqual;
}

// ---- the rest --------------------------------------------------------------------------------

bool IsBytewise(const std::string& collation) {
  return collation == "C" || collation == "POSIX" || collation == "pg_catalog.C" ||
         collation == "pg_catalog.POSIX";
}

Order CompareStrings(absl::string_view a, absl::string_view b, const TypeName& type) {
  if (FamilyOf(&type) == Family::kChar) {
    while (absl::ConsumeSuffix(&a, " ")) {
    }
    while (absl::ConsumeSuffix(&b, " ")) {
    }
  }
  if (a == b) return Order::kEqual;
  if (IsBytewise(type.collation)) return Sign(a.compare(b));
  // A collation that is named may be one that takes different strings for equal.
  return type.collation.empty() ? Order::kDifferent : Order::kUnknown;
}

// Of a column, or an expression, whose type no file says.
Order CompareUntyped(const Literal& a, const Literal& b) {
  if (a == b) return Order::kEqual;
  if (a.kind != b.kind || a.type != b.type) return Order::kUnknown;
  if (a.kind == LiteralKind::kNumber && IsInteger(a) && IsInteger(b)) {
    return CompareNumbers(a, b, Family::kInteger, nullptr);
  }
  // Whatever the type, ISO dates are in the order of their text.
  if (a.kind == LiteralKind::kString && a.text.size() == b.text.size() && ParseInstant(a.text) &&
      ParseInstant(b.text)) {
    return CompareTimes(a, b, Family::kTimestamp, nullptr);
  }
  return Order::kUnknown;
}

// The spellings that boolin reads most often.
std::optional<bool> ReadBool(const Literal& literal) {
  if (literal.text == "true" || literal.text == "t") return true;
  if (literal.text == "false" || literal.text == "f") return false;
  return std::nullopt;
}

}  // namespace

Order CompareLiterals(const Literal& a, const Literal& b, const TypeName* type) {
  if (a.kind == LiteralKind::kNull || b.kind == LiteralKind::kNull) return Order::kUnprovable;
  const Family family = FamilyOf(type);
  if (IsNumber(family)) return CompareNumbers(a, b, family, type);
  if (IsTime(family)) return CompareTimes(a, b, family, type);
  if (family == Family::kUnknown) return CompareUntyped(a, b);
  if (family == Family::kText || family == Family::kChar) {
    return CompareStrings(a.text, b.text, *type);
  }
  if (family == Family::kBool) {
    const std::optional<bool> left = ReadBool(a);
    const std::optional<bool> right = ReadBool(b);
    if (left && right) return Sign(static_cast<int>(*left) - static_cast<int>(*right));
  }
  return a.text == b.text && a.kind == b.kind ? Order::kEqual : Order::kUnknown;
}

std::string CastBefore(const Literal& literal, const TypeName& type) {
  const Family family = FamilyOf(&type);
  const Family other = FamilyOf(literal.type);
  if (literal.kind == LiteralKind::kString && other == Family::kUnknown) return "";
  if (family == Family::kInteger) {
    if (IsNumber(other)) return other == Family::kInteger ? "" : literal.type;
    return literal.kind == LiteralKind::kNumber && !IsInteger(literal) ? "numeric" : "";
  }
  if (family == Family::kNumeric && other == Family::kFloat) return literal.type;
  // char(n) and text have no operator in common.
  if (family == Family::kChar && other == Family::kText) return "text";
  return "";
}

bool IsIdleCast(const TypeName& type, const std::string& cast) {
  const Family family = FamilyOf(&type);
  if (type.array) return false;
  // A cast to its own type without the modifiers does nothing; char(n) too loses only its length.
  if (cast == type.name.name) return true;
  // text has no operators for varchar: both are relabelled alike.
  return family == Family::kText && FamilyOf(cast) == Family::kText;
}

}  // namespace plimsoll
