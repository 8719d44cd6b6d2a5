// Small stores that several tests write, read and damage.
#pragma once

#include <limits>

#include "data/store.hpp"

namespace ridgeline {

/// Every kind of member, with odd shapes and odd numbers.
inline Store example_store() {
  Store store;
  store.kind = "calibration";
  store.provenance = {"ridgeline calibrate --device t4", "0.1.0", "c0ffee", "2026-01-02T03:04:05Z"};
  store.root.attributes["device"] = "t4";
  store.root.attributes["empty"] = "";
  store.root.attributes["umlauts"] = "Größe in µs";
  store.root.attributes["long"] = std::string(100'000, 'x');
  store.root.arrays["dispatch"] = scalar_array(2.5e-5, "s");
  store.root.arrays["nothing"] = vector_array({}, "J");
  store.root.arrays["odd"] =
      vector_array({0.0, -0.0, 1e-310, std::numeric_limits<double>::infinity(), 1.0 / 3.0}, "W");
  ArrayGroup& layer = store.root.groups["network"].groups["0"];
  layer.arrays["weights"] = matrix_array(2, 3, {1, 2, 3, 4, 5, 6}, "1");
  layer.texts["features"] = {"arithmetic intensity", "", "länge"};
  layer.texts["none"] = {};
  store.root.groups["bare"];
  return store;
}

}  // namespace ridgeline
