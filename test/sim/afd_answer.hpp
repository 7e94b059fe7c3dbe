// The answer of an AFD request of the model, in its caller's memory; see afd_device.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "afd_device.hpp"
#include "status.hpp"

namespace wakepoll::sim {

/// What the caller finds in its memory. The memory is the caller's again when this is destroyed.
class AfdPolls::Answer final : public Delivery {
public:
    Answer(std::shared_ptr<Busy> busy, sys::AfdRequest& request, sys::AfdStatus& status,
           void* context, std::uint32_t outcome, Items items)
        : busy_(std::move(busy)),
          request_(request),
          status_(status),
          context_(context),
          outcome_(outcome),
          items_(std::move(items)) {}
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;
    ~Answer() override {
        busy_->erase(&request_);
        busy_->erase(&status_);
    }

    /// Call once. Leaves a request that failed as it is.
    void write() {
        if (std::exchange(written_, true)) {
            return;
        }
        if (has_items()) {
            request_.count = static_cast<std::uint32_t>(items_.size());
            std::ranges::copy(items_, request_.items());
        }
        status_.status = outcome_;
        status_.information = bytes();
    }
    void dequeued() override { write(); }

    [[nodiscard]] sys::Packet packet(std::uintptr_t key) const noexcept {
        return {.key = key,
                .overlapped = context_,
                .internal = outcome_,
                .bytes = static_cast<std::uint32_t>(bytes())};
    }

private:
    [[nodiscard]] bool has_items() const noexcept { return outcome_ == status::success; }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return has_items() ? sizeof(sys::AfdRequest) + items_.size() * sizeof(sys::AfdItem) : 0;
    }

    std::shared_ptr<Busy> busy_;
    sys::AfdRequest& request_;
    sys::AfdStatus& status_;
    void* context_;
    std::uint32_t outcome_;
    Items items_;
    bool written_ = false;
};

}  // namespace wakepoll::sim
