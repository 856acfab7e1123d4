// Asks a resolver, remembers its answers, and limits the questions: strangers' records decide what is asked
// next. Whatever keeps a question from an answer is a Refusal.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "keytool/dns/dns_access.hpp"
#include "keytool/dns/lookup.hpp"

namespace dkim::keytool {

class ResolverLookup final : public Lookup {
 public:
  // Limits for one object. Questions beyond them are refused without asking.
  static constexpr unsigned most_questions = 300;
  static constexpr std::chrono::seconds most_time{40};
  // A resolver that never answered is not asked more often than this.
  static constexpr unsigned most_silences = 2;

  // Opens the resolver at the first question; a system without one gives Refusals.
  explicit ResolverLookup(const DnsAccess& access) : access_(access) {}

  Answer ask(const std::string& name, RecordType type) override;
  // Asks for addresses: NXDOMAIN holds for every type.
  canon::Result<bool> exists(const std::string& name) override;

 private:
  // An answer, and whether the name exists.
  struct Known {
    Answer answer;
    bool exists = false;
  };
  Known find(const std::string& name, RecordType type);
  Known ask_resolver(const std::string& name, RecordType type);

  DnsAccess access_;
  std::optional<DnsClient> client_;
  std::map<std::pair<std::string, RecordType>, Known> remembered_;
  std::chrono::steady_clock::duration spent_{0};
  unsigned questions_ = 0;
  unsigned silences_ = 0;
  bool answered_ = false;
};

}  // namespace dkim::keytool
