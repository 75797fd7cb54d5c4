#include "sensor/verify/expectation.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "sensor/base/sentence.h"

namespace lapwing::verify {
namespace {

using Kind = DataNode::Kind;
using Order = Bound::Order;
using Test = Condition::Test;

/// What a row of `expect` may be about. A scalar behind the word is the value of `name`, or where it is a text, of
/// `text_name`.
struct Subject {
  std::string_view word, name, text_name;
  std::string_view identity;  // one thing that is told of more than once
  bool gated = false;         // has a subject, objects, a level, evidence
};
constexpr Subject kSubjects[] = {
    {"behaviour", "behaviour.name", "behaviour.name", "/behaviour/id", true},
    {"incident", "", "", "/incident/id", true},
    {"alert", "alert.signature_id", "alert.signature", "", false},
};
/// Words of a row about a finding or an incident that name one of its members.
constexpr std::string_view kMembers[] = {"subject", "objects", "level", "evidence", "attack"};
constexpr std::string_view kSteady[] = {"name", "signature_id", "signature", "subject", "objects"};

struct BudgetRow {
  std::string_view word, type, identity;
};
constexpr BudgetRow kBudget[] = {{"findings", "behaviour", "/behaviour/id"},
                                 {"incidents", "incident", "/incident/id"},
                                 {"alerts", "alert", ""},
                                 {"signatures", "alert", "/alert/signature_id"}};

std::string plain(const DataNode& node) {
  return node.is_scalar() ? node.text : to_json(node).dump();
}

class RowReader {
 public:
  explicit RowReader(const DataNode& row) : row_(row) {}

  Expectation read() {
    if (row_.kind != Kind::map) row_.fail("a row of expect is a map: behaviour, alert, incident, none or match");
    out_.mark = row_.mark;
    if (const DataNode* none = row_.find("none")) return negative(*none);
    const Subject* subject = nullptr;
    for (const Subject& one : kSubjects) {
      if (!row_.find(one.word)) continue;
      if (subject)
        row_.fail("both " + std::string(subject->word) + " and " + std::string(one.word) + "; make two rows");
      subject = &one;
    }
    if (!subject && !row_.find("match")) row_.fail("names neither behaviour, alert, incident, none nor match");
    if (subject) about(*subject);
    for (const DataNode& member : row_.children) take(member, subject);
    return finish();
  }

  void match(const DataNode& member) {
    if (member.key == "has-key" || member.key == "not-has-key") {
      const Test test = member.key == "has-key" ? Test::present : Test::absent;
      const auto add_key = [&](const DataNode& key) {
        others_.push_back(Condition::at(plain(key), test, {}, key.mark));
      };
      if (member.kind == Kind::list) {
        for (const DataNode& one : member.children) add_key(one);
      } else {
        add_key(member);
      }
      return;
    }
    auto& to = member.key == "event_type" ? steady_ : others_;
    to.push_back(Condition::filter(member.key, to_json(member), member.mark));
    if (out_.title.empty() && member.key == "event_type") out_.title = "match " + plain(member);
  }

  void count(const DataNode& member) {
    out_.count_mark = member.mark;
    const auto bound = Bound::parse(member.text);
    out_.count = bound.value_or(Bound{Order::equal, to_json(member)});
    std::string_view text = member.text;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!bound && error == std::errc() && end == text.data() + text.size()) out_.count.limit = number;
    if (!out_.count.limit.is_number_integer() || out_.count.limit < 0) {
      member.fail("a number of records, or one with an order: 3, \">= 1\"");
    }
  }

  Expectation finish() {
    out_.steady = steady_.size();
    out_.conditions = std::move(steady_);
    std::ranges::move(others_, std::back_inserter(out_.conditions));
    if (out_.title.empty()) out_.title = "match";
    return std::move(out_);
  }

