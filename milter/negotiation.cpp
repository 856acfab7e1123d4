#include "milter/negotiation.hpp"

#include <libmilter/mfdef.h>

#include <exception>

// A function of libmilter that says whether the message may be edited now, that is, whether it is at its end;
// smfi_insheader() asks it as well. Null if a libmilter does not export it.
extern "C" [[gnu::weak]] bool mi_sendok(smfi_str* context, int flag);

namespace dkim::milter {
namespace {

// The steps that we can do without, or take without an answer. Each counts only if the MTA offers it.
constexpr unsigned long wanted_steps = SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NODATA | SMFIP_NOUNKNOWN |
                                       SMFIP_HDR_LEADSPC | SMFIP_NR_CONN | SMFIP_NR_HDR | SMFIP_NR_BODY;

// The packet that ends a message may carry the last of its body. libmilter then calls body() first, and
// answers the end only if body() says "continue", whatever was negotiated. Where we cannot find out that this
// is the end, every chunk has to be answered.
unsigned long steps_we_can_take() {
  return mi_sendok != nullptr ? wanted_steps : wanted_steps & ~static_cast<unsigned long>(SMFIP_NR_BODY);
}

}  // namespace

bool AgreedSteps::keep_leading_space() const {
  return (bits & SMFIP_HDR_LEADSPC) != 0;
}

bool AgreedSteps::need_no_answer_to_fields() const {
  return need_no_answer_to(SMFIP_NR_HDR);
}

AgreedSteps choose_steps(unsigned long offered) {
  return {offered & steps_we_can_take()};
}

bool at_end_of_message(smfi_str* context) {
  return mi_sendok != nullptr && mi_sendok(context, 0);
}

void EndedSessions::remember(smfi_str* context, AgreedSteps steps) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    steps_.insert_or_assign(context, steps);
  } catch (const std::exception&) {
    // There is no memory for it.
  }
}

std::optional<AgreedSteps> EndedSessions::take(smfi_str* context) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = steps_.find(context);
  if (found == steps_.end()) return std::nullopt;
  const AgreedSteps steps = found->second;
  steps_.erase(found);
  return steps;
}

}  // namespace dkim::milter
