// Tests doctor's conclusions from many settings of Postfix. tests/e2e/doctor_test.py proves that Postfix
// understands the settings in the same way.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* socket_name = "unix:/var/spool/postfix/dkimsignd/dkimsignd.sock";

// The output of "postconf -x" on Debian 12 after "apt install postfix" and the README's two commands.
constexpr const char* debian_settings = R"(always_add_missing_headers = no
cleanup_service_name = cleanup
compatibility_level = 3.6
content_filter =
default_transport = smtp
disable_mime_output_conversion = no
inet_interfaces = all
inet_protocols = all
internal_mail_filter_classes =
local_header_rewrite_clients = permit_inet_interfaces
mail_owner = postfix
milter_connect_macros = j {daemon_name} {daemon_addr} v _
milter_default_action = tempfail
milter_header_checks =
milter_mail_macros = i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}
milter_protocol = 6
myhostname = server.example.com
myorigin = server.example.com
non_smtpd_milters = unix:dkimsignd/dkimsignd.sock
queue_directory = /var/spool/postfix
receive_override_options =
sender_dependent_default_transport_maps =
sender_dependent_relayhost_maps =
relayhost =
smtp_bind_address =
smtp_body_checks =
smtp_discard_ehlo_keywords =
smtp_generic_maps =
smtp_header_checks =
smtp_helo_name = server.example.com
smtp_line_length_limit = 998
smtp_mime_header_checks =
smtp_nested_header_checks =
smtpd_milter_maps =
smtpd_milters = unix:dkimsignd/dkimsignd.sock
smtpd_proxy_filter =
smtpd_sasl_auth_enable = no
)";

constexpr const char* debian_services = R"(smtp/inet/service = smtp
smtp/inet/type = inet
smtp/inet/chroot = y
smtp/inet/command = smtpd
pickup/unix/chroot = y
pickup/unix/command = pickup
cleanup/unix/chroot = y
cleanup/unix/command = cleanup
smtp/unix/chroot = y
smtp/unix/command = smtp
relay/unix/chroot = y
relay/unix/command = smtp -o syslog_name=postfix/$service_name
)";

constexpr const char* debian_overrides = "relay/unix/syslog_name = postfix/relay\n";

PostfixSettings debian() {
  PostfixSettings settings;
  settings.main = parse_settings(debian_settings);
  settings.services = parse_services(debian_services, debian_overrides, DefaultChroot::no);
  return settings;
}

Findings wrong(Findings findings) {
  std::erase_if(findings, [](const auto& finding) { return finding.severity >= Severity::note; });
  return findings;
}

std::string topics(const Findings& findings) {
  std::string out;
  for (const auto& finding : wrong(findings))
    out += (out.empty() ? "" : " ") + finding.topic;
  return out;
}

TEST(DoctorPostfix, debians_default_set_up_by_the_readme_is_good) {
  auto findings = check_postfix(debian(), socket_name, {});
  EXPECT_EQ(topics(findings), "");
  std::erase_if(findings, [](const auto& finding) { return finding.severity != Severity::note; });
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].topic, "internal_mail_filter_classes");
  EXPECT_EQ(findings[1].topic, "disable_mime_output_conversion");
}

TEST(DoctorPostfix, every_setting_that_is_read_is_asked_for) {
  const auto& names = postfix_setting_names();
  for (const auto& [name, value] : parse_settings(debian_settings))
    EXPECT_TRUE(std::find(names.begin(), names.end(), name) != names.end()) << name;
}

struct Case {
  const char* setting;
  const char* value;
  const char* topics;
};

