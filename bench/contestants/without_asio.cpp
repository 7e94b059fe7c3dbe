// Without Asio, its contestants are missing.
#include "contestants/acceptor.hpp"
#include "contestants/asio_registrations.hpp"
#include "contestants/asio_sleeper.hpp"
#include "contestants/echo_server.hpp"
#include "contestants/file_reader.hpp"
#include "contestants/parked_contestant.hpp"
#include "contestants/pipe_end.hpp"

namespace wakepoll::bench {

std::unique_ptr<ParkedContestant> make_parked_asio() { return nullptr; }
std::unique_ptr<AsioRegistrations> make_asio_registrations() { return nullptr; }
std::unique_ptr<AsioSleeper> make_asio_sleeper() { return nullptr; }
std::unique_ptr<EchoServer> make_asio_echo() { return nullptr; }
std::unique_ptr<PipeEnd> make_asio_pipe(OwnedHandle) { return nullptr; }
std::unique_ptr<FileReader> make_asio_file(OwnedHandle, std::size_t) { return nullptr; }
std::unique_ptr<Acceptor> make_asio_acceptor() { return nullptr; }

}  // namespace wakepoll::bench
