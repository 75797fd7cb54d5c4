#include "dissectors/parts/x509/x509.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include "sensor/base/ber.h"
#include "sensor/base/hash.h"
#include "sensor/base/openssl.h"
#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"

namespace lapwing::x509 {

namespace {

/// Certificates are kept by hash; in each set a newer one takes the place of the oldest.
constexpr size_t kCacheSets = 256, kCacheWays = 4;
/// Bytes of the longest that is kept: hostile ones may be as long as a handshake message, real ones are shorter.
constexpr size_t kMaxKept = 8 << 10;

struct Free {
  void operator()(ASN1_OBJECT* p) const { ASN1_OBJECT_free(p); }
  void operator()(ASN1_STRING* p) const { ASN1_STRING_free(p); }
  void operator()(unsigned char* p) const { OPENSSL_free(p); }
};

std::unique_ptr<ASN1_STRING, Free> asn1_string(const ber::Element& value) {
  std::unique_ptr<ASN1_STRING, Free> out(ASN1_STRING_type_new(value.tag));
  if (!out || !ASN1_STRING_set(out.get(), value.content.data(), static_cast<int>(value.content.size()))) {
    openssl_out_of_memory();
  }
  return out;
}

/// The value of a name's attribute as UTF-8; its bytes where they are no such text, the hex of them for types that are
/// none. `sound`: whether the value is what its type says.
std::string attribute_text(const ber::Element& value, bool& sound) {
  switch (value.tag) {
    case ber::kUtf8:
    case ber::kBmp:
    case ber::kUniversal: {
      unsigned char* utf8 = nullptr;
      const int size = ASN1_STRING_to_UTF8(&utf8, asn1_string(value).get());
      std::unique_ptr<unsigned char, Free> owner(utf8);
      if (size >= 0) return std::string(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
      sound = false;
      if (value.tag == ber::kUtf8) return std::string(to_text(value.content));
      break;
    }
    case ber::kPrintable:
    case ber::kIa5:
    case ber::kNumeric:
    case ber::kVisible:
    case ber::kT61: return std::string(to_text(value.content));
    default: sound = false;
  }
  return to_hex(value.content);
}

std::unique_ptr<ASN1_OBJECT, Free> object_of(const ber::Element& oid) {
  const unsigned char* place = oid.whole.data();
  return std::unique_ptr<ASN1_OBJECT, Free>(d2i_ASN1_OBJECT(nullptr, &place, static_cast<long>(oid.whole.size())));
}

int nid_of(const ber::Element& oid) {
  const auto type = object_of(oid);
  return type ? OBJ_obj2nid(type.get()) : NID_undef;
}

std::string short_name(int nid) {
  const char* name = nid == NID_undef ? nullptr : OBJ_nid2sn(nid);
  return name ? name : "";
}

/// The name EVE records use for an attribute: rules match on it, so these are Suricata's. "OID(2.5.4.97)" for others.
std::string attribute_type(const ber::Element& oid) {
  const auto type = object_of(oid);
  if (!type) return "OID(" + to_hex(oid.content) + ")";
  switch (OBJ_obj2nid(type.get())) {
    case NID_commonName: return "CN";
    case NID_countryName: return "C";
    case NID_stateOrProvinceName: return "ST";
    case NID_localityName: return "L";
    case NID_organizationName: return "O";
    case NID_organizationalUnitName: return "OU";
    case NID_domainComponent: return "DC";
    case NID_pkcs9_emailAddress: return "Email";
    case NID_serialNumber: return "serialNumber";
    case NID_businessCategory: return "businessCategory";
    case NID_jurisdictionCountryName: return "msJurisdictionCountry";
    case NID_jurisdictionStateOrProvinceName: return "msJurisdictionStateOrProvince";
    case NID_jurisdictionLocalityName: return "msJurisdictionLocality";
    case NID_streetAddress: return "streetAddress";
    case NID_postalCode: return "postalCode";
    case NID_userId: return "uid";
    case NID_givenName: return "givenName";
    case NID_surname: return "surname";
    case NID_title: return "title";
    case NID_initials: return "initials";
    case NID_name: return "name";
    case NID_description: return "description";
    case NID_dnQualifier: return "dnQualifier";
    case NID_generationQualifier: return "generationQualifier";
    case NID_x500UniqueIdentifier: return "uniqueIdentifier";
    case NID_subject_alt_name: return "subjectAltName";
    case NID_pkcs9_unstructuredName: return "unstructuredName";
    default: break;
  }
  char text[80];
  const int size = OBJ_obj2txt(text, sizeof text, type.get(), 1);
  const size_t length = size > 0 ? std::min<size_t>(static_cast<size_t>(size), sizeof text - 1) : 0;
  return "OID(" + std::string(text, length) + ")";
}

struct Name {
  std::string text, common;  // the last common name
};

/// `content`: of a Name (RFC 5280 4.1.2.4). Of a broken one what comes before the fault.
Name distinguished_name(Bytes content, bool& sound) {
  Name out;
  ber::Element set, pair, type, value;
  while (!content.empty()) {
    if (!ber::next(content, ber::kSet, set)) {
      sound = false;
      break;
    }
    const char* between = out.text.empty() ? "" : ", ";
    for (Bytes pairs = set.content; !pairs.empty(); between = " + ") {
      Bytes parts;
      if (ber::next(pairs, ber::kSequence, pair)) parts = pair.content;
      if (!ber::next(parts, ber::kOid, type) || !ber::next(parts, value) || value.cut) {
        sound = false;
        break;
      }
      const std::string key = attribute_type(type), text = attribute_text(value, sound);
      out.text += between + key + '=' + text;
      if (key == "CN") out.common = text;
    }
  }
  return out;
}

std::string time_text(const ber::Element& time) {
  tm parts{};
  if (time.tag != ber::kUtcTime && time.tag != ber::kGeneralizedTime) return {};
  if (!ASN1_TIME_to_tm(asn1_string(time).get(), &parts)) return {};
  char text[80];
  const int size = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900,
                                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return std::string(text, static_cast<size_t>(size));
}

std::string address_text(Bytes address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() == 4) inet_ntop(AF_INET, address.data(), text, sizeof text);
  if (address.size() == 16) inet_ntop(AF_INET6, address.data(), text, sizeof text);
  return text[0] ? text : to_hex(address);
}

/// Appends the names of a GeneralNames (RFC 5280 4.2.1.6).
void alternative_names(Bytes value, std::vector<std::string>& out) {
  constexpr uint8_t kEmail = ber::context(1, false), kDns = ber::context(2, false), kUri = ber::context(6, false),
                    kAddress = ber::context(7, false), kDirectory = ber::context(4, true);
  ber::Element list, name, directory;
  if (!ber::next(value, ber::kSequence, list)) return;
  for (Bytes names = list.content; ber::next(names, name) && !name.cut;) {
    bool sound = true;
    switch (name.tag) {
      case kDns:
      case kEmail:
      case kUri: out.emplace_back(to_text(name.content)); break;
      case kAddress: out.push_back(address_text(name.content)); break;
      case kDirectory:
        if (ber::next(name.content, ber::kSequence, directory)) {
          out.push_back(distinguished_name(directory.content, sound).text);
        }
        break;
      default: break;
    }
  }
}

using Sha1 = std::array<uint8_t, 20>;

Sha1 sha1(Bytes data) {
  static constinit DigestAlgorithm algorithm("SHA1");
  const DigestContext& context = per_thread([] { return make_digest_context(); });
  Sha1 out{};
  const EVP_MD* md = algorithm.get();
  if (md &&
      !(EVP_DigestInit_ex2(context.get(), md, nullptr) && EVP_DigestUpdate(context.get(), data.data(), data.size()) &&
        EVP_DigestFinal_ex(context.get(), out.data(), nullptr))) {
    openssl_out_of_memory();
  }
  return out;
}

/// Bits of the modulus (RFC 8017 A.1.1) in a SubjectPublicKeyInfo's BIT STRING.
unsigned modulus_bits(Bytes bits) {
  ber::Element key, modulus;
  if (bits.empty()) return 0;
  bits = bits.subspan(1);  // how many bits of the last byte are unused
  if (!ber::next(bits, ber::kSequence, key) || !ber::next(key.content, ber::kInteger, modulus)) return 0;
  Bytes number = modulus.content;
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  return number.empty() ? 0 : static_cast<unsigned>(8 * (number.size() - 1)) + std::bit_width(unsigned{number[0]});
}

/// Whether a certificatePolicies (RFC 5280 4.2.1.4) has a policy under 2.23.140.1, which public authorities must claim
/// (CA/Browser Forum, Baseline Requirements 7.1.6.1).
bool claims_public_policy(Bytes value) {
  constexpr uint8_t kForum[] = {0x67, 0x81, 0x0c, 0x01};
  ber::Element list, policy, id;
  if (!ber::next(value, ber::kSequence, list)) return false;
  while (ber::next(list.content, ber::kSequence, policy)) {
    if (ber::next(policy.content, ber::kOid, id) && id.content.size() > sizeof kForum &&
        std::ranges::equal(id.content.first(sizeof kForum), kForum)) {
      return true;
    }
  }
  return false;
}

/// The fields of a certificate (RFC 5280 4.1), one after the other: what is odd in one hides none of the others. The
/// first fault counts.
class Reader {
 public:
  Reader(Bytes der, Certificate& out) : out_(out) {
    ber::Element whole, signed_part;
    if (!sequence(der, whole) || !sequence(whole.content, signed_part)) return;
    rest_ = signed_part.content;
    fields();
  }

