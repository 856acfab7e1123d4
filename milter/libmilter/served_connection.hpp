// The connection that this thread serves, as libmilter sees it: whole packets, or nothing to read yet.
//
// libmilter calls poll() to learn whether a packet has begun, and then stays with it for as long as it takes.
// Here poll() says yes only when the whole packet has arrived, so that a peer that stops in the middle of one
// holds no thread. The part that has arrived goes back to milter/libmilter/worker_pool with the connection.
//
// The packets pass unchanged, with two exceptions, both where libmilter's state machine fails:
//  - libmilter skips a packet that its state does not expect, and the MTA waits for an answer in vain. Here
//    the connection ends.
//  - A QUIT_NC is such a packet after a verdict has ended the message. libmilter would skip the CONNECT after
//    it as well, and take the next client for the previous one. So a packet that every state expects goes
//    ahead of it (UNKNOWN, which QUIT_NC may follow), and the answer to that packet is dropped.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "milter/libmilter/packet_buffer.hpp"

struct pollfd;
struct iovec;

namespace dkim::milter {

// What is kept with a connection while no thread serves it.
struct ConnectionState {
  PacketBuffer bytes;
  // The steps that get no answer (SMFIP_NR_*), as negotiated.
  std::uint32_t unanswered_steps = 0;
};

enum class ServiceEnd { connection_goes_on, connection_is_over };

// A thread that serves connections, one after the other, keeps this on its stack. A thread-local object would
// have to be registered for its destruction, and if there is no memory for that, the C library ends the
// process.
class ServingThread {
 public:
  ServingThread() noexcept;
  ServingThread(const ServingThread&) = delete;
  ServingThread& operator=(const ServingThread&) = delete;
  ~ServingThread();

  // Returns false if there was no memory: the thread cannot serve then.
  bool ready() const { return service_ != nullptr; }

 private:
  class Service* service_;
};

// This thread, which must be ready, serves the descriptor from begin to end.
void begin_to_serve(int descriptor, ConnectionState& state) noexcept;
void end_to_serve(ServiceEnd how) noexcept;

// Returns true if this thread serves the descriptor.
bool serves(int descriptor) noexcept;

// Take the place of poll(2), read(2) and writev(2) for the descriptor that is served.
int poll_served(pollfd& descriptor, int timeout) noexcept;
ssize_t read_served(void* target, std::size_t most) noexcept;
ssize_t write_served(const iovec* parts, int count) noexcept;

}  // namespace dkim::milter

// To be called when libmilter gets no memory. Ends the connection that this thread serves, if there is one:
// libmilter would go on without the macros for which there was no memory, and take one client for another.
extern "C" void dkim_libmilter_lacks_memory() noexcept;

// To be called when the negotiation has failed and that was logged. Ends the connection that this thread
// serves.
extern "C" void dkim_connection_is_refused() noexcept;
