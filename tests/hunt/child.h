// Child: work in a process of its own, whose death or standstill is a finding.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/hunt/examine.h"

namespace lapwing::hunt {

class Child {
 public:
  /// What the child says to its parent.
  class Line {
   public:
    void begin(uint64_t number);  // of the case at hand
    void found(const Finding& finding);
    void seen(std::string_view name);

   private:
    friend class Child;
    void say(char what, const std::string& text);
    struct Seat* place_ = nullptr;
    int pipe_ = -1;
    std::set<std::string, std::less<>> told_;
  };
  struct News {
    uint64_t number = 0;
    Finding finding;
  };

  /// Forks. Its standard error goes to the file `log`; a case that takes more than `limit` seconds of CPU is a hang.
  Child(std::string log, double limit, const std::function<void(Line&)>& work);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Takes what it said since the last call, its death included. False when it has ended and said all.
  bool look(std::vector<News>& news, std::set<std::string>& seen);
  uint64_t number() const;  // of the case at hand
  uint64_t cases() const;   // begun

 private:
  void read_lines(std::vector<News>& news, std::set<std::string>& seen);
  Finding post_mortem(int status) const;
  void watch_the_clock();

  const std::string log_;
  const double limit_;
  pid_t pid_ = -1;
  int pipe_ = -1;
  struct Seat* place_ = nullptr;
  std::string waiting_;
  uint64_t watched_ = 0;      // cases begun when the clock was looked at
  double watched_since_ = 0;  // CPU seconds of the child then
  bool hung_ = false;
};

}  // namespace lapwing::hunt
