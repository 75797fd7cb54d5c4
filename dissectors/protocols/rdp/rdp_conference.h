// The conference that RDP connects to: MCS's Connect-Initial and Connect-Response (T.125 7, BER) carry GCC's
// Create-Request and -Response (T.124 8.7, PER), and these the data of client and server (MS-RDPBCGR 2.2.1.3, 2.2.1.4).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dissectors/parts/x509/x509.h"
#include "sensor/base/bytes.h"

namespace lapwing::rdp {

/// MS-RDPBCGR 2.2.1.3.2, as far as it reaches: what is not there is none.
struct ClientCore {
  uint32_t version = 0;
  uint16_t desktop_width = 0, desktop_height = 0;
  std::optional<uint8_t> color_depth;  // bits of a pixel: the best that it says
  uint32_t keyboard_layout = 0, build = 0;
  std::string name;  // of the client's host
  uint32_t keyboard_type = 0, keyboard_subtype = 0, function_keys = 0;
  std::string ime;  // file name of an input method editor
  std::optional<uint16_t> product_id;
  uint32_t serial = 0;
  std::optional<uint16_t> capabilities;
  std::string product;  // clientDigProductId
  uint8_t connection = 0;
  std::optional<uint32_t> physical_width, physical_height;  // millimetres
  std::optional<uint16_t> orientation;                      // degrees
  std::optional<uint32_t> scale, device_scale;              // percent
};

/// Of Connect-Initial.
struct ClientData {
  std::optional<ClientCore> core;
  std::vector<std::string> channels;           // static virtual channels (2.2.1.3.4)
  uint32_t channels_asked = 0;                 // as the client counts them
  std::optional<uint32_t> encryption_methods;  // bits (2.2.1.3.3)
  std::optional<uint32_t> redirection;         // flags (2.2.1.3.5)
  uint32_t redirected_session = 0;
  uint32_t monitors = 0;
  bool sound = true;  // lengths fit each other
};

/// 2.2.1.4.3.1: proprietary is a bare key that is signed by one that everybody has.
enum class CertificateType : uint8_t { none, proprietary, x509 };

/// Of Connect-Response.
struct ServerData {
  std::optional<uint8_t> refused;  // MCS's result (T.125 7), where it is not 0
  std::optional<uint8_t> result;   // GCC's (T.124 8.7)
  std::optional<uint32_t> version;
  std::optional<uint32_t> encryption_method, encryption_level;
  CertificateType certificate_type = CertificateType::none;
  uint32_t certificates = 0, certificates_claimed = 0;  // that were read, that it says there are
  bool temporary = false;  // the certificate is issued for so long as no license server has issued another
  unsigned key_bits = 0;   // of a proprietary one
  std::shared_ptr<const x509::Certificate> certificate;  // the server's own
  std::optional<uint32_t> channels;                      // that the server gives
  bool sound = true;
};

/// Channels that a client may ask for (MS-RDPBCGR 2.2.1.3.4).
inline constexpr uint32_t kMostChannels = 31;
/// Of one list, of whatever length, as many are kept: a few more than there may be.
inline constexpr size_t kKeptChannels = 64;
/// Certificates of a chain that are counted; the last is the server's.
inline constexpr uint32_t kKeptCertificates = 32;

/// `data`: what a TPDU of data carries, of which connect_of() tells the kind.
ClientData parse_client_data(Bytes data);
ServerData parse_server_data(Bytes data);

/// rdp_client.cc: `data` behind the header of its block. Nothing where it ends too soon.
std::optional<ClientCore> parse_client_core(Bytes data);

}  // namespace lapwing::rdp
