#include "export/eve/behaviour.h"

#include "export/eve/own_record.h"

namespace lapwing {
namespace {

bool with_ports(uint8_t proto) {
  return proto == 6 || proto == 17 || proto == 132;  // TCP, UDP, SCTP: IANA protocol numbers
}

Envelope envelope_of(const Behaviour& behaviour) {
  Envelope envelope{.time = behaviour.time, .src = behaviour.src, .dest = behaviour.dest};
  if (behaviour.flows.empty()) return envelope;
  const FlowName& flow = behaviour.flows.front();
  envelope.flow_id = flow.id;
  envelope.src = flow.client;
  envelope.dest = flow.server;
  envelope.proto = flow.proto;
  envelope.has_ports = with_ports(flow.proto);
  if (envelope.has_ports) {
    envelope.src_port = flow.client_port;
    envelope.dest_port = flow.server_port;
  }
  return envelope;
}

void write_flow_name(JsonWriter& json, const RecordTools& tools, CommunityId& ids, const FlowName& flow) {
  json.begin_object().member("flow_id", flow.id);
  if (tools.options.common.community_id) {
    const bool ports = with_ports(flow.proto);
    json.member("community_id", ids.compute(flow.proto, flow.client, flow.server, ports ? flow.client_port : 0,
                                            ports ? flow.server_port : 0, static_cast<uint8_t>(flow.client_port),
                                            static_cast<uint8_t>(flow.server_port)));
  }
  json.end_object();
}

}  // namespace

void write_behaviour_record(std::string& out, RecordTools& tools, CommunityId& ids, const Behaviour& behaviour) {
  const Envelope envelope = envelope_of(behaviour);
  write_own_record(out, tools, envelope, "behaviour", [&](JsonWriter& json) {
    json.begin_object("behaviour")
        .member("id", behaviour.id)
        .member("name", behaviour.name)
        .member("state", name(behaviour.state))
        .member("subject", behaviour.subject);
    json.begin_array("objects");
    for (const std::string& object : behaviour.objects) json.value(object);
    json.end_array();
    json.member("severity", behaviour.severity)
        .member("confidence", behaviour.confidence)
        .member("level", name(level_of(behaviour.severity, behaviour.confidence)));
    if (!behaviour.explained_by.empty()) json.member("explained_by", behaviour.explained_by);
    json.member("first", behaviour.first).member("last", behaviour.last).member("count", behaviour.count);
    json.begin_array("attack");
    for (const Technique& technique : behaviour.attack) {
      json.begin_object().member("tactic", technique.tactic).member("technique", technique.id).end_object();
    }
    json.end_array();
    json.key("evidence").raw(behaviour.evidence);
    json.begin_array("flows");
    for (const FlowName& flow : behaviour.flows) write_flow_name(json, tools, ids, flow);
    json.end_array().end_object();
  });
}

}  // namespace lapwing
