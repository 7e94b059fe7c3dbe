// Handles of the simulated World that are not sockets, and how they are signalled. See world.hpp.
#include <memory>

#include "console.hpp"
#include "waitable_timer.hpp"
#include "waitables.hpp"
#include "world_sim_impl.hpp"

namespace wakepoll::test {
namespace {

using sim::Console;
using sim::Event;
using sim::Kind;
using sim::ModelLock;
using sim::PlainObject;
using sim::Reset;
using sim::Semaphore;
using sim::Task;
using sim::WaitableTimer;

// More than any test releases before it waits.
constexpr std::uint32_t semaphore_maximum = 1024;

std::shared_ptr<sim::Object> make(Thing kind) {
    switch (kind) {
        case Thing::directory:
            return std::make_shared<PlainObject>(Kind::directory);
        case Thing::null_device:
            return std::make_shared<PlainObject>(Kind::null_device);
        case Thing::event:
            return std::make_shared<Event>(Reset::manual);
        case Thing::auto_reset_event:
            return std::make_shared<Event>(Reset::automatic);
        case Thing::timer:
            return std::make_shared<WaitableTimer>(Reset::manual);
        case Thing::auto_reset_timer:
            return std::make_shared<WaitableTimer>(Reset::automatic);
        case Thing::semaphore:
            return std::make_shared<Semaphore>(0, semaphore_maximum);
        case Thing::process:
        case Thing::child_process:
            return std::make_shared<Task>(Kind::process);
        case Thing::thread:
        case Thing::child_thread:
            return std::make_shared<Task>(Kind::thread);
        default:
            break;
    }
    fail("thing: of no known kind");
}

sys::ConsoleRecord record_of(ConsoleInput input) {
    switch (input) {
        case ConsoleInput::key:
        case ConsoleInput::alt_character:
            return sys::ConsoleRecord::character;
        case ConsoleInput::key_release:
        case ConsoleInput::shift:
            return sys::ConsoleRecord::key;
        default:
            return sys::ConsoleRecord::other;
    }
}

}  // namespace

Handle World::thing(Thing kind) {
    ModelLock model(impl_->kernel);
    const std::shared_ptr<sim::Object> file = Impl::make_file(kind);
    return impl_->open(model, file != nullptr ? file : make(kind));
}

void World::signal(Handle thing) {
    ModelLock model(impl_->kernel);
    const auto object = need<sim::Object>(model, thing, "signal: no handle");
    if (const auto event = std::dynamic_pointer_cast<Event>(object)) {
        event->set();
    } else if (const auto semaphore = std::dynamic_pointer_cast<Semaphore>(object)) {
        require(semaphore->release(), "signal: the semaphore's count is at its maximum");
    } else if (const auto timer = std::dynamic_pointer_cast<WaitableTimer>(object)) {
        timer->fire();
    } else if (const auto task = std::dynamic_pointer_cast<Task>(object)) {
        task->end();
    } else {
        fail("signal: nothing that can be signalled");
    }
}

void World::reset_signal(Handle thing) {
    ModelLock model(impl_->kernel);
    const auto object = need<sim::Object>(model, thing, "reset_signal: no handle");
    if (const auto event = std::dynamic_pointer_cast<Event>(object)) {
        event->reset();
    } else if (const auto timer = std::dynamic_pointer_cast<WaitableTimer>(object)) {
        timer->reset();
    } else {
        fail("reset_signal: neither an event nor a timer");
    }
}

Handle World::console() {
    ModelLock model(impl_->kernel);
    if (impl_->console == nullptr) {
        impl_->console = std::make_shared<Console>();
    }
    impl_->console->clear();
    return impl_->open(model, impl_->console);
}

void World::console_input(Handle console, ConsoleInput input) {
    ModelLock model(impl_->kernel);
    need<Console>(model, console, "console_input: no console")->add(record_of(input));
}

std::size_t World::drain_console(Handle console) {
    ModelLock model(impl_->kernel);
    const auto input = need<Console>(model, console, "drain_console: no console");
    std::size_t keys = 0;
    while (input->signalled()) {
        keys += input->take() != sys::ConsoleRecord::other ? 1U : 0U;
    }
    return keys;
}

}  // namespace wakepoll::test
