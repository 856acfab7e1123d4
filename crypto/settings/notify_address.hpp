// The setting "notify": to whom dkimkey sends mail. It becomes an argument of sendmail(1) and a header field,
// so only what can be neither an option, nor a command, nor a second field has this type.
#pragma once

#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::crypto {

class NotifyAddress {
 public:
  // Reads one address, "postmaster@example.com", or the name of a local user or alias, "root". Accepts
  // letters, digits and . _ + = - before the @, beginning with a letter or digit, and a name in ASCII after
  // it. Refuses all else, though RFC 5321 allows more: quotes, comments, several addresses, and what an MTA
  // could take for a file, a program or a route (RFC 5321 appendix C).
  static canon::Result<NotifyAddress> parse(std::string_view text);

  const std::string& str() const { return text_; }
  bool operator==(const NotifyAddress&) const = default;

 private:
  explicit NotifyAddress(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace dkim::crypto
