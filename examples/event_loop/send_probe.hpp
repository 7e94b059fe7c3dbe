// Checks whether the system delivers all that a non-blocking send has accepted.
//
// Windows does, and Wine 8 does. Wine 10 does not always. There a send that finds too little room
// is reported as done, and Wine sends the rest in the background; if the peer's FIN comes first,
// it drops that rest (doc/internals/windows-facts.md, "Sockets"). A server that answers a
// half-closed connection through a small buffer then leaves a gap in its answer.
//
// tools/demo and the tests that would meet the fault check this first. It uses Winsock only,
// nothing of wakepoll.
#pragma once

namespace example {

/// Sends to a peer that does not read, lets the peer half-close, and compares what arrives with
/// what was accepted. Winsock must be started. Throws std::system_error if a call fails.
[[nodiscard]] bool loses_what_a_send_has_taken();

}  // namespace example
