// A file's turn: open, write, read back, compare, close, pause.
#include "files.hpp"

#include <random>
#include <string>

#include "net.hpp"
#include "process.hpp"
#include "support/win32_objects.hpp"

namespace soak {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t largest = 64 * 1024;
constexpr auto pause_between_files = 10ms;

}  // namespace

class Files::File {
public:
    File(Files& files, std::uint32_t seed) : files_(files), random_(seed) {}

    void begin() {
        const HANDLE opened = wakepoll::test::open_temporary_file();
        if (opened == INVALID_HANDLE_VALUE) {
            fail("files: CreateFileW failed with " + std::to_string(::GetLastError()));
        }
        handle_ = example::process::OwnedHandle(reinterpret_cast<example::HandleNumber>(opened));
        written_.resize(1 + random_() % largest);
        for (char& byte : written_) {
            byte = static_cast<char>(random_());
        }
        given_up_ = ++turns_ % 3 == 0;
        const std::error_code error = files_.loop_.start_write(
            handle_.number(), written_,
            [this](std::size_t bytes, std::error_code failed) { has_written(bytes, failed); });
        if (error) {
            fail("files: a write was refused", error);
        }
        if (given_up_) {
            close();
        }
    }

private:
    void has_written(std::size_t bytes, std::error_code error) {
        const bool canceled = given_up_ && error == std::errc::operation_canceled;
        if (!canceled && (error || bytes != written_.size())) {
            fail("files: a write failed", error);
        }
        if (given_up_) {
            return files_.ended(*this);
        }
        read_.assign(written_.size() + 1, '\0');
        const std::error_code refused = files_.loop_.start_read(
            handle_.number(), read_,
            [this](std::size_t read, std::error_code failed) { has_read(read, failed); });
        if (refused) {
            fail("files: a read was refused", refused);
        }
    }

    void has_read(std::size_t bytes, std::error_code error) {
        if (error) {
            fail("files: a read failed", error);
        }
        read_.resize(bytes);
        if (read_ != written_) {
            fail("loss: a file does not hold what was written to it");
        }
        close();
        files_.ended(*this);
    }

    void close() {
        files_.loop_.forget_pipe(handle_.number());
        handle_.close();
    }

    Files& files_;
    std::mt19937 random_;
    std::uint64_t turns_ = 0;
    bool given_up_ = false;
    example::process::OwnedHandle handle_;
    std::vector<char> written_;
    std::vector<char> read_;
};

Files::Files(example::EventLoop& loop, std::uint64_t files) : loop_(loop) {
    for (std::uint64_t i = 0; i < files; ++i) {
        files_.push_back(std::make_unique<File>(*this, static_cast<std::uint32_t>(i)));
    }
}

Files::~Files() = default;

void Files::go() {
    running_ = true;
    for (const std::unique_ptr<File>& file : files_) {
        ++busy_;
        file->begin();
    }
}

void Files::ended(File& file) {
    ++done_;
    loop_.add_timer(pause_between_files, [this, &file] {
        if (running_) {
            file.begin();
        } else {
            --busy_;
        }
    });
}

}  // namespace soak
