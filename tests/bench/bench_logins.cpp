// Benchmarks the table of logins: reading it, and looking a login up as the daemon does for each message.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "crypto/settings/login_table.hpp"
#include "milter/login_cache.hpp"

namespace {

using dkim::canon::DomainName;
using dkim::crypto::LoginTable;

std::string login_of(std::int64_t number) {
  return "user" + std::to_string(number) + "@shop" + std::to_string(number) + ".example";
}

std::string table_text(std::int64_t logins) {
  std::string text;
  for (std::int64_t i = 0; i < logins; ++i)
    text += login_of(i) + "  shop" + std::to_string(i) + ".example\n";
  return text;
}

void read_table(benchmark::State& state) {
  const auto text = table_text(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(LoginTable::parse(text, "logins"));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read_table)
    ->Name("logins/read")
    ->Arg(1000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond);

// A file that is removed at the end.
class TableFile {
 public:
  explicit TableFile(const std::string& text) {
    std::ofstream(path_) << text;
    std::filesystem::permissions(path_, std::filesystem::perms(0600));
  }
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;
  ~TableFile() { std::remove(path_.c_str()); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() / "dkimsignd-bench-logins";
};

// With the stat(2) of each message. The first look-up reads the table.
void look_up(benchmark::State& state) {
  const TableFile file(table_text(state.range(0)));
  dkim::crypto::LoginSettings settings;
  settings.method = dkim::crypto::LoginSettings::Method::table;
  settings.table = file.path();
  dkim::milter::LoginCache cache(settings);
  std::int64_t number = 0;
  const auto next = [&] {
    number = (number + 7919) % state.range(0);
    const auto author = *DomainName::parse("mail.shop" + std::to_string(number) + ".example");
    if (!cache.find(login_of(number)).may_use(author)) throw std::runtime_error("not found");
  };
  // A table that has just been written is read for each message; this waits until it is kept.
  using Clock = std::filesystem::file_time_type::clock;
  while (Clock::now() - std::filesystem::last_write_time(file.path()) < std::chrono::seconds(1)) {
  }
  next();
  for (auto _ : state)
    next();
}
BENCHMARK(look_up)->Name("logins/look_up")->Arg(1000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
