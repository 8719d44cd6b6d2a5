// A driver's library with two cards: the first draws 100 W and counts 50 J a reading, the second is one that tells
// neither power nor energy. FAKE_NVML_FAILS makes its initialisation fail.
#include <cstdio>
#include <cstdlib>

namespace {
int cards[2];
unsigned long long counted = 1'000'000;
}  // namespace

extern "C" {
int nvmlInit_v2() { return std::getenv("FAKE_NVML_FAILS") != nullptr ? 9 : 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int error) { return error == 9 ? "Driver Not Loaded" : "Unknown Error"; }
int nvmlDeviceGetCount_v2(unsigned* count) { return *count = 2, 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** card) { return *card = &cards[index], 0; }
int nvmlDeviceGetName(void* card, char* name, unsigned size) {
  std::snprintf(name, size, "%s", card == &cards[0] ? "Fake 100" : "Silent");
  return 0;
}
int nvmlDeviceGetPowerUsage(void* card, unsigned* milliwatts) {
  if (card != &cards[0]) return 3;  // not supported
  return *milliwatts = 100'000, 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* card, unsigned long long* millijoules) {
  if (card != &cards[0]) return 3;
  return *millijoules = counted += 50'000, 0;
}
}
