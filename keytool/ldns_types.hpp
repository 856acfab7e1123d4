// ldns's objects under C++ ownership. Included by the files that speak to name servers, and by no header.
#pragma once

#include <ldns/ldns.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace dkim::keytool {

template <auto Free>
struct LdnsDelete {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using RdfPtr = std::unique_ptr<ldns_rdf, LdnsDelete<ldns_rdf_deep_free>>;
using RrPtr = std::unique_ptr<ldns_rr, LdnsDelete<ldns_rr_free>>;
using RrListPtr = std::unique_ptr<ldns_rr_list, LdnsDelete<ldns_rr_list_deep_free>>;
using PacketPtr = std::unique_ptr<ldns_pkt, LdnsDelete<ldns_pkt_free>>;
using BufferPtr = std::unique_ptr<ldns_buffer, LdnsDelete<ldns_buffer_free>>;

// The presentation form of a name, lower case, with its final dot.
inline std::string name_text(const ldns_rdf* name) {
  const std::unique_ptr<char, LdnsDelete<std::free>> text(ldns_rdf2str(name));
  if (!text) throw std::bad_alloc();
  std::string out(text.get());
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

}  // namespace dkim::keytool
