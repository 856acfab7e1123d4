// The domain of this host's own mail, for commands to which none is given.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "canon/domain_name.hpp"

namespace dkim::keytool {

constexpr const char* mailname_file = "/etc/mailname";

// Returns Postfix's myorigin; empty if there is no Postfix that can be asked.
std::string postfix_origin();
// Returns the name that the kernel has for this host; it asks no name server.
std::string host_name();

struct OwnDomainSources {
  std::filesystem::path mailname = mailname_file;  // Debian's name of this host in mail
  std::string (*origin)() = postfix_origin;
  std::string (*host)() = host_name;
};

// Returns the first of the sources, in their order, that is a domain which may be in DNS; nothing if none is.
std::optional<canon::DomainName> own_domain(const OwnDomainSources& sources = {});

}  // namespace dkim::keytool
