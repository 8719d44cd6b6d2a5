#include "model/zoo.hpp"

#include <algorithm>
#include <set>

#include "model/lowering.hpp"
#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(Zoo, NamesAreUniqueAndLoad) {
  const std::vector<std::string> names = zoo_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const std::string& name : names) {
    const ZooModel model = zoo_model(name);
    EXPECT_EQ(model.name, name);
    EXPECT_EQ(model.architecture.name, name);
    EXPECT_FALSE(model.title.empty()) << name;
    EXPECT_FALSE(model.source.empty()) << name;
    EXPECT_EQ(load_model(name), model.architecture) << name;
  }
}

// Every published count is exact and comes with its public source; the rest say that they have none.
TEST(Zoo, ParameterCountsAreThePublishedOnes) {
  for (const std::string& name : zoo_names()) {
    const ZooModel model = zoo_model(name);
    if (model.published_parameters) {
      EXPECT_EQ(parameter_count(model.architecture), *model.published_parameters)
          << name << ", after " << model.parameters_source;
      EXPECT_GT(model.parameters_source.size(), 10u) << name;
    } else {
      EXPECT_EQ(model.parameters_source, "not published exactly") << name;
    }
  }
}

// What is estimated is the model that was described: its one graph owns the same learned numbers.
TEST(Zoo, GraphsOwnTheModelsParameters) {
  std::size_t compared = 0;
  for (const std::string& name : zoo_names()) {
    const Architecture model = zoo_model(name).architecture;
    if (!model.encoder_only() && !model.decoder_only()) continue;  // two graphs share the embeddings
    Workload workload{.task = model.decoder_only() ? Task::prefill : Task::encode, .length = 16};
    if (model.embeddings.patches) workload.length = model.max_length;
    const Program program = lower(model, workload);
    ASSERT_EQ(program.phases.size(), 1u) << name;
    EXPECT_EQ(parameter_count(program.phases.front().graph), parameter_count(model)) << name;
    ++compared;
  }
  EXPECT_GT(compared, 60u);
}

TEST(Zoo, UnknownNamesGiveTheNearest) {
  EXPECT_EQ(error_of([] { zoo_model("bert-bas"); }), "unknown model 'bert-bas'; did you mean 'bert-base'?");
  EXPECT_EQ(error_of([] { zoo_model("qqqqqqqqqq"); }), "unknown model 'qqqqqqqqqq'");
}

}  // namespace
}  // namespace ridgeline
