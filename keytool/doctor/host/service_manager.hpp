// What a person does to start the daemon, read its log and have keys rotated: with systemd, commands to
// paste; without it, words, because every other service manager has commands of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dkim::keytool {

enum class ServiceManager { systemd, other };

// Returns systemd if it is the one that runs now, as sd_booted(3) finds out, and not merely installed.
ServiceManager service_manager(const std::filesystem::path& sign = "/run/systemd/system");

struct ServiceAdvice {
  std::string what;                   // ends with a colon if commands follow
  std::vector<std::string> commands;  // to paste
};

ServiceAdvice how_to_start_daemon(ServiceManager manager);
ServiceAdvice how_to_read_log(ServiceManager manager);
// `first` is what comes before, as in "make it", and `commands` what is to be pasted for that.
ServiceAdvice how_to_restart_after(ServiceManager manager, const std::string& first,
                                   std::vector<std::string> commands);
// How keys are rotated from now on, after `command` has done it once.
ServiceAdvice how_to_rotate(ServiceManager manager, const std::string& command);

}  // namespace dkim::keytool
