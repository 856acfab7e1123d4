#include "tests/support/milter_client.hpp"

#include <algorithm>
#include <utility>

#include <arpa/inet.h>

#include "tests/support/milter_payload.hpp"

namespace dkim::test {

namespace {

using Kind = MilterError::Kind;

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t start = text.find_first_not_of(" ,\t");
    if (start == std::string_view::npos) {
      return words;
    }
    text.remove_prefix(start);
    const std::size_t end = std::min(text.find_first_of(" ,\t"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// Returns the defaults of main.cf's milter_*_macros.
std::string_view default_macros(Stage stage) {
  switch (stage) {
    case Stage::connect:
      return "j {daemon_name} {daemon_addr} v _";
    case Stage::helo:
      return "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}";
    case Stage::mail:
      return "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}";
    case Stage::rcpt:
      return "i {rcpt_addr} {rcpt_host} {rcpt_mailer}";
    case Stage::data:
    case Stage::end_of_header:
    case Stage::end_of_message:
      return "i";
  }
  return "";
}

std::string argument_list(std::string_view first, const std::vector<std::string>& others) {
  std::string payload;
  append_string(payload, first);
  for (const std::string& other : others) {
    append_string(payload, other);
  }
  return payload;
}

}  // namespace

// Postfix sends the macros of a step even if the milter does not want the step.
struct MilterClient::Step {
  char command;
  Stage stage;               // whose macros go before it
  std::uint32_t not_wanted;  // SMFIP_NO*
  std::uint32_t no_reply;    // SMFIP_NR_*
};

MilterClient::MilterClient(const std::string& endpoint, Milliseconds timeout)
    : connection_(endpoint, timeout),
      macros_{{"j", "mail.example.com"}, {"v", "Postfix 3.7.11"}, {"{daemon_name}", "smtpd"}} {}

const Agreement& MilterClient::negotiate(const Offer& offer) {
  offer_ = offer;
  agreement_ = {};
  macro_payloads_ = {};
  std::string payload;
  append_u32(payload, offer.version);
  append_u32(payload, offer.actions);
  append_u32(payload, offer.protocol);
  connection_.put(SMFIC_OPTNEG, payload);
  const auto [command, answer] = connection_.read_packet();
  if (command != SMFIC_OPTNEG) {
    throw MilterError(Kind::protocol, std::string("the negotiation was answered with ") + command);
  }
  PayloadReader reader(answer);
  agreement_.version = reader.u32();
  agreement_.actions = reader.u32();
  agreement_.protocol = reader.u32();
  if (agreement_.version > offer.version || (agreement_.actions & ~offer.actions) != 0) {
    throw MilterError(Kind::protocol, "the milter wants more than was offered");
  }
  while (!reader.empty()) {
    const std::uint32_t stage = reader.u32();
    const std::string names = reader.string();
    if (stage < stage_count) {
      agreement_.symbols[stage] = split_words(names);
    }
  }
  return agreement_;
}

void MilterClient::set_macro(std::string name, std::string value) {
  macros_.insert_or_assign(std::move(name), std::move(value));
  macro_payloads_ = {};
}

void MilterClient::unset_macro(std::string_view name) {
  const auto found = macros_.find(name);
  if (found != macros_.end()) {
    macros_.erase(found);
    macro_payloads_ = {};
  }
}

// If the milter names no macros for a stage, the MTA keeps its own list.
const std::string& MilterClient::macro_payload(Stage stage) {
  const auto index = static_cast<std::size_t>(stage);
  std::optional<std::string>& payload = macro_payloads_[index];
  if (!payload) {
    payload.emplace();
    const auto& asked_for = agreement_.symbols[index];
    const auto names = asked_for && !asked_for->empty() ? *asked_for : split_words(default_macros(stage));
    for (const std::string& name : names) {
      const auto found = macros_.find(name);
      if (found != macros_.end()) {
        append_string(*payload, name);
        append_string(*payload, found->second);
      }
    }
  }
  return *payload;
}

Reply MilterClient::step(const Step& step, std::string_view payload) {
  constexpr std::uint32_t optional_steps = SMFIP_NODATA | SMFIP_NOUNKNOWN;
  if ((step.not_wanted & optional_steps & ~offer_.protocol) != 0 || step.command == skipped_command_) {
    return {};
  }
  skipped_command_ = 0;
  if (send_macros_) {
    std::string macros(1, step.command);
    macros += macro_payload(step.stage);
    connection_.put(SMFIC_MACRO, macros);
  }
  if ((step.not_wanted & agreement_.protocol) != 0) {
    return {};
  }
  connection_.put(step.command, payload);
  if ((step.no_reply & agreement_.protocol) != 0) {
    return {};
  }
  Reply reply = read_reply();
  if (step.command != SMFIC_BODYEOB && (!reply.edits.empty() || !reply.other_edits.empty())) {
    throw MilterError(Kind::protocol, std::string("the milter edits at step ") + step.command);
  }
  if (reply.verdict == Verdict::skip) {
    skipped_command_ = step.command;
  }
  return reply;
}

Reply MilterClient::read_reply() {
  Reply reply;
  while (true) {
    const auto [command, payload] = connection_.read_packet();
    PayloadReader reader(payload);
    switch (command) {
      case SMFIR_PROGRESS:
        ++reply.progress;
        break;
      case SMFIR_INSHEADER:
      case SMFIR_CHGHEADER: {
        const std::uint32_t index = reader.u32();
        std::string name = reader.string();
        reply.edits.push_back({command, index, std::move(name), reader.string()});
        break;
      }
      case SMFIR_ADDHEADER: {
        std::string name = reader.string();
        reply.edits.push_back({command, 0, std::move(name), reader.string()});
        break;
      }
      case SMFIR_ADDRCPT:
      case SMFIR_ADDRCPT_PAR:
      case SMFIR_DELRCPT:
      case SMFIR_REPLBODY:
      case SMFIR_CHGFROM:
      case SMFIR_QUARANTINE:
        reply.other_edits += command;
        break;
      case SMFIR_REPLYCODE:
        reply.text = reader.string();
        [[fallthrough]];
      case SMFIR_CONTINUE:
      case SMFIR_ACCEPT:
      case SMFIR_REJECT:
      case SMFIR_TEMPFAIL:
      case SMFIR_DISCARD:
      case SMFIR_SKIP:
      case SMFIR_SHUTDOWN:
      case SMFIR_CONN_FAIL:
        reply.verdict = static_cast<Verdict>(command);
        return reply;
      default:
        throw MilterError(Kind::protocol, std::string("unknown reply ") + command);
    }
  }
}

Reply MilterClient::connect(const SmtpClient& client) {
  std::string payload;
  append_string(payload, client.name);
  payload += client.family;
  if (client.family != SMFIA_UNKNOWN) {
    const std::uint16_t port = htons(client.family == SMFIA_UNIX ? 0 : client.port);
    payload.append(reinterpret_cast<const char*>(&port), sizeof port);
    append_string(payload, client.address);
  }
  return step({SMFIC_CONNECT, Stage::connect, SMFIP_NOCONNECT, SMFIP_NR_CONN}, payload);
}

Reply MilterClient::helo(std::string_view name) {
  return step({SMFIC_HELO, Stage::helo, SMFIP_NOHELO, SMFIP_NR_HELO}, argument_list(name, {}));
}

Reply MilterClient::mail(std::string_view sender, const std::vector<std::string>& arguments) {
  return step({SMFIC_MAIL, Stage::mail, SMFIP_NOMAIL, SMFIP_NR_MAIL}, argument_list(sender, arguments));
}

Reply MilterClient::rcpt(std::string_view recipient, const std::vector<std::string>& arguments) {
  return step({SMFIC_RCPT, Stage::rcpt, SMFIP_NORCPT, SMFIP_NR_RCPT}, argument_list(recipient, arguments));
}

Reply MilterClient::data() {
  return step({SMFIC_DATA, Stage::data, SMFIP_NODATA, SMFIP_NR_DATA}, {});
}

Reply MilterClient::unknown(std::string_view command) {
  return step({SMFIC_UNKNOWN, Stage::data, SMFIP_NOUNKNOWN, SMFIP_NR_UNKN}, argument_list(command, {}));
}

Reply MilterClient::header(std::string_view name, std::string_view value) {
  if ((agreement_.protocol & SMFIP_HDR_LEADSPC) == 0 && value.starts_with(' ')) {
    value.remove_prefix(1);
  }
  std::string payload;
  append_string(payload, name);
  append_string(payload, value);
  return step({SMFIC_HEADER, Stage::end_of_header, SMFIP_NOHDRS, SMFIP_NR_HDR}, payload);
}

Reply MilterClient::end_of_header() {
  return step({SMFIC_EOH, Stage::end_of_header, SMFIP_NOEOH, SMFIP_NR_EOH}, {});
}

Reply MilterClient::body_chunk(std::string_view chunk) {
  return step({SMFIC_BODY, Stage::end_of_message, SMFIP_NOBODY, SMFIP_NR_BODY}, chunk);
}

Reply MilterClient::body(std::string_view text) {
  Reply reply;
  while (!text.empty() && !reply.is_final() && reply.verdict != Verdict::skip) {
    const std::string_view chunk = text.substr(0, MILTER_CHUNK_SIZE);
    reply = body_chunk(chunk);
    text.remove_prefix(chunk.size());
  }
  return reply;
}

Reply MilterClient::end_of_message(std::string_view last_chunk) {
  return step({SMFIC_BODYEOB, Stage::end_of_message, 0, 0}, last_chunk);
}

void MilterClient::abort_message() {
  skipped_command_ = 0;
  connection_.put(SMFIC_ABORT, {});
  connection_.flush();
}

void MilterClient::quit_for_new_connection() {
  skipped_command_ = 0;
  connection_.put(SMFIC_QUIT_NC, {});
  connection_.flush();
}

void MilterClient::quit() {
  try {
    connection_.put(SMFIC_QUIT, {});
    connection_.flush();
  } catch (const MilterError&) {
    // The milter closed the connection first; an MTA ignores that as well.
  }
  connection_.close();
}

}  // namespace dkim::test
