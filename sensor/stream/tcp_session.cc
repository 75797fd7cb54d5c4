#include "sensor/stream/tcp_session.h"

namespace lapwing {

TcpSession::~TcpSession() {
  for (Half& h : half) h.segments.clear(pools.blocks);
}

void TcpSession::operator delete(TcpSession* session, std::destroying_delete_t) {
  StreamPools& pools = session->pools;
  pools.sessions.destroy(pools.sessions.handle_of(*session));
  if (pools.orphaned && pools.sessions.used() == 0) delete &pools;
}

}  // namespace lapwing
