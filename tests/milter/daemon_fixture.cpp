#include "tests/milter/daemon_fixture.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <stdexcept>

#include "canon/line_endings.hpp"
#include "tests/support/signature_check.hpp"

namespace dkim::test {
namespace {

std::string words(const Reply& reply) {
  return std::string("verdict '") + static_cast<char>(reply.verdict) + "' " + reply.text;
}

}  // namespace

Message letter(int number, const std::string& domain) {
  Message message;
  message.sender = "<alerts@" + domain + ">";
  message.fields = {{"From", " Alerts\n <alerts@" + domain + ">"},
                    {"To", " root@example.net"},
                    {"Subject", " number " + std::to_string(number)},
                    {"Message-ID", " <" + std::to_string(number) + "@" + domain + ">"}};
  message.body = "The disk\t is  full. \r\n\r\nYours\r\n\r\n\r\n";
  return message;
}

std::string delivery_fault(const MessageResult& result, const Message& message, const PublicKeys& keys,
                           std::size_t signatures) {
  if (result.last_step != SMFIC_BODYEOB)
    return std::string("ended at step ") + result.last_step + " with " + words(result.reply);
  if (result.reply.verdict != Verdict::proceed && result.reply.verdict != Verdict::accept)
    return words(result.reply);
  if (result.signatures.size() != signatures) return std::to_string(result.signatures.size()) + " signatures";
  std::vector<canon::HeaderField> fields;
  for (const auto& field : message.fields)
    fields.push_back({field.name, canon::to_crlf(field.value)});
  for (const auto& signature : result.signatures) {
    const std::string fault =
        signature_fault({signature.name, canon::to_crlf(signature.value)}, fields, message.body, keys);
    if (!fault.empty()) return fault + ": " + signature.value;
  }
  return "";
}

void raise_descriptor_limit(rlim_t least) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < least)
    throw std::runtime_error("this test needs " + std::to_string(least) + " descriptors");
}

MilterClient client_after(std::size_t steps, const std::string& endpoint) {
  MilterClient out(endpoint);
  if (steps > 0) out.negotiate();
  if (steps > 1) out.connect();
  if (steps > 2) out.mail("<alerts@example.com>");
  if (steps > 3) out.header("From", " alerts@example.com");
  if (steps > 4) out.end_of_header();
  if (steps > 5) out.body("half of a");
  return out;
}

MilterClient DaemonTest::client(const Offer& offer) const {
  MilterClient out(daemon_->endpoint());
  out.negotiate(offer);
  out.connect();
  return out;
}

void DaemonTest::expect_signed(MilterClient& connection, const Message& message) const {
  EXPECT_EQ(delivery_fault(connection.send_message(message), message, store_.public_keys()), "");
}

void DaemonTest::expect_service() const {
  auto connection = client();
  expect_signed(connection);
}

void DaemonTest::expect_clean_stop() {
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait_for_end(), 0);
  EXPECT_EQ(daemon_->times_in_log("stopped with messages unfinished"), 0);
}

}  // namespace dkim::test
