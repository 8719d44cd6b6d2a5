// A space of designs: named choices, some of them repeated for every layer, some of them open only under a condition.
//
// A design is a genome: one Gene (search/domain.hpp) for every choice, and for repeated choices one for every layer
// that there may be, in a fixed order. Genes that a design does not use (layers beyond its depth, choices whose
// condition is not met) are zero in a canonical genome, so that equal designs are equal genomes. `canonical` makes
// any genome whose genes are within their domains so: operators never produce an invalid design.
//
// What it leaves out: constraints between choices other than `when`; those are constraints of the search.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "search/domain.hpp"

namespace ridgeline {

using Genome = std::vector<Gene>;
using ExactCount = boost::multiprecision::cpp_int;

/// A choice is open only where an earlier choice of the same scope (the design, or the same layer) has one of these
/// values.
struct When {
  std::string choice;
  std::vector<Gene> values;
};

struct Choice {
  std::string name;
  Domain domain;
  std::optional<When> when = {};
};

/// Choices made anew for every layer; how many layers there are is a choice of the design (a OneOf of numbers).
struct Repeated {
  std::string name;   ///< "layer", "encoder", "decoder"
  std::string times;  ///< name of that choice
  std::vector<Choice> choices;
};

/// Where a choice stands in a genome.
struct GenePlace {
  int choice = -1;  ///< number of the choice in its list
  int group = -1;   ///< number of the Repeated; -1: a choice of the design
  int layer = 0;
};

class Space {
 public:
  /// Error for names used twice, conditions on unknown or later choices, repetitions that no choice counts.
  Space(std::string name, std::vector<Choice> choices, std::vector<Repeated> groups = {});
  Space(Space&&) noexcept = default;
  Space& operator=(Space&&) noexcept = default;

  const std::string& name() const { return name_; }
  std::span<const Choice> choices() const { return choices_; }
  std::span<const Repeated> groups() const { return groups_; }

  std::size_t genome_length() const { return places_.size(); }
  const Domain& domain(std::size_t gene) const { return *domains_[gene]; }
  const GenePlace& place(std::size_t gene) const { return places_[gene]; }
  /// "layer[3].width"
  std::string gene_name(std::size_t gene) const;
  /// Position of a choice of the design; Error for an unknown name.
  std::size_t gene(std::string_view choice) const;
  /// Position of a repeated choice.
  std::size_t gene(std::size_t group, std::size_t layer, std::size_t choice) const {
    return group_first_[group] + layer * groups_[group].choices.size() + choice;
  }
  std::size_t most_layers(std::size_t group) const { return most_layers_[group]; }
  std::size_t layers(std::size_t group, std::span<const Gene> genome) const {
    return layers_of_[group][genome[group_times_[group]]];
  }
  std::size_t times_gene(std::size_t group) const { return group_times_[group]; }

  /// Zeroes what the design does not use.
  void canonicalise(std::span<Gene> genome) const;
  /// Whether the gene is used, in a canonical genome.
  bool active(std::size_t gene, std::span<const Gene> genome) const;
  /// Right length, every gene within its domain, canonical.
  bool valid(std::span<const Gene> genome) const;

  /// Exact number of designs.
  const ExactCount& size() const { return size_; }
  double log10_size() const;

  /// Every design equally likely (to the rounding of doubles). Deep designs are nearly all of a space.
  void sample_uniform(Random& random, std::span<Gene> genome) const;
  /// Every choice equally likely, and every depth: a better start for a search.
  void sample_balanced(Random& random, std::span<Gene> genome) const;
  /// Design number `index` of 0 <= index < size(), a bijection; for spaces of up to 2^63 designs, else Error.
  void nth(std::uint64_t index, std::span<Gene> genome) const;
  /// A point of the unit cube (a coordinate a gene) as a design; continuous sequences (Sobol) sample spaces with it.
  void from_unit(std::span<const double> point, std::span<Gene> genome) const;

 private:
  /// One way to fix the choices on which others depend, within the design or within one layer.
  struct Case {
    std::vector<std::pair<std::size_t, Gene>> fixed;  ///< places in the scope's list, and their genes
    std::vector<std::size_t> free;                    ///< open choices besides
    ExactCount count;                                 ///< designs (or layers) of this case
  };
  struct Scope {
    std::vector<Case> cases;
    std::vector<double> cumulative;  ///< shares of the cases, summed
    ExactCount count = 0;
  };

  /// A list of choices with what they depend on: the design's, or those of a layer.
  struct List {
    std::span<const Choice> choices;
    std::vector<int> depends_on;  ///< parallel: the choice that `when` names, -1 without
    std::vector<bool> decides;    ///< parallel: others, or a number of layers, depend on it
  };

  List list_of(const std::vector<Choice>& choices) const;
  static bool open(const List& list, std::size_t choice, std::span<const Gene> genes);
  static void close(const List& list, std::span<Gene> genes);
  Scope scope_of(const List& list, bool design) const;
  void add_cases(const List& list, std::size_t choice, std::vector<Gene>& genes, bool design, Scope& scope) const;
  static void sample(const Scope& scope, const List& list, Random& random, std::span<Gene> genes);

  std::string name_;
  std::vector<Choice> choices_;
  std::vector<Repeated> groups_;
  std::vector<GenePlace> places_;
  std::vector<const Domain*> domains_;
  std::vector<std::size_t> group_first_, group_times_, most_layers_;
  std::vector<std::vector<std::size_t>> layers_of_;  ///< of a group, by the gene that counts its layers
  List design_list_;
  std::vector<List> layer_lists_;  ///< of each group
  Scope design_;
  std::vector<Scope> layer_;  ///< of each group
  ExactCount size_ = 0;
};

}  // namespace ridgeline
