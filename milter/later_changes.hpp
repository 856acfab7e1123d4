// Warns of what the MTA will do to a message after signing: that breaks the signature, and no MTA says so.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "canon/field_policy.hpp"
#include "canon/header_field.hpp"
#include "milter/body_watch.hpp"
#include "milter/log.hpp"
#include "milter/mta.hpp"

namespace dkim::milter {

// Returns the longest line that the MTA sends as it is, in bytes without CRLF: by default 998 for Postfix's
// smtp_line_length_limit (RFC 5321 §4.5.3.1.6), and 990 for the mailers with which sendmail delivers itself.
std::size_t longest_line_of(Mta mta);

// What was seen of a signed message. The fields are as on the wire.
struct SignedMessage {
  std::string_view queue_id;
  const std::vector<canon::HeaderField>& fields;
  const canon::FieldPolicy& policy;
  const BodyWatch& body;
};

void warn_of_later_changes(const Log& log, Mta mta, const SignedMessage& message);

}  // namespace dkim::milter
