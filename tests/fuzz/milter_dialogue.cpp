// The milter protocol at the level of packets, through the real libmilter with the fixes of milter/libmilter.
// Half of the inputs are arbitrary bytes and arbitrary packets in any order; the connection must end after
// them. The other half are messages as an MTA sends them, cut into pieces anywhere; each step must be
// answered, and each message signed correctly.
#include <fuzzer/FuzzedDataProvider.h>
#include <libmilter/mfdef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "canon/line_endings.hpp"
#include "canon/text.hpp"
#include "crypto/file.hpp"
#include "milter/callbacks.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/signing_store.hpp"
#include "tests/support/milter_connection.hpp"
#include "tests/support/milter_payload.hpp"
#include "tests/support/signature_check.hpp"

using namespace dkim;

namespace {

using test::packed_u32;
constexpr auto packet = test::MilterConnection::packet;

// Longer than the daemon ever waits for the rest of a packet.
constexpr std::chrono::seconds patience{60};

// The daemon's side: libmilter's threads, which live as long as the process.
class Daemon {
 public:
  Daemon() : log_(test::require_plain_line, milter::LogLevel::debug) {
    std::string directory = std::filesystem::temp_directory_path() / "fuzz-dialogue-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) std::abort();
    endpoint_ = "unix:" + directory + "/socket";
    auto config = milter::parse_config(
        "key_directory = \"" + test::signing_store().directory().string() + "\"; log_level = \"debug\";",
        "fuzz");
    shared_ = std::make_unique<milter::Shared>(std::move(config), log_);
    milter::register_milter(*shared_, endpoint_);
    milter::open_milter_socket();
    std::thread([] { milter::run_milter(); }).detach();
  }

  const std::string& endpoint() const { return endpoint_; }

 private:
  milter::Log log_;
  std::string endpoint_;
  std::unique_ptr<milter::Shared> shared_;
};

// Never destroyed: libmilter's threads use it to the end.
const Daemon& daemon_here() {
  static const Daemon* const instance = new Daemon;
  return *instance;
}

std::string negotiation(std::uint32_t steps) {
  return packet(SMFIC_OPTNEG, packed_u32(6) + packed_u32(SMFI_CURR_ACTS) + packed_u32(steps));
}

struct Reply {
  char code = 0;
  std::string data;
};

// Sends everything in pieces, shuts down its side, and reads the answers until the daemon closes the
// connection.
std::string converse(const std::string& sent, FuzzedDataProvider& cuts) {
  const test::MilterConnection connection(daemon_here().endpoint(), patience);
  // Not by the connection's own methods: poll(2) is wrapped in this process and would read ahead.
  const int fd = connection.descriptor();
  for (std::size_t at = 0; at < sent.size();) {
    const std::size_t piece = cuts.remaining_bytes() > 0 && cuts.ConsumeBool()
                                  ? cuts.ConsumeIntegralInRange<std::size_t>(1, 40)
                                  : sent.size();
    const auto size = send(fd, sent.data() + at, std::min(piece, sent.size() - at), MSG_NOSIGNAL);
    if (size <= 0) break;  // the daemon has closed the connection, which it may do
    at += static_cast<std::size_t>(size);
  }
  shutdown(fd, SHUT_WR);
  std::string received;
  char bytes[4096];
  ssize_t size = 0;
  while ((size = recv(fd, bytes, sizeof bytes, 0)) > 0)
    received.append(bytes, static_cast<std::size_t>(size));
  test::require(size == 0 || errno != EAGAIN, "a connection whose peer sends no more is closed");
  return received;
}

std::vector<Reply> replies_in(std::string_view received) {
  std::vector<Reply> replies;
  while (!received.empty()) {
    test::require(received.size() >= 5, "a reply is a whole packet");
    const std::size_t size = test::PayloadReader(received).u32();
    test::require(size >= 1 && received.size() >= 4 + size, "a reply is a whole packet");
    replies.push_back({received[4], std::string(received.substr(5, size - 1))});
    test::require(std::string_view("Ocartisp").find(replies.back().code) != std::string_view::npos,
                  "the protocol has such a reply");
    received.remove_prefix(4 + size);
  }
  return replies;
}

std::string any_packets(FuzzedDataProvider& input) {
  std::string sent;
  while (input.remaining_bytes() > 0 && sent.size() < 20'000) {
    constexpr char commands[] = "ABCDEHKLMNOQRTU";
    switch (input.ConsumeIntegralInRange(0, 7)) {
      case 0:
        sent += input.ConsumeRandomLengthString(64);
        break;
      case 1:
        sent += negotiation(input.ConsumeIntegral<std::uint32_t>());
        break;
      case 2:
        sent += packet('L', std::string("From\0 a@example.com", 19) + '\0');
        break;
      case 3: {
        // A packet with a wrong length.
        auto wrong = packet(input.PickValueInArray(commands), input.ConsumeRandomLengthString(64));
        wrong.replace(0, 4, packed_u32(input.ConsumeIntegralInRange<std::uint32_t>(0, 200)));
        sent += wrong;
        break;
      }
      default:
        sent += packet(input.PickValueInArray(commands), input.ConsumeRandomLengthString(200));
    }
  }
  return sent;
}

// One message as it was sent.
struct Sent {
  std::vector<canon::HeaderField> fields;
  std::string body;
};

class Mta {
 public:
  explicit Mta(FuzzedDataProvider& input)
      : input_(input), steps_(input.ConsumeIntegral<std::uint32_t>() & SMFI_CURR_PROT) {
    sent_ = negotiation(steps_);
    expect("O");
    session();
  }

