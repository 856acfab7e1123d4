// Tests doctor's other findings on this host (keys, addresses, the output of dkimsignd --check, the socket),
// and its report.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"
#include "keytool/doctor/findings/report.hpp"
#include "keytool/doctor/host/configuration_check.hpp"
#include "keytool/doctor/host/own_address.hpp"
#include "keytool/doctor/host/socket_checks.hpp"
#include "keytool/doctor/host/store_checks.hpp"
#include "keytool/doctor/postfix/relay.hpp"

namespace dkim::keytool {
namespace {

using crypto::Algorithm;
using crypto::KeyState;
using std::chrono::days;

std::string summary(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings) {
    if (finding.severity == Severity::good) continue;
    out += (out.empty() ? "" : " ") +
           std::string(finding.severity == Severity::broken ? "broken " : "risk ") + finding.topic;
  }
  return out;
}

constexpr crypto::UtcTime now = crypto::UtcTime(days(20'000));

crypto::KeyEntry key(KeyState state, days age, Algorithm algorithm = Algorithm::rsa, int bits = 2048) {
  static int number = 0;
  crypto::KeyEntry entry{*canon::Selector::parse("s" + std::to_string(++number)), algorithm, bits, state,
                         now - age};
  if (state != KeyState::pending) entry.activated = now - age;
  if (state == KeyState::retiring) entry.retired = now - age;
  return entry;
}

TEST(DoctorKeys, findings) {
  const auto domain = *canon::DomainName::parse("example.com");
  const auto active = key(KeyState::active, days(1));
  const struct {
    std::vector<crypto::KeyEntry> keys;
    const char* expected;
  } cases[] = {
      {{active}, ""},
      {{}, "broken key"},
      {{key(KeyState::pending, days(1))}, "broken key"},
      {{key(KeyState::pending, days(100))}, "broken key"},
      {{key(KeyState::retiring, days(1))}, "broken key"},
      {{active, key(KeyState::active, days(1), Algorithm::ed25519, 256)}, ""},
      {{key(KeyState::active, days(1), Algorithm::ed25519, 256)}, "risk algorithm"},
      {{key(KeyState::active, days(1), Algorithm::rsa, 1024)}, "risk key_size"},
      // A timer may run at any time of its day.
      {{key(KeyState::active, days(181))}, ""},
      {{key(KeyState::active, days(184))}, "risk rotation"},
      {{active, key(KeyState::pending, days(13))}, ""},
      {{active, key(KeyState::pending, days(15))}, "risk rotation"},
      {{active, key(KeyState::retiring, days(9))}, ""},
      {{active, key(KeyState::retiring, days(11))}, "risk rotation"},
  };
  for (const auto& [keys, expected] : cases) {
    crypto::Manifest manifest;
    manifest.keys = keys;
    EXPECT_EQ(summary(check_keys(domain, manifest, {}, now, ServiceManager::systemd)), expected);
  }
}

// There the drain begins when no machine signs with the key any more, which may take as long as a lease.
TEST(DoctorKeys, a_fleet_may_wait_for_a_machine) {
  const auto domain = *canon::DomainName::parse("example.com");
  crypto::Manifest manifest;
  manifest.keys = {key(KeyState::active, days(1)), key(KeyState::retiring, days(20))};
  const auto severity = [&] {
    const auto findings = check_keys(domain, manifest, {}, now, ServiceManager::systemd, true);
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [](const Finding& finding) { return finding.topic == "rotation"; });
    return found == findings.end() ? Severity::good : found->severity;
  };
  EXPECT_EQ(severity(), Severity::note);
  manifest.keys.back().stopped = now - days(11);
  EXPECT_EQ(severity(), Severity::risk);
}

// A domain uses each selector once: the command to paste has a free one.
TEST(DoctorKeys, the_selector_to_paste_is_free) {
  const auto domain = *canon::DomainName::parse("example.com");
  auto old = key(KeyState::retiring, days(1));
  old.selector = *canon::Selector::parse("server");
  crypto::Manifest manifest;
  manifest.keys = {old};
  EXPECT_EQ(check_keys(domain, manifest, {}, now, ServiceManager::systemd).at(0).paste.at(0),
            "dkimkey generate --domain example.com --selector server2");
  auto weak = key(KeyState::active, days(1), Algorithm::rsa, 1024);
  weak.selector = *canon::Selector::parse("server2");
  manifest.keys.push_back(weak);
  EXPECT_EQ(check_keys(domain, manifest, {}, now, ServiceManager::systemd).at(0).paste.at(0),
            "dkimkey generate --domain example.com --selector server3 --bits 2048");
  manifest.keys = {key(KeyState::active, days(1), Algorithm::ed25519, 256)};
  EXPECT_EQ(check_keys(domain, manifest, {}, now, ServiceManager::systemd).at(0).paste.at(0),
            "dkimkey generate --domain example.com --selector server --algorithm rsa");
}

TEST(DoctorKeys, the_remedy_for_a_file_that_is_not_trusted_can_be_pasted) {
  const crypto::Distrust distrust{"/k", "others can write /k", "chmod o-w /k"};
  const crypto::UntrustedPath manifest(distrust);
  const crypto::KeyFileError key(manifest.what(), distrust);
  for (const crypto::Error* error :
       {static_cast<const crypto::Error*>(&manifest), static_cast<const crypto::Error*>(&key)}) {
    const auto finding = store_trouble("/k/m", *error);
    if (geteuid() == 0) {
      EXPECT_EQ(finding.what, "others can write /k");
      EXPECT_EQ(finding.paste, std::vector<std::string>{"chmod o-w /k"});
    } else {
      EXPECT_EQ(finding.severity, Severity::unknown);
      EXPECT_EQ(finding.what, "others can write /k; fix it with: chmod o-w /k");
    }
  }
  EXPECT_TRUE(store_trouble("/k/m", crypto::StoreError("is damaged")).paste.empty());
}

canon::IpAddress address(const char* text) {
  return *canon::IpAddress::parse(text);
}

std::vector<std::string> sending_texts(const PostfixSettings& settings) {
  std::vector<std::string> texts;
  for (const auto& sending : sending_addresses(&settings))
    texts.push_back(sending.text());
  return texts;
}

TEST(DoctorAddress, public_or_not) {
  for (const auto* text : {"8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
                           "2001:db7::1", "2a00:1450:4001:80b::1", "::ffff:8.8.8.8"})
    EXPECT_TRUE(is_public_address(address(text))) << text;
  for (const auto* text :
       {"10.0.0.1", "100.64.0.0", "100.127.255.255", "127.0.0.1", "169.254.1.1", "172.16.0.1",
        "172.31.255.255", "192.168.1.1", "192.0.2.25", "198.51.100.1", "203.0.113.9", "224.0.0.1",
        "255.255.255.255", "0.0.0.0", "::1", "fe80::1", "fd00::1", "2001:db8::1", "::ffff:10.0.0.1"})
    EXPECT_FALSE(is_public_address(address(text))) << text;
}

TEST(DoctorAddress, what_postfix_binds_to_comes_first) {
  PostfixSettings settings;
  settings.services = {{"smtp", "unix", true, "smtp", {}}};
  settings.main = {
      {"inet_protocols", "ipv4"}, {"smtp_bind_address", "9.9.9.9"}, {"smtp_bind_address6", "2620:fe::fe"}};
  EXPECT_EQ(sending_texts(settings), std::vector<std::string>{"9.9.9.9"});
  settings.main["inet_protocols"] = "ipv6, ipv4";
  EXPECT_EQ(sending_texts(settings), (std::vector<std::string>{"9.9.9.9", "2620:fe::fe"}));
  // A client can have its own setting; an address can come from inet_interfaces.
  settings.services.push_back({"relay", "unix", true, "smtp", {{"smtp_bind_address", "9.9.9.10"}}});
  settings.main = {
      {"inet_protocols", "ipv4"}, {"inet_interfaces", "127.0.0.1, [::1]"}, {"smtp_bind_address", "9.9.9.9"}};
  EXPECT_EQ(sending_texts(settings), (std::vector<std::string>{"9.9.9.9", "9.9.9.10"}));
  settings.services.pop_back();
  settings.main = {{"inet_protocols", "ipv4"}, {"inet_interfaces", "9.9.9.8"}, {"smtp_bind_address", ""}};
  EXPECT_EQ(sending_texts(settings), std::vector<std::string>{"9.9.9.8"});
  // Not from one that leads nowhere.
  settings.main["inet_interfaces"] = "127.0.0.2";
  for (const auto& text : sending_texts(settings))
    EXPECT_FALSE(text.starts_with("127.")) << text;
  // If there are two, the kernel chooses.
  settings.main["inet_interfaces"] = "9.9.9.8, 9.9.9.7";
  for (const auto& text : sending_texts(settings))
    EXPECT_FALSE(text.starts_with("9.9.9.")) << text;
}

TEST(DoctorAddress, addresses_behind_nat_are_reported_beside_public_ones) {
  EXPECT_FALSE(hidden_addresses({address("9.9.9.9"), address("2620:fe::fe")}));
  EXPECT_EQ(hidden_addresses({address("192.168.1.5"), address("2620:fe::fe")}).value().subject,
            "192.168.1.5");
  EXPECT_EQ(hidden_addresses({address("192.168.1.5"), address("fd00::5")}).value().subject,
            "192.168.1.5, fd00::5");
  EXPECT_TRUE(hidden_addresses({}));
}

TEST(DoctorAddress, relays) {
  for (const auto& [setting, host] : {std::pair{"", ""},
                                      {"smtp.example.net", "smtp.example.net"},
                                      {"smtp.example.net:587", "smtp.example.net"},
                                      {"[smtp.example.net]:587", "smtp.example.net"},
                                      {"[2001:db8::1]:25", "2001:db8::1"},
                                      // There can be more than one since Postfix 3.5.
                                      {"one.example.net, two.example.net", "one.example.net"},
                                      {" [one.example.net]:587 two.example.net", "one.example.net"},
                                      {"[", ""}})
    EXPECT_EQ(relay_name(setting), host);
}

TEST(DoctorConfiguration, each_line_is_a_finding_up_to_a_limit) {
  EXPECT_EQ(summary(configuration_findings("f", "", 0)), "");
  EXPECT_NE(summary(configuration_findings("f", "", 1)), "");
  EXPECT_EQ(configuration_findings("f", "one\n\ntwo", 1).size(), 2U);
  const auto warned = configuration_findings("f", "warning: odd\n", 0);
  ASSERT_EQ(warned.size(), 1U);
  EXPECT_EQ(warned[0].severity, Severity::risk);
  EXPECT_EQ(warned[0].what, "odd");
  EXPECT_EQ(configuration_findings("f", "dkimsignd: f:1: wrong", 2).front().what, "f:1: wrong");
  // The socket has its own checks.
  EXPECT_EQ(summary(configuration_findings("f", "the socket's directory /x does not exist\n", 1)), "");
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += "line\n";
  const auto findings = configuration_findings("f", many, 1);
  EXPECT_EQ(findings.size(), 21U);
  EXPECT_NE(findings.back().what.find("980 more"), std::string::npos);
}

TEST(DoctorConfiguration, the_lines_left_out_count_as_the_worst_of_them) {
  std::string warnings;
  for (int i = 0; i < 30; ++i)
    warnings += "warning: odd\n";
  EXPECT_EQ(configuration_findings("f", warnings, 0).back().severity, Severity::risk);
  const auto with_error = configuration_findings("f", warnings + "wrong\n" + warnings, 1);
  EXPECT_EQ(with_error.back().what, "41 more of these");
  EXPECT_EQ(with_error.back().severity, geteuid() == 0 ? Severity::broken : Severity::risk);
  std::string errors;
  for (int i = 0; i < 30; ++i)
    errors += "wrong\n";
  EXPECT_EQ(configuration_findings("f", errors, 1).back().severity,
            geteuid() == 0 ? Severity::broken : Severity::unknown);
}

struct PublishingCase {
  const char* spoil;  // a command; H is the hook, T the TSIG file
  const char* what;   // the end of the only finding; empty if there is none
  const char* paste;
};

TEST(DoctorConfiguration, hooks_and_tsig_files_that_dkimkey_would_not_use) {
  auto pattern = (std::filesystem::temp_directory_path() / "doctor-publish-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const std::filesystem::path directory = pattern;
  const auto hook = (directory / "hook").string();
  const auto tsig = (directory / "tsig.key").string();
  const auto as_named = [&](std::string text) {
    for (const auto& [word, path] : {std::pair<std::string, std::string>{"H", hook}, {"T", tsig}}) {
      // A path may have these letters, too.
      std::size_t next = 0;
      for (auto at = text.find(word); at != std::string::npos; at = text.find(word, next)) {
        const bool is_name = at + 1 == text.size() || text[at + 1] == ' ' || text[at + 1] == ',';
        if (is_name) text.replace(at, 1, path);
        next = at + (is_name ? path.size() : 1);
      }
    }
    return text;
  };
  crypto::KeySettings settings;
  settings.publish.method = crypto::PublishSettings::Method::hook;
  settings.publish.program = hook;
  auto& own = settings.domains[*canon::DomainName::parse("a.example")];
  own.method = crypto::PublishSettings::Method::update;
  own.key_file = tsig;
  settings.domains[*canon::DomainName::parse("b.example")] = own;
  for (const auto& [spoil, what, paste] : {
           PublishingCase{"true", "", ""},
           PublishingCase{"rm H", ", does not exist", ""},
           PublishingCase{"rm T", ", does not exist", ""},
           PublishingCase{"ln -s nowhere T", ", does not exist", ""},
           PublishingCase{"chmod 644 H", ", cannot be run", "chmod u+x H"},
           PublishingCase{"rm H && mkdir -m 755 H", ", is not a regular file", ""},
           PublishingCase{"chmod 775 H", "so decide what is signed", "chmod g-w H"},
           PublishingCase{"chmod 757 H", "so decide what is signed", "chmod o-w H"},
           PublishingCase{"chmod 644 T", "nor writable by its group", "chmod 0640 T"},
           PublishingCase{"chown 65534 H", "its owner decides what is signed", "chown root H"},
           PublishingCase{"chown 65534 T", "its owner decides what is signed", "chown root T"},
       }) {
    ASSERT_EQ(std::system(as_named("rm -rf H T && touch H T && chmod 755 H && chmod 640 T ").c_str()), 0);
    EXPECT_TRUE(check_publishing(settings).empty());
    // "ln" fails if the name is taken.
    const std::string_view command = spoil;
    if (command.starts_with("ln ")) std::filesystem::remove(tsig);
    // Only root can give a file to another user.
    if (command.starts_with("chown ") && geteuid() != 0) continue;
    ASSERT_EQ(std::system(as_named(spoil).c_str()), 0) << spoil;
    const auto findings = check_publishing(settings);
    ASSERT_EQ(findings.size(), *what == '\0' ? 0U : 1U) << spoil;
    if (findings.empty()) continue;
    EXPECT_EQ(findings[0].severity, Severity::broken);
    EXPECT_TRUE(findings[0].what.ends_with(what)) << findings[0].what;
    EXPECT_FALSE(findings[0].advice.empty());
    EXPECT_EQ(findings[0].paste,
              *paste == '\0' ? std::vector<std::string>() : std::vector<std::string>{as_named(paste)});
  }
  std::filesystem::remove_all(directory);
}

SocketFacts healthy_socket() {
  SocketFacts facts;
  facts.socket = "unix:/q/d/s";
  facts.path = "/q/d/s";
  facts.file = SocketFacts::File::socket;
  facts.direct.outcome = SocketProbe::Outcome::milter;
  facts.program = "dkimsignd";
  facts.postfix_known = true;
  facts.attempts = {{true, facts.direct, {}}};
  return facts;
}

SocketProbe failed_probe(SocketProbe::Outcome outcome, int error) {
  return {outcome, error, {}, {}};
}

TEST(DoctorSocket, findings) {
  using File = SocketFacts::File;
  using Outcome = SocketProbe::Outcome;
  const struct {
    const char* name;
    Severity severity;
    void (*change)(SocketFacts&);
  } cases[] = {
      {"healthy", Severity::good, [](SocketFacts&) {}},
      {"no Postfix", Severity::good, [](SocketFacts& f) { f.attempts.clear(), f.postfix_known = false; }},
      {"not root", Severity::unknown, [](SocketFacts& f) { f.attempts.clear(), f.as_root = false; }},
      {"hidden", Severity::unknown, [](SocketFacts& f) { f.file = File::hidden; }},
      {"closed to us", Severity::unknown,
       [](SocketFacts& f) { f.direct = failed_probe(Outcome::not_reachable, EACCES); }},
      {"missing", Severity::broken, [](SocketFacts& f) { f.file = File::missing; }},
      {"no directory", Severity::broken, [](SocketFacts& f) { f.file = File::no_directory; }},
      {"a file", Severity::broken, [](SocketFacts& f) { f.file = File::something_else; }},
      {"stale", Severity::broken,
       [](SocketFacts& f) { f.direct = failed_probe(Outcome::not_reachable, ECONNREFUSED); }},
      {"full", Severity::broken,
       [](SocketFacts& f) { f.direct = failed_probe(Outcome::not_reachable, EAGAIN); }},
      {"no milter", Severity::broken, [](SocketFacts& f) { f.direct.outcome = Outcome::no_milter; }},
      {"another milter", Severity::broken, [](SocketFacts& f) { f.program = "opendkim"; }},
      {"unknown program", Severity::good, [](SocketFacts& f) { f.program = ""; }},
      {"denied", Severity::broken,
       [](SocketFacts& f) { f.attempts[0].probe = failed_probe(Outcome::not_reachable, EACCES); }},
      {"silent to Postfix", Severity::broken,
       [](SocketFacts& f) { f.attempts[0].probe.outcome = Outcome::no_milter; }},
      {"no chroot", Severity::unknown,
       [](SocketFacts& f) { f.attempts[0].probe = failed_probe(Outcome::not_tried, ENOENT); }},
  };
  for (const auto& [name, severity, change] : cases) {
    auto facts = healthy_socket();
    change(facts);
    const auto findings = check_socket(facts);
    ASSERT_EQ(findings.size(), 1U) << name;
    EXPECT_EQ(findings[0].severity, severity) << name << ": " << findings[0].what;
  }
}

TEST(DoctorSocket, a_chroot_is_named_only_if_there_is_one) {
  for (const bool chrooted : {false, true}) {
    auto facts = healthy_socket();
    facts.attempts[0].chrooted = chrooted;
    EXPECT_EQ(check_socket(facts).at(0).what.find("chroot") != std::string::npos, chrooted);
    facts.attempts[0].probe = {SocketProbe::Outcome::not_reachable, EACCES, {}, {}};
    EXPECT_EQ(check_socket(facts).at(0).what.find("chroot") != std::string::npos, chrooted);
  }
  auto facts = healthy_socket();
  facts.attempts.clear();
  facts.as_root = false;
  EXPECT_EQ(check_socket(facts).at(0).what.find("chroot"), std::string::npos);
}

TEST(DoctorReport, order_text_and_exit_code) {
  Findings findings = {{Severity::good, "a", "", "fine", "", {}},
                       {Severity::note, "f", "", "as it comes", "", {}},
                       {Severity::unknown, "b", "x\x1b[31m", "who knows", "look", {}},
                       {Severity::risk, "c", "c", "may\nbreak", "", {}},
                       {Severity::broken, "d", "s", "is broken", "do:", {"one", "two\r"}},
                       {Severity::risk, "e", "", "later", "", {}}};
  findings = sorted(std::move(findings));
  EXPECT_EQ(findings_text(findings),
            "broken   d (s): is broken\n"
            "         do:\n"
            "             one\n"
            "             two\\x0d\n"
            "risk     c: may\\x0abreak\n"
            "risk     e: later\n"
            "unknown  b (x\\x1b[31m): who knows\n"
            "         look\n"
            "note     f: as it comes\n"
            "good     a: fine\n"
            "\n1 broken, 2 at risk, 1 unknown, 1 noted, 1 good\n");
  EXPECT_EQ(exit_code_of(findings), ExitCode::problem);
  findings.erase(findings.begin(), findings.begin() + 3);
  EXPECT_EQ(exit_code_of(findings), ExitCode::waiting);
  findings.erase(findings.begin());
  EXPECT_EQ(exit_code_of(findings), ExitCode::done);
  findings.erase(findings.begin());
  EXPECT_EQ(findings_json(findings),
            "[\n  {\"severity\": \"good\", \"topic\": \"a\", \"subject\": \"\", \"what\": \"fine\", "
            "\"advice\": null, "
            "\"paste\": null}\n]\n");
}

}  // namespace
}  // namespace dkim::keytool
