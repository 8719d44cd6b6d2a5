#include "model/tiling.hpp"

#include <algorithm>

#include "model/power_mean.hpp"

namespace ridgeline {
namespace {

/// std::ceil for 0 <= x < 2^63; the library's costs a call where the compiler may not assume SSE 4.1.
double round_up(double x) {
  const double whole = static_cast<double>(static_cast<std::int64_t>(x));
  return whole < x ? whole + 1 : whole;
}

/// The same for a quotient that may be off by rounding: sizes are below 1e9, so true fractions are farther from
/// whole.
double round_up_quotient(double x) { return round_up(x - 1e-9); }

/// Time that `waves` of tiles take, in waves of full tiles: at least one.
double passed_waves(double waves, double wave_quantisation) {
  return std::max(1.0, waves + wave_quantisation * (round_up_quotient(waves) - waves));
}

/// Past this many waves smaller tiles cannot fill the units noticeably better.
constexpr double kEnoughWaves = 16;

}  // namespace

Engine::Engine(const ArithmeticParameters& arithmetic)
    : seconds_per_flop(1 / (arithmetic.peak.si() * arithmetic.utilisation)),
      units(static_cast<double>(arithmetic.units)),
      inverse_units(1 / units),
      rows(static_cast<double>(arithmetic.tile_rows)),
      columns(static_cast<double>(arithmetic.tile_columns)),
      depth(static_cast<double>(arithmetic.tile_depth)),
      inverse_rows(1 / rows),
      inverse_columns(1 / columns),
      inverse_depth(1 / depth) {}

Tiling tile(const Product& p, const Operands& operands, const Engine& engine, double wave_quantisation,
            double longest_edge, double overlap) {
  const double depth = round_up_quotient(p.inner * engine.inverse_depth) * engine.depth;

  Tiling best;
  double best_cost = 0;
  for (double edge = longest_edge;; edge *= 0.5) {
    const double rows = round_up_quotient(std::min(edge, p.rows) * engine.inverse_rows) * engine.rows;
    const double columns = round_up_quotient(std::min(edge, p.columns) * engine.inverse_columns) * engine.columns;
    const double down = rows >= p.rows ? 1 : round_up_quotient(p.rows / rows);
    const double across = columns >= p.columns ? 1 : round_up_quotient(p.columns / columns);
    const double tiles = p.count * down * across;
    const double waves = passed_waves(tiles * engine.inverse_units, wave_quantisation);
    double piece = depth;
    if (tiles < engine.units) {
      const double pieces = std::min(engine.units / tiles, depth / std::max(rows, columns));
      if (pieces > 1) piece /= pieces;
    }
    // One step of depth fills and drains a tile's pipeline.
    const double slots = 2 * waves * engine.units * rows * columns * (piece + engine.depth);
    const double fetched = operands.left * across + operands.right * down + operands.result;
    const double cost =
        power(slots * engine.seconds_per_flop, overlap) + power(fetched * operands.seconds_per_byte, overlap);
    if (best.slots == 0) best.least_fetched = fetched;
    if (best.slots == 0 || cost < best_cost) {
      best_cost = cost;
      best.slots = slots;
      best.rows = rows;
      best.columns = columns;
      best.fetched = fetched;
    }
    const bool smallest = rows <= engine.rows && columns <= engine.columns;
    if (smallest || waves >= kEnoughWaves) break;
  }
  return best;
}

double row_slots(double rows, double columns, const Engine& engine, double wave_quantisation) {
  const double groups = round_up_quotient(rows * engine.inverse_rows);
  const double lanes = round_up_quotient(columns * engine.inverse_columns) * engine.columns;
  return passed_waves(groups * engine.inverse_units, wave_quantisation) * engine.units * engine.rows * lanes;
}

double element_slots(double elements, const Engine& engine, double wave_quantisation) {
  const double chunk = engine.rows * engine.columns;
  const double chunks = round_up_quotient(elements * (engine.inverse_rows * engine.inverse_columns));
  return passed_waves(chunks * engine.inverse_units, wave_quantisation) * engine.units * chunk;
}

}  // namespace ridgeline
