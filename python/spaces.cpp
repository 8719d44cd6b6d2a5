// Design spaces: designs as rows of small integers, and what they take on one deployment.
#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "app/scenario.hpp"
#include "base/error.hpp"
#include "python/module.hpp"
#include "python/options.hpp"
#include "search/archive.hpp"
#include "search/evaluator.hpp"
#include "search/nsga2.hpp"
#include "search/space_file.hpp"

namespace ridgeline::python {
namespace py = pybind11;
namespace {

constexpr double kUnknown = 1e9;                 // violation of a design without a figure
constexpr py::ssize_t kDesignsAtOnce = 1 << 15;  // between two looks at Ctrl-C

using Genomes = py::array_t<Gene, py::array::c_style | py::array::forcecast>;

/// A space with its family, both staying where they are: evaluators refer to the space.
struct DesignSpace {
  explicit DesignSpace(const std::string& name)
      : description(load_space(name)),
        space(make_space(description)),
        family(make_family(description.family, space)) {}
  DesignSpace(const DesignSpace&) = delete;
  DesignSpace& operator=(const DesignSpace&) = delete;

  py::ssize_t length() const { return static_cast<py::ssize_t>(space.genome_length()); }

  /// A canonical copy of row `row`.
  void copy(const Gene* from, std::span<Gene> into, py::ssize_t row) const {
    for (std::size_t g = 0; g < into.size(); ++g) {
      if (from[g] >= space.domain(g).size())
        throw Error(fmt::format("row {} of the genomes: {} is {}, of 0 to {}", row, space.gene_name(g), from[g],
                                space.domain(g).size() - 1));
      into[g] = from[g];
    }
    space.canonicalise(into);
  }

  Genome checked(const Genomes& genome) const {
    if (genome.ndim() != 1 || genome.shape(0) != length())
      throw Error(fmt::format("a genome of {} has {} genes", space.name(), length()));
    Genome design(space.genome_length());
    copy(genome.data(), design, 0);
    return design;
  }

  SpaceDescription description;
  Space space;
  Family family;
};

Genomes sample(const DesignSpace& self, py::ssize_t count, std::uint64_t seed, bool balanced) {
  if (count < 0) throw Error(fmt::format("expected 0 or more designs, found {}", count));
  Genomes genomes({count, self.length()});
  Gene* data = genomes.mutable_data();
  const py::gil_scoped_release released;
  Random random(seed);
  for (py::ssize_t i = 0; i < count; ++i) {
    const std::span<Gene> genome(data + i * self.length(), self.space.genome_length());
    balanced ? self.space.sample_balanced(random, genome) : self.space.sample_uniform(random, genome);
  }
  return genomes;
}

Architecture model_of(const DesignSpace& self, const Genomes& genome, const std::string& name) {
  Architecture architecture = self.family.architecture(self.checked(genome));
  architecture.name = name;
  return architecture;
}

std::map<std::string, std::string> choices_of(const DesignSpace& self, const Genomes& genome) {
  const Genome design = self.checked(genome);
  std::map<std::string, std::string> choices;
  for (std::size_t g = 0; g < design.size(); ++g)
    if (self.space.active(g, design)) choices[self.space.gene_name(g)] = self.space.domain(g).text(design[g]);
  return choices;
}

/// The workload of the space, with what the keywords say otherwise.
Workload workload_of(const DesignSpace& space, const py::dict& keywords, const WorkloadDefaults& defaults) {
  WorkloadOptions options = workload_options(keywords);
  const Workload& usual = space.description.workload;
  if (!options.task) options.task = usual.task;
  if (!options.length) options.length = usual.length;
  if (!options.new_tokens && options.task == Task::generate) options.new_tokens = usual.new_tokens;
  if (!keywords.contains("beams") || keywords["beams"].is_none()) options.beams = usual.beams;
  Workload workload = choose_workload(options, Architecture{}, defaults);
  workload.reorder_beams = usual.reorder_beams;
  return workload;
}

class SpaceEstimator {
 public:
  SpaceEstimator(const DesignSpace& space, const std::string& device_name, const py::dict& workload_keywords,
                 const py::dict& what_if_keywords, bool full, int threads)
      : space_(&space) {
    const WhatIfOptions what_if = what_if_options(what_if_keywords);
    const Device device = prepare_device(device_name, what_if);
    const Runtime runtime = prepare_runtime(what_if, device);
    Deployment deployment;
    deployment.device = device.name;
    deployment.workload = workload_of(space, workload_keywords, usual_workload(what_if, device, runtime));
    deployment.precision = name(deployment.workload.numerics.compute);
    deployment.parameters = data_sheet_parameters(device, runtime, deployment.workload.numerics);
    const CalibrationChoice choice =
        choose_parameters(what_if, device, runtime, deployment.parameters, deployment.workload);
    if (choice.used) deployment.parameters = choice.used->cost;
    basis_ = basis_of(choice);
    if (device.sensor) deployment.sensor_window = device.sensor->window;
    std::vector<Deployment> deployments;
    deployments.push_back(std::move(deployment));
    evaluator_.emplace(space.space, space.family, std::move(deployments), Needs{full, full}, threads);
  }

