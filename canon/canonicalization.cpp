#include "canon/canonicalization.hpp"

#include <optional>

namespace dkim::canon {
namespace {

std::string_view word(Canonicalization algorithm) {
  return algorithm == Canonicalization::simple ? "simple" : "relaxed";
}

std::optional<Canonicalization> from_word(std::string_view text) {
  if (text == "simple") return Canonicalization::simple;
  if (text == "relaxed") return Canonicalization::relaxed;
  return std::nullopt;
}

}  // namespace

std::string to_string(CanonicalizationPair pair) {
  return std::string(word(pair.header)) + "/" + std::string(word(pair.body));
}

Result<CanonicalizationPair> parse_canonicalization(std::string_view text) {
  const auto slash = text.find('/');
  const auto header = from_word(text.substr(0, slash));
  const auto body =
      slash == std::string_view::npos ? Canonicalization::simple : from_word(text.substr(slash + 1));
  if (!header || !body) return Refusal{"neither simple nor relaxed", header ? slash + 1 : 0};
  return CanonicalizationPair{*header, *body};
}

}  // namespace dkim::canon
