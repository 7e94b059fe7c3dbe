#include "poller_state.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "own_errors.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

// Before this build (Windows 10 2004) WSAPoll does not report a connect that was refused.
constexpr std::uint32_t first_build_that_polls_refusals = 19041;

/// Gives out consecutive arrays from a block; whoever uses an array destroys what is in it, where
/// that needs to be. A null block only counts.
class Carver {
public:
    Carver(std::byte* block, std::size_t used) noexcept : block_(block), used_(used) {}

    template <class T>
    [[nodiscard]] T* array(std::size_t count) noexcept {
        used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
        T* first = nullptr;
        if (block_ != nullptr) {
            first = reinterpret_cast<T*>(block_ + used_);
            std::uninitialized_value_construct_n(first, count);
        }
        used_ += count * sizeof(T);
        return first;
    }

    [[nodiscard]] std::size_t used() const noexcept { return used_; }

private:
    std::byte* block_;
    std::size_t used_;
};

[[nodiscard]] bool is_in_range(std::uint32_t capacity) noexcept {
    return capacity >= 1 && capacity <= capacity_limit;
}

[[nodiscard]] bool is_backend(Backend backend) noexcept {
    return backend == Backend::automatic || backend == Backend::wsapoll || backend == Backend::afd;
}

/// States whose memory must outlive their pollers.
std::atomic<PollerState*> kept{nullptr};

constexpr std::align_val_t block_alignment{alignof(PollerState)};

}  // namespace

std::size_t PollerState::layout(const PollerConfig& config, Choice choice, std::byte* block,
                                Memory& memory) noexcept {
    const std::size_t slots = config.max_registrations;
    Carver carver(block, sizeof(PollerState));
    memory.registrations = carver.array<core::Registration>(slots);
    memory.index =
        carver.array<std::uint32_t>(core::RegistrationTable::index_size(config.max_registrations));
    memory.entries = carver.array<OverlappedEntry>(config.max_overlapped_entries);
    memory.links = carver.array<core::SlotRing::Link>(slots);
    memory.handles.watches = carver.array<backend::HandleBackend::Watch>(slots);
    memory.handles.signals = carver.array<core::SignalSet::Word>(core::SignalSet::words_for(slots));
    memory.handles.links = memory.links;

    backend::WsapollBackend::Memory& wsapoll = memory.sockets.wsapoll;
    const std::size_t polled =
        choice == Choice::wsapoll
            ? slots
            : std::min<std::size_t>(slots, backend::SocketBackend::most_by_wsapoll);
    wsapoll.entries = carver.array<core::PollEntry>(polled + 1);
    wsapoll.slots = carver.array<core::Slot>(polled);
    wsapoll.links = memory.links;
    const auto add_arrays_by_slot = [&](Carver& from) {
        wsapoll.positions = from.array<std::uint32_t>(slots);
        wsapoll.connecting = from.array<bool>(slots);
    };
    if (choice == Choice::wsapoll) {
        add_arrays_by_slot(carver);
        memory.handles.cells = backend::SlotCells(carver.array<backend::WaitCell>(slots));
        return carver.used();
    }
    backend::AfdBackend::Memory& afd = memory.sockets.afd;
    afd.members = carver.array<core::PollGroup::Member>(slots);
    afd.lots = carver.array<core::PollGroup::Lot>(core::PollLot::needed_for(slots));
    afd.devices = carver.array<sys::AfdDevice>(backend::AfdBackend::devices_for(slots));
    afd.links = memory.links;
    afd.cells = backend::SlotCells(carver.array<backend::SlotCell>(slots));
    memory.handles.cells = afd.cells;
    // Nobody is asked together while WSAPoll is still in use.
    constexpr std::size_t head = sizeof(sys::AfdRequest);
    afd.group = carver.array<sys::AfdRequest>(1 + (slots * sizeof(sys::AfdItem) + head - 1) / head);
    static_assert(sizeof(std::uint32_t) + sizeof(bool) <= sizeof(sys::AfdItem));
    Carver shared(reinterpret_cast<std::byte*>(afd.group), 0);
    add_arrays_by_slot(shared);
    return carver.used();
}

