// Runs keytool/spf, for spf_agreement_test.py.
// usage: spf_probe RESOLVER < lines of "ADDRESS DOMAIN HELO"
// Prints for each the result, its lookups and void lookups, those of a measurement, and the reason.
#include <iostream>

#include "keytool/dns/resolver_lookup.hpp"
#include "keytool/spf/evaluator.hpp"

using namespace dkim::keytool;

int main(int argc, char** argv) {
  const auto resolver = ServerAddress::parse(argc == 2 ? argv[1] : "");
  if (!resolver) return 2;
  for (std::string address, domain, helo; std::cin >> address >> domain >> helo;) {
    ResolverLookup lookup(DnsAccess{*resolver, false});
    const auto parsed = dkim::canon::IpAddress::parse(address);
    if (!parsed) return 2;
    const spf::Question question{parsed->unmapped(), domain, helo};
    const auto outcome = spf::check_host(lookup, question);
    const auto measured = spf::measure(lookup, question);
    std::cout << spf::to_string(outcome.result) << ' ' << outcome.lookups << ' ' << outcome.voids << ' '
              << measured.lookups << ' ' << measured.voids << ' ' << outcome.reason << '\n';
  }
}
