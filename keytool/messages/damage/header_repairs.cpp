#include "keytool/messages/damage/header_repairs.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "keytool/messages/damage/encoded_words.hpp"

namespace dkim::keytool {
namespace {

using canon::Canonicalization;
using canon::HeaderField;

// Text of the message within a hint.
std::string shown(std::string_view text) {
  return "\"" + canon::printable(canon::trim_fws(text), 60) + "\"";
}

std::string_view bare_name(const HeaderField& field) {
  return canon::trim_fws(field.name);
}

bool is_named(const HeaderField& field, std::string_view name) {
  return canon::equal_ignoring_case(bare_name(field), name);
}

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string out;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what)) {
    out += text.substr(0, at);
    out += by;
    text.remove_prefix(at + what.size());
  }
  return out += text;
}

// What a relay puts in where it is missing, or in place of what was there.
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

// Where systems that rewrite From: keep what it was.
constexpr std::array<std::string_view, 6> former_from{"Reply-To", "X-Original-From", "Original-From",
                                                      "X-From",   "Sender",          "Resent-From"};

// More than can be tried (keytool/header_damage): a header of thousands of fields is nobody's letter.
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
      repairs_.push_back({i, {}, "a field " + name_of(i) + " is left out: it was added after signing"});
      if (is_named(message_[i], "Subject")) repair_subject(i);
      if (is_named(message_[i], "From")) repair_from(i);
      repair_encoding(i);
      repair_usual_values(i);
      repair_list(i);
    }
    if (simple_) repair_white_space(i);
  }

  std::string name_of(std::size_t i) const {
    return std::string(canon::printable(bare_name(message_[i]), 60));
  }

  void add(std::size_t i, std::string value, const std::string& words) {
    if (value != message_[i].value) repairs_.push_back({i, {message_[i].name, std::move(value)}, words});
  }

  // "[List] ", "[EXTERNAL]", "***SPAM***": at the beginning, or behind "Re: ".
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
        add(i, value.substr(0, begin) + value.substr(cut), "the mark " + mark + " is taken off the Subject");
      }
    }
  }

  void repair_from(std::size_t i) {
    for (const auto* former : former_from_)
      add(i, former->value,
          "From is what " + canon::printable(bare_name(*former), 60) + " says: it was rewritten");
  }

  void repair_encoding(std::size_t i) {
    add(i, decode_encoded_words(message_[i].value),
        "the encoded words of " + name_of(i) + " are plain text: it was recoded");
  }

  void repair_usual_values(std::size_t i) {
    for (const auto& usual : usual_values) {
      if (!is_named(message_[i], usual.name)) continue;
      add(i, " " + std::string(usual.value),
          name_of(i) + " is " + shown(usual.value) + ", not " + shown(message_[i].value));
    }
  }

  // Addresses and parameters, written anew with other punctuation.
  void repair_list(std::size_t i) {
    const std::string& value = message_[i].value;
    const std::string tight = replaced(value, ", ", ",");
    add(i, tight, "there is no space after the commas of " + name_of(i));
    add(i, replaced(tight, ",", ", "), "there is a space after the commas of " + name_of(i));
    add(i, replaced(value, "\"", ""), "the quotes of " + name_of(i) + " are taken off");
    add(i, replaced(replaced(value, "<", ""), ">", ""),
        "the angle brackets of " + name_of(i) + " are taken off");
    const std::string_view bare = canon::trim_fws(value);
    if (bare.find('<') == std::string_view::npos)
      add(i, " <" + std::string(bare) + ">", name_of(i) + " is in angle brackets");
    add(i, canon::lower_case(value), name_of(i) + " is in lower case");
  }

  // Under simple, white space and the name's case count.
  void repair_white_space(std::size_t i) {
    const auto& [name, value] = message_[i];
    const std::string folds = "the folds of " + name_of(i) + " are ";
    add(i, replaced(replaced(value, "\r\n\t", " "), "\r\n ", " "), folds + "spaces again");
    add(i, replaced(value, "\r\n", ""), folds + "taken out");
    add(i, replaced(value, "\r\n\t", "\r\n "), folds + "by a space instead of a tab");
    add(i, replaced(value, "\r\n ", "\r\n\t"), folds + "by a tab instead of a space");
    add(i, replaced(value, ", ", ",\r\n "), folds + "put back behind its commas");
    add(i, replaced(value, ", ", ",\r\n\t"), folds + "put back behind its commas");
    const std::string_view bare = canon::trim_fws(value);
    add(i, " " + std::string(bare), "white space at the ends of " + name_of(i) + " is one space in front");
    add(i, std::string(bare), "white space at the ends of " + name_of(i) + " is taken off");
    add(i, "  " + std::string(bare), "a second space in front of " + name_of(i) + " is put back");
    for (const auto* usual : {"Message-ID", "Message-Id", "MIME-Version", "Mime-Version", "CC", "Cc"})
      repair_name(i, usual);
    repair_name(i, canon::lower_case(name));
  }

  void repair_name(std::size_t i, const std::string& name) {
    if (!is_named(message_[i], name) || message_[i].name == name) return;
    repairs_.push_back({i, {name, message_[i].value}, name_of(i) + " is written " + name});
  }

  void restore_missing() {
    for (const auto& usual : usual_values) {
      if (!names_.contains(canon::lower_case(usual.name)) || is_there(usual.name)) continue;
      repairs_.push_back({message_.size(),
                          {std::string(usual.name), " " + std::string(usual.value)},
                          "the field " + std::string(usual.name) + ": " + std::string(usual.value) +
                              " is put back: it was taken away"});
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
