#include "tests/dissectors/http/http_dialogue.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>

namespace lapwing::test {

std::vector<std::string> HttpOutcome::values(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& field : fields) {
    std::string_view text = std::string_view(field).substr(2);
    if (text.starts_with(name) && text.substr(name.size()).starts_with("="))
      out.emplace_back(text.substr(name.size() + 1));
  }
  return out;
}

std::vector<std::string> HttpOutcome::of(std::string_view object) const {
  std::vector<std::string> out;
  const std::string key = "\"" + std::string(object) + "\":{";
  for (const auto& record : records) {
    if (record.find(key) != std::string::npos) out.push_back(record);
  }
  return out;
}

HttpOutcome play(const std::vector<Line>& lines, size_t piece, const Settings& settings) {
  Dialogue dialogue(dissector("http"), settings);
  for (const auto& line : lines) dialogue.say(line.from, line.text, piece);
  dialogue.finish();
  return {dialogue.records, dialogue.alerts, dialogue.anomalies, dialogue.fields, dialogue.reversed, dialogue.failed};
}

HttpOutcome play_all_ways(const std::vector<Line>& lines, const Settings& settings) {
  HttpOutcome whole = play(lines, 0, settings);
  for (size_t piece : {1, 2, 3, 7, 64, 1460}) {
    HttpOutcome cut = play(lines, piece, settings);
    EXPECT_EQ(cut.records, whole.records) << "in pieces of " << piece;
    EXPECT_EQ(cut.fields, whole.fields) << "in pieces of " << piece;
    EXPECT_EQ(cut.alerts, whole.alerts) << "in pieces of " << piece;
    EXPECT_EQ(cut.anomalies, whole.anomalies) << "in pieces of " << piece;
    EXPECT_EQ(cut.reversed, whole.reversed) << "in pieces of " << piece;
    EXPECT_EQ(cut.failed, whole.failed) << "in pieces of " << piece;
  }
  return whole;
}

std::string response(std::string_view body, std::string_view headers, std::string_view status) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

namespace {

std::string deflate_with(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

std::string gzip(std::string_view text) {
  return deflate_with(text, 15 + 16);
}
std::string brotli(std::string_view text) {
  std::string out(BrotliEncoderMaxCompressedSize(text.size()), 0);
  size_t size = out.size();
  BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, text.size(),
                        reinterpret_cast<const uint8_t*>(text.data()), &size, reinterpret_cast<uint8_t*>(out.data()));
  out.resize(size);
  return out;
}
std::string zlib(std::string_view text, bool raw) {
  return deflate_with(text, raw ? -15 : 15);
}

std::string chunked(std::string_view text, size_t size) {
  std::string out;
  for (size_t at = 0; at < text.size(); at += size) {
    std::string_view piece = text.substr(at, size);
    char length[24];
    std::snprintf(length, sizeof length, "%zx\r\n", piece.size());
    out.append(length).append(piece).append("\r\n");
  }
  return out + "0\r\n\r\n";
}

}  // namespace lapwing::test
