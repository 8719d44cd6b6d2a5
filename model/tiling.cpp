#include "model/tiling.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {
namespace {

/// std::ceil for 0 <= x < 2^63; the library's costs a call where the compiler may not assume SSE 4.1.
double round_up(double x) {
  const double whole = static_cast<double>(static_cast<std::int64_t>(x));
  return whole < x ? whole + 1 : whole;
}

/// Time that `waves` of tiles take, in waves of full tiles: at least one.
double passed_waves(double waves, double wave_quantisation) {
  return std::max(1.0, waves + wave_quantisation * (round_up(waves) - waves));
}

/// x^p; the two usual exponents without the price of std::pow.
double power(double x, double p) {
  if (p == 4) return x * x * x * x;
  return p == 1 ? x : std::pow(x, p);
}

/// Past this many waves smaller tiles cannot fill the units noticeably better.
constexpr double kEnoughWaves = 16;

}  // namespace

Tiling tile(const Product& product, const Operands& operands, const ArithmeticParameters& engine,
            double wave_quantisation, double longest_edge, double p) {
  const auto units = static_cast<double>(engine.units);
  const auto least_rows = static_cast<double>(engine.tile_rows);
  const auto least_columns = static_cast<double>(engine.tile_columns);
  const auto step = static_cast<double>(engine.tile_depth);
  const double depth = round_up(product.inner / step) * step;
  const double seconds_per_slot = 2 / (engine.peak.si() * engine.utilisation);

  Tiling best;
  double best_cost = 0;
  for (double edge = longest_edge;; edge *= 0.5) {
    const double rows = round_up(std::min(edge, product.rows) / least_rows) * least_rows;
    const double columns = round_up(std::min(edge, product.columns) / least_columns) * least_columns;
    const double down = round_up(product.rows / rows);
    const double across = round_up(product.columns / columns);
    const double tiles = product.count * down * across;
    const double waves = passed_waves(tiles / units, wave_quantisation);
    const double pieces = tiles < units ? std::max(1.0, std::min(units / tiles, depth / std::max(rows, columns))) : 1;
    // One step of depth fills and drains a tile's pipeline.
    const double slots = waves * units * rows * columns * (depth / pieces + step);
    const double fetched = operands.left * across + operands.right * down + operands.result;
    const double computing = slots * seconds_per_slot;
    const double fetching = fetched * operands.seconds_per_byte;
    const double cost = power(computing, p) + power(fetching, p);
    const double least_fetched = best_cost == 0 ? fetched : best.least_fetched;
    if (best_cost == 0 || cost < best_cost) {
      best_cost = cost;
      best = {rows, columns, product.multiply_adds() / slots, fetched, least_fetched};
    }
    const bool smallest = rows <= least_rows && columns <= least_columns;
    if (smallest || waves >= kEnoughWaves) return best;
  }
}

double row_shape(double rows, double columns, const ArithmeticParameters& engine, double wave_quantisation) {
  const auto lanes = static_cast<double>(engine.tile_columns);
  const auto together = static_cast<double>(engine.tile_rows);
  const auto units = static_cast<double>(engine.units);
  const double waves = passed_waves(round_up(rows / together) / units, wave_quantisation);
  return rows * columns / (waves * units * together * round_up(columns / lanes) * lanes);
}

double element_shape(double elements, const ArithmeticParameters& engine, double wave_quantisation) {
  const auto chunk = static_cast<double>(engine.tile_rows * engine.tile_columns);
  const auto units = static_cast<double>(engine.units);
  const double waves = passed_waves(round_up(elements / chunk) / units, wave_quantisation);
  return elements / (waves * units * chunk);
}

}  // namespace ridgeline
