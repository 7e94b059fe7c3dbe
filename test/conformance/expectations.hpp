// The two files in this folder: what epoll reports, and where and why wakepoll differs.
//
// `epoll.txt` holds, for each scenario, the observations on Linux's epoll. `differences.txt` holds
// reasons, and entries that say which observations differ in which places. Together they define
// exactly what must be observed in a place: a difference without an entry fails, and so does an
// entry whose difference is not seen.
//
// The environment variable CONFORMANCE names their directory.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scene.hpp"

namespace wakepoll::test {

/// The origin of a difference.
enum class Kind {
    windows,  ///< Windows, in every version.
    unknown,  ///< Assumed of Windows, but not known.
    wine,     ///< Wine only; on Windows the observation is epoll's, or another entry's.
    chosen,   ///< wakepoll's own rule.
};

struct Reason {
    Kind kind = Kind::windows;
    std::string title;
    std::string text;
    std::string source;
};

/// One entry of differences.txt.
struct Difference {
    std::string scenario;
    std::string label;  ///< Of the observation; `*`: all that `seen` changes.
    std::string where;  ///< Places, separated by commas; see `covers`.
    std::string seen;   ///< Words, or a change of the mask: `-hup`, `+in`, `-out -hup`.
    std::string reason;
};

/// A kernel and a backend, as differences.txt names them: `windows_11/afd`, `wine/automatic`.
struct Place {
    std::string kernel;
    std::string backend;

    [[nodiscard]] std::string name() const { return kernel + '/' + backend; }
};

/// Every place that is compared. `wine_8` is simulated, `wine` is Wine itself.
[[nodiscard]] const std::vector<Place>& all_places();
[[nodiscard]] bool is_wine(const Place& place);

/// True if the list names the place: by its kernel, or by `all`, `windows` or `wine` for several
/// kernels, each with or without a slash and a backend.
[[nodiscard]] bool covers(std::string_view where, const Place& place);

/// Applies a change to words, unless they are no mask; returns `seen` itself if it is no change.
[[nodiscard]] std::string changed(const std::string& words, const std::string& seen);

struct Expected {
    std::string seen;
    const Difference* difference = nullptr;  ///< Null if it is epoll's.
};

class Conformance {
public:
    /// Parses the text of both files; throws if one is malformed.
    Conformance(const std::string& epoll, const std::string& differences);
    /// Reads the files.
    [[nodiscard]] static Conformance from_files();

    [[nodiscard]] const std::vector<Observation>& epoll(const std::string& scenario) const;
    [[nodiscard]] bool knows(const std::string& scenario) const {
        return epoll_.contains(scenario);
    }
    /// The expected observation with this label in this place.
    [[nodiscard]] Expected expected(const std::string& scenario, const Observation& epoll,
                                    const Place& place) const;

    [[nodiscard]] const std::vector<std::string>& scenarios() const { return order_; }
    [[nodiscard]] const std::vector<std::string>& reasons_in_order() const { return reason_order_; }
    [[nodiscard]] const Reason& reason(const std::string& name) const { return reasons_.at(name); }
    [[nodiscard]] const std::vector<Difference>& differences() const { return differences_; }

    /// The faults of the entries, as texts; empty if there are none.
    [[nodiscard]] std::vector<std::string> complaints() const;

private:
    void read_epoll(const std::string& text);
    void read_differences(const std::string& text);

    std::map<std::string, std::vector<Observation>> epoll_;
    std::vector<std::string> order_;
    std::map<std::string, Reason> reasons_;
    std::vector<std::string> reason_order_;
    std::vector<Difference> differences_;
};

/// The path of a file in the directory CONFORMANCE, and its content.
[[nodiscard]] std::string conformance_path(const std::string& name);
[[nodiscard]] std::string conformance_file(const std::string& name);
/// The text of epoll.txt for these observations.
[[nodiscard]] std::string epoll_text(
    const std::vector<std::pair<std::string, std::vector<Observation>>>& played);
/// The text of doc/internals/conformance.md, which depends on the two files only.
[[nodiscard]] std::string document(const Conformance& conformance);

}  // namespace wakepoll::test