  py::array_t<DesignFigures> evaluate(const Genomes& genomes) {
    if (genomes.ndim() != 2 || genomes.shape(1) != space_->length())
      throw Error(fmt::format("genomes of {} are rows of {} genes", space_->space.name(), space_->length()));
    const py::ssize_t count = genomes.shape(0), length = space_->length();
    py::array_t<DesignFigures> figures(count);
    DesignFigures* out = figures.mutable_data();
    const Gene* in = genomes.data();
    const py::gil_scoped_release released;
    const std::scoped_lock lock(mutex_);
    Population part{.genome_length = space_->space.genome_length()};
    for (py::ssize_t first = 0; first < count; first += kDesignsAtOnce) {
      const py::ssize_t rows = std::min(kDesignsAtOnce, count - first);
      part.resize(static_cast<std::size_t>(rows));
      for (py::ssize_t i = 0; i < rows; ++i)
        space_->copy(in + (first + i) * length, part.genome(static_cast<std::size_t>(i)), first + i);
      evaluator_->evaluate(part, {out + first, part.size()});
      check_interrupted();
    }
    return figures;
  }

  const std::string& basis() const { return basis_; }
  const std::string& device() const { return evaluator_->deployments().front().device; }

 private:
  const DesignSpace* space_;
  std::string basis_;
  std::optional<Evaluator> evaluator_;
  std::mutex mutex_;  // parts that are new are costed once and remembered
};

/// Objectives and violations of all designs as a Python function gives them: an array of rows, or that and a
/// violation a row.
void ask_python(const py::function& objective, Population& designs) {
  const py::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
  const auto rows = static_cast<py::ssize_t>(designs.size());
  const auto columns = static_cast<py::ssize_t>(designs.objective_count);
  py::array_t<Gene> genomes({rows, static_cast<py::ssize_t>(designs.genome_length)}, designs.genes.data());
  py::object answer = objective(genomes);
  std::fill(designs.violations.begin(), designs.violations.end(), 0.0);
  if (py::isinstance<py::tuple>(answer)) {
    const auto pair = answer.cast<std::pair<py::object, Doubles>>();
    if (pair.second.ndim() != 1 || pair.second.shape(0) != rows)
      throw Error(fmt::format("the objective's violations are one number for each of {} designs", rows));
    std::copy_n(pair.second.data(), rows, designs.violations.begin());
    answer = pair.first;
  }
  const auto values = answer.cast<Doubles>();
  if (values.ndim() != 2 || values.shape(0) != rows || values.shape(1) != columns)
    throw Error(fmt::format("the objective returns {} rows of {} numbers, one row a design", rows, columns));
  for (py::ssize_t i = 0; i < values.size(); ++i) {
    // What nobody knows is dominated by all that somebody does.
    if (std::isnan(values.data()[i])) designs.violations[static_cast<std::size_t>(i / columns)] = kUnknown;
    designs.objectives[static_cast<std::size_t>(i)] = values.data()[i];
  }
}

py::tuple search(const DesignSpace& self, std::size_t objectives, const py::function& objective,
                 std::uint64_t evaluations, std::size_t population, std::uint64_t seed, const py::object& first) {
  if (objectives < 1 || objectives > kMostObjectives)
    throw Error(fmt::format("expected 1 to {} objectives, found {}", kMostObjectives, objectives));
  Nsga2Options options{.population = population, .seed = seed};
  if (!first.is_none())
    for (const py::handle genome : first) options.first.push_back(self.checked(genome.cast<Genomes>()));
  ParetoArchive archive(self.space.genome_length(), objectives);
  std::uint64_t done = 0;
  {
    const py::gil_scoped_release released;
    AnyOptimiser optimiser = Nsga2(self.space, objectives, options);
    done = run_search(
        optimiser, [&](Population& designs) { ask_python(objective, designs); }, evaluations,
        [&](const Population& designs, const AnyOptimiser&) {
          archive.add(designs);
          return true;
        });
  }
  const Population& members = archive.members();
  const std::vector<std::uint32_t> order = archive.sorted();
  py::array_t<Gene> genomes({static_cast<py::ssize_t>(order.size()), self.length()});
  py::array_t<double> values({order.size(), objectives});
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::copy_n(members.genome(order[i]).data(), self.length(),
                genomes.mutable_data() + static_cast<py::ssize_t>(i) * self.length());
    std::copy_n(members.values(order[i]).data(), objectives, values.mutable_data() + i * objectives);
  }
  return py::make_tuple(genomes, values, done);
}

}  // namespace

