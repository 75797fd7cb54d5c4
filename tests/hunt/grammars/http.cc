// HTTP/1 (RFC 9110, 9112): exchanges whose every part may be out of the grammar.
#include <zlib.h>

#include <algorithm>

#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

constexpr size_t kBody = 6000;  // bytes of a body at most, before it is encoded

std::string line_end(Random& random) {
  return std::string(random.chance(96) ? "\r\n" : random.pick({"\n", "\r", "\n\r", "\r\r\n", ""}));
}

std::string junk(Random& random) {
  switch (random.below(7)) {
    case 0: return "junk";
    case 1: return "--B\r\n\r\n" + std::string(random.length(12000), 'A');
    case 2: return "junk\r\nAuth: x\r\n\r\n";
    case 3: return "\x1f\x8bjunk\r\n\r\n";
    case 4: return random.bytes(random.length(600));
    case 5: return random.letters(random.length(60)) + line_end(random);
    default: return std::string(random.length(30), '\n');
  }
}

/// zlib with a window of `bits`: 15 for deflate, -15 without its header, 31 for gzip.
std::string compressed(Random& random, const std::string& plain, int bits) {
  z_stream stream{};
  if (deflateInit2(&stream, static_cast<int>(random.below(10)), Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return plain;
  std::string out(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (random.chance(15) && !out.empty()) out[random.below(out.size())] ^= 0x20;
  if (random.chance(10)) out.resize(random.below(out.size() + 1));
  if (random.chance(10)) out += random.chance(50) ? out : junk(random);
  return out;
}

std::string plain_body(Random& random) {
  switch (random.below(6)) {
    case 0: return {};
    case 1: return random.letters(random.length(kBody));
    case 2: return std::string(random.chance(10) ? random.length(300'000) : random.length(kBody), 'A');
    case 3: return "<html><title>Lapwing lab</title>" + random.letters(random.length(400)) + "</html>";
    case 4: return random.bytes(random.length(kBody));
    default: return "%PDF-1.4\n" + random.bytes(random.length(kBody));
  }
}

std::string multipart(Random& random, const std::string& boundary) {
  std::string out = random.chance(20) ? junk(random) : "";
  const std::string line = "--" + boundary;
  const size_t parts = random.chance(10) ? random.between(20, 400) : random.below(6);
  for (size_t i = 0; i < parts; ++i) {
    out += line + (random.chance(90) ? "\r\n" : std::string(random.pick({"\n", "", "--", " \r\n", "\r"})));
    if (random.chance(80)) {
      out += "Content-Disposition: form-data; name=\"f" + std::to_string(i) + "\"";
      if (random.chance(60))
        out += "; filename=" +
               std::string(random.pick({"\"a.pdf\"", "a", "\"", "\"\"", "\"a\\\"b\"", "'x", "\"..\\x.exe\""}));
      out += line_end(random);
    }
    if (random.chance(30)) out += "Content-Type: text/plain" + line_end(random);
    out += line_end(random) + (random.chance(80) ? random.letters(random.length(300)) : plain_body(random)) +
           line_end(random);
  }
  return out + (random.chance(80) ? line + "--\r\n" : "") + (random.chance(15) ? junk(random) : "");
}

std::string chunked(Random& random, const std::string& body) {
  std::string out;
  for (size_t at = 0; at < body.size();) {
    const size_t size = std::min(body.size() - at, random.chance(30) ? 1 + random.below(4) : 1 + random.length(4000));
    char number[32];
    std::snprintf(number, sizeof number, random.chance(90) ? "%zx" : "%08zX ",
                  random.chance(97) ? size : size + random.below(9));
    out += random.chance(98) ? number : random.number();
    if (random.chance(10)) out += ";" + random.letters(random.length(40)) + "=\"x\"";
    out += line_end(random) + body.substr(at, size) + line_end(random);
    at += size;
  }
  if (random.chance(90)) out += random.chance(90) ? "0\r\n" : "000;x\r\n";
  if (random.chance(20))
    out +=
        std::string(random.pick({"X-Sum", "Content-Length", "Host", ""})) + ": " + random.number() + line_end(random);
  return out + (random.chance(95) ? "\r\n" : "");
}

void header(Random& random, std::string& out, std::string_view name, std::string_view value) {
  out += random.chance(97) ? std::string(name) : random.pick({"X\tY", "", " ", "A B", "\0"});
  out += random.chance(97) ? ": " : random.pick({":", " :", "", ":\t", " "});
  out += value;
  if (random.chance(2)) out += "\r\n " + random.letters(5);  // folded, RFC 9112 section 5.2
  out += line_end(random);
}

struct Body {
  std::string bytes, headers;
  bool until_close = false;
};

Body body(Random& random, bool response) {
  Body out;
  std::string bytes = plain_body(random);
  if (random.chance(response ? 5 : 30)) {
    const std::string boundary = random.chance(85) ? "B" : random.letters(random.length(90));
    bytes = multipart(random, boundary);
    header(random, out.headers, "Content-Type",
           "multipart/form-data; boundary=" + (random.chance(80) ? boundary : "\"" + boundary + "\"") +
               (random.chance(10) ? ";x" : ""));
  } else if (random.chance(50)) {
    header(random, out.headers, "Content-Type",
           random.pick({"text/html", "application/pdf", "a", "", "text/html; charset=\"", "multipart/form-data"}));
  }
  if (random.chance(30)) {
    for (size_t layers = random.chance(85) ? 1 : random.between(2, 4); layers > 0; --layers)
      bytes = compressed(random, bytes, std::array{15, -15, 31}[random.below(3)]);
    header(random, out.headers, "Content-Encoding",
           random.pick({"gzip", "deflate", "gzip", "deflate", "gzip, gzip", "deflate, gzip", "br", "lzma",
                        "gzip,,deflate,x", "identity"}));
  }
  const size_t framing = random.below(100);
  if (framing < 40) {
    out.bytes = bytes;
    const size_t size = random.chance(92) ? bytes.size() : random.below(bytes.size() * 2 + 2);
    header(random, out.headers, "Content-Length", random.chance(96) ? std::to_string(size) : random.number());
    if (random.chance(4)) header(random, out.headers, "Content-Length", random.number());
  } else if (framing < 75) {
    out.bytes = chunked(random, bytes);
    header(random, out.headers, "Transfer-Encoding",
           random.chance(94) ? "chunked"
                             : random.pick({"gzip, chunked", "chunked, chunked", "identity", "xchunked", "chunked\0"}));
    if (random.chance(5)) header(random, out.headers, "Content-Length", std::to_string(bytes.size()));
  } else if (framing < 85 && response) {
    out.bytes = bytes;
    out.until_close = true;
  }
  return out;
}

void other_headers(Random& random, std::string& out) {
  for (size_t count = random.chance(3) ? random.between(50, 1500) : random.below(5); count > 0; --count) {
    switch (random.below(8)) {
      case 0:
        header(random, out, "User-Agent", random.chance(90) ? "curl/7.88" : std::string(random.length(9000), 'u'));
        break;
      case 1: header(random, out, "Cookie", "a=b; c=" + random.letters(random.length(90))); break;
      case 2: header(random, out, "X-" + random.letters(1 + random.below(4)), random.bytes(random.length(80))); break;
      case 3:
        header(random, out, "X-Forwarded-For", random.pick({"10.1.2.3", "1.2.3.4, 5.6.7.8", "::1", "x", ""}));
        break;
      case 4:
        header(random, out, "Connection", random.pick({"close", "keep-alive", "Upgrade", "close, Upgrade", ""}));
        break;
      case 5:
        header(random, out, "Authorization",
               random.pick({"Basic dTpw", "Basic !", "Digest username=\"u\"", "Digest username=\"", "Bearer"}));
        break;
      case 6: header(random, out, "Range", "bytes=" + random.number() + "-" + random.number()); break;
      case 7:
        header(random, out, "Content-Range",
               "bytes " + random.number() + "-" + random.number() + "/" + random.number());
        break;
    }
  }
}

std::string target(Random& random) {
  switch (random.below(9)) {
    case 0: return "/";
    case 1: return "/x" + random.letters(random.length(30));
    case 2:
      return "http://" + std::string(random.pick({"h", "h:80", "u:p@h", "[::1]:80", "h:99999", ":", "h:"})) +
             "/a?b=c#d";
    case 3: return "*";
    case 4: return "/%41%zz%u0041%00%2e%2e/../..\\./" + random.letters(random.below(9));
    case 5: return "/" + std::string(random.length(20'000), 'a');
    case 6: return "/a?" + random.bytes(random.below(20));
    case 7: return "";
    default: return "/VAL" + random.number();
  }
}

std::string request(Random& random, bool& upgrade) {
  std::string out = random.chance(3) ? junk(random) : "";
  upgrade = false;
  if (random.chance(2)) return out + "GET /" + random.letters(5) + line_end(random);  // HTTP/0.9
  const bool connect = random.chance(4);
  out += connect ? "CONNECT"
                 : random.pick({"GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "get", "G\0T",
                                "ABCDEFGHIJKLMNOP", "HTTP/1.1"});
  out += random.chance(97) ? " " : random.pick({"  ", "\t", ""});
  out += connect ? std::string(random.pick({"h:443", "h:22", "h", "[::1]:80"})) : target(random);
  out += random.chance(97) ? " " : random.pick({"  ", "\t", ""});
  out += random.chance(94) ? "HTTP/1.1" : random.pick({"HTTP/1.0", "HTTP/2.0", "HTTP/1.", "http/1.1", "HTTP/9.9", "X"});
  out += line_end(random);
  if (random.chance(94))
    header(random, out, "Host",
           random.chance(95) ? "h.lab.example" : random.pick({"", "h:99999", "a b", "h, h", "[::1"}));
  if (random.chance(3)) header(random, out, "Host", "other");
  other_headers(random, out);
  if (random.chance(8)) header(random, out, "Expect", random.pick({"100-continue", "x"}));
  if (random.chance(5)) {
    upgrade = true;
    header(random, out, "Upgrade", random.pick({"websocket", "h2c", "TLS/1.0", "x"}));
    header(random, out, "HTTP2-Settings", "AAMAAABkAAQAAP__");
  }
  upgrade |= connect;
  if (random.chance(45)) {
    Body sent = body(random, false);
    return out + sent.headers + line_end(random) + sent.bytes;
  }
  return out + line_end(random);
}

/// An interim response, and now and then junk where the final one should begin.
std::string interim(Random& random) {
  std::string out = std::string(random.pick({"HTTP/1.1 100 Continue", "HTTP/1.1 103 Early Hints", "HTTP/1.1 102 P",
                                             "HTTP/1.0 100", "HTTP/1.1 101 Switching Protocols", "HTTP/1.1 199 x"})) +
                    line_end(random);
  if (random.chance(20)) other_headers(random, out);
  out += line_end(random);
  return random.chance(25) ? out + junk(random) : out;
}

std::string response(Random& random, bool& until_close) {
  until_close = false;
  std::string out = random.chance(3) ? junk(random) : "";
  for (size_t count = random.chance(12) ? random.between(1, 3) : 0; count > 0; --count) out += interim(random);
  if (random.chance(4)) return out + junk(random);
  out +=
      random.chance(96) ? "HTTP/1.1" : random.pick({"HTTP/1.0", "HTTP/2.0", "HTTP", "http/1.1", "ICY", "HTTP/1.1 \0"});
  out +=
      " " + std::string(random.chance(85)
                            ? "200 OK"
                            : random.pick({"204 No", "304 N", "404 Not Found", "301 M", "000 x", "-1 x", "99999999999",
                                           "2OO", "401 U", "206 P", "100 Continue", "101 S", "", "600 Z"}));
  out += line_end(random);
  if (random.chance(30)) header(random, out, "Location", target(random));
  other_headers(random, out);
  Body sent = body(random, true);
  until_close = sent.until_close;
  return out + sent.headers + line_end(random) + sent.bytes;
}

}  // namespace

Dialogue speak_http(Random& random) {
  Dialogue out;
  const size_t exchanges = random.chance(4) ? random.between(10, 60) : random.between(1, 5);
  const bool pipelined = random.chance(25);
  std::string requests, responses;
  bool over = false;
  for (size_t i = 0; i < exchanges && !over; ++i) {
    bool upgrade = false, until_close = false;
    const std::string asked = request(random, upgrade), answered = response(random, until_close);
    if (pipelined) {
      requests += asked;
      if (random.chance(85)) responses += answered;
    } else {
      out.push_back({Direction::to_server, asked});
      // An answer may come in turns of its own, before its request is over, or not at all.
      if (random.chance(90)) out.push_back({Direction::to_client, answered});
      if (random.chance(4)) std::swap(out.back(), out[out.size() > 1 ? out.size() - 2 : 0]);
    }
    over = until_close;
    if (upgrade && random.chance(60)) {
      out.push_back({Direction::to_client, random.chance(50) ? "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
                                                             : "HTTP/1.1 200 OK\r\n\r\n"});
      out.push_back({static_cast<Direction>(random.below(2)),
                     random.chance(50) ? junk(random) : std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")});
    }
  }
  if (pipelined) {
    out.push_back({Direction::to_server, requests});
    out.push_back({Direction::to_client, responses});
  }
  if (random.chance(4)) out.push_back({static_cast<Direction>(random.below(2)), junk(random)});
  return out;
}

}  // namespace lapwing::hunt
