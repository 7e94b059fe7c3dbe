// Waits on other threads, and queries of objects, on Windows. See waitable.hpp.
//
// The thread that reads from a pipe is its own, not one of the system's pool. The pool has at most
// 500 threads per process: with that many quiet pipes, no further one would be watched, and its
// `disarm` would wait for a thread that never starts. Besides, CancelSynchronousIo cancels whatever
// its thread is doing, and a pool thread may have gone on to other work by then.
#include "sys/waitable.hpp"

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

/// Address space only. The callback may run code of Winsock's layered providers.
constexpr SIZE_T reader_stack = 256 * 1024;

/// How long to wait for the thread between checks and cancels.
constexpr DWORD pause_milliseconds = 1;

/// EVENT_BASIC_INFORMATION of the driver kit, and its class, 0.
struct EventInformation {
    LONG type;  ///< 0 for a notification (manual-reset), 1 for a synchronization event.
    LONG state;
};
constexpr LONG synchronization_event = 1;

void CALLBACK signalled(void* wait, BOOLEAN /*timed_out*/) noexcept {
    static_cast<ThreadPoolWait*>(wait)->run();
}

}  // namespace

/// The thread of one pipe.
struct PipeReader {
    static DWORD CALLBACK run(void* argument) noexcept {
        HMODULE module = nullptr;
        static_cast<void>(find_module(module, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT));
        ThreadPoolWait& wait = *static_cast<ThreadPoolWait*>(argument);
        if (!wait.decided_) {
            char nothing = 0;
            DWORD bytes = 0;
            // Whatever the result, the owner has to check the pipe.
            static_cast<void>(::ReadFile(wait.target_.native(), &nothing, 0, &bytes, nullptr));
        }
        if (!wait.decided_.exchange(true)) {
            wait.run();
        }
        wait.done_ = true;
        // Releases the reference of `arm_on_pipe`: the code must stay until the thread has left it.
        ::FreeLibraryAndExitThread(module, 0);
    }

    /// The program or DLL that this code is part of.
    static BOOL find_module(HMODULE& module, DWORD flags) noexcept {
        return ::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | flags,
                                    reinterpret_cast<const wchar_t*>(&PipeReader::run), &module);
    }
};

std::error_code ThreadPoolWait::arm(Handle object, Callback callback, void* context) noexcept {
    disarm();
    callback_ = callback;
    context_ = context;
    // The pool may wait on several handles at once by their numbers (Wine does, and Windows did).
    // If a number is closed during that wait, the pool misses signals of all of them, or waits for
    // another object.
    const HANDLE process = ::GetCurrentProcess();
    HANDLE copy = nullptr;
    if (::DuplicateHandle(process, object.native(), process, &copy, 0, FALSE,
                          DUPLICATE_SAME_ACCESS) == FALSE) {
        return last_failure();
    }
    // A failed call may leave anything in its out parameter.
    HANDLE registration = nullptr;
    if (::RegisterWaitForSingleObject(&registration, copy, &signalled, this, INFINITE,
                                      WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD) == FALSE) {
        const std::error_code error = last_failure();
        ::CloseHandle(copy);
        return error;
    }
    target_ = Handle(copy);
    reads_ = false;
    registration_ = registration;
    return {};
}

std::error_code ThreadPoolWait::arm_on_pipe(Handle pipe, Callback callback,
                                            void* context) noexcept {
    disarm();
    callback_ = callback;
    context_ = context;
    target_ = pipe;
    reads_ = true;
    decided_ = false;
    done_ = false;
    HMODULE module = nullptr;
    if (PipeReader::find_module(module, 0) == FALSE) {
        return last_failure();
    }
    const HANDLE thread = ::CreateThread(nullptr, reader_stack, &PipeReader::run, this,
                                         STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
    if (thread == nullptr) {
        const std::error_code error = last_failure();
        ::FreeLibrary(module);
        return error;
    }
    registration_ = thread;
    return {};
}

void ThreadPoolWait::disarm() noexcept {
    const HANDLE registration = registration_.exchange(nullptr);
    if (registration == nullptr) {
        return;
    }
    if (!reads_) {
        static_cast<void>(::UnregisterWaitEx(registration, INVALID_HANDLE_VALUE));
        ::CloseHandle(target_.native());
        return;
    }
    // If this comes before the end of the read, the callback will not run, even if the read ends
    // by itself now. A cancel does nothing while the thread has not begun to read, so it is
    // repeated. It never hits the callback.
    const bool cancels = !decided_.exchange(true);
    while (!done_) {
        if (cancels) {
            ::CancelSynchronousIo(registration);
        }
        if (::WaitForSingleObject(registration, pause_milliseconds) != WAIT_TIMEOUT) {
            break;
        }
    }
    ::CloseHandle(registration);
}

Result<bool> take_signal(Handle object) noexcept {
    switch (::WaitForSingleObject(object.native(), 0)) {
        case WAIT_TIMEOUT:
            return false;
        case WAIT_FAILED:
            return last_failure();
        default:  // WAIT_OBJECT_0, or WAIT_ABANDONED of a mutex.
            return true;
    }
}

Result<bool> is_auto_reset(Handle event) noexcept {
    EventInformation information = {};
    const NTSTATUS status =
        ::NtQueryEvent(event.native(), 0, &information, sizeof(information), nullptr);
    if (!NT_SUCCESS(status)) {
        return failure(::RtlNtStatusToDosError(status));
    }
    return information.type == synchronization_event;
}

}  // namespace wakepoll::sys
