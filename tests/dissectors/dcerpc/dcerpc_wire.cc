#include "tests/dissectors/dcerpc/dcerpc_wire.h"

#include <algorithm>

namespace lapwing::test {

namespace {

const std::string kNdr = "8a885d04-1ceb-11c9-9fe8-08002b104860";
const std::string kNdr64 = "71710533-beba-4937-8319-b5dbef9ccc36";

std::string syntax(std::string_view uuid, uint32_t version, bool little) {
  return rpc_uuid(uuid, little) + rpc_number(version, 4, little);
}

/// A floor of a tower: what is said, and where it is.
std::string floor_of(const std::string& what, const std::string& where) {
  return rpc_number(what.size(), 2) + what + rpc_number(where.size(), 2) + where;
}

}  // namespace

std::string rpc_number(uint64_t value, size_t size, bool little) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out += static_cast<char>(value >> 8 * i);
  if (!little) std::reverse(out.begin(), out.end());
  return out;
}

std::string rpc_uuid(std::string_view text, bool little) {
  std::string out, digits;
  for (char c : text) {
    if (c != '-') digits += c;
  }
  for (size_t i = 0; i < digits.size(); i += 2) out += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  if (!little) return out;
  std::reverse(out.begin(), out.begin() + 4);
  std::reverse(out.begin() + 4, out.begin() + 6);
  std::reverse(out.begin() + 6, out.begin() + 8);
  return out;
}

std::string rpc_verifier(unsigned type, unsigned level, std::string_view token, unsigned padding) {
  return rpc_number(type, 1) + rpc_number(level, 1) + rpc_number(padding, 1) + std::string(5, '\0') +
         std::string(token);
}

std::string rpc_pdu(unsigned type, uint32_t call, std::string_view body, const RpcForm& form) {
  const size_t auth = form.verifier.empty() ? 0 : form.verifier.size() - 8;
  std::string out = rpc_number(5, 1) + rpc_number(form.minor, 1) + rpc_number(type, 1) + rpc_number(form.flags, 1);
  out += std::string(1, form.little ? '\x10' : '\0') + std::string(3, '\0');
  out += rpc_number(16 + body.size() + form.verifier.size(), 2, form.little) + rpc_number(auth, 2, form.little);
  return out + rpc_number(call, 4, form.little) + std::string(body) + form.verifier;
}

std::string rpc_bind(uint32_t call, const std::vector<std::string>& uuids, const RpcForm& form, unsigned type,
                     unsigned first) {
  std::string body = rpc_number(4280, 2, form.little) + rpc_number(4280, 2, form.little) + std::string(4, '\0');
  body += rpc_number(uuids.size(), 1) + std::string(3, '\0');
  for (size_t i = 0; i < uuids.size(); ++i) {
    body += rpc_number(first + i, 2, form.little) + std::string("\1\0", 2);
    body += syntax(uuids[i], 1 << 16 | 2, form.little) + syntax(kNdr, 2, form.little);
  }
  return rpc_pdu(type, call, body, form);
}

std::string rpc_bind_ack(uint32_t call, const std::vector<unsigned>& results, const RpcForm& form, unsigned type) {
  std::string body = rpc_number(4280, 2, form.little) + rpc_number(4280, 2, form.little) + std::string(4, '\0');
  body += rpc_number(4, 2, form.little) + std::string("135\0", 4) + std::string(2, '\0');
  body += rpc_number(results.size(), 1) + std::string(3, '\0');
  for (unsigned result : results) {
    body += rpc_number(result, 2, form.little) + rpc_number(result ? 1 : 0, 2, form.little);
    body += result ? std::string(20, '\0') : syntax(form.wide ? kNdr64 : kNdr, form.wide ? 1 : 2, form.little);
  }
  return rpc_pdu(type, call, body, form);
}

std::string rpc_request(uint32_t call, unsigned context, unsigned operation, std::string_view stub,
                        const RpcForm& form) {
  std::string body = rpc_number(stub.size(), 4, form.little) + rpc_number(context, 2, form.little);
  return rpc_pdu(0, call, body + rpc_number(operation, 2, form.little) + std::string(stub), form);
}

std::string rpc_response(uint32_t call, std::string_view stub, const RpcForm& form) {
  return rpc_pdu(2, call, rpc_number(stub.size(), 4, form.little) + std::string(4, '\0') + std::string(stub), form);
}

std::string rpc_fault(uint32_t call, uint32_t status, const RpcForm& form) {
  return rpc_pdu(3, call, std::string(8, '\0') + rpc_number(status, 4, form.little) + std::string(4, '\0'), form);
}

std::string rpc_towers(std::string_view uuid, const std::vector<uint32_t>& ports, bool wide) {
  const size_t size = wide ? 8 : 4;
  std::string out(20, '\0');  // the handle
  out += rpc_number(ports.size(), 4) + rpc_number(ports.size(), size) + rpc_number(0, size);
  out += rpc_number(ports.size(), size);
  for (size_t i = 0; i < ports.size(); ++i) out += rpc_number(i + 1, size);
  for (uint32_t port : ports) {
    const bool datagrams = port > 65535;
    std::string tower = rpc_number(5, 2);
    tower += floor_of("\x0d" + rpc_uuid(uuid) + rpc_number(1, 2), rpc_number(0, 2));
    tower += floor_of("\x0d" + rpc_uuid(kNdr) + rpc_number(2, 2), rpc_number(0, 2));
    tower += floor_of(datagrams ? "\x0a" : "\x0b", rpc_number(0, 2));
    tower += floor_of(datagrams ? "\x08" : "\x07", rpc_number(port & 65535, 2, false));
    tower += floor_of("\x09", std::string("\xc0\x00\x02\x05", 4));
    out += std::string((size - out.size() % size) % size, '\0');
    out += rpc_number(tower.size(), size) + rpc_number(tower.size(), 4) + tower;
  }
  return out;
}

std::string rpc_bindings(const std::vector<std::pair<unsigned, std::string>>& bindings) {
  std::string array;
  for (const auto& [protocol, text] : bindings) {
    array += rpc_number(protocol, 2);
    for (const char c : text) array += std::string{c, '\0'};
    array += std::string(2, '\0');
  }
  array += std::string(2, '\0');
  return rpc_number(array.size() / 2 + 4, 2) + rpc_number(array.size() / 2, 2) + array + rpc_number(10, 2) +
         rpc_number(0xffff, 2) + std::string(4, '\0');
}

std::string rpc_datagram(unsigned type, std::string_view interface, std::string_view activity, uint32_t sequence,
                         unsigned operation, std::string_view body, unsigned flags, unsigned fragment, bool little) {
  std::string out = rpc_number(4, 1) + rpc_number(type, 1) + rpc_number(flags, 1) + std::string(1, '\0');
  out += std::string(1, little ? '\x10' : '\0') + std::string(3, '\0');
  out += std::string(16, '\0') + rpc_uuid(interface, little) + rpc_uuid(activity, little) + std::string(4, '\0');
  out += rpc_number(3, 4, little) + rpc_number(sequence, 4, little) + rpc_number(operation, 2, little);
  out += std::string(4, '\xff') + rpc_number(body.size(), 2, little) + rpc_number(fragment, 2, little);
  return out + std::string(2, '\0') + std::string(body);
}

}  // namespace lapwing::test
