#include "keytool/messages/damage/body_damage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/body_canon.hpp"
#include "canon/line_endings.hpp"
#include "crypto/signatures/signed_data.hpp"
#include "keytool/messages/damage/body_repairs.hpp"

namespace dkim::keytool {
namespace {

using canon::Canonicalization;

// How many lines at the end are tried as appended, and at the beginning as inserted.
constexpr std::size_t most_lines_appended = 5000;
constexpr std::size_t most_lines_on_top = 40;
// How many bytes are hashed to try the lines at the beginning.
constexpr std::size_t most_bytes_on_top = std::size_t{128} << 20U;

std::string lines_text(std::size_t count) {
  return count == 1 ? "line" : fmt::format("{} lines", count);
}

std::size_t count_lines(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("\r\n"); at != std::string_view::npos; at = text.find("\r\n", at + 2))
    ++count;
  return count;
}

class BodyTrial {
 public:
  BodyTrial(const crypto::SignatureField& signature, std::string_view body)
      : signature_(signature), body_(canon::to_crlf(body)) {}

  std::optional<std::string> find() {
    if (signature_.body_hash.size() != crypto::Digest{}.size())
      return fmt::format("bh= is not a SHA-256 hash: it has {} bytes instead of 32",
                         signature_.body_hash.size());
    if (const auto too_long = find_limit_beyond_the_end()) return too_long;
    if (matches("")) {
      return "the signed body is empty: all of it was added later, or the signer did not see it";
    }
    if (auto found = find_canonicalization()) return found;
    // With l= appended lines do no harm.
    if (auto found = signature_.body_limit ? std::nullopt : find_appended()) return found;
    for (const auto& repair : body_repairs()) {
      const std::string repaired = repair.apply(body_);
      if (repaired != body_ && matches(repaired))
        return fmt::format("the hash matches once {}", repair.words);
    }
    if (auto found = find_plain_hash()) return found;
    return find_on_top();
  }

 private:
  bool is_signed(const crypto::Digest& digest) const {
    return std::equal(digest.begin(), digest.end(), signature_.body_hash.begin(), signature_.body_hash.end());
  }

  bool is_signed(const crypto::BodyDigest& body) const {
    return is_signed(body.digest) && body.length >= signature_.body_limit.value_or(0);
  }

  bool matches(std::string_view body) const {
    return is_signed(crypto::body_digest(signature_.canonicalization.body, body, signature_.body_limit));
  }

  std::optional<std::string> find_limit_beyond_the_end() const {
    const auto whole = crypto::body_digest(signature_.canonicalization.body, body_, std::nullopt);
    if (!is_signed(whole.digest) || whole.length >= signature_.body_limit.value_or(0)) return std::nullopt;
    return fmt::format(
        "the hash is that of the whole body, which has {} bytes, fewer than l= says: "
        "the signer counted wrongly",
        whole.length);
  }

  std::optional<std::string> find_canonicalization() const {
    const bool simple = signature_.canonicalization.body == Canonicalization::simple;
    const auto other = simple ? Canonicalization::relaxed : Canonicalization::simple;
    if (!is_signed(crypto::body_digest(other, body_, signature_.body_limit))) return std::nullopt;
    if (simple)
      return "the hash matches under relaxed: white space was changed on the way "
             "(or the signer used relaxed, although c= says simple)";
    return "the hash matches under simple: the signer used that, although c= says relaxed";
  }

  // Tries each line of the canonical body as the last one, all in one pass.
  std::optional<std::string> find_appended() const {
    std::string canonical;
    canon::BodyCanonicalizer canonicalizer(signature_.canonicalization.body);
    const auto sink = [&](std::string_view bytes) { canonical += bytes; };
    canonicalizer.update(body_, sink);
    canonicalizer.finish(sink);

    const std::size_t lines = count_lines(canonical);
    crypto::Sha256 hash;
    std::size_t start = 0;
    for (std::size_t line = 1; line < lines; ++line) {
      const std::size_t end = canonical.find("\r\n", start) + 2;
      hash.update(std::string_view(canonical).substr(start, end - start));
      const bool empty = end - start == 2;  // no canonical body ends with an empty line
      start = end;
      if (empty || lines - line > most_lines_appended) continue;
      if (is_signed(crypto::Sha256(hash).finish())) {
        return fmt::format(
            "the hash matches without the last {} ({} bytes), appended on the way, as mailing lists do",
            lines_text(lines - line), canonical.size() - end);
      }
    }
    return std::nullopt;
  }

  // Some signers forget about line ends, or about canonicalization.
  std::optional<std::string> find_plain_hash() const {
    crypto::Sha256 with_lf;
    with_lf.update(canon::to_lf(body_));
    if (is_signed(with_lf.finish())) return "the hash matches with LF as line ends: the signer used those";
    crypto::Sha256 as_is;
    as_is.update(body_);
    if (is_signed(as_is.finish()))
      return "the hash matches without any canonicalization: the signer forgot it";
    return std::nullopt;
  }

  std::optional<std::string> find_on_top() const {
    std::size_t start = 0;
    std::size_t hashed = 0;
    for (std::size_t line = 1; line <= most_lines_on_top; ++line) {
      const std::size_t end = body_.find("\r\n", start);
      hashed += body_.size() - start;
      if (end == std::string::npos || hashed > most_bytes_on_top) return std::nullopt;
      start = end + 2;
      if (matches(std::string_view(body_).substr(start))) {
        return fmt::format("the hash matches without the first {} ({} bytes), inserted on the way",
                           lines_text(line), start);
      }
    }
    return std::nullopt;
  }

  const crypto::SignatureField& signature_;
  std::string body_;
};

}  // namespace

std::optional<std::string> body_damage(const crypto::SignatureField& signature, std::string_view body) {
  return BodyTrial(signature, body).find();
}

}  // namespace dkim::keytool
