// What a static object contains while the process, or the object's DLL, ends.
#pragma once

namespace wakepoll::test {

/// Bits of what the static poller is busy with.
namespace busy {
inline constexpr unsigned wait = 1;        ///< A thread is in a wait without end.
inline constexpr unsigned pipe = 2;        ///< A quiet anonymous pipe is registered.
inline constexpr unsigned event = 4;       ///< An event that is not signalled is registered.
inline constexpr unsigned sockets = 8;     ///< Twenty quiet sockets are registered, by AFD.
inline constexpr unsigned operation = 16;  ///< A receive is in flight.
inline constexpr unsigned all = 31;
}  // namespace busy

/// Makes the poller and what it is busy with. False if something fails.
using Begin = bool (*)(unsigned what);

}  // namespace wakepoll::test
