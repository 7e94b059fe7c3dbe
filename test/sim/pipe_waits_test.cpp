// The model's waiting reads of a synchronous pipe, by a thread of the pool.
#include <array>
#include <atomic>
#include <memory>

#include "wait_fixture.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;
using sys::ThreadPoolWait;
using test::Thing;

/// The reading end of a synchronous pipe, as a wait sees it.
class ReadEnd final : public Object {
public:
    ReadEnd() noexcept : Object(Kind::anonymous_pipe) {}

    void set_readable(bool readable) noexcept { readable_ = readable; }

    [[nodiscard]] bool signalled() const noexcept override { return true; }
    [[nodiscard]] bool has_something_to_read() const noexcept override { return readable_; }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return false; }

private:
    bool readable_ = false;
};

struct PipeFixture : WaitFixture {
    using WaitFixture::WaitFixture;

    std::shared_ptr<ReadEnd> end = std::make_shared<ReadEnd>();
    Handle pipe = kernel.open(end);
    CountedWait wait;

    void write() {
        ModelLock model(kernel);
        end->set_readable(true);
    }
    bool is_read() {
        ModelLock model(kernel);
        return model->waits.is_read(*end);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_pipe_waits)

BOOST_AUTO_TEST_CASE(a_read_returns_when_there_is_something_and_takes_nothing) {
    for (const Personality personality : all_personalities) {
        PipeFixture fixture(personality);
        BOOST_TEST(fixture.wait.arm_on_pipe(fixture.pipe));
        fixture.let_callbacks_run();
        // The signalled state of the pipe as an object does not matter.
        BOOST_TEST(fixture.wait.fired == 0);
        BOOST_TEST(fixture.is_read());
        fixture.write();
        BOOST_TEST(!fixture.is_read());
        fixture.let_callbacks_run();
        BOOST_TEST(fixture.wait.fired == 1);
        BOOST_TEST(fixture.end->has_something_to_read());
        fixture.let_callbacks_run();
        BOOST_TEST(fixture.wait.fired == 1);
    }
}

BOOST_FIXTURE_TEST_CASE(a_write_ends_the_read_of_a_blocked_call, PipeFixture) {
    struct Context {
        CompletionPort& port;
        std::atomic<int> refused = 0;
    } context{port};
    ThreadPoolWait posting;
    BOOST_TEST(!posting.arm_on_pipe(
        pipe,
        [](void* pointer, const sys::ThreadPoolWait&) noexcept {
            auto& seen = *static_cast<Context*>(pointer);
            seen.refused += seen.port.post(1) ? 1 : 0;
        },
        &context));
    kernel.when_blocked([&] { write(); });
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, kernel_infinite).value() == 1U);
    BOOST_TEST(context.refused == 0);
}

BOOST_FIXTURE_TEST_CASE(closing_the_pipe_ends_the_read, PipeFixture) {
    const Handle other = kernel.open(end);
    BOOST_TEST(wait.arm_on_pipe(pipe));
    world.close_handle(pipe);
    let_callbacks_run();
    // The pipe has another handle.
    BOOST_TEST(wait.fired == 0);
    world.close_handle(other);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 1);
}

BOOST_FIXTURE_TEST_CASE(a_read_that_is_refused_calls_back, PipeFixture) {
    world.close_handle(pipe);
    for (const Handle handle : {pipe, world.never_a_handle(), world.thing(Thing::event),
                                world.thing(Thing::named_pipe)}) {
        CountedWait refused;
        BOOST_TEST(refused.arm_on_pipe(handle));
        let_callbacks_run();
        BOOST_TEST(refused.fired == 1);
    }
}

BOOST_FIXTURE_TEST_CASE(a_read_is_not_begun_where_that_is_planned, PipeFixture) {
    write();
    kernel.fail_next(Call::pipe_wait_arm, 8);
    BOOST_TEST(!wait.arm_on_pipe(pipe));
    wait.wait.disarm();
    BOOST_TEST(kernel.calls(Call::wait_disarm) == 0U);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
}

BOOST_FIXTURE_TEST_CASE(disarming_ends_the_read, PipeFixture) {
    BOOST_TEST(wait.arm_on_pipe(pipe));
    wait.wait.disarm();
    BOOST_TEST(!is_read());
    write();
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
    BOOST_TEST(wait.arm_on_pipe(pipe));
    let_callbacks_run();
    BOOST_TEST(wait.fired == 1);
}

BOOST_FIXTURE_TEST_CASE(one_wait_serves_an_object_and_then_a_pipe, PipeFixture) {
    const Handle event = world.thing(Thing::event);
    BOOST_TEST(wait.arm(event));
    BOOST_TEST(wait.arm_on_pipe(pipe));
    world.signal(event);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
    BOOST_TEST(is_read());
    BOOST_TEST(wait.arm(event));
    BOOST_TEST(!is_read());
    let_callbacks_run();
    BOOST_TEST(wait.fired == 1);
}

BOOST_AUTO_TEST_CASE(threaded_a_write_ends_a_read) {
    PipeFixture fixture(Options{.mode = Mode::threaded, .early_waits = false});
    struct Context {
        CompletionPort& port;
        std::atomic<int> refused = 0;
    } context{fixture.port};
    ThreadPoolWait wait;
    BOOST_TEST(!wait.arm_on_pipe(
        fixture.pipe,
        [](void* pointer, const sys::ThreadPoolWait&) noexcept {
            auto& seen = *static_cast<Context*>(pointer);
            seen.refused += seen.port.post(1) ? 1 : 0;
        },
        &context));
    fixture.world.beside([&] { fixture.write(); });
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(fixture.port.dequeue(packets, patience).value() == 1U);
    fixture.world.join();
    BOOST_TEST(context.refused == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
