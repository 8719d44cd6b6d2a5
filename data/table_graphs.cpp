#include "data/table_graphs.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace ridgeline {

Workload workload_in(const TableRow& row, const GivenGraph& graph, Precision precision) {
  const auto require = [&](std::string_view name, std::string_view expected) {
    const TableCell* cell = row.find(name);
    if (cell && cell->text != expected)
      throw InputError(
          cell->place,
          fmt::format("{} is given by operators of {} {}, found '{}'", graph.name, name, expected, cell->text),
          "leave it out, or convert the model for other dimensions");
  };
  const auto forbid = [&](std::string_view name, std::string_view unless) {
    const TableCell* cell = row.find(name);
    if (cell && cell->text != unless)
      throw InputError(cell->place,
                       fmt::format("{} is given by the operators of one pass, found '{}'", graph.name, cell->text));
  };
  require("task", name(graph.task));
  require("batch", std::to_string(graph.batch));
  require("length", std::to_string(graph.length));
  forbid("new_tokens", "");
  forbid("beams", "1");
  Workload workload = workload_of(graph);
  if (graph.numerics.compute != precision) workload.numerics = uniform_numerics(precision);
  return workload;
}

}  // namespace ridgeline
