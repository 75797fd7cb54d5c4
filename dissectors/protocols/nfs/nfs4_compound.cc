// Compounds of version 4: what their operations are about, and what came of them.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dissectors/protocols/nfs/nfs.h"

namespace lapwing::nfs {

namespace {

/// Stands for the handle of what has that name in a directory, where the answer alone says it.
std::string handle_of(std::string_view directory, std::string_view name) {
  const uint64_t place = onc_rpc::digest(to_bytes(std::string(directory).append(1, '/').append(name)));
  std::string out(kMostHandle + 1, '\0');
  std::memcpy(out.data(), &place, sizeof place);
  return out;
}

}  // namespace

uint64_t Nfs::recorded(uint32_t operation) const {
  constexpr struct {
    uint32_t operation;
    uint64_t bit;
  } kRows[] = {{op::create, kCreate}, {op::remove, kRemove}, {op::rename, kRename},  {op::link, kLink},
               {op::open, kOpen},     {op::lookup, kLookup}, {op::setattr, kSetattr}};
  for (const auto& row : kRows) {
    if (row.operation == operation) return config_.operations & row.bit;
  }
  return 0;
}

void Nfs::operation(Reading& reading, XdrReader& body, Direction direction) {
  const Operation said = read_operation(body);
  if (!body.whole()) return;
  reading.left -= 1;
  if (reading.left == 0 || !said.known) reading.next = Next::nothing;
  if (!said.known) return;
  Waiting& waiting = *reading.waiting;
  track(reading, said);
  if (said.name && said.number != op::remove && said.number != op::rename && said.number != op::link &&
      remembers(waiting.names.size())) {
    waiting.names.emplace_back(*said.name);
  }
  note(reading, said);
  if (said.name && (said.number == op::open || said.number == op::create)) look_up(reading, *said.name);
  switch (said.number) {
    case op::getfh:
      if (remembers(waiting.asked.size())) waiting.asked.push_back(reading.place);
      break;
    case op::remove: forget(reading.handle, *said.name); break;
    case op::rename:
      forget(reading.saved, *said.name);
      forget(reading.handle, said.to);
      break;
    case op::read:
      if (!remembers(waiting.accesses.size())) break;
      name_stand_in(reading);
      waiting.accesses.push_back({.handle = reading.handle, .offset = said.offset});
      ++file(reading.handle, reverse(direction), waiting).unanswered;
      break;
    case op::write:
      if (remembers(waiting.accesses.size())) {
        waiting.accesses.push_back({.handle = reading.handle, .write = true, .last = ends(said.synced, *said.data)});
      }
      name_stand_in(reading);
      write(reading, reading.handle, said.offset, *said.data, direction);
      break;
    case op::close: end_reading(waiting, reading.handle); [[fallthrough]];
    case op::commit: end_writing(waiting, reading.handle, said.number); break;
    default: break;
  }
}

/// Which handle operations are about (RFC 8881 16.2.3.1).
void Nfs::track(Reading& reading, const Operation& operation) {
  const auto turn_to = [&](std::string_view handle) {
    reading.handle = handle;
    reading.place.clear();
  };
  switch (operation.number) {
    case op::putfh: turn_to(to_text(*operation.handle)); break;
    case op::savefh: reading.saved = reading.handle; break;
    case op::restorefh:
      turn_to(reading.saved);
      reading.name.clear();
      break;
    case op::putrootfh:
    case op::putpubfh:
    case op::lookupp: turn_to({}); break;
    case op::lookup: look_up(reading, *operation.name); break;
    default: break;
  }
}

void Nfs::look_up(Reading& reading, std::string_view name) {
  reading.place = handle_of(reading.handle, name);
  reading.handle = known(reading.place);
  reading.name = name;
}

void Nfs::forget(std::string_view directory, std::string_view name) {
  if (!handles_.empty()) handles_.remove(handle_of(directory, name));
}

void Nfs::learn(Waiting& waiting, const std::string& place, Bytes handle) {
  if (place.empty() || handle.empty()) return;
  const std::string_view text = to_text(handle);
  constexpr std::array kDirections = {Direction::to_server, Direction::to_client};
  const auto both_under_way = [&](Direction direction) {
    return files_.find(file_key(place, direction)) && files_.find(file_key(text, direction));
  };
  if (std::ranges::any_of(kDirections, both_under_way)) return;
  for (const Direction direction : kDirections) {
    auto* found = files_.find(file_key(place, direction));
    if (!found) continue;
    std::unique_ptr<Exchange> file = std::move(*found);
    files_.remove(file_key(place, direction));
    file->handle = text;
    files_.add(file_key(text, direction), std::move(file));
  }
  for (auto& file : waiting.ended) {
    if (file->handle == place) file->handle = text;
  }
  if (std::string* before = handles_.find(place)) {
    *before = text;
    return;
  }
  if (!out_.within(Cap::handles, handles_.size() + 1)) handles_.remove(std::string(handles_.oldest()->key));
  handles_.add(place, std::string(text));
}

std::string_view Nfs::known(std::string_view handle) {
  const std::string* found = stands_in(handle) ? handles_.find(handle) : nullptr;
  return found ? std::string_view(*found) : handle;
}

void Nfs::name_stand_in(const Reading& reading) {
  if (stands_in(reading.handle)) name(to_bytes(reading.handle), reading.name);
}

void Nfs::note(const Reading& reading, const Operation& operation) {
  if (!recorded(operation.number) && operation.software.empty()) return;
  Waiting& waiting = *reading.waiting;
  if (!remembers(waiting.operations.size())) return;
  auto made = std::make_unique<Exchange>();
  made->rpc = waiting.exchange.rpc;
  made->asked_by = waiting.exchange.asked_by;
  made->minor = waiting.exchange.minor;
  made->begin = waiting.exchange.begin;
  made->procedure = operation.number;
  made->handle = reading.handle;
  if (operation.name) made->name = *operation.name;
  made->to = operation.to;
  made->software = operation.software;
  Exchange& out = *waiting.operations.emplace_back(std::move(made));
  open(out);
  out_.reach(out, out.asked_by, kComplete);
}

void Nfs::outcome(Reading& reading, XdrReader& body, Direction direction) {
  const Outcome4 said = read_outcome(body);
  if (!body.whole()) return;
  reading.left -= 1;
  if (reading.left == 0 || !said.known) reading.next = Next::nothing;
  if (!said.known) return;
  if (said.entries) reading.next = Next::entry4;
  Waiting& waiting = *reading.waiting;
  if (waiting.answered < waiting.operations.size()) {
    Exchange& operation = *waiting.operations[waiting.answered];
    if (operation.procedure == said.number) {
      ++waiting.answered;
      operation.status = said.status;
      if (!said.software.empty()) operation.software.append(1, '\n').append(said.software);
    }
  }
  switch (said.number) {
    case op::lookup:
    case op::open:
    case op::create:
      reading.name =
          waiting.named < waiting.names.size() ? std::exchange(waiting.names[waiting.named++], {}) : std::string();
      break;
    case op::putfh:
    case op::putrootfh:
    case op::putpubfh:
    case op::lookupp:
    case op::restorefh: reading.name.clear(); break;
    case op::getfh:
      if (said.handle) name(*said.handle, reading.name);
      if (said.handle && waiting.got < waiting.asked.size()) learn(waiting, waiting.asked[waiting.got], *said.handle);
      ++waiting.got;
      break;
    case op::getattr:
      if (waiting.answered > 0 && !waiting.operations[waiting.answered - 1]->attributes) {
        waiting.operations[waiting.answered - 1]->attributes = said.attributes;
      }
      break;
    case op::read:
    case op::write: {
      if (waiting.accessed == waiting.accesses.size()) break;
      const Waiting::Access& access = waiting.accesses[waiting.accessed++];
      if (access.write) {
        if (Exchange* into = written_file(waiting, access.handle)) {
          into->status = said.status;
          into->rpc.reply = waiting.exchange.rpc.reply;
        }
        break;
      }
      Results results;
      results.status = said.status;
      results.data = said.data;
      results.last = said.last;
      read(reading, access.handle, access.offset, results, direction);
      break;
    }
    default: break;
  }
}

}  // namespace lapwing::nfs
