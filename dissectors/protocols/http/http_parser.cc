#include "dissectors/protocols/http/http_parser.h"

#include <algorithm>
#include <new>
#include <utility>

#include "dissectors/protocols/http/http_probe.h"
#include "sensor/base/text.h"

/// Not in the libhtp of Debian 12, which keeps eight bytes of each transaction until its connection ends.
extern "C" [[gnu::weak]] size_t htp_connp_tx_freed(htp_connp_t*);

namespace lapwing::http {
namespace {

void forget_freed(htp_connp_t* connp) {
  if (htp_connp_tx_freed) htp_connp_tx_freed(connp);
}

/// By its method (RFC 9110 9.3), where no header says it.
bool wants_body(const htp_tx_t& tx) {
  constexpr int kWithout[] = {HTP_M_GET, HTP_M_HEAD, HTP_M_DELETE, HTP_M_OPTIONS, HTP_M_TRACE};
  return std::ranges::find(kWithout, int{tx.request_method_number}) == std::end(kWithout);
}

/// libhtp lets go only of what is complete.
void destroy(htp_connp_t* connp, htp_tx_t* tx) {
  tx->request_progress = HTP_REQUEST_COMPLETE;
  tx->response_progress = HTP_RESPONSE_COMPLETE;
  htp_tx_destroy(tx);
  forget_freed(connp);
}

}  // namespace

/// libhtp is C: nothing may be thrown through it. What its caller is to know is thrown on when it has returned.
struct Parser::Callbacks {
  static Parser& parser(const htp_tx_t* tx) { return *static_cast<Parser*>(htp_connp_get_user_data(tx->connp)); }

