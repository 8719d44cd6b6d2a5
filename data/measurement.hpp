// Measurements of transformers on devices, as every importer delivers them and every fit reads them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/precision.hpp"
#include "model/given_graph.hpp"
#include "model/workload.hpp"

namespace ridgeline {

struct MeasuredValue {
  double value = 0;                          ///< SI
  std::optional<double> standard_deviation;  ///< of repeats, SI, where reported
  friend bool operator==(const MeasuredValue&, const MeasuredValue&) = default;
};

/// A part of the latency that was timed by itself, named as the phases of model/lowering.hpp: "encoder", "decode";
/// "forward", "backward". Phases of the workload without a part were not measured: NeuSight's training has no
/// optimiser step.
struct MeasuredPart {
  std::string phase;
  MeasuredValue latency;  ///< s
  friend bool operator==(const MeasuredPart&, const MeasuredPart&) = default;
};

/// One operator of a program, timed by itself at its place in a run: a vertex of the graph of the first phase of that
/// name (model/lowering.hpp). The label tells whether it is still the same one.
struct MeasuredOperator {
  std::string phase;
  Size vertex = 0;
  std::string label;
  friend bool operator==(const MeasuredOperator&, const MeasuredOperator&) = default;
};
/// "encoder 12 scores"
std::string to_text(const MeasuredOperator& op);

struct Measurement {
  std::string id;     ///< where it came from, unique in its set: "dataset.json: 9f4a…_rpi", "file.csv:17"
  std::string model;  ///< its name, where it has one
  Model definition;   ///< its architecture, or its operators
  Workload workload;
  std::optional<MeasuredValue> latency;           ///< s a sequence
  std::optional<MeasuredValue> energy;            ///< J a sequence
  std::optional<MeasuredValue> peak_power;        ///< W
  std::vector<MeasuredPart> parts;                ///< s a sequence; when not empty `latency` is their sum
  std::optional<MeasuredOperator> op;             ///< set: the figures are of this operator alone
  std::int64_t order = 0;                         ///< place in the measuring campaign, from 0
  std::map<std::string, std::string> conditions;  ///< "ambient": "21 degC", "governor": "performance", ...
  friend bool operator==(const Measurement&, const Measurement&) = default;
};

/// What the clock was started and stopped around.
enum class Protocol {
  warm,           ///< repeated runs of a loaded model
  whole_process,  ///< start of the process, imports, loading and evaluation, divided by the sequences (ProTran,
                  ///< EdgeTran)
};

/// "warm", "whole-process".
std::string_view name(Protocol protocol);
std::optional<Protocol> parse_protocol(std::string_view name);

/// A row that is not used, and why: never dropped silently.
struct Exclusion {
  std::string id;
  std::string reason;  ///< "latency is not positive: 0", "duplicate of …", ...
  friend bool operator==(const Exclusion&, const Exclusion&) = default;
};

/// All rows belong to one device × runtime × precision × power mode: the unit that a calibration belongs to.
struct MeasurementSet {
  std::string name;     ///< "edgetran/a100", "wmt14ende_cpu_raspberrypi"
  std::string device;   ///< name of a device description
  std::string runtime;  ///< name of a runtime description
  Precision precision = Precision::fp32;
  std::string power_mode;  ///< empty: the default
  Protocol protocol = Protocol::warm;
  bool ordered = false;  ///< rows are in measuring order, so a campaign state can be estimated
  std::string source;    ///< citation with licence
  std::vector<Measurement> rows;
  std::vector<Exclusion> excluded;
  friend bool operator==(const MeasurementSet&, const MeasurementSet&) = default;
};

}  // namespace ridgeline
