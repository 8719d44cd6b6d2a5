// Many models at once on one device: models become rows of numbers, rows become figures.
#include "model/batch.hpp"

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>

#include "app/scenario.hpp"
#include "base/error.hpp"
#include "python/module.hpp"
#include "python/options.hpp"

namespace ridgeline::python {
namespace py = pybind11;
namespace {

constexpr BlockId kNoBlock = 0xFFFF'FFFF;     // fills rows of models with fewer blocks
constexpr py::ssize_t kRowsAtOnce = 1 << 17;  // between two looks at Ctrl-C: some tens of milliseconds

using Blocks = py::array_t<BlockId>;
using Figures = py::array_t<BatchResult>;

class Estimator {
 public:
  Estimator(const std::string& device_name, const py::dict& workload_keywords, const py::dict& what_if_keywords) {
    const WorkloadOptions given = workload_options(workload_keywords);
    const WhatIfOptions what_if = what_if_options(what_if_keywords);
    const py::gil_scoped_release released;
    const Device device = prepare_device(device_name, what_if);
    const Runtime runtime = prepare_runtime(what_if, device);
    workload_ = choose_workload(given, Architecture{}, usual_workload(what_if, device, runtime));
    CostParameters parameters = data_sheet_parameters(device, runtime, workload_.numerics);
    const CalibrationChoice choice = choose_parameters(what_if, device, runtime, parameters, workload_);
    if (choice.used) parameters = choice.used->cost;
    device_ = device.name;
    runtime_ = runtime.name;
    basis_ = basis_of(choice);
    batch_ = std::make_unique<BatchEstimator>(std::move(parameters), workload_,
                                              device.sensor ? device.sensor->window : Seconds{});
  }

  /// Blocks by model, one row each, and the bytes that stay.
  std::pair<Blocks, py::array_t<double>> encode(const std::vector<const Architecture*>& models) {
    EncodedModels encoded;
    {
      const py::gil_scoped_release released;
      const std::unique_lock lock(mutex_);
      for (std::size_t i = 0; i < models.size(); ++i) {
        batch_->encode(*models[i], encoded);
        if (i % 1000 == 999) check_interrupted();
      }
    }
    std::size_t longest = 0;
    for (std::size_t i = 0; i < encoded.size(); ++i)
      longest = std::max<std::size_t>(longest, encoded.offsets[i + 1] - encoded.offsets[i]);
    Blocks blocks({encoded.size(), longest});
    std::fill_n(blocks.mutable_data(), blocks.size(), kNoBlock);
    auto rows = blocks.mutable_unchecked<2>();
    for (std::size_t i = 0; i < encoded.size(); ++i)
      for (std::uint32_t b = encoded.offsets[i]; b < encoded.offsets[i + 1]; ++b)
        rows(static_cast<py::ssize_t>(i), b - encoded.offsets[i]) = encoded.blocks[b];
    return {blocks, py::array_t<double>(static_cast<py::ssize_t>(encoded.size()), encoded.resident.data())};
  }

  Figures evaluate(Blocks blocks, const py::array_t<double>& resident, bool full, int threads) const {
    if (blocks.ndim() != 2 || resident.ndim() != 1 || resident.shape(0) != blocks.shape(0))
      throw Error("an encoded array has one row of blocks and one number of resident bytes a model");
    if (threads < 0) throw Error(fmt::format("threads: expected 0 (all cores) or more, found {}", threads));
    Figures figures(blocks.shape(0));
    BatchResult* out = figures.mutable_data();
    // Rows may lie apart, as in a table with other columns; a row's blocks are to follow one another.
    if (blocks.strides(1) != sizeof(BlockId)) blocks = py::array_t<BlockId, py::array::c_style>(blocks);
    const auto* const rows = reinterpret_cast<const char*>(blocks.data());
    const py::ssize_t models = blocks.shape(0), width = blocks.shape(1), stride = blocks.strides(0);
    const auto bytes = resident.unchecked<1>();
    const py::gil_scoped_release released;
    const std::shared_lock lock(mutex_);
    EncodedModels part;
    for (py::ssize_t first = 0; first < models; first += kRowsAtOnce) {
      const py::ssize_t end = std::min(first + kRowsAtOnce, models);
      part.clear();
      for (py::ssize_t i = first; i < end; ++i) {
        const auto* const row = reinterpret_cast<const BlockId*>(rows + i * stride);
        part.blocks.insert(part.blocks.end(), row, std::find(row, row + width, kNoBlock));
        part.offsets.push_back(static_cast<std::uint32_t>(part.blocks.size()));
        part.resident.push_back(bytes(i));
      }
      require_known(part, first);
      batch_->evaluate(part, {out + first, part.size()}, full ? BatchDetail::full : BatchDetail::latency_energy,
                       threads);
      check_interrupted();
    }
    return figures;
  }

