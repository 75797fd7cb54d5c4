// Keywords of NFS that are no buffers: numbers whose ranges have their ends within, unlike others.
#include "dissectors/contract/words.h"
#include "dissectors/protocols/nfs/nfs.h"
#include "sensor/event/integer_test.h"

namespace lapwing::nfs {

namespace {

/// What a rule asks for: a number, or a name that stands for one in each version that has it.
struct Wanted {
  std::optional<IntegerTest> number;
  std::array<std::optional<uint32_t>, 3> named = {};  // of versions 2 to 4
  std::string name;
};

std::string describe(const Wanted& wanted) {
  return wanted.number ? describe(*wanted.number) : wanted.name;
}

IntegerTest parse_number_test(const WordText& text) {
  IntegerTest out = parse_integer_test(text.text, text.mark, UINT32_MAX);
  if (out.mode != IntegerTest::Mode::between) return out;
  // "2<>4" has 2 and 4 within.
  if (out.a == 0) return {.mode = IntegerTest::Mode::less_equal, .a = out.b};
  --out.a;
  ++out.b;
  return out;
}

Wanted parse_version(const WordText& text) {
  return {.number = parse_number_test(text)};
}

Wanted parse_procedure(const WordText& text) {
  Wanted out;
  bool any = false;
  for (uint32_t i = 0; i < out.named.size(); ++i) {
    out.named[i] = procedure_number(i + 2, text.text);
    any |= out.named[i].has_value();
  }
  if (any) {
    out.name = text.text;
    return out;
  }
  out.number = parse_number_test(text);
  return out;
}

bool has_version(const Exchange& exchange, const Moment&, const Wanted& wanted) {
  return wanted.number->matches(exchange.rpc.version);
}

bool is(const Wanted& wanted, uint32_t version, uint32_t procedure) {
  if (wanted.number) return wanted.number->matches(procedure);
  return version >= 2 && version - 2 < wanted.named.size() && wanted.named[version - 2] == procedure;
}

bool has_procedure(const Exchange& exchange, const Moment&, const Wanted& wanted) {
  const uint32_t version = exchange.rpc.version;
  return is(wanted, version, exchange.procedure) || (exchange.commit != 0 && is(wanted, version, exchange.commit));
}

constexpr Word kWords[] = {
    words::tested<&parse_procedure, &has_procedure>(
        {.name = "nfs_procedure",
         .stage = kCall,
         .help =
             "number or name of a procedure, of version 4 of an operation: 4, >3, 2<>4 with its ends, READ; a file has "
             "COMMIT as well, where that ended it"}),
    words::tested<&parse_version, &has_version>(
        {.name = "nfs.version", .alias = "nfs_version", .stage = kCall, .help = "version of the protocol: 2, 3 or 4"}),
};

}  // namespace

std::span<const Word> rule_words() {
  return kWords;
}

}  // namespace lapwing::nfs
