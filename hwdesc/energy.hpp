// Joules per operation and per byte of a device: from its file where a source exists, else derived as follows.
//
//   P      = limit - idle - units·busy_unit              what full load leaves for work
//   e_ref  = 0.8·P / peak(matrix, p_ref)                 a matrix product at peak takes 4/5 of P, data movement the
//   rest;
//                                                        p_ref is the device's default precision, and its energy is
//                                                        taken from the file instead where that has one
//   e(k,p) = e_ref·peak(matrix, p_ref) / peak(k, p)      every kind of arithmetic draws the same power at its own
//   peak e_dram = 0.5·P / (achievable·bandwidth)              streaming from DRAM takes half of P e_l1   =
//   e_dram/128, outer caches e_dram/16          Horowitz, ISSCC 2014: 8 KB of SRAM 1.25 pJ/B, 1 MB 12.5 pJ/B,
//                                                        DRAM 160 to 325 pJ/B
//
// The shares 0.8 and 0.5 are assumptions, to be replaced by calibration; what follows from them is an estimate and is
// labelled so. A device without power data has no energies. Energies are stated at nominal clock; arithmetic and
// caches scale with voltage squared (hwdesc/dvfs.hpp), DRAM has its own supply and does not.
#pragma once

#include <optional>

#include "hwdesc/device.hpp"

namespace ridgeline {

/// Dynamic energy of one operation at the clock in force, in the precision that the device really computes in;
/// vector: one plain operation, transcendental: one result. Empty without power data or without a rate.
std::optional<JoulesPerFlop> dynamic_energy(const Device& device, Arithmetic kind, Precision precision);

/// Moving one byte through memory level `level` at the clock in force.
std::optional<JoulesPerByte> transfer_energy(const Device& device, std::size_t level);

/// What one busy unit draws above idle at the clock in force, however little it computes; zero when not known.
Watts busy_power(const Device& device);

/// The device with every derivable energy written into it, so that a what-if on a rate, a bandwidth, the units or the
/// limit leaves the energy per operation as it was.
Device with_energies(Device device);

}  // namespace ridgeline
