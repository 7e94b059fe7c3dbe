// P7: one block of memory at create, none afterwards, and its size.
//
// The block comes from the kernel, zeroed, and takes memory only where it is touched. Nothing is
// ever allocated from the language's heap.
//
// The global allocation functions are replaced by counting ones. Natively, allocations of the
// simulated kernel inside a call are not counted: they are the model's. They count only while a
// test enables it, on that thread.
#include <array>
#include <cstdlib>
#include <new>
#include <optional>

#include "stage.hpp"
#if !defined(_WIN32)
#include "memory.hpp"
#endif

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

thread_local bool counting = false;
thread_local std::size_t allocations = 0;
thread_local std::size_t bytes_allocated = 0;
thread_local std::size_t deallocations = 0;

void count(std::size_t size) noexcept {
#if !defined(_WIN32)
    if (sim::Kernel::inside()) {
        return;
    }
#endif
    if (counting) {
        ++allocations;
        bytes_allocated += size;
    }
}

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    count(size);
#if defined(_WIN32)
    return ::_aligned_malloc(size, alignment);
#else
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
#endif
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* const memory = allocate(size != 0 ? size : 1, alignment);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

void deallocate(void* memory) noexcept {
#if !defined(_WIN32)
    if (!sim::Kernel::inside())
#endif
    {
        deallocations += counting && memory != nullptr ? 1 : 0;
    }
#if defined(_WIN32)
    ::_aligned_free(memory);
#else
    std::free(memory);
#endif
}

constexpr std::size_t usual = alignof(std::max_align_t);

/// Counts this thread's allocations while it lives.
class Count {
public:
    Count() noexcept {
        allocations = 0;
        bytes_allocated = 0;
        deallocations = 0;
        counting = true;
    }
    ~Count() { stop(); }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;

    void stop() noexcept { counting = false; }
};

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size, usual); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, usual); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size != 0 ? size : 1, usual);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size != 0 ? size : 1, usual);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate(size != 0 ? size : 1, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate(size != 0 ? size : 1, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { deallocate(memory); }
void operator delete[](void* memory) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::size_t) noexcept { deallocate(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { deallocate(memory); }

BOOST_AUTO_TEST_SUITE(allocation)

BOOST_AUTO_TEST_CASE(the_count_counts) {
    Count count;
    delete new int(1);
    count.stop();
    BOOST_TEST(allocations == 1U);
    BOOST_TEST(bytes_allocated == sizeof(int));
}

#if !defined(_WIN32)
BOOST_AUTO_TEST_CASE(a_default_poller_is_one_block_of_at_most_320_kib) {
    on_every_kernel(1, [](Stage& stage) {
        const sim::Blocks before = sim::blocks_in_use();
        Count count;
        std::optional<Result<OsPoller>> poller = OsPoller::create(under_test());
        count.stop();
        BOOST_TEST(poller->has_value());
        BOOST_TEST(allocations == 0U);
        BOOST_TEST(stage.kernel.calls(sim::Call::memory_allocate) == 1U);
        const std::size_t size = sim::blocks_in_use().bytes - before.bytes;
        BOOST_TEST(size <= 320U * 1024U);
        BOOST_TEST_MESSAGE("a default poller is " << size << " bytes");
        poller.reset();
        BOOST_TEST(sim::blocks_in_use().count == before.count);
    });
}

BOOST_AUTO_TEST_CASE(a_create_without_memory_says_so_and_leaves_nothing) {
    on_every_kernel(1, [](Stage& stage) {
        const std::size_t handles = stage.kernel.open_handles();
        stage.kernel.fail_next(sim::Call::memory_allocate, 8);
        const Result<OsPoller> poller = OsPoller::create(under_test());
        BOOST_TEST((poller.error() == std::errc::not_enough_memory));
        BOOST_TEST(stage.kernel.open_handles() == handles);
        BOOST_TEST(stage.kernel.winsock_sessions() == 0U);
    });
}
#endif

BOOST_AUTO_TEST_CASE(nothing_is_allocated_from_create_to_dispose) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        std::array<SocketPair, 8> pairs;
        for (SocketPair& pair : pairs) {
            pair = stage.world.tcp_pair();
        }
        const SocketPair associated = stage.world.tcp_pair();
        std::array<NativeEvent, 4> events;
        std::array<char, 8> buffer;
        bool ok = true;

        Count count;
        ok = ok && !poller.wait(events, 0ms).error;
        for (const SocketPair& pair : pairs) {
            ok = ok && poller.register_handle(pair.local, IoInterest::read, 1);
        }
        ok = ok && poller.wait(events, 1ms).count == 0;
        for (const SocketPair& pair : pairs) {
            ok = ok && poller.modify_handle(pair.local, IoInterest::write, 2);
        }
        for (int i = 0; i < 10; ++i) {
            ok = ok && poller.wait(events, 1ms).count == events.size();
        }
        ok = ok && poller.post_wakeup() && poller.wait(events, 0ms).woken;
        const Waker waker = poller.waker();
        ok = ok && waker.wake() && Waker(waker).wake() && poller.wait(events, 0ms).woken;
        ok = ok && poller.associate_handle(associated.local, 3);
        OverlappedEntry* const entry = poller.overlapped_pool().acquire();
        count.stop();  // The World's own call is not the poller's.
        BOOST_TEST(allocations == 0U);
        ok = ok && !stage.world.start_receive(associated.local, entry->native(), buffer.data(),
                                              buffer.size());
        stage.world.cancel(associated.local, entry->native());

        Count again;
        for (const SocketPair& pair : pairs) {
            ok = ok && poller.modify_handle(pair.local, IoInterest::read, 2);
        }
        ok = ok && poller.wait(events, patience).count == 1;  // The receive that was cancelled.
        ok = ok && poller.wait(events, 2ms).count == 0;
        for (const SocketPair& pair : pairs) {
            ok = ok && poller.unregister_handle(pair.local);
        }
        // The failing paths too.
        ok = ok && !poller.unregister_handle(pairs[0].local);
        ok = ok && !poller.register_handle(Handle{}, IoInterest::read, 1);
        ok = ok && poller.overlapped_pool().release(entry);
        poller.dispose();
        ok = ok && static_cast<bool>(poller.wait(events, 0ms).error);
        again.stop();
        BOOST_TEST(ok);
        BOOST_TEST(allocations == 0U);
    });
}

