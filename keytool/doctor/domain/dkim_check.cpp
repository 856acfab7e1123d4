#include "keytool/doctor/domain/dkim_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "canon/printable.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/keys/record_text.hpp"
#include "keytool/keys/slots.hpp"
#include "keytool/output/txt_line.hpp"

namespace dkim::keytool {
namespace {

// No more keys are checked after this: a zone of dead servers costs seconds a server.
constexpr std::chrono::seconds most_time{60};

struct LookedAt {
  crypto::KeyState state = crypto::KeyState::pending;
  std::string name;   // the record's
  std::string value;  // as it should be
  bool others_sign = false;
  bool testing = false;
  RecordPlace place = {};
  KeyObservation observation = {};
  RecordView view = {};
};

// What the servers serve and should not.
struct Wrong {
  std::set<RecordStatus> statuses;
  bool same_key = true;
  bool too_long_for_its_form = false;

  bool only(RecordStatus status) const { return statuses.size() == 1 && statuses.contains(status); }
};

Wrong wrong_in(const LookedAt& key) {
  Wrong wrong;
  for (const auto& server : key.observation.record.servers) {
    if (!server.finding || is_expected(key.state, server.finding->status)) continue;
    wrong.statuses.insert(server.finding->status);
    wrong.same_key = wrong.same_key && server.finding->same_key;
    wrong.too_long_for_its_form = wrong.too_long_for_its_form || server.finding->too_long_for_its_form;
  }
  return wrong;
}

Severity severity_of(const LookedAt& key, const Wrong& wrong) {
  switch (key.state) {
    case crypto::KeyState::active:
      return wrong.same_key ? Severity::risk : Severity::broken;
    case crypto::KeyState::pending:
      // It does not sign yet. If no other key does, nothing is signed until its record is published.
      return key.others_sign ? Severity::risk : Severity::broken;
    case crypto::KeyState::retiring:
    case crypto::KeyState::revoked:
      break;
  }
  return Severity::risk;
}

std::string meaning(const LookedAt& key, const Wrong& wrong) {
  switch (key.state) {
    case crypto::KeyState::active:
      return wrong.same_key ? "" : "; receivers cannot verify what this key signs";
    case crypto::KeyState::pending:
      return key.others_sign ? "; the key cannot become active" : "; nothing is signed until it is";
    case crypto::KeyState::retiring:
      return "; mail on its way was signed with this key";
    case crypto::KeyState::revoked:
      break;
  }
  return "; receivers still accept what this revoked key signed";
}

std::string size_advice(const std::string& value, const Wrong& wrong) {
  const auto strings = crypto::txt_strings(value).size();
  if (strings < 2 || !wrong.too_long_for_its_form) return {};
  return fmt::format("; its {} bytes need {} strings of at most 255 in one record", value.size(), strings);
}

std::string advice_for(const LookedAt& key, const Wrong& wrong) {
  if (key.state == crypto::KeyState::revoked) return "empty the record, or remove it from the zone";
  if (wrong.only(RecordStatus::missing)) return "publish the record";
  if (wrong.only(RecordStatus::several)) {
    return fmt::format("leave this one record at the name, and remove every other{}",
                       size_advice(key.value, wrong));
  }
  return fmt::format("make the record this one, on every server of the zone{}",
                     size_advice(key.value, wrong));
}

Finding wrong_finding(const LookedAt& key, const Wrong& wrong) {
  const auto& view = key.view;
  Finding finding{severity_of(key, wrong), "dkim", key.name, {}, advice_for(key, wrong), {}};
  finding.what = fmt::format("the record of the {} key is {} ({}){}", to_string(key.state),
                             wrong.only(RecordStatus::missing) ? "not in DNS" : "not as it should be",
                             view.detail, meaning(key, wrong));
  finding.paste.push_back(txt_line(key.name, key.value));
  return finding;
}

Finding judge(const LookedAt& key) {
  const Wrong wrong = wrong_in(key);
  if (!wrong.statuses.empty()) return wrong_finding(key, wrong);
  const auto& view = key.view;
  const std::string state(to_string(key.state));
  if (view.state == RecordView::State::unknown || !view.all_answered) {
    return {Severity::unknown,
            "dkim",
            key.name,
            fmt::format("the record of the {} key could not be checked on every server: {}", state,
                        canon::printable(view.detail)),
            "if port 53 is blocked outward: --no-authoritative; otherwise fix those servers",
            {}};
  }
  if (key.observation.record.dnssec == Dnssec::bogus) {
    return {Severity::broken,
            "dkim",
            key.name,
            "the zone fails the resolver's DNSSEC checks; receivers that check see no record",
            "fix the zone's signatures or its DS record",
            {}};
  }
  if (key.testing && key.state == crypto::KeyState::active) {
    return {Severity::risk,
            "dkim",
            key.name,
            "the record says t=y, testing: receivers may treat mail signed with it as unsigned",
            "make keys without -t, or remove t=y from the record",
            {}};
  }
  return {Severity::good,
          "dkim",
          key.name,
          fmt::format("the record of the {} key is right on every server", state),
          {},
          {}};
}

// Reports the CNAME of a slot, which the owner of the domain has made; severity: of one that is not right.
Finding alias_finding(const RecordPlace& place, const AliasView& view, Severity severity) {
  const std::string line = fmt::format("{}. {} IN CNAME {}.", place.name, crypto::default_ttl, place.target);
  switch (view.state) {
    case AliasView::State::right:
      return {Severity::good,
              "dkim",
              place.name,
              fmt::format("its CNAME leads to {} on every server", place.target),
              {},
              {}};
    case AliasView::State::missing:
    case AliasView::State::wrong:
      return {severity, "dkim", place.name, view.detail, "ask the owner of the domain to make this record",
              {line}};
    case AliasView::State::unknown:
      break;
  }
  return {Severity::unknown,
          "dkim",
          place.name,
          view.detail,
          "if port 53 is blocked outward: --no-authoritative",
          {}};
}

class Checker {
 public:
  Checker(const canon::DomainName& domain, const crypto::KeyStore& store, const DnsAccess& access)
      : domain_(domain), store_(store), observer_(access, Observer::Misplaced::look_for) {}

