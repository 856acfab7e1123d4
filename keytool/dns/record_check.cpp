#include "keytool/dns/record_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "crypto/base64.hpp"
#include "crypto/keys/record_slips.hpp"
#include "crypto/keys/record_text.hpp"

namespace dkim::keytool {
namespace {

// Returns enough of a key to tell two apart by eye: the end, since all RSA keys begin alike.
std::string key_tail(const std::vector<unsigned char>& key) {
  const std::string text = crypto::base64_encode(key);
  return text.size() > 16 ? "..." + text.substr(text.size() - 16) : text;
}

// Names the sizes if they differ: the usual cause is a paste that lost a piece.
std::string key_difference(const std::vector<unsigned char>& expected,
                           const std::vector<unsigned char>& served) {
  const std::string tails = fmt::format("p= ends in {} instead of {}", key_tail(served), key_tail(expected));
  if (served.size() == expected.size()) return tails;
  return fmt::format("{} ({} bytes instead of {})", tails, served.size(), expected.size());
}

std::string differences(const crypto::KeyRecord& expected, const crypto::KeyRecord& served) {
  std::vector<std::string> list;
  if (served.algorithm != expected.algorithm) {
    list.push_back(
        fmt::format("k= is {} instead of {}", key_name(served.algorithm), key_name(expected.algorithm)));
  }
  if (served.public_key != expected.public_key)
    list.push_back(key_difference(expected.public_key, served.public_key));
  if (served.flags.test && !expected.flags.test) list.emplace_back("t=y is still on");
  if (!served.flags.test && expected.flags.test) list.emplace_back("t=y is missing");
  if (served.flags.strict != expected.flags.strict)
    list.emplace_back(served.flags.strict ? "t=s is set" : "t=s is missing");
  if (served.flags.email_only != expected.flags.email_only)
    list.emplace_back(served.flags.email_only ? "s=email is set" : "s=email is missing");
  if (!served.flags.allows_sha256()) list.emplace_back("h= does not allow sha256");
  // n= is for people, and h= may be written in many ways: neither makes another record.
  return fmt::format("{}", fmt::join(list, ", "));
}

// Some forms take one string of 255 bytes and lose the rest, or turn each string into a record.
std::string damage(const crypto::KeyRecord& expected, const std::vector<std::string>& values) {
  const std::string whole = write_record(expected);
  const std::size_t strings = crypto::txt_strings(whole).size();
  if (values.size() == 1) {
    const auto& served = values.front();
    if (served.empty() || served.size() >= whole.size() || !whole.starts_with(served)) return {};
    const std::string cut = fmt::format("cut off after {} of {} bytes", served.size(), whole.size());
    if (strings <= 1) return cut;
    return fmt::format("{}; it needs {} strings of at most 255", cut, strings);
  }
  std::size_t together = 0;
  for (const auto& served : values) {
    if (whole.find(served) == std::string::npos) return {};
    together += served.size();
  }
  if (together != whole.size()) return {};
  return fmt::format("each of the {} strings of one record has become a record", strings);
}

std::string joined(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + "; " + b;
}

}  // namespace

RecordFinding check_record(const crypto::KeyRecord& expected, const std::vector<std::string>& values) {
  if (values.empty()) return {RecordStatus::missing, {}};
  const std::string damaged = damage(expected, values);
  if (values.size() > 1) {
    return {.status = RecordStatus::several,
            .detail = joined(fmt::format("{} TXT records", values.size()), damaged),
            .too_long_for_its_form = !damaged.empty()};
  }
  const auto served = crypto::parse_record(values.front());
  if (!served) {
    const auto& refusal = served.refusal();
    const std::string where = fmt::format("{}, at byte {}", refusal.reason, refusal.byte + 1);
    return {.status = RecordStatus::syntax_error,
            .detail = joined(crypto::record_slip(values.front()).value_or(where), damaged),
            .too_long_for_its_form = !damaged.empty()};
  }
  // An empty p= revokes the key, whatever else the record says (RFC 6376 §3.6.1).
  if (served->public_key.empty())
    return {RecordStatus::revoked, expected.public_key.empty() ? "" : "p= is empty"};
  const std::string list = differences(expected, *served);
  if (!list.empty()) {
    const bool same_key = served->algorithm == expected.algorithm &&
                          served->public_key == expected.public_key && served->flags.allows_sha256();
    return {.status = RecordStatus::other_key,
            .detail = joined(list, damaged),
            .too_long_for_its_form = !damaged.empty(),
            .same_key = same_key};
  }
  return {RecordStatus::right, {}};
}

bool is_expected(crypto::KeyState state, RecordStatus status) {
  if (state == crypto::KeyState::revoked)
    return status == RecordStatus::revoked || status == RecordStatus::missing;
  return status == RecordStatus::right;
}

std::string_view to_string(RecordStatus status) {
  switch (status) {
    case RecordStatus::right:
      return "right";
    case RecordStatus::missing:
      return "missing";
    case RecordStatus::other_key:
      return "another key";
    case RecordStatus::revoked:
      return "revoked";
    case RecordStatus::several:
      return "several records";
    case RecordStatus::syntax_error:
      return "syntax error";
  }
  return "syntax error";
}

}  // namespace dkim::keytool
