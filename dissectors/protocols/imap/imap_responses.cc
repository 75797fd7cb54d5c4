// What the server says, and which command it answers.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/imap/imap.h"
#include "sensor/base/text.h"

namespace lapwing::imap {

namespace {

constexpr auto kClient = Direction::to_server;
constexpr auto kServer = Direction::to_client;
constexpr std::string_view kCapability = "CAPABILITY ";

uint64_t count_words(std::string_view text) {
  return text.empty() ? 0 : static_cast<uint64_t>(std::ranges::count(text, ' ')) + 1;
}

/// 231 in "MESSAGES 231 UIDNEXT 44292".
std::optional<uint64_t> number_behind(std::string_view data, std::string_view name) {
  const size_t at = data.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = data.substr(at + name.size());
  return parse_unsigned(rest.substr(0, rest.find_first_not_of("0123456789")));
}

}  // namespace

Step Imap::server(const Chunk& chunk) {
  size_t used = 0;
  while (used < chunk.data.size() && !over_) {
    const Bytes rest = chunk.data.subspan(used);
    if (unreadable_) return Step::ok(chunk.data.size());
    if (begins_tls(side(kServer), rest)) {
      become_tls();
      break;
    }
    if (!read(chunk, used)) return Step::need(used, 1);
    if (ahead_ && awaited_ == Awaited::nothing) {
      // What follows may answer what the client said meanwhile.
      ahead_ = false;
      behind_ = true;
      out_.resume(kClient);
      return Step::need(used, 1);
    }
  }
  return Step::ok(used);
}

/// Whom data are for: commands are carried out in their order.
Exchange& Imap::asked() {
  return open_.empty() ? alone() : *open_.oldest();
}

Exchange& Imap::alone() {
  if (alone_) return *alone_;
  alone_ = std::make_unique<Exchange>();
  out_.open(*alone_);
  alone_->session = session_;
  return *alone_;
}

/// What is wrong with no command in particular is told of this.
Exchange& Imap::at_hand() {
  return open_.empty() ? alone() : *open_.latest();
}

void Imap::server_line(const Line& line) {
  using Kind = Response::Kind;
  Side& from = side(kServer);
  const bool goes_on = std::exchange(from.goes_on, false);
  const Response first = goes_on ? Response{.kind = Kind::untagged} : parse_response(line.text);
  if (from.lost && !goes_on && !is_distinct(first) &&
      (first.kind != Kind::tagged || !open_.find(std::string(first.tag)))) {
    return;
  }
  from.lost = false;
  const bool data = first.kind == Kind::untagged && first.status == Status::none;
  Exchange* const tagged = first.kind == Kind::tagged ? open_.find(std::string(first.tag)) : nullptr;
  // A client may have said something before it was greeted.
  const bool greets = !greeted_ && first.kind == Kind::untagged && !data;
  Exchange* const of = tagged ? tagged : first.kind == Kind::tagged || greets ? &alone() : &asked();
  if (of->begin[index(kServer)] == kNowhere) of->begin[index(kServer)] = line.begin;
  of->size += line.size();
  out_.frame(Pdu::response_line, kServer, line.begin, line.size(), of);
  if (line.cut) out_.anomaly(Anomaly::response_line_too_long, kServer, of);
  if (securing_) out_.anomaly(Anomaly::data_behind_starttls, kServer, of);
  if (!data) return status(first);
  if (!goes_on) {
    response_.clear();
    items_ = {};
    structure_noted_ = false;
    fetched_ = equal_nocase(first.name, "FETCH") ? first.number : std::nullopt;
  }
  if (fetched_) items_.take(goes_on ? line.text : first.data);
  const auto literal = parse_literal(line.last);
  if (literal && !literal->readable) out_.anomaly(Anomaly::invalid_literal, kServer, of);
  if (literal && literal->readable) {
    keep(response_, line.cut ? line.text : line.text.substr(0, literal->begin), kServer);
    const bool is_mail = begin_fetched(line, *literal);
    return begin_literal(kServer, literal->size, is_mail, line.end);
  }
  if (!goes_on) return response(first);
  keep(response_, line.text, kServer);
  response(parse_response(response_));
}

/// Whether the literal that the line announces is a message, or of one.
bool Imap::begin_fetched(const Line& line, const Literal& literal) {
  if (!fetched_) return false;
  const auto section = parse_section(line.last.substr(0, literal.begin));
  if (!section) return false;
  const Exchange& of = asked();
  const bool answers = section->partial && of.asked && of.asked->offset == section->offset;
  const bool part = section->kind == Section::Kind::part;
  if (part) note_structure(response_);
  side(kServer).delivery.begin(of,
                               {.number = fetched_,
                                .uid = items_.uid,
                                .section = *section,
                                .whole = items_.size,
                                .asked = answers ? std::optional(of.asked->size) : std::nullopt,
                                .header = part ? structures_.find(fetched_, items_.uid, section->part) : nullptr},
                               line.end);
  return true;
}

void Imap::status(const Response& response) {
  using Kind = Response::Kind;
  if (response.kind == Kind::none) {
    if (in_step_) out_.anomaly(Anomaly::invalid_response, kServer, &at_hand());
    return;
  }
  if (response.kind == Kind::continuation) {
    if (awaited_ == Awaited::literal) {
      go_ahead();
    } else if (authenticating_) {
      const gss::Token token = authenticating_->login->challenge(response.text);
      gss::tell(token, out_.part<gss::Gss>(), kServer, authenticating_);
    }
    return;
  }
  const bool greets = !std::exchange(greeted_, true);
  if (response.kind == Kind::untagged) return untagged_status(response, greets);
  Exchange* exchange = open_.find(std::string(response.tag));
  if (awaited_ == Awaited::literal && (!said_ || said_ == exchange)) {  // the server wants none of it
    awaited_ = Awaited::nothing;
    side(kClient).goes_on = false;
  }
  if (!exchange) {
    exchange = &alone();
    exchange->tag = response.tag;
    if (in_step_ && seen_[index(kClient)]) out_.anomaly(Anomaly::unknown_tag, kServer, exchange);
  }
  note(*exchange, response);
  answer(*exchange, response);
}

/// RFC 9051 7.1
void Imap::untagged_status(const Response& response, bool greets) {
  const bool alone_said = greets || (open_.empty() && response.status == Status::bye);
  Exchange* const of = alone_said ? &alone() : open_.empty() ? alone_.get() : open_.oldest();
  if (alone_said) {
    note(*of, response);
    close_alone();
  } else if (of && response.code.starts_with(kCapability)) {
    of->told.capabilities = response.code.substr(kCapability.size());
  }
}

void Imap::note(Exchange& exchange, const Response& response) {
  exchange.status = response.status;
  exchange.text = response.text;
  if (response.code.starts_with(kCapability)) {
    exchange.told.capabilities = response.code.substr(kCapability.size());
  } else {
    exchange.code = response.code;
  }
}

void Imap::answer(Exchange& exchange, const Response& response) {
  const bool granted = response.status == Status::ok;
  if (exchange.login) exchange.login->end(granted ? Outcome::success : Outcome::failure);
  switch (exchange.verb) {
    case Verb::login:
    case Verb::authenticate:
      if (granted && exchange.login) enter(exchange.login->user, {});
      break;
    case Verb::select:
      forget_messages();
      enter(session_->user, granted ? exchange.mailbox : std::string());
      break;
    case Verb::starttls:
      if (awaited_ == Awaited::starttls) awaited_ = Awaited::nothing;
      exchange.tls = securing_ = granted;
      if (!granted) out_.anomaly(Anomaly::starttls_rejected, kServer, &exchange);
      break;
    case Verb::compress:
      if (awaited_ == Awaited::compress) awaited_ = Awaited::nothing;
      exchange.compressed = granted;
      break;
    default: break;
  }
  const bool closes = exchange.verb == Verb::close && granted, compresses = exchange.compressed;
  close(exchange);
  if (closes) enter(session_->user, {});
  if (!compresses) return;
  unreadable_ = true;
  finish();
}

/// One response with data, whole.
void Imap::response(const Response& response) {
  Exchange& exchange = asked();
  Told& told = exchange.told;
  const auto is = [&](std::string_view name) { return equal_nocase(response.name, name); };
  if (response.number) {
    if (is("EXISTS")) told.exists = response.number;
    if (is("RECENT")) told.recent = response.number;
    if (is("EXPUNGE")) {  // later messages have other numbers
      ++told.expunged;
      forget_messages();
    }
    if (is("FETCH")) end_fetched(response.data);
  } else if (is("LIST") || is("LSUB") || is("XLIST")) {
    ++told.listed;
  } else if (is("SEARCH") || is("SORT")) {
    told.found = told.found.value_or(0) + count_words(response.data);
  } else if (is("ESEARCH")) {
    told.found = number_behind(response.data, "COUNT ");
  } else if (is("STATUS")) {
    const std::string_view items = response.data.substr(std::min(response.data.rfind('('), response.data.size()));
    told.exists = number_behind(items, "MESSAGES ");
    told.recent = number_behind(items, "RECENT ");
  } else if (is("CAPABILITY")) {
    told.capabilities = response.data;
  } else if (is("ID")) {
    told.id = response.data;
  }
}

void Imap::end_fetched(std::string_view data) {
  ++asked().told.fetched;
  note_structure(data);
  side(kServer).delivery.end_line(items_.uid);
}

void Imap::note_structure(std::string_view data) {
  if (std::exchange(structure_noted_, true)) return;
  Structure told = parse_structure(data, out_.limit(Cap::depth));
  if (told.deeper > 0) out_.capped(Cap::depth, told.deeper);
  Structures::Entry entry{.number = fetched_, .uid = items_.uid, .parts = std::move(told.parts)};
  if (!structures_.add(std::move(entry), out_.limit(Cap::structures))) out_.capped(Cap::structures);
}

void Imap::forget_messages() {
  side(kServer).delivery.end();
  structures_.clear();
}

}  // namespace lapwing::imap
