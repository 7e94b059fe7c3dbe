// Handle: a number with a notion of validity. The enumerations keep the values they were given.
#include "wakepoll/handle.hpp"

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace wakepoll::test {
namespace {

constexpr std::uintptr_t all_ones = ~std::uintptr_t{0};

BOOST_AUTO_TEST_SUITE(handle)

BOOST_AUTO_TEST_CASE(a_new_handle_refers_to_nothing) {
    constexpr Handle fresh;
    static_assert(!fresh);
    BOOST_TEST(fresh.value() == all_ones);
}

BOOST_AUTO_TEST_CASE(null_and_all_ones_are_not_valid) {
    BOOST_TEST(!Handle{std::uintptr_t{0}});
    BOOST_TEST(!Handle{all_ones});
    BOOST_TEST(!Handle{static_cast<void*>(nullptr)});
    BOOST_TEST(!Handle{reinterpret_cast<void*>(all_ones)});
}

BOOST_AUTO_TEST_CASE(their_neighbours_could_be_handles) {
    BOOST_TEST(static_cast<bool>(Handle{std::uintptr_t{1}}));
    BOOST_TEST(static_cast<bool>(Handle{all_ones - 1}));
}

BOOST_AUTO_TEST_CASE(a_socket_and_a_native_handle_of_one_value_are_the_same) {
    const Handle socket{std::uintptr_t{0x1A4}};
    const Handle native{reinterpret_cast<void*>(std::uintptr_t{0x1A4})};
    BOOST_TEST((socket == native));
    BOOST_TEST(socket.native() == native.native());
    BOOST_TEST(native.value() == 0x1A4U);
}

BOOST_AUTO_TEST_CASE(handles_are_ordered_by_value) {
    constexpr Handle low{std::uintptr_t{4}};
    constexpr Handle high{std::uintptr_t{8}};
    static_assert(low < high && high > low && low != high && low <= low);
    BOOST_TEST((Handle{} == Handle{all_ones}));
}

BOOST_AUTO_TEST_CASE(a_socket_and_a_native_handle_turn_into_a_handle_by_themselves) {
    const auto value_of = [](Handle handle) { return handle.value(); };
    BOOST_TEST(value_of(std::uintptr_t{0x1A4}) == 0x1A4U);
    BOOST_TEST(value_of(reinterpret_cast<void*>(std::uintptr_t{0x1A4})) == 0x1A4U);
}

BOOST_AUTO_TEST_CASE(any_number_makes_a_handle_where_it_is_asked_to) {
    BOOST_TEST(!Handle(0));
    BOOST_TEST(!Handle(-1));
    BOOST_TEST(Handle(12).value() == 12U);
    BOOST_TEST(Handle(std::uint8_t{200}).value() == 200U);
}

BOOST_AUTO_TEST_CASE(nothing_else_turns_into_a_handle_by_itself) {
    static_assert(!std::is_convertible_v<int, Handle>);
    static_assert(!std::is_convertible_v<bool, Handle> && !std::is_constructible_v<Handle, bool>);
    static_assert(!std::is_constructible_v<Handle, int*>);
    static_assert(!std::is_constructible_v<Handle, std::nullptr_t>);
    static_assert(!std::is_convertible_v<Handle, bool>);
    static_assert(std::is_trivially_copyable_v<Handle>);
    static_assert(sizeof(Handle) == sizeof(void*));
    BOOST_TEST((std::is_constructible_v<Handle, std::uintptr_t>));
}

BOOST_AUTO_TEST_CASE(handle_types_keep_their_numbers) {
    BOOST_TEST(static_cast<int>(HandleType::unknown) == 0);
    BOOST_TEST(static_cast<int>(HandleType::socket) == 1);
    BOOST_TEST(static_cast<int>(HandleType::console) == 2);
    BOOST_TEST(static_cast<int>(HandleType::pipe) == 3);
    BOOST_TEST(static_cast<int>(HandleType::file) == 4);
    BOOST_TEST(static_cast<int>(HandleType::event) == 5);
    BOOST_TEST(static_cast<int>(IoModel::poll) == 0);
    BOOST_TEST(static_cast<int>(IoModel::overlapped) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
