// What records, alerts and rules show of a file, whatever carries it.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file.h"

namespace lapwing::file {

/// Of a transaction's files those that a record or alert shows: all, or the one that it is about.
std::span<const File> shown(std::span<const File> files, const Place& at);

namespace read {

std::optional<std::string_view> name(const File& file);
std::string_view magic(const File& file);
uint64_t tx_id(const File& file, const Place& at);
bool stored(const File& file);
std::optional<uint64_t> store_id(const File& file);
bool storing(const File& file);
std::optional<uint64_t> size(const File& file);
std::optional<uint64_t> start(const File& file);
std::optional<uint64_t> end(const File& file);
std::string_view state(const File& file);
/// In lower-case hex. Consumers take md5 and sha1 for the digest of a whole file; sha256 is also shown of what came of
/// a broken one.
template <Algorithm algorithm>
std::string shown_digest(const File& file);
/// Only a whole file has a digest that lists of digests can know: of any other it is empty.
template <Algorithm algorithm>
std::optional<std::string> whole_digest(const File& file);
bool visit_size(const Place& at, ValueSink& sink);
inline Bytes content(const File& file) {
  return file.seen();
}

}  // namespace read

/// The keywords that ask for a digest.
struct DigestBuffer {
  std::string_view name;
  Algorithm algorithm;
};
inline constexpr DigestBuffer kDigestBuffers[] = {
    {"filemd5", Algorithm::md5}, {"filesha1", Algorithm::sha1}, {"filesha256", Algorithm::sha256}};

/// Columns of a File. FileConfig names those on request.
inline constexpr Column kColumns[] = {
    columns::text<&read::name>("filename", "name of the file")
        .rule({.name = "file.name", .sender = Sender::either, .file_stage = FileStage::named}),
    columns::text<&read::magic>("magic", "libmagic's verdict on the file")
        .on_request()
        .rule({.name = "file.magic", .sender = Sender::either, .file_stage = FileStage::head}),
    columns::flag<&File::gaps>("gaps", "bytes of it are missing").shown_empty(),
    columns::text<&read::state>("state", "OPEN, CLOSED, TRUNCATED or ERROR"),
    columns::text<&read::shown_digest<Algorithm::md5>>("md5", "MD5 of the whole file, hex").on_request(),
    columns::text<&read::shown_digest<Algorithm::sha1>>("sha1", "SHA-1 of the whole file, hex").on_request(),
    columns::text<&read::shown_digest<Algorithm::sha256>>("sha256", "SHA-256 of what came of the file, hex")
        .on_request(),
    columns::flag<&read::stored>("stored", "it is in the file store").shown_empty(),
    columns::integer<&read::store_id>("file_id", "number in the file store"),
    columns::flag<&read::storing>("storing", "it is being stored"),
    columns::integer<&read::size>("size", "bytes"),
    columns::integer<&read::start>("start", "first byte of the whole that this part is"),
    columns::integer<&read::end>("end", "last byte of the whole that this part is"),
    columns::integer<&read::tx_id>("tx_id", "number of the transaction within its flow"),

    // Rules ask for these in keywords of the same name.
    columns::text<&read::whole_digest<Algorithm::md5>>("", "MD5 of the whole file, hex")
        .rule({.name = kDigestBuffers[0].name, .sender = Sender::either, .file_stage = FileStage::over}),
    columns::text<&read::whole_digest<Algorithm::sha1>>("", "SHA-1 of the whole file, hex")
        .rule({.name = kDigestBuffers[1].name, .sender = Sender::either, .file_stage = FileStage::over}),
    columns::text<&read::whole_digest<Algorithm::sha256>>("", "SHA-256 of the whole file, hex")
        .rule({.name = kDigestBuffers[2].name, .sender = Sender::either, .file_stage = FileStage::over}),
    Column{.member = "", .shape = Shape::integer, .help = "size of the file in bytes", .visit = &read::visit_size}.rule(
        {.name = "filesize", .sender = Sender::either, .file_stage = FileStage::over}),
};

/// Of a File: what rules see of its content, where its carrier has no row of its own for that.
inline constexpr Column kContent[] = {
    columns::text<&read::content>("", "content of a file")
        .rule({.name = "file.data", .sender = Sender::either, .file_stage = FileStage::over, .aliases = {"file_data"}}),
};

}  // namespace lapwing::file
