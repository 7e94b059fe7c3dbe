// See scene.hpp.
#include "scene.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace wakepoll::test {
namespace {

struct Name {
    std::uint32_t bit;
    std::string_view word;
};

constexpr std::array names = {
    Name{mask::in, "in"},         Name{mask::pri, "pri"},         Name{mask::out, "out"},
    Name{mask::err, "err"},       Name{mask::hup, "hup"},         Name{mask::rdnorm, "rdnorm"},
    Name{mask::wrnorm, "wrnorm"}, Name{mask::rdhup, "rdhup"},     Name{mask::et, "et"},
    Name{mask::rdband, "rdband"}, Name{mask::oneshot, "oneshot"}, Name{mask::wrband, "wrband"}};

sim::Options options_from(Choices& choices) {
    sim::Options options;
    options.personality = sim::all_personalities[choices.draw(3)];
    options.late_completions = choices.draw(2) != 0;
    options.early_waits = choices.draw(2) != 0;
    options.layered_sockets = choices.one_in(7);
    options.seed = choices.draw(1U << 16U);
    return options;
}

}  // namespace

std::string words_of_mask(std::uint32_t mask) {
    std::string words;
    for (const Name& name : names) {
        if ((mask & name.bit) != 0) {
            words += (words.empty() ? "" : "|") + std::string(name.word);
        }
    }
    return words.empty() ? "nothing" : words;
}

std::string words_of(IoInterest interest) { return words_of_mask(bits(interest)); }

Scene::Scene(Choices& from, Tally& to, const Trace& into)
    : choices(from), tally(to), trace(into), options(options_from(from)), kernel(options) {
    world.emplace();
}

void Scene::note_calls() {
    if (!trace) {
        return;
    }
    const std::uint64_t calls = kernel.calls();
    std::uint64_t news = calls - calls_noted;
    calls_noted = calls;
    const std::string text = kernel.trace();
    std::size_t begin = text.size();
    while (news-- > 0 && begin > 0) {
        const std::size_t before = begin >= 2 ? text.rfind('\n', begin - 2) : std::string::npos;
        begin = before == std::string::npos ? 0 : before + 1;
    }
    trace(text.substr(begin));
}

void Scene::plan_failures() {
    planned = true;
    hits = 0;
    for (std::uint32_t left = 1 + below(3); left > 0; --left) {
        const std::uint32_t call = 1 + below(8);
        const std::uint32_t code = below(3);
        kernel.fail_nth_with(call, code);
        note("  the ", call, ". call from now that can fail will");
    }
}

void Scene::end_failures() {
    count_failures();
    planned = false;
    kernel.clear_faults();
}

bool Scene::faulty() {
    if (!planned) {
        return false;
    }
    count_failures();
    return hits > 0;
}

void Scene::count_failures() {
    for (const auto& [call, code] : kernel.take_failures()) {
        ++tally.failures;
        ++hits;
        tally.kinds_of_failure.emplace(static_cast<std::uint8_t>(call), code);
    }
}

void Scene::adopt(Handle handle) {
    if (handle && is_ghost(handle)) {
        lay(handle.value());
    }
}

void Scene::lay(std::uintptr_t number) {
    const std::error_code error = poller->unregister_handle(Handle(number)).error();
    note("  unregister ", number, ", which was closed -> ", error.value());
    hold(!error || error == std::errc::no_such_file_or_directory ||
             error == std::errc::bad_file_descriptor,
         "a handle that was closed cannot be unregistered");
    ghosts.erase(number);
}

bool Scene::is_ghosts(std::uint64_t user_data) const {
    return std::ranges::any_of(ghosts, [&](const auto& one) { return one.second == user_data; });
}

}  // namespace wakepoll::test