  template <class Call>
  static int guard(const htp_tx_t* tx, Call call) {
    if (parser(tx).failed_) return HTP_ERROR;
    try {
      return call(parser(tx).events_) ? HTP_OK : HTP_ERROR;
    } catch (...) {
      parser(tx).caught();
      return HTP_ERROR;
    }
  }
  template <void (ParserEvents::*Member)(htp_tx_t*)>
  static int plain(htp_tx_t* tx) {
    return guard(tx, [tx](ParserEvents& events) { return (events.*Member)(tx), true; });
  }
  /// libhtp does not look at what this one returns, and would begin requests for ever: the next callback stops it.
  static int request_start(htp_tx_t* tx) {
    htp_table_destroy(std::exchange(tx->request_params, nullptr));  // half a KB that nobody asks for
    plain<&ParserEvents::request_start>(tx);
    return HTP_OK;
  }
  static int request_line(htp_tx_t* tx) {
    const bool more = std::exchange(parser(tx).sides_[index(Direction::to_server)].headers_follow, false);
    if (!more || !tx->is_protocol_0_9) return plain<&ParserEvents::request_line>(tx);
    tx->is_protocol_0_9 = 0;
    const int result = plain<&ParserEvents::request_line>(tx);
    guard(tx, [tx](ParserEvents& events) { return events.log(tx, Direction::to_server, kMissingProtocol), true; });
    return result;
  }
  /// The libhtp of Debian 12 fails at a second interim answer, newer ones only tell it.
  static int response_line(htp_tx_t* tx) {
    return guard(tx, [tx](ParserEvents& events) {
      if (tx->response_status_number == 100 && std::exchange(tx->seen_100continue, 0)) {
        events.log(tx, Direction::to_client, Parser::kContinueSeen);
      }
      return events.response_line(tx), true;
    });
  }
  /// What was withheld is shown all the same.
  template <Direction direction>
  static void restore_length(htp_tx_t* tx) {
    const std::string& odd = parser(tx).sides_[index(direction)].head.odd_length;
    constexpr std::string_view kName = "Content-Length";
    constexpr auto set = direction == Direction::to_server ? &htp_tx_req_set_header : &htp_tx_res_set_header;
    if (!odd.empty() && !htp_table_get_c(HeaderTable::headers(*tx, direction), "content-length")) {
      set(tx, kName.data(), kName.size(), odd.data(), odd.size(), HTP_ALLOC_COPY);
    }
  }
  static int request_headers(htp_tx_t* tx) {
    restore_length<Direction::to_server>(tx);
    settle_coding(*tx);
    parser(tx).sides_[index(Direction::to_server)].tunnels = tx->request_method_number == HTP_M_CONNECT;
    return plain<&ParserEvents::request_headers>(tx);
  }
  /// A request that does not say how long its body is may have one all the same, and another more than it says:
  /// careless programs send and take it. libhtp takes what lies behind in the same segment; here segments decide
  /// nothing.
  static int request_complete(htp_tx_t* tx) {
    HalfFlow& side = parser(tx).sides_[index(Direction::to_server)];
    const std::string_view length = header_value(tx->request_headers, "content-length");
    const bool told = tx->request_transfer_coding == HTP_CODING_CHUNKED || parse_unsigned(length);
    // One without a line is none, but stands for what a server answers unasked.
    const bool ends =
        !tx->request_line || tx->is_protocol_0_9 || tx->request_method_number == HTP_M_CONNECT || side.closed;
    side.late = told || (length.empty() && !wants_body(*tx));
    const bool open = !ends && !(side.late && tx->response_progress != HTP_RESPONSE_NOT_STARTED);
    if (!open || side.late) {
      tx->is_protocol_0_9 = 0;  // libhtp would drop what follows
      if (const int result = complete<Direction::to_server>(tx); result != HTP_OK || !open) return result;
    }
    side.open_end = side.consumed + parser(tx).piece_;
    side.open_body = false;
    side.open = tx;
    return HTP_OK;
  }
  static int response_start(htp_tx_t* tx) {
    return guard(tx, [tx](ParserEvents& events) {
      parser(tx).begin_answer(tx);
      return events.response_start(tx), true;
    });
  }
  static int response_headers(htp_tx_t* tx) {
    if (tx->request_method_number == HTP_M_CONNECT) parser(tx).sides_[index(Direction::to_server)].tunnels = false;
    restore_length<Direction::to_client>(tx);
    parser(tx).switching_ = tx->response_status_number == kSwitchingProtocols;
    return plain<&ParserEvents::response_headers>(tx);
  }
  template <Direction direction>
  static int complete(htp_tx_t* tx) {
    return guard(tx, [tx](ParserEvents& events) { return events.complete(tx, direction), true; });
  }
  template <Direction direction>
  static int raw_headers(htp_tx_data_t* d) {
    if (!d->data || d->len == 0) return HTP_OK;
    return guard(d->tx, [d](ParserEvents& events) {
      return events.raw_headers(d->tx, direction, {d->data, d->len}), true;
    });
  }
  template <Direction direction>
  static int body(htp_tx_data_t* d) {
    if (d->len == 0) return HTP_OK;  // the end of the body
    return guard(d->tx, [d](ParserEvents& events) {
      if (d->data && !parser(d->tx).filling_) {
        events.body(d->tx, direction, {d->data, d->len}, 0);
      } else {
        events.body(d->tx, direction, {}, d->len);
      }
      return true;
    });
  }
  static int log(htp_log_t* log) {
    auto* self = static_cast<Parser*>(htp_connp_get_user_data(log->connp));
    if (!self || !log->msg) return HTP_OK;
    try {
      htp_tx_t* tx = self->current(self->feeding_);
      self->events_.log(tx, self->feeding_, log->msg);
      if (++self->messages_ == kMaxMessages) {
        self->events_.log(tx, self->feeding_, kTooManyMessages);
        self->failed_ = true;
      }
    } catch (...) {
      self->caught();
    }
    return HTP_OK;
  }
};

void Parser::register_callbacks(htp_cfg_t* cfg) {
  using C = Callbacks;
  constexpr auto server = Direction::to_server;
  constexpr auto client = Direction::to_client;
  htp_config_register_request_start(cfg, &C::request_start);
  htp_config_register_request_line(cfg, &C::request_line);
  htp_config_register_request_headers(cfg, &C::request_headers);
  htp_config_register_request_header_data(cfg, &C::raw_headers<server>);
  htp_config_register_request_trailer_data(cfg, &C::raw_headers<server>);
  htp_config_register_request_body_data(cfg, &C::body<server>);
  htp_config_register_request_complete(cfg, &C::request_complete);
  htp_config_register_response_start(cfg, &C::response_start);
  htp_config_register_response_line(cfg, &C::response_line);
  htp_config_register_response_headers(cfg, &C::response_headers);
  htp_config_register_response_header_data(cfg, &C::raw_headers<client>);
  htp_config_register_response_trailer_data(cfg, &C::raw_headers<client>);
  htp_config_register_response_body_data(cfg, &C::body<client>);
  htp_config_register_response_complete(cfg, &C::complete<client>);
  htp_config_register_log(cfg, &C::log);
}

void Parser::caught() {
  failed_ = true;
  if (!thrown_) thrown_ = std::current_exception();
}

void Parser::throw_on() {
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Parser::double_encoded(htp_tx_t* tx) {
  Callbacks::guard(tx,
                   [tx](ParserEvents& events) { return events.log(tx, Direction::to_server, kDoubleEncoded), true; });
}

Parser::Parser(htp_cfg_t* library, uint64_t headers_limit, ParserEvents& events)
    : connp_(htp_connp_create(library)), headers_limit_(headers_limit), events_(events) {
  if (!connp_) throw std::bad_alloc();
  htp_connp_set_user_data(connp_.get(), this);
  htp_connp_open(connp_.get(), nullptr, 0, nullptr, 0, nullptr);
}

/// The oldest first: libhtp looks through all of them for each that ends, and begins with those.
void Parser::Destroy::operator()(htp_connp_t* connp) const {
  htp_list_t* all = htp_connp_get_connection(connp)->transactions;
  for (size_t left = htp_list_size(all); left > 0; --left) {
    auto* oldest = static_cast<htp_tx_t*>(htp_list_get(all, 0));
    if (!oldest) break;
    destroy(connp, oldest);
  }
  htp_connp_destroy_all(connp);
}

htp_tx_t* Parser::current(Direction direction) const {
  return direction == Direction::to_server ? htp_connp_get_in_tx(connp_.get()) : htp_connp_get_out_tx(connp_.get());
}

bool Parser::at(const htp_tx_t* tx) const {
  return tx == sides_[index(Direction::to_server)].open || tx == current(Direction::to_server) ||
         tx == current(Direction::to_client) ||
         std::ranges::any_of(sides_, [tx](const HalfFlow& side) { return side.bare == tx; });
}

Parser::Result Parser::feed(Direction direction, Bytes bytes) {
  if (direction == Direction::to_client && !bytes.empty()) {
    // The server answers a request line that waited to see whether lines follow: there are none.
    HalfFlow& client = sides_[index(Direction::to_server)];
    if (client.framer.holds_bare_request()) {
      Result flushed = feed_pieces(Direction::to_server, {}, true);
      if (flushed.status == Status::failed) return flushed;
    }
  }
  return feed_pieces(direction, bytes, false);
}

/// The server answers a request whose body might still have come.
void Parser::begin_answer(const htp_tx_t* tx) {
  HalfFlow& client = sides_[index(Direction::to_server)];
  if (client.open != tx) return;
  const Direction fed = feeding_;
  const size_t piece = std::exchange(piece_, 0);
  if (!client.held.empty() && !may_begin_request(client.held)) {
    open_body(client, to_bytes(client.held));
    client.held.clear();
    client.framer = {};
  }
  end_open();
  feeding_ = fed;
  piece_ = piece;
}

void Parser::open_body(HalfFlow& side, Bytes bytes) {
  feeding_ = Direction::to_server;
  if (!std::exchange(side.open_body, true)) events_.log(side.open, Direction::to_server, kUnexpectedBody);
  side.open->request_message_len += static_cast<int64_t>(bytes.size());
  events_.body(side.open, Direction::to_server, bytes, 0);
  side.consumed += bytes.size();
  side.open_end = side.consumed;
}

void Parser::end_open() {
  HalfFlow& side = sides_[index(Direction::to_server)];
  if (!side.open) return;
  feeding_ = Direction::to_server;
  if (!side.late || side.open_body) events_.complete(side.open, Direction::to_server);
  side.open = nullptr;
}

ParserState Parser::state(Direction direction, bool last) const {
  htp_tx_t* tx = current(direction);
  if (direction == Direction::to_client) return {direction, tx, tx ? tx : events_.awaiting(), last};
  const HalfFlow& side = sides_[index(direction)];
  return {direction, tx, tx, last, side.open && (!tx || !tx->request_line), side.open_body};
}

/// Gives libhtp what is there, cut where the framer says. `last`: nothing follows, so nothing is held back.
Parser::Result Parser::feed_pieces(Direction direction, Bytes bytes, bool last) {
  HalfFlow& side = sides_[index(direction)];
  const bool holding = !side.held.empty();
  if (holding) {
    if (!bytes.empty()) side.held.append(to_text(bytes));
  }
  Bytes rest = holding ? to_bytes(side.held) : bytes;
  Result result;
  if (side.bare) {
    bare_body(side, rest);
    side.consumed += rest.size();
  }
  while (!rest.empty() && !side.dead) {
    if (side.orphaned) {
      follow_orphan(side, rest);
      break;
    }
    if (side.tunnels && !last) {
      result.status = Status::waiting;
      break;
    }
    const Cut cut = side.framer.cut(rest, state(direction, last));
    if (cut.too_long || cut.refused) events_.too_long(direction);
    if (cut.refused) {
      result.status = Status::failed;
      break;
    }
    if (cut.take == 0) break;
    if (cut.bad_chunk) {
      events_.log(current(direction), direction,
                  direction == Direction::to_server ? kBadRequestChunk : kBadResponseChunk);
    }
    Bytes piece = rest.first(cut.take);
    rest = rest.subspan(cut.take);
    if (htp_tx_t* tx = current(direction); cut.field > 0 && withhold(side, tx, direction, piece.first(cut.field))) {
      side.framer.advance(piece.first(cut.field), tx, tx, direction);
      side.consumed += cut.field;
      piece = piece.subspan(cut.field);
      if (piece.empty()) continue;
    }
    if (cut.behind) {
      open_body(side, piece);
      if (failed_) break;
      continue;
    }
    if (direction == Direction::to_server && !cut.skip) end_open();
    side.headers_follow = cut.headers_follow;
    size_t used = piece.size();
    side.dead |= cut.excess;
    if (cut.excess) {
      events_.log(nullptr, direction, kExcess);
    } else if (cut.bare) {
      begin_answer(cut.bare);
      follow_to_end(side, *cut.bare, piece);
    } else if (!cut.skip) {
      const htp_tx_t* before = current(direction);
      Result given = give(direction, piece);
      used = given.used;
      rest = {rest.data() - (piece.size() - given.used), rest.size() + piece.size() - given.used};
      htp_tx_t* after = current(direction);
      side.framer.advance(piece.first(used), before, after, direction);
      result.status = given.status;
      const bool headers_over = before && (after != before || side.framer.in_body());
      if (after != before) side.headers = {};
      if (headers_over && std::exchange(side.head, {}).ambiguous && given.status == Status::ok && !failed_ &&
          !stopped_) {
        if (after && after->response_transfer_coding == HTP_CODING_IDENTITY) {
          follow_to_end(side, *after, rest);
          used += rest.size();
        } else {
          side.orphaned = !after && before->response_transfer_coding == HTP_CODING_IDENTITY;
        }
      }
    }
    side.consumed += used;
    if (result.status != Status::ok || stopped_) break;
  }
  if (failed_) result.status = Status::failed;
  if (stopped_ && result.status == Status::ok) result.status = Status::tunnel;
  if (side.dead || result.status == Status::failed) rest = {};
  const bool gives_back = result.status == Status::waiting || result.status == Status::tunnel;
  if (holding && gives_back && rest.size() <= bytes.size()) {
    side.held = {};
    result.used = bytes.size() - rest.size();
  } else if (holding) {
    side.held.erase(0, side.held.size() - rest.size());
    result.used = bytes.size();
  } else if (result.status == Status::ok) {
    side.held.assign(to_text(rest));
    result.used = bytes.size();
  } else {
    result.used = bytes.size() - rest.size();
  }
  return result;
}

/// True when libhtp is not to see this header: a length that it would give up at, one that HeaderTable adds, and one
/// too many, unless it says how the body is framed and coded.
bool Parser::withhold(HalfFlow& side, htp_tx_t* tx, Direction direction, Bytes field) {
  const bool response = direction == Direction::to_client;
  const std::string_view text = to_text(field);
  const size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = trim(text.substr(0, colon));
  const bool length = equal_nocase(name, "content-length") && colon < text.size();
  if (length && !fits(side.head, tx, direction, trim(text.substr(colon + 1)))) {
    events_.raw_headers(tx, direction, field);
    return true;
  }
  const size_t size = HeaderTable::size(*tx, direction);
  if (size < std::min<uint64_t>(HeaderTable::kCompared, headers_limit_)) return false;
  const bool repeated = length && htp_table_get_c(HeaderTable::headers(*tx, direction), "content-length");
  if (repeated && side.head.lengths++ < kFramingHeaders) return false;
  const bool framing = length || equal_nocase(name, "transfer-encoding") || equal_nocase(name, "content-encoding");
  if (size < headers_limit_ || (framing && size < headers_limit_ + kFramingHeaders)) {
    if (!repeated && !side.headers.add(*tx, direction, text)) return false;
    if (side.headers.take_crowded()) events_.log(tx, direction, response ? kResponseRepetitions : kRequestRepetitions);
  } else if (!std::exchange(side.head.told, true)) {
    events_.log(tx, direction, response ? kTooManyResponseHeaders : kTooManyRequestHeaders);
  }
  events_.raw_headers(tx, direction, field);
  return true;
}

/// Whether the length of a message is one that everybody takes as libhtp does.
bool Parser::fits(Head& head, htp_tx_t* tx, Direction direction, std::string_view value) {
  const bool response = direction == Direction::to_client;
  const bool trailer =
      response ? tx->response_progress != HTP_RESPONSE_HEADERS : tx->request_progress != HTP_REQUEST_HEADERS;
  if (trailer) return true;
  const auto length = parse_unsigned(value);
  if (length && *length <= INT64_MAX) {
    if (!response) return true;
    if (!std::exchange(head.length, head.length ? head.length : length) || head.length == length) return true;
    events_.log(tx, Direction::to_client, kAmbiguousLength);
  } else {
    head.odd_length = value;
    events_.log(tx, direction, response ? kInvalidLength : kInvalidRequestLength);
  }
  head.ambiguous = response;
  return false;
}

/// `bytes` and all that follows on this side are the body of `tx`.
void Parser::follow_to_end(HalfFlow& side, htp_tx_t& tx, Bytes bytes) {
  side.bare = &tx;
  side.dead = true;
  bare_body(side, bytes);
}

/// The length that libhtp took for a response was none of those that others take: the rest is told as a response of its
/// own.
void Parser::follow_orphan(HalfFlow& side, Bytes bytes) {
  htp_tx_t* own = htp_tx_create(connp_.get());
  if (!own) throw std::bad_alloc();
  events_.response_start(own);
  follow_to_end(side, *own, bytes);
  side.consumed += bytes.size();
}

/// Where memory lacks for the password of a basic authorization, libhtp 0.5.42 frees the user's name, still holds it,
/// and would free it again with the transaction.
void Parser::forget_freed_user(htp_tx_t* tx) {
  if (tx && tx->request_auth_type == HTP_AUTH_BASIC && !tx->request_auth_password) tx->request_auth_username = nullptr;
}

/// An answer without status line: libhtp would close the transaction after each piece of it.
void Parser::bare_body(HalfFlow& side, Bytes bytes) {
  if (bytes.empty()) return;
  const bool request = &side == &sides_[index(Direction::to_server)];
  (request ? side.bare->request_message_len : side.bare->response_message_len) += static_cast<int64_t>(bytes.size());
  events_.body(side.bare, request ? Direction::to_server : Direction::to_client, bytes, 0);
}

Parser::Result Parser::give(Direction direction, Bytes piece) {
  const bool request = direction == Direction::to_server;
  feeding_ = direction;
  piece_ = piece.size();
  int state = request ? htp_connp_req_data(connp_.get(), nullptr, piece.data(), piece.size())
                      : htp_connp_res_data(connp_.get(), nullptr, piece.data(), piece.size());
  // libhtp leaves such an answer open, or waits for the body that its headers tell of.
  htp_tx_t* answer = switching_ && !failed_ && !stopped_ ? current(Direction::to_client) : nullptr;
  if (answer) htp_tx_state_response_complete(answer);
  piece_ = 0;
  if (failed_) return {Status::failed, piece.size()};
  switch (state) {
    case HTP_STREAM_ERROR:
      if (request) forget_freed_user(current(direction));
      return {Status::failed, piece.size()};
    case HTP_STREAM_STOP: return {Status::failed, piece.size()};
    case HTP_STREAM_TUNNEL:
      for (HalfFlow& side : sides_) side.dead = true;
      return {Status::ok, piece.size()};
    case HTP_STREAM_DATA_OTHER: {
      size_t used = request ? htp_connp_req_data_consumed(connp_.get()) : htp_connp_res_data_consumed(connp_.get());
      return {used < piece.size() ? Status::waiting : Status::ok, std::min(used, piece.size())};
    }
    default: return {Status::ok, piece.size()};
  }
}

void Parser::forget(htp_tx_t* tx) {
  htp_tx_destroy(tx);
  forget_freed(connp_.get());
}

void Parser::discard(htp_tx_t* tx) {
  destroy(connp_.get(), tx);
}

void Parser::shrink(htp_tx_t* tx) {
  for (bstr** text : {&tx->request_line, &tx->request_uri, &tx->request_protocol, &tx->request_content_type,
                      &tx->request_hostname, &tx->request_auth_username, &tx->request_auth_password}) {
    bstr_free(std::exchange(*text, nullptr));
  }
  htp_uri_free(std::exchange(tx->parsed_uri, nullptr));
  htp_uri_free(std::exchange(tx->parsed_uri_raw, nullptr));
  htp_tx_req_set_headers_clear(tx);
  htp_table_destroy(std::exchange(tx->request_headers, nullptr));
}

Parser::Result Parser::close(Direction direction) {
  HalfFlow& side = sides_[index(direction)];
  if (side.closed) return {};
  side.closed = true;
  Result result = feed_pieces(direction, {}, true);
  side.held = {};
  if (result.status == Status::failed || stopped_) return result;
  if (direction == Direction::to_server) end_open();
  if (side.bare) events_.complete(side.bare, direction);
  side.bare = nullptr;
  feeding_ = direction;
  if (sides_[index(reverse(direction))].closed) {
    htp_connp_close(connp_.get(), nullptr);
  } else if (direction == Direction::to_server) {
    htp_connp_req_close(connp_.get(), nullptr);
  } else {
    end_response();
  }
  return failed_ ? Result{Status::failed, 0} : Result{};
}

/// libhtp knows no end of the answers alone: its own would end the request that is still coming, wherever that has got
/// to. Line feeds end a line that was cut off, and headers.
void Parser::end_response() {
  const auto in_head = [this] {
    const htp_tx_t* tx = failed_ ? nullptr : current(Direction::to_client);
    return tx && tx->response_progress > HTP_RESPONSE_NOT_STARTED && tx->response_progress <= HTP_RESPONSE_HEADERS;
  };
  constexpr uint8_t kLineFeed[] = {'\n'};
  for (int i = 0; i < 2 && in_head(); ++i) give(Direction::to_client, kLineFeed);
  htp_tx_t* tx = current(Direction::to_client);
  if (tx && !failed_ && tx->response_progress > HTP_RESPONSE_HEADERS) htp_tx_state_response_complete(tx);
}

}  // namespace lapwing::http
