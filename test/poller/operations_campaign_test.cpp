// P8 over many random programs: each operation is reported exactly once or drained by `dispose`.
//
// A run is a kernel with a seed and a short program of random steps: handles are opened and closed,
// operations submitted, cancelled and reported, peers send, take, reset and go, kernel calls fail,
// the poller is disposed of at any moment. The model (operations_model.hpp) says what may come of
// it. The programs are dealt out among the backends. A failure names the run; SEED, PERSONALITY and
// BACKEND in the environment replay it alone, and RUNS is how many there are.
#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "backends.hpp"
#include "kernel.hpp"
#include "operations_model.hpp"
#include "printing.hpp"
#include "random.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t usual_runs = 12'000;
#else
constexpr std::uint64_t usual_runs = 100'002;
#endif

class Program {
public:
    Program(sim::Kernel& kernel, std::uint64_t seed)
        : kernel_(kernel), random_(seed * 977 + 5), poller_(make_poller()) {}

    void run() {
        const bool with_faults = one_in(4);
        if (one_in(3)) {
            idle_ = world_.tcp_pair().local;  // Makes waits ask about sockets, too.
            hold(!poller_.register_handle(idle_, IoInterest::read, 0xFFFF), "not registered");
        }
        for (std::uint64_t opened = 1 + below(3); opened > 0; --opened) {
            open();
        }
        if (with_faults) {
            kernel_.fail_randomly(0.05);
            faulty_ = true;
        }
        const std::uint64_t steps = 20 + below(41);
        for (std::uint64_t i = 0; i < steps && !disposed_; ++i) {
            step();
        }
        kernel_.clear_faults();
        faulty_ = false;
        world_.join();
        if (!disposed_ && one_in(2)) {
            finish();
        }
        if (!disposed_) {
            dispose();
        }
        settle_and_check();
    }

    [[nodiscard]] std::size_t operations() const { return model_.started; }

private:
    using State = ModelOperation::State;

    static OsPoller make_poller() {
        return OsPoller::create(under_test({.max_registrations = 32, .max_overlapped_entries = 8}))
            .value();
    }

    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
    [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }

    void step() {
        switch (below(28)) {
            case 0:
                open();
                break;
            case 1:
                close_one();
                break;
            case 2:
                peer_leaves();
                break;
            case 3:
            case 4:
                later([this](std::size_t number) { peer_puts(number); });
                break;
            case 5:
                later([this](std::size_t number) { peer_takes(number); });
                break;
            case 6:
                cancel_entry();
                break;
            case 7:
                cancel_handle();
                break;
            case 8:
                release_one();
                break;
            case 9:
                hold(poller_.post_wakeup() || faulty_, "no wake");
                break;
            case 10:
                if (one_in(6)) {
                    dispose();
                }
                break;
            case 11:
            case 12:
            case 13:
            case 14:
                wait_once(Timeout{std::chrono::milliseconds(below(3))});
                break;
            default:
                submit();
                break;
        }
        if (!disposed_) {
            check_counts();
        }
    }

    // Handles

    void open() {
        auto channel = std::make_unique<Channel>();
        channel->kind = static_cast<ChannelKind>(below(7));
        switch (channel->kind) {
            case ChannelKind::tcp:
            case ChannelKind::udp: {
                const bool tcp = channel->kind == ChannelKind::tcp;
                const SocketPair pair = tcp ? world_.tcp_pair() : world_.udp_pair();
                channel->local = pair.local;
                channel->peer = pair.peer;
                break;
            }
            case ChannelKind::byte_pipe:
            case ChannelKind::message_pipe: {
                const bool bytes = channel->kind == ChannelKind::byte_pipe;
                const PipePair pair =
                    world_.pipe_pair(bytes ? PipeKind::bytes : PipeKind::messages);
                channel->local = pair.local;
                channel->peer = pair.peer;
                break;
            }
            case ChannelKind::file:
                channel->local = world_.file_of(file_size);
                break;
            case ChannelKind::listener:
                channel->local = world_.listener();
                break;
            case ChannelKind::fresh:
                channel->local = world_.tcp_socket();
                break;
        }
        model_.channels.push_back(std::move(channel));
    }

