#include "core/poll_requests.hpp"

#include <cassert>
#include <utility>

namespace wakepoll::core {

void PollRequests::count(const Cover& cover, std::uint32_t one) noexcept {
    if (cover.need == Need::nothing) {
        (cover.request == Request::group ? group_unneeded_ : own_unneeded_) += one;
    } else if (cover.need == Need::end && cover.canceled) {
        awaited_ += one;
    }
}

void PollRequests::need(Cover& cover, Need need) noexcept {
    count(cover, ~std::uint32_t{0});
    cover.need = need;
    count(cover, 1);
}

void PollRequests::start(Request request, Slot slot, std::uint32_t events) noexcept {
    Cover& cover = of(slot);
    assert(cover.request == Request::none && request != Request::none);
    cover.asked = static_cast<std::uint16_t>(events);
    cover.request = request;
    cover.need = Need::answer;
    ++(request == Request::group ? grouped_ : own_);
}

PollRequests::Need PollRequests::end(Slot slot) noexcept {
    Cover& cover = of(slot);
    assert(cover.request != Request::none);
    count(cover, ~std::uint32_t{0});
    if (cover.request == Request::own) {
        --own_;
        cover.canceled = false;
        if (orphans_.is_linked(slot)) {
            orphans_.remove(slot);
        }
    } else if (--grouped_ == 0) {
        group_canceled_ = false;
        group_orphan_ = false;
    }
    cover.request = Request::none;
    cover.former = false;
    return std::exchange(cover.need, Need::nothing);
}

bool PollRequests::hold(Slot slot) noexcept {
    Cover& cover = of(slot);
    if (cover.request == Request::none) {
        return false;
    }
    need(cover, Need::end);
    return true;
}

PollRequests::Request PollRequests::abandon(Slot slot) noexcept {
    Cover& cover = of(slot);
    if (cover.request != Request::none) {
        need(cover, Need::nothing);
        cover.former = true;
    }
    return to_cancel(cover);
}

PollRequests::Request PollRequests::must_cancel(Slot slot, std::uint32_t wanted) const noexcept {
    const Cover& cover = of(slot);
    return (wanted & ~std::uint32_t{cover.asked}) == 0 ? Request::none : to_cancel(cover);
}

void PollRequests::note_canceled(Request request, Slot slot) noexcept {
    if (request == Request::group) {
        assert(is_group_in_flight());
        group_canceled_ = true;
        group_orphan_ = false;
        return;
    }
    Cover& cover = of(slot);
    assert(cover.request == Request::own);
    awaited_ += !cover.canceled && cover.need == Need::end ? 1U : 0U;
    cover.canceled = true;
    if (orphans_.is_linked(slot)) {
        orphans_.remove(slot);
    }
}

void PollRequests::note_orphan(Request request, Slot slot) noexcept {
    if (request == Request::group) {
        group_orphan_ = true;
        return;
    }
    assert(covering(slot) == Request::own);
    if (!orphans_.is_linked(slot)) {
        orphans_.add(slot);
    }
}

}  // namespace wakepoll::core
