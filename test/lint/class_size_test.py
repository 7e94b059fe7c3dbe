"""What tools/lib/class_size.py counts of a class, and what it must not be fooled by."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "lib"))

import class_size  # noqa: E402


def sizes(text):
    return [tuple(size) for size in class_size.sizes(text)]


class Counts(unittest.TestCase):
    def of(self, members, head="class A"):
        """The public functions of a class A with these members."""
        return dict(sizes("namespace n {\n%s {\n%s\n};\n}  // namespace n\n" % (head, members)))["A"]

    def test_overloads_statics_templates_and_operators_count(self):
        self.assertEqual(self.of("""
            public:
                void f();
                void f(int) noexcept;
                [[nodiscard]] static Result<A*> create(const B& b) noexcept;
                template <class T, class U = std::pair<int, int>>
                    requires std::same_as<T, std::span<const U>>
                [[nodiscard]] decltype(auto) g(T&& t) const;
                [[nodiscard]] bool operator==(const A& other) const noexcept = default;
                void operator()(int) const;
                explicit operator bool() const noexcept { return true; }
                friend bool operator<(const A&, const A&) { return false; }
            """), 7)

    def test_constructors_the_destructor_assignments_and_what_is_deleted_do_not(self):
        self.assertEqual(self.of("""
            public:
                A() noexcept : a_{1}, b_(2) { f(); }
                explicit A(int a) noexcept : a_{a} {}
                template <class T>
                    requires(!std::same_as<T, int>)
                A(T t);
                A(const A&) = delete;
                virtual ~A() = default;
                A& operator=(const A&) = delete;
                A& operator=(A&& other) noexcept { return *this; }
                A& operator|=(int bits) noexcept;
                void g(double) = delete;
                void f() noexcept { A(3); }
            """), 1)

    def test_only_what_is_public(self):
        self.assertEqual(self.of("void a(); public: void b(); protected: void c(); private: void d();"
                                 " public: void e();"), 2)
        self.assertEqual(self.of("void a(); private: void b();", head="struct A"), 1)

    def test_data_types_and_assertions_are_no_functions(self):
        self.assertEqual(self.of("""
            public:
                using Rouse = void (*)(void* poller) noexcept;
                enum class Kind : std::uint8_t { one, two };
                static constexpr std::size_t most = size_of(3);
                static_assert(sizeof(int) == 4);
                friend class B;
                class Later;
                alignas(64) std::atomic<int> a{f(1)};
                void (*handler)(int) = nullptr;
                std::function<void(int)> callback;
                bool b : 1 = f();
                int c = g(), d[h(2)];
            """), 0)

    def test_comments_strings_and_directives_are_skipped(self):
        self.assertEqual(self.of(r"""
            public:
                // void a(); }
                /* void b(); };
                private: */
                void c();  /// private:
            #if defined(_WIN32) && \
                defined(X) // {
                void d();
            #endif
                void e() { log("} private: // \" {", '"', '}', R"x(})" };)x"); }
                void f();
            """), 4)

    def test_bodies_are_skipped(self):
        self.assertEqual(self.of("""
            public:
                void a() noexcept {
                    struct Local { void f(); };
                    if (x) { g(); } else { const auto h = [&](int i) { return i; }; }
                    for (;;) { switch (y) { case 1: { } default: break; } }
                }
                int b{0};
                void c() { };
            """), 2)

    def test_macros_are_no_functions_and_no_names(self):
        self.assertEqual(self.of("public: WAKEPOLL_API void f(); WAKEPOLL_OLD(\"g(int)\") void g();",
                                 head="class WAKEPOLL_API A final : public B<int>, private C::D"), 2)


class Classes(unittest.TestCase):
    def test_nested_classes_count_for_themselves(self):
        self.assertEqual(sizes("""
            class A {
            public:
                struct B {
                    void f();
                    class C { void g(); public: void h(); void i(); };
                    void j();
                } member;
                void k();
            private:
                struct D { void l(); };
                void m();
                class E;
            };
            class A::E { public: void n(); };
            """), [("A", 1), ("A::B", 2), ("A::B::C", 2), ("A::D", 1), ("E", 1)])

    def test_what_is_no_class_is_skipped(self):
        self.assertEqual(sizes("""
            extern "C" { struct a; int f(struct a* one); }
            enum class B : int { c };
            inline namespace v0_1 { template <class T> class D; }
            template <class T> concept E = requires(T t) { { t.f() } noexcept; };
            struct F* g() { return nullptr; }
            template <class T> void h(T t) { struct I { void j(); }; }
            """), [])

    def test_specializations_and_attributes(self):
        self.assertEqual(sizes("""
            template <> struct std::less<n::A> { bool operator()(int, int) const; };
            template <class T, std::size_t n = (1 > 0)> struct alignas(8) [[nodiscard]] B : A<T> { T f(); };
            union C { int a; int f(); };
            """), [("less", 1), ("B", 1), ("C", 1)])


class Program(unittest.TestCase):
    def printed(self, text, *options):
        with tempfile.TemporaryDirectory() as folder:
            header = pathlib.Path(folder) / "a.hpp"
            header.write_text(text)
            out = io.StringIO()
            with unittest.mock.patch("sys.argv", ["class_size.py", *options, str(header)]), \
                    contextlib.redirect_stdout(out):
                class_size.main()
            return out.getvalue().replace(str(header), "a.hpp")

    @staticmethod
    def wide(name, count):
        return "struct %s { %s };\n" % (name, "void f();" * count)

    def test_prints_what_is_above_the_limit(self):
        text = self.wide("A", 25) + self.wide("B", 26) + "class C { public: %s };" % self.wide("D", 30)
        self.assertEqual(self.printed(text), "a.hpp: class B has 26 public functions (at most 25)\n"
                                             "a.hpp: class C::D has 30 public functions (at most 25)\n")
        self.assertEqual(self.printed(self.wide("A", 3), "--at-most", "2"),
                         "a.hpp: class A has 3 public functions (at most 2)\n")

    def test_os_poller_is_exempt(self):
        self.assertEqual(self.printed(self.wide("OsPoller", 40)), "")

    def test_reads_the_headers_of_this_tree(self):
        found = {}
        for folder in ("include", "lib"):
            for header in (ROOT / folder).rglob("*.hpp"):
                found.update(sizes(header.read_text(encoding="utf-8")))
        for name in ("OsPoller", "Handle", "Poller", "Wait::Pass", "SocketBackend::Memory", "PollSchedule::Member"):
            self.assertIn(name, found)
        self.assertGreater(found["OsPoller"], 25)


if __name__ == "__main__":
    unittest.main()
