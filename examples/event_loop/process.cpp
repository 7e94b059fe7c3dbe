// Windows: named pipes, because anonymous ones cannot be overlapped, and CreateProcess. Linux:
// pipes, fork and exec, and a pidfd, which epoll can wait for (Linux 5.4).
#include "process.hpp"

#ifdef _WIN32
#include <windows.h>

#include <array>
#include <atomic>
#include <memory>
#else
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#endif

namespace example::process {

using wakepoll::Result;

#ifdef _WIN32

namespace {

HANDLE native(const OwnedHandle& handle) { return reinterpret_cast<HANDLE>(handle.number()); }

OwnedHandle owned(HANDLE handle) { return OwnedHandle(reinterpret_cast<HandleNumber>(handle)); }

std::error_code last_error() { return wakepoll::win32_error(GetLastError()); }

std::wstring wide(const std::string& text) {
    const int size = static_cast<int>(text.size());
    std::wstring result(
        static_cast<std::size_t>(MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0)),
        L'\0');
    MultiByteToWideChar(CP_UTF8, 0, text.data(), size, result.data(),
                        static_cast<int>(result.size()));
    return result;
}

// A command line is one string on Windows. Quotes an argument so that the child's C runtime parses
// it back: a backslash is special only before a quotation mark.
void append_quoted(std::wstring& line, const std::wstring& argument) {
    line += line.empty() ? L"\"" : L" \"";
    std::size_t backslashes = 0;
    for (const wchar_t character : argument) {
        if (character == L'"') {
            line.append(backslashes + 1, L'\\');
        }
        backslashes = character == L'\\' ? backslashes + 1 : 0;
        line += character;
    }
    line.append(backslashes, L'\\');
    line += L'"';
}

struct Pipe {
    OwnedHandle ours;    // overlapped
    OwnedHandle theirs;  // synchronous, as programs expect it, and the only inherited end
};

Result<Pipe> make_pipe(bool child_writes) {
    static std::atomic<unsigned> made = 0;
    const std::wstring name = L"\\\\.\\pipe\\wakepoll-example-" +
                              std::to_wstring(GetCurrentProcessId()) + L"-" +
                              std::to_wstring(++made);
    constexpr DWORD buffer_size = 64 * 1024;
    Pipe pipe;
    pipe.ours = owned(CreateNamedPipeW(
        name.c_str(),
        static_cast<DWORD>(child_writes ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND) |
            FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1,
        buffer_size, buffer_size, 0, nullptr));
    if (!pipe.ours) {
        return last_error();
    }
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, nullptr, TRUE};
    // A C runtime queries its streams' attributes.
    pipe.theirs = owned(CreateFileW(
        name.c_str(),
        child_writes ? GENERIC_WRITE | FILE_READ_ATTRIBUTES : GENERIC_READ | FILE_WRITE_ATTRIBUTES,
        0, &inheritable, OPEN_EXISTING, 0, nullptr));
    if (!pipe.theirs) {
        return last_error();
    }
    return pipe;
}

// Names the handles that the child inherits. Otherwise a child started at the same time on another
// thread would inherit these too, and keep the pipes open.
class InheritedHandles {
public:
    explicit InheritedHandles(std::array<HANDLE, 3> handles) : handles_(handles) {
        SIZE_T size = 0;
        InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
        memory_ = std::make_unique<std::byte[]>(size);
        made_ = InitializeProcThreadAttributeList(list(), 1, 0, &size) != 0;
        usable_ = made_ && UpdateProcThreadAttribute(list(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                                     handles_.data(), sizeof handles_, nullptr,
                                                     nullptr) != 0;
    }
    InheritedHandles(const InheritedHandles&) = delete;
    InheritedHandles& operator=(const InheritedHandles&) = delete;
    ~InheritedHandles() {
        if (made_) {
            DeleteProcThreadAttributeList(list());
        }
    }

    [[nodiscard]] bool usable() const { return usable_; }
    [[nodiscard]] LPPROC_THREAD_ATTRIBUTE_LIST list() const {
        return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.get());
    }

private:
    std::array<HANDLE, 3> handles_;
    std::unique_ptr<std::byte[]> memory_;
    bool made_ = false;
    bool usable_ = false;
};

}  // namespace

void OwnedHandle::close() noexcept {
    if (number_ != none) {
        CloseHandle(reinterpret_cast<HANDLE>(std::exchange(number_, none)));
    }
}

Result<Process> start(const std::vector<std::string>& command) {
    Result<Pipe> input = make_pipe(false);
    Result<Pipe> output = make_pipe(true);
    Result<Pipe> errors = make_pipe(true);
    for (const Result<Pipe>* pipe : {&input, &output, &errors}) {
        if (!*pipe) {
            return pipe->error();
        }
    }
    const InheritedHandles inherited(
        {native(input->theirs), native(output->theirs), native(errors->theirs)});
    if (!inherited.usable()) {
        return last_error();
    }
    STARTUPINFOEXW startup{};
    startup.StartupInfo.cb = sizeof startup;
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = native(input->theirs);
    startup.StartupInfo.hStdOutput = native(output->theirs);
    startup.StartupInfo.hStdError = native(errors->theirs);
    startup.lpAttributeList = inherited.list();
    std::wstring line;
    for (const std::string& word : command) {
        append_quoted(line, wide(word));
    }
    PROCESS_INFORMATION started{};
    if (CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE, EXTENDED_STARTUPINFO_PRESENT,
                       nullptr, nullptr, &startup.StartupInfo, &started) == 0) {
        return last_error();
    }
    CloseHandle(started.hThread);
    // Our copies of the child's ends are closed now, so that a stream ends when the child's copy
    // does.
    return Process{owned(started.hProcess), std::move(input->ours), std::move(output->ours),
                   std::move(errors->ours)};
}

