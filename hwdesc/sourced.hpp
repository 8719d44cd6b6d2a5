// Numbers that carry their source: the part that device and runtime files share.
//
// A number is written `{value: 1.5 GHz, source: ID}`, or plainly where the map around it names the source of all its
// numbers. `source` is an id, or a list of ids, of the file's `sources`; `derived` is the text of an open derivation
// and may cite ids in brackets. A number under neither is an InputError.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.hpp"
#include "hwdesc/device.hpp"

namespace ridgeline {

class Sources {
 public:
  /// Reads the `sources` map of a file; InputError for an empty citation.
  explicit Sources(const Node& document);

  /// Where the numbers of `map` come from: nothing when it has neither `source` nor `derived`.
  struct Citation {
    std::string text;
    bool derived = false;
  };
  std::optional<Citation> citation(const Node& map) const;

  /// All entries, in the order of the file.
  const std::vector<Source>& all() const { return all_; }

 private:
  std::string cite(const Node& id) const;
  void check_cited(const Node& text) const;

  std::vector<std::string> ids_;
  std::vector<Source> all_;  // parallel to ids_
  std::string file_;
};

/// Collects facts while a file is read.
class SourcedReader {
 public:
  explicit SourcedReader(const Node& document) : sources_(document), file_(document.location().file) {}

  /// The value of `map[key]`, with its source found there, in `map`, or in `outer`; records the fact.
  const Node& read(const Node& map, std::string_view key, const Node* outer = nullptr);
  /// The same, or nullptr when `map` has no such key.
  const Node* read_optional(const Node& map, std::string_view key, const Node* outer = nullptr);

  /// Whether any value read so far was changed after the file was read (a what-if).
  bool edited() const { return edited_; }
  std::vector<Fact>& facts() { return facts_; }
  const std::vector<Source>& sources() const { return sources_.all(); }

 private:
  Sources sources_;
  std::string file_;
  bool edited_ = false;
  std::vector<Fact> facts_;
};

/// A quantity in [low, high]; the complaint about any other names both ends.
template <Dimension D>
Quantity<D> quantity_in(const Node& value, Quantity<D> low, Quantity<D> high) {
  const Quantity<D> quantity = value.quantity<D>();
  if (quantity < low || quantity > high)
    value.fail("expected from " + format(low) + " to " + format(high) + ", found '" + value.text() + "'");
  return quantity;
}

/// A plain number in [low, high].
double number_in(const Node& value, double low, double high);
/// A share in (0, 1].
double share(const Node& value);

}  // namespace ridgeline
