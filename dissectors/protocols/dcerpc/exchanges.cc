#include "dissectors/protocols/dcerpc/exchanges.h"

#include <utility>

namespace lapwing::dcerpc {

namespace {

constexpr size_t kSpare = 4;            // exchanges
constexpr size_t kLargestSpare = 8192;  // bytes of stub data that they keep room for

}  // namespace

void Exchange::reset() {
  static_cast<Transaction&>(*this) = {};
  call.reset();
  for (Side& side : call.sides) {
    if (side.stub.capacity() > kLargestSpare) side.stub = {};
  }
}

Exchange& Exchanges::open() {
  if (spare_.empty()) {
    open_.push_back(std::make_unique<Exchange>());
  } else {
    open_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  Exchange& exchange = *open_.back();
  exchange.place = open_.size() - 1;
  exchange.call.tx = &exchange;
  return exchange;
}

void Exchanges::close(Exchange& exchange) {
  std::unique_ptr<Exchange>& at = open_[exchange.place];
  std::swap(at, open_.back());
  at->place = exchange.place;
  if (spare_.size() < kSpare) {
    open_.back()->reset();
    spare_.push_back(std::move(open_.back()));
  }
  open_.pop_back();
}

}  // namespace lapwing::dcerpc
