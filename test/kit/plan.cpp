#include "plan.hpp"

#include <cstddef>
#include <stdexcept>

namespace wakepoll::kit {
namespace {

constexpr std::size_t fixed_fields = 6;

Kind kind_of(const std::string& word) {
    if (word == "suite") {
        return Kind::suite;
    }
    if (word == "program") {
        return Kind::program;
    }
    if (word == "experiment") {
        return Kind::experiment;
    }
    if (word == "benchmark") {
        return Kind::benchmark;
    }
    throw std::runtime_error("the plan has no kind of step called '" + word + "'");
}

std::string in_folder(std::string text, const std::string& folder) {
    static const std::string token = "{kit}";
    for (std::size_t at = text.find(token); at != std::string::npos;
         at = text.find(token, at + folder.size())) {
        text.replace(at, token.size(), folder);
    }
    return text;
}

Step step_of(const std::vector<std::string>& fields, const std::string& folder) {
    if (fields.size() < fixed_fields) {
        throw std::runtime_error("a line of the plan is too short");
    }
    Step step;
    step.kind = kind_of(fields[0]);
    step.name = fields[1];
    step.quick = fields[2] == "quick";
    step.program = fields[4];
    std::size_t arguments = 0;
    try {
        step.minutes = std::stoi(fields[3]);
        arguments = std::stoul(fields[5]);
    } catch (const std::exception&) {
        throw std::runtime_error("a number of the plan is none: step '" + step.name + "'");
    }
    if (step.minutes < 1 || arguments > fields.size() - fixed_fields) {
        throw std::runtime_error("a number of the plan is wrong: step '" + step.name + "'");
    }
    for (std::size_t i = fixed_fields; i < fields.size(); ++i) {
        const std::string text = in_folder(fields[i], folder);
        if (i < fixed_fields + arguments) {
            step.arguments.push_back(text);
            continue;
        }
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw std::runtime_error("the plan has a variable without a value: '" + text + "'");
        }
        step.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return step;
}

}  // namespace

std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> fields(1);
    for (const char c : line) {
        if (c == separator) {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    return fields;
}

bool next_line(std::istream& input, std::string& line) {
    if (!std::getline(input, line)) {
        return false;
    }
    if (!line.empty() && line.back() == '\r') {
        line.pop_back();
    }
    return true;
}

std::vector<Step> read_plan(std::istream& input, const std::string& folder) {
    std::vector<Step> plan;
    for (std::string line; next_line(input, line);) {
        if (!line.empty()) {
            plan.push_back(step_of(split(line, '\t'), folder));
        }
    }
    return plan;
}

}  // namespace wakepoll::kit
