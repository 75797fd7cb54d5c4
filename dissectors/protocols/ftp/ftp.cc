#include "dissectors/protocols/ftp/ftp.h"

#include <algorithm>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing::ftp {

namespace {

constexpr auto kClient = Direction::to_server;  // whose bytes go there
constexpr auto kServer = Direction::to_client;
constexpr std::string_view kNoCode = " ";
constexpr uint64_t kLongestLine = 64 << 10;       // of what may be set: it is kept for every open command
constexpr size_t kLongestHello = 5 + (16 << 10);  // a record of TLS (RFC 8446 5.1)

constexpr FrameKind kFrames[] = {{"command", "a line of the client"}, {"reply", "a line of the server"}};

constexpr auto kAnomalies = names<Anomaly::reply_too_long>({
    {Anomaly::request_command_too_long, "request_command_too_long"},
    {Anomaly::response_command_too_long, "response_command_too_long"},
    {Anomaly::too_many_transactions, "too_many_transactions"},
    {Anomaly::file_before_port, "file_before_port"},
    {Anomaly::file_without_name, "file_without_name"},
    {Anomaly::reply_too_long, "reply_too_long"},
});

constexpr NamedValue kPasswords[] = {{"none", Passwords::none}, {"guests", Passwords::guests}, {"all", Passwords::all}};

constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.ftp.max-tx", &Config::max_tx, "1024",
     "commands of one flow that may wait for their last reply; then the oldest is forgotten"},
    {"app-layer.protocols.ftp.max-line-length", &Config::line_limit, "4kb",
     "bytes of a command or a line of a reply that are kept, at most 64kb", Unit::bytes},
    {"app-layer.protocols.ftp.record.passwords", one_of<&Config::passwords>(kPasswords), "guests",
     "whose passwords records and alerts show: nobody's, those of anonymous and ftp, or all"},
};

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

bool uploads(Verb verb) {
  return verb == Verb::store || verb == Verb::store_unique;
}
/// It asks for a data connection.
bool transfers(Verb verb) {
  return verb == Verb::list || verb == Verb::retrieve || uploads(verb);
}
bool is_passive(Verb verb) {
  return verb == Verb::passive || verb == Verb::extended_passive || verb == Verb::long_passive;
}

/// Of a command.
std::optional<Listener> listener_of(const Exchange& exchange) {
  switch (exchange.verb) {
    case Verb::port: return parse_port(exchange.argument);
    case Verb::long_port: return parse_long_port(exchange.argument);
    default: return parse_extended_port(exchange.argument);
  }
}

bool is_guest(std::string_view user) {
  return equal_nocase(user, "anonymous") || equal_nocase(user, "ftp");
}

bool asks_for_tls(std::string_view mechanism) {
  constexpr std::string_view kMechanisms[] = {"TLS", "SSL", "TLS-C", "TLS-P"};  // RFC 4217
  return std::ranges::any_of(kMechanisms, [&](std::string_view one) { return equal_nocase(one, trim(mechanism)); });
}

bool is_preliminary(std::string_view code) {
  return code.starts_with('1');
}
bool is_success(std::string_view code) {
  return code.starts_with('2');
}

/// A reply to it tells how an attempt to log in ended; 230 is an answer to nothing else, and its command may not have
/// been heard.
bool decides_login(const Exchange& exchange) {
  switch (exchange.verb) {
    case Verb::user:
    case Verb::password:
    case Verb::account: return true;
    case Verb::other: return exchange.command.empty() && exchange.codes.size() > 0 && exchange.codes[0] == "230";
    default: return false;
  }
}
/// Nothing where the reply asks for more, or is about how the command was written (RFC 959 4.2.1).
std::optional<Outcome> outcome_of(std::string_view code) {
  if (is_success(code)) return Outcome::success;
  const bool refused = code.starts_with('4') || code.starts_with('5');
  return refused && code[1] != '0' ? std::optional(Outcome::failure) : std::nullopt;
}

bool tells_size(Verb verb, std::string_view code) {
  return verb == Verb::size ? code == "213" : verb == Verb::retrieve && (code == "150" || code == "125");
}

bool told_login(const Event& event, LoginSeen& login) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  if (!exchange.outcome) return false;
  login = {.user = exchange.session ? exchange.session->user : "", .outcome = *exchange.outcome, .clear = true};
  if (exchange.verb == Verb::password) login.secret = exchange.argument;
  return true;
}

/// How the server greets.
void sightings(const Event& event, SightingSink& sink) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  if (!event.record || event.file) return;
  if (exchange.command.empty() && exchange.codes.size() > 0 && exchange.codes[0] == "220" &&
      exchange.lines.size() > 0) {
    sink.software({.kind = SoftwareKind::product, .side = Side::server, .value = exchange.lines[0]});
  }
}

}  // namespace

