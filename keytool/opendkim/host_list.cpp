#include "keytool/opendkim/host_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using canon::Network;

// Both [2001:db8::1] and [2001:db8::]/32 are in use.
std::string without_brackets(std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  std::string_view address = text.substr(0, slash);
  if (address.size() >= 2 && address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  return std::string(address) + std::string(text.substr(slash));
}

// Accepts a network even if its host bits are set.
std::optional<Network> parse_range(std::string_view text) {
  return Network::parse_masked(without_brackets(text));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 3 && std::all_of(text.begin(), text.end(), canon::is_digit);
}

// Accepts up to four hexadecimal digits, as inet_ntop writes them: 0 may be hidden in "::".
bool is_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return canon::is_digit(c) || (canon::to_lower(c) >= 'a' && canon::to_lower(c) <= 'f');
         });
}

// Reads a pattern that matches all addresses of one network and no others: "10.1.*", "192.168.*.*",
// "2001:db8:*".
std::optional<Network> range_of_pattern(std::string_view text) {
  const bool v4 = text.find(':') == std::string_view::npos;
  const char separator = v4 ? '.' : ':';
  const std::size_t most = v4 ? 3 : 7;
  const unsigned bits = v4 ? 8 : 16;
  std::string address;
  unsigned parts = 0;
  unsigned stars = 0;
  for (bool last = false; !last;) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    last = end == text.size();
    text.remove_prefix(std::min(end + 1, text.size()));
    stars += part == "*" ? 1 : 0;
    if (stars > 0 && part != "*") return std::nullopt;
    if (stars > 0) continue;
    if (parts >= most || !(v4 ? is_number(part) : is_group(part))) return std::nullopt;
    address += std::string(part) + separator;
    ++parts;
  }
  // The number of colons in an address varies.
  if (parts == 0 || stars == 0 || (v4 ? parts + stars > 4 : stars > 1)) return std::nullopt;
  if (!v4) return parse_range(address + ":/" + std::to_string(parts * bits));
  for (unsigned i = parts; i < 4; ++i)
    address += i + 1 < 4 ? "0." : "0";
  return parse_range(address + "/" + std::to_string(parts * bits));
}

bool is_open(std::string_view text) {
  return text.find('*') != std::string_view::npos || is_regular_expression(text);
}

bool looks_like_host(std::string_view text) {
  if (text.starts_with('!')) text.remove_prefix(1);
  return parse_range(text) || canon::equal_ignoring_case(text, "localhost") ||
         (text.find('.') != std::string_view::npos && canon::is_alpha(text.back()) && is_harmless_word(text));
}

}  // namespace

HostList::HostList(const DataSet& data, const std::string& setting, Remark::Kind loss) {
  remarks_ = data.remarks;
  const auto plausible = [](const DataEntry& entry) { return looks_like_host(entry.key); };
  if (!data.file.empty() && !data.entries.empty() &&
      std::none_of(data.entries.begin(), data.entries.end(), plausible)) {
    remarks_.push_back(
        {loss, data.file, fmt::format("{}: none of its lines is an address, a network or a host", setting)});
    return;
  }
  const Context context{setting, loss};
  const bool of_patterns = data.type == DataSetName::Type::patterns;
  const auto is_pattern = [&](const DataEntry& entry) { return of_patterns && is_open(entry.key); };
  for (const auto& entry : data.entries) {
    if (!is_pattern(entry)) add_entry(entry, context);
  }
  for (const auto& entry : data.entries) {
    if (is_pattern(entry)) add_pattern(entry, context);
  }
}

void HostList::add(const std::string& network) {
  if (const auto range = Network::parse(network)) ranges_[*range] = Entry::listed;
}

void HostList::say(Remark::Kind kind, const DataEntry& entry, std::string text) {
  remarks_.push_back({kind, entry.place, std::move(text)});
}

void HostList::add_pattern(const DataEntry& entry, const Context& context) {
  const bool negated = entry.key.starts_with('!');
  const std::string_view host = std::string_view(entry.key).substr(negated ? 1 : 0);
  const std::string word = shown_word(entry.key);
  if (is_regular_expression(host)) {
    if (parse_range(host)) {
      say(Remark::Kind::note, entry,
          fmt::format("{}: {} matches no host there: in a refile, brackets are part of a regular expression",
                      context.setting, word));
    } else {
      say(context.loss, entry,
          fmt::format("{}: {} has characters that opendkim reads as a regular expression", context.setting,
                      word));
    }
  } else if (host.find_first_not_of('*') == std::string_view::npos) {
    // opendkim asks for "!ADDRESS" before it asks for the address, and the pattern matches that, too.
    nobody_ = true;
    say(Remark::Kind::note, entry,
        fmt::format("{}: {} says no to every host there: opendkim takes a pattern that begins with * for an "
                    "exception as well",
                    context.setting, word));
  } else if (const auto range = range_of_pattern(host)) {
    add_range(entry, context, *range);
  } else if (host.starts_with('*') && looks_like_host(host)) {
    say(Remark::Kind::note, entry,
        fmt::format("{}: {} matches no host there: opendkim takes a pattern that begins with * for an "
                    "exception as well",
                    context.setting, word));
  } else {
    say(context.loss, entry,
        fmt::format("{}: {}: a pattern of hosts that is not one network", context.setting, word));
  }
}

