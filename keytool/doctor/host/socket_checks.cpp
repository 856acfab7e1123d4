#include "keytool/doctor/host/socket_checks.hpp"

#include <fmt/format.h>

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>

#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/keys/key_directory.hpp"
#include "keytool/output/shell_word.hpp"

namespace dkim::keytool {
namespace {

using File = SocketFacts::File;
using Outcome = SocketProbe::Outcome;

constexpr const char* topic = "socket";

File file_at(const std::filesystem::path& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0)
    return S_ISSOCK(status.st_mode) ? File::socket : File::something_else;
  if (errno == EACCES) return File::hidden;
  if (stat(path.parent_path().c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return File::no_directory;
  return File::missing;
}

std::string user_name(uid_t uid) {
  const auto* entry = getpwuid(uid);
  return entry == nullptr ? std::string() : entry->pw_name;
}

std::vector<SocketFacts::Attempt> try_as_postfix(const std::filesystem::path& socket,
                                                 const PostfixSettings& settings, const std::string& name,
                                                 const Credentials& user) {
  const std::filesystem::path queue = settings.of("queue_directory");
  const auto inside = socket.lexically_relative(queue);
  const bool is_inside = !inside.empty() && *inside.begin() != "..";
  std::set<bool> jails;
  for (const auto& entry : mail_entries(settings, name))
    jails.insert(entry.jail.chrooted);
  std::vector<SocketFacts::Attempt> attempts;
  for (const bool chrooted : jails) {
    // The checks of the milter lists report that no path leads out of the chroot.
    if (chrooted && !is_inside) continue;
    const std::filesystem::path root = chrooted ? queue : "/";
    const auto path = chrooted ? std::filesystem::path("/") / inside : socket;
    SocketFacts::Attempt attempt{
        chrooted, probe_unix_socket(path, ProbeUser{chrooted ? root : "", user}), {}};
    if (attempt.probe.error == EACCES) attempt.obstacles = connecting_obstacles(root, path, user);
    attempts.push_back(std::move(attempt));
  }
  return attempts;
}

std::string message_of(int error) {
  return std::generic_category().message(error);
}

// Returns a command that shows who listens there.
std::string listing_command(const SocketFacts& facts) {
  if (!facts.path.empty()) return fmt::format("ss -lxp | grep -F {}", shell_word(facts.path.string()));
  const auto address = facts.socket.substr(facts.socket.find(':') + 1);
  return fmt::format("ss -ltnp | grep -F {}", shell_word(":" + address.substr(0, address.find('@'))));
}

Finding finding(const SocketFacts& facts, Severity severity, std::string what, std::string advice = {},
                std::vector<std::string> paste = {}) {
  return {severity,
          topic,
          facts.path.empty() ? facts.socket : facts.path.string(),
          std::move(what),
          std::move(advice),
          std::move(paste)};
}

Finding finding(const SocketFacts& facts, Severity severity, std::string what, ServiceAdvice advice) {
  return finding(facts, severity, std::move(what), std::move(advice.what), std::move(advice.commands));
}

std::optional<Finding> file_trouble(const SocketFacts& facts) {
  const auto directory = facts.path.parent_path().string();
  switch (facts.file) {
    case File::no_directory:
      return finding(
          facts, Severity::broken, "its directory does not exist: dkimsignd cannot listen",
          how_to_restart_after(
              facts.manager, "make it, so that dkimsignd can write there and Postfix can pass through",
              {fmt::format("install -d -o {} -g {} -m 2710 {}", shell_word(facts.daemon_user),
                           shell_word(facts.postfix_group), shell_word(directory))}));
    case File::missing:
      return finding(facts, Severity::broken, "there is no socket: dkimsignd is not running",
                     how_to_start_daemon(facts.manager));
    case File::something_else:
      return finding(facts, Severity::broken, "is not a socket: dkimsignd cannot listen there",
                     "move it away and restart dkimsignd", {});
    case File::hidden:
      return finding(facts, Severity::unknown, "only root can look into its directory",
                     "run dkimkey doctor as root", {});
    case File::socket:
      break;
  }
  return std::nullopt;
}

std::optional<Finding> listener_trouble(const SocketFacts& facts) {
  switch (facts.direct.outcome) {
    case Outcome::not_tried:
      return finding(facts, Severity::unknown,
                     fmt::format("could not be tried: {}", message_of(facts.direct.error)));
    case Outcome::not_reachable:
      if (facts.direct.error == EACCES) {
        return finding(facts, Severity::unknown, "only root and Postfix can connect to it",
                       "run dkimkey doctor as root", {});
      }
      if (facts.direct.error == ECONNREFUSED) {
        return finding(facts, Severity::broken, "nobody listens there: dkimsignd is not running",
                       how_to_start_daemon(facts.manager));
      }
      return finding(
          facts, Severity::broken,
          fmt::format("accepts no connection ({}): dkimsignd does not work", message_of(facts.direct.error)),
          how_to_read_log(facts.manager));
    case Outcome::no_milter:
      return finding(facts, Severity::broken,
                     facts.program.empty()
                         ? "the program that listens there does not answer as a milter"
                         : fmt::format("{} listens there, and does not answer as a milter", facts.program),
                     "see which program it is, stop it and start dkimsignd:", {listing_command(facts)});
    case Outcome::milter:
      break;
  }
  if (!facts.program.empty() && facts.program != "dkimsignd") {
    return finding(
        facts, Severity::broken,
        fmt::format("{} listens there, not dkimsignd: mail goes through it instead", facts.program),
        "stop it or give it its own socket, and restart dkimsignd", {});
  }
  return std::nullopt;
}

Finding denied(const SocketFacts& facts, const SocketFacts::Attempt& attempt) {
  const std::string who =
      fmt::format("user {}{}", facts.postfix_user, attempt.chrooted ? ", in its chroot," : "");
  Finding denial = finding(facts, Severity::broken, "", "let it through:");
  if (attempt.obstacles.empty()) {
    denial.what = fmt::format("{} cannot connect: {}", who, message_of(attempt.probe.error));
    denial.advice = "look for access lists or a security module that denies it";
    return denial;
  }
  denial.what = fmt::format("{}: Postfix does not reach dkimsignd", attempt.obstacles.front().what);
  for (const auto& obstacle : attempt.obstacles) {
    if (!obstacle.remedy.empty()) denial.paste.push_back(obstacle.remedy);
  }
  return denial;
}

std::optional<Finding> attempt_trouble(const SocketFacts& facts, const SocketFacts::Attempt& attempt) {
  switch (attempt.probe.outcome) {
    case Outcome::milter:
      return std::nullopt;
    case Outcome::not_tried:
      return finding(facts, Severity::unknown,
                     fmt::format("could not be tried as Postfix: {}", message_of(attempt.probe.error)));
    case Outcome::not_reachable:
      return denied(facts, attempt);
    case Outcome::no_milter:
      break;
  }
  return finding(facts, Severity::broken, "does not answer Postfix's user as a milter",
                 how_to_read_log(facts.manager));
}

}  // namespace

std::string daemon_user_by(const SocketProbe& probe, const std::filesystem::path& socket_path) {
  if (probe.outcome == Outcome::milter && probe.uid && *probe.uid != 0) {
    if (auto name = user_name(*probe.uid); !name.empty()) return name;
  }
  struct stat status = {};
  if (!socket_path.empty() && stat(socket_path.parent_path().c_str(), &status) == 0 && status.st_uid != 0) {
    if (auto name = user_name(status.st_uid); !name.empty()) return name;
  }
  return credentials_of(daemon_user) ? daemon_user : std::string();
}

SocketFacts gather_socket_facts(const std::string& socket, const PostfixSettings* settings) {
  SocketFacts facts;
  facts.socket = socket;
  facts.as_root = geteuid() == 0;
  facts.postfix_known = settings != nullptr;
  facts.manager = service_manager();
  const auto address = socket.substr(socket.find(':') + 1);
  if (!socket.starts_with("unix:")) {
    facts.file = File::socket;
    facts.direct = probe_inet_socket(address);
    facts.daemon_user = daemon_user_by(facts.direct, {});
    return facts;
  }
  facts.path = address;
  facts.file = file_at(facts.path);
  if (facts.file == File::socket) facts.direct = probe_unix_socket(facts.path, std::nullopt);
  if (facts.direct.pid) facts.program = program_of(*facts.direct.pid);
  facts.daemon_user = daemon_user_by(facts.direct, facts.path);
  if (facts.daemon_user.empty()) facts.daemon_user = daemon_user;
  if (settings == nullptr) return facts;
  const auto user = credentials_of(settings->of("mail_owner"));
  if (!user) return facts;
  facts.postfix_user = user->user;
  facts.postfix_group = user->group;
  if (facts.as_root && facts.direct.outcome == Outcome::milter)
    facts.attempts = try_as_postfix(facts.path, *settings, socket, *user);
  return facts;
}

Findings check_socket(const SocketFacts& facts) {
  if (auto trouble = file_trouble(facts)) return {*std::move(trouble)};
  if (auto trouble = listener_trouble(facts)) return {*std::move(trouble)};
  for (const auto& attempt : facts.attempts) {
    if (auto trouble = attempt_trouble(facts, attempt)) return {*std::move(trouble)};
  }
  const bool inet = facts.path.empty();
  if (!inet && facts.postfix_known && !facts.as_root) {
    return {finding(facts, Severity::unknown,
                    "dkimsignd listens; only root can try whether Postfix reaches it",
                    "run dkimkey doctor as root", {})};
  }
  if (facts.attempts.empty()) return {finding(facts, Severity::good, "a milter listens there")};
  return {finding(facts, Severity::good,
                  fmt::format("dkimsignd listens, and user {} reaches it{}", facts.postfix_user,
                              facts.attempts.back().chrooted ? " from inside the chroot" : ""))};
}

}  // namespace dkim::keytool
