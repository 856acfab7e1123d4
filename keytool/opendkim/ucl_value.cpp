#include "keytool/opendkim/ucl_value.hpp"

#include <iterator>
#include <utility>

namespace dkim::keytool::opendkim {

const std::vector<UclValue>& UclValue::all(std::string_view name) const {
  static const std::vector<UclValue> none;
  const auto found = members.find(name);
  return found == members.end() ? none : found->second;
}

const UclValue* UclValue::find(std::string_view name) const {
  const auto& values = all(name);
  return values.empty() ? nullptr : &values.front();
}

void UclValue::add(const std::string& name, UclValue value) {
  auto& values = members[name];
  if (!values.empty() && values.back().is_section() && value.is_section()) {
    values.back() = merged(std::move(values.back()), value);
  } else {
    values.push_back(std::move(value));
  }
}

UclValue merged(UclValue first, const UclValue& second) {
  for (const auto& [name, values] : second.members) {
    for (const auto& value : values)
      first.add(name, value);
  }
  return first;
}

UclValue overridden(UclValue first, const UclValue& second) {
  for (const auto& [name, values] : second.members)
    first.members[name] = values;
  return first;
}

}  // namespace dkim::keytool::opendkim
