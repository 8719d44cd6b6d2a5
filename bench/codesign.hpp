// What the co-design studies of docs/edgetran.md and docs/hat.md share: one noise-free evaluator for everybody, the
// search's own with calibrated parameters, seen as the data sets saw their runs (calib/observation.hpp: whole
// processes in EdgeTran's), and a search that ends after so much CPU time.
//
// Each study prints its every figure as JSON; scripts/codesign.py makes tables of it.
#pragma once

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "calib/observation.hpp"
#include "data/measurement.hpp"
#include "search/archive.hpp"
#include "search/deployment.hpp"
#include "search/evaluator.hpp"
#include "search/optimiser.hpp"

namespace ridgeline {

/// A deployment with its calibration, and how its runs were observed.
struct Bench {
  Deployment deployment;
  ObservationParameters observation;
  std::size_t rows = 0;  ///< that the calibration was fitted to
  /// Of a device whose description has no power (NCS2): medians of its measured rows.
  struct MeasuredPower {
    double mean, peak;  ///< W
  };
  std::optional<MeasuredPower> measured_power;

  /// As that set had its rows: latency and energy of a sequence, peak power.
  DesignFigures observed(DesignFigures warm) const;
  DesignFigures observed(const Architecture& architecture) const;
};

/// A device as a measurement set had it, with the calibration that ships. Error when none does.
Bench bench_of(const MeasurementSet& set);

/// Two objectives of each design: a cost, and what capacity or accuracy it lacks.
using Score = std::function<std::array<double, 2>(std::span<const Gene> genome, const DesignFigures& figures)>;

/// The designs that no other dominates, and what finding them took.
struct Run {
  ParetoArchive archive;
  std::uint64_t evaluations = 0;
  double seconds = 0;  ///< of CPU
};

/// Searches until the CPU time or the evaluations are used up.
Run search(AnyOptimiser optimiser, const Space& space, Evaluator& evaluator, const Score& score, double seconds,
           std::uint64_t evaluations);

/// "layers: 12; width: 768"
std::string describe(const Space& space, std::span<const Gene> genome);

/// `data` is a folder with the public sets (edgetran/, hat/), `seconds` the CPU time of each seed's search, `random`
/// the number of random designs beside them.
nlohmann::ordered_json edgetran_study(const std::filesystem::path& data, int seeds, double seconds,
                                      std::uint64_t random);
nlohmann::ordered_json hat_study(const std::filesystem::path& data, int seeds, double seconds);

}  // namespace ridgeline
