#include "wakepoll/waker.hpp"

#include <utility>

#include "poller/poller.hpp"

namespace wakepoll {

Waker::Waker(Poller* poller) noexcept : poller_(poller) {
    if (poller_ != nullptr) {
        poller_->retain();
    }
}

Waker::Waker(const Waker& other) noexcept : Waker(other.poller_) {}

Waker::Waker(Waker&& other) noexcept : poller_(std::exchange(other.poller_, nullptr)) {}

Waker& Waker::operator=(const Waker& other) noexcept {
    Waker copy(other);
    std::swap(poller_, copy.poller_);
    return *this;
}

Waker& Waker::operator=(Waker&& other) noexcept {
    Waker taken(std::move(other));
    std::swap(poller_, taken.poller_);
    return *this;
}

Waker::~Waker() {
    if (poller_ != nullptr) {
        poller_->release();
    }
}

bool Waker::wake() const noexcept { return poller_ != nullptr && poller_->wake(); }

bool Waker::shutdown() const noexcept { return poller_ != nullptr && poller_->shut_down(); }

}  // namespace wakepoll