TEST(DoctorPostfix, settings_of_main_cf) {
  for (const auto& [setting, value, expected] : {
           Case{"smtpd_milters", "", "smtpd_milters"},
           Case{"smtpd_milters", "inet:localhost:8891", "smtpd_milters"},
           Case{"smtpd_milters", "unix:/dkimsignd/dkimsignd.sock", ""},
           Case{"smtpd_milters", "inet:localhost:11332,unix:dkimsignd/dkimsignd.sock", ""},
           Case{"smtpd_milters", "unix:dkimsignd/dkimsignd.sock, inet:localhost:11332", "milter_order"},
           Case{"smtpd_milters", "unix:dkimsignd/dkimsignd.sock, local:opendmarc/opendmarc.sock", ""},
           Case{"smtpd_milters", "{unix:dkimsignd/dkimsignd.sock,default_action=accept}",
                "milter_default_action"},
           Case{"smtpd_milters", "{unix:dkimsignd/dkimsignd.sock, {protocol = 3}}", "milter_protocol"},
           Case{"smtpd_milters", "{{{", "smtpd_milters"},
           Case{"smtpd_milters", "}},,{", "smtpd_milters"},
           Case{"milter_protocol", "6 no_header_reply", ""},
           Case{"milter_protocol", "", ""},
           Case{"milter_protocol", "4", "milter_protocol"},
           // The milter itself asks for macros, whatever Postfix would send (MILTER_README).
           Case{"milter_mail_macros", "i", ""},
           Case{"internal_mail_filter_classes", "bounce, notify", ""},
           Case{"smtp_line_length_limit", "997", "smtp_line_length_limit"},
           Case{"smtp_line_length_limit", "2048", ""},
           Case{"smtp_line_length_limit", "0", ""},
           Case{"smtp_discard_ehlo_keywords", "silent-discard, dsn", ""},
           Case{"smtp_discard_ehlo_keywords", "8bitMIME", "disable_mime_output_conversion"},
           Case{"smtp_helo_name", "server.fritz.box", "myhostname"},
           Case{"smtp_helo_name", "server", "myhostname"},
           Case{"smtp_helo_name", "192.0.2.1", "myhostname"},
           Case{"local_header_rewrite_clients", "static:all", ""},
           Case{"local_header_rewrite_clients", "", "local_header_rewrite_clients"},
           // Affects mail from SMTP and from this host, and is reported once.
           Case{"receive_override_options", "no_milters", "receive_override_options"},
           Case{"receive_override_options", "no_unknown_recipient_checks", ""},
           Case{"smtpd_milter_maps", "cidr:/x", "smtpd_milter_maps"},
           Case{"sender_dependent_relayhost_maps", "hash:/x", "sender_dependent_relayhost_maps"},
           Case{"sender_dependent_default_transport_maps", "hash:/x",
                "sender_dependent_default_transport_maps"},
       }) {
    auto settings = debian();
    settings.main[setting] = value;
    EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), expected) << setting << " = " << value;
  }
}

struct MissingCase {
  const char* oversigned;  // one entry; empty for the default list
  SettingMap main;
  SettingMap smtpd;    // -o options
  SettingMap cleanup;  // likewise
  const char* expected;
};

// Missing fields must be added before the mail is signed, or the signature must not deny them.
TEST(DoctorPostfix, fields_that_are_missing_when_mail_is_signed) {
  constexpr const char* topic = "always_add_missing_headers";
  const std::string risk = "risk smtp/inet postconf -e 'always_add_missing_headers = yes'";
  const std::string note =
      "note smtp/inet postconf -e 'local_header_rewrite_clients = permit_inet_interfaces, "
      "permit_sasl_authenticated'";
  const std::string own_note =
      "note smtp/inet postconf -P 'smtp/inet/local_header_rewrite_clients=permit_inet_interfaces,"
      "permit_sasl_authenticated'";
  const std::string own_cleanup = "risk smtp/inet postconf -P 'cleanup/unix/always_add_missing_headers=yes'";
  for (const auto& [oversigned, main, smtpd, cleanup, expected] : {
           MissingCase{"", {}, {}, {}, ""},
           MissingCase{"+Date", {}, {}, {}, risk.c_str()},
           MissingCase{"+message-id", {}, {}, {}, risk.c_str()},
           MissingCase{"+Resent-Date", {}, {}, {}, risk.c_str()},
           MissingCase{"+Date?", {}, {}, {}, ""},
           MissingCase{"+X-Origin", {}, {}, {}, ""},
           MissingCase{"+Date", {{topic, "yes"}}, {}, {}, ""},
           MissingCase{"+Date", {{topic, "yes"}}, {}, {{topic, "no"}}, own_cleanup.c_str()},
           MissingCase{"+Date", {}, {}, {{topic, "yes"}}, ""},
           MissingCase{"+Date", {{"cleanup_service_name", "other"}}, {}, {{topic, "yes"}}, ""},
           MissingCase{"+Date", {{"local_header_rewrite_clients", "static:all"}}, {}, {}, ""},
           MissingCase{"+Date", {}, {{"local_header_rewrite_clients", "permit_mynetworks"}}, {}, ""},
           MissingCase{"+Date", {}, {{"local_header_rewrite_clients", ""}}, {}, risk.c_str()},
           MissingCase{"+Date", {{"inet_interfaces", "loopback-only"}}, {}, {}, ""},
           MissingCase{"+Date", {{"inet_interfaces", "127.0.0.1, ::1"}}, {}, {}, ""},
           MissingCase{"+Date", {{"inet_interfaces", "127.0.0.1, 192.0.2.1"}}, {}, {}, risk.c_str()},
           MissingCase{"+Date",
                       {{"inet_interfaces", "loopback-only"}},
                       {{"local_header_rewrite_clients", ""}},
                       {},
                       risk.c_str()},
           MissingCase{"+Date", {}, {{"smtpd_milters", ""}}, {}, ""},
           MissingCase{"", {{"smtpd_sasl_auth_enable", "yes"}}, {}, {}, note.c_str()},
           MissingCase{"+Date", {{"smtpd_sasl_auth_enable", "yes"}}, {}, {}, risk.c_str()},
           MissingCase{"", {}, {{"smtpd_sasl_auth_enable", "yes"}}, {}, note.c_str()},
           MissingCase{"", {{topic, "yes"}}, {{"smtpd_sasl_auth_enable", "yes"}}, {}, ""},
           MissingCase{"",
                       {},
                       {{"smtpd_sasl_auth_enable", "yes"}, {"local_header_rewrite_clients", ""}},
                       {},
                       own_note.c_str()},
       }) {
    auto settings = debian();
    for (const auto& [name, value] : main)
      settings.main[name] = value;
    settings.services.at(0).overrides = smtpd;
    for (auto& service : settings.services) {
      if (service.command == "cleanup") service.overrides = cleanup;
    }
    std::vector<std::string> list;
    if (*oversigned != '\0') list.emplace_back(oversigned);
    const auto fields = canon::FieldPolicy::from_lists({}, list);
    ASSERT_TRUE(fields) << oversigned;
    std::string said;
    for (const auto& finding : check_missing_fields(settings, socket_name, *fields)) {
      EXPECT_EQ(finding.topic, topic);
      said += finding.severity == Severity::risk ? "risk " : "note ";
      said += finding.subject + " " + finding.paste.at(0);
      EXPECT_EQ(finding.paste.back(), "postfix reload");
    }
    EXPECT_EQ(said, expected) << oversigned << " "
                              << (main.empty() ? "" : main.begin()->first + " = " + main.begin()->second);
  }
}