    [[nodiscard]] std::size_t any_channel() { return below(model_.channels.size()); }

    void close_one() {
        Channel& channel = *model_.channels[any_channel()];
        if (!channel.open) {
            return;
        }
        if (one_in(8)) {
            // Forgotten rather than closed; what is in flight goes on.
            hold(poller_.unregister_handle(channel.local) == std::errc::no_such_file_or_directory,
                 "a handle of operations is registered");
            return;
        }
        channel.open = false;
        channel.is_socket() ? world_.close(channel.local) : world_.close_handle(channel.local);
    }

    void peer_leaves() {
        const std::size_t number = any_channel();
        const bool reset = one_in(2);
        world_.beside([this, number, reset] {
            Channel& channel = *model_.channels[number];
            if (!channel.peer || !channel.peer_open) {
                return;
            }
            channel.peer_open = false;
            if (!channel.is_socket()) {
                world_.close_handle(channel.peer);
            } else if (channel.kind == ChannelKind::tcp && reset) {
                world_.reset(channel.peer);
            } else {
                world_.close(channel.peer);
            }
        });
    }

    template <class Action>
    void later(Action action) {
        const std::size_t number = any_channel();
        if (one_in(2)) {
            action(number);
        } else {
            world_.beside([action, number] { action(number); });
        }
    }

    void peer_puts(std::size_t number) {
        Channel& channel = *model_.channels[number];
        if (channel.kind == ChannelKind::listener && channel.open) {
            (void)world_.connecting(channel.local);
        }
        if (!channel.peer || !channel.peer_open) {
            return;
        }
        std::array<std::byte, 40> bytes{};
        const std::size_t size = 1 + channel.put % bytes.size();
        const bool datagram = channel.kind == ChannelKind::udp;
        const std::size_t first = datagram ? channel.put & 0x7FU : channel.put;
        for (std::size_t i = 0; i < size; ++i) {
            bytes[i] =
                datagram && i == 0 ? static_cast<std::byte>(first) : pattern(number, first + i);
        }
        const Transfer put = world_.put(channel.peer, std::span(bytes).first(size));
        if (!put.error) {
            channel.put += datagram ? 1 : put.bytes;
        }
    }

    void peer_takes(std::size_t number) {
        Channel& channel = *model_.channels[number];
        if (!channel.is_stream() || !channel.peer_open) {
            return;
        }
        std::array<std::byte, 3000> bytes;
        const Transfer taken = world_.take(channel.peer, bytes);
        channel.taken.insert(channel.taken.end(), bytes.begin(),
                             bytes.begin() + static_cast<std::ptrdiff_t>(taken.bytes));
    }

    // Operations

    void submit() {
        const std::size_t to = any_channel();
        Channel& channel = *model_.channels[to];
        if (!channel.open) {
            return;
        }
        const IoOperation what = what_to_submit(channel);
        std::size_t size = 1 + below(30);
        if (what == IoOperation::write && one_in(4)) {
            size += 5000;  // More than a pipe takes.
        } else if (what == IoOperation::accept) {
            size = OsPoller::accept_address_size + (one_in(2) ? below(20) : 0);
        } else if (what == IoOperation::connect) {
            size = 0;
        }
        const std::size_t number = model_.operations.size();
        model_.operations.push_back(std::make_unique<ModelOperation>(to, what, size));
        ModelOperation& operation = *model_.operations.back();
        const std::span<std::byte> memory = operation.buffer.memory();
        const std::size_t entries = poller_.overlapped_count();
        const Result<OverlappedEntry*> entry = [&]() -> Result<OverlappedEntry*> {
            switch (what) {
                case IoOperation::read:
                    operation.offset =
                        channel.kind == ChannelKind::file ? below(file_size + 20) : 0;
                    return poller_.submit_read(channel.local, memory, number, operation.offset);
                case IoOperation::write:
                    std::ranges::fill(memory, mark_of(number));
                    operation.offset =
                        channel.kind == ChannelKind::file ? file_size + 6000 * number : 0;
                    return poller_.submit_write(channel.local, memory, number, operation.offset);
                case IoOperation::accept:
                    return poller_.submit_accept(channel.local, memory, number);
                default:
                    return poller_.submit_connect(channel.local, target(), number);
            }
        }();
        model_.submitted(number, entry);
        if (!entry) {
            hold(poller_.overlapped_count() == entries, "a refused submit keeps an entry");
            const bool full = entries == 8;
            hold(faulty_ || full || channel.kind == ChannelKind::fresh,
                 ("a submit was refused: " + entry.error().message()).c_str());
        }
        channel.connect_tried = channel.connect_tried || what == IoOperation::connect;
    }

