#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "app/format.hpp"
#include "app/selftest.hpp"
#include "app/table.hpp"
#include "calib/scores.hpp"

namespace ridgeline {
namespace {

// What predictions are held to on a quiet machine.
constexpr double kMedianBar = 0.06, kMeanBar = 0.09, kRankBar = 0.99, kPartsMedianBar = 0.12, kCoverage = 0.9;

/// How far from 90 % the coverage of n intervals may be: three standard deviations of a binomial and a little more.
double coverage_tolerance(std::size_t n) {
  return std::max(0.05, 2.6 * std::sqrt(kCoverage * (1 - kCoverage) / static_cast<double>(n)));
}

std::string share(double value) { return format_percent(value, 1); }

double predicted_latency(const CalibratedFigures& figures) {
  return figures[static_cast<std::size_t>(FittedMetric::latency)].value;
}

Cell judged(const std::string& text, bool met) {
  return {text + (met ? "" : " !"), met ? Emphasis::none : Emphasis::warning};
}

void heading(Table& table) {
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
}

std::string families_table(const SelftestResult& r, const Style& style) {
  struct Pairs {
    std::vector<double> predicted, measured;
  };
  std::map<std::string, Pairs> families;
  for (std::size_t i = 0; i < r.unseen.size(); ++i) {
    const Measurement& row = r.unseen[i];
    Pairs& pairs = families[fmt::format("{}, {}", family_of(row.definition), name(row.workload.task))];
    pairs.predicted.push_back(predicted_latency(r.folds.front().predicted[i]));
    pairs.measured.push_back(row.latency->value);
  }
  const Column right{.right = true};
  Table table{2, {{}, right, right, right}, {{"unseen models", "number", "median APE", "mean APE"}}};
  heading(table);
  for (const auto& [family, pairs] : families) {
    const Scores s = score(pairs.predicted, pairs.measured);
    table.rows.push_back({family, fmt::format("{}", s.rows), share(s.median_ape), share(s.mape)});
  }
  return render(table, style);
}

std::string bars_table(const SelftestResult& r, const Style& style) {
  const Column right{.right = true};
  Table table{2,
              {{}, right, right, right, right, right},
              {{"calibrated on", "rows", "median APE", "mean APE", "Spearman", "in 90 % intervals"}}};
  heading(table);
  const double tolerance = coverage_tolerance(r.unseen.size());
  for (std::size_t i = 0; i < r.folds.size(); ++i) {
    const SelftestFold& f = r.folds[i];
    const Scores& s = f.latency.scores;
    const bool whole = i == 0;
    const double rank = s.spearman.value_or(0);
    const auto& intervals = f.latency.intervals;
    table.rows.push_back({f.from, fmt::format("{}", f.rows),
                          judged(share(s.median_ape), s.median_ape <= (whole ? kMedianBar : kPartsMedianBar)),
                          judged(share(s.mape), !whole || s.mape <= kMeanBar),
                          judged(fmt::format("{:.4f}", rank), !whole || rank >= kRankBar),
                          intervals ? judged(share(intervals->coverage),
                                             !whole || std::abs(intervals->coverage - kCoverage) <= tolerance)
                                    : Cell{"—"}});
    table.rows.push_back({{"  to be", Emphasis::dim},
                          {},
                          {fmt::format("≤ {:.0f} %", 100 * (whole ? kMedianBar : kPartsMedianBar)), Emphasis::dim},
                          {whole ? fmt::format("≤ {:.0f} %", 100 * kMeanBar) : "", Emphasis::dim},
                          {whole ? fmt::format("≥ {:.2f}", kRankBar) : "", Emphasis::dim},
                          {whole ? fmt::format("90 ± {:.0f} %", 100 * tolerance) : "", Emphasis::dim}});
  }
  return render(table, style);
}

std::string farthest_table(const SelftestResult& r, const Style& style) {
  constexpr std::size_t kFarthest = 3;
  std::vector<std::pair<double, std::size_t>> off;
  for (std::size_t i = 0; i < r.unseen.size(); ++i)
    off.emplace_back(predicted_latency(r.folds.front().predicted[i]) / r.unseen[i].latency->value - 1, i);
  std::sort(off.begin(), off.end(),
            [](const auto& a, const auto& b) { return std::abs(a.first) > std::abs(b.first); });
  const Column right{.right = true};
  Table table{2, {{.wraps = true}, right, right, right}, {{"farthest off", "measured", "predicted", ""}}};
  heading(table);
  for (std::size_t i = 0; i < std::min(kFarthest, off.size()); ++i) {
    const std::size_t row = off[i].second;
    table.rows.push_back({r.unseen[row].id, format_number(r.unseen[row].latency->value, "s"),
                          format_number(predicted_latency(r.folds.front().predicted[row]), "s"),
                          fmt::format("{:+.1f} %", 100 * off[i].first)});
  }
  return render(table, style);
}

}  // namespace

std::string selftest_text(const SelftestResult& r, const Style& style) {
  std::string text = "Latency of models that no fit has seen, predicted from whole models\n";
  text += families_table(r, style) + "\n" + bars_table(r, style) + "\n" + farthest_table(r, style) + "\n";
  if (!r.missing.empty())
    text += paragraph(fmt::format("{} of the unseen models could not be measured. The first: {}: {}.",
                                  r.missing.size(), r.missing.front().id, r.missing.front().reason),
                      0, style);
  if (r.unseen.size() + r.missing.size() < static_cast<std::size_t>(r.wanted))
    text += paragraph(
        fmt::format("{} of {} unseen models: there was no time for more. A longer --budget is more telling.",
                    r.unseen.size(), r.wanted),
        0, style);
  if (r.elapsed > 0)
    text += fmt::format("Measuring took {:.0f} s, {:.0f} % of it running models.\n", r.elapsed,
                        100 * r.running / r.elapsed);
  if (r.disturbed > 0)
    text +=
        paragraph(fmt::format("{} of {} rows were disturbed by other work, which their conditions name: on a quiet "
                              "machine errors are smaller.",
                              r.disturbed, r.rows),
                  0, style);
  for (const char* key : {"libtorch", "blas", "blas kernels", "threads"})
    if (const auto found = r.conditions.find(key); found != r.conditions.end())
      text += fmt::format("{}: {}\n", key, found->second);
  return text + fmt::format(
                    "\nKept in {0}. Next: ridgeline estimate bert-base --device {0}/this-machine.yaml --runtime "
                    "libtorch --calibration {0}/calibration.h5\n",
                    r.folder);
}

}  // namespace ridgeline
