// Setting and removing a record at providers with the habits that real ones have.
#include "keytool/lexicon/record_change.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace dkim::keytool {
namespace {

using Form = crypto::PublishSettings::Form;

const std::string name = "s1._domainkey.example.com";
const std::string long_value = "v=DKIM1; k=rsa; p=" + std::string(392, 'A') + "/B";
const std::string in_strings = "\"" + long_value.substr(0, 255) + "\" \"" + long_value.substr(255) + "\"";

// A provider that keeps its records in a list. The members change its habits.
class Provider : public ProviderRecords {
 public:
  std::vector<ListedRecord> records;
  std::vector<std::string> calls;
  std::size_t fewest_seen = 100;  // while a change was going on
  std::function<void(const std::string& call)> before_call = [](const std::string&) {};
  // How the API shows what it has.
  std::function<std::string(const std::string&)> shown = [](const std::string& text) { return text; };
  // Identifiers that hold the content (PowerDNS), and one for all (Gandi).
  enum class Identifiers { numbers, contents, names } identifiers = Identifiers::numbers;
  // An identifier with a / in it is not found again (lexicon's PowerDNS).
  bool slash_breaks_identifiers = false;

  std::vector<ListedRecord> list(const std::string&) override {
    note("list");
    std::vector<ListedRecord> listed;
    for (const auto& record : records)
      listed.push_back({record.identifier, shown(record.content)});
    return listed;
  }
  void create(const crypto::NamedRecord& record) override {
    note("create");
    add(record.value);
  }
  void update(const std::string& identifier, const crypto::NamedRecord& record) override {
    note("update");
    remove_if_named(identifier);
    add(record.value);
  }
  void remove_identified(const std::string&, const std::string& identifier) override {
    note("remove_identified");
    remove_if_named(identifier);
  }
  void remove_with_content(const std::string&, const std::string& content) override {
    note("remove_with_content");
    std::erase_if(records, [&](const auto& record) { return shown(record.content) == content; });
  }
  void remove_all(const std::string&) override {
    note("remove_all");
    records.clear();
  }

  void add(const std::string& content) {
    const auto same = [&](const auto& record) { return record.content == content; };
    if (std::any_of(records.begin(), records.end(), same)) return;
    switch (identifiers) {
      case Identifiers::numbers:
        records.push_back({std::to_string(++last_), content});
        return;
      case Identifiers::contents:
        records.push_back({"TXT=" + content, content});
        return;
      case Identifiers::names:
        records.push_back({"s1._domainkey", content});
        return;
    }
  }