 private:
  void fault(CertificateFault fault) {
    if (out_.fault == CertificateFault::none) out_.fault = fault;
  }

  /// The next element, as far as it goes.
  bool begin(Bytes& in, ber::Element& out) {
    if (ber::ends_in_head(in)) fault(CertificateFault::length);
    return ber::next(in, out);
  }

  /// The certificate, or what of it is signed, as far as it goes.
  bool sequence(Bytes in, ber::Element& out) {
    const bool begun = begin(in, out) && out.tag == ber::kSequence;
    if (!begun) fault(CertificateFault::der);
    if (begun && out.cut) fault(CertificateFault::cut);
    return begun;
  }

  /// The next field, which is empty when it is of another kind. False when nothing is there.
  bool field(uint8_t tag, CertificateFault fault_of, ber::Element& out) {
    const bool begun = begin(rest_, out), there = begun && !out.cut;
    if (begun && out.cut) fault(CertificateFault::length);
    if (there && out.tag == tag) return true;
    fault(fault_of);
    out.content = {};
    return there;
  }

  void fields() {
    ber::Element part;
    if (!rest_.empty() && rest_[0] == ber::context(0, true)) {
      if (!field(ber::context(0, true), CertificateFault::version, part)) return;
      if (!ber::next(part.content, ber::kInteger, part)) fault(CertificateFault::version);
    }
    if (!field(ber::kInteger, CertificateFault::serial, part)) return;
    out_.serial = to_hex(part.content, ':', true);  // with the leading 00 that keeps a number positive
    if (!field(ber::kSequence, CertificateFault::algorithm, part)) return;
    signature(part.content);
    if (!field(ber::kSequence, CertificateFault::name, part)) return;
    out_.issuer = name(part.content, CertificateFault::issuer).text;
    if (!field(ber::kSequence, CertificateFault::validity, part)) return;
    validity(part.content);
    if (!field(ber::kSequence, CertificateFault::name, part)) return;
    auto [subject, common_name] = name(part.content, CertificateFault::subject);
    out_.subject = std::move(subject);
    out_.common_name = std::move(common_name);
    out_.readable = true;
    out_.self_issued = out_.subject == out_.issuer;
    if (!field(ber::kSequence, CertificateFault::der, part)) return;
    key(part);
    for (uint8_t unique_id : {uint8_t{1}, uint8_t{2}}) {
      if (!rest_.empty() && rest_[0] == ber::context(unique_id, false)) ber::next(rest_, part);
    }
    if (!rest_.empty() && field(ber::context(3, true), CertificateFault::extensions, part)) extensions(part.content);
  }

