#ifndef PLIMSOLL_ANALYZER_THIN_VECTOR_H_
#define PLIMSOLL_ANALYZER_THIN_VECTOR_H_

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace plimsoll {

// A std::vector for a field that most values of their kind leave empty: as large as a pointer, and
// a null one while it is empty. Actions and relations have dozens of such fields, are made by the
// thousand and copied often; with std::vector half of their bytes would be zeros.
//
// It has of std::vector's interface what is used, with the same meaning; references and iterators
// live as long as there.
template <typename T>
class ThinVector {
 public:
  using value_type = T;
  using size_type = size_t;
  using iterator = T*;
  using const_iterator = const T*;

  ThinVector() = default;
  ThinVector(std::initializer_list<T> list) : ThinVector(std::vector<T>(list)) {}
  // Of a whole vector, as functions return it.
  ThinVector(std::vector<T> list) {  // NOLINT(google-explicit-constructor)
    if (!list.empty()) list_ = std::make_unique<std::vector<T>>(std::move(list));
  }
  ThinVector(const ThinVector& other) : ThinVector() { *this = other; }
  ThinVector(ThinVector&&) noexcept = default;
  ThinVector& operator=(const ThinVector& other) {
    if (this != &other) {
      list_ = other.empty() ? nullptr : std::make_unique<std::vector<T>>(*other.list_);
    }
    return *this;
  }
  ThinVector& operator=(ThinVector&&) noexcept = default;
  ~ThinVector() = default;

  operator const std::vector<T>&() const { return All(); }  // NOLINT(google-explicit-constructor)
  const std::vector<T>& All() const {
    static const auto& none = *new std::vector<T>();
    return list_ == nullptr ? none : *list_;
  }

  size_t size() const { return list_ == nullptr ? 0 : list_->size(); }
  bool empty() const { return size() == 0; }
  T* data() { return list_ == nullptr ? nullptr : list_->data(); }
  const T* data() const { return list_ == nullptr ? nullptr : list_->data(); }
  T* begin() { return data(); }
  const T* begin() const { return data(); }
  T* end() { return data() + size(); }
  const T* end() const { return data() + size(); }
  T& operator[](size_t index) { return data()[index]; }
  const T& operator[](size_t index) const { return data()[index]; }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }
  T& back() { return end()[-1]; }
  const T& back() const { return end()[-1]; }

  void push_back(T value) { Own().push_back(std::move(value)); }
  template <typename... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    return Own().emplace_back(std::forward<Arguments>(arguments)...);
  }
  template <typename Iterator>
  void insert(const T* position, Iterator first, Iterator last) {
    const auto index = position - begin();
    Own().insert(Own().begin() + index, first, last);
  }
  T* erase(const T* first, const T* last) {
    const auto index = first - begin();
    if (first != last) Own().erase(Own().begin() + index, Own().begin() + (last - begin()));
    return begin() + index;
  }
  T* erase(const T* position) { return erase(position, position + 1); }
  void resize(size_t size) { Own().resize(size); }
  void clear() { list_ = nullptr; }

  template <typename Predicate>
  friend size_t erase_if(ThinVector& list, Predicate predicate) {
    return list.list_ == nullptr ? 0 : std::erase_if(*list.list_, predicate);
  }
  friend bool operator==(const ThinVector& a, const ThinVector& b) {
    return a.All() == b.All();
  }

 private:
  std::vector<T>& Own() {
    if (list_ == nullptr) list_ = std::make_unique<std::vector<T>>();
    return *list_;
  }

  std::unique_ptr<std::vector<T>> list_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_THIN_VECTOR_H_
