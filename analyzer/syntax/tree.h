#ifndef PLIMSOLL_ANALYZER_SYNTAX_TREE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_TREE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "simdjson.h"

// The grammar's JSON, seen as PostgreSQL's nodes. Private to analyzer/syntax.

namespace plimsoll::tree {

// A view of one JSON value. A missing field is a node too: it is not `present`, and every question
// to it answers with nothing, as the grammar leaves out whatever has its zero value.
class NodeList;

class Node {
 public:
  Node() = default;
  explicit Node(simdjson::dom::element element) : element_(element), present_(true) {}

  bool present() const { return present_; }
  explicit operator bool() const { return present_; }

  Node operator[](absl::string_view key) const {
    simdjson::dom::object object;
    simdjson::dom::element value;
    if (!present_ || element_.get(object) != simdjson::SUCCESS) return {};
    if (object.at_key({key.data(), key.size()}).get(value) != simdjson::SUCCESS) return {};
    return Node(value);
  }
  absl::string_view Text() const {
    const char* text = nullptr;
    size_t size = 0;
    if (!present_ || element_.get_c_str().get(text) != simdjson::SUCCESS ||
        element_.get_string_length().get(size) != simdjson::SUCCESS) {
      return {};
    }
    return {text, size};
  }
  absl::string_view Text(absl::string_view key) const { return (*this)[key].Text(); }
  bool Flag(absl::string_view key) const {
    bool value = false;
    const Node field = (*this)[key];
    return field.present_ && field.element_.get(value) == simdjson::SUCCESS && value;
  }
  int64_t Number(absl::string_view key) const {
    int64_t value = 0;
    const Node field = (*this)[key];
    if (!field.present_ || field.element_.get(value) != simdjson::SUCCESS) return 0;
    return value;
  }
  // The elements of a list; none where this is no list.
  NodeList Items() const;
  NodeList Items(absl::string_view key) const;

  // Nodes of PostgreSQL's type `Node *` are objects of one field, named after their type:
  // {"ColumnRef": {…}}. `Tag` is that name and `Body` that field's value.
  absl::string_view Tag() const {
    simdjson::dom::object object;
    if (!present_ || element_.get(object) != simdjson::SUCCESS) return {};
    const auto first = object.begin();
    if (!(first != object.end())) return {};
    const auto key = first.key();
    return {key.data(), key.size()};
  }
  Node Body() const {
    simdjson::dom::object object;
    if (!present_ || element_.get(object) != simdjson::SUCCESS) return {};
    const auto first = object.begin();
    if (!(first != object.end())) return {};
    return Node(first.value());
  }
  // Adds what stands right below: the values of its fields, or its items.
  void PushParts(std::vector<Node>& parts) const {
    simdjson::dom::object object;
    simdjson::dom::array array;
    if (!present_) return;
    if (element_.get(object) == simdjson::SUCCESS) {
      for (const auto field : object) parts.push_back(Node(field.value));
    } else if (element_.get(array) == simdjson::SUCCESS) {
      for (const simdjson::dom::element item : array) parts.push_back(Node(item));
    }
  }
  // The body where the tag is `tag`.
  Node As(absl::string_view tag) const { return (*this)[tag]; }

  simdjson::dom::element element() const { return element_; }

 private:
  simdjson::dom::element element_;
  bool present_ = false;
};

// A view of a JSON array. Its elements are made as they are asked for.
class NodeList {
 public:
  class Iterator {
   public:
    Iterator(simdjson::dom::array::iterator inner, size_t left) : inner_(inner), left_(left) {}
    Node operator*() const { return Node(*inner_); }
    Iterator& operator++() {
      --left_;
      ++inner_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return left_ != other.left_; }

   private:
    simdjson::dom::array::iterator inner_;
    size_t left_;
  };

  NodeList() = default;
  explicit NodeList(simdjson::dom::array array) : array_(array), size_(array.size()) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Walks to the element; a missing node where there are fewer.
  Node operator[](size_t index) const {
    for (const Node& item : *this) {
      if (index-- == 0) return item;
    }
    return {};
  }
  Node back() const { return empty() ? Node() : (*this)[size_ - 1]; }
  Iterator begin() const { return Iterator(array_.begin(), size_); }
  Iterator end() const { return Iterator(array_.begin(), 0); }

 private:
  simdjson::dom::array array_;
  size_t size_ = 0;
};

inline NodeList Node::Items() const {
  simdjson::dom::array array;
  if (!present_ || element_.get(array) != simdjson::SUCCESS) return {};
  return NodeList(array);
}
inline NodeList Node::Items(absl::string_view key) const { return (*this)[key].Items(); }

// The root of what the grammar wrote, which must be readable for kGrammarPadding bytes past its
// end. Nothing where the text is beyond us. It is valid until the thread's next call.
std::optional<Node> ParseTree(absl::string_view json);

// Calls `visit(tag, body)` for every typed node in the tree below `root`, itself included, in the
// order of the text. Iterative: an expression of 50,000 terms is nested as deeply.
template <typename Visit>
void Walk(Node root, Visit visit) {
  if (!root) return;
  absl::InlinedVector<simdjson::dom::element, 32> stack = {root.element()};
  const auto push = [&](simdjson::dom::element element) {
    if (element.is_object() || element.is_array()) stack.push_back(element);
  };
  while (!stack.empty()) {
    const simdjson::dom::element element = stack.back();
    stack.pop_back();
    const size_t below = stack.size();
    simdjson::dom::object object;
    simdjson::dom::array array;
    if (element.get(object) == simdjson::SUCCESS) {
      for (const auto field : object) {
        const bool typed = !field.key.empty() && field.key[0] >= 'A' && field.key[0] <= 'Z';
        if (typed) visit(absl::string_view(field.key.data(), field.key.size()), Node(field.value));
        push(field.value);
      }
    } else if (element.get(array) == simdjson::SUCCESS) {
      for (const simdjson::dom::element item : array) push(item);
    }
    std::reverse(stack.begin() + static_cast<std::ptrdiff_t>(below), stack.end());
  }
}

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_TREE_H_
