// Result: a value or an error, also for types that can only be moved.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "wakepoll/error.hpp"

namespace wakepoll::test {
namespace {

using Owned = std::unique_ptr<int>;

Result<Owned> make(bool succeed) {
    if (!succeed) {
        return win32_error(6);
    }
    return std::make_unique<int>(42);
}

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(a_value_comes_without_an_error) {
    Result<Owned> result = make(true);
    BOOST_TEST(result.has_value());
    BOOST_TEST(static_cast<bool>(result));
    BOOST_TEST(!result.error());
    BOOST_TEST(**result == 42);
    BOOST_TEST(*result->get() == 42);
    BOOST_TEST(*result.value() == 42);
    BOOST_TEST(*std::as_const(result).value() == 42);
}

BOOST_AUTO_TEST_CASE(an_error_comes_without_a_value) {
    const Result<Owned> result = make(false);
    BOOST_TEST(!result.has_value());
    BOOST_TEST(!static_cast<bool>(result));
    BOOST_TEST((result.error() == std::errc::bad_file_descriptor));
    BOOST_TEST(result.error().value() == 6);
}

BOOST_AUTO_TEST_CASE(an_error_can_be_replaced_by_a_value) {
    const Result<int> good = 1;
    const Result<int> bad = win32_error(6);
    BOOST_TEST(good.value_or(2) == 1);
    BOOST_TEST(bad.value_or(2) == 2);
    BOOST_TEST(*make(false).value_or(std::make_unique<int>(7)) == 7);
    BOOST_TEST(*make(true).value_or(nullptr) == 42);
}

BOOST_AUTO_TEST_CASE(a_value_is_handed_on_and_an_error_passed_by) {
    const auto half = [](int number) {
        return number % 2 == 0 ? Result<long>(number / 2) : Result<long>(win32_error(87));
    };
    BOOST_TEST(*Result<int>(6).and_then(half) == 3);
    BOOST_TEST(Result<int>(3).and_then(half).error().value() == 87);
    BOOST_TEST(Result<int>(win32_error(6)).and_then(half).error().value() == 6);
    const auto take = [](Owned owned) { return Result<int>(*owned); };
    BOOST_TEST(*make(true).and_then(take) == 42);
    BOOST_TEST(make(false).and_then(take).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(asking_an_error_for_its_value_throws_that_error) {
    const auto is_bad_handle = [](const std::system_error& thrown) {
        return thrown.code() == win32_error(6);
    };
    Result<Owned> result = make(false);
    BOOST_CHECK_EXCEPTION(static_cast<void>(result.value()), std::system_error, is_bad_handle);
    BOOST_CHECK_EXCEPTION(static_cast<void>(std::as_const(result).value()), std::system_error,
                          is_bad_handle);
    BOOST_CHECK_EXCEPTION(static_cast<void>(make(false).value()), std::system_error, is_bad_handle);
}

BOOST_AUTO_TEST_CASE(a_value_can_be_moved_out) {
    const Owned owned = make(true).value();
    BOOST_REQUIRE(owned != nullptr);
    BOOST_TEST(*owned == 42);

    const Owned unchecked = *make(true);
    BOOST_REQUIRE(unchecked != nullptr);
    BOOST_TEST(*unchecked == 42);

    Result<Owned> result = make(true);
    const Owned moved = std::move(result).value();
    BOOST_TEST(*moved == 42);
    BOOST_TEST(*result == nullptr);
}

BOOST_AUTO_TEST_CASE(a_result_can_be_moved_and_assigned) {
    Result<Owned> first = make(false);
    Result<Owned> second = make(true);
    first = std::move(second);
    BOOST_TEST(first.has_value());
    BOOST_TEST(**first == 42);
    static_assert(!std::is_copy_constructible_v<Result<Owned>>);
    static_assert(std::is_nothrow_move_constructible_v<Result<Owned>>);
    static_assert(std::is_copy_constructible_v<Result<int>>);
}

BOOST_AUTO_TEST_CASE(a_value_can_be_changed_in_place) {
    Result<int> result = 1;
    *result += 1;
    result.value() += 1;
    BOOST_TEST(*result == 3);
}

BOOST_AUTO_TEST_CASE(a_value_that_looks_false_is_still_a_value) {
    const Result<bool> no = false;
    BOOST_TEST(no.has_value());
    BOOST_TEST(!*no);
    const Result<int> zero = 0;
    BOOST_TEST(static_cast<bool>(zero));
}

// Result<void>
// ----------------------------------------------------------------------------------

// As an error code it is returned, and it is taken for nothing else by mistake.
static_assert(std::is_trivially_copyable_v<Result<void>>);
static_assert(std::is_nothrow_default_constructible_v<Result<void>>);
static_assert(std::is_nothrow_constructible_v<Result<void>, std::error_code>);
static_assert(std::is_nothrow_constructible_v<Result<void>, errc>);
static_assert(sizeof(Result<void>) == sizeof(std::error_code));
static_assert(std::is_convertible_v<std::error_code, Result<void>>);
static_assert(!std::is_convertible_v<Result<void>, std::error_code>);
static_assert(!std::is_convertible_v<Result<void>, bool>);
static_assert(!std::is_constructible_v<std::error_code, Result<void>>);

/// A call as the poller's: nothing to return but why it failed.
Result<void> call(std::error_code error) {
    if (error) {
        return error;
    }
    return {};
}

BOOST_AUTO_TEST_CASE(a_success_without_a_value_is_true) {
    const Result<void> done;
    BOOST_TEST(done.has_value());
    BOOST_TEST(static_cast<bool>(done));
    BOOST_TEST(!done.error());
    BOOST_TEST((done.error() == std::error_code()));
    BOOST_CHECK_NO_THROW(done.value());
    BOOST_TEST(call({}).has_value());
    BOOST_TEST(call(win32_error(0)).has_value());
}

BOOST_AUTO_TEST_CASE(a_failure_without_a_value_is_false_and_says_why) {
    const Result<void> failed = call(win32_error(6));
    BOOST_TEST(!failed.has_value());
    BOOST_TEST(!static_cast<bool>(failed));
    BOOST_TEST((failed.error() == win32_error(6)));
    const Result<void> refused = errc::bad_handle;
    BOOST_TEST(!refused.has_value());
    BOOST_TEST((refused.error() == make_error_code(errc::bad_handle)));
}

BOOST_AUTO_TEST_CASE(a_failure_compares_with_errors_of_each_kind) {
    const Result<void> refused = errc::bad_handle;
    BOOST_TEST((refused == errc::bad_handle));
    BOOST_TEST((errc::bad_handle == refused));
    BOOST_TEST((refused == std::errc::bad_file_descriptor));
    BOOST_TEST((refused == make_error_code(errc::bad_handle)));
    BOOST_TEST((refused == std::make_error_condition(std::errc::bad_file_descriptor)));
    BOOST_TEST((refused != errc::not_registered));
    BOOST_TEST((refused != std::errc::file_exists));
    BOOST_TEST((refused != win32_error(6)));
    BOOST_TEST((call(win32_error(6)) == std::errc::bad_file_descriptor));
    BOOST_TEST((Result<void>() != std::errc::bad_file_descriptor));
    BOOST_TEST((Result<void>() == std::error_code()));
}

BOOST_AUTO_TEST_CASE(a_failure_asked_for_its_value_throws_its_sentence) {
    const Result<void> refused = errc::empty_buffer;
    BOOST_CHECK_EXCEPTION(refused.value(), std::system_error, [](const std::system_error& thrown) {
        return thrown.code() == errc::empty_buffer &&
               thrown.what() == make_error_code(errc::empty_buffer).message();
    });
}

BOOST_AUTO_TEST_CASE(a_success_calls_what_follows_and_a_failure_does_not) {
    int calls = 0;
    const auto next = [&] {
        ++calls;
        return Result<void>(errc::not_registered);
    };
    BOOST_TEST((Result<void>().and_then(next) == errc::not_registered));
    BOOST_TEST(calls == 1);
    BOOST_TEST((call(win32_error(6)).and_then(next) == win32_error(6)));
    BOOST_TEST(calls == 1);
    const auto number = [] { return Result<int>(7); };
    BOOST_TEST(*Result<void>().and_then(number) == 7);
    BOOST_TEST((Result<void>(errc::bad_handle).and_then(number).error() == errc::bad_handle));
    const auto drop = [](int) { return Result<void>(); };
    BOOST_TEST(Result<int>(7).and_then(drop).has_value());
    BOOST_TEST((Result<int>(win32_error(6)).and_then(drop) == win32_error(6)));
}

BOOST_AUTO_TEST_CASE(a_result_without_a_value_can_be_assigned) {
    Result<void> result = errc::bad_handle;
    result = {};
    BOOST_TEST(result.has_value());
    result = win32_error(6);
    BOOST_TEST((result == win32_error(6)));
    result = errc::no_memory;
    BOOST_TEST((result == std::errc::not_enough_memory));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
