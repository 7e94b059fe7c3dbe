// What a 4 KiB read of a file costs, with one, some and many reads in flight.
//
// The file is temporary and was just written, so its blocks are in the system's cache: this
// compares calls, not disks. All contestants read the same blocks in the same order.
#include <fmt/core.h>

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "contestants/file_reader.hpp"
#include "harness.hpp"
#include "scenarios.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t blocks_of_file = 2048;
constexpr DWORD shared_by_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// An 8 MiB file that is deleted when its last handle is closed.
class TemporaryFile {
public:
    TemporaryFile() : path_(free_path()), handle_(create(path_)) {
        std::vector<std::byte> block(file_block_size, std::byte{'f'});
        for (std::uint64_t i = 0; i < blocks_of_file; ++i) {
            const std::uint64_t offset = i * file_block_size;
            std::memcpy(block.data(), &offset, sizeof(offset));
            DWORD written = 0;
            check(::WriteFile(handle_.get(), block.data(), static_cast<DWORD>(block.size()),
                              &written, nullptr) != FALSE,
                  "WriteFile");
        }
    }

    [[nodiscard]] OwnedHandle open_for_overlapped_reads() const {
        return OwnedHandle(
            ::CreateFileW(path_.c_str(), GENERIC_READ, shared_by_all, nullptr, OPEN_EXISTING,
                          FILE_FLAG_OVERLAPPED | FILE_FLAG_RANDOM_ACCESS, nullptr),
            "CreateFile");
    }

private:
    static std::wstring free_path() {
        std::array<wchar_t, MAX_PATH + 1> directory = {};
        std::array<wchar_t, MAX_PATH + 1> path = {};
        check(::GetTempPathW(static_cast<DWORD>(directory.size()), directory.data()) != 0,
              "GetTempPath");
        check(::GetTempFileNameW(directory.data(), L"wpb", 0, path.data()) != 0, "GetTempFileName");
        return path.data();
    }

    static OwnedHandle create(const std::wstring& path) {
        return OwnedHandle(
            ::CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE | DELETE, shared_by_all,
                          nullptr, CREATE_ALWAYS,
                          FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, nullptr),
            "CreateFile");
    }

    std::wstring path_;
    OwnedHandle handle_;
};

std::vector<std::uint64_t> random_offsets(std::size_t count) {
    std::mt19937_64 random(4096);
    std::vector<std::uint64_t> offsets(count);
    for (std::uint64_t& offset : offsets) {
        offset = random() % blocks_of_file * file_block_size;
    }
    return offsets;
}

}  // namespace

void run_files(Bench& bench) {
    using Make = std::function<std::unique_ptr<FileReader>(OwnedHandle, std::size_t)>;
    constexpr const char* poller = "poller";
    constexpr const char* raw = "raw port";
    constexpr const char* asio = "Asio";
    constexpr std::size_t reads = 256;
    std::vector<std::size_t> depths = {1, 16, 64};
    if (bench.quick()) {
        depths = {16};
    }
    std::erase_if(depths, [&bench](std::size_t depth) {
        return !bench.wants(fmt::format("depth={}", depth));
    });
    if (depths.empty()) {
        return;
    }
    const TemporaryFile file;
    const std::vector<std::uint64_t> offsets = random_offsets(reads);
    std::vector<std::pair<std::string, Make>> makes = {{raw, make_raw_file},
                                                       {poller, make_poller_file}};
    if (make_asio_file(file.open_for_overlapped_reads(), 1) != nullptr) {
        makes.emplace_back(asio, make_asio_file);
    }
    for (const std::size_t depth : depths) {
        std::unique_ptr<FileReader> reader;
        std::vector<Contestant> contestants;
        for (const auto& [name, make] : makes) {
            contestants.push_back(
                {name, [&] { return time_of([&] { reader->read(offsets); }); },
                 [&, make = make] { reader = make(file.open_for_overlapped_reads(), depth); },
                 [&reader] { reader.reset(); }});
        }
        const Effort effort = bench.quick() ? Effort{7, 1, 6} : Effort{15, 2, 20};
        bench.run({fmt::format("depth={}", depth), "read", reads, effort}, contestants,
                  {at_most(1.05, poller, raw), compared(poller, asio)});
    }
}

}  // namespace wakepoll::bench
