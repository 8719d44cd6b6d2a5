// The HDF5 store: measurement sets, calibrations, provenance. Readable by h5py.
//
// The file image is built in memory, written to a temporary file, synced and renamed, so a reader sees the old file
// or the new one, never half of one. Schema version, units and provenance are attributes. A truncated, corrupted,
// foreign or newer-schema file is refused with InputError and left untouched. docs/data.md lists groups, datasets,
// attributes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "data/measurement.hpp"

namespace ridgeline {

inline constexpr int kStoreSchema = 1;

/// How a file came to be.
struct Provenance {
  std::string command;      ///< the command line
  std::string version;      ///< of Ridgeline
  std::string device_hash;  ///< SHA-256 of the device description used, hexadecimal
  std::string created;      ///< ISO 8601, UTC
};

/// Named arrays with units below one group: what calibrations and surrogates are stored as. Knows nothing of HDF5.
struct ArrayGroup {
  struct Array {
    std::vector<std::size_t> shape;
    std::vector<double> values;  ///< row-major
    std::string unit;            ///< "1" when dimensionless
  };
  std::map<std::string, std::string> attributes;
  std::map<std::string, Array> arrays;
  std::map<std::string, ArrayGroup> groups;
};

/// `kind`: "measurements", "calibration", "surrogate", "front": what the file claims to be.
void write_store(const std::filesystem::path& file, std::string_view kind, const ArrayGroup& root,
                 const Provenance& provenance);
struct Store {
  std::string kind;
  int schema = 0;
  Provenance provenance;
  ArrayGroup root;
};
Store read_store(const std::filesystem::path& file);
/// The first bytes are HDF5's signature.
bool is_store(const std::filesystem::path& file);

/// Measurement sets to and from arrays; architectures are kept as Ridgeline YAML, one each.
ArrayGroup to_arrays(const std::vector<MeasurementSet>& sets);
std::vector<MeasurementSet> measurement_sets(const Store& store);

}  // namespace ridgeline
