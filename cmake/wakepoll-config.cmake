# What find_package(wakepoll) reads: the target wakepoll::wakepoll. It needs nothing but Windows.
include("${CMAKE_CURRENT_LIST_DIR}/wakepoll-targets.cmake")
