// Keywords of LDAP that are no buffers.
#include "dissectors/contract/words.h"
#include "dissectors/protocols/ldap/ldap.h"

namespace lapwing::ldap {

namespace {

/// "<comparison>[,<which of the responses>]"
struct Result {
  IntegerTest code;
  MultiTest which;
};
Result parse_result(const WordText& text) {
  Result out;
  std::string_view code = text.text;
  out.which = parse_multi_test(code, text.mark);
  out.code = parse_integer_test(code, text.mark, UINT32_MAX, result_names());
  return out;
}
std::string describe(const Result& result) {
  const std::string which = lapwing::describe(result.which);
  return lapwing::describe(result.code, result_names()) + (which.empty() ? "" : " ") + which;
}

/// Places are those of all responses, also of such as have no result, as entries that were found: they are none that a
/// rule means, but spoil nothing where it means all.
bool has_result(const Exchange& exchange, const Moment&, const Result& asked) {
  const bool all = asked.which.mode == MultiTest::Mode::all || asked.which.mode == MultiTest::Mode::all_present;
  return asked.which.passes(exchange.responses.size(), [&](size_t i) {
    const auto& result = exchange.responses[i].result;
    return result ? asked.code.matches(*result) : all;
  });
}

constexpr Word kWords[] = {
    words::tested<&parse_result, &has_result>({.name = "ldap.responses.result_code",
                                               .sender = Sender::server,
                                               .stage = kComplete,
                                               .help = "result of any, all or one of the responses"}),
};

}  // namespace

std::span<const Word> rule_words() {
  return kWords;
}

}  // namespace lapwing::ldap
