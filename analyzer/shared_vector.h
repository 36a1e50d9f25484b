#ifndef PLIMSOLL_ANALYZER_SHARED_VECTOR_H_
#define PLIMSOLL_ANALYZER_SHARED_VECTOR_H_

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace plimsoll {

// A std::vector whose copies share their elements until one of them is changed: the versions of a
// relation differ in little. Whatever could change an element makes this copy's its own first, so
// read through a const reference where there is one. Several threads may read and copy one; each
// copy is one thread's.
//
// It has of std::vector's interface what is used, with the same meaning. References and iterators
// live as long as there, and no longer than until the next copy is taken and changed.
template <typename T>
class SharedVector {
 public:
  using value_type = T;
  using size_type = size_t;
  using iterator = typename std::vector<T>::iterator;
  using const_iterator = typename std::vector<T>::const_iterator;

  SharedVector() = default;
  SharedVector(std::initializer_list<T> list) : SharedVector(std::vector<T>(list)) {}
  SharedVector(std::vector<T> list) {  // NOLINT(google-explicit-constructor)
    if (!list.empty()) list_ = std::make_shared<std::vector<T>>(std::move(list));
  }

  operator const std::vector<T>&() const { return All(); }  // NOLINT(google-explicit-constructor)
  const std::vector<T>& All() const {
    static const auto& none = *new std::vector<T>();
    return list_ == nullptr ? none : *list_;
  }

  size_t size() const { return list_ == nullptr ? 0 : list_->size(); }
  bool empty() const { return size() == 0; }
  const T* data() const { return All().data(); }
  iterator begin() { return Own().begin(); }
  const_iterator begin() const { return All().begin(); }
  iterator end() { return Own().end(); }
  const_iterator end() const { return All().end(); }
  T& operator[](size_t index) { return Own()[index]; }
  const T& operator[](size_t index) const { return All()[index]; }
  T& front() { return Own().front(); }
  const T& front() const { return All().front(); }
  T& back() { return Own().back(); }
  const T& back() const { return All().back(); }

  void reserve(size_t size) { Own().reserve(size); }
  void push_back(T value) { Own().push_back(std::move(value)); }
  template <typename... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    return Own().emplace_back(std::forward<Arguments>(arguments)...);
  }
  template <typename Iterator>
  void insert(iterator position, Iterator first, Iterator last) {
    Own().insert(position, first, last);
  }
  iterator erase(iterator position) { return Own().erase(position); }
  iterator erase(iterator first, iterator last) { return Own().erase(first, last); }
  void clear() { list_ = nullptr; }

  template <typename Predicate>
  friend size_t erase_if(SharedVector& list, Predicate predicate) {
    return list.list_ == nullptr ? 0 : std::erase_if(list.Own(), predicate);
  }

 private:
  std::vector<T>& Own() {
    if (list_ == nullptr) {
      list_ = std::make_shared<std::vector<T>>();
    } else if (list_.use_count() > 1) {
      list_ = std::make_shared<std::vector<T>>(*list_);
    }
    return *list_;
  }

  std::shared_ptr<std::vector<T>> list_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SHARED_VECTOR_H_
