#include "sensor/identify/ndpi_lines.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

using Found = ndpi_int_one_line_struct;

/// What stands between a header's name and its value.
enum class Gap : uint8_t { none, maybe_blank, blanks };

struct HeaderRow {
  std::string_view begin;                      // in lower case
  Found ndpi_packet_struct::*value = nullptr;  // null: it is only counted
  Gap gap = Gap::none;
};
constexpr HeaderRow kHeaders[] = {
    {"accept: ", &ndpi_packet_struct::accept_line},
    {"accept-encoding: "},
    {"accept-language: "},
    {"accept-ranges: "},
    {"authorization: ", &ndpi_packet_struct::authorization_line, Gap::blanks},
    {"connection: "},
    {"content-disposition: ", &ndpi_packet_struct::content_disposition_line},
    {"content-encoding: ", &ndpi_packet_struct::http_encoding},
    {"content-length: ", &ndpi_packet_struct::http_contentlen},
    {"content-type: ", &ndpi_packet_struct::content_line, Gap::blanks},
    {"cookie: ", &ndpi_packet_struct::http_cookie},
    {"date: "},
    {"etag: "},
    {"expires: "},
    {"host:", &ndpi_packet_struct::host_line, Gap::maybe_blank},
    {"keep-alive: "},
    {"last-modified: "},
    {"origin: ", &ndpi_packet_struct::http_origin},
    {"pragma: "},
    {"referer: ", &ndpi_packet_struct::referer_line},
    {"server:", &ndpi_packet_struct::server_line, Gap::maybe_blank},
    {"set-cookie: "},
    {"transfer-encoding: ", &ndpi_packet_struct::http_transfer_encoding},
    {"upgrade-insecure-requests: "},
    {"user-agent: ", &ndpi_packet_struct::user_agent_line},
    {"vary: "},
    {"x-forwarded-for:", &ndpi_packet_struct::forwarded_line, Gap::maybe_blank},
    {"x-session-type: ", &ndpi_packet_struct::http_x_session_type},
};

constexpr char kFirst = 'a', kLast = 'z';

constexpr auto make_starts() {
  std::array<uint8_t, kLast - kFirst + 2> out{};
  for (size_t letter = 0; letter < out.size(); ++letter) {
    for (const HeaderRow& row : kHeaders) out[letter] += static_cast<size_t>(row.begin[0] - kFirst) < letter;
  }
  return out;
}
/// The first row of each letter, and of the one behind the last.
constexpr auto kStarts = make_starts();
static_assert(std::ranges::is_sorted(kHeaders, {}, [](const HeaderRow& row) { return row.begin[0]; }));

bool begins(const uint8_t* line, std::string_view with) {
  return std::equal(with.begin(), with.end(), line,
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == lower(b); });
}

const HeaderRow* header_of(const Found& line) {
  const uint8_t letter = lower(line.ptr[0]);
  if (letter < kFirst || letter > kLast) return nullptr;
  for (const HeaderRow& row :
       std::span(kHeaders)
           .subspan(kStarts[letter - kFirst])
           .first(static_cast<size_t>(kStarts[letter - kFirst + 1] - kStarts[letter - kFirst]))) {
    if (line.len > row.begin.size() + (row.gap == Gap::maybe_blank) && begins(line.ptr, row.begin)) return &row;
  }
  return nullptr;
}

Found behind(const Found& line, size_t size) {
  return {line.ptr + size, static_cast<uint16_t>(line.len - size)};
}

void take_header(ndpi_packet_struct& packet, const Found& line) {
  constexpr std::string_view kUnspaced = "content-type:";  // some leave the blank out
  if (line.len == 0) return;
  if (const HeaderRow* row = header_of(line)) {
    ++packet.http_num_headers;
    if (!row->value) return;
    Found value = behind(line, row->begin.size());
    if (row->gap == Gap::maybe_blank && value.ptr[0] == ' ') value = behind(value, 1);
    if (row->gap == Gap::blanks) {
      while (value.len > 0 && value.ptr[0] == ' ') value = behind(value, 1);
    }
    packet.*row->value = value;
  } else if (packet.content_line.len == 0 && line.len > kUnspaced.size() && begins(line.ptr, kUnspaced)) {
    ++packet.http_num_headers;
    packet.content_line = behind(line, kUnspaced.size());
  } else {
    return;
  }
  Found& type = packet.content_line;
  for (const char end : {';', '\r'}) {  // "application/json; charset=utf-8"
    const void* at = type.len > 0 ? std::memchr(type.ptr, end, type.len) : nullptr;
    if (at) type.len = static_cast<uint16_t>(static_cast<const uint8_t*>(at) - type.ptr);
  }
}

