#include "export/eve/incident.h"

#include <algorithm>

#include "export/eve/own_record.h"

namespace lapwing {
namespace {

void write_named(JsonWriter& json, const std::string& text) {
  json.member(IpAddress::parse(text) ? "ip" : "name", text);
}

void write_subject(JsonWriter& json, const Incident& incident) {
  write_named(json, incident.subject);
  const AssetBrief& host = incident.host;
  if (!host.name.empty() && host.name != incident.subject) json.member("name", host.name);
  if (!host.station.empty()) json.member("mac", host.station);
  if (!host.vendor.empty()) json.member("vendor", host.vendor);
  if (!host.user.empty()) json.member("user", host.user);
  if (!host.roles.empty()) {
    json.begin_array("roles");
    for (std::string_view role : host.roles) json.value(role);
    json.end_array();
  }
  if (!host.criticality.empty()) json.member("criticality", host.criticality);
}

void write_attack(JsonWriter& json, const Incident& incident) {
  std::vector<std::string_view> tactics;
  for (const Incident::Attack& attack : incident.attack) {
    if (!attack.tactic.empty() && std::ranges::find(tactics, attack.tactic) == tactics.end()) {
      tactics.push_back(attack.tactic);
    }
  }
  json.begin_array("tactics");
  for (std::string_view tactic : tactics) json.value(tactic);
  json.end_array().begin_array("attack");
  for (const Incident::Attack& attack : incident.attack) {
    json.begin_object().member("technique", attack.technique);
    if (!attack.tactic.empty()) json.member("tactic", attack.tactic);
    json.member("count", attack.count).end_object();
  }
  json.end_array();
  if (incident.next.empty()) return;
  json.begin_array("next");
  for (std::string_view technique : incident.next) json.value(technique);
  json.end_array();
}

void write_members(JsonWriter& json, const Incident& incident) {
  json.begin_array("findings");
  for (const Incident::Member& finding : incident.findings) {
    json.begin_object()
        .member("id", finding.id)
        .member("name", finding.name)
        .member("first", finding.first)
        .member("last", finding.last)
        .member("score", finding.score)
        .member("count", finding.count);
    if (!finding.object.empty()) json.member("object", finding.object);
    if (finding.objects > 1) json.member("objects", finding.objects);
    json.end_object();
  }
  json.end_array().member("findings_total", incident.findings_total);
  json.begin_object("alerts").member("total", incident.alerts_total).begin_array("signatures");
  for (const Incident::Signature& signature : incident.signatures) {
    json.begin_object()
        .member("gid", signature.gid)
        .member("sid", signature.sid)
        .member("signature", signature.message)
        .member("count", signature.count)
        .member("first", signature.first)
        .member("last", signature.last)
        .end_object();
  }
  json.end_array().end_object();
}

}  // namespace

void write_incident_object(JsonWriter& json, const Incident& incident) {
  json.begin_object().member("id", incident.id).member("state", name(incident.state)).member("reason", incident.reason);
  json.begin_object("subject");
  write_subject(json, incident);
  json.end_object();
  if (incident.background) json.member("background", true);
  json.member("level", name(incident.level))
      .member("score", incident.score)
      .member("first", incident.first)
      .member("last", incident.last);
  write_attack(json, incident);
  json.begin_array("objects");
  for (const Incident::Object& object : incident.objects) {
    json.begin_object();
    write_named(json, object.name);
    if (!object.host.empty()) json.member("host", object.host);
    json.member("role", object.role).end_object();
  }
  json.end_array().member("objects_total", incident.objects_total);
  write_members(json, incident);
  json.begin_array("links");
  for (const Incident::Link& link : incident.links) {
    json.begin_object().member("incident", link.incident).member("kind", link.kind).end_object();
  }
  json.end_array();
  if (!incident.previous.empty()) json.member("previous", incident.previous);
  if (!incident.campaign.empty()) json.member("campaign", incident.campaign);
  json.end_object();
}

void write_incident_record(std::string& out, RecordTools& tools, const Incident& incident) {
  Envelope envelope;
  envelope.time = incident.time;
  write_own_record(out, tools, envelope, "incident",
                   [&](JsonWriter& json) { write_incident_object(json.key("incident"), incident); });
}

}  // namespace lapwing
