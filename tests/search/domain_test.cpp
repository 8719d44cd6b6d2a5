#include "search/domain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

const std::vector<std::string> kKinds{"sa_sdp", "sa_wma", "l_dft", "l_dct", "c_5", "c_9", "c_13"};

std::vector<Domain> domains() {
  return {Domain(OneOf{{"128", "256", "512", "768"}, true}),
          Domain(OneOf{{"gelu", "relu", "silu"}}),
          Domain(OneOf{{"only"}}),
          Domain(Multiset{{"a", "b", "c"}, {1, 2, 4}}),
          Domain(Multiset{kKinds, {2, 4, 8, 12}}),
          Domain(Multiset{{"a"}, {2, 3}}),
          Domain(Sequence{{"256", "512", "1024"}, {1, 3}}),
          Domain(Rows{{"device", "clock"}, {{"pi", "600"}, {"pi", "1500"}, {"nano", "921"}}}),
          Domain(Steps{0, 1, 65535})};
}

TEST(Domain, CountsItsValues) {
  const std::vector<Domain> all = domains();
  EXPECT_EQ(all[0].size(), 4u);
  EXPECT_EQ(all[3].size(), 3u + 6u + 15u);  // C(3,1) + C(4,2) + C(6,4)
  EXPECT_EQ(all[4].size(), 21805u);         // attention types of a FlexiBERT 2.0 layer: ProTran, table I
  EXPECT_EQ(all[6].size(), 3u + 27u);
  EXPECT_EQ(Domain(Sequence{{"256", "512", "1024", "2048", "3072", "4096"}, {1, 2, 3}}).size(), 258u);  // the same
}

TEST(Domain, MembersAndGenesAreOneToOne) {
  for (const Domain& domain : domains()) {
    std::set<std::vector<int>> seen;
    std::vector<int> members;
    for (std::uint32_t gene = 0; gene < domain.size(); ++gene) {
      domain.members(static_cast<Gene>(gene), members);
      ASSERT_EQ(domain.gene_of(members), gene);
      if (std::holds_alternative<Multiset>(domain.kind())) {
        ASSERT_TRUE(std::is_sorted(members.begin(), members.end()));
        std::reverse(members.begin(), members.end());
        ASSERT_EQ(domain.gene_of(members), gene);
      }
      seen.insert(members);
    }
    EXPECT_EQ(seen.size(), domain.size());
  }
}

TEST(Domain, IsWrittenAsPeopleDo) {
  const std::vector<Domain> all = domains();
  EXPECT_EQ(all[0].text(3), "768");
  EXPECT_EQ(all[4].text(all[4].gene_of({4, 0, 0, 4})), "sa_sdp×2 c_5×2");
  EXPECT_EQ(all[4].text(all[4].gene_of({6, 2})), "l_dft c_13");
  EXPECT_EQ(all[6].text(all[6].gene_of({2, 0, 1})), "1024-256-512");
  EXPECT_EQ(all[7].text(1), "pi, 1500");
  EXPECT_EQ(all[8].text(32767), "0.5");
  EXPECT_EQ(all[0].gene_of("512"), 2);
}

TEST(Domain, NearValuesAreOthersAndReachAll) {
  Random random(1);
  for (const Domain& domain : domains()) {
    if (domain.size() > 1000 || domain.size() == 1) continue;
    std::set<Gene> reached{0};
    std::vector<Gene> open{0};
    while (!open.empty()) {
      const Gene from = open.back();
      open.pop_back();
      for (int i = 0; i < 200; ++i) {
        const Gene to = domain.near(from, random);
        ASSERT_LT(to, domain.size());
        if (reached.insert(to).second) open.push_back(to);
      }
    }
    EXPECT_EQ(reached.size(), domain.size()) << domain.text(0);
  }
  EXPECT_EQ(domains()[2].near(0, random), 0);
}

TEST(Domain, NearMultisetsShareAllMembersButOneOrDifferInCount) {
  const Domain domain = domains()[4];
  Random random(2);
  std::vector<int> before, after, common;
  for (int i = 0; i < 2000; ++i) {
    const Gene gene = domain.random(random);
    const Gene near = domain.near(gene, random);
    EXPECT_NE(near, gene);
    domain.members(gene, before);
    domain.members(near, after);
    common.clear();
    std::ranges::set_intersection(before, after, std::back_inserter(common));
    if (before.size() == after.size())
      EXPECT_EQ(common.size() + 1, before.size());
    else
      EXPECT_EQ(common.size(), std::min(before.size(), after.size()));
  }
}

TEST(Domain, OrderedValuesMostlyMoveByOne) {
  const Domain domain(OneOf{{"1", "2", "3", "4", "5", "6", "7", "8"}, true});
  Random random(3);
  std::map<int, int> moves;
  for (int i = 0; i < 4000; ++i) ++moves[std::abs(domain.near(4, random) - 4)];
  EXPECT_EQ(moves.count(0), 0u);
  EXPECT_GT(moves[1], 3000);  // three quarters, and two sevenths of the rest
  EXPECT_GT(moves[3], 0);
}

TEST(Domain, StepsMoveLittleAndWithoutDrift) {
  const Domain domain(Steps{-5, 5, 1001});
  EXPECT_EQ(domain.number(0), -5);
  EXPECT_EQ(domain.number(500), 0);
  EXPECT_EQ(domain.number(1000), 5);
  Random random(4);
  double sum = 0, squares = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double move = (domain.near(500, random) - 500) / 1000.0;
    sum += move, squares += move * move;
  }
  // By integrating the polynomial distribution of index 20: variance 2 / (22 · 23) of the interval's square.
  EXPECT_NEAR(squares / kDraws, 2.0 / (22 * 23), 0.1 * 2.0 / (22 * 23));
  EXPECT_NEAR(sum / kDraws, 0, 4 * std::sqrt(squares) / kDraws);
}

TEST(Domain, RefusesWhatIsNoDomain) {
  EXPECT_EQ(error_of([] { Domain(OneOf{}); }), "a choice without values");
  EXPECT_EQ(error_of([] { Domain(OneOf{{"a", "b", "a"}}); }), "a choice lists one of its values twice");
  EXPECT_EQ(error_of([] { Domain(Multiset{{"a"}, {2, 1}}); }), "the counts of a choice must ascend from at least 1");
  EXPECT_EQ(error_of([] {
              Domain(Sequence{{"1", "2", "3", "4"}, {9}});
            }),
            "a choice of 2.62e+05 values: 65536 are the most of one choice");
  EXPECT_EQ(error_of([] { Domain(Steps{1, 1, 5}); }), "an interval needs two ends in ascending order and 2 steps");
  EXPECT_EQ(error_of([] {
              Domain(Multiset{{"a", "b"}, {2}}).gene_of(std::vector<int>{0});
            }),
            "no choice of 1 members");
  EXPECT_EQ(error_of([] {
              Domain(OneOf{{"768", "512"}}).gene_of("786");
            }),
            "unknown value '786'; did you mean '768'? the values are: 768, 512");
}

}  // namespace
}  // namespace ridgeline
