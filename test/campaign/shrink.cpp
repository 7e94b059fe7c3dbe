// See shrink.hpp.
#include "shrink.hpp"

#include <algorithm>
#include <utility>

namespace wakepoll::test {
namespace {

using List = std::vector<std::uint32_t>;

class Shrinker {
public:
    Shrinker(const Run& failing, const Runner& run, std::size_t most_runs)
        : best_(failing), kind_(kind_of(*failing.broken)), run_(run), left_(most_runs) {}

    Run go() {
        bool better = true;
        while (better && left_ > 0) {
            better = without_steps();
            better = without_spans() || better;
            better = with_lower_numbers() || better;
        }
        return best_;
    }

private:
    /// Runs the list. It becomes the best if it fails in the same way and is smaller.
    bool is_better(const List& list) {
        if (left_ == 0) {
            return false;
        }
        --left_;
        Run run = run_(list);
        if (!run.broken || kind_of(*run.broken) != kind_) {
            return false;
        }
        // Numbers drawn beyond the list are 0.
        while (!run.drawn.empty() && run.drawn.back() == 0) {
            run.drawn.pop_back();
        }
        const bool smaller = run.drawn.size() < best_.drawn.size() ||
                             (run.drawn.size() == best_.drawn.size() && run.drawn < best_.drawn);
        if (smaller) {
            best_ = std::move(run);
        }
        return smaller;
    }

    [[nodiscard]] List without(std::size_t first, std::size_t last) const {
        List list = best_.drawn;
        const auto at = [&](std::size_t place) {
            return list.begin() + static_cast<std::ptrdiff_t>(std::min(place, list.size()));
        };
        list.erase(at(first), at(last));
        return list;
    }

    [[nodiscard]] std::size_t begin_of_step(std::size_t step) const {
        return step < best_.steps.size() ? best_.steps[step] : best_.drawn.size();
    }

    /// From the end, because earlier steps are needed more often.
    bool without_steps() {
        bool better = false;
        for (std::size_t many = std::max<std::size_t>(best_.steps.size() / 2, 1); many > 0;
             many /= 2) {
            for (std::size_t first = best_.steps.size(); first-- > 0 && left_ > 0;) {
                if (first + many <= best_.steps.size() &&
                    is_better(without(begin_of_step(first), begin_of_step(first + many)))) {
                    better = true;
                }
            }
        }
        return better;
    }

    bool without_spans() {
        bool better = false;
        for (std::size_t many = 8; many > 0; many /= 2) {
            for (std::size_t first = best_.drawn.size(); first-- > 0 && left_ > 0;) {
                if (first + many <= best_.drawn.size() && is_better(without(first, first + many))) {
                    better = true;
                }
            }
        }
        return better;
    }

    bool with_lower_numbers() {
        bool better = false;
        for (std::size_t place = 0; place < best_.drawn.size() && left_ > 0; ++place) {
            const std::uint32_t now = best_.drawn[place];
            for (const std::uint32_t lower : {0U, now / 2, now - 1}) {
                if (now == 0 || place >= best_.drawn.size() || best_.drawn[place] <= lower) {
                    continue;
                }
                List list = best_.drawn;
                list[place] = lower;
                better = is_better(list) || better;
            }
        }
        return better;
    }

    Run best_;
    const std::string kind_;
    const Runner& run_;
    std::size_t left_;
};

}  // namespace

std::string kind_of(const std::string& broken) { return broken.substr(0, broken.find(':')); }

Run shrink(const Run& failing, const Runner& run, std::size_t most_runs) {
    return Shrinker(failing, run, most_runs).go();
}

}  // namespace wakepoll::test
