// A configuration in UCL, as read: texts, lists, and sections with named members.
//
// Values only; nothing fails.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool::opendkim {

struct UclValue {
  enum class Kind { text, list, section };
  Kind kind = Kind::text;
  std::string text;
  std::vector<UclValue> items;  // of a list
  // Maps names to values, in a section. A name that is given twice has two values, unless both are sections,
  // which become one.
  std::map<std::string, std::vector<UclValue>, std::less<>> members;
  std::string place;  // FILE:LINE
  bool is_quoted = false;

  bool is_text() const { return kind == Kind::text; }
  bool is_section() const { return kind == Kind::section; }
  // Returns the values of that name; none if it is not given.
  const std::vector<UclValue>& all(std::string_view name) const;
  // Returns the first of them; null if there is none.
  const UclValue* find(std::string_view name) const;

  void add(const std::string& name, UclValue value);
};

// Adds the members of the second section to the first one, as rspamd does with the files of local.d.
UclValue merged(UclValue first, const UclValue& second);
// Does the same, but a member of the second replaces that of the first, as in override.d.
UclValue overridden(UclValue first, const UclValue& second);

}  // namespace dkim::keytool::opendkim
