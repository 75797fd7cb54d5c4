#include "analytics/frame/snapshot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "sensor/base/descriptor.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

constexpr std::string_view kMagic("LAPWING\x1a", 8);
constexpr size_t kSum = 8;            // bytes of the checksum
constexpr size_t kLeastSection = 13;  // bytes
constexpr mode_t kMode = S_IRUSR | S_IWUSR;

[[noreturn]] void reject(const std::string& why) {
  throw SnapshotError(why);
}

std::string names(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& name : list) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

int write_all(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return fsync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

std::vector<uint8_t> Snapshot::encode() const {
  StateWriter out;
  out.bytes(to_bytes(kMagic));
  out.u32(kVersion);
  out.u64(seed);
  out.u64(internal);
  out.u32(static_cast<uint32_t>(sections.size()));
  for (const Section& section : sections) {
    out.u8(static_cast<uint8_t>(section.name.size()));
    out.bytes(to_bytes(section.name));
    out.u32(section.version);
    out.u64(section.bytes.size());
    out.bytes(section.bytes);
  }
  std::vector<uint8_t> all = out.take();
  StateWriter sum;
  sum.u64(keyed_hash(all, kReplaySeed));
  const std::vector<uint8_t> end = sum.take();
  all.insert(all.end(), end.begin(), end.end());
  return all;
}

Snapshot decode_snapshot(Bytes bytes) {
  if (bytes.size() < kMagic.size() || to_text(bytes.first(kMagic.size())) != kMagic) {
    reject("it is no state of Lapwing");
  }
  StateReader in(bytes);
  in.bytes(kMagic.size());
  const uint32_t version = in.u32();
  if (in.ok() && version != Snapshot::kVersion) {
    reject("its version is " + std::to_string(version) + ", this Lapwing reads " + std::to_string(Snapshot::kVersion));
  }
  if (in.left() < kSum) reject("it is cut off");
  const Bytes body = bytes.first(bytes.size() - kSum);
  StateReader sum(bytes.last(kSum));
  if (sum.u64() != keyed_hash(body, kReplaySeed)) reject("its checksum is wrong");
  in = StateReader(body.subspan(kMagic.size() + 4));
  Snapshot out{.seed = in.u64(), .internal = in.u64(), .sections = {}};
  for (uint32_t left = in.count(kLeastSection); left > 0 && in.ok(); --left) {
    Snapshot::Section& section = out.sections.emplace_back();
    section.name = to_text(in.bytes(in.u8()));
    section.version = in.u32();
    const uint64_t size = in.u64();
    const Bytes kept = in.bytes(std::min<uint64_t>(size, SIZE_MAX));
    section.bytes.assign(kept.begin(), kept.end());
  }
  if (!in.done()) reject("it is at fault inside");
  return out;
}

void check_fit(const Snapshot& snapshot, std::span<const std::shared_ptr<const AnyDetector>> detectors,
               const Surroundings& surroundings) {
  if (snapshot.internal != surroundings.internal.fingerprint()) {
    reject("analytics.internal had other networks when it was written");
  }
  std::vector<std::string> there, wanted;
  for (const Snapshot::Section& section : snapshot.sections) there.push_back(section.name);
  for (const auto& detector : detectors) {
    if (detector->state() != 0) wanted.emplace_back(detector->about().name);
  }
  if (there != wanted) reject("it is of the detectors " + names(there) + "; those on are " + names(wanted));
  for (const auto& detector : detectors) {
    const auto found = std::ranges::find(snapshot.sections, detector->about().name, &Snapshot::Section::name);
    if (found == snapshot.sections.end() || found->version == detector->state()) continue;
    reject(found->name + " wrote version " + std::to_string(found->version) + ", this Lapwing reads " +
           std::to_string(detector->state()));
  }
}

bool SnapshotFile::foreign() const {
  const Descriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return false;
  struct stat about {};
  if (fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return true;
  std::array<char, kMagic.size()> head{};
  const ssize_t got = ::read(file.get(), head.data(), head.size());
  return got != 0 && std::string_view(head.data(), head.size()) != kMagic;
}

std::optional<Snapshot> SnapshotFile::read() const {
  // Who may write beside it might put a pipe in its place.
  const Descriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    reject(std::strerror(errno));
  }
  struct stat about {};
  if (fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) reject("it is no regular file");
  if (about.st_size == 0) return std::nullopt;
  if (static_cast<uint64_t>(about.st_size) > Snapshot::kMostBytes) reject("it is larger than 1 GiB");
  std::vector<uint8_t> bytes(static_cast<size_t>(about.st_size));
  size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t more = ::read(file.get(), bytes.data() + got, bytes.size() - got);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) reject(std::strerror(errno));
    if (more == 0) break;
    got += static_cast<size_t>(more);
  }
  return decode_snapshot(Bytes(bytes).first(got));
}

int SnapshotFile::write(Bytes bytes) {
  const std::string beside = path_ + ".new";
  unlink(beside.c_str());
  const Descriptor file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (file.get() < 0) return errno;
  if (const int error = write_all(file.get(), bytes)) {
    unlink(beside.c_str());
    return error;
  }
  if (refused_ && rename(path_.c_str(), (path_ + ".refused").c_str()) != 0 && errno != ENOENT) return errno;
  refused_ = false;
  if (rename(beside.c_str(), path_.c_str()) != 0) return errno;
  // The name as well survives a power failure.
  const std::string folder = std::filesystem::path(path_).parent_path();
  const Descriptor around(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (around.get() >= 0) fsync(around.get());
  return 0;
}

}  // namespace lapwing::analytics
