// Shared by the files of the simulated World: its private part, and how they fail a test.
//
// Included only by world_sim*.cpp. `need` finds the object of a handle, or fails the test with what
// it was needed for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "console.hpp"
#include "kernel.hpp"
#include "world.hpp"

namespace wakepoll::test {

[[noreturn]] inline void fail(const char* what) { throw std::runtime_error(what); }

inline void require(bool condition, const char* what) {
    if (!condition) {
        fail(what);
    }
}

/// The object of a handle, which must be of this class.
template <class T>
std::shared_ptr<T> need(const sim::ModelLock& model, Handle handle, const char* what) {
    std::shared_ptr<T> object = model->handles.find_as<T>(handle);
    require(object != nullptr, what);
    return object;
}

/// What the World opened, with the objects, so that a recycled number is not mistaken for its own.
struct World::Impl {
    struct Opened {
        Handle handle;
        std::weak_ptr<sim::Object> object;
    };

    sim::Kernel& kernel = sim::Kernel::current();
    static constexpr std::size_t few = 1024;
    std::vector<Opened> opened;
    std::size_t enough = few;  ///< How many are opened before the next look for closed ones.
    /// The console of this process; created on first use.
    std::shared_ptr<sim::Console> console;
    std::vector<std::thread> threads;
    /// Actions of `beside` that have not run. Shared with the actors that run them, which may
    /// outlive the World.
    struct Pending {
        std::vector<std::pair<std::uint64_t, std::function<void()>>> actions;
        std::uint64_t next = 0;
    };
    std::shared_ptr<Pending> pending = std::make_shared<Pending>();

    Handle open(sim::ModelLock& model, const std::shared_ptr<sim::Object>& object) {
        const Handle handle = model->handles.open(object);
        opened.push_back({handle, object});
        if (opened.size() >= enough) {
            // A test may go on for minutes, and a weak pointer keeps the memory of its object.
            std::erase_if(opened, [](const Opened& one) { return one.object.expired(); });
            enough = 2 * opened.size() + few;
        }
        return handle;
    }

    /// When an unanswered connect will be refused.
    std::chrono::nanoseconds refusal(const sim::ModelLock& model) const {
        return model.now() + kernel.traits().refusal_delay;
    }

    /// A new object for kinds that can be read and written; null for others.
    static std::shared_ptr<sim::Object> make_file(Thing kind);

    /// Runs the action with this number unless it has run; false if all have run.
    static bool run(Pending& pending, std::uint64_t number) {
        for (auto it = pending.actions.begin(); it != pending.actions.end(); ++it) {
            if (it->first == number) {
                const std::function<void()> action = std::move(it->second);
                pending.actions.erase(it);
                action();
                return true;
            }
        }
        return false;
    }
};

}  // namespace wakepoll::test
