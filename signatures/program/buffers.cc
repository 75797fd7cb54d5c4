#include "signatures/program/buffers.h"

#include <algorithm>
#include <stdexcept>

namespace lapwing::rules {

BufferTable::BufferTable(const std::vector<const Protocol*>& protocols) : protocols_(protocols) {
  if (protocols_.size() > kMaxProtocols) throw std::length_error("more protocols than rules can tell apart");
  buffers_.push_back({.name = "payload", .transforms = {}, .transform_names = {}, .fields = {}});
  identities_.push_back("payload");
  using Use = Named::Use;
  for (size_t p = 0; p < protocols_.size(); p++) {
    for (const Field& field : protocols_[p]->fields) {
      std::string name(field.name);
      auto& row = fields_[name];
      row.resize(protocols_.size());
      row[p] = &field;
      Use use = field.kind == FieldKind::bytes ? Use::sticky : Use::integer;
      named_[name] = {use, name};
      for (auto alias : field.sticky_aliases) {
        if (!alias.empty()) named_[std::string(alias)] = {use, name};
      }
      if (!field.modifier.empty()) named_.emplace(std::string(field.modifier), Named{Use::modifier, name});
    }
    for (const Carried& carried : protocols_[p]->parts) add_words(p, carried.part->words, &carried);
    add_words(p, protocols_[p]->words, nullptr);
  }
}

void BufferTable::add_words(size_t protocol, std::span<const Word> words, const Carried* carried) {
  for (const Word& word : words) {
    const std::string name(word.name);
    auto& row = words_[name];
    row.resize(protocols_.size());
    row[protocol] = {&word, carried};
    named_[name] = {Named::Use::word, name};
    if (!word.alias.empty()) named_[std::string(word.alias)] = {Named::Use::word, name};
  }
}

const BufferTable::Named& BufferTable::find(std::string_view word) const {
  static const Named kNothing;
  auto found = named_.find(word);
  return found == named_.end() ? kNothing : found->second;
}

std::string BufferTable::by_pcre_letter(char letter, const ProtocolSet& protocols) const {
  for (size_t p = 0; p < protocols_.size(); p++) {
    if (!protocols.empty() && !protocols.has(p)) continue;
    for (const Field& field : protocols_[p]->fields) {
      if (field.pcre_letter == letter) return std::string(field.name);
    }
  }
  return {};
}

BufferId BufferTable::intern(std::string identity, Buffer buffer) {
  auto [place, fresh] = ids_.emplace(identity, static_cast<BufferId>(buffers_.size()));
  if (fresh) {
    buffers_.push_back(std::move(buffer));
    identities_.push_back(std::move(identity));
  }
  return place->second;
}

BufferId BufferTable::of_field(const std::string& field) {
  if (auto known = ids_.find(field); known != ids_.end()) return known->second;
  return intern(field, {.name = field, .transforms = {}, .transform_names = {}, .fields = fields_.at(field)});
}

BufferId BufferTable::of_word(const std::string& word) {
  Buffer buffer{.name = word, .transforms = {}, .transform_names = {}, .fields = {}};
  buffer.fields.resize(protocols_.size());
  for (size_t p = 0; p < protocols_.size(); p++) {
    const WordRow& row = words_.at(word)[p];
    if (!row.word) continue;
    buffer.own_fields.push_back(std::make_shared<const Field>(Field{.name = row.word->name,
                                                                    .kind = FieldKind::integer,
                                                                    .sender = row.sender(),
                                                                    .stage = row.stage(),
                                                                    .help = row.word->help}));
    buffer.fields[p] = buffer.own_fields.back().get();
  }
  return intern("word " + word, std::move(buffer));
}

BufferId BufferTable::of_packet(std::string_view name, bool (*get)(const Packet&, Bytes&)) {
  return intern(std::string(name),
                {.name = std::string(name), .transforms = {}, .transform_names = {}, .fields = {}, .of_packet = get});
}

BufferId BufferTable::of_frame(std::string_view name, const ProtocolSet& protocols) {
  Buffer buffer{.name = "frame:" + std::string(name), .transforms = {}, .transform_names = {}, .fields = {}};
  std::string identity = buffer.name;
  for (size_t p : protocols) {
    const auto& kinds = protocols_[p]->frames;
    for (size_t number = 0; number <= kinds.size(); number++) {
      // One that never sends over a stream has none: those that name no frames at all are not dissected in frames.
      if (kinds.empty() || frame_kind(*protocols_[p], number).name != name) continue;
      buffer.frames.resize(protocols_.size());
      buffer.frames[p] |= uint64_t{1} << number;
      identity += "," + std::string(protocols_[p]->name);
    }
  }
  return buffer.frames.empty() ? kRawBuffer : intern(std::move(identity), std::move(buffer));
}

BufferId BufferTable::transformed(BufferId id, std::shared_ptr<const Transform> transform,
                                  const std::string& identity) {
  Buffer buffer = buffers_[id];
  buffer.transforms.push_back(std::move(transform));
  buffer.transform_names.push_back(identity);
  return intern(identities_[id] + "|" + identity, std::move(buffer));
}

BufferId BufferTable::directed(BufferId id, Direction direction) {
  Buffer buffer = buffers_[id];
  buffer.only = direction;
  return intern(identities_[id] + (direction == Direction::to_server ? "|>" : "|<"), std::move(buffer));
}

bool BufferTable::many(BufferId id) const {
  const auto& fields = buffers_[id].fields;
  return std::any_of(fields.begin(), fields.end(), [](const Field* f) { return f && f->many; });
}

bool BufferTable::lowercased(BufferId id) const {
  const auto& fields = buffers_[id].fields;
  return buffers_[id].transforms.empty() &&
         std::any_of(fields.begin(), fields.end(), [](const Field* f) { return f && f->lowercased; });
}

ProtocolSet BufferTable::protocols_named(std::string_view name) const {
  ProtocolSet out;
  for (size_t p = 0; p < protocols_.size(); p++) {
    const auto& also = protocols_[p]->also;
    if (protocols_[p]->name == name || std::find(also.begin(), also.end(), name) != also.end()) out.add(p);
  }
  return out;
}

}  // namespace lapwing::rules
