#include "keytool/doctor/domain/address_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

// The names of one address, or mail exchanges of one domain, that are checked.
constexpr std::size_t most_names = 10;

// Returns whether the name has this address; a Refusal if that could not be found out.
canon::Result<bool> leads_to(Lookup& lookup, const std::string& name, const canon::IpAddress& address) {
  const auto found = lookup.ask(name, address.is_v4() ? RecordType::a : RecordType::aaaa);
  if (!found) return found.refusal();
  return std::any_of(found->begin(), found->end(),
                     [&](const std::string& text) { return canon::IpAddress::parse(text) == address; });
}

Finding check_pointer(Lookup& lookup, const canon::IpAddress& address) {
  const std::string text = address.text();
  const std::string owner = "whoever gave you the address sets it (the provider, in its customer pages)";
  const auto names = lookup.ask(address.reverse_name(), RecordType::ptr);
  if (!names) {
    return finding_from_dns(
        Severity::unknown, "ptr", text,
        fmt::format("the name of the address could not be found out: {}", names.refusal().reason));
  }
  if (names->empty()) {
    return finding_from_dns(
        Severity::broken, "ptr", text,
        fmt::format("no PTR record at {}: Gmail and many others refuse its mail", address.reverse_name()),
        owner);
  }
  std::optional<std::string> trouble;
  for (std::size_t i = 0; i < std::min(names->size(), most_names); ++i) {
    const std::string& name = (*names)[i];
    const auto back = leads_to(lookup, name, address);
    if (!back) {
      trouble = fmt::format("{}: {}", name, back.refusal().reason);
    } else if (*back) {
      return finding_from_dns(Severity::good, "ptr", text,
                              fmt::format("is {}, which leads back to it", name));
    }
  }
  if (trouble) {
    return finding_from_dns(
        Severity::unknown, "ptr", text,
        fmt::format("whether its name leads back to it could not be found out: {}", *trouble));
  }
  return finding_from_dns(
      Severity::broken, "ptr", text,
      fmt::format("is called {}, but that name does not lead back to it: Gmail and many others refuse "
                  "its mail",
                  names->front()),
      fmt::format("give the name the {} record {}, or have the PTR record changed: {}",
                  address.is_v4() ? "A" : "AAAA", text, owner));
}

std::optional<Finding> check_helo(Lookup& lookup, const std::string& helo, const canon::IpAddress& address) {
  const auto leads = leads_to(lookup, helo, address);
  if (!leads) {
    return finding_from_dns(
        Severity::unknown, "helo", helo,
        fmt::format("whether the name leads to {}: {}", address.text(), leads.refusal().reason));
  }
  if (*leads) return {};
  return finding_from_dns(
      Severity::risk, "helo", helo,
      fmt::format("this host gives itself this name, but the name does not lead to {}", address.text()),
      "give it that address in DNS, or set myhostname or smtp_helo_name to the name of the address");
}

}  // namespace

Findings check_reverse(Lookup& lookup, const std::vector<canon::IpAddress>& addresses,
                       const std::string& helo) {
  Findings findings;
  for (const auto& given : addresses) {
    const auto address = given.unmapped();
    findings.push_back(check_pointer(lookup, address));
    if (helo.empty()) continue;
    if (auto trouble = check_helo(lookup, helo, address)) findings.push_back(*std::move(trouble));
  }
  return findings;
}

Findings check_receiving(Lookup& lookup, const std::string& domain) {
  const auto unknown = [&](const std::string& name, const canon::Refusal& refusal) {
    return Findings{finding_from_dns(
        Severity::unknown, "mx", domain,
        fmt::format("where mail to the domain goes could not be found out: {}: {}", name, refusal.reason))};
  };
  const auto exchanges = lookup.ask(domain, RecordType::mx);
  if (!exchanges) return unknown(domain, exchanges.refusal());
  if (exchanges->size() == 1 && exchanges->front().empty()) {
    return {finding_from_dns(
        Severity::risk, "mx", domain,
        "the domain says that it accepts no mail (a null MX): bounces and answers are lost, and some "
        "receivers refuse its mail",
        "send from a domain that accepts mail, or give this one an MX")};
  }
  std::vector<std::string> hosts = exchanges->empty() ? std::vector{domain} : *exchanges;
  hosts.resize(std::min(hosts.size(), most_names));
  std::optional<canon::Refusal> trouble;
  for (const auto& host : hosts) {
    for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
      const auto found = lookup.ask(host, type);
      if (!found) {
        trouble = found.refusal();
      } else if (!found->empty()) {
        return {finding_from_dns(Severity::good, "mx", domain,
                                 fmt::format("mail to the domain goes to {}", host))};
      }
    }
  }
  if (trouble) return unknown(hosts.front(), *trouble);
  return {finding_from_dns(Severity::risk, "mx", domain,
                           exchanges->empty()
                               ? "the domain has neither an MX nor an address: bounces and answers are lost, "
                                 "and some receivers refuse its mail"
                               : "no host that its MX names has an address: bounces and answers are lost",
                           "give the domain an MX, or send from one that accepts mail")};
}

}  // namespace dkim::keytool
