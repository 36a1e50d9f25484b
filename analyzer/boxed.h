#ifndef PLIMSOLL_ANALYZER_BOXED_H_
#define PLIMSOLL_ANALYZER_BOXED_H_

#include <memory>
#include <optional>
#include <utility>

namespace plimsoll {

// A std::optional for a field that most values of their kind lack: as large as a pointer, and a
// null one while there is nothing. A copy has a value of its own. See ThinVector.
template <typename T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(T value)  // NOLINT(google-explicit-constructor)
      : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(std::optional<T> value) {  // NOLINT(google-explicit-constructor)
    if (value) value_ = std::make_unique<T>(*std::move(value));
  }
  Boxed(const Boxed& other) : Boxed() { *this = other; }
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) value_ = other ? std::make_unique<T>(*other) : nullptr;
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  explicit operator bool() const { return value_ != nullptr; }
  bool has_value() const { return value_ != nullptr; }
  // Where there is something.
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  // A T() where there is nothing.
  const T& OrDefault() const {
    static const auto& none = *new T();
    return value_ == nullptr ? none : *value_;
  }
  void reset() { value_ = nullptr; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_BOXED_H_
