// How much of the hardware a shape fills: tile, wave and lane quantisation.
#pragma once

#include "model/cost_parameters.hpp"

namespace ridgeline {

/// What tiling needs of ArithmeticParameters, ready for use.
struct Engine {
  explicit Engine(const ArithmeticParameters& arithmetic);
  Engine() = default;

  double seconds_per_flop = 0;  ///< at the highest utilisation
  double units = 1, inverse_units = 1;
  double rows = 1, columns = 1, depth = 1;  ///< of the smallest tile
  double inverse_rows = 1, inverse_columns = 1, inverse_depth = 1;
};

/// `count` independent products [rows × inner] · [inner × columns].
struct Product {
  double count = 0, rows = 0, columns = 0, inner = 0;

  double multiply_adds() const { return count * rows * columns * inner; }
};

/// What tiles fetch of a product's operands from the level of memory that all units share.
struct Operands {
  double left = 0, right = 0, result = 0;  ///< bytes of each, all `count` products together
  double seconds_per_byte = 0;             ///< of that level
};

/// A way of cutting products into tiles.
struct Tiling {
  double rows = 1, columns = 1;  ///< of a tile
  /// FLOPs that could have been done while the products are: at least theirs, more where hardware idles.
  double slots = 0;
  /// Bytes from and to the shared level: the left operand once for each column of tiles, the right one once for each
  /// row of tiles, the result once.
  double fetched = 0;
  double least_fetched = 0;  ///< the same for the largest candidate
};

/// The fastest tiling. Candidate tiles have edge `longest_edge`, its half, its quarter ... down to the hardware's own
/// tile; the one with the least (computing^p + fetching^p), p = `overlap`, is taken, which is the least of the
/// roofline's smooth maximum whatever its other terms are. A product with fewer tiles than units is split in its
/// depth as well, into pieces no shallower than the tile is long (then the partial results are fewer bytes than the
/// operands).
Tiling tile(const Product& product, const Operands& operands, const Engine& engine, double wave_quantisation,
            double longest_edge, double overlap = 4);

/// Slots that pass while one operation is done on each element of `rows` independent rows of `columns` each: lanes
/// along the columns, units over the rows.
double row_slots(double rows, double columns, const Engine& engine, double wave_quantisation);
/// The same for elements that depend on nothing: units take chunks of whole lanes.
double element_slots(double elements, const Engine& engine, double wave_quantisation);

}  // namespace ridgeline