void HostList::add_range(const DataEntry& entry, const Context& context, const Network& range) {
  const Entry decides = entry.key.starts_with('!') ? Entry::excepted : Entry::listed;
  // A pattern is as precise as an address: unlike a network, it wins over the networks within it.
  const auto contradicts = [&](const auto& known) {
    return known.second != decides && range.contains(known.first);
  };
  if (std::any_of(ranges_.begin(), ranges_.end(), contradicts)) {
    say(context.loss, entry,
        fmt::format("{}: {}: a pattern that contradicts another entry", context.setting,
                    shown_word(entry.key)));
    return;
  }
  // opendkim asks for the networks that hold an address as well, such as 10.0.0.0/7 for one of 11.0.0.0/8: a
  // pattern whose last bits are zero matches more than was meant.
  unsigned significant = range.mapped_prefix();
  while (significant > (range.is_v4() ? canon::IpAddress::mapped_bits : 0) && !range.has_bit(significant - 1))
    --significant;
  if (significant < range.mapped_prefix()) {
    say(Remark::Kind::note, entry,
        fmt::format("{}: {} is taken for {}; there it matches all of {}", context.setting,
                    shown_word(entry.key), range.text(), range.widened(significant).text()));
  }
  ranges_.emplace(range, decides);
}

void HostList::add_entry(const DataEntry& entry, const Context& context) {
  const bool negated = entry.key.starts_with('!');
  const std::string host = entry.key.substr(negated ? 1 : 0);
  const std::string word = shown_word(entry.key);
  if (const auto range = parse_range(host)) {
    if (!Network::parse(without_brackets(host))) {
      say(Remark::Kind::note, entry,
          fmt::format("{}: {} matches no host there, since bits beyond the prefix are set", context.setting,
                      word));
      return;
    }
    // If an entry and its negation are both listed, the negation wins.
    const auto [known, added] = ranges_.emplace(*range, negated ? Entry::excepted : Entry::listed);
    if (negated) known->second = Entry::excepted;
    return;
  }
  if (canon::equal_ignoring_case(host, "localhost") && !negated) {
    ranges_.emplace(*parse_range("127.0.0.1"), Entry::listed);
    ranges_.emplace(*parse_range("::1"), Entry::listed);
    return;
  }
  if (host.find_first_not_of("0123456789./") == std::string::npos) {
    say(Remark::Kind::note, entry, fmt::format("{}: {} matches no host there", context.setting, word));
  } else if (host.find_first_of(" \t") != std::string::npos) {
    say(Remark::Kind::note, entry,
        fmt::format("{}: {} matches no host there: commas divide the entries of a list", context.setting,
                    word));
  } else if (host.find('*') != std::string::npos) {
    say(Remark::Kind::note, entry,
        fmt::format("{}: {} matches no host there: * is an ordinary character outside of a refile",
                    context.setting, word));
  } else {
    say(context.loss, entry,
        fmt::format("{}: {}: a host is trusted by address, not by the name that its reverse DNS claims",
                    context.setting, word));
  }
}

HostList::Entry HostList::decision(const Network& range) const {
  if (nobody_) return Entry::excepted;
  for (unsigned prefix = range.mapped_prefix() + 1; prefix-- > 0;) {
    if (const auto entry = ranges_.find(range.widened(prefix)); entry != ranges_.end()) return entry->second;
  }
  return Entry::excepted;
}

// The entries within a range follow it in the map's order.
bool HostList::is_uniform(const Network& range) const {
  if (nobody_) return true;
  const Entry whole = decision(range);
  for (auto entry = ranges_.upper_bound(range); entry != ranges_.end() && range.contains(entry->first);
       ++entry) {
    if (entry->second != whole) return false;
  }
  return true;
}

std::vector<std::string> HostList::parts_of(const Network& range, const HostList& in, const HostList& out) {
  if (in.is_uniform(range) && out.is_uniform(range)) {
    if (in.decision(range) == Entry::excepted || out.decision(range) == Entry::listed) return {};
    return {range.text()};
  }
  auto parts = parts_of(range.lower_half(), in, out);
  const auto upper = parts_of(range.upper_half(), in, out);
  parts.insert(parts.end(), upper.begin(), upper.end());
  return parts;
}

std::vector<std::string> HostList::networks_without(const HostList& others) const {
  std::vector<std::string> found;
  const auto is_within_another = [&](const Network& range) {
    for (unsigned prefix = 0; prefix < range.mapped_prefix(); ++prefix) {
      const auto outer = ranges_.find(range.widened(prefix));
      if (outer != ranges_.end() && outer->second == Entry::listed) return true;
    }
    return false;
  };
  for (const auto& [range, entry] : ranges_) {
    if (entry == Entry::excepted || is_within_another(range)) continue;
    const auto parts = parts_of(range, *this, others);
    found.insert(found.end(), parts.begin(), parts.end());
  }
  return found;
}

}  // namespace dkim::keytool::opendkim
