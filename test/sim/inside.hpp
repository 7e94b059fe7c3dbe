// Whose code this thread is running: the model's, an actor's, or the code under test.
//
// Thread-local marks, set by scope. "Inside" lets a test that counts allocations exclude those of
// the model; "acting" keeps actors from nesting.
#pragma once

#include <utility>

namespace wakepoll::sim {

namespace detail {
inline thread_local bool inside = false;
inline thread_local bool acting = false;
}  // namespace detail

/// In the model, for a scope.
class Inside {
public:
    Inside() noexcept : before_(std::exchange(detail::inside, true)) {}
    ~Inside() { detail::inside = before_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    [[nodiscard]] static bool now() noexcept { return detail::inside; }

private:
    bool before_;
};

/// In an actor, and so outside the model, for a scope.
class Acting {
public:
    Acting() noexcept
        : inside_before_(std::exchange(detail::inside, false)),
          acting_before_(std::exchange(detail::acting, true)) {}
    ~Acting() {
        detail::inside = inside_before_;
        detail::acting = acting_before_;
    }
    Acting(const Acting&) = delete;
    Acting& operator=(const Acting&) = delete;

    [[nodiscard]] static bool now() noexcept { return detail::acting; }

private:
    bool inside_before_;
    bool acting_before_;
};

}  // namespace wakepoll::sim
