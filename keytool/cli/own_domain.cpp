#include "keytool/cli/own_domain.hpp"

#include <unistd.h>

#include <array>
#include <fstream>

#include "canon/text.hpp"
#include "canon/typed_names.hpp"
#include "crypto/error.hpp"
#include "keytool/system/postconf.hpp"

namespace dkim::keytool {
namespace {

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// No receiver could ask for the record of "server". "server.localdomain" is what Postfix makes of it.
bool may_be_in_dns(const std::string& domain) {
  return domain.find('.') != std::string::npos && !domain.ends_with(".localdomain");
}

std::optional<canon::DomainName> domain_from(const std::string& name) {
  auto domain = canon::parse_typed_domain(canon::trim_fws(name));
  if (!domain || !may_be_in_dns(domain->str())) return std::nullopt;
  return *std::move(domain);
}

}  // namespace

std::string postfix_origin() {
  try {
    return followed_origin(std::string(canon::trim_fws(run_postconf("", {"-x", "-h", "myorigin"}))));
  } catch (const crypto::Error&) {
    return {};
  }
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

std::optional<canon::DomainName> own_domain(const OwnDomainSources& sources) {
  if (auto domain = domain_from(first_line(sources.mailname))) return domain;
  if (auto domain = domain_from(sources.origin())) return domain;
  return domain_from(sources.host());
}

}  // namespace dkim::keytool