  void session() {
    sent_ += packet('C', std::string("localhost\0", 10) + "4" + std::string("\0\x19", 2) +
                             std::string("127.0.0.1\0", 10));
    if ((steps_ & SMFIP_NR_CONN) == 0) expect("c");
  }

  void message() {
    Sent message;
    sent_ += packet('D', std::string("Mi\0", 3) + "4F1k" + '\0');
    sent_ += packet('M', std::string("<a@example.com>\0", 16));
    expect("c");
    const int count = input_.ConsumeIntegralInRange(0, 5);
    const int author = input_.ConsumeIntegralInRange(0, count);
    for (int i = 0; i <= count; ++i)
      field(message, i == author ? canon::HeaderField{"From", " a@example.com"} : any_field());
    sent_ += packet('N', "");
    expect("c");
    for (int chunks = input_.ConsumeIntegralInRange(0, 3); chunks > 0; --chunks) {
      const auto chunk = input_.ConsumeRandomLengthString(300);
      if (chunk.empty()) continue;
      sent_ += packet('B', chunk);
      message.body += chunk;
      if ((steps_ & SMFIP_NR_BODY) == 0) expect("c");
    }
    const auto last = input_.ConsumeRandomLengthString(50);
    message.body += last;
    sent_ += packet('E', last);
    expect("i");
    expect("c");
    messages_.push_back(std::move(message));
  }

  void new_session() {
    sent_ += packet('K', "");
    session();
  }

  void judge() {
    sent_ += packet('Q', "");
    const auto replies = replies_in(converse(sent_, input_));
    std::string codes;
    for (const auto& reply : replies)
      codes += reply.code;
    if (codes != expected_)
      std::fprintf(stderr, "replies \"%s\" instead of \"%s\"\n", codes.c_str(), expected_.c_str());
    test::require(codes == expected_, "each step has its answer, in order");
    auto message = messages_.begin();
    for (const auto& reply : replies) {
      if (reply.code == 'i') verify(reply.data, *message++);
    }
  }

 private:
  void expect(const char* code) { expected_ += code; }

  canon::HeaderField any_field() {
    std::string name;
    for (const char c : input_.ConsumeRandomLengthString(12)) {
      if (c > ' ' && c < 0x7f && c != ':') name += c;
    }
    if (name.empty() || canon::equal_ignoring_case(name, "from")) name = "Subject";
    std::string value = input_.ConsumeRandomLengthString(100);
    std::erase(value, '\0');
    return {std::move(name), " " + value};
  }

  void field(Sent& message, const canon::HeaderField& field) {
    const bool kept = (steps_ & SMFIP_HDR_LEADSPC) != 0;
    sent_ += packet('L', field.name + '\0' + (kept ? field.value : field.value.substr(1)) + '\0');
    message.fields.push_back({field.name, canon::to_crlf(field.value)});
    if ((steps_ & SMFIP_NR_HDR) == 0) expect("c");
  }

  void verify(std::string_view inserted, const Sent& message) const {
    test::PayloadReader reader(inserted);
    test::require(reader.u32() == 0, "a field is inserted on top");
    const std::string name = reader.string();
    const std::string value = reader.string();
    test::require(reader.empty(), "nothing follows the value");
    const std::string wire = ((steps_ & SMFIP_HDR_LEADSPC) == 0 ? " " : "") + value;
    const auto fault = test::signature_fault({name, canon::to_crlf(wire)}, message.fields, message.body,
                                             test::signing_store().public_keys());
    test::require(fault.empty(), "the signature verifies");
  }

  FuzzedDataProvider& input_;
  std::uint32_t steps_;
  std::string sent_;
  std::string expected_;
  std::vector<Sent> messages_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  if (input.ConsumeBool()) {
    converse(any_packets(input), input);
    return 0;
  }
  Mta mta(input);
  for (int messages = input.ConsumeIntegralInRange(1, 3); messages > 0; --messages) {
    mta.message();
    if (input.ConsumeBool()) mta.new_session();
  }
  mta.judge();
  return 0;
}
