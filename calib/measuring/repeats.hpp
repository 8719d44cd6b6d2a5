// How often one model is run: until it is warm, then until the median is known well enough.
//
// Warm: the median of the last three runs is within 5 % of that of the three before, or warming has taken as long as
// it may. Known: half of the 95 % interval of the median is within 2 % of it. The interval is that of order
// statistics, which supposes nothing about how runs are spread: with n runs it reaches from rank
// n/2 - 0.98·√n to n/2 + 0.98·√n + 1 (Hahn & Meeker 1991, section 5.2), for n = 6 from the fastest to the slowest.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ridgeline {

struct RepeatOptions {
  double target = 0.02;    ///< half of the interval of the median, relative
  std::size_t fewest = 6;  ///< with fewer there is no interval of 95 %
  std::size_t most = 1000;
  double shortest = 0;           ///< s of timed runs: what a slow power sensor needs
  double longest = 4;            ///< s of timed runs, where `fewest` are done
  double longest_warming = 1.5;  ///< s
  double trimmed = 0.1;          ///< share that is left out at each end before mean and deviation
};

struct RepeatSummary {
  std::size_t warming = 0;  ///< runs before the timed ones
  std::size_t runs = 0;
  double median = 0, low = 0, high = 0;    ///< s; 95 % interval of the median
  double trimmed_mean = 0, deviation = 0;  ///< s; standard deviation of what is left after trimming
  double fastest = 0;
  bool reached = false;  ///< the target
};

/// s that loading a model may take in a campaign.
inline constexpr double kLoadingSeconds = 3;
/// s that a campaign sets aside for a model of `run` s a run: the longest that loading, warming and the timed runs
/// may take. It grows with `run`, if slowly where runs are short.
double planned_seconds(const RepeatOptions& options, double run);

/// 95 % interval of the median; the extremes where there are fewer than six values. Error without values.
struct MedianInterval {
  double median, low, high;
};
MedianInterval median_interval(std::span<const double> values);

/// Mean and standard deviation without the lowest and the highest `share` of the values, each below half. Error
/// without values.
struct TrimmedMoments {
  double mean, deviation;
};
TrimmedMoments trimmed(std::span<const double> values, double share);

class Repeats {
 public:
  explicit Repeats(const RepeatOptions& options) : options_(options) {}

  /// One run's time in s.
  void add(double seconds);
  bool warm() const { return warm_; }
  bool done() const;
  /// How many runs to make before asking again: about 50 ms of them.
  std::size_t next() const;
  /// Of the timed runs; Error before the first.
  RepeatSummary summary() const;
  const std::vector<double>& timed() const { return timed_; }

 private:
  bool settled() const;

  RepeatOptions options_;
  std::vector<double> warming_, timed_;
  double warming_seconds_ = 0, timed_seconds_ = 0;
  bool warm_ = false;
};

}  // namespace ridgeline
