#include "data/array_group.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

namespace ridgeline {
namespace {

/// The member of that name, or a complaint that lists the names there are.
template <class Map>
const typename Map::mapped_type& member(const StoredGroup& group, const Map& map, std::string_view kind,
                                        std::string_view name) {
  const auto found = map.find(std::string(name));
  if (found != map.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [key, value] : map) names.push_back(key);
  group.fail(name, fmt::format("missing {}", kind),
             names.empty() ? std::string() : fmt::format("there are: {}", fmt::join(names, ", ")));
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  return shape.empty() ? "one number" : fmt::format("{} numbers", fmt::join(shape, " x "));
}

void check(const StoredGroup& group, std::string_view name, std::string_view unit,
           const std::vector<std::size_t>& shape) {
  const ArrayGroup::Array& array = group.array(name);
  if (array.unit != unit) group.fail(name, fmt::format("is in {}, not in {}", array.unit, unit));
  if (array.shape != shape)
    group.fail(name, fmt::format("expected {}, found {}", shape_text(shape), shape_text(array.shape)));
}

}  // namespace

ArrayGroup::Array scalar_array(double value, std::string unit) { return {{}, {value}, std::move(unit)}; }

ArrayGroup::Array vector_array(std::vector<double> values, std::string unit) {
  const std::size_t size = values.size();
  return {{size}, std::move(values), std::move(unit)};
}

ArrayGroup::Array matrix_array(std::size_t rows, std::size_t columns, std::vector<double> values, std::string unit) {
  if (values.size() != rows * columns)
    throw Error(fmt::format("{} values are no {} x {} matrix", values.size(), rows, columns));
  return {{rows, columns}, std::move(values), std::move(unit)};
}

bool StoredGroup::has_attribute(std::string_view name) const {
  return group_.attributes.count(std::string(name)) > 0;
}
bool StoredGroup::has_array(std::string_view name) const { return group_.arrays.count(std::string(name)) > 0; }
bool StoredGroup::has_group(std::string_view name) const { return group_.groups.count(std::string(name)) > 0; }
bool StoredGroup::has_texts(std::string_view name) const { return group_.texts.count(std::string(name)) > 0; }

const std::string& StoredGroup::attribute(std::string_view name) const {
  return member(*this, group_.attributes, "attribute", name);
}
const ArrayGroup::Array& StoredGroup::array(std::string_view name) const {
  return member(*this, group_.arrays, "array", name);
}
const std::vector<std::string>& StoredGroup::texts(std::string_view name) const {
  return member(*this, group_.texts, "list of texts", name);
}
StoredGroup StoredGroup::group(std::string_view name) const {
  return {member(*this, group_.groups, "group", name), file_, place(name).key};
}

double StoredGroup::scalar(std::string_view name, std::string_view unit) const {
  check(*this, name, unit, {});
  return array(name).values.front();
}

const std::vector<double>& StoredGroup::vector(std::string_view name, std::string_view unit,
                                               std::optional<std::size_t> size) const {
  const ArrayGroup::Array& found = array(name);
  check(*this, name, unit, {size.value_or(found.values.size())});
  return found.values;
}

const std::vector<double>& StoredGroup::matrix(std::string_view name, std::string_view unit, std::size_t rows,
                                               std::size_t columns) const {
  check(*this, name, unit, {rows, columns});
  return array(name).values;
}

std::vector<std::size_t> StoredGroup::indices(std::string_view name, std::size_t low, std::size_t high,
                                              std::optional<std::size_t> size) const {
  std::vector<std::size_t> result;
  for (const double value : vector(name, "1", size)) {
    if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value))
      fail(name, fmt::format("expected whole numbers from {} to {}, found {}", low, high, value));
    result.push_back(static_cast<std::size_t>(value));
  }
  return result;
}

const std::vector<std::string>& StoredGroup::texts(std::string_view name, std::size_t size) const {
  const std::vector<std::string>& found = texts(name);
  if (found.size() != size) fail(name, fmt::format("expected {} texts, found {}", size, found.size()));
  return found;
}

InputLocation StoredGroup::place(std::string_view name) const {
  return {file_, 0, 0, path_.empty() ? std::string(name) : fmt::format("{}/{}", path_, name)};
}

void StoredGroup::fail(std::string_view name, std::string_view problem, std::string_view hint) const {
  throw InputError(place(name), problem, hint);
}

}  // namespace ridgeline
