// The time a product of two 1024 x 1024 matrices takes at a given rate, by an installed Ridgeline.
#include <iostream>

#include "base/error.hpp"
#include "base/units.hpp"

int main(int argc, char** argv) {
  using namespace ridgeline;
  const auto rate = argc == 2 ? parse_quantity(argv[1]) : std::nullopt;
  if (!rate || rate->dimension != Dimension{.second = -1, .flop = 1}) {
    std::cerr << "usage: consumer RATE, for example \"19.5 TFLOP/s\"\n";
    return 2;
  }
  const Flops work(2.0 * 1024 * 1024 * 1024);
  std::cout << format(work) << " at " << format(FlopsPerSecond(rate->si)) << ": "
            << format(work / FlopsPerSecond(rate->si)) << "\n";
}