void add_spaces(py::module_& module) {
  PYBIND11_NUMPY_DTYPE_EX(DesignFigures, latency, "latency_s", energy, "energy_J", peak_power, "peak_power_W", memory,
                          "memory_B", parameters, "parameters", batch, "batch");
  py::class_<DesignSpace>(module, "Space", "A space of designs: rows of small integers, one a choice.")
      .def(py::init<const std::string&>(), py::arg("name"), "A space that ships with Ridgeline, or a file.")
      .def_property_readonly(
          "name", [](const DesignSpace& s) { return s.space.name(); }, "Its name.")
      .def_property_readonly(
          "title", [](const DesignSpace& s) { return s.description.title; }, "What it is.")
      .def_property_readonly(
          "size", [](const DesignSpace& s) { return py::int_(py::str(s.space.size().str())); },
          "Exact number of designs.")
      .def_property_readonly(
          "genes",
          [](const DesignSpace& s) {
            std::vector<std::string> names;
            for (std::size_t g = 0; g < s.space.genome_length(); ++g) names.push_back(s.space.gene_name(g));
            return names;
          },
          "What each column of a genome chooses: 'layers', 'layer[3].width'.")
      .def_property_readonly(
          "values",
          [](const DesignSpace& s) {
            std::vector<std::uint32_t> sizes;
            for (std::size_t g = 0; g < s.space.genome_length(); ++g) sizes.push_back(s.space.domain(g).size());
            return sizes;
          },
          "How many values each column has, counted from 0.")
      .def("sample", &sample, py::arg("count"), py::arg("seed") = 1, py::arg("balanced") = false,
           "Designs drawn at random, a row each: every design equally likely, or, balanced, every value of a choice.")
      .def("model", &model_of, py::arg("genome"), py::arg("name") = "design", "The model that a row describes.")
      .def("choices", &choices_of, py::arg("genome"), "What a row chooses, by the names of its genes, as text.")
      .def("__repr__", [](const DesignSpace& s) {
        return fmt::format("<ridgeline.Space {}: {}; 10^{:.1f} designs, {} genes>", s.space.name(),
                           s.description.title, s.space.log10_size(), s.space.genome_length());
      });
  py::class_<SpaceEstimator>(module, "SpaceEstimator", "Figures of designs of a space on one device.")
      .def(py::init<const DesignSpace&, const std::string&, const py::dict&, const py::dict&, bool, int>(),
           py::keep_alive<1, 2>(), py::arg("space"), py::arg("device"), py::arg("workload"), py::arg("what_if"),
           py::arg("full"), py::arg("threads"))
      .def_property_readonly("basis", &SpaceEstimator::basis, "What the figures rest on.")
      .def_property_readonly("device", &SpaceEstimator::device, "Name of the device's description.")
      .def("evaluate", &SpaceEstimator::evaluate, py::arg("genomes"), "Figures of every row.");
  module.def("search", &search, py::arg("space"), py::arg("objectives"), py::arg("objective"), py::arg("evaluations"),
             py::arg("population"), py::arg("seed"), py::arg("first"),
             "Genomes and objectives of the designs that none other dominates, and how many were evaluated.");
  module.def("space_names", &space_names, "Names of the spaces that ship with Ridgeline.");
}

}  // namespace ridgeline::python
