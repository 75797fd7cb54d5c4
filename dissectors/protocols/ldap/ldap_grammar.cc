#include "dissectors/protocols/ldap/ldap_grammar.h"

#include <algorithm>
#include <iterator>

#include "sensor/base/ber.h"

namespace lapwing::ldap {

namespace {

using ber::application;
using ber::context;
using ber::kBoolean;
using ber::kEnumerated;
using ber::kInteger;
using ber::kOctets;
using ber::kSequence;
using ber::kSet;

constexpr Row kUris[] = {{kOctets, Item::uri}};
constexpr Shape kUriList{kUris, true};
constexpr Row kAsked[] = {{kOctets, Item::asked}};
constexpr Shape kAskedList{kAsked, true};

constexpr Row kValue[] = {{kOctets, Item::attribute_value}};
constexpr Shape kValues{kValue, true};
constexpr Row kAttributeRows[] = {{kOctets, Item::attribute_type}, {kSet, Item::structure, &kValues}};
constexpr Shape kAttribute{kAttributeRows};
constexpr Row kAttributes[] = {{kSequence, Item::attribute, &kAttribute}};
constexpr Shape kAttributeList{kAttributes, true};
constexpr Row kChangeRows[] = {{kEnumerated, Item::change}, {kSequence, Item::attribute, &kAttribute}};
constexpr Shape kChange{kChangeRows};
constexpr Row kChanges[] = {{kSequence, Item::structure, &kChange}};
constexpr Shape kChangeList{kChanges, true};
constexpr Row kAssertionRows[] = {{kOctets, Item::attribute_type}, {kOctets, Item::attribute_value}};
constexpr Shape kAssertion{kAssertionRows};

// RFC 4511 4.5.1.7
extern const Shape kFilter;
constexpr Row kComparisonRows[] = {{kOctets, Item::filter_attribute}, {kOctets, Item::filter_value}};
constexpr Shape kComparison{kComparisonRows};
constexpr Row kPieces[] = {{context(0, false), Item::filter_initial},
                           {context(1, false), Item::filter_any},
                           {context(2, false), Item::filter_final}};
constexpr Shape kPieceList{kPieces, true};
constexpr Row kSubstringRows[] = {{kOctets, Item::filter_attribute}, {kSequence, Item::structure, &kPieceList}};
constexpr Shape kSubstrings{kSubstringRows};
constexpr Row kExtensibleRows[] = {{context(1, false), Item::filter_rule, nullptr, true},
                                   {context(2, false), Item::filter_attribute, nullptr, true},
                                   {context(3, false), Item::filter_value},
                                   {context(4, false), Item::filter_dn, nullptr, true}};
constexpr Shape kExtensible{kExtensibleRows};
constexpr Row kFilterRows[] = {
    {context(0, true), Item::filter_and, &kFilter},
    {context(1, true), Item::filter_or, &kFilter},
    {context(2, true), Item::filter_not, &kFilter},
    {context(3, true), Item::filter_equal, &kComparison},
    {context(4, true), Item::filter_substrings, &kSubstrings},
    {context(5, true), Item::filter_greater, &kComparison},
    {context(6, true), Item::filter_less, &kComparison},
    {context(7, false), Item::filter_present},
    {context(8, true), Item::filter_approximate, &kComparison},
    {context(9, true), Item::filter_extensible, &kExtensible},
};
// What a server does not know is undefined, and the filter is evaluated nevertheless.
constexpr Row kUndefined{.item = Item::filter_undefined};
const Shape kFilter{kFilterRows, true, &kUndefined};

constexpr Row kSaslRows[] = {{kOctets, Item::mechanism}, {kOctets, Item::credentials, nullptr, true}};
constexpr Shape kSasl{kSaslRows};
// MS-ADTS 5.1.1.1.3 has the last three.
constexpr Row kProofs[] = {
    {context(0, false), Item::password},     {context(3, true), Item::structure, &kSasl},
    {context(9, false), Item::negotiation},  {context(10, false), Item::negotiation},
    {context(11, false), Item::negotiation},
};
constexpr Shape kProof{kProofs, true};
constexpr Row kBindRows[] = {{kInteger, Item::version}, {kOctets, Item::dn}, {.one_of = &kProof}};
constexpr Row kResultRows[] = {
    {kEnumerated, Item::result},
    {kOctets, Item::dn},
    {kOctets, Item::message},
    {context(3, true), Item::structure, &kUriList, true},
    {context(7, false), Item::credentials, nullptr, true},  // of a bind
    {context(10, false), Item::name, nullptr, true},        // of an extended operation
    {context(11, false), Item::value, nullptr, true},
};
constexpr Row kEntryRows[] = {{kOctets, Item::dn}, {kSequence, Item::structure, &kAttributeList}};
constexpr Row kModifyRows[] = {{kOctets, Item::dn}, {kSequence, Item::structure, &kChangeList}};
constexpr Row kModDnRows[] = {{kOctets, Item::dn},
                              {kOctets, Item::new_rdn},
                              {kBoolean, Item::delete_old},
                              {context(0, false), Item::new_superior, nullptr, true}};
constexpr Row kCompareRows[] = {{kOctets, Item::dn}, {kSequence, Item::attribute, &kAssertion}};
constexpr Row kNamedRows[] = {{context(0, false), Item::name, nullptr, true},
                              {context(1, false), Item::value, nullptr, true}};
constexpr Shape kBind{kBindRows}, kResult{kResultRows}, kEntry{kEntryRows}, kModify{kModifyRows}, kModDn{kModDnRows},
    kCompare{kCompareRows}, kNamed{kNamedRows};

constexpr Row kControlRows[] = {{kOctets, Item::control_type},
                                {kBoolean, Item::criticality, nullptr, true},
                                {kOctets, Item::control_value, nullptr, true}};
constexpr Shape kControl{kControlRows};
constexpr Row kControls[] = {{kSequence, Item::control, &kControl}};
constexpr Shape kControlList{kControls, true};
constexpr Row kBehindRows[] = {{context(0, true), Item::structure, &kControlList, true}};

constexpr Row kSearchRows[] = {
    {kOctets, Item::dn},          {kEnumerated, Item::scope},
    {kEnumerated, Item::aliases}, {kInteger, Item::size_limit},
    {kInteger, Item::time_limit}, {kBoolean, Item::types_only},
    {.one_of = &kFilter},         {kSequence, Item::structure, &kAskedList, true},
};
constexpr Shape kSearch{kSearchRows};

constexpr uint8_t tag(Operation operation, bool constructed = true) {
  return application(static_cast<uint8_t>(operation), constructed);
}
constexpr Row kOperationRows[] = {
    {tag(Operation::bind_request), Item::structure, &kBind},
    {tag(Operation::bind_response), Item::structure, &kResult},
    {tag(Operation::unbind_request, false), Item::nothing},
    {tag(Operation::search_request), Item::structure, &kSearch},
    {tag(Operation::search_result_entry), Item::structure, &kEntry},
    {tag(Operation::search_result_done), Item::structure, &kResult},
    {tag(Operation::search_result_reference), Item::structure, &kUriList},
    {tag(Operation::modify_request), Item::structure, &kModify},
    {tag(Operation::modify_response), Item::structure, &kResult},
    {tag(Operation::add_request), Item::structure, &kEntry},
    {tag(Operation::add_response), Item::structure, &kResult},
    {tag(Operation::del_request, false), Item::dn},
    {tag(Operation::del_response), Item::structure, &kResult},
    {tag(Operation::mod_dn_request), Item::structure, &kModDn},
    {tag(Operation::mod_dn_response), Item::structure, &kResult},
    {tag(Operation::compare_request), Item::structure, &kCompare},
    {tag(Operation::compare_response), Item::structure, &kResult},
    {tag(Operation::abandon_request, false), Item::abandoned},
    {tag(Operation::extended_request), Item::structure, &kNamed},
    {tag(Operation::extended_response), Item::structure, &kResult},
    {tag(Operation::intermediate_response), Item::structure, &kNamed},
};

}  // namespace

const Shape kBehindOperation{kBehindRows};

const Row* operation_row(uint8_t tag) {
  const auto* row = std::ranges::find(kOperationRows, tag, &Row::tag);
  return row == std::end(kOperationRows) ? nullptr : row;
}

bool is_request(Operation operation) {
  switch (operation) {
    case Operation::bind_request:
    case Operation::unbind_request:
    case Operation::search_request:
    case Operation::modify_request:
    case Operation::add_request:
    case Operation::del_request:
    case Operation::mod_dn_request:
    case Operation::compare_request:
    case Operation::abandon_request:
    case Operation::extended_request: return true;
    default: return false;
  }
}

bool is_final(Operation operation) {
  switch (operation) {
    case Operation::search_result_entry:
    case Operation::search_result_reference:
    case Operation::intermediate_response: return false;
    case Operation::unbind_request:
    case Operation::abandon_request: return true;
    default: return !is_request(operation);
  }
}

}  // namespace lapwing::ldap
