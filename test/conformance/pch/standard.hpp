// What every scenario's file begins with, compiled once: most of its compilation is these headers.
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>
