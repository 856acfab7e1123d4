// Tests that import neither shows anything in a file that a setting names by mistake, nor writes it into the
// configuration, which everybody can read.
#include <gtest/gtest.h>

#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/plan.hpp"
#include "keytool/opendkim/report.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

const std::map<std::string, std::string>& strange_files() {
  static const std::map<std::string, std::string> files{
      {"/shadow", "root:$y$j9T$sEcReT1$hAsHsEcReT:19700:0:99999:7:::\ndaemon:*:sEcReT2:0:99999:7:::\n"},
      {"/passwd", "root:x:0:0:sEcReT Name,,,:/root:/bin/bash\nme:x:1000:1000:Me sEcReT:/home/me:/bin/sh\n"},
      {"/password", "sEcReT:passphrase\n"},
      {"/environment", "API_TOKEN=\"sEcReT\" x\nexport PASSWORD='sEcReT$'\n"},
      {"/binary", std::string("\x7f"
                              "ELF\0sEcReT\n sEcReT\n",
                              19)},
      {"/htpasswd", "me:$apr1$sEcReT$xyz\n"},
      {"/json", "{\n \"password\": \"sEcReT\"\n}\n"},
  };
  return files;
}

TEST(ImportStrangeFiles, AreNotShown) {
  test::TextSources sources;
  const auto pem = crypto::PrivateKey::generate_ed25519().to_pem();
  sources.files = strange_files();
  sources.files["/k"] = {pem.begin(), pem.end()};
  const std::string single = "Domain a.example\nSelector s\nKeyFile /k\n";
  const std::string tables = "KeyTable csl:k=a.example:s:/k\nSigningTable csl:a.example=k\n";
  std::size_t refused = 0;
  for (const auto& [path, text] : strange_files()) {
    for (const auto& type : {"file:", "refile:"}) {
      for (const auto& conf :
           {"KeyTable " + (type + path) + "\nSigningTable csl:a.example=k\n",
            "KeyTable csl:k=a.example:s:/k\nSigningTable " + (type + path) + "\n",
            "Selector s\nKeyFile /k\nDomain " + (type + path) + "\n",
            single + "InternalHosts " + type + path + "\n", single + "PeerList " + type + path + "\n",
            single + "ExemptDomains " + type + path + "\n", single + "MTA " + type + path + "\n",
            single + "MacroList " + type + path + "\n", single + "SignHeaders " + type + path + "\n",
            single + "OmitHeaders " + type + path + "\n", single + "OversignHeaders " + type + path + "\n",
            single + "SenderHeaders " + type + path + "\n", single + "Include " + path + "\n",
            "Domain a.example\nSelector s\nKeyFile " + path + "\n", tables + "Include " + path + "\n",
            "KeyTable csl:k=a.example:s:" + path + "\nSigningTable csl:a.example=k\n"}) {
        sources.files["/c"] = conf;
        const auto plan =
            plan_import("/c", sources, [](const auto&) { return std::vector<canon::Selector>{}; });
        const auto said = warnings_text({}, plan.remarks, Trust::somebody, plan.signer) +
                          remarks_text(plan.remarks) + conf_text(plan, std::nullopt);
        EXPECT_EQ(said.find("sEcReT"), std::string::npos) << conf << said;
        refused += std::any_of(plan.remarks.begin(), plan.remarks.end(), is_loss) ? 1 : 0;
      }
    }
    try {
      sources.files["/c"] = text;
      plan_import("/c", sources, [](const auto&) { return std::vector<canon::Selector>{}; });
      ADD_FAILURE() << path << " is not a configuration";
    } catch (const crypto::StoreError& error) {
      EXPECT_EQ(std::string(error.what()).find("sEcReT"), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(refused, strange_files().size() * 2 * 16) << "and each gets a remark";
}

}  // namespace
}  // namespace dkim::keytool::opendkim
