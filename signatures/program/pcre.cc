#include "signatures/program/pcre.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <new>
#include <stdexcept>

#include "signatures/program/match_counters.h"

namespace lapwing::rules {

namespace {
constexpr size_t kJitStack = 512 * 1024;  // bytes at most; grows from 32 KiB as expressions need it
}  // namespace

PcreScratch::PcreScratch()
    : data_(pcre2_match_data_create(kMaxGroups + 1, nullptr)),
      stack_(pcre2_jit_stack_create(32 * 1024, kJitStack, nullptr)),
      limited_(pcre2_match_context_create(nullptr)),
      unlimited_(pcre2_match_context_create(nullptr)) {
  if (!data_ || !stack_ || !limited_ || !unlimited_) {
    free();
    throw std::bad_alloc();
  }
  pcre2_jit_stack_assign(limited_, nullptr, stack_);
  pcre2_jit_stack_assign(unlimited_, nullptr, stack_);
}

void PcreScratch::free() {
  pcre2_match_context_free(unlimited_);
  pcre2_match_context_free(limited_);
  pcre2_jit_stack_free(stack_);
  pcre2_match_data_free(data_);
}

Regex::Regex(const std::string& expression, RegexOptions options, uint32_t match_limit, uint32_t recursion_limit)
    : match_limit_(match_limit), recursion_limit_(recursion_limit), no_limits_(options.no_limits) {
  uint32_t flags = 0;
  if (options.caseless) flags |= PCRE2_CASELESS;
  if (options.dotall) flags |= PCRE2_DOTALL;
  if (options.multiline) flags |= PCRE2_MULTILINE;
  if (options.extended) flags |= PCRE2_EXTENDED;
  if (options.anchored) flags |= PCRE2_ANCHORED;
  if (options.dollar_endonly) flags |= PCRE2_DOLLAR_ENDONLY;
  if (options.ungreedy) flags |= PCRE2_UNGREEDY;
  int error = 0;
  size_t offset = 0;
  code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(), flags, &error, &offset,
                        nullptr);
  if (!code_) {
    char text[256];
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(text), sizeof text);
    throw std::invalid_argument(std::string(text) + " at offset " + std::to_string(offset) + " of the expression");
  }
  pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE);  // without a JIT the interpreter gives the same answers
}

Regex::~Regex() {
  pcre2_code_free(code_);
}

bool Regex::search(Bytes subject, size_t from, PcreScratch& scratch, MatchCounters& counters, Match& out) const {
  if (from > subject.size()) return false;
  pcre2_match_context* context = scratch.unlimited_;
  if (!no_limits_) {
    context = scratch.limited_;
    pcre2_set_match_limit(context, match_limit_);
    pcre2_set_depth_limit(context, recursion_limit_);
  }
  static const uint8_t kEmpty = 0;
  const uint8_t* text = subject.empty() ? &kEmpty : subject.data();
  int found = pcre2_match(code_, text, subject.size(), from, 0, scratch.data_, context);
  if (found < 0) {
    if (found == PCRE2_ERROR_MATCHLIMIT)
      counters.pcre_match_limit++;
    else if (found == PCRE2_ERROR_DEPTHLIMIT)
      counters.pcre_recursion_limit++;
    else if (found != PCRE2_ERROR_NOMATCH)
      counters.pcre_error++;
    return false;
  }
  const size_t* ends = pcre2_get_ovector_pointer(scratch.data_);
  out = {ends[0], ends[1]};
  return true;
}

Bytes Regex::group(Bytes subject, size_t number, PcreScratch& scratch) {
  if (number > kMaxGroups) return {};
  const size_t* ends = pcre2_get_ovector_pointer(scratch.data_) + 2 * number;
  if (ends[0] == PCRE2_UNSET || ends[1] > subject.size() || ends[0] > ends[1]) return {};
  return subject.subspan(ends[0], ends[1] - ends[0]);
}

size_t Regex::groups() const {
  uint32_t count = 0;
  pcre2_pattern_info(code_, PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

size_t Regex::group_number(const std::string& name) const {
  int number = pcre2_substring_number_from_name(code_, reinterpret_cast<PCRE2_SPTR>(name.c_str()));
  return number > 0 ? static_cast<size_t>(number) : 0;
}

std::shared_ptr<const Regex> RegexPool::get(const std::string& expression, const RegexOptions& options) {
  const auto key = std::pair(expression, options);
  if (auto known = known_.find(key); known != known_.end()) return known->second;
  auto made = std::make_shared<const Regex>(expression, options, match_limit_, recursion_limit_);
  known_.emplace(key, made);
  return made;
}

}  // namespace lapwing::rules
