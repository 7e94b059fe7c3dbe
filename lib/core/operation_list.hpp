// The poller's own use of the overlapped pool: which entries are in flight, and which are done.
//
// An entry's way: taken (`acquire`), begun (`start`), perhaps being cancelled (`cancel`), done.
// What completes through the port is reported as its packet is dequeued (`complete`); what is done
// without a packet waits in a queue for the next report (`finish`, `next_finished`). At last the
// entry goes back to the pool (`give_back`). A wrong step is a mistake in the library and asserted;
// what a user may get wrong is answered with an error before it comes here.
//
// The lists run through the entries, so each step is O(1) and allocates nothing. Used under the
// poller's lock.
#pragma once

#include <cstdint>

#include "core/entry_pool.hpp"
#include "core/slot.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::core {

class OperationList {
public:
    using Purpose = OverlappedEntry::Purpose;

    explicit OperationList(EntryPool& pool) noexcept : pool_(pool) {}

    OperationList(const OperationList&) = delete;
    OperationList& operator=(const OperationList&) = delete;

    /// An idle entry for a call of the poller's on the handle in `slot`; null where none is free.
    [[nodiscard]] OverlappedEntry* acquire(Purpose purpose, Slot slot,
                                           std::uint32_t generation) noexcept;

    /// Idle, or done and reported: back to the pool.
    void give_back(OverlappedEntry& entry) noexcept;

    /// Idle: in flight from now on, until its packet comes.
    void start(OverlappedEntry& entry) noexcept;

    /// In flight: its end has been asked for.
    void cancel(OverlappedEntry& entry) noexcept;

    /// In flight or being cancelled: its packet has come.
    void complete(OverlappedEntry& entry) noexcept;

    /// Notes what an operation came to. `code` is why it failed, 0 where it did not.
    void note_outcome(OverlappedEntry& entry, std::uint32_t bytes, std::uint32_t code) noexcept {
        entry.bytes_transferred = bytes;
        entry.code_ = code;
    }

    /// It is on a datagram socket.
    void note_datagram(OverlappedEntry& entry) noexcept { entry.datagram_ = true; }

    /// It must be reported behind the older operations of its kind on the same handle.
    void keep_in_order(OverlappedEntry& entry) noexcept { entry.in_order_ = true; }

    /// Idle, or its packet has come: its outcome waits to be reported; behind the older ones that
    /// are in flight, where it must be.
    void finish(OverlappedEntry& entry) noexcept;

    /// An older one that it must be behind waits to be reported.
    [[nodiscard]] bool is_behind_a_finished_one(const OverlappedEntry& entry) const noexcept;

    /// To be called when an operation that was in flight is reported, or waits to be: lets those go
    /// on that were held behind it.
    void let_go_on(const OverlappedEntry& done) noexcept;

    /// Nothing is in flight any more that anything could be behind.
    void let_all_go_on() noexcept;

    /// Takes the one that waits longest to be reported; null where none does.
    [[nodiscard]] OverlappedEntry* next_finished() noexcept;

    /// It has been handed to the user, who may release it.
    void note_reported(OverlappedEntry& entry) noexcept { entry.reported_ = true; }

    /// A readiness entry whose read was taken note of: idle again, for the next.
    void rest(OverlappedEntry& entry) noexcept;

    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
    /// Those that can be reported now.
    [[nodiscard]] std::uint32_t finished() const noexcept { return finished_; }

    /// Those in flight, the oldest first; null at the end.
    [[nodiscard]] OverlappedEntry* first_in_flight() const noexcept { return at(oldest_); }
    [[nodiscard]] OverlappedEntry* next_in_flight(const OverlappedEntry& entry) const noexcept {
        return at(entry.next_);
    }

    [[nodiscard]] static Purpose purpose_of(const OverlappedEntry& entry) noexcept {
        return entry.purpose_;
    }
    /// Its packet is to be expected.
    [[nodiscard]] static bool is_under_way(const OverlappedEntry& entry) noexcept {
        return entry.state_ == OverlappedState::in_flight ||
               entry.state_ == OverlappedState::cancelling;
    }
    [[nodiscard]] static bool is_datagram(const OverlappedEntry& entry) noexcept {
        return entry.datagram_;
    }
    [[nodiscard]] static bool was_reported(const OverlappedEntry& entry) noexcept {
        return entry.reported_;
    }
    [[nodiscard]] static Slot slot_of(const OverlappedEntry& entry) noexcept {
        return Slot{entry.slot_};
    }
    [[nodiscard]] static std::uint32_t generation_of(const OverlappedEntry& entry) noexcept {
        return entry.generation_;
    }
    [[nodiscard]] static std::uint32_t code_of(const OverlappedEntry& entry) noexcept {
        return entry.code_;
    }
    [[nodiscard]] static Handle& accepted_by(OverlappedEntry& entry) noexcept {
        return entry.accepted_;
    }

    /// The number of an entry in the pool, and the entry of a number.
    [[nodiscard]] std::uint32_t index_of(const OverlappedEntry& entry) const noexcept {
        return pool_.index_of(entry);
    }
    [[nodiscard]] OverlappedEntry& operator[](std::uint32_t index) const noexcept {
        return pool_[index];
    }

    /// An entry of this pool that is in use; null for any other pointer.
    [[nodiscard]] OverlappedEntry* find(const void* entry) const noexcept {
        return pool_.find_by_overlapped(entry);
    }
    [[nodiscard]] bool is_entry(const void* address) const noexcept {
        return pool_.is_entry(address);
    }

private:
    static constexpr std::uint32_t no_entry = OverlappedEntry::no_entry;

    /// A list that runs through `next_`.
    struct Queue {
        std::uint32_t first = no_entry;
        std::uint32_t last = no_entry;
    };
    void append(Queue& queue, OverlappedEntry& entry) noexcept;

    /// Both must be reported in order, and `other` comes first.
    [[nodiscard]] static bool is_behind(const OverlappedEntry& entry,
                                        const OverlappedEntry& other) noexcept {
        return entry.in_order_ && other.in_order_ && entry.slot_ == other.slot_ &&
               entry.generation_ == other.generation_ && entry.operation == other.operation &&
               static_cast<std::int32_t>(entry.order_ - other.order_) > 0;
    }
    [[nodiscard]] bool is_behind_any_of(const OverlappedEntry& entry,
                                        std::uint32_t first) const noexcept;

    [[nodiscard]] OverlappedEntry* at(std::uint32_t index) const noexcept {
        return index != no_entry ? &pool_[index] : nullptr;
    }

    EntryPool& pool_;
    std::uint32_t oldest_ = no_entry;
    std::uint32_t newest_ = no_entry;
    std::uint32_t in_flight_ = 0;
    Queue ready_;  ///< Those that wait to be reported,
    Queue held_;   ///< and those that wait for older ones before that.
    std::uint32_t finished_ = 0;
    std::uint32_t taken_ = 0;  ///< Entries taken since creation, modulo 2^32.
};

}  // namespace wakepoll::core
