#include "keytool/doctor/findings/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "keytool/output/json.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

// The names of the severities in the last line, after a number.
constexpr std::array<std::pair<Severity, std::string_view>, 5> severities{{
    {Severity::broken, "broken"},
    {Severity::risk, "at risk"},
    {Severity::unknown, "unknown"},
    {Severity::note, "noted"},
    {Severity::good, "good"},
}};

long count_of(const Findings& findings, Severity severity) {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const auto& finding) { return finding.severity == severity; });
}

std::string finding_text(const Finding& finding) {
  constexpr std::size_t severity_width = 9;
  std::string out(to_string(finding.severity));
  out.resize(severity_width, ' ');
  out += terminal_text(finding.topic);
  if (!finding.subject.empty() && finding.subject != finding.topic)
    out += " (" + terminal_text(finding.subject) + ")";
  out += ": " + terminal_text(finding.what) + "\n";
  if (!finding.advice.empty()) out += std::string(severity_width, ' ') + terminal_text(finding.advice) + "\n";
  for (const auto& line : finding.paste)
    out += std::string(severity_width + 4, ' ') + terminal_text(line) + "\n";
  return out;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::broken:
      return "broken";
    case Severity::risk:
      return "risk";
    case Severity::unknown:
      return "unknown";
    case Severity::note:
      return "note";
    case Severity::good:
      break;
  }
  return "good";
}

Findings sorted(Findings findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const auto& a, const auto& b) { return a.severity < b.severity; });
  return findings;
}

std::string findings_text(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings)
    out += finding_text(finding);
  std::string counts;
  for (const auto& [severity, name] : severities) {
    counts += counts.empty() ? "\n" : ", ";
    counts += fmt::format("{} {}", count_of(findings, severity), name);
  }
  return out + counts + "\n";
}

std::string findings_json(const Findings& findings) {
  std::vector<JsonObject> objects;
  for (const auto& finding : findings) {
    auto& object = objects.emplace_back();
    object.text("severity", to_string(finding.severity));
    object.text("topic", finding.topic);
    object.text("subject", finding.subject);
    object.text("what", finding.what);
    object.optional_text("advice", finding.advice.empty() ? std::nullopt : std::optional(finding.advice));
    std::string lines;
    for (const auto& line : finding.paste)
      lines += (lines.empty() ? "" : "\n") + line;
    object.optional_text("paste", lines.empty() ? std::nullopt : std::optional(lines));
  }
  return json_array(objects);
}

ExitCode exit_code_of(const Findings& findings) {
  if (count_of(findings, Severity::broken) + count_of(findings, Severity::risk) > 0) return ExitCode::problem;
  return count_of(findings, Severity::unknown) > 0 ? ExitCode::waiting : ExitCode::done;
}

}  // namespace dkim::keytool
