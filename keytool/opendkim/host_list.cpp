#include "keytool/opendkim/host_list.hpp"

#include <algorithm>

#include "canon/ip_address.hpp"
#include "canon/text.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using canon::Network;

// Both [2001:db8::1] and [2001:db8::]/32 are in use.
std::string without_brackets(std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  return std::string(canon::without_brackets(text.substr(0, slash))) + std::string(text.substr(slash));
}

// A network even if its host bits are set.
std::optional<Network> parse_range(std::string_view text) {
  return Network::parse_masked(without_brackets(text));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 3 && std::all_of(text.begin(), text.end(), canon::is_digit);
}

// Of four hexadecimal digits at most, as inet_ntop writes them: 0 may be hidden in "::".
bool is_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return canon::is_digit(c) || (canon::to_lower(c) >= 'a' && canon::to_lower(c) <= 'f');
         });
}

// "10.1.*", "192.168.*.*" and "2001:db8:*": patterns that match the addresses of one network, all of them.
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
  // How many colons an address has, no one knows.
  if (parts == 0 || stars == 0 || (v4 ? parts + stars > 4 : stars > 1)) return std::nullopt;
  if (!v4) return parse_range(address + ":/" + std::to_string(parts * bits));
  for (unsigned i = parts; i < 4; ++i)
    address += i + 1 < 4 ? "0." : "0";
  return parse_range(address + "/" + std::to_string(parts * bits));
}

// Bytes that mean something in the regular expression that opendkim makes of a pattern; it escapes the dot.
bool is_regular_expression(std::string_view text) {
  return text.find_first_of("()[]{}|+?^$\\") != std::string_view::npos;
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
    remarks_.push_back({loss, data.file, setting + ": none of its lines is an address, a network or a host"});
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
  if (const auto range = Network::parse(network)) ranges_[*range] = true;
}

void HostList::say(Remark::Kind kind, const DataEntry& entry, const Context& context,
                   const std::string& what) {
  remarks_.push_back({kind, entry.place, context.setting + ": " + shown_word(entry.key) + what});
}

void HostList::add_pattern(const DataEntry& entry, const Context& context) {
  const bool negated = entry.key.starts_with('!');
  const std::string_view host = std::string_view(entry.key).substr(negated ? 1 : 0);
  if (is_regular_expression(host)) {
    const bool is_address = parse_range(host).has_value();
    say(is_address ? Remark::Kind::note : context.loss, entry, context,
        is_address ? " matches no host there: in a refile brackets are signs of a regular expression"
                   : " has signs that opendkim reads as a regular expression");
  } else if (host.find_first_not_of('*') == std::string_view::npos) {
    // opendkim asks for "!ADDRESS" before it asks for the address, and the pattern matches that, too.
    nobody_ = true;
    say(Remark::Kind::note, entry, context,
        " says no to every host there: opendkim takes a pattern that begins with * for an exception as well");
  } else if (const auto range = range_of_pattern(host)) {
    add_range(entry, context, *range);
  } else if (host.starts_with('*') && looks_like_host(host)) {
    say(Remark::Kind::note, entry, context,
        " matches no host there: opendkim takes a pattern that begins with * for an exception as well");
  } else {
    say(context.loss, entry, context, ": a pattern of hosts that is no network");
  }
}

void HostList::add_range(const DataEntry& entry, const Context& context, const Network& range) {
  // A pattern is as precise as an address: unlike a network, it wins over the networks within it.
  const auto exception = [&](const auto& known) {
    return known.second == entry.key.starts_with('!') && range.contains(known.first);
  };
  if (std::any_of(ranges_.begin(), ranges_.end(), exception)) {
    say(context.loss, entry, context, ": a pattern that contradicts another entry");
    return;
  }
  // opendkim asks for the networks that hold an address as well, such as 10.0.0.0/7 for one of 11.0.0.0/8: a
  // pattern whose last bits are zero matches more than was meant.
  unsigned significant = range.mapped_prefix();
  while (significant > (range.is_v4() ? canon::IpAddress::mapped_bits : 0) && !range.has_bit(significant - 1))
    --significant;
  if (significant < range.mapped_prefix()) {
    say(Remark::Kind::note, entry, context,
        " is taken for " + range.text() + "; there it matches all of " + range.widened(significant).text());
  }
  ranges_.emplace(range, !entry.key.starts_with('!'));
}

void HostList::add_entry(const DataEntry& entry, const Context& context) {
  const bool negated = entry.key.starts_with('!');
  const std::string host = entry.key.substr(negated ? 1 : 0);
  if (const auto range = parse_range(host)) {
    if (!Network::parse(without_brackets(host))) {
      say(Remark::Kind::note, entry, context, " matches no host there, since bits beyond the prefix are set");
      return;
    }
    // Of an entry and its opposite the "no" wins.
    const auto [known, added] = ranges_.emplace(*range, !negated);
    if (negated) known->second = false;
    return;
  }
  if (canon::equal_ignoring_case(host, "localhost") && !negated) {
    ranges_.emplace(*parse_range("127.0.0.1"), true);
    ranges_.emplace(*parse_range("::1"), true);
    return;
  }
  if (host.find_first_not_of("0123456789./") == std::string::npos) {
    say(Remark::Kind::note, entry, context, " matches no host there");
  } else if (host.find_first_of(" \t") != std::string::npos) {
    say(Remark::Kind::note, entry, context, " matches no host there: commas divide the entries of a list");
  } else if (host.find('*') != std::string::npos) {
    say(Remark::Kind::note, entry, context,
        " matches no host there: * is an ordinary sign outside of a refile");
  } else {
    say(context.loss, entry, context,
        ": a host is trusted by address, not by the name that its reverse DNS claims");
  }
}

bool HostList::decision(const Network& range) const {
  if (nobody_) return false;
  for (unsigned prefix = range.mapped_prefix() + 1; prefix-- > 0;) {
    if (const auto entry = ranges_.find(range.widened(prefix)); entry != ranges_.end()) return entry->second;
  }
  return false;
}

// The entries within a range follow it in the map's order.
bool HostList::is_uniform(const Network& range) const {
  const bool whole = decision(range);
  for (auto entry = ranges_.upper_bound(range); entry != ranges_.end() && range.contains(entry->first);
       ++entry) {
    if (entry->second != whole) return nobody_;
  }
  return true;
}

void HostList::collect(const HostList& in, const HostList& out, const Network& range,
                       std::vector<std::string>& found) {
  if (!in.is_uniform(range) || !out.is_uniform(range)) {
    collect(in, out, range.lower_half(), found);
    collect(in, out, range.upper_half(), found);
  } else if (in.decision(range) && !out.decision(range)) {
    found.push_back(range.text());
  }
}

std::vector<std::string> HostList::networks_without(const HostList& others) const {
  std::vector<std::string> found;
  const auto is_within_another = [&](const Network& range) {
    for (unsigned prefix = 0; prefix < range.mapped_prefix(); ++prefix) {
      const auto outer = ranges_.find(range.widened(prefix));
      if (outer != ranges_.end() && outer->second) return true;
    }
    return false;
  };
  for (const auto& [range, trusted] : ranges_) {
    if (trusted && !is_within_another(range)) collect(*this, others, range, found);
  }
  return found;
}

}  // namespace dkim::keytool::opendkim
