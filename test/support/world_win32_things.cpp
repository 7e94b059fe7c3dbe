// The outside world on Windows: events, processes, timers, consoles, ports. See world.hpp.
#include <array>

#include "support/world.hpp"
#include "support/world_win32_impl.hpp"
#include "wakepoll/error.hpp"

namespace wakepoll::test {
namespace {

void set_timer(HANDLE timer, LONGLONG due) {
    LARGE_INTEGER when;
    when.QuadPart = due;
    if (::SetWaitableTimer(timer, &when, 0, nullptr, nullptr, FALSE) == FALSE) {
        fail("SetWaitableTimer");
    }
}

constexpr LONGLONG now = -1;                 ///< In a ten-millionth of a second.
constexpr LONGLONG never = -36'000'000'000;  ///< In an hour.

INPUT_RECORD record_of_key(WORD key, BOOL pressed, wchar_t character) {
    INPUT_RECORD record = {};
    record.EventType = KEY_EVENT;
    record.Event.KeyEvent.bKeyDown = pressed;
    record.Event.KeyEvent.wRepeatCount = 1;
    record.Event.KeyEvent.wVirtualKeyCode = key;
    record.Event.KeyEvent.uChar.UnicodeChar = character;
    return record;
}

INPUT_RECORD record_of(ConsoleInput input) {
    INPUT_RECORD record = {};
    switch (input) {
        case ConsoleInput::key:
            return record_of_key('K', TRUE, L'k');
        case ConsoleInput::key_release:
            return record_of_key('K', FALSE, L'k');
        case ConsoleInput::shift:
            return record_of_key(VK_SHIFT, TRUE, 0);
        case ConsoleInput::alt_character:
            return record_of_key(VK_MENU, FALSE, L'a');
        case ConsoleInput::mouse:
            record.EventType = MOUSE_EVENT;
            record.Event.MouseEvent.dwEventFlags = MOUSE_MOVED;
            break;
        case ConsoleInput::focus:
            record.EventType = FOCUS_EVENT;
            record.Event.FocusEvent.bSetFocus = TRUE;
            break;
        case ConsoleInput::window:
            record.EventType = WINDOW_BUFFER_SIZE_EVENT;
            record.Event.WindowBufferSizeEvent.dwSize = {80, 25};
            break;
    }
    return record;
}

}  // namespace

Handle World::thing(Thing kind) {
    const Made made = make_thing(kind);
    if (made.other_end != nullptr) {
        static_cast<void>(impl_->keep(made.other_end));
    }
    const Handle handle = impl_->keep(made.handle);
    impl_->remember({handle, kind, made.other_end});
    return handle;
}

Handle World::never_a_handle() {
    // A multiple of four, like handles, and far above the 16 million that a process can have.
    return Handle(std::uintptr_t{0x7FFFFFF0});
}

Handle World::duplicate(Handle handle) {
    WSAPROTOCOL_INFOW socket{};
    if (::WSADuplicateSocketW(handle.value(), ::GetCurrentProcessId(), &socket) == 0) {
        const SOCKET copy =
            check_socket(::WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
                                      &socket, 0, WSA_FLAG_OVERLAPPED),
                         "WSASocketW");
        return Handle(std::uintptr_t{impl_->keep(copy)});
    }
    const Handle copy = impl_->keep(duplicate_native(handle.native()));
    if (const auto known = impl_->find(handle)) {
        impl_->remember({copy, known->kind, known->other_end});
    }
    return copy;
}

void World::signal(Handle thing) {
    const auto known = impl_->find(thing);
    if (!known) {
        fail("signalling what no World made", ERROR_INVALID_HANDLE);
    }
    BOOL done = FALSE;
    switch (known->kind) {
        case Thing::event:
        case Thing::auto_reset_event:
            done = ::SetEvent(thing.native());
            break;
        case Thing::semaphore:
            done = ::ReleaseSemaphore(thing.native(), 1, nullptr);
            break;
        case Thing::timer:
        case Thing::auto_reset_timer:
            set_timer(thing.native(), now);
            done = TRUE;
            break;
        case Thing::child_process:
            done = ::TerminateProcess(thing.native(), 0);
            break;
        case Thing::child_thread:
            done = ::SetEvent(known->other_end);
            break;
        default:
            fail("signalling what cannot be signalled", ERROR_INVALID_FUNCTION);
    }
    if (done == FALSE) {
        fail("signalling");
    }
}

void World::reset_signal(Handle thing) {
    const auto known = impl_->find(thing);
    if (known && (known->kind == Thing::timer || known->kind == Thing::auto_reset_timer)) {
        set_timer(thing.native(), never);  // Setting it clears the signal.
        if (::CancelWaitableTimer(thing.native()) == FALSE) {
            fail("CancelWaitableTimer");
        }
    } else if (::ResetEvent(thing.native()) == FALSE) {
        fail("ResetEvent");
    }
}

Handle World::console() {
    const HANDLE console = open_console(L"CONIN$");
    if (console == INVALID_HANDLE_VALUE) {
        return {};
    }
    const Handle handle = impl_->keep(console);
    if (::FlushConsoleInputBuffer(console) == FALSE) {
        fail("FlushConsoleInputBuffer");
    }
    return handle;
}

void World::console_input(Handle console, ConsoleInput input) {
    const INPUT_RECORD record = record_of(input);
    DWORD count = 0;
    if (::WriteConsoleInputW(console.native(), &record, 1, &count) == FALSE || count != 1) {
        fail("WriteConsoleInputW");
    }
}

std::size_t World::drain_console(Handle console) {
    std::size_t keys = 0;
    for (;;) {
        DWORD count = 0;
        if (::GetNumberOfConsoleInputEvents(console.native(), &count) == FALSE) {
            fail("GetNumberOfConsoleInputEvents");
        }
        if (count == 0) {
            return keys;
        }
        std::array<INPUT_RECORD, 16> records;
        if (::ReadConsoleInputW(console.native(), records.data(),
                                static_cast<DWORD>(records.size()), &count) == FALSE) {
            fail("ReadConsoleInputW");
        }
        for (DWORD i = 0; i < count; ++i) {
            keys += records[i].EventType == KEY_EVENT ? 1U : 0U;
        }
    }
}

Handle World::foreign_port() {
    const HANDLE port = ::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1);
    if (port == nullptr) {
        fail("CreateIoCompletionPort");
    }
    return impl_->keep(port);
}

void World::associate(Handle handle, Handle port) {
    if (::CreateIoCompletionPort(handle.native(), port.native(), 0, 0) == nullptr) {
        fail("CreateIoCompletionPort");
    }
}

void World::cancel(Handle handle, void* overlapped) {
    // ERROR_NOT_FOUND: it has completed already, and its packet comes all the same.
    if (::CancelIoEx(handle.native(), static_cast<OVERLAPPED*>(overlapped)) == FALSE &&
        ::GetLastError() != ERROR_NOT_FOUND) {
        fail("CancelIoEx");
    }
}

void World::post_packet(Handle port, std::uintptr_t key, std::uint32_t bytes, void* overlapped) {
    if (::PostQueuedCompletionStatus(port.native(), bytes, key,
                                     static_cast<OVERLAPPED*>(overlapped)) == FALSE) {
        fail("PostQueuedCompletionStatus");
    }
}

}  // namespace wakepoll::test
