#include "export/eve/asset.h"

#include "export/eve/own_record.h"

namespace lapwing {
namespace {

/// `kind`: what that of the texts is called, or nothing.
void write_texts(JsonWriter& json, std::string_view list, const std::vector<Asset::Text>& texts, std::string_view value,
                 std::string_view kind = {}) {
  if (texts.empty()) return;
  json.begin_array(list);
  for (const Asset::Text& text : texts) {
    json.begin_object().member(value, text.value);
    if (!kind.empty()) json.member(kind, text.kind);
    json.member("first", text.first).member("last", text.last).end_object();
  }
  json.end_array();
}

void write_services(JsonWriter& json, const std::vector<Asset::Service>& services) {
  if (services.empty()) return;
  json.begin_array("services");
  for (const Asset::Service& service : services) {
    json.begin_object().member("port", service.port).member("proto", service.proto == 6 ? "TCP" : "UDP");
    if (!service.protocol.empty()) json.member("app_proto", service.protocol);
    if (!service.software.empty()) json.member("software", service.software);
    if (!service.certificate.empty()) json.member("certificate", service.certificate);
    json.member("clients", service.clients).member("first", service.first).member("last", service.last).end_object();
  }
  json.end_array();
}

}  // namespace

void write_asset_object(JsonWriter& json, const Asset& asset) {
  json.begin_object().member("id", asset.id).member("state", name(asset.state));
  if (!asset.changes.empty()) {
    json.begin_array("changes");
    for (std::string_view change : asset.changes) json.value(change);
    json.end_array();
  }
  if (asset.address.version != 0) json.member("ip", to_string(asset.address));
  if (!asset.station.empty()) json.member("mac", asset.station);
  if (!asset.vendor.empty()) json.member("vendor", asset.vendor);
  if (asset.vlan != 0) json.member("vlan", asset.vlan);
  if (!asset.names.empty()) json.member("name", asset.names.front().value);
  if (!asset.os.empty()) json.member("os", asset.os);
  json.member("criticality", asset.criticality)
      .member("first", asset.first)
      .member("last", asset.last)
      .member("bytes_out", asset.bytes_out)
      .member("bytes_in", asset.bytes_in);
  if (!asset.roles.empty()) {
    json.begin_array("roles");
    for (const Asset::Role& role : asset.roles) {
      json.begin_object().member("role", role.name).member("evidence", role.evidence).end_object();
    }
    json.end_array();
  }
  write_texts(json, "addresses", asset.addresses, "ip");
  write_texts(json, "names", asset.names, "name", "source");
  write_texts(json, "software", asset.software, "value", "kind");
  write_texts(json, "users", asset.users, "user");
  if (!asset.clients.empty()) {
    json.begin_array("ja4");
    for (const std::string& ja4 : asset.clients) json.value(ja4);
    json.end_array();
  }
  write_services(json, asset.services);
  json.end_object();
}

void write_asset_record(std::string& out, RecordTools& tools, const Asset& asset) {
  Envelope envelope;
  envelope.time = asset.time;
  write_own_record(out, tools, envelope, "asset",
                   [&](JsonWriter& json) { write_asset_object(json.key("asset"), asset); });
}

}  // namespace lapwing
