// A small made-up board, complete enough to load; tests replace a line to make it wrong.
#pragma once

#include <string>

#include "base/document.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {

inline constexpr std::string_view kBoard = R"(name: board
title: A board
kind: cpu
architecture: toy
aliases: [toy-board]
sources:
  book: "A. Author, A Book of Boards"
  sheet: "B. Vendor, Data Sheet 7"
units: {value: 4, source: book}
clock: {value: 1 GHz, source: book}
operating_points:
  source: sheet
  points:
    - {clock: 500 MHz, voltage: 0.8 V, idle: 1 W}
    - {clock: 1 GHz, voltage: 1 V, idle: 2 W}
matrix:
  fp32: {per_cycle: 8, tile: {rows: 4, columns: 4, depth: 1}, source: book}
  int8: {per_cycle: {value: 32, derived: "four times fp32 [book]"}}
vector:
  fp32: {per_cycle: 4, lanes: 4, source: book}
transcendental:
  fp32: {per_cycle: 0.5, lanes: 4, source: book}
memory:
  l1: {size: 32 KiB, bandwidth: 16 GB/s, per_unit: true, source: sheet}
  l2: {size: 1 MiB, bandwidth: 32 GB/s, source: sheet}
  dram: {size: 4 GB, bandwidth: 10 GB/s, achievable: 0.5, source: sheet}
host: {speed: 0.5, source: book}
power:
  source: sheet
  idle: 2 W
  limit: 10 W
  capped: false
  busy_unit: 1 W
power_modes:
  low: {clock: 500 MHz, units: 2, source: sheet}
)";

/// kBoard with one piece of text replaced by another.
inline std::string board_with(std::string_view old, std::string_view changed) {
  std::string text(kBoard);
  const std::size_t at = text.find(old);
  if (at == std::string::npos) throw std::logic_error("no such text in the board: " + std::string(old));
  return text.replace(at, old.size(), changed);
}

inline Device board(std::string_view old = {}, std::string_view changed = {}) {
  return parse_device(parse_document(board_with(old, changed), "board.yaml"));
}

}  // namespace ridgeline
