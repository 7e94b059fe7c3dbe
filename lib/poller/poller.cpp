// Creating a poller, its memory, and its disposal. changes.cpp has the calls in between.
#include "poller/poller.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>
#include <utility>

#include "core/completion_key.hpp"
#include "sys/memory.hpp"
#include "sys/system.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll {
namespace {

/// Divides a block of zeroed memory into consecutive arrays. A null block only counts.
class Carver {
public:
    Carver(std::byte* block, std::size_t used) noexcept : block_(block), used_(used) {}

    template <class T>
    [[nodiscard]] T* array(std::size_t count) noexcept {
        used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
        T* const first = block_ != nullptr ? reinterpret_cast<T*>(block_ + used_) : nullptr;
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

/// Pollers whose memory must stay allocated.
std::atomic<Poller*> kept{nullptr};

}  // namespace

std::size_t Poller::layout(const PollerConfig& config, Choice choice, std::byte* block,
                           Memory& memory) noexcept {
    const std::size_t slots = config.max_registrations;
    Carver carver(block, sizeof(Poller));
    memory.registrations = carver.array<core::Registration>(slots);
    memory.index =
        carver.array<std::uint32_t>(core::RegistrationTable::index_size(config.max_registrations));
    memory.entries = carver.array<core::PoolEntry>(config.max_overlapped_entries);
    auto* const links = carver.array<core::SlotRing::Link>(slots);
    memory.handles.watches = carver.array<backend::HandleBackend::Watch>(slots);
    memory.handles.signals = carver.array<core::SignalSet::Word>(core::SignalSet::words_for(slots));
    memory.handles.cells = carver.array<backend::HandleBackend::Cell>(slots);
    memory.handles.links = links;

    backend::WsapollBackend::Memory& wsapoll = memory.sockets.wsapoll;
    const std::size_t polled =
        choice == Choice::wsapoll
            ? slots
            : std::min<std::size_t>(slots, backend::SocketBackend::most_by_wsapoll);
    for (core::PollSet::Array& array : wsapoll.arrays) {
        array.entries = carver.array<core::PollEntry>(polled + 1);
        array.slots = carver.array<core::Slot>(polled);
    }
    wsapoll.positions = carver.array<std::uint32_t>(slots);
    wsapoll.members = carver.array<backend::WsapollBackend::Member>(slots);
    wsapoll.links = links;
    if (choice == Choice::wsapoll) {
        return carver.used();
    }
    backend::AfdBackend::Memory& afd = memory.sockets.afd;
    afd.cells = carver.array<backend::AfdBackend::Cell>(slots);
    constexpr std::size_t head = sizeof(sys::AfdRequest);
    afd.group = carver.array<sys::AfdRequest>(1 + (slots * sizeof(sys::AfdItem) + head - 1) / head);
    afd.group_members = carver.array<backend::AfdBackend::GroupMember>(slots);
    afd.members = carver.array<core::PollSchedule::Member>(slots);
    afd.covers = carver.array<core::PollRequests::Cover>(slots);
    afd.devices = carver.array<sys::AfdDevice>(backend::AfdBackend::devices_for(slots));
    afd.links = links;
    return carver.used();
}

Poller::Poller(const PollerConfig& config, Choice choice, const Memory& memory,
               std::size_t size) noexcept
    : size_(size),
      table_(memory.registrations, memory.index, config.max_registrations),
      entries_(memory.entries, config.max_overlapped_entries),
      operation_list_(entries_),
      sockets_(memory.sockets, choice, table_, word_, port_, stats_, sys::windows_build()),
      handles_(memory.handles, table_, operation_list_, stats_, &Poller::handle_signalled, this),
      timer_(table_, &Poller::timer_signalled, this),
      wakeup_(word_, port_, sockets_),
      known_(table_, port_),
      registrations_(table_, known_, sockets_, handles_, stats_),
      operations_(table_, known_, registrations_, operation_list_, port_, stats_),
      packets_(port_, entries_, sockets_, handles_, stats_),
      wait_({lock_, word_, wakeup_, sockets_, handles_, operations_, packets_, timer_, stats_}),
      pool_(this) {}

Result<Poller*> Poller::create(const PollerConfig& config) noexcept {
    if (!is_in_range(config.max_registrations) || !is_in_range(config.max_overlapped_entries)) {
        return errc::capacity_out_of_range;
    }
    if (!is_backend(config.backend)) {
        return errc::unknown_backend;
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
                       ? make_error_code(errc::no_afd_device)
                       : opened.error();
        }
    }

