#include "keytool/opendkim/amavis_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "canon/text.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/opendkim/header_lists.hpp"
#include "keytool/opendkim/host_list.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

// amavisd's own default of @mynetworks.
constexpr std::array default_networks{"127.0.0.0/8", "::1",           "169.254.0.0/16", "fe80::/10",
                                      "10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};

std::optional<long long> number_of(const std::string& text) {
  long long number = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end ? std::optional(number) : std::nullopt;
}

// Finds the value that most groups of senders have. Groups without the option have no wish.
std::optional<AmavisOption> most_common(const std::vector<AmavisOptions>& used, const std::string& name) {
  std::map<std::string, std::size_t> counts;
  std::optional<AmavisOption> best;
  for (const auto& options : used) {
    const auto option = options.find(name);
    if (option == options.end()) continue;
    const auto count = ++counts[option->second.value];
    if (!best || count > counts[best->value]) best = option->second;
  }
  return best;
}

class Translator {
 public:
  Translator(const AmavisConf& conf, const std::vector<AmavisOptions>& used) : conf_(conf), used_(used) {}

  DaemonSettings translate() {
    read_networks();
    read_canonicalization();
    read_expiration();
    read_fields();
    for (const auto& table : conf_.tables) {
      for (const auto& [sender, options] : table)
        name_other_options(options);
    }
    return std::move(settings_);
  }

 private:
  void say(Remark remark) { settings_.remarks.push_back(std::move(remark)); }
  void say(const Remarks& remarks) {
    settings_.remarks.insert(settings_.remarks.end(), remarks.begin(), remarks.end());
  }

  void read_networks() {
    HostList list;
    if (conf_.networks) {
      // In amavisd the first match decides, and not the most precise one.
      list = HostList(DataSet{DataSetName::Type::list, *conf_.networks}, "@mynetworks",
                      Remark::Kind::unsigned_mail);
      say(list.remarks());
    } else {
      for (const auto* network : default_networks)
        list.add(network);
      say(note("",
               "@mynetworks is not set: the networks of amavisd's default are taken, see trusted_networks"));
    }
    settings_.trusted_networks = list.networks_without({});
    const auto originating = conf_.switches.find("$originating");
    if (originating != conf_.switches.end() && originating->second.value != "0" &&
        !originating->second.value.empty()) {
      say(unsigned_mail(originating->second.place,
                        "$originating: amavisd signs mail of every client, also of one that only claims your "
                        "domains; dkimsignd signs for trusted_networks and for clients that log in"));
    }
  }

  // Remarks on each value that is not the one that is taken.
  void name_others(const std::string& name, const AmavisOption& taken) {
    std::map<std::string, std::string> others;
    for (const auto& options : used_) {
      const auto option = options.find(name);
      if (option != options.end() && option->second.value != taken.value)
        others.emplace(option->second.value, option->second.place);
    }
    for (const auto& [value, place] : others) {
      say(signed_otherwise(place, fmt::format("{} => {}: dkimsignd has one value for all mail, here {}", name,
                                              shown_word(value), shown_word(taken.value))));
    }
  }

  void read_canonicalization() {
    const auto option = most_common(used_, "c");
    if (!option) return;
    name_others("c", *option);
    if (const auto pair = canon::parse_canonicalization(canon::lower_case(option->value))) {
      settings_.canonicalization = *pair;
    } else {
      say(signed_otherwise(
          option->place, fmt::format("c => {}: that is not a canonicalization", shown_word(option->value))));
    }
  }

  void read_expiration() {
    const auto option = most_common(used_, "ttl");
    if (!option) return;
    name_others("ttl", *option);
    const auto seconds = number_of(option->value);
    if (!seconds || *seconds < 0 || *seconds > crypto::longest_expiration) {
      say(signed_otherwise(
          option->place,
          fmt::format("ttl => {}: that is not a number of seconds for which a signature can be valid",
                      shown_word(option->value))));
      return;
    }
    settings_.expiration = std::chrono::seconds(*seconds);
    if (*seconds > 0 && *seconds < crypto::shortest_expiration) {
      settings_.expiration = std::chrono::seconds(crypto::shortest_expiration);
      say(signed_otherwise(option->place,
                           fmt::format("ttl => {}: receivers' clocks differ by more than that; {} are used",
                                       *seconds, crypto::shortest_expiration)));
    }
  }

  // dkimsignd's list of fields is longer than amavisd's: only what was changed is taken.
  void read_fields() {
    DataSet signed_fields{DataSetName::Type::list, {{"*", {}, {}}}};
    DataSet omitted{DataSetName::Type::list, {}};
    for (const auto& [name, option] : conf_.signed_fields) {
      const bool is_signed = option.value != "0" && !option.value.empty();
      if (!canon::is_field_name(name)) {
        say(signed_otherwise(option.place, "%signed_header_fields: that is not a field name"));
      } else if (is_signed && (name == "received" || name == "return-path")) {
        say(signed_otherwise(option.place,
                             fmt::format("%signed_header_fields: each hop adds or changes {}; dkimsignd "
                                         "does not sign it",
                                         name)));
      } else if (!is_signed) {
        omitted.entries.push_back({name, {}, option.place});
      } else {
        signed_fields.entries.push_back({"+" + name, {}, option.place});
      }
    }
    if (conf_.signed_fields.empty()) return;
    auto lists = plan_headers(signed_fields, omitted, std::nullopt);
    settings_.signed_headers = std::move(lists.signed_headers);
    say(lists.remarks);
  }

  void name_other_options(const AmavisOptions& options) {
    for (const auto& [name, option] : options) {
      if (name == "c" || name == "ttl" || name == "d" || name == "s") continue;
      if (name == "a") {
        if (canon::equal_ignoring_case(option.value, "rsa-sha1"))
          say(note(
              option.place,
              "a => rsa-sha1: receivers no longer accept it (RFC 8301); dkimsignd signs with rsa-sha256"));
      } else if (name == "i") {
        say(signed_otherwise(option.place, "i: dkimsignd writes no i="));
      } else if (name == "l" || name == "z") {
        say(note(option.place, fmt::format("{}: amavisd ignores it as well", name)));
      } else {
        say(signed_otherwise(option.place,
                             fmt::format("the option {} has no counterpart", shown_word(name))));
      }
    }
  }

  const AmavisConf& conf_;
  const std::vector<AmavisOptions>& used_;
  DaemonSettings settings_;
};

}  // namespace

