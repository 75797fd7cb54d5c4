#include "sensor/config/suricata_keys.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

using Key = std::string_view;

constexpr Key kLogging[] = {"logging", "daemon-directory", "umask", "sensor-name"};
constexpr Key kProcess[] = {"run-as",
                            "coredump",
                            "pid-file",
                            "security",
                            "unix-command",
                            "runmode",
                            "host-mode",
                            "autofp-scheduler",
                            "max-pending-packets",
                            "default-packet-size",
                            "suricata-version",
                            "plugins",
                            "engine"};
constexpr Key kCapture[] = {"af-packet", "af-xdp",  "dpdk",  "netmap",   "pfring",  "ipfw",
                            "napatech",  "nfq",     "nflog", "dag",      "erf-dag", "windivert",
                            "capture",   "livedev", "pcap",  "pcap-file"};
constexpr Key kInline[] = {
    "stream.inline", "stream.drop-invalid", "flow.memcap-policy", "defrag.memcap-policy", "ippair", "host"};
constexpr Key kTuning[] = {"profiling",
                           "engine-analysis",
                           "mpm-algo",
                           "spm-algo",
                           "luajit",
                           "threading.cpu-affinity",
                           "threading.detect-thread-ratio",
                           "threading.set-cpu-affinity",
                           "threading.stack-size",
                           "detect.profile",
                           "detect.custom-values",
                           "detect.sgh-mpm-context",
                           "detect.prefilter",
                           "detect.grouping",
                           "detect.profiling",
                           "detect.delayed-detect",
                           "detect.mpm",
                           "detect.inspection-recursion-limit",
                           "flow.managers",
                           "flow.recyclers",
                           "flow.prealloc",
                           "defrag.prealloc",
                           "stream.prealloc-sessions",
                           "stream.reassembly.segment-prealloc",
                           "stream.reassembly.randomize-chunk-size",
                           "stream.reassembly.randomize-chunk-range",
                           "stream.reassembly.toserver-chunk-size",
                           "stream.reassembly.toclient-chunk-size",
                           "stream.max-sessions"};
constexpr Key kOutputs[] = {"default-log-dir",
                            "outputs.fast",
                            "outputs.http-log",
                            "outputs.tls-log",
                            "outputs.tls-store",
                            "outputs.pcap-log",
                            "outputs.alert-debug",
                            "outputs.stats",
                            "outputs.syslog",
                            "outputs.file-store",
                            "outputs.tcp-data",
                            "outputs.http-body-data",
                            "outputs.lua",
                            "outputs.unified2-alert",
                            "outputs.alert-prelude",
                            "outputs.drop",
                            "stats",
                            "outputs.eve-log.redis",
                            "outputs.eve-log.types",
                            "outputs.eve-log.xff",
                            "outputs.eve-log.ethernet",
                            "outputs.eve-log.metadata",
                            "outputs.eve-log.prefix",
                            "outputs.eve-log.identity",
                            "outputs.eve-log.facility",
                            "outputs.eve-log.level",
                            "outputs.eve-log.threaded",
                            "outputs.eve-log.buffer-size",
                            "outputs.eve-log.append",
                            "outputs.eve-log.rotate-interval",
                            "outputs.eve-log.filemode",
                            "outputs.eve-log.pcap-file",
                            "outputs.eve-log.community-id",
                            "outputs.eve-log.community-id-seed",
                            "outputs.eve-log.suricata-version"};
constexpr Key kDetection[] = {"asn1-max-frames",
                              "datasets",
                              "legacy",
                              "magic-file",
                              "geoip-database",
                              "reputation-categories-file",
                              "default-reputation-path",
                              "reputation-files",
                              "packet-alert-max",
                              "host-os-policy",
                              "pcre",
                              "threshold-file",
                              "classification-file",
                              "reference-config-file",
                              "vars",
                              "defrag.host-config",
                              "defrag.max-frags",
                              "defrag.trackers",
                              "defrag.hash-size",
                              "flow.hash-size",
                              "flow.emergency-recovery",
                              "flow-timeouts",
                              "vlan",
                              "stream.bypass",
                              "decoder",
                              "app-layer.protocols"};

