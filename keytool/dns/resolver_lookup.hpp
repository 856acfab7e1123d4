// Questions to a resolver, remembered, and with an end: records of strangers decide what is asked next.
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
  // Of one object, all in all; what is past them is refused unasked.
  static constexpr unsigned most_questions = 300;
  static constexpr std::chrono::seconds most_time{40};
  // A resolver that never answered is not waited for more often.
  static constexpr unsigned most_silences = 2;

  // The resolver is opened at the first question; that there is none is a Refusal like any other.
  explicit ResolverLookup(const DnsAccess& access) : access_(access) {}

  Answer ask(const std::string& name, RecordType type) override;
  // By a question for addresses: NXDOMAIN is the answer for every type.
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
