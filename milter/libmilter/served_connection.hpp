// The connection that this thread serves, as libmilter sees it: whole packets, or nothing to read yet.
//
// libmilter asks poll() whether a packet has begun, and then stays with it for as long as it takes. Here
// poll() says yes only when the packet is there to its end, so that a peer that stops in its midst keeps no
// thread. What has come of it goes back to milter/libmilter/worker_pool with the connection.
//
// The packets go through unchanged, with two exceptions, both where libmilter loses its way among its states:
// - It steps over a packet that its state does not expect, and the MTA waits for an answer in vain. Here the
//   connection ends.
// - A QUIT_NC is such a packet wherever a verdict has ended the message before. It would step over the
// CONNECT that
//   follows as well, and take the next client for the previous one. A packet that is expected everywhere goes
//   before it (UNKNOWN, of which QUIT_NC is a successor); its answer goes nowhere.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "milter/libmilter/packet_buffer.hpp"

struct pollfd;
struct iovec;

namespace dkim::milter {

// What stays with a connection while no thread serves it.
struct ConnectionState {
  PacketBuffer octets;
  // To which steps no answer is due (SMFIP_NR_*), as the negotiation has come out.
  std::uint32_t unanswered_steps = 0;
};

enum class ServiceEnd { connection_goes_on, connection_is_over };

// A thread that serves connections, one after the other, keeps this on its stack. An object of the thread
// itself would have to be registered for its destruction, and where there is no memory for that the C library
// ends the process.
class ServingThread {
 public:
  ServingThread() noexcept;
  ServingThread(const ServingThread&) = delete;
  ServingThread& operator=(const ServingThread&) = delete;
  ~ServingThread();

  // False if there was no memory for it: the thread cannot serve.
  bool ready() const { return service_ != nullptr; }

 private:
  class Service* service_;
};

// From begin to end the descriptor is served by this thread, which is ready.
void begin_to_serve(int descriptor, ConnectionState& state) noexcept;
void end_to_serve(ServiceEnd how) noexcept;

// Of this thread.
bool serves(int descriptor) noexcept;

// Instead of the system calls of these names, for the descriptor that is served.
int poll_served(pollfd& descriptor, int timeout) noexcept;
ssize_t read_served(void* target, std::size_t most) noexcept;
ssize_t write_served(const iovec* parts, int count) noexcept;

}  // namespace dkim::milter

// libmilter has got no memory. If this thread serves a connection, that ends: libmilter would go on without
// the macros for which there was none, and take a client for another.
extern "C" void dkim_libmilter_lacks_memory() noexcept;

// The negotiation of the connection that this thread serves has failed, and that was logged.
extern "C" void dkim_connection_is_refused() noexcept;
