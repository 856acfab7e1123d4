// If a key or a manifest cannot be used, on_error decides, and the log says what to do. After the repair, the
// daemon signs again without a restart.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

struct Disposition {
  const char* word;
  Verdict verdict;
};

class DaemonKeysTest : public DaemonTest, public testing::WithParamInterface<Disposition> {
 protected:
  std::string settings() const { return "on_error = \"" + std::string(GetParam().word) + "\";"; }

  // Sends messages and expects each to get what on_error says, and a log line with `line`. `faults` counts
  // these log lines since the start.
  void expect_fault(const std::string& what, const std::string& line, int& faults) {
    auto connection = client();
    for (int i = 0; i < 2; ++i) {
      const auto result = connection.send_message(letter(i));
      ASSERT_EQ(result.reply.verdict, GetParam().verdict) << what;
      ASSERT_EQ(result.last_step, SMFIC_EOH) << what;
      EXPECT_TRUE(result.signatures.empty());
      ++faults;
      ASSERT_TRUE(daemon_->wait_for_log("on_error=" + std::string(GetParam().word) + "\n", faults)) << what;
    }
    EXPECT_NE(daemon_->log().find("NOQUEUE: not signed: " + line + ", on_error="), std::string::npos)
        << what << ": expected " << line << "\n"
        << daemon_->log();
  }
};

