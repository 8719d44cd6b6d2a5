#include "model/hat_row.hpp"

#include <numeric>

#include "tests/model/hat_files.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

const HatRowChoices kChoices;

TEST(HatRow, TheMeanIsMet) {
  for (Size layers = 1; layers <= 6; ++layers) {
    // every multiset of three of the four sizes
    for (Size a = 0; a <= layers; ++a)
      for (Size b = 0; a + b <= layers; ++b) {
        const double sum = static_cast<double>(3072 * a + 1024 * b + 512 * (layers - a - b));
        const double mean = sum / static_cast<double>(layers);
        const std::vector<Size> chosen = most_likely_choices(mean, layers, kChoices.hidden);
        ASSERT_EQ(static_cast<Size>(chosen.size()), layers) << mean;
        EXPECT_DOUBLE_EQ(static_cast<double>(std::accumulate(chosen.begin(), chosen.end(), Size{0})), sum);
        EXPECT_TRUE(std::is_sorted(chosen.rbegin(), chosen.rend()));
      }
  }
}

TEST(HatRow, TheMostLikelyOfSeveralMultisetsIsTaken) {
  // mean 2 of three encoder layers: 2 2 2 (one order) or 3 2 1 (six orders)
  EXPECT_EQ(most_likely_choices(2, 3, kChoices.memories), (std::vector<Size>{3, 2, 1}));
  // 4 4 (one order); 8 with 2 does not have the mean 4
  EXPECT_EQ(most_likely_choices(4, 2, kChoices.heads), (std::vector<Size>{4, 4}));
  // 3072 + 1024 = 2048 + 2048: two orders against one
  EXPECT_EQ(most_likely_choices(2048, 2, kChoices.hidden), (std::vector<Size>{3072, 1024}));
  // equally likely, with 3 orders each: 3072 3072 512 is 6656; so is no other
  EXPECT_EQ(most_likely_choices(6656.0 / 3, 3, kChoices.hidden), (std::vector<Size>{3072, 3072, 512}));
}

TEST(HatRow, ImpossibleMeansAreNamed) {
  EXPECT_TRUE(most_likely_choices(2500, 1, kChoices.hidden).empty());
  HatRow row{512, 6, 1877.3333333333333, 6, 640, 3, 1706.6666666666667, 6, 2.6666666666666665, 1.3333333333333333};
  EXPECT_EQ(error_of([&] { hat_row_architecture(row, "r"); }), "(no error)");
  HatRow wrong = row;
  wrong.decoder_self_attention_heads_avg = 5.1;
  EXPECT_EQ(error_of([&] { hat_row_architecture(wrong, "r"); }),
            "decoder_self_attention_heads_avg: no 3 choices have the mean 5.1");
  wrong = row;
  wrong.decoder_layer_num = 2.5;
  EXPECT_EQ(error_of([&] { hat_row_architecture(wrong, "r"); }),
            "decoder_layer_num: expected an integer from 1 to 24, found 2.5");
}

TEST(HatRow, BuildsTheLayers) {
  const HatRow row{
      512, 6, 1877.3333333333333, 6, 640, 3, 1706.6666666666667, 6, 2.6666666666666665, 1.3333333333333333};
  const Architecture model = hat_row_architecture(row, "row 1");
  EXPECT_EQ(model.name, "row 1");
  EXPECT_EQ(model.encoder.layers.size(), 6u);
  ASSERT_EQ(model.decoder.layers.size(), 3u);
  Size memories = 0, heads = 0;
  for (const Layer& layer : model.decoder.layers) {
    memories += std::get<Attention>(layer.sublayers[1].body).memories;
    heads += std::get<Attention>(layer.sublayers[1].body).heads;
  }
  EXPECT_EQ(memories, 4);  // 3 × 1.333
  EXPECT_EQ(heads, 8);     // 3 × 2.667
}

TEST(HatRow, EveryMeasuredRowIsBuilt) {
  RIDGELINE_NEEDS_DATA("hat");
  const std::vector<HatRow> rows = measured_hat_rows();
  EXPECT_GE(rows.size(), 6000u);
  for (const HatRow& row : rows)
    ASSERT_EQ(static_cast<double>(hat_row_architecture(row, "row").decoder.layers.size()), row.decoder_layer_num);
}

}  // namespace
}  // namespace ridgeline
