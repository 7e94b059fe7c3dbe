// kit.exe: runs everything that tools/kit has packed, and writes a report.
//
// It is in the folder of plan.txt, facts.txt and version.txt, which tools/kit wrote, and the
// programs. It writes report.txt and report.html there, and to the folder `output` what each
// program printed. The report is rewritten after each program, so it exists even if this one
// crashes.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "boost_log.hpp"
#include "facts.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "system.hpp"

namespace wakepoll::kit {
namespace {

struct Wishes {
    bool quick = false;
    bool help = false;
    int minutes = 0;                ///< Instead of those of the plan; 0 says that these count.
    std::vector<std::string> only;  ///< Names of steps; all if there is none.
};

constexpr const char* usage =
    "usage: kit [--quick] [--minutes N] [--only NAME]...\n"
    "\n"
    "Runs the programs beside it and writes report.html and report.txt.\n"
    "\n"
    "  --quick      a few suites, and the experiments scaled down\n"
    "  --minutes N  stop each program after so many minutes\n"
    "  --only NAME  only this suite, program or experiment\n"
    "\n"
    "The exit code is 0 where everything ran and held, 1 where not, 2 where there is no report.\n";

Wishes parse(const std::vector<std::string>& words) {
    Wishes wishes;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--quick") {
            wishes.quick = true;
        } else if (words[i] == "--help") {
            wishes.help = true;
        } else if (words[i] == "--only" && i + 1 < words.size()) {
            wishes.only.push_back(words[++i]);
        } else if (words[i] == "--minutes" && i + 1 < words.size()) {
            wishes.minutes = std::atoi(words[++i].c_str());
            if (wishes.minutes < 1 || wishes.minutes > 1000) {
                throw std::runtime_error("--minutes is a number from 1 to 1000");
            }
        } else {
            throw std::runtime_error("'" + words[i] + "' is not understood\n\n" + usage);
        }
    }
    return wishes;
}

std::ifstream open(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error(utf8(path.wstring()) +
                                 " cannot be read. Was the whole zip unpacked?");
    }
    return file;
}

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) {
        throw std::runtime_error(utf8(path.wstring()) + " cannot be written");
    }
}

std::vector<Step> wanted(std::vector<Step> plan, const Wishes& wishes) {
    std::vector<Step> steps;
    for (Step& step : plan) {
        const bool named =
            std::find(wishes.only.begin(), wishes.only.end(), step.name) != wishes.only.end();
        if (wishes.only.empty() ? !wishes.quick || step.quick : named) {
            if (wishes.quick && step.kind == Kind::experiment) {
                step.arguments.emplace_back("--quick");
            }
            if (wishes.minutes != 0) {
                step.minutes = wishes.minutes;
            }
            steps.push_back(std::move(step));
        }
    }
    if (steps.empty()) {
        throw std::runtime_error("the plan has no such step");
    }
    return steps;
}

class Kit {
public:
    Kit(const std::filesystem::path& folder, const Wishes& wishes)
        : folder_(folder), output_(folder / "output") {
        auto plan = open(folder / "plan.txt");
        steps_ = wanted(read_plan(plan, utf8(folder.wstring())), wishes);
        auto facts = open(folder / "facts.txt");
        facts_ = read_facts(facts);
        auto version = open(folder / "version.txt");
        std::string line;
        next_line(version, line);
        report_.system = describe_system();
        report_.system.insert(report_.system.begin(), {"kit", line});
        if (wishes.quick || !wishes.only.empty()) {
            report_.system.emplace_back("extent", "a part of the kit only");
        }
        std::filesystem::create_directories(output_);
    }

    [[nodiscard]] std::string page() const { return utf8((folder_ / "report.html").wstring()); }

    [[nodiscard]] bool run_all() {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            std::printf("[%u/%u] %s ... ", static_cast<unsigned>(i + 1),
                        static_cast<unsigned>(steps_.size()), steps_[i].name.c_str());
            std::fflush(stdout);
            StepResult result = run(steps_[i], folder_, output_ / output_of(steps_[i], i));
            if (steps_[i].kind == Kind::suite) {
                result.log = read_boost_log(result.output);
                cases_.insert(cases_.end(), result.log.cases.begin(), result.log.cases.end());
            }
            std::printf("%s\n", clean(in_words(result)).c_str());
            std::fflush(stdout);
            report_.results.push_back(std::move(result));
            write_report();
        }
        return report_.is_good();
    }

private:
    static std::string output_of(const Step& step, std::size_t number) {
        std::string name = std::to_string(number + 1) + " " + step.name + ".txt";
        std::replace_if(
            name.begin(), name.end(),
            [](char c) { return std::string("<>:\"/\\|?*").find(c) != std::string::npos; }, '_');
        return name;
    }

    void write_report() {
        report_.verdicts = judge(facts_, cases_);
        write(folder_ / "report.txt", as_text(report_));
        write(folder_ / "report.html", as_html(report_));
    }

    std::filesystem::path folder_;
    std::filesystem::path output_;
    std::vector<Step> steps_;
    std::vector<Fact> facts_;
    std::vector<CaseResult> cases_;
    Report report_;
};

}  // namespace
}  // namespace wakepoll::kit

int main(int count, char** words) {
    using namespace wakepoll::kit;
    constexpr int not_good = 1;
    constexpr int no_report = 2;
    try {
        const Wishes wishes = parse(std::vector<std::string>(words + 1, words + count));
        if (wishes.help) {
            std::fputs(usage, stdout);
            return 0;
        }
        expect_crashes();
        Kit kit(folder_of_the_kit(), wishes);
        const bool good = kit.run_all();
        std::printf("%s. The report is %s; please open an issue with report.txt beside it.\n",
                    good ? "Everything ran and held" : "Not everything ran and held",
                    kit.page().c_str());
        return good ? 0 : not_good;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kit: %s\n", error.what());
        return no_report;
    }
}
