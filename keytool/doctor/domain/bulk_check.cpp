#include "keytool/doctor/domain/bulk_check.hpp"

#include <fmt/format.h>

namespace dkim::keytool {

Findings check_unsubscribe_fields(const canon::FieldPolicy& fields) {
  constexpr const char* topic = "one_click_unsubscribe";
  const bool link = fields.is_signed("list-unsubscribe");
  const bool post = fields.is_signed("list-unsubscribe-post");
  if (link && post) {
    return {{Severity::good,
             topic,
             "signed_headers",
             "List-Unsubscribe and List-Unsubscribe-Post are signed where a message has them",
             "",
             {}}};
  }
  const std::string missing = link   ? "List-Unsubscribe-Post is"
                              : post ? "List-Unsubscribe is"
                                     : "List-Unsubscribe and List-Unsubscribe-Post are";
  return {
      {Severity::note,
       topic,
       "signed_headers",
       fmt::format(
           "{} not signed: receivers then do not offer to unsubscribe by one click (RFC 8058), which Gmail "
           "and Yahoo ask of bulk senders",
           missing),
       "if lists or newsletters are sent from here, put both back into signed_headers",
       {}}};
}

}  // namespace dkim::keytool
