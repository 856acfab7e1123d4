#include "keytool/rotation/change_text.hpp"

#include <fmt/format.h>

#include "keytool/keys/key_report.hpp"

namespace dkim::keytool {
namespace {

using Text = std::optional<std::string>;

std::string retiring_text(const Activate& activate, std::string_view verb) {
  std::string text;
  for (const auto& old : activate.retire)
    text += fmt::format("; {} {}", old.str(), verb);
  return text;
}

struct DoneText {
  const crypto::Manifest& manifest;

  Text operator()(const MakeKey& make) const {
    return fmt::format("made {} ({}), pending", make.selector.str(), kind_text(make.algorithm, make.bits));
  }
  Text operator()(const NotePublished& note) const {
    return note.since ? fmt::format("found the record of {} on every server", note.selector.str())
                      : fmt::format("the record of {} is no longer on every server", note.selector.str());
  }
  Text operator()(const Activate& activate) const {
    return fmt::format("activated {}: mail is signed with it from now on{}", activate.selector.str(),
                       retiring_text(activate, "retires"));
  }
  Text operator()(const NoteStopped& note) const {
    return fmt::format("no machine signs with {} any more", note.selector.str());
  }
  Text operator()(const Revoke& revoke) const {
    return fmt::format("revoked {} and destroyed its private key", revoke.selector.str());
  }
  Text operator()(const Forget& forget) const {
    const auto* slot = manifest.find_slot(forget.selector);
    const auto& name = forget.selector.str();
    if (slot == nullptr)
      return fmt::format("the record of {} is out of DNS; nothing is left to do for this key", name);
    if (slot->closed) return fmt::format("the record of the closed slot {} is out of DNS", name);
    return fmt::format("the slot {} is free: no resolver remembers its last key", name);
  }
  Text operator()(const NoteEmptied& note) const {
    return note.since
               ? fmt::format("found the empty record of {} on every server", note.selector.str())
               : fmt::format("the empty record of {} is no longer on every server", note.selector.str());
  }
  Text operator()(const NoteMemory&) const { return std::nullopt; }
};

struct PlannedText {
  const crypto::Manifest& manifest;

  Text operator()(const MakeKey& make) const {
    return fmt::format("would make {} ({}), pending", make.selector.str(),
                       kind_text(make.algorithm, make.bits));
  }
  Text operator()(const NotePublished& note) const {
    return note.since
               ? fmt::format("would note that the record of {} is on every server", note.selector.str())
               : fmt::format("would note that the record of {} is no longer on every server",
                             note.selector.str());
  }
  Text operator()(const Activate& activate) const {
    return fmt::format("would activate {} and sign mail with it{}", activate.selector.str(),
                       retiring_text(activate, "would retire"));
  }
  Text operator()(const NoteStopped& note) const {
    return fmt::format("would note that no machine signs with {} any more", note.selector.str());
  }
  Text operator()(const Revoke& revoke) const {
    return fmt::format("would revoke {} and destroy its private key", revoke.selector.str());
  }
  Text operator()(const Forget& forget) const {
    const auto* slot = manifest.find_slot(forget.selector);
    return slot != nullptr && !slot->closed
               ? fmt::format("would free the slot {}", forget.selector.str())
               : fmt::format("would have nothing left to do for {}, whose record is out of DNS",
                             forget.selector.str());
  }
  Text operator()(const NoteEmptied& note) const {
    return note.since
               ? fmt::format("would note that the empty record of {} is on every server", note.selector.str())
               : fmt::format("would note that the empty record of {} is no longer on every server",
                             note.selector.str());
  }
  Text operator()(const NoteMemory&) const { return std::nullopt; }
};

}  // namespace

std::optional<std::string> text_of(const Change& change, const crypto::Manifest& manifest) {
  return std::visit(DoneText{manifest}, change);
}

std::optional<std::string> planned_text_of(const Change& change, const crypto::Manifest& manifest) {
  return std::visit(PlannedText{manifest}, change);
}

}  // namespace dkim::keytool
