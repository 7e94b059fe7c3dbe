// The headers of every scenario file, precompiled: they are most of its compile time.
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>
