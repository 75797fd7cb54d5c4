#include "signatures/compile/prefilter.h"

#include <hs/hs.h>

#include <algorithm>
#include <new>

namespace lapwing::detect {

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

void Candidates::resize(size_t rules) {
  seen_.assign(rules, 0);
  list_.reserve(rules);
  list_.clear();
  round_ = 1;
}

void Candidates::clear() {
  list_.clear();
  if (++round_ == 0) {
    std::fill(seen_.begin(), seen_.end(), 0);
    round_ = 1;
  }
}

std::span<const uint32_t> Candidates::sorted() {
  std::sort(list_.begin(), list_.end());
  return list_;
}

Prefilter::~Prefilter() {
  hs_free_database(database_);
}

Prefilter::Prefilter(Prefilter&& other) noexcept {
  *this = std::move(other);
}

Prefilter& Prefilter::operator=(Prefilter&& other) noexcept {
  std::swap(added_, other.added_);
  std::swap(database_, other.database_);
  std::swap(starts_, other.starts_);
  std::swap(rules_, other.rules_);
  std::swap(longest_, other.longest_);
  std::swap(unbounded_, other.unbounded_);
  return *this;
}

void Prefilter::add(Pattern pattern, uint32_t rule) {
  added_.push_back({std::move(pattern), rule});
}

std::vector<uint32_t> Prefilter::build(Scratch& scratch) {
  std::vector<uint32_t> refused;
  if (added_.empty()) return refused;
  std::sort(added_.begin(), added_.end(), [](const Added& a, const Added& b) {
    return a.pattern != b.pattern ? a.pattern < b.pattern : a.rule < b.rule;
  });
  for (;;) {
    std::vector<std::string> texts;
    std::vector<unsigned> flags, ids;
    starts_.clear();
    rules_.clear();
    for (size_t i = 0; i < added_.size(); i++) {
      const Pattern& pattern = added_[i].pattern;
      if (i == 0 || added_[i - 1].pattern != pattern) {
        starts_.push_back(static_cast<uint32_t>(rules_.size()));
        ids.push_back(static_cast<unsigned>(texts.size()));
        texts.push_back(pattern.expression ? pattern.text : escaped(pattern.text));
        flags.push_back(flags_of(pattern));
        if (pattern.expression)
          unbounded_ = true;
        else
          longest_ = std::max(longest_, pattern.text.size());
      }
      rules_.push_back(added_[i].rule);
    }
    starts_.push_back(static_cast<uint32_t>(rules_.size()));
    std::vector<const char*> pointers;
    for (const auto& text : texts) pointers.push_back(text.c_str());
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(pointers.data(), flags.data(), ids.data(), static_cast<unsigned>(pointers.size()),
                         HS_MODE_BLOCK, nullptr, &database_, &error) == HS_SUCCESS) {
      break;
    }
    int bad = error->expression;
    hs_free_compile_error(error);
    if (bad < 0) throw std::bad_alloc();
    auto first = starts_[bad], last = starts_[bad + 1];
    refused.insert(refused.end(), rules_.begin() + first, rules_.begin() + last);
    added_.erase(added_.begin() + first, added_.begin() + last);
    if (added_.empty()) {
      starts_.clear();
      rules_.clear();
      return refused;
    }
  }
  added_.clear();
  added_.shrink_to_fit();
  rules_.shrink_to_fit();
  starts_.shrink_to_fit();
  scratch.fit(database_);
  return refused;
}

size_t Prefilter::memory() const {
  size_t size = 0;
  if (database_) hs_database_size(database_, &size);
  return size + (starts_.size() + rules_.size()) * sizeof(uint32_t);
}

bool Prefilter::scan(Bytes bytes, hs_scratch* scratch, Candidates& out) const {
  if (!database_ || bytes.empty()) return true;
  ScanContext context{this, &out};
  return hs_scan(database_, reinterpret_cast<const char*>(bytes.data()), static_cast<unsigned>(bytes.size()), 0,
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

}  // namespace lapwing::detect
