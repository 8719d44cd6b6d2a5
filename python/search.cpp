// The search of the command line, with an accuracy that a Python function knows.
#include "app/search.hpp"

#include <fmt/format.h>

#include <any>
#include <memory>

#include "base/error.hpp"
#include "base/file.hpp"
#include "python/module.hpp"
#include "python/options.hpp"

namespace ridgeline::python {
namespace py = pybind11;
namespace {

/// Asks a Python function. Copied and let go of without the interpreter's lock, which the function needs.
class PythonAccuracy {
 public:
  explicit PythonAccuracy(const py::function& function)
      : function_(new py::function(function), [](py::function* held) {
          const py::gil_scoped_acquire lock;
          delete held;
        }) {}

  double accuracy(const Architecture& architecture) const {
    const py::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    const double found = (*function_)(architecture).cast<double>();
    if (!(found >= 0 && found <= 1))
      throw Error(fmt::format("accuracy({}) is {}; expected a number from 0 to 1", architecture.name, found));
    return found;
  }
  const AccuracyInfo& info() const { return info_; }

 private:
  std::shared_ptr<const py::function> function_;
  AccuracyInfo info_{.source = "a Python function",
                     .metric = "accuracy",
                     .predicted = false,
                     .supported = true,
                     .verdict = "the user's own"};
};

/// As `run`, with `accuracy` a function of a Model, or None.
std::string search_designs(const py::dict& keywords, const py::object& accuracy, const std::string& out) {
  const Action action = prepare("search", {}, keywords, out);
  SearchOptions options = *std::any_cast<std::shared_ptr<const SearchOptions>>(action.options);
  if (!accuracy.is_none()) {
    const PythonAccuracy source(accuracy.cast<py::function>());
    options.words.accuracy = source.info().source;
    options.words.own_accuracy = source;
    options.words.accuracy_is_own = true;
  }
  const Session session = make_session();
  const py::gil_scoped_release released;
  const Outcome outcome = run_search_command(options, session);
  write_also(outcome);
  if (!out.empty()) write_file_atomically(out, outcome.file ? *outcome.file : outcome.output);
  if (outcome.exit_code != 0) {
    const py::gil_scoped_acquire lock;
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw py::error_already_set();
  }
  return outcome.output;
}

}  // namespace

void add_search(py::module_& module) {
  module.def("search_designs", &search_designs, py::arg("keywords"), py::arg("accuracy"), py::arg("out"),
             "Schema ridgeline.search as JSON; `accuracy` is a function of a Model, or None.");
}

}  // namespace ridgeline::python
