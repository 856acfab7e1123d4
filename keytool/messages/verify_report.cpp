#include "keytool/messages/verify_report.hpp"

#include <fmt/ranges.h>

#include "canon/printable.hpp"
#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

// In bytes. A tag of a hostile field may be as long as the header.
constexpr std::size_t longest_tag = 320;

std::optional<std::string> tag_of(const std::string& field, std::string_view name) {
  const auto list = canon::TagList::parse(field);
  if (!list) return std::nullopt;
  const auto value = list->find(name);
  return value ? std::optional(canon::without_fws(*value)) : std::nullopt;
}

std::string_view holds_text(std::optional<bool> holds) {
  if (!holds) return "unknown";
  return *holds ? "as signed" : "differs";
}

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::optional<std::string> seconds_text(const std::optional<std::uint64_t>& seconds) {
  // A number past the year 9999 was never meant as a time, and does not fit into this form.
  constexpr std::uint64_t year_10000 = 253'402'300'800;
  if (!seconds || *seconds >= year_10000) return std::nullopt;
  return crypto::to_string(crypto::UtcTime(std::chrono::seconds(*seconds)));
}

}  // namespace

std::string report_text(const SignatureReport& report) {
  const auto& verdict = report.verdict;
  std::string out(to_string(verdict.result()));
  const std::size_t alone = out.size();
  const auto add = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{}{}={}", out.size() == alone ? "  " : " ", name, value);
  };
  for (const auto* name : {"d", "s", "a", "c", "i"}) {
    if (const auto value = tag_of(report.field, name)) add(name, canon::printable_word(*value, longest_tag));
  }
  if (verdict.key) add("bits", std::to_string(verdict.key->bits()));
  out += '\n';
  if (!verdict.text.empty()) out += fmt::format("  {}\n", terminal_text(verdict.text));
  for (const auto& note : verdict.notes)
    out += fmt::format("  note: {}\n", terminal_text(note));
  for (const auto& hint : report.hints)
    out += fmt::format("  hint: {}\n", terminal_text(hint));
  return out;
}

JsonObject report_object(const SignatureReport& report) {
  const auto& verdict = report.verdict;
  JsonObject object;
  object.text("result", to_string(verdict.result()));
  object.text("reason", to_string(verdict.reason));
  object.text("detail", verdict.text);
  object.optional_text("domain", tag_of(report.field, "d"));
  object.optional_text("selector", tag_of(report.field, "s"));
  object.optional_text("algorithm", tag_of(report.field, "a"));
  object.optional_text("canonicalization", tag_of(report.field, "c"));
  object.optional_text("identity", tag_of(report.field, "i"));
  if (verdict.key) {
    object.number("bits", verdict.key->bits());
  } else {
    object.null("bits");
  }
  const auto& signature = verdict.signature;
  object.optional_text("signed", signature ? seconds_text(signature->time) : std::nullopt);
  object.optional_text("expires", signature ? seconds_text(signature->expiration) : std::nullopt);
  object.text("header", holds_text(verdict.header_holds));
  object.text("body", holds_text(verdict.body_holds));
  object.text("notes", joined(verdict.notes));
  object.text("hints", joined(report.hints));
  return object;
}

}  // namespace dkim::keytool
