#include "keytool/spf/evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "canon/network.hpp"
#include "canon/text.hpp"
#include "keytool/spf/record.hpp"

namespace dkim::keytool::spf {
namespace {

// The MX or PTR records that one term may use (§4.6.4).
constexpr std::size_t most_names = 10;
// A measurement stops counting here.
constexpr unsigned most_counted = 50;

struct Verdict {
  Result result;
  std::string reason;
};

// What came of one mechanism: a match, no match, or the end of the evaluation.
struct Step {
  bool matched = false;
  std::optional<Verdict> end = {};
};

bool has_good_labels(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  std::size_t label = 0;
  for (const char c : name) {
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return name.front() != '.' && name.back() != '.' && name.find("..") == std::string::npos;
}

Result result_of(Qualifier qualifier) {
  switch (qualifier) {
    case Qualifier::pass:
      return Result::pass;
    case Qualifier::fail:
      return Result::fail;
    case Qualifier::softfail:
      return Result::softfail;
    case Qualifier::neutral:
      return Result::neutral;
  }
  return Result::neutral;
}

// An IPv4 sender is in no IPv6 network, not even in ::/0 (§5.6).
bool is_in_network_of(const canon::IpAddress& sender, const canon::IpAddress& address,
                      const Mechanism& mechanism) {
  if (sender.is_v4() != address.is_v4()) return false;
  const unsigned prefix = address.is_v4() ? mechanism.prefix4 : mechanism.prefix6;
  return canon::Network::around(address, prefix).contains(sender);
}

class Evaluation {
 public:
  enum class Mode { check, measure };

  Evaluation(Lookup& lookup, const Question& question, Mode mode)
      : lookup_(lookup), question_(question), mode_(mode) {}

  Outcome run() {
    const Verdict verdict = evaluate(question_.domain);
    return {verdict.result, verdict.reason, lookups_, voids_, ptr_};
  }

 private:
  Verdict evaluate(const std::string& domain) {
    if (!has_good_labels(domain) || domain.find('.') == std::string::npos) {
      return {Result::none, fmt::format("{} is not a domain name", domain)};
    }
    const auto texts = lookup_.ask(domain, RecordType::txt);
    if (!texts)
      return {Result::temperror, fmt::format("the TXT records of {}: {}", domain, texts.refusal().reason)};
    std::vector<std::string> records;
    std::copy_if(texts->begin(), texts->end(), std::back_inserter(records), is_record);
    if (records.empty()) return {Result::none, fmt::format("{} has no SPF record", domain)};
    if (records.size() > 1) return {Result::permerror, fmt::format("{} has several SPF records", domain)};
    const auto record = parse_record(records.front());
    if (!record) {
      const auto& [reason, byte] = record.refusal();
      return {Result::permerror, fmt::format("the record of {}: {}, at byte {}", domain, reason, byte + 1)};
    }
    open_.push_back(canon::lower_case(domain));
    auto verdict = apply(*record, domain);
    open_.pop_back();
    return verdict;
  }

  Verdict apply(const Record& record, const std::string& domain) {
    for (const auto& mechanism : record.mechanisms) {
      Step step = try_mechanism(mechanism, domain);
      if (step.end) return *std::move(step.end);
      if (mode_ == Mode::check && voids_ > most_voids) {
        return {Result::permerror, fmt::format("more than {} questions without an answer, at {} of {}",
                                               most_voids, mechanism.text, domain)};
      }
      const bool decides = mode_ == Mode::check || mechanism.kind == MechanismKind::all;
      if (step.matched && decides) {
        return {result_of(mechanism.qualifier), fmt::format("{} of {}", mechanism.text, domain)};
      }
    }
    if (!record.redirect || record.all() != nullptr)
      return {Result::neutral, fmt::format("nothing in {}", domain)};
    if (auto end = count(record.redirect->text, domain)) return *std::move(end);
    const std::string target = expand_domain(record.redirect->domain, values(domain));
    if (auto end = check_loop(target)) return *std::move(end);
    auto verdict = evaluate(target);
    if (verdict.result == Result::none) verdict.result = Result::permerror;
    return verdict;
  }

  Step try_mechanism(const Mechanism& mechanism, const std::string& domain) {
    if (mechanism.kind == MechanismKind::all) return {true};
    if (mechanism.network) return {is_in_network_of(question_.address, *mechanism.network, mechanism)};
    if (auto end = count(mechanism.text, domain)) return {false, std::move(end)};
    std::string target = domain;
    if (!mechanism.domain.empty()) target = expand_domain(mechanism.domain, values(domain));
    switch (mechanism.kind) {
      case MechanismKind::include:
        return include(target);
      case MechanismKind::a:
        return has_address(target, mechanism);
      case MechanismKind::mx:
        return has_exchange(target, mechanism);
      case MechanismKind::ptr:
        ptr_ = true;
        return {has_validated_name_in(target)};
      case MechanismKind::exists: {
        const auto found = ask(target, RecordType::a);
        if (!found) return temporary(target, found.refusal());
        return {!found->empty()};
      }
      case MechanismKind::all:
      case MechanismKind::ip4:
      case MechanismKind::ip6:
        break;  // decided above, without a question
    }
    return {};
  }

  Step include(const std::string& target) {
    if (auto end = check_loop(target)) return {false, std::move(end)};
    auto verdict = evaluate(target);
    if (verdict.result == Result::none) verdict.result = Result::permerror;
    if (verdict.result == Result::permerror || verdict.result == Result::temperror)
      return {false, std::move(verdict)};
    return {verdict.result == Result::pass};
  }

  Step has_address(const std::string& name, const Mechanism& mechanism) {
    const bool v4 = question_.address.is_v4();
    const auto found = ask(name, v4 ? RecordType::a : RecordType::aaaa);
    if (!found) return temporary(name, found.refusal());
    return {std::any_of(found->begin(), found->end(), [&](const std::string& text) {
      const auto address = canon::IpAddress::parse(text);
      return address && is_in_network_of(question_.address, *address, mechanism);
    })};
  }

  Step has_exchange(const std::string& name, const Mechanism& mechanism) {
    const auto exchanges = ask(name, RecordType::mx);
    if (!exchanges) return temporary(name, exchanges.refusal());
    if (exchanges->size() > most_names) {
      return {false,
              Verdict{Result::permerror, fmt::format("{} has more than {} MX records", name, most_names)}};
    }
    for (const auto& exchange : *exchanges) {
      Step step = has_address(exchange, mechanism);
      if (step.matched || step.end) return step;
    }
    return {};
  }

  // The names of the address that lead back to it (§5.5). A question that fails is no match, not an error.
  // Found out once, however many terms and macros need it.
  const std::vector<std::string>& validated_names() {
    if (validated_) return *validated_;
    auto& valid = validated_.emplace();
    const auto names = ask(question_.address.reverse_name(), RecordType::ptr);
    if (!names) return valid;
    for (std::size_t i = 0; i < std::min(names->size(), most_names); ++i) {
      const std::string& name = (*names)[i];
      const auto found = ask(name, question_.address.is_v4() ? RecordType::a : RecordType::aaaa);
      if (!found) continue;
      const bool leads_back = std::any_of(found->begin(), found->end(), [&](const std::string& text) {
        return canon::IpAddress::parse(text) == question_.address;
      });
      if (leads_back) valid.push_back(canon::lower_case(name));
    }
    return valid;
  }

  static bool is_within(const std::string& name, const std::string& domain) {
    return name == domain || name.ends_with("." + domain);
  }

  bool has_validated_name_in(const std::string& target) {
    const std::string domain = canon::lower_case(target);
    const auto& names = validated_names();
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return is_within(name, domain); });
  }

