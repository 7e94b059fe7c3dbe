// The input of a console in the model: a queue of records, signalled while there is any.
//
// A record of any kind signals it, also the mouse's, the focus's and that of a key that is let go,
// so whoever waits for characters has to look at what is there and take away what is none. A
// console is a file, but not one that can be opened for overlapped use; so no port takes it. Used
// under the kernel's lock.
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

    /// The oldest record; `none` where there is none.
    [[nodiscard]] sys::ConsoleRecord next() const noexcept {
        return records_.empty() ? sys::ConsoleRecord::none : records_.front();
    }

    /// Takes the oldest record, which must be there.
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
