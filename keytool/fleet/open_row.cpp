#include "keytool/fleet/open_row.hpp"

#include <fmt/format.h>

#include "canon/printable.hpp"
#include "crypto/settings/settings_source.hpp"
#include "keytool/fleet/sealed_rows.hpp"

namespace dkim::keytool::fleet {
namespace {

canon::DomainName domain_of(const DomainRow& row) {
  auto domain = canon::DomainName::parse(row.domain);
  // A name in another form would be a second row for the same files.
  if (!domain || domain->str() != row.domain)
    throw RowRefused(fmt::format("\"{}\" is not the name of a domain", canon::printable(row.domain, 253)));
  return *std::move(domain);
}

crypto::Manifest manifest_of(const DomainRow& row) {
  if (row.manifest.size() > crypto::most_settings_bytes)
    throw RowRefused(fmt::format("its manifest in the database has {} bytes", row.manifest.size()));
  return crypto::parse_manifest(row.manifest, "the manifest in the database");
}

// The name of a temporary file has to fit as well. A revoked key has no sealed one that would prove its use.
void require_short_names(const crypto::Manifest& manifest) {
  constexpr std::size_t longest_name = 255;
  for (const auto& entry : manifest.keys) {
    const auto name = fmt::format(".{}+{}.private.new", entry.selector.str(), entry.use);
    if (name.size() > longest_name) {
      throw RowRefused(
          fmt::format("the file of {} would have a name of {} bytes", entry.selector.str(), name.size()));
    }
  }
}

}  // namespace

OpenedRow open_row(const DomainRow& row, const crypto::SealingKeys& sealing_keys,
                   const std::map<int, std::string>& fingerprints) {
  try {
    OpenedRow opened{domain_of(row), {manifest_of(row), {}}, row.is_forgotten};
    require_short_names(opened.state.manifest);
    for (const auto& entry : opened.state.manifest.keys) {
      if (entry.state == crypto::KeyState::revoked) continue;
      opened.state.keys.push_back(
          {entry.id(), open_key(opened.domain, entry, row.keys, sealing_keys, fingerprints)});
    }
    return opened;
  } catch (const RowRefused&) {
    throw;
  } catch (const crypto::OpenSslError&) {
    throw;  // this machine is to blame
  } catch (const crypto::Error& error) {
    // Of the manifest, of the sealed key, or of what was in it.
    throw RowRefused(canon::printable(error.what()));
  }
}

bool write_opened_row(const crypto::KeyStore& store, const OpenedRow& row) {
  return row.is_forgotten ? crypto::remove_copy(store, row.domain)
                          : crypto::write_copy(store, row.domain, row.state);
}

}  // namespace dkim::keytool::fleet
