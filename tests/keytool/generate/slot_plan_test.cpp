#include "keytool/generate/slot_plan.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "keytool/cli/errors.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

using crypto::Algorithm;
using crypto::KeyState;
using test::message_of;
using test::selector;

class SlotPlan : public testing::Test {
 protected:
  static std::vector<canon::Selector> selectors(const std::vector<std::string>& names) {
    std::vector<canon::Selector> out;
    for (const auto& name : names)
      out.push_back(selector(name));
    return out;
  }
  static GenerateRequest slots(const std::vector<std::string>& names, Algorithm algorithm = Algorithm::rsa) {
    GenerateRequest request;
    request.keys = {{selector("default"), Algorithm::rsa}};
    request.slots = {{algorithm, selectors(names)}};
    return request;
  }
  static GenerateRequest ordinary(const std::string& name, Algorithm algorithm = Algorithm::rsa) {
    GenerateRequest request;
    request.keys = {{selector(name), algorithm}};
    return request;
  }
  static GenerateRequest no_slots(const std::string& name, Algorithm algorithm = Algorithm::rsa) {
    auto request = ordinary(name, algorithm);
    request.no_slots = true;
    return request;
  }

  void add_key(const std::string& name, KeyState state, Algorithm algorithm = Algorithm::rsa) {
    manifest_.keys.push_back(
        {.selector = selector(name), .algorithm = algorithm, .bits = 2048, .state = state});
  }
  void forget(const std::string& name) {
    for (auto& key : manifest_.keys) {
      if (key.selector == selector(name)) key.forgotten = key.created;
    }
  }

  // Returns the selectors of the keys to make.
  std::string apply(const GenerateRequest& request) {
    std::string out;
    for (const auto& key : apply_slots(request, domain_, settings_, signers_, manifest_))
      out += (out.empty() ? "" : " ") + key.selector.str() + ":" + std::string(key_name(key.algorithm));
    return out;
  }
  std::string usage_error(const GenerateRequest& request) {
    auto manifest = manifest_;
    return message_of<UsageError>([&] { apply_slots(request, domain_, settings_, signers_, manifest); });
  }
  std::string store_error(const GenerateRequest& request) {
    auto manifest = manifest_;
    return message_of<crypto::StoreError>(
        [&] { apply_slots(request, domain_, settings_, signers_, manifest); });
  }
  // "s1>TARGET" for each slot, with "!" if it is closed.
  std::string slots_text() const {
    std::string out;
    for (const auto& slot : manifest_.slots) {
      out += (out.empty() ? "" : " ") + slot.selector.str();
      if (!slot.target.empty()) out += ">" + slot.target;
      if (slot.closed) out += "!";
    }
    return out;
  }

  canon::DomainName domain_ = *canon::DomainName::parse("shop.example");
  crypto::KeySettings settings_;
  crypto::SignerView signers_;
  crypto::Manifest manifest_;
};

TEST_F(SlotPlan, TheFirstKeyGoesIntoTheFirstSlot) {
  EXPECT_EQ(apply(slots({"s1", "s2"})), "s1:rsa");
  EXPECT_EQ(slots_text(), "s1 s2");
}

TEST_F(SlotPlan, SlotsLeadToWhereTheConfigurationSays) {
  settings_.slot_target = *crypto::SlotTarget::parse("%selector%.%domain%.d.example");
  EXPECT_EQ(apply(slots({"s1", "s2"})), "s1:rsa");
  EXPECT_EQ(slots_text(), "s1>s1.shop.example.d.example s2>s2.shop.example.d.example");
}

TEST_F(SlotPlan, BothAlgorithmsGetAKey) {
  auto request = slots({"s1", "s2"});
  request.slots.push_back({Algorithm::ed25519, selectors({"e1", "e2"})});
  EXPECT_EQ(apply(request), "s1:rsa e1:ed25519");
}

TEST_F(SlotPlan, Ed25519NeedsAnRsaKeyBesideIt) {
  const auto request = slots({"e1", "e2"}, Algorithm::ed25519);
  EXPECT_NE(usage_error(request).find("needs an RSA key beside it"), std::string::npos);
  add_key("old", KeyState::revoked);
  EXPECT_NE(usage_error(request).find("needs an RSA key beside it"), std::string::npos);
  add_key("server", KeyState::pending);
  EXPECT_EQ(apply(request), "e1:ed25519");
}

TEST_F(SlotPlan, AKeyMadeByHandTakesTheNextFreeSlot) {
  apply(slots({"s1", "s2", "s3"}));
  add_key("s1", KeyState::active);
  EXPECT_EQ(apply(slots({"s1", "s2", "s3"})), "s2:rsa");
  add_key("s2", KeyState::revoked);
  EXPECT_EQ(apply(slots({"s1", "s2", "s3"})), "s3:rsa");
  forget("s2");
  EXPECT_EQ(apply(slots({"s1", "s2", "s3"})), "s2:rsa");
}

TEST_F(SlotPlan, WaitsForAFreeSlot) {
  apply(slots({"s1", "s2"}));
  add_key("s1", KeyState::active);
  add_key("s2", KeyState::retiring);
  const auto error = store_error(slots({"s1", "s2"}));
  EXPECT_TRUE(error.starts_with("no slot is free: s1 signs; s2 drains until ")) << error;
  EXPECT_EQ(error.find("longer while"), std::string::npos) << error;
}

