#include "keytool/generate/generate_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/tag_list.hpp"
#include "canon/text.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"

namespace dkim::keytool {
namespace {

std::vector<crypto::Algorithm> parse_algorithms(const std::string& name) {
  // RSA comes first: every receiver verifies it.
  if (name == "both") return {crypto::Algorithm::rsa, crypto::Algorithm::ed25519};
  if (const auto algorithm = crypto::algorithm_from_key_name(name)) return {*algorithm};
  throw UsageError(fmt::format("unknown algorithm \"{}\": give rsa, ed25519 or both", name));
}

constexpr std::size_t least_slots = 2;

std::vector<canon::Selector> parse_slots(const std::string& option, const std::string& text) {
  std::vector<canon::Selector> slots;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(',', start), text.size());
    auto slot =
        parse_selector(std::string(canon::trim_fws(std::string_view(text).substr(start, end - start))));
    if (std::find(slots.begin(), slots.end(), slot) != slots.end())
      throw UsageError(fmt::format("--{} names {} twice", option, slot.str()));
    slots.push_back(std::move(slot));
    start = end + 1;
  }
  if (slots.size() < least_slots) {
    throw UsageError(
        fmt::format("--{} needs {} selectors or more, such as s1,s2: one signs while the next is "
                    "published",
                    option, least_slots));
  }
  return slots;
}

void refuse_common_slots(const SlotRequest& some, const SlotRequest& others) {
  for (const auto& slot : some.selectors) {
    if (std::find(others.selectors.begin(), others.selectors.end(), slot) != others.selectors.end())
      throw UsageError(
          fmt::format("{} is a slot for RSA and for Ed25519: each needs slots of its own", slot.str()));
  }
}

std::vector<SlotRequest> requested_slots(const ParsedOptions& options) {
  const auto rsa = options.text("slots");
  const auto ed25519 = options.text("slots-ed25519");
  if (!rsa && !ed25519) return {};
  if (options.has("no-slots"))
    throw UsageError("--no-slots and --slots contradict each other: slots are opened or closed");
  if (options.has("selector") || options.has("algorithm"))
    throw UsageError("--slots says which selectors and algorithms: leave out --selector and --algorithm");
  std::vector<SlotRequest> slots;
  if (rsa) slots.push_back({crypto::Algorithm::rsa, parse_slots("slots", *rsa)});
  if (ed25519) slots.push_back({crypto::Algorithm::ed25519, parse_slots("slots-ed25519", *ed25519)});
  if (slots.size() == 2) refuse_common_slots(slots.front(), slots.back());
  return slots;
}

std::vector<KeyRequest> requested_keys(const ParsedOptions& options) {
  const std::string selector = options.text("selector").value_or("default");
  const auto algorithms = parse_algorithms(options.text("algorithm").value_or("rsa"));
  std::vector<KeyRequest> keys;
  for (const auto algorithm : algorithms) {
    const bool is_second = !keys.empty();
    keys.push_back({parse_selector(is_second ? selector + "-ed25519" : selector), algorithm});
  }
  return keys;
}

crypto::Algorithm first_algorithm(const GenerateRequest& request) {
  return request.slots.empty() ? request.keys.front().algorithm : request.slots.front().algorithm;
}

SizeRequest read_size(const ParsedOptions& options, crypto::Algorithm first) {
  const auto bits = options.number("bits");
  const auto fit = options.number("fit");
  if ((bits || fit) && first != crypto::Algorithm::rsa)
    throw UsageError("an Ed25519 key has one size: --bits and --fit are for RSA");
  if (bits && fit) throw UsageError("--bits and --fit both say how large the key is: give one");
  if (fit && *fit < 1) throw UsageError("--fit takes a number of bytes, such as 255");
  if (bits && *bits < crypto::min_rsa_bits) {
    throw UsageError(fmt::format("nobody verifies RSA keys below {} bits (RFC 8301): give --bits {}",
                                 crypto::min_rsa_bits, crypto::default_rsa_bits));
  }
  if (bits && *bits > crypto::max_rsa_bits)
    throw UsageError(fmt::format("RSA keys above {} bits are not supported", crypto::max_rsa_bits));
  return {bits.value_or(crypto::default_rsa_bits), fit};
}

