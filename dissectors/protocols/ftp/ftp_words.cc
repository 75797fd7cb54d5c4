// Keywords of FTP that are no buffers.
#include "dissectors/contract/words.h"
#include "dissectors/protocols/ftp/ftp.h"

namespace lapwing::ftp {

namespace {

/// The client has the server connect to a third host.
bool bounces(const Exchange& exchange, const Moment& moment, const words::Nothing&) {
  return exchange.active && exchange.listener && exchange.listener->address != moment.source;
}

constexpr Word kWords[] = {
    words::tested<&words::nothing, &bounces>(
        {.name = "ftpbounce", .stage = kCommand, .help = "PORT or EPRT names another host than the client"}),
};

}  // namespace

std::span<const Word> rule_words() {
  return kWords;
}

}  // namespace lapwing::ftp
