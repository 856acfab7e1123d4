#include "crypto/signatures/verifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/keys/record_slips.hpp"
#include "crypto/signatures/signed_data.hpp"

namespace dkim::crypto {
namespace {

using canon::Canonicalization;
using canon::HeaderField;

std::string note_on_records(std::size_t count, std::string_view name) {
  if (count <= max_records)
    return fmt::format("{} TXT records at {}: a receiver may take any of them (RFC 6376, 3.6.2.2)", count,
                       name);
  return fmt::format(
      "{} TXT records at {}: a receiver may take any of them (RFC 6376, 3.6.2.2); only the first {} are "
      "looked at",
      count, name, max_records);
}

class MessageVerifier {
 public:
  MessageVerifier(const std::vector<HeaderField>& message, std::string_view body, const KeyLookup& lookup,
                  UtcTime now)
      : message_(message),
        body_(body),
        lookup_(lookup),
        now_(static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.time_since_epoch().count()))) {}

  Verdict judge(std::size_t field) {
    Verdict verdict;
    verdict.field = field;
    auto parsed = parse_signature_field(message_[field].value);
    if (auto* problem = std::get_if<VerifyProblem>(&parsed)) return refuse(std::move(verdict), *problem);
    verdict.signature = std::get<SignatureField>(std::move(parsed));
    note_times(verdict);
    if (verdict.signature->expiration && *verdict.signature->expiration < now_)
      return refuse(std::move(verdict), {VerifyReason::expired, "the signature's time (x=) is over"});
    return judge_by_records(std::move(verdict));
  }

 private:
  static Verdict refuse(Verdict verdict, VerifyProblem problem) {
    verdict.reason = problem.reason;
    verdict.text = std::move(problem.text);
    if (!problem.note.empty()) verdict.notes.push_back(std::move(problem.note));
    return verdict;
  }

  // The verdict before any record was looked at.
  static Verdict blank(const Verdict& verdict) {
    Verdict out;
    out.field = verdict.field;
    out.signature = verdict.signature;
    return out;
  }

  void note_times(Verdict& verdict) const {
    if (verdict.signature->time && *verdict.signature->time > now_)
      verdict.notes.emplace_back("t= is in the future: a clock is wrong, here or where it was signed");
  }

  // §6.1.2. If there are several records, each is tried, which is one of the ways that step 4 allows.
  Verdict judge_by_records(Verdict verdict) {
    const std::string name = verdict.signature->record_name();
    const auto answer = lookup_(name);
    if (answer.kind == KeyAnswer::Kind::unavailable) {
      return refuse(std::move(verdict),
                    {VerifyReason::key_unavailable,
                     fmt::format("the key could not be looked up: {}", canon::printable(answer.trouble))});
    }
    if (answer.kind == KeyAnswer::Kind::none || answer.values.empty())
      return refuse(std::move(verdict),
                    {VerifyReason::no_key, fmt::format("no key: there is no TXT record at {}", name)});

    std::optional<Verdict> best;
    for (const auto& value : answer.values) {
      if (&value == answer.values.data() + max_records) break;
      Verdict tried = judge_by_record(blank(verdict), value);
      const auto rank = [](const Verdict& v) {
        return v.result() == VerifyResult::pass ? 2 : v.result() == VerifyResult::fail ? 1 : 0;
      };
      if (!best || rank(tried) > rank(*best)) best = std::move(tried);
    }
    best->notes.insert(best->notes.begin(), verdict.notes.begin(), verdict.notes.end());
    if (answer.values.size() > 1) {
      best->notes.push_back(note_on_records(answer.values.size(), name));
    }
    return *std::move(best);
  }

  Verdict judge_by_record(Verdict verdict, const std::string& value) {
    const auto record = parse_record(value);
    if (!record) {
      const auto& refusal = record.refusal();
      const std::string where = fmt::format("{}, at byte {}", refusal.reason, refusal.byte + 1);
      return refuse(std::move(verdict),
                    {VerifyReason::key_syntax,
                     fmt::format("the key record cannot be used: {}", record_slip(value).value_or(where))});
    }
    if (record->flags.test)
      verdict.notes.emplace_back("the key record says t=y: the domain is only testing DKIM");
    if (!record->flags.allows_sha256())
      return refuse(std::move(verdict),
                    {VerifyReason::key_hash, "h= of the key record does not allow sha256"});
    if (record->public_key.empty())
      return refuse(std::move(verdict), {VerifyReason::key_revoked, "the key is revoked: p= is empty"});
    if (record->algorithm != verdict.signature->algorithm) {
      return refuse(std::move(verdict),
                    {VerifyReason::key_of_other_kind,
                     fmt::format("the key record is one for {}, which is not what a= says",
                                 key_name(record->algorithm))});
    }
    if (record->flags.strict && verdict.signature->identity_below_domain) {
      return refuse(std::move(verdict),
                    {VerifyReason::key_strict, "the key record says t=s, but i= is of a subdomain of d="});
    }
    auto key = PublicKey::parse(record->algorithm, record->public_key);
    if (!key)
      return refuse(std::move(verdict), {VerifyReason::key_syntax,
                                         fmt::format("the key cannot be used: {}", key.refusal().reason)});
    if (key->algorithm() == Algorithm::rsa && key->bits() < min_rsa_bits) {
      return refuse(std::move(verdict),
                    {VerifyReason::weak_key, fmt::format("the RSA key has {} bits; RFC 8301 asks for {}",
                                                         key->bits(), min_rsa_bits)});
    }
    verdict.key = *std::move(key);
    return judge_by_key(std::move(verdict));
  }