    [[nodiscard]] IoOperation what_to_submit(const Channel& channel) {
        if (channel.kind == ChannelKind::listener) {
            return IoOperation::accept;
        }
        if (channel.kind == ChannelKind::fresh && (!channel.connect_tried || one_in(2))) {
            return IoOperation::connect;
        }
        return one_in(2) ? IoOperation::read : IoOperation::write;
    }

    /// The address of some listener, or of nobody.
    [[nodiscard]] std::vector<std::byte> target() {
        for (const auto& channel : model_.channels) {
            if (channel->kind == ChannelKind::listener && channel->open && one_in(2)) {
                return world_.address_of(channel->local);
            }
        }
        return world_.address_of_nobody();
    }

    void cancel_entry() {
        if (model_.operations.empty()) {
            return;
        }
        const ModelOperation& operation = *model_.operations[below(model_.operations.size())];
        if (operation.entry == nullptr) {
            return;
        }
        const OverlappedState before = operation.entry->state();
        const std::error_code error = poller_.cancel(operation.entry);
        const bool open = model_.channels[operation.channel]->open;
        if (operation.state == State::reported || before == OverlappedState::completed) {
            hold(error == std::errc::no_such_file_or_directory, "cancelled what was done");
        } else {
            hold(!error || !open, "an operation in flight can not be cancelled");
        }
    }

    void cancel_handle() {
        const std::size_t number = any_channel();
        const Channel& channel = *model_.channels[number];
        if (!channel.open) {
            return;
        }
        bool any = false;
        for (const auto& operation : model_.operations) {
            any = any || (operation->state == State::running &&
                          model_.channels[operation->channel]->local == channel.local &&
                          operation->entry->state() != OverlappedState::completed);
        }
        const std::error_code error = poller_.cancel(channel.local);
        hold(any ? !error : error == std::errc::no_such_file_or_directory,
             "cancel of a handle says the wrong thing");
    }

    void release_one() {
        if (model_.operations.empty()) {
            return;
        }
        const std::size_t number = below(model_.operations.size());
        ModelOperation& operation = *model_.operations[number];
        if (operation.entry == nullptr) {
            return;
        }
        const std::error_code error = poller_.overlapped_pool().release(operation.entry);
        if (operation.state == State::running) {
            hold(error == std::errc::device_or_resource_busy, "released while running");
        } else {
            hold(!error, "can not be released");
            operation.entry = nullptr;
            std::erase(model_.lent, number);
        }
    }

    void wait_once(Timeout timeout) {
        std::array<NativeEvent, 6> events;
        model_.give_back_lent();
        const WaitResult result =
            poller_.wait(std::span(events).first(1 + below(events.size())), timeout);
        hold(!result.error || faulty_, "a wait failed");
        for (std::size_t i = 0; i < result.count; ++i) {
            model_.take(events[i]);
        }
    }

    // The ends

    /// Whatever is in flight ends where it is cancelled, and is reported.
    void finish() {
        for (const auto& operation : model_.operations) {
            if (operation->state == State::running) {
                (void)poller_.cancel(operation->entry);
            }
        }
        for (int waits = 0; model_.running() > 0 || !model_.lent.empty(); ++waits) {
            hold(waits < 200, "operations are never reported");
            wait_once(model_.running() > 0 ? wait_forever : Timeout{0ms});
            hold(!kernel_.hung(), "an operation was lost");
        }
        check_counts();
        hold(poller_.overlapped_count() == 0, "entries are lost");
    }

    void check_counts() {
        hold(poller_.overlapped_count() == model_.running() + model_.lent.size(),
             "the count of entries is wrong");
        const PollerStats stats = poller_.stats();
        hold(stats.operations_started == model_.started, "operations_started is wrong");
        hold(stats.completions == model_.reported, "completions is wrong");
        hold(stats.operations_at_once <= stats.operations_started, "operations_at_once is wrong");
    }