 private:
  Expectation negative(const DataNode& none) {
    if (const auto other = std::ranges::find_if(row_.children, [](auto& m) { return m.key != "none"; });
        other != row_.children.end()) {
      throw SettingError(other->key_mark, "belongs within none: none: {" + other->key + ": ...}");
    }
    if (none.is_scalar()) {
      out_.conditions.push_back(Condition::filter("event_type", to_json(none), none.mark));
      out_.title = none.text;
      out_.steady = 1;
    } else {
      out_ = RowReader(none).read();
      if (out_.count_mark.line) throw SettingError(out_.count_mark, "none counts nothing");
      out_.mark = row_.mark;
    }
    out_.title = "none of " + out_.title;
    out_.negative = true;
    out_.count = {Order::equal, 0};
    return std::move(out_);
  }

  void about(const Subject& subject) {
    const DataNode& value = *row_.find(subject.word);
    out_.identity = subject.identity;
    out_.title = subject.word;
    prefix_ = std::string(subject.word) + ".";
    steady_.push_back(Condition::filter("event_type", std::string(subject.word), value.mark));
    if (value.kind == Kind::map) {
      for (const DataNode& member : value.children) add(prefix_, member);
    } else if (value.kind != Kind::null) {
      const std::string_view name = value.kind == Kind::text ? subject.text_name : subject.name;
      if (!value.is_scalar() || name.empty()) value.fail(std::string(subject.word) + " takes a map of its members");
      steady_.push_back(Condition::filter(name, to_json(value), value.mark));
      out_.title += " " + value.text;
    }
  }

  void take(const DataNode& member, const Subject* subject) {
    if (subject && member.key == subject->word) return;
    if (member.key == "match") {
      if (member.kind != Kind::map) member.fail("match takes a map of paths and values");
      out_.of_packets |= !subject;
      for (const DataNode& one : member.children) match(one);
    } else if (member.key == "count") {
      count(member);
    } else if (subject && subject->gated && member.key == "within") {
      others_.push_back(Condition::at("within", Test::within, read_seconds(member), member.mark));
    } else if (subject && subject->gated && std::ranges::find(kMembers, member.key) != std::end(kMembers)) {
      add(prefix_, member);
    } else {
      throw SettingError(member.key_mark, "'" + member.key + "' is no word of a row about " +
                                              (subject ? std::string(subject->word) : "any record") + "; there are " +
                                              words(subject));
    }
  }

  static std::string words(const Subject* subject) {
    Sentence out;
    if (subject && subject->gated) {
      for (std::string_view word : kMembers) out.add(word);
      out.add("within");
    }
    return out.add("match").add("count").text();
  }

  /// A member below `prefix`: a list asks for each of its members, a text may begin with an order.
  void add(const std::string& prefix, const DataNode& member) {
    const std::string path = prefix + member.key;
    auto& to = std::ranges::find(kSteady, member.key) != std::end(kSteady) ? steady_ : others_;
    const bool named = member.key == "subject" || member.key == "objects" || member.key == "attack";
    if (member.kind == Kind::map && !named) {
      for (const DataNode& below : member.children) add(path + ".", below);
    } else if (member.kind == Kind::list) {
      for (const DataNode& one : member.children)
        to.push_back(Condition::at(path, Test::named, to_json(one), one.mark));
    } else if (named) {
      if (!member.is_scalar()) member.fail("a name or an address, or a list of them");
      to.push_back(Condition::at(path, Test::named, to_json(member), member.mark));
    } else if (const auto bound = Bound::parse(member.text); bound && member.kind == Kind::text) {
      to.push_back(Condition::bounded(path, *bound, member.mark));
    } else {
      to.push_back(Condition::filter(path, to_json(member), member.mark));
    }
  }

