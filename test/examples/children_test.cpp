// Child processes on the example's loop. The program to start is loop_children; the build passes it
// as this program's first argument.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "child.hpp"
#include "loop_fixture.hpp"
#include "net.hpp"
#include "process.hpp"

namespace example {
namespace {

using namespace std::chrono_literals;

std::string program() {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    BOOST_TEST_REQUIRE(suite.argc > 1, "the program to start is not named");
    return suite.argv[1];
}

// What a child said, and with what code it exited; -1 before it has.
struct Spoken {
    std::string output;
    std::string errors;
    int exit_code = -1;
    int times_ended = 0;
};

struct ChildrenFixture : LoopFixture {
    // The loop is stopped when as many children have ended as were made.
    std::unique_ptr<Child> make(Spoken& spoken) {
        ++made;
        ChildCallbacks callbacks;
        callbacks.output = [&spoken](std::string_view text) { spoken.output += text; };
        callbacks.errors = [&spoken](std::string_view text) { spoken.errors += text; };
        callbacks.ended = [this, &spoken](int exit_code) {
            spoken.exit_code = exit_code;
            ++spoken.times_ended;
            if (++ended == made) {
                loop.stop();
            }
        };
        return std::make_unique<Child>(loop, std::move(callbacks));
    }

    std::unique_ptr<Child> start(Spoken& spoken, const std::vector<std::string>& arguments) {
        std::vector<std::string> command = {program()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        std::unique_ptr<Child> child = make(spoken);
        const std::error_code error = child->start(command);
        BOOST_TEST_REQUIRE(!error, net::describe(error));
        return child;
    }

    int made = 0;
    int ended = 0;
};

// More than any buffer on the way holds.
std::string long_text(char letter) { return std::string(300'000, letter) + "\nthe end\n"; }

BOOST_FIXTURE_TEST_SUITE(event_loop_children, ChildrenFixture)

BOOST_AUTO_TEST_CASE(fifty_children_are_read_to_the_end_and_seen_to_exit) {
    constexpr std::size_t count = 50;
    std::vector<Spoken> spoken(count);
    std::vector<std::unique_ptr<Child>> children;
    std::vector<std::string> given;
    for (std::size_t i = 0; i < count; ++i) {
        given.push_back(long_text(static_cast<char>('a' + i % 26)));
        children.push_back(start(spoken[i], {"--child", std::to_string(i + 1)}));
        children.back()->write(given.back());
        children.back()->end_input();
    }
    run();
    for (std::size_t i = 0; i < count; ++i) {
        BOOST_TEST((spoken[i].output == given[i]));
        BOOST_TEST(spoken[i].errors == "child " + std::to_string(i + 1) + " copied " +
                                           std::to_string(given[i].size()) + " bytes\n");
        BOOST_TEST(spoken[i].exit_code == static_cast<int>(i + 1));
        BOOST_TEST(spoken[i].times_ended == 1);
    }
}

BOOST_AUTO_TEST_CASE(input_can_be_given_in_pieces_that_follow_from_the_output) {
    Spoken spoken;
    std::unique_ptr<Child> child;
    ChildCallbacks callbacks;
    callbacks.output = [&](std::string_view text) {
        spoken.output += text;
        if (spoken.output.size() == 5000) {
            child->write(std::string(5000, 'b'));
            child->end_input();
        }
    };
    callbacks.ended = [&](int) { loop.stop(); };
    child = std::make_unique<Child>(loop, std::move(callbacks));
    BOOST_TEST_REQUIRE(!child->start({program(), "--child", "1"}));
    // The child answers in blocks, of which this is one.
    child->write(std::string(5000, 'a'));
    run();
    BOOST_TEST((spoken.output == std::string(5000, 'a') + std::string(5000, 'b')));
}

BOOST_AUTO_TEST_CASE(arguments_arrive_as_they_were_given) {
    Spoken spoken;
    // The program names an argument that it does not know.
    const std::string argument = R"(a "quoted" word, \ and \\" and a backslash\)";
    const auto child = start(spoken, {argument});
    run();
    BOOST_TEST(spoken.exit_code == 2);
    BOOST_TEST(spoken.output.empty());
    BOOST_TEST(spoken.errors.substr(0, argument.size()) == argument);
    BOOST_TEST(spoken.errors.substr(argument.size(), 18) == ": unknown argument");
}

BOOST_AUTO_TEST_CASE(input_that_a_child_does_not_read_is_dropped) {
    Spoken spoken;
    const auto child = start(spoken, {"--unknown"});
    child->write(long_text('x'));
    run();
    BOOST_TEST(spoken.exit_code == 2);
    BOOST_TEST(spoken.errors.find("unknown argument") != std::string::npos);
    child->write("nobody is there");
    child->end_input();
    child->kill();
}

BOOST_AUTO_TEST_CASE(a_child_that_is_killed_is_told) {
    Spoken spoken;
    const auto child = start(spoken, {"--child", "7"});
    // It waits for its input; what it had copied so far may or may not come.
    child->kill();
    run();
    BOOST_TEST(spoken.times_ended == 1);
    BOOST_TEST(spoken.exit_code != 7);
    BOOST_TEST(spoken.errors.empty());
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_exist_is_an_error_and_no_child) {
    Spoken spoken;
    const auto child = make(spoken);
    const std::error_code error = child->start({program() + "-that-does-not-exist"});
    BOOST_TEST((error == std::errc::no_such_file_or_directory), net::describe(error));
    loop.add_timer(1ms, [&] { loop.stop(); });
    run();
    BOOST_TEST(spoken.times_ended == 0);
}

BOOST_AUTO_TEST_CASE(a_child_can_be_destroyed_while_it_runs) {
    Spoken abandoned;
    Spoken spoken;
    auto child = start(abandoned, {"--child", "3"});
    child->write(long_text('y'));
    child.reset();  // with reads and a write in flight
    made = 1;
    const auto other = start(spoken, {"--child", "4"});
    made = 1;
    other->end_input();
    run();
    BOOST_TEST(spoken.exit_code == 4);
    BOOST_TEST(abandoned.times_ended == 0);
}

BOOST_AUTO_TEST_CASE(a_child_can_be_destroyed_by_its_own_callback) {
    std::unique_ptr<Child> child;
    bool told = false;
    ChildCallbacks callbacks;
    callbacks.output = [&](std::string_view) {
        child.reset();
        loop.stop();
    };
    callbacks.ended = [&](int) { told = true; };
    child = std::make_unique<Child>(loop, std::move(callbacks));
    BOOST_TEST_REQUIRE(!child->start({program(), "--child", "5"}));
    child->write(long_text('z'));
    run();
    // The transfers that were in flight end now, without a callback.
    loop.add_timer(5ms, [&] { loop.stop(); });
    run();
    BOOST_TEST(!told);
}

BOOST_AUTO_TEST_CASE(an_exception_loses_no_transfer) {
    const wakepoll::Result<process::Process> process = process::start({program(), "--child", "6"});
    BOOST_TEST_REQUIRE(process.has_value());
    std::vector<char> buffers(8);
    std::vector<std::error_code> errors;
    const auto done = [&](std::size_t, std::error_code error) {
        errors.push_back(error);
        if (errors.size() == 1) {
            throw std::runtime_error("thrown by a callback");
        }
        loop.stop();
    };
    // Two reads that nothing will end but this; both ends are there when the loop waits.
    const HandleNumber pipes[] = {process->output.number(), process->errors.number()};
    BOOST_TEST(!loop.start_read(pipes[0], std::span(buffers).first(4), done));
    BOOST_TEST(!loop.start_read(pipes[1], std::span(buffers).last(4), done));
    loop.forget_pipe(pipes[0]);
    loop.forget_pipe(pipes[1]);
    BOOST_CHECK_THROW(run(), std::runtime_error);
    run();
    BOOST_TEST_REQUIRE(errors.size() == 2U);
    BOOST_TEST((errors[0] == std::errc::operation_canceled));
    BOOST_TEST((errors[1] == std::errc::operation_canceled));
    BOOST_TEST(loop.stats().transfers == 2U);
    process::kill(*process);
    process::reap(*process);
}

BOOST_AUTO_TEST_CASE(a_loop_can_be_destroyed_with_transfers_in_flight) {
    auto short_lived = std::make_unique<EventLoop>();
    const wakepoll::Result<process::Process> process = process::start({program(), "--child", "6"});
    BOOST_TEST_REQUIRE(process.has_value());
    const auto buffer = std::make_shared<std::vector<char>>(4096);
    bool called = false;
    BOOST_TEST(!short_lived->start_read(
        process->output.number(), *buffer,
        [buffer, &called](std::size_t, std::error_code) { called = true; }));
    short_lived.reset();
    BOOST_TEST(!called);
    BOOST_TEST(buffer.use_count() == 1);
    process::kill(*process);
    process::reap(*process);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace example
