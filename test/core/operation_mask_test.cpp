// How an operation's end is reported, and which errors are outcomes.
#include "core/operation_mask.hpp"

#include <boost/test/unit_test.hpp>

#include "wakepoll/error.hpp"

namespace wakepoll::core::test {
namespace {

constexpr std::uint32_t all[] = {38,    64,    109,   121,   232,   233,   234,   995,
                                 1225,  1231,  1232,  1236,  1450,  10040, 10051, 10052,
                                 10053, 10054, 10055, 10057, 10058, 10060, 10061, 10065};

BOOST_AUTO_TEST_SUITE(operation_masks)

BOOST_AUTO_TEST_CASE(success_is_the_direction_alone) {
    BOOST_TEST(operation_mask(IoOperation::read, {}, false) == mask::in);
    BOOST_TEST(operation_mask(IoOperation::accept, {}, false) == mask::in);
    BOOST_TEST(operation_mask(IoOperation::none, {}, false) == mask::in);
    BOOST_TEST(operation_mask(IoOperation::write, {}, false) == mask::out);
    BOOST_TEST(operation_mask(IoOperation::connect, {}, false) == mask::out);
}

BOOST_AUTO_TEST_CASE(the_direction_is_there_whatever_the_error) {
    for (const IoOperation operation : {IoOperation::read, IoOperation::write, IoOperation::accept,
                                        IoOperation::connect, IoOperation::none}) {
        for (const std::uint32_t code : all) {
            const std::uint32_t mask = operation_mask(operation, win32_error(code), false);
            BOOST_TEST((mask & (mask::in | mask::out)) == direction_of(operation));
            BOOST_TEST((mask & (mask::err | mask::hup)) != 0U);
            BOOST_TEST((mask & ~(mask::in | mask::out | mask::err | mask::hup)) == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(nobody_hangs_up_on_a_datagram_socket) {
    for (const IoOperation operation : {IoOperation::read, IoOperation::write}) {
        for (const std::uint32_t code : all) {
            BOOST_TEST(operation_mask(operation, win32_error(code), true) ==
                       (direction_of(operation) | mask::err));
        }
        BOOST_TEST(operation_mask(operation, {}, true) == direction_of(operation));
    }
}

BOOST_AUTO_TEST_CASE(the_end_of_what_is_read_is_no_error) {
    for (const std::uint32_t code : {38U, 109U, 232U, 233U}) {
        BOOST_TEST(operation_mask(IoOperation::read, win32_error(code), false) ==
                   (mask::in | mask::hup));
        BOOST_TEST(operation_mask(IoOperation::write, win32_error(code), false) ==
                   (mask::out | mask::err | mask::hup));
    }
}

BOOST_AUTO_TEST_CASE(who_is_gone_hangs_up_and_the_rest_is_an_error) {
    for (const std::uint32_t code : {64U, 10054U, 10053U, 1236U, 1225U, 10061U}) {
        BOOST_TEST(operation_mask(IoOperation::read, win32_error(code), false) ==
                   (mask::in | mask::err | mask::hup));
    }
    for (const std::uint32_t code : {234U, 995U, 676U, 1450U, 10040U, 10065U}) {
        BOOST_TEST(operation_mask(IoOperation::read, win32_error(code), false) ==
                   (mask::in | mask::err));
    }
}

BOOST_AUTO_TEST_CASE(what_the_other_side_says_is_an_outcome) {
    for (const std::uint32_t code :
         {38U,   64U,    109U,   121U,   232U,   233U,   234U,   1225U,  1231U,  1232U,
          1236U, 10040U, 10051U, 10052U, 10053U, 10054U, 10058U, 10060U, 10061U, 10065U}) {
        BOOST_TEST(is_outcome(win32_error(code)), code);
    }
}

BOOST_AUTO_TEST_CASE(what_keeps_an_operation_from_beginning_is_none) {
    for (const std::uint32_t code :
         {6U, 8U, 87U, 995U, 1168U, 1450U, 10022U, 10035U, 10038U, 10055U, 10056U, 10057U}) {
        BOOST_TEST(!is_outcome(win32_error(code)), code);
    }
    BOOST_TEST(!is_outcome({}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
