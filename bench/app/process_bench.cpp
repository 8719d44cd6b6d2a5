// `ridgeline estimate` as a process, from its start until its output has been read.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

void run(benchmark::State& state, const std::string& arguments) {
  const std::string command = std::string(RIDGELINE_PROGRAM) + ' ' + arguments;
  for (auto _ : state) {
    FILE* output = popen(command.c_str(), "r");
    std::array<char, 4096> buffer;
    std::size_t bytes = 0;
    while (const std::size_t read = std::fread(buffer.data(), 1, buffer.size(), output)) bytes += read;
    if (pclose(output) != 0 || bytes == 0) state.SkipWithError("the command failed");
  }
}

const bool registered = [] {
  for (const char* arguments :
       {"estimate bert-base --device raspberry-pi-4", "estimate bert-base --device a100-pcie-40gb --json",
        "estimate gpt2 --device jetson-nano-gpu --task generate --length 64 --new-tokens 32", "devices", "--version"})
    benchmark::RegisterBenchmark(arguments, run, std::string(arguments))
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
