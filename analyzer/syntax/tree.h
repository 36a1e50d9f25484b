#ifndef PLIMSOLL_ANALYZER_SYNTAX_TREE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_TREE_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// PostgreSQL's parse tree, in memory of its own. Private to analyzer/syntax.
//
// It has the shape of libpg_query's JSON: a node of PostgreSQL's type `Node *` is an object of one
// field that is named after its type ({"ColumnRef": {…}}), and whatever has its type's zero value
// is left out. The sandboxed grammar's tree is copied from where the parser left it
// (sandbox/raw_tree.h); other trees are read from JSON (tree_json.h).

namespace plimsoll::tree {

// The name of a field or of a node's type. Names become numbers when the program is compiled, so
// that finding a field compares numbers; tests/grammar_test.cc holds that no two names share one.
class Key {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is a key
  consteval Key(const char* name) : hash_(Hash(name)) {}
  static constexpr Key Of(absl::string_view name) { return Key(Hash(name)); }
  static constexpr Key FromNumber(uint32_t number) { return Key(number); }

  constexpr uint32_t number() const { return hash_; }
  friend constexpr bool operator==(Key, Key) = default;

 private:
  constexpr explicit Key(uint32_t hash) : hash_(hash) {}
  // FNV-1a.
  static constexpr uint32_t Hash(absl::string_view name) {
    uint32_t hash = 2166136261u;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
  }

  uint32_t hash_;
};

// Several keys: `for (const Key field : Keys{"larg", "rarg"})`.
using Keys = std::initializer_list<Key>;

// What a value is. A field that is left out has no value at all.
enum class Kind : uint32_t {
  kNothing,  // JSON's null
  kNumber,
  kFlag,
  kText,
  kFields,  // an object: its fields, in PostgreSQL's order
  kTyped,   // an object of one field, named after a node's type: the name, then the field
  kList,
};

struct Value {
  static constexpr uint32_t kMaxSize = (uint32_t{1} << 29) - 1;

  void SetNumber(int64_t to) {
    kind = Kind::kNumber;
    number = to;
  }
  void SetFlag(bool to) {
    kind = Kind::kFlag;
    number = to ? 1 : 0;
  }
  // Of a text that lives as long as the tree, of at most kMaxSize bytes.
  void SetText(absl::string_view to) {
    kind = Kind::kText;
    size = static_cast<uint32_t>(to.size()) & kMaxSize;
    text = to.data();
  }
  void SetParts(Kind to, const Value* begin, size_t count) {
    kind = to;
    size = static_cast<uint32_t>(count) & kMaxSize;
    parts = begin;
  }

  uint32_t key = 0;  // of the field that this is the value of; else 0
  Kind kind : 3 = Kind::kNothing;
  uint32_t size : 29 = 0;  // the bytes of a text, the number of the parts
  union {
    int64_t number = 0;  // a flag's too
    const char* text;
    const Value* parts;
  };
};
static_assert(sizeof(Value) == 16);

class NodeList;

// A view of a value, as long-lived as its tree. A missing field is a node too: it is not `present`,
// and every question to it answers with nothing.
class Node {
 public:
  Node() = default;
  explicit Node(const Value* value) : value_(value) {}

  bool present() const { return value_ != nullptr; }
  explicit operator bool() const { return present(); }
  bool Is(Kind kind) const { return present() && value_->kind == kind; }

  Node operator[](Key key) const {
    if (!present()) return {};
    if (value_->kind == Kind::kTyped) {
      return value_->parts[1].key == key.number() ? Node(value_->parts + 1) : Node();
    }
    if (value_->kind != Kind::kFields) return {};
    const Value* const end = value_->parts + value_->size;
    for (const Value* field = value_->parts; field != end; ++field) {
      if (field->key == key.number()) return Node(field);
    }
    return {};
  }
  absl::string_view Text() const {
    return Is(Kind::kText) ? absl::string_view(value_->text, value_->size) : absl::string_view();
  }
  absl::string_view Text(Key key) const { return (*this)[key].Text(); }
  bool Flag(Key key) const {
    const Node field = (*this)[key];
    return field.Is(Kind::kFlag) && field.value_->number != 0;
  }
  int64_t Number(Key key) const {
    const Node field = (*this)[key];
    return field.Is(Kind::kNumber) ? field.value_->number : 0;
  }
  // The elements of a list; none where this is no list.
  NodeList Items() const;
  NodeList Items(Key key) const;

