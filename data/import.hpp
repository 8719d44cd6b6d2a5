// From public measurement files to measurement sets. Formats are recognised by content; docs/data.md documents ours.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/measurement.hpp"

namespace ridgeline {

/// EdgeTran / ProTran `dataset.json`: one set a device, rows in file order; whole-process protocol, sequence length
/// 128, batch 128 (A100), 32 (M1), 1 (all others); fp32 but NCS2 fp16. `performance.glue` is never read.
std::vector<MeasurementSet> import_edgetran(const std::filesystem::path& file);

/// HAT `TASK_KIND_DEVICE_all.csv` (10 features, encoder and decoder mean and std in ms): device and task from the
/// name; source length 30 (23 for IWSLT), as many decoding steps with beam 5, batch 1, fp32, PyTorch eager.
MeasurementSet import_hat(const std::filesystem::path& file);

/// NeuSight `label/GPU/MODEL-inf|train-LENGTH-BATCH[-fusion].json` with the model's config in `model_configs/` beside
/// `label/`: one set a GPU, fp32, PyTorch eager; a further one for models compiled by torch.compile (`-fusion`).
/// Encoders encode, decoders prefill; training has the parts "forward" and "backward" and no optimiser step.
/// Encoder-decoders ran both stacks over `length` tokens each: the "forward" part of training, without dropout.
/// Runs on several GPUs are excluded by name. import_operators.hpp reads NeuSight's single operators.
std::vector<MeasurementSet> import_neusight(const std::vector<std::filesystem::path>& files);

/// Ridgeline's own CSV or JSON rows, with units in the names (docs/data.md). InputError for missing or wrong units,
/// unknown names, impossible workloads, and for a set that tells nothing: one usable row, or equal figures
/// throughout.
std::vector<MeasurementSet> import_table(const std::filesystem::path& file);

/// "edgetran", "hat", "neusight", "table" or "store", by what the file holds. InputError names what was looked for.
std::string measurement_format(const std::filesystem::path& file);

/// Files of any of the above or HDF5 stores, rows of equal sets merged; a `format` forces one. What import_table
/// complains about is looked at after merging.
std::vector<MeasurementSet> read_measurements(const std::vector<std::filesystem::path>& files,
                                              std::string_view format = {});

/// Moves rows that cannot be used (NaN, zero, negative, duplicates) to `excluded`, with the reason.
void exclude_unusable(MeasurementSet& set);

}  // namespace ridgeline
