#include "keytool/doctor/domain/dmarc_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

using Weight = DmarcRemark::Weight;

// The most that a remark quotes from the record.
constexpr std::size_t most_quoted = 60;

constexpr std::array<std::string_view, 11> tag_names{"v",   "p", "sp",  "np",  "adkim", "aspf",
                                                     "psd", "t", "rua", "ruf", "fo"};
constexpr std::array<std::string_view, 3> historic_names{"pct", "rf", "ri"};

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string quoted(std::string_view text) {
  if (text.size() <= most_quoted) return std::string(text);
  return std::string(text.substr(0, most_quoted)) + "...";
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && canon::is_wsp(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && canon::is_wsp(text.back()))
    text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// dmarc-value: printing characters and SP.
bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != ';'; });
}

std::optional<DmarcPolicy> read_policy(std::string_view value) {
  for (const auto policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject}) {
    if (canon::equal_ignoring_case(value, to_string(policy))) return policy;
  }
  return {};
}

// dmarc-fo: 0 or 1, d and s, each once at most.
bool is_failure_options(std::string_view value) {
  std::string seen;
  for (const auto option : split(value, ':')) {
    if (option.size() != 1) return false;
    const char c = option == "1" ? '0' : canon::to_lower(option.front());
    if (std::string_view("0ds").find(c) == std::string_view::npos || seen.find(c) != std::string::npos) {
      return false;
    }
    seen += c;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  DmarcRecord read() {
    const auto parts = split(text_, ';');
    if (parts.front().front() == 'V') {
      remark(Weight::wrong, "V= instead of v=: not all receivers recognize the record");
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const auto part = trimmed(parts[i]);
      if (!part.empty()) {
        read_part(part);
      } else if (i + 1 < parts.size()) {
        remark(Weight::idle, "an empty part between two semicolons is ignored");
      }
    }
    if (contains(seen_, "fo") && !contains(seen_, "ruf")) {
      remark(Weight::idle, "fo= has no effect without ruf=");
    }
    return std::move(record_);
  }

 private:
  void remark(Weight weight, std::string text) {
    const bool said = std::any_of(record_.remarks.begin(), record_.remarks.end(),
                                  [&](const auto& other) { return other.text == text; });
    if (!said && record_.remarks.size() < DmarcRecord::most_remarks) {
      record_.remarks.push_back({weight, std::move(text)});
    }
  }

  void read_part(std::string_view part) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      return remark(Weight::wrong, fmt::format("\"{}\" is not a tag: it has no =", quoted(part)));
    }
    const auto name = trimmed(part.substr(0, equals));
    const auto value = trimmed(part.substr(equals + 1));
    const std::string tag = quoted(name) + "=";
    if (!contains(tag_names, name) && !contains(historic_names, name)) return read_other(name, tag);
    if (!seen_.insert(std::string(name)).second) {
      return remark(Weight::wrong,
                    fmt::format("{} occurs more than once: receivers use the first, the last or none of the "
                                "record",
                                tag));
    }
    read_tag(name, value);
  }

  void read_other(std::string_view name, const std::string& tag) {
    const std::string lower = canon::lower_case(name);
    if (contains(tag_names, lower)) {
      return remark(Weight::wrong, fmt::format("{} instead of {}=: tag names are in lower case", tag, lower));
    }
    remark(Weight::idle, fmt::format("{} is not a tag of DMARC, and is ignored", tag));
  }

  void read_tag(std::string_view name, std::string_view value) {
    if (name == "p") record_.policy = read_policy_tag(name, value);
    if (name == "sp") record_.subdomain_policy = read_policy_tag(name, value);
    if (name == "np") record_.nonexistent_policy = read_policy_tag(name, value);
    if (name == "adkim") record_.strict_dkim = read_letter(name, value, "rs", "r or s") == 's';
    if (name == "aspf") record_.strict_spf = read_letter(name, value, "rs", "r or s") == 's';
    if (name == "t") record_.testing = read_letter(name, value, "ny", "y or n") == 'y';
    if (name == "psd") {
      const char psd = read_letter(name, value, "uyn", "y, n or u");
      if (psd == 'y') record_.public_suffix = PublicSuffix::yes;
      if (psd == 'n') record_.public_suffix = PublicSuffix::no;
    }
    if (name == "fo" && !is_failure_options(value)) {
      remark(Weight::wrong,
             fmt::format("{} is not a list of 0 or 1, d and s with colons between them, and counts as 0",
                         said(name, value)));
    }
    if (name == "rua") record_.aggregate = read_addresses(name, value);
    if (name == "ruf") record_.failure = read_addresses(name, value);
    if (name == "pct") {
      remark(Weight::idle,
             "pct= is obsolete since RFC 9989: the policy is for all mail, but older receivers may still use "
             "pct=");
    }
    if (name == "rf" || name == "ri") {
      remark(Weight::idle, fmt::format("{}= is obsolete since RFC 9989, and has no effect", name));
    }
  }

  static std::string said(std::string_view name, std::string_view value) {
    return fmt::format("{}={}", name, quoted(value));
  }

  DmarcPolicyTag read_policy_tag(std::string_view name, std::string_view value) {
    const DmarcPolicyTag tag{.present = true, .value = read_policy(value)};
    if (tag.value) return tag;
    const bool swallowed = value.find('=') != std::string_view::npos;
    remark(Weight::invalid_policy, fmt::format("{} is not none, quarantine or reject{}", said(name, value),
                                               swallowed ? ": a semicolon is missing in it" : ""));
    return tag;
  }

  // Returns one of the letters; the first, which is the default, if the value is none of them.
  char read_letter(std::string_view name, std::string_view value, std::string_view letters,
                   const char* allowed) {
    const char letter = value.size() == 1 ? canon::to_lower(value.front()) : '\0';
    if (letter != '\0' && letters.find(letter) != std::string_view::npos) return letter;
    remark(Weight::wrong,
           fmt::format("{} is not {}, and counts as {}", said(name, value), allowed, letters.front()));
    return letters.front();
  }

  std::vector<ReportAddress> read_addresses(std::string_view name, std::string_view value) {
    std::vector<ReportAddress> addresses;
    if (value.empty()) {
      remark(Weight::wrong, fmt::format("{}=: there is no address", name));
      return addresses;
    }
    if (!is_value(value)) {
      remark(Weight::wrong, fmt::format("{}=: a character that no value may have", name));
      return addresses;
    }
    for (const auto part : split(value, ',')) {
      const auto text = trimmed(part);
      auto address = parse_report_address(text);
      if (!address) {
        remark(Weight::wrong, fmt::format("{}=: {} {}", name, text.empty() ? "an address" : quoted(text),
                                          address.refusal().reason));
        continue;
      }
      if (!address->limit.empty()) {
        remark(Weight::idle, fmt::format("{}=: the limit !{} is obsolete since RFC 9989, and is ignored",
                                         name, quoted(address->limit)));
      }
      if (address->domain.empty()) {
        remark(Weight::idle,
               fmt::format("{}=: {} is not a mailto: URI, and receivers that only send mail ignore it", name,
                           quoted(address->uri)));
      }
      addresses.push_back(*std::move(address));
    }
    return addresses;
  }

  std::string_view text_;
  DmarcRecord record_;
  std::set<std::string, std::less<>> seen_{"v"};
};

}  // namespace

