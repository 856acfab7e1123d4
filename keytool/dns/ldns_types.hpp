// Puts ldns's objects under C++ ownership. No header includes this one, so that ldns stays out of the rest of
// dkimkey. Functions that need memory throw std::bad_alloc if there is none.
#pragma once

#include <ldns/ldns.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "canon/ip_address.hpp"

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

// Returns a name in presentation form, lower case, with its final dot.
inline std::string name_text(const ldns_rdf* name) {
  const std::unique_ptr<char, LdnsDelete<std::free>> text(ldns_rdf2str(name));
  if (!text) throw std::bad_alloc();
  std::string out(text.get());
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

// Makes the data of an A or AAAA record.
inline RdfPtr address_rdf(const canon::IpAddress& address) {
  const std::span bytes = address.bytes();
  RdfPtr data(address.is_v4() ? ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, 4, bytes.last<4>().data())
                              : ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, bytes.size(), bytes.data()));
  if (!data) throw std::bad_alloc();
  return data;
}

// Reads the data of an A or AAAA record; returns nothing if it is neither.
inline std::optional<canon::IpAddress> address_of(const ldns_rdf* data) {
  const std::span<const std::uint8_t> bytes(ldns_rdf_data(data), ldns_rdf_size(data));
  if (ldns_rdf_get_type(data) == LDNS_RDF_TYPE_A && bytes.size() == 4)
    return canon::IpAddress::from_v4(bytes.first<4>());
  if (ldns_rdf_get_type(data) == LDNS_RDF_TYPE_AAAA && bytes.size() == 16)
    return canon::IpAddress::from_v6(bytes.first<16>());
  return std::nullopt;
}

// Returns the packet in wire format.
inline std::vector<std::uint8_t> wire_of(const ldns_pkt* packet) {
  std::uint8_t* raw = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&raw, packet, &size) != LDNS_STATUS_OK) throw std::bad_alloc();
  const std::unique_ptr<std::uint8_t, LdnsDelete<std::free>> wire(raw);
  return {wire.get(), wire.get() + size};
}

// Joins a TXT record's strings. On the wire each has its length in front.
inline std::string joined_strings(const ldns_rr* record) {
  std::string out;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    const ldns_rdf* string = ldns_rr_rdf(record, i);
    if (ldns_rdf_size(string) > 1) {
      out.append(reinterpret_cast<const char*>(ldns_rdf_data(string)) + 1, ldns_rdf_size(string) - 1);
    }
  }
  return out;
}

}  // namespace dkim::keytool