BOOST_AUTO_TEST_CASE(operations_handles_and_the_timer_allocate_nothing) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        const PipePair pipe = stage.world.pipe_pair(PipeKind::bytes);
        const PipePair lines = stage.world.pipe_pair(PipeKind::anonymous);
        const Handle file = stage.world.file_of(64);
        const Handle event = stage.world.thing(Thing::event);
        const Handle listener = stage.world.listener();
        const Handle fresh = stage.world.tcp_socket();
        const std::vector<std::byte> target = stage.world.address_of(listener);
        std::array<std::byte, 64> from_file;
        std::array<std::byte, 64> from_socket;
        std::array<std::byte, OsPoller::accept_address_size> addresses;
        std::array<NativeEvent, 8> events;
        bool ok = true;
        std::size_t reports = 0;
        Handle accepted;

        Count count;
        ok = ok && poller.register_handle(event, IoInterest::read, 1);
        ok = ok && poller.register_handle(pipe.local, IoInterest::read, 2);
        ok = ok && poller.register_handle(lines.local, IoInterest::read, 3);
        ok = ok && poller.submit_read(file, from_file, 4);
        const Result<OverlappedEntry*> read = poller.submit_read(pair.local, from_socket, 5);
        ok = ok && read &&
             poller.submit_write(pair.local, std::span(from_socket).first(8), 6).error();
        ok = ok && poller.submit_accept(listener, addresses, 7);
        ok = ok && poller.submit_connect(fresh, target, 8);
        ok = ok && poller.cancel(*read);
        while (ok && reports < 4) {
            const WaitResult result = poller.wait(events, patience);
            ok = !result.error && result.count > 0;
            for (std::size_t i = 0; i < result.count; ++i) {
                ok = ok && events[i].completion != nullptr;
                if (ok && events[i].completion->accepted) {
                    accepted = events[i].completion->accepted;
                }
                ++reports;
            }
        }
        ok = ok && poller.set_timer(Clock::now() + 2ms) && poller.wait(events, patience).timer;
        ok = ok && poller.unregister_handle(lines.local) && poller.unregister_handle(pipe.local);
        poller.dispose();
        count.stop();
        BOOST_TEST(ok);
        BOOST_TEST(allocations == 0U);
        stage.world.close(accepted);
    });
}

BOOST_AUTO_TEST_CASE(a_poller_of_pipes_gives_its_memory_back) {
    // One that can be read from, and one with a read of nothing in flight.
    on_every_kernel(20, [](Stage& stage) {
        const PipePair ready = stage.world.pipe_pair(PipeKind::bytes);
        const PipePair quiet = stage.world.pipe_pair(PipeKind::bytes);
        constexpr std::array one = {std::byte{1}};
        BOOST_TEST(!stage.world.put(ready.peer, one).error);
        std::optional<OsPoller> poller = make_poller();
        BOOST_REQUIRE(poller->register_handle(ready.local, IoInterest::read, 1));
        BOOST_REQUIRE(poller->register_handle(quiet.local, IoInterest::read, 2));
        BOOST_TEST(wait(*poller).mask_of(1) == mask::in);
        poller.reset();
#if !defined(_WIN32)
        BOOST_TEST(sim::blocks_in_use().count == 0U);
#endif
    });
}

BOOST_AUTO_TEST_CASE(a_poller_whose_entry_is_still_lent_keeps_its_memory) {
    // A call of the user's own may be in flight, and writes to it.
    on_every_kernel(1, [](Stage&) {
        std::optional<OsPoller> poller = make_poller();
        OverlappedEntry* const entry = poller->overlapped_pool().acquire();
        BOOST_REQUIRE(entry != nullptr);
        poller.reset();
#if !defined(_WIN32)
        BOOST_TEST(sim::blocks_in_use().count > 0U);
#endif
    });
}

BOOST_AUTO_TEST_SUITE_END()