TEST(DoctorPostfix, fields_signed_as_missing_are_named_in_their_usual_spelling) {
  const auto fields = canon::FieldPolicy::from_lists({}, {"+Date", "+Message-Id"});
  ASSERT_TRUE(fields);
  const auto findings = check_missing_fields(debian(), socket_name, *fields);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].what.find("Date, Message-ID signed as missing"), std::string::npos)
      << findings[0].what;
  EXPECT_NE(findings[0].advice.find("Date?, Message-ID?"), std::string::npos) << findings[0].advice;
}

TEST(DoctorPostfix, commands_to_paste_are_quoted_for_the_shell) {
  auto settings = debian();
  settings.directory = "/etc/my postfix";
  settings.main["smtpd_milters"] = "unix:it's, {inet:localhost:1, protocol=6}";
  const auto findings = wrong(check_milter_lists(settings, socket_name));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].paste,
            (std::vector<std::string>{"postconf -c '/etc/my postfix' -e 'smtpd_milters = unix:it'\\''s, "
                                      "{inet:localhost:1, protocol=6}, unix:dkimsignd/dkimsignd.sock'",
                                      "postfix -c '/etc/my postfix' reload"}));
}

// Other milters stay, whatever the names of their sockets. An old name of our socket goes: nobody would
// answer there, and all mail would be deferred.
TEST(DoctorPostfix, commands_to_paste_drop_no_other_milter) {
  for (const auto& [socket, list, expected] : {
           std::tuple{"unix:/var/spool/postfix/dkimsignd/milter.sock", "unix:rspamd/milter.sock",
                      "unix:rspamd/milter.sock, unix:dkimsignd/milter.sock"},
           std::tuple{"unix:/var/spool/postfix/sign/milter.sock",
                      "unix:rspamd/milter.sock, unix:/x/sign/milter.sock",
                      "unix:rspamd/milter.sock, unix:sign/milter.sock"},
           std::tuple{"unix:/var/spool/postfix/dkimsignd/signer.sock", "unix:dkimsignd/dkimsignd.sock",
                      "unix:dkimsignd/signer.sock"},
           std::tuple{"inet:8891@127.0.0.1", "unix:dkimsignd/dkimsignd.sock, inet:localhost:11332",
                      "inet:localhost:11332, inet:127.0.0.1:8891"},
       }) {
    auto settings = debian();
    settings.main["smtpd_milters"] = settings.main["non_smtpd_milters"] = list;
    const auto findings = wrong(check_milter_lists(settings, socket));
    ASSERT_EQ(findings.size(), 2U) << socket;
    EXPECT_EQ(findings[0].paste.at(0), std::string("postconf -e 'smtpd_milters = ") + expected + "'");
  }
}

