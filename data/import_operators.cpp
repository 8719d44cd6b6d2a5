#include "data/import_operators.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>

#include "data/csv.hpp"
#include "data/sets.hpp"

namespace ridgeline {
namespace {

/// The sizes of one row; "M" is asked for only where the operator has it.
struct Sizes {
  const CsvTable& table;
  const CsvRow& row;

  Size operator[](std::string_view column) const {
    const std::size_t at = table.at(column);
    const Size size = table.integer(row, at);
    if (size < 1) table.fail(row, at, fmt::format("expected a positive size, found {}", size));
    return size;
  }
};

std::optional<Operator> elementwise(std::string_view name, const Sizes& sizes) {
  struct Named {
    std::string_view name;
    Function function;
    int operands;
  };
  for (const Named& known :
       {Named{"add", Function::add, 2}, Named{"addu", Function::add, 1}, Named{"mul", Function::multiply, 2},
        Named{"mulu", Function::scale, 1}, Named{"div", Function::multiply, 2}, Named{"divu", Function::scale, 1},
        Named{"pow", Function::exp, 2}, Named{"powu", Function::exp, 1}, Named{"relu", Function::relu, 1},
        Named{"gelu", Function::gelu, 1}, Named{"tanh", Function::tanh, 1}})
    if (known.name == name) return Elementwise{known.function, sizes["B"] * sizes["H"], known.operands};
  return std::nullopt;
}

Operator operator_of(const CsvTable& table, const CsvRow& row, std::size_t name_column) {
  const std::string_view name = table.text(row, name_column);
  const Sizes sizes{table, row};
  if (name == "bmm") return BatchedMatMul{sizes["B"], sizes["M"], sizes["N"], sizes["K"]};
  if (name == "linear")
    return MatMul{.rows = sizes["B"] * sizes["M"], .columns = sizes["K"], .inner = sizes["N"], .bias = false};
  if (name == "ln") return Normalisation{NormKind::layer_norm, sizes["B"], sizes["H"]};
  if (name == "softmax") return Softmax{sizes["B"], sizes["H"]};
  if (const auto op = elementwise(name, sizes)) return *op;
  throw_unknown_name(table.place(row, name_column), "operator", name,
                     {"bmm", "linear", "ln", "softmax", "add", "addu", "mul", "mulu", "div", "divu", "pow", "powu",
                      "relu", "gelu", "tanh"});
}

}  // namespace

OperatorMeasurements import_operators(const std::filesystem::path& file) {
  const CsvTable table = read_csv(file);
  const std::size_t name = table.at("OPName"), latency = table.at("Latency"), device = table.at("Device");
  OperatorMeasurements result;
  result.source = "Lee, Phanishayee, Mahajan, NeuSight (ASPLOS 2025); github.com/sitar-lab/NeuSight, MIT";
  result.rows.reserve(table.rows.size());
  std::map<std::string, std::string, std::less<>> known;  // devices by the file's names
  for (const CsvRow& row : table.rows) {
    std::string id = fmt::format("{}:{}", file.filename().string(), row.line);
    const double value = table.number(row, latency);
    if (!(value > 0) || !std::isfinite(value)) {
      result.excluded.push_back({std::move(id), fmt::format("latency is not a positive number: {} ms", value)});
      continue;
    }
    // Descriptions are named as the labels' folders are: "Tesla T4" there is Tesla_T4.
    std::string gpu(table.text(row, device));
    for (char& c : gpu)
      if (c == ' ') c = '_';
    auto found = known.find(gpu);
    if (found == known.end()) found = known.emplace(gpu, device_name(gpu, table.place(row, device))).first;
    result.rows.push_back(
        {std::move(id), found->second, operator_of(table, row, name), Precision::fp32, Seconds(1e-3 * value)});
  }
  return result;
}

}  // namespace ridgeline
