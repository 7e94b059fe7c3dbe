// What the files beside this one say: what epoll reports, and where wakepoll differs and why.
//
// `epoll.txt` holds, for each scenario, what was observed on Linux's own epoll. `differences.txt`
// holds reasons, and entries that say which observation is another one in which places. From both
// follows what must be observed in a place, exactly: a difference that has no entry fails there,
// and so does an entry whose difference is not seen.
//
// The files are found by the environment variable CONFORMANCE, a directory.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scene.hpp"

namespace wakepoll::test {

/// Whose doing a difference is.
enum class Kind {
    windows,  ///< Windows itself, on every version.
    unknown,  ///< Taken for Windows', but nobody knows what Windows does.
    wine,     ///< Wine alone; on Windows the observation is epoll's, or another entry's.
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
    std::string label;  ///< Of the observation; `*` is all of them that `seen` would change.
    std::string where;  ///< Places separated by commas, see `covers`.
    std::string seen;   ///< Words, or a change of the mask: `-hup`, `+in`, `-out -hup`.
    std::string reason;
};

/// A kernel and a backend, as differences.txt names them: `windows_11/afd`, `wine/automatic`.
struct Place {
    std::string kernel;
    std::string backend;

    [[nodiscard]] std::string name() const { return kernel + '/' + backend; }
};

/// Every place that is compared. `wine_8` is the simulated one, `wine` is Wine itself.
[[nodiscard]] const std::vector<Place>& all_places();
[[nodiscard]] bool is_wine(const Place& place);

/// True where the list names the place: by its kernel, or by `all`, `windows` or `wine` for several
/// kernels, each with or without a backend behind a slash.
[[nodiscard]] bool covers(std::string_view where, const Place& place);

/// The words after such a change, which leaves what is no mask as it is; `seen` itself where it is
/// no change.
[[nodiscard]] std::string changed(const std::string& words, const std::string& seen);

struct Expected {
    std::string seen;
    const Difference* difference = nullptr;  ///< Null where it is epoll's own.
};

class Conformance {
public:
    /// From the text of both files; throws where one is not understood.
    Conformance(const std::string& epoll, const std::string& differences);
    /// From the files themselves.
    [[nodiscard]] static Conformance from_files();

    [[nodiscard]] const std::vector<Observation>& epoll(const std::string& scenario) const;
    [[nodiscard]] bool knows(const std::string& scenario) const {
        return epoll_.contains(scenario);
    }
    /// What the scenario's observation of this label is in this place.
    [[nodiscard]] Expected expected(const std::string& scenario, const Observation& epoll,
                                    const Place& place) const;

    [[nodiscard]] const std::vector<std::string>& scenarios() const { return order_; }
    [[nodiscard]] const std::vector<std::string>& reasons_in_order() const { return reason_order_; }
    [[nodiscard]] const Reason& reason(const std::string& name) const { return reasons_.at(name); }
    [[nodiscard]] const std::vector<Difference>& differences() const { return differences_; }

    /// What is wrong with the entries, in words; empty where all is well.
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

/// A file of the directory that CONFORMANCE names, and what it holds.
[[nodiscard]] std::string conformance_path(const std::string& name);
[[nodiscard]] std::string conformance_file(const std::string& name);
/// The text of epoll.txt for these observations.
[[nodiscard]] std::string epoll_text(
    const std::vector<std::pair<std::string, std::vector<Observation>>>& played);
/// The text of doc/internals/conformance.md. A function of the two files alone.
[[nodiscard]] std::string document(const Conformance& conformance);

}  // namespace wakepoll::test
