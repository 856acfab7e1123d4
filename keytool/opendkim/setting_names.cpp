#include "keytool/opendkim/setting_names.hpp"

#include <array>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

struct Entry {
  std::string_view name;
  Fate fate;
  std::string_view why;
};

constexpr auto taken = Fate::taken;
constexpr auto verifying = Fate::verifying;
constexpr auto elsewhere = Fate::elsewhere;
constexpr auto lost = Fate::lost;
constexpr auto unsigned_mail = Fate::unsigned_mail;
constexpr auto otherwise = Fate::signed_otherwise;

constexpr std::string_view own_log = "dkimsignd logs one line for each message, see log and log_level";
constexpr std::string_view service = "the service manager does this for dkimsignd";
constexpr std::string_view no_lua = "dkimsignd runs no scripts";
constexpr std::string_view no_ldap = "data sets in LDAP are not taken";

constexpr std::array entries{
    Entry{"BaseDirectory", taken, ""},
    Entry{"Canonicalization", taken, ""},
    Entry{"Domain", taken, ""},
    Entry{"ExemptDomains", taken, ""},
    Entry{"Include", taken, ""},
    Entry{"InternalHosts", taken, ""},
    Entry{"KeyFile", taken, ""},
    Entry{"KeyTable", taken, ""},
    Entry{"MacroList", taken, ""},
    Entry{"Mode", taken, ""},
    Entry{"MTA", taken, ""},
    Entry{"MultipleSignatures", taken, ""},
    Entry{"OmitHeaders", taken, ""},
    Entry{"On-Default", taken, ""},
    Entry{"On-InternalError", taken, ""},
    Entry{"On-SignatureError", taken, ""},
    Entry{"OversignHeaders", taken, ""},
    Entry{"PeerList", taken, ""},
    Entry{"Selector", taken, ""},
    Entry{"SenderHeaders", taken, ""},
    Entry{"SignatureAlgorithm", taken, ""},
    Entry{"SignatureTTL", taken, ""},
    Entry{"SignHeaders", taken, ""},
    Entry{"SigningTable", taken, ""},
    Entry{"SubDomains", taken, ""},
    Entry{"AllowSHA1Only", verifying, ""},
    Entry{"AlwaysAddARHeader", verifying, ""},
    Entry{"AuthservID", verifying, ""},
    Entry{"AuthservIDWithJobID", verifying, ""},
    Entry{"BogusKey", verifying, ""},
    Entry{"ClockDrift", verifying, ""},
    Entry{"DiagnosticDirectory", verifying, ""},
    Entry{"DNSConnect", verifying, ""},
    Entry{"DNSTimeout", verifying, ""},
    Entry{"DomainKeysCompat", verifying, ""},
    Entry{"IgnoreMalformedMail", verifying, ""},
    Entry{"KeepAuthResults", verifying, ""},
    Entry{"MaximumSignaturesToVerify", verifying, ""},
    Entry{"Minimum", verifying, ""},
    Entry{"MinimumKeyBits", verifying, ""},
    Entry{"MustBeSigned", verifying, ""},
    Entry{"Nameservers", verifying, ""},
    Entry{"NoHeaderB", verifying, ""},
    Entry{"On-BadSignature", verifying, ""},
    Entry{"On-DNSError", verifying, ""},
    Entry{"On-KeyNotFound", verifying, ""},
    Entry{"On-NoSignature", verifying, ""},
    Entry{"On-Security", verifying, ""},
    Entry{"Quarantine", verifying, ""},
    Entry{"QueryCache", verifying, ""},
    Entry{"RedirectFailuresTo", verifying, ""},
    Entry{"RemoveARAll", verifying, ""},
    Entry{"RemoveARFrom", verifying, ""},
    Entry{"ReportAddress", verifying, ""},
    Entry{"ReportBccAddress", verifying, ""},
    Entry{"ResolverConfiguration", verifying, ""},
    Entry{"ResolverTracing", verifying, ""},
    Entry{"SendReports", verifying, ""},
    Entry{"SMTPURI", verifying, ""},
    Entry{"TestDNSData", verifying, ""},
    Entry{"TestPublicKeys", verifying, ""},
    Entry{"TrustAnchorFile", verifying, ""},
    Entry{"TrustSignaturesFrom", verifying, ""},
    Entry{"UnprotectedKey", verifying, ""},
    Entry{"VBR-Certifiers", verifying, ""},
    Entry{"VBR-PurgeFields", verifying, ""},
    Entry{"VBR-TrustedCertifiers", verifying, ""},
    Entry{"VBR-TrustedCertifiersOnly", verifying, ""},
    Entry{"VBR-Type", verifying, ""},
    Entry{"WeakSyntaxChecks", verifying, ""},
    Entry{"AutoRestart", elsewhere, service},
    Entry{"AutoRestartCount", elsewhere, service},
    Entry{"AutoRestartRate", elsewhere, service},
    Entry{"Background", elsewhere, service},
    Entry{"CaptureUnknownErrors", elsewhere, "on_error says what happens to mail that cannot be signed"},
    Entry{"DisableCryptoInit", elsewhere, "OpenSSL no longer needs it"},
    Entry{"EnableCoredumps", elsewhere, "a core would hold private keys: dkimsignd leaves none"},
    Entry{"ExternalIgnoreList", elsewhere, "it only keeps opendkim from logging"},
    Entry{"KeepTemporaryFiles", elsewhere, "dkimsignd has no temporary files"},
    Entry{"LogResults", elsewhere, own_log},
    Entry{"LogWhy", elsewhere, "dkimsignd always says why, and dkimkey explain before sending"},
    Entry{"MaximumHeaders", elsewhere, "dkimsignd has its own limit, 1 MiB"},
    Entry{"MilterDebug", elsewhere, "dkimsignd has log_level"},
    Entry{"MTACommand", elsewhere, "dkimsignd sends no mail"},
    Entry{"PidFile", elsewhere, service},
    Entry{"RequireSafeKeys", elsewhere, "dkimsignd never uses a key that others can read"},
    Entry{"SelectCanonicalizationHeader", elsewhere,
          "a sender cannot choose the canonicalization, here or by X-Canonicalization"},
    Entry{"Socket", elsewhere, "dkimsignd listens on its own socket, see socket; Postfix must be told"},
    Entry{"SoftStart", elsewhere, no_ldap},
    Entry{"SoftwareHeader", elsewhere, "dkimsignd adds nothing but signatures"},
    Entry{"Statistics", elsewhere, "dkimsignd keeps none apart from its log"},
    Entry{"StatisticsName", elsewhere, "dkimsignd keeps none apart from its log"},
    Entry{"StatisticsPrefix", elsewhere, "dkimsignd keeps none apart from its log"},
    Entry{"StatisticsPolicyScript", elsewhere, no_lua},
    Entry{"StrictTestMode", elsewhere, "it is for opendkim's own tests"},
    Entry{"Syslog", elsewhere, own_log},
    Entry{"SyslogFacility", elsewhere, "dkimsignd logs to the facility mail"},
    Entry{"SyslogName", elsewhere, "dkimsignd logs as dkimsignd"},
    Entry{"SyslogSuccess", elsewhere, own_log},
    Entry{"TemporaryDirectory", elsewhere, "dkimsignd has no temporary files"},
    Entry{"UMask", elsewhere, "dkimsignd has socket_mode"},
    Entry{"UserID", elsewhere, service},
    Entry{"X-Header", elsewhere, "dkimsignd adds nothing but signatures"},
    Entry{"LDAPAuthMechanism", elsewhere, no_ldap},
    Entry{"LDAPAuthName", elsewhere, no_ldap},
    Entry{"LDAPAuthRealm", elsewhere, no_ldap},
    Entry{"LDAPAuthUser", elsewhere, no_ldap},
    Entry{"LDAPBindPassword", elsewhere, no_ldap},
    Entry{"LDAPBindUser", elsewhere, no_ldap},
    Entry{"LDAPDisableCache", elsewhere, no_ldap},
    Entry{"LDAPKeepaliveIdle", elsewhere, no_ldap},
    Entry{"LDAPKeepaliveInterval", elsewhere, no_ldap},
    Entry{"LDAPKeepaliveProbes", elsewhere, no_ldap},
    Entry{"LDAPTimeout", elsewhere, no_ldap},
    Entry{"LDAPUseTLS", elsewhere, no_ldap},
    Entry{"ATPSDomains", otherwise, "dkimsignd writes no atps= (RFC 6541)"},
    Entry{"ATPSHashAlgorithm", otherwise, "dkimsignd writes no atps= (RFC 6541)"},
    Entry{"ATPSHash", otherwise, "dkimsignd writes no atps= (RFC 6541)"},
    Entry{"BodyLengthDB", otherwise,
          "dkimsignd never writes l=: text added after that length would pass as signed"},
    Entry{"ChangeRootDirectory", lost, "paths are taken as they are, not below another root"},
    Entry{"Diagnostics", otherwise, "dkimsignd writes no z="},
    Entry{"DontSignMailTo", otherwise, "dkimsignd does not look at recipients"},
    Entry{"FinalPolicyScript", otherwise, no_lua},
    Entry{"FixCRLF", otherwise, "dkimsignd signs lone CRs as they are and takes a lone LF for a line end"},
    Entry{"IdentityHeader", otherwise, "dkimsignd writes no i="},
    Entry{"IdentityHeaderRemove", otherwise, "dkimsignd writes no i="},
    Entry{"MaximumSignedBytes", otherwise, "dkimsignd never writes l=: the whole body is signed"},
    Entry{"POPDBFile", unsigned_mail, "dkimsignd does not know POP before SMTP"},
    Entry{"RemoveOldSignatures", otherwise, "dkimsignd leaves signatures of others alone"},
    Entry{"ReplaceHeaders", otherwise, "dkimsignd signs header fields as they are"},
    Entry{"ReplaceRules", otherwise, "dkimsignd signs header fields as they are"},
    Entry{"RequestReports", otherwise, "dkimsignd writes no r="},
    Entry{"RequiredHeaders", lost, "dkimsignd refuses no mail for its header fields"},
    Entry{"ResignAll", unsigned_mail, "dkimsignd does not verify, and so does not sign again"},
    Entry{"ResignMailTo", unsigned_mail, "dkimsignd does not look at recipients"},
    Entry{"ScreenPolicyScript", otherwise, no_lua},
    Entry{"SenderMacro", otherwise, "dkimsignd signs for the author in From:"},
    Entry{"SetupPolicyScript", unsigned_mail, no_lua},
    Entry{"StrictHeaders", lost, "dkimsignd refuses no mail for its header fields"},
};

}  // namespace

SettingFate fate_of(std::string_view name) {
  for (const auto& entry : entries) {
    if (canon::equal_ignoring_case(entry.name, name)) return {entry.fate, entry.why};
  }
  return {};
}

}  // namespace dkim::keytool::opendkim
