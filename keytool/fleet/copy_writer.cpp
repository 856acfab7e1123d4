#include "keytool/fleet/copy_writer.hpp"

#include <atomic>

#include "canon/printable.hpp"
#include "crypto/store/domain_copy.hpp"
#include "crypto/system_error.hpp"
#include "keytool/dns/at_once.hpp"
#include "keytool/fleet/open_row.hpp"

namespace dkim::keytool::fleet {
namespace {

using Kind = RowOutcome::Kind;

// Each waits for the disk most of the time; more would only take the processors from the mail.
constexpr std::size_t rows_at_once = 8;

RowOutcome write_row(const crypto::KeyStore& store, const DomainRow& row,
                     const crypto::SealingKeys& sealing_keys,
                     const std::map<int, std::string>& fingerprints) {
  try {
    const bool written = write_opened_row(store, open_row(row, sealing_keys, fingerprints));
    return {written ? Kind::written : Kind::equal, ""};
  } catch (const RowRefused& refused) {
    return {Kind::refused, refused.what()};
  } catch (const crypto::SystemError& error) {
    return {error.concerns_all_files() ? Kind::failed : Kind::refused, canon::printable(error.what())};
  } catch (const crypto::StoreError& error) {
    // The key directory was judged before; this is the domain's own directory or a file in it, and no reason
    // to keep the others from being written.
    return {Kind::refused, canon::printable(error.what())};
  } catch (const crypto::SettingsError& damaged) {
    return {Kind::refused, canon::printable(damaged.what())};  // the manifest that is here
  } catch (const std::exception& error) {
    return {Kind::failed, canon::printable(error.what())};
  }
}

}  // namespace

std::vector<RowOutcome> write_rows(const crypto::KeyStore& store, const std::vector<DomainRow>& rows,
                                   const crypto::SealingKeys& sealing_keys,
                                   const std::map<int, std::string>& fingerprints) {
  store.judge_directory();
  std::vector<RowOutcome> outcomes(rows.size());
  std::atomic<bool> failed = false;
  do_at_once(rows.size(), rows_at_once, [&](std::size_t i) {
    if (failed) return;
    outcomes[i] = write_row(store, rows[i], sealing_keys, fingerprints);
    if (outcomes[i].kind == Kind::failed) failed = true;
  });
  return outcomes;
}

}  // namespace dkim::keytool::fleet
