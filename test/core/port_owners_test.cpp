// Which poller has associated a number last, as far as that is noted.
#include <boost/test/unit_test.hpp>

#include "core/port_owners.hpp"

namespace wakepoll::core {

BOOST_AUTO_TEST_SUITE(port_owners)

BOOST_AUTO_TEST_CASE(the_last_note_of_a_number_counts) {
    const PortOwner first = PortOwners::make();
    const PortOwner second = PortOwners::make();
    const Handle handle(0x1004);
    BOOST_TEST(!PortOwners::is_anothers(handle, first));
    PortOwners::note(handle, first);
    BOOST_TEST(!PortOwners::is_anothers(handle, first));
    BOOST_TEST(PortOwners::is_anothers(handle, second));
    PortOwners::note(handle, second);
    BOOST_TEST(PortOwners::is_anothers(handle, first));
    BOOST_TEST(!PortOwners::is_anothers(handle, second));
}

BOOST_AUTO_TEST_CASE(a_note_of_another_number_in_the_cell_says_nothing) {
    const PortOwner first = PortOwners::make();
    const PortOwner second = PortOwners::make();
    const Handle handle(0x2004);
    const Handle far(0x2004 + 4 * 4096);
    PortOwners::note(handle, first);
    PortOwners::note(far, second);
    BOOST_TEST(!PortOwners::is_anothers(handle, first));
    BOOST_TEST(!PortOwners::is_anothers(handle, second));
    BOOST_TEST(PortOwners::is_anothers(far, first));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::core