TEST(DoctorPostfix, a_list_that_no_service_uses_is_not_called_good) {
  auto settings = debian();
  settings.main["smtpd_milters"] = "";
  settings.services.at(0).overrides["smtpd_milters"] = "";
  for (const auto& finding : check_milter_lists(settings, socket_name)) {
    if (finding.topic != "smtpd_milters") continue;
    EXPECT_NE(finding.what, "names dkimsignd's socket");
    EXPECT_NE(finding.severity, Severity::good) << finding.what;
  }
  // No other service accepts mail.
  EXPECT_EQ(wrong(check_milter_lists(settings, socket_name)).at(0).severity, Severity::broken);
  settings.services.push_back({"submission", "inet", true, "smtpd", {}});
  settings.main["smtpd_milters"] = settings.main["non_smtpd_milters"];
  EXPECT_EQ(wrong(check_milter_lists(settings, socket_name)).at(0).severity, Severity::risk);
  settings.services.pop_back();
  settings.main["smtpd_milters"] = "";
  settings.services.at(0).overrides["smtpd_milters"] = "unix:dkimsignd/dkimsignd.sock";
  EXPECT_EQ(topics(check_milter_lists(settings, socket_name)), "");
}

TEST(DoctorPostfix, no_command_to_paste_has_somebody_elses_name) {
  auto settings = debian();
  settings.main["smtp_helo_name"] = "server.lan";
  const auto findings = wrong(check_names(settings));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].paste.empty()) << findings[0].paste.front();
  EXPECT_NE(findings[0].advice.find("myhostname"), std::string::npos) << findings[0].advice;
}

// postconf -P accepts no white space.
TEST(DoctorPostfix, options_of_a_service_have_no_white_space) {
  auto settings = debian();
  settings.services.at(0).overrides["smtpd_milters"] =
      "{ inet:localhost:1, { protocol = 6 no_reply }\t} inet:localhost:2 , inet:x$y:3";
  const auto findings = wrong(check_milter_lists(settings, socket_name));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].paste.at(0),
            "postconf -P 'smtp/inet/smtpd_milters={inet:localhost:1,{protocol=6,no_reply}},inet:localhost:2,"
            "inet:x$$y:3,unix:dkimsignd/dkimsignd.sock'");
}

TEST(DoctorPostfix, the_greeting_does_not_matter_to_a_relay) {
  auto settings = debian();
  settings.main["smtp_helo_name"] = "server.lan";
  settings.main["relayhost"] = "[smtp.example.net]:587";
  EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), "");
  settings.main["relayhost"] = "";
  settings.main["default_transport"] = "smtp:[smtp.example.net]:587";
  EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), "");
  settings.main["default_transport"] = "smtp:";
  EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), "myhostname");
}

TEST(DoctorPostfix, tables_that_change_no_signed_field_are_harmless) {
  const struct {
    const char* table;
    bool harmless;
  } cases[] = {
      {"", true},
      {"# a comment\n\n/^Received:/ IGNORE\n", true},
      {"/^received: .*/i\n   ignore\n", true},
      {"/^(X-Mailer|User-Agent|X-Originating-IP):/ STRIP\n", true},
      {"/^Subject:/ WARN looked at\n/./ DUNNO\n", true},
      {"/^Subject:/ IGNORE", false},
      {"/^(Received|To):/ IGNORE", false},
      {"/^Received:/ IGNORE\n/^From:.*/ REPLACE From: a@example.com", false},
      {"/^Received:/ PREPEND Reply-To: a@example.com", false},
      {"/^.*:/ IGNORE", false},
      {"/Received:/ IGNORE", false},
      {"/^Received:|^To:/ IGNORE", false},
      {"/^Received|To:/ IGNORE", false},
      {"/^Received:/m IGNORE", false},
      {"/^Received:/xIGNORE", false},
      {"!/^Received:/ IGNORE", false},
      {"if /^Received:/\n/x/ IGNORE\nendif", false},
      {"/^Received:", false},
      {"/^Received:\\", false},
      {"/^Received:/", false},
      {"//", false},
      {"/", false},
      {" /^Received:/ IGNORE", true},
  };
  for (const auto& [table, harmless] : cases) {
    auto settings = debian();
    settings.main["smtp_header_checks"] = "regexp:/etc/postfix/checks";
    settings.tables["regexp:/etc/postfix/checks"] = table;
    EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), harmless ? "" : "smtp_header_checks")
        << table;
  }
  auto settings = debian();
  settings.main["smtp_header_checks"] = "regexp:/a pcre:/b";
  settings.tables["regexp:/a"] = "/^Received:/ IGNORE";
  EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), "smtp_header_checks");
}

