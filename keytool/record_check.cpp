#include "keytool/record_check.hpp"

#include "crypto/base64.hpp"

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

}  // namespace

RecordFinding check_record(const crypto::KeyRecord& expected, const std::vector<std::string>& values) {
  if (values.empty()) return {RecordStatus::missing, {}};
  if (values.size() > 1) return {RecordStatus::several, std::to_string(values.size()) + " TXT records"};
  const auto served = crypto::parse_record(values.front());
  if (!served) {
    return {RecordStatus::syntax_error,
            served.refusal().reason + ", at octet " + std::to_string(served.refusal().octet + 1)};
  }
  if (served->public_key.empty() && !expected.public_key.empty())
    return {RecordStatus::revoked, "p= is empty"};
  const std::string list = differences(expected, *served);
  if (!list.empty()) return {RecordStatus::other_key, list};
  return {expected.public_key.empty() ? RecordStatus::revoked : RecordStatus::right, {}};
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
