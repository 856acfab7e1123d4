#include "keytool/messages/damage/header_repairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "keytool/messages/damage/encoded_words.hpp"
#include "keytool/messages/damage/replaced.hpp"

namespace dkim::keytool {
namespace {

using canon::Canonicalization;
using canon::HeaderField;

// Quotes text of the message for a hint.
std::string shown(std::string_view text) {
  return fmt::format("\"{}\"", canon::printable(canon::trim_fws(text), 60));
}

std::string_view bare_name(const HeaderField& field) {
  return canon::trim_fws(field.name);
}

bool is_named(const HeaderField& field, std::string_view name) {
  return canon::equal_ignoring_case(bare_name(field), name);
}

// What a relay inserts if it is missing, or writes in place of what was there.
struct UsualValue {
  std::string_view name;
  std::string_view value;
};
constexpr std::array usual_values{
    UsualValue{"Content-Transfer-Encoding", "8bit"},
    UsualValue{"Content-Transfer-Encoding", "7bit"},
    UsualValue{"Content-Transfer-Encoding", "quoted-printable"},
    UsualValue{"Content-Transfer-Encoding", "base64"},
    UsualValue{"Content-Transfer-Encoding", "binary"},
    UsualValue{"MIME-Version", "1.0"},
    UsualValue{"Content-Type", "text/plain; charset=utf-8"},
    UsualValue{"Content-Type", "text/plain; charset=UTF-8"},
    UsualValue{"Content-Type", "text/plain; charset=\"utf-8\""},
    UsualValue{"Content-Type", "text/plain; charset=us-ascii"},
    UsualValue{"Content-Type", "text/plain"},
    UsualValue{"To", "undisclosed-recipients:;"},
};

// Where systems that rewrite From: keep the former value.
constexpr std::array<std::string_view, 6> former_from{"Reply-To", "X-Original-From", "Original-From",
                                                      "X-From",   "Sender",          "Resent-From"};

// Enough for all that can be tried (keytool/messages/damage/header_damage).
constexpr std::size_t most_repairs = 4000;

class Repairs {
 public:
  Repairs(const crypto::SignatureField& signature, const std::vector<HeaderField>& message, std::size_t own)
      : message_(message), own_(own), simple_(signature.canonicalization.header == Canonicalization::simple) {
    for (const auto& name : signature.names)
      names_.insert(canon::lower_case(name));
    for (const auto name : former_from) {
      const auto found = std::find_if(message.begin(), message.end(),
                                      [&](const HeaderField& field) { return is_named(field, name); });
      if (found != message.end()) former_from_.push_back(&*found);
    }
  }

  std::vector<HeaderRepair> all() {
    for (std::size_t i = 0; i < message_.size() && repairs_.size() < most_repairs; ++i) {
      if (i == own_ || names_.contains(canon::lower_case(bare_name(message_[i])))) repair_field(i);
    }
    restore_missing();
    return std::move(repairs_);
  }

 private:
  void repair_field(std::size_t i) {
    if (i != own_) {
      repairs_.push_back(
          {i, {}, fmt::format("a field {} is left out: it was added after signing", name_of(i))});
      if (is_named(message_[i], "Subject")) repair_subject(i);
      if (is_named(message_[i], "From")) repair_from(i);
      repair_encoding(i);
      repair_usual_values(i);
      repair_list(i);
    }
    if (simple_) repair_white_space(i);
  }

  std::string name_of(std::size_t i) const { return canon::printable(bare_name(message_[i]), 60); }

  void add(std::size_t i, std::string value, const std::string& words) {
    if (value != message_[i].value) repairs_.push_back({i, {message_[i].name, std::move(value)}, words});
  }

  // Removes "[List] ", "[EXTERNAL]" or "***SPAM***", also after "Re: ".
  void repair_subject(std::size_t i) {
    const std::string& value = message_[i].value;
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> marks{
        {{"[", "]"}, {"***", "***"}, {"{", "}"}}};
    for (const auto& [open, close] : marks) {
      const std::size_t begin = value.find(open);
      if (begin == std::string::npos) continue;
      const std::size_t end = value.find(close, begin + open.size());
      if (end == std::string::npos) continue;
      const std::size_t after = end + close.size();
      std::size_t spaces = after;
      while (spaces < value.size() && canon::is_fws(value[spaces]))
        ++spaces;
      const std::string mark = shown(value.substr(begin, after - begin));
      for (const std::size_t cut : {spaces, after}) {
        add(i, value.substr(0, begin) + value.substr(cut),
            fmt::format("the mark {} is removed from the Subject", mark));
      }
    }
  }

