// The process can end, and a DLL be unloaded, at any moment (P16): with a poller in a static
// object, of the program or of a DLL, and anything that it can be busy with.
#include <windows.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ostream>
#include <string>

#include "guest.hpp"

namespace {

namespace busy = wakepoll::test::busy;
namespace data = boost::unit_test::data;

struct Life {
    bool in_dll;
    const char* how;
    unsigned what;

    friend std::ostream& operator<<(std::ostream& stream, const Life& life) {
        return stream << (life.in_dll ? "dll " : "program ") << life.how << ' ' << life.what;
    }
};

// A DLL is not to be freed under a thread that is in its code, so there is no wait then.
const Life lives[] = {
    {false, "return", 0},
    {false, "return", busy::wait},
    {false, "return", busy::pipe},
    {false, "return", busy::all},
    {false, "exit", busy::all},
    {true, "return", 0},
    {true, "return", busy::wait},
    {true, "return", busy::pipe},
    {true, "return", busy::all},
    {true, "exit", busy::all},
    {true, "free", 0},
    {true, "free", busy::pipe},
    {true, "free", busy::event},
    {true, "free", busy::all & ~busy::wait},
};

std::string from_environment(const char* name) {
    const char* const value = std::getenv(name);
    BOOST_REQUIRE_MESSAGE(value != nullptr, name << " in the environment has to be set");
    return value;
}

/// The exit code of a program; it is ended if it is not over after two minutes.
DWORD run(std::string line) {
    STARTUPINFOA startup = {};
    startup.cb = sizeof(startup);
    PROCESS_INFORMATION process = {};
    BOOST_REQUIRE(::CreateProcessA(nullptr, line.data(), nullptr, nullptr, FALSE, 0, nullptr,
                                   nullptr, &startup, &process) != FALSE);
    constexpr DWORD patience_milliseconds = 120'000;
    const bool over =
        ::WaitForSingleObject(process.hProcess, patience_milliseconds) == WAIT_OBJECT_0;
    if (!over) {
        ::TerminateProcess(process.hProcess, 1);
    }
    BOOST_TEST(over, "it does not end");
    DWORD code = 0;
    BOOST_TEST(::GetExitCodeProcess(process.hProcess, &code) != FALSE);
    ::CloseHandle(process.hThread);
    ::CloseHandle(process.hProcess);
    return code;
}

BOOST_AUTO_TEST_SUITE(process_end)

BOOST_DATA_TEST_CASE(a_poller_that_is_alive_keeps_no_process_from_its_end, data::make(lives),
                     life) {
    const std::string where = life.in_dll ? from_environment("PROCESS_END_GUEST") : "here";
    BOOST_TEST(run('"' + from_environment("PROCESS_END_HOST") + "\" \"" + where + "\" " + life.how +
                   ' ' + std::to_string(life.what)) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
