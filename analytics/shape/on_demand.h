// OnDemand: what few values of a table have, and is large.
#pragma once

#include <cstddef>
#include <memory>

namespace lapwing::analytics {

/// [G] A T that is made when it is first written to, and until then reads as one that holds nothing.
template <class T>
class OnDemand {
 public:
  OnDemand() = default;
  OnDemand(const OnDemand& other) : held_(other.held_ ? std::make_unique<T>(*other.held_) : nullptr) {}
  OnDemand(OnDemand&&) = default;
  OnDemand& operator=(const OnDemand& other) { return *this = OnDemand(other); }
  OnDemand& operator=(OnDemand&&) = default;

  const T& operator*() const {
    static const T kNothing{};
    return held_ ? *held_ : kNothing;
  }
  const T* operator->() const { return &**this; }
  T& make() {
    if (!held_) held_ = std::make_unique<T>();
    return *held_;
  }
  size_t bytes() const { return held_ ? sizeof(T) : 0; }

 private:
  std::unique_ptr<T> held_;
};

}  // namespace lapwing::analytics
