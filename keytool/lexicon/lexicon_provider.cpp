#include "keytool/lexicon/lexicon_provider.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "keytool/lexicon/lexicon_errors.hpp"
#include "keytool/system/program.hpp"
#include "keytool/system/trusted_program.hpp"

namespace dkim::keytool {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// The records of one name, or of a zone with some thousand names if a provider cannot look for one.
constexpr std::size_t most_output = 1 << 20;

// lexicon looks for lexicon.yml and lexicon_PROVIDER.yml in the directory that it is given, or else in the
// current one. In this one, nobody can make files.
constexpr std::string_view nobodys_directory = "/proc/self";

// Nothing of our own environment, which may change what Python runs, how lexicon is configured, or where it
// connects to.
constexpr std::array fixed_variables{
    std::string_view("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    std::string_view("HOME=/nonexistent"),
    std::string_view("LC_ALL=C.UTF-8"),
    std::string_view("PYTHONDONTWRITEBYTECODE=1"),
    std::string_view("PYTHONNOUSERSITE=1"),
    // The list of public suffixes is on the system: no cache of it, which would be a file that stays.
    std::string_view("TLDEXTRACT_CACHE_PATH=/proc/self/no-cache"),
};

ProgramEnvironment with_fixed(const ProgramEnvironment& credentials) {
  ProgramEnvironment variables = credentials;
  for (const auto variable : fixed_variables)
    variables.emplace_back(variable.begin(), variable.end());
  return variables;
}

}  // namespace

LexiconProvider::LexiconProvider(const crypto::PublishSettings& settings, canon::DomainName zone,
                                 seconds at_most)
    : settings_(settings),
      zone_(std::move(zone)),
      credentials_(ProviderCredentials::read(settings.credentials, settings.provider)),
      environment_(with_fixed(credentials_.variables())),
      at_most_(at_most),
      deadline_(steady_clock::now() + at_most) {
  require_trusted_program(settings_.program);
}

seconds LexiconProvider::left() const {
  return std::chrono::ceil<seconds>(deadline_ - steady_clock::now());
}

std::string LexiconProvider::call(std::string_view action, const Options& options) {
  const auto late = [&] {
    return ProviderError(ProviderFault::unreachable, fmt::format("the API of {} did not do it within {} s",
                                                                 settings_.provider, at_most_.count()));
  };
  if (left() <= seconds(0)) throw late();
  // With --delegated, lexicon takes the zone as it is, and not the name below the public suffix.
  std::vector<std::string> arguments{"--config-dir",     std::string(nobodys_directory),
                                     "--delegated",      zone_.str(),
                                     settings_.provider, std::string(action),
                                     zone_.str(),        "TXT",
                                     "--output=JSON",    "--log_level=ERROR"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  CapturedOutput said;
  try {
    said = capture_program(settings_.program, arguments, left(), most_output, environment_);
  } catch (const ProgramTimeout&) {
    throw late();
  } catch (const ProviderError&) {
    throw;
  } catch (const crypto::Error& error) {
    throw ProviderError(ProviderFault::no_program, error.what());
  }
  if (said.status == 0) return std::move(said.output);
  // An exception is on standard error; lexicon's own log is on standard output.
  const std::string& errors = said.errors.empty() ? said.output : said.errors;
  throw describe_failure({settings_.provider, zone_, settings_.credentials, credentials_.hide_in(errors)});
}

std::vector<ListedRecord> LexiconProvider::list(const std::string& name) {
  const std::string output = call("list", {"--name=" + name});
  auto records = read_listed_records(output, name, zone_.str());
  if (records) return *std::move(records);
  throw ProviderError(
      ProviderFault::not_understood,
      fmt::format("lexicon's answer for {} is not usable: {}", settings_.provider, records.refusal().reason));
}

void LexiconProvider::create(const crypto::NamedRecord& record) {
  call("create", {"--name=" + record.name, "--content=" + record.value, fmt::format("--ttl={}", record.ttl)});
}

void LexiconProvider::update(const std::string& identifier, const crypto::NamedRecord& record) {
  call("update", {"--identifier=" + identifier, "--name=" + record.name, "--content=" + record.value,
                  fmt::format("--ttl={}", record.ttl)});
}

void LexiconProvider::remove_identified(const std::string& name, const std::string& identifier) {
  call("delete", {"--identifier=" + identifier, "--name=" + name});
}

void LexiconProvider::remove_with_content(const std::string& name, const std::string& content) {
  if (!is_argument(content)) return;
  call("delete", {"--name=" + name, "--content=" + content});
}

void LexiconProvider::remove_all(const std::string& name) {
  call("delete", {"--name=" + name});
}

}  // namespace dkim::keytool