  // §6.1.3. Both hashes are compared even if the first differs, since the header's hash covers bh=.
  Verdict judge_by_key(Verdict verdict) {
    const auto& signature = *verdict.signature;
    const auto body = hash_body(signature);
    const bool too_short = signature.body_limit && *signature.body_limit > body.length;
    if (signature.body_limit && !too_short) note_body_limit(verdict, body.length);
    verdict.body_holds = !too_short && std::equal(body.digest.begin(), body.digest.end(),
                                                  signature.body_hash.begin(), signature.body_hash.end());
    const auto digest =
        header_digest(signature.canonicalization.header, message_, signature.names, verdict.field);
    const bool header_holds = verdict.key->verify(digest, signature.signature);
    const bool is_rsa = verdict.key->algorithm() == Algorithm::rsa;
    if (header_holds || !is_rsa || verdict.key->recover(signature.signature))
      verdict.header_holds = header_holds;

    const std::string_view body_text = *verdict.body_holds ? "the body is as signed"
                                       : too_short         ? "the body is shorter than l= says"
                                                           : "the body is not as signed";
    if (!verdict.header_holds) {
      return refuse(
          std::move(verdict),
          {VerifyReason::not_by_this_key,
           fmt::format("the signature was not made with this key, or b= was changed; {}", body_text)});
    }
    if (header_holds) note_unsigned_from(verdict);
    if (header_holds && *verdict.body_holds) return verdict;
    if (header_holds)
      return refuse(std::move(verdict),
                    {VerifyReason::body_differs, fmt::format("{}; the header is as signed", body_text)});
    const auto reason = *verdict.body_holds ? VerifyReason::header_differs : VerifyReason::both_differ;
    return refuse(
        std::move(verdict),
        {reason, is_rsa ? fmt::format("the header is not as signed; {}", body_text)
                        : fmt::format("the header is not as signed, or not by this key; {}", body_text)});
  }

  // Programs show one From field, and each chooses which one (§8.15).
  void note_unsigned_from(Verdict& verdict) const {
    const auto is_from = [&](const HeaderField& field) {
      return canon::equal_ignoring_case(canon::trim_fws(field.name), "From");
    };
    const auto covered = signed_fields(message_, verdict.signature->names, verdict.field);
    const auto count_signed =
        std::count_if(covered.begin(), covered.end(), [&](std::size_t i) { return is_from(message_[i]); });
    if (std::count_if(message_.begin(), message_.end(), is_from) > count_signed)
      verdict.notes.emplace_back(
          "there is a From field that is not signed, and a reader may be shown that one");
  }

  static void note_body_limit(Verdict& verdict, std::uint64_t body_length) {
    const std::uint64_t unsigned_bytes = body_length - *verdict.signature->body_limit;
    verdict.notes.push_back(
        unsigned_bytes == 0
            ? "l= covers the whole body, but anybody could append to it"
            : fmt::format(
                  "the last {} bytes of the body are not signed (l=): anybody could have put them there",
                  unsigned_bytes));
  }

  // Several signatures usually have the same c= and l=.
  const BodyDigest& hash_body(const SignatureField& signature) {
    const std::pair key(signature.canonicalization.body, signature.body_limit);
    const auto found = body_digests_.find(key);
    if (found != body_digests_.end()) return found->second;
    return body_digests_[key] = body_digest(key.first, body_, key.second);
  }

  const std::vector<HeaderField>& message_;
  std::string_view body_;
  const KeyLookup& lookup_;
  std::uint64_t now_;
  std::map<std::pair<Canonicalization, std::optional<std::uint64_t>>, BodyDigest> body_digests_;
};

}  // namespace

std::vector<Verdict> verify_message(const std::vector<HeaderField>& message, std::string_view body,
                                    const KeyLookup& lookup, UtcTime now) {
  MessageVerifier verifier(message, body, lookup, now);
  std::vector<Verdict> verdicts;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (!canon::equal_ignoring_case(canon::trim_fws(message[i].name), "DKIM-Signature")) continue;
    if (verdicts.size() < max_signatures) {
      verdicts.push_back(verifier.judge(i));
    } else {
      Verdict& left_out = verdicts.emplace_back();
      left_out.field = i;
      left_out.reason = VerifyReason::not_looked_at;
      left_out.text = fmt::format("only the first {} signatures are looked at", max_signatures);
    }
  }
  return verdicts;
}

}  // namespace dkim::crypto
