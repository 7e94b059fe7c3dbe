// Sockets that come and go, by the owner of a poller and by others at once.
//
// There is a fixed number of places, each for a socket and its peer. Whoever does something to a
// place claims it first and holds no lock meanwhile, so the others go on beside it, also between
// two kernel calls of the poller's; a place that is claimed is let alone. The poller's own calls
// are the owner's. Each registration and each modification has user data that was never used
// before: an event must carry that of a registration which is live for that very socket.
//
// A socket that is closed before it is unregistered is an *orphan*. Nobody is told of it any more,
// but for what is documented: in the wait during which it was closed, or when another socket was
// given its number and the poller can not tell. WSAPoll never can; AFD can where the request that
// asks for the socket was in flight. It is certain to be that after a wait that nothing has ended,
// until something happens to a socket or to a registration: the request may ask for that one as
// well, and be over.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>

#include "stage.hpp"

namespace wakepoll::test {

class Churn {
public:
    static constexpr std::uint32_t places = 48;
    /// One handle to the device does for 32 slots.
    static constexpr PollerConfig config = {.max_registrations = 64};

    Churn(Stage& stage, OsPoller& poller, std::uint32_t seed);

    /// Whether sockets are closed before they are unregistered. At first they are.
    void allow_orphans(bool allowed) { orphans_allowed_ = allowed; }

    /// By the owner: some changes, then a wait.
    void turn(Timeout timeout);
    /// By anybody else.
    void disturb();
    /// By the owner, while nobody else does anything: each live registration is told of, exactly.
    void take_census();
    /// Ends every registration, then closes every socket, and takes what is still to come.
    void end();

    [[nodiscard]] std::uint64_t events() const { return waited_events_; }
    [[nodiscard]] std::uint64_t registrations() const { return serial_; }
    [[nodiscard]] std::uint64_t orphans() const { return orphans_; }
    /// Orphans of which AFD must not tell, whoever has their number.
    [[nodiscard]] std::uint64_t told_apart() const { return told_apart_; }
    /// Registrations that stood in the way of another socket with the same number.
    [[nodiscard]] std::uint64_t in_the_way() const { return in_the_way_; }

private:
    enum class State : std::uint8_t { empty, open, registered, orphaned };

    struct Place {
        State state = State::empty;
        bool claimed = false;
        SocketPair pair;
        bool stream = false;
        bool peer_open = false;
        std::uint64_t user_data = 0;  ///< 0 where nobody is to be told of.
        IoInterest interest = IoInterest::none;
        bool armed = false;  ///< A one-shot registration that has not reported yet.
        std::uint64_t told_in = 0;
        /// The wait after which a request that asks for the socket was in flight.
        std::uint64_t asked_in = 0;
        /// Of an orphan: the wait that was in progress or just over, the sockets opened by then,
        /// and whether AFD can tell it from another with its number.
        bool reported_closed = false;  ///< A report has come after it was closed.
        std::uint64_t closed_in = 0;
        std::uint64_t opened_before = 0;
        bool can_be_told_apart = false;
    };

    using Random = std::mt19937;

    [[nodiscard]] static std::uint32_t below(Random& random, std::uint32_t limit) {
        return static_cast<std::uint32_t>(random() % limit);
    }

    [[nodiscard]] static bool would_block(const Transfer& transfer) {
        return transfer.error == std::errc::operation_would_block;
    }

    /// Some place that nobody has claimed; null where it was one that somebody has.
    [[nodiscard]] Place* claim_any(Random& random);
    void release(Place& place);

    // With a claim.
    void open(Place& place, Random& random);
    void close(Place& place);
    void close_peer(Place& place, bool abruptly);
    void close_first(Place& place);
    void register_place(Place& place);
    void modify(Place& place, IoInterest interest);
    void unregister(Place& place);
    void forget_orphan(Place& place);

    void change();
    /// Opens a socket that is likely to be given the number that was closed last, and is ready.
    void give_number_away();
    [[nodiscard]] IoInterest any_interest();
    [[nodiscard]] std::uint64_t fresh_user_data(const Place& place);
    /// The orphan whose registration may have this number; null where there is none.
    [[nodiscard]] Place* orphan_of(Handle handle);

    [[nodiscard]] WaitResult wait_once(Timeout timeout, std::size_t most);
    void check(const NativeEvent& event);
    void answer(Place& place, std::uint32_t events);
    /// Takes all that there is to be read; false where there will never be more.
    [[nodiscard]] bool drain(Place& place);
    /// Something is about to happen to a socket.
    void stir();

    Stage& stage_;
    OsPoller& poller_;
    Waker waker_;
    std::atomic<bool> orphans_allowed_ = true;
    std::mutex mutex_;  ///< Guards what is below, but for what belongs to who has a claim.
    std::array<Place, places> places_;
    std::uint64_t waits_ = 0;
    bool waiting_ = false;
    std::uint64_t stirs_ = 0;
    std::uint64_t still_since_ = 0;  ///< As many had there been at the end of the last wait.
    std::uint64_t opened_ = 0;
    std::uint32_t opening_ = 0;
    std::uint64_t orphans_ = 0;
    std::uint64_t told_apart_ = 0;

    // The owner's.
    Random random_;
    static constexpr std::uint32_t room = 32;
    std::array<NativeEvent, room> events_ = {};
    std::uint64_t serial_ = 0;
    std::uint64_t waited_events_ = 0;
    std::uint64_t in_the_way_ = 0;
    // The others'.
    Random others_;
};

}  // namespace wakepoll::test