PollerState::PollerState(const PollerConfig& config, Choice choice, const Memory& memory) noexcept
    : table(memory.registrations, memory.index, config.max_registrations),
      sockets(memory.sockets, choice, table, wake, port, stats,
              sys::windows_build() < first_build_that_polls_refusals),
      pool(memory.entries, config.max_overlapped_entries),
      operations(pool),
      handles(memory.handles, table, operations, stats, &PollerState::handle_signalled, this),
      timer(&PollerState::timer_signalled, this) {}

Result<PollerState*> PollerState::create(const PollerConfig& config) noexcept {
    if (!is_in_range(config.max_registrations) || !is_in_range(config.max_overlapped_entries) ||
        !is_backend(config.backend)) {
        return own_errors::invalid_argument();
    }
    Result<sys::WinsockSession> winsock = sys::WinsockSession::start();
    if (!winsock) {
        return winsock.error();
    }
    Result<sys::CompletionPort> port = sys::CompletionPort::create();
    if (!port) {
        return port.error();
    }
    Choice choice = Choice::wsapoll;
    sys::AfdDevice device;
    if (config.backend != Backend::wsapoll) {
        Result<sys::AfdDevice> opened = backend::AfdBackend::open(*port);
        if (opened) {
            device = std::move(*opened);
            choice = config.backend == Backend::afd ? Choice::afd : Choice::automatic;
        } else if (config.backend == Backend::afd) {
            return opened.error() == std::errc::no_such_file_or_directory
                       ? own_errors::not_supported()
                       : opened.error();
        }
    }

    Memory memory{};
    const std::size_t size = layout(config, choice, nullptr, memory);
    void* const block = ::operator new(size, block_alignment, std::nothrow);
    if (block == nullptr) {
        return own_errors::not_enough_memory();
    }
    (void)layout(config, choice, static_cast<std::byte*>(block), memory);
    auto* const state = ::new (block) PollerState(config, choice, memory);
    state->winsock = std::move(*winsock);
    state->port = std::move(*port);
    if (choice != Choice::wsapoll) {
        state->sockets.start(std::move(device));
    }
    return state;
}

void PollerState::retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }

void PollerState::release() noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        if (pool.active_count() > 0 || sockets.in_flight() > 0) {
            // The kernel may still write into an entry that was not given back, or into a request
            // that it has not answered, so their memory stays. The list is never read; it shows
            // leak checkers that this is no leak.
            next_kept = kept.load(std::memory_order_relaxed);
            while (!kept.compare_exchange_weak(next_kept, this, std::memory_order_release,
                                               std::memory_order_relaxed)) {
            }
            return;
        }
        this->~PollerState();
        ::operator delete(static_cast<void*>(this), block_alignment);
    }
}

void PollerState::dispose() noexcept {
    // The owner may be inside a wait on another thread: end it, and wait until the gate is free. It
    // stays taken for good then, so that only one caller ever gets past it.
    // Asked for before the gate is taken: whoever finds it taken must learn why.
    bool asked = post_shutdown();
    while (owned.exchange(true, std::memory_order_acquire)) {
        if (wake.is_closed()) {
            return;
        }
        asked = asked || post_shutdown();
        std::this_thread::yield();
    }
    wake.close();
    // What may still be calling into the port or the doorbell ends first.
    port_watch.disarm();
    handles.close();
    timer.close();
    wake.wait_for_errands();
    drain();
    sockets.close();
    port.close();
    winsock.end();
}

PollerStats PollerState::statistics() const noexcept {
    PollerStats now = stats;
    now.backend = sockets.is_afd() ? Backend::afd : Backend::wsapoll;
    now.wakes_requested += static_cast<std::uint32_t>(wake.requests() - requests_counted);
    return now;
}

std::error_code OwnerGate::refusal(const PollerState* taken) noexcept {
    return taken == nullptr || taken->wake.is_shut_down() ? own_errors::operation_canceled()
                                                          : own_errors::device_or_resource_busy();
}

}  // namespace wakepoll
