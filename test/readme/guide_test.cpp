// The examples of the pages in doc/guide, except the recipes.
#include <winsock2.h>
// Winsock has to come first.
#include <windows.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "../support/printing.hpp"
#include "errors.page.hpp"
#include "getting_started.page.hpp"
#include "loopback.hpp"
#include "operations.page.hpp"
#include "pipes.page.hpp"
#include "sockets.page.hpp"
#include "threads.page.hpp"

BOOST_AUTO_TEST_SUITE(guide)

using wakepoll::OsPoller;
using wakepoll::test::LoopbackListener;

BOOST_AUTO_TEST_CASE(the_first_program_sees_its_event) {
    BOOST_TEST(getting_started_page::main() == 0);
}

BOOST_AUTO_TEST_CASE(the_loop_calls_the_source_of_each_event) {
    struct Once : getting_started_page::Source {
        explicit Once(OsPoller& made) : poller(made) {}
        void on_event(const wakepoll::NativeEvent& event) override {
            events = event.events;
            (void)poller.post_wakeup();
        }
        OsPoller& poller;
        std::uint32_t events = 0;
    };
    OsPoller poller = OsPoller::create().value();
    Once source(poller);
    const HANDLE event = CreateEventW(nullptr, TRUE, TRUE, nullptr);
    BOOST_TEST(poller.register_handle(event, wakepoll::IoInterest::read,
                                      static_cast<getting_started_page::Source*>(&source)));
    BOOST_TEST(getting_started_page::run(poller));
    BOOST_TEST(source.events == wakepoll::mask::in);
    CloseHandle(event);
}

BOOST_AUTO_TEST_CASE(the_exit_of_a_process_ends_its_wait_and_the_registration) {
    OsPoller poller = OsPoller::create().value();
    const auto child = pipes_page::start(L"cmd /c exit 0");
    BOOST_TEST_REQUIRE(child.has_value());
    BOOST_TEST(getting_started_page::wait_for_exit(poller, child->process));
    BOOST_TEST(poller.registration_count() == 0U);
    BOOST_TEST(WaitForSingleObject(child->process, 0) == WAIT_OBJECT_0);
    CloseHandle(child->output);
    CloseHandle(child->process);
    BOOST_TEST(
        (getting_started_page::wait_for_exit(poller, HANDLE{}) == std::errc::bad_file_descriptor));
}

