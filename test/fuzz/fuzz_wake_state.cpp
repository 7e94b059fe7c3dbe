// The wake word against the same protocol in plain variables, one call after another.
//
// The suite wake_protocol explores every order of several threads' steps, in small worlds. Here the
// sequences are long instead: counters overflow, and hundreds of deliveries finish late, after
// their generation has passed, and in any order.
#include <cstdint>
#include <utility>
#include <vector>

#include "core/wake_state.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {
namespace {

using core::Park;
using core::WakeState;
using Delivery = WakeState::Delivery;
using Kind = Delivery::Kind;

/// The protocol of core/wake_state.hpp for a single thread.
struct PlainWake {
    enum class Wake { none, posting, pending };

    Delivery begin_wake() {
        ++requests;
        if (shut_down) {
            return {Kind::refused};
        }
        if (wake == Wake::pending) {
            return {Kind::done};
        }
        if (parked == Park::nowhere) {
            wake = Wake::pending;
            return {Kind::done};
        }
        wake = Wake::posting;
        return {Kind::needed, parked, generation, true};
    }

    Delivery begin_shutdown() {
        shut_down = true;
        return rouse();
    }

    Delivery begin_port_signal() {
        armed = false;
        return parked == Park::sockets ? rouse() : Delivery{Kind::done};
    }

    Delivery begin_signal() {
        signalled = true;
        return rouse();
    }

    void finish(const Delivery& delivery, bool delivered) {
        if (delivered && delivery.carries_wake && wake == Wake::posting &&
            delivery.generation == generation) {
            wake = Wake::pending;
        }
    }

    bool consume() {
        const bool had_one = std::exchange(wake, Wake::none) != Wake::none;
        generation = static_cast<std::uint16_t>(generation + (had_one ? 1 : 0));
        return had_one;
    }

    bool park(Park where) {
        if (wake != Wake::none || signalled || shut_down) {
            return false;
        }
        parked = where;
        return true;
    }

    [[nodiscard]] Delivery rouse() const {
        return parked == Park::nowhere ? Delivery{Kind::done}
                                       : Delivery{Kind::needed, parked, generation, false};
    }

    Wake wake = Wake::none;
    Park parked = Park::nowhere;
    bool armed = false;
    bool shut_down = false;
    bool closed = false;
    bool signalled = false;
    std::uint16_t generation = 0;
    std::uint32_t requests = 0;
};

class World {
public:
    template <class Begin>
    void begin(const Begin& begin_of) {
        // With 255 in delivery the next thread waits for its turn, and there is no other here.
        if (deliveries_.size() == 255) {
            return;
        }
        const Delivery delivery = begin_of(word_);
        const Delivery expected = plain_.closed ? refused_by_closed(begin_of) : begin_of(plain_);
        require(delivery.kind == expected.kind, "what is to be done");
        if (delivery.kind == Kind::needed) {
            require(delivery.where == expected.where, "where the owner is");
            require(delivery.generation == expected.generation, "the generation of the wake");
            require(delivery.carries_wake == expected.carries_wake, "whether it is a wake's");
            deliveries_.push_back(delivery);
        }
    }

    void finish(std::uint32_t which, bool delivered) {
        if (deliveries_.empty()) {
            return;
        }
        const std::size_t at = which % deliveries_.size();
        word_.finish(deliveries_[at], delivered);
        plain_.finish(deliveries_[at], delivered);
        deliveries_[at] = deliveries_.back();
        deliveries_.pop_back();
    }

    void consume() { require(word_.consume() == plain_.consume(), "whether there was a wake"); }

    /// As many wakes, each of an owner that is not parked, as overflow the generation.
    void run_over() {
        if (plain_.parked != Park::nowhere || plain_.shut_down || runs_ > 0) {
            return;
        }
        ++runs_;
        for (std::uint32_t i = 0; i < 0xFFFF; ++i) {
            static_cast<void>(word_.begin_wake());
            static_cast<void>(plain_.begin_wake());
            consume();
        }
    }

    void consume_signal() {
        require(word_.consume_signal() == std::exchange(plain_.signalled, false),
                "whether there was a signal");
    }

    void park(Park where) {
        if (plain_.parked == Park::nowhere) {
            require(word_.park(where) == plain_.park(where), "whether it may park");
        }
    }

    void unpark() {
        word_.unpark();
        plain_.parked = Park::nowhere;
    }

    void arm() {
        word_.set_watch_armed(true);
        plain_.armed = true;
    }

    void disarm() {
        word_.set_watch_armed(false);
        plain_.armed = false;
    }

    void close() {
        word_.close();
        plain_.closed = plain_.shut_down = true;
    }

    void check() const {
        require(word_.is_closed() == plain_.closed, "closed");
        require(word_.is_shut_down() == plain_.shut_down, "shut down");
        require(word_.is_watch_armed() == plain_.armed, "the watch of the port");
        require(word_.requests() == plain_.requests, "the wakes asked for");
        if (deliveries_.empty()) {
            word_.wait_for_deliveries();  // Or it never returns.
        }
    }

private:
    /// A closed word refuses everything and changes only the count of requested wakes.
    template <class Begin>
    Delivery refused_by_closed(const Begin& begin_of) {
        PlainWake copy = plain_;
        static_cast<void>(begin_of(copy));
        plain_.requests = copy.requests;
        return {Kind::refused};
    }

    WakeState word_;
    PlainWake plain_;
    std::vector<Delivery> deliveries_;
    int runs_ = 0;
};

}  // namespace
}  // namespace wakepoll::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wakepoll;
    fuzz::ByteReader input(data, size);
    fuzz::World world;
    while (!input.empty()) {
        const std::uint32_t step = input.below(32);
        if (step < 12) {
            world.begin([&](auto& wake) {
                return step < 6   ? wake.begin_wake()
                       : step < 9 ? wake.begin_signal()
                                  : wake.begin_port_signal();
            });
        } else if (step < 17) {
            world.finish(input.byte(), step < 15);
        } else if (step < 20) {
            world.consume();
        } else if (step < 22) {
            world.consume_signal();
        } else if (step < 26) {
            world.park(step < 24 ? core::Park::port : core::Park::sockets);
        } else if (step < 28) {
            world.unpark();
        } else if (step == 28) {
            input.flag() ? world.arm() : world.disarm();
        } else if (step == 29) {
            world.run_over();
        } else if (step == 30) {
            world.begin([](auto& wake) { return wake.begin_shutdown(); });
        } else if (input.below(8) == 0) {
            world.close();
        }
        world.check();
    }
    return 0;
}
