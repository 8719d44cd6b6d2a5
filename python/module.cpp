// The extension `ridgeline._ridgeline`: what the commands do, for the Python files of python/ridgeline, which give it
// its face. Results that the command line prints as JSON cross over as that JSON, so both always say the same.
#include "python/module.hpp"

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "app/architecture_text.hpp"
#include "app/estimate_output.hpp"
#include "app/format.hpp"
#include "app/scenario.hpp"
#include "app/validate_output.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "hwdesc/device_file.hpp"
#include "model/readers.hpp"
#include "model/zoo.hpp"
#include "python/options.hpp"

namespace ridgeline::python {
namespace py = pybind11;
namespace {

using Released = py::call_guard<py::gil_scoped_release>;

/// Raises ridgeline.Error and ridgeline.InputError; the latter says where in `file`, `line`, `column` and `key`.
void add_errors(py::module_& module) {
  static py::handle error_type, input_error_type;  // live as long as the interpreter
  py::object error = py::reinterpret_steal<py::object>(PyErr_NewExceptionWithDoc(
      "ridgeline.Error", "Anything that stops a call; the message is complete.", PyExc_Exception, nullptr));
  const py::tuple bases = py::make_tuple(error, py::handle(PyExc_ValueError));
  py::object input_error = py::reinterpret_steal<py::object>(PyErr_NewExceptionWithDoc(
      "ridgeline.InputError",
      "Wrong input. `file` (or the option), `line` and `column` (from 1; 0: not known) and `key` say where.",
      bases.ptr(), nullptr));
  module.attr("Error") = error;
  module.attr("InputError") = input_error;
  error_type = error.release();
  input_error_type = input_error.release();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const InputError& e) {
      const py::object instance = py::reinterpret_borrow<py::object>(input_error_type)(e.what());
      instance.attr("file") = e.location().file;
      instance.attr("line") = e.location().line;
      instance.attr("column") = e.location().column;
      instance.attr("key") = e.location().key;
      PyErr_SetObject(input_error_type.ptr(), instance.ptr());
    } catch (const Error& e) {
      PyErr_SetString(error_type.ptr(), e.what());
    }
  });
}

std::string model_repr(const Architecture& a) {
  const auto layers = [](const Stack& stack) { return stack.layers.size(); };
  const std::string depth = a.encoder_only()   ? fmt::format("{} layers", layers(a.encoder))
                            : a.decoder_only() ? fmt::format("{} layers", layers(a.decoder))
                                               : fmt::format("{} + {} layers", layers(a.encoder), layers(a.decoder));
  return fmt::format("<ridgeline.Model {}: {}, {} parameters>", a.name, depth,
                     format_words(static_cast<double>(parameter_count(a))));
}

Architecture parse(const std::string& text, const std::string& name, const std::string& file, bool json) {
  return parse_model(parse_document(text, file, json), name);
}

void add_model(py::module_& module) {
  py::class_<Architecture>(module, "Model", "A transformer: layers of sublayers, each free to differ.")
      .def_readonly("name", &Architecture::name, "Its name.")
      .def_readonly("family", &Architecture::family, "How it was described: 'bert', 'flexibert', 'hat', ...")
      .def_readonly("max_length", &Architecture::max_length, "Longest sequence in tokens; 0: unlimited.")
      .def_property_readonly(
          "parameters", [](const Architecture& a) { return parameter_count(a); },
          "Learned numbers, shared and tied ones counted once.")
      .def_property_readonly(
          "layers",
          [](const Architecture& a) {
            std::vector<std::pair<std::string, std::string>> lines;
            for (const ArchitectureLine& line : describe(a)) lines.emplace_back(line.part, line.text);
            return lines;
          },
          "(part, description) of embeddings, of every run of equal layers, and of the head.")
      .def("to_yaml", py::overload_cast<const Architecture&>(&to_yaml),
           "The model in Ridgeline's own YAML, which model() reads back equal.")
      .def("__eq__", [](const Architecture& a, const Architecture& b) { return a == b; })
      .def("__eq__", [](const Architecture&, const py::object&) { return false; })
      .def("__hash__", [](const Architecture& a) { return py::hash(py::str(to_yaml(a))); })
      .def("__repr__", &model_repr)
      .def(py::pickle([](const Architecture& a) { return py::make_tuple(a.name, to_yaml(a)); },
                      [](const py::tuple& t) {
                        return parse(t[1].cast<std::string>(), t[0].cast<std::string>(), "pickle", false);
                      }));
  module.def(
      "load_model", [](const std::string& name) { return load_model(name); }, py::arg("name_or_path"), Released(),
      "A model of the zoo, a file, or a folder with a config.json.");
  module.def("parse_model", &parse, py::arg("text"), py::arg("name"), py::arg("file"), py::arg("json"), Released(),
             "A model from text in any format that files may have; `file` stands for it in messages.");
  module.def("zoo_names", &zoo_names, "Names of the models that ship with Ridgeline.");
}

std::pair<std::string, std::string> estimate(const Architecture& model, const std::string& device_name,
                                             const py::dict& workload, const py::dict& what_if, bool operators) {
  const WorkloadOptions workload_given = workload_options(workload);
  const WhatIfOptions what_if_given = what_if_options(what_if);
  const Session session = make_session();
  const py::gil_scoped_release released;
  const Device device = prepare_device(device_name, what_if_given);
  const Scenario scenario =
      make_scenario(model, device, prepare_runtime(what_if_given, device), workload_given, what_if_given, session);
  const Report report = make_report(scenario, load_data_sheet_spread(), operators);
  return {estimate_json(report, {}), estimate_text(report, session.style)};
}

