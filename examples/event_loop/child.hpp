// A child process on the loop: feeds its input, reads its output and errors, and reports its exit,
// all in the loop's one wait.
//
// The exit is reported once, after both of its streams have ended and it has exited: by then
// everything that it wrote was delivered. Everything happens on the loop's thread. A callback may
// do anything with the child, including destroying it. Destroy the child before its loop; that
// kills it if it still runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "event_loop.hpp"
#include "process.hpp"

namespace example {

struct ChildCallbacks {
    std::function<void(std::string_view)> output;  ///< What it wrote to its standard output.
    std::function<void(std::string_view)> errors;  ///< What it wrote to its standard error.
    std::function<void(int exit_code)> ended;
};

class Child {
public:
    Child(EventLoop& loop, ChildCallbacks callbacks)
        : loop_(loop), callbacks_(std::move(callbacks)) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    /// Runs a program with its arguments. Called once. If it fails there is no child, and no
    /// callback is called.
    [[nodiscard]] std::error_code start(const std::vector<std::string>& command);

    /// Adds to the child's standard input. The data is kept until the child has read it, and
    /// dropped if the child no longer reads.
    void write(std::string_view data);

    /// Ends its standard input, after everything written so far.
    void end_input();

    /// Kills the child. Its exit is reported as usual.
    void kill();

private:
    class Reader;
    class Writer;

    void end_if_over();
    void abandon();

    EventLoop& loop_;
    ChildCallbacks callbacks_;
    process::Process process_;
    // Shared with the transfers in flight, which use the buffers until they end.
    std::shared_ptr<Writer> input_;
    std::shared_ptr<Reader> output_;
    std::shared_ptr<Reader> errors_;
    bool exited_ = false;
    bool over_ = false;  // reported, or abandoned; there is no process any more
};

}  // namespace example