TEST(DoctorPostfix, without_smtpd_its_list_does_not_matter) {
  auto settings = debian();
  std::erase_if(settings.services, [](const auto& service) { return service.command == "smtpd"; });
  settings.main["smtpd_milters"] = "";
  EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), "");
}

TEST(DoctorPostfix, before_version_6_postfix_chooses_the_macros) {
  auto settings = debian();
  settings.main["milter_protocol"] = "3";
  EXPECT_EQ(wrong(check_milter_handling(settings, socket_name)).at(0).what.find("{auth_type}"),
            std::string::npos);
  settings.main["milter_mail_macros"] = "i";
  EXPECT_NE(wrong(check_milter_handling(settings, socket_name)).at(0).what.find("{auth_type}"),
            std::string::npos);
}

struct NameCase {
  const char* endpoint;
  bool chrooted;
  const char* socket;
  bool same;
};

TEST(DoctorPostfix, names_of_the_same_socket_are_recognized) {
  constexpr const char* outside = "unix:/run/dkimsignd/dkimsignd.sock";
  for (const auto& [endpoint, chrooted, socket, same] : {
           NameCase{"unix:dkimsignd/dkimsignd.sock", true, socket_name, true},
           NameCase{"unix:dkimsignd/dkimsignd.sock", false, socket_name, true},
           NameCase{"unix:/dkimsignd/dkimsignd.sock", true, socket_name, true},
           NameCase{"unix:/dkimsignd/dkimsignd.sock", false, socket_name, false},
           NameCase{"local:./dkimsignd//dkimsignd.sock", true, socket_name, true},
           NameCase{"unix:/var/spool/postfix/dkimsignd/dkimsignd.sock", false, socket_name, true},
           NameCase{"unix:/var/spool/postfix/dkimsignd/dkimsignd.sock", true, socket_name, false},
           NameCase{"unix:/run/dkimsignd/dkimsignd.sock", false, outside, true},
           NameCase{"unix:/run/dkimsignd/dkimsignd.sock", true, outside, false},
           NameCase{"inet:localhost:8891", true, socket_name, false},
           NameCase{"inet:localhost:8891", true, "inet:8891@127.0.0.1", true},
           NameCase{"inet:localhost:8891", true, "inet6:8891@::1", true},
           NameCase{"inet:127.0.0.1:8891", true, "inet:8891@localhost", true},
           NameCase{"inet:[::1]:8891", true, "inet6:8891@::1", true},
           NameCase{"inet:[0:0::1]:8891", true, "inet6:8891@::1", true},
           NameCase{"inet:localhost:8891", true, "inet:8891@127.0.0.2", false},
           NameCase{"inet:8891", true, "inet:8891@127.0.0.1", true},
           NameCase{"inet:192.0.2.1:8891", true, "inet:8891@0.0.0.0", true},
           NameCase{"inet:192.0.2.1:8891", true, "inet:8891@127.0.0.1", false},
           NameCase{"inet:localhost:8892", true, "inet:8891@127.0.0.1", false},
           NameCase{"8891", true, "inet:8891@127.0.0.1", false},
           NameCase{"", true, socket_name, false},
       }) {
    const MilterEndpoint milter{endpoint, endpoint, {}};
    EXPECT_EQ(is_same_socket(milter, {"/var/spool/postfix", chrooted}, socket), same)
        << endpoint << (chrooted ? " in the chroot" : "") << " and " << socket;
  }
}

TEST(DoctorPostfix, names_a_socket_as_postfix_needs_it) {
  const Jail jail{"/var/spool/postfix", true};
  EXPECT_EQ(endpoint_for(socket_name, jail), "unix:dkimsignd/dkimsignd.sock");
  EXPECT_EQ(endpoint_for("unix:/run/d.sock", jail), std::nullopt);
  EXPECT_EQ(endpoint_for("unix:/run/d.sock", {"/var/spool/postfix", false}), "unix:/run/d.sock");
  EXPECT_EQ(endpoint_for("inet:8891@127.0.0.1", jail), "inet:127.0.0.1:8891");
  EXPECT_EQ(endpoint_for("inet6:8891@::1", jail), "inet:[::1]:8891");
  EXPECT_EQ(endpoint_for("inet:8891@0.0.0.0", jail), "inet:localhost:8891");
}

