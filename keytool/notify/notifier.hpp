// Tells a person by mail what rotate --due has found to do: collects what each domain's turn says, and sends
// one mail at the end.
//
// What was told is noted once the MTA has taken the mail: a process that is killed between the two tells it
// once more. Nothing here changes a key or a record, and a failure stops no turn.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/notify/notebook_file.hpp"
#include "keytool/notify/notice.hpp"
#include "keytool/notify/notice_plan.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

class Notifier {
 public:
  // configuration: with a recipient; must outlive this. now: the start of the run.
  Notifier(const Configuration& configuration, crypto::UtcTime now);

  // Take what one domain's turn has found. Nothing fails.
  void see(const canon::DomainName& domain, const TurnReport& report);
  void see_failure(const canon::DomainName& domain, const std::string& what);
  // Forgets what was noted of all other domains, because the store no longer has them. domains: all, sorted.
  void forget_all_but(const std::vector<canon::DomainName>& domains);

  // Sends the mail if there is something to tell. Returns what was done, in lines for standard error. Throws
  // crypto::Error if nobody could be told: then the next run tries again.
  std::string tell();
  // Sends a mail that says only that mail works. Returns a line for standard error. Throws crypto::Error.
  std::string send_test() const;
  // Returns the mail that would be sent; empty if there is none. Changes nothing. Throws crypto::Error.
  std::string preview() const;

 private:
  void add(Concern concern);
  void explain_end(const canon::DomainName& domain, const TurnReport& report);
  const crypto::NotifyAddress& recipient() const { return *configuration_.keys.notify; }
  std::string message_of(Notice notice) const;
  Notice notice_about(const NoticePlan& plan) const;

  const Configuration& configuration_;
  crypto::UtcTime now_;
  // What was noted when the run began: decides which details are kept. Another run may write meanwhile.
  Notebook noted_;
  Sightings seen_;
  ConcernDetails details_;
};

}  // namespace dkim::keytool
