// keytool/dns: any bytes are an answer or refused. Nothing read from an answer can act on a terminal, except
// the values of TXT records, which are kept as they were sent; check_record judges any such value.
#include <cstdint>
#include <cstdlib>

#include "crypto/keys/key_record.hpp"
#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/record_check.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

void require_plain(const std::string& name) {
  for (const char c : name)
    test::require(c > ' ' && c < 0x7f, "a name is in presentation form, escaped");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr keytool::RecordType types[] = {
      keytool::RecordType::txt,  keytool::RecordType::soa, keytool::RecordType::ns, keytool::RecordType::a,
      keytool::RecordType::aaaa, keytool::RecordType::mx,  keytool::RecordType::ptr};
  const auto type = types[data[0] % std::size(types)];
  const auto answer = keytool::DnsClient::read_answer({data + 1, size - 1}, type);
  if (!answer) {
    require_plain(answer.refusal().text().substr(0, 1));
    return 0;
  }
  for (const auto* names : {&answer->name_servers, &answer->addresses, &answer->targets}) {
    for (const auto& name : *names)
      require_plain(name);
  }
  for (const auto& name : {answer->first_alias, answer->alias, answer->delegation, answer->zone})
    require_plain(name.value_or("-"));
  require_plain(answer->primary);
  const crypto::KeyRecord expected{crypto::Algorithm::ed25519, std::vector<unsigned char>(32, 7), {}};
  std::vector<std::string> values;
  for (const auto& text : answer->texts)
    values.push_back(text.value);
  const auto finding = keytool::check_record(expected, values);
  test::require((finding.status == keytool::RecordStatus::missing) == values.empty(),
                "a record is missing if and only if there is no TXT value");
  return 0;
}