DaemonSettings plan_amavis_settings(const AmavisConf& conf, const std::vector<AmavisOptions>& used) {
  return Translator(conf, used).translate();
}

DeclaredRecord record_of_key(const AmavisKey& key) {
  constexpr std::size_t longest_note = 200;
  if (key.options.empty()) return {};
  DeclaredRecord record;
  crypto::RecordFlags flags;
  for (const auto& [name, option] : key.options) {
    const std::string listed = ":" + canon::without_fws(option.value) + ":";
    if (name == "t") {
      flags.strict = listed.find(":s:") != std::string::npos;
      flags.test = listed.find(":y:") != std::string::npos;
    } else if (name == "s") {
      flags.email_only = listed == ":email:";
    } else if (name == "h" &&
               std::all_of(option.value.begin(), option.value.end(),
                           [](char c) { return canon::is_alnum(c) || c == ':'; }) &&
               listed.find(":sha256:") != std::string::npos) {
      flags.hashes = option.value;
    } else if (name == "n" && option.value.size() <= longest_note &&
               std::none_of(option.value.begin(), option.value.end(), canon::is_control)) {
      flags.note = option.value;
    } else if (name != "k" && name != "v" && name != "g") {
      record.remarks.push_back(not_taken(
          option.place, fmt::format("dkim_key: the tag {} of the record is not taken", shown_word(name))));
    }
  }
  record.flags = flags;
  return record;
}

}  // namespace dkim::keytool::opendkim
