#include "dissectors/parts/mime/mime_coding.h"

#include <algorithm>
#include <array>

#include "dissectors/parts/mime/base64_blocks.h"
#include "sensor/base/base64.h"
#include "sensor/base/text.h"

namespace lapwing::mime {

namespace {

constexpr uint8_t kBlank = 64, kPad = 65, kNone = 66;

constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> out{};
  for (size_t c = 0; c < out.size(); ++c) {
    const int value = base64_value(static_cast<uint8_t>(c));
    out[c] = value < 0 ? kNone : static_cast<uint8_t>(value);
  }
  for (uint8_t blank : {' ', '\t', '\r', '\n'}) out[blank] = kBlank;
  out['='] = kPad;
  return out;
}
constexpr std::array<uint8_t, 256> kValues = make_values();

/// Writes the first bytes of 24 bits; returns where the next go.
char* put(uint32_t bits, size_t bytes, char* to) {
  for (size_t i = 0; i < bytes; ++i) *to++ = static_cast<char>(bits >> (16 - 8 * i));
  return to;
}

}  // namespace

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const uint8_t letter = lower(static_cast<uint8_t>(c));
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

void Base64::decode(Bytes coded, std::string& out) {
  if (coded.empty()) return;
  const size_t before = out.size();
  out.resize(before + (count_ + coded.size()) / 4 * 3 + 3 + 8);  // see decode_blocks
  char* to = out.data() + before;
  const uint8_t* at = coded.data();
  const uint8_t* const end = at + coded.size();
  while (at != end) {
    if (count_ == 0) {
      const size_t used = decode_blocks({at, end}, to);
      at += used;
      to += used / 4 * 3;
    }
    while (count_ == 0 && end - at >= 4) {
      const uint32_t a = kValues[at[0]], b = kValues[at[1]], c = kValues[at[2]], d = kValues[at[3]];
      if ((a | b | c | d) >= kBlank) break;
      to = put(a << 18 | b << 12 | c << 6 | d, 3, to);
      at += 4;
    }
    if (at == end) break;
    const uint8_t value = kValues[*at++];
    if (value < kBlank) {
      bits_ |= static_cast<uint32_t>(value) << (18 - 6 * count_);
      if (++count_ == 4) to = take_rest(to);
    } else if (value == kPad) {
      to = take_rest(to);
    } else {
      invalid_ |= value == kNone;
    }
  }
  out.resize(static_cast<size_t>(to - out.data()));
}

size_t Base64::decode_lines(Bytes coded, size_t longest, std::string& out) {
  if (count_ != 0) return 0;
  constexpr size_t kLeast = 32;     // see decode_fours
  constexpr size_t kAtOnce = 2048;  // room is made, and taken back, for no more
  coded = coded.first(std::min(coded.size(), kAtOnce));
  const size_t before = out.size();
  size_t used = 0;
  char* to = nullptr;
  while (used < coded.size()) {
    const Bytes rest = coded.subspan(used, std::min(coded.size() - used, longest + 2));
    const size_t end = to_text(rest).find('\n');
    if (end == std::string_view::npos || end == 0) break;
    const size_t size = end - (rest[end - 1] == '\r');
    if (size < kLeast || size > longest || size % 4 != 0) break;
    if (!to) {
      out.resize(before + coded.size() / 4 * 3 + 8);
      to = out.data() + before;
    }
    if (!decode_fours(rest.first(size), to)) break;
    to += size / 4 * 3;
    used += end + 1;
  }
  if (to) out.resize(static_cast<size_t>(to - out.data()));
  return used;
}

void Base64::finish(std::string& out) {
  char rest[3];
  out.append(rest, static_cast<size_t>(take_rest(rest) - rest));
}

/// Of the characters at hand, four or less.
char* Base64::take_rest(char* to) {
  invalid_ |= count_ == 1;
  if (count_ > 1) to = put(bits_, count_ - 1, to);
  bits_ = count_ = 0;
  return to;
}

void QuotedPrintable::decode(Bytes coded, std::string& out) {
  for (size_t i = 0; i < coded.size();) {
    if (after_ == After::text) {
      const size_t equals = to_text(coded).find('=', i);
      const size_t end = std::min(equals, coded.size());
      out.append(to_text(coded.subspan(i, end - i)));
      if (end == coded.size()) return;
      after_ = After::equals;
      i = end + 1;
      continue;
    }
    const auto c = static_cast<char>(coded[i]);
    if (after_ == After::digit && hex_digit(c) >= 0) {
      out.push_back(static_cast<char>(hex_digit(digit_) << 4 | hex_digit(c)));
      after_ = After::text;
    } else if (after_ == After::equals && hex_digit(c) >= 0) {
      digit_ = c;
      after_ = After::digit;
    } else if (after_ != After::digit && (c == ' ' || c == '\t')) {
      after_ = After::blanks;
    } else {
      give_back(out);
      continue;
    }
    ++i;
  }
}

bool QuotedPrintable::end_line(std::string& out) {
  const bool soft = after_ == After::equals || after_ == After::blanks;
  if (after_ == After::digit) give_back(out);
  after_ = After::text;
  return !soft;
}

void QuotedPrintable::give_back(std::string& out) {
  out.push_back('=');
  if (after_ == After::digit) out.push_back(digit_);
  if (after_ == After::blanks) out.push_back(' ');
  after_ = After::text;
  invalid_ = true;
}

constexpr std::string_view kBegin = "begin ";

void Uuencode::decode(Bytes coded, std::string& out) {
  while (!coded.empty()) {
    const uint8_t c = coded[0];
    switch (at_) {
      case At::front:
        if (c != static_cast<uint8_t>(kBegin[matched_])) {
          out.append(kBegin.substr(0, matched_));
          at_ = At::text;
          continue;
        }
        if (++matched_ == kBegin.size()) at_ = At::begin;
        break;
      case At::text: out.append(to_text(coded)); return;
      case At::count:
        left_ = (c - ' ') & 63;
        at_ = left_ == 0 ? At::over : At::data;
        break;
      case At::data:
        bits_ |= static_cast<uint32_t>((c - ' ') & 63) << (18 - 6 * have_);
        if (++have_ == 4) put(out);
        break;
      case At::begin:
      case At::over: return;
    }
    coded = coded.subspan(1);
  }
}

/// What is at hand of four characters. Blanks at the end of a line may have been lost.
void Uuencode::put(std::string& out) {
  for (int i = 0; i + 1 < have_ && left_ > 0; ++i, --left_) out.push_back(static_cast<char>(bits_ >> (16 - 8 * i)));
  bits_ = have_ = 0;
}

bool Uuencode::end_line(std::string& out) {
  const bool text = at_ == At::front || at_ == At::text;
  if (at_ == At::front) out.append(kBegin.substr(0, matched_));
  put(out);
  left_ = matched_ = 0;
  if (at_ != At::over) at_ = text ? At::front : At::count;
  return text;
}

}  // namespace lapwing::mime