  void signature(Bytes content) {
    ber::Element id;
    int digest = NID_undef;
    if (!ber::next(content, ber::kOid, id)) return;
    const int nid = nid_of(id);
    out_.signature = short_name(nid);
    if (OBJ_find_sigid_algs(nid, &digest, nullptr)) out_.digest = short_name(digest);
  }

  void key(const ber::Element& whole) {
    static constinit DigestAlgorithm sha256("SHA256");
    Bytes content = whole.content;
    ber::Element algorithm, id, bits;
    if (!ber::next(content, ber::kSequence, algorithm) || !ber::next(algorithm.content, ber::kOid, id)) return;
    const int nid = nid_of(id);
    out_.key = short_name(nid);
    out_.key_hash = digest_hex(sha256, to_text(whole.whole));
    if (nid == NID_rsaEncryption && ber::next(content, ber::kBits, bits)) out_.key_bits = modulus_bits(bits.content);
  }

  Name name(Bytes content, CertificateFault with_nul) {
    bool sound = true;
    Name out = distinguished_name(content, sound);
    if (!sound) fault(CertificateFault::name);
    if (out.text.find('\0') != std::string::npos) fault(with_nul);
    return out;
  }

  void validity(Bytes content) {
    ber::Element time;
    for (std::string* text : {&out_.not_before, &out_.not_after}) {
      if (!ber::next(content, time) || time.cut) return fault(CertificateFault::validity);
      *text = time_text(time);
      if (text->empty()) fault(CertificateFault::date);
    }
  }

