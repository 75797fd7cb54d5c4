// per_thread: scratch of a thread's own, made at its first use.
#pragma once

namespace lapwing {

/// [W] What per_thread() made on this thread, which ends with it. A thread_local object with a destructor will not do:
/// where glibc has no memory to note the destructor it ends the process, while traffic is under way.
class ThreadObjects {
 public:
  /// To be called when the thread begins; otherwise the first per_thread() does.
  static void begin() {
    static thread_local const ThreadObjects owner;
    static_cast<void>(owner);
  }

  struct Object {
    Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    virtual ~Object() = default;
    Object* next = nullptr;
  };
  static void add(Object* object) noexcept {
    object->next = newest;
    newest = object;
  }

 private:
  ThreadObjects() = default;
  ~ThreadObjects() {
    while (Object* object = newest) {
      newest = object->next;
      delete object;
    }
  }

  static inline thread_local Object* newest = nullptr;
};

/// The thread's own result of `make`, a lambda without captures: one for each place that has one. Throws what `make`
/// throws, std::bad_alloc too, and then makes it at the next call.
template <class Make>
auto& per_thread(Make make) {
  using T = decltype(make());
  struct Made final : ThreadObjects::Object {
    explicit Made(Make m) : value(m()) {}
    T value;
  };
  static thread_local Made* made = nullptr;
  if (!made) {
    ThreadObjects::begin();
    made = new Made(make);
    ThreadObjects::add(made);
  }
  return made->value;
}

}  // namespace lapwing
