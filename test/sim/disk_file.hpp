// A file on a disk of the model: its content, read and written at the offset in the OVERLAPPED.
//
// A write beyond the end extends the file, with zeros between. Operations are independent: pending
// ones end in any order. Used under the kernel's lock.
#pragma once

#include <utility>
#include <vector>

#include "operations.hpp"

namespace wakepoll::sim {

class DiskFile final : public IoObject {
public:
    DiskFile(bool overlapped, std::vector<std::uint8_t> content) noexcept
        : IoObject(Kind::disk_file), overlapped_(overlapped), content_(std::move(content)) {}

    [[nodiscard]] const std::vector<std::uint8_t>& content() const noexcept { return content_; }

    [[nodiscard]] bool signalled() const noexcept override { return true; }
    [[nodiscard]] bool is_file() const noexcept override { return true; }
    [[nodiscard]] bool is_overlapped() const noexcept override { return overlapped_; }

    [[nodiscard]] std::uint32_t refusal(OperationKind kind, const Traits& traits) const override;
    [[nodiscard]] bool can_end(const Operation&) const override { return true; }
    [[nodiscard]] Outcome end(Operation& operation, const Traits& traits) override;
    [[nodiscard]] bool in_turn(const Operation&) const noexcept override { return false; }
    [[nodiscard]] bool always_pends(OperationKind, const Traits& traits) const noexcept override {
        return traits.file_operations_pend;
    }

private:
    bool overlapped_;
    std::vector<std::uint8_t> content_;
};

}  // namespace wakepoll::sim
