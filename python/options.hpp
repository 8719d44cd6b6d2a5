// Keywords of Python to the options of the commands.
//
// A keyword is an option of the command line without its dashes, `_` for `-`; its value is handed over as the word or
// words that the command line would be given. So both take the same and complain in the same words, and an option
// that a command gains is a keyword at once. `overrides`, a dict, is --set once for each of its items.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "app/command.hpp"

namespace ridgeline::python {

/// Hands `keywords` to the options of that name. None and False count as not given; TypeError for an unknown keyword,
/// naming the nearest.
void give(const OptionSet& set, const pybind11::dict& keywords);

/// A command with all its words given and checked, ready to run. `out` is the value of --out.
Action prepare(std::string_view command, const Words& words, const pybind11::dict& keywords,
               const std::string& out = {});

WorkloadOptions workload_options(const pybind11::dict& keywords);
WhatIfOptions what_if_options(const pybind11::dict& keywords);

/// Warnings go to Python's logger "ridgeline"; between the steps of a long call Ctrl-C is looked at. Call it with the
/// interpreter's lock held, and release that afterwards.
Session make_session();

/// Raises KeyboardInterrupt when Ctrl-C was pressed. Takes the interpreter's lock for the moment.
void check_interrupted();

}  // namespace ridgeline::python
