#include "dissectors/contract/columns.h"
#include "dissectors/contract/words.h"
#include "dissectors/protocols/ssh/ssh.h"

namespace lapwing::ssh {

namespace {

using namespace columns;
constexpr Direction kClient = Direction::to_server, kServer = Direction::to_client;

const Party* with_hassh(const Party& party) {
  return party.hassh_hash.empty() ? nullptr : &party;
}

constexpr RuleUse hash_rule(std::string_view name, Sender sender) {
  return {.name = name, .sender = sender, .stage = kKeyExchangeDone, .lowercased = true};
}
constexpr RuleUse string_rule(std::string_view name, Sender sender) {
  return {.name = name, .sender = sender, .stage = kKeyExchangeDone};
}
constexpr Column hash(const RuleUse& use) {
  return text<&Party::hassh_hash>("hash", "MD5 of the algorithms that the side offers, in hex").rule(use);
}
constexpr Column string(const RuleUse& use) {
  return text<&Party::hassh>("string", "the algorithms that the side offers for what it sends").rule(use);
}
constexpr Column kClientHassh[] = {hash(hash_rule("ssh.hassh", Sender::client)),
                                   string(string_rule("ssh.hassh.string", Sender::client))};
constexpr Column kServerHassh[] = {hash(hash_rule("ssh.hassh.server", Sender::server)),
                                   string(string_rule("ssh.hassh.server.string", Sender::server))};

constexpr std::array<Column, 4> party_columns(Table hassh) {
  return {
      text<&Party::proto>("proto_version", "version of the protocol in the banner"),
      text<&Party::software>("software_version", "software in the banner"),
      text<&Party::comments>("comments", "what the banner has behind the software"),
      object<&with_hassh>("hassh", hassh, "HASSH fingerprint"),
  };
}
constexpr auto kClientColumns = party_columns(kClientHassh), kServerColumns = party_columns(kServerHassh);

template <Direction Whose>
const Party* spoke(const Session& tx) {
  const Party& party = tx.parties[index(Whose)];
  return party.spoke() ? &party : nullptr;
}

constexpr Column kChannel[] = {
    text<&Channel::cipher>("cipher", "that both sides have"),
    text<&Channel::mac>("mac", "that both sides have, where the cipher needs one"),
    text<&Channel::compression>("compression", "that both sides have"),
};
template <Direction Whose>
const Channel& channel(const Session& tx) {
  return tx.channels[index(Whose)];
}
constexpr Column kAlgorithms[] = {
    text<&Session::kex>("kex", "key exchange that both sides have"),
    text<&Session::host_key>("host_key", "kind of host key that both sides have"),
    object<&channel<kClient>>("to_server", kChannel, "for what the client sends"),
    object<&channel<kServer>>("to_client", kChannel, "for what the server sends"),
};
const Session* negotiated(const Session& tx) {
  return tx.kex.empty() && tx.host_key.empty() && tx.channels[0].cipher.empty() ? nullptr : &tx;
}

constexpr Column kHostKey[] = {
    text<&Session::shown_key_type>("type", "kind of the server's key"),
    text<&Session::shown_key>("fingerprint", "of the server's key, as OpenSSH shows it")
        .rule({.name = "ssh.host_key.fingerprint", .sender = Sender::server, .stage = kHostKeyDone}),
};
const Session* with_host_key(const Session& tx) {
  return tx.shown_key.empty() ? nullptr : &tx;
}

std::optional<Outcome> outcome(const Session& tx) {
  return tx.login.attempts() == 0 ? std::nullopt : std::optional(tx.login.outcome());
}
std::optional<uint32_t> attempts(const Session& tx) {
  return tx.login.attempts() == 0 ? std::nullopt : std::optional(tx.login.attempts());
}
bool guessed(const Session&) {
  return true;
}
constexpr Column kLogin[] = {
    choice<&outcome, &outcome_name, &outcomes>("outcome", "how the login ended, guessed from sizes")
        .rule({.name = "ssh.login.outcome", .sender = Sender::server, .stage = kLoginDone}),
    integer<&attempts>("attempts",
                       "requests that were answered, guessed from sizes; most clients begin with one for no "
                       "authentication")
        .rule({.name = "ssh.login.attempts", .sender = Sender::server, .stage = kLoginDone}),
    flag<&guessed>("guessed", "all of this"),
};
const Session* logged_in(const Session& tx) {
  return tx.login.attempts() == 0 ? nullptr : &tx;
}

// What rules read of the side that they look at.

template <std::string Party::*Text>
const std::string& at_hand(const Session& tx, const Place& at) {
  return tx.parties[index(at.direction)].*Text;
}

constexpr Column kSession[] = {
    object<&spoke<kClient>>("client", kClientColumns, "what the client says of itself").of(Sender::client),
    object<&spoke<kServer>>("server", kServerColumns, "what the server says of itself").of(Sender::server),
    object<&negotiated>("algorithms", kAlgorithms, "what both sides have of the algorithms that the client prefers"),
    object<&with_host_key>("host_key", kHostKey, "the server's key"),
    object<&logged_in>("login", kLogin, "how the login ended, as far as sizes tell"),

    text<&at_hand<&Party::proto>>("", "version of the protocol in the banner")
        .rule({.name = "ssh.proto", .sender = Sender::either, .stage = kBannerDone, .aliases = {"ssh_proto"}}),
    text<&at_hand<&Party::software>>("", "software in the banner")
        .rule({.name = "ssh.software", .sender = Sender::either, .stage = kBannerDone, .aliases = {"ssh_software"}}),
};

constexpr Column kRecord[] = {object<&self<Session>>("ssh", kSession, "a session")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {
    {.type = "ssh", .help = "banners and key exchange of an SSH connection", .shapes = kShapes},
    {.type = "ssh_login", .help = "how a login over SSH ended, as far as sizes tell", .shapes = kShapes},
};

// Older keywords.

Asked in_software(const WordText& text) {
  return text_in("ssh.software", text);
}
struct Version {
  std::string text;
  bool compatible = false;  // 2_compat: 2 or what stands for it
};
std::string describe(const Version& version) {
  return version.compatible ? "2.0 or 1.99" : version.text;
}
Version version(const WordText& text) {
  if (text.value().empty()) text.fail("takes a version, such as 2.0 or 2_compat");
  return {std::string(text.value()), text.value() == "2_compat"};
}
bool speaks(const Session& tx, const Moment& at, const Version& version) {
  const std::string& proto = tx.parties[index(at.direction)].proto;
  return version.compatible ? proto == "2" || proto == "2.0" || proto == "1.99" : proto == version.text;
}

constexpr Word kWords[] = {
    words::tested<&version, &speaks>({.name = "ssh.protoversion",
                                      .sender = Sender::either,
                                      .stage = kBannerDone,
                                      .help = "version of the protocol in the banner, or 2_compat for 2.0 and 1.99"}),
    {.name = "ssh.softwareversion", .parse = &in_software, .help = "text in the software of the banner"},
};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

std::span<const Word> rule_words() {
  return kWords;
}

}  // namespace lapwing::ssh
