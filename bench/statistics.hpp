// Summarizes many samples of the same quantity.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace wakepoll::bench {

/// The value below which this part of the sorted samples lies.
[[nodiscard]] inline double quantile(const std::vector<double>& sorted, double part) {
    const double last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(std::lround(part * last))];
}

struct Summary {
    double low = 0;  ///< The quantile at `few`.
    double median = 0;
    double p99 = 0;
    double spread = 0;  ///< Between the quartiles, as a part of the median.
    std::size_t samples = 0;
};

/// Requires at least one sample; `few` is the part of them that is below `low`.
[[nodiscard]] inline Summary summary_of(const std::vector<double>& sorted, double few) {
    const double median = quantile(sorted, 0.5);
    const double between = quantile(sorted, 0.75) - quantile(sorted, 0.25);
    return {quantile(sorted, few), median, quantile(sorted, 0.99),
            median != 0 ? between / std::abs(median) : 0, sorted.size()};
}

}  // namespace wakepoll::bench
