#include "keytool/spf/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "canon/text.hpp"

namespace dkim::keytool::spf {
namespace {

constexpr std::string_view version = "v=spf1";

struct NamedKind {
  std::string_view name;
  MechanismKind kind;
};
constexpr std::array<NamedKind, 8> kinds{{{"all", MechanismKind::all},
                                          {"include", MechanismKind::include},
                                          {"a", MechanismKind::a},
                                          {"mx", MechanismKind::mx},
                                          {"ptr", MechanismKind::ptr},
                                          {"ip4", MechanismKind::ip4},
                                          {"ip6", MechanismKind::ip6},
                                          {"exists", MechanismKind::exists}}};

using Trouble = std::optional<canon::Refusal>;

canon::Refusal moved(canon::Refusal refusal, std::size_t by) {
  refusal.byte += by;
  return refusal;
}

// Reads the digits of "/24". Refuses leading zeros.
std::optional<unsigned> read_prefix(std::string_view digits, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value > most) return {};
  if (digits.size() > 1 && digits.front() == '0') return {};
  return value;
}

// Reads one mechanism, without its qualifier. Positions count from the beginning of the whole record.
class TermReader {
 public:
  TermReader(std::string_view term, std::size_t byte) : term_(term), byte_(byte) {}

  canon::Result<Mechanism> read() {
    if (auto trouble = read_term()) return *std::move(trouble);
    return std::move(mechanism_);
  }

 private:
  Trouble read_term() {
    const auto name_end = std::min(term_.find_first_of(":/"), term_.size());
    const std::string name = canon::lower_case(term_.substr(0, name_end));
    const auto known = std::find_if(kinds.begin(), kinds.end(), [&](auto& k) { return k.name == name; });
    if (known == kinds.end()) return canon::Refusal{"an unknown mechanism", byte_};
    mechanism_.kind = known->kind;
    const std::string_view rest = term_.substr(name_end);
    at_ = byte_ + name_end;
    switch (mechanism_.kind) {
      case MechanismKind::all:
        if (!rest.empty()) return canon::Refusal{"something after all", at_};
        return {};
      case MechanismKind::ip4:
      case MechanismKind::ip6:
        return read_network(rest);
      case MechanismKind::include:
      case MechanismKind::exists:
        if (!rest.starts_with(':')) return canon::Refusal{"no domain", at_};
        return read_domain(rest);
      case MechanismKind::ptr:
        if (rest.starts_with('/')) return canon::Refusal{"a prefix length after ptr", at_};
        return rest.empty() ? Trouble() : read_domain(rest);
      case MechanismKind::a:
      case MechanismKind::mx:
        return read_host(rest);
    }
    return {};
  }

  // ":" domain-spec
  Trouble read_domain(std::string_view rest) {
    auto spec = parse_domain_spec(rest.substr(1));
    if (!spec) return moved(spec.refusal(), at_ + 1);
    mechanism_.domain = *std::move(spec);
    return {};
  }

  Trouble read_network(std::string_view rest) {
    if (!rest.starts_with(':')) return canon::Refusal{"no address", at_};
    const bool v4 = mechanism_.kind == MechanismKind::ip4;
    const auto slash = std::min(rest.find('/'), rest.size());
    mechanism_.network = canon::IpAddress::parse(rest.substr(1, slash - 1));
    if (!mechanism_.network || mechanism_.network->is_v4() != v4) {
      return canon::Refusal{v4 ? "not an IPv4 address" : "not an IPv6 address", at_ + 1};
    }
    if (slash == rest.size()) return {};
    const auto prefix = read_prefix(rest.substr(slash + 1), v4 ? 32 : 128);
    if (!prefix) return canon::Refusal{"not a prefix length", at_ + slash + 1};
    (v4 ? mechanism_.prefix4 : mechanism_.prefix6) = *prefix;
    return {};
  }

  // [ ":" domain-spec ] [ "/" prefix ] [ "//" prefix ], for a and mx. A slash may be part of the domain, too:
  // only digits at the very end are a prefix.
  Trouble read_host(std::string_view rest) {
    // Cuts a prefix off the end; returns the default if there is none.
    const auto cut = [&](std::string_view mark, unsigned most) -> canon::Result<unsigned> {
      const auto at = rest.rfind(mark);
      if (at == std::string_view::npos) return most;
      const std::string_view digits = rest.substr(at + mark.size());
      if (digits.find_first_not_of("0123456789") != std::string_view::npos) return most;
      const auto value = read_prefix(digits, most);
      if (!value) return canon::Refusal{"not a prefix length", at_ + at + mark.size()};
      rest = rest.substr(0, at);
      return *value;
    };
    const auto prefix6 = cut("//", 128);
    if (!prefix6) return prefix6.refusal();
    const auto prefix4 = cut("/", 32);
    if (!prefix4) return prefix4.refusal();
    mechanism_.prefix6 = *prefix6;
    mechanism_.prefix4 = *prefix4;
    if (rest.empty()) return {};
    if (rest.front() != ':') return canon::Refusal{"not a prefix length", at_ + 1};
    return read_domain(rest);
  }

