// The co-design studies of docs/edgetran.md and docs/hat.md: their every figure, as JSON.
//
//   ridgeline_codesign edgetran DATA [SEEDS] [SECONDS] [RANDOM]
//   ridgeline_codesign hat DATA [SEEDS] [SECONDS]
#include "bench/codesign.hpp"

#include <cstdlib>
#include <iostream>

#include "base/error.hpp"

int main(int count, char** words) {
  using namespace ridgeline;
  const auto number = [&](int i, double otherwise) { return i < count ? std::strtod(words[i], nullptr) : otherwise; };
  const std::string study = count > 2 ? words[1] : "";
  const int seeds = static_cast<int>(number(3, 10));
  try {
    if (study == "edgetran")
      std::cout << edgetran_study(words[2], seeds, number(4, 10), static_cast<std::uint64_t>(number(5, 1e7))).dump(2)
                << "\n";
    else if (study == "hat")
      std::cout << hat_study(words[2], seeds, number(4, 10)).dump(2) << "\n";
    else
      throw Error("usage: ridgeline_codesign edgetran|hat DATA [SEEDS] [SECONDS] [RANDOM]");
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 2;
  }
}
