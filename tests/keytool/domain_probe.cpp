// Prints the findings of doctor about one domain in DNS, for doctor_dns_test.py. Unlike dkimkey doctor, adds
// nothing from the host's settings.
//
// usage: domain_probe KEY-DIRECTORY RESOLVER DOMAIN [OPTION]...
// OPTION is address=A, relay=H, signing=D, helo=H or envelope=D.
#include <iostream>

#include "keytool/doctor/domain/domain_checks.hpp"
#include "keytool/doctor/findings/report.hpp"
#include "keytool/output/json.hpp"

using namespace dkim;
using namespace dkim::keytool;

namespace {

void set(DomainQuestion& question, std::string_view option) {
  const auto equals = option.find('=');
  const std::string_view name = option.substr(0, equals);
  const std::string value(option.substr(equals + 1));
  if (name == "address") question.addresses.push_back(value);
  if (name == "relay") question.relay = value;
  if (name == "signing") question.signing_domains.push_back(value);
  if (name == "helo") question.helo = value;
  if (name == "envelope") question.envelope_domains.push_back(value);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const auto resolver = ServerAddress::parse(argv[2]);
  const auto domain = canon::DomainName::parse(argv[3]);
  if (!resolver || !domain) return 2;
  DomainQuestion question{*domain, {}, {}};
  for (int i = 4; i < argc; ++i)
    set(question, argv[i]);
  std::vector<JsonObject> objects;
  for (const auto& finding : check_domain_in_dns(question, crypto::KeyStore(argv[1]), {*resolver, true})) {
    auto& object = objects.emplace_back();
    object.text("severity", to_string(finding.severity));
    object.text("topic", finding.topic);
    object.text("subject", finding.subject);
    object.text("what", finding.what);
    object.text("advice", finding.advice);
    std::string paste;
    for (const auto& line : finding.paste)
      paste += line + "\n";
    object.text("paste", paste);
  }
  std::cout << json_array(objects);
}
