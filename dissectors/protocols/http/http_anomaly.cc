#include "dissectors/protocols/http/http_anomaly.h"

#include "dissectors/contract/names.h"

namespace lapwing::http {
namespace {

constexpr auto kNames = names<kCompressionBombLimitReached>({
    {kUnknownError, "unknown_error"},
    {kGzipDecompressionFailed, "gzip_decompression_failed"},
    {kRequestFieldMissingColon, "request_field_missing_colon"},
    {kResponseFieldMissingColon, "response_field_missing_colon"},
    {kInvalidRequestChunkLen, "invalid_request_chunk_len"},
    {kInvalidResponseChunkLen, "invalid_response_chunk_len"},
    {kInvalidTransferEncodingRequest, "invalid_transfer_encoding_value_in_request"},
    {kInvalidTransferEncodingResponse, "invalid_transfer_encoding_value_in_response"},
    {kInvalidContentLengthRequest, "invalid_content_length_field_in_request"},
    {kInvalidContentLengthResponse, "invalid_content_length_field_in_response"},
    {kDuplicateContentLengthRequest, "duplicate_content_length_field_in_request"},
    {kDuplicateContentLengthResponse, "duplicate_content_length_field_in_response"},
    {kContinueAlreadySeen, "100_continue_already_seen"},
    {kUnableToMatchResponse, "unable_to_match_response_to_request"},
    {kInvalidServerPort, "invalid_server_port_in_request"},
    {kInvalidAuthorityPort, "invalid_authority_port"},
    {kRequestHeaderInvalid, "request_header_invalid"},
    {kResponseHeaderInvalid, "response_header_invalid"},
    {kMissingHostHeader, "missing_host_header"},
    {kHostHeaderAmbiguous, "host_header_ambiguous"},
    {kInvalidRequestFieldFolding, "invalid_request_field_folding"},
    {kInvalidResponseFieldFolding, "invalid_response_field_folding"},
    {kRequestFieldTooLong, "request_field_too_long"},
    {kResponseFieldTooLong, "response_field_too_long"},
    {kServerPortMismatch, "request_server_port_tcp_port_mismatch"},
    {kUriHostInvalid, "request_uri_host_invalid"},
    {kHeaderHostInvalid, "request_header_host_invalid"},
    {kUriDelimNonCompliant, "uri_delim_non_compliant"},
    {kMethodDelimNonCompliant, "method_delim_non_compliant"},
    {kLeadingWhitespace, "request_line_leading_whitespace"},
    {kTooManyEncodingLayers, "too_many_encoding_layers"},
    {kAbnormalContentEncoding, "abnormal_ce_header"},
    {kAuthUnrecognized, "request_auth_unrecognized"},
    {kRequestHeaderRepetition, "request_header_repetition"},
    {kResponseHeaderRepetition, "response_header_repetition"},
    {kResponseMultipartByteranges, "response_multipart_byteranges"},
    {kResponseAbnormalTransferEncoding, "response_abnormal_transfer_encoding"},
    {kResponseChunkedOldProto, "response_chunked_old_proto"},
    {kResponseInvalidProtocol, "response_invalid_protocol"},
    {kResponseInvalidStatus, "response_invalid_status"},
    {kRequestLineIncomplete, "request_line_incomplete"},
    {kDoubleEncodedUri, "double_encoded_uri"},
    {kRequestLineInvalid, "request_line_invalid"},
    {kRequestBodyUnexpected, "request_body_unexpected"},
    {kLzmaMemlimitReached, "lzma_memlimit_reached"},
    {kCompressionBomb, "compression_bomb"},
    {kRangeInvalid, "range_invalid"},
    {kRequestChunkExtension, "request_chunk_extension"},
    {kRequestLineMissingProtocol, "request_line_missing_protocol"},
    {kRequestTooManyHeaders, "request_too_many_headers"},
    {kResponseTooManyHeaders, "response_too_many_headers"},
    {kResponseChunkExtension, "response_chunk_extension"},
    {kTooManyWarnings, "too_many_warnings"},
    {kMultipartGenericError, "multipart_generic_error"},
    {kMultipartNoFiledata, "multipart_no_filedata"},
    {kMultipartInvalidHeader, "multipart_invalid_header"},
    {kFileNameTooLong, "file_name_too_long"},
    {kFailedProtocolChange, "failed_protocol_change"},
    {kCompressionBombLimitReached, "compression_bomb_limit_reached"},
});

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
