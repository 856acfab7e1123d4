#include "keytool/doctor/postfix/milter_list.hpp"

#include <algorithm>
#include <cctype>

#include "canon/ip_address.hpp"
#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

// Postfix's separators in such lists (mystrtokq with CHARS_COMMA_SP).
constexpr std::string_view separators = ", \t\r\n";

// Takes the next item off the front: a word, or all from "{" to its "}". Braces may nest.
std::string_view take_item(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(separators);
  if (begin == std::string_view::npos) {
    rest = {};
    return {};
  }
  rest.remove_prefix(begin);
  std::size_t end = 0;
  int depth = 0;
  for (; end < rest.size(); ++end) {
    if (rest[end] == '{') ++depth;
    if (rest[end] == '}') --depth;
    if (depth <= 0 && separators.find(rest[end]) != std::string_view::npos) break;
  }
  const auto item = rest.substr(0, end);
  rest.remove_prefix(end);
  return item;
}

std::string_view without_braces(std::string_view item) {
  if (item.size() < 2 || item.front() != '{' || item.back() != '}') return item;
  return canon::trim_fws(item.substr(1, item.size() - 2));
}

MilterEndpoint parse_endpoint(std::string_view item) {
  MilterEndpoint endpoint;
  endpoint.written = item;
  if (!item.starts_with('{')) {
    endpoint.text = item;
    return endpoint;
  }
  auto rest = without_braces(item);
  endpoint.text = take_item(rest);
  for (auto option = take_item(rest); !option.empty(); option = take_item(rest)) {
    option = without_braces(option);
    const auto equals = option.find('=');
    if (equals == std::string_view::npos) continue;
    endpoint.options[std::string(canon::trim_fws(option.substr(0, equals)))] =
        canon::trim_fws(option.substr(equals + 1));
  }
  return endpoint;
}

struct HostPort {
  std::string host;
  std::string port;
};

// Returns a name in lower case, or an address in its canonical form, without brackets.
std::string plain_host(std::string_view host) {
  host = canon::without_brackets(host);
  const auto address = canon::IpAddress::parse(host);
  return address ? address->text() : canon::lower_case(host);
}

// "host:port", "[::1]:port" or "port" alone, as Postfix's inet_connect takes it.
HostPort postfix_host_port(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return {"localhost", std::string(address)};
  return {plain_host(address.substr(0, colon)), std::string(address.substr(colon + 1))};
}

// "inet:port@address", "inet6:port@address"
HostPort daemon_host_port(std::string_view socket) {
  const auto rest = socket.substr(socket.find(':') + 1);
  const auto at = rest.find('@');
  if (at == std::string_view::npos) return {"", std::string(rest)};
  return {plain_host(rest.substr(at + 1)), std::string(rest.substr(0, at))};
}

bool is_any_address(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

// The addresses that "localhost" has; others of 127.0.0.0/8 are not reached by that name.
bool is_localhost(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

bool is_same_host(const std::string& asked, const std::string& listening) {
  if (asked == listening || is_any_address(listening)) return true;
  return (asked == "localhost" && is_localhost(listening)) ||
         (listening == "localhost" && is_localhost(asked));
}

bool is_unix_socket(std::string_view socket) {
  return socket.starts_with("unix:");
}

std::filesystem::path socket_path(std::string_view socket) {
  return std::filesystem::path(socket.substr(socket.find(':') + 1)).lexically_normal();
}

}  // namespace

std::vector<MilterEndpoint> parse_milter_list(std::string_view value) {
  std::vector<MilterEndpoint> endpoints;
  for (auto item = take_item(value); !item.empty(); item = take_item(value))
    endpoints.push_back(parse_endpoint(item));
  return endpoints;
}

std::filesystem::path endpoint_path(const MilterEndpoint& endpoint, const Jail& jail) {
  const std::filesystem::path path = endpoint.address();
  if (path.is_absolute() && !jail.chrooted) return path.lexically_normal();
  return (jail.queue_directory / path.relative_path()).lexically_normal();
}

bool is_same_socket(const MilterEndpoint& endpoint, const Jail& jail, std::string_view socket) {
  if (endpoint.is_unix())
    return is_unix_socket(socket) && endpoint_path(endpoint, jail) == socket_path(socket);
  if (!endpoint.text.starts_with("inet:") || is_unix_socket(socket)) return false;
  const auto asked = postfix_host_port(endpoint.address());
  const auto listening = daemon_host_port(socket);
  return asked.port == listening.port && is_same_host(asked.host, listening.host);
}

bool resembles_socket(const MilterEndpoint& endpoint, std::string_view socket) {
  if (endpoint.text.find("dkimsignd") != std::string::npos) return true;
  if (!endpoint.is_unix() || !is_unix_socket(socket)) return false;
  const auto written = std::filesystem::path(endpoint.address()).lexically_normal();
  const auto ours = socket_path(socket);
  return written.filename() == ours.filename() &&
         written.parent_path().filename() == ours.parent_path().filename();
}

std::optional<std::string> endpoint_for(std::string_view socket, const Jail& jail) {
  if (!is_unix_socket(socket)) {
    const auto [host, port] = daemon_host_port(socket);
    if (is_any_address(host)) return "inet:localhost:" + port;
    return host.find(':') == std::string::npos ? "inet:" + host + ":" + port : "inet:[" + host + "]:" + port;
  }
  const auto path = socket_path(socket);
  const auto inside = path.lexically_relative(jail.queue_directory.lexically_normal());
  if (!inside.empty() && *inside.begin() != "..") return "unix:" + inside.string();
  if (jail.chrooted) return std::nullopt;
  return "unix:" + path.string();
}

}  // namespace dkim::keytool
