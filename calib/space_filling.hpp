// Rows that cover the candidates evenly, before anything is known of them.
//
// The points of a Sobol sequence (Joe & Kuo 2008; Boost.Random's), moved together by the seed (Cranley & Patterson
// 1976), are matched one by one to the nearest candidate that is left. Distances are between ranks along the
// candidates' principal components, as many as hold 90 % of the variance of their standardised features, so that
// every candidate is as likely as any other and any first part of the sequence covers all.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ridgeline {

/// The first `count` columns of `features` (features × candidates) in that order; all of them where there are fewer.
std::vector<std::size_t> space_filling(const Eigen::MatrixXd& features, std::size_t count, std::uint64_t seed);

}  // namespace ridgeline
