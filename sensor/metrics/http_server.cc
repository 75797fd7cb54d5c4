#include "sensor/metrics/http_server.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace lapwing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr CounterRow<HttpCounters> kCounters[] = {
    {"metrics.connections", &HttpCounters::connections, "connections to the server of metrics"},
    {"metrics.requests", &HttpCounters::requests, "requests that got a page of metrics"},
    {"metrics.refused", &HttpCounters::refused,
     "requests for no page, of another method than GET and HEAD, or malformed"},
    {"metrics.connections_max", &HttpCounters::connections_max,
     "connections closed without an answer: 64 others were open"},
    {"metrics.header_max", &HttpCounters::header_max, "requests refused: more than 4,096 bytes"},
    {"metrics.time_max", &HttpCounters::time_max, "connections closed: 2 s for the request or 5 s for the answer over"},
    {"metrics.accept_failed", &HttpCounters::accept_failed, "times that no connection could be taken, for a second"},
};

constexpr int kNoMemoryPause = 10;  // milliseconds

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

struct Answer {
  http::status status = http::status::ok;
  std::string type{kPlain}, body;
  bool allow = false;  // says which methods there are
};

Answer plain(http::status status) {
  return {.status = status, .body = std::string(http::obsolete_reason(status)) + "\n"};
}

/// The path of a request's target, which may have a query, or be a whole URL (RFC 9112, 3.2.2).
std::string_view path_of(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!beast::iequals(target.substr(0, scheme.size()), scheme)) continue;
    const size_t slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target;
}

asio::ip::address address_of(const IpAddress& from) {
  if (from.version == 4) {
    asio::ip::address_v4::bytes_type bytes;
    std::memcpy(bytes.data(), from.bytes.data(), bytes.size());
    return asio::ip::make_address_v4(bytes);
  }
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), from.bytes.data(), bytes.size());
  return asio::ip::make_address_v6(bytes);
}

}  // namespace

struct HttpServer::Impl {
  struct Connection {
    explicit Connection(tcp::socket socket) : stream(std::move(socket)) { request.emplace(); }

    beast::tcp_stream stream;
    beast::flat_static_buffer<kHeader> buffer;
    std::optional<http::request_parser<http::empty_body>> request;
    http::response<http::string_body> response;
    std::optional<http::response_serializer<http::string_body>> serializer;
    std::array<char, 4096> forgotten;
    size_t lingered = 0;
    enum class Stage : uint8_t { asking, answered, lingering, ending } stage = Stage::asking;
    std::optional<std::list<std::weak_ptr<Connection>>::iterator> place;
  };
  using Shared = std::shared_ptr<Connection>;
  using Stage = Connection::Stage;

  explicit Impl(std::vector<HttpPage> served) : pages(std::move(served)) {}

  void count(uint64_t HttpCounters::*counter) {
    std::lock_guard lock(mutex);
    counters.*counter += 1;
  }

