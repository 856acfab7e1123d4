#include "keytool/lexicon/lexicon_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

// The reason is at the end of some exceptions, and at the beginning of others.
constexpr std::size_t longest_half = 200;

struct Sign {
  std::string_view words;
  ProviderFault fault;
};

// The first that occurs decides. Names of exceptions, and the texts of requests, urllib3, xmlrpc and lexicon
// (versions 3.11 and 3.21).
constexpr std::array signs{
    Sign{"invalid choice", ProviderFault::no_program},
    Sign{"ProviderNotAvailableError", ProviderFault::no_program},
    Sign{"ModuleNotFoundError", ProviderFault::no_program},
    Sign{"unrecognized arguments", ProviderFault::no_program},
    Sign{"401 ", ProviderFault::credentials},
    Sign{"403 ", ProviderFault::credentials},
    Sign{"API key not defined", ProviderFault::credentials},
    Sign{"No zone", ProviderFault::zone},
    Sign{"No domain", ProviderFault::zone},
    Sign{"not found in", ProviderFault::zone},
    Sign{"404 Client Error", ProviderFault::zone},
    Sign{"AuthenticationError", ProviderFault::credentials},
    Sign{"Failed to authenticate", ProviderFault::credentials},
    Sign{"429 ", ProviderFault::busy},
    Sign{" Server Error", ProviderFault::busy},
    Sign{"ConnectionError", ProviderFault::unreachable},
    Sign{"ConnectionRefusedError", ProviderFault::unreachable},
    Sign{"ConnectionResetError", ProviderFault::unreachable},
    Sign{"ConnectTimeout", ProviderFault::unreachable},
    Sign{"ReadTimeout", ProviderFault::unreachable},
    Sign{"RemoteDisconnected", ProviderFault::unreachable},
    Sign{"ProxyError", ProviderFault::unreachable},
    Sign{"SSLError", ProviderFault::unreachable},
    Sign{"ChunkedEncodingError", ProviderFault::unreachable},
    Sign{"gaierror", ProviderFault::unreachable},
    Sign{"JSONDecodeError", ProviderFault::not_understood},
    Sign{"ExpatError", ProviderFault::not_understood},
    Sign{"KeyError", ProviderFault::not_understood},
    Sign{"IndexError", ProviderFault::not_understood},
    Sign{"TypeError", ProviderFault::not_understood},
    Sign{"AttributeError", ProviderFault::not_understood},
    Sign{"UnicodeDecodeError", ProviderFault::not_understood},
};

std::string_view last_line(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const auto before = text.find_last_of("\r\n");
  return before == std::string_view::npos ? text : text.substr(before + 1);
}

std::string sentence_about(ProviderFault fault, const LexiconFailure& failure) {
  switch (fault) {
    case ProviderFault::no_program:
      return fmt::format(
          "lexicon cannot use the provider {}: it does not know it, or a Python module for it is missing",
          failure.provider);
    case ProviderFault::unreachable:
      return fmt::format("the API of {} cannot be reached", failure.provider);
    case ProviderFault::credentials:
      return fmt::format("the API of {} refuses the credentials in {}", failure.provider,
                         failure.credentials.string());
    case ProviderFault::zone:
      return fmt::format("the account at {} does not have the zone {}, or the credentials do not show it",
                         failure.provider, failure.zone.str());
    case ProviderFault::busy:
      return fmt::format("the API of {} is busy or has trouble of its own", failure.provider);
    case ProviderFault::not_understood:
      return fmt::format("lexicon does not understand the answer of the API of {}", failure.provider);
    case ProviderFault::refused:
      return fmt::format("lexicon could not do it with the API of {}", failure.provider);
  }
  return {};
}

}  // namespace

ProviderFault fault_in(std::string_view errors) {
  const auto line = last_line(errors);
  const auto* found = std::find_if(signs.begin(), signs.end(), [&](const Sign& sign) {
    return line.find(sign.words) != std::string_view::npos;
  });
  return found == signs.end() ? ProviderFault::refused : found->fault;
}

std::string quoted_end(std::string_view text) {
  const auto line = last_line(text);
  if (line.size() <= 2 * longest_half) return terminal_text(line);
  return fmt::format("{} ... {}", terminal_text(line.substr(0, longest_half)),
                     terminal_text(line.substr(line.size() - longest_half)));
}

ProviderError describe_failure(const LexiconFailure& failure) {
  const auto fault = fault_in(failure.errors);
  const std::string said = quoted_end(failure.errors);
  const std::string sentence = sentence_about(fault, failure);
  if (said.empty()) return {fault, fmt::format("{}; it printed no reason", sentence)};
  return {fault, fmt::format("{}: {}", sentence, said)};
}

}  // namespace dkim::keytool