  void repair_from(std::size_t i) {
    for (const auto* former : former_from_)
      add(i, former->value,
          fmt::format("From is what {} says: it was rewritten", canon::printable(bare_name(*former), 60)));
  }

  void repair_encoding(std::size_t i) {
    add(i, decode_encoded_words(message_[i].value),
        fmt::format("the encoded words of {} are plain text: it was recoded", name_of(i)));
  }

  void repair_usual_values(std::size_t i) {
    for (const auto& usual : usual_values) {
      if (!is_named(message_[i], usual.name)) continue;
      add(i, fmt::format(" {}", usual.value),
          fmt::format("{} is {}, not {}", name_of(i), shown(usual.value), shown(message_[i].value)));
    }
  }

  // Addresses and parameters may have been rewritten with other punctuation.
  void repair_list(std::size_t i) {
    const std::string& value = message_[i].value;
    const std::string tight = replaced(value, ", ", ",");
    const std::string name = name_of(i);
    add(i, tight, fmt::format("there is no space after the commas of {}", name));
    add(i, replaced(tight, ",", ", "), fmt::format("there is a space after the commas of {}", name));
    add(i, replaced(value, "\"", ""), fmt::format("the quotes of {} are removed", name));
    add(i, replaced(replaced(value, "<", ""), ">", ""),
        fmt::format("the angle brackets of {} are removed", name));
    const std::string_view bare = canon::trim_fws(value);
    if (bare.find('<') == std::string_view::npos)
      add(i, fmt::format(" <{}>", bare), fmt::format("{} is in angle brackets", name));
    add(i, canon::lower_case(value), fmt::format("{} is in lower case", name));
  }

  // Under simple canonicalization, white space and the case of the name matter.
  void repair_white_space(std::size_t i) {
    const auto& [name, value] = message_[i];
    const std::string shown_name = name_of(i);
    add(i, replaced(replaced(value, "\r\n\t", " "), "\r\n ", " "),
        fmt::format("the folds of {} are spaces again", shown_name));
    add(i, replaced(value, "\r\n", ""), fmt::format("the folds of {} are removed", shown_name));
    add(i, replaced(value, "\r\n\t", "\r\n "),
        fmt::format("the folds of {} begin with a space instead of a tab", shown_name));
    add(i, replaced(value, "\r\n ", "\r\n\t"),
        fmt::format("the folds of {} begin with a tab instead of a space", shown_name));
    for (const auto* fold : {",\r\n ", ",\r\n\t"})
      add(i, replaced(value, ", ", fold),
          fmt::format("the folds of {} after its commas are restored", shown_name));
    const std::string_view bare = canon::trim_fws(value);
    add(i, fmt::format(" {}", bare),
        fmt::format("white space at the ends of {} is one space in front", shown_name));
    add(i, std::string(bare), fmt::format("white space at the ends of {} is removed", shown_name));
    add(i, fmt::format("  {}", bare), fmt::format("a second space in front of {} is restored", shown_name));
    for (const auto* usual : {"Message-ID", "Message-Id", "MIME-Version", "Mime-Version", "CC", "Cc"})
      repair_name(i, usual);
    repair_name(i, canon::lower_case(name));
  }

  void repair_name(std::size_t i, const std::string& name) {
    if (!is_named(message_[i], name) || message_[i].name == name) return;
    repairs_.push_back({i, {name, message_[i].value}, fmt::format("{} is written {}", name_of(i), name)});
  }

  void restore_missing() {
    for (const auto& usual : usual_values) {
      if (!names_.contains(canon::lower_case(usual.name)) || is_there(usual.name)) continue;
      repairs_.push_back(
          {message_.size(),
           {std::string(usual.name), fmt::format(" {}", usual.value)},
           fmt::format("the field {}: {} is restored: it was removed", usual.name, usual.value)});
    }
  }

  bool is_there(std::string_view name) const {
    for (const auto& field : message_) {
      if (is_named(field, name)) return true;
    }
    return false;
  }

  const std::vector<HeaderField>& message_;
  std::size_t own_;
  bool simple_;
  std::set<std::string> names_;
  std::vector<const HeaderField*> former_from_;  // at most one of each name
  std::vector<HeaderRepair> repairs_;
};

}  // namespace

std::vector<HeaderRepair> header_repairs(const crypto::SignatureField& signature,
                                         const std::vector<HeaderField>& message, std::size_t own) {
  return Repairs(signature, message, own).all();
}

}  // namespace dkim::keytool
