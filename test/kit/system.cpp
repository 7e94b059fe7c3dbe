#include "system.hpp"

#include <windows.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cwchar>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "command_line.hpp"

namespace wakepoll::kit {
namespace {

struct Closer {
    void operator()(HANDLE handle) const noexcept { ::CloseHandle(handle); }
};
using OwnedHandle = std::unique_ptr<void, Closer>;

std::wstring wide(const std::string& text) {
    if (text.empty()) {
        return {};
    }
    const auto size = static_cast<int>(text.size());
    std::wstring result(
        static_cast<std::size_t>(::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0)),
        L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), size, result.data(),
                          static_cast<int>(result.size()));
    return result;
}

std::string failure(const char* call) {
    return std::string(call) + " failed with " + std::to_string(::GetLastError());
}

/// A file that the process started next inherits.
OwnedHandle open_inheritable(const wchar_t* path, DWORD access, DWORD disposition) {
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), nullptr, TRUE};
    const HANDLE handle = ::CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                        &attributes, disposition, FILE_ATTRIBUTE_NORMAL, nullptr);
    return OwnedHandle(handle == INVALID_HANDLE_VALUE ? nullptr : handle);
}

/// The environment of this process, extended or overridden by that of the step.
std::wstring environment_of(const Step& step) {
    // Windows wants them sorted whatever their case, and finds one of any case.
    const auto upper = [](std::wstring name) {
        ::CharUpperBuffW(name.data(), static_cast<DWORD>(name.size()));
        return name;
    };
    std::map<std::wstring, std::wstring> variables;
    wchar_t* const own = ::GetEnvironmentStringsW();
    for (const wchar_t* at = own; own != nullptr && *at != L'\0'; at += std::wcslen(at) + 1) {
        const std::wstring line = at;
        // The current directory of each drive is one, too, and its name begins with the sign.
        variables[upper(line.substr(0, line.find(L'=', 1)))] = line;
    }
    if (own != nullptr) {
        ::FreeEnvironmentStringsW(own);
    }
    for (const auto& [name, value] : step.environment) {
        variables[upper(wide(name))] = wide(name + "=" + value);
    }
    std::wstring block;
    for (const auto& [name, line] : variables) {
        block += line;
        block += L'\0';
    }
    return block + L'\0';
}

/// A job whose processes all end with it.
OwnedHandle new_job() {
    OwnedHandle job(::CreateJobObjectW(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (job) {
        ::SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits,
                                  sizeof(limits));
    }
    return job;
}

std::string contents(const std::filesystem::path& path) {
    // What a suite prints beyond this is not needed.
    constexpr std::size_t enough = std::size_t{32} << 20;
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.size() > enough) {
        text.resize(enough);
    }
    return text;
}

std::optional<std::string> registry_text(const wchar_t* key, const wchar_t* name) {
    wchar_t text[256] = {};
    DWORD size = sizeof(text) - sizeof(text[0]);
    if (::RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, nullptr, text, &size) !=
        ERROR_SUCCESS) {
        return std::nullopt;
    }
    return utf8(text);
}

std::optional<DWORD> registry_number(const wchar_t* key, const wchar_t* name) {
    DWORD number = 0;
    DWORD size = sizeof(number);
    if (::RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, nullptr, &number, &size) !=
        ERROR_SUCCESS) {
        return std::nullopt;
    }
    return number;
}

template <typename Function>
Function* find_in_ntdll(const char* name) {
    const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll");
    return ntdll == nullptr ? nullptr
                            : reinterpret_cast<Function*>(
                                  reinterpret_cast<void*>(::GetProcAddress(ntdll, name)));
}

std::string version_of_windows() {
    constexpr const wchar_t* key = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    OSVERSIONINFOEXW version = {};
    version.dwOSVersionInfoSize = sizeof(version);
    // Unlike GetVersionEx, it is right for programs without a manifest, too.
    if (auto* const ask = find_in_ntdll<LONG WINAPI(OSVERSIONINFOEXW*)>("RtlGetVersion")) {
        ask(&version);
    }
    std::string text = registry_text(key, L"ProductName").value_or("Windows");
    if (const auto name = registry_text(key, L"DisplayVersion")) {
        text += " " + *name;
    }
    text += ", " + std::to_string(version.dwMajorVersion) + "." +
            std::to_string(version.dwMinorVersion) + " build " +
            std::to_string(version.dwBuildNumber);
    if (const auto revision = registry_number(key, L"UBR")) {
        text += "." + std::to_string(*revision);
    }
    return text + (version.wProductType == VER_NT_WORKSTATION ? "" : " (server)");
}

