#include "keytool/opendkim/host_list.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr unsigned mapped_bits = 96;

bool bit_at(const std::array<std::uint8_t, 16>& octets, unsigned bit) {
  return (octets[bit / 8] >> (7 - bit % 8) & 1U) != 0;
}

bool holds(const AddressRange& outer, const AddressRange& inner) {
  if (outer.prefix > inner.prefix) return false;
  for (unsigned bit = 0; bit < outer.prefix; ++bit) {
    if (bit_at(outer.octets, bit) != bit_at(inner.octets, bit)) return false;
  }
  return true;
}

bool has_host_bits(const AddressRange& range) {
  for (unsigned bit = range.prefix; bit < 128; ++bit) {
    if (bit_at(range.octets, bit)) return true;
  }
  return false;
}

std::optional<AddressRange> parse_range(std::string_view text) {
  const auto slash = text.find('/');
  std::string address(text.substr(0, slash));
  // [2001:db8::1] and [2001:db8::]/32 are both in use.
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  AddressRange range;
  unsigned family_bits = 128;
  if (inet_pton(AF_INET, address.c_str(), &range.octets[mapped_bits / 8]) == 1) {
    range.octets[10] = range.octets[11] = 0xff;
    family_bits = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), range.octets.data()) != 1) {
    return std::nullopt;
  }
  unsigned prefix = family_bits;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > family_bits)
      return std::nullopt;
  }
  range.prefix = prefix + (128 - family_bits);
  return range;
}

bool is_mapped(const AddressRange& range) {
  constexpr AddressRange mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, mapped_bits};
  return holds(mapped, range);
}

std::string range_text(const AddressRange& range) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_mapped(range);
  inet_ntop(v4 ? AF_INET : AF_INET6, range.octets.data() + (v4 ? mapped_bits / 8 : 0), text.data(),
            text.size());
  std::string out = text.data();
  if (range.prefix < 128) out += "/" + std::to_string(range.prefix - (v4 ? mapped_bits : 0));
  return out;
}

AddressRange half(const AddressRange& range, bool upper) {
  AddressRange out = range;
  if (upper) {
    out.octets[range.prefix / 8] =
        static_cast<std::uint8_t>(out.octets[range.prefix / 8] | (0x80U >> (range.prefix % 8)));
  }
  ++out.prefix;
  return out;
}

// The entries within a range follow it in the map's order.
bool has_part_of(const std::map<AddressRange, bool>& ranges, const AddressRange& range) {
  const auto next = ranges.upper_bound(range);
  return next != ranges.end() && holds(range, next->first);
}

AddressRange shortened(AddressRange range, unsigned prefix) {
  for (unsigned bit = prefix; bit < 128; ++bit)
    range.octets[bit / 8] = static_cast<std::uint8_t>(range.octets[bit / 8] & ~(0x80U >> (bit % 8)));
  range.prefix = prefix;
  return range;
}

}  // namespace

HostList::HostList(const DataSet& data, const std::string& setting) {
  if (data.type == DataSetName::Type::patterns) {
    for (const auto& entry : data.entries)
      remarks_.push_back(
          not_taken(entry.place, setting + ": " + entry.key + ": patterns of hosts are not taken"));
    return;
  }
  for (const auto& entry : data.entries)
    add_entry(entry, setting);
}

void HostList::add(const std::string& network) {
  if (const auto range = parse_range(network)) ranges_[*range] = true;
}

void HostList::add_entry(const DataEntry& entry, const std::string& setting) {
  const bool negated = entry.key.starts_with('!');
  const std::string host = entry.key.substr(negated ? 1 : 0);
  if (const auto range = parse_range(host)) {
    if (has_host_bits(*range)) {
      remarks_.push_back(
          note(entry.place,
               setting + ": " + entry.key + " matches no host there, since bits beyond the prefix are set"));
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
  const bool looks_numeric = host.find_first_not_of("0123456789./") == std::string::npos;
  remarks_.push_back(looks_numeric
                         ? note(entry.place, setting + ": " + entry.key + " matches no host there")
                         : not_taken(entry.place, setting + ": " + entry.key +
                                                      ": a host is trusted by address, not by the name that "
                                                      "its reverse DNS claims"));
}

bool HostList::decision(const std::map<AddressRange, bool>& ranges, const AddressRange& range) {
  for (unsigned prefix = range.prefix + 1; prefix-- > 0;) {
    if (const auto entry = ranges.find(shortened(range, prefix)); entry != ranges.end()) return entry->second;
  }
  return false;
}

void HostList::collect(const HostList& in, const HostList& out, const AddressRange& range,
                       std::vector<std::string>& found) {
  if (has_part_of(in.ranges_, range) || has_part_of(out.ranges_, range)) {
    collect(in, out, half(range, false), found);
    collect(in, out, half(range, true), found);
  } else if (decision(in.ranges_, range) && !decision(out.ranges_, range)) {
    found.push_back(range_text(range));
  }
}

std::vector<std::string> HostList::networks_without(const HostList& others) const {
  std::vector<std::string> found;
  const auto is_within_another = [&](const AddressRange& range) {
    for (unsigned prefix = 0; prefix < range.prefix; ++prefix) {
      const auto outer = ranges_.find(shortened(range, prefix));
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
