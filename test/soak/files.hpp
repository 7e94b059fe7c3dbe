// Files on the loop: each is written and read by overlapped operations, compared, and closed.
//
// A file is made anew for each turn, so that handles come, are tied to the port, and go. The third
// turn in a row closes its file with the operation in flight, as a program that gives up does: what
// becomes of the operation is reported all the same.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "event_loop.hpp"
#include "load.hpp"

namespace soak {

class Files final : public Load {
public:
    /// So many files at a time.
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
