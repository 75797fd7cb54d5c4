#include "export/outputs/zmq/curve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "sensor/base/descriptor.h"
#include "sensor/base/setting.h"
#include "sensor/base/text.h"

namespace lapwing {
namespace {

constexpr size_t kKeyText = 40;        // characters of Z85 for 32 bytes (ZeroMQ RFC 32)
constexpr size_t kMaxFile = 16 << 20;  // bytes; some 400,000 clients

struct Line {
  std::string key;
  SourceMark mark;
};

[[noreturn]] void fail(const std::string& path, const std::string& message) {
  throw SettingError({path, 0, 0}, message);
}

std::string read_file(const std::string& path, bool secret) {
  // Not to be held up by a FIFO in the file's place.
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) fail(path, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) fail(path, "is no regular file");
  if (secret && (info.st_mode & 077)) fail(path, "others may read or write this secret key; do: chmod 600 " + path);
  std::string text;
  std::array<char, 4096> part;
  ssize_t n = 0;
  while ((n = read(file.get(), part.data(), part.size())) != 0) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, std::strerror(errno));
    text.append(part.data(), static_cast<size_t>(n));
    if (text.size() > kMaxFile) fail(path, "is too large for a list of keys");
  }
  return text;
}

bool is_key(const std::string& text) {
  std::array<uint8_t, 32> bytes;
  return text.size() == kKeyText && zmq_z85_decode(bytes.data(), text.c_str());
}

std::vector<Line> read_keys(const std::string& path, bool secret) {
  std::vector<Line> out;
  uint32_t number = 0;
  const std::string text = read_file(path, secret);
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    std::string key(line.substr(0, line.find_first_of(" \t")));
    if (key.empty() || key == "#") continue;
    // The text itself stays unsaid: it may be a secret.
    if (!is_key(key)) {
      throw SettingError({path, number, 1},
                         "not a key: 40 characters of Z85, as `lapwing keygen` writes them ('# ' begins a comment)");
    }
    out.push_back({std::move(key), {path, number, 1}});
  }
  return out;
}

std::string read_one_key(const std::string& path, bool secret) {
  auto keys = read_keys(path, secret);
  if (keys.size() != 1) fail(path, "holds " + std::to_string(keys.size()) + " keys instead of one");
  return keys[0].key;
}

void write_file(const std::string& path, const std::string& text, mode_t mode) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0) fail(path, std::strerror(errno));
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    const int reason = errno;
    unlink(path.c_str());
    fail(path, std::strerror(reason));
  }
}

}  // namespace

CurveKeys write_new_keys(const std::string& path) {
  std::array<char, kKeyText + 1> public_key, secret_key;
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) fail(path, zmq_strerror(zmq_errno()));
  CurveKeys keys{public_key.data(), secret_key.data()};
  write_file(path, keys.secret_key + "\n", 0600);
  try {
    write_file(path + ".pub", keys.public_key + "\n", 0644);
  } catch (...) {
    unlink(path.c_str());
    throw;
  }
  return keys;
}

CurveKeys read_secret_key(const std::string& path) {
  CurveKeys keys{.secret_key = read_one_key(path, true)};
  std::array<char, kKeyText + 1> public_key;
  if (zmq_curve_public(public_key.data(), keys.secret_key.c_str()) != 0) fail(path, zmq_strerror(zmq_errno()));
  keys.public_key = public_key.data();
  return keys;
}

std::string read_public_key(const std::string& path) {
  return read_one_key(path, false);
}

std::set<std::string, std::less<>> read_client_keys(const std::string& path) {
  std::set<std::string, std::less<>> out;
  for (Line& line : read_keys(path, false)) {
    if (!out.insert(std::move(line.key)).second) throw SettingError(line.mark, "this key is listed twice");
  }
  return out;
}

}  // namespace lapwing
