// Operations from submit to report: each kind on each kind of handle, and how it can end.
//
// Nothing is registered for readiness here, so the backend does not matter.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations)

namespace {

constexpr int some_seeds = 200;

/// What every report of a success has in common.
void check_success(const Report& report, IoOperation operation, std::uint64_t user_data,
                   std::size_t bytes) {
    const bool out = operation == IoOperation::write || operation == IoOperation::connect;
    BOOST_TEST(report.mask == (out ? mask::out : mask::in));
    BOOST_TEST(report.data == user_data);
    BOOST_TEST(report.completion.user_data == user_data);
    BOOST_TEST(report.completion.key == 0U);
    BOOST_TEST((report.completion.operation == operation));
    BOOST_TEST(report.completion.bytes == bytes);
    BOOST_TEST(!report.completion.error);
    BOOST_TEST(report.completion.entry != nullptr);
    BOOST_TEST(report.completion.overlapped == report.completion.entry);
}

}  // namespace

BOOST_DATA_TEST_CASE(a_read_that_waits_is_reported_when_the_data_comes, data::make(all_carriers),
                     carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::byte, 64> buffer{};
        OverlappedEntry* const entry =
            started(poller.submit_read(pair.local, buffer, 0xFFFFFFFF00000001U));
        BOOST_TEST((entry->state() == OverlappedState::in_flight));
        BOOST_TEST((entry->operation == IoOperation::read));
        BOOST_TEST((entry->handle == pair.local));
        BOOST_TEST(entry->buffer == buffer.data());
        BOOST_TEST(entry->buffer_size == buffer.size());
        BOOST_TEST(poller.overlapped_count() == 1U);
        stage.world.beside([&] { stage.world.put(pair.peer, bytes_of("hello")); });
        const Report done = report(poller);
        check_success(done, IoOperation::read, 0xFFFFFFFF00000001U, 5);
        BOOST_TEST(done.completion.entry == entry);
        BOOST_TEST((entry->state() == OverlappedState::completed));
        BOOST_TEST(entry->bytes_transferred == 5U);
        BOOST_TEST(text_of(std::span(buffer).first(5)) == "hello");
        stage.world.join();
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(a_read_of_what_is_there_is_reported_once, data::make(all_carriers), carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        for (std::uint64_t round = 1; round <= 3; ++round) {
            put_text(stage.world, pair.peer, "here");
            std::array<std::byte, 4> buffer{};
            (void)started(poller.submit_read(pair.local, buffer, round));
            check_success(report(poller), IoOperation::read, round, 4);
            BOOST_TEST(text_of(buffer) == "here");
            check_that_nothing_is_left(poller);
        }
        BOOST_TEST(poller.stats().operations_started == 3U);
        BOOST_TEST(poller.stats().completions == 3U);
    });
}