// Postfix 3.11 has no chroot by default, and master.cf may have one for some services.
PostfixSettings chrooted_only(std::string_view service) {
  auto settings = debian();
  for (auto& each : settings.services)
    each.chrooted = each.command == service;
  return settings;
}

TEST(DoctorPostfix, without_a_chroot_any_path_can_be_named) {
  constexpr const char* outside = "unix:/run/dkimsignd/dkimsignd.sock";
  auto settings = chrooted_only("");
  EXPECT_EQ(topics(check_postfix(settings, socket_name, {})), "");
  const auto findings = wrong(check_milter_lists(settings, outside));
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].paste.at(0), "postconf -e 'smtpd_milters = unix:/run/dkimsignd/dkimsignd.sock'");
  EXPECT_EQ(findings[0].what.find("chroot"), std::string::npos) << findings[0].what;
  settings.main["smtpd_milters"] = settings.main["non_smtpd_milters"] = outside;
  EXPECT_EQ(topics(check_milter_lists(settings, outside)), "");
}

TEST(DoctorPostfix, a_path_must_be_inside_the_chroot_of_each_service_that_has_one) {
  constexpr const char* outside = "unix:/run/dkimsignd/dkimsignd.sock";
  for (const auto& [service, setting] :
       {std::pair{"smtpd", "smtpd_milters"}, std::pair{"cleanup", "non_smtpd_milters"}}) {
    auto settings = chrooted_only(service);
    settings.main["smtpd_milters"] = settings.main["non_smtpd_milters"] = outside;
    const auto findings = wrong(check_milter_lists(settings, outside));
    ASSERT_EQ(findings.size(), 1U) << setting;
    EXPECT_EQ(findings[0].topic, "socket");
    EXPECT_EQ(findings[0].paste.at(0), "socket = \"unix:/var/spool/postfix/dkimsignd/dkimsignd.sock\";");
  }
}

// The output of postconf and the contents of tables are as unreliable as any other input.
TEST(DoctorPostfix, accepts_any_text) {
  const std::vector<std::string> pieces = {
      "{",    "}",      ",",      " ",       "\n", "=", "/", "\\", "unix:", "inet:",  "[::1]", "smtpd",
      "smtp", "pickup", "chroot", "command", "(",  "|", ")", "^",  ":",     "IGNORE", "if",    "\0"};
  std::mt19937 random(20'261'124);
  const auto text = [&] {
    std::string out;
    for (std::size_t count = random() % 40; count > 0; --count)
      out += pieces[random() % pieces.size()];
    return out;
  };
  for (int round = 0; round < 5000; ++round) {
    PostfixSettings settings;
    for (const auto& name : postfix_setting_names())
      settings.main[name] = text();
    settings.services = parse_services(debian_services + text(), text() + "\n" + text(),
                                       round % 2 == 0 ? DefaultChroot::yes : DefaultChroot::no);
    settings.tables["regexp:/a"] = text();
    settings.main["smtp_header_checks"] = "regexp:/a";
    const auto findings = check_postfix(settings, "unix:" + text(), {});
    EXPECT_FALSE(findings.empty());
    EXPECT_LT(findings.size(), 500U);
  }
}

TEST(DoctorPostfix, master_cf) {
  const auto services = parse_services(
      "[::1]:25/inet/chroot = -\n[::1]:25/inet/command = smtpd -o x=y\nno slash = 1\nonly/one = 2\n"
      "a/b/unix/chroot = n\nrubbish\n",
      "[::1]:25/inet/smtpd_milters = a = b\n/ = \n//x = y\n", DefaultChroot::yes);
  ASSERT_GE(services.size(), 2U);
  EXPECT_EQ(services[0].name, "[::1]:25");
  EXPECT_TRUE(services[0].chrooted);
  EXPECT_EQ(services[0].command, "smtpd");
  EXPECT_EQ(services[0].overrides.at("smtpd_milters"), "a = b");
  EXPECT_EQ(services[1].label(), "a/b/unix");
  EXPECT_FALSE(services[1].chrooted);
}

}  // namespace
}  // namespace dkim::keytool
