// The values that one gene of a design stands for.
//
// A gene is a small integer; its domain says what the numbers mean and which of them are near each other. Composite
// choices are numbered as well, so that every design of a space is a short list of integers of fixed length:
//   OneOf     one of a list, e.g. the width of a layer; `ordered` where neighbours in the list are alike,
//   Multiset  `count` members of a list, repetition allowed, order irrelevant: the heads of a FlexiBERT layer,
//   Sequence  `count` members of a list in order: the hidden sizes of its feed-forward stack,
//   Rows     rows of named columns: device × clock × precision × batch, where not every combination exists,
//   Steps     a continuous interval cut into equal steps.
//
// Multisets are numbered by the combinatorial number system (Knuth, TAOCP 7.2.1.3, theorem L): members
// a_0 <= a_1 <= ... have the rank sum_i C(a_i + i, i + 1) among those of their count; smaller counts come first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.hpp"

namespace ridgeline {

using Gene = std::uint16_t;
inline constexpr std::uint64_t kMostValues = 65536;  ///< of one gene

struct OneOf {
  std::vector<std::string> values;
  bool ordered = false;
};

struct Multiset {
  std::vector<std::string> of;
  std::vector<int> counts;  ///< ascending
};

struct Sequence {
  std::vector<std::string> of;  ///< in an order in which neighbours are alike
  std::vector<int> counts;      ///< ascending
};

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< all different
};

struct Steps {
  double from = 0, to = 1;
  std::uint32_t count = 2;  ///< values, both ends included
};

class Domain {
 public:
  using Kind = std::variant<OneOf, Multiset, Sequence, Rows, Steps>;

  /// Error for an empty domain, repeated values, or more than kMostValues of them.
  explicit Domain(Kind kind);

  const Kind& kind() const { return kind_; }
  std::uint32_t size() const { return size_; }

  /// The value as people write it: "768", "sa_sdp×2 c_5×2", "1024-512", "raspberry-pi-4, 1.5 GHz, fp32, 1".
  std::string text(Gene gene) const;
  /// Numbers of the members of a Multiset (ascending) or Sequence, of the value itself for any other domain.
  void members(Gene gene, std::vector<int>& out) const;
  /// The inverse of members(); a multiset may come in any order. Error when there is no such value.
  Gene gene_of(std::vector<int> members) const;
  /// The position of a value of OneOf; Error naming the nearest one.
  Gene gene_of(std::string_view value) const;
  /// The number that a gene of Steps stands for.
  double number(Gene gene) const;

  Gene random(Random& random) const { return static_cast<Gene>(random.below(size_)); }
  /// Another value, near the given one: the next in order, one member changed, added or dropped, another cell in one
  /// column; of Steps a polynomial mutation (Deb & Agrawal 1999) of distribution index 20. The same one where the
  /// domain has no other.
  Gene near(Gene gene, Random& random) const;

 private:
  Kind kind_;
  std::uint32_t size_ = 0;
  std::vector<std::uint32_t> first_of_count_;          ///< Multiset, Sequence: parallel to counts, and the end
  std::vector<std::vector<std::uint16_t>> near_rows_;  ///< Rows: rows that differ in one column
  std::vector<std::vector<std::uint32_t>> binomials_;  ///< Multiset: [i][n] = C(n, i + 1)

  std::size_t count_index(Gene gene) const;
};

}  // namespace ridgeline
