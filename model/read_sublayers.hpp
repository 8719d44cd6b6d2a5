// The sublayers of Ridgeline's own YAML: `attention: {heads: 8}`, `feed_forward: [2048]`, ...
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/yaml_fields.hpp"

namespace ridgeline {

/// What a sublayer is told about the place it stands in.
struct Setting {
  Size width = 0;  ///< the bottleneck's where there is one
  bool decoder = false;
};

/// The ways to mix positions, of which a layer written by names has at most one.
const std::vector<std::string>& mixing_keys();
/// All kinds of sublayers, in the order in which a layer written by names runs them.
const std::vector<std::string>& sublayer_keys();

/// The sublayer under `key`: `own` is the layer's description, `shared` its stack's; one of them may be null. Nothing
/// where the key stands for no sublayer at all (`feed_forward: []`).
std::optional<Sublayer> read_sublayer(std::string_view key, const Node* own, const Node* shared,
                                      const Setting& setting);

/// `placement`, `norm` and `residual` around a sublayer; `fields` from the nearest description to the farthest.
void read_norm(const Fields& fields, Sublayer& sublayer);

}  // namespace ridgeline
