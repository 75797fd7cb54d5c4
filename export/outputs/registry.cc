#include <array>

#include "export/outputs/exporter.h"
#include "export/outputs/file/file_exporter.h"
#include "export/outputs/stdout/stdout_exporter.h"
#include "export/outputs/syslog/syslog_exporter.h"
#include "export/outputs/unix_socket/unix_exporter.h"
#include "export/outputs/zmq/zmq_exporter.h"

namespace lapwing {

std::span<const ExporterRow> exporters() {
  static constexpr std::array kExporters{
      ExporterRow{"regular", create_file_exporter, file_exporter_options, "a file, one record a line"},
      ExporterRow{"stdout", create_stdout_exporter, nullptr, "standard output, one record a line"},
      ExporterRow{"syslog", create_syslog_exporter, syslog_exporter_options, "a syslog server, one record a message"},
      ExporterRow{"unix_stream", create_unix_stream_exporter, unix_exporter_options,
                  "a unix socket, one record a line"},
      ExporterRow{"unix_dgram", create_unix_dgram_exporter, unix_exporter_options,
                  "a unix socket, one record a datagram"},
      ExporterRow{"zmq-push", create_zmq_push_exporter, zmq_push_exporter_options,
                  "ZeroMQ PUSH, for a consumer that must not lose"},
      ExporterRow{"zmq", create_zmq_exporter, zmq_exporter_options, "ZeroMQ PUB, by topic"},
  };
  return kExporters;
}

std::span<const CounterRow<ExporterCounters>> exporter_counter_rows() {
  using C = ExporterCounters;
  static constexpr CounterRow<C> kRows[] = {
      {"records", &C::records, "records delivered to this output"},
      {"bytes", &C::bytes, "bytes of records delivered to this output"},
      {"errors", &C::errors, "writes that this output refused"},
      {"dropped.backpressure", &C::dropped_backpressure, "records dropped: the output's queue was full",
       CounterKind::loss},
      {"dropped.failed", &C::dropped_failed, "records dropped: the output refused them, as a full disk does",
       CounterKind::loss},
      {"dropped.unreachable", &C::dropped_unreachable, "records dropped: nobody was there to take them",
       CounterKind::loss},
      {"dropped.too_large", &C::dropped_too_large, "records dropped: longer than a datagram may be", CounterKind::loss},
      {"connections", &C::connections, "connections made, ZeroMQ handshakes included"},
      {"disconnections", &C::disconnections, "connections lost or closed"},
      {"accepts_failed", &C::accepts_failed, "connections not accepted, for want of descriptors or memory"},
      {"handshakes_failed", &C::handshakes_failed, "connections that were no ZeroMQ, or had no right key"},
      {"clients_refused", &C::clients_refused, "clients whose CURVE key is not listed"},
      {"unknown_topics", &C::unknown_topics, "subscriptions that no record type begins with"},
      {"max_connections", &C::max_connections, "connections ended: 64 were there"},
      {"max_topics", &C::max_topics, "connections ended: they asked for more than 64 topics"},
      {"stalled", &C::stalled, "connections ended: they took nothing while queue-size waited", CounterKind::loss},
      {"rotations", &C::rotations, "files begun anew by size, time or reopening"},
      {"rotations_failed", &C::rotations_failed, "files that could not be renamed, opened anew or compressed"},
  };
  return kRows;
}

}  // namespace lapwing