const Protocol Ftp::protocol{.name = "ftp",
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "file transfer, the control connection",
                             .login = &told_login,
                             .sightings = &sightings,
                             .frames = kFrames,
                             .words = rule_words(),
                             .in_alert = columns(),
                             .caps = kCaps};

std::span<const OptionRow<Config>> Ftp::options() {
  return kOptions;
}

Ftp::Ftp(const Config& config, const Out<Ftp>& out)
    : config_(config),
      out_(out),
      lines_{Lines(std::clamp<uint64_t>(config.line_limit, 1, kLongestLine)),
             Lines(std::clamp<uint64_t>(config.line_limit, 1, kLongestLine))} {}

Step Ftp::data(const Chunk& chunk) {
  server_heard_ |= chunk.direction == kServer;
  const Step step = read(chunk);
  if (chunk.direction == kClient && std::exchange(behind_, false)) out_.resume(kServer);
  return step;
}

Step Ftp::read(const Chunk& chunk) {
  constexpr uint8_t kHandshake = 22;  // the first byte of a stream of TLS
  Lines& lines = lines_[index(chunk.direction)];
  size_t used = 0;
  while (!secured_) {
    used += lines.pass(chunk.data.subspan(used));
    const Bytes rest = chunk.data.subspan(used);
    if (securing_ && chunk.direction == kClient && !rest.empty() && rest[0] == kHandshake) {
      // Where only the client is heard its hello tells that TLS was granted; else what looks like one hides nothing.
      secured_ = !server_heard_;
      if (secured_) break;
      ahead_ = !chunk.end && rest.size() <= kLongestHello;
      if (ahead_) return Step::need(used, kLongestHello + 1 - rest.size());
    }
    const auto [taken, line] = lines.take(rest);
    used += taken;
    if (line) {
      take(*line, chunk.offset + static_cast<size_t>(line->wire.data() - chunk.data.data()), chunk.direction);
      if (ahead_ && !securing_ && !secured_) {
        // What follows may answer what the client said meanwhile.
        ahead_ = false;
        behind_ = true;
        out_.resume(kClient);
        return Step::need(used, 1);
      }
    } else if (chunk.end && !chunk.broken_off && used < chunk.data.size()) {
      // The last line needs no end.
      const Bytes last = chunk.data.subspan(used);
      used = chunk.data.size();
      take({.text = to_text(last), .wire = last}, chunk.offset + used - last.size(), chunk.direction);
    } else {
      return Step::need(used, 1);
    }
  }
  close_all();
  out_.become("tls");
  return Step::ok(used);
}

void Ftp::take(const Lines::Line& line, uint64_t offset, Direction direction) {
  direction == kClient ? command(line, offset) : reply(line, offset);
}

Step Ftp::gap(Direction direction, uint64_t) {
  // Which replies belong to which commands cannot be told behind it; most clients wait for a reply before they go on,
  // so that nothing is open but what was lost.
  lines_[index(direction)].pass_over();
  close_all();
  forgotten_ = 0;
  server_heard_ |= direction == kServer;
  ahead_ &= direction == kServer;
  return Step::ok(0);
}

void Ftp::finish() {
  close_all();
}

void Ftp::command(const Lines::Line& line, uint64_t offset) {
  const bool telnet = line.text.find('\xff') != std::string_view::npos;
  const std::string plain = telnet ? without_telnet(line.text) : std::string();
  const auto parsed = parse_command(telnet ? plain : line.text);
  if (!parsed) return out_.frame(Pdu::command, kClient, offset, line.wire.size());
  if (open_.size() >= std::max<uint64_t>(config_.max_tx, 1)) give_up_oldest();
  const Verb verb = parsed->verb;
  Exchange& exchange = open_.open(role(verb));
  out_.open(exchange);
  exchange.verb = verb;
  exchange.command = to_upper(parsed->name);
  exchange.argument = parsed->argument;
  exchange.command_cut = line.cut;
  exchange.size = line.wire.size();
  exchange.begin[index(kClient)] = offset;
  if (verb == Verb::user) log_in(exchange.argument);
  if (verb == Verb::reinitialize) log_in({});
  exchange.session = session_;
  exchange.secret = (verb == Verb::account || verb == Verb::password) && !shows_passwords();
  out_.frame(Pdu::command, kClient, offset, line.wire.size(), &exchange);
  if (line.cut) out_.anomaly(Anomaly::request_command_too_long, kClient, &exchange);
  obey(exchange);
  out_.reach(exchange, kClient, kCommand, exchange.size);
}

Ftp::Role Ftp::role(Verb verb) {
  if (verb == Verb::auth) return Role::auth;
  return is_passive(verb) ? Role::passive : transfers(verb) ? Role::transfer : Role::other;
}

