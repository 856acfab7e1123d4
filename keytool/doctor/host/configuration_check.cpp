#include "keytool/doctor/host/configuration_check.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/settings/publishing_files.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/output/shell_word.hpp"
#include "keytool/system/program.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* topic = "configuration";
// The check reads every key of the store.
constexpr std::chrono::seconds patience{120};
constexpr std::size_t most_bytes = 1 << 20;
// More would hide doctor's other findings.
constexpr int most_lines = 20;

// Ignores the caller's PATH: doctor is run as root.
std::optional<std::filesystem::path> daemon_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const auto& directory :
       {self.parent_path(), std::filesystem::path("/usr/sbin"), std::filesystem::path("/usr/local/sbin")}) {
    const auto program = directory / "dkimsignd";
    if (directory.is_absolute() && std::filesystem::is_regular_file(program, error)) return program;
  }
  return std::nullopt;
}

// Takes the command out of a line of dkimsignd that ends in one, "...; fix it with: COMMAND", for it to be
// pasted.
Finding with_remedy_apart(Finding finding) {
  constexpr std::string_view mark = "; fix it with: ";
  const auto at = finding.what.rfind(mark);
  if (at == std::string::npos) return finding;
  finding.advice = "fix it:";
  finding.paste = {finding.what.substr(at + mark.size())};
  finding.what.erase(at);
  return finding;
}

Finding finding_about(const std::string& file, const std::string& line) {
  // A warning is about something that works, but may do harm.
  constexpr std::string_view warning = "warning: ";
  if (line.starts_with(warning)) return {Severity::risk, topic, file, line.substr(warning.size()), "", {}};
  if (geteuid() == 0) return with_remedy_apart({Severity::broken, topic, file, line, "", {}});
  return {Severity::unknown, topic, file, line, "run dkimkey doctor as root", {}};
}

}  // namespace

Findings configuration_findings(const std::string& file, const std::string& errors, int status) {
  Findings findings;
  int left_out = 0;
  Severity worst_left_out = Severity::good;
  bool lines = false;
  for (std::size_t begin = 0; begin < errors.size();) {
    const auto end = std::min(errors.find('\n', begin), errors.size());
    auto line = errors.substr(begin, end - begin);
    begin = end + 1;
    // Its messages begin with its name, except those of --check.
    constexpr std::string_view name = "dkimsignd: ";
    if (line.starts_with(name)) line.erase(0, name.size());
    if (line.empty()) continue;
    lines = true;
    // The socket has its own checks.
    if (line.starts_with("the socket's directory ")) continue;
    auto finding = finding_about(file, line);
    if (findings.size() < most_lines) {
      findings.push_back(std::move(finding));
    } else {
      ++left_out;
      worst_left_out = std::min(worst_left_out, finding.severity);
    }
  }
  if (left_out > 0) {
    findings.push_back({worst_left_out,
                        topic,
                        file,
                        fmt::format("{} more of these", left_out),
                        "see them all:",
                        {"dkimsignd --check --config " + shell_word(file)}});
  }
  if (status != 0 && !lines) {
    findings.push_back({Severity::broken,
                        topic,
                        file,
                        fmt::format("dkimsignd --check fails with status {}", status),
                        "",
                        {}});
  }
  if (findings.empty())
    findings.push_back({Severity::good, topic, file, "dkimsignd reads it without complaint", "", {}});
  return findings;
}

Findings check_publishing(const crypto::KeySettings& settings) {
  Findings findings;
  const auto judge = [&](const crypto::PublishSettings& publish) {
    const auto fault = crypto::find_publishing_fault(publish);
    const bool said = fault && std::any_of(findings.begin(), findings.end(),
                                           [&](const auto& other) { return other.what == fault->what; });
    if (!fault || said) return;
    Finding finding{Severity::broken, "publish", fault->path.string(), fault->what, "", {}};
    if (fault->remedy.empty()) {
      finding.advice = "put it there, or change publish";
    } else {
      finding.advice = "fix it:";
      finding.paste = {fault->remedy};
    }
    findings.push_back(std::move(finding));
  };
  judge(settings.publish);
  for (const auto& [domain, publish] : settings.domains)
    judge(publish);
  return findings;
}

Findings check_configuration(const std::optional<std::string>& named_file, ConfigurationCheck check) {
  const std::string file = named_file.value_or(default_configuration_file);
  const auto program = daemon_program();
  if (!program) {
    return {{Severity::unknown,
             topic,
             file,
             "there is no dkimsignd beside dkimkey or in /usr/sbin that could judge it",
             "install dkimsignd",
             {}}};
  }
  std::vector<std::string> arguments = {check == ConfigurationCheck::with_all_keys ? "--check"
                                                                                   : "--print-config"};
  if (named_file) arguments.insert(arguments.end(), {"--config", *named_file});
  try {
    const auto said = capture_program(*program, arguments, patience, most_bytes);
    return configuration_findings(file, said.errors, said.status);
  } catch (const crypto::Error& error) {
    return {{Severity::unknown,
             topic,
             file,
             error.what(),
             "run the check yourself:",
             {"dkimsignd --check --config " + shell_word(file)}}};
  }
}

}  // namespace dkim::keytool
