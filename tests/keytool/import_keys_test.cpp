// Tests keys in files: the forms that import reads, its messages about other forms, and domains and selectors
// in the names of files.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "keytool/opendkim/key_forms.hpp"
#include "keytool/opendkim/key_material.hpp"
#include "keytool/opendkim/rspamd_folder.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Texts = std::vector<std::string>;

std::string pem(const crypto::PrivateKey& key) {
  const auto secret = key.to_pem();
  return {secret.begin(), secret.end()};
}

const std::string& a_key() {
  static const std::string text = pem(crypto::PrivateKey::generate_ed25519());
  return text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

crypto::Secret secret(std::string_view text) {
  return {text.begin(), text.end()};
}

TEST(ImportKeyMaterial, ReadsEveryForm) {
  const auto rsa = crypto::PrivateKey::generate_rsa(1024);
  const auto text = pem(rsa);
  std::string base64;
  for (std::size_t at = text.find('\n') + 1; at < text.find("-----END"); ++at)
    base64 += text[at];
  for (const auto& form : {text, base64, "  " + base64 + "\n"})
    EXPECT_EQ(read_key_material({form.begin(), form.end()}).public_key(), rsa.public_key());
  // Test 1 of RFC 8032 §7.1: the seed alone, and followed by the public key, as rspamd writes it.
  for (const std::string_view form :
       {"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=",
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="}) {
    const auto key = read_key_material({form.begin(), form.end()});
    EXPECT_EQ(key.algorithm(), crypto::Algorithm::ed25519);
    EXPECT_EQ(key.public_key().front(), 0xd7);
    EXPECT_EQ(key.public_key().back(), 0x1a);
  }
  for (const std::string_view form : {"", "=", "AAAA", "hello world", "-----BEGIN PRIVATE KEY-----\n"})
    EXPECT_THROW(read_key_material({form.begin(), form.end()}), crypto::KeyFileError) << form;
}

TEST(ImportKeyMaterial, IgnoresWhatEditorsAdd) {
  const auto text = a_key();
  for (const auto& form : {"\xef\xbb\xbf" + text, replaced(text, "\n", "\r\n"),
                           "  " + replaced(text, "\n", "\n\t  "), "\r\n\n" + text})
    EXPECT_EQ(pem(read_key_material(secret(form))), text) << form;
}

TEST(ImportKeyForms, AreNamedWithTheCommand) {
  const auto one_line = replaced(a_key(), "\n", " ");
  const std::map<std::string, std::pair<std::string, std::string>> cases{
      {replaced(a_key(), "\n", "\\n"),
       {"written as \\n", "sed 's/\\\\r//g; s/\\\\n/\\n/g; s/\"//g' /k > /k.pem"}},
      {one_line, {"lost its line ends", "sed 's/-----[A-Z ]*-----//g' /k > /k.pem"}},
      {"\xff\xfe-\0", {"UTF-16", "iconv -f UTF-16 -t UTF-8 /k > /k.pem"}},
      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
       {"encrypted", "openssl pkey -in /k -out /k.pem"}},
      {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----\n",
       {"encrypted", "openssl pkey -in /k -out /k.pem"}},
      {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
       {"OpenSSH", "cp -p /k /k.pem && ssh-keygen -p -N '' -m PEM -f /k.pem"}},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", {"a public key", "the private one"}},
      {"ssh-rsa AAAA me@host", {"a public key", "the private one"}},
      {"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", {"a public key", "the private one"}},
      {"s._domainkey IN TXT \"v=DKIM1; p=AAAA\"", {"the record", "private"}},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", {"a certificate", "private"}},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_THROW(read_key_material(secret(text)), crypto::KeyFileError) << text;
    const auto said = foreign_form(secret(text), KeyOrigin::file, "/k");
    ASSERT_TRUE(said) << text;
    EXPECT_NE(said->find(expected.first), std::string::npos) << *said;
    EXPECT_NE(said->find(expected.second), std::string::npos) << *said;
  }
  EXPECT_FALSE(foreign_form(secret("hello"), KeyOrigin::file, "/k"));
  EXPECT_FALSE(foreign_form(secret(""), KeyOrigin::file, "/k"));
  EXPECT_NE(foreign_form(secret(one_line), KeyOrigin::standard_input, "")->find("| sed "), std::string::npos);
}

// Any path is one word of the shell.
TEST(ImportKeyForms, QuoteThePath) {
  const auto said = foreign_form(secret(replaced(a_key(), "\n", " ")), KeyOrigin::file, "/k; rm x");
  EXPECT_NE(said->find("'/k; rm x' > '/k; rm x.pem'"), std::string::npos) << *said;
}

TEST(ImportRspamdFolder, DividesTheNames) {
  test::TextSources sources;
  for (const auto* name :
       {"a.example.mail", "b.example.co.uk.x1", "c.example.two.dots", "nodots", "d.example.key"})
    sources.files["/r/" + std::string(name) + ".key"] = a_key();
  sources.files["/r/c.example.two.dots.txt"] = "two.dots._domainkey IN TXT ( \"v=DKIM1\" ) ;\n";
  sources.files["/r/readme"] = "";
  const auto names = [&](const RspamdFolder& folder) {
    KeyCollector keys(sources);
    collect_rspamd_keys(folder, sources, keys);
    Texts out;
    for (const auto& [name, key] : keys.keys())
      out.push_back(name.selector.str() + " " + name.domain.str());
    return out;
  };
  EXPECT_EQ(names({"/r", {}, {}}),
            (Texts{"mail a.example", "x1 b.example.co.uk", "two.dots c.example", "key d.example"}));
  EXPECT_EQ(names({"/r", "b.example", {}}), (Texts{"co.uk.x1 b.example"}));
  EXPECT_EQ(names({"/r", {}, "uk.x1"}), (Texts{"uk.x1 b.example.co"}));
}

struct Collected {
  Texts keys;
  Texts losses;
  Texts notes;
};

// Collects keys from files, given by name and contents; a file without contents has a key.
Collected collect(const std::map<std::string, std::string>& files, const std::optional<std::string>& domain,
                  const std::optional<std::string>& selector) {
  test::TextSources sources;
  sources.files["/r/readme"] = "";
  for (const auto& [name, text] : files)
    sources.files["/r/" + name] = text.empty() ? a_key() : text;
  KeyCollector keys(sources);
  collect_rspamd_keys({"/r", domain, selector}, sources, keys);
  Collected out;
  for (const auto& [name, key] : keys.keys())
    out.keys.push_back(name.selector.str() + " " + name.domain.str());
  for (const auto& remark : keys.remarks())
    (is_loss(remark) ? out.losses : out.notes).push_back(remark.place + ": " + remark.text);
  return out;
}

bool has(const Texts& texts, std::string_view part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const auto& text) { return text.find(part) != std::string::npos; });
}

