#include "model/zoo.hpp"

#include <algorithm>
#include <set>

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

TEST(Zoo, UnknownNamesGiveTheNearest) {
  EXPECT_EQ(error_of([] { zoo_model("bert-bas"); }), "unknown model 'bert-bas'; did you mean 'bert-base'?");
  EXPECT_EQ(error_of([] { zoo_model("qqqqqqqqqq"); }), "unknown model 'qqqqqqqqqq'");
}

}  // namespace
}  // namespace ridgeline
