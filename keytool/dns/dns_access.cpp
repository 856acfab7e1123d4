#include "keytool/dns/dns_access.hpp"

namespace dkim::keytool {

DnsClient DnsAccess::open_resolver() const {
  return resolver ? DnsClient::at(*resolver, DnsClient::Kind::resolver) : DnsClient::system();
}

}  // namespace dkim::keytool
