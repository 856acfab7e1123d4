#include "keytool/opendkim/amavis_tables.hpp"

#include <fmt/format.h>

namespace dkim::keytool::opendkim {

AmavisOptions::value_type AmavisTables::option() {
  const auto line = reader_.peek().line;
  const auto name = reader_.scalar();
  if (!reader_.take_comma()) reader_.fail("an option without a value");
  return {name, {reader_.scalar(), fmt::format("{}:{}", file_, line)}};
}

AmavisTable AmavisTables::table() {
  AmavisTable table;
  if (!reader_.peek().is_sign("{")) {
    refuse(reader_.depth(), "a table whose entries do not stand here");
    return table;
  }
  reader_.take();
  const auto depth = reader_.depth();
  while (!reader_.peek().is_sign("}") && reader_.peek().kind != PerlWord::Kind::end) {
    try {
      entry(table);
    } catch (const NotUnderstood& problem) {
      refuse(depth, problem.what);
    }
    if (!reader_.take_comma()) break;
  }
  reader_.expect("}");
  return table;
}

void AmavisTables::entry(AmavisTable& table) {
  auto sender = reader_.scalar();
  if (!reader_.take_comma()) reader_.fail("a sender without options");
  AmavisOptions options;
  reader_.expect("{");
  while (!reader_.peek().is_sign("}")) {
    auto [name, value] = option();
    options.insert_or_assign(name, std::move(value));
    if (!reader_.take_comma()) break;
  }
  reader_.expect("}");
  table.insert_or_assign(std::move(sender), std::move(options));
}

// Goes to the comma behind this element, or to the bracket that closes what it is in.
void AmavisTables::refuse(std::size_t depth, const std::string& what) {
  remarks_.push_back(signed_otherwise(fmt::format("{}:{}", file_, reader_.peek().line),
                                      fmt::format("an option by sender is not taken: it has {}", what)));
  while (reader_.peek().kind != PerlWord::Kind::end) {
    const auto& next = reader_.peek();
    const bool ends =
        next.is_sign(",") || next.is_sign(";") || next.is_sign("}") || next.is_sign(")") || next.is_sign("]");
    if (reader_.depth() < depth || (reader_.depth() == depth && ends)) return;
    reader_.take();
  }
}

}  // namespace dkim::keytool::opendkim