  Findings run() {
    const auto read = store_.read_manifest(domain_);
    if (!read) return {};
    Findings findings;
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& entry : by_weight(read->manifest.keys)) {
      const std::string name = crypto::record_name(entry.selector, domain_);
      if (std::chrono::steady_clock::now() - begin > most_time) {
        findings.push_back(unknown(name, "not checked: the keys before it took too long"));
        continue;
      }
      try {
        const auto key = look(read->manifest, entry);
        findings.push_back(judge(key));
        add_alias_finding(findings, key);
      } catch (const crypto::Error& error) {
        findings.push_back(unknown(name, error.what()));
      }
    }
    check_free_slots(read->manifest, begin, findings);
    return findings;
  }

 private:
  // Puts the keys that sign first, so that a lack of time affects the others.
  static std::vector<crypto::KeyEntry> by_weight(std::vector<crypto::KeyEntry> keys) {
    std::erase_if(keys, [](const auto& entry) { return entry.forgotten.has_value(); });
    const auto weight = [](const crypto::KeyEntry& entry) {
      return entry.state == crypto::KeyState::active ? 0 : entry.state == crypto::KeyState::pending ? 1 : 2;
    };
    std::stable_sort(keys.begin(), keys.end(),
                     [&](const auto& a, const auto& b) { return weight(a) < weight(b); });
    return keys;
  }

  static Finding unknown(const std::string& name, const std::string& why) {
    return {Severity::unknown, "dkim", name, fmt::format("the record could not be checked: {}", why), {}, {}};
  }

  LookedAt look(const crypto::Manifest& manifest, const crypto::KeyEntry& entry) {
    const auto expected = store_.record_of(domain_, entry, manifest.record);
    const auto place = place_of(manifest, entry.selector, domain_);
    LookedAt key{.state = entry.state,
                 .name = place.published(),
                 .value = write_record(expected),
                 .testing = expected.flags.test,
                 .place = place};
    key.others_sign = std::any_of(manifest.keys.begin(), manifest.keys.end(),
                                  [](const auto& other) { return other.state == crypto::KeyState::active; });
    key.observation = observer_.look(place, expected);
    key.view = summarize(place, key.observation);
    return key;
  }

  // The CNAME that leads to the record, if there is to be one.
  static void add_alias_finding(Findings& findings, const LookedAt& key) {
    if (!key.observation.alias) return;
    // Nobody has to find the record of a revoked key.
    if (key.state == crypto::KeyState::revoked && key.view.alias.state == AliasView::State::missing) return;
    const bool signs = key.state == crypto::KeyState::active;
    findings.push_back(alias_finding(key.place, key.view.alias,
                                     signs || (key.state == crypto::KeyState::pending && !key.others_sign)
                                         ? Severity::broken
                                         : Severity::risk));
  }

  // The next key needs the CNAME of a free slot, too.
  void check_free_slots(const crypto::Manifest& manifest, std::chrono::steady_clock::time_point begin,
                        Findings& findings) {
    for (const auto& slot : manifest.slots) {
      if (slot.target.empty() || !is_free(slot, manifest)) continue;
      const auto place = place_of(manifest, slot.selector, domain_);
      if (std::chrono::steady_clock::now() - begin > most_time) {
        findings.push_back(unknown(place.name, "not checked: the keys before it took too long"));
        continue;
      }
      findings.push_back(
          alias_finding(place, summarize(place, observer_.look_at_alias(place)), Severity::risk));
    }
  }

  const canon::DomainName& domain_;
  const crypto::KeyStore& store_;
  Observer observer_;
};

}  // namespace

Findings check_keys_in_dns(const canon::DomainName& domain, const crypto::KeyStore& store,
                           const DnsAccess& access) {
  try {
    return Checker(domain, store, access).run();
  } catch (const crypto::Error& error) {
    return {{Severity::unknown,
             "dkim",
             domain.str(),
             fmt::format("the keys of the domain could not be read: {}", error.what()),
             {},
             {}}};
  }
}

}  // namespace dkim::keytool
