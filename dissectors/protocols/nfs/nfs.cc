#include "dissectors/protocols/nfs/nfs.h"

#include <algorithm>
#include <utility>

namespace lapwing::nfs {

namespace {

#define LAPWING_NFS_KEY "app-layer.protocols.nfs."

constexpr uint16_t kPorts[] = {2049};
constexpr uint32_t kLeastVersion = 2, kMostVersion = 4;
constexpr uint32_t kAcl = 100227;  // of access control lists, a program that servers have on the same port

constexpr FrameKind kFrames[] = {
    {"rpc.pdu", "a call or answer, over TCP with its record mark"},
    {"rpc.hdr", "of an answer: record mark, xid and type"},
    {"rpc.data", "of an answer: what follows those"},
    {"rpc.creds", "of a call: flavor and credentials"},
    {"nfs.pdu", "of versions 2 and 3: arguments or results"},
    {"nfs.status", "of versions 2 and 3: how the call went"},
    {"nfs4.pdu", "of version 4: arguments or results"},
    {"nfs4.hdr", "of version 4: the first eight bytes of those"},
    {"nfs4.ops", "of version 4: what follows them"},
    {"nfs4.status", "of version 4: how the call went"},
};

constexpr auto kAnomalies = names<Anomaly::too_many_transactions>({
    {Anomaly::malformed_data, "malformed_data"},
    {Anomaly::too_many_transactions, "too_many_transactions"},
});

constexpr NamedValue kRecorded[] = {{"create", kCreate}, {"remove", kRemove}, {"rename", kRename},  {"link", kLink},
                                    {"open", kOpen},     {"lookup", kLookup}, {"setattr", kSetattr}};

const OptionRow<Config> kOptions[] = {
    {LAPWING_NFS_KEY "max-tx", &Config::max_tx, "1024", "calls of a flow that wait for their answers"},
    {LAPWING_NFS_KEY "inspection-limit", &Config::inspected, "100kb", "bytes of a file that are inspected; 0: all",
     Unit::bytes},
    {LAPWING_NFS_KEY "record.operations", some_of<&Config::operations>(kRecorded), "create,remove,rename,link",
     "operations of version 4 that have transactions and records of their own, beside files that are read and written"},
    {LAPWING_NFS_KEY "record.extended", &Config::extended, "no", "records show attributes of files"},
    {LAPWING_NFS_KEY "version2-writes", &Config::version2_writes, "no",
     "what version 2 writes is a file, which ends with the flow; else each WRITE is a call like others"},
};

}  // namespace

const About Nfs::about{.name = "nfs",
                       .transports = transport::tcp | transport::udp,
                       .ports = kPorts,
                       .help = "network file system (RFC 1094, 1813, 7530, 8881)",
                       .stream_depth = 0};  // a connection lasts as long as what is mounted

const Protocol Nfs::protocol{.name = "nfs",
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "network file system",
                             .file = &carried_file,
                             .login = &told_login,
                             .sightings = &sightings,
                             .grows = kCall,
                             .frames = kFrames,
                             .words = rule_words(),
                             .in_alert = columns(),
                             .caps = kCaps,
                             .parts = kParts,
                             .extent = &record_extent};

std::span<const OptionRow<Config>> Nfs::options() {
  return kOptions;
}

RecordExtent record_extent(const void* config, std::string_view) {
  return {.extended = static_cast<const Config*>(config)->extended};
}

void Exchange::reset() {
  id = number = count = 0;
  progress = inspected = {};
  begin = {kNowhere, kNowhere};
  store_files = 0;
  unrecorded = false;
  grown = {};
  anomalies.clear();
  matched.clear();
  rpc.reset();
  procedure = commit = minor = 0;
  handle.clear();
  name.clear();
  to.clear();
  software.clear();
  login.reset();
  outcome.reset();
  status.reset();
  attributes.reset();
}

void Waiting::reset() {
  exchange.reset();
  opened = false;
  digest = 0;
  arguments = {};
  names.clear();
  accesses.clear();
  asked.clear();
  operations.clear();
  named = accessed = got = answered = 0;
  compound = false;
  ended.clear();
}

bool Nfs::is_write(const Exchange& call) const {
  return as_v3(call.rpc.version, call.procedure) == v3::write && (call.rpc.version != 2 || config_.version2_writes);
}

Likelihood Nfs::probe(const Chunk& first) {
  return onc_rpc::probe(first, kProgram, kAcl);
}

Nfs::Nfs(const Config& config, const Out<Nfs>& out) : config_(config), out_(out), messages_(*this) {
  if (out_.picked_up_late()) messages_.begin_anywhere();
}

Step Nfs::data(const Chunk& chunk) {
  digest_ = chunk.datagram ? onc_rpc::digest(chunk.data) : 0;
  return messages_.data(chunk);
}

void Nfs::finish() {
  while (Waiting* waiting = calls_.oldest()) close(*waiting);
  while (auto* row = files_.oldest()) finish_file(take_file(*row->value), file::State::truncated);
}

Likelihood Nfs::begins(Bytes bytes, Direction direction) {
  const Likelihood verdict = onc_rpc::judge(bytes, kProgram, true);
  if (verdict != Likelihood::maybe) return verdict;
  const uint32_t xid = load_be32(&bytes[4]);
  return calls_.find(key(xid, reverse(direction))) ? Likelihood::sure : Likelihood::no;
}

void Nfs::record(const onc_rpc::Span& span, Direction direction) {
  out_.frame(Pdu::rpc_pdu, direction, span.begin, span.length ? span.length : kOpenLength);
}

void Nfs::record_over(uint64_t end, Direction direction) {
  out_.end_frame(Pdu::rpc_pdu, direction, end);
}

Nfs::Reading& Nfs::begin(bool reply, Direction direction) {
  Reading& reading = readings_[index(direction)];
  reading.next = Next::nothing;
  reading.reply = reply;
  reading.wrapped = false;
  reading.waiting = nullptr;
  reading.left = reading.padding = 0;
  reading.bulk = reading.offset = 0;
  reading.file = nullptr;
  reading.handle.clear();
  reading.saved.clear();
  reading.name.clear();
  reading.place.clear();
  return reading;
}

void Nfs::call(const onc_rpc::Call& head, const onc_rpc::Span& span, Direction direction) {
  Reading& reading = begin(false, direction);
  if (span.length) {
    const uint64_t credentials = span.mark() + 24;  // flavor and length stand before them (RFC 5531 9)
    out_.frame(Pdu::rpc_creds, direction, span.begin + credentials, head.credentials + 8);
  }
  if (head.program != kProgram) return;  // the server's own calls come on the connection as well (RFC 8881 2.10.3.1)
  if (span.datagram) {
    const Waiting* same = calls_.find(key(head.xid, direction));
    if (same && same->digest == digest_) return;  // once more
  }
  while (calls_.size() >= std::max<uint64_t>(config_.max_tx, 1)) give_up_oldest();
  Waiting& waiting = calls_.open(key(head.xid, direction));
  reading.waiting = &waiting;
  waiting.digest = digest_;
  waiting.exchange.rpc.take(head);
  waiting.exchange.asked_by = direction;
  waiting.exchange.procedure = head.procedure;
  if (!span.datagram) waiting.exchange.begin[index(direction)] = span.begin;
  frames(waiting, span, false, direction);
  const bool is_body = !head.gss || (head.gss->procedure == 0 && head.gss->service != onc_rpc::GssService::privacy);
  if (head.gss && head.gss->logs_in()) {
    reading.next = Next::token;
    if (head.gss->begins_login()) {
      waiting.exchange.login = std::make_shared<gss::Login>();
    } else if (login_ && head.gss_context == login_context_) {
      waiting.exchange.login = login_;
    }
  }
  if (!is_body || head.version < kLeastVersion || head.version > kMostVersion) return;
  reading.wrapped = head.gss && head.gss->service == onc_rpc::GssService::integrity;
  if (head.version < 4) reading.next = Next::arguments;
  if (head.version == 4 && head.procedure == v4::compound) reading.next = Next::call_head;
}

void Nfs::reply(const onc_rpc::Reply& head, const onc_rpc::Span& span, Direction direction) {
  Reading& reading = begin(true, direction);
  if (span.length) {
    const uint64_t size = span.mark() + 8;
    out_.frame(Pdu::rpc_hdr, direction, span.begin, size);
    out_.frame(Pdu::rpc_data, direction, span.begin + size, span.length - size);
  }
  Waiting* waiting = calls_.find(key(head.xid, reverse(direction)));
  if (!waiting) return;
  reading.waiting = waiting;
  onc_rpc::Heads& heads = waiting->exchange.rpc;
  heads.reply = head;
  for (const auto& operation : waiting->operations) operation->rpc.reply = head;
  if (waiting->exchange.login && !head.has_results()) waiting->exchange.outcome = Outcome::failure;
  if (!head.has_results()) return;
  if (heads.procedure == v3::null) waiting->exchange.status = 0;
  frames(*waiting, span, true, direction);
  const auto& gss = heads.identity.gss;
  if (gss && gss->logs_in()) reading.next = Next::token_answer;
  if (heads.is_private() || (gss && gss->procedure != 0)) return;
  reading.wrapped = gss && gss->service == onc_rpc::GssService::integrity;
  if (heads.version == 2 || heads.version == 3) reading.next = Next::results;
  if (heads.version == 4 && heads.procedure == v4::compound) reading.next = Next::reply_head;
}

void Nfs::frames(const Waiting& waiting, const onc_rpc::Span& span, bool reply, Direction direction) {
  constexpr uint64_t kStatus = 4, kHead = 8;  // bytes
  if (span.length <= span.head) return;
  const uint64_t begin = span.begin + span.head, size = span.length - span.head;
  const bool is4 = waiting.exchange.rpc.version == 4;
  out_.frame(is4 ? Pdu::pdu4 : Pdu::pdu, direction, begin, size);
  if (reply && size >= kStatus) out_.frame(is4 ? Pdu::status4 : Pdu::status, direction, begin, kStatus);
  if (is4 && size > kHead) {
    out_.frame(Pdu::hdr4, direction, begin, kHead);
    out_.frame(Pdu::ops4, direction, begin + kHead, size - kHead);
  }
}

onc_rpc::Carrier::Taken Nfs::body(Bytes bytes, bool whole, Direction direction) {
  Reading& reading = readings_[index(direction)];
  size_t used = 0;
  while (true) {
    const Bytes rest = bytes.subspan(used);
    if (reading.bulk > 0) {
      const size_t size = take_data(reading, rest);
      used += size;
      if (reading.bulk == 0) continue;
      if (whole) malformed(reading, direction);
      return {bytes.size(), 0};
    }
    if (reading.padding > 0) {
      const size_t size = std::min<size_t>(reading.padding, rest.size());
      used += size;
      reading.padding -= static_cast<uint32_t>(size);
      if (reading.padding > 0) return {used, reading.padding};
      continue;
    }
    if (reading.next == Next::nothing || !reading.waiting) return {bytes.size(), 0};
    XdrReader reader(onc_rpc::Messages::unit(rest));
    if (reading.wrapped) reader.skip(8);  // length and number of what integrity protects (RFC 2203 5.3.2.2)
    unit(reading, reader, direction);
    const bool cut = whole && reader.missing() && !onc_rpc::Messages::too_long(rest, reader.missing());
    if (!reader.ok() || cut) {
      malformed(reading, direction);
      return {bytes.size(), 0};
    }
    if (reader.missing()) return {used, reader.missing()};
    reading.wrapped = false;
    used += reader.position();
  }
}

void Nfs::unit(Reading& reading, XdrReader& body, Direction direction) {
  switch (reading.next) {
    case Next::arguments: return arguments(reading, body, direction);
    case Next::results: return results(reading, body, direction);
    case Next::entry:
    case Next::entry4: return entry(reading, body);
    case Next::token: return token(reading, body, direction);
    case Next::token_answer: return token_answer(reading, body, direction);
    case Next::call_head: {
      const CompoundHead head = read_compound_call(body);
      if (!body.whole()) return;
      reading.waiting->exchange.minor = head.minor;
      reading.waiting->compound = true;
      reading.left = head.operations;
      reading.next = Next::operation;
      break;
    }
    case Next::reply_head: {
      const CompoundHead head = read_compound_reply(body);
      if (!body.whole()) return;
      reading.waiting->exchange.status = head.status;
      reading.left = head.operations;
      reading.next = Next::outcome;
      break;
    }
    case Next::operation: return operation(reading, body, direction);
    case Next::outcome: return outcome(reading, body, direction);
    case Next::nothing: return;
  }
  if (reading.left == 0) reading.next = Next::nothing;
}

void Nfs::arguments(Reading& reading, XdrReader& body, Direction direction) {
  Waiting& waiting = *reading.waiting;
  Exchange& exchange = waiting.exchange;
  const Arguments said = read_arguments(exchange.rpc.version, exchange.procedure, body);
  if (!body.whole()) return;
  reading.next = Next::nothing;
  if (said.handle) exchange.handle = to_text(*said.handle);
  exchange.to = said.to;
  waiting.arguments.offset = said.offset;
  waiting.arguments.synced = said.synced;
  waiting.arguments.data = said.data;
  const auto procedure = as_v3(exchange.rpc.version, exchange.procedure);
  if (said.name) {
    exchange.name = *said.name;
  } else if (const std::string* known = names_.find(exchange.handle)) {
    exchange.name = *known;
  }
  if (procedure == v3::link) exchange.name = said.to;
  if (is_write(exchange)) return write(reading, exchange.handle, said.offset, *said.data, direction);
  if (procedure == v3::read) {
    ++file(exchange.handle, reverse(direction), waiting).unanswered;
  } else if (procedure == v3::commit) {
    end_writing(waiting, exchange.handle, exchange.procedure);
  } else {
    if (procedure == v3::lookup) exchange.handle.clear();  // it is the directory's
    open(waiting);
  }
}

void Nfs::results(Reading& reading, XdrReader& body, Direction direction) {
  Waiting& waiting = *reading.waiting;
  Exchange& exchange = waiting.exchange;
  const Results said = read_results(exchange.rpc.version, exchange.procedure, body);
  if (!body.whole()) return;
  reading.next = said.entries ? Next::entry : Next::nothing;
  exchange.status = said.status;
  exchange.attributes = said.attributes;
  if (said.handle) {
    name(*said.handle, exchange.name);
    if (exchange.handle.empty()) exchange.handle = to_text(*said.handle);
  }
  const auto procedure = as_v3(exchange.rpc.version, exchange.procedure);
  if (is_write(exchange)) written(waiting, said.status, said.attributes);
  if (procedure == v3::read) {
    Results results = said;
    const uint64_t end = waiting.arguments.offset + said.data.value_or(0);
    if (exchange.rpc.version == 2 && said.status == 0) results.last = said.attributes->size == end;
    read(reading, exchange.handle, waiting.arguments.offset, results, direction);
  }
}

void Nfs::entry(Reading& reading, XdrReader& body) {
  const Entry said = reading.next == Next::entry4 ? read_entry4(body) : read_entry(body);
  if (!body.whole()) return;
  if (said.handle) name(*said.handle, said.name);
  if (said.follows) return;
  reading.next = reading.left > 0 ? Next::outcome : Next::nothing;
}

/// A client logs in, in one call or several (RFC 2203 5.2.2).
void Nfs::token(Reading& reading, XdrReader& body, Direction direction) {
  const Bytes token = body.opaque(onc_rpc::kMostToken);
  if (!body.whole()) return;
  reading.next = Next::nothing;
  Exchange& exchange = reading.waiting->exchange;
  open(*reading.waiting);
  if (!exchange.login) return;
  gss::tell(exchange.login->take(token, Direction::to_server), out_.part<gss::Gss>(), direction, &exchange);
}

void Nfs::token_answer(Reading& reading, XdrReader& body, Direction direction) {
  const onc_rpc::GssAnswer said = onc_rpc::read_gss_answer(body);
  if (!body.whole()) return;
  reading.next = Next::nothing;
  Exchange& exchange = reading.waiting->exchange;
  if (!exchange.login) return;
  gss::tell(exchange.login->take(said.token, Direction::to_client), out_.part<gss::Gss>(), direction, &exchange);
  if (said.goes_on()) {
    login_ = exchange.login;
    login_context_ = said.context;
  } else {
    exchange.outcome = said.complete() ? Outcome::success : Outcome::failure;
    if (login_ == exchange.login) login_.reset();
  }
}

void Nfs::name(Bytes handle, std::string_view called) {
  if (called.empty() || handle.empty()) return;
  if (std::string* known = names_.find(to_text(handle))) {
    *known = called;
    return;
  }
  if (!out_.within(Cap::names, names_.size() + 1)) names_.remove(std::string(names_.oldest()->key));
  names_.add(to_text(handle), std::string(called));
}

bool Nfs::lose(uint64_t count, Direction direction) {
  Reading& reading = readings_[index(direction)];
  if (reading.bulk == 0 && reading.padding == 0) return reading.next == Next::nothing;
  if (count > reading.bulk) return false;
  reading.bulk -= count;
  reading.offset += count;
  return true;
}

void Nfs::end(bool whole, Direction direction) {
  Reading& reading = readings_[index(direction)];
  reading.next = Next::nothing;
  reading.bulk = reading.padding = 0;
  reading.file = nullptr;
  Waiting* waiting = std::exchange(reading.waiting, nullptr);
  if (!waiting) return;
  if (reading.reply) {
    close(*waiting);
  } else {
    end_call(*waiting, whole);
  }
}

void Nfs::end_call(Waiting& waiting, bool whole) {
  const onc_rpc::Heads& heads = waiting.exchange.rpc;
  const auto procedure = as_v3(heads.version, heads.procedure);
  const bool of_file = procedure == v3::read || procedure == v3::commit || is_write(waiting.exchange);
  if (!of_file && !waiting.compound) open(waiting);
  if (!whole) return;
  if (procedure == v3::write && ends(waiting.arguments.synced, waiting.arguments.data.value_or(0))) {
    end_writing(waiting, waiting.exchange.handle, heads.procedure);
  }
  for (const Waiting::Access& access : waiting.accesses) {
    if (access.last) end_writing(waiting, access.handle, op::write);
  }
}

void Nfs::fault(Fault fault, Direction direction) {
  if (fault == Fault::unit) return out_.part<onc_rpc::Rpc>().capped(onc_rpc::Rpc::Cap::unit);
  malformed(begin(false, direction), direction);
}

void Nfs::malformed(Reading& reading, Direction direction) {
  reading.next = Next::nothing;
  reading.bulk = reading.padding = 0;
  Waiting* waiting = reading.waiting;
  if (waiting && !waiting->opened && !reading.file) open(*waiting);
  if (!waiting) waiting = calls_.latest();
  Exchange* exchange = reading.file ? reading.file : waiting && waiting->opened ? &waiting->exchange : nullptr;
  if (!exchange && std::exchange(told_malformed_, true)) return;
  out_.anomaly(Anomaly::malformed_data, direction, exchange);
}

void Nfs::open(Exchange& exchange) {
  if (exchange.software.empty()) exchange.count = ++recorded_;
  out_.open(exchange);
}

void Nfs::open(Waiting& waiting) {
  if (std::exchange(waiting.opened, true)) return;
  open(waiting.exchange);
  out_.reach(waiting.exchange, waiting.exchange.asked_by, kComplete);
}

void Nfs::record(Exchange& exchange) {
  out_.emit({.tx = &exchange,
             .direction = reverse(exchange.asked_by),
             .record = records().data(),
             .reversed = exchange.asked_by == Direction::to_client});
}

void Nfs::answered(Exchange& exchange) {
  const bool attributes = exchange.rpc.version < 4 && exchange.procedure == v3::getattr;  // of both versions
  out_.reach(exchange, reverse(exchange.asked_by), kComplete);
  if (!attributes && exchange.software.empty()) record(exchange);
}

void Nfs::close(Waiting& waiting) {
  for (Reading& reading : readings_) {
    if (reading.waiting != &waiting) continue;
    reading.waiting = nullptr;
    reading.next = Next::nothing;
  }
  const Exchange& asked = waiting.exchange;
  if (waiting.opened) answered(waiting.exchange);
  for (auto& operation : waiting.operations) answered(*operation);
  for (auto& file : waiting.ended) {
    file->rpc.reply = asked.rpc.reply;
    if (asked.status && (asked.rpc.version < 4 || *asked.status != 0)) file->status = asked.status;
    if (asked.attributes) file->attributes = asked.attributes;
    finish_file(std::move(file), file::State::closed);
  }
  const Direction to_client = reverse(asked.asked_by);
  if (as_v3(asked.rpc.version, asked.procedure) == v3::read) read_over(asked.handle, to_client);
  for (const Waiting::Access& access : waiting.accesses) {
    if (!access.write) read_over(access.handle, to_client);
  }
  calls_.close(waiting);
}

void Nfs::give_up_oldest() {
  Waiting& oldest = *calls_.oldest();
  out_.capped(Cap::tx);
  if (!std::exchange(told_max_tx_, true)) {
    Exchange* exchange = oldest.opened ? &oldest.exchange : nullptr;
    out_.anomaly(Anomaly::too_many_transactions, oldest.exchange.asked_by, exchange);
  }
  close(oldest);
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Nfs>();

}  // namespace lapwing::nfs