    Memory memory{};
    const std::size_t size = layout(config, choice, nullptr, memory);
    void* const block = sys::allocate_zeroed(size);
    if (block == nullptr) {
        return errc::no_memory;
    }
    (void)layout(config, choice, static_cast<std::byte*>(block), memory);
    auto* const poller = ::new (block) Poller(config, choice, memory, size);
    poller->winsock_ = std::move(*winsock);
    poller->port_ = std::move(*port);
    if (choice != Choice::wsapoll) {
        poller->sockets_.start(std::move(device));
    }
    return poller;
}

void Poller::release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        return;
    }
    if (entries_.active_count() > 0 || has_polls_in_flight() || sys::process_is_ending()) {
        // The kernel may still write into an entry that was not released, or into a request that it
        // has not answered, so their memory stays. The list is never read; it tells leak checkers
        // that this is not a leak.
        next_kept_ = kept.load(std::memory_order_relaxed);
        while (!kept.compare_exchange_weak(next_kept_, this, std::memory_order_release,
                                           std::memory_order_relaxed)) {
        }
        return;
    }
    const std::size_t size = size_;
    this->~Poller();
    sys::free_zeroed(this, size);
}

void Poller::dispose() noexcept {
    if (sys::process_is_ending()) {
        // The other threads were terminated, whatever they did, so there is none to wait for. The
        // system frees everything.
        word_.close();
        return;
    }
    // Makes a thread in a wait leave, and blocks until none runs.
    bool asked = wakeup_.shut_down();
    lock_.lock();
    while (wait_.is_running() && !word_.is_closed()) {
        lock_.unlock();
        std::this_thread::yield();
        asked = asked || wakeup_.shut_down();
        lock_.lock();
    }
    if (!word_.is_closed()) {
        word_.close();
        // First ends everything that may still use the port or the doorbell.
        wakeup_.stop_watching();
        handles_.close();
        timer_.close();
        word_.wait_for_deliveries();
        drain();
        sockets_.close();
        port_.close();
        winsock_.end();
    }
    lock_.unlock();
}

void Poller::drain() noexcept {
    for (; packets_.size() > 0; packets_.pop()) {
        operations_.drain(packets_.front());
    }
    operations_.abandon_all();
    sockets_.cancel_all();
    // Cancelled calls end at once, except in slow drivers, and so do those whose handle was closed,
    // unless a duplicate of it lives. What does not end keeps the memory (see `release`); the same
    // goes for a port whose dequeue fails. Packets of others may come without end.
    using std::chrono::milliseconds;
    constexpr milliseconds patience(1000);
    constexpr milliseconds patience_with_lost(50);
    constexpr int most_failures = 100;
    std::chrono::nanoseconds last = sys::now();  // When one has ended.
    for (int failures = 0;
         (operations_.in_flight() > 0 || has_polls_in_flight()) && failures < most_failures;) {
        const bool all_lost =
            operations_.in_flight() == operations_.lost() && !has_polls_in_flight();
        const std::uint32_t left =
            to_kernel_milliseconds(last + (all_lost ? patience_with_lost : patience) - sys::now());
        if (left == 0) {
            return;
        }
        const Result<std::size_t> ended = drain_once(left);
        if (!ended) {
            ++failures;
        } else if (*ended > 0) {
            last = sys::now();
        }
    }
}

Result<std::size_t> Poller::drain_once(std::uint32_t milliseconds) noexcept {
    std::array<sys::Packet, PacketQueue::most_at_once> packets;
    const Result<std::size_t> taken = port_.dequeue(packets, milliseconds);
    if (!taken) {
        return taken.error();
    }
    const std::size_t before = operations_.in_flight();
    std::size_t polls = 0;
    for (const sys::Packet& packet : std::span(packets).first(*taken)) {
        if (packet.key == static_cast<std::uintptr_t>(core::CompletionKey::afd)) {
            static_cast<void>(sockets_.take_packet(packet.overlapped, packet.status()));
            ++polls;
        } else {
            operations_.drain(packet);
        }
    }
    return before - operations_.in_flight() + polls;
}

void Poller::handle_signalled(void* poller) noexcept {
    static_cast<Poller*>(poller)->wakeup_.signal(core::CompletionKey::wakeup);
}

void Poller::timer_signalled(void* poller) noexcept {
    static_cast<Poller*>(poller)->wakeup_.signal(core::CompletionKey::timer);
}

}  // namespace wakepoll
