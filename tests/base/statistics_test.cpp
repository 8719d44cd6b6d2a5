#include "base/statistics.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

using Values = std::vector<double>;

// NIST StRD, linear regression, Norris.dat (https://www.itl.nist.gov/div898/strd/lls/data/Norris.shtml): 36
// observations with certified coefficients, R² and residual sum of squares.
const Values kNorrisY{0.1, 338.8, 118.1, 888.0, 9.2,   228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3,
                      0.1, 778.1, 668.8, 339.3, 448.9, 10.8,  557.7, 228.3, 998.0, 888.8, 119.6, 0.3,
                      0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2,  117.6, 228.9, 668.4, 449.2, 0.2};
const Values kNorrisX{0.2, 337.4, 118.2, 884.6, 10.1,  226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4,
                      0.6, 775.5, 666.9, 338.0, 447.5, 11.6,  556.0, 228.1, 995.8, 887.6, 120.2, 0.3,
                      0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1,  118.3, 229.2, 669.1, 448.9, 0.5};
constexpr double kNorrisIntercept = -0.262323073774029;
constexpr double kNorrisSlope = 1.00211681802045;
constexpr double kNorrisR2 = 0.999993745883712;
constexpr double kNorrisResidualSquares = 26.6173985294224;

Values norris_prediction() {
  Values predicted;
  for (const double x : kNorrisX) predicted.push_back(kNorrisIntercept + kNorrisSlope * x);
  return predicted;
}

TEST(Statistics, PearsonSquaredIsTheCertifiedR2) {
  const double r = pearson(kNorrisX, kNorrisY);
  EXPECT_NEAR(r * r, kNorrisR2, 1e-14);
}

TEST(Statistics, R2OfTheCertifiedFit) { EXPECT_NEAR(r2(norris_prediction(), kNorrisY), kNorrisR2, 1e-14); }

TEST(Statistics, RmseOfTheCertifiedFit) {
  EXPECT_NEAR(rmse(norris_prediction(), kNorrisY), std::sqrt(kNorrisResidualSquares / 36), 1e-12);
}

// NIST StRD, univariate, NumAcc4: 10000000.2 followed by 1000 times the alternation 10000000.1, 10000000.3; the
// certified mean is 10000000.2. A plain sum loses the last digits.
TEST(Statistics, MeanKeepsTheCertifiedDigits) {
  Values values{10000000.2};
  for (int i = 0; i < 500; ++i) values.insert(values.end(), {10000000.1, 10000000.3});
  EXPECT_NEAR(mean(values), 10000000.2, 2e-9);
}

// R's documentation of quantile() calls this type 7, its default: position (n - 1)·p from 0.
TEST(Statistics, QuantilesInterpolateLinearly) {
  const Values values{40, 10, 30, 20};
  EXPECT_EQ(quantile(values, 0), 10);
  EXPECT_EQ(quantile(values, 1), 40);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 17.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0.9), 37);
  EXPECT_EQ(quantile(Values{5}, 0.3), 5);
  EXPECT_EQ(median(values), 25);
  EXPECT_EQ(median(Values{3, 1, 2}), 2);
}

TEST(Statistics, TiesShareTheirMeanRank) {
  EXPECT_EQ(ranks(Values{10, 30, 10, 20, 10}), (Values{2, 5, 2, 4, 2}));
  EXPECT_EQ(ranks(Values{}), Values{});
}

// scipy.stats.spearmanr, documented example.
TEST(Statistics, SpearmanEqualsScipy) {
  EXPECT_NEAR(spearman(Values{1, 2, 3, 4, 5}, Values{5, 6, 7, 8, 7}), 0.8207826816681233, 1e-15);
}

// scipy.stats.kendalltau, documented example (tau-b with ties on one side).
TEST(Statistics, KendallEqualsScipy) {
  EXPECT_NEAR(kendall(Values{12, 2, 1, 12, 2}, Values{1, 4, 7, 1, 0}), -0.47140452079103173, 1e-15);
}

