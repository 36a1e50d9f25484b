#include "analyzer/syntax/grammar_json.h"

#include <simdjson.h>

#include <utility>
#include <vector>

namespace plimsoll {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using tree::Key;
using tree::Kind;
using tree::Tree;
using tree::Value;

static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);

// The parser keeps its buffers from call to call; one a thread, as the grammar has.
simdjson::dom::parser& Parser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

// Copies JSON into a tree. Iterative: an expression of 50,000 terms is nested as deeply.
class Copier {
 public:
  explicit Copier(Tree& tree) : tree_(tree) {}

  void Copy(element root) {
    left_.emplace_back(root, tree_.MakeRoot());
    while (!left_.empty()) {
      const auto [from, to] = left_.back();
      left_.pop_back();
      CopyOne(from, to);
    }
  }

 private:
  void CopyOne(element from, Value* to) {
    switch (from.type()) {
      case element_type::ARRAY: {
        const simdjson::dom::array array = from;
        AddParts(Kind::kList, array.size(), to);
        Value* part = parts_;
        for (const element item : array) left_.emplace_back(item, part++);
        break;
      }
      case element_type::OBJECT:
        CopyObject(from, to);
        break;
      case element_type::STRING: {
        const std::string_view text = from;
        tree_.SetText({text.data(), text.size()}, to);
        break;
      }
      case element_type::BOOL:
        to->SetFlag(from);
        break;
      case element_type::INT64:
        to->SetNumber(from);
        break;
      default:  // null, and numbers that no tree has
        break;
    }
  }
  void CopyObject(const simdjson::dom::object& object, Value* to) {
    if (IsTyped(object)) {
      const auto field = *object.begin();
      AddParts(Kind::kTyped, 2, to);
      tree_.SetText({field.key.data(), field.key.size()}, &parts_[0]);
      AddField(field.key, field.value, &parts_[1]);
      return;
    }
    AddParts(Kind::kFields, object.size(), to);
    Value* part = parts_;
    for (const auto field : object) AddField(field.key, field.value, part++);
  }
  static bool IsTyped(const simdjson::dom::object& object) {
    if (object.size() != 1) return false;
    const std::string_view name = object.begin().key();
    return !name.empty() && name[0] >= 'A' && name[0] <= 'Z';
  }
  void AddParts(Kind kind, size_t count, Value* to) {
    parts_ = tree_.Allocate(count);
    to->SetParts(kind, parts_, count);
  }
  void AddField(std::string_view name, element value, Value* to) {
    to->key = Key::Of({name.data(), name.size()}).number();
    left_.emplace_back(value, to);
  }

  Tree& tree_;
  Value* parts_ = nullptr;
  std::vector<std::pair<element, Value*>> left_;
};

}  // namespace

// An expression of 50,000 terms is nested some 150,000 levels deep, far beyond what simdjson allows
// unasked; asking costs memory, so only such a text pays for it.
bool ReadJson(absl::string_view json, Tree& tree) {
  constexpr size_t kDeepest = 8'000'000;
  simdjson::dom::parser deep_parser;
  element root;
  simdjson::error_code error = Parser().parse(json.data(), json.size(), false).get(root);
  if (error == simdjson::DEPTH_ERROR) {
    error = deep_parser.allocate(json.size(), kDeepest);
    if (error == simdjson::SUCCESS) {
      error = deep_parser.parse(json.data(), json.size(), false).get(root);
    }
  }
  if (error != simdjson::SUCCESS) return false;
  Copier(tree).Copy(root);
  return true;
}

}  // namespace plimsoll