bool Ftp::shows_passwords() const {
  if (config_.passwords == Passwords::guests) return is_guest(session_->user);
  return config_.passwords == Passwords::all;
}

/// What a command does before it is answered: the next may stand right behind it.
void Ftp::obey(Exchange& exchange) {
  switch (exchange.verb) {
    case Verb::port:
    case Verb::long_port:
    case Verb::extended_port:
      exchange.listener = listener_of(exchange);
      exchange.active = true;
      if (exchange.listener) announce(*exchange.listener, Sender::client);
      break;
    case Verb::auth: securing_ |= asks_for_tls(exchange.argument); break;
    case Verb::restart: restart_ = parse_unsigned(trim(exchange.argument)).value_or(0); break;
    default:
      if (transfers(exchange.verb)) transfer(exchange);
  }
}

void Ftp::reply(const Lines::Line& line, uint64_t offset) {
  ReplyLine parsed = parse_reply(line.text);
  const bool within = !code_.empty();
  if (within && code_ != kNoCode && (parsed.code != code_ || parsed.more)) {
    // A further line may begin with the code as well, or with anything else (RFC 959 4.2).
    if (parsed.code != code_) parsed.text = line.text;
    parsed.code = {};
  }
  if (code_ == kNoCode && !parsed.code.empty()) {
    if (replying_) close(*replying_);
    code_.clear();
  }
  const bool begins = code_.empty();
  if (!replying_) replying_ = begins ? &replied_to(parsed.code) : &begin_alone();
  Exchange& exchange = *replying_;
  if (exchange.begin[index(kServer)] == kNowhere) exchange.begin[index(kServer)] = offset;
  exchange.size += line.wire.size();
  exchange.reply_cut |= line.cut;
  out_.frame(Pdu::reply, kServer, offset, line.wire.size(), &exchange);
  keep(exchange, begins ? parsed.code : std::string_view(), parsed.text);
  if (line.cut) out_.anomaly(Anomaly::response_command_too_long, kServer, &exchange);
  if (begins) code_ = parsed.code.empty() ? kNoCode : parsed.code;
  if (parsed.code.empty() || parsed.more) return;
  replying_ = nullptr;
  code_.clear();
  conclude(exchange, parsed.code, parsed.text);
}

/// The exchange that a reply belongs to.
Exchange& Ftp::replied_to(std::string_view code) {
  // A client may have said more than one thing before it heard the greeting (RFC 959 5.4).
  const bool greeting = !greeted_ && (code == "220" || code == "120");
  greeted_ |= code != "120" && !code.empty();
  if (greeting || code.empty() || open_.empty()) return begin_alone();
  if (forgotten_ > 0) {
    if (!is_preliminary(code)) --forgotten_;
    return begin_alone();
  }
  return *open_.oldest();
}

Exchange& Ftp::begin_alone() {
  alone_.reset();
  out_.open(alone_);
  alone_.session = session_;
  return alone_;
}

void Ftp::keep(Exchange& exchange, std::string_view code, std::string_view text) {
  if (!out_.within(Cap::reply, exchange.kept + text.size() + kPerLine)) {
    return out_.anomaly(Anomaly::reply_too_long, kServer, &exchange);
  }
  exchange.kept += text.size() + kPerLine;
  exchange.lines.add(text);
  if (!code.empty()) exchange.codes.add(code);
}

/// A reply is whole; `text`: of its last line.
void Ftp::conclude(Exchange& exchange, std::string_view code, std::string_view text) {
  if (tells_size(exchange.verb, code)) exchange.file_size = parse_size(text);
  if (is_preliminary(code) && &exchange != &alone_) return;
  const bool success = is_success(code);
  if (decides_login(exchange)) exchange.outcome = outcome_of(code);
  switch (exchange.verb) {
    case Verb::passive:
    case Verb::long_passive:
    case Verb::extended_passive:
      if (code == "227") exchange.listener = parse_passive(text);
      if (code == "228") exchange.listener = parse_long_passive(text);
      if (code == "229") exchange.listener = parse_extended_passive(text);
      if (exchange.listener) {
        announce(*exchange.listener, Sender::server);
        if (Exchange* next = open_.find(Role::transfer); next && next->waits) tell(*next);
      }
      break;
    case Verb::auth:
      secured_ = code == "234" && asks_for_tls(exchange.argument);
      securing_ = false;
      break;
    case Verb::other:
      // RFC 4217: it answers AUTH and nothing else, which may not have been heard.
      secured_ = code == "234" && exchange.command.empty();
      // Any other behind lost bytes shows that both still speak plainly.
      securing_ = securing_ && open_.find(Role::auth);
      break;
    case Verb::restart:
      if (!code.starts_with('3')) restart_ = 0;  // refused (RFC 3659 5.4)
      break;
    case Verb::change_directory:
      if (success) enter(joined(session_->directory, exchange.argument));
      break;
    case Verb::change_to_parent:
      if (success) enter(joined(session_->directory, ".."));
      break;
    case Verb::print_directory:
      if (const auto path = parse_directory(text); success && path && path->starts_with('/')) enter(*path);
      break;
    default: break;
  }
  const bool transferred = transfers(exchange.verb);
  if (transferred && !success && exchange.codes.size() == 1) take_back(exchange);
  close(exchange);
  if (transferred) go_on();
}

