// Does the system deliver all that a non-blocking send has taken?
//
// Windows does, and Wine 8 does. Wine 10 does not always. There a send that finds too little room
// is reported as done, and Wine sends the rest in the background; where the peer's end of the
// stream comes first, it drops that rest (doc/windows-facts.md, "Sockets"). A server that answers a
// half-closed connection through a small buffer then leaves a gap in its answer.
//
// tools/demo and the tests that would meet the fault ask here first. It is Winsock alone: nothing
// of wakepoll takes part.
#pragma once

namespace example {

/// Sends to a peer that does not read, has the peer half-close, and compares what arrives in the
/// end with what was taken. Winsock must be started. Throws std::system_error where a call fails.
[[nodiscard]] bool loses_what_a_send_has_taken();

}  // namespace example
