// The clients' process from the server's side: a load that is another program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "child.hpp"
#include "crowd.hpp"
#include "event_loop.hpp"
#include "load.hpp"

namespace soak {

class Clients final : public Load {
public:
    Clients(example::EventLoop& loop, std::uint16_t port);

    [[nodiscard]] std::string_view name() const override { return "connections"; }
    void go() override;
    void rest() override;
    [[nodiscard]] bool is_at_rest() const override { return at_rest_; }
    [[nodiscard]] std::uint64_t done() const override { return report_.connections; }

    /// As of the last rest.
    [[nodiscard]] const CrowdReport& report() const { return report_; }

private:
    void hear(std::string_view text);

    example::Child child_;
    bool at_rest_ = true;
    std::string heard_;
    CrowdReport report_;
};

}  // namespace soak
