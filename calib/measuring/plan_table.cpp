// Tables of what to measure.
#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"
#include "calib/measuring/plan.hpp"
#include "data/sets.hpp"
#include "data/table_graphs.hpp"
#include "data/table_rows.hpp"
#include "model/lowering_parts.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

Size count_of(const TableRow& row, std::string_view name, std::optional<Size> otherwise) {
  const TableCell* cell = row.find(name);
  if (!cell) {
    if (otherwise) return *otherwise;
    throw InputError(row.place, fmt::format("missing '{}'", name));
  }
  Size value = 0;
  const char* end = cell->text.data() + cell->text.size();
  const auto [stop, error] = std::from_chars(cell->text.data(), end, value);
  if (error != std::errc() || stop != end || value < 1)
    throw InputError(cell->place, fmt::format("expected a positive integer, found '{}'", cell->text));
  return value;
}

Task task_in(const TableRow& row, const Architecture& model) {
  const TableCell* cell = row.find("task");
  return cell ? parse_task(cell->place, cell->text) : usual_task(model);
}

/// Without the runtime's part.
Workload workload_in(const TableRow& row, const Architecture& model, Precision precision) {
  Workload w;
  w.task = task_in(row, model);
  w.batch = count_of(row, "batch", 1);
  w.length = count_of(row, "length", std::nullopt);
  if (w.task == Task::generate) w.new_tokens = count_of(row, "new_tokens", std::nullopt);
  w.beams = count_of(row, "beams", 1);
  w.numerics = uniform_numerics(precision);
  return w;
}

/// A graph in fp32 may be run in another format, as may an architecture; one in another format was not meant for
/// fp32.
void check_formats(const GivenGraph& graph, Precision precision) {
  if (graph.numerics == uniform_numerics(Precision::fp32) || graph.numerics == uniform_numerics(precision)) return;
  throw Error(
      fmt::format("{} is not in {}, which models are run in: with `precision: fp32` in its file the same operators "
                  "are measured",
                  graph.name, ridgeline::name(precision)));
}

/// Throws for what the model cannot do.
void check_can_run(const Model& model, const Workload& workload, Precision precision) {
  if (const auto* graph = std::get_if<GivenGraph>(&model)) return check_formats(*graph, precision);
  plan(std::get<Architecture>(model), workload);
}

}  // namespace

std::vector<PlannedModel> planned_in(const fs::path& table, std::string_view runtime, Precision precision) {
  std::vector<PlannedModel> plan;
  for (const TableRow& row : read_table_rows(table)) {
    const TableCell* cell = row.find("model");
    if (!cell) throw InputError(row.place, "missing 'model'");
    PlannedModel& planned = plan.emplace_back();
    if (cell->map) {
      planned.definition = parse_model(*cell->map, row.id);
    } else {
      const fs::path path(cell->text);
      const bool is_file = cell->text.find('/') != std::string::npos || path.has_extension();
      planned.definition = load_model_or_graph(
          is_file && fs::exists(table.parent_path() / path) ? (table.parent_path() / path).string() : cell->text);
      std::visit([&](auto& model) { model.name = cell->text; }, planned.definition);
    }
    planned.workload =
        std::visit([&](const auto& model) { return workload_in(row, model, precision); }, planned.definition);
    set_runtime(planned.workload, runtime);
    try {
      check_can_run(planned.definition, planned.workload, precision);
    } catch (const InputError&) {
      throw;
    } catch (const Error& error) {
      throw InputError(row.place, error.what());
    }
  }
  name_points(plan);
  return plan;
}

std::vector<PlannedModel> planned_graph(const fs::path& file, std::string_view runtime, Precision precision) {
  std::vector<PlannedModel> plan(1);
  plan[0].definition = load_model_or_graph(file.string());
  const auto* graph = std::get_if<GivenGraph>(&plan[0].definition);
  if (!graph)
    throw InputError({file.string(), 0, 0, ""}, "one model, where a table of models is expected",
                     "name it in a .csv file with a column 'model' (docs/data.md)");
  plan[0].workload = workload_of(*graph);
  plan[0].workload.numerics = uniform_numerics(precision);
  set_runtime(plan[0].workload, runtime);
  try {
    check_formats(*graph, precision);
  } catch (const Error& error) {
    throw InputError({file.string(), 0, 0, "precision"}, error.what());
  }
  name_points(plan);
  return plan;
}

}  // namespace ridgeline
