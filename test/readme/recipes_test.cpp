// The recipes of doc/guide/recipes.md.
#include <winsock2.h>
// Winsock has to come first.
#include <windows.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "../support/printing.hpp"
#include "loopback.hpp"
#include "recipes.page.hpp"

BOOST_AUTO_TEST_SUITE(recipes)

using wakepoll::OsPoller;
constexpr std::chrono::minutes patience(2);

BOOST_AUTO_TEST_CASE(a_directory_reports_the_names_that_change) {
    const std::wstring folder = L"watched-" + std::to_wstring(GetCurrentProcessId());
    CreateDirectoryW(folder.c_str(), nullptr);
    OsPoller poller = OsPoller::create().value();
    recipes_page::DirectoryWatch watch;
    BOOST_TEST(watch.start(poller, folder.c_str()));
    const std::wstring file = folder + L"\\new.txt";
    CloseHandle(CreateFileW(file.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, 0, nullptr));
    std::vector<std::wstring> names;
    std::array<wakepoll::NativeEvent, 4> events;
    bool stopped = false;
    for (bool ended = false; !ended;) {
        const wakepoll::WaitResult result = poller.wait(events, patience);
        BOOST_TEST_REQUIRE(result.count > 0U);
        for (const wakepoll::NativeEvent& event : result.events()) {
            BOOST_TEST(event.ptr<recipes_page::DirectoryWatch>() == &watch);
            for (std::wstring& name : watch.on_completion(poller, *event.completion, ended)) {
                names.push_back(std::move(name));
            }
        }
        if (!names.empty() && !stopped) {
            stopped = true;
            watch.stop();
        }
    }
    BOOST_TEST((std::find(names.begin(), names.end(), L"new.txt") != names.end()));
    BOOST_TEST(poller.overlapped_count() == 0U);
    DeleteFileW(file.c_str());
    RemoveDirectoryW(folder.c_str());
}

BOOST_AUTO_TEST_CASE(ctrl_c_ends_the_loop_and_a_console_that_closes_waits_for_its_end) {
    for (const DWORD control : {CTRL_C_EVENT, CTRL_CLOSE_EVENT}) {
        OsPoller poller = OsPoller::create().value();
        recipes_page::install_console_handler(poller);
        BOOL handled = FALSE;
        {
            // Windows calls the handler on another thread.
            const std::jthread presses(
                [&] { handled = recipes_page::on_console_control(control); });
            BOOST_TEST(recipes_page::run_until_interrupted(poller));
        }
        BOOST_TEST(handled == TRUE);
        BOOST_TEST(WaitForSingleObject(recipes_page::loop_has_ended, 0) == WAIT_OBJECT_0);
        SetConsoleCtrlHandler(recipes_page::on_console_control, FALSE);
        CloseHandle(recipes_page::loop_has_ended);
    }
    BOOST_TEST(recipes_page::on_console_control(CTRL_C_EVENT) == FALSE);
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up) {
    OsPoller poller = OsPoller::create().value();
    recipes_page::Lookup lookup;
    BOOST_TEST_REQUIRE(lookup.start(poller, L"localhost", L"80"));
    std::array<wakepoll::NativeEvent, 4> events;
    BOOST_TEST_REQUIRE(poller.wait(events, patience).count == 1U);
    BOOST_TEST(events[0].ptr<recipes_page::Lookup>() == &lookup);
    BOOST_TEST(lookup.on_event(poller));
    BOOST_TEST_REQUIRE(lookup.found != nullptr);
    BOOST_TEST((lookup.found->ai_addr != nullptr));
    FreeAddrInfoExW(lookup.found);
    BOOST_TEST(poller.registration_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_service_s_stop_ends_the_loop) {
    OsPoller poller = OsPoller::create().value();
    const HANDLE stop_event = CreateEventW(nullptr, TRUE, FALSE, nullptr);
    const std::jthread dispatcher([&] {
        (void)recipes_page::on_service_control(SERVICE_CONTROL_STOP, 0, nullptr, stop_event);
    });
    BOOST_TEST(recipes_page::run_until_stopped(poller, stop_event));
    BOOST_TEST(poller.registration_count() == 0U);
    CloseHandle(stop_event);
}

BOOST_AUTO_TEST_CASE(connections_are_handed_to_workers_and_on_to_others) {
    const OsPoller winsock = OsPoller::create().value();
    const wakepoll::test::LoopbackListener listener;
    std::vector<wakepoll::test::LoopbackSocket> clients;
    std::vector<wakepoll::test::LoopbackSocket> servers;
    std::atomic<int> failures = 0;
    std::atomic<int> handed_over = 0;
    int echoed = 0;
    {
        recipes_page::Worker echoes([&](OsPoller&, const wakepoll::NativeEvent& event) {
            std::array<char, 64> bytes;
            const auto socket = static_cast<SOCKET>(event.data.u64);
            const int count = recv(socket, bytes.data(), static_cast<int>(bytes.size()), 0);
            failures += count > 0 && send(socket, bytes.data(), count, 0) == count ? 0 : 1;
        });
        std::atomic<recipes_page::Worker*> self = nullptr;
        recipes_page::Worker passes_on([&](OsPoller&, const wakepoll::NativeEvent& event) {
            // Leaves the message unread for the other loop.
            const auto socket = static_cast<SOCKET>(event.data.u64);
            failures += self.load()->hand_over(socket, echoes) ? 0 : 1;
            ++handed_over;
        });
        self = &passes_on;
        for (int i = 0; i < 4; ++i) {
            clients.push_back(listener.connect());
            servers.push_back(listener.accept());
            failures += (i % 2 == 0 ? passes_on : echoes).take(servers.back().get()) ? 0 : 1;
            echoed += clients.back().has_echoed("hello") ? 1 : 0;
            echoed += clients.back().has_echoed("and again") ? 1 : 0;
        }
    }
    BOOST_TEST(echoed == 8);
    BOOST_TEST(failures == 0);
    BOOST_TEST(handed_over == 2);
}

BOOST_AUTO_TEST_SUITE_END()
