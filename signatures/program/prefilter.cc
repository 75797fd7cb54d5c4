#include "signatures/program/prefilter.h"

#include <hs/hs.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <new>

#include "signatures/program/literal_endings.h"

namespace lapwing::rules {

namespace {

/// Every byte as \xHH: hs_compile_lit_multi makes databases that fail on some inputs.
std::string escaped(const std::string& literal) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(literal.size() * 4);
  for (unsigned char c : literal) {
    out += {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
  }
  return out;
}

uint32_t flags_of(const Prefilter::Pattern& pattern) {
  if (pattern.expression) return pattern.flags;
  return HS_FLAG_SINGLEMATCH | (pattern.nocase ? HS_FLAG_CASELESS : 0u);
}

/// Stands behind the patterns of every database. Where one pattern asks for the start of its match, Hyperscan builds no
/// second automaton for short buffers, which would take twenty times the compile time and 150 MiB beside it, and be no
/// faster. It is no literal, since those are treated apart, and belongs to no rule.
constexpr char kNoSmallWrite[] = "\\x00\\xff\\x7e.?\\x7e\\xff\\x00\\xfe";

std::shared_ptr<const hs_database> owned(hs_database* database) {
  return {database, [](hs_database* last) { hs_free_database(last); }};
}

/// The text's first bytes as a number that compares as they do.
uint64_t first_bytes(std::string_view text) {
  uint8_t bytes[8] = {};
  std::copy_n(text.data(), std::min(text.size(), sizeof bytes), bytes);
  return load_be64(bytes);
}

struct ScanContext {
  const Prefilter* prefilter;
  Candidates* out;
};

int on_match(unsigned int id, unsigned long long, unsigned long long, unsigned int, void* context) {
  auto& scan = *static_cast<ScanContext*>(context);
  for (uint32_t rule : scan.prefilter->rules_of(id)) scan.out->add(rule);
  return 0;
}

}  // namespace

Scratch::~Scratch() {
  hs_free_scratch(scratch_);
}

void Scratch::fit(const hs_database* database) {
  if (hs_alloc_scratch(database, &scratch_) != HS_SUCCESS) throw std::bad_alloc();
}

void Scratch::clone_from(const Scratch& other) {
  hs_free_scratch(scratch_);
  scratch_ = nullptr;
  if (other.scratch_ && hs_clone_scratch(other.scratch_, &scratch_) != HS_SUCCESS) throw std::bad_alloc();
}

void Prefilter::add(Pattern pattern, uint32_t rule) {
  unbounded_ |= pattern.expression;
  added_.push_back({std::move(pattern), rule});
}

Prefilter Prefilter::joined(const Prefilter& other) const {
  Prefilter out = *this;
  out.unbounded_ |= other.unbounded_;
  out.added_.insert(out.added_.end(), other.added_.begin(), other.added_.end());
  return out;
}

void Prefilter::take(Prefilter& other) {
  unbounded_ |= other.unbounded_;
  std::ranges::move(other.added_, std::back_inserter(added_));
  other = {};
}

void Prefilter::prepare() {
  std::vector<std::string*> literals;
  for (Added& added : added_) {
    if (added.pattern.expression) continue;
    literals.push_back(&added.pattern.text);
    // Of the whole: a stream is searched in pieces, and what is left of a literal may lie in the piece before its end.
    longest_ = std::max(longest_, added.pattern.text.size());
  }
  part_common_endings(literals);
  // By pattern and rule; the first bytes decide nearly always.
  std::vector<std::pair<uint64_t, Added*>> sorted;
  sorted.reserve(added_.size());
  for (Added& added : added_) sorted.emplace_back(first_bytes(added.pattern.text), &added);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    const auto order = a.second->pattern <=> b.second->pattern;
    return order != 0 ? order < 0 : a.second->rule < b.second->rule;
  });
  rules_.reserve(sorted.size());
  for (const auto& [first, place] : sorted) {
    Added& added = *place;
    if (prepared_.empty() || prepared_.back() != added.pattern) {
      starts_.push_back(static_cast<uint32_t>(rules_.size()));
      expressions_ += added.pattern.expression;
      prepared_.push_back(std::move(added.pattern));
    }
    rules_.push_back(added.rule);
  }
  // The end of the last pattern, and of kNoSmallWrite behind it.
  if (!starts_.empty()) starts_.insert(starts_.end(), 2, static_cast<uint32_t>(rules_.size()));
  added_ = {};
}

Digest Prefilter::digest() const {
  std::string text = kNoSmallWrite;
  for (const Pattern& pattern : prepared_) {
    const uint32_t head[] = {static_cast<uint32_t>(pattern.text.size()), flags_of(pattern), pattern.expression};
    text.append(reinterpret_cast<const char*>(head), sizeof head).append(pattern.text);
  }
  return digest_of(to_bytes(text));
}

