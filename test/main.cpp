// The one translation unit that compiles the Boost.Test framework itself.
#define BOOST_TEST_MODULE wakepoll
#include <boost/test/included/unit_test.hpp>
