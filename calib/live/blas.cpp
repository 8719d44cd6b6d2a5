#include "calib/live/blas.hpp"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace ridgeline {
namespace {

constexpr const char* kChosen = "OPENBLAS_CORETYPE";            // of OpenBLAS's manual
constexpr const char* kAlone = "RIDGELINE_BLAS_KERNELS_ALONE";  // from the program to itself
constexpr std::array<std::string_view, 6> kWithAvx2{"Haswell",  "Zen",        "Excavator",
                                                    "SkylakeX", "Cooperlake", "SapphireRapids"};

/// The kernels for the widest vectors that this processor has; none without AVX2.
const char* fitting_kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

}  // namespace

std::string blas_file() {
  Dl_info info{};
  void* symbol = ::dlsym(RTLD_DEFAULT, "sgemm_");
  if (symbol == nullptr || ::dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return "inside libtorch";
  char resolved[PATH_MAX];
  return ::realpath(info.dli_fname, resolved) != nullptr ? resolved : info.dli_fname;
}

std::string blas_kernels() {
  void* symbol = ::dlsym(RTLD_DEFAULT, "openblas_get_corename");
  if (symbol == nullptr) return {};
  const char* name = reinterpret_cast<const char* (*)()>(symbol)();
  return name != nullptr ? name : "";
}

std::string blas_kernels_alone() {
  const char* name = std::getenv(kAlone);
  return name != nullptr ? name : "";
}

void restart_with_fitting_kernels(char** words) {
  if (std::getenv(kChosen) != nullptr) return;
  const std::string alone = blas_kernels();
  const char* fitting = fitting_kernels();
  if (alone.empty() || fitting == nullptr || std::ranges::count(kWithAvx2, alone) > 0) return;
  ::setenv(kChosen, fitting, 1);
  ::setenv(kAlone, alone.c_str(), 1);
  ::execv("/proc/self/exe", words);  // where that fails it goes on as it is
  ::unsetenv(kAlone);
}

}  // namespace ridgeline
