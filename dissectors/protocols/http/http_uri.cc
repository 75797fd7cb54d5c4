#include <memory>
#include <new>

#include "dissectors/protocols/http/http.h"

namespace lapwing::http {
namespace {

void append(std::string& out, const bstr* text) {
  out.append(to_text(view(text)));
}

/// libhtp normalises the path; the query is decoded here, once.
void append_query(std::string& out, const htp_tx_t& tx) {
  const std::unique_ptr<bstr, decltype(&bstr_free)> query(bstr_dup(tx.parsed_uri->query), &bstr_free);
  if (!query) throw std::bad_alloc();
  uint64_t flags = 0;
  htp_urldecode_inplace(tx.cfg, HTP_DECODER_URLENCODED, query.get(), &flags);
  out.push_back('?');
  append(out, query.get());
}

void append_origin(std::string& out, const htp_uri_t& uri) {
  if (uri.scheme) {
    append(out, uri.scheme);
    out.append("://");
  }
  if (uri.username || uri.password) {
    append(out, uri.username);
    out.push_back(':');
    append(out, uri.password);
    out.push_back('@');
  }
  append(out, uri.hostname);
  if (uri.port_number > 0) {
    out.push_back(':');
    out.append(std::to_string(uri.port_number));
  }
}

}  // namespace

std::string normalised_uri(const htp_tx_t& tx, bool include_all) {
  std::string out;
  const htp_uri_t* uri = tx.parsed_uri;
  if (!uri) return out;
  if (include_all) append_origin(out, *uri);
  append(out, uri->path);
  if (uri->query) append_query(out, tx);
  if (uri->fragment) {
    out.push_back('#');
    append(out, uri->fragment);
  }
  return out;
}

}  // namespace lapwing::http
