#include "keytool/opendkim/daemon_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "canon/text.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/header_lists.hpp"
#include "keytool/opendkim/host_list.hpp"
#include "keytool/opendkim/setting_names.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using crypto::longest_expiration;
using crypto::shortest_expiration;

// Words one setting that a later one overrides.
std::string override_text(const Setting& setting, const Setting& last) {
  const auto name = shown_word(setting.name);
  if (!setting.argument.empty()) {
    return fmt::format("{}: the argument {} is overridden by the one in {}", name, setting.argument,
                       last.place);
  }
  if (!last.argument.empty())
    return fmt::format("{} is overridden by the argument {} in {}", name, last.argument, last.place);
  return fmt::format("{} is set again further down", name);
}

class Reader {
 public:
  Reader(const ConfFile& conf, Sources& sources) : conf_(conf), sources_(sources) {}

  DaemonSettings read() {
    read_hosts();
    read_macros();
    read_canonicalization();
    read_headers();
    read_expiration();
    read_on_error();
    name_the_rest();
    return std::move(settings_);
  }

 private:
  using Kind = Remark::Kind;

  void lose(Kind kind, const Setting& setting, const std::string& why) {
    settings_.remarks.push_back({kind, setting.place, fmt::format("{}: {}", shown_word(setting.name), why)});
  }
  void add_remarks(const Remarks& remarks) {
    settings_.remarks.insert(settings_.remarks.end(), remarks.begin(), remarks.end());
  }

  // Returns nothing if the setting is missing or cannot be read; the latter is a remark of that kind.
  std::optional<DataSet> data_set(std::string_view name, Kind loss) {
    const auto* setting = conf_.find(name);
    if (setting == nullptr) return std::nullopt;
    auto data = read_data_set(conf_, *setting, sources_);
    if (data) return *std::move(data);
    lose(loss, *setting, data.refusal().reason);
    return std::nullopt;
  }

  // Reads names of header fields or macros. They go into the configuration, which everybody may read.
  std::optional<DataSet> names(std::string_view name, Kind loss) {
    auto data = data_set(name, loss);
    if (!data) return data;
    add_remarks(data->remarks);
    const auto is_name = [](const DataEntry& entry) { return is_harmless_word(entry.key); };
    if (data->file.empty() || std::all_of(data->entries.begin(), data->entries.end(), is_name)) return data;
    lose(loss, *conf_.find(name), fmt::format("{} has lines that are not names", data->file));
    return std::nullopt;
  }

  HostList hosts(const std::string& name, Kind loss) {
    const auto data = data_set(name, loss);
    if (!data) return {};
    HostList list(*data, name, loss);
    add_remarks(list.remarks());
    return list;
  }

  void read_hosts() {
    HostList internal = hosts("InternalHosts", Kind::unsigned_mail);
    if (conf_.find("InternalHosts") == nullptr) {
      internal.add("127.0.0.1");
      internal.add("::1");  // not mentioned in its manual
    }
    settings_.trusted_networks = internal.networks_without(hosts("PeerList", Kind::signed_otherwise));
  }