  Mechanism mechanism_;
  std::string_view term_;
  std::size_t byte_;
  std::size_t at_ = 0;  // the position of what follows the name
};

// Returns the position of a modifier's "="; npos if the term is not a modifier.
std::size_t modifier_end(std::string_view term) {
  if (term.empty() || !canon::is_alpha(term.front())) return std::string_view::npos;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (term[i] == '=') return i;
    if (!canon::is_alnum(term[i]) && std::string_view("-_.").find(term[i]) == std::string_view::npos) break;
  }
  return std::string_view::npos;
}

class RecordReader {
 public:
  Trouble read_term(std::string_view term, std::size_t byte) {
    const auto equals = modifier_end(term);
    if (equals != std::string_view::npos) return read_modifier(term, equals, byte);
    const auto sign = std::string_view("+-~?").find(term.front());
    const std::size_t skipped = sign != std::string_view::npos ? 1 : 0;
    auto read = TermReader(term.substr(skipped), byte + skipped).read();
    if (!read) return read.refusal();
    auto mechanism = *std::move(read);
    mechanism.byte = byte;
    mechanism.text = term;
    if (sign != std::string_view::npos) mechanism.qualifier = static_cast<Qualifier>(sign);
    record_.mechanisms.push_back(std::move(mechanism));
    return {};
  }

  Record take() { return std::move(record_); }

 private:
  Trouble read_modifier(std::string_view term, std::size_t equals, std::size_t byte) {
    const std::string name = canon::lower_case(term.substr(0, equals));
    const std::string_view value = term.substr(equals + 1);
    const bool redirect = name == "redirect";
    if (!redirect && name != "exp") {
      const auto text = parse_macro_string(value);
      return text ? Trouble() : moved(text.refusal(), byte + equals + 1);
    }
    if (redirect ? record_.redirect.has_value() : explained_) {
      return canon::Refusal{redirect ? "a second redirect=" : "a second exp=", byte};
    }
    auto domain = parse_domain_spec(value);
    if (!domain) return moved(domain.refusal(), byte + equals + 1);
    if (redirect) {
      record_.redirect = Redirect{*std::move(domain), byte, std::string(term)};
    } else {
      explained_ = true;
    }
    return {};
  }

  Record record_;
  bool explained_ = false;
};

}  // namespace

const Mechanism* Record::all() const {
  const auto found = std::find_if(mechanisms.begin(), mechanisms.end(),
                                  [](const auto& m) { return m.kind == MechanismKind::all; });
  return found == mechanisms.end() ? nullptr : &*found;
}

bool is_record(std::string_view text) {
  return canon::equal_ignoring_case(text.substr(0, version.size()), version) &&
         (text.size() == version.size() || text[version.size()] == ' ');
}

canon::Result<Record> parse_record(std::string_view text) {
  if (!is_record(text)) return canon::Refusal{"not a record that begins with v=spf1", 0};
  RecordReader reader;
  std::size_t at = version.size();
  while (true) {
    at = text.find_first_not_of(' ', at);
    if (at == std::string_view::npos) return reader.take();
    const auto end = std::min(text.find(' ', at), text.size());
    if (auto trouble = reader.read_term(text.substr(at, end - at), at)) return *std::move(trouble);
    at = end;
  }
}

std::string with_terms(const std::string& text, const Record& record, const std::string& terms) {
  std::size_t at = record.redirect ? record.redirect->byte : text.size();
  for (const auto& mechanism : record.mechanisms) {
    if (mechanism.kind == MechanismKind::all || mechanism.qualifier != Qualifier::pass) {
      at = std::min(at, mechanism.kind == MechanismKind::all ? mechanism.byte : version.size());
    }
  }
  std::string before = text.substr(0, at);
  const std::string after = text.substr(std::min(text.find_first_not_of(' ', at), text.size()));
  while (before.ends_with(' '))
    before.pop_back();
  return fmt::format("{} {}{}{}", before, terms, after.empty() ? "" : " ", after);
}

}  // namespace dkim::keytool::spf