  void listen(const tcp::endpoint& where) {
    acceptor.open(where.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(where);
    acceptor.listen(static_cast<int>(kConnections));
    port = acceptor.local_endpoint().port();
  }

  void take_next() {
    accepting = true;
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      accepting = false;
      if (error == asio::error::operation_aborted) return;
      if (error && error != asio::error::connection_aborted) {
        // No descriptors, no memory: the connection stays in the queue and would wake us at once again.
        count(&HttpCounters::accept_failed);
        accepting = true;
        retry.expires_after(std::chrono::seconds(1));
        retry.async_wait([this](beast::error_code stopped) {
          if (!stopped) take_next();
        });
        return;
      }
      if (!error) welcome(std::move(socket));
      take_next();
    });
  }

  void welcome(tcp::socket socket) {
    count(&HttpCounters::connections);
    if (open.size() >= kConnections && !make_room()) return;  // and so closes it
    Shared connection(new Connection(std::move(socket)), [this](Connection* ending) {
      if (ending->place) open.erase(*ending->place);
      delete ending;
    });
    connection->place = open.insert(open.end(), connection);
    connection->request->header_limit(kHeader);
    connection->request->body_limit(boost::none);  // it is not read
    connection->stream.expires_after(milliseconds(kRequestTime));
    http::async_read_header(connection->stream, connection->buffer, *connection->request,
                            [this, connection](beast::error_code error, size_t) { asked(connection, error); });
  }

  /// Takes the place of a connection that has its answer, or else of the one that has been asking longest. False where
  /// all are being answered.
  bool make_room() {
    for (Stage stage : {Stage::lingering, Stage::asking}) {
      for (const auto& place : open) {
        const Shared connection = place.lock();
        if (!connection || connection->stage != stage) continue;
        if (stage == Stage::asking) count(&HttpCounters::connections_max);
        connection->stage = Stage::ending;
        beast::error_code ignored;
        connection->stream.socket().close(ignored);  // its read ends with operation_aborted
        return true;
      }
    }
    count(&HttpCounters::connections_max);
    return false;
  }

  void asked(const Shared& connection, beast::error_code error) {
    if (connection->stage == Stage::ending) return;
    connection->stage = Stage::answered;
    if (error == beast::error::timeout) return count(&HttpCounters::time_max);
    const bool malformed = error.category() == http::make_error_code(http::error::bad_method).category();
    if (error == http::error::end_of_stream || error == http::error::partial_message || (error && !malformed)) return;
    const bool too_long = error == http::error::header_limit || error == http::error::buffer_overflow;
    Answer answer = too_long ? plain(http::status::request_header_fields_too_large)
                    : error  ? plain(http::status::bad_request)
                             : answer_to(connection->request->get());
    count(too_long                            ? &HttpCounters::header_max
          : answer.status == http::status::ok ? &HttpCounters::requests
                                              : &HttpCounters::refused);
    send(connection, std::move(answer), !error && connection->request->get().method() == http::verb::head);
  }

  Answer answer_to(const http::request<http::empty_body>& request) {
    // RFC 9112, 3.2.
    if (request.version() >= 11 && request.count(http::field::host) != 1) return plain(http::status::bad_request);
    const std::string_view path = path_of({request.target().data(), request.target().size()});
    const auto page = std::ranges::find(pages, path, &HttpPage::path);
    if (page == pages.end()) return plain(http::status::not_found);
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      Answer answer = plain(http::status::method_not_allowed);
      answer.allow = true;
      return answer;
    }
    try {
      return {.type = page->type, .body = page->body()};
    } catch (const std::exception&) {
      return plain(http::status::internal_server_error);
    }
  }

  void send(const Shared& connection, Answer answer, bool head) {
    auto& response = connection->response;
    response.version(11);
    response.result(answer.status);
    response.set(http::field::server, "lapwing");
    response.set(http::field::content_type, answer.type);
    response.set(http::field::cache_control, "no-store");
    if (answer.allow) response.set(http::field::allow, "GET, HEAD");
    response.keep_alive(false);
    response.content_length(answer.body.size());
    if (!head) response.body() = std::move(answer.body);
    connection->serializer.emplace(response);
    connection->stream.expires_after(milliseconds(kAnswerTime));
    auto sent = [this, connection](beast::error_code error, size_t) {
      if (error == beast::error::timeout) return count(&HttpCounters::time_max);
      if (error) return;
      connection->stage = Stage::lingering;
      connection->stream.socket().shutdown(tcp::socket::shutdown_send, error);
      connection->stream.expires_after(milliseconds(kLingerTime));
      if (!error) linger(connection);
    };
    // A header alone is what HEAD asks for, its length that of the page.
    head ? http::async_write_header(connection->stream, *connection->serializer, std::move(sent))
         : http::async_write(connection->stream, *connection->serializer, std::move(sent));
  }

  void linger(const Shared& connection) {
    connection->stream.async_read_some(asio::buffer(connection->forgotten),
                                       [this, connection](beast::error_code error, size_t read) {
                                         connection->lingered += read;
                                         if (!error && connection->lingered < kLinger) linger(connection);
                                       });
  }

  void run() {
    // Signals are for the thread that waits for the end of the run.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    for (;;) {
      try {
        if (!accepting) take_next();
        context.run();
        return;
      } catch (const std::exception&) {
        // Memory for one connection was not there: it is gone, the others stay. Where there is none to take the next
        // one either, this would go round and round.
        count(&HttpCounters::accept_failed);
        if (!accepting) std::this_thread::sleep_for(milliseconds(kNoMemoryPause));
      }
    }
  }

  const std::vector<HttpPage> pages;
  mutable std::mutex mutex;  // counters
  HttpCounters counters;
  std::list<std::weak_ptr<Connection>> open;  // oldest first; outlives the connections, which the context holds
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer retry{context};
  bool accepting = false;  // or about to, after a pause
  uint16_t port = 0;
  std::thread thread;
};

std::span<const CounterRow<HttpCounters>> http_counter_rows() {
  return kCounters;
}

HttpServer::HttpServer(const IpAddress& address, uint16_t port, std::vector<HttpPage> pages)
    : impl_(std::make_unique<Impl>(std::move(pages))) {
  try {
    impl_->listen({address_of(address), port});
  } catch (const boost::system::system_error& error) {
    throw std::system_error(error.code());
  }
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

HttpServer::~HttpServer() {
  impl_->context.stop();
  impl_->thread.join();
}

uint16_t HttpServer::port() const {
  return impl_->port;
}

HttpCounters HttpServer::counters() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->counters;
}

}  // namespace lapwing