int exit_code(const Process& process) {
    DWORD code = 0;
    GetExitCodeProcess(native(process.handle), &code);
    return static_cast<int>(code);
}

void kill(const Process& process) { TerminateProcess(native(process.handle), 1); }

void reap(const Process& process) { WaitForSingleObject(native(process.handle), INFINITE); }

std::string own_path() {
    std::array<wchar_t, 32768> path{};
    const int size =
        static_cast<int>(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
    std::string result(static_cast<std::size_t>(WideCharToMultiByte(CP_UTF8, 0, path.data(), size,
                                                                    nullptr, 0, nullptr, nullptr)),
                       '\0');
    WideCharToMultiByte(CP_UTF8, 0, path.data(), size, result.data(),
                        static_cast<int>(result.size()), nullptr, nullptr);
    return result;
}

#else

namespace {

int native(const OwnedHandle& handle) { return static_cast<int>(handle.number()); }

OwnedHandle owned(int descriptor) {
    return descriptor < 0 ? OwnedHandle() : OwnedHandle(static_cast<HandleNumber>(descriptor));
}

std::error_code error_of(int code) { return {code, std::generic_category()}; }

struct Pipe {
    OwnedHandle ours;  // non-blocking
    OwnedHandle theirs;
};

// Above the standard streams, which may be closed: the child replaces those one after the other.
OwnedHandle moved_up(OwnedHandle handle) {
    return native(handle) > STDERR_FILENO
               ? std::move(handle)
               : owned(::fcntl(native(handle), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

Result<Pipe> make_pipe(bool child_writes) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return error_of(errno);
    }
    OwnedHandle reads = moved_up(owned(ends[0]));
    OwnedHandle writes = moved_up(owned(ends[1]));
    Pipe pipe{std::move(child_writes ? reads : writes), std::move(child_writes ? writes : reads)};
    if (!pipe.ours || !pipe.theirs || ::fcntl(native(pipe.ours), F_SETFL, O_NONBLOCK) != 0) {
        return error_of(errno);
    }
    return pipe;
}

// Runs in the child, between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* words, const std::array<int, 3>& streams, int report) {
    std::signal(SIGPIPE, SIG_DFL);
    for (int stream = 0; stream < static_cast<int>(streams.size()); ++stream) {
        ::dup2(streams[static_cast<std::size_t>(stream)], stream);
    }
    ::execvp(words[0], words);
    const int code = errno;
    (void)!::write(report, &code, sizeof code);
    ::_exit(127);
}

// waitid supports this id type since Linux 5.4; the headers got its name later.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

}  // namespace

void OwnedHandle::close() noexcept {
    if (number_ != none) {
        ::close(static_cast<int>(std::exchange(number_, none)));
    }
}

Result<Process> start(const std::vector<std::string>& command) {
    std::signal(SIGPIPE, SIG_IGN);
    Result<Pipe> input = make_pipe(false);
    Result<Pipe> output = make_pipe(true);
    Result<Pipe> errors = make_pipe(true);
    Result<Pipe> report = make_pipe(true);
    for (const Result<Pipe>* pipe : {&input, &output, &errors, &report}) {
        if (!*pipe) {
            return pipe->error();
        }
    }
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const std::string& word : command) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        become(words.data(),
               {native(input->theirs), native(output->theirs), native(errors->theirs)},
               native(report->theirs));
    }
    if (child < 0) {
        return error_of(errno);
    }
    // The child writes its error there if exec fails; a successful exec closes it.
    int code = 0;
    report->theirs.close();
    ::fcntl(native(report->ours), F_SETFL, 0);
    const bool failed = ::read(native(report->ours), &code, sizeof code) == sizeof code;
    // The child is not reaped yet, so its number cannot have been reused.
    OwnedHandle handle = owned(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    if (!handle && !failed) {
        code = errno;
        ::kill(child, SIGKILL);
    }
    if (!handle || failed) {
        ::waitpid(child, nullptr, 0);
        return error_of(code);
    }
    return Process{std::move(handle), std::move(input->ours), std::move(output->ours),
                   std::move(errors->ours)};
}

int exit_code(const Process& process) {
    siginfo_t info{};
    ::waitid(by_pidfd, static_cast<id_t>(native(process.handle)), &info, WEXITED);
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void kill(const Process& process) {
    ::syscall(SYS_pidfd_send_signal, native(process.handle), SIGKILL, nullptr, 0);
}

void reap(const Process& process) { (void)exit_code(process); }

std::string own_path() {
    std::string path(PATH_MAX, '\0');
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return path;
}

#endif

}  // namespace example::process
