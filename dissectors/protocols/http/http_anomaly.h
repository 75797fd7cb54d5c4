// The names of what can be wrong with HTTP traffic, as rules and records use them.
#pragma once

#include <htp/htp.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dissectors/protocols/http/http_headers.h"
#include "sensor/base/text.h"

namespace lapwing::http {

enum Anomaly : uint8_t {
  kUnknownError,
  kGzipDecompressionFailed,
  kRequestFieldMissingColon,
  kResponseFieldMissingColon,
  kInvalidRequestChunkLen,
  kInvalidResponseChunkLen,
  kInvalidTransferEncodingRequest,
  kInvalidTransferEncodingResponse,
  kInvalidContentLengthRequest,
  kInvalidContentLengthResponse,
  kDuplicateContentLengthRequest,
  kDuplicateContentLengthResponse,
  kContinueAlreadySeen,
  kUnableToMatchResponse,
  kInvalidServerPort,
  kInvalidAuthorityPort,
  kRequestHeaderInvalid,
  kResponseHeaderInvalid,
  kMissingHostHeader,
  kHostHeaderAmbiguous,
  kInvalidRequestFieldFolding,
  kInvalidResponseFieldFolding,
  kRequestFieldTooLong,
  kResponseFieldTooLong,
  kServerPortMismatch,
  kUriHostInvalid,
  kHeaderHostInvalid,
  kUriDelimNonCompliant,
  kMethodDelimNonCompliant,
  kLeadingWhitespace,
  kTooManyEncodingLayers,
  kAbnormalContentEncoding,
  kAuthUnrecognized,
  kRequestHeaderRepetition,
  kResponseHeaderRepetition,
  kResponseMultipartByteranges,
  kResponseAbnormalTransferEncoding,
  kResponseChunkedOldProto,
  kResponseInvalidProtocol,
  kResponseInvalidStatus,
  kRequestLineIncomplete,
  kDoubleEncodedUri,
  kRequestLineInvalid,
  kRequestBodyUnexpected,
  kLzmaMemlimitReached,
  kCompressionBomb,
  kRangeInvalid,
  kRequestChunkExtension,
  kRequestLineMissingProtocol,
  kRequestTooManyHeaders,
  kResponseTooManyHeaders,
  kResponseChunkExtension,
  kTooManyWarnings,
  kMultipartGenericError,
  kMultipartNoFiledata,
  kMultipartInvalidHeader,
  kFileNameTooLong,
  kFailedProtocolChange,
  kCompressionBombLimitReached,
};

/// In the order of the enumeration.
std::span<const std::string_view> anomaly_names();

/// The anomaly behind a message of libhtp or of Parser; nothing for messages that only inform.
std::optional<Anomaly> anomaly_of(std::string_view message);

/// Calls `raise` for what libhtp's flags tell once a request's headers are known.
template <class Raise>
void request_anomalies(const htp_tx_t& tx, Raise raise) {
  constexpr struct {
    uint64_t flag;
    Anomaly name;
  } kFlags[] = {
      {HTP_REQUEST_INVALID_T_E, kInvalidTransferEncodingRequest},
      {HTP_REQUEST_INVALID_C_L, kInvalidContentLengthRequest},
      {HTP_HOST_MISSING, kMissingHostHeader},
      {HTP_HOST_AMBIGUOUS, kHostHeaderAmbiguous},
      {HTP_HOSTU_INVALID, kUriHostInvalid},
      {HTP_HOSTH_INVALID, kHeaderHostInvalid},
  };
  for (const auto& row : kFlags) {
    if (tx.flags & row.flag) raise(row.name);
  }
  // RFC 6750 2.1; Debian 12's libhtp does not know it.
  constexpr std::string_view kBearer = "bearer";
  const bool bearer =
      equal_nocase(header_value(tx.request_headers, "authorization").substr(0, kBearer.size()), kBearer);
  if (tx.request_auth_type == HTP_AUTH_UNRECOGNIZED && !bearer) raise(kAuthUnrecognized);
  const bool no_protocol =
      tx.request_protocol_number == HTP_PROTOCOL_INVALID || tx.request_protocol_number == HTP_PROTOCOL_UNKNOWN;
  if (tx.is_protocol_0_9 && tx.request_method_number == HTP_M_UNKNOWN && no_protocol) raise(kRequestLineInvalid);
}

}  // namespace lapwing::http
