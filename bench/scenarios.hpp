// The scenarios, each in a file of its name, the two of readiness in one. A scenario runs on the
// main thread, with Winsock started, and throws std::exception on failure.
#pragma once

#include "harness.hpp"

namespace wakepoll::bench {

void run_wake_latency(Bench& bench);
void run_wake_storm(Bench& bench);
void run_readiness_staying(Bench& bench);
void run_readiness_moving(Bench& bench);
void run_one_poll(Bench& bench);
void run_churn(Bench& bench);
void run_changes(Bench& bench);
void run_epoll_changes(Bench& bench);
void run_create(Bench& bench);
void run_timeouts(Bench& bench);
void run_echo(Bench& bench);
void run_pipes(Bench& bench);
void run_files(Bench& bench);
void run_accepts(Bench& bench);
void run_memory(Bench& bench);

}  // namespace wakepoll::bench
