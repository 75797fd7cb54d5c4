#include "dissectors/protocols/http/http_anomaly.h"

#include <array>

namespace lapwing::http {
namespace {

constexpr std::array<std::string_view, kAnomalyCount> kNames = {
    "unknown_error",
    "gzip_decompression_failed",
    "request_field_missing_colon",
    "response_field_missing_colon",
    "invalid_request_chunk_len",
    "invalid_response_chunk_len",
    "invalid_transfer_encoding_value_in_request",
    "invalid_transfer_encoding_value_in_response",
    "invalid_content_length_field_in_request",
    "invalid_content_length_field_in_response",
    "duplicate_content_length_field_in_request",
    "duplicate_content_length_field_in_response",
    "100_continue_already_seen",
    "unable_to_match_response_to_request",
    "invalid_server_port_in_request",
    "invalid_authority_port",
    "request_header_invalid",
    "response_header_invalid",
    "missing_host_header",
    "host_header_ambiguous",
    "invalid_request_field_folding",
    "invalid_response_field_folding",
    "request_field_too_long",
    "response_field_too_long",
    "request_server_port_tcp_port_mismatch",
    "request_uri_host_invalid",
    "request_header_host_invalid",
    "uri_delim_non_compliant",
    "method_delim_non_compliant",
    "request_line_leading_whitespace",
    "too_many_encoding_layers",
    "abnormal_ce_header",
    "request_auth_unrecognized",
    "request_header_repetition",
    "response_header_repetition",
    "response_multipart_byteranges",
    "response_abnormal_transfer_encoding",
    "response_chunked_old_proto",
    "response_invalid_protocol",
    "response_invalid_status",
    "request_line_incomplete",
    "double_encoded_uri",
    "request_line_invalid",
    "request_body_unexpected",
    "lzma_memlimit_reached",
    "compression_bomb",
    "range_invalid",
    "request_chunk_extension",
    "request_line_missing_protocol",
    "request_too_many_headers",
    "response_too_many_headers",
    "response_chunk_extension",
    "too_many_warnings",
    "multipart_generic_error",
    "multipart_no_filedata",
    "multipart_invalid_header",
    "file_name_too_long",
    "failed_protocol_change",
    "compression_bomb_limit_reached",
};

struct Message {
  std::string_view start;
  Anomaly name;
};

/// The first start that fits counts.
constexpr Message kMessages[] = {
    {"GZip decompressor:", kGzipDecompressionFailed},
    {"Request field invalid: colon missing", kRequestFieldMissingColon},
    {"Response field invalid: missing colon", kResponseFieldMissingColon},
    {"Request chunk encoding: Invalid chunk length", kInvalidRequestChunkLen},
    {"Response chunk encoding: Invalid chunk length", kInvalidResponseChunkLen},
    {"Invalid T-E value in request", kInvalidTransferEncodingRequest},
    {"Invalid T-E value in response", kInvalidTransferEncodingResponse},
    {"Invalid C-L field in request", kInvalidContentLengthRequest},
    {"Invalid C-L field in response", kInvalidContentLengthResponse},
    {"Already seen 100-Continue", kContinueAlreadySeen},
    {"Unable to match response to request", kUnableToMatchResponse},
    {"Invalid server port information in request", kInvalidServerPort},
    {"Invalid authority port", kInvalidAuthorityPort},
    {"Request buffer over", kRequestFieldTooLong},
    {"Response the buffer limit", kResponseFieldTooLong},
    {"Response buffer over", kResponseFieldTooLong},
    {"C-T multipart/byteranges in responses not supported", kResponseMultipartByteranges},
    {"Compression bomb: multiple encoding", kCompressionBomb},
    {"Compression bomb:", kCompressionBomb},
    {"Request field invalid", kRequestHeaderInvalid},
    {"Response field invalid", kResponseHeaderInvalid},
    {"Request header name is not a token", kRequestHeaderInvalid},
    {"Response header name is not a token", kResponseHeaderInvalid},
    {"Host information in request headers required by HTTP/1.1", kMissingHostHeader},
    {"Host information ambiguous", kHostHeaderAmbiguous},
    {"Invalid request field folding", kInvalidRequestFieldFolding},
    {"Invalid response field folding", kInvalidResponseFieldFolding},
    {"Request server port", kServerPortMismatch},
    {"Request line: URI contains non-compliant delimiter", kUriDelimNonCompliant},
    {"Request line: non-compliant delimiter between Method and URI", kMethodDelimNonCompliant},
    {"Request line: leading whitespace", kLeadingWhitespace},
    {"Request line: missing protocol", kRequestLineMissingProtocol},
    {"Too many response content encoding layers", kTooManyEncodingLayers},
    {"C-E gzip has abnormal value", kAbnormalContentEncoding},
    {"C-E deflate has abnormal value", kAbnormalContentEncoding},
    {"C-E unknown setting", kAbnormalContentEncoding},
    {"Excessive request header repetitions", kRequestHeaderRepetition},
    {"Excessive response header repetitions", kResponseHeaderRepetition},
    {"Transfer-encoding has abnormal chunked value", kResponseAbnormalTransferEncoding},
    {"Chunked transfer-encoding on HTTP/0.9 or HTTP/1.0", kResponseChunkedOldProto},
    {"Invalid response line: invalid protocol", kResponseInvalidProtocol},
    {"Invalid response line: invalid response status", kResponseInvalidStatus},
    {"Request line incomplete", kRequestLineIncomplete},
    {"Unexpected request body", kRequestBodyUnexpected},
    {"LZMA decompressor: memory limit reached", kLzmaMemlimitReached},
    {"Ambiguous request C-L value", kDuplicateContentLengthRequest},
    {"Ambiguous response C-L value", kDuplicateContentLengthResponse},
    {"Request chunk extension", kRequestChunkExtension},
    {"Response chunk extension", kResponseChunkExtension},
    {"Too many request headers", kRequestTooManyHeaders},
    {"Too many response headers", kResponseTooManyHeaders},
    {"Too many messages", kTooManyWarnings},
    {"Double encoded URI", kDoubleEncodedUri},
};

}  // namespace

std::span<const std::string_view> anomaly_names() {
  return kNames;
}

std::optional<Anomaly> anomaly_of(std::string_view message) {
  for (const Message& row : kMessages) {
    if (message.starts_with(row.start)) return row.name;
  }
  return {};
}

}  // namespace lapwing::http
