// What to measure: models with workloads, from a table or drawn from a space.
//
// A table has the form of docs/data.md without its figures: columns `model`, `length`, and where they differ from the
// defaults `task`, `batch`, `new_tokens`, `beams`. A model that is given by its operators (model/given_graph.hpp) has
// one workload, which its row may leave out.
//
// The spaces are those that whole models of one family span; points are spread by the additive recurrence of the
// generalised golden ratio (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences"), so any first
// part of a plan covers its space evenly, and a seed moves all points together:
//   bert       encoders: 1 to 12 layers, widths 128 to 768 in steps of 64 (one head each), feed-forward 4 times the
//              width; the vocabulary is BERT's
//   flexibert  FlexiBERT 2.0: 2 to 12 layers of widths 128 or 256 that may change, 2 or 4 heads of every kind, one to
//              three feed-forward maps of 512 or 1024
//   gpt2       decoders: 1 to 12 layers, widths as bert; prefill and single decoding steps
//   t5         encoder-decoders: 1 to 4 layers each of 128 to 512, feed-forward 4 times; 4 to 16 tokens generated
//   mixed      all four in turn
// Batches are 1, 2, 4 or 8, lengths 32 to 512 in steps of 32.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "calib/measuring/measure.hpp"

namespace ridgeline {

/// Rows of a table. InputError for unknown names, tasks or lengths that a model cannot do, and operators that are in
/// neither `precision` nor fp32.
std::vector<PlannedModel> planned_in(const std::filesystem::path& table, std::string_view runtime,
                                     Precision precision);
/// The one that the file of an operator graph is a plan for. InputError as planned_in().
std::vector<PlannedModel> planned_graph(const std::filesystem::path& file, std::string_view runtime,
                                        Precision precision);

std::vector<std::string> measured_spaces();
/// The first `count` points. InputError for an unknown space.
std::vector<PlannedModel> draw_models(std::string_view space, std::size_t count, std::uint64_t seed,
                                      std::string_view runtime);

/// The blocks that the models consist of: each distinct layer (pair of layers) as a model of its own, with a small
/// table of words and no head; the last one with the model's norm, head and table. What is equal comes once. Models
/// that are given by their operators have no layers and stay whole.
std::vector<PlannedModel> blocks_of(const std::vector<PlannedModel>& plan);

/// Models are called what they call themselves; ids that are there twice get a number.
void name_points(std::vector<PlannedModel>& plan);

/// "bert-tiny, encode, batch 2, length 64".
std::string planned_id(const std::string& model, const Workload& workload);

}  // namespace ridgeline
