// One report as text for people, as JSON and as CSV.
#pragma once

#include <string>
#include <vector>

#include "app/gates.hpp"
#include "app/report.hpp"
#include "app/session.hpp"

namespace ridgeline {

std::string estimate_text(const Report& report, const Style& style);
/// Schema "ridgeline.estimate/1", documented in docs/json.md.
std::string estimate_json(const Report& report, const std::vector<GateResult>& gates);
/// One line a report under one header; SI units in the column names.
std::string reports_csv(const std::vector<Report>& reports);
/// One line an operator.
std::string operators_csv(const Report& report);

/// "encode, batch 1, length 128, fp32, PyTorch eager, fusion none, 1.50 GHz": what the figures assume.
std::string assumptions(const Report& report);
/// "200 measured rows of SET (shipped calibration; source)", or "data sheets alone (why)".
std::string basis(const Report& report);
/// "fp32", or "fp16, weights int4".
std::string describe(const Numerics& numerics);

}  // namespace ridgeline
