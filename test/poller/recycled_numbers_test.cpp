// A number that was one object's and is another's by now. The table is every kind of old object,
// and how the poller came to know it, by every kind of new object, by every call.
#include "recycled_numbers.hpp"

namespace wakepoll::test::recycled {
namespace {

BOOST_AUTO_TEST_SUITE(recycled_numbers)

BOOST_AUTO_TEST_CASE(every_call_answers_as_for_a_handle_that_is_new) {
    std::size_t rows = 0;
    const auto row = [&](Known known, Object before, Object after, Asked asked) {
        on_every_kernel(sanitized ? 1 : 2, [&](Stage& stage) {
            OsPoller poller = make_poller();
            OsPoller fresh = make_poller();
            Scene scene(stage, poller);
            const Handle old = scene.make(before);
            const Handle twin = scene.make(after);
            const Handle made = scene.make(after);
            if (after != Object::closed && (!twin || !made)) {
                return;
            }
            if (!scene.know(known, before, old)) {
                return;
            }
            scene.close(before, old);
            if (after != Object::closed) {
                scene.rename(after, made, old);
            }
            const Handle compared = twin ? twin : stage.world.never_a_handle();
            std::error_code right = ask(scene, fresh, asked, after, compared);
            if (known == Known::operating && after == Object::closed && asked == Asked::cancel) {
                right = std::make_error_code(std::errc::bad_file_descriptor);
                if (before == Object::listener) {
                    right = {};  // An accept is ended without its handle.
                }
            }
            const std::error_code answer = ask(scene, poller, asked, after, old);
            BOOST_TEST((answer == right ||
                        answer.default_error_condition() == right.default_error_condition()),
                       name_in(known_names, known)
                           << ' ' << name_in(object_names, before) << ", now "
                           << name_in(object_names, after) << ", " << name_in(asked_names, asked)
                           << ": " << answer << " and not " << right);
            ++rows;
        });
    };
    for_each_of(known_names.size(), [&](std::size_t known) {
        for_each_of(static_cast<std::size_t>(Object::event), [&](std::size_t before) {
            for_each_of(object_names.size(), [&](std::size_t after) {
                for_each_of(asked_names.size(), [&](std::size_t asked) {
                    row(static_cast<Known>(known), static_cast<Object>(before),
                        static_cast<Object>(after), static_cast<Asked>(asked));
                });
            });
        });
    });
    BOOST_TEST(rows > 5'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test::recycled
