// The parts that the module is put together from, one a source file.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "app/calibrated.hpp"

namespace ridgeline::python {

void add_batch(pybind11::module_& module);
void add_search(pybind11::module_& module);
void add_spaces(pybind11::module_& module);
void add_stores(pybind11::module_& module);

/// What figures rest on: "data sheets alone: why", or "parameters fitted to ROWS rows of SET".
std::string basis_of(const CalibrationChoice& choice);

}  // namespace ridgeline::python
