// Reading struct members from YAML maps, each absent key leaving its member at its default.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "model/checked.hpp"
#include "model/ridgeline_names.hpp"

namespace ridgeline {

/// One or more maps that describe the same thing; the first that has a key decides.
class Fields {
 public:
  Fields(std::initializer_list<const Node*> maps) {
    for (const Node* map : maps)
      if (map && map->is_map()) maps_.push_back(map);
  }

  const Node* find(std::string_view key) const {
    for (const Node* map : maps_)
      if (const Node* value = map->find(key)) return value;
    return nullptr;
  }
  void size(std::string_view key, Size& value) const {
    if (const Node* node = find(key)) value = node->integer_in(1, kLargestSize);
  }
  void size_or_zero(std::string_view key, Size& value) const {
    if (const Node* node = find(key)) value = node->integer_in(0, kLargestSize);
  }
  void flag(std::string_view key, bool& value) const {
    if (const Node* node = find(key)) value = node->boolean();
  }
  template <class Value, std::size_t N>
  void word(std::string_view key, std::string_view kind, const NameTable<Value, N>& table, Value& value) const {
    const Node* node = find(key);
    if (!node) return;
    std::vector<std::string> names;
    for (const auto& [name, known] : table) {
      if (name == node->text()) {
        value = known;
        return;
      }
      names.emplace_back(name);
    }
    throw_unknown_name(node->location(), kind, node->text(), names);
  }
  void allow_only(const std::vector<std::string>& keys) const {
    for (const Node* map : maps_) map->allow_only(keys);
  }

 private:
  std::vector<const Node*> maps_;
};

}  // namespace ridgeline
