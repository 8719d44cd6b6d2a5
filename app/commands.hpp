// One function a command: options in, the whole output out. Computing, printing text, JSON and CSV are separate
// functions in the command's own file.
#pragma once

#include "app/options.hpp"
#include "app/session.hpp"

namespace ridgeline {

Outcome run_estimate(const EstimateOptions& options, const Session& session);
Outcome run_compare(const CompareOptions& options, const Session& session);
Outcome run_devices(const DevicesOptions& options, const Session& session);
Outcome run_runtimes(const RuntimesOptions& options, const Session& session);
Outcome run_models(const ModelsOptions& options, const Session& session);
Outcome run_probe(const ProbeOptions& options, const Session& session);
Outcome run_import(const ImportOptions& options, const Session& session);
Outcome run_calibrate(const CalibrateCommandOptions& options, const Session& session);
Outcome run_ship(const CalibrateCommandOptions& options, const Session& session);
Outcome run_validate(const ValidateOptions& options, const Session& session);

}  // namespace ridgeline