void Ftp::close(Exchange& exchange) {
  if (&exchange == replying_) replying_ = nullptr;
  const bool answered = exchange.lines.size() > 0;
  if (exchange.verb == Verb::password && !answered) exchange.outcome = Outcome::unknown;
  out_.reach(exchange, kServer, kComplete, exchange.size);
  out_.reach(exchange, kClient, kComplete, exchange.size);
  out_.emit({.tx = &exchange, .direction = kServer, .record = records().data(), .message = exchange.size});
  if (&exchange != &alone_) open_.close(exchange);
}

void Ftp::close_all() {
  if (replying_ == &alone_) close(alone_);
  while (!open_.empty()) close(*open_.oldest());
  replying_ = nullptr;
  code_.clear();
}

/// Its reply, should it come after all, is one that no command explains.
void Ftp::give_up_oldest() {
  Exchange& oldest = *open_.oldest();
  out_.capped(Cap::tx);
  if (!std::exchange(told_max_tx_, true)) out_.anomaly(Anomaly::too_many_transactions, kClient, &oldest);
  if (replying_ == &oldest) {
    replying_ = nullptr;
  } else {
    ++forgotten_;
  }
  open_.close(oldest);
}

void Ftp::announce(const Listener& listener, Sender whose) {
  announced_ = std::make_shared<AnnouncedFile>();
  announced_to_ = whose;
  // The address is not followed: behind a translator it is another, and in a bounce somebody else's.
  out_.expect({.listener = whose, .port = listener.port, .protocol = "ftp-data", .context = announced_});
}

void Ftp::transfer(Exchange& exchange) {
  const bool file = exchange.verb == Verb::retrieve || exchange.verb == Verb::store;
  if (file && exchange.argument.empty()) out_.anomaly(Anomaly::file_without_name, kClient, &exchange);
  if (announced_) return tell(exchange);
  if (open_.find(Role::passive)) {
    exchange.waits = true;
    return;
  }
  if (exchange.verb != Verb::list) out_.anomaly(Anomaly::file_before_port, kClient, &exchange);
  // One that nobody has answered yet may be refused, and leave its data connection to this.
  exchange.waits = server_heard_ && open_.find(Role::transfer) != &exchange;
  if (!exchange.waits) begin_by_default(exchange);
}

void Ftp::begin_by_default(Exchange& exchange) {
  announce({}, Sender::client);  // the default port is that of the control connection (RFC 959 3.2)
  tell(exchange);
  exchange.announced = nullptr;
}

void Ftp::tell(Exchange& exchange) {
  AnnouncedFile& file = *announced_;
  file.known = true;
  file.command = exchange.command;
  file.listing = exchange.verb == Verb::list;
  // Who is connected to is the server of the data connection.
  file.direction = uploads(exchange.verb) == (announced_to_ == Sender::server) ? kClient : kServer;
  if (!file.listing) {
    file.name = exchange.argument;
    file.offset = std::exchange(restart_, 0);
    if (exchange.verb == Verb::store_unique && file.name.empty()) file.name = "<stou>";
  }
  exchange.announced = std::exchange(announced_, nullptr);
  exchange.announced_to = announced_to_;
  exchange.waits = false;
}

/// Of a transfer that never began: servers go on listening for the next.
void Ftp::take_back(Exchange& refused) {
  if (!refused.announced || refused.announced->begun || announced_) return;
  *refused.announced = {};
  announced_ = std::move(refused.announced);
  announced_to_ = refused.announced_to;
}

/// A transfer is over, which another may have waited for.
void Ftp::go_on() {
  Exchange* next = open_.find(Role::transfer);
  if (!next || !next->waits || open_.find(Role::passive)) return;
  announced_ ? tell(*next) : begin_by_default(*next);
}

void Ftp::log_in(std::string_view user) {
  if (!out_.within(Cap::user, user.size())) user = {};
  session_ = std::make_shared<const Session>(Session{.user = std::string(user), .directory = {}});
}

void Ftp::enter(std::string directory) {
  if (!out_.within(Cap::directory, directory.size())) directory.clear();
  if (directory == session_->directory) return;
  session_ = std::make_shared<const Session>(Session{.user = session_->user, .directory = std::move(directory)});
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Ftp>();

}  // namespace lapwing::ftp
