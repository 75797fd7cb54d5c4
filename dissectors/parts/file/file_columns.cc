#include "dissectors/parts/file/file_columns.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::file {

std::span<const File> shown(std::span<const File> files, const Place& at) {
  if (!at.detail) return files;
  const auto found = std::ranges::find(files, at.detail, [](const File& file) -> const void* { return &file; });
  return found == files.end() ? std::span<const File>() : std::span(&*found, 1);
}

namespace read {

std::optional<std::string_view> name(const File& file) {
  return file.name;
}

std::string_view magic(const File& file) {
  if (!file.has_head() || file.content().empty()) return {};
  return file.magic();
}

uint64_t tx_id(const File&, const Place& at) {
  return at.tx->number;
}

bool stored(const File& file) {
  return file.store_id && file.state != State::open;
}

std::optional<uint64_t> store_id(const File& file) {
  return stored(file) ? std::optional(file.store_id) : std::nullopt;
}

bool storing(const File& file) {
  return !stored(file) && file.depth;
}

/// While a file is under way, its size depends on how TCP cut it.
std::optional<uint64_t> size(const File& file) {
  return file.state == State::open ? std::nullopt : std::optional(file.size);
}

std::optional<uint64_t> start(const File& file) {
  return file.range ? std::optional(file.range->first) : std::nullopt;
}

std::optional<uint64_t> end(const File& file) {
  return file.range ? std::optional(file.range->second) : std::nullopt;
}

std::string_view state(const File& file) {
  return state_name(file.state);
}

template <Algorithm algorithm>
std::string shown_digest(const File& file) {
  const bool meaningful = file.state == State::closed || algorithm == Algorithm::sha256;
  if (!meaningful || file.state == State::open) return {};
  return to_hex(file.digest(algorithm).view());
}

template <Algorithm algorithm>
std::optional<std::string> whole_digest(const File& file) {
  return file.state == State::closed ? to_hex(file.digest(algorithm).view()) : std::string();
}

bool visit_size(const Place& at, ValueSink& sink) {
  const File& file = *static_cast<const File*>(at.self);
  // Of a file that broke off this is the least it may be: then there are bytes.
  return sink.take({.bytes = file.state == State::closed ? Bytes() : to_bytes("+"), .integer = file.size});
}

template std::string shown_digest<Algorithm::md5>(const File&);
template std::string shown_digest<Algorithm::sha1>(const File&);
template std::string shown_digest<Algorithm::sha256>(const File&);
template std::optional<std::string> whole_digest<Algorithm::md5>(const File&);
template std::optional<std::string> whole_digest<Algorithm::sha1>(const File&);
template std::optional<std::string> whole_digest<Algorithm::sha256>(const File&);

}  // namespace read

}  // namespace lapwing::file
