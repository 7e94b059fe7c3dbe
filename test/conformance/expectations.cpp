// See expectations.hpp.
#include "expectations.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace wakepoll::test {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

[[noreturn]] void malformed(const std::string& line) {
    throw std::runtime_error("not understood: " + line);
}

/// The lines of a text without comments and empty ones.
std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        line = trimmed(line);
        if (!line.empty() && line.front() != '#') {
            lines.push_back(line);
        }
    }
    return lines;
}

bool is_change(const std::string& seen) {
    return !seen.empty() && (seen.front() == '-' || seen.front() == '+');
}

/// `mask::none` for a word that is no bit of a mask.
std::uint32_t bit_of(const std::string& word) {
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1U) {
        if (words_of(bit) == word) {
            return bit;
        }
    }
    return mask::none;
}

/// Nothing if the words are not those of a mask.
std::optional<std::uint32_t> mask_of_words(const std::string& words) {
    std::uint32_t mask = mask::none;
    for (const std::string& word : split(words, '|')) {
        mask |= bit_of(word);
    }
    return words_of(mask) == words ? std::optional(mask) : std::nullopt;
}

Kind kind_of(const std::string& word) {
    if (word == "windows") {
        return Kind::windows;
    }
    if (word == "unknown") {
        return Kind::unknown;
    }
    if (word == "wine") {
        return Kind::wine;
    }
    if (word == "chosen") {
        return Kind::chosen;
    }
    malformed("kind " + word);
}

}  // namespace

const std::vector<Place>& all_places() {
    static const std::vector<Place> places = [] {
        std::vector<Place> made;
        for (const char* const kernel : {"windows_11", "windows_server_2019", "wine_8", "wine"}) {
            for (const char* const backend : {"automatic", "wsapoll", "afd"}) {
                made.push_back({kernel, backend});
            }
        }
        return made;
    }();
    return places;
}

bool is_wine(const Place& place) { return place.kernel.starts_with("wine"); }

bool covers(std::string_view where, const Place& place) {
    for (const std::string& one : split(where, ',')) {
        const std::vector<std::string> parts = split(one, '/');
        const bool kernel = parts[0] == "all" || parts[0] == place.kernel ||
                            parts[0] == (is_wine(place) ? "wine" : "windows");
        if (kernel && (parts.size() == 1 || parts[1] == place.backend)) {
            return true;
        }
    }
    return false;
}

std::string changed(const std::string& words, const std::string& seen) {
    if (!is_change(seen)) {
        return seen;
    }
    const std::optional<std::uint32_t> before = mask_of_words(words);
    if (!before) {
        return words;
    }
    std::uint32_t mask = *before;
    for (const std::string& one : split(seen, ' ')) {
        const std::uint32_t bit = bit_of(one.substr(1));
        if (bit == mask::none) {
            throw std::runtime_error("no change of a mask: " + seen);
        }
        mask = one.front() == '+' ? mask | bit : mask & ~bit;
    }
    return words_of(mask);
}

Conformance::Conformance(const std::string& epoll, const std::string& differences) {
    read_epoll(epoll);
    read_differences(differences);
}

Conformance Conformance::from_files() {
    return {conformance_file("epoll.txt"), conformance_file("differences.txt")};
}

void Conformance::read_epoll(const std::string& text) {
    for (const std::string& line : lines_of(text)) {
        if (line.front() == '[' && line.back() == ']') {
            order_.push_back(line.substr(1, line.size() - 2));
            epoll_[order_.back()];
            continue;
        }
        const std::size_t colon = line.rfind(": ");
        if (colon == std::string::npos || order_.empty()) {
            malformed(line);
        }
        epoll_[order_.back()].push_back({line.substr(0, colon), line.substr(colon + 2)});
    }
}

void Conformance::read_differences(const std::string& text) {
    Reason* reason = nullptr;
    std::string scenario;
    for (const std::string& line : lines_of(text)) {
        if (line.front() == '[' && line.back() == ']') {
            scenario = line.substr(1, line.size() - 2);
            continue;
        }
        if (const std::vector<std::string> fields = split(line, '@'); fields.size() == 4) {
            differences_.push_back({scenario, fields[0], fields[1], fields[2], fields[3]});
            continue;
        }
        const std::size_t space = line.find(' ');
        const std::string word = line.substr(0, space);
        const std::string rest = space == std::string::npos ? "" : trimmed(line.substr(space));
        if (word == "reason") {
            reason_order_.push_back(rest);
            reason = &reasons_[rest];
        } else if (reason == nullptr) {
            malformed(line);
        } else if (word == "kind") {
            reason->kind = kind_of(rest);
        } else if (word == "title") {
            reason->title = rest;
        } else if (word == "text") {
            reason->text += (reason->text.empty() ? "" : " ") + rest;
        } else if (word == "source") {
            reason->source += (reason->source.empty() ? "" : " ") + rest;
        } else {
            malformed(line);
        }
    }
}

