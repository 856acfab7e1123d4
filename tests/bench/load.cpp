#include "tests/bench/load.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "tests/bench/texts.hpp"

namespace dkim::bench {

namespace {

void note(LoadOutcome& outcome, const std::string& problem) {
  if (outcome.first_problem.empty()) outcome.first_problem = problem;
}

}  // namespace

Load::Load(const LoadOptions& options)
    : options_(options),
      fields_(alert_fields(options.domain)),
      start_line_(static_cast<std::ptrdiff_t>(options.connections), StartClock{&start_}) {
  std::size_t header_octets = 2;  // the empty line
  for (const test::Field& field : fields_)
    header_octets += field.name.size() + field.value.size() + 3;
  const std::size_t body_octets = options.size > header_octets ? options.size - header_octets : 0;
  body_ = body_text(shape_named(options.shape), body_octets);
  octets_ = header_octets + body_octets;
}

LoadOutcome Load::run() {
  std::vector<std::thread> threads;
  threads.reserve(options_.connections);
  for (unsigned number = 0; number < options_.connections; ++number) {
    threads.emplace_back([this, number] { serve(number); });
  }
  for (std::thread& thread : threads)
    thread.join();
  stop_ = Clock::now();
  return std::move(total_);
}

// Runs the thread of a connection: warms up, waits for the others, then takes messages until none is left.
void Load::serve(unsigned number) {
  LoadOutcome warm;
  LoadOutcome mine;
  bool started = false;
  try {
    Connection connection{number, {}, 0};
    for (std::uint64_t i = 0; i < options_.warm_up; ++i)
      send_one(connection, warm);
    started = true;
    start_line_.arrive_and_wait();
    while (another())
      send_one(connection, mine);
    if (connection.client) connection.client->quit();
  } catch (const std::exception& error) {
    failed_ = true;
    if (!started) start_line_.arrive_and_drop();
    ++mine.not_signed;
    note(mine, error.what());
  }
  const std::lock_guard lock(total_mutex_);
  total_.sent += mine.sent;
  // A message without a signature is an error during the warm-up, too.
  total_.not_signed += mine.not_signed + warm.not_signed;
  total_.milliseconds.insert(total_.milliseconds.end(), mine.milliseconds.begin(), mine.milliseconds.end());
  note(total_, mine.first_problem);
  note(total_, warm.first_problem);
}

void Load::send_one(Connection& connection, LoadOutcome& outcome) {
  const Clock::time_point begin = Clock::now();
  if (!connection.client) {
    connection.client.emplace(options_.socket, std::chrono::seconds(options_.timeout));
    connection.client->negotiate();
    connection.client->connect();
    connection.client->helo("server.example.com");
    connection.messages = 0;
  }
  test::MilterClient& client = *connection.client;
  client.set_macro("i", "4Xy" + std::to_string(connection.number) + "z" + std::to_string(outcome.sent));
  check(
      client.send_message({"<alerts@" + options_.domain + ">", {"<operators@example.net>"}, fields_, body_}),
      outcome);
  ++outcome.sent;
  if (++connection.messages == options_.per_connection) {
    client.quit();
    connection.client.reset();
  }
  outcome.milliseconds.push_back(std::chrono::duration<float, std::milli>(Clock::now() - begin).count());
}

void Load::check(const test::MessageResult& result, LoadOutcome& outcome) const {
  const std::string tag = "d=" + options_.domain + ";";
  const auto ours =
      std::count_if(result.signatures.begin(), result.signatures.end(), [&tag](const test::Field& field) {
        return field.value.find(tag) != std::string::npos && field.value.find("b=") != std::string::npos;
      });
  if (static_cast<std::size_t>(ours) >= options_.signatures) return;
  ++outcome.not_signed;
  note(outcome, std::to_string(ours) + " signatures, verdict '" + static_cast<char>(result.reply.verdict) +
                    "' at step '" + result.last_step + "' " + result.reply.text);
}

bool Load::another() {
  if (failed_) return false;
  if (options_.seconds > 0 && Clock::now() - start_ > std::chrono::duration<double>(options_.seconds)) {
    return false;
  }
  return options_.messages == 0 || taken_++ < options_.messages;
}

}  // namespace dkim::bench
