// Spaces as YAML files.
//
//   ridgeline: space
//   name: flexibert2
//   title: FlexiBERT 2.0
//   source: where the choices come from
//   family: flexibert                        # search/family.hpp
//   workload: {task: encode, length: 128}    # also new_tokens, beams, reorder_beams
//   choices:                                 # of the design
//     layers: {one_of: [2, 4, 6]}
//   repeated:                                # for every layer
//     layer:
//       times: layers
//       choices:
//         width: {one_of: [128, 256]}
//         heads: {multiset_of: [sa_sdp, c_5], count: [2, 4]}
//         feed_forward: {sequence_of: [256, 512], count: [1, 2]}
//         kernel: {one_of: [3, 5], when: {mixer: convolution}}     # a value or a list
//   deployments: [{devices: [raspberry-pi-4], clocks: [nominal], precisions: [fp32], batches: [1],
//                  vary: {clock: x0.5..x1}}]
//
// A list of numbers counts as ordered: neighbours are alike. What deployments mean is for who knows devices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "model/workload.hpp"
#include "search/continuous.hpp"
#include "search/space.hpp"

namespace ridgeline {

/// Every combination of these; "all" devices, "nominal" or "all" clocks, "default" precision: the device's usual one.
struct DeploymentRequest {
  std::vector<std::string> devices{"all"};
  std::vector<std::string> clocks{"nominal"};
  std::vector<std::string> precisions{"default"};
  std::vector<Size> batches{1};
  std::vector<ContinuousVariable> variables = {};  ///< keys of the devices' descriptions, as factors
};

struct SpaceDescription {
  std::string name;
  std::string title;
  std::string source;
  std::string family;
  Workload workload;  ///< batch and precisions are those of the deployment
  std::vector<Choice> choices;
  std::vector<Repeated> groups;
  std::vector<DeploymentRequest> deployments;
  std::string text = {};  ///< the file
};

/// InputError with place, key and what would be right.
SpaceDescription parse_space(const Node& document);
/// The text of a file of that name.
SpaceDescription parse_space_text(std::string text, const std::string& name);

/// Names of the shipped spaces.
std::vector<std::string> space_names();
/// A shipped space or a file ('/' or ".yaml" in the name).
SpaceDescription load_space(std::string_view name_or_path);

/// The architectures alone, or with a first choice "deployment" where the table has rows.
Space make_space(const SpaceDescription& description, const Rows& deployments = {});

}  // namespace ridgeline
