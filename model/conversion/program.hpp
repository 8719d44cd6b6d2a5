// The frame of a program that converts model files for `ridgeline convert`.
//
// A program of its own keeps libraries that read files out of the command line, and a file that they cannot stand
// ends nothing else. Arguments: JOB RESULT. JOB is JSON as app/convert.cpp writes it, RESULT becomes the graph's
// file.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <functional>

#include "model/conversion/assembly.hpp"

namespace ridgeline {

/// `convert` gets the job and what all jobs have in common. Returns the exit code, 2: the file or the questions are
/// wrong, and stderr says how; 1: the library failed.
int run_conversion(int count, char** words,
                   const std::function<GivenGraph(const nlohmann::json& job, const ConversionOptions&)>& convert);

}  // namespace ridgeline
