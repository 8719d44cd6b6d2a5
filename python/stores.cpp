// Stores and measurement files, in and out.
#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <limits>

#include "app/format.hpp"
#include "base/error.hpp"
#include "data/import.hpp"
#include "data/store.hpp"
#include "python/module.hpp"
#include "python/options.hpp"

namespace ridgeline::python {
namespace py = pybind11;
namespace {

using Files = std::vector<std::filesystem::path>;

/// {"attributes": ..., "arrays": {name: (values, unit)}, "texts": ..., "groups": ...}
py::dict to_python(const ArrayGroup& group) {
  py::dict arrays, groups;
  for (const auto& [name, stored] : group.arrays) {
    const std::vector<py::ssize_t> shape(stored.shape.begin(), stored.shape.end());
    arrays[py::str(name)] = py::make_tuple(py::array_t<double>(shape, stored.values.data()), stored.unit);
  }
  for (const auto& [name, inner] : group.groups) groups[py::str(name)] = to_python(inner);
  py::dict result;
  result["attributes"] = group.attributes;
  result["arrays"] = arrays;
  result["texts"] = group.texts;
  result["groups"] = groups;
  return result;
}

ArrayGroup from_python(const py::dict& content) {
  using Values = py::array_t<double, py::array::c_style | py::array::forcecast>;
  ArrayGroup group;
  group.attributes = content["attributes"].cast<std::map<std::string, std::string>>();
  group.texts = content["texts"].cast<std::map<std::string, std::vector<std::string>>>();
  for (const auto& [name, stored] : content["arrays"].cast<py::dict>()) {
    const auto [values, unit] = stored.cast<std::pair<Values, std::string>>();
    ArrayGroup::Array& array = group.arrays[name.cast<std::string>()];
    array.shape.assign(values.shape(), values.shape() + values.ndim());
    array.values.assign(values.data(), values.data() + values.size());
    array.unit = unit;
  }
  for (const auto& [name, inner] : content["groups"].cast<py::dict>())
    group.groups[name.cast<std::string>()] = from_python(inner.cast<py::dict>());
  return group;
}

Provenance own_provenance() { return provenance_of(make_session().command, RIDGELINE_VERSION); }

py::dict read(const std::filesystem::path& file) {
  Store store;
  {
    const py::gil_scoped_release released;
    store = read_store(file);
  }
  py::dict result = to_python(store.root);
  result["kind"] = store.kind;
  result["schema"] = store.schema;
  result["provenance"] = std::map<std::string, std::string>{{"command", store.provenance.command},
                                                            {"version", store.provenance.version},
                                                            {"device_hash", store.provenance.device_hash},
                                                            {"created", store.provenance.created}};
  return result;
}

void write(const std::filesystem::path& file, const std::string& kind, const py::dict& content) {
  const ArrayGroup root = from_python(content);
  const Provenance provenance = own_provenance();
  const py::gil_scoped_release released;
  write_store(file, kind, root, provenance);
}

void write_measurements(const std::filesystem::path& file, const std::vector<MeasurementSet>& sets) {
  const Provenance provenance = own_provenance();
  const py::gil_scoped_release released;
  write_store(file, "measurements", to_arrays(sets), provenance);
}

template <class Of>
py::array numbers(const MeasurementSet& set, Of of) {
  py::array_t<double> values(static_cast<py::ssize_t>(set.rows.size()));
  for (std::size_t i = 0; i < set.rows.size(); ++i) values.mutable_data()[i] = of(set.rows[i]);
  return values;
}

template <class Of>
std::vector<std::string> words(const MeasurementSet& set, Of of) {
  std::vector<std::string> values;
  for (const Measurement& row : set.rows) values.emplace_back(of(row));
  return values;
}

py::array figure(const MeasurementSet& set, std::optional<MeasuredValue> Measurement::*member) {
  return numbers(set, [member](const Measurement& row) {
    return (row.*member) ? (row.*member)->value : std::numeric_limits<double>::quiet_NaN();
  });
}

py::dict columns(const MeasurementSet& set) {
  py::dict result;
  result["id"] = words(set, [](const Measurement& row) { return row.id; });
  result["model"] = words(set, [](const Measurement& row) { return name_of(row.definition); });
  result["task"] = words(set, [](const Measurement& row) { return name(row.workload.task); });
  result["batch"] = numbers(set, [](const Measurement& row) { return static_cast<double>(row.workload.batch); });
  result["length"] = numbers(set, [](const Measurement& row) { return static_cast<double>(row.workload.length); });
  result["order"] = numbers(set, [](const Measurement& row) { return static_cast<double>(row.order); });
  result["latency_s"] = figure(set, &Measurement::latency);
  result["energy_J"] = figure(set, &Measurement::energy);
  result["peak_power_W"] = figure(set, &Measurement::peak_power);
  return result;
}

const Architecture& measured_model(const MeasurementSet& set, std::size_t row) {
  if (row >= set.rows.size()) throw py::index_error(fmt::format("row {} of {}", row, set.rows.size()));
  return architecture_of(set.rows[row].definition);
}

void add_measurement_set(py::module_& module) {
  py::class_<MeasurementSet>(module, "MeasurementSet",
                             "Measurements of one device x runtime x precision x power mode.")
      .def_readonly("name", &MeasurementSet::name, "Its name.")
      .def_readonly("device", &MeasurementSet::device, "Name of the device's description.")
      .def_readonly("runtime", &MeasurementSet::runtime, "Name of the runtime's description.")
      .def_property_readonly(
          "precision", [](const MeasurementSet& s) { return name(s.precision); }, "Number format.")
      .def_readonly("power_mode", &MeasurementSet::power_mode, "Empty: the default one.")
      .def_property_readonly(
          "protocol", [](const MeasurementSet& s) { return name(s.protocol); }, "'warm' or 'whole-process'.")
      .def_readonly("ordered", &MeasurementSet::ordered, "Rows are in measuring order.")
      .def_readonly("source", &MeasurementSet::source, "Citation with licence.")
      .def_property_readonly(
          "excluded",
          [](const MeasurementSet& s) {
            std::vector<std::pair<std::string, std::string>> rows;
            for (const Exclusion& e : s.excluded) rows.emplace_back(e.id, e.reason);
            return rows;
          },
          "(id, reason) of rows that cannot be used.")
      .def("columns", &columns, "Columns of the rows that can be used; figures are per sequence, NaN: not measured.")
      .def("model", &measured_model, py::arg("row"), "The model that row `row`, from 0, measured.")
      .def("__len__", [](const MeasurementSet& s) { return s.rows.size(); })
      .def("__repr__", [](const MeasurementSet& s) {
        return fmt::format("<ridgeline.MeasurementSet {}: {} rows on {}, {}, {}, {}>", s.name, s.rows.size(),
                           s.device, s.runtime, name(s.precision), name(s.protocol));
      });
}

}  // namespace

void add_stores(py::module_& module) {
  add_measurement_set(module);
  module.def(
      "read_measurements",
      [](const Files& files, const std::string& format) { return read_measurements(files, format); },
      py::arg("files"), py::arg("format"), py::call_guard<py::gil_scoped_release>(),
      "The sets in measurement files of any form that Ridgeline reads; an empty format: recognised by content.");
  module.def("write_measurements", &write_measurements, py::arg("file"), py::arg("sets"),
             "Writes sets to a store, all of it or nothing.");
  module.def("read_store", &read, py::arg("file"), "Kind, schema, provenance and content of an HDF5 store.");
  module.def("write_store", &write, py::arg("file"), py::arg("kind"), py::arg("content"),
             "Writes content as read_store() gives it, all of it or nothing.");
}

}  // namespace ridgeline::python
