#include "app/search_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/format.hpp"

namespace ridgeline {

SearchReporter::SearchReporter(const SearchOptions& options, const SearchSetup& setup, const Session& session,
                               std::vector<double> reference)
    : options_(options), setup_(setup), session_(session), reference_(std::move(reference)) {}

void SearchReporter::round(std::uint64_t evaluations, std::uint64_t live, double elapsed, double limit,
                           const ParetoArchive& archive) {
  constexpr double kSoonest = 1, kShare = 0.02;
  if (!session_.progress || elapsed - last_ < std::max(kSoonest, kShare * elapsed)) return;
  last_ = elapsed;
  double share = std::isinf(limit) ? 0 : elapsed / limit;
  if (options_.evaluations)
    share = std::max(share, static_cast<double>(evaluations) / static_cast<double>(*options_.evaluations));
  session_.progress(step(evaluations, static_cast<double>(live) / elapsed, archive), std::min(share, 0.999));
}

void SearchReporter::moving(double share) {
  if (session_.progress && last_ > 0) session_.progress("moving designs freely", std::min(share, 0.999));
}

void SearchReporter::finish() {
  if (session_.progress && last_ > 0) session_.progress("done", 1);
}

std::string SearchReporter::step(std::uint64_t evaluations, double rate, const ParetoArchive& archive) const {
  std::string text =
      fmt::format("{} designs, {}/s", format_short_count(static_cast<double>(evaluations)), format_short_count(rate));
  const Population& members = archive.members();
  if (members.size() == 0) return text + ", none meets the constraints yet";
  if (reference_.size() > 1)
    text += fmt::format(", hypervolume {:.4g}", log_hypervolume(members, archive.sorted(), reference_));
  for (std::size_t m = 0; m < setup_.problem.objectives.size(); ++m) {
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < members.size(); ++i) best = std::min(best, members.values(i)[m]);
    const SearchObjective& objective = setup_.problem.objectives[m];
    text +=
        fmt::format(", {} {}", objective.sum ? "sum" : objective_heading(objective), objective_text(objective, best));
  }
  return text;
}

Convergence::Convergence(bool wanted, std::vector<double> reference)
    : wanted_(wanted), reference_(std::move(reference)) {}

void Convergence::round(std::uint64_t evaluations, const ParetoArchive& archive, bool last) {
  constexpr double kStep = 1.25;
  if (!wanted_ || (!last && evaluations < next_) || archive.members().size() == 0) return;
  if (!points_.empty() && points_.back().evaluations == evaluations) return;
  next_ = static_cast<std::uint64_t>(kStep * static_cast<double>(evaluations));
  const Population& members = archive.members();
  SearchProgress& point = points_.emplace_back();
  point.evaluations = evaluations;
  point.designs = members.size();
  point.hypervolume = reference_.size() > 1 ? log_hypervolume(members, archive.sorted(), reference_)
                                            : std::numeric_limits<double>::quiet_NaN();
  point.best.assign(members.objective_count, std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < members.size(); ++i)
    for (std::size_t m = 0; m < point.best.size(); ++m) point.best[m] = std::min(point.best[m], members.values(i)[m]);
}

}  // namespace ridgeline
