// Files on the loop: each is written and read by overlapped operations, compared, and closed.
//
// A file is recreated for each turn, so that handles are opened, associated with the port, and
// closed. Every third turn closes its file with the operation in flight, as a program that gives up
// does: the operation's end is reported all the same.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "event_loop.hpp"
#include "load.hpp"

namespace soak {

class Files final : public Load {
public:
    /// This many files at a time.
    Files(example::EventLoop& loop, std::uint64_t files);
    ~Files() override;

    [[nodiscard]] std::string_view name() const override { return "files"; }
    void go() override;
    void rest() override { running_ = false; }
    [[nodiscard]] bool is_at_rest() const override { return busy_ == 0; }
    [[nodiscard]] std::uint64_t done() const override { return done_; }

private:
    class File;

    /// A file's turn is over.
    void ended(File& file);

    example::EventLoop& loop_;
    bool running_ = false;
    std::uint64_t busy_ = 0;
    std::uint64_t done_ = 0;
    std::vector<std::unique_ptr<File>> files_;
};

}  // namespace soak
