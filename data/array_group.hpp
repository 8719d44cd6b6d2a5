// Named arrays with units below one group: what measurements, calibrations and surrogates are stored as. Knows
// nothing of HDF5; data/store.hpp writes and reads it.
//
// A group is filled in with plain assignments,
//   group.attributes["device"] = "t4";
//   group.arrays["utilisation"] = vector_array(values, "1");
//   group.arrays["dispatch"] = scalar_array(26.6e-6, "s");
// and read through a StoredGroup, whose every complaint names the file and the path: "t4.h5: fit/dispatch: is in ms,
// not in s".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace ridgeline {

struct ArrayGroup {
  struct Array {
    std::vector<std::size_t> shape;  ///< empty: one number
    std::vector<double> values;      ///< row-major
    std::string unit;                ///< "1" when dimensionless
    friend bool operator==(const Array&, const Array&) = default;
  };
  std::map<std::string, std::string> attributes;
  std::map<std::string, Array> arrays;
  std::map<std::string, ArrayGroup> groups;
  std::map<std::string, std::vector<std::string>> texts;  ///< lists of words or documents; names differ from arrays'
  friend bool operator==(const ArrayGroup&, const ArrayGroup&) = default;
};

ArrayGroup::Array scalar_array(double value, std::string unit);
ArrayGroup::Array vector_array(std::vector<double> values, std::string unit);
/// Throws Error when `values` are not rows × columns.
ArrayGroup::Array matrix_array(std::size_t rows, std::size_t columns, std::vector<double> values, std::string unit);

/// A group inside a file, for reading. Refers to the ArrayGroup, which has to outlive it.
class StoredGroup {
 public:
  StoredGroup(const ArrayGroup& group, std::string file, std::string path = {})
      : group_(group), file_(std::move(file)), path_(std::move(path)) {}

  const ArrayGroup& content() const { return group_; }
  const std::string& file() const { return file_; }

  bool has_attribute(std::string_view name) const;
  bool has_array(std::string_view name) const;
  bool has_group(std::string_view name) const;
  bool has_texts(std::string_view name) const;

  // Each throws InputError naming file and path when there is none of that name, with the names that there are.
  const std::string& attribute(std::string_view name) const;
  const ArrayGroup::Array& array(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;
  StoredGroup group(std::string_view name) const;

  // The same, and InputError for another unit or shape than asked for.
  double scalar(std::string_view name, std::string_view unit) const;
  const std::vector<double>& vector(std::string_view name, std::string_view unit,
                                    std::optional<std::size_t> size = {}) const;
  const std::vector<double>& matrix(std::string_view name, std::string_view unit, std::size_t rows,
                                    std::size_t columns) const;
  /// A vector of whole numbers from `low` to `high`.
  std::vector<std::size_t> indices(std::string_view name, std::size_t low, std::size_t high,
                                   std::optional<std::size_t> size = {}) const;
  const std::vector<std::string>& texts(std::string_view name, std::size_t size) const;

  InputLocation place(std::string_view name) const;
  [[noreturn]] void fail(std::string_view name, std::string_view problem, std::string_view hint = {}) const;

 private:
  const ArrayGroup& group_;
  std::string file_;
  std::string path_;
};

}  // namespace ridgeline
