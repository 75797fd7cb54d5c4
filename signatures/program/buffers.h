// BufferTable: the words rules may use for parts of traffic, and the buffers a rule set uses [cold].
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/program/compiled.h"

namespace lapwing::rules {

class BufferTable {
 public:
  BufferTable(const std::vector<const Protocol*>& protocols);

  /// What a word of a rule names among what protocols bring.
  struct Named {
    enum class Use : uint8_t { none, sticky, modifier, integer, word } use = Use::none;
    std::string name;  // canonical, of the field or word
  };
  const Named& find(std::string_view word) const;
  /// The field that a pcre letter selects for rules of these protocols (none: any); empty when none does.
  std::string by_pcre_letter(char letter, const ProtocolSet& protocols) const;
  /// Field of that name by protocol index.
  const std::vector<const Field*>& fields(const std::string& field) const { return fields_.at(field); }
  bool has(const std::string& field) const { return fields_.count(field) != 0; }
  /// A word of a protocol, or of a part that it carries.
  struct WordRow {
    const Word* word = nullptr;
    const Carried* carried = nullptr;  // the part, or null

    Sender sender() const { return carried ? carried->sender : word->sender; }
    uint8_t stage() const { return carried && word->stage > 0 ? carried->stages.at(word->stage - 1) : word->stage; }
  };
  /// Word of that name by protocol index.
  const std::vector<WordRow>& words(const std::string& word) const { return words_.at(word); }

  BufferId raw() const { return kRawBuffer; }
  BufferId of_field(const std::string& field);
  /// What is known of the words' directions and stages, as if they were fields.
  BufferId of_word(const std::string& word);
  BufferId of_packet(std::string_view name, bool (*get)(const Packet&, Bytes&));
  /// The frame of that name of each of the protocols that have it; kRawBuffer when none has.
  BufferId of_frame(std::string_view name, const ProtocolSet& protocols);
  /// The buffer as one direction of a transaction has it.
  BufferId directed(BufferId buffer, Direction direction);
  /// The buffer seen through one more transform; `identity` tells transforms apart.
  BufferId transformed(BufferId buffer, std::shared_ptr<const Transform> transform, const std::string& identity);

  const Buffer& buffer(BufferId id) const { return buffers_[id]; }
  std::vector<Buffer> take() { return std::move(buffers_); }
  bool many(BufferId id) const;
  bool lowercased(BufferId id) const;
  size_t protocol_count() const { return protocols_.size(); }
  /// The protocols that a rule's protocol name stands for; empty when there is none of that name.
  ProtocolSet protocols_named(std::string_view name) const;

 private:
  void add_words(size_t protocol, std::span<const Word> words, const Carried* carried);
  BufferId intern(std::string identity, Buffer buffer);

  std::vector<const Protocol*> protocols_;
  std::map<std::string, std::vector<const Field*>, std::less<>> fields_;
  std::map<std::string, std::vector<WordRow>, std::less<>> words_;
  std::map<std::string, Named, std::less<>> named_;
  std::map<std::string, BufferId, std::less<>> ids_;
  std::vector<Buffer> buffers_;
  std::vector<std::string> identities_;
};

/// The stage at which a field's value is final: a transaction of which nothing was seen has no final value.
inline uint8_t final_stage(const Field& field) {
  return field.stage == 0 ? uint8_t{1} : field.stage;
}

}  // namespace lapwing::rules
