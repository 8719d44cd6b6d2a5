// Watching a search: what it says while it runs, and how its front grew.
#pragma once

#include <cstdint>
#include <vector>

#include "app/search.hpp"
#include "search/archive.hpp"

namespace ridgeline {

/// Speaks of the search from time to time, the more rarely the longer it takes. Refers to options, setup and session.
class SearchReporter {
 public:
  SearchReporter(const SearchOptions& options, const SearchSetup& setup, const Session& session,
                 std::vector<double> reference);
  /// After a round: evaluations so far, those of them that this run made, seconds that took, and its limit.
  void round(std::uint64_t evaluations, std::uint64_t live, double elapsed, double limit,
             const ParetoArchive& archive);
  /// Says so when the rest is to move designs.
  void moving(double share);
  void finish();

 private:
  std::string step(std::uint64_t evaluations, double rate, const ParetoArchive& archive) const;

  const SearchOptions& options_;
  const SearchSetup& setup_;
  const Session& session_;
  std::vector<double> reference_;
  double last_ = 0;
};

/// Remembers how the front grew, at numbers of evaluations that grow by a quarter: the same whenever the search runs.
class Convergence {
 public:
  Convergence(bool wanted, std::vector<double> reference);
  void round(std::uint64_t evaluations, const ParetoArchive& archive, bool last = false);
  std::vector<SearchProgress> points() { return std::move(points_); }

 private:
  bool wanted_;
  std::vector<double> reference_;
  std::uint64_t next_ = 0;
  std::vector<SearchProgress> points_;
};

}  // namespace ridgeline
