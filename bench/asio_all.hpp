// Asio, standalone and header-only. Its headers want to be the first.
#pragma once

#include <asio.hpp>
