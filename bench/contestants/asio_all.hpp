// Asio, standalone and header-only.
#pragma once

#include <asio.hpp>
