// Hands a message to a milter as Postfix does, and prints it as Postfix would send it on.
//
// usage: send_message ENDPOINT < MESSAGE      (lines end with LF, no field is folded)
//
// Exit status: 0 if the milter accepted and signed it, otherwise 1, with the reason on standard error.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "tests/support/milter_client.hpp"

namespace {

using dkim::test::Message;
using dkim::test::MilterClient;
using dkim::test::Verdict;

Message read_message(std::istream& in, std::string& body) {
  Message message;
  std::string line;
  while (std::getline(in, line) && !line.empty()) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) throw std::runtime_error("not a header field: " + line);
    message.fields.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  while (std::getline(in, line))
    body += line + "\r\n";
  message.body = body;
  return message;
}

std::string sent_on(const std::string& endpoint, const Message& message) {
  MilterClient connection(endpoint);
  connection.negotiate();
  connection.connect();
  const auto result = connection.send_message(message);
  connection.quit();
  if (result.reply.verdict != Verdict::proceed && result.reply.verdict != Verdict::accept)
    throw std::runtime_error(std::string("the verdict is ") + static_cast<char>(result.reply.verdict));
  if (result.signatures.empty()) throw std::runtime_error("the milter added no signature");
  std::string text;
  // Each signature was put on top of the ones before it.
  for (auto field = result.signatures.rbegin(); field != result.signatures.rend(); ++field)
    text += field->name + ":" + field->value + "\n";
  for (const auto& field : message.fields)
    text += field.name + ":" + field.value + "\n";
  return text + "\n";
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 2) {
    std::cerr << "usage: send_message ENDPOINT < MESSAGE\n";
    return EXIT_FAILURE;
  }
  try {
    std::string body;
    const Message message = read_message(std::cin, body);
    std::cout << sent_on(argv[1], message) << body;
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "send_message: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
