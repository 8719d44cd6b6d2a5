// Rows that cover the candidates evenly, before anything is known of them.
//
// The points of a Sobol sequence (Joe & Kuo 2008; Boost.Random's), whose digits the seed flips (Matoušek 1998: so
// that its first parts stay as even as they are), are matched one by one to candidates: these are halved in turn
// along their principal components, as many as hold 90 % of the variance of their standardised features, and a
// point's coordinates lead to one of them; where that is taken, to the nearest that is left.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ridgeline {

/// The first `count` columns of `features` (features × candidates) in that order; all of them where there are fewer.
std::vector<std::size_t> space_filling(const Eigen::MatrixXd& features, std::size_t count, std::uint64_t seed);

}  // namespace ridgeline
