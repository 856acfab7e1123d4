// Writes plans as words, so that a row of a test reads like a sentence.
#pragma once

#include <sstream>
#include <string>

#include "keytool/rotation/rotation.hpp"

namespace dkim::keytool::rotation_test {

using crypto::Manifest;

// Returns a plan as words, in order, so that a row of a test reads like a sentence.
inline std::string text_of(const RotationPlan& plan) {
  std::ostringstream out;
  for (const auto& change : plan.changes) {
    if (const auto* make = std::get_if<MakeKey>(&change)) out << "make " << make->selector.str() << "; ";
    if (const auto* note = std::get_if<NotePublished>(&change))
      out << (note->since ? "seen " : "unseen ") << note->selector.str() << "; ";
    if (const auto* activate = std::get_if<Activate>(&change)) {
      out << "activate " << activate->selector.str();
      for (const auto& old : activate->retire)
        out << " retire " << old.str();
      out << "; ";
    }
    if (const auto* note = std::get_if<NoteStopped>(&change))
      out << "stopped " << note->selector.str() << "; ";
    if (const auto* revoke = std::get_if<Revoke>(&change)) out << "revoke " << revoke->selector.str() << "; ";
    if (const auto* forget = std::get_if<Forget>(&change)) out << "forget " << forget->selector.str() << "; ";
    if (const auto* note = std::get_if<NoteEmptied>(&change))
      out << (note->since ? "emptied " : "unemptied ") << note->selector.str() << "; ";
    if (const auto* note = std::get_if<NoteMemory>(&change))
      out << "remember " << note->selector.str() << " " << note->memory.count() << "; ";
  }
  for (const auto& publication : plan.publications) {
    const char* what = publication.what == Publication::What::record         ? "publish "
                       : publication.what == Publication::What::empty_record ? "empty "
                                                                             : "remove ";
    out << what << publication.selector.str() << "; ";
  }
  for (const auto& waiting : plan.waiting) {
    out << "wait " << waiting.selector.str();
    if (waiting.until) out << " until " << crypto::to_string(*waiting.until);
    if (waiting.what == Waiting::For::dns_or_person) out << " (somebody)";
    if (waiting.what == Waiting::For::signers) out << " (signers)";
    out << "; ";
  }
  return out.str();
}

// One rule: what goes in, and the plan that comes out.
struct PlanRow {
  std::string name;
  Manifest manifest;
  DnsView dns;
  RotationRequest request;
  std::string expected;
  crypto::SignerView signers = {};
};

}  // namespace dkim::keytool::rotation_test