// Reads h= of the record. "*" means the same as no list; SHA-256 is the only hash left.
std::optional<std::string> read_hashes(const ParsedOptions& options) {
  const auto given = options.text("hash-algorithms");
  if (!given) return std::nullopt;
  for (const auto hash : canon::split_colons(*given)) {
    if (hash == "sha1") throw UsageError("sha1 must no longer be used (RFC 8301): give sha256 or *");
    if (hash != "sha256" && hash != "*")
      throw UsageError(fmt::format("unknown hash algorithm \"{}\": give sha256 or *", hash));
  }
  return given->find('*') != std::string::npos ? "" : "sha256";
}

}  // namespace

void FlagChanges::apply_to(crypto::Manifest& manifest) const {
  manifest.subdomains = subdomains.value_or(manifest.subdomains);
  auto& record = manifest.record;
  if (subdomains) record.strict = !*subdomains;
  record.test = test.value_or(record.test);
  record.email_only = email_only.value_or(record.email_only);
  record.hashes = hashes.value_or(record.hashes);
  record.note = note.value_or(record.note);
}

void add_generate_options(CommandLine& command_line) {
  command_line.add_options()                                                                           //
      ("selector,s", value_text("SELECTOR"), "the key's name in DNS and in s= (default \"default\")")  //
      ("domain,d", value_text("DOMAIN"),                                                               //
       "the domain to sign as (default: the only one in the key directory, else this host's own)")     //
      ("algorithm", value_text("ALGORITHM"),
       "rsa (default), ed25519, or both, which makes SELECTOR (RSA) and SELECTOR-ed25519")  //
      ("bits,b", value_number("N"), "size of an RSA key, 1024 to 8192 (default 2048)")      //
      ("fit", value_number("N"),
       "make the largest RSA key whose whole record has at most N bytes; 255 if a provider takes only "
       "one string")  //
      ("slots", value_text("SELECTORS"),
       "use these selectors, such as s1,s2, in turn, and make a key in the first that is free: for CNAMEs "
       "that are made once")                                                                                //
      ("slots-ed25519", value_text("SELECTORS"), "the same for Ed25519, beside an RSA key")                 //
      ("no-slots", "go back to ordinary selectors: the new key replaces the one in a slot")                 //
      ("activate", "sign with the key at once; without this it is made pending")                            //
      ("json", "print the record as show --json does, not as zone-file text")                               //
      ("testmode,t", "say in the domain's records that DKIM is being tested (t=y)")                         //
      ("notestmode", "undo --testmode")                                                                     //
      ("nosubdomains,S", "do not sign mail of subdomains as this domain, and say so in its records (t=s)")  //
      ("subdomains", "undo --nosubdomains")                                                                 //
      ("restrict,r", "say in the records: for e-mail only (s=email)")                                       //
      ("norestrict", "undo --restrict")                                                                     //
      ("note,n", value_text("TEXT"), "a note for people in the records (n=); \"\" removes it")              //
      ("hash-algorithms,h", value_text("LIST"), "hashes in the records (h=): sha256, or * for no limit")    //
      ("append-domain,a", "print absolute names (the default)")                                             //
      ("noappend-domain", "print names relative to the domain's zone, as opendkim-genkey does")             //
      ("verbose,v", "say what is being done")                                                               //
      ("version,V", "print the version and exit");
}

GenerateRequest read_generate_request(const ParsedOptions& options) {
  GenerateRequest request;
  request.slots = requested_slots(options);
  request.no_slots = options.has("no-slots");
  request.keys = requested_keys(options);
  request.domain = options.text("domain");
  request.size = read_size(options, first_algorithm(request));
  request.activate = options.has("activate");
  request.json = options.has("json");
  request.relative_names = !options.choice("append-domain").value_or(true);
  request.verbose = options.has("verbose");
  // -S is the "no" of its pair, unlike the other letters, as in opendkim-genkey.
  request.flags.subdomains = options.choice("subdomains");
  request.flags.test = options.choice("testmode");
  request.flags.email_only = options.choice("restrict");
  request.flags.hashes = read_hashes(options);
  request.flags.note = options.text("note");
  return request;
}

}  // namespace dkim::keytool
