#include "keytool/doctor/host/service_manager.hpp"

#include <fmt/format.h>

namespace dkim::keytool {
namespace {

constexpr const char* show_log = "journalctl -u dkimsignd -n 20";

}  // namespace

ServiceManager service_manager(const std::filesystem::path& sign) {
  std::error_code error;
  return std::filesystem::is_directory(std::filesystem::symlink_status(sign, error)) ? ServiceManager::systemd
                                                                                     : ServiceManager::other;
}

ServiceAdvice how_to_start_daemon(ServiceManager manager) {
  switch (manager) {
    case ServiceManager::systemd:
      return {"start it, or see why it does not start:", {"systemctl enable --now dkimsignd", show_log}};
    case ServiceManager::other:
      break;
  }
  return {"start dkimsignd; if it does not start, its log and this command say why:", {"dkimsignd --check"}};
}

ServiceAdvice how_to_read_log(ServiceManager manager) {
  switch (manager) {
    case ServiceManager::systemd:
      return {"see its log:", {show_log}};
    case ServiceManager::other:
      break;
  }
  return {"see its log, which is where Postfix's is, or on its standard error with log = \"stderr\"", {}};
}

ServiceAdvice how_to_restart_after(ServiceManager manager, const std::string& first,
                                   std::vector<std::string> commands) {
  switch (manager) {
    case ServiceManager::systemd:
      commands.emplace_back("systemctl restart dkimsignd");
      return {fmt::format("{}:", first), std::move(commands)};
    case ServiceManager::other:
      break;
  }
  return {fmt::format("{}, and restart dkimsignd{}", first, commands.empty() ? "" : ":"),
          std::move(commands)};
}

ServiceAdvice how_to_rotate(ServiceManager manager, const std::string& command) {
  switch (manager) {
    case ServiceManager::systemd:
      return {"rotate it now, and let the timer do it from now on:",
              {command, "systemctl enable --now dkimkey-rotate.timer"}};
    case ServiceManager::other:
      break;
  }
  return {"rotate it now, and let cron(8) run \"dkimkey rotate --due --all\" every hour from now on:",
          {command}};
}

}  // namespace dkim::keytool
