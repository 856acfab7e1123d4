// MilterClient::send_message, in a file of its own because it only strings the steps together.
#include "tests/support/milter_client.hpp"

#include <strings.h>

namespace dkim::test {

MessageResult MilterClient::send_message(const Message& message) {
  MessageResult result;
  const auto goes_on = [&result](char step, Reply reply) {
    result.last_step = step;
    result.reply = std::move(reply);
    return !result.reply.is_final();
  };
  if (!goes_on(SMFIC_MAIL, mail(message.sender))) {
    return result;
  }
  for (const std::string& recipient : message.recipients) {
    if (!goes_on(SMFIC_RCPT, rcpt(recipient))) {
      return result;
    }
  }
  if (!goes_on(SMFIC_DATA, data())) {
    return result;
  }
  for (const Field& field : message.fields) {
    if (!goes_on(SMFIC_HEADER, header(field.name, field.value))) {
      return result;
    }
  }
  if (!goes_on(SMFIC_EOH, end_of_header()) || !goes_on(SMFIC_BODY, body(message.body))) {
    return result;
  }
  goes_on(SMFIC_BODYEOB, end_of_message());
  const char* space = (agreement_.protocol & SMFIP_HDR_LEADSPC) != 0 ? "" : " ";
  for (const HeaderEdit& edit : result.reply.edits) {
    if (edit.command != SMFIR_CHGHEADER && strcasecmp(edit.name.c_str(), "DKIM-Signature") == 0) {
      result.signatures.push_back({edit.name, space + edit.value});
    }
  }
  return result;
}

}  // namespace dkim::test