std::string name_of_machine(WORD architecture) {
    switch (architecture) {
        case PROCESSOR_ARCHITECTURE_AMD64:
            return "x64";
        case PROCESSOR_ARCHITECTURE_INTEL:
            return "x86";
        case PROCESSOR_ARCHITECTURE_ARM64:
            return "ARM64";
        default:
            return "architecture " + std::to_string(architecture);
    }
}

std::string date_and_time() {
    SYSTEMTIME now = {};
    ::GetSystemTime(&now);
    char text[64];
    std::snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d UTC", int{now.wYear},
                  int{now.wMonth}, int{now.wDay}, int{now.wHour}, int{now.wMinute});
    return text;
}

}  // namespace

std::string utf8(const std::wstring& text) {
    if (text.empty()) {
        return {};
    }
    const auto size = static_cast<int>(text.size());
    std::string result(static_cast<std::size_t>(::WideCharToMultiByte(
                           CP_UTF8, 0, text.data(), size, nullptr, 0, nullptr, nullptr)),
                       '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, text.data(), size, result.data(),
                          static_cast<int>(result.size()), nullptr, nullptr);
    return result;
}

std::filesystem::path folder_of_the_kit() {
    std::wstring path(32'768, L'\0');
    path.resize(::GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
    return std::filesystem::path(path).parent_path();
}

std::vector<std::pair<std::string, std::string>> describe_system() {
    std::vector<std::pair<std::string, std::string>> lines;
    lines.emplace_back("system", version_of_windows());
    if (auto* const wine = find_in_ntdll<const char*()>("wine_get_version")) {
        lines.emplace_back("Wine", wine());
    }
    SYSTEM_INFO system = {};
    ::GetNativeSystemInfo(&system);
    lines.emplace_back(
        "processor",
        registry_text(L"HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0", L"ProcessorNameString")
                .value_or("not named") +
            ", " + name_of_machine(system.wProcessorArchitecture) + ", " +
            std::to_string(system.dwNumberOfProcessors) + " logical");
    MEMORYSTATUSEX memory = {};
    memory.dwLength = sizeof(memory);
    if (::GlobalMemoryStatusEx(&memory)) {
        lines.emplace_back("memory", std::to_string(memory.ullTotalPhys >> 20) + " MiB");
    }
    lines.emplace_back("date", date_and_time());
    return lines;
}

void expect_crashes() noexcept {
    ::SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
}

StepResult run(const Step& step, const std::filesystem::path& folder,
               const std::filesystem::path& output) {
    constexpr DWORD ms_per_minute = 60'000;
    constexpr DWORD patience_with_the_end_ms = 10'000;
    StepResult result;
    result.step = step;
    const auto not_started = [&](std::string why) {
        result.output = std::move(why);
        return result;
    };

    const OwnedHandle job = new_job();
    if (!job) {
        return not_started(failure("CreateJobObject"));
    }
    const OwnedHandle nothing = open_inheritable(L"NUL", GENERIC_READ, OPEN_EXISTING);
    OwnedHandle written = open_inheritable(output.c_str(), GENERIC_WRITE, CREATE_ALWAYS);
    if (!nothing || !written) {
        return not_started(failure("CreateFile"));
    }
    STARTUPINFOW startup = {};
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = nothing.get();
    startup.hStdOutput = written.get();
    startup.hStdError = written.get();
    const std::filesystem::path program = folder / step.program;
    std::wstring line = wide(command_line(utf8(program.wstring()), step.arguments));
    std::wstring environment = environment_of(step);

    PROCESS_INFORMATION started = {};
    const auto begin = std::chrono::steady_clock::now();
    // Suspended until it is in the job: what it starts is in there, too.
    if (!::CreateProcessW(program.c_str(), line.data(), nullptr, nullptr, TRUE,
                          CREATE_NO_WINDOW | CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT,
                          environment.data(), folder.c_str(), &startup, &started)) {
        return not_started(failure("CreateProcess"));
    }
    const OwnedHandle process(started.hProcess);
    const OwnedHandle thread(started.hThread);
    if (!::AssignProcessToJobObject(job.get(), process.get())) {
        std::string why = failure("AssignProcessToJobObject");
        ::TerminateProcess(process.get(), 1);
        return not_started(std::move(why));
    }
    ::ResumeThread(thread.get());
    const bool ended = ::WaitForSingleObject(process.get(), static_cast<DWORD>(step.minutes) *
                                                                ms_per_minute) == WAIT_OBJECT_0;
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    DWORD code = 0;
    if (ended) {
        ::GetExitCodeProcess(process.get(), &code);
    }
    ::TerminateJobObject(job.get(), 1);
    ::WaitForSingleObject(process.get(), patience_with_the_end_ms);
    written.reset();
    result.end = ended ? End::by_itself : End::stopped;
    result.exit_code = code;
    result.output = contents(output);
    return result;
}

}  // namespace wakepoll::kit