const std::vector<Observation>& Conformance::epoll(const std::string& scenario) const {
    return epoll_.at(scenario);
}

Expected Conformance::expected(const std::string& scenario, const Observation& epoll,
                               const Place& place) const {
    Expected found = {epoll.seen, nullptr};
    for (const Difference& difference : differences_) {
        const bool meant = difference.label == epoll.label || difference.label == "*";
        if (difference.scenario != scenario || !meant || !covers(difference.where, place)) {
            continue;
        }
        std::string seen = changed(epoll.seen, difference.seen);
        if (seen == epoll.seen) {
            continue;
        }
        if (found.difference != nullptr) {
            throw std::runtime_error("two entries for '" + epoll.label + "' of '" + scenario +
                                     "' in " + place.name());
        }
        found = {std::move(seen), &difference};
    }
    return found;
}

std::vector<std::string> Conformance::complaints() const {
    std::vector<std::string> complaints;
    std::set<const Difference*> used;
    std::set<std::string> reasons_used;
    for (const std::string& scenario : order_) {
        for (const Observation& observation : epoll(scenario)) {
            for (const Place& place : all_places()) {
                if (const Difference* const by =
                        expected(scenario, observation, place).difference) {
                    used.insert(by);
                    reasons_used.insert(by->reason);
                }
            }
        }
    }
    for (const Difference& difference : differences_) {
        const std::string entry =
            difference.scenario + ": " + difference.label + " (" + difference.where + ')';
        const auto reason = reasons_.find(difference.reason);
        if (reason == reasons_.end()) {
            complaints.push_back(entry + " has no reason that is called " + difference.reason);
            continue;
        }
        if (!used.contains(&difference)) {
            complaints.push_back(entry + " changes nothing of what epoll reports");
        }
        for (const Place& place : all_places()) {
            if (covers(difference.where, place) && reason->second.kind == Kind::wine &&
                !is_wine(place)) {
                complaints.push_back(entry + " is said to be Wine's, and names Windows");
            }
        }
        const bool names_windows = std::any_of(
            all_places().begin(), all_places().end(),
            [&](const Place& place) { return !is_wine(place) && covers(difference.where, place); });
        const bool of_windows =
            reason->second.kind == Kind::windows || reason->second.kind == Kind::unknown;
        if (of_windows && !names_windows) {
            complaints.push_back(entry + " is said to be Windows', and names Wine alone");
        }
    }
    for (const auto& [name, reason] : reasons_) {
        if (!reasons_used.contains(name)) {
            complaints.push_back("no difference needs the reason " + name);
        }
        if (reason.title.empty() || reason.text.empty() || reason.source.empty()) {
            complaints.push_back("the reason " + name + " lacks title, text or source");
        }
    }
    return complaints;
}

std::string conformance_path(const std::string& name) {
    const char* const directory = std::getenv("CONFORMANCE");
    if (directory == nullptr) {
        throw std::runtime_error("CONFORMANCE in the environment has to name test/conformance");
    }
    std::string path = std::string(directory) + '/' + name;
#if defined(_WIN32)
    if (path.front() == '/') {
        path = "Z:" + path;  // Wine maps the machine's root to this drive.
    }
#endif
    return path;
}

std::string conformance_file(const std::string& name) {
    const std::string path = conformance_path(name);
    const std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot be read: " + path);
    }
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string epoll_text(
    const std::vector<std::pair<std::string, std::vector<Observation>>>& played) {
    std::ostringstream text;
    text << "# What Linux's own epoll reports in each scenario. Written by tools/conformance; the\n"
            "# suite conformance_epoll plays the scenarios again and compares.\n";
    for (const auto& [scenario, observations] : played) {
        text << "\n[" << scenario << "]\n";
        for (const Observation& observation : observations) {
            text << observation.label << ": " << observation.seen << '\n';
        }
    }
    return text.str();
}

}  // namespace wakepoll::test
