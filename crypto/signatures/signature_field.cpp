#include "crypto/signatures/signature_field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "canon/domain_name.hpp"
#include "canon/labels.hpp"
#include "canon/printable.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "crypto/base64.hpp"

namespace dkim::crypto {
namespace {

using Problem = std::optional<VerifyProblem>;

std::string quoted(std::string_view text) {
  return "\"" + canon::printable(text, 80) + "\"";
}

std::string reason_text(const canon::Refusal& refusal) {
  return fmt::format("{}, at byte {}", refusal.reason, refusal.byte + 1);
}

// Reads digits only. A number that does not fit counts as infinite (§3.5, x=).
std::optional<std::uint64_t> number(std::string_view text) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (text.empty() || !std::all_of(text.begin(), text.end(), canon::is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (most - digit) / 10) return most;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<std::string> a_label(std::string_view text) {
  // DomainName removes a final dot, which the syntax of the tag does not allow.
  if (text.ends_with('.')) return std::nullopt;
  const auto name = canon::DomainName::parse(text);
  return name ? std::optional(name->str()) : std::nullopt;
}

// OpenDKIM and Mail::DKIM read a= and c= without regard to case; dkimpy and this verifier do not.
std::string note_on_case(std::string_view tag, std::string_view value, std::string_view known) {
  if (!canon::equal_ignoring_case(value, known)) return {};
  return fmt::format(
      "{} has a known value in another case: OpenDKIM and Mail::DKIM read it as {}, dkimpy and others refuse "
      "it",
      tag, known);
}

std::optional<std::vector<unsigned char>> folded_base64(std::string_view value) {
  auto bytes = base64_decode(canon::without_fws(value));
  return bytes && bytes->empty() ? std::nullopt : bytes;
}

// Reads the tags one by one into a field.
class FieldReader {
 public:
  std::variant<SignatureField, VerifyProblem> read(const canon::TagList& list);

 private:
  enum class Presence { required, optional };
  struct TagRule {
    std::string_view name;
    Presence presence;
    Problem (FieldReader::*read)(std::string_view value);
  };
  static const std::array<TagRule, 13> rules;

  Problem read_version(std::string_view value);
  Problem read_algorithm(std::string_view value);
  Problem read_signature(std::string_view value);
  Problem read_body_hash(std::string_view value);
  Problem read_canonicalization(std::string_view value);
  Problem read_domain(std::string_view value);
  Problem read_selector(std::string_view value);  // after d=
  Problem read_names(std::string_view value);
  Problem read_identity(std::string_view value);  // after d=
  Problem read_body_limit(std::string_view value);
  Problem read_query(std::string_view value);
  Problem read_time(std::string_view value);
  Problem read_expiration(std::string_view value);  // after t=

  SignatureField field_;
};

constexpr std::array<FieldReader::TagRule, 13> FieldReader::rules = {{
    {"v", Presence::required, &FieldReader::read_version},
    {"a", Presence::required, &FieldReader::read_algorithm},
    {"b", Presence::required, &FieldReader::read_signature},
    {"bh", Presence::required, &FieldReader::read_body_hash},
    {"d", Presence::required, &FieldReader::read_domain},
    {"h", Presence::required, &FieldReader::read_names},
    {"s", Presence::required, &FieldReader::read_selector},
    {"c", Presence::optional, &FieldReader::read_canonicalization},
    {"i", Presence::optional, &FieldReader::read_identity},
    {"l", Presence::optional, &FieldReader::read_body_limit},
    {"q", Presence::optional, &FieldReader::read_query},
    {"t", Presence::optional, &FieldReader::read_time},
    {"x", Presence::optional, &FieldReader::read_expiration},
}};

std::variant<SignatureField, VerifyProblem> FieldReader::read(const canon::TagList& list) {
  for (const auto& rule : rules) {
    if (const auto value = list.find(rule.name)) {
      if (auto problem = (this->*rule.read)(*value)) return *std::move(problem);
    } else if (rule.presence == Presence::required) {
      return VerifyProblem{VerifyReason::missing_tag, fmt::format("there is no {}= tag", rule.name)};
    }
  }
  return std::move(field_);
}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): a TagRule points to it
Problem FieldReader::read_version(std::string_view value) {
  if (value == "1") return {};
  return VerifyProblem{VerifyReason::version,
                       fmt::format("v= is {}; there is only version 1", quoted(value))};
}

Problem FieldReader::read_algorithm(std::string_view value) {
  for (const auto algorithm : all_algorithms) {
    if (value != signature_name(algorithm)) continue;
    field_.algorithm = algorithm;
    return {};
  }
  if (value == "rsa-sha1")
    return VerifyProblem{VerifyReason::historic_algorithm,
                         "a= is rsa-sha1, which RFC 8301 forbids to accept"};
  VerifyProblem problem{VerifyReason::unknown_algorithm,
                        fmt::format("a= is {}, an unknown algorithm", quoted(value))};
  for (const auto algorithm : all_algorithms) {
    if (auto note = note_on_case("a=", value, signature_name(algorithm)); !note.empty())
      problem.note = std::move(note);
  }
  return problem;
}

Problem FieldReader::read_signature(std::string_view value) {
  auto bytes = folded_base64(value);
  if (!bytes) return VerifyProblem{VerifyReason::syntax, "b= is not base64"};
  field_.signature = *std::move(bytes);
  return {};
}

Problem FieldReader::read_body_hash(std::string_view value) {
  auto bytes = folded_base64(value);
  if (!bytes) return VerifyProblem{VerifyReason::syntax, "bh= is not base64"};
  field_.body_hash = *std::move(bytes);
  return {};
}

Problem FieldReader::read_canonicalization(std::string_view value) {
  const auto pair = canon::parse_canonicalization(value);
  if (!pair) {
    const std::string lower = canon::lower_case(value);
    return VerifyProblem{VerifyReason::unknown_canonicalization,
                         fmt::format("c= is {}; simple and relaxed are known", quoted(value)),
                         canon::parse_canonicalization(lower) ? note_on_case("c=", value, lower) : ""};
  }
  field_.canonicalization = *pair;
  return {};
}

Problem FieldReader::read_domain(std::string_view value) {
  const auto domain = a_label(value);
  if (!domain || domain->find('.') == std::string::npos)
    return VerifyProblem{VerifyReason::domain, fmt::format("d= is {}, which is not a domain", quoted(value))};
  field_.domain = *domain;
  return {};
}

Problem FieldReader::read_selector(std::string_view value) {
  const auto selector = a_label(value);
  if (!selector)
    return VerifyProblem{VerifyReason::selector,
                         fmt::format("s= is {}, which is not a selector", quoted(value))};
  field_.selector = *selector;
  if (field_.record_name().size() > canon::longest_name)
    return VerifyProblem{VerifyReason::selector, "s= and d= make a name longer than DNS has room for"};
  return {};
}

Problem FieldReader::read_names(std::string_view value) {
  for (const auto name : canon::split_colons(value)) {
    if (!canon::is_field_name(name))
      return VerifyProblem{VerifyReason::syntax,
                           fmt::format("h= names {}, which is not a field name", quoted(name))};
    field_.names.emplace_back(name);
  }
  const bool has_from = std::any_of(field_.names.begin(), field_.names.end(), [](const std::string& name) {
    return canon::equal_ignoring_case(name, "From");
  });
  if (!has_from) return VerifyProblem{VerifyReason::from_not_signed, "h= does not name From, which it must"};
  return {};
}

Problem FieldReader::read_identity(std::string_view value) {
  const auto at = value.rfind('@');
  const auto domain = at == std::string_view::npos ? std::nullopt : a_label(value.substr(at + 1));
  if (!domain)
    return VerifyProblem{VerifyReason::identity,
                         fmt::format("i= is {}, which is not an identity", quoted(value))};
  field_.identity_below_domain = domain->ends_with("." + field_.domain);
  if (*domain != field_.domain && !field_.identity_below_domain)
    return VerifyProblem{VerifyReason::identity,
                         fmt::format("i= is {}, which is not below d=", quoted(value))};
  field_.identity = value;
  return {};
}

Problem FieldReader::read_body_limit(std::string_view value) {
  field_.body_limit = number(value);
  if (!field_.body_limit)
    return VerifyProblem{VerifyReason::syntax, fmt::format("l= is {}, which is not a number", quoted(value))};
  return {};
}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): a TagRule points to it
Problem FieldReader::read_query(std::string_view value) {
  const auto methods = canon::split_colons(value);
  if (std::find(methods.begin(), methods.end(), "dns/txt") != methods.end()) return {};
  return VerifyProblem{VerifyReason::unknown_query,
                       fmt::format("q= is {}; only dns/txt is known", quoted(value))};
}

Problem FieldReader::read_time(std::string_view value) {
  field_.time = number(value);
  if (!field_.time)
    return VerifyProblem{VerifyReason::syntax, fmt::format("t= is {}, which is not a time", quoted(value))};
  return {};
}

Problem FieldReader::read_expiration(std::string_view value) {
  field_.expiration = number(value);
  if (!field_.expiration)
    return VerifyProblem{VerifyReason::syntax, fmt::format("x= is {}, which is not a time", quoted(value))};
  if (field_.time && *field_.expiration <= *field_.time)
    return VerifyProblem{VerifyReason::times, "x= is not after t="};
  return {};
}

}  // namespace

std::variant<SignatureField, VerifyProblem> parse_signature_field(std::string_view value) {
  const auto list = canon::TagList::parse(value);
  if (!list)
    return VerifyProblem{VerifyReason::syntax,
                         fmt::format("not a tag list: {}", reason_text(list.refusal()))};
  return FieldReader().read(*list);
}

canon::HeaderField without_signature(const canon::HeaderField& field) {
  canon::HeaderField out = field;
  const auto list = canon::TagList::parse(field.value);
  if (!list) return out;
  for (const auto& tag : list->tags()) {
    if (tag.name != "b") continue;
    const std::size_t begin = field.value.find('=', tag.byte) + 1;
    const std::size_t end = std::min(field.value.find(';', begin), field.value.size());
    out.value.erase(begin, end - begin);
  }
  return out;
}

}  // namespace dkim::crypto
