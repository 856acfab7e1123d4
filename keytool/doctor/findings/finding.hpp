// Holds what dkimkey doctor found out about one link of the chain from Postfix to the receiver, and what to
// do.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "canon/printable.hpp"

namespace dkim::keytool {

// Findings are printed in this order: what keeps mail from being signed or accepted comes first.
enum class Severity {
  broken,   // mail is not signed, or receivers refuse it or see a broken signature
  risk,     // works today; breaks for some messages or receivers, or soon
  unknown,  // could not be found out from here; says why
  note,     // right for most: a choice, something without effect, or little mail whose signature fails
  good,
};

struct Finding {
  Severity severity = Severity::good;
  // The link of the chain, one stable word for programs: "socket", "smtpd_milters", "spf".
  std::string topic;
  // The domain, setting, file or address that it is about. May contain bytes from DNS or a file: escape to
  // print.
  std::string subject;
  std::string what;
  // What a person should do; empty if nothing.
  std::string advice;
  // Records or commands, ready to paste, one a line.
  std::vector<std::string> paste;
};

using Findings = std::vector<Finding>;

// Makes a finding whose words quote an answer from DNS: makes them printable, and cuts them if they are long.
inline Finding finding_from_dns(Severity severity, std::string topic, std::string subject,
                                std::string_view what, std::string advice = {}) {
  constexpr std::size_t longest = 1024;
  return {severity, std::move(topic), std::move(subject), canon::printable(what, longest), std::move(advice),
          {}};
}

}  // namespace dkim::keytool
