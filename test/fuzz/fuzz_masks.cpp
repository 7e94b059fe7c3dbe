// The tables that translate an interest to a kernel's request, and its answer to an epoll mask.
//
// The models are lists of rows: what one bit becomes, whatever other bits are set. Then the purpose
// of the tables is checked: nothing is requested that Windows refuses, nothing is reported that the
// interest did not request, and every answer to a request is reported, because a filtered one would
// come again immediately and indefinitely.
#include <array>
#include <span>

#include "core/afd_bits.hpp"
#include "core/event_mask.hpp"
#include "target.hpp"

namespace wakepoll::fuzz {
namespace {

using namespace core;

constexpr std::uint32_t readable = mask::in | mask::rdnorm;
constexpr std::uint32_t writable = mask::out | mask::wrnorm;
constexpr std::uint32_t everything = readable | writable | mask::rdhup | mask::err | mask::hup;
constexpr std::uint32_t always = mask::err | mask::hup;

/// If a bit of `from` is set, `to` is set.
struct Row {
    std::uint32_t from;
    std::uint32_t to;
};

std::uint32_t apply(std::span<const Row> rows, std::uint32_t value) {
    std::uint32_t result = 0;
    for (const Row& row : rows) {
        for (std::uint32_t bit = 1; bit != 0; bit <<= 1U) {
            if ((value & bit & row.from) != 0) {
                result |= row.to;
            }
        }
    }
    return result;
}

constexpr std::array<Row, 3> interest_to_wsapoll = {
    {{0x41, 0x0100}, {0x02, 0x0200}, {0x104, 0x0010}}};
constexpr std::array<Row, 5> wsapoll_to_stream = {{{0x0100, readable},
                                                   {0x0200, mask::pri},
                                                   {0x0010, writable},
                                                   {0x0002, readable | mask::rdhup},
                                                   {0x0001, everything}}};
constexpr std::array<Row, 5> wsapoll_to_datagram = {{{0x0100, readable},
                                                     {0x0200, mask::pri},
                                                     {0x0010, writable},
                                                     {0x0002, readable | mask::rdhup},
                                                     {0x0001, mask::err}}};
constexpr std::array<Row, 4> interest_to_afd = {
    {{0x41, 0x89}, {0x2000, 0x08}, {0x02, 0x02}, {0x104, 0x04}}};
constexpr std::array<Row, 7> afd_to_stream = {{{0x81, readable},
                                               {0x02, mask::pri},
                                               {0x04, writable},
                                               {0x08, readable | mask::rdhup},
                                               {0x110, everything},
                                               {0x4000, mask::hup},
                                               {0x8000, mask::err}}};
constexpr std::array<Row, 7> afd_to_datagram = {{{0x81, readable},
                                                 {0x02, mask::pri},
                                                 {0x04, writable},
                                                 {0x08, readable | mask::rdhup},
                                                 {0x110, mask::err},
                                                 {0x4000, mask::hup},
                                                 {0x8000, mask::err}}};
constexpr std::uint32_t afd_failures = 0x110;

std::uint32_t unsigned_of(std::int16_t native) { return static_cast<std::uint16_t>(native); }

void check_wsapoll(IoInterest interest, std::int16_t revents, bool stream) {
    const std::uint32_t asked = unsigned_of(to_native_mask(interest));
    require(asked == apply(interest_to_wsapoll, bits(interest)), "what WSAPoll is asked");
    require((asked & ~0x0310U) == 0, "WSAPoll refuses all but rdnorm, rdband and wrnorm");

    const std::uint32_t epoll = to_epoll_mask(revents, stream);
    require(epoll == (stream ? apply(wsapoll_to_stream, unsigned_of(revents))
                             : apply(wsapoll_to_datagram, unsigned_of(revents))),
            "what WSAPoll's answer means");
    for (std::uint32_t bit = 1; bit <= 0x0200; bit <<= 1U) {
        const std::uint32_t answer = to_epoll_mask(static_cast<std::int16_t>(bit), stream);
        require((asked & bit) == 0 || filter_mask(answer, interest) != 0,
                "what WSAPoll was asked is reported");
    }
}

void check_afd(IoInterest interest, std::uint32_t events, bool stream) {
    const std::uint32_t asked = to_afd_mask(interest);
    require(asked == (apply(interest_to_afd, bits(interest)) | afd_failures), "what AFD is asked");
    require(from_afd_mask(events, stream) ==
                (stream ? apply(afd_to_stream, events) : apply(afd_to_datagram, events)),
            "what AFD's answer means");
    for (std::uint32_t bit = 1; bit <= asked; bit <<= 1U) {
        require((asked & bit) == 0 || filter_mask(from_afd_mask(bit, stream), interest) != 0,
                "what AFD was asked is reported");
    }
    require((asked & 0xFFFFU) == asked, "what is asked fits into the schedule's 16 bits");
}

/// Gives the same situation to both backends in their own bits; both must read it alike.
void check_agreement(std::uint32_t situation, bool stream) {
    struct Both {
        std::int16_t revents;
        std::uint32_t events;
    };
    constexpr std::array<Both, 5> same = {{{poll_bits::rdnorm, afd_bits::receive},
                                           {poll_bits::rdband, afd_bits::receive_expedited},
                                           {poll_bits::wrnorm, afd_bits::send},
                                           {poll_bits::hup, afd_bits::disconnect},
                                           {poll_bits::err, afd_bits::abort}}};
    int revents = 0;
    std::uint32_t events = 0;
    for (std::size_t i = 0; i < same.size(); ++i) {
        if ((situation >> i & 1U) != 0) {
            revents |= same[i].revents;
            events |= same[i].events;
        }
    }
    require(
        to_epoll_mask(static_cast<std::int16_t>(revents), stream) == from_afd_mask(events, stream),
        "the backends agree");
}

void check_filter(std::uint32_t epoll, IoInterest interest) {
    const std::uint32_t reported = filter_mask(epoll, interest);
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1U) {
        const bool expected =
            (epoll & bit) != 0 && ((bits(interest) & bit) != 0 || (always & bit) != 0);
        require(((reported & bit) != 0) == expected, "the filter");
    }
    constexpr std::uint32_t valid = 0x400023DFU;
    require(is_valid_interest(interest) == ((bits(interest) | valid) == valid), "valid interests");
    require(is_one_shot(interest) == (bits(interest) >> 30U & 1U), "one-shot interests");
}

}  // namespace
}  // namespace wakepoll::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wakepoll;
    fuzz::ByteReader input(data, size);
    do {
        const IoInterest interest{input.word()};
        const std::uint32_t answer = input.word();
        const bool stream = input.flag();
        fuzz::check_wsapoll(interest, static_cast<std::int16_t>(answer & 0xFFFFU), stream);
        fuzz::check_afd(interest, answer, stream);
        fuzz::check_agreement(answer, stream);
        fuzz::check_filter(answer, interest);
    } while (!input.empty());
    return 0;
}
