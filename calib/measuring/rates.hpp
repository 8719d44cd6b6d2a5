// What a device description takes from measuring: products by format, bandwidth by level of memory, dispatching.
//
//   products    calib/live/rates.hpp, in every format that libtorch has products in
//   a cache     reading half of what all its instances hold, or twice what the level inside holds where that is more,
//               but not more than nine tenths of it
//   DRAM        reading four times what the last cache holds, 64 MB at least, an eighth of the memory at most
//   host speed  a BERT of 24 layers of width 8 on two tokens, whose time is dispatching: what it takes on the
//               reference host by the runtime's description ÷ the fastest run here. Per layer 16 operators launch
//               work and 14 change metadata only (hwdesc/runtimes/libtorch.yaml).
#pragma once

#include <functional>
#include <string_view>

#include "calib/measuring/runner.hpp"
#include "hwdesc/probe.hpp"
#include "hwdesc/runtime.hpp"

namespace ridgeline {

/// `runtime`: libtorch's description; `threads`: those of the runner; `seconds`: for each number, about.
MachineRates measure_rates(const Machine& machine, const Runtime& runtime, const ModelRunner& runner, int threads,
                           double seconds,
                           const std::function<void(std::string_view step, double share)>& progress = {});

}  // namespace ridgeline
