#include "milter/later_changes.hpp"

#include <algorithm>
#include <string>

#include "canon/text.hpp"
#include "milter/sendmail_rewriting.hpp"

namespace dkim::milter {
namespace {

bool has_long_line(const canon::HeaderField& field, std::size_t longest) {
  std::size_t before = field.name.size() + 1;  // on the line, ahead of the rest
  std::string_view rest = field.value;
  while (before + rest.size() > longest) {
    const std::size_t end = rest.find("\r\n");
    if (before + std::min(end, rest.size()) > longest) return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 2);
    before = 0;
  }
  return false;
}

void warn_of_rewriting(const Log& log, const SignedMessage& message) {
  for (const auto& field : message.fields) {
    const auto name = canon::lower_case(field.name);
    if (!sendmail_rewrites_addresses_in(name) || !message.policy.is_signed(name)) continue;
    if (const auto problem = rewritten_because(field.value))
      log.sendmail_rewrites(message.queue_id, field.name, *problem);
  }
}

}  // namespace

std::size_t longest_line_of(Mta mta) {
  return mta == Mta::sendmail ? 990 : 998;
}

void warn_of_later_changes(const Log& log, Mta mta, const SignedMessage& message) {
  const auto longest = longest_line_of(mta);
  const auto field = std::find_if(message.fields.begin(), message.fields.end(),
                                  [&](const auto& each) { return has_long_line(each, longest); });
  if (field != message.fields.end()) log.long_header_line(message.queue_id, mta, field->name);
  if (const auto line = message.body.long_line()) log.long_body_line(message.queue_id, mta, *line);
  if (const auto line = message.body.eight_bit_line()) log.eight_bit(message.queue_id, mta, *line);
  if (mta == Mta::sendmail) warn_of_rewriting(log, message);
}

}  // namespace dkim::milter
