#include "keytool/fleet/connecting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/error.hpp"
#include "keytool/fleet/database.hpp"
#include "keytool/fleet/database_error.hpp"

namespace dkim::keytool::fleet {
namespace {

using Options = std::map<std::string, std::string>;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionList = std::unique_ptr<PQconninfoOption, FreeOptions>;

Options non_empty(const PQconninfoOption* option) {
  Options options;
  for (; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') options.emplace(option->keyword, option->val);
  }
  return options;
}

Connection start(const std::vector<std::pair<std::string, std::string>>& parameters, bool and_wait) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  constexpr int expand = 1;  // "dbname" is a whole connection string
  Connection connection(and_wait ? PQconnectdbParams(keywords.data(), values.data(), expand)
                                 : PQconnectStartParams(keywords.data(), values.data(), expand));
  if (!connection) throw std::bad_alloc();
  return connection;
}

// What libpq would use: the connection's own options, those of its service, and of the environment. libpq
// reports them only for a connection, so one is begun at port 0, which fails before any lookup.
Options options_in_effect(const std::string& connection) {
  const auto nowhere = start({{"dbname", connection}, {"port", "0"}}, false);
  return non_empty(OptionList(PQconninfo(nowhere.get())).get());
}

// Also refuses what libpq cannot read. Its own message may quote a part of a password.
Options options_of(const FleetSettings& settings) {
  char* message = nullptr;
  const OptionList options(PQconninfoParse(settings.connection.c_str(), &message));
  PQfreemem(message);
  if (!options) {
    throw crypto::SettingsError(
        fmt::format("{}: \"connection\" is no connection string of libpq; for example \"host=db1.example.com "
                    "dbname=dkimsignd user=dkimsignd_writer\"",
                    settings.file.string()));
  }
  return non_empty(options.get());
}

std::string value_of(const Options& options, const std::string& keyword) {
  const auto found = options.find(keyword);
  return found == options.end() ? "" : found->second;
}

bool is_here(std::string_view host) {
  const auto begins_with = [&](std::string_view start) { return host.substr(0, start.size()) == start; };
  // A Unix socket, an abstract one, or loopback.
  return host.empty() || begins_with("/") || begins_with("@") || host == "localhost" || host == "::1" ||
         (begins_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool are_all_here(const std::string& hosts) {
  for (std::size_t begin = 0; begin <= hosts.size();) {
    const auto end = std::min(hosts.find(',', begin), hosts.size());
    if (!is_here(std::string_view(hosts).substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

// libpq's default is "prefer", which gives up TLS when somebody on the way asks for it. A service may choose
// otherwise, but not a variable that a person's shell has for another database.
bool needs_verification(const Options& own, const Options& in_effect) {
  const bool in_environment = std::getenv("PGSSLMODE") != nullptr || std::getenv("PGREQUIRESSL") != nullptr;
  const bool chosen =
      own.contains("sslmode") || (value_of(in_effect, "sslmode") != "prefer" && !in_environment);
  return !chosen &&
         !(are_all_here(value_of(in_effect, "host")) && are_all_here(value_of(in_effect, "hostaddr")));
}

std::vector<std::pair<std::string, std::string>> parameters_of(const FleetSettings& settings) {
  const auto own = options_of(settings);
  const auto in_effect = options_in_effect(settings.connection);
  // A network that swallows everything: unanswered data ends the connection after 15 seconds, an idle
  // connection after 25.
  const std::vector<std::pair<std::string, std::string>> defaults{
      {"connect_timeout", "5"},  {"tcp_user_timeout", "15000"},
      {"keepalives_idle", "10"}, {"keepalives_interval", "5"},
      {"keepalives_count", "3"}, {"application_name", "dkimkey " + settings.host},
  };
  std::vector<std::pair<std::string, std::string>> parameters{{"dbname", settings.connection}};
  for (const auto& [keyword, value] : defaults) {
    if (!in_effect.contains(keyword)) parameters.emplace_back(keyword, value);
  }
  if (needs_verification(own, in_effect)) parameters.emplace_back("sslmode", "verify-full");
  parameters.emplace_back("client_encoding", "UTF8");
  return parameters;
}

void ignore_notice(void* /*unused*/, const PGresult* /*unused*/) {}

}  // namespace

void check_connection(const FleetSettings& settings) {
  options_of(settings);
}

Connection connect(const FleetSettings& settings) {
  // Waits in libpq: only so does connect_timeout count for each host, and the next one is tried.
  auto connection = start(parameters_of(settings), true);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw DatabaseError(
        DatabaseError::Kind::unreachable,
        fmt::format("the fleet's database cannot be reached: {}", connection_text(connection.get())));
  }
  PQsetNoticeReceiver(connection.get(), ignore_notice, nullptr);
  return connection;
}

}  // namespace dkim::keytool::fleet
