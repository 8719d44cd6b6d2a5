// Rows of tables whose model is given by its operators.
#pragma once

#include "base/precision.hpp"
#include "data/table_rows.hpp"
#include "model/given_graph.hpp"

namespace ridgeline {

/// What the row asks of the graph: its own workload, since its operators were made for that one. Cells may repeat
/// task, batch and length; InputError where they say anything else. Formats are `precision`, and the graph's own
/// where its products run in that one.
Workload workload_in(const TableRow& row, const GivenGraph& graph, Precision precision);

}  // namespace ridgeline
