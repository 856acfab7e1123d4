#include "keytool/dns/record_check.hpp"

#include "crypto/base64.hpp"
#include "crypto/keys/record_slips.hpp"
#include "crypto/keys/record_text.hpp"

namespace dkim::keytool {
namespace {

void add(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

// Enough of a key to tell two apart by eye; the first octets of all RSA keys are the same.
std::string key_tail(const std::vector<unsigned char>& key) {
  const std::string text = crypto::base64_encode(key);
  return text.size() > 16 ? "..." + text.substr(text.size() - 16) : text;
}

// Octets that DNS has and we do not, or the other way round: the usual cause is a paste that lost a piece.
std::string key_difference(const std::vector<unsigned char>& expected,
                           const std::vector<unsigned char>& served) {
  std::string text = "p= ends in " + key_tail(served) + " instead of " + key_tail(expected);
  if (served.size() != expected.size()) {
    text +=
        " (" + std::to_string(served.size()) + " octets instead of " + std::to_string(expected.size()) + ")";
  }
  return text;
}

// h= is a list, and an absent one allows all.
bool allows_sha256(const std::string& hashes) {
  if (hashes.empty()) return true;
  const std::string list = ":" + hashes + ":";
  return list.find(":sha256:") != std::string::npos;
}

std::string differences(const crypto::KeyRecord& expected, const crypto::KeyRecord& served) {
  std::string list;
  if (served.algorithm != expected.algorithm) {
    add(list, "k= is " + std::string(key_name(served.algorithm)) + " instead of " +
                  std::string(key_name(expected.algorithm)));
  }
  if (served.public_key != expected.public_key)
    add(list, key_difference(expected.public_key, served.public_key));
  if (served.flags.test && !expected.flags.test) add(list, "t=y is still on");
  if (!served.flags.test && expected.flags.test) add(list, "t=y is not there");
  if (served.flags.strict != expected.flags.strict) {
    add(list, served.flags.strict ? "t=s is there" : "t=s is not there");
  }
  if (served.flags.email_only != expected.flags.email_only) {
    add(list, served.flags.email_only ? "s=email is there" : "s=email is not there");
  }
  if (!allows_sha256(served.flags.hashes)) add(list, "h= does not allow sha256");
  return list;  // n= is for people, and h= may be written in many ways: neither makes another record
}

// Many a form takes one string of 255 octets and loses the rest, or makes a record of each string.
std::string damage(const crypto::KeyRecord& expected, const std::vector<std::string>& values) {
  const std::string whole = write_record(expected);
  const std::size_t strings = crypto::txt_strings(whole).size();
  if (values.size() == 1) {
    const auto& served = values.front();
    if (served.empty() || served.size() >= whole.size() || !whole.starts_with(served)) return {};
    std::string text =
        "cut off after " + std::to_string(served.size()) + " of " + std::to_string(whole.size()) + " octets";
    if (strings > 1) text += "; it needs " + std::to_string(strings) + " strings of at most 255";
    return text;
  }
  std::size_t together = 0;
  for (const auto& served : values) {
    if (whole.find(served) == std::string::npos) return {};
    together += served.size();
  }
  if (together != whole.size()) return {};
  return "the " + std::to_string(strings) + " strings of one record are a record each";
}

std::string joined(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + "; " + b;
}

}  // namespace

RecordFinding check_record(const crypto::KeyRecord& expected, const std::vector<std::string>& values) {
  if (values.empty()) return {RecordStatus::missing, {}};
  const std::string damaged = damage(expected, values);
  if (values.size() > 1) {
    return {RecordStatus::several, joined(std::to_string(values.size()) + " TXT records", damaged),
            !damaged.empty()};
  }
  const auto served = crypto::parse_record(values.front());
  if (!served) {
    const auto& refusal = served.refusal();
    const std::string where = refusal.reason + ", at byte " + std::to_string(refusal.octet + 1);
    return {RecordStatus::syntax_error, joined(crypto::record_slip(values.front()).value_or(where), damaged),
            !damaged.empty()};
  }
  // Whatever else it says: RFC 6376 3.6.1.
  if (served->public_key.empty())
    return {RecordStatus::revoked, expected.public_key.empty() ? "" : "p= is empty"};
  const std::string list = differences(expected, *served);
  if (!list.empty()) {
    const bool same_key = served->algorithm == expected.algorithm &&
                          served->public_key == expected.public_key && allows_sha256(served->flags.hashes);
    return {RecordStatus::other_key, joined(list, damaged), !damaged.empty(), same_key};
  }
  return {RecordStatus::right, {}};
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
    default:
      return "syntax error";
  }
}

}  // namespace dkim::keytool
