// What a search found: designs that none dominates, with their figures, and the store that keeps them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/search_setup.hpp"
#include "data/store.hpp"

namespace ridgeline {

struct FrontDesign {
  Genome genome;
  std::vector<double> objectives;  ///< as minimised
  Valuation valuation;             ///< its figures as they are; of a robust search with the factors it used
};

struct Front {
  SearchWords words;
  std::string optimiser;
  std::uint64_t seed = 1;
  std::uint64_t population = 0;
  std::uint64_t evaluations = 0;
  double resolution = 0;             ///< designs nearer than this factor to one another are shown by one of them
  std::vector<double> reference;     ///< of the hypervolume
  double hypervolume = 0;            ///< of logarithms; 0 with one objective
  std::string fingerprint;           ///< of what figures depend on
  std::vector<FrontDesign> designs;  ///< by the first objective, then the second, ...
};

/// The worst of drawn designs in each objective.
std::vector<double> reference_of(const SearchSetup& setup);
/// Of the natural logarithms of objectives. Beyond three objectives of at most 150 designs, evenly chosen, since
/// the time grows fast: a lower bound.
double log_hypervolume(const Population& members, std::span<const std::uint32_t> order,
                       std::span<const double> reference);

/// The design of the most balanced trade: the least sum over the objectives of its place (in logarithms) between the
/// best and the worst of these designs. With each axis scaled so, this is the one farthest from the plane through the
/// ends of the front (Das, Structural Optimization 18, 1999). Empty for no designs.
std::optional<std::size_t> knee(const std::vector<FrontDesign>& designs, std::span<const std::size_t> among);
std::optional<std::size_t> knee(const Front& front);

/// All choices of a design but its deployment: "layers 2, width 128-256, ...".
std::string design_text(const Space& space, std::span<const Gene> genome);
/// Those of the design alone, without its layers.
std::string short_text(const Space& space, std::span<const Gene> genome);

ArrayGroup to_arrays(const Front& front, const SearchSetup& setup);
/// InputError for what is no front, or a damaged one.
Front read_front(const std::string& file);

}  // namespace ridgeline