/// Columns of the operators of a program, in program order.
struct OperatorColumns {
  std::vector<std::string> phase, label, kind;
  std::vector<std::int64_t> repeats, layer, parameters, output_elements;
  std::vector<double> matrix, vector, transcendental, weights, in, out, cache_read, cache_written;
  std::vector<std::int64_t> edges;  ///< pairs: from, to

  void add(const Phase& p, const OperatorNode& node, const Work& w) {
    phase.push_back(p.name);
    repeats.push_back(p.repeats);
    layer.push_back(node.layer);
    label.push_back(node.label);
    kind.emplace_back(kind_name(node.op));
    parameters.push_back(parameter_count(node.op));
    output_elements.push_back(node.output);
    matrix.push_back(w.matrix.si());
    vector.push_back(w.vector.si());
    transcendental.push_back(w.transcendental.si());
    weights.push_back(w.weights.si());
    in.push_back(w.activations_in.si());
    out.push_back(w.activations_out.si());
    cache_read.push_back(w.cache_read.si());
    cache_written.push_back(w.cache_written.si());
  }
};

template <class Value>
py::array array(const std::vector<Value>& values) {
  return py::array_t<Value>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::dict lower_model(const Architecture& model, const std::string& runtime_name, const py::dict& keywords) {
  const WorkloadOptions options = workload_options(keywords);
  Program program;
  OperatorColumns columns;
  {
    const py::gil_scoped_release released;
    WorkloadDefaults defaults;
    if (!runtime_name.empty()) {
      const Runtime runtime = load_runtime(runtime_name);
      defaults.fusion = runtime.fusion;
      defaults.views = runtime.runs_views;
    }
    const Workload workload = choose_workload(options, model, defaults);
    program = lower(model, workload);
    std::int64_t first = 0;
    for (const Phase& phase : program.phases) {
      for (OperatorVertex v = 0; v < num_vertices(phase.graph); ++v)
        columns.add(phase, phase.graph[v], work(phase.graph[v].op, workload.numerics));
      const auto [edge, end] = boost::edges(phase.graph);
      for (auto e = edge; e != end; ++e) {
        columns.edges.push_back(first + static_cast<std::int64_t>(source(*e, phase.graph)));
        columns.edges.push_back(first + static_cast<std::int64_t>(target(*e, phase.graph)));
      }
      first += static_cast<std::int64_t>(num_vertices(phase.graph));
    }
  }
  py::dict operators;
  operators["phase"] = columns.phase;
  operators["repeats"] = array(columns.repeats);
  operators["layer"] = array(columns.layer);
  operators["label"] = columns.label;
  operators["kind"] = columns.kind;
  operators["matrix_FLOP"] = array(columns.matrix);
  operators["vector_FLOP"] = array(columns.vector);
  operators["transcendental_FLOP"] = array(columns.transcendental);
  operators["weights_B"] = array(columns.weights);
  operators["activations_in_B"] = array(columns.in);
  operators["activations_out_B"] = array(columns.out);
  operators["cache_read_B"] = array(columns.cache_read);
  operators["cache_written_B"] = array(columns.cache_written);
  operators["parameters"] = array(columns.parameters);
  operators["output_elements"] = array(columns.output_elements);
  py::dict result;
  result["operators"] = operators;
  result["edges"] = array(columns.edges).attr("reshape")(-1, 2);
  result["parameters"] = program.parameters;
  result["weights_B"] = program.weights.si();
  result["cache_B"] = program.cache.si();
  result["optimiser_state_B"] = program.optimiser_state.si();
  result["sequences"] = program.sequences;
  return result;
}

/// Runs a command without the interpreter's lock and writes what it makes to `out`, if that is not empty.
std::string run_command(const std::string& name, const Words& words, const py::dict& keywords,
                        const std::string& out) {
  const Action action = prepare(name, words, keywords, out);
  const Session session = make_session();
  const py::gil_scoped_release released;
  const Outcome outcome = action.run(session);
  write_also(outcome);
  if (!out.empty()) write_file_atomically(out, outcome.file ? *outcome.file : outcome.output);
  return outcome.output;
}

std::pair<std::string, std::string> validate(const py::dict& keywords) {
  const Action action = prepare("validate", {}, keywords);
  const auto options = std::any_cast<std::shared_ptr<const ValidateOptions>>(action.options);
  const Session session = make_session();
  const py::gil_scoped_release released;
  const ValidateResult result = compute_validation(*options, session);
  return {validate_json(result), validate_csv(result)};
}

void add_commands(py::module_& module) {
  module.def("estimate", &estimate, py::arg("model"), py::arg("device"), py::arg("workload"), py::arg("what_if"),
             py::arg("operators"), "Schema ridgeline.estimate as JSON, and the same as text for people.");
  module.def("lower", &lower_model, py::arg("model"), py::arg("runtime"), py::arg("workload"),
             "Columns of the operators and the edges between them.");
  module.def("run", &run_command, py::arg("command"), py::arg("words"), py::arg("keywords"), py::arg("out"),
             "What a command of the command line prints; `out` is the file that it makes.");
  module.def("validate", &validate, py::arg("keywords"), "Schema ridgeline.validate as JSON, and its rows as CSV.");
  module.def("format_number", &format_number, py::arg("value"), py::arg("unit"),
             "'412 ms': three significant digits and an SI prefix.");
}

}  // namespace

PYBIND11_MODULE(_ridgeline, module) {
  module.doc() = "The compiled part of ridgeline; use the package around it.";
  module.attr("__version__") = RIDGELINE_VERSION;
  add_errors(module);
  add_model(module);
  add_commands(module);
  add_batch(module);
  add_search(module);
  add_spaces(module);
  add_stores(module);
}

}  // namespace ridgeline::python
