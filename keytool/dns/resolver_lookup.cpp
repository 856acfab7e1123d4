#include "keytool/dns/resolver_lookup.hpp"

#include <fmt/format.h>

#include "canon/text.hpp"
#include "crypto/error.hpp"

namespace dkim::keytool {
namespace {

// Escapes as zone files do (RFC 1035 §5.1): a macro may expand to any visible byte.
std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (canon::is_alnum(c) || c == '-' || c == '_' || c == '.') {
      out += c;
      continue;
    }
    out += fmt::format("\\{:03}", static_cast<unsigned char>(c));
  }
  return out + ".";
}

// Undoes escaped(), and drops the final dot.
std::string plain(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\') {
      out += name[i];
    } else if (i + 3 < name.size() && canon::is_digit(name[i + 1])) {
      out += static_cast<char>((name[i + 1] - '0') * 100 + (name[i + 2] - '0') * 10 + (name[i + 3] - '0'));
      i += 3;
    } else if (++i < name.size()) {
      out += name[i];
    }
  }
  return out;
}

std::vector<std::string> all_plain(std::vector<std::string> names) {
  for (auto& name : names)
    name = plain(name);
  return names;
}

}  // namespace

Lookup::Answer ResolverLookup::ask(const std::string& name, RecordType type) {
  return find(name, type).answer;
}

canon::Result<bool> ResolverLookup::exists(const std::string& name) {
  const auto known = find(name, RecordType::a);
  if (!known.answer) return known.answer.refusal();
  return known.exists;
}

ResolverLookup::Known ResolverLookup::find(const std::string& name, RecordType type) {
  const std::pair key(canon::lower_case(name), type);
  const auto known = remembered_.find(key);
  if (known != remembered_.end()) return known->second;
  if (questions_ >= most_questions || spent_ >= most_time) {
    return {canon::Refusal{"not asked: the questions before it were too many or took too long", 0}};
  }
  ++questions_;
  const auto begin = std::chrono::steady_clock::now();
  auto known_now = ask_resolver(key.first, type);
  spent_ += std::chrono::steady_clock::now() - begin;
  return remembered_.emplace(key, std::move(known_now)).first->second;
}

ResolverLookup::Known ResolverLookup::ask_resolver(const std::string& name, RecordType type) {
  try {
    if (!client_) client_.emplace(access_.open_resolver());
  } catch (const crypto::Error& error) {
    return {canon::Refusal{error.what(), 0}};
  }
  const auto refusal = [](const DnsError& error) {
    return Known{canon::Refusal{fmt::format("the resolver {}", error.text()), 0}};
  };
  if (!answered_ && silences_ >= most_silences) return refusal({DnsFault::no_answer});
  auto response = client_->ask(escaped(name), type);
  const bool silent = !response && response.refusal().fault == DnsFault::no_answer;
  silences_ += silent ? 1 : 0;
  answered_ = answered_ || !silent;
  if (!response) return refusal(response.refusal());
  auto found = *std::move(response);
  switch (type) {
    case RecordType::txt: {
      std::vector<std::string> values;
      for (auto& text : found.texts)
        values.push_back(std::move(text.value));
      return {std::move(values), found.exists};
    }
    case RecordType::a:
    case RecordType::aaaa: {
      std::vector<std::string> addresses;
      for (const auto& address : found.addresses)
        addresses.push_back(address.text());
      return {std::move(addresses), found.exists};
    }
    case RecordType::ns:
      return {all_plain(std::move(found.name_servers)), found.exists};
    case RecordType::mx:
    case RecordType::ptr:
      return {all_plain(std::move(found.targets)), found.exists};
    case RecordType::soa:
      break;  // nobody asks for its data
  }
  return {std::vector<std::string>(), found.exists};
}

}  // namespace dkim::keytool
