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

std::optional<std::string> find_wildcard(DnsClient& client, const std::string& name, const std::string& zone,
                                         const DnsResponse& response, const Deadline& deadline) {
  if (response.texts.empty() && !response.first_alias) return std::nullopt;
  std::string above = name;
  while (above != zone && above.find('.') + 1 < above.size() && !deadline.is_over()) {
    above.erase(0, above.find('.') + 1);
    auto wildcard = "*." + above;
    const auto answer = client.ask(wildcard, RecordType::txt);
    if (!answer) return std::nullopt;
    if (answer->texts.empty() && !answer->first_alias) continue;
    const bool same =
        values_of(*answer) == values_of(response) && answer->first_alias == response.first_alias;
    return same ? std::optional(std::move(wildcard)) : std::nullopt;
  }
  return std::nullopt;
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
