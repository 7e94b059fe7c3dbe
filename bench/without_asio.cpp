// Where Asio was not found, it takes no part.
#include "asio_registrations.hpp"
#include "asio_sleeper.hpp"
#include "parked_contestant.hpp"

namespace wakepoll::bench {

std::unique_ptr<ParkedContestant> make_parked_asio() { return nullptr; }
std::unique_ptr<AsioRegistrations> make_asio_registrations() { return nullptr; }
std::unique_ptr<AsioSleeper> make_asio_sleeper() { return nullptr; }

}  // namespace wakepoll::bench
