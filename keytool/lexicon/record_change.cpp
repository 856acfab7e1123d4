#include "keytool/lexicon/record_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace dkim::keytool {
namespace {

using Form = crypto::PublishSettings::Form;
using Records = std::vector<ListedRecord>;

// Returns the texts with which the value may be handed over; the first is tried first. A provider whose part
// of lexicon puts quotation marks around a value needs those between strings, and no others.
std::vector<std::string> texts_of(const crypto::NamedRecord& record, Form form) {
  std::string strings = crypto::strings_text(record);
  while (strings.ends_with('\n'))
    strings.pop_back();
  switch (form) {
    case Form::plain:
      return {record.value};
    case Form::strings:
      return {strings};
    case Form::automatic:
      break;
  }
  std::vector<std::string> texts{record.value, strings};
  if (crypto::txt_strings(record.value).size() > 1) texts.push_back(strings.substr(1, strings.size() - 2));
  return texts;
}

bool holds(const ListedRecord& listed, const std::string& value) {
  return listed.content == value || plain_value(listed.content) == value;
}

// Returns the one to keep: best as it was sent.
const ListedRecord* find_kept(const Records& records, const std::string& sent, const std::string& value) {
  for (const auto& record : records) {
    if (record.content == sent) return &record;
  }
  for (const auto& record : records) {
    if (holds(record, value)) return &record;
  }
  return nullptr;
}

bool is_unique(const Records& records, const std::string& identifier) {
  return !identifier.empty() && std::count_if(records.begin(), records.end(), [&](const auto& record) {
                                  return record.identifier == identifier;
                                }) == 1;
}

// Makes one of several attempts: the next may succeed where this one is refused. The zone has been listed, so
// "not found" is about a record, which may be gone already: a list lags.
template <typename Attempt>
void unless_refused(Attempt attempt) {
  try {
    attempt();
  } catch (const ProviderError& error) {
    if (error.fault() != ProviderFault::refused && error.fault() != ProviderFault::zone) throw;
  }
}

class Change {
 public:
  Change(ProviderRecords& provider, const crypto::NamedRecord& record, Form form)
      : provider_(provider), record_(record), form_(form) {}

  void run() {
    const Records before = provider_.list(record_.name);
    if (before.size() == 1 && is_settled(before.front())) return;
    if (before.empty()) {
      write(before);
      return;
    }
    // One of several may be right already.
    const auto* right = find_kept(before, record_.value, record_.value);
    const std::string sent = before.size() > 1 && right != nullptr ? right->content : write(before);
    leave_only(sent);
  }

 private:
  // A form that a person chose is sent even if the value is there in another.
  bool is_settled(const ListedRecord& listed) const {
    if (form_ == Form::automatic) return holds(listed, record_.value);
    return listed.content == texts_of(record_, form_).front();
  }

  void write_once(const Records& before, const std::string& text) {
    const crypto::NamedRecord record{record_.name, record_.ttl, text};
    if (before.empty() || before.front().identifier.empty()) {
      provider_.create(record);
    } else {
      provider_.update(before.front().identifier, record);
    }
  }

  // Returns the text that was taken. A refusal may be of the value's form: then tries the next.
  std::string write(const Records& before) {
    Records now = before;
    std::optional<ProviderError> first;
    for (const auto& text : texts_of(record_, form_)) {
      try {
        write_once(now, text);
        return text;
      } catch (const ProviderError& error) {
        if (!first) first = error;
        if (error.fault() != ProviderFault::refused) break;
      }
      now = list_or(now);
      // The error came behind the change. Another form might replace it by a wrong one.
      if (now.size() == 1 && is_settled(now.front())) return now.front().content;
    }
    if (before.empty()) throw ProviderError(*first);
    return restore(*first, list_or(before));
  }

  // lexicon updates the records of some providers by a removal and a new record, and the second may fail.
  std::string restore(const ProviderError& error, const Records& now) {
    if (!now.empty()) throw ProviderError(error);
    const std::string text = texts_of(record_, form_).front();
    try {
      provider_.create({record_.name, record_.ttl, text});
    } catch (const ProviderError&) {
      throw without_record(error);
    }
    return text;
  }

  ProviderError without_record(const ProviderError& error) const {
    return {error.fault(),
            fmt::format("{}; the provider has no record at {} now", error.what(), record_.name)};
  }

  Records list_or(const Records& otherwise) {
    try {
      return provider_.list(record_.name);
    } catch (const ProviderError&) {
      return otherwise;
    }
  }

  void leave_only(const std::string& sent) {
    Records now = provider_.list(record_.name);
    for (const auto by : {By::identifier, By::content}) {
      const auto* kept = now.size() > 1 ? find_kept(now, sent, record_.value) : nullptr;
      if (kept == nullptr) break;
      remove_others(now, *kept, by);
      now = provider_.list(record_.name);
    }
    if (now.size() > 1) {
      provider_.remove_all(record_.name);
      now.clear();
    }
    if (now.empty()) create_again(sent);
    if (provider_.list(record_.name).size() <= 1) return;
    throw ProviderError(
        ProviderFault::refused,
        fmt::format(
            "the provider has several TXT records at {} and should have one, \"{}\": remove the others "
            "by hand, since receivers may take any of them",
            record_.name, record_.value));
  }

  void create_again(const std::string& sent) {
    try {
      provider_.create({record_.name, record_.ttl, sent});
    } catch (const ProviderError& error) {
      throw without_record(error);
    }
  }

  enum class By { identifier, content };

  void remove_others(const Records& records, const ListedRecord& kept, By by) {
    for (const auto& other : records) {
      if (&other == &kept) continue;
      unless_refused([&] {
        if (by == By::identifier && is_unique(records, other.identifier))
          provider_.remove_identified(record_.name, other.identifier);
        if (by == By::content && other.content != kept.content)
          provider_.remove_with_content(record_.name, other.content);
      });
    }
  }

  ProviderRecords& provider_;
  const crypto::NamedRecord& record_;
  const Form form_;
};

}  // namespace

void set_record(ProviderRecords& provider, const crypto::NamedRecord& record, Form form) {
  Change(provider, record, form).run();
}

void remove_record(ProviderRecords& provider, const std::string& name) {
  Records records = provider.list(name);
  if (records.empty()) return;
  for (const auto& record : records) {
    if (is_unique(records, record.identifier))
      unless_refused([&] { provider.remove_identified(name, record.identifier); });
  }
  // lexicon cannot always find a record again by the identifier that it gave.
  records = provider.list(name);
  for (const auto& record : records)
    unless_refused([&] { provider.remove_with_content(name, record.content); });
  if (records.empty() || provider.list(name).empty()) return;
  provider.remove_all(name);
}

}  // namespace dkim::keytool
