// Lines to and from the clients' process.
#include "clients.hpp"

#include "net.hpp"
#include "process.hpp"

namespace soak {

Clients::Clients(example::EventLoop& loop, std::uint16_t port)
    : child_(loop,
             {.output = [this](std::string_view text) { hear(text); },
              .errors = [this](std::string_view text) { hear(text); },
              .ended =
                  [](int exit_code) {
                      fail("the clients' process has ended, with " + std::to_string(exit_code));
                  }}) {
    if (const std::error_code error =
            child_.start({example::process::own_path(), "--clients", std::to_string(port)})) {
        fail("clients: cannot start: " + example::net::describe(error));
    }
}

void Clients::go() {
    at_rest_ = false;
    child_.write("go\n");
}

void Clients::rest() { child_.write("rest\n"); }

void Clients::hear(std::string_view text) {
    heard_ += text;
    for (std::size_t end = 0; (end = heard_.find('\n')) != std::string::npos;) {
        const std::string line = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        const std::optional<CrowdReport> report = CrowdReport::from(line);
        if (!report) {
            fail("the clients say: " + line);
        }
        report_ = *report;
        at_rest_ = true;
    }
}

}  // namespace soak
