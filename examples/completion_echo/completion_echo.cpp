// Submits operations, and handles each completion.
#include "completion_echo.hpp"

#include <ws2tcpip.h>

#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

namespace example {

namespace {

using wakepoll::Completion;
using wakepoll::IoOperation;
using wakepoll::OsPoller;

std::error_code winsock_error() {
    return wakepoll::win32_error(static_cast<std::uint32_t>(WSAGetLastError()));
}

std::string text_of(std::span<const std::byte> address) {
    std::array<char, 80> host{};
    std::array<char, 16> port{};
    // A sockaddr that AcceptEx has written may be misaligned, so it is copied first.
    sockaddr_storage copy{};
    std::copy_n(address.data(), std::min(address.size(), sizeof copy),
                reinterpret_cast<std::byte*>(&copy));
    if (getnameinfo(reinterpret_cast<const sockaddr*>(&copy), static_cast<int>(address.size()),
                    host.data(), static_cast<DWORD>(host.size()), port.data(),
                    static_cast<DWORD>(port.size()), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "?";
    }
    return std::string(host.data()) + ":" + port.data();
}

}  // namespace

std::error_code CompletionEcho::open() {
    listener_ = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int length = sizeof address;
    if (listener_ == INVALID_SOCKET ||
        bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        return winsock_error();
    }
    port_ = ntohs(address.sin_port);
    acceptors_.resize(options_.accepts);
    for (Acceptor& acceptor : acceptors_) {
        if (const std::error_code error = submit(acceptor)) {
            return error;
        }
    }
    return {};
}

std::error_code CompletionEcho::run(std::uint64_t connections) {
    std::array<wakepoll::NativeEvent, 64> events;
    while (connections == 0 || counts_.closed() < connections) {
        const bool all_served = serve_queue();
        const wakepoll::WaitResult result = poller_.wait(
            events, all_served ? wakepoll::wait_forever : wakepoll::Timeout(options_.read_turn));
        for (const wakepoll::NativeEvent& event : result.events()) {
            handle(event);
        }
        if (result.error) {
            return result.error;
        }
        end_long_turns();
    }
    return {};
}

void CompletionEcho::close() {
    closing_ = true;
    if (listener_ != INVALID_SOCKET) {
        closesocket(std::exchange(listener_, INVALID_SOCKET));
    }
    for (Connection& connection : connections_) {
        connection.attached.detach();
        closesocket(std::exchange(connection.socket, INVALID_SOCKET));
    }
    // The kernel uses the buffers until the end of each operation has been reported.
    std::array<wakepoll::NativeEvent, 64> events;
    while (operations_ > 0) {
        const wakepoll::WaitResult result = poller_.wait(events);
        for (const wakepoll::NativeEvent& event : result.events()) {
            handle(event);
        }
        if (result.error) {
            poller_.dispose();  // A poller that cannot wait any more ends them this way.
            break;
        }
    }
    queue_.clear();
    connections_.clear();
}

// Completions
// -----------------------------------------------------------------------------------

// The user data of an operation is a pointer to the object that waits for it.
void CompletionEcho::handle(const wakepoll::NativeEvent& event) {
    const Completion& completion = *event.completion;
    --operations_;
    // The completion stays valid; its entry is free for the next operation from now on.
    (void)poller_.overlapped_pool().release(completion.entry);
    if (completion.operation == IoOperation::accept) {
        accepted(*event.ptr<Acceptor>(), completion);
        return;
    }
    Connection& connection = *event.ptr<Connection>();
    connection.in_flight = nullptr;
    if (closing_) {
        return;  // `close` is about to destroy it.
    }
    if (completion.operation == IoOperation::read) {
        has_read(connection, completion);
    } else {
        has_written(connection, completion);
    }
}

void CompletionEcho::accepted(Acceptor& acceptor, const Completion& completion) {
    acceptor.in_flight = false;
    const auto socket = static_cast<SOCKET>(completion.accepted.value());
    if (closing_) {
        if (!completion.error) {
            closesocket(socket);  // It was accepted before the listener was closed.
        }
        return;
    }
    if (!completion.error) {
        ++counts_.accepted;
        if (options_.verbose) {
            const wakepoll::AcceptedAddresses addresses =
                OsPoller::accepted_addresses(completion, acceptor.addresses);
            std::printf("%s connected to %s\n", text_of(addresses.remote).c_str(),
                        text_of(addresses.local).c_str());
        }
        connections_.emplace_back();
        Connection& connection = connections_.back();
        connection.place = std::prev(connections_.end());
        connection.socket = socket;
        // One that cannot be attached is dropped when its first read is refused.
        if (auto attached = poller_.attach(completion.accepted)) {
            connection.attached = std::move(*attached);
        }
        queue_.push_back(&connection);
    }
    // The next accept gets the entry of this one. An accept that failed (its peer had gone already)
    // is replaced too; one that cannot be submitted now is retried before every wait.
    (void)submit(acceptor);
}

void CompletionEcho::has_read(Connection& connection, const Completion& completion) {
    if (completion.error == std::errc::operation_canceled) {
        queue_.push_back(&connection);  // Its turn was over.
    } else if (completion.error) {
        drop(connection, false);
    } else if (completion.bytes == 0) {
        drop(connection, true);  // Everything that the peer has sent was sent back.
    } else {
        connection.unsent = completion.bytes;
        (void)submit_or_queue(connection);
    }
}

void CompletionEcho::has_written(Connection& connection, const Completion& completion) {
    if (completion.error) {
        drop(connection, false);
        return;
    }
    counts_.bytes += completion.bytes;
    connection.unsent = 0;
    // To read again it queues behind those that wait already.
    queue_.push_back(&connection);
}

void CompletionEcho::drop(Connection& connection, bool completed) {
    ++(completed ? counts_.completed : counts_.failed);
    if (completed) {
        shutdown(connection.socket, SD_SEND);
    }
    connection.attached.detach();
    closesocket(connection.socket);
    connections_.erase(connection.place);
}

// Submitting
// ------------------------------------------------------------------------------------

std::error_code CompletionEcho::submit(Acceptor& acceptor) {
    const auto entry = poller_.submit_accept(listener_, acceptor.addresses, &acceptor);
    if (entry) {
        acceptor.in_flight = true;
        ++operations_;
    }
    return entry.error();
}

std::error_code CompletionEcho::submit(Connection& connection) {
    const std::span buffer(connection.buffer);
    const auto entry = connection.unsent > 0
                           ? poller_.submit_write(connection.attached,
                                                  buffer.first(connection.unsent), &connection)
                           : poller_.submit_read(connection.attached, buffer, &connection);
    if (entry) {
        ++operations_;
        connection.in_flight = *entry;
        connection.since = Clock::now();
        connections_.splice(connections_.end(), connections_, connection.place);
    }
    return entry.error();
}

// False if no entry is free: then the connection is the first in the queue.
bool CompletionEcho::submit_or_queue(Connection& connection) {
    const std::error_code error = submit(connection);
    if (error == std::errc::resource_unavailable_try_again) {
        queue_.push_front(&connection);
        return false;
    }
    if (error) {
        drop(connection, false);
    }
    return true;
}

// False if a connection still waits for an entry.
bool CompletionEcho::serve_queue() {
    bool all_accept = true;
    for (Acceptor& acceptor : acceptors_) {
        all_accept &= acceptor.in_flight || !submit(acceptor);
    }
    bool room = poller_.overlapped_pool().has_available();
    while (room && !queue_.empty()) {
        Connection& connection = *queue_.front();
        queue_.pop_front();
        room = submit_or_queue(connection);
    }
    counts_.most_queued = std::max<std::uint64_t>(counts_.most_queued, queue_.size());
    return all_accept && queue_.empty();
}

void CompletionEcho::end_long_turns() {
    std::size_t wanted = queue_.size();
    const Clock::time_point now = Clock::now();
    for (auto it = connections_.begin(); it != connections_.end() && wanted > 0; ++it) {
        const auto turn = it->unsent > 0 ? options_.write_turn : options_.read_turn;
        if (it->in_flight != nullptr && now - it->since >= turn) {
            // It is reported like any other: as canceled, or with what has arrived by then.
            (void)poller_.cancel(it->in_flight);
            it->since = now;
            --wanted;
            ++counts_.turns_ended;
        }
    }
}

}  // namespace example
