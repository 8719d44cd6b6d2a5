// The HDF5 store: measurement sets, calibrations, provenance. Readable by h5py and every other HDF5 tool.
//
// The file image is built in memory, written to a temporary file, synced and renamed, so a reader sees the old file
// or the new one, never half of one. Behind the image, where HDF5 does not look, stand 16 bytes: "RIDGELN1" and the
// CRC-32 of all before it in hexadecimal. They are checked before HDF5 sees a byte, for HDF5 1.10 itself crashes on
// some damaged files. So a truncated, damaged or foreign file is refused with InputError, as one of a newer schema
// is, and never written to. docs/data.md lists groups, datasets and attributes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/array_group.hpp"
#include "data/measurement.hpp"

namespace ridgeline {

inline constexpr int kStoreSchema = 1;

/// How a file came to be.
struct Provenance {
  std::string command;      ///< the command line
  std::string version;      ///< of Ridgeline
  std::string device_hash;  ///< SHA-256 of the device description used, hexadecimal; empty where none was
  std::string created;      ///< ISO 8601, UTC
  friend bool operator==(const Provenance&, const Provenance&) = default;
};

/// The command as given, the version, and now.
Provenance provenance_of(std::string command, std::string version);

struct Store {
  std::string kind;  ///< "measurements", "calibration", "surrogate", "front": what the file claims to be
  int schema = kStoreSchema;
  Provenance provenance;
  ArrayGroup root;
  std::string file{};  ///< where it was read from, for messages

  /// For reading `root`. InputError when the store is of another kind than `expected`.
  StoredGroup content(std::string_view expected) const;
};

/// Replaces `file` as a whole or leaves it as it was. Throws Error for names that a store cannot hold (empty, with
/// '/' or NUL), a shape that does not fit its values, and when the file cannot be written.
void write_store(const std::filesystem::path& file, std::string_view kind, const ArrayGroup& root,
                 const Provenance& provenance);
Store read_store(const std::filesystem::path& file);
/// The first bytes are HDF5's signature. False for what cannot be read.
bool is_store(const std::filesystem::path& file);

/// The bytes of a store, and back; `file` stands for them in messages.
std::string to_image(const Store& store);
Store parse_image(std::string_view image, std::string file);

/// Measurement sets to and from arrays; architectures are kept as Ridgeline YAML, one each.
ArrayGroup to_arrays(const std::vector<MeasurementSet>& sets);
std::vector<MeasurementSet> measurement_sets(const Store& store);

}  // namespace ridgeline