/// The definition: (concordant - discordant) / sqrt((n0 - ties in a)(n0 - ties in b)), over all pairs.
double kendall_by_pairs(const Values& a, const Values& b) {
  double balance = 0, untied_a = 0, untied_b = 0;
  const auto sign = [](double x) { return (x > 0) - (x < 0); };
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      balance += sign(a[i] - a[j]) * sign(b[i] - b[j]);
      untied_a += a[i] != a[j];
      untied_b += b[i] != b[j];
    }
  }
  return balance / std::sqrt(untied_a * untied_b);
}

TEST(Statistics, KendallEqualsItsDefinition) {
  Random random(11);
  for (std::size_t n = 2; n < 60; ++n) {
    Values a{0, 1}, b{0, 1};
    while (a.size() < n) {
      a.push_back(static_cast<double>(random.below(8)));
      b.push_back(static_cast<double>(random.below(20)));
    }
    EXPECT_NEAR(kendall(a, b), kendall_by_pairs(a, b), 1e-14) << n;
  }
}

TEST(Statistics, CorrelationsAreInvariantAsTheyShouldBe) {
  Random random(12);
  Values a, b, stretched, raised, opposite;
  for (int i = 0; i < 200; ++i) {
    a.push_back(random.normal());
    b.push_back(a.back() + random.normal());
    stretched.push_back(3 + 5 * a.back());
    raised.push_back(std::exp(a.back()));
    opposite.push_back(-a.back());
  }
  EXPECT_NEAR(pearson(stretched, b), pearson(a, b), 1e-12);
  EXPECT_NEAR(spearman(raised, b), spearman(a, b), 1e-12);
  EXPECT_NEAR(kendall(raised, b), kendall(a, b), 1e-12);
  EXPECT_DOUBLE_EQ(pearson(a, opposite), -1);
  EXPECT_DOUBLE_EQ(spearman(a, raised), 1);
  EXPECT_DOUBLE_EQ(kendall(a, opposite), -1);
}

TEST(Statistics, RelativeErrors) {
  const Values measured{1, 2, 4, 8}, predicted{1.5, 2, 3, 2};
  EXPECT_DOUBLE_EQ(mape(predicted, measured), (0.5 + 0 + 0.25 + 0.75) / 4);
  EXPECT_DOUBLE_EQ(median_ape(predicted, measured), (0.25 + 0.5) / 2);
}

TEST(Statistics, R2IsNegativeWhenWorseThanTheMean) {
  EXPECT_DOUBLE_EQ(r2(Values{2, 2, 2}, Values{1, 2, 3}), 0);
  EXPECT_DOUBLE_EQ(r2(Values{3, 2, 1}, Values{1, 2, 3}), -3);
}

TEST(Statistics, ComplainsAboutWhatIsUndefined) {
  EXPECT_EQ(error_of([] { mean(Values{}); }), "mean needs at least 1 values, got 0");
  EXPECT_EQ(error_of([] { quantile(Values{1}, 1.5); }), "quantile needs a probability from 0 to 1, got 1.5");
  EXPECT_EQ(error_of([] {
              pearson(Values{1, 2}, Values{1, 2, 3});
            }),
            "a correlation needs equally many values on both sides, got 2 and 3");
  EXPECT_EQ(error_of([] { spearman(Values{1}, Values{1}); }), "a correlation needs at least 2 values, got 1");
  EXPECT_EQ(error_of([] {
              pearson(Values{1, 1}, Values{1, 2});
            }),
            "a correlation with equal values only is undefined");
  EXPECT_EQ(error_of([] {
              kendall(Values{1, 2}, Values{1, 1});
            }),
            "a correlation with equal values only is undefined");
  EXPECT_EQ(error_of([] { mape(Values{1}, Values{0}); }), "MAPE is undefined where a measured value is 0");
  EXPECT_EQ(error_of([] { r2(Values{1, 2}, Values{3, 3}); }), "R\u00b2 of equal measured values only is undefined");
}

}  // namespace
}  // namespace ridgeline