BOOST_DATA_TEST_CASE(a_write_is_reported_and_arrives, data::make(all_carriers), carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        const std::string text = "a few words";
        OverlappedEntry* const entry = started(poller.submit_write(pair.local, bytes_of(text), 3));
        BOOST_TEST((entry->operation == IoOperation::write));
        check_success(report(poller), IoOperation::write, 3, text.size());
        BOOST_TEST(take_text(stage.world, pair.peer, text.size()) == text);
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(reads_and_writes_of_one_handle_do_not_disturb_each_other,
                     data::make(all_carriers), carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::byte, 8> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        (void)started(poller.submit_write(pair.local, bytes_of("out"), 2));
        check_success(report(poller), IoOperation::write, 2, 3);
        put_text(stage.world, pair.peer, "in");
        check_success(report(poller), IoOperation::read, 1, 2);
        BOOST_TEST(take_text(stage.world, pair.peer, 3) == "out");
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(reads_of_one_handle_are_filled_in_the_order_they_were_submitted,
                     data::make(all_carriers), carrier) {
    on_every_kernel(Backend::automatic, some_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, carrier);
        std::array<std::array<std::byte, 2>, 8> buffers{};
        for (std::size_t i = 0; i < buffers.size(); ++i) {
            (void)started(poller.submit_read(pair.local, buffers[i], i));
        }
        stage.world.beside([&] {
            for (std::size_t i = 0; i < buffers.size(); ++i) {
                const Transfer put = stage.world.put(pair.peer, bytes_of("xy"));
                stage.expect(!put.error && put.bytes == 2);
            }
        });
        const std::vector<Report> all = reports(poller, buffers.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            check_success(all[i], IoOperation::read, i, 2);
            BOOST_TEST(text_of(buffers[i]) == "xy");
        }
        stage.world.join();
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_stream_fills_its_reads_in_the_order_they_were_submitted) {
    // A read that is done at once may be reported before an older one whose packet is at the port
    // still, so what was read is put together in the order of the submits.
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::string sent;
        for (char c = 'a'; c <= 'z'; ++c) {
            sent += std::string(3, c);
        }
        stage.world.beside([&] { stage.world.put(pair.peer, bytes_of(sent)); });
        std::vector<std::array<std::byte, 7>> buffers(sent.size() + 3);
        std::vector<std::size_t> lengths(buffers.size());
        std::uint64_t submitted = 0;
        std::size_t received = 0;
        for (; submitted < 3; ++submitted) {
            (void)started(poller.submit_read(pair.local, buffers[submitted], submitted));
        }
        while (received < sent.size()) {
            const Report done = report(poller);
            lengths[done.data] = done.completion.bytes;
            received += done.completion.bytes;
            (void)started(poller.submit_read(pair.local, buffers[submitted], submitted));
            ++submitted;
        }
        std::string text;
        for (std::size_t i = 0; i < submitted; ++i) {
            text += text_of(std::span(buffers[i]).first(lengths[i]));
        }
        BOOST_TEST(text == sent);
        stage.world.join();
        poller.dispose();  // Before the buffers go.
    });
}

BOOST_AUTO_TEST_CASE(a_long_write_ends_when_all_of_it_is_through) {
    on_every_kernel(Backend::automatic, 10, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Carrier carrier : {Carrier::tcp, Carrier::byte_pipe}) {
            const Ends pair = ends(stage.world, carrier);
            std::string text(carrier == Carrier::tcp ? 400'000 : 50'000, '\0');
            for (std::size_t i = 0; i < text.size(); ++i) {
                text[i] = static_cast<char>('a' + i % 23);
            }
            (void)started(poller.submit_write(pair.local, bytes_of(text), 1));
            std::string arrived;
            bool reported = false;
            while (arrived.size() < text.size()) {
                arrived += take_text(stage.world, pair.peer,
                                     std::min<std::size_t>(1000, text.size() - arrived.size()));
                const auto waited = wait(poller, 0ms);
                if (waited.count() > 0) {
                    reported = true;
                    check_success(copies(std::span(waited.events).first(1)).front(),
                                  IoOperation::write, 1, text.size());
                }
            }
            BOOST_TEST((arrived == text));
            if (!reported) {
                check_success(report(poller), IoOperation::write, 1, text.size());
            }
            check_that_nothing_is_left(poller);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_scattered_read_fills_one_buffer_after_the_other) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Carrier carrier : {Carrier::tcp, Carrier::udp}) {
            const Ends pair = ends(stage.world, carrier);
            std::array<std::byte, 2> first{};
            std::array<std::byte, 3> second{};
            std::array<std::byte, 4> third{};
            const std::array buffers = {IoBuffer{2, first.data()}, IoBuffer{3, second.data()},
                                        IoBuffer{4, third.data()}};
            OverlappedEntry* const entry = started(poller.submit_read(pair.local, buffers, 1));
            BOOST_TEST(entry->buffer == first.data());
            put_text(stage.world, pair.peer, "abcdefg");
            check_success(report(poller), IoOperation::read, 1, 7);
            BOOST_TEST(text_of(first) == "ab");
            BOOST_TEST(text_of(second) == "cde");
            BOOST_TEST(text_of(std::span(third).first(2)) == "fg");
        }
    });
}

BOOST_AUTO_TEST_CASE(a_gathered_write_is_one_write) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (const Carrier carrier : {Carrier::tcp, Carrier::udp}) {
            const Ends pair = ends(stage.world, carrier);
            std::string head = "head ";
            std::string body = "body";
            const std::array buffers = {IoBuffer{5, head.data()}, IoBuffer{4, body.data()},
                                        IoBuffer{5, head.data()}};  // The same one twice.
            (void)started(poller.submit_write(pair.local, buffers, 1));
            check_success(report(poller), IoOperation::write, 1, 14);
            BOOST_TEST(take_text(stage.world, pair.peer, 14) == "head bodyhead ");
        }
    });
}

