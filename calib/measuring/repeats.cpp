#include "calib/measuring/repeats.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kWindow = 3;       // runs that are compared with as many before
constexpr double kSettledShare = 0.05;   // relative
constexpr double kSecondsAtOnce = 0.05;  // of runs between two decisions
constexpr std::size_t kMostAtOnce = 100;
constexpr double kNormalQuantile = 1.96;  // two-sided 95 %

}  // namespace

double planned_seconds(const RepeatOptions& options, double run) {
  // Whatever ends warming or timing, it is looked at after a run.
  const double warming = options.longest_warming + run;
  const double timed = std::max(options.longest, options.shortest) + run;
  return kLoadingSeconds + warming + std::max(timed, static_cast<double>(options.fewest) * run);
}

MedianInterval median_interval(std::span<const double> values) {
  if (values.empty()) throw Error("the median of no values");
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  const double half = kNormalQuantile * std::sqrt(n) / 2;
  const auto rank = [&](double r) {  // from 1
    return sorted[static_cast<std::size_t>(std::clamp(r, 1.0, n)) - 1];
  };
  return {median(sorted), rank(std::floor(n / 2 - half)), rank(std::ceil(n / 2 + half + 1))};
}

TrimmedMoments trimmed(std::span<const double> values, double share) {
  std::vector<double> kept(values.begin(), values.end());
  std::sort(kept.begin(), kept.end());
  const auto cut = static_cast<std::ptrdiff_t>(share * static_cast<double>(kept.size()));
  kept.erase(kept.end() - cut, kept.end());
  kept.erase(kept.begin(), kept.begin() + cut);
  TrimmedMoments moments{mean(kept), 0};
  double squares = 0;
  for (const double x : kept) squares += (x - moments.mean) * (x - moments.mean);
  if (kept.size() > 1) moments.deviation = std::sqrt(squares / static_cast<double>(kept.size() - 1));
  return moments;
}

bool Repeats::settled() const {
  if (warming_.size() < 2 * kWindow) return false;
  const std::span<const double> all(warming_);
  const double last = median(all.last(kWindow)), before = median(all.last(2 * kWindow).first(kWindow));
  return std::abs(last / before - 1) < kSettledShare;
}

void Repeats::add(double seconds) {
  if (warm_) {
    timed_.push_back(seconds);
    timed_seconds_ += seconds;
    return;
  }
  warming_.push_back(seconds);
  warming_seconds_ += seconds;
  warm_ = settled() || warming_seconds_ >= options_.longest_warming;
}

bool Repeats::done() const {
  if (!warm_ || timed_.size() < options_.fewest || timed_seconds_ < options_.shortest) return false;
  if (timed_.size() >= options_.most || timed_seconds_ >= options_.longest) return true;
  const MedianInterval i = median_interval(timed_);
  return (i.high - i.low) / 2 <= options_.target * i.median;
}

std::size_t Repeats::next() const {
  const std::vector<double>& known = timed_.empty() ? warming_ : timed_;
  if (known.empty()) return 1;
  const double fits = kSecondsAtOnce / std::max(known.back(), 1e-9);
  const auto wanted = static_cast<std::size_t>(std::clamp(fits, 1.0, static_cast<double>(kMostAtOnce)));
  return warm_ ? wanted : std::min(wanted, kWindow);
}

RepeatSummary Repeats::summary() const {
  const MedianInterval i = median_interval(timed_);
  RepeatSummary s;
  s.warming = warming_.size();
  s.runs = timed_.size();
  s.median = i.median, s.low = i.low, s.high = i.high;
  s.reached = s.runs >= options_.fewest && (i.high - i.low) / 2 <= options_.target * i.median;
  s.fastest = *std::min_element(timed_.begin(), timed_.end());
  const TrimmedMoments moments = trimmed(timed_, options_.trimmed);
  s.trimmed_mean = moments.mean, s.deviation = moments.deviation;
  return s;
}

}  // namespace ridgeline
