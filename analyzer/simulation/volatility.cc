#include "analyzer/simulation/volatility.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "analyzer/simulation/value_text.h"
#include "analyzer/syntax/body.h"

namespace plimsoll {
namespace {

using action::Volatility;

// Volatile functions that change nothing but their own result, a sequence or a setting:
// PostgreSQL's own, and those of uuid-ossp and pgcrypto, which write keys into half of all schemas.
constexpr const char* kHarmlessFunctions[] = {
    "clock_timestamp",
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "gen_salt",
    "lastval",
    "nextval",
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_unlock_shared",
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_current_xact_id",
    "pg_notify",
    "pg_reload_conf",
    "pg_sleep",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
    "random",
    "random_normal",
    "set_config",
    "setseed",
    "setval",
    "timeofday",
    "timezone",  // of a timetz, before 15
    "txid_current",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
};

// CURRENT_TIMESTAMP and its kin are nodes of their own, all of them stable (nodes/primnodes.h:
// SQLValueFunction).
struct ValueFunction {
  const char* name;
  const char* type;
};
constexpr ValueFunction kValueFunctions[] = {
    {"CURRENT_DATE", "date"},
    {"CURRENT_TIME", "timetz"},
    {"CURRENT_TIMESTAMP", "timestamptz"},
    {"LOCALTIME", "time"},
    {"LOCALTIMESTAMP", "timestamp"},
    {"CURRENT_ROLE", "name"},
    {"CURRENT_USER", "name"},
    {"USER", "name"},
    {"SESSION_USER", "name"},
    {"CURRENT_CATALOG", "name"},
    {"CURRENT_SCHEMA", "name"},
};

Volatility FromLetter(char letter) {
  return letter == 'i'   ? Volatility::kImmutable
         : letter == 's' ? Volatility::kStable
                         : Volatility::kVolatile;
}

VolatilityBounds Exactly(Volatility volatility) {
  return {.at_least = volatility, .at_most = volatility};
}

VolatilityBounds Anything() { return {.at_most = Volatility::kVolatile}; }

// A function or operator that a name may stand for.
struct Candidate {
  absl::InlinedVector<absl::string_view, 4> types;  // one an argument
  absl::string_view result;
  Volatility volatility = Volatility::kVolatile;
};

bool IsPolymorphic(absl::string_view type) { return type.substr(0, 3) == "any"; }

// What is known of an operand's type. `untyped`: a string or NULL, which becomes what is wanted.
struct Operand {
  Type type;
  bool untyped = false;
  const std::string* text = nullptr;  // of a string

  bool IsKnown() const { return untyped || type.type_class != TypeClass::kUnknown; }
};

bool MayPass(const Operand& operand, absl::string_view wanted, const TypeScope& scope) {
  if (operand.untyped || !operand.IsKnown()) return true;
  if (operand.type.builtin != nullptr && operand.type.IsSpelled(wanted)) return true;
  if (wanted == "anyarray" || wanted == "anycompatiblearray")
    return BaseOf(operand.type, scope).array;
  if (wanted == "anyrange" || wanted == "anymultirange" || wanted == "anyenum") {
    return IsBinaryCoercible(operand.type, wanted, scope);
  }
  if (wanted == "anynonarray") return !BaseOf(operand.type, scope).array;
  if (IsPolymorphic(wanted)) return true;
  return FindConversion(operand.type, BuiltinNamed(wanted, scope), CastContext::kImplicit, scope)
             .path != CastPath::kNone;
}

// Keeps the candidates with the highest score.
template <typename Score>
void KeepBest(std::vector<Candidate>& candidates, Score score) {
  std::vector<Candidate> best;
  size_t highest = 0;
  for (Candidate& candidate : candidates) {
    const size_t reached = score(candidate);
    if (reached < highest) continue;
    if (reached > highest) best.clear();
    highest = reached;
    best.push_back(std::move(candidate));
  }
  candidates = std::move(best);
}

bool Agree(const std::vector<Candidate>& candidates) {
  return std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
    return candidate.volatility == candidates[0].volatility &&
           candidate.result == candidates[0].result;
  });
}

