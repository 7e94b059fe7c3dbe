// The input of a console in the model: a queue of records, signalled while it is not empty.
//
// Records of any kind signal it, also those of the mouse, of the focus and of a key that is
// released, so code that waits for characters has to examine the records and remove the others. A
// console is a file, but not one that can be opened for overlapped use, so it cannot be associated
// with a port. Used under the kernel's lock.
#pragma once

#include <cstddef>
#include <deque>

#include "object.hpp"
#include "sys/console.hpp"

namespace wakepoll::sim {

class Console final : public Object {
public:
    Console() noexcept : Object(Kind::console) {}

    void add(sys::ConsoleRecord record) { records_.push_back(record); }

    /// The oldest record; `none` if the queue is empty.
    [[nodiscard]] sys::ConsoleRecord next() const noexcept {
        return records_.empty() ? sys::ConsoleRecord::none : records_.front();
    }

    /// Takes the oldest record. The queue must not be empty.
    sys::ConsoleRecord take() {
        const sys::ConsoleRecord record = records_.front();
        records_.pop_front();
        return record;
    }

    void clear() noexcept { records_.clear(); }

    [[nodiscard]] bool signalled() const noexcept override { return !records_.empty(); }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return false; }

private:
    std::deque<sys::ConsoleRecord> records_;
};

}  // namespace wakepoll::sim
