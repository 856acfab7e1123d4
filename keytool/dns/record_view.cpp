#include "keytool/dns/record_view.hpp"

#include <fmt/format.h>

namespace dkim::keytool {

std::string with_alias(std::string reason, const RecordView& view) {
  if (view.alias.state == AliasView::State::right) return reason;
  return reason.empty() ? view.alias.detail : fmt::format("{}; {}", reason, view.alias.detail);
}

std::string what_is_wrong(const RecordView& view) {
  switch (view.state) {
    case RecordView::State::right:
      return view.alias.detail;
    case RecordView::State::unknown:
      return with_alias(fmt::format("not every server of the zone could be asked: {}", view.detail), view);
    case RecordView::State::missing:
    case RecordView::State::revoked:
    case RecordView::State::wrong:
      return with_alias(fmt::format("its record is not on every server: {}", view.detail), view);
  }
  return {};
}

}  // namespace dkim::keytool