  const DataNode& row_;
  Expectation out_;
  std::string prefix_;
  std::vector<Condition> steady_, others_;
};

std::string shortened(const Json& value) {
  constexpr size_t kMost = 200;  // bytes
  if (value.is_null()) return "nothing";
  std::string text =
      value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() > kMost ? text.substr(0, kMost) + "..." : text;
}

/// Why nothing is as wanted: the record that is nearest to it, and what it lacks.
void explain(std::span<const Condition> conditions, std::span<const Json> records, Verdict& verdict) {
  const Condition* failed = &conditions.front();
  const Json* nearest = nullptr;
  size_t most = 0;
  for (const Json& record : records) {
    size_t held = 0;
    const Condition* first = nullptr;
    for (const Condition& condition : conditions) {
      if (condition.holds(record)) {
        ++held;
      } else if (!first) {
        first = &condition;
      }
    }
    // A record of another kind is near to nothing.
    if (!first || first == &conditions.front() || (nearest && held <= most)) continue;
    nearest = &record;
    most = held;
    failed = first;
  }
  verdict.key = failed->path();
  verdict.expected = failed->wanted();
  verdict.value = nearest ? shortened(failed->value(*nearest)) : "no record has it";
}

}  // namespace

Expectation read_expectation(const DataNode& row) {
  return RowReader(row).read();
}

std::vector<Expectation> read_budget(const DataNode& budget) {
  if (budget.kind != Kind::map) budget.fail("a map: findings, incidents, alerts, signatures");
  std::vector<Expectation> out;
  for (const DataNode& member : budget.children) {
    const auto row = std::ranges::find(kBudget, member.key, &BudgetRow::word);
    if (row == std::end(kBudget))
      throw SettingError(member.key_mark, "'" + member.key + "' is none of findings, incidents, alerts, signatures");
    if (member.kind != Kind::integer || member.integer < 0) member.fail("a number");
    Expectation one{.title = "budget of " + member.key, .mark = member.mark};
    one.conditions.push_back(Condition::filter("event_type", std::string(row->type), member.mark));
    one.steady = 1;
    one.count = {Order::less_equal, member.integer};
    one.identity = row->identity;
    one.negative = true;
    out.push_back(std::move(one));
  }
  return out;
}

Expectation read_filter(const DataNode& filter) {
  const DataNode *match = filter.find("match"), *count = filter.find("count");
  if (!match || match->kind != Kind::map) filter.fail("a filter has a match");
  if (!count) filter.fail("a filter has a count");
  RowReader row(filter);
  for (const DataNode& member : match->children) row.match(member);
  row.count(*count);
  Expectation out = row.finish();
  out.mark = filter.mark;
  out.of_packets = true;
  return out;
}

Verdict judge(const Expectation& expectation, std::span<const Json> records, bool steady) {
  const std::span conditions(expectation.conditions.data(),
                             steady && !expectation.negative ? expectation.steady : expectation.conditions.size());
  Verdict out;
  std::set<std::string> told;
  const Json::json_pointer identity(expectation.identity);
  for (const Json& record : records) {
    if (!std::ranges::all_of(conditions, [&](const Condition& c) { return c.holds(record); })) continue;
    if (!expectation.identity.empty() && record.contains(identity) && !told.insert(record[identity].dump()).second) {
      continue;
    }
    ++out.found;
  }
  const Bound any{Order::greater_equal, 1};
  const Bound& count = steady && !expectation.negative && !expectation.count.holds(0) ? any : expectation.count;
  out.held = count.holds(out.found);
  if (out.held) return out;
  if (out.found == 0 && !conditions.empty()) {
    explain(conditions, records, out);
  } else {
    out.key = "count";
    out.expected = to_text(count);
    out.value = std::to_string(out.found);
  }
  return out;
}

double read_seconds(const DataNode& node) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  double number = 0;
  const char *begin = node.text.data(), *end = begin + node.text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  for (const auto& [unit, seconds] : kUnits) {
    if (error == std::errc() && std::string_view(rest, end) == unit) return number * seconds;
  }
  node.fail("a time with its unit, as in 30s; units are ms, s, m, h, d");
}

}  // namespace lapwing::verify
