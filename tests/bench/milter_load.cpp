// The load generator's command line. What it measures is in load.hpp.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "tests/bench/load.hpp"

namespace po = boost::program_options;

namespace {

using dkim::bench::Load;
using dkim::bench::LoadOptions;
using dkim::bench::LoadOutcome;

constexpr const char* introduction =
    "milter_load --socket unix:/run/dkimsignd/dkimsignd.sock --messages 2000\n"
    "milter_load --socket inet:8891@127.0.0.1 --connections 2 --size 20000000 --shape base64 --seconds 10\n\n"
    "Sends messages to a milter over the milter protocol, as Postfix does, as fast as the milter takes\n"
    "them, and checks that each gets its signature. Exit status: 0 if all were signed, 1 if not, 2 for a\n"
    "usage error.\n";

double percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  return static_cast<double>(
      sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
}

std::string json_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + '"';
}

void report(const Load& load, LoadOutcome& outcome, bool as_json) {
  std::sort(outcome.milliseconds.begin(), outcome.milliseconds.end());
  const double rate = static_cast<double>(outcome.sent) / load.seconds();
  const double megabytes = rate * static_cast<double>(load.message_octets()) / 1e6;
  const char* format =
      as_json
          ? "{\"messages\": %llu, \"not_signed\": %llu, \"seconds\": %.3f, \"messages_per_second\": %.1f, "
            "\"megabytes_per_second\": %.2f, \"median_ms\": %.3f, \"p95_ms\": %.3f, \"max_ms\": %.3f, "
            "\"problem\": %s}\n"
          : "%llu messages, %llu not signed, %.3f s: %.1f messages/s, %.2f MB/s; "
            "median %.3f ms, 95%% %.3f ms, max %.3f ms %s\n";
  std::printf(format, static_cast<unsigned long long>(outcome.sent),
              static_cast<unsigned long long>(outcome.not_signed), load.seconds(), rate, megabytes,
              percentile(outcome.milliseconds, 0.5), percentile(outcome.milliseconds, 0.95),
              percentile(outcome.milliseconds, 1),
              as_json ? json_string(outcome.first_problem).c_str() : outcome.first_problem.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  LoadOptions options;
  bool as_json = false;
  po::options_description description("Options");
  description.add_options()                                                                //
      ("socket,s", po::value(&options.socket)->required(), "unix:PATH or inet:PORT@HOST")  //
      ("connections,c", po::value(&options.connections)->default_value(options.connections),
       "connections at the same time")                                             //
      ("messages,m", po::value(&options.messages), "number of messages in total")  //
      ("seconds,t", po::value(&options.seconds), "how long to send messages")      //
      ("size", po::value(&options.size)->default_value(options.size),
       "bytes per message, header and body")  //
      ("shape", po::value(&options.shape)->default_value(options.shape),
       "shape of the body: plain, base64, spaced, tabbed or empty_lines")                       //
      ("domain,d", po::value(&options.domain)->default_value(options.domain), "author domain")  //
      ("per-connection", po::value(&options.per_connection)->default_value(options.per_connection),
       "messages before a new connection is made, as Postfix does for each SMTP session; 0 for "
       "one connection for all")  //
      ("warm-up", po::value(&options.warm_up)->default_value(options.warm_up),
       "messages per connection before the clock runs")  //
      ("signatures", po::value(&options.signatures)->default_value(options.signatures),
       "signatures that each message must get")  //
      ("timeout", po::value(&options.timeout)->default_value(options.timeout),
       "seconds to wait for a reply")                        //
      ("json", po::bool_switch(&as_json), "report as JSON")  //
      ("help,h", "this text");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, description), given);
    if (given.contains("help")) {
      std::cout << introduction << '\n' << description;
      return 0;
    }
    po::notify(given);
    if (options.connections == 0 || options.connections > 5000 ||
        (options.messages == 0 && options.seconds <= 0)) {
      throw po::error("give --messages or --seconds, and 1 to 5000 --connections");
    }
    Load load(options);
    LoadOutcome outcome = load.run();
    report(load, outcome, as_json);
    return outcome.not_signed == 0 && outcome.sent > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "milter_load: " << error.what() << '\n';
    return 2;
  }
}
