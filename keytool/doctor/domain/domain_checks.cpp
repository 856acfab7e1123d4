#include "keytool/doctor/domain/domain_checks.hpp"

#include <algorithm>

#include "canon/ip_address.hpp"
#include "keytool/dns/resolver_lookup.hpp"
#include "keytool/doctor/domain/address_checks.hpp"
#include "keytool/doctor/domain/dkim_check.hpp"
#include "keytool/doctor/domain/dmarc_check.hpp"
#include "keytool/doctor/domain/spf_check.hpp"

namespace dkim::keytool {
namespace {

std::vector<std::string> in_dns_form(const std::vector<std::string>& domains) {
  std::vector<std::string> out;
  for (const auto& text : domains) {
    const auto domain = canon::DomainName::parse(text);
    if (domain && std::find(out.begin(), out.end(), domain->str()) == out.end()) out.push_back(domain->str());
  }
  return out;
}

}  // namespace

Findings check_domain_in_dns(const DomainQuestion& question, const crypto::KeyStore& store,
                             const DnsAccess& access) {
  Findings findings;
  const auto add = [&](Findings more) { std::move(more.begin(), more.end(), std::back_inserter(findings)); };
  const std::string& domain = question.domain.str();
  const auto signing = in_dns_form(question.signing_domains);
  auto envelopes = in_dns_form(question.envelope_domains);
  if (envelopes.empty()) envelopes = {domain};
  // relayhost has "[mail.example.com]".
  const std::string relay(canon::without_brackets(question.relay));

  for (const auto& signer : signing.empty() ? std::vector{domain} : signing)
    add(check_keys_in_dns(*canon::DomainName::parse(signer), store, access));
  ResolverLookup lookup(access);
  // Asked before SPF, whose records lead to others' and may use up all questions, but reported after it.
  Findings rest = check_dmarc(lookup, {domain, signing, envelopes});
  const auto append = [&](Findings more) { std::move(more.begin(), more.end(), std::back_inserter(rest)); };
  if (relay.empty()) append(check_reverse(lookup, question.addresses, question.helo));
  append(check_receiving(lookup, domain));
  for (const auto& envelope : envelopes) {
    add(check_spf(lookup, {envelope, question.addresses, relay, question.helo, question.others_unknown}));
  }
  add(std::move(rest));
  return findings;
}

}  // namespace dkim::keytool