TEST_F(SlotPlan, NamesTheMachineThatHoldsASlot) {
  apply(slots({"s1", "s2"}));
  add_key("s1", KeyState::active);
  add_key("s2", KeyState::retiring);
  signers_ = {true, {{.host = "mx2"}}};
  const auto error = store_error(slots({"s1", "s2"}));
  EXPECT_TRUE(
      error.ends_with("; longer while a machine may sign with the last key of s2: mx2 (no contact yet)"))
      << error;
  manifest_.keys.back().stopped = crypto::utc_now();
  EXPECT_EQ(store_error(slots({"s1", "s2"})).find("longer while"), std::string::npos);
}

TEST_F(SlotPlan, MoreSlotsCanBeAddedAndNoneLeftOut) {
  apply(slots({"s1", "s2"}));
  add_key("s1", KeyState::active);
  EXPECT_EQ(usage_error(slots({"s1", "s3"})).find("the domain has the slot s2: name it too"), 0U);
  EXPECT_EQ(apply(slots({"s0", "s1", "s2"})), "s0:rsa");
  EXPECT_EQ(slots_text(), "s0 s1 s2");
}

TEST_F(SlotPlan, AnOrdinarySelectorNeverBecomesASlot) {
  for (const auto state : {KeyState::pending, KeyState::active, KeyState::retiring, KeyState::revoked}) {
    manifest_.keys.clear();
    add_key("s2", state);
    const auto error = store_error(slots({"s1", "s2"}));
    EXPECT_TRUE(error.starts_with("the selector s2 of shop.example is that of an ordinary key (" +
                                  std::string(to_string(state)) + ")"))
        << error;
  }
  // Not even when it is forgotten.
  forget("s2");
  EXPECT_TRUE(store_error(slots({"s1", "s2"})).starts_with("the selector s2 of shop.example is that of"));
}

TEST_F(SlotPlan, ASlotKeepsItsAlgorithm) {
  add_key("server", KeyState::active);
  apply(slots({"s1", "s2"}));
  EXPECT_EQ(usage_error(slots({"s2", "e1"}, Algorithm::ed25519)),
            "s2 is a slot for rsa, and slots keep their algorithm: choose another name");
}

TEST_F(SlotPlan, NamesThatDoNotFitAreRefused) {
  const std::string label(60, 'x');
  domain_ = *canon::DomainName::parse(label + "." + label + "." + label + ".example");
  ASSERT_EQ(domain_.str().size(), 190U);
  const std::string longest(253 - 190 - 12, 's');
  EXPECT_EQ(apply(slots({"s1", longest})), "s1:rsa");
  manifest_.slots.clear();
  // Not only the slot that gets the key.
  EXPECT_EQ(
      usage_error(slots({"s1", longest + "s"})),
      "the slot " + longest + "s would have a name of 254 bytes, and DNS allows 253: choose a shorter one");
  settings_.slot_target = *crypto::SlotTarget::parse("%selector%.%domain%." + label + ".example");
  const auto error = usage_error(slots({"s1", "s2"}));
  EXPECT_EQ(error, "for the slot s1 of " + domain_.str() +
                       ", slot_target in the configuration makes a name longer than 253 bytes");
}

TEST_F(SlotPlan, AnOrdinaryKeyBesideSlotsIsRefused) {
  apply(slots({"s1", "s2"}));
  EXPECT_EQ(usage_error(ordinary("server")),
            "the domain has slots: give --slots s1,s2 for a key in the next one, or --no-slots to go back to "
            "ordinary selectors");
  EXPECT_EQ(apply(ordinary("e", Algorithm::ed25519)), "e:ed25519");
  EXPECT_EQ(
      usage_error(ordinary("s2", Algorithm::ed25519)),
      "s2 is a slot, and not a name for an ordinary key: give --slots with all slots, or another --selector");
}

TEST_F(SlotPlan, GoesBackToOrdinarySelectors) {
  settings_.slot_target = *crypto::SlotTarget::parse("%selector%.%domain%.d.example");
  auto both = slots({"s1", "s2"});
  both.slots.push_back({Algorithm::ed25519, selectors({"e1", "e2"})});
  apply(both);
  add_key("s1", KeyState::active);
  EXPECT_EQ(apply(no_slots("server")), "server:rsa");
  EXPECT_EQ(slots_text(),
            "s1>s1.shop.example.d.example! s2>s2.shop.example.d.example! e1>e1.shop.example.d.example "
            "e2>e2.shop.example.d.example");
  EXPECT_EQ(usage_error(no_slots("server2")),
            "the domain has no slots of this algorithm: leave out --no-slots");
  EXPECT_EQ(apply(ordinary("server2")), "server2:rsa");
  // A closed slot is still no name for an ordinary key.
  EXPECT_TRUE(usage_error(ordinary("s2")).starts_with("s2 is a slot"));

  // And to the same slots again, which lead to where they led.
  settings_.slot_target = *crypto::SlotTarget::parse("%selector%.%domain%.new.example");
  EXPECT_EQ(apply(slots({"s3", "s2"})), "s3:rsa");
  EXPECT_EQ(slots_text(),
            "s1>s1.shop.example.d.example! e1>e1.shop.example.d.example e2>e2.shop.example.d.example "
            "s3>s3.shop.example.new.example s2>s2.shop.example.d.example");
}

TEST_F(SlotPlan, WithoutSlotsThereAreNoneToClose) {
  EXPECT_EQ(usage_error(no_slots("server")),
            "the domain has no slots of this algorithm: leave out --no-slots");
}

}  // namespace
}  // namespace dkim::keytool
