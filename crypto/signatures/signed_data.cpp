#include "crypto/signatures/signed_data.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "canon/body_canon.hpp"
#include "canon/header_canon.hpp"
#include "canon/text.hpp"
#include "crypto/signatures/signature_field.hpp"

namespace dkim::crypto {
namespace {

std::string comparable(std::string_view name) {
  return canon::lower_case(canon::trim_fws(name));
}

}  // namespace

BodyDigest body_digest(canon::Canonicalization algorithm, std::string_view body,
                       std::optional<std::uint64_t> limit) {
  Sha256 hash;
  BodyDigest result;
  std::uint64_t left = limit.value_or(std::numeric_limits<std::uint64_t>::max());
  const auto sink = [&](std::string_view bytes) {
    result.length += bytes.size();
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left));
    hash.update(bytes.substr(0, taken));
    left -= taken;
  };
  canon::BodyCanonicalizer canonicalizer(algorithm);
  canonicalizer.update(body, sink);
  canonicalizer.finish(sink);
  result.digest = hash.finish();
  return result;
}

std::vector<std::size_t> signed_fields(const std::vector<canon::HeaderField>& message,
                                       const std::vector<std::string>& names, std::size_t own) {
  std::unordered_map<std::string, std::vector<std::size_t>> left;  // of each name in h=, from the top
  for (const auto& name : names)
    left.try_emplace(comparable(name));
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (i == own) continue;
    const auto found = left.find(comparable(message[i].name));
    if (found != left.end()) found->second.push_back(i);
  }
  std::vector<std::size_t> fields;
  for (const auto& name : names) {
    auto& stack = left[comparable(name)];
    if (stack.empty()) continue;
    fields.push_back(stack.back());
    stack.pop_back();
  }
  return fields;
}

Digest header_digest(canon::Canonicalization algorithm, const std::vector<canon::HeaderField>& message,
                     const std::vector<std::string>& names, std::size_t own) {
  Sha256 hash;
  for (const std::size_t i : signed_fields(message, names, own))
    hash.update(canon::canonical_field(algorithm, message[i]));
  std::string last = canon::canonical_field(algorithm, without_signature(message[own]));
  last.resize(last.size() - 2);  // without its final CRLF
  hash.update(last);
  return hash.finish();
}

}  // namespace dkim::crypto
