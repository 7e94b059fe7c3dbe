// Wakes a thread that runs an io_context: by post, as Asio's documentation says.
#include "contestants/asio_all.hpp"
#include "contestants/parked_contestant.hpp"

namespace wakepoll::bench {
namespace {

class ParkedAsio final : public ParkedContestant {
public:
    std::size_t wait() override { return context_.run_one(); }

    void wake() override {
        asio::post(context_, [] {});
    }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ =
        asio::make_work_guard(context_);
};

}  // namespace

std::unique_ptr<ParkedContestant> make_parked_asio() { return std::make_unique<ParkedAsio>(); }

}  // namespace wakepoll::bench
