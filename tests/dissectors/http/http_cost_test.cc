// What a connection costs grows with its bytes: twice the elements that a peer counts, less than 2.5 times the CPU.
#include "tests/dissectors/http/http_dialogue.h"
#include "tests/support/cost.h"
#include "tests/support/silent_sink.h"

namespace lapwing::test {
namespace {

const std::string kPlainGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string form(const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Shape {
  std::string_view name;
  size_t n;
  std::vector<Line> (*make)(size_t n);
  size_t piece = 1460;
};

const Shape kShapes[] = {
    {"delimiters", 8'000,
     [](size_t n) { return std::vector{client(form(repeated(n, [](size_t) { return "--b\r\n"; })))}; }},
    {"delimiters in CRs", 5'000,
     [](size_t n) { return std::vector{client(form(repeated(n, [](size_t) { return "--b\r\r\r\r\n"; })))}; }},
    {"parts with headers", 700,
     [](size_t n) {
       return std::vector{client(form(
           repeated(n, [](size_t) { return "--b\r\nContent-Disposition: form-data; a=\";\"; name=x\r\n\r\nv\r\n"; })))};
     }},
    {"junk lines, byte by byte", 4'000,
     [](size_t n) {
       return std::vector{client(kPlainGet), server(repeated(n, [](size_t) { return "x\n"; }))};
     },
     1},
    {"a line that does not end, byte by byte", 8'000,
     [](size_t n) { return std::vector{client("GET /" + std::string(n, 'a'))}; }, 1},
    {"a header that does not end, byte by byte", 8'000,
     [](size_t n) {
       return std::vector{client(kPlainGet), server("HTTP/1.1 200 OK\r\nX: " + std::string(n, 'a'))};
     },
     1},
    {"a folded header, byte by byte", 4'000,
     [](size_t n) {
       return std::vector{client(kPlainGet),
                          server("HTTP/1.1 200 OK\r\nX: a\r\n" + repeated(n, [](size_t) { return " \n"; }))};
     },
     1},
    {"answers byte by byte to a request line that waits", 8'000,
     [](size_t n) {
       return std::vector{client("GET /" + std::string(n, 'a')), server(std::string(n, 'x'))};
     },
     1},
    {"headers", 500,
     [](size_t n) {
       return std::vector{
           client(kPlainGet),
           server("HTTP/1.1 200 OK\r\n" + repeated(n, [](size_t i) { return std::to_string(i) + ":\n"; }) + "\n")};
     }},
    {"headers of a request", 500,
     [](size_t n) {
       return std::vector{client("GET / HTTP/1.1\r\n" +
                                 repeated(n, [](size_t i) { return "Name-" + std::to_string(i) + ": x\r\n"; }) +
                                 "\r\n")};
     }},
    {"trailers", 500,
     [](size_t n) {
       return std::vector{client(kPlainGet),
                          server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
                                 repeated(n, [](size_t i) { return std::to_string(i) + ": x\r\n"; }) + "\r\n")};
     }},
    {"chunks", 5'000,
     [](size_t n) {
       return std::vector{client(kPlainGet), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                                    chunked(std::string(n, 'a'), 1))};
     }},
    {"a chunk length that does not come, byte by byte", 8'000,
     [](size_t n) {
       return std::vector{client(kPlainGet),
                          server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(n, ' '))};
     },
     1},
    {"pipelined requests", 2'000,
     [](size_t n) { return std::vector{client(repeated(n, [](size_t) { return kPlainGet; }))}; }},
    {"pipelined requests with answers", 1'000,
     [](size_t n) {
       return std::vector{client(repeated(n, [](size_t) { return kPlainGet; })),
                          server(repeated(n, [](size_t) { return response("x"); }))};
     }},
    {"a cookie of many", 10'000,
     [](size_t n) {
       return std::vector{
           client("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + repeated(n, [](size_t) { return "a=b;"; }) + "\r\n\r\n")};
     }},
    {"cookies", 1'000,
     [](size_t n) {
       return std::vector{
           client("GET / HTTP/1.1\r\nHost: a\r\n" + repeated(n, [](size_t) { return "Cookie: a=b\r\n"; }) + "\r\n")};
     }},
    {"ranges", 8'000,
     [](size_t n) {
       return std::vector{client("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=" +
                                 repeated(n, [](size_t) { return "1-2,"; }) + "\r\n\r\n"),
                          server(response("x", "Content-Range: bytes " + std::string(n, ' ') + "1-2/3\r\n"))};
     }},
    {"parameters", 8'000,
     [](size_t n) {
       return std::vector{client(kPlainGet),
                          server(response("x", "Content-Disposition: attachment" +
                                                   repeated(n, [](size_t) { return ";a=b"; }) + "\r\n"))};
     }},
    {"empty blocks of deflate", 10'000,
     [](size_t n) {
       return std::vector{client(kPlainGet),
                          server(response(repeated(n, [](size_t) { return std::string("\0\0\0\xff\xff", 5); }),
                                          "Content-Encoding: deflate\r\n"))};
     }},
    {"blocks of deflate with codes of their own", 1'000,
     [](size_t n) {
       const std::string four(  // of the shortest that are not broken
           "\x04\xc0\x81\x00\x00\x00\x00\x00\x90\xff\x6b\x10\x00\x07\x02\x00\x00\x00\x00\x40\xfe\xaf\x41"
           "\x00\x1c\x08\x00\x00\x00\x00\x00\xf9\xbf\x06\x01\x70\x20\x00\x00\x00\x00\x00\xe4\xff\x1a",
           45);
       return std::vector{client(kPlainGet),
                          server(response(gzip("").substr(0, 10) + repeated(n, [&](size_t) { return four; }),
                                          "Content-Encoding: gzip\r\n"))};
     }},
};

void converse(const std::vector<Line>& lines, size_t piece) {
  static const auto config = dissector("http").configure(Setting{});
  const DissectorRow& row = dissector("http");
  SilentSink sink;  // so that the dissector alone is measured
  void* instance = row.create({.sink = sink, .config = config.get()});
  std::array<uint64_t, 2> offset{};
  for (const auto& line : lines) {
    for (size_t at = 0; at < line.text.size();) {
      Chunk chunk;
      chunk.direction = line.from;
      chunk.offset = offset[index(line.from)];
      chunk.data = to_bytes(line.text).subspan(at, std::min(piece, line.text.size() - at));
      const Step step = row.data(instance, chunk);
      if (step.kind == Step::Kind::fail || step.used == 0) break;
      at += step.used;
      offset[index(line.from)] += step.used;
    }
  }
  row.finish(instance);
  row.destroy(instance);
}

TEST(HttpCost, GrowsWithTheBytes) {
  for (const Shape& shape : kShapes) {
    const auto make = [&](size_t n) -> std::function<void()> {
      return [lines = shape.make(n), &shape] { converse(lines, shape.piece); };
    };
    EXPECT_LT(growth(make, shape.n), kDoubled) << shape.name;
    if (shape.piece == 1) continue;
    size_t bytes = 0;
    for (const auto& line : shape.make(shape.n)) bytes += line.text.size();
    const double packet = cost(make(shape.n)) / (static_cast<double>(bytes) / 1500 + 1);
    EXPECT_LT(packet, 0.001 * kSlower) << shape.name << ": a packet";
  }
}

}  // namespace
}  // namespace lapwing::test
