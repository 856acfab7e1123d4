#include "keytool/dns/txt_answer.hpp"

#include <algorithm>

namespace dkim::keytool {

std::vector<std::string> values_of(const DnsResponse& response) {
  std::vector<std::string> values;
  for (const auto& text : response.texts)
    values.push_back(text.value);
  std::sort(values.begin(), values.end());
  return values;
}

unsigned memory_of(const DnsResponse& response) {
  unsigned memory = response.alias_ttl;
  for (const auto& text : response.texts)
    memory = std::max(memory, text.ttl);
  return memory;
}

AskTexts texts_by(DnsClient& client, const Deadline& deadline) {
  return [&client, &deadline](const std::string& name) {
    if (deadline.is_over()) return std::vector<std::string>{};
    const auto response = client.ask(name, RecordType::txt);
    return response ? values_of(*response) : std::vector<std::string>{};
  };
}

void add_place(RecordFinding& finding, const std::optional<std::string>& place) {
  if (place) finding.detail += (finding.detail.empty() ? "" : "; ") + *place;
}

}  // namespace dkim::keytool
