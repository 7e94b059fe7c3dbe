// See disk_file.hpp.
#include "disk_file.hpp"

#include <algorithm>

#include "status.hpp"

namespace wakepoll::sim {

std::uint32_t DiskFile::refusal(OperationKind kind, const Traits&) const {
    return kind == OperationKind::read || kind == OperationKind::write ? 0 : code::not_a_socket;
}

Outcome DiskFile::end(Operation& operation, const Traits&) {
    const std::uint64_t offset = operation.offset();
    const std::size_t size = operation.size();
    if (operation.kind == OperationKind::write) {
        const std::vector<std::uint8_t> bytes = operation.rest();
        content_.resize(std::max<std::size_t>(content_.size(), offset + size));
        std::copy(bytes.begin(), bytes.end(),
                  content_.begin() + static_cast<std::ptrdiff_t>(offset));
        return {status::success, size};
    }
    if (size == 0) {
        return {status::success, 0};
    }
    if (offset >= content_.size()) {
        return {status::end_of_file, 0};
    }
    const std::size_t read = std::min<std::size_t>(size, content_.size() - offset);
    operation.scatter(std::span(content_).subspan(offset, read));
    return {status::success, read};
}

}  // namespace wakepoll::sim
