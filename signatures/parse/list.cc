#include "signatures/parse/list.h"

namespace lapwing {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool ends_word(char c) {
  return is_blank(c) || c == ',' || c == '[' || c == ']';
}

class ListParser {
 public:
  ListParser(const SourceLine& line, size_t begin, size_t end)
      : line_(line), text_(line.text().substr(0, end)), at_(begin) {}

  ListNode parse() {
    size_t start = skip_blanks();
    ListNode node = item(0);
    if (skip_blanks() < text_.size() && text_[at_] == ',') {
      ListNode list{.kind = ListNode::Kind::list, .mark = line_.place(start)};
      list.items.push_back(std::move(node));
      while (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        list.items.push_back(item(0));
        skip_blanks();
      }
      node = std::move(list);
    }
    if (at_ < text_.size()) {
      line_.fail(at_, text_[at_] == ']' ? "']' without its '['" : "a ',' is expected before the next part of the list");
    }
    return node;
  }

 private:
  size_t skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return at_;
  }

  ListNode item(int depth) {
    if (depth > kMaxListDepth) line_.fail(at_, "lists nest deeper than 64 levels");
    ListNode node{.mark = line_.place(skip_blanks())};
    if (at_ < text_.size() && text_[at_] == '!') {
      node.negated = true;
      ++at_;
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == '!') line_.fail(at_, "'!' twice; write one, or none");
    }
    if (at_ < text_.size() && text_[at_] == '[') {
      list(node, depth);
    } else {
      word(node);
    }
    return node;
  }

  void list(ListNode& node, int depth) {
    node.kind = ListNode::Kind::list;
    size_t open = at_++;
    while (true) {
      if (skip_blanks() == text_.size()) line_.fail(open, "'[' without its ']'");
      if (text_[at_] == ']' && !node.items.empty()) break;  // a comma before the bracket is tolerated
      node.items.push_back(item(depth + 1));
      if (skip_blanks() == text_.size()) line_.fail(open, "'[' without its ']'");
      if (text_[at_] == ']') break;
      if (text_[at_] != ',') line_.fail(at_, "a ',' or ']' is expected after a part of the list");
      ++at_;
    }
    ++at_;
  }

  void word(ListNode& node) {
    size_t start = at_;
    while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
    std::string_view text = text_.substr(start, at_ - start);
    if (text.empty()) line_.fail(start, "a value is missing; write an address or port, a $VARIABLE, a [list] or any");
    if (text == "any") return;
    node.kind = ListNode::Kind::leaf;
    if (text[0] == '$') {
      node.kind = ListNode::Kind::variable;
      text.remove_prefix(1);
      if (text.empty()) line_.fail(start, "'$' without the name of a variable");
    }
    node.text = text;
  }

  const SourceLine& line_;
  std::string_view text_;
  size_t at_;
};

}  // namespace

ListNode parse_list(const SourceLine& line, size_t begin, size_t end) {
  return ListParser(line, begin, end).parse();
}

}  // namespace lapwing