// Leaves of the candidates those that PostgreSQL may choose, as far as the rules of
// parse_func.c:func_select_candidate and the types that are known decide it.
void Choose(std::vector<Candidate>& candidates, absl::Span<const Operand> operands,
            const TypeScope& scope) {
  if (Agree(candidates)) return;
  std::vector<Candidate> passing;
  for (Candidate& candidate : candidates) {
    bool passes = true;
    for (size_t i = 0; i < operands.size() && passes; ++i) {
      passes = MayPass(operands[i], candidate.types[i], scope);
    }
    if (passes) passing.push_back(std::move(candidate));
  }
  candidates = std::move(passing);
  const bool all_known = std::all_of(operands.begin(), operands.end(),
                                     [](const Operand& operand) { return operand.IsKnown(); });
  if (!all_known || candidates.size() < 2) return;
  const auto is_exact = [&](const Operand& operand, absl::string_view wanted) {
    return !operand.untyped && BaseOf(operand.type, scope).IsSpelled(wanted);
  };
  KeepBest(candidates, [&](const Candidate& candidate) {
    size_t exact = 0;
    for (size_t i = 0; i < operands.size(); ++i) exact += is_exact(operands[i], candidate.types[i]);
    return exact;
  });
  KeepBest(candidates, [&](const Candidate& candidate) {
    size_t preferred = 0;
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].untyped) continue;
      const Type wanted = BuiltinNamed(candidate.types[i], scope);
      preferred += is_exact(operands[i], candidate.types[i]) ||
                   (wanted.builtin != nullptr && wanted.builtin->preferred &&
                    wanted.Category() == BaseOf(operands[i].type, scope).Category());
    }
    return preferred;
  });
}

