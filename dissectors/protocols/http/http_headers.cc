#include "dissectors/protocols/http/http_headers.h"

#include <algorithm>
#include <new>
#include <string>

#include "dissectors/protocols/http/http_parser.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::http {
namespace {

uint64_t hash_of(std::string_view name) {
  static const uint64_t seed = draw_seed();
  return keyed_hash(to_bytes(to_lower(name)), seed);
}

const htp_header_t& at(const htp_table_t* headers, size_t number) {
  return *static_cast<const htp_header_t*>(htp_table_get_index(headers, number, nullptr));
}

bool is_named(const htp_header_t& header, std::string_view name) {
  const std::string_view sent = to_text(view(header.name));
  if (sent.size() <= name.size()) return equal_nocase(sent, name);
  return sent.find('\0') != std::string_view::npos && bstr_cmp_c_nocasenorzero(header.name, name.data()) == 0;
}

/// Names whose marks differ are different, but for what bytes of zero are passed over.
constexpr uint32_t kUnmarked = 0;
uint32_t mark_of(std::string_view name) {
  if (name.empty()) return kUnmarked;
  return static_cast<uint32_t>(name.size()) << 16 | uint32_t{lower(static_cast<uint8_t>(name.front()))} << 8 |
         lower(static_cast<uint8_t>(name.back()));
}

/// Appended to the value of a header.
void append(htp_header_t& header, std::string_view between, std::string_view more) {
  bstr* longer = bstr_expand(header.value, bstr_len(header.value) + between.size() + more.size());
  if (!longer) throw std::bad_alloc();
  header.value = longer;
  bstr_add_mem_noex(header.value, between.data(), between.size());
  bstr_add_mem_noex(header.value, more.data(), more.size());
}

/// Lines that go on are one, their spaces kept (RFC 9112 5.2).
std::string unfolded(std::string_view value) {
  std::string out(value);
  std::erase_if(out, [](char c) { return c == '\r' || c == '\n'; });
  return out;
}

}  // namespace

const htp_header_t* find_header(const htp_table_t* headers, const char* name, size_t from) {
  for (size_t i = from, n = headers ? htp_table_size(headers) : 0; i < n; ++i) {
    const htp_header_t& header = at(headers, i);
    if (is_named(header, name)) return &header;
  }
  return nullptr;
}

void HeaderNames::read(const htp_table_t* headers) {
  size_ = static_cast<uint8_t>(std::min(headers ? htp_table_size(headers) : 0, marks_.size()));
  for (size_t i = 0; i < size_; ++i) {
    const std::string_view name = to_text(view(at(headers, i).name));
    marks_[i] = name.find('\0') == std::string_view::npos ? mark_of(name) : kUnmarked;
  }
}

const htp_header_t* HeaderNames::find(const htp_table_t* headers, const char* name) const {
  const uint32_t wanted = mark_of(name);
  for (size_t i = 0; i < size_; ++i) {
    if (marks_[i] != wanted && marks_[i] != kUnmarked) continue;
    if (const htp_header_t& header = at(headers, i); is_named(header, name)) return &header;
  }
  return find_header(headers, name, size_);
}

std::string_view header_value(const htp_table_t* headers, const char* name) {
  const htp_header_t* found = find_header(headers, name);
  return found ? trim(to_text(view(found->value))) : std::string_view{};
}

/// Other codings may stand before the chunks (RFC 9112 6.1).
void settle_coding(htp_tx_t& tx) {
  if (tx.request_transfer_coding != HTP_CODING_INVALID) return;
  const std::string_view codings = header_value(tx.request_headers, "transfer-encoding");
  const auto length = parse_unsigned(header_value(tx.request_headers, "content-length"));
  const size_t comma = codings.rfind(',');
  if (equal_nocase(trim(codings.substr(comma == std::string_view::npos ? 0 : comma + 1)), "chunked")) {
    tx.request_transfer_coding = HTP_CODING_CHUNKED;
  } else if (length && *length <= INT64_MAX) {
    tx.request_transfer_coding = HTP_CODING_IDENTITY;
    tx.request_content_length = static_cast<int64_t>(*length);
  } else {
    tx.request_transfer_coding = HTP_CODING_NO_BODY;
  }
  tx.flags &= ~HTP_REQUEST_INVALID;
}

/// Learns what libhtp added.
void HeaderTable::follow(const htp_tx_t& tx, Direction direction) {
  for (const size_t size = HeaderTable::size(tx, direction); indexed_ < size; ++indexed_) {
    auto* header = static_cast<htp_header_t*>(htp_table_get_index(headers(tx, direction), indexed_, nullptr));
    by_name_.try_emplace(hash_of(to_text(view(header->name))), Known{header, 0});
  }
}

bool HeaderTable::add(htp_tx_t& tx, Direction direction, std::string_view field) {
  follow(tx, direction);
  if (field.starts_with(' ') || field.starts_with('\t')) {
    if (!last_) return false;
    append(*last_, {}, unfolded(field));
    last_->flags |= HTP_FIELD_FOLDED;
    return true;
  }
  const size_t colon = field.find(':');
  const std::string_view name = colon == std::string_view::npos ? std::string_view("") : trim(field.substr(0, colon));
  const std::string value(trim(unfolded(colon == std::string_view::npos ? field : field.substr(colon + 1))));
  Known& known = by_name_[hash_of(name)];
  if (known.header) {
    last_ = known.header;
    last_->flags |= HTP_FIELD_REPEATED;
    if (known.repetitions++ < kMaxRepetitions) {
      append(*last_, ", ", value);
    } else {
      crowded_ = true;
    }
    return true;
  }
  const auto set = direction == Direction::to_server ? htp_tx_req_set_header : htp_tx_res_set_header;
  if (set(&tx, name.data(), name.size(), value.data(), value.size(), HTP_ALLOC_COPY) != HTP_OK) throw std::bad_alloc();
  known.header = last_ = static_cast<htp_header_t*>(htp_table_get_index(headers(tx, direction), indexed_++, nullptr));
  return true;
}

}  // namespace lapwing::http
