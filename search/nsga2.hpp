// NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE TEVC 6(2), 2002) with constraint domination.
//
// Each round makes as many children as there are members; of both together the best survive, by front and then by
// crowding distance. Parents are chosen by binary tournaments. Unlike the original, a child that equals a member or
// another child is mutated again, since in a space of whole numbers copies would crowd out variety.
#pragma once

#include "search/non_dominated_sort.hpp"
#include "search/optimiser.hpp"
#include "search/variation.hpp"

namespace ridgeline {

struct Nsga2Options {
  std::size_t population = 200;
  std::uint64_t seed = 1;
  double crossover = 0.9;
  int threads = 1;
  std::vector<Genome> first = {};  ///< designs that the first round contains; the others are sampled balanced
};

class Nsga2 {
 public:
  /// Refers to the space.
  Nsga2(const Space& space, std::size_t objectives, Nsga2Options options);
  void ask(Population& designs);
  void tell(const Population& designs);
  const OptimiserState& state() const { return state_; }
  void restore(OptimiserState state);

 private:
  void first_round(Population& designs);
  std::size_t tournament(Random& random) const;
  void mutate_copies(Population& designs);
  void choose(std::span<const std::uint32_t> rank, std::size_t kept);
  void set_ranks(std::span<const std::uint32_t> rank);

  const Space* space_;
  Nsga2Options options_;
  Variation variation_;
  OptimiserState state_;
  NonDominatedSort sort_;
  Population merged_;
  std::vector<std::uint32_t> rank_;
  std::vector<double> crowding_;
  std::vector<std::uint32_t> order_, front_sizes_;
  std::vector<std::pair<double, std::uint32_t>> split_;  ///< of a front: less the crowding, member
  std::vector<std::uint64_t> member_hashes_, kept_hashes_;
  std::vector<std::uint64_t> hashes_;  ///< of the designs asked for
  std::vector<std::uint64_t> seen_;
};

}  // namespace ridgeline