  // The type of a node of PostgreSQL's, and the node itself. A value without a type, such as an
  // object that stands where only one type can, has neither.
  absl::string_view Tag() const {
    return Is(Kind::kTyped) ? Node(value_->parts).Text() : absl::string_view();
  }
  Node Body() const { return Is(Kind::kTyped) ? Node(value_->parts + 1) : Node(); }
  // The body where the tag is `tag`.
  Node As(Key tag) const { return (*this)[tag]; }

  // What stands right below: the values of the fields, or the items.
  absl::Span<const Value> Parts() const {
    if (!present()) return {};
    switch (value_->kind) {
      case Kind::kTyped:
        return {value_->parts + 1, 1};
      case Kind::kFields:
      case Kind::kList:
        return {value_->parts, value_->size};
      default:
        return {};
    }
  }

  const Value& value() const { return *value_; }

 private:
  const Value* value_ = nullptr;
};

// A view of a list.
class NodeList {
 public:
  class Iterator {
   public:
    explicit Iterator(const Value* at) : at_(at) {}
    Node operator*() const { return Node(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const Value* at_;
  };

  NodeList() = default;
  NodeList(const Value* items, size_t size) : items_(items), size_(size) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // A missing node where there are fewer.
  Node operator[](size_t index) const { return index < size_ ? Node(items_ + index) : Node(); }
  Node back() const { return empty() ? Node() : Node(items_ + size_ - 1); }
  Iterator begin() const { return Iterator(items_); }
  Iterator end() const { return Iterator(items_ + size_); }

 private:
  const Value* items_ = nullptr;
  size_t size_ = 0;
};

inline NodeList Node::Items() const {
  return Is(Kind::kList) ? NodeList(value_->parts, value_->size) : NodeList();
}
inline NodeList Node::Items(Key key) const { return (*this)[key].Items(); }

// A parse tree and its memory. Its nodes stay where they are when it is moved.
class Tree {
 public:
  Tree();
  Tree(Tree&& other) noexcept;
  Tree& operator=(Tree&& other) noexcept;
  ~Tree();

  // Missing where nobody filled it.
  Node root() const;
  // Replaces every text by what `replace` makes of it.
  void ReplaceTexts(absl::FunctionRef<std::string(absl::string_view)> replace);

  // ---- for who fills it

  Value* MakeRoot();
  // `count` values in a row, of kind kNothing.
  Value* Allocate(size_t count);
  // Keeps `count` of the values that were allocated last, which begin at `allocated`.
  void Trim(const Value* allocated, size_t count);
  // A copy of the text, in which what is not UTF-8 is replaced by question marks.
  void SetText(absl::string_view text, Value* value);
  // How many values are allocated.
  size_t size() const;

 private:
  struct Storage;
  // Storages are kept for the thread's next trees.
  static std::vector<std::unique_ptr<Storage>>& Spare();
  Storage& storage();

  std::unique_ptr<Storage> storage_;
};

// Calls `visit(tag, body)` for every typed node in the tree below `root`, itself included, in the
// order of the text. Iterative: an expression of 50,000 terms is nested as deeply.
template <typename Visit>
void Walk(Node root, Visit visit) {
  if (!root) return;
  absl::InlinedVector<const Value*, 32> stack = {&root.value()};
  while (!stack.empty()) {
    const Node node(stack.back());
    stack.pop_back();
    if (node.Is(Kind::kTyped)) visit(node.Tag(), node.Body());
    const absl::Span<const Value> parts = node.Parts();
    for (size_t i = parts.size(); i-- > 0;) {
      if (parts[i].kind >= Kind::kFields) stack.push_back(&parts[i]);
    }
  }
}

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_TREE_H_