 private:
  void note(const std::string& call) {
    fewest_seen = std::min(fewest_seen, records.size());
    calls.push_back(call);
    before_call(call);
  }
  void remove_if_named(const std::string& identifier) {
    if (slash_breaks_identifiers && identifier.find('/') != std::string::npos) return;
    std::erase_if(records, [&](const auto& record) { return record.identifier == identifier; });
  }
  int last_ = 0;
};

void set(Provider& provider, const std::string& value = long_value, Form form = Form::automatic) {
  set_record(provider, {name, 3600, value}, form);
}

std::vector<std::string> contents(const Provider& provider) {
  std::vector<std::string> all;
  for (const auto& record : provider.records)
    all.push_back(record.content);
  return all;
}

const std::vector<std::string> only_it{long_value};

TEST(SetRecord, makes_a_record_with_two_calls) {
  Provider provider;
  set(provider);
  EXPECT_EQ(contents(provider), only_it);
  EXPECT_EQ(provider.calls, (std::vector<std::string>{"list", "create"}));
}

TEST(SetRecord, sends_nothing_that_is_there) {
  Provider provider;
  for (const auto& there : {long_value, in_strings}) {
    provider.records.clear();
    provider.calls.clear();
    provider.add(there);
    set(provider);
    EXPECT_EQ(provider.calls, (std::vector<std::string>{"list"}));
  }
}

TEST(SetRecord, replaces_a_record_at_each_kind_of_provider) {
  using Identifiers = Provider::Identifiers;
  for (const auto identifiers : {Identifiers::numbers, Identifiers::contents, Identifiers::names}) {
    for (const bool slash_breaks : {false, true}) {
      for (const std::vector<std::string>& before : {std::vector<std::string>{"v=DKIM1; p=old/key"},
                                                     {"a", "b/c", "d"},
                                                     {"a", long_value},
                                                     {long_value, "b/"},
                                                     {in_strings, long_value},
                                                     {in_strings, "x/y"}}) {
        Provider provider;
        provider.identifiers = identifiers;
        provider.slash_breaks_identifiers = slash_breaks;
        for (const auto& content : before)
          provider.add(content);
        set(provider);
        ASSERT_EQ(provider.records.size(), 1U);
        EXPECT_EQ(plain_value(provider.records.front().content), long_value);
      }
    }
  }
}

TEST(SetRecord, never_removes_all_without_need) {
  Provider provider;
  provider.identifiers = Provider::Identifiers::contents;
  provider.slash_breaks_identifiers = true;
  provider.add("v=DKIM1; p=old/key");
  set(provider);
  EXPECT_EQ(contents(provider), only_it);
  EXPECT_EQ(provider.fewest_seen, 1U);
  // The right one is there already, and the identifier names the others too.
  Provider gandi;
  gandi.identifiers = Provider::Identifiers::names;
  gandi.add("other");
  gandi.add(long_value);
  set(gandi);
  EXPECT_EQ(contents(gandi), only_it);
  EXPECT_EQ(gandi.fewest_seen, 1U);
}

TEST(SetRecord, replaces_what_it_cannot_name) {
  Provider provider;
  provider.identifiers = Provider::Identifiers::contents;
  provider.slash_breaks_identifiers = true;
  provider.shown = [](const std::string& text) { return text == long_value ? text : "shown otherwise"; };
  provider.add("a/b");
  set(provider);
  EXPECT_EQ(contents(provider), only_it);
}

TEST(SetRecord, says_that_there_are_several) {
  Provider provider;
  provider.add("old");
  provider.add("older");
  // Removals have no effect.
  const auto keep = [&](const std::string&) {
    if (provider.records.size() < 2) {
      provider.add("old");
      provider.add("older");
    }
  };
  provider.before_call = keep;
  try {
    set(provider);
    FAIL();
  } catch (const ProviderError& error) {
    EXPECT_NE(std::string(error.what()).find("several TXT records at " + name), std::string::npos)
        << error.what();
  }
}

TEST(SetRecord, tries_other_forms_when_one_is_refused) {
  const std::string inner = in_strings.substr(1, in_strings.size() - 2);
  for (const auto& taken : {long_value, in_strings, inner}) {
    for (const bool there_is_one : {false, true}) {
      class Choosy final : public Provider {
       public:
        std::string taken;
        void create(const crypto::NamedRecord& record) override {
          if (record.value != taken) throw ProviderError(ProviderFault::refused, "422");
          Provider::create(record);
        }
        void update(const std::string& identifier, const crypto::NamedRecord& record) override {
          if (record.value != taken) throw ProviderError(ProviderFault::refused, "422");
          Provider::update(identifier, record);
        }
      } provider;
      provider.taken = taken;
      if (there_is_one) provider.add("old");
      set(provider);
      EXPECT_EQ(contents(provider), std::vector<std::string>{taken});
      if (taken == in_strings) {
        EXPECT_NO_THROW(set(provider, long_value, Form::strings));
      }
      if (taken != long_value) {
        EXPECT_THROW(set(provider, "another" + long_value, Form::plain), ProviderError);
      }
    }
  }
}

TEST(SetRecord, leaves_a_record_that_was_taken_in_spite_of_an_error) {
  class Odd final : public Provider {
   public:
    void create(const crypto::NamedRecord& record) override {
      Provider::create(record);
      throw ProviderError(ProviderFault::refused, "an error behind the change");
    }
    void update(const std::string& identifier, const crypto::NamedRecord& record) override {
      Provider::update(identifier, record);
      throw ProviderError(ProviderFault::refused, "an error behind the change");
    }
  };
  for (const bool there_is_one : {false, true}) {
    Odd provider;
    if (there_is_one) provider.add("old");
    set(provider);
    EXPECT_EQ(contents(provider), only_it);
  }
}

TEST(SetRecord, does_not_try_other_forms_for_other_reasons) {
  for (const auto fault : {ProviderFault::unreachable, ProviderFault::credentials, ProviderFault::zone,
                           ProviderFault::busy, ProviderFault::not_understood, ProviderFault::no_program}) {
    Provider provider;
    provider.before_call = [&](const std::string& call) {
      if (call == "create") throw ProviderError(fault, "the first reason");
    };
    EXPECT_THROW(set(provider), ProviderError);
    EXPECT_EQ(std::count(provider.calls.begin(), provider.calls.end(), "create"), 1);
  }
}

TEST(SetRecord, makes_the_record_again_after_half_an_update) {
  class Half final : public Provider {
   public:
    void update(const std::string& identifier, const crypto::NamedRecord&) override {
      remove_identified(name, identifier);
      throw ProviderError(ProviderFault::busy, "503");
    }
  } provider;
  provider.add("old");
  set(provider);
  EXPECT_EQ(contents(provider), only_it);
  provider.records.clear();
  provider.add("old");
  provider.before_call = [](const std::string& call) {
    if (call == "create") throw ProviderError(ProviderFault::busy, "503 again");
  };
  try {
    set(provider);
    FAIL();
  } catch (const ProviderError& error) {
    EXPECT_EQ(std::string(error.what()), "503; the provider has no record at " + name + " now");
  }
}

TEST(SetRecord, believes_that_a_list_lags) {
  Provider provider;
  provider.add("old");
  provider.shown = [](const std::string&) { return "old"; };
  set(provider);
  EXPECT_EQ(contents(provider), only_it);
}

TEST(SetRecord, sends_a_form_that_was_chosen) {
  Provider provider;
  provider.add(long_value);
  set(provider, long_value, Form::strings);
  EXPECT_EQ(contents(provider), std::vector<std::string>{in_strings});
  set(provider, long_value, Form::plain);
  EXPECT_EQ(contents(provider), only_it);
}

TEST(RemoveRecord, removes_all_at_each_kind_of_provider) {
  using Identifiers = Provider::Identifiers;
  for (const auto identifiers : {Identifiers::numbers, Identifiers::contents, Identifiers::names}) {
    for (const bool slash_breaks : {false, true}) {
      for (const bool shown_otherwise : {false, true}) {
        Provider provider;
        provider.identifiers = identifiers;
        provider.slash_breaks_identifiers = slash_breaks;
        provider.add("one/two");
        provider.add("three");
        if (shown_otherwise) provider.shown = [](const std::string& text) { return "\"" + text; };
        remove_record(provider, name);
        EXPECT_TRUE(provider.records.empty());
      }
    }
  }
}

TEST(RemoveRecord, asks_for_nothing_if_there_is_nothing) {
  Provider provider;
  remove_record(provider, name);
  EXPECT_EQ(provider.calls, (std::vector<std::string>{"list"}));
}

TEST(RemoveRecord, tries_the_next_way_when_one_is_refused) {
  Provider provider;
  provider.add("one");
  provider.before_call = [](const std::string& call) {
    if (call == "remove_identified" || call == "remove_with_content")
      throw ProviderError(ProviderFault::refused, "422");
  };
  remove_record(provider, name);
  EXPECT_TRUE(provider.records.empty());
}

TEST(RemoveRecord, takes_what_is_gone_for_removed) {
  // The list still has it, and the API answers 404 to a second removal.
  Provider provider;
  provider.add("one");
  bool is_gone = false;
  provider.before_call = [&](const std::string& call) {
    if (call == "list") {
      provider.records.clear();
      if (!is_gone) provider.add("one");
    } else {
      is_gone = call == "remove_with_content";
      throw ProviderError(ProviderFault::zone, "404 Client Error: Not Found");
    }
  };
  EXPECT_NO_THROW(remove_record(provider, name));
}

}  // namespace
}  // namespace dkim::keytool