std::string_view to_string(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none:
      return "none";
    case DmarcPolicy::quarantine:
      return "quarantine";
    case DmarcPolicy::reject:
      break;
  }
  return "reject";
}

DmarcPolicy under_test(DmarcPolicy policy) {
  return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

std::optional<DmarcPolicy> DmarcRecord::policy_for(DmarcScope scope) const {
  if (!policy.value || subdomain_policy.is_invalid() || nonexistent_policy.is_invalid()) {
    return aggregate.empty() ? std::nullopt : std::optional(DmarcPolicy::none);
  }
  const auto subdomains = subdomain_policy.value.value_or(*policy.value);
  switch (scope) {
    case DmarcScope::domain:
      return policy.value;
    case DmarcScope::subdomain:
      return subdomains;
    case DmarcScope::missing_subdomain:
      break;
  }
  return nonexistent_policy.value.value_or(subdomains);
}

// dmarc-version: "v" in either case, "DMARC1" as it stands, white space around the "=" and before the ";".
bool is_dmarc_record(std::string_view text) {
  const auto first = text.substr(0, text.find(';'));
  const auto equals = first.find('=');
  if (equals == std::string_view::npos || first.empty() || canon::is_wsp(first.front())) return false;
  return canon::equal_ignoring_case(trimmed(first.substr(0, equals)), "v") &&
         trimmed(first.substr(equals + 1)) == "DMARC1";
}

std::optional<std::string> why_no_dmarc_record(std::string_view text) {
  if (is_dmarc_record(text)) return {};
  const std::string lower = canon::lower_case(text);
  const auto version = lower.find("dmarc1");
  if (version == std::string::npos) {
    const bool meant = lower.starts_with("p=") || lower.find(";p=") != std::string::npos ||
                       lower.find(" p=") != std::string::npos || lower.find("dmarc") != std::string::npos;
    if (!meant || lower.starts_with("v=spf") || lower.starts_with("v=dkim")) return {};
    return "has no v=DMARC1; in front";
  }
  if (text.find('\\') < version || text.substr(version).starts_with("DMARC1\\"))
    return "contains a backslash, which only zone files need";
  if (text.front() == '"' || text.front() == '\'')
    return "begins with a quotation mark that was stored with it";
  if (canon::is_fws(text.front())) return "begins with white space";
  if (is_dmarc_record("v=DMARC1" + std::string(text.substr(version + 6))) && lower.starts_with("v")) {
    return "does not spell its version exactly as v=DMARC1, in capitals";
  }
  if (lower.starts_with("v") && version < 8) return "has no semicolon after v=DMARC1";
  return "does not begin with v=DMARC1;";
}

std::optional<DmarcRecord> read_dmarc_record(std::string_view text) {
  if (!is_dmarc_record(text)) return {};
  return Reader(text).read();
}

}  // namespace dkim::keytool
