#include "crypto/signatures/signature_field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "canon/domain_name.hpp"
#include "canon/printable.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "crypto/base64.hpp"

namespace dkim::crypto {
namespace {

using Problem = std::optional<VerifyProblem>;

// The longest name in DNS (RFC 1035 §2.3.4), in presentation form.
constexpr std::size_t longest_dns_name = 253;

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

Problem read_version(std::string_view value, SignatureField&) {
  if (value == "1") return {};
  return VerifyProblem{VerifyReason::version,
                       fmt::format("v= is {}; there is only version 1", quoted(value))};
}

Problem read_algorithm(std::string_view value, SignatureField& field) {
  for (const auto algorithm : {Algorithm::rsa, Algorithm::ed25519}) {
    if (value != signature_name(algorithm)) continue;
    field.algorithm = algorithm;
    return {};
  }
  if (value == "rsa-sha1")
    return VerifyProblem{VerifyReason::historic_algorithm,
                         "a= is rsa-sha1, which RFC 8301 forbids to accept"};
  VerifyProblem problem{VerifyReason::unknown_algorithm,
                        fmt::format("a= is {}, an unknown algorithm", quoted(value))};
  for (const auto algorithm : {Algorithm::rsa, Algorithm::ed25519}) {
    if (auto note = note_on_case("a=", value, signature_name(algorithm)); !note.empty())
      problem.note = std::move(note);
  }
  return problem;
}

std::optional<std::vector<unsigned char>> folded_base64(std::string_view value) {
  auto bytes = base64_decode(canon::without_fws(value));
  return bytes && bytes->empty() ? std::nullopt : bytes;
}

Problem read_signature(std::string_view value, SignatureField& field) {
  auto bytes = folded_base64(value);
  if (!bytes) return VerifyProblem{VerifyReason::syntax, "b= is not base64"};
  field.signature = *std::move(bytes);
  return {};
}

Problem read_body_hash(std::string_view value, SignatureField& field) {
  auto bytes = folded_base64(value);
  if (!bytes) return VerifyProblem{VerifyReason::syntax, "bh= is not base64"};
  field.body_hash = *std::move(bytes);
  return {};
}

Problem read_canonicalization(std::string_view value, SignatureField& field) {
  const auto pair = canon::parse_canonicalization(value);
  if (!pair) {
    const std::string lower = canon::lower_case(value);
    return VerifyProblem{VerifyReason::unknown_canonicalization,
                         fmt::format("c= is {}; simple and relaxed are known", quoted(value)),
                         canon::parse_canonicalization(lower) ? note_on_case("c=", value, lower) : ""};
  }
  field.canonicalization = *pair;
  return {};
}

Problem read_domain(std::string_view value, SignatureField& field) {
  const auto domain = a_label(value);
  if (!domain || domain->find('.') == std::string::npos)
    return VerifyProblem{VerifyReason::domain, fmt::format("d= is {}, which is not a domain", quoted(value))};
  field.domain = *domain;
  return {};
}

Problem read_selector(std::string_view value, SignatureField& field) {
  const auto selector = a_label(value);
  if (!selector)
    return VerifyProblem{VerifyReason::selector,
                         fmt::format("s= is {}, which is not a selector", quoted(value))};
  field.selector = *selector;
  if (field.record_name().size() > longest_dns_name)
    return VerifyProblem{VerifyReason::selector, "s= and d= make a name longer than DNS has room for"};
  return {};
}

Problem read_names(std::string_view value, SignatureField& field) {
  for (const auto name : canon::split_colons(value)) {
    if (!canon::is_field_name(name))
      return VerifyProblem{VerifyReason::syntax,
                           fmt::format("h= names {}, which is not a field name", quoted(name))};
    field.names.emplace_back(name);
  }
  const bool has_from = std::any_of(field.names.begin(), field.names.end(), [](const std::string& name) {
    return canon::equal_ignoring_case(name, "From");
  });
  if (!has_from) return VerifyProblem{VerifyReason::from_not_signed, "h= does not name From, which it must"};
  return {};
}

// Must be read after d=.
Problem read_identity(std::string_view value, SignatureField& field) {
  const auto at = value.rfind('@');
  const auto domain = at == std::string_view::npos ? std::nullopt : a_label(value.substr(at + 1));
  if (!domain)
    return VerifyProblem{VerifyReason::identity,
                         fmt::format("i= is {}, which is not an identity", quoted(value))};
  field.identity_below_domain = domain->ends_with("." + field.domain);
  if (*domain != field.domain && !field.identity_below_domain)
    return VerifyProblem{VerifyReason::identity,
                         fmt::format("i= is {}, which is not below d=", quoted(value))};
  field.identity = value;
  return {};
}

Problem read_body_limit(std::string_view value, SignatureField& field) {
  field.body_limit = number(value);
  if (!field.body_limit)
    return VerifyProblem{VerifyReason::syntax, fmt::format("l= is {}, which is not a number", quoted(value))};
  return {};
}

Problem read_query(std::string_view value, SignatureField&) {
  const auto methods = canon::split_colons(value);
  if (std::find(methods.begin(), methods.end(), "dns/txt") != methods.end()) return {};
  return VerifyProblem{VerifyReason::unknown_query,
                       fmt::format("q= is {}; only dns/txt is known", quoted(value))};
}

Problem read_time(std::string_view value, SignatureField& field) {
  field.time = number(value);
  if (!field.time)
    return VerifyProblem{VerifyReason::syntax, fmt::format("t= is {}, which is not a time", quoted(value))};
  return {};
}

// Must be read after t=.
Problem read_expiration(std::string_view value, SignatureField& field) {
  field.expiration = number(value);
  if (!field.expiration)
    return VerifyProblem{VerifyReason::syntax, fmt::format("x= is {}, which is not a time", quoted(value))};
  if (field.time && *field.expiration <= *field.time)
    return VerifyProblem{VerifyReason::times, "x= is not after t="};
  return {};
}

struct TagRule {
  std::string_view name;
  bool required;
  Problem (*read)(std::string_view value, SignatureField& field);
};

constexpr std::array rules{TagRule{"v", true, read_version},    TagRule{"a", true, read_algorithm},
                           TagRule{"b", true, read_signature},  TagRule{"bh", true, read_body_hash},
                           TagRule{"d", true, read_domain},     TagRule{"h", true, read_names},
                           TagRule{"s", true, read_selector},   TagRule{"c", false, read_canonicalization},
                           TagRule{"i", false, read_identity},  TagRule{"l", false, read_body_limit},
                           TagRule{"q", false, read_query},     TagRule{"t", false, read_time},
                           TagRule{"x", false, read_expiration}};

}  // namespace

std::variant<SignatureField, VerifyProblem> parse_signature_field(std::string_view value) {
  const auto list = canon::TagList::parse(value);
  if (!list)
    return VerifyProblem{VerifyReason::syntax,
                         fmt::format("not a tag list: {}", reason_text(list.refusal()))};
  SignatureField field;
  for (const auto& rule : rules) {
    if (const auto text = list->find(rule.name)) {
      if (auto problem = rule.read(*text, field)) return *std::move(problem);
    } else if (rule.required) {
      return VerifyProblem{VerifyReason::missing_tag, fmt::format("there is no {}= tag", rule.name)};
    }
  }
  return field;
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
