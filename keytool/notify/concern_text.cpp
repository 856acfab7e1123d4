#include "keytool/notify/concern_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/labels.hpp"
#include "canon/printable.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t width = 76;
// Longer words are cut: a server or a program can say anything.
constexpr std::size_t longest_word = 900;
constexpr std::size_t longest_what = 2000;

// The name as a form wants it that adds the zone itself.
std::string relative_name(const std::string& name, const std::string& zone) {
  return name == zone ? "@" : name.substr(0, name.size() - zone.size() - 1);
}

std::string form_fields(const crypto::NamedRecord& record, const std::string& zone) {
  std::string text = zone.empty() ? "   In the form of the DNS provider:\n"
                                  : fmt::format("   In the form of the DNS provider, zone {}:\n", zone);
  if (zone.empty()) {
    text += fmt::format("     name    {}\n             (many forms want it without the zone at its end)\n",
                        record.name);
  } else {
    text += fmt::format("     name    {}\n             (some forms want {})\n",
                        relative_name(record.name, zone), record.name);
  }
  return text + fmt::format("     type    TXT\n     TTL     {}\n     value   {}\n", record.ttl, record.value);
}

std::string removal(const Concern& concern) {
  return fmt::format("   Remove all TXT records of this name{}:\n     {}\n",
                     concern.zone.empty() ? "" : fmt::format(" from the zone {}", concern.zone),
                     concern.record->name);
}

}  // namespace

std::string concern_line(const ConcernId& id) {
  switch (id.kind) {
    case ConcernKind::publish:
      return fmt::format("{}: put the record of the key {} into DNS", id.domain, id.selector);
    case ConcernKind::empty:
      return fmt::format("{}: replace the record of the key {} in DNS by an empty one", id.domain,
                         id.selector);
    case ConcernKind::remove:
      return fmt::format("{}: remove the record of the key {} from DNS", id.domain, id.selector);
    case ConcernKind::stuck:
      return fmt::format("{}: the key {} does not go on", id.domain, id.selector);
    case ConcernKind::unhandled:
      return fmt::format("{}: its keys cannot be looked after", id.domain);
    case ConcernKind::held_up:
      return fmt::format("{}: machines of the fleet hold up the key {}", id.domain, id.selector);
  }
  return {};
}

std::string done_line(const ConcernId& id) {
  switch (id.kind) {
    case ConcernKind::publish:
      return fmt::format("{}: the record of the key {} is in DNS, or no longer needed", id.domain,
                         id.selector);
    case ConcernKind::empty:
      return fmt::format("{}: the record of the key {} is empty on every server", id.domain, id.selector);
    case ConcernKind::remove:
      return fmt::format("{}: the record of the key {} is gone from every server", id.domain, id.selector);
    case ConcernKind::stuck:
      return fmt::format("{}: the key {} goes on", id.domain, id.selector);
    case ConcernKind::unhandled:
      return fmt::format("{}: its keys are looked after again", id.domain);
    case ConcernKind::held_up:
      return fmt::format("{}: no machine of the fleet holds up the key {} any more", id.domain, id.selector);
  }
  return {};
}

std::string concern_details(const Concern& concern) {
  std::string text;
  if (concern.record && concern.id.kind == ConcernKind::remove) {
    text += removal(concern) + "\n";
  } else if (concern.record) {
    text += form_fields(*concern.record, concern.zone);
    text += fmt::format("\n   As text of a zone file:\n\n{}\n", zone_text(*concern.record));
  }
  if (!concern.what.empty()) {
    const auto what = canon::printable(concern.what, longest_what);
    text += wrapped(concern.record ? fmt::format("Seen now: {}.", what) : fmt::format("{}.", what), "   ");
  }
  return text + wrapped(concern.otherwise, "   ");
}

std::string concern_zone_text(const Concern& concern) {
  auto text = fmt::format("; {}\n", concern_line(concern.id));
  if (!concern.record) return text + wrapped(canon::printable(concern.what, longest_what), "; ");
  if (concern.id.kind == ConcernKind::remove) return text + fmt::format("; {}.\n", concern.record->name);
  return text + zone_text(*concern.record);
}

std::string wrapped(std::string_view text, std::string_view indentation) {
  std::string out;
  std::string line(indentation);
  const auto end_line = [&] {
    if (line.size() > indentation.size()) out += line + "\n";
    line = indentation;
  };
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    if (line.size() + 1 + word.size() > width) end_line();
    if (line.size() > indentation.size()) line += ' ';
    line += word.substr(0, longest_word);
  }
  end_line();
  return out;
}

}  // namespace dkim::keytool