BOOST_AUTO_TEST_CASE(the_server_echoes_whatever_the_amount) {
    OsPoller poller = OsPoller::create().value();
    const LoopbackListener listener;
    std::string all(1'000'000, 'x');
    std::string back;
    wakepoll::Result<void> served;
    {
        const std::jthread client([&, waker = poller.waker()] {
            const auto connection = listener.connect();
            const std::jthread sender([&] {
                (void)connection.sends(all);
                shutdown(connection.get(), SD_SEND);
            });
            back = connection.receive(all.size() + 1);
            (void)waker.wake();
        });
        served = sockets_page::serve(poller, listener.get());
    }
    BOOST_TEST(served);
    BOOST_TEST((back == all));
    BOOST_TEST(poller.registration_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_connect_is_reported_and_a_refused_one_says_why) {
    OsPoller poller = OsPoller::create().value();
    LoopbackListener listener;
    std::array<wakepoll::NativeEvent, 4> events;
    for (const bool refused : {false, true}) {
        const auto socket = sockets_page::start_connect(poller, listener.where(), 7);
        BOOST_TEST_REQUIRE(socket.has_value());
        const wakepoll::WaitResult result = poller.wait(events, std::chrono::minutes(2));
        BOOST_TEST_REQUIRE(result.count == 1U);
        BOOST_TEST(((events[0].events & wakepoll::mask::err) != 0) == refused);
        BOOST_TEST((sockets_page::reason_of(*socket) == std::errc::connection_refused) == refused);
        BOOST_TEST(poller.unregister_handle(*socket));
        closesocket(*socket);
        listener.close();
    }
}

BOOST_AUTO_TEST_CASE(a_file_is_read_to_its_end) {
    const std::string text(10'000, 'y');
    std::ofstream("guide-file.txt", std::ios::binary) << text;
    OsPoller poller = OsPoller::create().value();
    const auto read = operations_page::read_file(poller, L"guide-file.txt");
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((*read == text));
    const auto missing = operations_page::read_file(poller, L"no-such-file.txt");
    BOOST_TEST((missing.error() == std::errc::no_such_file_or_directory));
    DeleteFileW(L"guide-file.txt");
}

BOOST_AUTO_TEST_CASE(a_question_is_answered) {
    OsPoller poller = OsPoller::create().value();
    const LoopbackListener listener;
    operations_page::Question question;
    question.socket = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    question.question = "what?";
    {
        const std::jthread server([&] {
            const auto connection = listener.accept();
            (void)connection.sends(connection.receive(100) + " that");
        });
        BOOST_TEST(question.start(poller, listener.where()));
        std::array<wakepoll::NativeEvent, 4> events;
        while (!question.done) {
            const wakepoll::WaitResult result = poller.wait(events, std::chrono::minutes(2));
            BOOST_TEST_REQUIRE(result.count > 0U);
            for (const wakepoll::NativeEvent& event : result.events()) {
                event.ptr<operations_page::Question>()->on_completion(poller, *event.completion);
            }
        }
    }
    BOOST_TEST(!question.error);
    BOOST_TEST(question.answer == "what? that");
    closesocket(question.socket);
}

BOOST_AUTO_TEST_CASE(an_accept_hands_over_the_connection_and_its_peer) {
    OsPoller poller = OsPoller::create().value();
    const LoopbackListener listener;
    const wakepoll::AttachedHandle attached = poller.attach(listener.get()).value();
    operations_page::Addresses addresses{};
    BOOST_TEST(operations_page::start_accept(poller, attached, addresses));
    const auto client = listener.connect();
    std::array<wakepoll::NativeEvent, 4> events;
    BOOST_TEST_REQUIRE(poller.wait(events, std::chrono::minutes(2)).count == 1U);
    sockaddr_in peer{};
    const SOCKET made = operations_page::accepted(*events[0].completion, addresses, peer);
    BOOST_TEST_REQUIRE(made != INVALID_SOCKET);
    const wakepoll::test::LoopbackSocket server(made);
    sockaddr_in own{};
    int size = sizeof own;
    BOOST_TEST(getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &size) == 0);
    BOOST_TEST(peer.sin_port == own.sin_port);
    BOOST_TEST(client.sends("x"));
    BOOST_TEST(server.receive(1) == "x");
}

BOOST_AUTO_TEST_CASE(a_child_s_output_and_exit_code_arrive) {
    OsPoller poller = OsPoller::create().value();
    const auto echoed = pipes_page::run(poller, L"cmd /c echo hello");
    BOOST_TEST_REQUIRE(echoed.has_value());
    BOOST_TEST(echoed->text == "hello\r\n");
    BOOST_TEST(echoed->exit_code == 0U);
    const auto failed = pipes_page::run(poller, L"cmd /c exit 3");
    BOOST_TEST_REQUIRE(failed.has_value());
    BOOST_TEST(failed->exit_code == 3U);
    BOOST_TEST((pipes_page::run(poller, L"no-such-program").error() ==
                std::errc::no_such_file_or_directory));
}

BOOST_AUTO_TEST_CASE(tasks_and_timers_run_in_their_order) {
    OsPoller poller = OsPoller::create().value();
    threads_page::Tasks tasks(poller.waker());
    threads_page::Timers timers(poller);
    std::string order;
    bool stop = false;
    const auto now = wakepoll::Clock::now();
    timers.add(now + std::chrono::milliseconds(20), [&] { stop = true; });
    timers.add(now + std::chrono::milliseconds(10), [&] { order += "timer "; });
    std::jthread([&] { (void)tasks.post([&] { order = "task " + order; }); }).join();
    BOOST_TEST(threads_page::run(poller, tasks, timers, stop));
    BOOST_TEST(order == "task timer ");
    poller.dispose();
    BOOST_TEST(!tasks.post([] {}));
}

BOOST_AUTO_TEST_CASE(what_is_registered_already_is_changed) {
    OsPoller poller = OsPoller::create().value();
    const HANDLE event = CreateEventW(nullptr, TRUE, TRUE, nullptr);
    std::array<wakepoll::NativeEvent, 4> events;
    for (const std::uint64_t number : {1U, 2U}) {
        BOOST_TEST(errors_page::add_or_change(poller, event, wakepoll::IoInterest::read, number));
        const wakepoll::WaitResult result = poller.wait(events, std::chrono::minutes(2));
        BOOST_TEST_REQUIRE(result.count == 1U);
        BOOST_TEST(events[0].data.u64 == number);
    }
    BOOST_TEST(errors_page::describe(events[0]) == "events=in data=0x2");
    BOOST_TEST((errors_page::from_windows(10061) == std::errc::connection_refused));
    CloseHandle(event);
}

BOOST_AUTO_TEST_SUITE_END()
