# Never run, for lack of Conan: written from the documentation of Conan 2.
from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy
import os


class WakepollConan(ConanFile):
    name = "wakepoll"
    version = "0.1.0"
    license = "MIT"
    description = "Readiness polling on Windows with epoll-compatible events"
    topics = ("epoll", "event-loop", "iocp", "windows", "sockets")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False]}
    default_options = {"shared": False}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "lib/*"

    def validate(self):
        if self.settings.os != "Windows":
            raise ConanInvalidConfiguration("wakepoll is the Windows layer of an event loop")
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeToolchain(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libs = ["wakepoll"]
        self.cpp_info.system_libs = ["ws2_32", "ntdll"]
        if self.options.shared:
            self.cpp_info.defines = ["WAKEPOLL_DLL"]
        self.cpp_info.set_property("cmake_file_name", "wakepoll")
        self.cpp_info.set_property("cmake_target_name", "wakepoll::wakepoll")
