// The base class of every kernel object of the model; a handle refers to one.
//
// An object knows its kind, whether it is signalled as a waitable object, what a wait that ends
// takes of that, and what happens when its last handle is closed. It knows neither the kernel nor
// its lock: the caller holds the kernel's lock, and the kernel processes the changes when that lock
// is released. A new kind of object (a pipe with data, an AFD device) is a class derived from
// `Object`; `PlainObject` is enough for objects that only have to be classified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "personality.hpp"

namespace wakepoll::sim {

class Port;

enum class Kind : std::uint8_t {
    socket,
    port,
    disk_file,
    directory,
    null_device,
    console,
    event,
    anonymous_pipe,
    named_pipe,
    process,
    thread,
    semaphore,
    timer,
    afd_device,
};

class Object {
public:
    explicit Object(Kind kind) noexcept : kind_(kind) {}
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    virtual ~Object() = default;

    [[nodiscard]] Kind kind() const noexcept { return kind_; }

    /// True if a wait for the object would end at once.
    [[nodiscard]] virtual bool signalled() const noexcept = 0;

    /// The effect of a successful wait: resets an auto-reset event or timer and decrements the
    /// count of a semaphore. Does nothing to other objects.
    virtual void take_signal() noexcept {}

    /// For a synchronous pipe: a read of no bytes would return, because there is data or the other
    /// end is gone.
    [[nodiscard]] virtual bool has_something_to_read() const noexcept { return false; }
    /// For a pipe: a read returns at once, whatever it finds.
    [[nodiscard]] virtual bool never_waits() const noexcept { return false; }

    /// Files of any kind can be opened for overlapped use, and only files can belong to a port.
    [[nodiscard]] virtual bool is_file() const noexcept = 0;
    [[nodiscard]] virtual bool is_overlapped() const noexcept = 0;

    void handle_opened() noexcept { ++handles_; }
    void handle_closed(const Traits& traits) {
        if (--handles_ == 0) {
            last_handle_closed(traits);
        }
    }
    [[nodiscard]] bool has_handles() const noexcept { return handles_ != 0; }

    /// The port that gets the packets of this object's operations; null if there is none.
    [[nodiscard]] Port* port() const noexcept { return port_.get(); }
    [[nodiscard]] const std::shared_ptr<Port>& shared_port() const noexcept { return port_; }
    [[nodiscard]] std::uintptr_t key() const noexcept { return key_; }
    void associate(std::shared_ptr<Port> port, std::uintptr_t key) noexcept {
        port_ = std::move(port);
        key_ = key;
    }

    /// For a file: calls that succeed at once post no packet. Cannot be undone.
    [[nodiscard]] bool skips_packets() const noexcept { return skips_packets_; }
    void skip_packets() noexcept { skips_packets_ = true; }

    /// For a file: FILE_SKIP_SET_USER_EVENT_ON_FAST_IO is set. Cannot be undone.
    [[nodiscard]] bool is_marked() const noexcept { return is_marked_; }
    void mark() noexcept { is_marked_ = true; }

protected:
    virtual void last_handle_closed(const Traits&) {}

private:
    Kind kind_;
    std::size_t handles_ = 0;
    std::shared_ptr<Port> port_;
    std::uintptr_t key_ = 0;
    bool skips_packets_ = false;
    bool is_marked_ = false;
};

/// An object that only has to be classified or associated with a port.
class PlainObject final : public Object {
public:
    explicit PlainObject(Kind kind) noexcept : Object(kind) {}

    /// A file without operations is always signalled; any other object never is.
    [[nodiscard]] bool signalled() const noexcept override { return is_file(); }

    [[nodiscard]] bool is_file() const noexcept override {
        switch (kind()) {
            case Kind::disk_file:
            case Kind::directory:
            case Kind::null_device:
            case Kind::console:
            case Kind::anonymous_pipe:
            case Kind::named_pipe:
                return true;
            default:
                return false;
        }
    }

    [[nodiscard]] bool is_overlapped() const noexcept override {
        return kind() == Kind::disk_file || kind() == Kind::named_pipe;
    }
};

}  // namespace wakepoll::sim