  void read_macros() {
    if (const auto mtas = names("MTA", Kind::unsigned_mail)) {
      for (const auto& entry : mtas->entries)
        settings_.macros["{daemon_name}"].push_back(entry.key);
    }
    const auto list = names("MacroList", Kind::unsigned_mail);
    if (!list) return;
    for (const auto& entry : list->entries) {
      // opendkim adds the braces itself, and finds nothing for a name that has them already.
      const bool is_name = (entry.key.size() > 1 || canon::is_alpha(entry.key[0])) &&
                           std::all_of(entry.key.begin(), entry.key.end(),
                                       [](char c) { return canon::is_alnum(c) || c == '_'; });
      if (!is_name) {
        settings_.remarks.push_back(
            note(entry.place, fmt::format("MacroList: {} names no macro there", shown_word(entry.key))));
        continue;
      }
      const std::string name = entry.key.size() == 1 ? entry.key : "{" + entry.key + "}";
      auto& values = settings_.macros[name];
      if (entry.value.empty()) any_value_.push_back(name);
      for (std::string_view rest = entry.value; !rest.empty();) {
        const auto end = std::min(rest.find('|'), rest.size());
        if (const auto value = canon::trim_fws(rest.substr(0, end)); !value.empty())
          values.emplace_back(value);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    for (const auto& name : any_value_)
      settings_.macros[name].clear();
  }

  void read_canonicalization() {
    const auto* setting = conf_.find("Canonicalization");
    if (setting == nullptr) return;
    if (const auto pair = canon::parse_canonicalization(canon::lower_case(setting->value))) {
      settings_.canonicalization = *pair;
    } else {
      lose(Kind::signed_otherwise, *setting,
           fmt::format("{} is not a canonicalization", shown_word(setting->value)));
    }
  }

  void read_headers() {
    const auto lists = plan_headers(names("SignHeaders", Kind::signed_otherwise),
                                    names("OmitHeaders", Kind::signed_otherwise),
                                    names("OversignHeaders", Kind::signed_otherwise));
    settings_.signed_headers = lists.signed_headers;
    settings_.oversigned_headers = lists.oversigned_headers;
    add_remarks(lists.remarks);
    const auto* setting = conf_.find("SenderHeaders");
    const auto sender = names("SenderHeaders", Kind::signed_otherwise);
    if (sender &&
        (sender->entries.size() != 1 || !canon::equal_ignoring_case(sender->entries[0].key, "From")))
      lose(Kind::signed_otherwise, *setting,
           "dkimsignd signs for the author in From: alone, as receivers look for (RFC 9989)");
  }

  void read_expiration() {
    const auto* setting = conf_.find("SignatureTTL");
    if (setting == nullptr) return;
    const auto& text = setting->value;
    long long seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc() && end == text.data() + text.size() && seconds >= 0 &&
        seconds <= longest_expiration) {
      const bool is_too_short = seconds > 0 && seconds < shortest_expiration;
      settings_.expiration = std::chrono::seconds(is_too_short ? shortest_expiration : seconds);
      if (is_too_short) {
        lose(Kind::signed_otherwise, *setting,
             fmt::format("receivers' clocks differ by more than {} seconds; {} are used", seconds,
                         shortest_expiration));
      }
    } else {
      lose(Kind::signed_otherwise, *setting,
           fmt::format("{} is not a number of seconds for which a signature can be valid", shown_word(text)));
    }
  }

  void read_on_error() {
    const Setting* setting = nullptr;
    for (const auto* name : {"On-SignatureError", "On-InternalError", "On-Default"}) {
      if (setting == nullptr) setting = conf_.find(name);
    }
    if (setting == nullptr) return;
    switch (canon::to_lower(setting->value.front())) {
      case 'a':
        settings_.on_error = OnError::accept;
        break;
      case 'r':
        settings_.on_error = OnError::reject;
        break;
      case 't':
        settings_.on_error = OnError::tempfail;
        break;
      default:
        settings_.on_error = OnError::tempfail;
        lose(
            Kind::not_taken, *setting,
            fmt::format("dkimsignd does not know {}: mail that cannot be signed is accepted, rejected or, as "
                        "now, deferred",
                        shown_word(setting->value)));
    }
  }

  // A switch that is off loses nothing.
  void lose_unless_off(Kind kind, const Setting& setting, std::string_view why) {
    if (setting.value.find_first_of("fFnN0") != 0 || setting.value.size() > 5)
      lose(kind, setting, std::string(why));
  }

  void name_the_rest() {
    std::vector<std::string> verifying;
    for (const auto& setting : conf_.settings()) {
      // If a setting is listed twice, the last one counts.
      if (const auto* last = conf_.find(setting.name); last != &setting) {
        settings_.remarks.push_back(note(setting.place, override_text(setting, *last)));
        continue;
      }
      const auto [fate, why] = fate_of(setting.name);
      switch (fate) {
        case Fate::taken:
          break;
        case Fate::verifying:
          verifying.push_back(setting.name);
          break;
        case Fate::elsewhere:
          settings_.remarks.push_back(note(setting.place, fmt::format("{}: {}", setting.name, why)));
          break;
        case Fate::unsigned_mail:
          lose_unless_off(Kind::unsigned_mail, setting, why);
          break;
        case Fate::signed_otherwise:
          lose_unless_off(Kind::signed_otherwise, setting, why);
          break;
        case Fate::lost:
          lose_unless_off(Kind::not_taken, setting, why);
          break;
        case Fate::unknown:
          lose(Kind::not_taken, setting, "opendkim has no such setting, and does not start with it");
      }
    }
    if (!verifying.empty())
      settings_.remarks.push_back(note(
          "", fmt::format("for verifying, which dkimsignd does not do: {}", fmt::join(verifying, ", "))));
  }

  const ConfFile& conf_;
  Sources& sources_;
  DaemonSettings settings_;
  std::vector<std::string> any_value_;
};

}  // namespace

std::string_view to_string(OnError on_error) {
  switch (on_error) {
    case OnError::accept:
      return "accept";
    case OnError::reject:
      return "reject";
    case OnError::tempfail:
      return "tempfail";
  }
  return {};
}

DaemonSettings plan_daemon_settings(const ConfFile& conf, Sources& sources) {
  return Reader(conf, sources).read();
}

}  // namespace dkim::keytool::opendkim
