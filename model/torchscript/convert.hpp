// TorchScript models as operator graphs (docs/convert.md has the table).
//
// What eager PyTorch runs is what counts: a transposition changes strides, and moves data where a later operator has
// to copy.
#pragma once

#include <filesystem>

#include "model/conversion/assembly.hpp"
#include "model/torchscript/tape.hpp"

namespace ridgeline {

/// `activation_bytes`: of an element in the format that the graph's activations are counted in.
ConvertedNode convert_call(const TapeCall& call, double activation_bytes);

/// InputError as assemble().
GivenGraph convert_tape(const std::filesystem::path& file, const Tape& tape, const ConversionOptions& options);

}  // namespace ridgeline
