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

void require_escaped(const std::string& name) {
  test::require_plain(name, "a name is in presentation form, escaped");
  test::require(name.find(' ') == std::string::npos, "a name has its spaces escaped");
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
    test::require_plain(answer.refusal().text(), "a refusal is plain text");
    return 0;
  }
  for (const auto* names : {&answer->name_servers, &answer->targets}) {
    for (const auto& name : *names)
      require_escaped(name);
  }
  for (const auto& name : {answer->first_alias, answer->alias, answer->delegation, answer->zone})
    require_escaped(name.value_or("-"));
  require_escaped(answer->primary);
  const crypto::KeyRecord expected{crypto::Algorithm::ed25519, std::vector<unsigned char>(32, 7), {}};
  std::vector<std::string> values;
  for (const auto& text : answer->texts)
    values.push_back(text.value);
  const auto finding = keytool::check_record(expected, values);
  test::require((finding.status == keytool::RecordStatus::missing) == values.empty(),
                "a record is missing if and only if there is no TXT value");
  return 0;
}