  const std::string& device() const { return device_; }
  const std::string& runtime() const { return runtime_; }
  const std::string& basis() const { return basis_; }
  std::string task() const { return std::string(name(workload_.task)); }
  Size batch_size() const { return workload_.batch; }
  Size length() const { return workload_.length; }
  std::string precision() const { return std::string(name(workload_.numerics.compute)); }
  std::size_t block_count() const { return batch_->block_count(); }

 private:
  void require_known(const EncodedModels& models, py::ssize_t first_row) const {
    const std::size_t known = batch_->block_count();
    BlockId largest = 0;
    for (const BlockId block : models.blocks) largest = std::max(largest, block);
    if (models.blocks.empty() || largest < known) return;
    const auto unknown =
        std::find_if(models.blocks.begin(), models.blocks.end(), [&](BlockId block) { return block >= known; });
    const auto position = static_cast<std::uint32_t>(unknown - models.blocks.begin());
    const auto row =
        std::upper_bound(models.offsets.begin(), models.offsets.end(), position) - models.offsets.begin();
    throw Error(
        fmt::format("row {} of the encoded array holds block {}, but this estimator knows {}: it was encoded "
                    "by another one",
                    first_row + row - 1, *unknown, known));
  }

  Workload workload_;
  std::string device_, runtime_, basis_;
  std::unique_ptr<BatchEstimator> batch_;
  mutable std::shared_mutex mutex_;  // encoding costs what is new; evaluating only looks it up
};

}  // namespace

std::string basis_of(const CalibrationChoice& choice) {
  if (!choice.used) return "data sheets alone: " + choice.why_none;
  const Calibration& c = choice.used->calibration;
  return fmt::format("parameters fitted to {} rows of {}{}", c.rows, c.set,
                     choice.used->changed ? ", on a changed description" : "");
}

void add_batch(py::module_& module) {
  PYBIND11_NUMPY_DTYPE_EX(BatchResult, latency, "latency_s", energy, "energy_J", peak_power, "peak_power_W", memory,
                          "memory_B");
  py::class_<Estimator>(module, "Estimator", "Many models of one workload on one device.")
      .def(py::init<const std::string&, const py::dict&, const py::dict&>(), py::arg("device"), py::arg("workload"),
           py::arg("what_if"))
      .def_property_readonly("device", &Estimator::device, "Name of the device's description.")
      .def_property_readonly("runtime", &Estimator::runtime, "Name of the runtime's description.")
      .def_property_readonly("basis", &Estimator::basis, "What the figures rest on.")
      .def_property_readonly("task", &Estimator::task, "Of one pass.")
      .def_property_readonly("batch", &Estimator::batch_size, "Sequences at once.")
      .def_property_readonly("length", &Estimator::length, "Tokens of each sequence.")
      .def_property_readonly("precision", &Estimator::precision, "That is computed in.")
      .def_property_readonly("block_count", &Estimator::block_count, "Distinct parts that were encoded.")
      .def("encode", &Estimator::encode, py::arg("models"),
           "Rows of blocks, padded with 2^32 - 1, and resident bytes.")
      .def("evaluate", &Estimator::evaluate, py::arg("blocks"), py::arg("resident"), py::arg("full"),
           py::arg("threads"), "Figures of every row.");
}

}  // namespace ridgeline::python
