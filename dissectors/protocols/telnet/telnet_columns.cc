#include "dissectors/contract/columns.h"
#include "dissectors/protocols/telnet/telnet.h"

namespace lapwing::telnet {

namespace {

using namespace columns;

// Rules look at the server's side, which decides.
constexpr Column kLogin[] = {
    text<&Attempt::user>("user", "name that was typed")
        .rule({.name = "telnet.login.user", .sender = Sender::server, .stage = kLoginDone}),
    choice<&Attempt::outcome, &outcome_name, &outcomes>("outcome",
                                                        "how the attempt ended, by what the server said then")
        .rule({.name = "telnet.login.outcome", .sender = Sender::server, .stage = kLoginDone}),
};
const Attempt* login(const Attempt& tx) {
  return tx.outcome ? &tx : nullptr;
}

template <Direction Whose>
std::vector<std::string_view> options(const Attempt& tx) {
  std::vector<std::string_view> out;
  const auto& set = tx.session->options[index(Whose)];
  out.reserve(set.count());
  for (size_t option = 0; option < set.size(); ++option) {
    if (set[option]) out.push_back(option_name(static_cast<uint8_t>(option)));
  }
  return out;
}
constexpr Column kOptions[] = {
    each<&options<Direction::to_server>>("client", "that the client uses or offers to use"),
    each<&options<Direction::to_client>>("server", "that the server uses or offers to use"),
};
const Attempt* with_options(const Attempt& tx) {
  return tx.session->options[0].any() || tx.session->options[1].any() ? &tx : nullptr;
}

template <std::string Session::*Text>
const std::string& negotiated(const Attempt& tx) {
  return tx.session->*Text;
}

constexpr Column kAttempt[] = {
    object<&login>("login", kLogin, "an attempt to log in"),
    text<&negotiated<&Session::terminal_type>>("terminal_type", "terminal of the client")
        .rule({.name = "telnet.terminal_type", .sender = Sender::server, .stage = kLoginDone}),
    text<&negotiated<&Session::terminal_speed>>("terminal_speed", "of sending and receiving, in bits a second"),
    text<&negotiated<&Session::environment_user>>("environment_user", "user in the client's environment")
        .rule({.name = "telnet.environment_user", .sender = Sender::server, .stage = kLoginDone}),
    object<&with_options>("options", kOptions, "options, by IANA's names or number"),
};

constexpr Column kRecord[] = {object<&self<Attempt>>("telnet", kAttempt, "an attempt to log in, or a session")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {
    {.type = "telnet", .help = "a login over telnet, or a session without one", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::telnet
