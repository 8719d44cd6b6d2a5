// With which kernels ridgeline-run computes: those that fit the processor, or those that the user asks for.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdio.h>

#include <string>

namespace ridgeline {
namespace {

nlohmann::json about(const std::string& environment) {
  const std::string line = "echo '{\"about\":1}' | env " + environment + " '" RIDGELINE_RUN_PROGRAM "'";
  FILE* const pipe = ::popen(line.c_str(), "r");
  std::string answer;
  for (int c = ::fgetc(pipe); c != EOF; c = ::fgetc(pipe)) answer += static_cast<char>(c);
  ::pclose(pipe);
  return nlohmann::json::parse(answer);
}

constexpr const char* kKernels = "blas kernels";
constexpr const char* kAlone = "blas kernels without OPENBLAS_CORETYPE";

TEST(BlasKernels, FitTheProcessor) {
  const nlohmann::json found = about("-u OPENBLAS_CORETYPE");
  if (!found.contains(kKernels)) GTEST_SKIP() << "another BLAS: " << found["blas"];
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "a processor without AVX2";
  for (const char* old : {"Prescott", "Core2", "Penryn", "Atom", "Nehalem", "Sandybridge"})
    EXPECT_NE(found[kKernels], old);
#endif
  EXPECT_TRUE(!found.contains(kAlone) || found[kAlone] != found[kKernels]) << found;
}

TEST(BlasKernels, AreTheUsersWhereTheUserHasChosen) {
  const nlohmann::json found = about("OPENBLAS_CORETYPE=Prescott");
  if (!found.contains(kKernels)) GTEST_SKIP() << "another BLAS: " << found["blas"];
  EXPECT_FALSE(found.contains(kAlone)) << found;
#if defined(__x86_64__)
  EXPECT_EQ(found[kKernels], "Prescott");
#endif
}

}  // namespace
}  // namespace ridgeline
