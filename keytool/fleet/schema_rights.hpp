// Which role may do what, as SQL: keytool/fleet/schema runs it and prints it.
#pragma once

#include <array>

namespace dkim::keytool::fleet {

struct RoleRights {
  const char* role;
  const char* purpose;
  std::array<const char*, 8> grants;  // the rest is null
};

// The owner makes the tables and is needed for nothing else.
inline constexpr const char* owner_role = "dkimsignd_owner";

// No role may change what the tables are. The signers of a fleet share a role: PostgreSQL does not tell them
// apart.
inline constexpr std::array<RoleRights, 3> role_rights{
    RoleRights{"dkimsignd_writer",
               "machines on which keys are made, rotated and revoked",
               {"SELECT, UPDATE (sequence) ON dkimsignd.store", "SELECT, INSERT, DELETE ON dkimsignd.changes",
                "SELECT, INSERT, UPDATE, DELETE ON dkimsignd.domains",
                "SELECT, INSERT, UPDATE, DELETE ON dkimsignd.sealed_keys",
                "SELECT, INSERT, DELETE ON dkimsignd.sealing_keys",
                "SELECT, INSERT, UPDATE, DELETE ON dkimsignd.signers",
                "SELECT, INSERT, UPDATE, DELETE ON dkimsignd.refused"}},
    RoleRights{"dkimsignd_signer",
               "machines that only sign: they read everything and write their own contact",
               {"SELECT ON dkimsignd.store, dkimsignd.changes, dkimsignd.domains, dkimsignd.sealed_keys, "
                "dkimsignd.sealing_keys",
                "SELECT, INSERT, UPDATE ON dkimsignd.signers",
                "SELECT, INSERT, UPDATE, DELETE ON dkimsignd.refused"}},
    RoleRights{"dkimsignd_reader",
               "monitoring, which needs no keys, sealed or not",
               {"SELECT ON dkimsignd.store, dkimsignd.changes, dkimsignd.domains, dkimsignd.sealing_keys, "
                "dkimsignd.signers, dkimsignd.refused"}},
};

}  // namespace dkim::keytool::fleet
