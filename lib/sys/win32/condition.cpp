#include "sys/condition.hpp"

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

static_assert(sizeof(void*) == sizeof(CONDITION_VARIABLE) &&
              alignof(void*) == alignof(CONDITION_VARIABLE));

CONDITION_VARIABLE* native_condition(void** word) noexcept {
    return reinterpret_cast<CONDITION_VARIABLE*>(word);
}

}  // namespace

void Condition::wait(Lock& lock, std::uint32_t milliseconds) noexcept {
    static_cast<void>(::SleepConditionVariableSRW(
        native_condition(&word_), reinterpret_cast<SRWLOCK*>(&lock.word_), milliseconds, 0));
}

void Condition::wake_one() noexcept { ::WakeConditionVariable(native_condition(&word_)); }

void Condition::wake_all() noexcept { ::WakeAllConditionVariable(native_condition(&word_)); }

}  // namespace wakepoll::sys
