// How Boost.Test prints types that it cannot print itself.
#pragma once

#include <ostream>
#include <system_error>

#include "wakepoll/error.hpp"

// Found by argument-dependent lookup, so it must be in the namespace of std::errc.
namespace std {  // NOLINT(cert-dcl58-cpp)

inline ostream& boost_test_print_type(ostream& out, errc condition) {
    return out << make_error_condition(condition).message();
}

}  // namespace std

namespace wakepoll {

inline std::ostream& boost_test_print_type(std::ostream& out, errc reason) {
    return out << make_error_code(reason).message();
}

inline std::ostream& boost_test_print_type(std::ostream& out, const Result<void>& result) {
    return out << (result ? "success" : result.error().message());
}

}  // namespace wakepoll
