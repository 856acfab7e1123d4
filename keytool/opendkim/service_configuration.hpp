// Reads the configuration with which opendkim runs as a service: its file, and the arguments that override
// it.
#pragma once

#include <filesystem>

#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

struct ServiceConfiguration {
  ConfFile conf;
  Remarks remarks;
};

// Reads an opendkim.conf, with the arguments of this host's service if that service reads this file; or a
// systemd unit (NAME.service), with the file that it names. Throws StoreError as ConfFile::read does.
ServiceConfiguration read_service_configuration(const std::filesystem::path& path, Sources& sources);

}  // namespace dkim::keytool::opendkim