TEST_P(DaemonKeysTest, ReportsEveryDamageAndSignsAfterTheRepair) {
  start(settings());
  const auto key = store_.key_file("example.com", "server");
  const auto manifest = store_.manifest("example.com");
  const std::string good_key = read_file(key);
  const std::string good_manifest = read_file(manifest);
  const std::string name = key.string();
  const auto line_after = [](const std::string& text) {
    return std::to_string(std::count(text.begin(), text.end(), '\n') + 1);
  };
  const std::string next_line = line_after(good_manifest);
  const std::string cut_off = good_manifest.substr(0, good_manifest.find("algorithm"));
  const std::string not_regular = name + " is not a regular file";

  struct Damage {
    const char* what;
    std::function<void()> done;
    std::string line;
  };
  const std::vector<Damage> damages = {
      {"key readable by everyone", [&] { chmod(key.c_str(), 0644); },
       name +
           " has mode 0644: a private key must not be open to others, nor writable by its group; fix it "
           "with: chmod 0640 " +
           name},
      {"key missing", [&] { std::filesystem::remove(key); },
       name + " is missing, but the manifest beside it says that the key is active"},
      {"key empty", [&] { write_file(key, "", 0640); }, name + " holds not a private key in PEM"},
      {"key damaged", [&] { write_file(key, good_key.substr(0, good_key.size() / 2), 0640); },
       name + " holds not a private key in PEM"},
      {"another key", [&] { write_file(key, read_file(store_.key_file("other.example", "rsa")), 0640); },
       name + " holds another key than the manifest says (rsa, 1024 bits)"},
      {"a pipe", [&] { mkfifo(key.c_str(), 0640); }, not_regular},
      {"a directory", [&] { std::filesystem::create_directory(key); }, not_regular},
      {"a device", [&] { std::filesystem::create_symlink("/dev/zero", key); }, not_regular},
      {"manifest empty", [&] { write_file(manifest, "", 0640); },
       manifest.string() +
           ":1: \"format\" is missing; this is not a manifest, or a damaged one: restore it from a backup"},
      {"manifest cut off", [&] { write_file(manifest, cut_off, 0640); },
       manifest.string() + ":" + line_after(cut_off) + ": syntax error; the form is: name = value;"},
      {"manifest of zeros", [&] { write_file(manifest, std::string(good_manifest.size(), '\0'), 0640); },
       manifest.string() + ":1: a NUL byte in the text; the file is damaged"},
      // libconfig would open the directory, and end the process.
      {"manifest with an @include", [&] { write_file(manifest, good_manifest + "@include \".\"\n", 0640); },
       manifest.string() + ":" + next_line + ": an @include; this file must be whole without others"},
      {"manifest writable by everyone", [&] { chmod(manifest.c_str(), 0642); },
       manifest.string() +
           " has mode 0642: users other than its owner can write it, and so decide what is signed; fix it "
           "with: "
           "chmod o-w " +
           manifest.string()},
      {"manifest deep",
       [&] { write_file(manifest, good_manifest + "x = " + std::string(100'000, '('), 0640); },
       manifest.string() + ":" + next_line +
           ": groups and lists more than 16 deep in each other; no setting needs that"},
      {"manifest a directory", [&] { std::filesystem::create_directory(manifest); },
       manifest.string() + " is not a regular file"},
  };
  store_.add_key("other.example", "rsa", crypto::Algorithm::rsa);
  int faults = 0;
  for (const auto& damage : damages) {
    std::filesystem::remove_all(key);
    std::filesystem::remove_all(manifest);
    write_file(key, good_key, 0640);
    write_file(manifest, good_manifest, 0640);
    {
      SCOPED_TRACE("before: " + std::string(damage.what));
      expect_service();
    }
    const bool of_manifest = std::string(damage.what).starts_with("manifest");
    if (!std::string(damage.what).ends_with("everyone"))
      std::filesystem::remove(of_manifest ? manifest : key);
    damage.done();
    // A loaded key stays in use until its manifest changes, so the manifest is touched.
    if (!of_manifest) write_file(manifest, good_manifest + "\n", 0640);
    expect_fault(damage.what, damage.line, faults);
    // Other domains are not affected.
    auto connection = client();
    expect_signed(connection, letter(0, "other.example"));
  }
}

// The daemon cannot read files that only root may read.
TEST_P(DaemonKeysTest, UnreadableForTheDaemonsUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  constexpr uid_t nobody = 65534;
  const auto key = store_.key_file("example.com", "server");
  const auto directory = key.parent_path();
  for (const auto& path : {store_.path(), directory})
    ASSERT_EQ(chown(path.c_str(), 0, nobody), 0);
  ASSERT_EQ(chown(directory_.path().c_str(), nobody, nobody), 0);
  ASSERT_EQ(chmod(store_.path().c_str(), 0750), 0);
  ASSERT_EQ(chown(store_.manifest("example.com").c_str(), 0, nobody), 0);
  ASSERT_EQ(chmod(key.c_str(), 0600), 0);
  start(settings(), [] {
    if (setgid(nobody) != 0 || setuid(nobody) != 0) _exit(125);
  });
  int faults = 0;
  expect_fault("key", "cannot open " + key.string() + ": Permission denied", faults);
  ASSERT_EQ(chmod(directory.c_str(), 0700), 0);
  expect_fault("directory",
               "cannot examine " + store_.manifest("example.com").string() + ": Permission denied", faults);
  ASSERT_EQ(chmod(directory.c_str(), 0750), 0);
  ASSERT_EQ(chmod(store_.manifest("example.com").c_str(), 0600), 0);
  expect_fault("manifest", "cannot open " + store_.manifest("example.com").string() + ": Permission denied",
               faults);
  ASSERT_EQ(chmod(store_.manifest("example.com").c_str(), 0640), 0);
  ASSERT_EQ(chown(key.c_str(), 0, nobody), 0);
  ASSERT_EQ(chmod(key.c_str(), 0640), 0);
  expect_service();
}

// A missing key directory (a disk that is not mounted) is a fault, not a domain without a key.
TEST_P(DaemonKeysTest, AMissingKeyDirectoryIsAFault) {
  start(settings());
  expect_service();
  std::filesystem::rename(store_.path(), store_.path().string() + ".away");
  int faults = 0;
  expect_fault("directory",
               "cannot open the key directory " + store_.path().string() + ": No such file or directory",
               faults);
  std::filesystem::rename(store_.path().string() + ".away", store_.path());
  expect_service();
}

INSTANTIATE_TEST_SUITE_P(All, DaemonKeysTest,
                         testing::Values(Disposition{"accept", Verdict::accept},
                                         Disposition{"tempfail", Verdict::tempfail},
                                         Disposition{"reject", Verdict::reject}),
                         [](const auto& disposition) { return std::string(disposition.param.word); });

}  // namespace
}  // namespace dkim::test
