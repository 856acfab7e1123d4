// Writes a message of plain text (RFC 5322, RFC 2045, RFC 2046), as sendmail(1) takes it: with LF as line
// end. Pure; nothing fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/utc_time.hpp"

namespace dkim::keytool {

struct MimeText {
  std::string file_name;  // of an attachment: letters, digits, "-" and "."
  std::string text;       // printable ASCII, HTAB and LF, which the last line ends with, too
};

struct MimeMessage {
  std::string from;        // a mailbox with an ASCII display name
  std::string to;          // an address
  std::string subject;     // printable ASCII, at most 60 bytes
  std::string message_id;  // without angle brackets
  std::string boundary;    // found in no text
  crypto::UtcTime date;
  std::string text;
  std::optional<MimeText> attachment;
};

// Returns the message: in 7 bits as it is or, if a text has a line longer than SMTP transports unchanged, in
// base64. Anything but printable ASCII, HTAB and LF becomes "?".
std::string mime_text(const MimeMessage& message);

// Returns a time as Date: has it: "Thu, 26 Nov 2026 20:05:00 +0000".
std::string message_date(crypto::UtcTime time);

}  // namespace dkim::keytool