TEST(ImportRspamdFolder, HalfANameNeedsTheOtherHalfFromTheUser) {
  const std::map<std::string, std::string> files{
      {"shop.net.key", ""}, {"mail.shop.net.key", ""}, {"2023.key", ""}};
  const auto alone = collect(files, {}, {});
  EXPECT_EQ(alone.keys, Texts{});
  EXPECT_EQ(alone.losses.size(), 3U);
  EXPECT_TRUE(has(alone.losses, "shop.net.key: the name has no selector"));
  EXPECT_TRUE(
      has(alone.losses, "dkimkey import --pem /r/shop.net.key --domain shop.net --selector SELECTOR"));
  EXPECT_TRUE(has(alone.losses, "dkimkey import --pem /r/2023.key --domain DOMAIN --selector 2023"));

  EXPECT_EQ(collect(files, "Shop.net", "2024").keys, Texts{"2024 shop.net"});
  EXPECT_EQ(collect(files, "example.org", "2023").keys, Texts{"2023 example.org"});
  EXPECT_EQ(collect(files, {}, "2024").keys, Texts{"2024 shop.net"});
  EXPECT_TRUE(has(collect(files, {}, "2024").notes, "mail.shop.net.key: skipped"));
  EXPECT_EQ(collect(files, "mail.shop.net", "2024").keys, Texts{"2024 mail.shop.net"});

  const auto either = collect(files, "shop.net", "2023");
  EXPECT_EQ(either.keys, Texts{}) << "both keys could be meant";
  EXPECT_TRUE(has(either.losses, "may both be the key of selector 2023 of shop.net"));
  auto with_whole = files;
  with_whole["shop.net.2023.key"];
  const auto whole = collect(with_whole, "shop.net", "2023");
  EXPECT_EQ(whole.keys, Texts{"2023 shop.net"});
  EXPECT_EQ(whole.losses, Texts{});
}

TEST(ImportRspamdFolder, SaysWhyThereIsNothing) {
  const std::map<std::string, std::string> files{{"shop.net.s1.key", ""}};
  EXPECT_TRUE(
      has(collect(files, "shop.net", "s2").losses, "there is no shop.net.s2.key, shop.net.key or s2.key"));
  EXPECT_TRUE(has(collect(files, "shop.org", {}).losses, "no key there belongs to the domain shop.org"));
  EXPECT_TRUE(has(collect(files, {}, "s2").losses, "no key there has the selector s2"));
  EXPECT_TRUE(has(collect({}, {}, {}).losses, "no file there ends in .key"));
  EXPECT_TRUE(has(collect({{"shop.net.key", ""}}, "shop.net", {}).losses, "the name has no selector"));
  EXPECT_TRUE(has(collect({{"s1.key", ""}}, {}, "s1").losses, "give the domain"));
}

TEST(ImportRspamdFolder, NeverTakesAPublicSuffixForASelector) {
  for (const auto* name : {"mail.shop.net", "a.b.shop.com", "shop.co.uk", "example.com.de", "x.xn--p1ai"}) {
    const auto found = collect({{std::string(name) + ".key", ""}}, {}, {});
    EXPECT_EQ(found.keys, Texts{}) << name;
    EXPECT_EQ(found.losses.size(), 1U) << name;
  }
  EXPECT_EQ(collect({{"lan.s1.key", ""}}, {}, "s1").keys, Texts{}) << "a domain of one label";
  EXPECT_EQ(collect({{"shop.de.mail.key", ""}}, {}, {}).keys, Texts{"mail shop.de"});
  EXPECT_EQ(collect({{"shop.com.mx.key", ""}}, {}, "mx").keys, Texts{"mx shop.com"});
}

TEST(ImportRspamdFolder, ARecordBesideTheKeyHasTheOtherHalf) {
  const std::string record = "dkim._domainkey IN TXT ( \"v=DKIM1\" ) ;\n";
  EXPECT_EQ(collect({{"shop.net.key", ""}, {"shop.net.txt", record}}, {}, {}).keys, Texts{"dkim shop.net"});
  EXPECT_EQ(collect({{"shop.net.key", ""}, {"shop.net.pub", record}}, "shop.net", {}).keys,
            Texts{"dkim shop.net"});
  EXPECT_EQ(collect({{"d1.key", ""}, {"d1.txt", "d1._domainkey.shop.net. IN TXT x\n"}}, {}, {}).keys,
            Texts{"d1 shop.net"});
  EXPECT_EQ(collect({{"dkim.key", ""}, {"dkim.txt", record}}, {}, {}).keys, Texts{});
}

}  // namespace
}  // namespace dkim::keytool::opendkim
