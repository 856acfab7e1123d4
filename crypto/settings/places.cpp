#include "crypto/settings/places.hpp"

namespace dkim::crypto {

// The defaults of settings are initialized with them, perhaps those of a static object.
constinit const char* const default_configuration_file = DKIMSIGND_CONFIG_DIR "/dkimsignd.conf";
constinit const char* const default_key_directory = DKIMSIGND_CONFIG_DIR "/keys";
constinit const char* const default_fleet_file = DKIMSIGND_CONFIG_DIR "/fleet.conf";
constinit const char* const default_socket = "unix:" DKIMSIGND_POSTFIX_SPOOL "/dkimsignd/dkimsignd.sock";
constinit const char* const default_postfix_group = DKIMSIGND_POSTFIX_GROUP;

}  // namespace dkim::crypto
