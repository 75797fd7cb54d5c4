#include "sensor/app/expectations.h"

#include <algorithm>
#include <utility>

namespace lapwing {

size_t Expectations::PairHash::operator()(const Pair& pair) const {
  std::array<uint8_t, 32> key;
  std::ranges::copy(pair.low.bytes, key.begin());
  std::ranges::copy(pair.high.bytes, key.begin() + 16);
  return keyed_hash(key, seed);
}

Expectations::Pair Expectations::pair_of(const Flow& flow) {
  Pair pair{flow.client(), flow.server()};
  if (pair.high.bytes < pair.low.bytes) std::swap(pair.low, pair.high);
  return pair;
}

void Expectations::erase(Rows::iterator row) {
  const auto of_pair = by_pair_.find(row->pair);
  std::erase(of_pair->second.rows, row);
  if (of_pair->second.rows.empty()) by_pair_.erase(of_pair);
  rows_.erase(row);
}

void Expectations::expire(Timestamp now) {
  while (!rows_.empty() && rows_.front().until < now) erase(rows_.begin());
}

void Expectations::add(const Flow& announcing, const Expectation& expectation, const AppProtocol& protocol,
                       Timestamp now) {
  expire(now);
  ++counters_.made;
  const bool of_client = expectation.listener == Sender::client;
  const IpAddress listener = of_client ? announcing.client() : announcing.server();
  const uint16_t own_port = of_client ? announcing.client_port() : announcing.server_port();
  const uint16_t port = expectation.port ? expectation.port : own_port;
  const Pair pair = pair_of(announcing);
  if (const auto known = by_pair_.find(pair); known != by_pair_.end()) {
    const auto& rows = known->second.rows;
    const auto same = std::ranges::find_if(rows, [&](const auto& row) {
      return row->listener == listener && row->port == port && row->datagrams == expectation.datagrams;
    });
    if (same != rows.end()) {
      erase(*same);
    } else if (rows.size() == kMaxPair) {
      ++counters_.pair_max;
      erase(rows.front());
    }
  }
  if (rows_.size() == kMaxTotal) {
    ++counters_.total_max;
    erase(rows_.begin());
  }
  const Timestamp until{now.ns + kLifetime * 1'000'000'000};
  // Where memory fails, neither table has the row.
  Rows row;
  row.push_back({pair,
                 listener,
                 port,
                 expectation.datagrams,
                 expectation.answers,
                 until,
                 {&protocol, expectation.context, announcing.id}});
  by_pair_[pair].rows.push_back(row.begin());
  rows_.splice(rows_.end(), row);
}

std::optional<Expectations::Announced> Expectations::take(const Flow& flow, Timestamp now) {
  expire(now);
  const auto known = by_pair_.find(pair_of(flow));
  if (known == by_pair_.end()) return {};
  const bool datagrams = flow.key.proto == ip_proto::udp;
  if (!datagrams && flow.key.proto != ip_proto::tcp) return {};
  // Of datagrams the listener may be the first to send, unless it answers.
  auto meets = [&](const Rows::iterator& row) {
    if (row->datagrams != datagrams) return false;
    return (row->listener == flow.server() && row->port == flow.server_port()) ||
           (datagrams && !row->answers && row->listener == flow.client() && row->port == flow.client_port());
  };
  const auto found = std::ranges::find_if(known->second.rows, meets);
  if (found == known->second.rows.end()) return {};
  ++counters_.met;
  Announced announced = std::move((*found)->announced);
  erase(*found);
  return announced;
}

}  // namespace lapwing
