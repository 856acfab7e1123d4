// Where things are unless the configuration or the command line says otherwise: as the build was told
// (packaging/places.cmake).
#pragma once

namespace dkim::crypto {

// /etc/dkimsignd/dkimsignd.conf on Debian
extern const char* const default_configuration_file;
// /etc/dkimsignd/keys
extern const char* const default_key_directory;
// /etc/dkimsignd/fleet.conf
extern const char* const default_fleet_file;
// unix:/var/spool/postfix/dkimsignd/dkimsignd.sock
extern const char* const default_socket;
// The group of Postfix's processes: postfix.
extern const char* const default_postfix_group;

}  // namespace dkim::crypto