/// As "HTTP/1.1 200 OK".
void take_status(ndpi_packet_struct& packet, ndpi_flow_struct& flow) {
  constexpr std::string_view kBegin = "http/1.", kStatus = "http/1.1 ", kLine = "http/1.1 200 ";
  constexpr uint16_t kLeast = 100, kMost = 509;  // that nDPI knows
  const Found& line = packet.line[0];
  if (line.len < kLine.size() || !begins(line.ptr, kBegin)) return;
  const uint8_t* const code = line.ptr + kStatus.size();
  if (code[0] <= '0' || code[0] >= '6') return;
  packet.http_response = behind(line, kStatus.size());
  ++packet.http_num_headers;
  uint16_t status = 0;
  for (size_t i = 0; i < 3 && code[i] >= '0' && code[i] <= '9'; ++i) {
    status = static_cast<uint16_t>(status * 10 + code[i] - '0');
  }
  flow.http.response_status_code = status < kLeast || status > kMost ? 0 : status;
}

void forget_lines(ndpi_packet_struct& packet) {
  packet.packet_lines_parsed_complete = 1;
  packet.parsed_lines = 0;
  packet.empty_line_position_set = 0;
  packet.http_num_headers = 0;
  for (Found* one : {&packet.host_line, &packet.referer_line, &packet.content_line, &packet.accept_line,
                     &packet.user_agent_line, &packet.http_url_name, &packet.http_encoding,
                     &packet.http_transfer_encoding, &packet.http_contentlen, &packet.content_disposition_line,
                     &packet.http_cookie, &packet.http_origin, &packet.http_x_session_type, &packet.server_line,
                     &packet.http_method, &packet.http_response, &packet.authorization_line, &packet.forwarded_line}) {
    *one = {nullptr, 0};
  }
}

}  // namespace

void find_lines(ndpi_packet_struct& packet, ndpi_flow_struct& flow) {
  const std::span<const uint8_t> payload(packet.payload, packet.payload_packet_len);
  if (payload.size() < 3 || !packet.payload || packet.packet_lines_parsed_complete) return;
  forget_lines(packet);
  packet.line[0] = {packet.payload, 0};
  const uint8_t* const end = payload.data() + payload.size();
  for (const uint8_t* at = packet.payload;;) {
    at = static_cast<const uint8_t*>(std::memchr(at, '\r', static_cast<size_t>(end - at)));
    if (!at || end - at < 2) break;
    if (at[1] != '\n') {
      ++at;
      continue;
    }
    if (end - at > 4 && at[2] == '\r' && at[3] == '\n') {
      flow.initial_binary_bytes_len =
          static_cast<uint8_t>(std::min(static_cast<size_t>(end - at - 4), sizeof flow.initial_binary_bytes));
      std::memcpy(flow.initial_binary_bytes, at + 4, flow.initial_binary_bytes_len);
    }
    Found& line = packet.line[packet.parsed_lines];
    line.len = static_cast<uint16_t>(at - line.ptr);
    if (packet.parsed_lines == 0) take_status(packet, flow);
    take_header(packet, line);
    if (line.len == 0) {
      packet.empty_line_position = static_cast<uint16_t>(at - packet.payload);
      packet.empty_line_position_set = 1;
    }
    if (packet.parsed_lines == NDPI_MAX_PARSE_LINES_PER_PACKET - 1) return;
    at += 2;
    packet.line[++packet.parsed_lines] = {at, 0};
  }
  if (packet.parsed_lines == 0) return;
  Found& rest = packet.line[packet.parsed_lines++];
  rest.len = static_cast<uint16_t>(end - rest.ptr);
}

}  // namespace lapwing