/// Names of keys that Suricata 7 has somewhere, with blanks between.
constexpr std::string_view kNames =
    "action-order address address-groups af-packet af-xdp alert alert-debug alert-prelude alerts "
    "allow-absolute-filenames allow-rules allow-write anomaly app-layer append applayer asn1-max-frames async "
    "async-oneside auto-config autofp-scheduler batch-size batchcount bittorrent-dht block-size block-timeout body-md5 "
    "bpf-filter bsd bsd-right buffer-size busy-poll-budget busy-poll-time bypass bypass-mark bypass-mask bypass-policy "
    "bypassed byterange capture certs-log-dir check-overlap-different-data checksum-checks checksum-checks-offload "
    "checksum-validation classification-file closed cluster-id cluster-type community-id community-id-seed "
    "compress-depth compression compression-bomb-limit conditional console content-inspect-min-size "
    "content-inspect-window content-limit copy-iface copy-mode coredump cpu cpu-affinity csv custom custom-values "
    "customformat daemon-directory datasets dcerpc decode decode-base64 decode-mime decode-quoted-printable decoder "
    "decoder-events decoder-events-prefix decompress-depth decompression-time-limit default default-config "
    "default-log-dir default-log-format default-log-level default-output-filter default-packet-size "
    "default-reputation-path default-rule-path defaults defrag delayed-detect deltas deployment depth detect "
    "detect-thread-ratio detection-ports device dhcp dir directories disable-offloading disable-promisc dnp3 dns "
    "dns-log double-decode-path double-decode-query dp dpdk drop drop-invalid dump-all-headers dump-to-disk eal-params "
    "ebpf-filter-file ebpf-lb-file emergency-bypassed emergency-closed emergency-established emergency-new "
    "emergency-recovery enable-busy-poll enable-stream-stats enable-tls enabled encryption-handling engine-analysis "
    "enip error-policy established ethernet eve-log event-set exception-policy extended extract-urls "
    "extract-urls-schemes facility fail-open fast file file-log file-store filemode filename files filetype flow "
    "flow-timeouts flows force-bind-mode force-filestore force-hash force-magic force-xdp-mode format formats frame "
    "ftp geneve geoip-database global-memcap gro-flush-timeout group grouping guess-applayer-tx handler "
    "hardware-bypass hash-size hashmode hashsize hassh hassh-fingerprint header header-value-depth headers-limit high "
    "honor-pass-rules host host-config host-mode host-os-policy hpux10 hpux11 http http-body http-body-data "
    "http-body-inline http-body-printable http-log http2 hw-timestamp icmp identity ike imap include include-mpm-stats "
    "include-packets include-pid include-rules inline inspect-logging-threshold inspected-tracker "
    "inspection-recursion-limit interface interfaces interrupt-mode interval ipfw ipfw-reinjection-rule-number ippair "
    "irix ja3-fingerprints ja4 ja4-fingerprints json key keywords krb5 landlock legacy level liberal-timestamps libhtp "
    "limit limit-noproc limits linux livedev loaders locks log-dir log-packet-content log-packet-header log-url-scheme "
    "logging low lua luajit lz4-checksum lz4-level lzma-enabled lzma-memlimit macos magic-file management-cpu-set "
    "managers mappings match-limit match-limit-recursion max-dump max-files max-frags max-layers max-msg-length "
    "max-open-files max-pending-packets max-reassembly-size max-size max-streams max-syn-queued max-synack-queued "
    "max-table-size max-tx md5 medium mem-unaligned memcap memcap-policy mempool-cache-size mempool-size "
    "meta-field-limit metadata midstream midstream-policy mime min-ttl mmap-locked modbus mode mpm-algo mqtt mtu "
    "multi-detect multicast napatech napi-defer-hard-irq netmap new nflog nfq nfs ntp null-values old-linux "
    "old-solaris oneside oob-limit-policy outputs packet packet-alert-max packethdr packets passwords "
    "path-convert-backslash-separators payload payload-buffer-size payload-length payload-printable pcap pcap-file "
    "pcap-log pcre personality pfring pgsql pid-file pinned-maps pinned-maps-name pipelining plugins policy port "
    "port-groups ports prealloc prealloc-sessions prefilter prefix prio proc-type profile profiling promisc protocols "
    "qthreshold qtimeout query-plusspace-decode quic randomize-chunk-range randomize-chunk-size "
    "randomize-inspection-range randomize-inspection-sizes raw raw-extraction rdp read reassembly reassembly-depth "
    "receive-cpu-set recyclers redis reference reference-config-file repeat-mark repeat-mask "
    "reputation-categories-file reputation-files request-body-inspect-window request-body-limit "
    "request-body-minimal-inspect-size request-flood requests response-body-decompress-layer-limit "
    "response-body-inspect-window response-body-limit response-body-minimal-inspect-size responses rfb ring-size "
    "rotate-interval route-queue rss-hash-functions rule rule-files rulegroups rules rules-fast-pattern "
    "rules-keywords-enable run-as runmode rx-descriptors sample-rate scripts scripts-dir sctp security "
    "segment-prealloc selector sensor-name server server-config session-resumption set-cpu-affinity sgh-mpm-caching "
    "sgh-mpm-caching-path sgh-mpm-context single-hashsize sip smb smtp snaplen snmp solaris sort sp spm-algo "
    "spurious-retransmission ssh stack-size stacktrace-on-signal state-memcap state-update states stats stream "
    "stream-depth stream-events stream-tx-log-limit streams string-log-limit subscribe-topic-match-limit "
    "suricata-version swf-decompression syslog tagged-packets tcp tcp-data tcp-mode tcp-priority-ports tcp-whitelist "
    "telnet tenant-id tenants teredo tftp threaded threading threads threshold-file timeout tls tls-log tls-store "
    "toclient-chunk-size toclient-dp-groups toclient-dst-groups toclient-groups toclient-sp-groups toclient-src-groups "
    "toserver-chunk-size toserver-groups total-hashsizes totals tpacket-v3 trackers ts-format tx-descriptors type "
    "types udp udp-payload udp-priority-ports udp-whitelist umask unified2-alert unix-command "
    "unsubscribe-topic-match-limit urgent uri-include-all uricontent use-all-streams use-emergency-flush "
    "use-for-tracking use-mmap use-stream-depth user v2-block-size vars verdict verdict-cpu-set version vista vlan "
    "vlan-id vxlan websocket-payload windows windows2k3 worker-cpu-set write write-fileinfo write-meta "
    "xdp-cpu-redirect xdp-filter-file xdp-mode xff";

/// The members of these are named by the operator.
constexpr Key kNamedByOperator[] = {"address-groups", "port-groups", "datasets", "server-config",
                                    "eal-params",     "protocols",   "scripts",  "redis"};

constexpr KeyGroup kGroups[] = {
    {"logging", kLogging},
    {"process and privileges", kProcess},
    {"capture tuning", kCapture},
    {"blocking", kInline},
    {"threads, matcher tuning and profiling", kTuning},
    {"outputs", kOutputs},
    {"detection and protocols", kDetection},
};

}  // namespace

std::span<const KeyGroup> suricata_key_groups() {
  return kGroups;
}

const std::set<std::string_view>& suricata_key_names() {
  static const std::set<std::string_view> names = [] {
    const auto list = split(kNames, ' ');
    return std::set<std::string_view>(list.begin(), list.end());
  }();
  return names;
}

bool named_by_operator(std::string_view key) {
  return std::ranges::find(kNamedByOperator, key) != std::end(kNamedByOperator);
}

}  // namespace lapwing
