#include "sensor/cli/rule_watch.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iterator>

#include "sensor/base/json_writer.h"
#include "sensor/base/log.h"
#include "sensor/base/setting.h"
#include "signatures/program/words.h"

namespace lapwing {
namespace {

std::string endpoint(const IpAddress& address, uint16_t port) {
  std::string text = to_string(address);
  return port ? fmt::format("{}:{}", text, port) : text;
}

std::string_view name_of(Direction direction) {
  return direction == Direction::to_server ? "to_server" : "to_client";
}

std::string what(const RuleLook& look) {
  if (look.tx) return fmt::format("transaction {}", look.tx->id);
  return look.stream ? "stream" : "packet";
}

Bytes shown(const RuleMiss& miss) {
  return miss.bytes.first(std::min(miss.bytes.size(), RuleWatch::kMaxTracedBytes));
}

}  // namespace

RuleWatch::RuleWatch(const std::vector<uint32_t>& sids, const std::string& json) : json_(!json.empty()) {
  for (uint32_t sid : sids) rules_[sid];
  if (json.empty() || json == "-") return;
  place_ = json;
  out_ = std::fopen(json.c_str(), "w");
  if (!out_) throw SettingError({json, 0, 0}, "cannot be written");
}

RuleWatch::~RuleWatch() {
  if (out_ != stdout) std::fclose(out_);
}

void RuleWatch::looked(const RuleLook& look, const RuleMiss* miss) {
  auto found = rules_.find(look.rule->sid);
  if (found == rules_.end()) return;
  Watched& watched = found->second;
  watched.looks++;
  watched.matches += look.matched;
  std::string said = look.matched ? "" : fmt::format("{}|{}|{}", miss->part, miss->buffer, miss->condition);
  const bool fresh = watched.said[look.context->flow]
                         .emplace(look.direction, look.tx != nullptr, look.tx ? look.tx->id : 0, std::move(said))
                         .second;
  // A match is told each time, a reason once: a stream is looked at again as it grows.
  if (!fresh && !look.matched) {
    watched.repeated++;
    return;
  }
  if (json_)
    print_json(look, miss);
  else
    print_text(look, miss);
}

void RuleWatch::print_text(const RuleLook& look, const RuleMiss* miss) {
  std::string line;
  const auto out = std::back_inserter(line);
  fmt::format_to(out, "sid {} packet {} {} -> {} {} {}: ", look.rule->sid, look.context->number,
                 endpoint(look.src, look.src_port), endpoint(look.dst, look.dst_port), name_of(look.direction),
                 what(look));
  if (look.matched) return write(line + "matched\n");
  line += miss->part;
  if (miss->part == "buffer" || miss->part == "state") fmt::format_to(out, " {}", miss->buffer);
  fmt::format_to(out, ": {}", miss->condition);
  if (!miss->found.empty()) fmt::format_to(out, "; found: {}", miss->found);
  if (miss->size > 0) {
    fmt::format_to(out, "; looked at {} from byte {} of {}", rules::in_quotes(to_text(miss->bytes), kMaxTracedBytes),
                   miss->offset, miss->size);
  }
  write(line + '\n');
}

void RuleWatch::print_json(const RuleLook& look, const RuleMiss* miss) {
  std::string line;
  JsonWriter json(line);
  json.begin_object().member("sid", look.rule->sid).member("packet", look.context->number);
  json.member("timestamp", look.context->time);
  json.member("src_ip", look.src)
      .member("src_port", look.src_port)
      .member("dest_ip", look.dst)
      .member("dest_port", look.dst_port);
  json.member("direction", name_of(look.direction))
      .member("of", look.tx       ? "transaction"
                    : look.stream ? "stream"
                                  : "packet");
  if (look.tx) json.member("tx_id", look.tx->id);
  json.member("matched", look.matched);
  if (miss) {
    json.member("part", miss->part).member("condition", std::string_view(miss->condition));
    if (!miss->found.empty()) json.member("found", std::string_view(miss->found));
    if (!miss->buffer.empty()) json.member("buffer", std::string_view(miss->buffer));
    if (miss->size > 0) {
      json.member("offset", miss->offset).member("size", miss->size);
      json.key("bytes").printable(shown(*miss));
      json.member("bytes_cut", miss->bytes.size() > kMaxTracedBytes);
    }
  }
  json.end_object();
  write(line + '\n');
}

void RuleWatch::write(std::string_view text) {
  if (!lost_) check(std::fwrite(text.data(), 1, text.size(), out_) == text.size());
}

void RuleWatch::check(bool written) {
  if (written || lost_) return;
  lost_ = true;
  spdlog::error("{}: {}; the rest of --explain's account is lost", place_, std::strerror(errno));
}

void RuleWatch::flow_over(const MatchContext& context, const RuleInfo& rule, std::string_view why_not) {
  Watched& watched = rules_[rule.sid];
  if (watched.said.erase(context.flow)) {
    watched.flows++;
  } else {
    auto [place, fresh] = watched.never.emplace(why_not, 0);
    place->second++;
  }
}

bool RuleWatch::summarise() {
  for (const auto& [sid, watched] : rules_) {
    if (!json_) {
      write(fmt::format("sid {}: {} looks in {} flows, {} matches; {} looks that repeat a reason are not shown\n", sid,
                        watched.looks, watched.flows, watched.matches, watched.repeated));
      for (const auto& [why, count] : watched.never)
        write(fmt::format("sid {}: no candidate in {} flows: {}\n", sid, count, why));
      continue;
    }
    std::string line;
    JsonWriter json(line);
    json.begin_object()
        .member("sid", sid)
        .begin_object("summary")
        .member("looks", watched.looks)
        .member("flows", watched.flows);
    json.member("matches", watched.matches).member("repeated", watched.repeated).begin_object("no_candidate");
    for (const auto& [why, count] : watched.never) json.escaped_key(why).value(count);
    json.end_object().end_object().end_object();
    write(line + '\n');
  }
  check(std::fflush(out_) == 0);
  return !lost_;
}

}  // namespace lapwing
