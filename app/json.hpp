// Pieces that the JSON results of several commands share.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string_view>

#include "app/report.hpp"
#include "data/measurement.hpp"
#include "model/figures.hpp"

namespace ridgeline {

/// Keys in the order in which they are written.
using Json = nlohmann::ordered_json;

/// {"schema": "ridgeline.NAME/1", "version": "0.1.0"}
Json json_document(std::string_view name);
/// Indented, ending in a line feed; numbers that are not finite become null.
std::string dump(const Json& json);

Json number_or_null(const std::optional<double>& value);
Json to_json(const Figure& figure);
Json to_json(const Work& work);
/// What was measured on what, without its rows.
Json to_json(const MeasurementSet& set);
/// Everything of the report but its operators.
void add_report(Json& json, const Report& report);

}  // namespace ridgeline