    void dispose() {
        const auto before = kernel_.now();
        poller_.dispose();
        disposed_ = true;
        hold(faulty_ || kernel_.now() - before < 500ms, "dispose has waited in vain");
        model_.disposed();
        hold(!kernel_.hung(), "dispose hung");
    }

    void settle_and_check() {
        world_.join();
        for (std::size_t i = 0; i < model_.channels.size(); ++i) {
            peer_puts(i);
            peer_takes(i);
        }
        kernel_.advance(3s);
        hold(!kernel_.hung(), "hung");
        for (const Handle handle : model_.accepted) {
            world_.close(handle);
        }
        for (std::size_t i = 0; i < model_.channels.size(); ++i) {
            peer_takes(i);
        }
        check_files();
        model_.check_content();
        model_.check_memory();
        hold(kernel_.winsock_sessions() == 0, "a Winsock session is left");
    }

    void check_files() {
        for (std::size_t number = 0; number < model_.operations.size(); ++number) {
            ModelOperation& operation = *model_.operations[number];
            const Channel& channel = *model_.channels[operation.channel];
            if (channel.kind != ChannelKind::file || !channel.open || operation.error ||
                operation.operation != IoOperation::write || operation.state != State::reported) {
                continue;
            }
            const std::vector<std::byte> content = world_.content_of(channel.local);
            const std::span<const std::byte> written = operation.buffer.memory();
            hold(content.size() >= operation.offset + written.size() &&
                     std::ranges::equal(
                         written, std::span(content).subspan(operation.offset, written.size())),
                 "a file does not hold what was written");
        }
    }

    sim::Kernel& kernel_;
    sim::Random random_;
    OperationModel model_;  // Before the poller: its memory must outlive what is in flight.
    World world_;
    OsPoller poller_;
    Handle idle_;
    bool faulty_ = false;
    bool disposed_ = false;
};

/// What is broken in this run; empty where nothing is.
std::string run_one(sim::Personality personality, std::uint64_t seed, std::size_t& operations) {
    sim::Kernel kernel(sim::Options{.personality = personality,
                                    .seed = seed,
                                    .late_completions = seed % 5 != 0,
                                    .layered_sockets = seed % 7 == 0});
    std::string broken;
    {
        Program program(kernel, seed);
        try {
            program.run();
        } catch (const std::exception& error) {
            broken = error.what();
        }
        operations += program.operations();
    }
    if (broken.empty() && kernel.open_handles() != 0) {
        broken = "handles are left open";
    }
    return broken.empty() ? broken : broken + "\n" + kernel.trace();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operations_campaign)

BOOST_AUTO_TEST_CASE(every_operation_is_reported_once_or_drained) {
    const char* const only_seed = std::getenv("SEED");
    const char* const only_personality = std::getenv("PERSONALITY");
    const char* const wanted = std::getenv("RUNS");
    const std::uint64_t each =
        (wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : usual_runs) / 3;
    const std::uint64_t first = only_seed != nullptr ? std::strtoull(only_seed, nullptr, 10) : 1;
    const std::uint64_t last = only_seed != nullptr ? first : each;
    std::uint64_t runs = 0;
    std::size_t operations = 0;
    int failures = 0;
    for (const sim::Personality personality : sim::all_personalities) {
        const std::string name = sim::traits_of(personality).name;
        if (only_personality != nullptr && name != only_personality) {
            continue;
        }
        for (std::uint64_t seed = first; seed <= last && failures < 5; ++seed) {
            const BackendUnderTest backend(dealt_backend(seed));
            const std::string broken = run_one(personality, seed, operations);
            ++runs;
            if (!broken.empty()) {
                ++failures;
                BOOST_ERROR("BACKEND=" << name_of(BackendUnderTest::current()) << " PERSONALITY="
                                       << name << " SEED=" << seed << ": " << broken);
            }
        }
    }
    BOOST_TEST(operations > runs);
    BOOST_TEST_MESSAGE(runs << " runs, " << operations << " operations");
}

BOOST_AUTO_TEST_SUITE_END()
