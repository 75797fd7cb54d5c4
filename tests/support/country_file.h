// CountryFile: a database of countries in MaxMind's format (maxmind.github.io/MaxMind-DB), IPv4 only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lapwing::test {

class CountryFile {
 public:
  struct Network {
    std::string address;
    int length;
    std::string code;
  };
  /// Writes a file that lasts as long as this object.
  explicit CountryFile(const std::vector<Network>& networks);
  ~CountryFile();
  CountryFile(const CountryFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace lapwing::test