BOOST_AUTO_TEST_CASE(a_file_is_read_and_written_at_offsets) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle file = stage.world.file_of(1000);
        std::array<std::array<std::byte, 10>, 4> buffers{};
        for (std::uint64_t i = 0; i < buffers.size(); ++i) {
            (void)started(poller.submit_read(file, buffers[i], i, 100 * i));
        }
        for (const Report& done : reports(poller, buffers.size())) {
            check_success(done, IoOperation::read, done.data, 10);
        }
        for (std::size_t i = 0; i < buffers.size(); ++i) {
            for (std::size_t j = 0; j < buffers[i].size(); ++j) {
                BOOST_REQUIRE(buffers[i][j] == static_cast<std::byte>((100 * i + j) % 251));
            }
        }
        (void)started(poller.submit_write(file, bytes_of("in the middle"), 5, 500));
        (void)started(poller.submit_write(file, bytes_of("beyond"), 6, 2000));
        const std::vector<Report> done = reports(poller, 2);
        check_success(find(done, 5), IoOperation::write, 5, 13);
        check_success(find(done, 6), IoOperation::write, 6, 6);
        const std::vector<std::byte> content = stage.world.content_of(file);
        BOOST_REQUIRE(content.size() == 2006U);
        BOOST_TEST(text_of(std::span(content).subspan(500, 13)) == "in the middle");
        BOOST_TEST((content[499] == static_cast<std::byte>(499 % 251)));
        BOOST_TEST((content[513] == static_cast<std::byte>(513 % 251)));
        BOOST_TEST(text_of(std::span(content).subspan(2000)) == "beyond");
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(the_end_of_a_file_is_an_event_at_any_offset) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle file = stage.world.file_of(100);
        std::array<std::byte, 50> buffer{};
        (void)started(poller.submit_read(file, buffer, 1, 80));
        check_success(report(poller), IoOperation::read, 1, 20);
        for (const std::uint64_t offset :
             {std::uint64_t{100}, std::uint64_t{101}, std::uint64_t{1} << 32U,
              (std::uint64_t{1} << 32U) + 5}) {
            (void)started(poller.submit_read(file, buffer, offset, offset));
            const Report end = report(poller);
            BOOST_TEST(end.mask == (mask::in | mask::hup));
            BOOST_TEST(end.data == offset);
            BOOST_TEST(end.completion.error == std::errc::no_message_available);
            BOOST_TEST(end.completion.bytes == 0U);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_message_longer_than_the_buffer_fills_it_and_says_so_once) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (const bool waits : {false, true}) {
            for (const Carrier carrier : {Carrier::udp, Carrier::message_pipe}) {
                const Ends pair = ends(stage.world, carrier);
                std::array<std::byte, 4> buffer{};
                if (waits) {
                    (void)started(poller.submit_read(pair.local, buffer, 1));
                }
                put_text(stage.world, pair.peer, "longer");
                if (!waits) {
                    (void)started(poller.submit_read(pair.local, buffer, 1));
                }
                const Report cut = report(poller);
                BOOST_TEST(cut.mask == (mask::in | mask::err));
                BOOST_TEST(cut.completion.error == std::errc::message_size);
                BOOST_TEST(cut.completion.bytes == 4U);
                BOOST_TEST(text_of(buffer) == "long");
                check_that_nothing_is_left(poller);
                if (carrier == Carrier::message_pipe) {
                    // The rest of a message stays; that of a datagram is lost.
                    (void)started(poller.submit_read(pair.local, buffer, 2));
                    check_success(report(poller), IoOperation::read, 2, 2);
                    BOOST_TEST(text_of(std::span(buffer).first(2)) == "er");
                }
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(the_key_of_an_associated_handle_is_told) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        BOOST_REQUIRE(poller.associate_handle(pair.local, 77));
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 5));
        put_text(stage.world, pair.peer, "data");
        const Report done = report(poller);
        BOOST_TEST(done.completion.key == 77U);
        BOOST_TEST(done.data == 5U);
        BOOST_TEST(done.completion.user_data == 5U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_SUITE_END()
