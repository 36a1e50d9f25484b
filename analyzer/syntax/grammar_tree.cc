#include <algorithm>
#include <cstring>
#include <utility>

#include "analyzer/syntax/grammar_text.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll::tree {
namespace {

// Memory that is handed out from front to back and taken back at once.
template <typename T>
class Arena {
 public:
  T* Allocate(size_t count) {
    if (count > left_) AddChunk(count);
    T* const allocated = next_;
    next_ += count;
    left_ -= count;
    return allocated;
  }
  // Takes back the end of what was allocated last, from `end` on, and returns how many that are.
  size_t Trim(const T* end) {
    const auto unused = static_cast<size_t>(next_ - end);
    next_ -= unused;
    left_ += unused;
    return unused;
  }
  // Whatever was allocated is gone; the first chunk is kept.
  void Clear() {
    if (chunks_.empty()) return;
    chunks_.resize(1);
    next_ = chunks_[0].get();
    left_ = kChunk;
    allocated_ = kChunk;
  }

 private:
  static constexpr size_t kChunk = (size_t{64} << 10) / sizeof(T);

  // Each is as large as all before it, and the first has the usual size, so that it can be kept.
  void AddChunk(size_t count) {
    if (chunks_.empty() && count > kChunk) AddChunk(kChunk);
    const size_t size = chunks_.empty() ? kChunk : std::max(count, allocated_);
    allocated_ += size;
    chunks_.push_back(std::make_unique_for_overwrite<T[]>(size));
    next_ = chunks_.back().get();
    left_ = size;
  }

  std::vector<std::unique_ptr<T[]>> chunks_;
  T* next_ = nullptr;
  size_t left_ = 0;
  size_t allocated_ = 0;  // in all chunks
};

bool IsAscii(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

}  // namespace

struct Tree::Storage {
  Value root;
  size_t size = 0;
  Arena<Value> values;
  Arena<char> texts;
};

std::vector<std::unique_ptr<Tree::Storage>>& Tree::Spare() {
  thread_local std::vector<std::unique_ptr<Storage>> spare;
  return spare;
}

Tree::Tree() = default;
Tree::Tree(Tree&& other) noexcept = default;

Tree& Tree::operator=(Tree&& other) noexcept {
  std::swap(storage_, other.storage_);
  return *this;
}

Tree::~Tree() {
  // As many as nest: the statements of a file, a body in one of them, a text that it executes.
  constexpr size_t kSpare = 4;
  if (storage_ == nullptr || Spare().size() == kSpare) return;
  storage_->values.Clear();
  storage_->texts.Clear();
  storage_->root = Value();
  storage_->size = 0;
  Spare().push_back(std::move(storage_));
}

Tree::Storage& Tree::storage() {
  if (storage_ == nullptr) {
    if (Spare().empty()) {
      storage_ = std::make_unique<Storage>();
    } else {
      storage_ = std::move(Spare().back());
      Spare().pop_back();
    }
  }
  return *storage_;
}

Node Tree::root() const {
  if (storage_ == nullptr || storage_->root.kind == Kind::kNothing) return {};
  return Node(&storage_->root);
}

size_t Tree::size() const { return storage_ == nullptr ? 0 : storage_->size; }

Value* Tree::MakeRoot() { return &storage().root; }

Value* Tree::Allocate(size_t count) {
  Storage& into = storage();
  Value* const values = into.values.Allocate(count);
  std::fill_n(values, count, Value());
  into.size += count;
  return values;
}

void Tree::Trim(const Value* allocated, size_t count) {
  storage_->size -= storage_->values.Trim(allocated + count);
}

void Tree::SetText(absl::string_view text, Value* value) {
  text = text.substr(0, Value::kMaxSize);
  char* const copy = storage().texts.Allocate(text.size());
  memcpy(copy, text.data(), text.size());
  if (!IsAscii(text)) MakeUtf8({copy, text.size()});
  value->SetText({copy, text.size()});
}

void Tree::ReplaceTexts(absl::FunctionRef<std::string(absl::string_view)> replace) {
  if (!root()) return;
  std::vector<Value*> stack = {&storage_->root};
  while (!stack.empty()) {
    Value* const value = stack.back();
    stack.pop_back();
    if (value->kind == Kind::kText) SetText(replace(Node(value).Text()), value);
    for (const Value& part : Node(value).Parts()) stack.push_back(const_cast<Value*>(&part));
  }
}

}  // namespace plimsoll::tree
