#include "keytool/rotation/publish_probe.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <span>

#include "crypto/openssl.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/lexicon/provider_records.hpp"
#include "keytool/rotation/publisher.hpp"

namespace dkim::keytool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// The bytes of an RSA key of 2048 bits in a record (SubjectPublicKeyInfo).
constexpr std::size_t key_bytes = 294;
// Resolvers shall not remember it for long; providers take this, and few take less.
constexpr unsigned ttl = 300;
constexpr seconds shortest_pause{1};
constexpr seconds longest_pause{15};

void fill_random(std::span<unsigned char> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    crypto::throw_openssl_error("cannot make random numbers");
}

// Nothing can have been made if these fail.
bool leaves_nothing(const crypto::Error& error) {
  if (dynamic_cast<const crypto::KeyFileError*>(&error) != nullptr) return true;
  const auto* provider = dynamic_cast<const ProviderError*>(&error);
  if (provider == nullptr) return false;
  switch (provider->fault()) {
    case ProviderFault::no_program:
    case ProviderFault::credentials:
    case ProviderFault::zone:
      return true;
    case ProviderFault::unreachable:
    case ProviderFault::busy:
    case ProviderFault::not_understood:
    case ProviderFault::refused:
      return false;
  }
  return false;
}

class Probe {
 public:
  Probe(const ProbeOptions& options, const ProbeRecord& record, StopSignals& stop,
        const std::function<void(const std::string&)>& on_event)
      : options_(options), record_(record), stop_(stop), on_event_(on_event) {
    report_.record = record.named;
  }

  ProbeReport run() {
    if (!put()) return std::move(report_);
    see();
    clean_up();
    return std::move(report_);
  }

 private:
  using Outcome = ProbeReport::Outcome;

  void event(std::string text) {
    on_event_(text);
    report_.events.push_back(std::move(text));
  }

  // The first trouble is the one to report.
  void trouble(Outcome outcome, const std::string& what) {
    if (report_.outcome == Outcome::proven) {
      report_.outcome = outcome;
      report_.trouble = what;
      return;
    }
    if (outcome == Outcome::failed) report_.outcome = Outcome::failed;
    report_.trouble += "; " + what;
  }

  bool put() {
    try {
      publish(options_.publish, options_.dns, RecordAction::set, record_.named);
    } catch (const crypto::Error& error) {
      trouble(Outcome::failed, fmt::format("the record was not published: {}", error.what()));
      if (!leaves_nothing(error)) remove_what_may_be_there();
      return false;
    }
    report_.may_be_left = true;
    event("put the record into DNS");
    return true;
  }

  void remove_what_may_be_there() {
    try {
      publish(options_.publish, options_.dns, RecordAction::remove, record_.named);
    } catch (const crypto::Error&) {
      report_.may_be_left = true;
    }
  }

  enum class Sight { yes, not_yet, never };

  struct Look {
    Sight sight;
    std::string detail;
  };

  RecordView look(Observer::Misplaced misplaced, bool& is_other) {
    const auto observation =
        Observer(options_.dns, misplaced).look({record_.named.name}, record_.expected).record;
    is_other = std::any_of(observation.servers.begin(), observation.servers.end(), [](const auto& server) {
      return server.finding && server.finding->status != RecordStatus::right &&
             server.finding->status != RecordStatus::missing;
    });
    auto view = summarize(observation);
    if (view.detail.empty()) view.detail = observation.trouble;
    return view;
  }

  // The name is new: what a server has there is our record, and if it is wrong, waiting does not help. Behind
  // a resolver, a wildcard may answer.
  Look look_for_it(Observer::Misplaced misplaced) {
    bool is_other = false;
    const auto view = look(misplaced, is_other);
    if (view.state == RecordView::State::right) return {Sight::yes, {}};
    return {is_other && options_.dns.authoritative ? Sight::never : Sight::not_yet, view.detail};
  }

  Look look_for_nothing() {
    bool is_other = false;
    const auto view = look(Observer::Misplaced::ignore, is_other);
    const bool gone = view.state == RecordView::State::missing && view.all_answered;
    return {gone ? Sight::yes : Sight::not_yet, view.detail};
  }

  // Looks until there is nothing to wait for, the patience is over, or a signal has come.
  template <typename LookOnce>
  Look wait_until(LookOnce look_once) {
    const auto begun = steady_clock::now();
    while (true) {
      auto seen = look_once();
      const auto waited = std::chrono::duration_cast<seconds>(steady_clock::now() - begun);
      if (seen.sight != Sight::not_yet || waited >= options_.patience) return seen;
      const auto pause =
          std::min(std::clamp(waited / 4, shortest_pause, longest_pause), options_.patience - waited);
      if (stop_.wait(pause)) return seen;
    }
  }

  void see() {
    auto seen = wait_until([&] { return look_for_it(Observer::Misplaced::ignore); });
    if (seen.sight == Sight::yes) {
      event("every authoritative server serves it, byte for byte");
      return;
    }
    if (stop_.has_come()) {
      trouble(Outcome::waiting, "interrupted before every server had the record");
      return;
    }
    // It may be under another name.
    if (seen.sight == Sight::not_yet) seen = look_for_it(Observer::Misplaced::look_for);
    if (seen.sight == Sight::never) {
      trouble(Outcome::failed, fmt::format("the record is served wrongly: {}", seen.detail));
    } else if (seen.sight == Sight::not_yet) {
      trouble(Outcome::waiting, fmt::format("not every server has the record after {} s: {}",
                                            options_.patience.count(), seen.detail));
    }
  }

  void clean_up() {
    try {
      publish(options_.publish, options_.dns, RecordAction::remove, record_.named);
    } catch (const crypto::Error& error) {
      trouble(Outcome::failed, fmt::format("the record was not removed: {}", error.what()));
      return;
    }
    event("removed the record from DNS");
    if (stop_.has_come()) {
      trouble(Outcome::waiting, "interrupted before it was seen that the record is gone");
      return;
    }
    const auto seen = wait_until([&] { return look_for_nothing(); });
    if (seen.sight == Sight::yes) {
      report_.may_be_left = false;
      event("no authoritative server serves it any more");
    } else {
      trouble(Outcome::waiting, fmt::format("not every server has lost the record: {}", seen.detail));
    }
  }

  const ProbeOptions& options_;
  const ProbeRecord& record_;
  StopSignals& stop_;
  const std::function<void(const std::string&)>& on_event_;
  ProbeReport report_;
};

}  // namespace

ProbeRecord make_probe_record(const std::string& parent) {
  std::array<unsigned char, 8> label{};
  fill_random(label);
  crypto::KeyRecord record;
  record.public_key.resize(key_bytes);
  fill_random(record.public_key);
  record.flags.test = true;
  record.flags.note = "no key, made by dkimkey check-publish";
  std::string name = "dkimkey-check-";
  for (const unsigned byte : label)
    name += fmt::format("{:02x}", byte);
  return {{fmt::format("{}.{}", name, parent), ttl, crypto::write_record(record)}, record};
}

ProbeReport probe_publishing(const ProbeOptions& options, const ProbeRecord& record, StopSignals& stop,
                             const std::function<void(const std::string&)>& on_event) {
  return Probe(options, record, stop, on_event).run();
}

}  // namespace dkim::keytool
