#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/parse/list.h"
#include "signatures/parse/parse.h"
#include "signatures/parse/source_text.h"

namespace lapwing {
namespace {

using Kind = ThresholdLine::Kind;
constexpr std::string_view kBlank = " \t";

/// What a line of each kind must say; `optional` keys may be missing, but only together.
struct Form {
  std::string_view word;
  Kind kind;
  std::vector<std::string_view> required, optional;
};

const std::vector<Form>& forms() {
  static const std::vector<Form> kForms = {
      {"threshold", Kind::threshold, {"type", "track", "count", "seconds"}, {}},
      {"event_filter", Kind::event_filter, {"type", "track", "count", "seconds"}, {}},
      {"rate_filter", Kind::rate_filter, {"track", "count", "seconds", "new_action", "timeout"}, {}},
      {"suppress", Kind::suppress, {}, {"track", "ip"}},
  };
  return kForms;
}

class LineReader {
 public:
  explicit LineReader(const SourceLine& line) : line_(line), text_(line.text()) {
    // What is behind a line is told by its '#': no value has one.
    text_ = text_.substr(0, text_.find('#'));
    while (text_.ends_with(' ') || text_.ends_with('\t')) text_.remove_suffix(1);
  }

  ThresholdLine read() {
    size_t end = std::min(text_.find_first_of(kBlank), text_.size());
    std::string_view word = text_.substr(0, end);
    for (const Form& form : forms()) {
      if (form.word == word) form_ = &form;
    }
    if (!form_) {
      line_.fail(
          0, "'" + std::string(word) + "' is not known here; write threshold, event_filter, rate_filter or suppress");
    }
    out_.kind = form_->kind;
    out_.mark = line_.mark(0);
    for (at_ = end; at_ < text_.size();) part();
    check();
    return std::move(out_);
  }

 private:
  /// One "key value"; the comma that ends it lies outside brackets.
  void part() {
    at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size());
    size_t key_start = at_;
    size_t key_end = std::min(text_.find_first_of(" \t,", at_), text_.size());
    std::string key(text_.substr(key_start, key_end - key_start));
    size_t value_start = std::min(text_.find_first_not_of(kBlank, key_end), text_.size());
    int depth = 0;
    for (at_ = value_start; at_ < text_.size() && (depth > 0 || text_[at_] != ','); ++at_) {
      if (text_[at_] == '[') ++depth;
      if (text_[at_] == ']') --depth;
    }
    if (key.empty()) line_.fail(key_start, "a key is missing between the commas");
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) line_.fail(key_start, key + " is given twice");
    set(key, key_start, value_start, at_);
    seen_.push_back(std::move(key));
    if (at_ < text_.size()) ++at_;
  }

  void set(const std::string& key, size_t key_start, size_t start, size_t end) {
    bool known = key == "gen_id" || key == "sig_id";
    for (auto* keys : {&form_->required, &form_->optional}) {
      known |= std::find(keys->begin(), keys->end(), key) != keys->end();
    }
    if (!known) line_.fail(key_start, "'" + key + "' is not a key of " + std::string(form_->word));
    std::string_view value = trim(text_.substr(start, end - start));
    if (key == "gen_id") out_.gid = number(value, start);
    if (key == "sig_id") out_.sid = number(value, start);
    if (key == "count") out_.count = positive(value, start);
    if (key == "seconds") out_.seconds = positive(value, start);
    if (key == "timeout") out_.timeout = number(value, start);
    if (key == "type") out_.type = choice(value, start, {"limit", "threshold", "both"});
    if (key == "new_action")
      out_.new_action = choice(value, start, {"alert", "drop", "pass", "log", "sdrop", "reject"});
    if (key == "track") {
      out_.track = out_.kind == Kind::suppress
                       ? choice(value, start, {"by_src", "by_dst", "by_either"})
                       : choice(value, start, {"by_src", "by_dst", "by_both", "by_rule", "by_flow"});
    }
    if (key == "ip") out_.address = parse_list(line_, start, start + value.size());
  }

  uint32_t number(std::string_view value, size_t at) {
    auto found = parse_unsigned(value);
    if (!found || *found > UINT32_MAX)
      line_.fail(at, "'" + std::string(value) + "' is not a number of 0 to 4294967295");
    return static_cast<uint32_t>(*found);
  }
  uint32_t positive(std::string_view value, size_t at) {
    uint32_t found = number(value, at);
    if (found == 0) line_.fail(at, "0 never matches; write 1 or more");
    return found;
  }

  std::string choice(std::string_view value, size_t at, std::initializer_list<std::string_view> choices) {
    std::string listed;
    for (std::string_view known : choices) {
      if (value == known) return std::string(value);
      listed += (listed.empty() ? "" : ", ") + std::string(known);
    }
    line_.fail(at, "'" + std::string(value) + "' is not one of " + listed);
  }

  void check() {
    auto missing = [&](std::string_view key) { return std::find(seen_.begin(), seen_.end(), key) == seen_.end(); };
    std::vector<std::string_view> needed = {"gen_id", "sig_id"};
    needed.insert(needed.end(), form_->required.begin(), form_->required.end());
    bool any = std::any_of(form_->optional.begin(), form_->optional.end(), [&](auto key) { return !missing(key); });
    if (any) needed.insert(needed.end(), form_->optional.begin(), form_->optional.end());
    for (std::string_view key : needed) {
      if (missing(key)) line_.fail(0, std::string(form_->word) + " needs " + std::string(key));
    }
  }

  const SourceLine& line_;
  std::string_view text_;
  size_t at_ = 0;
  const Form* form_ = nullptr;
  std::vector<std::string> seen_;
  ThresholdLine out_{};
};

}  // namespace

std::vector<ThresholdLine> parse_thresholds(std::string_view text, const std::string& file,
                                            std::vector<RuleMessage>& faults) {
  std::vector<ThresholdLine> out;
  const auto name = std::make_shared<const std::string>(file);
  SourceLines lines(text, *name);
  while (std::optional<SourceLine> line = lines.next()) {
    try {
      out.push_back(LineReader(*line).read());
      out.back().file = name;
    } catch (const ParseFault& fault) {
      faults.push_back({RuleMessage::Level::error, fault.mark, 0, {}, fault.text});
    }
  }
  return out;
}

std::vector<ThresholdLine> read_thresholds(const std::string& path, std::vector<RuleMessage>& faults) {
  return parse_thresholds(read_text_file(path), path, faults);
}

}  // namespace lapwing
