// A YAML or JSON document whose every value still knows where it stood in the file.
//
// All readers of user files (devices, runtimes, models, spaces, measurement rows) go through this one type, so every
// complaint names file, line, column and key. JSON files are read by nlohmann-json, YAML files by yaml-cpp; after
// that the format does not matter. A key written twice is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/units.hpp"

namespace ridgeline {

/// One value of a document; children are held by value and keep the order of the file.
class Node {
 public:
  enum class Kind { null, scalar, sequence, map };

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_scalar() const { return kind_ == Kind::scalar; }
  bool is_sequence() const { return kind_ == Kind::sequence; }
  bool is_map() const { return kind_ == Kind::map; }
  InputLocation location() const;

  // --- maps
  /// The child of that name, or nullptr; throws InputError when this is not a map.
  const Node* find(std::string_view key) const;
  /// The child of that name; InputError "missing key 'KEY'" with the keys that are there.
  const Node& at(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::vector<std::string> keys() const;
  /// InputError at the first key that is not in `allowed`, naming the nearest valid one.
  void allow_only(const std::vector<std::string>& allowed) const;

  // --- sequences
  const std::vector<Node>& items() const;  ///< InputError when this is not a sequence
  std::size_t size() const;

  // --- scalars; each throws InputError stating what was found and what would be right
  const std::string& text() const;
  double number() const;
  std::int64_t integer() const;
  /// An integer in [low, high]; the message names both ends.
  std::int64_t integer_in(std::int64_t low, std::int64_t high) const;
  bool boolean() const;
  /// A positive, finite quantity of dimension D; "wrong unit" errors name the unit expected.
  template <Dimension D>
  Quantity<D> quantity() const {
    return Quantity<D>(positive_si(D));
  }
  /// A complaint about this value, with its place filled in.
  [[noreturn]] void fail(std::string_view problem, std::string_view hint = {}) const;

  // --- edits, for what-ifs: values set so are located at `origin` (for example "--set")
  /// Replaces the scalar at the dotted `path` (a unique suffix of a path is enough: "dram.bandwidth" finds
  /// "memory.dram.bandwidth"). `value` is a literal, or "x2" / "x0.5" to scale the number that stands there.
  /// A map with a `value` key counts as that value, its other keys as remarks. List items are named by their number
  /// from 0. Unknown or ambiguous paths: InputError naming the candidates, of the unknown ones numbers and switches
  /// only.
  void set(std::string_view path, std::string_view value, std::string_view origin);
  /// Dotted paths of all scalars below this node, `value` keys (without their neighbours) shown as their parent.
  std::vector<std::string> scalar_paths() const;

 private:
  friend class DocumentBuilder;
  struct Position {
    int line = 0;
    int column = 0;
  };
  double positive_si(Dimension expected) const;
  /// All scalars below, with their dotted paths.
  std::vector<std::pair<std::string, Node*>> scalars(const std::string& prefix);

  Kind kind_ = Kind::null;
  std::string text_;
  std::vector<std::string> keys_;        // parallel to children_ when this is a map
  std::vector<Position> key_positions_;  // the same
  std::vector<Node> children_;
  std::shared_ptr<const std::string> file_;
  std::string path_;  // dotted path of this value from the root; list items count from 0
  int line_ = 0;
  int column_ = 0;
};

/// Reads a file; ".json" as JSON, everything else as YAML. InputError for a missing, unreadable, empty or malformed
/// one.
Node read_document(const std::filesystem::path& file);
/// The same from text; `name` stands for the file in messages, `json` chooses the format.
Node parse_document(std::string_view text, std::string name, bool json = false);

}  // namespace ridgeline