std::vector<Candidate> FunctionCandidates(const Name& name, uint32_t arguments,
                                          int server_version) {
  std::vector<Candidate> candidates;
  for (const BuiltinFunction& function : FindBuiltinFunctions(name.name, server_version)) {
    if (!IsIn(function, server_version) || !function.Takes(arguments)) continue;
    Candidate candidate = {.result = function.result,
                           .volatility = FromLetter(function.volatility)};
    for (absl::string_view type : absl::StrSplit(function.arguments, ' ', absl::SkipEmpty())) {
      candidate.types.push_back(type);
    }
    // A variadic one takes "any" number of its last: no type is held against those.
    if (function.variadic && !candidate.types.empty()) candidate.types.back() = "any";
    candidate.types.resize(arguments, "any");
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

std::vector<Candidate> OperatorCandidates(const Name& name, bool prefix, int server_version) {
  std::vector<Candidate> candidates;
  for (const BuiltinOperator& row : FindBuiltinOperators(name.name)) {
    const absl::string_view left = row.left;
    if (!IsIn(row, server_version) || left.empty() != prefix) continue;
    Candidate candidate = {.result = row.result, .volatility = FromLetter(row.volatility)};
    if (!prefix) candidate.types.push_back(left);
    candidate.types.push_back(row.right);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// Walks the operations of an expression with the types of the values that they leave behind.
class Judge {
 public:
  Judge(absl::Span<const TableColumn> columns, const TypeScope& scope, bool finds_misfits = false)
      : columns_(columns), scope_(scope), finds_misfits_(finds_misfits) {}

  VolatilityBounds Run(const std::vector<Operation>& operations) {
    for (const Operation& operation : operations) {
      const size_t count = std::min<size_t>(operation.operands, values_.size());
      const size_t first = values_.size() - count;
      Operand result = Take(operation, absl::MakeSpan(values_).subspan(first));
      values_.resize(first);
      values_.push_back(std::move(result));
    }
    return bounds_;
  }

  // What the last operation left behind.
  Operand Result() const { return values_.empty() ? Operand() : values_.back(); }

  // See FindMisfit.
  absl::string_view Misfit() const { return misfit_; }

 private:
  // The operands are used up.
  Operand Take(const Operation& operation, absl::Span<Operand> operands) {
    switch (operation.kind) {
      case OperationKind::kConstant:
        if (operation.name.name == "unknown") return {.untyped = true, .text = &operation.text};
        return {.type = BuiltinNamed(operation.name.name, scope_)};
      case OperationKind::kColumn:
        return Column(operation);
      case OperationKind::kCall:
        return Call(operation, operands);
      case OperationKind::kOperator:
      case OperationKind::kAnyOperator:
        return Operator(operation, operands);
      case OperationKind::kCast:
        return Cast(operation, operands);
      case OperationKind::kCollate:
        return operands.empty() ? Operand() : operands[0];
      case OperationKind::kTruth:
        for (const Operand& operand : operands) {
          if (!operation.name.name.empty()) NoteUntrue(operand);
        }
        return {.type = BuiltinNamed("bool", scope_)};
      case OperationKind::kCommon: {
        const bool cases = operation.name.name == "bool";
        const size_t conditions =
            operation.results == 0
                ? 0
                : operands.size() - std::min<size_t>(operation.results, operands.size());
        const Operand common = Common(operands.subspan(conditions));
        for (size_t i = conditions; i < operands.size() && common.IsKnown(); ++i) {
          const Operand& other = operands[i];
          // NULL has no text either.
          const bool text = other.untyped && other.text != nullptr && !other.text->empty();
          if (!text || common.untyped) continue;
          if (misfit_.empty()) misfit_ = JudgeText(*other.text, common.type, scope_);
        }
        for (size_t i = 0; i < conditions && cases; ++i) NoteUntrue(operands[i]);
        // parse_coerce.c:select_common_type
        return common.untyped ? Operand{.type = BuiltinNamed("text", scope_)} : common;
      }
      case OperationKind::kArray: {
        Operand array = Common(operands);
        array.type.array = true;
        return array.untyped ? Operand() : array;
      }
      case OperationKind::kOther:
        return {};
      case OperationKind::kOpaque:
        bounds_.Add(Anything());
        return {};
    }
    return {};
  }

  // parse_coerce.c:coerce_to_boolean
  void NoteUntrue(const Operand& operand) {
    const bool misfits = finds_misfits_ && misfit_.empty() && operand.IsKnown() &&
                         !operand.untyped && BaseOf(operand.type, scope_).name != "bool";
    if (misfits) misfit_ = "42804";
  }

  Operand Column(const Operation& operation) const {
    const auto named = [&](absl::string_view name) {
      return std::find_if(columns_.begin(), columns_.end(),
                          [&](const TableColumn& column) { return column.name == name; });
    };
    const bool bare = operation.name.name.empty();
    auto found =
        bare ? columns_.end() : named(QualifiedColumn(operation.name.name, operation.text));
    if (found == columns_.end()) found = named(operation.text);
    if (found == columns_.end() || found->type == nullptr) return {};
    return {.type = ResolveType(*found->type, scope_)};
  }

  // The type that all operands have, where they do.
  static Operand Common(absl::Span<const Operand> operands) {
    Operand common = {.untyped = true};
    for (const Operand& operand : operands) {
      if (operand.untyped) continue;
      if (!common.untyped && !common.type.Is(operand.type)) return {};
      common = operand;
    }
    return common;
  }

  // Adds what the candidates have in common, and gives the type they result in.
  Operand Settle(std::vector<Candidate> candidates, absl::Span<const Operand> operands) {
    Choose(candidates, operands, scope_);
    if (candidates.empty()) {
      bounds_.Add(Anything());
      return {};
    }
    VolatilityBounds bounds = Exactly(candidates[0].volatility);
    for (const Candidate& candidate : candidates) {
      bounds.at_least = std::min(bounds.at_least, candidate.volatility);
      bounds.at_most = std::max(bounds.at_most, candidate.volatility);
    }
    bounds_.Add(bounds);
    const bool one_result = std::all_of(
        candidates.begin(), candidates.end(),
        [&](const Candidate& candidate) { return candidate.result == candidates[0].result; });
    if (!one_result || IsPolymorphic(candidates[0].result)) return {};
    return {.type = BuiltinNamed(candidates[0].result, scope_)};
  }

  Operand Call(const Operation& operation, absl::Span<const Operand> operands) {
    for (const ValueFunction& function : kValueFunctions) {
      if (operation.name.name != function.name || operation.name.schema != "pg_catalog") continue;
      bounds_.Add(Exactly(Volatility::kStable));
      return {.type = BuiltinNamed(function.type, scope_)};
    }
    const bool bare = operation.name.schema.empty();
    const Routine* routine = scope_.view.FindRoutine(operation.name, scope_.search_path);
    std::vector<Candidate> candidates =
        FunctionCandidates(operation.name, operation.operands, scope_.server_version);
    // An extension's may stand in any schema.
    if (routine == nullptr) {
      // What has a type's name may be a cast (parse_func.c:func_get_detail).
      const bool cast = operands.size() == 1 && IsBuiltinType({.name = operation.name.name});
      // One to the type that the value has does nothing: date() of a date.
      const bool same = cast && operands[0].type.builtin != nullptr && !operands[0].type.array &&
                        operands[0].type.builtin->name == operation.name.name;
      if (same) return operands[0];
      if (bare && !cast) NoteMisfit(candidates, operands);
      return Settle(std::move(candidates), operands);
    }
    if (candidates.empty()) NoteMisfit(*routine, operation, operands);
    VolatilityBounds bounds = {.at_least = routine->least_volatility,
                               .at_most = routine->volatility};
    if (routine->constant_body) bounds.at_most = bounds.at_least = Volatility::kImmutable;
    if (bare) {
      for (const Candidate& candidate : candidates) {
        bounds.at_least = std::min(bounds.at_least, candidate.volatility);
        bounds.at_most = std::max(bounds.at_most, candidate.volatility);
      }
    }
    bounds_.Add(bounds);
    const bool one = candidates.empty() && routine->overloads.size() == 1;
    if (one && IsBuiltinType({.name = routine->overloads[0].returns})) {
      return {.type = BuiltinNamed(routine->overloads[0].returns, scope_)};
    }
    return {};
  }

  Operand Operator(const Operation& operation, absl::Span<Operand> operands) {
    const bool own = !operation.name.schema.empty() && operation.name.schema != "pg_catalog";
    if (operands.empty() || own) {
      bounds_.Add(Anything());
      return {};
    }
    // BETWEEN and IN compare the first with each of the others; the second speaks for them.
    for (size_t i = 2; i < operands.size(); ++i) {
      Operand pair[] = {operands[0], operands[i]};
      if (pair[1].untyped && !pair[0].untyped) TakeAfter(operation, pair);
    }
    if (operands.size() > 2) operands = operands.first(2);
    if (operation.kind == OperationKind::kAnyOperator && operands.size() == 2) {
      if (operands[1].type.array) {
        operands[1].type.array = false;
      } else {
        operands[1] = {};
      }
    }
    const bool appends = operation.name.name == "||" && operands.size() == 2;
    for (size_t i = 0; appends && i < 2; ++i) {
      if (AppendsToString(operands[i], operands[1 - i])) return AppendAsText(operands[i]);
    }
    // A string beside a value is taken for one of its type.
    if (operands.size() == 2) {
      if (operands[0].untyped && !operands[1].untyped) {
        Operand turned[] = {operands[1], operands[0]};
        TakeAfter(operation, turned);
        operands[0] = operands[1];
      }
      if (operands[1].untyped && !operands[0].untyped) TakeAfter(operation, operands);
    }
    for (size_t i = 0; appends && i < 2; ++i) {
      if (AppendsAsText(operands[i], operands[1 - i])) return AppendAsText(operands[i]);
    }
    const BuiltinOperator* exact = ExactOperator(operation.name.name, operands);
    if (exact != nullptr) {
      bounds_.Add(Exactly(FromLetter(exact->volatility)));
      return {.type = BuiltinNamed(exact->result, scope_)};
    }
    std::vector<Candidate> candidates =
        OperatorCandidates(operation.name, operands.size() == 1, scope_.server_version);
    NoteMisfit(candidates, operands);
    return Settle(std::move(candidates), operands);
  }

  // The one that takes just these types, which PostgreSQL prefers to all others
  // (parse_oper.c:binary_oper_exact). Null: there is none, or the types are not all built in.
  const BuiltinOperator* ExactOperator(absl::string_view name,
                                       absl::Span<const Operand> operands) const {
    const Operand& right = operands.back();
    const Operand* left = operands.size() == 2 ? &operands.front() : nullptr;
    if (!IsPlain(right) || (left != nullptr && !IsPlain(*left))) return nullptr;
    for (const BuiltinOperator& row : FindBuiltinOperators(name)) {
      const bool fits = left == nullptr ? row.left.empty() : left->type.IsSpelled(row.left);
      if (fits && right.type.IsSpelled(row.right) && IsIn(row, scope_.server_version)) return &row;
    }
    return nullptr;
  }

  static bool IsPlain(const Operand& operand) {
    return !operand.untyped && operand.type.builtin != nullptr;
  }

  // Whether a routine of files takes the values (parse_func.c:func_get_detail).
  bool MayTake(const Overload& overload, absl::Span<const Operand> operands) const {
    const size_t count = overload.inputs.size();
    if (operands.size() + overload.defaults < count) return false;
    if (operands.size() > count && !overload.variadic) return false;
    const size_t fixed = overload.variadic ? count - 1 : count;
    for (size_t i = 0; i < operands.size() && i < fixed; ++i) {
      if (operands[i].untyped) continue;
      const Type wanted = ResolveType(overload.inputs[i], scope_);
      if (wanted.type_class == TypeClass::kPseudo) continue;
      const Conversion conversion =
          FindConversion(operands[i].type, wanted, CastContext::kImplicit, scope_);
      if (conversion.path == CastPath::kNone) return false;
    }
    return true;
  }

  // Others of the name may stand in other schemas of the path.
  void NoteMisfit(const Routine& routine, const Operation& operation,
                  absl::Span<const Operand> operands) {
    const bool alone = !operation.name.schema.empty() || scope_.search_path.size() == 1;
    const bool told = finds_misfits_ && misfit_.empty() && alone && operation.text.empty() &&
                      !routine.overloads.empty() && AreComparable(operands);
    const bool aggregate = scope_.view.FindObject(ObjectKind::kAggregate, operation.name,
                                                  scope_.search_path) != nullptr;
    if (!told || aggregate) return;
    for (const Overload& overload : routine.overloads) {
      if (!MayTake(overload, operands)) continue;
      const bool one = routine.overloads.size() == 1;
      if (one && routine.procedure) misfit_ = "42809";
      for (size_t i = 0; one && misfit_.empty() && i < operands.size(); ++i) {
        const bool fixed = i + (overload.variadic ? 1 : 0) < overload.inputs.size();
        // NULL has no text either.
        const std::string* text = operands[i].text;
        if (!fixed || text == nullptr || text->empty()) continue;
        misfit_ = JudgeText(*text, ResolveType(overload.inputs[i], scope_), scope_);
      }
      return;
    }
    misfit_ = "42883";
  }

  bool AreComparable(absl::Span<const Operand> operands) const {
    return std::all_of(operands.begin(), operands.end(), [&](const Operand& operand) {
      const TypeClass kind = BaseOf(operand.type, scope_).type_class;
      const bool plain = operand.untyped || kind == TypeClass::kScalar || kind == TypeClass::kEnum;
      return plain && operand.IsKnown();
    });
  }

  // There are some of that name, and none takes values of these types.
  void NoteMisfit(const std::vector<Candidate>& candidates, absl::Span<const Operand> operands) {
    if (!finds_misfits_ || !misfit_.empty() || candidates.empty()) return;
    if (!AreComparable(operands)) return;
    for (const Candidate& candidate : candidates) {
      bool passes = true;
      for (size_t i = 0; i < operands.size() && passes; ++i) {
        passes = candidate.types[i] == "any" || MayPass(operands[i], candidate.types[i], scope_);
      }
      if (passes) return;
    }
    misfit_ = "42883";
  }

  // `text || value` is textanycat, which is declared stable and inlined: what counts is how the
  // value is written as text.
  // `'x' || 5`: no operator takes two of the value's type.
  bool AppendsToString(const Operand& value, const Operand& text) const {
    if (value.untyped || !text.untyped || !value.IsKnown()) return false;
    const Type base = BaseOf(value.type, scope_);
    const auto rows = FindBuiltinOperators("||");
    return base.type_class == TypeClass::kScalar && !base.array &&
           std::none_of(rows.begin(), rows.end(), [&](const BuiltinOperator& row) {
             return base.IsSpelled(row.left) && base.IsSpelled(row.right);
           });
  }

  bool AppendsAsText(const Operand& value, const Operand& text) const {
    if (value.untyped || text.untyped || !value.IsKnown()) return false;
    const Type base = BaseOf(value.type, scope_);
    return !base.array && base.Category() != 'S' && base.name != "tsvector" &&
           BaseOf(text.type, scope_).IsSpelled("text");
  }

  Operand AppendAsText(const Operand& value) {
    AddConversion(value.type, BuiltinNamed("text", scope_));
    return {.type = BuiltinNamed("text", scope_)};
  }

  // parse_oper.c:binary_oper_exact tries the other operand's type first.
  void TakeAfter(const Operation& operation, absl::Span<Operand> operands) {
    const Type base = BaseOf(operands[0].type, scope_);
    for (const BuiltinOperator& row : FindBuiltinOperators(operation.name.name)) {
      if (!base.IsSpelled(row.left) || !base.IsSpelled(row.right)) continue;
      // NULL has no text either.
      const std::string* text = operands[1].text;
      if (misfit_.empty() && text != nullptr && !text->empty()) {
        misfit_ = JudgeText(*text, operands[0].type, scope_);
      }
      operands[1] = operands[0];
      return;
    }
    // Enums have their comparisons in common.
    const std::string* text = operands[1].text;
    const bool compared = operands[0].type.type_class == TypeClass::kEnum && !base.array;
    if (!compared || text == nullptr) return;
    for (const absl::string_view compares : {"=", "<>", "<", ">", "<=", ">="}) {
      if (operation.name.name != compares || !misfit_.empty()) continue;
      misfit_ = JudgeText(*text, operands[0].type, scope_);
    }
  }

  Operand Cast(const Operation& operation, absl::Span<const Operand> operands) {
    Operand made = {.type = ResolveType(*operation.type, scope_)};
    // A string is read when the statement is parsed: what is kept is a constant.
    if (!operands.empty() && operands[0].text != nullptr && misfit_.empty() &&
        !operands[0].text->empty()) {
      misfit_ = JudgeText(*operands[0].text, made.type, scope_);
    }
    if (operands.empty() || operands[0].untyped) return made;
    AddConversion(operands[0].type, made.type);
    return made;
  }

  void AddConversion(const Type& from, const Type& to) {
    Type source = BaseOf(from, scope_);
    Type target = BaseOf(to, scope_);
    while (source.array && target.array) source.array = target.array = false;
    const Conversion conversion = FindConversion(source, target, CastContext::kExplicit, scope_);
    switch (conversion.path) {
      case CastPath::kRelabel:
        return;
      case CastPath::kFunction:
        bounds_.Add(Exactly(FromLetter(conversion.cast->volatility)));
        return;
      case CastPath::kInputOutput:
        bounds_.Add(Exactly(std::max(TextVolatility(source, /*output=*/true),
                                     TextVolatility(target, /*output=*/false))));
        return;
      case CastPath::kNone:
      case CastPath::kArray:
      case CastPath::kUnknown:
        bounds_.Add({.at_most = Volatility::kStable});
        return;
    }
  }

  // Of reading and writing a value as text. Those of arrays, rows, ranges and enums are stable.
  static Volatility TextVolatility(const Type& type, bool output) {
    if (type.builtin == nullptr || type.array) return Volatility::kStable;
    return FromLetter(output ? type.builtin->output_volatility : type.builtin->input_volatility);
  }

  absl::Span<const TableColumn> columns_;
  const TypeScope& scope_;
  std::vector<Operand> values_;
  VolatilityBounds bounds_;
  bool finds_misfits_;
  absl::string_view misfit_;
};

// pg_catalog is searched first, unless the search path says otherwise.
bool IsBuiltIn(const FunctionCall& call, int server_version) {
  return (call.function.schema.empty() || call.function.schema == "pg_catalog") &&
         !FunctionCandidates(call.function, call.arguments, server_version).empty();
}

bool IsHarmless(const FunctionCall& call) {
  return std::binary_search(std::begin(kHarmlessFunctions), std::end(kHarmlessFunctions),
                            absl::string_view(call.function.name),
                            [](absl::string_view a, absl::string_view b) { return a < b; });
}

}  // namespace

bool IsBuiltinFunction(const Name& name) {
  return (name.schema.empty() || name.schema == "pg_catalog") && IsBuiltinFunctionName(name.name);
}

VolatilityBounds JudgeVolatility(const Expression& expression,
                                 absl::Span<const TableColumn> columns, const TypeScope& scope) {
  return Judge(columns, scope).Run(expression.operations);
}

ExpressionType TypeOf(const Expression& expression, absl::Span<const TableColumn> columns,
                      const TypeScope& scope) {
  Judge judge(columns, scope);
  judge.Run(expression.operations);
  Operand result = judge.Result();
  return {.type = std::move(result.type), .untyped = result.untyped};
}

absl::string_view FindMisfit(const Expression& expression, absl::Span<const TableColumn> columns,
                             const TypeScope& scope) {
  Judge judge(columns, scope, /*finds_misfits=*/true);
  judge.Run(expression.operations);
  return judge.Misfit();
}

std::string QualifiedColumn(absl::string_view qualifier, absl::string_view column) {
  return qualifier.empty() ? std::string(column) : absl::StrCat(qualifier, ".", column);
}

bool IsAggregate(const FunctionCall& call, int server_version) {
  const auto rows = FindBuiltinFunctions(call.function.name, server_version);
  bool any = false;
  for (const BuiltinFunction& row : rows) {
    if (!IsIn(row, server_version)) continue;
    if (row.kind != 'a') return false;
    any = true;
  }
  return any && (call.function.schema.empty() || call.function.schema == "pg_catalog");
}

const FunctionCall* FindMissingCall(absl::Span<const FunctionCall> calls, const TypeScope& scope) {
  const auto* missing = std::find_if(calls.begin(), calls.end(), [&](const FunctionCall& call) {
    const auto rows = FindBuiltinFunctions(call.function.name, scope.server_version);
    const auto takes = [&](const BuiltinFunction& row) { return row.Takes(call.arguments); };
    // An extension may bring what newer versions have of their own, as pgcrypto did.
    return call.function.name != "gen_random_uuid" &&
           std::any_of(rows.begin(), rows.end(), takes) &&
           std::none_of(
               rows.begin(), rows.end(),
               [&](const BuiltinFunction& row) { return IsIn(row, scope.server_version); }) &&
           scope.view.FindRoutine(call.function, scope.search_path) == nullptr;
  });
  return missing == calls.end() ? nullptr : missing;
}

namespace {

// How deep into bodies that call bodies is looked.
constexpr int kMostBodies = 2;

// See CallsUnknown().
bool IsUnknown(const FunctionCall& call, const TypeScope& scope, bool bodies_run, int bodies);

// Whether a body does nothing but compute: it names no table, and calls what does no harm.
bool OnlyComputes(const Body& body, const TypeScope& scope, int bodies) {
  const auto computes = [&](const Action& action) {
    const auto* query = std::get_if<action::ModifyData>(&action.kind);
    return query != nullptr && query->reads.empty() && query->writes.empty() &&
           query->sequences.empty() && !query->runs_program &&
           std::none_of(query->calls.begin(), query->calls.end(), [&](const FunctionCall& call) {
             return IsUnknown(call, scope, /*bodies_run=*/false, bodies + 1);
           });
  };
  return !body.unknown && bodies < kMostBodies &&
         std::all_of(
             body.statements.begin(), body.statements.end(), [&](const BodyStatement& statement) {
               return std::all_of(statement.actions.begin(), statement.actions.end(), computes);
             });
}

bool IsUnknown(const FunctionCall& call, const TypeScope& scope, bool bodies_run, int bodies) {
  const bool aggregate =
      scope.view.FindObject(ObjectKind::kAggregate, call.function, scope.search_path) != nullptr;
  if (aggregate) return false;
  if (!IsBuiltIn(call, scope.server_version)) {
    const Routine* routine = scope.view.FindRoutine(call.function, scope.search_path);
    const Body* body = routine == nullptr ? nullptr : routine->body.get();
    if (bodies_run && body != nullptr) return body->unknown;
    if (body != nullptr && OnlyComputes(*body, scope, bodies)) return false;
  }
  if (IsHarmless(call)) return false;
  // With arguments of which nothing is known.
  std::vector<Operation> operations(call.arguments);
  operations.push_back(
      {.kind = OperationKind::kCall, .operands = call.arguments, .name = call.function});
  return !Judge({}, scope).Run(operations).IsSteady();
}

}  // namespace

bool CallsUnknown(absl::Span<const FunctionCall> calls, const TypeScope& scope, bool bodies_run) {
  return std::any_of(calls.begin(), calls.end(), [&](const FunctionCall& call) {
    return IsUnknown(call, scope, bodies_run, 0);
  });
}

}  // namespace plimsoll