  void extensions(Bytes content) {
    constexpr uint8_t kAlternativeName[] = {0x55, 0x1d, 0x11}, kPolicies[] = {0x55, 0x1d, 0x20};  // 2.5.29.17 and .32
    ber::Element list, extension, id, value;
    if (!ber::next(content, ber::kSequence, list)) return fault(CertificateFault::extensions);
    while (!list.content.empty()) {
      if (!ber::next(list.content, extension) || extension.cut) return fault(CertificateFault::extensions);
      Bytes parts = extension.content;
      const bool known = ber::next(parts, ber::kOid, id);
      ber::next(parts, ber::kBoolean, value);  // critical
      if (!known || !ber::next(parts, ber::kOctets, value)) {
        fault(CertificateFault::extensions);
      } else if (std::ranges::equal(id.content, kAlternativeName)) {
        alternative_names(value.content, out_.names);
      } else if (std::ranges::equal(id.content, kPolicies)) {
        out_.public_policy = claims_public_policy(value.content);
      }
    }
  }

  Certificate& out_;
  Bytes rest_;  // of the part that is signed
};

std::shared_ptr<const Certificate> read(Bytes der) {
  auto out = std::make_shared<Certificate>();
  out->fingerprint = to_hex(sha1(der), ':');
  ERR_clear_error();
  Reader(der, *out);
  // What it lacked memory for reads as if it were not there.
  throw_openssl_lack_of_memory();
  return out;
}

}  // namespace

std::optional<uint64_t> seconds_of(const std::string& date) {
  std::tm parts{};
  if (!strptime(date.c_str(), "%Y-%m-%dT%H:%M:%S", &parts)) return {};
  return static_cast<uint64_t>(std::max<time_t>(timegm(&parts), 0));
}

size_t weight(const Certificate& certificate) {
  size_t out = certificate.subject.size() + certificate.common_name.size() + certificate.issuer.size() +
               certificate.serial.size();
  for (const std::string& name : certificate.names) out += sizeof name + name.size();
  return out;
}

std::string_view name_of(const Certificate& certificate) {
  return certificate.names.empty() ? certificate.common_name : certificate.names.front();
}

std::shared_ptr<const Certificate> read_certificate(Bytes der) {
  struct Kept {
    uint64_t hash = 0;
    std::string der;  // compared whole: hashes can be made to collide
    std::shared_ptr<const Certificate> certificate;
  };
  struct Set {
    std::array<Kept, kCacheWays> ways;
    size_t oldest = 0;
  };
  auto& cache = per_thread([] { return std::vector<Set>(kCacheSets); });
  if (der.size() > kMaxKept) return read(der);
  const uint64_t hash = keyed_hash(der, kReplaySeed);
  Set& set = cache[hash % kCacheSets];
  for (const Kept& kept : set.ways) {
    if (kept.certificate && kept.hash == hash && kept.der == to_text(der)) return kept.certificate;
  }
  Kept& kept = set.ways[set.oldest++ % kCacheWays];
  kept = {hash, std::string(to_text(der)), read(der)};
  return kept.certificate;
}

}  // namespace lapwing::x509
