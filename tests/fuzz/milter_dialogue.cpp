// The milter protocol at the level of packets, through the real libmilter with the fixes of milter/libmilter.
// Half of the inputs are arbitrary bytes and arbitrary packets in any order; the connection must end after
// them. The other half are messages as an MTA sends them, cut into pieces anywhere; each step must be
// answered, and each message signed correctly.
#include <fuzzer/FuzzedDataProvider.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "canon/line_endings.hpp"
#include "canon/text.hpp"
#include "crypto/file.hpp"
#include "milter/callbacks.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/signing_store.hpp"
#include "tests/support/signature_check.hpp"

using namespace dkim;

namespace {

// The SMFIP_* of libmilter's mfdef.h that change which steps are answered, or how a field is read.
constexpr std::uint32_t no_reply_to_connect = 0x00001000;
constexpr std::uint32_t no_reply_to_field = 0x00000080;
constexpr std::uint32_t no_reply_to_body = 0x00080000;
constexpr std::uint32_t leading_space = 0x00100000;
constexpr std::uint32_t all_steps = 0x001FFFFF;
constexpr std::uint32_t all_actions = 0x000001FF;

// Longer than the daemon ever waits for the rest of a packet.
constexpr std::chrono::seconds patience{60};

void check_log_line(milter::LogLevel, const std::string& line) {
  for (const char c : line)
    test::require(c >= ' ' && c < 0x7f, "a log line is one line of plain text");
}

// The daemon's side: libmilter's threads, which live as long as the process.
class Daemon {
 public:
  Daemon() : log_(check_log_line, milter::LogLevel::debug) {
    std::string directory = std::filesystem::temp_directory_path() / "fuzz-dialogue-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) std::abort();
    path_ = directory + "/socket";
    auto config = milter::parse_config(
        "key_directory = \"" + test::signing_store().directory().string() + "\"; log_level = \"debug\";",
        "fuzz");
    shared_ = std::make_unique<milter::Shared>(std::move(config), log_);
    milter::register_milter(*shared_, "unix:" + path_);
    milter::open_milter_socket();
    std::thread([] { milter::run_milter(); }).detach();
  }

  crypto::FileDescriptor connect() const {
    crypto::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    test::require(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
                  "the daemon is there");
    return fd;
  }

 private:
  milter::Log log_;
  std::string path_;
  std::unique_ptr<milter::Shared> shared_;
};

// Never destroyed: libmilter's threads use it to the end.
const Daemon& daemon_here() {
  static const Daemon* const instance = new Daemon;
  return *instance;
}

std::string number(std::uint32_t value) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>((value >> shift) & 0xffU);
  return out;
}

std::uint32_t number_at(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = (value << 8U) | static_cast<unsigned char>(text[at + i]);
  return value;
}

std::string packet(char command, std::string_view data) {
  return number(static_cast<std::uint32_t>(data.size() + 1)) + command + std::string(data);
}

struct Reply {
  char code = 0;
  std::string data;
};

// Sends everything in pieces, shuts down its side, and reads the answers until the daemon closes the
// connection.
std::string converse(const std::string& sent, FuzzedDataProvider& cuts) {
  const auto fd = daemon_here().connect();
  std::string received;
  // Not poll(2), which is wrapped in this process and would read ahead.
  const auto readable_within = [&](std::chrono::seconds time) {
    pollfd entry{fd.get(), POLLIN, 0};
    const timespec limit{time.count(), 0};
    return ppoll(&entry, 1, &limit, nullptr) == 1;
  };
  const auto take = [&] {
    if (!readable_within(patience)) return false;
    char bytes[4096];
    const auto size = recv(fd.get(), bytes, sizeof bytes, 0);
    if (size > 0) received.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  };
  for (std::size_t at = 0; at < sent.size();) {
    const std::size_t piece = cuts.remaining_bytes() > 0 && cuts.ConsumeBool()
                                  ? cuts.ConsumeIntegralInRange<std::size_t>(1, 40)
                                  : sent.size();
    const auto size = send(fd.get(), sent.data() + at, std::min(piece, sent.size() - at), MSG_NOSIGNAL);
    if (size <= 0) break;  // the daemon has closed the connection, which it may do
    at += static_cast<std::size_t>(size);
  }
  shutdown(fd.get(), SHUT_WR);
  while (take()) {
  }
  test::require(readable_within(std::chrono::seconds(0)), "a connection whose peer sends no more is closed");
  return received;
}

std::vector<Reply> replies_in(std::string_view received) {
  std::vector<Reply> replies;
  while (!received.empty()) {
    test::require(received.size() >= 5, "a reply is a whole packet");
    const std::size_t size = number_at(received, 0);
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
        sent += packet('O', number(6) + number(all_actions) + number(input.ConsumeIntegral<std::uint32_t>()));
        break;
      case 2:
        sent += packet('L', std::string("From\0 a@example.com", 19) + '\0');
        break;
      case 3: {
        // A packet with a wrong length.
        auto wrong = packet(input.PickValueInArray(commands), input.ConsumeRandomLengthString(64));
        wrong.replace(0, 4, number(input.ConsumeIntegralInRange<std::uint32_t>(0, 200)));
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
      : input_(input), steps_(input.ConsumeIntegral<std::uint32_t>() & all_steps) {
    sent_ = packet('O', number(6) + number(all_actions) + number(steps_));
    expect("O");
    session();
  }

  void session() {
    sent_ += packet('C', std::string("localhost\0", 10) + "4" + std::string("\0\x19", 2) +
                             std::string("127.0.0.1\0", 10));
    if ((steps_ & no_reply_to_connect) == 0) expect("c");
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
      if ((steps_ & no_reply_to_body) == 0) expect("c");
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
    const bool kept = (steps_ & leading_space) != 0;
    sent_ += packet('L', field.name + '\0' + (kept ? field.value : field.value.substr(1)) + '\0');
    message.fields.push_back({field.name, canon::to_crlf(field.value)});
    if ((steps_ & no_reply_to_field) == 0) expect("c");
  }

  void verify(std::string_view inserted, const Sent& message) const {
    test::require(inserted.size() > 6 && number_at(inserted, 0) == 0, "a field is inserted on top");
    inserted.remove_prefix(4);
    const auto end = inserted.find('\0');
    const std::string name(inserted.substr(0, end));
    std::string value(inserted.substr(end + 1));
    test::require(value.ends_with('\0'), "a value ends with NUL");
    value.pop_back();
    const std::string wire = ((steps_ & leading_space) == 0 ? " " : "") + value;
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
