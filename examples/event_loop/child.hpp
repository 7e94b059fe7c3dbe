// A child process on the loop: its input is fed, its output and its errors are read, and its end is
// seen, all in the loop's one wait.
//
// The end of a child is told once, after both of its streams have ended and it has exited: by then
// everything that it wrote was handed over. Everything happens on the loop's thread. A callback may
// do anything with the child, including destroying it. The child must be destroyed before its loop;
// one that still runs then is killed.
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
    std::function<void(std::string_view)> errors;  ///< The same of its standard error.
    std::function<void(int exit_code)> ended;
};

class Child {
public:
    Child(EventLoop& loop, ChildCallbacks callbacks)
        : loop_(loop), callbacks_(std::move(callbacks)) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    /// Runs a program with its arguments. Called once. Where it fails there is no child, and no
    /// callback is called.
    [[nodiscard]] std::error_code start(const std::vector<std::string>& command);

    /// Adds to what the child reads from its standard input. It is kept until the child has read
    /// it, and dropped where the child does not read any more.
    void write(std::string_view data);

    /// Ends its standard input, after what was written before.
    void end_input();

    /// Ends the child by force. It is told like any other end.
    void kill();

private:
    class Reader;
    class Writer;

    void end_if_over();
    void abandon();

    EventLoop& loop_;
    ChildCallbacks callbacks_;
    process::Process process_;
    // Shared with the transfers in flight, to which the buffers belong until they end.
    std::shared_ptr<Writer> input_;
    std::shared_ptr<Reader> output_;
    std::shared_ptr<Reader> errors_;
    bool exited_ = false;
    bool over_ = false;  // told, or abandoned; there is no process any more
};

}  // namespace example
