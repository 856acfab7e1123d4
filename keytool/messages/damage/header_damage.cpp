#include "keytool/messages/damage/header_damage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "crypto/signatures/signed_data.hpp"
#include "keytool/messages/damage/header_repairs.hpp"

namespace dkim::keytool {
namespace {

using canon::Canonicalization;
using canon::HeaderField;

constexpr std::size_t most_bytes_hashed = std::size_t{64} << 20U;

std::size_t bytes_of(const std::vector<HeaderField>& message) {
  std::size_t size = 0;
  for (const auto& field : message)
    size += field.name.size() + field.value.size() + 3;
  return size;
}

class HeaderTrial {
 public:
  HeaderTrial(const crypto::Verdict& verdict, const std::vector<HeaderField>& message)
      : signature_(*verdict.signature),
        key_(*verdict.key),
        own_(verdict.field),
        message_(message),
        signed_digest_(key_.recover(signature_.signature)) {
    tries_left_ = std::min(signed_digest_ ? most_header_tries : most_key_operations,
                           most_bytes_hashed / std::max<std::size_t>(bytes_of(message), 1));
    repairs_ = header_repairs(signature_, message_, own_);
    // A place for a field that is missing; a field without a name is ignored.
    message_.emplace_back();
  }

  std::optional<std::string> find() {
    if (auto found = find_signers_mistake()) return found;
    for (const auto& repair : repairs_) {
      if (holds_with({&repair})) return fmt::format("the signature holds once {}", repair.words);
    }
    for (std::size_t i = 0; i < repairs_.size(); ++i) {
      for (std::size_t j = i + 1; j < repairs_.size(); ++j) {
        if (repairs_[i].field == repairs_[j].field) continue;
        if (tries_left_ == 0) return std::nullopt;
        if (holds_with({&repairs_[i], &repairs_[j]}))
          return fmt::format("the signature holds once {}, and {}", repairs_[i].words, repairs_[j].words);
      }
    }
    return std::nullopt;
  }

 private:
  bool holds(const crypto::Digest& digest) {
    if (tries_left_ == 0) return false;
    --tries_left_;
    return signed_digest_ ? digest == *signed_digest_ : key_.verify(digest, signature_.signature);
  }

  bool holds_with(std::initializer_list<const HeaderRepair*> repairs) {
    if (tries_left_ == 0) return false;
    std::vector<HeaderField> kept;
    for (const auto* repair : repairs)
      kept.push_back(std::exchange(message_[repair->field], repair->as_it_was));
    const bool good =
        holds(crypto::header_digest(signature_.canonicalization.header, message_, signature_.names, own_));
    auto former = kept.begin();
    for (const auto* repair : repairs)
      message_[repair->field] = std::move(*former++);
    return good;
  }

  std::optional<std::string> find_signers_mistake() {
    const bool simple = signature_.canonicalization.header == Canonicalization::simple;
    const auto other = simple ? Canonicalization::relaxed : Canonicalization::simple;
    if (holds(crypto::header_digest(other, message_, signature_.names, own_))) {
      return fmt::format("the signature holds under {}: the signer used that, although c= says otherwise",
                         simple ? "relaxed" : "simple");
    }
    // The signer took repeated fields from the top down, or something reversed them on the way.
    std::vector<HeaderField> reversed(message_.rbegin(), message_.rend());
    const std::size_t own = message_.size() - 1 - own_;
    if (holds(crypto::header_digest(signature_.canonicalization.header, reversed, signature_.names, own)))
      return "the signature holds with repeated fields in the opposite order "
             "(h= takes them from the bottom up)";
    return std::nullopt;
  }

  const crypto::SignatureField& signature_;
  const crypto::PublicKey& key_;
  std::size_t own_;
  std::vector<HeaderField> message_;
  std::optional<crypto::Digest> signed_digest_;
  std::size_t tries_left_ = 0;
  std::vector<HeaderRepair> repairs_;
};

}  // namespace

std::optional<std::string> header_damage(const crypto::Verdict& verdict,
                                         const std::vector<HeaderField>& message) {
  return HeaderTrial(verdict, message).find();
}

MissingFields missing_fields(const crypto::SignatureField& signature, const std::vector<HeaderField>& message,
                             std::size_t own) {
  struct Count {
    std::string name;  // as h= spells it first
    std::size_t named = 0;
    std::size_t present = 0;
  };
  std::vector<Count> counts;  // in the order of h=
  std::map<std::string, std::size_t> place;
  for (const auto& name : signature.names) {
    const auto [found, is_new] = place.emplace(canon::lower_case(name), counts.size());
    if (is_new) counts.push_back({name});
    ++counts[found->second].named;
  }
  for (const std::size_t i : crypto::signed_fields(message, signature.names, own))
    ++counts[place.at(canon::lower_case(canon::trim_fws(message[i].name)))].present;

  std::vector<std::string> gone;
  std::vector<std::string> fewer;
  std::vector<std::string> perhaps_never_there;
  for (const auto& [name, named, present] : counts) {
    // A name that is there once more than its fields is oversigned, as it should be.
    if (present == 0) (named > 1 ? gone : perhaps_never_there).push_back(name);
    if (present > 0 && named > present + 1) fewer.push_back(name);
  }
  const auto listed = [](const std::vector<std::string>& names) {
    return canon::printable(fmt::format("{}", fmt::join(names, ", ")), 300);
  };
  return {listed(gone), listed(fewer), listed(perhaps_never_there)};
}

}  // namespace dkim::keytool
