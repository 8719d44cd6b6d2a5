// Program time: an in-order host queue feeding the device, as max-plus linear algebra.
//
// State (host, device): the host has issued everything up to time `host`, the device is busy until `device`. An
// operator with dispatch d, launch L and duration t gives, asynchronously,
//   host'   = host + d
//   device' = max(device, host' + L) + t
// and synchronously (CPU), where host and device are one and start together,
//   host' = device' = host + d + t
// An operator that launches nothing (t = 0) only moves the host. Both are max-plus linear, so a whole sublayer is one
// small matrix and sublayers compose exactly (Baccelli et al. 1992, "Synchronization and Linearity").
//
// Left out: several streams, copies that overlap with computing, a bounded queue that stalls the host.
#pragma once

#include <algorithm>

#include "base/quantity.hpp"
#include "model/roofline.hpp"

namespace ridgeline {

struct QueueState {
  Seconds host;
  Seconds device;
  Seconds finished() const { return std::max(host, device); }
};

/// host' = host + host_host;  device' = max(host + host_device, device + device_device).
struct QueueStep {
  Seconds host_host{0};
  Seconds host_device{-1e300};
  Seconds device_device{0};

  QueueState operator()(QueueState s) const {
    return {s.host + host_host, std::max(s.host + host_device, s.device + device_device)};
  }
  /// First *this, then `next`.
  QueueStep then(const QueueStep& next) const {
    return {host_host + next.host_host, std::max(host_host + next.host_device, host_device + next.device_device),
            device_device + next.device_device};
  }
};

QueueStep queue_step(const OperatorCost& cost, const CostParameters& parameters);

/// `step` taken `count` times in a row, by repeated squaring.
QueueStep repeated(QueueStep step, Size count);

/// When one operator ran, from the start of the program. One that launches nothing ends when the host is done with
/// it.
struct ScheduledOperator {
  Seconds start;
  Seconds end;
  Watts dynamic_power;  ///< energy / (end - start)
};

/// Issues the operator and moves `state` on: the simulation that queue_step() sums up.
ScheduledOperator schedule(const OperatorCost& cost, const CostParameters& parameters, QueueState& state);

}  // namespace ridgeline