  // Prefers the domain itself, then a name below it, then any other (§7.3).
  std::string best_validated_name(const std::string& domain) {
    const auto& names = validated_names();
    if (names.empty()) return "unknown";
    const std::string lower = canon::lower_case(domain);
    if (std::find(names.begin(), names.end(), lower) != names.end()) return lower;
    const auto below =
        std::find_if(names.begin(), names.end(), [&](const auto& name) { return is_within(name, lower); });
    return below != names.end() ? *below : names.front();
  }

  MacroValues values(const std::string& domain) {
    return {question_.local_part, question_.domain, domain,
            question_.address,    question_.helo,   [this, domain] { return best_validated_name(domain); }};
  }

  Lookup::Answer ask(const std::string& name, RecordType type) {
    // A name that DNS cannot hold does not exist (§4.8), and nobody is asked.
    if (!has_good_labels(name)) return std::vector<std::string>();
    auto answer = lookup_.ask(name, type);
    if (answer && answer->empty()) ++voids_;
    return answer;
  }

  std::optional<Verdict> count(const std::string& term, const std::string& domain) {
    ++lookups_;
    if (lookups_ <= (mode_ == Mode::check ? most_lookups : most_counted)) return {};
    return Verdict{Result::permerror,
                   fmt::format("more than {} lookups, at {} of {}", lookups_ - 1, term, domain)};
  }

  // Receivers follow a loop until their ten lookups are used up; a measurement names it at once.
  std::optional<Verdict> check_loop(const std::string& target) const {
    if (mode_ == Mode::check) return {};
    if (std::find(open_.begin(), open_.end(), canon::lower_case(target)) == open_.end()) return {};
    return Verdict{Result::permerror, fmt::format("the record of {} leads back to itself", target)};
  }

  static Step temporary(const std::string& name, const canon::Refusal& refusal) {
    return {false, Verdict{Result::temperror, fmt::format("{}: {}", name, refusal.reason)}};
  }

  Lookup& lookup_;
  Question question_;
  Mode mode_;
  std::vector<std::string> open_;  // whose records are being evaluated, the outermost first
  std::optional<std::vector<std::string>> validated_;
  unsigned lookups_ = 0;
  unsigned voids_ = 0;
  bool ptr_ = false;
};

}  // namespace

std::string_view to_string(Result result) {
  switch (result) {
    case Result::none:
      return "none";
    case Result::neutral:
      return "neutral";
    case Result::pass:
      return "pass";
    case Result::fail:
      return "fail";
    case Result::softfail:
      return "softfail";
    case Result::temperror:
      return "temperror";
    case Result::permerror:
      return "permerror";
  }
  return "permerror";
}

Outcome check_host(Lookup& lookup, const Question& question) {
  return Evaluation(lookup, question, Evaluation::Mode::check).run();
}

Outcome measure(Lookup& lookup, const Question& question) {
  return Evaluation(lookup, question, Evaluation::Mode::measure).run();
}

}  // namespace dkim::keytool::spf
