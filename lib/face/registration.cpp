#include "wakepoll/registration.hpp"

#include "poller/poller.hpp"
#include "wakepoll/os_poller.hpp"

namespace wakepoll {

Result<Registration> Registration::create(OsPoller& poller, Handle handle, IoInterest interest,
                                          UserData user_data) noexcept {
    if (poller.poller_ == nullptr) {
        return errc::poller_is_closed;
    }
    const Result<core::SlotUse> use = poller.poller_->add_for(handle, interest, user_data.number());
    if (!use) {
        return use.error();
    }
    return Registration(SlotHolder(*poller.poller_, handle, *use));
}

Registration& Registration::operator=(Registration&& other) noexcept {
    Registration taken(std::move(other));
    std::swap(holder_, taken.holder_);
    return *this;
}

Registration::~Registration() { static_cast<void>(unregister()); }

Result<void> Registration::modify(IoInterest interest, UserData user_data) noexcept {
    return holder_.poller() != nullptr
               ? holder_.poller()->modify_for(holder_.use(), interest, user_data.number())
               : errc::not_registered;
}

Result<void> Registration::unregister() noexcept {
    const SlotHolder ended = std::exchange(holder_, {});
    return ended.poller() != nullptr ? ended.poller()->remove_for(ended.use())
                                     : errc::not_registered;
}

}  // namespace wakepoll