void Prefilter::compile() {
  std::vector<std::string> texts;
  std::vector<unsigned> flags, ids;
  for (const Pattern& pattern : prepared_) {
    ids.push_back(static_cast<unsigned>(ids.size()));
    texts.push_back(pattern.expression ? pattern.text : escaped(pattern.text));
    flags.push_back(flags_of(pattern));
  }
  ids.push_back(static_cast<unsigned>(ids.size()));
  texts.push_back(kNoSmallWrite);
  flags.push_back(HS_FLAG_SOM_LEFTMOST);
  while (texts.size() > 1) {
    std::vector<const char*> pointers;
    for (const auto& text : texts) pointers.push_back(text.c_str());
    hs_database* database = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(pointers.data(), flags.data(), ids.data(), static_cast<unsigned>(pointers.size()),
                         HS_MODE_BLOCK, nullptr, &database, &error) == HS_SUCCESS) {
      database_ = owned(database);
      return;
    }
    const int bad = error->expression;
    hs_free_compile_error(error);
    if (bad < 0) throw std::bad_alloc();
    refused_.push_back(ids[static_cast<size_t>(bad)]);
    texts.erase(texts.begin() + bad);
    flags.erase(flags.begin() + bad);
    ids.erase(ids.begin() + bad);
  }
}

void Prefilter::share(const Prefilter& other) {
  database_ = other.database_;
  refused_ = other.refused_;
}

bool Prefilter::adopt(Bytes serialised) {
  if (read(serialised)) return true;
  refused_.clear();
  return false;
}

bool Prefilter::read(Bytes serialised) {
  ByteReader reader(serialised);
  if (!reader.has(4)) return false;
  const uint32_t refused = reader.u32();
  if (reader.left() / 4 < refused) return false;
  for (uint32_t i = 0; i < refused; i++) {
    refused_.push_back(reader.u32());
    if (refused_.back() >= prepared_.size()) return false;
  }
  if (reader.left() == 0) return refused == prepared_.size();
  const Bytes bytes = reader.bytes(reader.left());
  hs_database* database = nullptr;
  if (hs_deserialize_database(reinterpret_cast<const char*>(bytes.data()), bytes.size(), &database) != HS_SUCCESS)
    return false;
  database_ = owned(database);
  return true;
}

std::vector<uint8_t> Prefilter::serialise() const {
  std::vector<uint8_t> out;
  auto append = [&](uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(number >> shift));
  };
  append(static_cast<uint32_t>(refused_.size()));
  for (uint32_t number : refused_) append(number);
  char* bytes = nullptr;
  size_t size = 0;
  if (!database_) return out;
  if (hs_serialize_database(database_.get(), &bytes, &size) != HS_SUCCESS) throw std::bad_alloc();
  out.insert(out.end(), bytes, bytes + size);
  std::free(bytes);
  return out;
}

std::vector<uint32_t> Prefilter::settle(Scratch& scratch) {
  std::vector<uint32_t> refused;
  for (uint32_t number : refused_) {
    const auto rules = rules_of(number);
    refused.insert(refused.end(), rules.begin(), rules.end());
  }
  prepared_ = {};
  refused_ = {};
  rules_.shrink_to_fit();
  starts_.shrink_to_fit();
  if (database_) scratch.fit(database_.get());
  return refused;
}

size_t Prefilter::memory() const {
  size_t size = 0;
  if (database_) hs_database_size(database_.get(), &size);
  return size + (starts_.size() + rules_.size()) * sizeof(uint32_t);
}

bool Prefilter::scan(Bytes bytes, hs_scratch* scratch, Candidates& out) const {
  if (!database_ || bytes.empty()) return true;
  ScanContext context{this, &out};
  return hs_scan(database_.get(), reinterpret_cast<const char*>(bytes.data()), static_cast<unsigned>(bytes.size()), 0,
                 scratch, &on_match, &context) == HS_SUCCESS;
}

bool takes_as_prefilter(const std::string& expression, uint32_t flags) {
  const char* text = expression.c_str();
  if (expression.find('\0') != std::string::npos) return false;
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  bool taken = hs_expression_info(text, flags, &info, &error) == HS_SUCCESS;
  hs_free_compile_error(error);
  free(info);
  return taken;
}

uint32_t prefilter_flags(bool caseless, bool dotall, bool multiline) {
  return HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY | HS_FLAG_SINGLEMATCH | (caseless ? HS_FLAG_CASELESS : 0u) |
         (dotall ? HS_FLAG_DOTALL : 0u) | (multiline ? HS_FLAG_MULTILINE : 0u);
}

}  // namespace lapwing::rules
