// One socket in two requests: do both end?
#include <array>

#include "bare.hpp"
#include "experiments.hpp"

namespace wakepoll::experiments {
namespace {

constexpr ULONG hang_ups = disconnect_bit | abort_bit | local_close_bit;
// Reports of deaf requests are of some that never end. This long is taken for that.
constexpr DWORD deaf_ms = 1'000;
constexpr int enough_deaf_rounds = 5;

struct Way {
    const char* name;
    bool second_device;
    bool cancel_first;
    ULONG older_asks;
};

constexpr std::array ways = {
    Way{"on one device handle", false, false, receive_bit},
    Way{"on two device handles of one port", true, false, receive_bit},
    Way{"on one device handle, the older asks for hang-ups alone", false, false, hang_ups},
    Way{"on two device handles, the older asks for hang-ups alone", true, false, hang_ups},
    Way{"the older cancelled, and its packet not yet taken", false, true, receive_bit},
    Way{"the older cancelled, and the newer on another device handle", true, true, receive_bit},
};

struct Ended {
    bool older = false;
    bool newer = false;
    bool older_with_others_bits = false;
};

Ended play(const Way& way) {
    const Port port;
    const Owned first = port.open_device();
    const Owned second = port.open_device();
    const Connection connection = connect_pair();
    Request older(1);
    Request newer(1);
    older.add(connection.here.get(), way.older_asks);
    newer.add(connection.here.get(), receive_bit);
    if (older.submit(first.get()) != in_flight) {
        throw std::runtime_error("a request over a quiet socket is not in flight");
    }
    if (way.cancel_first) {
        static_cast<void>(older.cancel(first.get()));
    }
    if (newer.submit(way.second_device ? second.get() : first.get()) != in_flight) {
        throw std::runtime_error("a second request over a quiet socket is not in flight");
    }
    send_byte(connection.there);

    const bool older_has_to_end = way.cancel_first || way.older_asks == receive_bit;
    Ended ended;
    OVERLAPPED* packet = nullptr;
    while ((!ended.newer || (older_has_to_end && !ended.older)) && port.take(deaf_ms, packet)) {
        if (older.owns(packet)) {
            older.end();
            ended.older = true;
            for (const Request::Item& item : older.answer()) {
                ended.older_with_others_bits |=
                    older.status() == answered && (item.events & ~way.older_asks) != 0;
            }
        } else if (newer.owns(packet)) {
            newer.end();
            ended.newer = true;
        }
    }
    return ended;
}

}  // namespace

std::string deaf_requests(const Extent& extent) {
    int deaf_in_all = 0;
    int rounds_in_all = 0;
    std::string deaf_ways;
    for (const Way& way : ways) {
        const bool older_has_to_end = way.cancel_first || way.older_asks == receive_bit;
        const int wanted = extent.rounds(200, 5);
        int rounds = 0;
        int newer_deaf = 0;
        int older_deaf = 0;
        int strange = 0;
        while (rounds < wanted && newer_deaf + older_deaf < enough_deaf_rounds &&
               !extent.is_over()) {
            const Ended ended = play(way);
            ++rounds;
            newer_deaf += ended.newer ? 0 : 1;
            older_deaf += ended.older || !older_has_to_end ? 0 : 1;
            strange += ended.older_with_others_bits ? 1 : 0;
        }
        show(std::string(way.name) + ": " + std::to_string(rounds) + " rounds; the newer deaf in " +
             std::to_string(newer_deaf) + ", the older deaf in " + std::to_string(older_deaf) +
             ", the older ended with bits that only the newer asked for in " +
             std::to_string(strange));
        if (newer_deaf + older_deaf + strange > 0) {
            deaf_ways += (deaf_ways.empty() ? "" : "; ") + std::string(way.name);
        }
        deaf_in_all += newer_deaf + older_deaf;
        rounds_in_all += rounds;
    }
    if (deaf_ways.empty()) {
        return "of two requests over one socket each ended as it should, in all of " +
               std::to_string(rounds_in_all) + " rounds";
    }
    return "two requests over one socket disturb each other: " + deaf_ways + " (" +
           std::to_string(deaf_in_all) + " never ended, in " + std::to_string(rounds_in_all) +
           " rounds)";
}

}  // namespace wakepoll::experiments
