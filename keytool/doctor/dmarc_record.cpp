#include "keytool/doctor/dmarc_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "canon/domain_name.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

using Trouble = std::optional<canon::Refusal>;

std::optional<DmarcPolicy> read_policy(std::string_view value) {
  for (const auto policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject}) {
    if (canon::equal_ignoring_case(value, to_string(policy))) return policy;
  }
  return {};
}

std::optional<unsigned> read_number(std::string_view value) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return {};
  return number;
}

std::vector<std::string_view> split(std::string_view value, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= value.size();) {
    const auto end = std::min(value.find(separator, at), value.size());
    parts.push_back(canon::trim_fws(value.substr(at, end - at)));
    at = end + 1;
  }
  return parts;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  canon::Result<DmarcRecord> read() {
    const auto tags = canon::TagList::parse(text_);
    if (!tags) return tags.refusal();
    if (!tags->find("p")) return canon::Refusal{"no p=", text_.size()};
    record_.subdomain_policy = DmarcPolicy::none;
    std::optional<DmarcPolicy> subdomains;
    for (const auto& tag : tags->tags()) {
      auto trouble = read_tag(tag, subdomains);
      if (trouble) return *std::move(trouble);
    }
    record_.subdomain_policy = subdomains.value_or(record_.policy);
    return std::move(record_);
  }

 private:
  std::size_t octet_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text_.data());
  }

  Trouble read_tag(const canon::Tag& tag, std::optional<DmarcPolicy>& subdomains) {
    const auto bad = [&](const char* what) { return Trouble(canon::Refusal{what, octet_of(tag.value)}); };
    if (tag.name == "p" || tag.name == "sp") {
      const auto policy = read_policy(tag.value);
      if (!policy) return bad("a policy other than none, quarantine and reject");
      if (tag.name == "p") record_.policy = *policy;
      if (tag.name == "sp") subdomains = policy;
    }
    if (tag.name == "adkim" || tag.name == "aspf") {
      const bool strict = canon::equal_ignoring_case(tag.value, "s");
      if (!strict && !canon::equal_ignoring_case(tag.value, "r"))
        return bad("an alignment other than r and s");
      (tag.name == "adkim" ? record_.strict_dkim : record_.strict_spf) = strict;
    }
    if (tag.name == "pct") {
      const auto percent = read_number(tag.value);
      if (!percent || *percent > 100) return bad("a percentage that is none");
      record_.percent = *percent;
    }
    if (tag.name == "ri" && !read_number(tag.value)) return bad("an interval that is no number");
    if (tag.name == "fo") {
      for (const auto& option : canon::split_colons(tag.value)) {
        if (option.size() != 1 || std::string_view("01dsDS").find(option) == std::string_view::npos) {
          return bad("an option other than 0, 1, d and s");
        }
      }
    }
    if (tag.name == "rua" || tag.name == "ruf") return read_addresses(tag);
    return {};
  }

  // mailto:USER@DOMAIN[!SIZE], between commas (§6.2).
  Trouble read_addresses(const canon::Tag& tag) {
    constexpr std::string_view mailto = "mailto:";
    for (std::string_view address : split(tag.value, ',')) {
      const auto colon = address.find(':');
      if (colon == 0 || colon == std::string_view::npos) {
        return canon::Refusal{"an address without mailto: before it", octet_of(address)};
      }
      if (!canon::equal_ignoring_case(address.substr(0, mailto.size()), mailto)) continue;
      const auto end = std::min(address.find_first_of("!?"), address.size());
      const auto at = address.substr(0, end).rfind('@');
      const auto domain =
          canon::DomainName::parse(at == std::string_view::npos ? "" : address.substr(at + 1, end - at - 1));
      if (!domain) return canon::Refusal{"a mailto: without a mail address", octet_of(address)};
      if (tag.name == "rua") record_.report_domains.push_back(domain->str());
    }
    return {};
  }

  std::string_view text_;
  DmarcRecord record_;
};

}  // namespace

std::string_view to_string(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none:
      return "none";
    case DmarcPolicy::quarantine:
      return "quarantine";
    default:
      return "reject";
  }
}

bool is_dmarc_record(std::string_view text) {
  const auto first = text.substr(0, text.find(';'));
  const auto equals = first.find('=');
  return equals != std::string_view::npos && canon::trim_fws(first.substr(0, equals)) == "v" &&
         canon::trim_fws(first.substr(equals + 1)) == "DMARC1";
}

canon::Result<DmarcRecord> parse_dmarc_record(std::string_view text) {
  if (!is_dmarc_record(text)) return canon::Refusal{"not a record that begins with v=DMARC1", 0};
  return Reader(text).read();
}

}  // namespace dkim::keytool
